/* shunt eval: every policy on the same prompts, with intervals, controls, and a verdict. */
#include "cli/cli.h"

#include "core/config.h"
#include "core/fs.h"
#include "core/log.h"
#include "core/mem.h"
#include "eval/evaluate.h"
#include "eval/load.h"
#include "eval/print.h"
#include "eval/save.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
    struct cli_common common;
    struct str_vec models, points;
    const char *router;
    int64_t seed, resamples;
    bool json, csv, tsv;
};

/* Rules of the config as eval sees them; rules and keywords are one heap block each. */
static void take_rules(const struct config *c, struct eval_rule **rules,
                       struct eval_keyword **words)
{
    size_t n = 0;
    for (size_t k = 0; k < c->rule_count; k++)
        n += c->rules[k].any_count;
    *rules = mem_array(c->rule_count, sizeof **rules);
    *words = mem_array(n, sizeof **words);
    n = 0;
    for (size_t k = 0; k < c->rule_count; k++) {
        const struct config_rule *from = &c->rules[k];
        (*rules)[k] = (struct eval_rule){
            .name = from->name,
            .action = from->action == CONFIG_FORCE    ? EVAL_RULE_FORCE
                      : from->action == CONFIG_FORBID ? EVAL_RULE_FORBID
                                                      : EVAL_RULE_RAISE,
            .target = from->target,
            .task = from->task,
            .user_class = from->user_class,
            .keyword = *words + n,
            .keywords = from->any_count,
            .min_bytes = (uint64_t)from->min_bytes,
            .max_bytes = from->max_bytes == INT64_MAX ? 0 : (uint64_t)from->max_bytes,
        };
        for (size_t j = 0; j < from->any_count; j++)
            (*words)[n++] =
                (struct eval_keyword){from->any[j], from->whole_words, from->ignore_case};
    }
}

static int load_config(const struct cli_common *c, struct config **out, struct err *e)
{
    const char *path = c->config ? c->config : fs_exists("shunt.yaml") ? "shunt.yaml" : NULL;
    *out = NULL;
    return path ? config_load(path, out, e) : ERR_OK;
}

