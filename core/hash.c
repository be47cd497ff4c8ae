/* SHA-256 through EVP, FNV-1a for tables in memory, and the string-to-index map. A failure inside
 * libcrypto can only be a missing allocation, and ends the program as one.
 */
#include "core/hash.h"

#include "core/mem.h"
#include "core/vec.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sha256 {
    EVP_MD_CTX *ctx;
};

/* Looked up once: OpenSSL 3 would do so for each text. */
static EVP_MD *algorithm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look_up(void)
{
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void begin(EVP_MD_CTX *ctx)
{
    pthread_once(&once, look_up);
    if (!ctx || !algorithm || EVP_DigestInit_ex(ctx, algorithm, NULL) != 1)
        mem_exhausted();
}

struct sha256 *sha256_new(void)
{
    struct sha256 *h = mem_alloc(sizeof *h);
    h->ctx = EVP_MD_CTX_new();
    begin(h->ctx);
    return h;
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
    if (len && EVP_DigestUpdate(h->ctx, data, len) != 1)
        mem_exhausted();
}

static void to_hex(const unsigned char *digest, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = '\0';
}

void sha256_end(struct sha256 *h, char hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_DigestFinal_ex(h->ctx, digest, NULL) != 1)
        mem_exhausted();
    EVP_MD_CTX_free(h->ctx);
    free(h);
    to_hex(digest, hex);
}

void sha256_hex(const void *data, size_t len, char hex[65])
{
    struct sha256 *h = sha256_new();
    sha256_add(h, data, len);
    sha256_end(h, hex);
}

/* FNV-1a (Fowler, Noll, Vo; RFC draft-eastlake-fnv) started from the seed; the finish is
 * splitmix64's, because FNV leaves the low bits, which index a table, poorly mixed. */
uint64_t hash64(const void *data, size_t len, uint64_t seed)
{
    const unsigned char *p = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 31);
}

/* Open addressing, linear probing, at most half full; slots hold index + 1, 0 is empty. Hashes are
 * kept so that growing does not read the keys again. */
struct entry {
    char *key;
    uint64_t hash;
};

struct strmap {
    VEC(struct entry) entries;
    size_t *slots;
    size_t mask; /* number of slots - 1, a power of two - 1 */
};

enum { FIRST_SLOTS = 16 };

struct strmap *strmap_new(void)
{
    struct strmap *m = mem_zalloc(sizeof *m);
    m->slots = mem_array(FIRST_SLOTS, sizeof *m->slots);
    m->mask = FIRST_SLOTS - 1;
    return m;
}

void strmap_free(struct strmap *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->entries.n; i++)
        free(m->entries.v[i].key);
    VEC_FREE(&m->entries);
    free(m->slots);
    free(m);
}

/* The slot that holds key, or the empty one where it belongs. */
static size_t find_slot(const struct strmap *m, const char *key, uint64_t hash)
{
    size_t at = (size_t)hash & m->mask;
    for (; m->slots[at]; at = (at + 1) & m->mask) {
        const struct entry *x = &m->entries.v[m->slots[at] - 1];
        if (x->hash == hash && strcmp(x->key, key) == 0)
            break;
    }
    return at;
}

static void grow(struct strmap *m)
{
    size_t count = (m->mask + 1) * 2;
    free(m->slots);
    m->slots = mem_array(count, sizeof *m->slots);
    m->mask = count - 1;
    for (size_t i = 0; i < m->entries.n; i++) {
        size_t at = (size_t)m->entries.v[i].hash & m->mask;
        while (m->slots[at])
            at = (at + 1) & m->mask;
        m->slots[at] = i + 1;
    }
}

size_t strmap_add(struct strmap *m, const char *key, int *added)
{
    uint64_t hash = hash64(key, strlen(key), 0);
    size_t at = find_slot(m, key, hash);
    if (added)
        *added = m->slots[at] == 0;
    if (m->slots[at])
        return m->slots[at] - 1;
    struct entry x = {mem_strdup(key), hash};
    VEC_PUSH(&m->entries, x);
    m->slots[at] = m->entries.n;
    if (m->entries.n * 2 > m->mask + 1)
        grow(m);
    return m->entries.n - 1;
}

size_t strmap_find(const struct strmap *m, const char *key)
{
    size_t at = find_slot(m, key, hash64(key, strlen(key), 0));
    return m->slots[at] ? m->slots[at] - 1 : SIZE_MAX;
}

size_t strmap_count(const struct strmap *m)
{
    return m->entries.n;
}

const char *strmap_key(const struct strmap *m, size_t index)
{
    return m->entries.v[index].key;
}
