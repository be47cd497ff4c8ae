/* Memory for the tools: an allocation succeeds or the program ends with one line and exit 7.
 *
 * router/ does not use this: a library reports a failed allocation (router/README.md).
 * Sizes are checked for overflow; a size of 0 yields a valid pointer.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>
#include <stdio.h>

void *mem_alloc(size_t bytes);                     /* uninitialised */
void *mem_zalloc(size_t bytes);                    /* zeroed */
void *mem_array(size_t n, size_t each);            /* zeroed, n * each checked */
void *mem_realloc(void *p, size_t bytes);          /* p may be NULL */
void *mem_rearray(void *p, size_t n, size_t each); /* n * each checked */
char *mem_strdup(const char *s);                   /* NULL stays NULL */
char *mem_strndup(const char *s, size_t len);      /* adds a NUL; s need not have one */
__attribute__((format(printf, 1, 2))) char *mem_printf(const char *fmt, ...);

/* What the functions above do when there is no memory; for a library's own failed allocation. */
_Noreturn void mem_exhausted(void);

/* Cleanup at the end of the scope: AUTO_FREE char *text = ...; set to NULL to move it out. */
void mem_free_ptr(void *pp);
void mem_fclose_ptr(FILE **f);
#define AUTO_FREE __attribute__((cleanup(mem_free_ptr)))
#define AUTO_FILE __attribute__((cleanup(mem_fclose_ptr)))

#endif
