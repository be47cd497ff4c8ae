/* Any bytes as a text, for any number of buckets: the encoder against the naive one of
 * tests/router_spec.h. */
#include "tests/router_spec.h"

#include <stdlib.h>

#include "router/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

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
