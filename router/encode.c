/* The hashed encoder: tokens, their 1- and 2-grams, and the surface features (FORMAT.md, section
 * 4).
 *
 * Written for speed: text is read eight bytes at a time, a word costs one load, a few masks and two
 * multiplications, and the only branches are ones that text makes predictable. What the buckets
 * are worth is route.c's business.
 */
#include "router/encode.h"

#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGH UINT64_C(0x8080808080808080)
#define LOW7 UINT64_C(0x7F7F7F7F7F7F7F7F)

#define HASH_START UINT64_C(0x9E3779B97F4A7C15)
#define HASH_CHUNK UINT64_C(0xD6E8FEB86659FD93)
#define HASH_GRAM1 UINT64_C(0xA0761D6478BD642F)
#define HASH_PREV UINT64_C(0xE7037ED1A0B428DB)
#define HASH_GRAM2 UINT64_C(0x8EBC6AF09C88C6E3)

/* The set of buckets is at most half full. It begins with two slots a byte of text or more (usual
 * texts have a bucket in three bytes) and grows where a text is unusual. */
enum { SLOTS_MIN = 256, SLOTS_MAX = 2 * SHUNT_ENCODE_CAPACITY };

/* Classes of the first byte of a token. C_STOP to C_MARK are in the order of FORMAT.md's features 5
 * to 11. */
enum byte_class {
    C_BLANK,
    C_STOP,
    C_COMMA,
    C_QUESTION,
    C_QUOTE,
    C_BRACKET,
    C_MATHS,
    C_MARK,
    C_DIGIT,
    C_WORD,
    C_COUNT,
};

/* clang-format off */
#define B C_BLANK
#define S C_STOP
#define K C_COMMA
#define Q C_QUESTION
#define U C_QUOTE
#define R C_BRACKET
#define M C_MATHS
#define X C_MARK
#define D C_DIGIT
#define W C_WORD
#define W16 W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W
static const uint8_t byte_class[256] = {
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
    /*   !  "  #  $  %  &  '  (  )  *  +  ,  -  .  / */
    B, S, U, X, X, M, X, U, R, R, M, M, K, M, S, M,
    D, D, D, D, D, D, D, D, D, D, K, K, M, M, M, Q,
    /* @ */
    X, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    /*                                   [  \  ]  ^  _ */
    W, W, W, W, W, W, W, W, W, W, W, R, X, R, M, X,
    /* ` */
    U, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    /*                                   {  |  }  ~  DEL */
    W, W, W, W, W, W, W, W, W, W, W, R, X, R, X, B,
    W16, W16, W16, W16, W16, W16, W16, W16,
};
#undef B
#undef S
#undef K
#undef Q
#undef U
#undef R
#undef M
#undef X
#undef D
#undef W
#undef W16

