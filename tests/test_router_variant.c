/* The loops that are compiled for several processors: sums over a text's rows and its features are
 * the same by each of them, over texts that a naive encoder reads too. What this machine has not is
 * not run. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/encode_scan.h"
#include "router/rows.h"
#include "router/wide512.h"

enum { COLUMNS = 24, TEXT = 9000 };

static uint64_t state;

static unsigned next_random(unsigned n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % n;
}

/* A table of nothing but rows for one of every few buckets. */
static struct shunt_table *make_table(unsigned bits, unsigned every)
{
    struct shunt_table *t = calloc(1, sizeof *t);
    struct shunt_shape *shape = calloc(1, sizeof *shape);
    size_t entries = ((size_t)1 << bits) / 32;
    struct shunt_index *index = calloc(entries, sizeof *index);
    uint32_t kept = 0;
    for (size_t i = 0; i < entries; i++) {
        index[i].rank = kept;
        for (unsigned k = 0; k < 32; k++)
            if (next_random(every) == 0) {
                index[i].bits |= (uint32_t)1 << k;
                kept++;
            }
    }
    int16_t *rows = malloc((size_t)(kept + 1) * COLUMNS * sizeof *rows);
    for (size_t i = 0; i < (size_t)kept * COLUMNS; i++)
        rows[i] = (int16_t)(next_random(9) ? (int)next_random(16384) - 8192
                                           : (next_random(2) ? 8191 : -8192));
    *shape = (struct shunt_shape){.bits = bits, .columns = COLUMNS, .kept = kept};
    t->shape = shape;
    t->index = index;
    t->rows = kept ? rows : NULL;
    t->stride = COLUMNS;
    if (!kept)
        free(rows);
    return t;
}

static void free_table(struct shunt_table *t)
{
    free((void *)(uintptr_t)t->shape);
    free((void *)(uintptr_t)t->index);
    free((void *)(uintptr_t)t->rows);
    free(t);
}

struct answer {
    uint32_t kept;
    int32_t sum[COLUMNS + 8], feature[SHUNT_FEATURES];
};

static void naive_answer(const struct shunt_table *t, const char *text, size_t n, struct answer *a)
{
    struct naive code;
    memset(a, 0, sizeof *a);
    naive_encode((const unsigned char *)text, n, t->shape->bits, &code);
    for (size_t i = 0; i < code.count; i++) {
        struct shunt_index at = t->index[code.bucket[i] / 32];
        unsigned k = code.bucket[i] % 32;
        if (!(at.bits >> k & 1))
            continue;
        uint32_t row = at.rank;
        for (unsigned j = 0; j < k; j++)
            row += at.bits >> j & 1;
        for (int c = 0; c < COLUMNS; c++)
            a->sum[c] += t->rows[(size_t)row * COLUMNS + c];
        a->kept++;
    }
    free(code.bucket);
}

typedef uint32_t scan_rows(const struct shunt_table *, const char *, size_t, int32_t *, int32_t *);

static uint32_t by_lists(const struct shunt_table *t, const char *text, size_t n, int wide,
                         int32_t *sum, int32_t *feature)
{
    static uint32_t bucket[SHUNT_ENCODE_CAPACITY];
    uint32_t count = shunt_encode_into(text, n, t->shape->bits, bucket, feature);
#ifdef SHUNT_HAS_WIDE
    if (wide) {
        count = shunt_find_rows_wide(t, t->rows, bucket, count);
        shunt_sum_rows_wide(t->rows, bucket, count, COLUMNS, sum);
        return count;
    }
#endif
    (void)wide;
    count = shunt_find_rows(t, t->rows, bucket, count);
    shunt_sum_rows(t->rows, bucket, count, COLUMNS, sum);
    return count;
}

static uint32_t plainly(const struct shunt_table *t, const char *text, size_t n, int32_t *sum,
                        int32_t *feature)
{
    return by_lists(t, text, n, 0, sum, feature);
}

#ifdef SHUNT_HAS_WIDE
static uint32_t widely(const struct shunt_table *t, const char *text, size_t n, int32_t *sum,
                       int32_t *feature)
{
    return by_lists(t, text, n, 1, sum, feature);
}
#endif

#ifdef SHUNT_HAS_512
static uint32_t by_512(const struct shunt_table *t, const char *text, size_t n, int32_t *sum,
                       int32_t *feature)
{
    return shunt_sum_text_512(t, t->rows, text, n, sum, feature);
}
#endif

