/* shunt split: train, validation and test for prompts that were not given one. */
#include "cli/cli.h"

#include "core/jsonw.h"
#include "core/mem.h"
#include "datasets/split.h"

#include <stdio.h>

static void json_counts(struct jsonw *w, const char *key, const int64_t n[SPLITS])
{
    jsonw_obj(w, key);
    for (int k = 0; k < SPLITS; k++)
        jsonw_int(w, split_names[k], n[k]);
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
    return ERR_OK;
}

static const char epilog[] =
    "Prompts of one group, of one staged request, or with the same text stay on one side. Splits\n"
    "given by the data are kept; all others are dealt anew, the same way for the same seed.\n\n"
    "Exit status: 0 done, 2 usage, 3 no such store, 4 impossible with this data, 6 database.\n";

int cmd_split(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct split_options o = {.share = {.6, .2, .2}};
    int64_t seed = 1;
    bool json = false, csv = false, tsv = false;
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
