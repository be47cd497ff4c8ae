/* shunt status: what a store holds, table by table, and where collecting stands. */
#include "cli/cli.h"

#include "cli/config.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/money.h"
#include "store/standing.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void see(void *arg, const char *table, int64_t rows)
{
    struct out *o = arg;
    out_str(o, table);
    out_int(o, rows);
}

struct rows {
    struct out *o;
    size_t n;
};

static int see_model(void *arg, const struct standing *m, struct err *e)
{
    struct rows *rows = arg;
    struct out *o = rows->o;
    (void)e;
    rows->n++;
    out_str(o, m->model);
    out_str(o, m->tier);
    out_int(o, m->done);
    out_int(o, m->total);
    out_num(o, m->total ? 100.0 * (double)m->done / (double)m->total : (double)NAN, 1);
    out_int(o, m->failed);
    out_str(o, m->failures[0] ? m->failures : NULL);
    out_int(o, m->tries);
    out_str(o, m->errors[0] ? m->errors : NULL);
    out_num(o, m->mean_latency_ms, 1);
    out_num(o, money_usd(money_round(m->spent_nusd, 1)), 6);
    out_num(o, money_usd(m->lost_nusd), 6);
    out_num(o, money_usd(m->held_nusd), 6);
    out_int(o, m->cost_unknown);
    return ERR_OK;
}

static int print_tables(struct store *s, enum out_shape shape, struct err *e)
{
    struct out *o = out_new(shape, stdout, 2, (const char *const[]){"table", "rows"});
    int rc = store_counts(s, see, o, e);
    return out_end(o) && !rc ? err_set(e, ERR_IO, "cannot write to stdout") : rc;
}

static int print_models(struct store *s, enum out_shape shape, struct err *e)
{
    struct out *o =
        out_new(shape, stdout, 14,
                (const char *const[]){"model", "tier", "done", "total", "percent", "failed",
                                      "failures", "tries", "errors", "mean_latency_ms", "usd",
                                      "usd_lost", "usd_in_batches", "cost_unknown"});
    struct rows rows = {.o = o};
    int rc = standing_each(s, see_model, &rows, e);
    if (out_end(o) && !rc)
        return err_set(e, ERR_IO, "cannot write to stdout");
    if (!rc && rows.n == 0 && shape == OUT_ALIGNED)
        puts("no model yet: shunt collect asks those of shunt.yaml, shunt import takes outcomes");
    return rc;
}

/* "last collect: 2026-11-24T19:00:00Z, 240 replies in 15.8 s (15.2/s), exit 0: shunt collect -j 8"
 */
static int see_last(void *arg, const struct last_collect *l, struct err *e)
{
    char when[32];
    struct json *argv = NULL;
    (void)arg;
    int rc = json_parse(l->argv, strlen(l->argv), &argv, e);
    if (rc)
        return rc;
    struct buf line = BUF_INIT(0);
    int argc = 0;
    AUTO_FREE char **args = mem_array(json_count(argv) + 1, sizeof *args);
    for (const struct json *a = json_first(argv); a; a = json_next(a))
        args[argc++] = mem_strdup(json_str(a) ? json_str(a) : "");
    cli_command_line(&line, argc, args);
    clock_format(l->started_ms, when);
    int64_t until = l->ended_ms ? l->ended_ms : clock_unix_ms();
    double seconds = (double)(until - l->started_ms) / 1000;
    printf("\nlast collect: %s, %lld replies in %.1f s", when, (long long)l->replies, seconds);
    if (seconds > 0 && l->replies > 0)
        printf(" (%.1f/s)", (double)l->replies / seconds);
    if (l->ended_ms)
        printf(", exit %lld: %s\n", (long long)l->status, line.data);
    else
        printf(", not ended: %s\n", line.data);
    while (argc > 0)
        free(args[--argc]);
    buf_deinit(&line);
    json_free(argv);
    return ERR_OK;
}

static const char epilog[] =
    "By itself, on a terminal or in columns, both are shown; --json, --csv and --tsv give the "
    "tables,\n"
    "or with --models the models. done counts prompts and samples that the current configuration\n"
    "answered, imported replies too; failed are those of the others whose last try failed. usd is "
    "what\n"
    "all replies cost, computed from their tokens where there is a price, else as reported; "
    "usd_lost "
    "is\n"
    "what tries without a reply may have cost at most, usd_in_batches what waits in batches may.\n";

int cmd_status(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    bool json = false, csv = false, tsv = false, models = false;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_FLAG(0, "models", &models, "only where collecting stands, a row for each model"),
        OPT_FLAG(0, "json", &json, "one JSON object a row"),
        OPT_FLAG(0, "csv", &csv, "comma separated"),
        OPT_FLAG(0, "tsv", &tsv, "tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt status", "--store FILE [options]",
                                    "Show what a store holds, and where collecting stands.",
                                    epilog};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt status -h)",
                       argv[0]);
    rc = cli_common_apply(&c, true, e);
    if (rc)
        return rc;

    struct store *s = NULL;
    rc = store_open(c.store, STORE_READ, &s, e);
    if (rc)
        return rc;
    enum out_shape shape = out_shape_of(json, csv, tsv);
    if (!models)
        rc = print_tables(s, shape, e);
    if (!models && shape == OUT_ALIGNED)
        putchar('\n');
    if (!rc && (models || shape == OUT_ALIGNED))
        rc = print_models(s, shape, e);
    if (!rc && shape == OUT_ALIGNED)
        rc = standing_last(s, see_last, NULL, e);
    store_close(s);
    return rc;
}
