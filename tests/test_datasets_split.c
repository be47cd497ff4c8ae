/* Splits: shares, groups, given splits, time, and that the same seed deals the same. */
#include "datasets/split.h"
#include "store/prompt.h"
#include "tests/store_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(split, .init = open_store, .fini = close_store);

static int64_t add(int i, const char *task, const char *group, const char *split, int64_t ms)
{
    char id[24];
    snprintf(id, sizeof id, "p%04d", i);
    struct prompt p = {.ext_id = id,
                       .task = task,
                       .messages = "[]",
                       .text = id,
                       .timestamp_ms = ms,
                       .group = group,
                       .split = split,
                       .split_given = split != NULL,
                       .weight = 1};
    int added;
    cr_assert(prompt_put(s, &p, &added, NULL) == 0);
    return p.id;
}

/* 600 prompts: 3 tasks of unlike size, groups of 3 consecutive prompts of a task. */
static void fill(bool timed)
{
    cr_assert(store_begin(s, NULL) == 0);
    for (int i = 0; i < 600; i++) {
        char group[24];
        snprintf(group, sizeof group, "g%d", i / 3);
        add(i,
            i < 300   ? "a"
            : i < 570 ? "b"
                      : "c",
            group, NULL, timed ? 1000000 + 1000 * (int64_t)(599 - i) : INT64_MIN);
    }
    cr_assert(store_commit(s, NULL) == 0);
    cr_assert(prompt_cluster(s, NULL) == 0);
}

struct sides {
    char side[700]; /* by order of id */
    int64_t cluster[700];
    size_t n;
};

static int see(void *arg, const struct prompt *p, struct err *e)
{
    struct sides *a = arg;
    (void)e;
    a->cluster[a->n] = p->cluster;
    a->side[a->n++] = p->split ? p->split[1] == 'r' ? 't' : p->split[0] == 'v' ? 'v' : 'e' : '-';
    return 0;
}

static void sides(struct sides *a)
{
    memset(a, 0, sizeof *a);
    cr_assert(prompt_each(s, true, see, a, NULL) == 0);
}

static void run(struct split_options o, struct split_summary *sum)
{
    struct err e = {0};
    cr_assert(split_run(s, &o, sum, &e) == 0, "%s", e.text);
}

Test(split, shares_hold_in_every_task_and_groups_stay_whole)
{
    fill(false);
    struct split_summary sum;
    run((struct split_options){.share = {.6, .2, .2}, .seed = 7}, &sum);
    cr_expect(sum.prompts[0] == 360 && sum.prompts[1] == 120 && sum.prompts[2] == 120);
    cr_expect(eq(i64, sum.clusters[0] + sum.clusters[1] + sum.clusters[2], 200));
    cr_assert(eq(sz, sum.tasks.n, 3));
    cr_expect(sum.tasks.v[0].prompts[0] == 180 && sum.tasks.v[2].prompts[0] == 18);
    split_summary_deinit(&sum);
    static struct sides first, again, other;
    sides(&first);
    for (size_t i = 1; i < first.n; i++)
        if (first.cluster[i] == first.cluster[i - 1])
            cr_assert(first.side[i] == first.side[i - 1], "row %zu left its group", i);
    run((struct split_options){.share = {.6, .2, .2}, .seed = 7}, &sum);
    split_summary_deinit(&sum);
    sides(&again);
    cr_expect(memcmp(first.side, again.side, first.n) == 0, "the same seed deals the same");
    run((struct split_options){.share = {.6, .2, .2}, .seed = 8}, &sum);
    split_summary_deinit(&sum);
    sides(&other);
    cr_expect(memcmp(first.side, other.side, first.n) != 0, "another seed deals otherwise");
}

Test(split, many_small_tasks_still_reach_every_split)
{
    for (int i = 0; i < 100; i++) {
        char task[16];
        snprintf(task, sizeof task, "task%02d", i);
        add(i, task, NULL, NULL, INT64_MIN);
    }
    cr_assert(prompt_cluster(s, NULL) == 0);
    struct split_summary sum;
    run((struct split_options){.share = {.6, .2, .2}, .seed = 1}, &sum);
    cr_expect(sum.prompts[0] == 60 && sum.prompts[1] == 20 && sum.prompts[2] == 20);
    split_summary_deinit(&sum);
}

