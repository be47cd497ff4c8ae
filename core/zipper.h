/* Packing many small texts: one zlib stream kept and reset between them, because setting one up
 * costs more than packing a kilobyte. The result is what fs_zip gives, for fs_unzip to read.
 */
#ifndef CORE_ZIPPER_H
#define CORE_ZIPPER_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>

struct zipper; /* one thread at a time */
struct zipper *zipper_new(void);
void zipper_free(struct zipper *z);
/* Appends data, packed. ERR_FORMAT when out's maximum is too small. */
int zipper_add(struct zipper *z, const void *data, size_t len, struct buf *out, struct err *e);

#endif
