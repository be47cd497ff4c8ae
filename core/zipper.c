/* deflateReset instead of deflateInit for every text. */
#include "core/zipper.h"

#include "core/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct zipper {
    z_stream z;
};

struct zipper *zipper_new(void)
{
    struct zipper *p = mem_zalloc(sizeof *p);
    if (deflateInit(&p->z, 6) != Z_OK)
        mem_exhausted();
    return p;
}

void zipper_free(struct zipper *p)
{
    if (!p)
        return;
    deflateEnd(&p->z);
    free(p);
}

int zipper_add(struct zipper *p, const void *data, size_t len, struct buf *out, struct err *e)
{
    if (len > UINT_MAX / 2)
        return err_set(e, ERR_FORMAT, "%zu bytes are too many to pack at once", len);
    size_t bound = deflateBound(&p->z, (uLong)len);
    if (!buf_reserve(out, bound))
        return err_set(e, ERR_FORMAT, "packed data would be larger than the limit of %zu bytes",
                       out->max);
    union { /* zlib's input pointer is not const here; it does not write through it */
        const void *in;
        Bytef *bytes;
    } u = {data};
    p->z.next_in = u.bytes;
    p->z.avail_in = (uInt)len;
    p->z.next_out = (Bytef *)out->data + out->len;
    p->z.avail_out = (uInt)bound;
    if (deflate(&p->z, Z_FINISH) != Z_STREAM_END)
        mem_exhausted(); /* the room is enough */
    out->len += bound - p->z.avail_out;
    out->data[out->len] = '\0';
    deflateReset(&p->z);
    return ERR_OK;
}
