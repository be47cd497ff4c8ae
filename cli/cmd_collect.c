/* shunt collect: asks every model every prompt that it has not answered yet. */
#include "cli/cli.h"

#include "cli/collect_more.h"
#include "cli/config.h"
#include "collect/collect.h"
#include "core/clock.h"
#include "core/fs.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/where.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct shape {
    bool json, csv, tsv;
};

static double mean(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : (double)NAN;
}

static double usd(money_wide nusd)
{
    return (double)nusd * 1e-9;
}

/* Exactly, with nine decimals. */
static void json_money(struct jsonw *w, const char *key, money_wide nusd)
{
    char text[48];
    int64_t n = money_round(nusd, 1);
    snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64, n / 1000000000, n % 1000000000);
    jsonw_raw(w, key, text);
}

/* Null when no reply had a known cost. */
static double cost_usd(const struct collect_model *m)
{
    return m->ok > m->cost_unknown || m->ok == 0 ? usd(m->cost_nusd) : (double)NAN;
}

static void json_model(struct jsonw *w, const struct collect_model *m, bool dry)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "name", m->name);
    jsonw_int(w, "wanted", m->wanted);
    jsonw_int(w, "already_there", m->had);
    if (dry) {
        jsonw_int(w, "requests", m->not_asked);
        jsonw_num(w, "input_tokens_estimate", m->estimate_input);
        jsonw_num(w, "output_tokens_estimate", m->estimate_output);
        jsonw_num(w, "cost_usd_estimate", m->estimate_usd);
        if (m->worst_nusd == MONEY_UNKNOWN)
            jsonw_null(w, "cost_usd_at_most");
        else
            json_money(w, "cost_usd_at_most", m->worst_nusd);
        jsonw_end(w);
        return;
    }
    jsonw_int(w, "requests", m->requests);
    jsonw_int(w, "ok", m->ok);
    jsonw_int(w, "failed", m->failed);
    jsonw_int(w, "not_asked", m->not_asked);
    jsonw_int(w, "retries", m->retries);
    jsonw_int(w, "input_tokens", m->input_tokens);
    jsonw_int(w, "output_tokens", m->output_tokens);
    if (isnan(cost_usd(m)))
        jsonw_null(w, "cost_usd");
    else
        json_money(w, "cost_usd", m->cost_nusd);
    jsonw_int(w, "cost_unknown", m->cost_unknown);
    if (m->reported)
        json_money(w, "reported_usd", m->reported_nusd);
    else
        jsonw_null(w, "reported_usd");
    jsonw_int(w, "reported_differs", m->differ);
    jsonw_num(w, "mean_latency_ms", mean(m->latency_sum_ms, m->ok));
    jsonw_num(w, "mean_ttft_ms", mean(m->ttft_sum_ms, m->timed));
    jsonw_num(w, "output_tokens_per_second",
              m->after_sum_ms > 0 ? (double)m->timed_tokens * 1000 / m->after_sum_ms : (double)NAN);
    jsonw_bool(w, "stopped", m->stopped);
    jsonw_obj(w, "errors");
    for (int c = 1; c < TROUBLES; c++)
        if (m->troubles[c])
            jsonw_int(w, trouble_names[c], m->troubles[c]);
    jsonw_end(w);
    jsonw_end(w);
}

static void print_json(const struct collect_summary *s, bool dry)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    int64_t requests = 0, ok = 0;
    for (size_t i = 0; i < s->models.n; i++) {
        requests += dry ? s->models.v[i].not_asked : s->models.v[i].requests;
        ok += s->models.v[i].ok;
    }
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.collect/1");
    jsonw_bool(&w, "dry_run", dry);
    jsonw_int(&w, "prompts", s->prompts);
    jsonw_int(&w, "requests", requests);
    if (!dry) {
        jsonw_int(&w, "ok", ok);
        jsonw_fix(&w, "seconds", s->seconds, 3);
        json_money(&w, "spent_usd", s->spent_nusd);
        json_money(&w, "charged_without_reply_usd_at_most", s->lost_nusd);
        json_money(&w, "spent_before_usd", s->before_nusd);
        json_money(&w, "charged_before_without_reply_usd_at_most", s->before_lost_nusd);
        jsonw_bool(&w, "interrupted", s->interrupted);
        jsonw_bool(&w, "cap_reached", s->capped);
    }
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < s->models.n; i++)
        json_model(&w, &s->models.v[i], dry);
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_plan(const struct collect_summary *s, enum out_shape shape)
{
    struct out *o =
        out_new(shape, stdout, 7,
                (const char *const[]){"model", "already_there", "requests", "input_tokens",
                                      "output_tokens", "usd", "usd_at_most"});
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        out_str(o, m->name);
        out_int(o, m->had);
        out_int(o, m->not_asked);
        out_num(o, m->estimate_input, 0);
        out_num(o, m->estimate_output, 0);
        out_num(o, m->estimate_usd, 6);
        out_num(o, money_usd(m->worst_nusd), 6);
    }
    return out_end(o);
}

static int print_models(const struct collect_summary *s, enum out_shape shape)
{
    struct out *o = out_new(shape, stdout, 11,
                            (const char *const[]){"model", "already_there", "requests", "ok",
                                                  "failed", "not_asked", "retries", "input_tokens",
                                                  "output_tokens", "usd", "mean_latency_ms"});
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        out_str(o, m->name);
        out_int(o, m->had);
        out_int(o, m->requests);
        out_int(o, m->ok);
        out_int(o, m->failed);
        out_int(o, m->not_asked);
        out_int(o, m->retries);
        out_int(o, m->input_tokens);
        out_int(o, m->output_tokens);
        out_num(o, cost_usd(m), 6);
        out_num(o, mean(m->latency_sum_ms, m->ok), 1);
    }
    return out_end(o);
}

