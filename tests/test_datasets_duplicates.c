/* Near duplicates: shingles by hand, MinHash against all pairs compared one by one, groups and
 * splits that keep what was found, and the repeats of public data (skipped where it is absent).
 */
#include "core/buf.h"
#include "core/fs.h"
#include "core/rng.h"
#include "datasets/duplicates.h"
#include "datasets/import.h"
#include "datasets/minhash.h"
#include "datasets/shingle.h"
#include "datasets/split.h"
#include "store/prompt.h"
#include "tests/store_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(near, .init = open_store, .fini = close_store);

static double jaccard(const char *a, const char *b)
{
    uint64_t *sa, *sb;
    size_t na = shingle_set(a, strlen(a), &sa), nb = shingle_set(b, strlen(b), &sb);
    double j = shingle_jaccard(sa, na, sb, nb);
    free(sa);
    free(sb);
    return j;
}

static size_t shingles(const char *text)
{
    uint64_t *set;
    size_t n = shingle_set(text, strlen(text), &set);
    for (size_t i = 1; i < n; i++)
        cr_expect(set[i - 1] < set[i], "ascending, each once");
    free(set);
    return n;
}

Test(near, shingles_by_hand)
{
    cr_expect(eq(sz, shingles(""), 0));
    cr_expect(eq(sz, shingles(" ?! -- \n"), 0));
    cr_expect(eq(sz, shingles("one two three"), 1), "a short text is one shingle");
    cr_expect(eq(sz, shingles("one two three four five"), 1));
    cr_expect(eq(sz, shingles("one two three four five six seven"), 3));
    cr_expect(eq(sz, shingles("a a a a a a a a a a"), 1), "each run counts once");
    cr_expect(jaccard("Hello, world", "hello -- WORLD!") == 1, "marks and case are no difference");
    cr_expect(jaccard("hello world", "hello world again") == 0);
    cr_expect(jaccard("", "") == 0, "nothing is like nothing");
    /* 1..7 and 2..8: runs of five {1,2,3} and {2,3,4} -> 2 of 4 */
    cr_expect(eq(dbl, jaccard("1 2 3 4 5 6 7", "2 3 4 5 6 7 8"), .5));
    cr_expect(jaccard("1 2 3 4 5", "5 4 3 2 1") == 0, "order counts");
    cr_expect(jaccard("abc def g h i", "abcdef g h i") == 0, "where words part counts");
    /* Seven characters of Han are seven words, three runs; without their last: two of them. */
    cr_expect(eq(sz,
                 shingles("\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89\xe5\x9b\x9b\xe4\xba\x94\xe5\x85"
                          "\xad\xe4\xb8\x83"),
                 3));
    cr_expect(jaccard("caf\xc3\xa9", "cafe") == 0, "letters beyond ASCII are letters");
    cr_expect(eq(sz, shingles("\xe4\xb8"), 1), "a cut character does no harm");
}

/* n texts in families of like ones: words of a parent, each replaced with probability p. */
static void make_texts(struct rng *r, struct str_vec *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf b = BUF_INIT(0);
        struct rng parent;
        double p = .002 * (double)(i % 40);
        size_t words = 8 + (i / 5) % 90;
        rng_seed(&parent, i / 5);
        for (size_t w = 0; w < words; w++) {
            unsigned word = (unsigned)rng_below(&parent, 5000);
            if (rng_unit(r) < p)
                word = (unsigned)rng_below(r, 5000);
            buf_addf(&b, "w%u ", word);
        }
        VEC_PUSH(out, buf_detach(&b, NULL));
    }
}

static size_t up(size_t *set, size_t i)
{
    while (set[i] != i)
        i = set[i];
    return i;
}

/* By comparing all pairs. */
static void slow_clusters(const struct str_vec *t, double threshold, size_t *set)
{
    uint64_t **sets = mem_array(t->n, sizeof *sets);
    size_t *size = mem_array(t->n, sizeof *size);
    for (size_t i = 0; i < t->n; i++) {
        size[i] = shingle_set(t->v[i], strlen(t->v[i]), &sets[i]);
        set[i] = i;
    }
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < i; k++)
            if (shingle_jaccard(sets[i], size[i], sets[k], size[k]) >= threshold) {
                size_t a = up(set, i), b = up(set, k);
                set[a > b ? a : b] = a < b ? a : b;
            }
    for (size_t i = 0; i < t->n; i++)
        set[i] = up(set, i);
    for (size_t i = 0; i < t->n; i++)
        free(sets[i]);
    free(sets);
    free(size);
}

struct pairs {
    double threshold, lowest;
    size_t n;
};

static int see_pair(void *arg, size_t a, size_t b, double j)
{
    struct pairs *p = arg;
    cr_expect(a < b);
    p->n++;
    p->lowest = j < p->lowest ? j : p->lowest;
    return 0;
}

