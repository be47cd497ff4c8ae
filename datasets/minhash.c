/* MinHash with banding over shingle sets. A bucket is a run of equal keys in a band's sorted list;
 * near_pairs makes one band's list at a time, near_find needs them all.
 */
#include "datasets/minhash.h"

#include "core/rng.h"
#include "core/thread.h"
#include "core/vec.h"
#include "datasets/shingle.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 512 }; /* texts signed by one job */

struct doc {
    uint64_t *shingle;
    size_t n;
};

struct slot {
    uint64_t key;
    size_t doc;
};

struct near {
    double jaccard;
    size_t rows, bands;
    uint64_t mul[NEAR_HASHES], add[NEAR_HASHES];
    VEC(struct doc) docs;
    uint32_t *sign;    /* [docs][NEAR_HASHES] */
    struct slot *slot; /* [bands][docs], by key, `listed` each; NULL unless sealed for near_find */
    size_t listed;
    int64_t skipped;
};

/* The largest r with (1 - J^r)^(128/r) below 1e-4: few false candidates, hardly a pair missed. */
static size_t rows_for(double jaccard)
{
    size_t best = 1;
    for (size_t r = 2; r <= 16; r++) {
        double bands = (double)(NEAR_HASHES / r); /* whole bands only */
        if (pow(1 - pow(jaccard, (double)r), bands) < 1e-4)
            best = r;
    }
    return best;
}

struct near *near_new(double jaccard)
{
    struct near *n = mem_zalloc(sizeof *n);
    struct rng r;
    rng_seed_for(&r, 1, "minhash"); /* fixed: the same texts give the same pairs */
    for (size_t i = 0; i < NEAR_HASHES; i++) {
        n->mul[i] = rng_next(&r) | 1;
        n->add[i] = rng_next(&r);
    }
    n->jaccard = jaccard;
    n->rows = rows_for(jaccard);
    n->bands = NEAR_HASHES / n->rows;
    return n;
}

void near_free(struct near *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->docs.n; i++)
        free(n->docs.v[i].shingle);
    VEC_FREE(&n->docs);
    free(n->sign);
    free(n->slot);
    free(n);
}

size_t near_add(struct near *n, const char *text, size_t len)
{
    struct doc d;
    d.n = shingle_set(text, len, &d.shingle);
    VEC_PUSH(&n->docs, d);
    return n->docs.n - 1;
}

int64_t near_skipped(const struct near *n)
{
    return n->skipped;
}

/* The upper half of a * x + b mod 2^64, a odd, over hashes x that are well mixed already. */
static void sign(const struct near *n, const struct doc *d, uint32_t *out)
{
    memset(out, 0xff, NEAR_HASHES * sizeof *out);
    for (size_t s = 0; s < d->n; s++)
        for (size_t i = 0; i < NEAR_HASHES; i++) {
            uint32_t h = (uint32_t)((n->mul[i] * d->shingle[s] + n->add[i]) >> 32);
            out[i] = h < out[i] ? h : out[i];
        }
}

static void sign_chunk(void *arg, size_t chunk)
{
    struct near *n = arg;
    size_t end = (chunk + 1) * CHUNK < n->docs.n ? (chunk + 1) * CHUNK : n->docs.n;
    for (size_t i = chunk * CHUNK; i < end; i++)
        sign(n, &n->docs.v[i], n->sign + i * NEAR_HASHES);
}

static uint64_t band_key(const struct near *n, const uint32_t *signature, size_t band)
{
    uint64_t key = band;
    for (size_t i = band * n->rows; i < (band + 1) * n->rows; i++) {
        key = (key ^ signature[i]) * UINT64_C(0x9e3779b97f4a7c15);
        key ^= key >> 29;
    }
    return key;
}

static int by_key(const void *pa, const void *pb)
{
    const struct slot *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->doc > b->doc) - (a->doc < b->doc);
}

/* The list of one band, docs without a shingle left out; returns its length. */
static size_t band_list(const struct near *n, size_t band, struct slot *out)
{
    size_t m = 0;
    for (size_t i = 0; i < n->docs.n; i++)
        if (n->docs.v[i].n > 0)
            out[m++] = (struct slot){band_key(n, n->sign + i * NEAR_HASHES, band), i};
    if (m)
        qsort(out, m, sizeof *out, by_key);
    return m;
}

void near_seal(struct near *n, bool lookup)
{
    n->sign = mem_array(n->docs.n * NEAR_HASHES, sizeof *n->sign);
    thread_for((n->docs.n + CHUNK - 1) / CHUNK, 0, sign_chunk, n);
    if (!lookup)
        return;
    n->slot = mem_array(n->docs.n * n->bands, sizeof *n->slot);
    for (size_t band = 0; band < n->bands; band++)
        n->listed = band_list(n, band, n->slot + band * n->docs.n);
}

