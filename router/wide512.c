/* The encoder and the rows (FORMAT.md, sections 4 and 3.4) for AVX-512. What differs from
 * encode_scan.c: beginnings and ends of tokens are lists made by compressing, eight tokens are
 * hashed at a time, and distinct buckets are not gathered into a list: those seen before, and those
 * without a row, become row 0, which is taken off the sum in the end. So no loop has a branch or an
 * address that hangs on what the one before it found. */
#include "router/wide512.h"

#ifdef SHUNT_HAS_512

#include <immintrin.h>
#include <string.h>

#include "router/encode_scan.h"
#include "router/rows.h"

#ifdef __clang__
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,"    \
                          "avx512bitalg,avx512vpopcntdq,gfni,bmi,bmi2,popcnt"))),                  \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target(                                                                                \
    "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx512bitalg,"             \
    "avx512vpopcntdq,gfni,bmi,bmi2,popcnt")
#endif

enum {
    BLOCK = 64,                                  /* bytes of a vector */
    CHUNK = 16 * BLOCK,                          /* bytes between two passes over lists */
    LIST = CHUNK + SHUNT_ENCODE_BYTES / 16 + 80, /* tokens of a chunk and of a long one before it,
                                                    those left over, and room for a vector */
    LANES = 16,                                  /* grams of a vector, of eight tokens */
    TOKEN_BYTES = 16,                            /* of the longest token */
    WAIT = 256,       /* grams whose slot was taken, of a text that needs no second look */
    LOG_SLOTS_MIN = 9 /* a slot and its tag are 25 bits of a bucket */
};

/* A piece of the text while it is read. Bitmaps are carried from one block to the next as their
 * last bit. */
struct piece {
    const unsigned char *text;
    size_t bytes, at;
    uint64_t letter, digit, shown, edge, ticks;
    uint32_t begins, ends; /* the last token may still go on: begins - ends is 0 or 1 */
    uint16_t begin[LIST], end[LIST];
};

/* What is known of a text's grams: two a token, a token a byte at most; behind them those that
 * waited, or the rest of a vector. */
#define GRAMS(bytes) (2 * (bytes) + WAIT + 2 * LANES)
struct grams {
    uint32_t *gram;  /* the bucket's slot, that is, its log_slots top bits, above its tag */
    uint16_t *found; /* what lay in the slot. 0: the first; its tag: seen before */
    uint32_t count;
    unsigned log_slots;
    unsigned drop; /* bits of gram below those of the bucket; they are set */
};

/* At place 0x20..0x7E the class of a mark as one bit, by enum scan_class. */
static const unsigned char mark_bit[128] = {
    ['!'] = 1,   ['"'] = 8,   ['#'] = 64,  ['$'] = 64,  ['%'] = 32,  ['&'] = 64,  ['\''] = 8,
    ['('] = 16,  [')'] = 16,  ['*'] = 32,  ['+'] = 32,  [','] = 2,   ['-'] = 32,  ['.'] = 1,
    ['/'] = 32,  ['0'] = 128, ['1'] = 128, ['2'] = 128, ['3'] = 128, ['4'] = 128, ['5'] = 128,
    ['6'] = 128, ['7'] = 128, ['8'] = 128, ['9'] = 128, [':'] = 2,   [';'] = 2,   ['<'] = 32,
    ['='] = 32,  ['>'] = 32,  ['?'] = 4,   ['@'] = 64,  ['['] = 16,  ['\\'] = 64, [']'] = 16,
    ['^'] = 32,  ['_'] = 64,  ['`'] = 8,   ['{'] = 16,  ['|'] = 64,  ['}'] = 16,  ['~'] = 64,
};

static const unsigned char places[BLOCK] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

static inline uint32_t count_ones(uint64_t x)
{
    return (uint32_t)_mm_popcnt_u64(x);
}

static inline uint64_t within(__m512i c, int low, int beyond)
{
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(c, _mm512_set1_epi8((char)low)),
                                  _mm512_set1_epi8((char)(beyond - low)));
}

