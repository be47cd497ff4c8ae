/* shunt collect: asks every model every prompt that it has not answered yet. */
#include "cli/cli.h"

#include "cli/asking.h"
#include "cli/collect_more.h"
#include "cli/config.h"
#include "collect/collect.h"
#include "core/clock.h"
#include "core/fs.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/where.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int run(const struct cli_common *c, const struct config *config,
               const struct collect_options *o, const struct collect_shape *shape, int argc,
               char *const *argv, struct err *e)
{
    struct store *s = NULL;
    struct collect_summary sum = {0};
    int64_t id = 0;
    int rc = store_open(c->store, STORE_WRITE, &s, e);
    if (!rc && !o->dry_run)
        rc = store_claim(s, "collect", e);
    if (!rc && !o->dry_run)
        rc = run_begin(s, argc, argv, 0, &id, e);
    if (!rc) {
        rc = collect_run(s, config, o, &sum, e);
        int ended = o->dry_run ? ERR_OK : run_end(s, id, -rc, rc ? NULL : e);
        bool told = rc == ERR_OK || rc == ERR_PARTIAL || rc == ERR_LIMIT || rc == ERR_NET;
        if (told && sum.models.n) {
            int printed = collect_print(&sum, shape, o->dry_run, rc ? NULL : e);
            ended = ended ? ended : printed;
        }
        if (rc == ERR_PARTIAL) { /* at the cap the same again would ask nothing */
            struct buf line = BUF_INIT(0);
            int kept = 0;
            char **again = mem_array((size_t)argc + 1, sizeof *again);
            for (int i = 0; i < argc; i++) /* the cap goes on */
                if (strcmp(argv[i], "--new-cap") != 0)
                    again[kept++] = argv[i];
            cli_command_line(&line, kept, again);
            free(again);
            log_note("to go on: %s", line.data);
            buf_deinit(&line);
        }
        rc = rc ? rc : ended;
    }
    collect_summary_deinit(&sum);
    store_close(s);
    return rc;
}

/* One of the four things that the options ask for: read again, batches, a run, or a look at one. */
static int act(struct cli_common *c, struct collect_options *o, const struct collect_batch *batch,
               bool reparse, const struct collect_shape *shape, int argc, char *const *argv,
               struct err *e)
{
    enum out_shape table = out_shape_of(false, shape->csv, shape->tsv);
    struct config *config = NULL;
    int rc = cli_config_open(c, &config, e);
    if (rc)
        return rc;
    if (reparse) {
        rc = collect_reparse_print(c, config, o->models, shape->json, table, e);
    } else if (batch->import.n || ((batch->remote || batch->export_dir) && !o->dry_run)) {
        rc = collect_batch_print(c, config, o, batch, shape->json, table, e);
    } else {
        o->seed = (uint64_t)clock_unix_ms();
        o->batch = batch->remote || batch->export_dir;
        rc = run(c, config, o, shape, argc, argv, e);
    }
    config_free(config);
    return rc;
}

static int check(struct collect_options *o, const char *max_spend, const char *hedge,
                 const char *shard, struct err *e)
{
    int rc = cli_check_asking(o->limit, o->jobs, 4096, o->retries, o->timeout_s, e);
    if (rc)
        return rc;
    if (o->samples < 1 || o->samples > 1000)
        return err_set(e, ERR_USAGE, "--samples takes 1 to 1000, not %" PRId64, o->samples);
    if (o->per_model < 0)
        return err_set(e, ERR_USAGE, "--per-model takes a number from 1, or 0 for no limit");
    if (hedge && !config_hedge_parse(hedge, &o->hedge))
        return err_set(e, ERR_USAGE,
                       "--hedge takes seconds, or a percentile of the answers' times from p50 to"
                       " p99.9, not '%s'",
                       hedge);
    o->max_spend_nusd = MONEY_UNKNOWN;
    if (max_spend && (!money_parse(max_spend, 9, &o->max_spend_nusd) || o->max_spend_nusd < 0))
        return err_set(e, ERR_USAGE, "--max-spend takes US dollars from 0, such as 2.50, not '%s'",
                       max_spend);
    return cli_shard(shard, &o->shard, &o->shards, e);
}