static void check(const struct shunt_table *t, const char *text, size_t n, const char *what)
{
    const struct {
        scan_rows *f;
        const char *name;
    } way[] = {
        {plainly, "plain"},
#ifdef SHUNT_HAS_WIDE
        {shunt_is_wide() ? widely : NULL, "AVX2"},
#endif
#ifdef SHUNT_HAS_512
        {shunt_is_512() ? by_512 : NULL, "AVX-512"},
#endif
    };
    struct answer want, got;
    char *exact = malloc(n + 1); /* so that a sanitizer sees a read beyond the end */
    memcpy(exact, text, n);
    exact = realloc(exact, n ? n : 1);
    naive_answer(t, exact, n, &want);
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        if (!way[i].f)
            continue;
        memset(&got, 0, sizeof got);
        got.kept = way[i].f(t, exact, n, got.sum, got.feature);
        if (i == 0)
            memcpy(want.feature, got.feature, sizeof got.feature);
        cr_assert_eq(got.kept, want.kept, "%s, %s: %u rows, naive %u", what, way[i].name, got.kept,
                     want.kept);
        cr_assert_eq(memcmp(got.sum, want.sum, COLUMNS * sizeof *got.sum), 0, "%s, %s: sums", what,
                     way[i].name);
        cr_assert_eq(memcmp(got.feature, want.feature, sizeof got.feature), 0, "%s, %s: features",
                     what, way[i].name);
    }
    free(exact);
}

static void fill(char *text, size_t n, unsigned kind)
{
    static const char *const from[] = {
        "aebcdABCD    0123.,?`\n\xc3", "abcdefghijklmnopqrstuvwxyzE    ",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz'",
        "0123456789!#$%&()*+,-./:;<=>?@[]^_{|}~",
        "\xc2\xe0\xe2\xe3\xe4\xef\xf0\xf1\x80\xb8\xbd\xbf\x9f\x9ex "};
    for (size_t i = 0; i < n; i++)
        text[i] = kind < 5 ? from[kind][next_random((unsigned)strlen(from[kind]))]
                           : (char)next_random(256);
}

/* Every bit count, texts of every length around the places where something changes. */
Test(router_variant, all_ways_give_the_same_sums)
{
    static char text[TEXT];
    for (unsigned bits = SHUNT_BITS_MIN; bits <= SHUNT_BITS_MAX; bits++) {
        state = bits;
        struct shunt_table *t = make_table(bits, bits < 20 ? 2 : 12);
        for (unsigned round = 0; round < 60; round++) {
            static const unsigned around[] = {64, 128, 1024, 2048, 4096, 6144, 8192};
            size_t n = round < 20  ? next_random(500)
                       : round % 4 ? around[next_random(7)] + next_random(9) - 4
                                   : next_random(TEXT);
            unsigned kind = next_random(6);
            char what[60];
            fill(text, n, kind);
            snprintf(what, sizeof what, "%u bits, kind %u, %zu bytes", bits, kind, n);
            if (t->rows)
                check(t, text, n, what);
        }
        free_table(t);
    }
}

/* Tokens cut at sixteen bytes that begin and end anywhere, over more than one pass. */
Test(router_variant, long_words)
{
    static char text[TEXT];
    state = 5;
    struct shunt_table *t = make_table(20, 2);
    for (unsigned round = 0; round < 400; round++) {
        size_t n = 1 + next_random(TEXT), at = 0;
        memset(text, '.', n);
        while (at < n) {
            size_t word = next_random(4) ? next_random(40) : next_random(TEXT);
            for (size_t end = at + word; at < n && at < end; at++)
                text[at] = (char)('a' + next_random(3));
            at += 1 + next_random(3);
        }
        check(t, text, n, "long words");
    }
    free_table(t);
}

/* So many tokens that begin their hash alike that a slot is wanted by hundreds: pairs of letters
 * from a few, picked for the top bits of their buckets. */
Test(router_variant, texts_that_crowd_a_slot)
{
    static char text[TEXT];
    static struct shunt_encoding code;
    struct shunt_table *t = make_table(24, 3);
    size_t n = 0;
    for (uint32_t i = 0; i < 26 * 26 * 26 * 26 && n + 6 < SHUNT_ENCODE_BYTES; i++) {
        char word[4] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676 % 26),
                        (char)('a' + i / 17576)};
        shunt_encode(word, 4, 24, &code);
        int crowd = 0;
        for (uint32_t k = 0; k < code.count; k++)
            crowd |= code.bucket[k] >> 18 == 3;
        if (!crowd)
            continue;
        for (int twice = 0; twice < 2; twice++) {
            memcpy(text + n, word, 4);
            text[n + 4] = ' ';
            n += 5;
        }
    }
    cr_assert(n > 3000, "%zu bytes", n);
    check(t, text, n, "crowded");
    check(t, text, 1000, "crowded, short");
    free_table(t);
}
