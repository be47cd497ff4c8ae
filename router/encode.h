/* The hashed encoder: text in, distinct n-gram buckets and surface features out. For libshunt and
 * for the trainer, which call the same function so that training and serving cannot drift apart;
 * not installed.
 *
 * FORMAT.md section 4 defines every bit of the result. A head's value for a text is
 *     sum over distinct kept buckets of idf_b * w_b / sqrt(number of kept distinct buckets)
 *   + sum over features of feature[i] / 65536 * v_i  + task weight + bias
 * where kept means: has a weight, that is, was seen in at least two training prompts.
 */
#ifndef SHUNT_ENCODE_H
#define SHUNT_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SHUNT_ENCODER_VERSION = 1,
    SHUNT_DEFAULT_BITS = 20, /* 2^20 buckets; the one place where the default is set */
    SHUNT_BITS_MIN = 5,
    SHUNT_BITS_MAX = 24,
    SHUNT_ENCODE_HEAD = 4096, /* of a longer text this many bytes of the beginning are looked at */
    SHUNT_ENCODE_TAIL = 2048, /* and this many of the end */
    SHUNT_ENCODE_BYTES = SHUNT_ENCODE_HEAD + SHUNT_ENCODE_TAIL,
    SHUNT_ENCODE_CAPACITY = 2 * SHUNT_ENCODE_BYTES, /* buckets: two a token, a token a byte */
    SHUNT_FEATURES = 16,
};

struct shunt_encoding {
    uint32_t count;                         /* distinct buckets */
    int32_t feature[SHUNT_FEATURES];        /* units of 2^-16 */
    uint32_t bucket[SHUNT_ENCODE_CAPACITY]; /* [count], each < 2^bits, in no order; then scratch */
};

/* Encode text (bytes long, any bytes, no NUL needed) into 2^bits buckets, SHUNT_BITS_MIN <= bits <=
 * SHUNT_BITS_MAX. Never fails. O(bytes looked at), no allocation, at most 45 KB of stack besides
 * *out; any thread. */
void shunt_encode(const char *text, size_t bytes, unsigned bits, struct shunt_encoding *out);

/* The same for a caller with less room: bucket holds two numbers for each byte looked at. The
 * buckets stand in the top bits of what is written there. Returns the number of distinct buckets.
 */
uint32_t shunt_encode_into(const char *text, size_t bytes, unsigned bits, uint32_t *bucket,
                           int32_t *feature);

/* Length of the UTF-8 character at p, n >= 1 bytes before the end, if it is a token of its own (an
 * ideograph, a character of another script that has no spaces, a symbol: FORMAT.md has the list),
 * else 0. */
unsigned shunt_single_bytes(const unsigned char *p, size_t n);

/* Name of feature i, "log_bytes" ... ; NULL out of range. */
const char *shunt_feature_name(unsigned i);

/* log2(1 + n) in units of 2^-16, within one unit of 2^-14; n < 2^63. */
int32_t shunt_log2_1p(uint64_t n);

#ifdef __cplusplus
}
#endif

#endif
