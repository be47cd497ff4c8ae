/* XXH64, seed 0, written from its public specification (Collet, "xxHash fast digest algorithm").
 * It guards against damage, not against forgery: the contents are checked as if it were not there.
 */
#include <stddef.h>
#include <string.h>

#include "router/internal.h"

#define P1 UINT64_C(0x9E3779B185EBCA87)
#define P2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define P3 UINT64_C(0x165667B19E3779F9)
#define P4 UINT64_C(0x85EBCA77C2B2AE63)
#define P5 UINT64_C(0x27D4EB2F165667C5)

static inline uint64_t rotate(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static inline uint64_t read64(const unsigned char *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

static inline uint64_t lane(uint64_t acc, uint64_t input)
{
    return rotate(acc + input * P2, 31) * P1;
}

static inline uint64_t merge(uint64_t h, uint64_t acc)
{
    return (h ^ lane(0, acc)) * P1 + P4;
}

/* All whole 32-byte stripes of p; returns the bytes consumed. */
static size_t stripes(uint64_t v[4], const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 32; i += 32)
        for (unsigned k = 0; k < 4; k++)
            v[k] = lane(v[k], read64(p + i + 8 * k));
    return i;
}

uint64_t shunt_xxh64(const void *first, size_t first_bytes, const void *rest, size_t rest_bytes)
{
    uint64_t v[4] = {P1 + P2, P2, 0, 0 - P1};
    const unsigned char *p = rest;
    uint64_t total = (uint64_t)first_bytes + rest_bytes;

    stripes(v, first, first_bytes);
    size_t i = stripes(v, p, rest_bytes);

    uint64_t h = P5;
    if (total >= 32) {
        h = rotate(v[0], 1) + rotate(v[1], 7) + rotate(v[2], 12) + rotate(v[3], 18);
        for (unsigned k = 0; k < 4; k++)
            h = merge(h, v[k]);
    }
    h += total;

    for (; rest_bytes - i >= 8; i += 8)
        h = rotate(h ^ lane(0, read64(p + i)), 27) * P1 + P4;
    if (rest_bytes - i >= 4) {
        uint32_t x;
        memcpy(&x, p + i, 4);
        h = rotate(h ^ x * P1, 23) * P2 + P3;
        i += 4;
    }
    for (; i < rest_bytes; i++)
        h = rotate(h ^ p[i] * P5, 11) * P1;

    h = (h ^ (h >> 33)) * P2;
    h = (h ^ (h >> 29)) * P3;
    return h ^ (h >> 32);
}

uint64_t shunt_checksum(const void *table, size_t bytes)
{
    struct shunt_header header;
    memcpy(&header, table, sizeof header);
    header.checksum = 0;
    return shunt_xxh64(&header, sizeof header, (const unsigned char *)table + sizeof header,
                       bytes - sizeof header);
}