/* Append the places of the ones of bits. Up to 63 entries beyond them are written. */
static inline uint32_t put_ones(uint16_t *list, uint32_t n, uint64_t bits, size_t base)
{
    const __m512i from = _mm512_set1_epi16((short)base);
    __m512i place = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(places));
    uint32_t count = count_ones(bits);
    __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(place));
    _mm512_storeu_si512(list + n, _mm512_add_epi16(from, low));
    if (__builtin_expect(count > BLOCK / 2, 0)) {
        __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(place, 1));
        _mm512_storeu_si512(list + n + BLOCK / 2, _mm512_add_epi16(from, high));
    }
    return n + count;
}

/* Read up to stop: counts into *s, the text in lower case into s->low, tokens into the lists. */
static inline void find_tokens(struct scan *s, struct piece *p, size_t stop)
{
    const __m512i blank = _mm512_set1_epi8(0x20);
    const __m512i unit = _mm512_set1_epi64(INT64_C(-0x7FBFDFEFF7FBFDFF)); /* byte i: bit i */
    const __m512i class0 = _mm512_loadu_si512(mark_bit);
    const __m512i class1 = _mm512_loadu_si512(mark_bit + BLOCK);
    __m512i marks = _mm512_setzero_si512();
    uint64_t last_letter = p->letter, last_digit = p->digit, last_shown = p->shown, ticks = 0;
    uint32_t begins = p->begins, ends = p->ends;
    uint32_t letters = 0, upper = 0, lines = 0, numbers = 0;
    size_t at = p->at;
    for (; at < stop; at += BLOCK) {
        size_t left = p->bytes - at;
        __mmask64 in = left < BLOCK ? _bzhi_u64(UINT64_MAX, (unsigned)left) : UINT64_MAX;
        __m512i c = _mm512_maskz_loadu_epi8(in, p->text + at);
        __m512i folded = _mm512_or_si512(c, blank);
        uint64_t alpha = within(folded, 'a', 'z' + 1);
        uint64_t high = _mm512_movepi8_mask(c);
        uint64_t digit = within(c, '0', '9' + 1);
        uint64_t letter = alpha | high;
        uint64_t shown = letter | within(c, 0x21, 0x7F);
        _mm512_storeu_si512(s->low + at, _mm512_mask_mov_epi8(c, alpha, folded));

        uint64_t joined = letter & (letter << 1 | last_letter);
        if (__builtin_expect((high | p->edge) != 0, 0))
            joined &= ~shunt_find_edges(p->text + at, left, &p->edge, &s->non_ascii);
        begins = put_ones(p->begin, begins, shown & ~joined, at);
        ends = put_ones(p->end, ends, (shown << 1 | last_shown) & ~joined, at);

        /* Eight bytes of class bits, turned, are eight bitmaps of eight bytes, one a class. */
        __m512i class = _mm512_maskz_permutex2var_epi8(~high, class0, c, class1);
        class = _mm512_gf2p8affine_epi64_epi8(unit, class, 0);
        marks = _mm512_add_epi8(marks, _mm512_popcnt_epi8(class));
        letters += count_ones(letter);
        upper += count_ones(_mm512_mask_testn_epi8_mask(alpha, c, blank));
        lines += count_ones(_mm512_cmpeq_epi8_mask(c, _mm512_set1_epi8('\n')));
        numbers += count_ones(digit & ~(digit << 1 | last_digit));
        ticks |= _mm512_cmpeq_epi8_mask(c, _mm512_set1_epi8('`'));
        last_letter = letter >> 63;
        last_digit = digit >> 63;
        last_shown = shown >> 63;
    }
    s->tokens += begins - p->begins;
    s->letters += letters;
    s->upper += upper;
    s->lines += lines;
    s->numbers += numbers;
    p->at = at;
    p->begins = begins;
    p->ends = ends;
    p->letter = last_letter;
    p->digit = last_digit;
    p->shown = last_shown;
    p->ticks |= ticks;
    __m512i sum = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(marks)),
                                   _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(marks, 1)));
    __m256i half = _mm256_add_epi16(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    __m128i each = _mm_add_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    __m256i *classes = (void *)s->classes;
    _mm256_storeu_si256(classes,
                        _mm256_add_epi32(_mm256_loadu_si256(classes), _mm256_cvtepu16_epi32(each)));
}