static int print_result(const struct args *a, const struct eval_result *r, struct err *e)
{
    int bad = 0;
    if (a->json) {
        struct buf b = BUF_INIT(0);
        eval_json(r, &b);
        bad = fwrite(b.data, 1, b.len, stdout) != b.len || fflush(stdout) != 0;
        buf_deinit(&b);
    } else {
        bad = eval_table(r, out_shape_of(false, a->csv, a->tsv), stdout) || fflush(stdout) != 0;
    }
    return bad ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int save_result(struct store *s, int argc, char **argv, const struct args *a, int64_t router,
                       const struct eval_result *r, struct err *e)
{
    int64_t run = 0;
    int rc = store_begin(s, e);
    if (rc)
        return rc;
    rc = run_begin(s, argc, argv, a->seed, &run, e);
    if (!rc)
        rc = eval_save(s, run, router, a->models.n > 0, r, e);
    if (!rc)
        rc = run_end(s, run, 0, e);
    if (!rc)
        return store_commit(s, e);
    store_rollback(s);
    return rc;
}

static int run_eval(struct store *s, int argc, char **argv, const struct args *a,
                    const struct config *config, const struct point_spec *spec, struct err *e)
{
    struct eval_input in;
    struct eval_rule *rules = NULL;
    struct eval_keyword *words = NULL;
    const size_t rule_count = config ? config->rule_count : 0;
    int rc = eval_load(s, a->router, &a->models, rule_count > 0, a->seed, &in, e);
    if (rc)
        return rc;
    if (config)
        take_rules(config, &rules, &words);
    const struct eval_source source = {eval_load_scope, &in, eval_load_told};
    const struct eval_options o = {
        .seed = a->seed,
        .resamples = (size_t)a->resamples,
        .point = spec,
        .points = a->points.n,
        .rule = rules,
        .rules = rule_count,
        .router = in.routed ? in.router.name : NULL,
    };
    struct eval_result *r = NULL;
    rc = evaluate(&in.data, &source, &o, &r, e);
    if (!rc)
        rc = save_result(s, argc, argv, a, in.routed ? in.router.id : 0, r, e);
    if (!rc)
        rc = print_result(a, r, e);
    eval_result_free(r);
    eval_input_deinit(&in);
    free(rules);
    free(words);
    return rc;
}

static int open_and_run(struct args *a, int argc, char **argv, struct err *e)
{
    AUTO_FREE struct point_spec *spec = mem_array(a->points.n, sizeof *spec);
    for (size_t k = 0; k < a->points.n; k++) {
        int rc = point_spec_parse(a->points.v[k], &spec[k], e);
        if (rc)
            return rc;
    }
    struct config *config = NULL;
    int rc = load_config(&a->common, &config, e);
    if (rc)
        return rc;
    if (config && (!a->common.store || !a->common.store[0]))
        a->common.store = config->store;
    if (!a->common.store || !a->common.store[0])
        rc = err_set(e, ERR_USAGE,
                     "which store? give --store FILE, set SHUNT_STORE, or 'store:' in the config");
    struct store *s = NULL;
    if (!rc)
        rc = store_open(a->common.store, STORE_WRITE, &s, e);
    if (!rc)
        rc = run_eval(s, argc, argv, a, config, spec, e);
    store_close(s);
    config_free(config);
    return rc;
}

int cmd_eval(int argc, char **argv, struct err *e)
{
    struct args a = {.seed = 1, .resamples = 2000};
    const struct opt opts[] = {
        CLI_STORE(&a.common),
        OPT_STR('c', "config", &a.common.config, "FILE",
                "rules from this file (default: ./shunt.yaml where there is one)"),
        OPT_LIST('m', "models", &a.models, "A,B", "compare these models only"),
        OPT_STR('r', "router", &a.router, "NAME", "the router to evaluate (default: the newest)"),
        OPT_LIST('p', "point", &a.points, "POINT",
                 "a further operating point: budget=USD, quality=Q, latency=1.5s, share=S"),
        OPT_INT(0, "seed", &a.seed, "N", "seed of the resampling (default 1)"),
        OPT_INT(0, "resamples", &a.resamples, "N",
                "bootstrap resamples, at least 1000 (default 2000)"),
        OPT_FLAG(0, "json", &a.json, "one JSON object, schema shunt.eval/1"),
        OPT_FLAG(0, "csv", &a.csv, "rows, comma separated"),
        OPT_FLAG(0, "tsv", &a.tsv, "rows, tab separated"),
        CLI_COMMON(&a.common),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt eval", "--store FILE [options]",
                                    "Compare every policy (single models, controls, router, "
                                    "operating points) on prompts not used to choose.",
                                    "Choices are made on the training side or the validation data, "
                                    "figures are from the test split, or, after\n"
                                    "'shunt train --cross-fit K', from every prompt in turn. Rows, "
                                    "curves and operating points go into the store,\n"
                                    "for 'shunt report' and 'shunt compile'."};
    int keep_argc = argc;
    AUTO_FREE char **keep = mem_array((size_t)argc + 1, sizeof *keep); /* opt_parse reorders argv */
    memcpy(keep, argv, (size_t)argc * sizeof *keep);
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (!rc && argc)
        rc = err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt eval -h)", argv[0]);
    if (!rc && (a.resamples < 1000 || a.resamples > 1000000))
        rc = err_set(e, ERR_USAGE, "--resamples takes 1000 to 1000000, not %lld",
                     (long long)a.resamples);
    if (!rc && (int)a.json + (int)a.csv + (int)a.tsv > 1)
        rc = err_set(e, ERR_USAGE, "--json, --csv and --tsv exclude each other");
    if (!rc)
        rc = cli_common_apply(&a.common, false, e);
    if (!rc)
        rc = open_and_run(&a, keep_argc, keep, e);
    str_vec_free(&a.models);
    str_vec_free(&a.points);
    return rc;
}
