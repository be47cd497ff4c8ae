/* The passes of the encoder over a piece of text (FORMAT.md, section 4), written for speed.
 *
 * Sixty-four bytes at a time become bitmaps: which of them are letters, which begin a token, which
 * stand behind the end of one. The bitmaps become lists of beginnings and ends, the lists hashes,
 * two multiplications a token, and these go into a set. No step has a branch that depends on the
 * text and could not be foreseen, but for what is rare. */
#include "router/encode_scan.h"

#include <string.h>

#if defined(SHUNT_WIDE)
#include <immintrin.h>
#elif defined(__SSE2__) && !defined(SHUNT_PLAIN)
#include <emmintrin.h>
#endif

#ifndef SHUNT_VARIANT
#define SHUNT_VARIANT(name) name
#endif

enum {
    BLOCK = 64,  /* bytes in a bitmap */
    BATCH = 512, /* bytes between two passes over lists */
    FEW = 8,     /* tokens of a block */
    MANY = 20,
    GROUP = 128,     /* tokens between two passes over lists */
    TOKEN_BYTES = 16 /* of the longest token */
};

/* What is known of the 64 bytes of a block, lowest bit first. */
struct bitmaps {
    uint64_t letter, digit, mark; /* mark: printable and no letter, digits too */
    int high, tick;               /* some byte is >= 0x80, is a backtick */
};

/* clang-format off */
#define S SCAN_STOP
#define K SCAN_COMMA
#define Q SCAN_QUESTION
#define U SCAN_QUOTE
#define R SCAN_BRACKET
#define M SCAN_MATHS
#define X SCAN_MARK
#define D SCAN_DIGIT
/* Counters of eight bits each, all in one number: what a token that begins with the byte adds. */
#define C(class) UINT64_C(1) << 8 * (class)
static const uint64_t class_one[256] = {
    ['!'] = C(S), ['"'] = C(U), ['#'] = C(X), ['$'] = C(X), ['%'] = C(M), ['&'] = C(X), ['\''] = C(U), ['('] = C(R),
    [')'] = C(R), ['*'] = C(M), ['+'] = C(M), [','] = C(K), ['-'] = C(M), ['.'] = C(S), ['/'] = C(M),
    ['0'] = C(D), ['1'] = C(D), ['2'] = C(D), ['3'] = C(D), ['4'] = C(D), ['5'] = C(D), ['6'] = C(D), ['7'] = C(D),
    ['8'] = C(D), ['9'] = C(D), [':'] = C(K), [';'] = C(K), ['<'] = C(M), ['='] = C(M), ['>'] = C(M), ['?'] = C(Q),
    ['@'] = C(X), ['['] = C(R), ['\\'] = C(X), [']'] = C(R), ['^'] = C(M), ['_'] = C(X), ['`'] = C(U),
    ['{'] = C(R), ['|'] = C(X), ['}'] = C(R), ['~'] = C(X),
};
#undef S
#undef K
#undef Q
#undef U
#undef R
#undef M
#undef X
#undef D
#undef C

/* At offset 16 - n: n bytes 0xFF, then zeros. */
static const unsigned char keep[40] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};
/* clang-format on */

static inline uint64_t load8(const unsigned char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

static inline uint32_t load4(const unsigned char *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap32(x);
#endif
    return x;
}

static inline void store8(unsigned char *p, uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    memcpy(p, &x, sizeof x);
}

static inline unsigned count_ones(uint64_t x)
{
#ifdef SHUNT_WIDE
    return (unsigned)__builtin_popcountll(x);
#else
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (unsigned)(x * UINT64_C(0x0101010101010101) >> 56);
#endif
}

#if defined(SHUNT_WIDE)

/* 0xFF where low <= c <= low + span */
static inline __m256i within(__m256i c, char low, char span)
{
    __m256i x = _mm256_sub_epi8(c, _mm256_set1_epi8(low));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(span)), x);
}

static inline uint64_t bits_of(__m256i x)
{
    return (uint32_t)_mm256_movemask_epi8(x);
}

static inline uint32_t sum_of(__m256i x) /* of four 64-bit numbers */
{
    __m128i y = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return (uint32_t)(_mm_cvtsi128_si32(y) + _mm_cvtsi128_si32(_mm_srli_si128(y, 8)));
}

