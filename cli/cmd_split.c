/* shunt split: train, validation and test for prompts that were not given one. */
#include "cli/cli.h"

#include "core/clock.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "datasets/split.h"

#include <inttypes.h>
#include <stdio.h>

static void json_counts(struct jsonw *w, const char *key, const int64_t n[SPLITS])
{
    jsonw_obj(w, key);
    for (int k = 0; k < SPLITS; k++)
        jsonw_int(w, split_names[k], n[k]);
    jsonw_end(w);
}

static const char *const joined_keys[GROUP_REASONS] = {"equal_text", "group_key", "staged_request",
                                                       "near_duplicate"};

static void json_largest(struct jsonw *w, const struct split_summary *s)
{
    jsonw_arr(w, "largest_groups");
    for (size_t i = 0; i < s->largest.n; i++) {
        const struct split_group *g = &s->largest.v[i];
        jsonw_obj(w, NULL);
        jsonw_str(w, "first", g->first);
        jsonw_int(w, "prompts", g->prompts);
        jsonw_int(w, "tasks", g->tasks);
        jsonw_str(w, "split", split_names[g->split]);
        jsonw_arr(w, "joined_by");
        for (int k = 0; k < GROUP_REASONS; k++)
            if (g->why & 1u << k)
                jsonw_str(w, NULL, joined_keys[k]);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* The first and last timestamp of each split, where any is known. */
static void json_spans(struct jsonw *w, const struct split_summary *s)
{
    jsonw_obj(w, "time");
    for (int k = 0; k < SPLITS; k++) {
        jsonw_arr(w, split_names[k]);
        for (int i = 0; i < 2 && s->spans[k][0] != INT64_MIN; i++) {
            char when[32];
            clock_format(s->spans[k][i], when);
            jsonw_str(w, NULL, when);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void print_json(const struct split_summary *s)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.split/1");
    json_counts(&w, "prompts", s->prompts);
    json_counts(&w, "groups", s->clusters);
    jsonw_int(&w, "given", s->given);
    jsonw_obj(&w, "joined");
    for (int k = 0; k < GROUP_REASONS; k++)
        jsonw_int(&w, joined_keys[k], s->joined[k]);
    jsonw_end(&w);
    jsonw_int(&w, "groups_of_several", s->shared);
    jsonw_int(&w, "near_duplicate_comparisons_left_out", s->near_skipped);
    json_largest(&w, s);
    json_spans(&w, s);
    jsonw_obj(&w, "tasks");
    for (size_t i = 0; i < s->tasks.n; i++)
        json_counts(&w, s->tasks.v[i].task, s->tasks.v[i].prompts);
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static void row(struct out *o, const char *name, const int64_t n[SPLITS])
{
    out_str(o, name);
    for (int k = 0; k < SPLITS; k++)
        out_int(o, n[k]);
}

static void print_spans(const struct split_summary *s)
{
    for (int k = 0; k < SPLITS; k++) {
        char from[32], to[32];
        if (s->spans[k][0] == INT64_MIN)
            continue;
        clock_format(s->spans[k][0], from);
        clock_format(s->spans[k][1], to);
        printf("%s%s: %s to %s\n", k ? "" : "\n", split_names[k], from, to);
    }
}

/* What was kept together, and by what. */
static int print_why(const struct split_summary *s, struct err *e)
{
    if (s->by_time)
        print_spans(s);
    if (s->near_skipped)
        log_note("%" PRId64
                 " comparisons were left out among prompts that share most of their text "
                 "with very many others; some near duplicates there may not be joined",
                 s->near_skipped);
    if (s->shared == 0) {
        printf("\nno two prompts had to be kept together\n");
        return ERR_OK;
    }
    printf("\n%" PRId64 " %s kept whole; joined by", s->shared,
           s->shared == 1 ? "group of several prompts is" : "groups of several prompts are");
    const char *comma = " ";
    for (int k = 0; k < GROUP_REASONS; k++) {
        if (s->joined[k] == 0)
            continue;
        printf("%s%s %" PRId64, comma, group_reason_names[k], s->joined[k]);
        comma = ", ";
    }
    printf("\n\n");
    struct out *o =
        out_new(OUT_ALIGNED, stdout, 5,
                (const char *const[]){"largest_group", "prompts", "tasks", "split", "joined_by"});
    const int64_t all = s->prompts[0] + s->prompts[1] + s->prompts[2];
    for (size_t i = 0; i < s->largest.n; i++) {
        const struct split_group *g = &s->largest.v[i];
        if (g->why & 1u << GROUP_NEAR && g->prompts * 20 > all)
            log_note("the group of '%s' holds %" PRId64 " of %" PRId64 " prompts; near duplicates "
                     "by a text that many prompts share (a preamble, a template) call for a higher "
                     "--near-duplicates",
                     g->first, g->prompts, all);
        struct buf why = BUF_INIT(0);
        for (int k = 0; k < GROUP_REASONS; k++)
            if (g->why & 1u << k)
                buf_addf(&why, "%s%s", why.len ? ", " : "", group_reason_names[k]);
        out_str(o, g->first);
        out_int(o, g->prompts);
        out_int(o, g->tasks);
        out_str(o, split_names[g->split]);
        out_str(o, why.data);
        buf_deinit(&why);
    }
    return out_end(o) ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int print_table(const struct split_summary *s, enum out_shape shape, struct err *e)
{
    struct out *o =
        out_new(shape, stdout, 4, (const char *const[]){"task", "train", "validation", "test"});
    for (size_t i = 0; i < s->tasks.n; i++)
        row(o, s->tasks.v[i].task, s->tasks.v[i].prompts);
    if (shape == OUT_ALIGNED)
        row(o, "all", s->prompts);
    if (out_end(o))
        return err_set(e, ERR_IO, "cannot write to stdout");
    if (shape == OUT_ALIGNED && s->given)
        printf("\n%lld of these prompts had their split given by the data\n", (long long)s->given);
    if (shape == OUT_ALIGNED)
        return print_why(s, e);
    return ERR_OK;
}

static const char epilog[] =
    "Prompts of one group, of one staged request, or with the same text stay on one side. Splits\n"
    "given by the data are kept; all others are dealt anew, the same way for the same seed.\n"
    "Near duplicates, once joined, stay so for train and later splits.\n\n"
    "Exit status: 0 done, 2 usage, 3 no such store, 4 impossible with this data, 6 database.\n";

int cmd_split(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct split_options o = {.share = {.6, .2, .2}, .near_duplicates = -1};
    int64_t seed = 1;
    bool json = false, csv = false, tsv = false, near_given = false;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_DBL(0, "train", &o.share[SPLIT_TRAIN], "SHARE",
                "share of prompts to train on (default 0.6)"),
        OPT_DBL(0, "validation", &o.share[SPLIT_VALIDATION], "SHARE",
                "share to choose operating points on (default 0.2)"),
        OPT_DBL(0, "test", &o.share[SPLIT_TEST], "SHARE",
                "share to take figures from (default 0.2)"),
        OPT_INT(0, "seed", &seed, "N", "another seed deals otherwise (default 1)"),
        OPT_FLAG(0, "by-time", &o.by_time, "train on the oldest prompts, test on the newest"),
        {OPT_KIND_DBL, 0, "near-duplicates", &o.near_duplicates, "J",
         "first join prompts whose five-word runs have a Jaccard similarity of J or more (0.8 is "
         "usual; 0 forgets such joins)",
         &near_given},
        OPT_FLAG(0, "json", &json, "print one JSON object"),
        OPT_FLAG(0, "csv", &csv, "comma separated"),
        OPT_FLAG(0, "tsv", &tsv, "tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {
        "shunt split", "--store FILE [options]",
        "Divide the prompts of a store into train, validation and test.", epilog};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt split -h)", argv[0]);
    if (near_given && o.near_duplicates != 0 &&
        !(o.near_duplicates >= .5 && o.near_duplicates <= 1))
        return err_set(e, ERR_USAGE, "--near-duplicates takes 0.5 to 1, or 0 to forget, not %g",
                       o.near_duplicates);
    rc = cli_common_apply(&c, true, e);
    if (rc)
        return rc;
    struct store *s = NULL;
    rc = store_open(c.store, STORE_WRITE, &s, e);
    if (rc)
        return rc;
    struct split_summary sum = {0};
    o.seed = (uint64_t)seed;
    rc = split_run(s, &o, &sum, e);
    store_close(s);
    if (rc == ERR_OK && json)
        print_json(&sum);
    else if (rc == ERR_OK)
        rc = print_table(&sum, out_shape_of(false, csv, tsv), e);
    split_summary_deinit(&sum);
    return rc;
}