Test(near, minhash_finds_what_comparing_all_pairs_finds)
{
    static const double thresholds[] = {.5, .65, .8, .9, 1};
    struct rng r;
    struct str_vec t = {0};
    rng_seed(&r, 4);
    make_texts(&r, &t, 900);
    size_t *fast = mem_array(t.n, sizeof *fast), *slow = mem_array(t.n, sizeof *slow);
    for (size_t k = 0; k < sizeof thresholds / sizeof *thresholds; k++) {
        struct near *n = near_new(thresholds[k]);
        struct pairs p = {thresholds[k], 1, 0};
        for (size_t i = 0; i < t.n; i++) {
            cr_expect(eq(sz, near_add(n, t.v[i], strlen(t.v[i])), i));
            fast[i] = i;
        }
        near_seal(n, false);
        cr_assert(near_pairs(n, fast, see_pair, &p) == 0);
        slow_clusters(&t, thresholds[k], slow);
        size_t clusters = 0;
        for (size_t i = 0; i < t.n; i++)
            clusters += slow[i] == i;
        cr_expect(memcmp(fast, slow, t.n * sizeof *fast) == 0, "at %g", thresholds[k]);
        cr_expect(clusters < t.n && clusters > 100, "%zu clusters: there is something to find",
                  clusters);
        cr_expect(eq(sz, p.n, t.n - clusters), "pairs are a spanning forest");
        cr_expect(p.lowest >= thresholds[k]);
        cr_expect(near_skipped(n) == 0);
        near_free(n);
    }
    free(fast);
    free(slow);
    str_vec_free(&t);
}

Test(near, one_text_against_many)
{
    struct rng r;
    struct str_vec t = {0};
    rng_seed(&r, 5);
    make_texts(&r, &t, 600);
    struct near *n = near_new(.8);
    for (size_t i = 0; i < t.n; i += 2)
        near_add(n, t.v[i], strlen(t.v[i]));
    near_seal(n, true);
    size_t hits = 0, which;
    double j;
    for (size_t i = 0; i < t.n; i++) {
        bool there = false;
        for (size_t k = 0; k < t.n; k += 2)
            there = there || jaccard(t.v[i], t.v[k]) >= .8;
        bool found = near_find(n, t.v[i], strlen(t.v[i]), &which, &j);
        cr_expect(found == there, "text %zu", i);
        if (found)
            cr_expect(eq(dbl, j, jaccard(t.v[i], t.v[2 * which])));
        hits += found && i % 2;
    }
    cr_expect(hits > 20 && hits < 280, "%zu of the others", hits);
    cr_expect(near_find(n, "", 0, &which, &j) == false);
    near_free(n);
    str_vec_free(&t);
    n = near_new(.8);
    near_seal(n, true);
    cr_expect(near_find(n, "a b", 3, &which, &j) == false, "nothing in an empty set");
    near_free(n);
}

/* Texts of which hundreds fall into the same buckets without being near: bounded, and told. */
Test(near, crowded_buckets_are_bounded_and_counted)
{
    struct near *n = near_new(.8);
    enum { N = 1500 };
    static size_t set[N];
    for (unsigned i = 0; i < N; i++) {
        struct buf b = BUF_INIT(0);
        for (unsigned w = 0; w < 57; w++) /* 53 - 5 shared runs; 57 - 8 changed words */
            buf_addf(&b, "%s%u ", w > 47 ? "x" : "", w > 47 ? i * 100 + w : w);
        near_add(n, b.data, b.len);
        buf_deinit(&b);
        set[i] = i;
    }
    near_seal(n, false);
    struct pairs p = {.8, 1, 0};
    cr_assert(near_pairs(n, set, see_pair, &p) == 0);
    cr_expect(eq(sz, p.n, 0), "44 of 62 runs are shared: Jaccard .71");
    cr_expect(near_skipped(n) > 0);
    near_free(n);
}

static int64_t add(const char *id, const char *text, const char *group, const char *split)
{
    struct prompt p = {.ext_id = id,
                       .task = "t",
                       .messages = "[]",
                       .text = text,
                       .timestamp_ms = INT64_MIN,
                       .group = group,
                       .split = split,
                       .split_given = split != NULL,
                       .weight = 1};
    int added;
    cr_assert(prompt_put(s, &p, &added, NULL) == 0);
    return p.id;
}

static const char long_a[] = "Please tell me why my invoice of last month is higher than the one "
                             "of the month before, and what I can do about it now. Order 1.";
static const char long_b[] = "please tell me why my invoice of last month is higher than the one "
                             "of the month before and what I can do about it now: order 2";

static int see_cluster(void *arg, const struct prompt *p, struct err *e)
{
    (void)e;
    ((int64_t *)arg)[p->id] = p->cluster;
    return 0;
}