static const char epilog[] =
    "Each prompt is asked of each model of the config. What is stored already is not asked again,\n"
    "so running it again goes on where the last run ended; a changed system prompt, template or\n"
    "parameter is a new request. Keys come from the environment (api_key_env) and are kept "
    "nowhere.\n\n"
    "  shunt collect --store s.db --config shunt.yaml --dry-run\n"
    "  shunt collect --store s.db --max-spend 5\n\n"
    "Exit status: 0 all replies are there, 2 usage, 3 no such file, 4 bad format, 5 no provider\n"
    "could be asked, 6 database, 8 spend cap reached, 9 some replies are missing: run it again.\n";

int cmd_collect(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct collect_shape shape = {0};
    struct str_vec models = {0};
    const char *max_spend = NULL, *hedge = NULL;
    bool reparse = false;
    struct str_vec where = {0};
    struct collect_batch batch = {0};
    struct where *selected = NULL;
    struct collect_options o = {
        .samples = 1, .jobs = 16, .retries = 4, .timeout_s = 120, .models = &models};
    const char *shard = NULL;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_STR(0, "config", &c.config, "FILE", "models and prices (default: shunt.yaml)"),
        OPT_LIST('m', "models", &models, "A,B", "only these models (default: all of the config)"),
        OPT_INT(0, "samples", &o.samples, "K", "replies a prompt and model (default 1)"),
        OPT_STR(0, "shard", &shard, "I/N", "only the I-th of N parts of the prompts, I from 0"),
        OPT_INT('n', "limit", &o.limit, "N", "only the first N prompts"),
        OPT_LIST('w', "where", &where, "TERMS",
                 "only prompts with task=T, split=S, id=PREFIX*, ..."),
        OPT_FLAG(0, "only-errors", &o.only_errors, "only what was tried before and failed"),
        OPT_INT('j', "jobs", &o.jobs, "N", "requests in flight (default 16)"),
        OPT_INT(0, "per-model", &o.per_model, "N", "requests in flight of one model"),
        OPT_INT(0, "retries", &o.retries, "N",
                "further tries of a request that failed (default 4)"),
        OPT_DBL(0, "timeout", &o.timeout_s, "S", "seconds for one try (default 120)"),
        OPT_STR(0, "hedge", &hedge, "WHEN",
                "a second try beside one slower than S seconds, or than pP of the answers"),
        OPT_STR(0, "max-spend", &max_spend, "USD", "never spend more, with what earlier runs cost"),
        OPT_FLAG(0, "new-cap", &o.new_cap, "what earlier runs cost counts no more"),
        OPT_FLAG(0, "stream", &o.stream, "ask for streams: measures the time to the first token"),
        OPT_FLAG(0, "refresh", &o.refresh, "ask again for replies already stored or imported"),
        OPT_FLAG(0, "reparse", &reparse, "read the stored raw replies again; send nothing"),
        OPT_FLAG(0, "batch", &batch.remote, "through the provider's batch API, at half the price"),
        OPT_DBL(0, "batch-wait", &batch.wait_s, "S", "look for results so long (default: once)"),
        OPT_STR(0, "batch-export", &batch.export_dir, "DIR",
                "write what is missing to files for batch APIs; send nothing"),
        OPT_LIST(0, "batch-import", &batch.import, "FILE,...", "read results of a batch API"),
        OPT_FLAG(0, "dry-run", &o.dry_run, "say what would be asked and cost; send nothing"),
        OPT_FLAG(0, "allow-http", &o.allow_http, "allow http to other machines"),
        OPT_FLAG(0, "json", &shape.json, "print the summary as one JSON object"),
        OPT_FLAG(0, "csv", &shape.csv, "print the models comma separated"),
        OPT_FLAG(0, "tsv", &shape.tsv, "print the models tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt collect", "--store FILE [options]",
                                    "Ask models for replies to the prompts of a store.", epilog};
    int whole = argc;
    AUTO_FREE char **line = mem_array((size_t)argc + 1, sizeof *line); /* opt_parse reorders argv */
    memcpy(line, argv, (size_t)argc * sizeof *line);
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc)
        rc = err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt collect -h)", argv[0]);
    if (rc == ERR_OK)
        rc = check(&o, max_spend, hedge, shard, e);
    if (rc == ERR_OK)
        rc = where_parse(&where, &selected, e);
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, false, e);
    o.where = selected;
    if (rc == ERR_OK)
        rc = act(&c, &o, &batch, reparse, &shape, whole, line, e);
    str_vec_free(&models);
    str_vec_free(&where);
    str_vec_free(&batch.import);
    where_free(selected);
    return rc;
}
