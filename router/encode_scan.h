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

/* Add the tokens of a piece of text of at most SHUNT_ENCODE_BYTES. */
void shunt_scan(struct scan *s, const unsigned char *text, size_t bytes);
void shunt_scan_wide(struct scan *s, const unsigned char *text, size_t bytes);

#endif