/* Can the pair reach the threshold at all? By size, and by signatures: the number of equal minima
 * is binomial around 128 J; six standard deviations below cost one pair in 1e9. */
static bool promising(const struct near *n, const struct doc *a, const uint32_t *sa,
                      const struct doc *b, const uint32_t *sb)
{
    double small = (double)(a->n < b->n ? a->n : b->n), large = (double)(a->n + b->n) - small;
    if (small < n->jaccard * large)
        return false;
    size_t equal = 0;
    for (size_t i = 0; i < NEAR_HASHES; i++)
        equal += sa[i] == sb[i];
    double mean = NEAR_HASHES * n->jaccard, sd = sqrt(mean * (1 - n->jaccard));
    return (double)equal >= mean - 6 * sd;
}

static double compare(const struct near *n, size_t a, size_t b)
{
    const struct doc *da = &n->docs.v[a], *db = &n->docs.v[b];
    const uint32_t *sa = n->sign + a * NEAR_HASHES, *sb = n->sign + b * NEAR_HASHES;
    return promising(n, da, sa, db, sb) ? shingle_jaccard(da->shingle, da->n, db->shingle, db->n)
                                        : 0;
}

static size_t root(size_t *set, size_t i)
{
    while (set[i] != i)
        i = set[i] = set[set[i]];
    return i;
}

/* set[i] as given -> set[i] the first text with the same number. */
static void set_roots(size_t *set, size_t n)
{
    struct slot *order = mem_array(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = (struct slot){set[i], i};
    if (n)
        qsort(order, n, sizeof *order, by_key);
    for (size_t i = 0; i < n; i++)
        set[order[i].doc] =
            i > 0 && order[i].key == order[i - 1].key ? set[order[i - 1].doc] : order[i].doc;
    free(order);
}

struct joining {
    struct near *n;
    size_t *set;
    int (*see)(void *arg, size_t a, size_t b, double jaccard);
    void *arg;
};

/* Each text of a bucket with those before it, the nearest first. */
static int join_bucket(struct joining *j, const struct slot *bucket, size_t size)
{
    for (size_t i = 1; i < size; i++) {
        size_t tried = 0;
        for (size_t k = i; k-- > 0;) {
            size_t a = bucket[k].doc, b = bucket[i].doc;
            size_t ra = root(j->set, a), rb = root(j->set, b);
            if (ra == rb)
                continue;
            if (tried++ == NEAR_COMPARISONS) {
                j->n->skipped += (int64_t)k + 1;
                break;
            }
            double jaccard = compare(j->n, a, b);
            if (jaccard < j->n->jaccard)
                continue;
            j->set[ra > rb ? ra : rb] = ra < rb ? ra : rb;
            int rc = j->see(j->arg, a, b, jaccard);
            if (rc)
                return rc;
        }
    }
    return 0;
}

int near_pairs(struct near *n, size_t *set,
               int (*see)(void *arg, size_t a, size_t b, double jaccard), void *arg)
{
    struct joining j = {n, set, see, arg};
    struct slot *slot = mem_array(n->docs.n, sizeof *slot);
    int rc = 0;
    n->skipped = 0;
    set_roots(set, n->docs.n);
    for (size_t band = 0; rc == 0 && band < n->bands; band++) {
        size_t m = band_list(n, band, slot), end;
        for (size_t i = 0; rc == 0 && i < m; i = end) {
            for (end = i + 1; end < m && slot[end].key == slot[i].key; end++)
                ;
            rc = join_bucket(&j, slot + i, end - i);
        }
    }
    for (size_t i = 0; i < n->docs.n; i++)
        set[i] = root(set, i);
    free(slot);
    return rc;
}

/* First place in a band's list with a key of at least `key`. */
static size_t lower(const struct slot *slot, size_t n, uint64_t key)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (slot[mid].key < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool near_find(const struct near *n, const char *text, size_t len, size_t *which, double *jaccard)
{
    struct doc d;
    uint32_t signature[NEAR_HASHES];
    bool found = false;
    d.n = shingle_set(text, len, &d.shingle);
    sign(n, &d, signature);
    for (size_t band = 0; d.n && n->slot && !found && band < n->bands; band++) {
        const struct slot *slot = n->slot + band * n->docs.n;
        uint64_t key = band_key(n, signature, band);
        for (size_t i = lower(slot, n->listed, key); !found && i < n->listed && slot[i].key == key;
             i++) {
            const struct doc *other = &n->docs.v[slot[i].doc];
            if (!promising(n, &d, signature, other, n->sign + slot[i].doc * NEAR_HASHES))
                continue;
            *jaccard = shingle_jaccard(d.shingle, d.n, other->shingle, other->n);
            *which = slot[i].doc;
            found = *jaccard >= n->jaccard;
        }
    }
    free(d.shingle);
    return found;
}