/* round(65536 * log2(1 + i / 256)) */
static const int32_t log2_table[257] = {
    0, 369, 736, 1102, 1466, 1829, 2190, 2551, 2909, 3267, 3623, 3978,
    4331, 4683, 5034, 5384, 5732, 6079, 6425, 6769, 7112, 7454, 7795, 8134,
    8473, 8810, 9146, 9480, 9814, 10146, 10477, 10807, 11136, 11464, 11791, 12116,
    12440, 12764, 13086, 13407, 13727, 14046, 14363, 14680, 14996, 15310, 15624, 15937,
    16248, 16559, 16868, 17177, 17484, 17791, 18096, 18401, 18704, 19007, 19308, 19609,
    19909, 20207, 20505, 20802, 21098, 21393, 21687, 21980, 22272, 22564, 22854, 23144,
    23433, 23720, 24007, 24293, 24579, 24863, 25146, 25429, 25711, 25992, 26272, 26551,
    26830, 27108, 27384, 27660, 27936, 28210, 28484, 28757, 29029, 29300, 29571, 29840,
    30109, 30378, 30645, 30912, 31178, 31443, 31707, 31971, 32234, 32496, 32758, 33019,
    33279, 33538, 33797, 34055, 34312, 34569, 34825, 35080, 35334, 35588, 35841, 36094,
    36346, 36597, 36847, 37097, 37346, 37595, 37842, 38090, 38336, 38582, 38827, 39072,
    39316, 39559, 39802, 40044, 40286, 40527, 40767, 41006, 41246, 41484, 41722, 41959,
    42196, 42432, 42667, 42902, 43137, 43370, 43603, 43836, 44068, 44300, 44530, 44761,
    44990, 45220, 45448, 45676, 45904, 46131, 46357, 46583, 46809, 47034, 47258, 47482,
    47705, 47928, 48150, 48372, 48593, 48813, 49034, 49253, 49472, 49691, 49909, 50127,
    50344, 50560, 50776, 50992, 51207, 51422, 51636, 51850, 52063, 52276, 52488, 52700,
    52911, 53122, 53332, 53542, 53751, 53960, 54169, 54377, 54584, 54791, 54998, 55204,
    55410, 55615, 55820, 56025, 56229, 56432, 56635, 56838, 57040, 57242, 57443, 57644,
    57845, 58045, 58245, 58444, 58643, 58841, 59039, 59237, 59434, 59631, 59827, 60023,
    60219, 60414, 60609, 60803, 60997, 61190, 61384, 61576, 61769, 61961, 62152, 62343,
    62534, 62725, 62915, 63104, 63294, 63483, 63671, 63859, 64047, 64234, 64421, 64608,
    64794, 64980, 65166, 65351, 65536,
};
/* clang-format on */

static const char *const feature_names[SHUNT_FEATURES] = {
    "log_bytes",  "log_words",       "log_lines",   "log_digits",   "log_numbers", "log_stops",
    "log_commas", "log_questions",   "log_quotes",  "log_brackets", "log_maths",   "log_marks",
    "log_fences", "non_ascii_share", "upper_share", "letter_share",
};

const char *shunt_feature_name(unsigned i)
{
    return i < SHUNT_FEATURES ? feature_names[i] : NULL;
}

int32_t shunt_log2_1p(uint64_t n)
{
    uint64_t v = n + 1;
    unsigned e = 63u - (unsigned)__builtin_clzll(v);
    uint64_t below = v - (UINT64_C(1) << e);
    uint32_t m = (uint32_t)(e <= 16 ? below << (16 - e) : below >> (e - 16));
    int32_t low = log2_table[m >> 8];
    int32_t high = log2_table[(m >> 8) + 1];
    return (int32_t)(e << 16) + low + (((high - low) * (int32_t)(m & 255)) >> 8);
}

/* What one pass over a text counts and collects. */
struct scan {
    const unsigned char *text;
    size_t end;
    unsigned shift;     /* 64 - bits */
    uint32_t slot_mask; /* slots - 1 */
    uint32_t count;
    uint32_t *bucket;
    uint32_t *slot; /* bucket + 1, 0: free */
    uint64_t classes[C_COUNT];
    uint64_t letters, upper, non_ascii, lines, numbers, fences;
};

/* Eight bytes at offset i < end as a little-endian number; zeros stand beyond the end. */
static inline uint64_t load8(const unsigned char *text, size_t end, size_t i)
{
    uint64_t x = 0;
    if (end - i >= 8) {
        memcpy(&x, text + i, 8);
    } else if (end >= 8) {
        memcpy(&x, text + end - 8, 8);
        x >>= 8 * (8 - (end - i));
    } else {
        memcpy(&x, text + i, end - i);
    }
    return x;
}

/* 0x80 in every byte of x that is a letter. */
static inline uint64_t letter_mask(uint64_t x)
{
    uint64_t folded = (x & LOW7) | (ONES * 0x20);
    uint64_t from_a = folded + ONES * (0x80 - 'a');
    uint64_t above_z = folded + ONES * (0x80 - 'z' - 1);
    return ((from_a & ~above_z) | x) & HIGH;
}