static inline int has_long(const struct piece *p, uint32_t n)
{
    __mmask32 over = 0;
    for (uint32_t i = 0; i < n; i += 32) {
        __mmask32 in = n - i < 32 ? _bzhi_u32(UINT32_MAX, n - i) : UINT32_MAX;
        __m512i length =
            _mm512_sub_epi16(_mm512_loadu_si512(p->end + i), _mm512_loadu_si512(p->begin + i));
        over |= _mm512_mask_cmpgt_epu16_mask(in, length, _mm512_set1_epi16(TOKEN_BYTES));
    }
    return over != 0;
}

/* Cut tokens of more than TOKEN_BYTES among the first n, from the last one on. Returns how many
 * there are then; each has a byte at least, so the lists hold them. */
__attribute__((cold, noinline)) static uint32_t cut_tokens(struct piece *p, uint32_t n)
{
    uint32_t more = 0;
    for (uint32_t i = 0; i < n; i++)
        more += (uint32_t)(p->end[i] - p->begin[i] - 1) / TOKEN_BYTES;
    uint32_t to = n + more;
    if (p->begins > n)
        p->begin[to] = p->begin[n];
    for (uint32_t i = n; i-- > 0;) {
        unsigned begin = p->begin[i], end = p->end[i];
        for (unsigned at = begin + (end - begin - 1) / TOKEN_BYTES * TOKEN_BYTES;;
             at -= TOKEN_BYTES) {
            to--;
            p->begin[to] = (uint16_t)at;
            p->end[to] = (uint16_t)(end < at + TOKEN_BYTES ? end : at + TOKEN_BYTES);
            if (at == begin)
                break;
        }
    }
    p->begins += more;
    p->ends += more;
    return n + more;
}

static inline __m512i four_tokens(const unsigned char *low, const uint16_t *begin)
{
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(low + begin[0])));
    x = _mm512_inserti64x2(x, _mm_loadu_si128((const void *)(low + begin[1])), 1);
    x = _mm512_inserti64x2(x, _mm_loadu_si128((const void *)(low + begin[2])), 2);
    return _mm512_inserti64x2(x, _mm_loadu_si128((const void *)(low + begin[3])), 3);
}

/* Four tokens' two halves, whose bits beyond length, which has each token's twice, become zero,
 * times the factors of the hash. */
static inline __m512i multiply(__m512i x, __m512i length)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i full = _mm512_set1_epi64(64);
    const __m512i until = _mm512_set_epi64(128, 64, 128, 64, 128, 64, 128, 64);
    const __m512i factor = _mm512_set4_epi64((long long)SCAN_HASH_HIGH, (long long)SCAN_HASH_LOW,
                                             (long long)SCAN_HASH_HIGH, (long long)SCAN_HASH_LOW);
    __m512i drop = _mm512_sub_epi64(until, length);
    drop = _mm512_min_epi64(_mm512_max_epi64(drop, zero), full);
    return _mm512_mullo_epi64(_mm512_srlv_epi64(_mm512_sllv_epi64(x, drop), drop), factor);
}

/* Hash n tokens, eight at a time, and append their grams. Of the last eight n counts. */
static inline void hash_tokens(struct scan *s, const struct piece *p, uint32_t n, __m512i *before,
                               struct grams *g)
{
    const __m512i first = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
    const __m512i last = _mm512_set_epi64(7, 7, 6, 6, 5, 5, 4, 4);
    const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
    const __m512i factor = _mm512_set1_epi64((long long)SCAN_HASH_GRAM2);
    const __m512i fill = _mm512_set1_epi32((int)(UINT32_MAX >> s->bits));
    const __m128i fit = _mm_cvtsi32_si128((int)(16 - g->log_slots));
    uint32_t *gram = g->gram + g->count;
    __m512i prev = *before;
    for (uint32_t i = 0; i < n; i += 8) {
        __m128i bytes = _mm_sub_epi16(_mm_loadu_si128((const void *)(p->end + i)),
                                      _mm_loadu_si128((const void *)(p->begin + i)));
        __m512i length = _mm512_slli_epi64(_mm512_cvtepu16_epi64(bytes), 3);
        __m512i x =
            multiply(four_tokens(s->low, p->begin + i), _mm512_permutexvar_epi64(first, length));
        __m512i y =
            multiply(four_tokens(s->low, p->begin + i + 4), _mm512_permutexvar_epi64(last, length));
        __m512i h = _mm512_add_epi64(_mm512_permutex2var_epi64(x, even, y),
                                     _mm512_permutex2var_epi64(x, odd, y));
        __m512i pair = _mm512_rol_epi64(_mm512_alignr_epi64(h, prev, 7), 32);
        pair = _mm512_mullo_epi64(_mm512_add_epi64(pair, h), factor);
        prev = h;
        __m512i both = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(h, 32), pair);
        _mm512_storeu_si512(gram + 2 * i, _mm512_srl_epi32(_mm512_or_si512(both, fill), fit));
    }
    *before = prev;
    g->count += 2 * n;
}

