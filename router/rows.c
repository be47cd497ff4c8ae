/* From buckets to sums: the rows that a table keeps, and the weights of the features. Compiled
 * twice (variant.h). */
#include "router/rows.h"

#include <string.h>

#ifdef SHUNT_WIDE
#include <immintrin.h>
#endif

#ifndef SHUNT_VARIANT
#define SHUNT_VARIANT(name) name
#endif

/* Number of set bits. */
static inline uint32_t ones_in(uint32_t x)
{
#ifdef SHUNT_WIDE
    return (uint32_t)__builtin_popcount(x);
#else
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0Fu;
    return (x * 0x01010101u) >> 24;
#endif
}

/* The rows are called for as soon as they are known: they lie all over a table that is larger than
 * the caches near the processor, and waiting for them is a good part of a decision. */
uint32_t SHUNT_VARIANT(shunt_find_rows)(const struct shunt_table *t, const int16_t *rows,
                                        uint32_t *bucket, uint32_t count)
{
    const struct shunt_index *const index = t->index;
    const uint32_t stride = t->stride;
    uint32_t n = 0;
    const unsigned drop = 32 - t->shape->bits;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t b = bucket[i] >> drop;
        struct shunt_index at = index[b / 32];
        uint32_t kept = at.bits >> b % 32 & 1;
        uint32_t row = at.rank + ones_in(at.bits & (((uint32_t)1 << b % 32) - 1));
        bucket[n] = row * stride;
        __builtin_prefetch(rows + bucket[n]);
        n += kept;
    }
    return n;
}

/* As many columns of all rows as fit a vector. Weights have 14 bits: four rows fit 16 bits, all
 * that a text can have fit 32. Two numbers of 16 bits are one of 32, little-endian, whose halves
 * are added up apart. */
#define SUM_COLUMNS(name, width)                                                                   \
    typedef int16_t name##_narrow __attribute__((vector_size(2 * (width))));                       \
    typedef int32_t name##_pairs __attribute__((vector_size(2 * (width))));                        \
    typedef uint32_t name##_bits __attribute__((vector_size(2 * (width))));                        \
    static inline void name(const int16_t *rows, const uint32_t *row, uint32_t n, int32_t *sum)    \
    {                                                                                              \
        name##_pairs even = {0}, odd = {0};                                                        \
        uint32_t i = 0;                                                                            \
        for (; i + 4 <= n; i += 4) {                                                               \
            name##_narrow a, b, c, d;                                                              \
            memcpy(&a, rows + row[i], sizeof a);                                                   \
            memcpy(&b, rows + row[i + 1], sizeof b);                                               \
            memcpy(&c, rows + row[i + 2], sizeof c);                                               \
            memcpy(&d, rows + row[i + 3], sizeof d);                                               \
            name##_narrow four = (a + b) + (c + d);                                                \
            even += (name##_pairs)((name##_bits)four << 16) >> 16;                                 \
            odd += (name##_pairs)four >> 16;                                                       \
        }                                                                                          \
        for (; i < n; i++) {                                                                       \
            name##_narrow a;                                                                       \
            memcpy(&a, rows + row[i], sizeof a);                                                   \
            even += (name##_pairs)((name##_bits)a << 16) >> 16;                                    \
            odd += (name##_pairs)a >> 16;                                                          \
        }                                                                                          \
        for (unsigned k = 0; k < (width) / 2; k++) {                                               \
            sum[2 * k] = even[k];                                                                  \
            sum[2 * k + 1] = odd[k];                                                               \
        }                                                                                          \
    }
SUM_COLUMNS(sum_eight, 8)
#ifdef SHUNT_WIDE
SUM_COLUMNS(sum_sixteen, 16)
#endif

void SHUNT_VARIANT(shunt_sum_rows)(const int16_t *rows, const uint32_t *row, uint32_t n,
                                   unsigned columns, int32_t *sum)
{
    unsigned k = 0;
#ifdef SHUNT_WIDE
    for (; k + 16 <= columns; k += 16)
        sum_sixteen(rows + k, row, n, sum + k);
#endif
    for (; k < columns; k += 8)
        sum_eight(rows + k, row, n, sum + k);
}

void SHUNT_VARIANT(shunt_sum_features)(const int32_t *weight, size_t stride, const int32_t *feature,
                                       unsigned columns, int64_t *sum)
{
#ifdef SHUNT_WIDE
    for (unsigned k = 0; k < columns; k += 4) {
        __m256i total = _mm256_setzero_si256();
        for (unsigned i = 0; i < SHUNT_FEATURES; i++) {
            const int32_t *w = weight + i * stride + k;
            __m128i four = _mm_loadu_si128((const __m128i *)(const void *)w);
            total = _mm256_add_epi64(total, _mm256_mul_epi32(_mm256_cvtepi32_epi64(four),
                                                             _mm256_set1_epi32(feature[i])));
        }
        _mm256_storeu_si256((__m256i *)(void *)(sum + k), total);
    }
#else
    for (unsigned k = 0; k < columns; k++) {
        int64_t total = 0;
#pragma GCC unroll 16
        for (unsigned i = 0; i < SHUNT_FEATURES; i++)
            total += (int64_t)weight[i * stride + k] * feature[i];
        sum[k] = total;
    }
#endif
}
