/* The hashed encoder (FORMAT.md, section 4): which part of a text is looked at, and what becomes of
 * the counts. The passes over the text are in encode_scan.c. */
#include "router/encode_scan.h"

#include <string.h>

/* clang-format off */
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

static inline int32_t log2_1p(uint64_t n)
{
    uint64_t v = n + 1;
    unsigned e = 63u - (unsigned)__builtin_clzll(v);
    if (e < 8)
        return (int32_t)(e << 16) + log2_table[(v << (8 - e)) & 255];
    uint64_t below = v - (UINT64_C(1) << e);
    uint32_t m = (uint32_t)(e <= 16 ? below << (16 - e) : below >> (e - 16));
    int32_t low = log2_table[m >> 8];
    int32_t high = log2_table[(m >> 8) + 1];
    return (int32_t)(e << 16) + low + (((high - low) * (int32_t)(m & 255)) >> 8);
}

int32_t shunt_log2_1p(uint64_t n)
{
    return log2_1p(n);
}

unsigned shunt_single_bytes(const unsigned char *p, size_t n)
{
    if (n < 2 || (p[1] & 0xC0) != 0x80)
        return 0;
    unsigned pair = (unsigned)p[0] << 8 | p[1];
    if (p[0] == 0xC2)
        return 2;
    int three = (pair >= 0xE0B8 && pair <= 0xE0BB) || pair == 0xE180 || pair == 0xE181 ||
                pair == 0xE19E || pair == 0xE19F || (pair >= 0xE280 && pair <= 0xE2AF) ||
                (pair >= 0xE380 && pair <= 0xE383) || (pair >= 0xE390 && pair <= 0xE9BF) ||
                (pair >= 0xEFA4 && pair <= 0xEFAB) || (pair >= 0xEFBC && pair <= 0xEFBE);
    if (three)
        return n >= 3 && (p[2] & 0xC0) == 0x80 ? 3 : 0;
    int four = pair == 0xF09F || (pair >= 0xF0A0 && pair <= 0xF0BF);
    return four && n >= 4 && (p[2] & 0xC0) == 0x80 && (p[3] & 0xC0) == 0x80 ? 4 : 0;
}

uint64_t shunt_find_edges(const unsigned char *text, size_t n, uint64_t *carry, uint32_t *non_ascii)
{
    uint64_t edge = *carry;
    *carry = 0;
    for (unsigned i = 0; i < 64 && i < n; i++) {
        *non_ascii += text[i] >> 7;
        if (text[i] < 0xC2)
            continue;
        unsigned bytes = shunt_single_bytes(text + i, n - i);
        if (bytes == 0)
            continue;
        edge |= UINT64_C(1) << i;
        if (i + bytes < 64)
            edge |= UINT64_C(1) << (i + bytes);
        else
            *carry = UINT64_C(1) << (i + bytes - 64);
    }
    return edge;
}

uint32_t shunt_count_fences(const unsigned char *text, size_t bytes)
{
    uint32_t n = 0;
    for (size_t i = 0; i + 3 <= bytes; i++)
        if (text[i] == '`' && text[i + 1] == '`' && text[i + 2] == '`') {
            n++;
            i += 2;
        }
    return n;
}

static int32_t share(uint64_t part, uint64_t whole)
{
    return whole ? (int32_t)((part << 16) / whole) : 0;
}

void shunt_write_features(const struct scan *s, size_t bytes, size_t seen, int32_t *f)
{
    const uint32_t *class = s->classes;
    uint32_t words = s->tokens;
    for (unsigned c = 0; c < SCAN_CLASSES; c++)
        words -= class[c];
    const uint64_t count[13] = {
        bytes,
        words,
        s->lines,
        class[SCAN_DIGIT],
        s -> numbers,
        class[SCAN_STOP],
        class[SCAN_COMMA],
        class[SCAN_QUESTION],
        class[SCAN_QUOTE],
        class[SCAN_BRACKET],
        class[SCAN_MATHS],
        class[SCAN_MARK],
        s -> fences,
    };
    for (unsigned i = 0; i < 13; i++)
        f[i] = log2_1p(count[i]);
    f[13] = share(s->non_ascii, seen);
    f[14] = share(s->upper, 1 + (uint64_t)s->letters);
    f[15] = share(s->letters, seen);
}

static void clear_slots(struct scan *s, unsigned log_slots)
{
    const size_t count = log_slots > 5 ? (size_t)1 << log_slots : 32;
#ifdef SHUNT_HAS_WIDE
    if (shunt_is_wide()) {
        shunt_clear_slots_wide(s->slot, count);
        return;
    }
#endif
    shunt_clear_slots(s->slot, count);
}

