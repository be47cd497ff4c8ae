/* One pass over a piece of text: tokens, their hashes, the set of buckets, and the counts behind
 * the surface features. For encode.c. */
#ifndef SHUNT_ENCODE_SCAN_H
#define SHUNT_ENCODE_SCAN_H

#include "router/encode.h"
#include "router/variant.h"

/* Classes of tokens that are no words, in the order of FORMAT.md's features 5 to 11. */
enum scan_class {
    SCAN_STOP,
    SCAN_COMMA,
    SCAN_QUESTION,
    SCAN_QUOTE,
    SCAN_BRACKET,
    SCAN_MATHS,
    SCAN_MARK,
    SCAN_DIGIT,
    SCAN_CLASSES,
};

enum {
    SCAN_SHORT = 1024, /* bytes of a short text */
    SCAN_PAD = 128,    /* bytes that low needs beyond the piece */
    SCAN_LOG_SLOTS_MIN = 6,
    SCAN_LOG_SLOTS_SHORT = 11,
    SCAN_LOG_SLOTS_MAX = 13,
};

#define SCAN_HASH_LOW UINT64_C(0x9E3779B97F4A7C15)
#define SCAN_HASH_HIGH UINT64_C(0xD6E8FEB86659FD93)
#define SCAN_HASH_GRAM2 UINT64_C(0xE7037ED1A0B428DB)
#define SCAN_ROUND UINT32_C(0x2C1B3C6D) /* spreads buckets whose slot was taken */

struct scan {
    unsigned bits;
    unsigned log_slots;
    uint32_t *slot;      /* [2^log_slots], 0: free */
    unsigned char *low;  /* [piece + SCAN_PAD] the piece in lower case */
    unsigned char *join; /* [(piece + SCAN_PAD) / 8] bitmap: the byte belongs to the token of the
                            one before it */
    uint32_t *bucket;    /* distinct ones from here upwards, in the top bits, the others set; */
    uint32_t *back;      /* and down from here those whose slot was taken by another */
    uint32_t count, waiting;
    uint32_t classes[SCAN_CLASSES];
    uint64_t prev; /* hash of the last token */
    uint32_t tokens, letters;
    uint32_t upper, non_ascii, lines, numbers, fences;
};

/* For a block of 64 bytes that holds some >= 0x80, or that edges of the block before reach into:
 * the places where a token must begin. text has n bytes until the end of the piece; *carry: edges
 * beyond the block, in and out. Adds the bytes >= 0x80 to *non_ascii. */
uint64_t shunt_find_edges(const unsigned char *text, size_t n, uint64_t *carry,
                          uint32_t *non_ascii);

/* Occurrences of three backticks, not overlapping. */
uint32_t shunt_count_fences(const unsigned char *text, size_t bytes);

/* The surface features from what was counted in the seen bytes of a text of bytes. */
void shunt_write_features(const struct scan *s, size_t bytes, size_t seen, int32_t *feature);

/* Free the slots, a multiple of 32. */
void shunt_clear_slots(uint32_t *slot, size_t count);
void shunt_clear_slots_wide(uint32_t *slot, size_t count);

/* Add the tokens of a piece of text of at most SHUNT_ENCODE_BYTES. */
void shunt_scan(struct scan *s, const unsigned char *text, size_t bytes);
void shunt_scan_wide(struct scan *s, const unsigned char *text, size_t bytes);

#endif
