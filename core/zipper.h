/* Packing many small texts: one zlib stream kept and reset between them, because setting one up
 * costs more than packing a kilobyte. The result is for fs_unzip to read; with a dictionary it is
 * for zipper_unpack.
 */
#ifndef CORE_ZIPPER_H
#define CORE_ZIPPER_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>

/* What the texts have in common, most frequent last, at most 32 KB: they pack smaller and faster,
 * and only who has the same dictionary can unpack them. len 0: none. */
struct zipper_dictionary {
    const char *text;
    size_t len;
};

struct zipper; /* one thread at a time */
struct zipper *zipper_new(void);
void zipper_free(struct zipper *z);
/* Appends data, packed. ERR_FORMAT when out's maximum is too small. */
int zipper_add(struct zipper *z, const void *data, size_t len, struct buf *out, struct err *e);
int zipper_add_with(struct zipper *z, struct zipper_dictionary d, const void *data, size_t len,
                    struct buf *out, struct err *e);
/* Appends what was packed by either, with one of the n dictionaries or none. ERR_FORMAT: damaged, a
 * dictionary that is not there, or more than max bytes. */
int zipper_unpack(const struct zipper_dictionary *d, size_t n, const void *data, size_t len,
                  size_t max, struct buf *out, struct err *e);

#endif
