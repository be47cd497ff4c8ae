/* Allocation that succeeds or ends the program with exit status 7. There is no recovery: a tool
 * that cannot allocate has nothing useful left to do, and its files are replaced by renaming only.
 */
#include "core/mem.h"

#include "core/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_NOMEM = 7 };

_Noreturn void mem_exhausted(void)
{
    log_error("out of memory");
    exit(EXIT_NOMEM);
}

static size_t product(size_t n, size_t each)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, each, &bytes))
        mem_exhausted();
    return bytes;
}

void *mem_alloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_zalloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_array(size_t n, size_t each)
{
    return mem_zalloc(product(n, each));
}

void *mem_realloc(void *p, size_t bytes)
{
    void *q = realloc(p, bytes ? bytes : 1);
    if (!q)
        mem_exhausted();
    return q;
}

void *mem_rearray(void *p, size_t n, size_t each)
{
    return mem_realloc(p, product(n, each));
}

char *mem_strdup(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t len)
{
    if (len == SIZE_MAX)
        mem_exhausted();
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0)
        mem_exhausted(); /* a text beyond INT_MAX; the formats are literals */

    char *text = mem_alloc((size_t)len + 1);
    va_start(ap, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, ap);
    va_end(ap);
    return text;
}

void mem_free_ptr(void *pp)
{
    void *p;
    memcpy(&p, pp, sizeof p); /* pp is the address of a pointer of any type */
    free(p);
}

void mem_fclose_ptr(FILE **f)
{
    if (*f)
        fclose(*f);
}