Test(split, given_splits_are_kept_and_followed)
{
    add(0, "a", "g", "test", INT64_MIN);
    add(1, "a", "g", NULL, INT64_MIN);
    for (int i = 2; i < 102; i++)
        add(i, "a", NULL, NULL, INT64_MIN);
    cr_assert(prompt_cluster(s, NULL) == 0);
    struct split_summary sum;
    run((struct split_options){.share = {.5, .25, .25}, .seed = 3}, &sum);
    static struct sides a;
    sides(&a);
    cr_expect(a.side[0] == 'e' && a.side[1] == 'e', "its group follows a given split");
    cr_expect(eq(i64, sum.given, 2));
    cr_expect(eq(i64, sum.prompts[0], 51));
    split_summary_deinit(&sum);
    add(200, "a", "g", "train", INT64_MIN);
    cr_assert(prompt_cluster(s, NULL) == 0);
    struct err e = {0};
    struct split_options o = {.share = {.5, .25, .25}};
    cr_expect(eq(int, split_run(s, &o, &sum, &e), ERR_FORMAT));
    cr_expect(strstr(e.text, "'p0000' (test)") && strstr(e.text, "'p0200' (train)"), "%s", e.text);
    split_summary_deinit(&sum);
}

Test(split, by_time_tests_on_the_newest)
{
    fill(true); /* the first row is the newest */
    struct split_summary sum;
    run((struct split_options){.share = {.6, .2, .2}, .by_time = true}, &sum);
    cr_expect(sum.prompts[0] == 360 && sum.prompts[1] == 120 && sum.prompts[2] == 120);
    split_summary_deinit(&sum);
    static struct sides a;
    sides(&a);
    for (size_t i = 0; i < a.n; i++)
        cr_assert(a.side[i] == (i < 120   ? 'e'
                                : i < 240 ? 'v'
                                          : 't'),
                  "row %zu is %c", i, a.side[i]);
}

/* A conversation that goes on into the test period is tested on as a whole; no training prompt is
 * newer than the oldest group of the test. */
Test(split, by_time_a_group_counts_as_its_newest_prompt)
{
    for (int i = 0; i < 100; i++) /* every tenth prompt begins a group that ends 30 later */
        add(i, "a", i % 10 == 0 && i < 70 ? (char[]){'g', (char)('0' + i / 10), 0} : NULL, NULL, i);
    for (int i = 0; i < 7; i++)
        add(200 + i, "a", (char[]){'g', (char)('0' + i), 0}, NULL, 10 * i + 30);
    cr_assert(prompt_cluster(s, NULL) == 0);
    struct split_summary sum;
    run((struct split_options){.share = {.6, .2, .2}, .by_time = true}, &sum);
    static struct sides a;
    sides(&a);
    for (size_t i = 0; i < 7; i++)
        cr_expect(a.side[10 * i] == a.side[100 + i], "group %zu is whole", i);
    cr_expect(a.side[60] == 'e', "begun at 60, ended at 90: tested on");
    cr_expect(a.side[1] == 't' && a.side[99] == 'e');
    cr_expect(sum.by_time && sum.spans[SPLIT_TRAIN][0] == 0 && sum.spans[SPLIT_TEST][1] == 99);
    cr_expect(sum.spans[SPLIT_TRAIN][1] < 99 && sum.spans[SPLIT_VALIDATION][1] < 99);
    cr_expect(eq(i64, sum.shared, 7));
    cr_expect(eq(i64, sum.joined[GROUP_KEY], 7));
    split_summary_deinit(&sum);
}

Test(split, impossible_requests_are_refused)
{
    static const struct {
        double share[3];
        const char *part;
    } k[] = {{{.6, .2, .1}, "add up to 1"},
             {{0, .5, .5}, "--train must be above 0"},
             {{1.2, -.1, -.1}, "--train must be"},
             {{.6, .2, .2}, "holds no prompts"}};
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        struct split_summary sum;
        struct err e = {0};
        struct split_options o = {.share = {k[i].share[0], k[i].share[1], k[i].share[2]}};
        cr_expect(eq(int, split_run(s, &o, &sum, &e), ERR_USAGE));
        cr_expect(strstr(e.text, k[i].part) != NULL, "%s", e.text);
        split_summary_deinit(&sum);
    }
    struct split_summary sum;
    add(0, "a", NULL, NULL, INT64_MIN);
    cr_assert(prompt_cluster(s, NULL) == 0);
    run((struct split_options){.share = {1, 0, 0}}, &sum); /* nothing held out, but asked for */
    split_summary_deinit(&sum);
}
