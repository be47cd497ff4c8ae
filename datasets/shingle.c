/* Text -> words -> hashed runs of five words, in one pass: the last five words' hashes stand in a
 * ring. Finding similar sets among many is minhash.c's work.
 */
#include "datasets/shingle.h"

#include "core/vec.h"

#include <stdbool.h>
#include <stdlib.h>

struct words {
    uint64_t ring[SHINGLE_WORDS];
    size_t n; /* words so far */
    struct hash_vec VEC_BODY(uint64_t) set;
};

/* splitmix64's finaliser: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void add_shingle(struct words *w, size_t from, size_t n)
{
    uint64_t h = n;
    for (size_t i = 0; i < n; i++)
        h = mix(h * UINT64_C(0x9e3779b97f4a7c15) + w->ring[(from + i) % SHINGLE_WORDS]);
    VEC_PUSH(&w->set, h);
}

static void add_word(struct words *w, uint64_t hash)
{
    w->ring[w->n % SHINGLE_WORDS] = hash;
    w->n++;
    if (w->n >= SHINGLE_WORDS)
        add_shingle(w, w->n, SHINGLE_WORDS); /* n mod 5 is the oldest place */
}

/* Bytes of the character at p (n left) that is a word by itself, or 0. Three-byte UTF-8 only: Thai
 * U+0E00-0E7F, kana U+3040-30FF, Han U+3400-9FFF and U+F900-FAFF. */
static size_t lone_character(const unsigned char *p, size_t n)
{
    if (n < 3 || (p[0] & 0xF0) != 0xE0)
        return 0;
    unsigned c = ((p[0] & 0x0Fu) << 12) | ((p[1] & 0x3Fu) << 6) | (p[2] & 0x3Fu);
    bool alone = (c >= 0x0E00 && c <= 0x0E7F) || (c >= 0x3040 && c <= 0x30FF) ||
                 (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF);
    return alone ? 3 : 0;
}

/* The byte as it counts in a word, or 0 where it parts words. */
static unsigned char letter(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 ? c : 0;
}

static int ascending(const void *pa, const void *pb)
{
    const uint64_t *a = pa, *b = pb;
    return (*a > *b) - (*a < *b);
}

static const uint64_t fnv_start = UINT64_C(0xcbf29ce484222325), fnv_prime = UINT64_C(0x100000001b3);

size_t shingle_set(const char *text, size_t len, uint64_t **out)
{
    const unsigned char *p = (const unsigned char *)text;
    struct words w = {.n = 0};
    uint64_t h = fnv_start;
    for (size_t i = 0; i < len;) {
        size_t alone = p[i] >= 0x80 ? lone_character(p + i, len - i) : 0;
        unsigned char c = alone ? 0 : letter(p[i]);
        if (c) {
            h = (h ^ c) * fnv_prime;
            i++;
            continue;
        }
        if (h != fnv_start)
            add_word(&w, mix(h));
        h = fnv_start;
        for (size_t k = 0; k < alone; k++)
            h = (h ^ p[i + k]) * fnv_prime;
        if (alone)
            add_word(&w, mix(h));
        h = fnv_start;
        i += alone ? alone : 1;
    }
    if (h != fnv_start)
        add_word(&w, mix(h));
    if (w.n > 0 && w.n < SHINGLE_WORDS)
        add_shingle(&w, 0, w.n);
    size_t n = 0;
    if (w.set.n)
        qsort(w.set.v, w.set.n, sizeof *w.set.v, ascending);
    for (size_t i = 0; i < w.set.n; i++)
        if (i == 0 || w.set.v[i] != w.set.v[i - 1])
            w.set.v[n++] = w.set.v[i];
    *out = mem_rearray(w.set.v, n ? n : 1, sizeof *w.set.v);
    return n;
}

double shingle_jaccard(const uint64_t *a, size_t na, const uint64_t *b, size_t nb)
{
    size_t i = 0, k = 0, both = 0;
    if (na == 0 || nb == 0)
        return 0;
    while (i < na && k < nb) {
        both += a[i] == b[k];
        bool step_a = a[i] <= b[k], step_b = b[k] <= a[i];
        i += step_a;
        k += step_b;
    }
    return (double)both / (double)(na + nb - both);
}
