/* Content hashes: SHA-256 (the one door to libcrypto) and a fast 64-bit hash for tables in memory.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct sha256; /* streaming */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, char hex[65]); /* writes 64 hex digits and a NUL; frees h */
void sha256_hex(const void *data, size_t len, char hex[65]);

/* FNV-1a with a final mix; for hash tables and seeds, never written to a file. The same on
 * every machine. */
uint64_t hash64(const void *data, size_t len, uint64_t seed);

/* A map from string to a size_t index, insertion only. Keys are copied. */
struct strmap;
struct strmap *strmap_new(void);
void strmap_free(struct strmap *m);
/* Index of key; when absent it is added with the next index 0, 1, 2...; *added (may be NULL) tells.
 */
size_t strmap_add(struct strmap *m, const char *key, int *added);
/* SIZE_MAX when absent. */
size_t strmap_find(const struct strmap *m, const char *key);
size_t strmap_count(const struct strmap *m);
const char *strmap_key(const struct strmap *m, size_t index);

#endif