/* Letters at the beginning of x, 0 to 8. */
static inline unsigned letter_run(uint64_t x)
{
    uint64_t others = ~letter_mask(x) & HIGH;
    return others ? (unsigned)__builtin_ctzll(others) >> 3 : 8;
}

/* Number of bytes whose 0x80 is set in mask (which has no other bits). */
static inline uint64_t count_high(uint64_t mask)
{
    return ((mask >> 7) * ONES) >> 56;
}

/* Lower-case what lies in the mask valid, all of it letters, counting what it is made of; the rest
 * of x must be zeros or no letters. */
static inline uint64_t lower(struct scan *s, uint64_t x, uint64_t valid)
{
    uint64_t small = ((~x & HIGH) >> 2) & valid;
    s->upper += count_high((~x & small) << 2);
    if (x & HIGH)
        s->non_ascii += count_high(x & HIGH);
    return x | small;
}

static inline uint64_t hash_chunk(uint64_t h, uint64_t chunk)
{
    h = (h ^ chunk) * HASH_CHUNK;
    return h ^ (h >> 32);
}

/* A word whose first eight bytes, all letters, are x; moves *at behind the word. Long words are
 * rare, so this stays out of the loop below. */
__attribute__((noinline)) static uint64_t long_word(struct scan *s, size_t *at, uint64_t x)
{
    uint64_t h = HASH_START;
    unsigned run = 8;
    do {
        uint64_t valid = run == 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * run)) - 1;
        h = hash_chunk(h, lower(s, x & valid, valid));
        s->letters += run;
        *at += run;
        if (run < 8 || *at == s->end)
            break;
        x = load8(s->text, s->end, *at);
        run = letter_run(x);
    } while (run > 0);
    return h;
}

/* Put a bucket into the set, and into the list unless it was there. Returns the new length of the
 * list. No branch on "was there": about a third of all n-grams are repeats, in no order that a
 * processor could foresee. That the first slot looked at is free or the bucket's own it can
 * foresee, as long as it is one question: hence the product, 0 when either is so. */
static inline uint32_t add_bucket(uint32_t *bucket, uint32_t count, uint32_t *slot, uint32_t mask,
                                  uint32_t b)
{
    uint32_t key = b + 1;
    uint32_t at = b & mask;
    uint32_t found = slot[at];
    while ((uint64_t)found * (found ^ key) != 0) {
        at = (at + 1) & mask;
        found = slot[at];
    }
    bucket[count] = b;
    slot[at] = key;
    return count + (found == 0);
}

/* Double the set, and the room for buckets with it. */
__attribute__((noinline)) static void grow(struct scan *s, uint32_t count)
{
    uint32_t slots = 2 * (s->slot_mask + 1);
    s->slot_mask = slots - 1;
    memset(s->slot, 0, slots * sizeof *s->slot);
    for (uint32_t i = 0; i < count; i++)
        add_bucket(s->bucket, i, s->slot, s->slot_mask, s->bucket[i]);
}

/* Tokens from offset i on, until the end of the text or until fewer than two places below limit are
 * free. Returns where it stopped. */