static inline void classify(struct scan *s, const unsigned char *text, unsigned char *low,
                            struct bitmaps *b)
{
    const __m256i blank = _mm256_set1_epi8(0x20);
    const __m256i zero = _mm256_setzero_si256();
    __m256i any = zero, tick = zero, upper = zero, lines = zero;
    uint64_t letter = 0, digit = 0, shown = 0;
#pragma GCC unroll 2
    for (unsigned i = 0; i < BLOCK; i += 32) {
        __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
        __m256i alpha = within(_mm256_or_si256(c, blank), 'a', 25);
        __m256i lower = _mm256_or_si256(c, _mm256_and_si256(alpha, blank));
        _mm256_storeu_si256((__m256i *)(void *)(low + i), lower);
        letter |= bits_of(_mm256_or_si256(alpha, c)) << i;
        digit |= bits_of(within(c, '0', 9)) << i;
        shown |= bits_of(within(c, 0x21, 0x7E - 0x21)) << i;
        any = _mm256_or_si256(any, c);
        tick = _mm256_or_si256(tick, _mm256_cmpeq_epi8(c, _mm256_set1_epi8('`')));
        upper = _mm256_add_epi64(upper, _mm256_sad_epu8(_mm256_xor_si256(lower, c), zero));
        lines = _mm256_sub_epi8(lines, _mm256_cmpeq_epi8(c, _mm256_set1_epi8('\n')));
    }
    b->letter = letter;
    b->digit = digit;
    b->mark = shown & ~letter;
    b->high = _mm256_movemask_epi8(any) != 0;
    b->tick = _mm256_movemask_epi8(tick) != 0;
    s->upper += sum_of(upper) / 32;
    s->lines += sum_of(_mm256_sad_epu8(lines, zero));
}

#elif defined(__SSE2__) && !defined(SHUNT_PLAIN)

static inline uint64_t bits_of(__m128i x)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(x);
}

/* 0xFF where low <= c <= low + span */
static inline __m128i within(__m128i c, char low, char span)
{
    __m128i x = _mm_sub_epi8(c, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(span)), x);
}

static inline uint32_t sum_of(__m128i x) /* of two 64-bit numbers */
{
    return (uint32_t)(_mm_cvtsi128_si32(x) + _mm_cvtsi128_si32(_mm_srli_si128(x, 8)));
}

/* Classify a block and write it in lower case. */
static inline void classify(struct scan *s, const unsigned char *text, unsigned char *low,
                            struct bitmaps *b)
{
    const __m128i blank = _mm_set1_epi8(0x20);
    const __m128i zero = _mm_setzero_si128();
    __m128i any = zero, tick = zero, upper = zero, lines = zero;
    uint64_t letter = 0, digit = 0, shown = 0;
#pragma GCC unroll 2
    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        __m128i alpha = within(_mm_or_si128(c, blank), 'a', 25);
        __m128i lower = _mm_or_si128(c, _mm_and_si128(alpha, blank));
        _mm_storeu_si128((__m128i *)(void *)(low + i), lower);
        letter |= bits_of(_mm_or_si128(alpha, c)) << i;
        digit |= bits_of(within(c, '0', 9)) << i;
        shown |= bits_of(within(c, 0x21, 0x7E - 0x21)) << i;
        any = _mm_or_si128(any, c);
        tick = _mm_or_si128(tick, _mm_cmpeq_epi8(c, _mm_set1_epi8('`')));
        upper = _mm_add_epi64(upper, _mm_sad_epu8(_mm_xor_si128(lower, c), zero));
        lines = _mm_sub_epi8(lines, _mm_cmpeq_epi8(c, _mm_set1_epi8('\n')));
    }
    b->letter = letter;
    b->digit = digit;
    b->mark = shown & ~letter;
    b->high = _mm_movemask_epi8(any) != 0;
    b->tick = _mm_movemask_epi8(tick) != 0;
    s->upper += sum_of(upper) / 32;
    s->lines += sum_of(_mm_sad_epu8(lines, zero));
}

#else

#define ONES UINT64_C(0x0101010101010101)
#define HIGH (ONES << 7)

