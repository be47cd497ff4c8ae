/* Any bytes as a text, for any number of buckets: the encoder against the naive one of
 * tests/router_spec.h, and the sums of wide512.c, where the processor runs it, against the
 * encoder's buckets. */
#include "tests/router_spec.h"

#include <stdlib.h>

#include "router/encode.h"
#include "router/wide512.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

#ifdef SHUNT_HAS_512
enum { COLUMNS = 8 };

/* A table in which every bucket has a row of made-up weights. */
static const struct shunt_table *full_table(unsigned bits)
{
    static struct shunt_table table[SHUNT_BITS_MAX + 1];
    struct shunt_table *t = &table[bits];
    if (t->rows)
        return t;
    const uint32_t buckets = (uint32_t)1 << bits;
    struct shunt_shape *shape = calloc(1, sizeof *shape);
    struct shunt_index *index = calloc(buckets / 32, sizeof *index);
    int16_t *rows = calloc(buckets, COLUMNS * sizeof *rows);
    if (!shape || !index || !rows)
        abort();
    *shape = (struct shunt_shape){.bits = bits, .columns = COLUMNS, .kept = buckets};
    for (uint32_t i = 0; i < buckets / 32; i++)
        index[i] = (struct shunt_index){UINT32_MAX, i * 32};
    for (uint32_t i = 0; i < buckets * COLUMNS; i++)
        rows[i] = (int16_t)((int)((i + 1) * 2654435761u >> 18) - SHUNT_WEIGHT_MAX - 1);
    t->shape = shape;
    t->index = index;
    t->rows = rows;
    t->stride = COLUMNS;
    return t;
}

static void check_sums(const char *text, size_t size, unsigned bits, const struct shunt_encoding *x)
{
    if (!shunt_is_512())
        return;
    const struct shunt_table *t = full_table(bits);
    int32_t sum[COLUMNS + 8] = {0}, feature[SHUNT_FEATURES];
    if (shunt_sum_text_512(t, t->rows, text, size, sum, feature) != x->count ||
        memcmp(feature, x->feature, sizeof feature) != 0)
        abort();
    for (uint32_t i = 0; i < x->count; i++)
        for (int k = 0; k < COLUMNS; k++)
            sum[k] -= t->rows[x->bucket[i] * COLUMNS + (uint32_t)k];
    for (int k = 0; k < COLUMNS; k++)
        if (sum[k] != 0)
            abort();
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct shunt_encoding x;
    struct naive n;
    unsigned bits = SHUNT_BITS_MIN;
    if (size > 0) { /* the first byte is the number of bits */
        bits += data[0] % 14u;
        data++;
        size--;
    }
    char *text = calloc(size ? size : 1, 1); /* exact, so that reading beyond it shows */
    if (!text)
        return 0;
    memcpy(text, data, size);
    shunt_encode(text, size, bits, &x);
#ifdef SHUNT_HAS_512
    check_sums(text, size, bits, &x);
#endif
    naive_encode((const unsigned char *)text, size, bits, &n);
    if (x.count != n.count)
        abort();
    qsort(x.bucket, x.count, sizeof *x.bucket, by_number);
    qsort(n.bucket, n.count, sizeof *n.bucket, by_number);
    if (n.count > 0 && memcmp(x.bucket, n.bucket, n.count * sizeof *n.bucket) != 0)
        abort();
    for (int f = 0; f < SHUNT_FEATURES; f++)
        if (fabs(x.feature[f] / 65536.0 - n.feature[f]) > 7e-5)
            abort();
    free(n.bucket);
    free(text);
    return 0;
}