static void print_head(const struct collect_summary *s, bool dry)
{
    int64_t requests = 0, ok = 0, unknown = 0;
    char spent[48];
    for (size_t i = 0; i < s->models.n; i++) {
        requests += dry ? s->models.v[i].not_asked : s->models.v[i].requests;
        ok += s->models.v[i].ok;
        unknown += s->models.v[i].cost_unknown;
    }
    if (dry) {
        printf("%" PRId64 " prompts, %" PRId64 " requests would be sent\n\n", s->prompts, requests);
        return;
    }
    money_format(money_round(s->spent_nusd, 1), 6, spent);
    printf("%" PRId64 " prompts, %" PRId64 " requests, %" PRId64 " new replies in %.1f s, %s\n",
           s->prompts, requests, ok, s->seconds, spent);
    if (s->lost_nusd > 0) {
        money_format(money_round(s->lost_nusd, 1), 6, spent);
        printf("and at most %s for tries that brought no reply but may have been charged\n", spent);
    }
    if (unknown)
        printf("%" PRId64 " replies have no known cost: give prices in the config\n", unknown);
    putchar('\n');
}

static int print_summary(const struct collect_summary *s, const struct shape *shape, bool dry,
                         struct err *e)
{
    if (shape->json) {
        print_json(s, dry);
        return ERR_OK;
    }
    enum out_shape rows = out_shape_of(false, shape->csv, shape->tsv);
    if (rows == OUT_ALIGNED)
        print_head(s, dry);
    if ((dry ? print_plan : print_models)(s, rows))
        return err_set(e, ERR_IO, "cannot write to stdout");
    return ERR_OK;
}

static int run(const struct cli_common *c, const struct config *config,
               const struct collect_options *o, const struct shape *shape, int argc,
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
            int printed = print_summary(&sum, shape, o->dry_run, rc ? NULL : e);
            ended = ended ? ended : printed;
        }
        if (rc == ERR_PARTIAL || rc == ERR_LIMIT) {
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

static int check(struct collect_options *o, const char *max_spend, struct err *e)
{
    if (o->samples < 1 || o->samples > 1000)
        return err_set(e, ERR_USAGE, "--samples takes 1 to 1000, not %" PRId64, o->samples);
    if (o->limit < 0)
        return err_set(e, ERR_USAGE, "--limit takes a number of prompts from 1, or 0 for all");
    if (o->jobs < 1 || o->jobs > 4096)
        return err_set(e, ERR_USAGE, "--jobs takes 1 to 4096 requests in flight, not %" PRId64,
                       o->jobs);
    if (o->per_model < 0)
        return err_set(e, ERR_USAGE, "--per-model takes a number from 1, or 0 for no limit");
    if (o->retries < 0 || o->retries > 100)
        return err_set(e, ERR_USAGE, "--retries takes 0 to 100, not %" PRId64, o->retries);
    if (!(o->timeout_s > 0 && o->timeout_s <= 86400))
        return err_set(e, ERR_USAGE, "--timeout takes seconds, more than 0 and at most a day");
    o->max_spend_nusd = MONEY_UNKNOWN;
    if (max_spend && (!money_parse(max_spend, 9, &o->max_spend_nusd) || o->max_spend_nusd < 0))
        return err_set(e, ERR_USAGE, "--max-spend takes US dollars from 0, such as 2.50, not '%s'",
                       max_spend);
    return ERR_OK;
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
    struct shape shape = {0};
    struct str_vec models = {0};
    const char *max_spend = NULL;
    bool reparse = false;
    struct str_vec where = {0};
    struct collect_batch batch = {0};
    struct where *selected = NULL;
    struct collect_options o = {.samples = 1, .jobs = 16, .retries = 4, .timeout_s = 120};
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
    struct config *config = NULL;
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc)
        rc = err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt collect -h)", argv[0]);
    if (rc == ERR_OK)
        rc = check(&o, max_spend, e);
    if (rc == ERR_OK)
        rc = where_parse(&where, &selected, e);
    if (rc == ERR_OK)
        rc = cli_shard(shard, &o.shard, &o.shards, e);
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, false, e);
    if (rc == ERR_OK)
        rc = cli_config_open(&c, &config, e);
    if (rc == ERR_OK && reparse) {
        rc = collect_reparse_print(&c, config, &models, shape.json,
                                   out_shape_of(false, shape.csv, shape.tsv), e);
    } else if (rc == ERR_OK && (batch.export_dir || batch.import.n || batch.remote)) {
        o.models = &models;
        o.where = selected;
        rc = collect_batch_print(&c, config, &o, &batch, shape.json,
                                 out_shape_of(false, shape.csv, shape.tsv), e);
    } else if (rc == ERR_OK) {
        o.models = &models;
        o.where = selected;
        o.seed = (uint64_t)clock_unix_ms();
        rc = run(&c, config, &o, &shape, whole, line, e);
    }
    config_free(config);
    str_vec_free(&models);
    str_vec_free(&where);
    str_vec_free(&batch.import);
    where_free(selected);
    return rc;
}