/* 0x80 where first <= byte < beyond, for ASCII bytes x & ~HIGH */
static inline uint64_t within(uint64_t x, unsigned first, unsigned beyond)
{
    return (x + ONES * (0x80 - first)) & ~(x + ONES * (0x80 - beyond)) & HIGH;
}

/* One bit for each 0x80 */
static inline uint64_t bits_of(uint64_t mask)
{
    return (mask >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline void classify(struct scan *s, const unsigned char *text, unsigned char *low,
                            struct bitmaps *b)
{
    uint64_t any = 0, tick = 0;
    *b = (struct bitmaps){0, 0, 0, 0, 0};
    for (unsigned i = 0; i < BLOCK; i += 8) {
        const uint64_t c = load8(text + i);
        const uint64_t ascii = ~c & HIGH;
        const uint64_t x = c & ~HIGH;
        const uint64_t alpha = within(x | ONES << 5, 'a', 'z' + 1) & ascii;
        store8(low + i, c | alpha >> 2);
        b->letter |= bits_of(alpha | (c & HIGH)) << i;
        b->digit |= bits_of(within(x, '0', '9' + 1) & ascii) << i;
        b->mark |= bits_of(within(x, 0x21, 0x7F) & ascii & ~alpha) << i;
        any |= c & HIGH;
        tick |= within(x, '`', '`' + 1) & ascii;
        s->upper += count_ones(alpha & ~(c << 2));
        s->lines += count_ones(within(x, '\n', '\n' + 1) & ascii);
    }
    b->high = any != 0;
    b->tick = tick != 0;
}

#endif

/* Append the positions of the ones of bits to list, which has PUT_ROOM places more. Almost all
 * blocks have between FEW and MANY tokens. */
static inline uint32_t put_ones(uint16_t *list, uint32_t n, uint64_t bits, unsigned base)
{
    const uint64_t top = UINT64_C(1) << 63;
    unsigned count = count_ones(bits);
    uint16_t *at = list + n;
    for (unsigned i = 0; i < FEW; i += 4)
#pragma GCC unroll 4
        for (unsigned k = i; k < i + 4; k++, bits &= bits - 1)
            at[k] = (uint16_t)(base + (unsigned)__builtin_ctzll(bits | top));
    if (count > FEW)
        for (unsigned i = FEW; i < MANY; i += 4)
#pragma GCC unroll 4
            for (unsigned k = i; k < i + 4; k++, bits &= bits - 1)
                at[k] = (uint16_t)(base + (unsigned)__builtin_ctzll(bits | top));
    for (unsigned i = MANY; i < count; i++, bits &= bits - 1)
        at[i] = (uint16_t)(base + (unsigned)__builtin_ctzll(bits));
    return n + count;
}

static inline uint64_t turn(uint64_t h)
{
    return h << 32 | h >> 32;
}

/* Two numbers of 32 bits for each token, whose top bits are its buckets. */
static inline uint32_t *put_grams(uint32_t *gram, uint64_t h, uint64_t prev)
{
    gram[0] = (uint32_t)(h >> 32);
    gram[1] = (uint32_t)((turn(prev) + h) * SCAN_HASH_GRAM2 >> 32);
    return gram + 2;
}

/* Hash n <= GROUP tokens that begin at the places of list. Returns the number of grams. */
static uint32_t hash_tokens(struct scan *s, const uint16_t *list, uint32_t n, uint32_t *gram)
{
    const unsigned char *const low = s->low;
    const unsigned char *const join = s->join;
    const uint32_t *const from = gram;
    uint64_t classes = 0;
    uint64_t prev = s->prev;
    for (uint32_t k = 0; k < n; k++) {
        size_t begin = list[k];
        const unsigned char *at = low + begin;
        uint32_t others = ~(load4(join + begin / 8) >> begin % 8 >> 1);
        size_t bytes = 1 + (unsigned)__builtin_ctz(others);
        classes += class_one[*at];
        while (__builtin_expect(bytes > TOKEN_BYTES, 0)) {
            uint64_t h = load8(at) * SCAN_HASH_LOW + load8(at + 8) * SCAN_HASH_HIGH;
            gram = put_grams(gram, h, prev);
            prev = h;
            begin += TOKEN_BYTES;
            at += TOKEN_BYTES;
            bytes = 1 + (unsigned)__builtin_ctz(~(load4(join + begin / 8) >> begin % 8 >> 1));
        }
        uint64_t h = (load8(at) & load8(keep + 16 - bytes)) * SCAN_HASH_LOW +
                     (load8(at + 8) & load8(keep + 24 - bytes)) * SCAN_HASH_HIGH;
        gram = put_grams(gram, h, prev);
        prev = h;
    }
    for (unsigned c = 0; c < SCAN_CLASSES; c++)
        s->classes[c] += (uint32_t)(classes >> 8 * c & 0xFF);
    s->prev = prev;
    return (uint32_t)(gram - from);
}

/* Put buckets into the set, and into the list unless they were there, or their slot taken. That a
 * bucket was there cannot be foreseen, a third of them in no order, so that is no branch; that its
 * slot is free or its own can, as long as it is one question: hence the product, 0 when either is
 * so. */
static void add_buckets(struct scan *s, const uint32_t *gram, uint32_t n)
{
    const unsigned slot_shift = 32 - s->log_slots;
    const uint32_t fill = UINT32_MAX >> s->bits;
    uint32_t *const slots = s->slot;
    uint32_t *front = s->bucket + s->count;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t key = gram[i] | fill;
        uint32_t *slot = slots + (gram[i] >> slot_shift);
        uint32_t found = *slot;
        if (__builtin_expect((uint64_t)found * (found ^ key) != 0, 0)) {
            s->back[-1 - (int32_t)s->waiting++] = key;
            continue;
        }
        *front = key;
        *slot = key;
        front += found == 0;
    }
    s->count = (uint32_t)(front - s->bucket);
}

static void add_tokens(struct scan *s, const uint16_t *list, uint32_t n)
{
    uint32_t gram[2 * (GROUP + SHUNT_ENCODE_BYTES / TOKEN_BYTES)];
    for (uint32_t k = 0; k < n; k += GROUP)
        add_buckets(s, gram, hash_tokens(s, list + k, n - k < GROUP ? n - k : GROUP, gram));
    s->tokens += n;
}

void SHUNT_VARIANT(shunt_clear_slots)(uint32_t *slot, size_t count)
{
    typedef uint64_t stride __attribute__((vector_size(32)));
    const stride zero = {0};
    for (size_t i = 0; i < count; i += 4 * sizeof zero / sizeof *slot) {
        for (size_t k = 0; k < 4; k++)
            memcpy(slot + i + k * (sizeof zero / sizeof *slot), &zero, sizeof zero);
        __asm__("" : : : "memory"); /* or the compiler calls memset, which is slow to begin */
    }
}

void SHUNT_VARIANT(shunt_scan)(struct scan *s, const unsigned char *text, size_t bytes)
{
    uint16_t list[GROUP + BLOCK + MANY];
    unsigned char last[BLOCK] = {0};
    uint64_t letter_before = 0, digit_before = 0, edge_carry = 0;
    uint32_t n = 0;
    int tick = 0;
    s->prev = 0;
    if (bytes % BLOCK > 0)
        memcpy(last, text + bytes - bytes % BLOCK, bytes % BLOCK);
    for (size_t at = 0; at <= bytes; at += BLOCK) { /* the last byte seen is a 0 behind the end */
        struct bitmaps b;
        classify(s, bytes - at >= BLOCK ? text + at : last, s->low + at, &b);
        uint64_t joined = b.letter & (b.letter << 1 | letter_before);
        if (b.high || edge_carry)
            joined &= ~shunt_find_edges(text + at, bytes - at, &edge_carry, &s->non_ascii);
        store8(s->join + at / 8, joined);
        s->letters += count_ones(b.letter);
        s->numbers += count_ones(b.digit & ~(b.digit << 1 | digit_before));
        letter_before = b.letter >> 63;
        digit_before = b.digit >> 63;
        tick |= b.tick;
        if (n >= GROUP && joined != ~UINT64_C(0)) { /* else the last token goes on */
            add_tokens(s, list, n);
            n = 0;
        }
        n = put_ones(list, n, (b.letter | b.mark) & ~joined, (unsigned)at);
    }
    store8(s->join + (bytes / BLOCK + 1) * 8, 0);
    add_tokens(s, list, n);
    if (tick)
        s->fences += shunt_count_fences(text, bytes);
}