static inline void scan_piece(struct scan *s, struct grams *g, const unsigned char *text,
                              size_t bytes)
{
    struct piece p;
    p.text = text;
    p.bytes = bytes;
    p.at = 0;
    p.letter = p.digit = p.shown = p.edge = p.ticks = 0;
    p.begins = p.ends = 0;
    __m512i before = _mm512_setzero_si512();
    for (;;) { /* the last byte is a 0 behind the end */
        find_tokens(s, &p, bytes + 1 - p.at > CHUNK ? p.at + CHUNK : bytes + 1);
        uint32_t n = p.ends;
        if (__builtin_expect(has_long(&p, n), 0))
            n = cut_tokens(&p, n);
        if (p.at > bytes) {
            _mm_storeu_si128((void *)(p.begin + n), _mm_setzero_si128()); /* the last eight */
            hash_tokens(s, &p, n, &before, g);
            break;
        }
        n -= n % 8;
        hash_tokens(s, &p, n, &before, g);
        p.begins -= n;
        p.ends -= n;
        memmove(p.begin, p.begin + n, p.begins * sizeof *p.begin);
        memmove(p.end, p.end + n, p.ends * sizeof *p.end);
    }
    if (p.ticks)
        s->fences += shunt_count_fences(text, bytes);
}

/* Look every gram up in a table of slots, where the first one stays. */
static inline void mark_grams(struct grams *g, uint16_t *restrict slot)
{
    const uint32_t *const gram = g->gram;
    uint16_t *const restrict found = g->found;
    for (size_t i = 0; i < (size_t)1 << g->log_slots; i += 2 * BLOCK) {
        for (size_t k = 0; k < 2 * BLOCK; k += BLOCK / 2)
            _mm512_storeu_si512(slot + i + k, _mm512_setzero_si512());
        __asm__("" : : : "memory"); /* or the compiler calls memset, which is slow to begin */
    }
    for (uint32_t i = 0, n = g->count; i < n; i += 4)
#pragma GCC unroll 4
        for (uint32_t k = i; k < i + 4; k++) { /* grams beyond the last come after all others */
            uint16_t *at = slot + (gram[k] >> 16);
            uint32_t was = *at;
            *at = (uint16_t)(was | (gram[k] & (0 - (uint32_t)(was == 0))));
            found[k] = (uint16_t)was;
        }
}

/* Which of the grams from i on wait: their slot was taken by another. */
static inline __mmask16 waiting_at(const struct grams *g, uint32_t i)
{
    __mmask16 in = g->count - i < LANES ? (__mmask16)_bzhi_u32(0xFFFF, g->count - i) : 0xFFFF;
    __m256i found = _mm256_loadu_si256((const void *)(g->found + i));
    __m256i tag = _mm512_cvtepi32_epi16(_mm512_loadu_si512(g->gram + i));
    return _mm256_mask_cmpneq_epi16_mask(_mm256_mask_test_epi16_mask(in, found, found), found, tag);
}

/* Where more than WAIT wait, give them a second look with another function from bucket to slot, and
 * those whose slot was taken again a third: found becomes 0 or their tag. slot holds places of
 * grams, counted from 1. Each round places one at least. */