Test(near, groups_take_near_duplicates_in_and_keep_them)
{
    int64_t a = add("a", long_a, NULL, NULL), b = add("b", long_b, "g", NULL);
    int64_t c = add("c", "Something else", "g", NULL),
            d = add("d", "Again  something ELSE", NULL, NULL);
    int64_t d2 = add("d2", "again something else", NULL, NULL);
    int64_t cluster[16] = {0};
    cr_assert(prompt_cluster(s, NULL) == 0);
    prompt_each(s, true, see_cluster, cluster, NULL);
    cr_expect(cluster[a] == a && cluster[b] == b && cluster[c] == b && cluster[d] == d &&
              cluster[d2] == d);
    struct duplicates_summary sum;
    struct err e = {0};
    cr_assert(duplicates_join(s, .8, &sum, &e) == 0, "%s", e.text);
    cr_expect(eq(i64, sum.pairs, 1));
    struct group_summary g;
    cr_assert(group_resolve(s, &g, &e) == 0);
    cr_expect(g.rows == 5 && g.groups == 2 && g.joined[GROUP_TEXT] == 1 &&
              g.joined[GROUP_KEY] == 1 && g.joined[GROUP_NEAR] == 1 &&
              g.joined[GROUP_REQUEST] == 0);
    cr_assert(eq(sz, g.shared.n, 2));
    cr_expect(g.shared.v[0].cluster == a && g.shared.v[0].prompts == 3 &&
              g.shared.v[0].why == (1u << GROUP_KEY | 1u << GROUP_NEAR));
    group_summary_deinit(&g);
    add("e", "A later import", NULL, NULL);
    cr_assert(prompt_cluster(s, NULL) == 0);
    prompt_each(s, true, see_cluster, cluster, NULL);
    cr_expect(cluster[a] == a && cluster[b] == a && cluster[c] == a, "an import keeps the pairs");
    cr_assert(duplicates_join(s, 0, &sum, &e) == 0);
    prompt_each(s, true, see_cluster, cluster, NULL);
    cr_expect(cluster[b] == b && cluster[c] == b, "0 forgets them");
    cr_expect(eq(int, duplicates_join(s, .3, &sum, &e), ERR_USAGE));
    cr_expect(eq(int, duplicates_join(s, 1.1, &sum, &e), ERR_USAGE));
}

Test(near, splits_that_part_near_duplicates_are_refused_whole)
{
    add("a", long_a, NULL, "train");
    add("b", long_b, NULL, "test");
    for (int i = 0; i < 30; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%d", i);
        add(id, id, NULL, NULL);
    }
    struct split_options o = {.share = {.6, .2, .2}, .seed = 1, .near_duplicates = -1};
    struct split_summary sum;
    struct err e = {0};
    cr_assert(split_run(s, &o, &sum, &e) == 0, "%s", e.text);
    cr_expect(sum.shared == 0 && sum.largest.n == 0);
    split_summary_deinit(&sum);
    o.near_duplicates = .8;
    cr_expect(eq(int, split_run(s, &o, &sum, &e), ERR_FORMAT));
    cr_expect(strstr(e.text, "'a' (train)") && strstr(e.text, "'b' (test)"), "%s", e.text);
    split_summary_deinit(&sum);
    cr_expect(near_duplicate_count(s, NULL) == 0, "after an error the store is as it was");
}

static const char *public_data(const char *name)
{
    static char folder[400];
    const char *shared = getenv("SHUNT_SHARED");
    snprintf(folder, sizeof folder, "%s/datasets/%s", shared ? shared : "../shared", name);
    if (!fs_is_dir(folder))
        cr_skip("no public data at %s (set SHUNT_SHARED)", folder);
    return folder;
}

static void public_repeats(const char *name, int64_t repeats, int64_t least_near)
{
    struct import_options io = {.path = public_data(name)};
    struct import_summary isum;
    struct err e = {0};
    cr_assert(import_run(s, &io, &isum, &e) == 0, "%s", e.text);
    import_summary_deinit(&isum);
    struct split_options o = {.share = {.6, .2, .2}, .seed = 1, .near_duplicates = -1};
    struct split_summary sum;
    cr_assert(split_run(s, &o, &sum, &e) == 0, "%s", e.text);
    cr_expect(eq(i64, sum.joined[GROUP_TEXT], repeats));
    cr_expect(sum.joined[GROUP_NEAR] == 0 && sum.joined[GROUP_KEY] == 0);
    split_summary_deinit(&sum);
    o.near_duplicates = NEAR_DUPLICATE_JACCARD;
    cr_assert(split_run(s, &o, &sum, &e) == 0, "%s", e.text);
    cr_expect(eq(i64, sum.joined[GROUP_TEXT], repeats));
    cr_expect(sum.joined[GROUP_NEAR] >= least_near, "%lld", (long long)sum.joined[GROUP_NEAR]);
    split_summary_deinit(&sum);
}

Test(near, mmlu_repeats_105_prompts)
{
    public_repeats("routellm/mmlu", 105, 30);
}

Test(near, cascades_repeats_28_prompts)
{
    public_repeats("cascades", 28, 30);
}
