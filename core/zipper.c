/* deflateReset instead of deflateInit for every text. */
#include "core/zipper.h"

#include "core/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct zipper {
    z_stream z;
    int level;
};

/* A short text is hardly smaller at a higher level, and takes a fifth longer. */
enum { SHORT_BYTES = 8192, LEVEL_SHORT = 3, LEVEL_LONG = 6 };

struct zipper *zipper_new(void)
{
    struct zipper *p = mem_zalloc(sizeof *p);
    p->level = LEVEL_LONG;
    if (deflateInit(&p->z, p->level) != Z_OK)
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
    return zipper_add_with(p, (struct zipper_dictionary){"", 0}, data, len, out, e);
}

int zipper_add_with(struct zipper *p, struct zipper_dictionary d, const void *data, size_t len,
                    struct buf *out, struct err *e)
{
    if (len > UINT_MAX / 2)
        return err_set(e, ERR_FORMAT, "%zu bytes are too many to pack at once", len);
    int level = len < SHORT_BYTES ? LEVEL_SHORT : LEVEL_LONG;
    if (level != p->level && deflateParams(&p->z, level, Z_DEFAULT_STRATEGY) != Z_OK)
        mem_exhausted(); /* nothing is in it */
    p->level = level;
    if (d.len && deflateSetDictionary(&p->z, (const Bytef *)d.text, (uInt)d.len) != Z_OK)
        mem_exhausted(); /* the stream is at its beginning */
    size_t bound = deflateBound(&p->z, (uLong)len);
    if (!buf_reserve(out, bound)) {
        deflateReset(&p->z);
        return err_set(e, ERR_FORMAT, "packed data would be larger than the limit of %zu bytes",
                       out->max);
    }
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

static bool set_dictionary(z_stream *z, const struct zipper_dictionary *d, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (adler32(1, (const Bytef *)d[i].text, (uInt)d[i].len) == z->adler)
            return inflateSetDictionary(z, (const Bytef *)d[i].text, (uInt)d[i].len) == Z_OK;
    return false;
}

static int inflate_all(z_stream *z, const struct zipper_dictionary *d, size_t n, size_t max,
                       struct buf *out, struct err *e)
{
    size_t start = out->len;
    for (;;) {
        unsigned char chunk[1 << 14];
        z->next_out = chunk;
        z->avail_out = sizeof chunk;
        int status = inflate(z, Z_NO_FLUSH);
        size_t got = sizeof chunk - z->avail_out;
        if (status == Z_MEM_ERROR)
            mem_exhausted();
        if (status == Z_NEED_DICT) {
            if (!set_dictionary(z, d, n))
                return err_set(e, ERR_FORMAT,
                               "packed with a dictionary this program does not have");
            continue;
        }
        if (status != Z_OK && status != Z_STREAM_END)
            return err_set(e, ERR_FORMAT, "packed data is damaged: %s",
                           z->msg ? z->msg : "it ends too early");
        if (got > max - (out->len - start) || !buf_add(out, chunk, got))
            return err_set(e, ERR_FORMAT, "packed data is larger than the limit of %zu bytes", max);
        if (status == Z_STREAM_END)
            break;
    }
    if (z->avail_in)
        return err_set(e, ERR_FORMAT, "packed data is damaged: something follows its end");
    return ERR_OK;
}

int zipper_unpack(const struct zipper_dictionary *d, size_t n, const void *data, size_t len,
                  size_t max, struct buf *out, struct err *e)
{
    union {
        const void *in;
        Bytef *bytes;
    } u = {data};
    z_stream z = {.next_in = u.bytes, .avail_in = (uInt)len};
    size_t start = out->len;
    if (len > UINT_MAX / 2)
        return err_set(e, ERR_FORMAT, "%zu bytes are too many to unpack at once", len);
    if (inflateInit(&z) != Z_OK)
        mem_exhausted();
    int rc = inflate_all(&z, d, n, max, out, e);
    inflateEnd(&z);
    if (rc) { /* nothing half-done */
        out->len = start;
        if (out->cap)
            out->data[start] = '\0';
    }
    return rc;
}
