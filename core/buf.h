/* A growing byte buffer with a maximum; the data always ends in a NUL that len does not count.
 *
 *   struct buf b = BUF_INIT(max);   max bytes, 0: 1 GiB
 *   buf_addf(&b, "%d", 7);
 *   buf_deinit(&b);
 *
 * An add beyond max sets `over` and leaves the content as it was: check once, at the end.
 * data is never NULL. Not for several threads at once.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len, cap, max;
    bool over;
};

extern char buf_empty[1];
#define BUF_INIT(maximum)                                                                          \
    {                                                                                              \
        buf_empty, 0, 0, (maximum), false                                                          \
    }

void buf_init(struct buf *b, size_t max);
void buf_deinit(struct buf *b);                            /* frees; b is usable again, empty */
void buf_clear(struct buf *b);                             /* len = 0, keeps the memory */
bool buf_add(struct buf *b, const void *data, size_t len); /* false: beyond max */
bool buf_adds(struct buf *b, const char *s);
bool buf_addc(struct buf *b, char c);
bool buf_addi(struct buf *b, int64_t x); /* in decimal */
__attribute__((format(printf, 2, 3))) bool buf_addf(struct buf *b, const char *fmt, ...);
bool buf_reserve(struct buf *b, size_t more); /* room for `more` further bytes */
char *buf_detach(struct buf *b, size_t *len); /* hands the memory over; len may be NULL */

#endif
