/* Logits and sigmoids of eight heads at a time, for AVX-512: the operations of predict.c and
 * sigmoid.c in their order, each rounded once, so the bits are the same. */
#include "router/wide512.h"

#ifdef SHUNT_HAS_512

#include <immintrin.h>
#include <math.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl"))),                 \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl")
#endif

enum { LANES = 8 };

static inline __m512i eight_wide(const int32_t *x)
{
    return _mm512_cvtepi32_epi64(_mm256_loadu_si256((const void *)x));
}

void shunt_logits_512(const struct shunt_table *t, uint32_t first, const int32_t *taskw,
                      const int32_t *feature, const int32_t *sum, uint32_t kept, double *z)
{
    const __m512d unit = _mm512_set1_pd(1.0 / (SHUNT_UNIT * 65536.0));
    const __m512d root = _mm512_set1_pd(sqrt((double)(kept ? kept : 1)));
    const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
    for (uint32_t k = 0; k < t->shape->columns; k += LANES) {
        const int32_t *surface = t->surface + first + k;
        __m512i f = _mm512_setzero_si512();
        for (unsigned i = 0; i < SHUNT_FEATURES; i++)
            f = _mm512_add_epi64(f, _mm512_mul_epi32(eight_wide(surface + i * (size_t)t->stride),
                                                     _mm512_set1_epi32(feature[i])));
        /* A head is a scale and a bias, which fills the lower half of its second eight bytes. */
        const struct shunt_head *head = t->head + first + k;
        __m512i a = _mm512_loadu_si512(head);
        __m512i b = _mm512_loadu_si512(head + LANES / 2);
        __m512i bias = _mm512_permutex2var_epi64(a, odd, b);
        bias = _mm512_srai_epi64(_mm512_slli_epi64(bias, 32), 32);
        if (taskw)
            bias = _mm512_add_epi64(bias, eight_wide(taskw + k));
        f = _mm512_add_epi64(f, _mm512_slli_epi64(bias, 16));
        __m512d logit = _mm512_mul_pd(_mm512_cvtepi64_pd(f), unit);
        if (kept) {
            __m512d scale = _mm512_castsi512_pd(_mm512_permutex2var_epi64(a, even, b));
            __m512d rows = _mm512_cvtepi32_pd(_mm256_loadu_si256((const void *)(sum + k)));
            logit = _mm512_add_pd(logit, _mm512_div_pd(_mm512_mul_pd(rows, scale), root));
        }
        _mm512_storeu_pd(z + k, logit);
    }
}

/* Four times two neighbours in the table of the sigmoid. */
static inline __m512d four_pairs(const int32_t *i)
{
    const double *y = shunt_sigmoid_table;
    __m512d x = _mm512_castpd128_pd512(_mm_loadu_pd(y + i[0]));
    x = _mm512_insertf64x2(x, _mm_loadu_pd(y + i[1]), 1);
    x = _mm512_insertf64x2(x, _mm_loadu_pd(y + i[2]), 2);
    return _mm512_insertf64x2(x, _mm_loadu_pd(y + i[3]), 3);
}

void shunt_sigmoids_512(double *z, uint32_t n)
{
    const __m512d one = _mm512_set1_pd(1.0), two = _mm512_set1_pd(2.0);
    const __m512d sixteen = _mm512_set1_pd(16.0), sixteenth = _mm512_set1_pd(1.0 / 16.0);
    const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
    for (uint32_t k = 0; k < n; k += LANES) {
        __m512d x = _mm512_loadu_pd(z + k);
        __m512d u = _mm512_mul_pd(_mm512_min_pd(_mm512_abs_pd(x), sixteen), sixteen);
        __m256i i = _mm256_min_epi32(_mm512_cvttpd_epi32(u), _mm256_set1_epi32(255));
        __m512d r = _mm512_sub_pd(u, _mm512_cvtepi32_pd(i));
        int32_t at[LANES];
        _mm256_storeu_si256((void *)at, i);
        __m512d a = four_pairs(at), b = four_pairs(at + LANES / 2);
        __m512d y0 = _mm512_permutex2var_pd(a, even, b);
        __m512d y1 = _mm512_permutex2var_pd(a, odd, b);
        __m512d d0 = _mm512_mul_pd(_mm512_mul_pd(y0, _mm512_sub_pd(one, y0)), sixteenth);
        __m512d d1 = _mm512_mul_pd(_mm512_mul_pd(y1, _mm512_sub_pd(one, y1)), sixteenth);
        __m512d rise = _mm512_sub_pd(y1, y0);
        __m512d c2 =
            _mm512_sub_pd(_mm512_mul_pd(_mm512_set1_pd(3.0), rise), _mm512_mul_pd(two, d0));
        c2 = _mm512_sub_pd(c2, d1);
        __m512d c3 = _mm512_sub_pd(_mm512_add_pd(d0, d1), _mm512_mul_pd(two, rise));
        __m512d p = _mm512_add_pd(c2, _mm512_mul_pd(r, c3));
        p = _mm512_add_pd(d0, _mm512_mul_pd(r, p));
        p = _mm512_add_pd(y0, _mm512_mul_pd(r, p));
        __mmask8 below = _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_LT_OQ);
        _mm512_storeu_pd(z + k, _mm512_mask_sub_pd(p, below, one, p));
    }
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