/* The set has at least four slots for a byte of text, which is ten for a usual bucket: few meet in
 * one. */
static void choose_slots(struct scan *s, unsigned bits, size_t bytes, unsigned log_max)
{
    unsigned log_slots = SCAN_LOG_SLOTS_MIN;
    while (log_slots < log_max && ((size_t)1 << log_slots) < 4 * bytes)
        log_slots++;
    s->bits = bits;
    s->log_slots = log_slots < bits ? log_slots : bits;
    clear_slots(s, s->log_slots);
}

/* Those whose slot was taken go into an empty set with another function from bucket to slot, those
 * of them whose slot is taken again into another. Each round places one at least; hardly a text
 * needs a third. */
static void place_waiting(struct scan *s)
{
    const unsigned drop = 32 - s->bits;
    uint32_t factor = SCAN_ROUND;
    while (s->waiting > 0) {
        unsigned log_slots = 1;
        while (log_slots < s->log_slots && (1u << log_slots) < 4 * s->waiting)
            log_slots++;
        clear_slots(s, log_slots);
        uint32_t *next = s->back - s->waiting;
        uint32_t *stop = s->back;
        while (next < stop) {
            uint32_t key = *next;
            uint32_t *slot = s->slot + ((key >> drop) * factor >> (32 - log_slots));
            if (*slot == 0) {
                *slot = key;
                s->bucket[s->count++] = key;
                next++;
            } else if (*slot == key) {
                next++;
            } else {
                *next = *--stop;
                *stop = key;
            }
        }
        s->waiting = (uint32_t)(s->back - stop);
        factor *= SCAN_ROUND;
    }
}

static void scan(struct scan *s, const unsigned char *text, size_t bytes)
{
#ifdef SHUNT_HAS_WIDE
    if (shunt_is_wide()) {
        shunt_scan_wide(s, text, bytes);
        return;
    }
#endif
    shunt_scan(s, text, bytes);
}

/* All of it, in the caller's arrays (s->slot, low, join, bucket). */
static uint32_t encode(struct scan *s, const char *text, size_t bytes, unsigned bits,
                       unsigned log_max, int32_t *feature)
{
    const unsigned char *const t = (const unsigned char *)text;
    size_t seen = bytes < SHUNT_ENCODE_BYTES ? bytes : SHUNT_ENCODE_BYTES;
    s->back = s->bucket + 2 * seen;
    choose_slots(s, bits, seen, log_max);
    if (bytes == seen) {
        scan(s, t, bytes);
    } else {
        scan(s, t, SHUNT_ENCODE_HEAD);
        scan(s, t + bytes - SHUNT_ENCODE_TAIL, SHUNT_ENCODE_TAIL);
    }
    place_waiting(s);
    shunt_write_features(s, bytes, seen, feature);
    return s->count;
}

/* Two functions for the sake of the stack: a frame of 40 KB is slow to enter. */
static uint32_t encode_short(const char *text, size_t bytes, unsigned bits, uint32_t *bucket,
                             int32_t *feature)
{
    uint32_t slot[1 << SCAN_LOG_SLOTS_SHORT];
    unsigned char low[SCAN_SHORT + SCAN_PAD], join[(SCAN_SHORT + SCAN_PAD) / 8];
    struct scan s = {.slot = slot, .low = low, .join = join, .bucket = bucket};
    return encode(&s, text, bytes, bits, SCAN_LOG_SLOTS_SHORT, feature);
}

__attribute__((noinline)) static uint32_t encode_long(const char *text, size_t bytes, unsigned bits,
                                                      uint32_t *bucket, int32_t *feature)
{
    uint32_t slot[1 << SCAN_LOG_SLOTS_MAX];
    unsigned char low[SHUNT_ENCODE_BYTES + SCAN_PAD], join[(SHUNT_ENCODE_BYTES + SCAN_PAD) / 8];
    struct scan s = {.slot = slot, .low = low, .join = join, .bucket = bucket};
    return encode(&s, text, bytes, bits, SCAN_LOG_SLOTS_MAX, feature);
}

uint32_t shunt_encode_into(const char *text, size_t bytes, unsigned bits, uint32_t *bucket,
                           int32_t *feature)
{
    return bytes <= SCAN_SHORT ? encode_short(text, bytes, bits, bucket, feature)
                               : encode_long(text, bytes, bits, bucket, feature);
}

void shunt_encode(const char *text, size_t bytes, unsigned bits, struct shunt_encoding *out)
{
    out->count = shunt_encode_into(text, bytes, bits, out->bucket, out->feature);
    for (uint32_t i = 0; i < out->count; i++)
        out->bucket[i] >>= 32 - bits;
}
