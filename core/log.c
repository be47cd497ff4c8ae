/* Lines for a person, on stderr. Each is made in one buffer and leaves in one write(2), so that
 * lines of several threads or processes do not mix. Allocates nothing: core/mem.c reports through
 * it.
 */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048, CLEAR_BYTES = 24 };

static const char *_Atomic name = "shunt";
static atomic_int level = 1;
static atomic_int bar; /* lines */

void log_set_name(const char *new_name)
{
    atomic_store(&name, new_name);
}

void log_set_level(int new_level)
{
    atomic_store(&level, new_level);
}

int log_level(void)
{
    return atomic_load(&level);
}

void log_bar(int lines)
{
    atomic_store(&bar, lines);
}

int log_bar_lines(void)
{
    return atomic_load(&bar);
}

/* A terminal obeys C0 and C1 controls, in UTF-8 also as C2 80..9F: they become '?'. */
static void mask(char *s)
{
    for (unsigned char *p = (unsigned char *)s; *p; p++) {
        if (*p < 0x20 || *p == 0x7F)
            *p = '?';
        else if (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
            *p = p[1] = '?';
    }
}

__attribute__((format(printf, 2, 0))) static void line(const char *kind, const char *fmt,
                                                       va_list ap)
{
    int saved = errno; /* a caller may log first and look at errno afterwards */
    char out[CLEAR_BYTES + LINE_MAX_BYTES + 1];
    int lines = atomic_exchange(&bar, 0), clear = 0;
    if (lines == 1)
        clear = snprintf(out, CLEAR_BYTES, "\r\033[K");
    else if (lines > 1)
        clear = snprintf(out, CLEAR_BYTES, "\r\033[%dA\033[J", lines - 1);
    char *text = out + clear;
    int head = snprintf(text, LINE_MAX_BYTES, "%s: %s", atomic_load(&name), kind);
    if (head >= 0 && head < LINE_MAX_BYTES)
        vsnprintf(text + head, LINE_MAX_BYTES - (size_t)head, fmt, ap);
    mask(text);
    size_t len = (size_t)clear + strlen(text);
    out[len++] = '\n';
    for (size_t done = 0; done < len;) {
        ssize_t n = write(STDERR_FILENO, out + done, len - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break; /* stderr is gone: nowhere to complain */
    }
    errno = saved;
}

void log_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line("error: ", fmt, ap);
    va_end(ap);
}

void log_warn(const char *fmt, ...)
{
    if (log_level() < 1)
        return;
    va_list ap;
    va_start(ap, fmt);
    line("warning: ", fmt, ap);
    va_end(ap);
}

void log_note(const char *fmt, ...)
{
    if (log_level() < 1)
        return;
    va_list ap;
    va_start(ap, fmt);
    line("", fmt, ap);
    va_end(ap);
}

void log_debug(const char *fmt, ...)
{
    if (log_level() < 2)
        return;
    va_list ap;
    va_start(ap, fmt);
    line("", fmt, ap);
    va_end(ap);
}