__attribute__((cold, noinline)) static void settle_grams(struct grams *g, uint16_t *slot)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < g->count; i += LANES)
        left += count_ones(waiting_at(g, i));
    if (left <= WAIT)
        return;
    for (uint32_t factor = SCAN_ROUND; left > 0; factor *= SCAN_ROUND) {
        left = 0;
        memset(slot, 0, sizeof *slot << g->log_slots);
        for (uint32_t i = 0; i < g->count; i += LANES)
            for (uint32_t rest = waiting_at(g, i); rest; rest &= rest - 1) {
                uint32_t k = i + (uint32_t)__builtin_ctz(rest);
                uint32_t bucket = g->gram[k] >> g->drop;
                uint16_t *at = slot + (bucket * factor >> (32 - g->log_slots));
                if (*at == 0) {
                    *at = (uint16_t)(k + 1);
                    g->found[k] = 0;
                } else if (g->gram[*at - 1] == g->gram[k]) {
                    g->found[k] = (uint16_t)g->gram[k];
                } else {
                    left++;
                }
            }
    }
}

/* Entries of the index that eight grams fall into, two numbers each. */
static inline __m512i eight_entries(const struct shunt_index *index, const uint32_t *gram,
                                    unsigned shift)
{
    __m512i x = _mm512_setzero_si512();
#define PAIR(k)                                                                                    \
    (__m128i) _mm_loadh_pd(                                                                        \
        (__m128d)_mm_loadl_epi64((const void *)(index + ((uint64_t)gram[k] >> shift))),            \
        (const void *)(index + ((uint64_t)gram[k + 1] >> shift)))
    x = _mm512_inserti64x2(x, PAIR(0), 0);
    x = _mm512_inserti64x2(x, PAIR(2), 1);
    x = _mm512_inserti64x2(x, PAIR(4), 2);
    return _mm512_inserti64x2(x, PAIR(6), 3);
#undef PAIR
}

/* Append the distinct of count rows to offset, and 0 for the others, to whole vectors. Returns how
 * many are distinct. */
static inline uint32_t append_distinct(uint32_t *offset, const uint32_t *row, uint32_t count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i += LANES) {
        __mmask16 in = count - i < LANES ? (__mmask16)_bzhi_u32(0xFFFF, count - i) : 0xFFFF;
        __m512i x = _mm512_maskz_loadu_epi32(in, row + i);
        __m512i same = _mm512_conflict_epi32(x); /* bitmaps of equal ones before */
        __mmask16 first = _mm512_mask_testn_epi32_mask(in, same, same);
        for (uint32_t k = 0; k < i; k++)
            first &= _mm512_cmpneq_epi32_mask(x, _mm512_set1_epi32((int)row[k]));
        _mm512_storeu_si512(offset + i, _mm512_maskz_mov_epi32(first, x));
        n += count_ones(first);
    }
    return n;
}

/* Make of each gram where its row begins, 0 for those without one and those seen before. Returns
 * how many numbers that makes, of which *kept count. */
static inline uint32_t find_rows(const struct shunt_table *t, struct grams *g, uint32_t *kept)
{
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    const __m512i stride = _mm512_set1_epi32((int)t->stride);
    const __m128i drop = _mm_cvtsi32_si128((int)g->drop);
    const unsigned shift = g->drop + 5;
    const struct shunt_index *const index = t->index;
    uint32_t *const gram = g->gram;
    const uint32_t count = g->count;
    uint32_t wait[WAIT + LANES];
    uint32_t waiting = 0, n = 0, i = 0;
    for (; i < count; i += LANES) {
        __m512i a = eight_entries(index, gram + i, shift);
        __m512i b = eight_entries(index, gram + i + 8, shift);
        /* Move the bucket's own bit to the top: what is left are it and those below. */
        __m512i bucket = _mm512_srl_epi32(_mm512_loadu_si512(gram + i), drop);
        __m512i bits = _mm512_sllv_epi32(_mm512_permutex2var_epi32(a, even, b),
                                         _mm512_andnot_si512(bucket, _mm512_set1_epi32(31)));
        __m512i above = _mm512_sub_epi32(_mm512_popcnt_epi32(bits), _mm512_set1_epi32(1));
        __m512i row = _mm512_add_epi32(_mm512_permutex2var_epi32(a, odd, b), above);
        row = _mm512_mullo_epi32(row, stride);
        __m256i found = _mm256_loadu_si256((const void *)(g->found + i));
        __mmask16 in = count - i < LANES ? (__mmask16)_bzhi_u32(0xFFFF, count - i) : 0xFFFF;
        __mmask16 has_row = in & _mm512_movepi32_mask(bits);
        __mmask16 first = _mm256_mask_testn_epi16_mask(has_row, found, found);
        __mmask16 other = has_row & waiting_at(g, i);
        _mm512_storeu_si512(gram + i, _mm512_maskz_mov_epi32(first, row));
        _mm512_storeu_si512(wait + waiting, _mm512_maskz_compress_epi32(other, row));
        waiting += count_ones(other);
        n += count_ones(first);
    }
    *kept = n + append_distinct(gram + i, wait, waiting);
    return i + (waiting + LANES - 1) / LANES * LANES;
}