static size_t scan_tokens(struct scan *s, size_t i, uint32_t limit)
{
    const unsigned char *const text = s->text;
    const size_t end = s->end;
    uint32_t *const bucket = s->bucket;
    uint32_t *const slot = s->slot;
    const unsigned shift = s->shift;
    uint32_t mask = s->slot_mask;
    uint32_t room = (mask + 1) / 2; /* buckets that the set may hold now */
    uint32_t stop = room < limit ? room : limit;
    uint32_t count = s->count;
    uint64_t prev = 0;
    int has_prev = 0;
    size_t digit_end = SIZE_MAX; /* behind the last digit, to find runs of digits */
    size_t fence_end = 0;        /* no fence begins before this */
    size_t token_end = i;
    while (i < end) {
        if (count + 2 > stop) {
            if (count + 2 > limit)
                break;
            grow(s, count);
            mask = s->slot_mask;
            room *= 2;
            stop = room < limit ? room : limit;
        }
        uint64_t x = load8(text, end, i);
        unsigned class = byte_class[x & 0xFF];
        if (class == C_BLANK) {
            s->lines += (x & 0xFF) == '\n';
            i++;
            continue;
        }
        s->classes[class]++;
        uint64_t h;
        unsigned run = letter_run(x);
        if (run == 8) {
            h = long_word(s, &i, x);
            token_end = i;
        } else {
            /* A word of 1 to 7 bytes, or one digit or mark: the same steps for all, as which comes
             * next cannot be foreseen. A blank behind it is skipped, as it counts for nothing. */
            unsigned bytes = run + (run == 0);
            uint64_t valid = (UINT64_C(1) << (8 * bytes)) - 1;
            h = hash_chunk(HASH_START, lower(s, x & valid, run ? valid : 0));
            s->letters += run;
            s->numbers += (class == C_DIGIT) & (digit_end != i);
            token_end = i + bytes;
            digit_end = class == C_DIGIT ? token_end : SIZE_MAX;
            if ((x & 0xFFFFFF) == 0x606060 && i >= fence_end) {
                s->fences++;
                fence_end = i + 3;
            }
            i = token_end + ((x >> (8 * bytes) & 0xFF) == ' ');
        }
        count = add_bucket(bucket, count, slot, mask, (uint32_t)(h * HASH_GRAM1 >> shift));
        if (has_prev) {
            uint64_t g = prev * HASH_PREV + h;
            g = (g ^ (g >> 32)) * HASH_GRAM2;
            count = add_bucket(bucket, count, slot, mask, (uint32_t)(g >> shift));
        }
        prev = h;
        has_prev = 1;
    }
    s->count = count;
    return i < end ? token_end : end;
}

static int32_t share(uint64_t part, uint64_t whole)
{
    return whole ? (int32_t)((part << 16) / whole) : 0;
}

static void write_features(const struct scan *s, size_t bytes, uint64_t seen, int32_t *f)
{
    f[0] = shunt_log2_1p(bytes);
    f[1] = shunt_log2_1p(s->classes[C_WORD]);
    f[2] = shunt_log2_1p(s->lines);
    f[3] = shunt_log2_1p(s->classes[C_DIGIT]);
    f[4] = shunt_log2_1p(s->numbers);
    for (unsigned c = C_STOP; c <= C_MARK; c++)
        f[4 + c] = shunt_log2_1p(s->classes[c]);
    f[12] = shunt_log2_1p(s->fences);
    f[13] = share(s->non_ascii, seen);
    f[14] = share(s->upper, 1 + s->letters);
    f[15] = share(s->letters, seen);
}

void shunt_encode(const char *text, size_t bytes, unsigned bits, struct shunt_encoding *out)
{
    uint32_t slot[SLOTS_MAX];
    uint32_t slots = SLOTS_MIN;
    while (slots < SLOTS_MAX && slots < 2 * bytes)
        slots *= 2;
    memset(slot, 0, slots * sizeof *slot);

    struct scan s = {
        .text = (const unsigned char *)text,
        .end = bytes,
        .shift = 64 - bits,
        .slot_mask = slots - 1,
        .bucket = out->bucket,
        .slot = slot,
    };
    size_t seen = scan_tokens(&s, 0, SHUNT_ENCODE_HEAD);
    if (seen < bytes) {
        size_t tail =
            bytes - seen > SHUNT_ENCODE_TAIL_BYTES ? bytes - SHUNT_ENCODE_TAIL_BYTES : seen;
        seen += scan_tokens(&s, tail, SHUNT_ENCODE_CAPACITY) - tail;
    }
    out->count = s.count;
    write_features(&s, bytes, seen, out->feature);
}