/* At least four slots for a byte of text, which is ten for a usual bucket: few meet in one. */
static inline unsigned choose_slots(size_t bytes)
{
    unsigned log_slots = LOG_SLOTS_MIN;
    while (log_slots < SCAN_LOG_SLOTS_MAX && (size_t)1 << log_slots < 4 * bytes)
        log_slots++;
    return log_slots;
}

/* All of it, in the caller's arrays: gram and found [GRAMS(bytes seen)], slot [four a byte], low
 * [bytes seen + SCAN_PAD]. */
static uint32_t sum_text(const struct shunt_table *t, const int16_t *rows, const char *text,
                         size_t bytes, struct grams *g, uint16_t *slot, unsigned char *low,
                         int32_t *sum, int32_t *feature)
{
    const unsigned char *const at = (const unsigned char *)text;
    const size_t seen = bytes < SHUNT_ENCODE_BYTES ? bytes : SHUNT_ENCODE_BYTES;
    struct scan s = {.bits = t->shape->bits, .low = low};
    g->count = 0;
    g->log_slots = choose_slots(seen);
    g->drop = 16 + g->log_slots - s.bits;
    for (size_t from = 0, n = seen == bytes ? bytes : SHUNT_ENCODE_HEAD;;
         from = bytes - SHUNT_ENCODE_TAIL, n = SHUNT_ENCODE_TAIL) {
        scan_piece(&s, g, at + from, n);
        if (from + n == bytes)
            break;
    }
    shunt_write_features(&s, bytes, seen, feature);
    if (!t->rows)
        return 0;
    _mm512_storeu_si512(g->gram + g->count, _mm512_setzero_si512()); /* the rest of a vector */

    uint32_t kept;
    mark_grams(g, slot);
    if (g->count > WAIT)
        settle_grams(g, slot);
    uint32_t n = find_rows(t, g, &kept);
    shunt_sum_rows_wide(rows, g->gram, n, t->shape->columns, sum);
    for (unsigned k = 0; k < t->shape->columns; k++)
        sum[k] -= (int32_t)(n - kept) * rows[k];
    return kept;
}

/* Two functions for the sake of the stack: a large frame is slow to enter. */
static uint32_t sum_short(const struct shunt_table *t, const int16_t *rows, const char *text,
                          size_t bytes, int32_t *sum, int32_t *feature)
{
    uint32_t gram[GRAMS(SCAN_SHORT)];
    uint16_t found[GRAMS(SCAN_SHORT)], slot[4 * SCAN_SHORT];
    unsigned char low[SCAN_SHORT + SCAN_PAD];
    struct grams g = {.gram = gram, .found = found};
    return sum_text(t, rows, text, bytes, &g, slot, low, sum, feature);
}

__attribute__((noinline)) static uint32_t sum_long(const struct shunt_table *t, const int16_t *rows,
                                                   const char *text, size_t bytes, int32_t *sum,
                                                   int32_t *feature)
{
    uint32_t gram[GRAMS(SHUNT_ENCODE_BYTES)];
    uint16_t found[GRAMS(SHUNT_ENCODE_BYTES)], slot[1 << SCAN_LOG_SLOTS_MAX];
    unsigned char low[SHUNT_ENCODE_BYTES + SCAN_PAD];
    struct grams g = {.gram = gram, .found = found};
    return sum_text(t, rows, text, bytes, &g, slot, low, sum, feature);
}

uint32_t shunt_sum_text_512(const struct shunt_table *t, const int16_t *rows, const char *text,
                            size_t bytes, int32_t *sum, int32_t *feature)
{
    return bytes <= SCAN_SHORT ? sum_short(t, rows, text, bytes, sum, feature)
                               : sum_long(t, rows, text, bytes, sum, feature);
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
