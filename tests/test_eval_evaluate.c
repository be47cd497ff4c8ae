/* Whole evaluations of made-up worlds, in both modes: rows, metrics, verdicts, the odd cases, JSON.
 */
#include "core/json.h"
#include "eval/curve.h"
#include "eval/print.h"
#include "tests/eval_fixture.h"

#include <string.h>

static const struct eval_options plain = {.seed = 1, .resamples = 1000, .router = "r1"};

static const char *note(const struct eval_result *r, const char *key)
{
    for (size_t k = 0; k < r->note.n; k++)
        if (strcmp(r->note.v[k].key, key) == 0)
            return r->note.v[k].text;
    return "";
}

static size_t rows_of(const struct eval_result *r, const char *kind)
{
    size_t n = 0;
    for (size_t k = 0; k < r->policy.n; k++)
        n += strcmp(r->policy.v[k].kind, kind) == 0;
    return n;
}

static struct eval_result *run(const struct eval_set *s, size_t folds, bool routed,
                               const struct eval_options *o)
{
    struct err e = {0};
    struct eval_result *r = world_evaluate(s, folds, routed, o, &e);
    cr_assert(r != NULL, "%s", e.text);
    return r;
}

static void check_rows(const struct eval_result *r)
{
    for (size_t k = 0; k < r->policy.n; k++) {
        const struct policy_row *p = &r->policy.v[k];
        cr_assert(
            p->quality.lo <= p->quality.value + 1e-9 && p->quality.value <= p->quality.hi + 1e-9,
            "%s %s: %g [%g, %g]", p->kind, p->name, p->quality.value, p->quality.lo, p->quality.hi);
        cr_assert(p->cost_usd_per_1k.lo <= p->cost_usd_per_1k.value &&
                  p->cost_usd_per_1k.value <= p->cost_usd_per_1k.hi);
        cr_assert(p->latency_p50_ms.value <= p->latency_p95_ms.value);
        cr_assert(p->latency_p50_ms.lo <= p->latency_p50_ms.value &&
                  p->latency_p50_ms.value <= p->latency_p50_ms.hi);
        double share = 0;
        for (size_t m = 0; p->share && m < r->models; m++)
            share += p->share[m];
        cr_assert(!p->share || fabs(share - 1) < 1e-9);
    }
}

Test(evaluate, both_modes_find_a_good_router_good)
{
    const struct world w = {3000, 3, 4, 2, .05, 1};
    struct eval_set s;
    world_set(&w, &s);
    const struct eval_keyword refund = {"refund", true, true};
    const struct eval_rule rule = {"refunds", EVAL_RULE_FORCE, "m2", NULL, NULL, &refund, 1, 0, 0};
    struct eval_options o = plain;
    struct err e = {0};
    struct point_spec asked[2];
    cr_assert(point_spec_parse("budget=0.00004", &asked[0], &e) == 0 &&
              point_spec_parse("latency=250ms", &asked[1], &e) == 0);
    o.rule = &rule;
    o.rules = 1;
    o.point = asked;
    o.points = 2;
    for (size_t folds = 0; folds <= 5; folds += 5) {
        struct eval_result *r = run(&s, folds, true, &o);
        cr_assert(r->cross_fit == (folds > 0) && r->prompts == (folds ? 3000u : 1000u), "%zu",
                  r->prompts);
        static const struct {
            const char *kind;
            size_t least, most;
        } kinds[] = {{"single", 3, 3},      {"constant", 1, 1}, {"mix", 5, 5},
                     {"task_means", 2, 24}, {"oracle", 1, 1},   {"rules", 1, 1},
                     {"point", 5, 5},       {"cascade", 1, 1},  {"router", 20, 200}};
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const size_t n = rows_of(r, kinds[k].kind);
            cr_assert(n >= kinds[k].least && n <= kinds[k].most, "%zu rows of kind %s", n,
                      kinds[k].kind);
        }
        check_rows(r);
        const double *v = r->metric.value;
        cr_assert(r->metric.lo[METRIC_GAIN_AIQ_RAW] > 0 &&
                      strstr(note(r, "verdict"), "routing adds 0.") == note(r, "verdict"),
                  "%s", note(r, "verdict"));
        cr_assert(v[METRIC_AIQ] >= v[METRIC_AIQ_RAW] && v[METRIC_AIQ] <= v[METRIC_ORACLE_QUALITY]);
        cr_assert(v[METRIC_COST_SHARE_AT_BEST_SINGLE] < .95, "%g",
                  v[METRIC_COST_SHARE_AT_BEST_SINGLE]);
        cr_assert(isnan(v[METRIC_APGR]));
        const struct policy_row *balanced = result_find(r, "balanced", "point"),
                                *best = result_find(r, "m2", "single");
        cr_assert(balanced->cost_usd_per_1k.value < best->cost_usd_per_1k.value &&
                  balanced->slices == 4);
        cr_assert(result_find(r, "budget=0.00004", "point")->cost_usd_per_1k.value < .045);
        cr_assert(result_find(r, "latency=250ms", "point")->latency_mean_ms < 265);
        cr_assert(strstr(note(r, "advice"), "route with 'balanced'") == note(r, "advice"), "%s",
                  note(r, "advice"));
        cr_assert(strcmp(r->model[r->best_single], "m2") == 0);
        /* The matched mix costs what its point costs. */
        near_to("mix", result_find(r, "mix:balanced", "mix")->cost_usd_per_1k.value,
                balanced->cost_usd_per_1k.value, 1e-9);
        eval_result_free(r);
    }
    eval_set_deinit(&s);
}

Test(evaluate, the_same_seed_gives_the_same_result)
{
    const struct world w = {600, 2, 2, 1, .1, 8};
    struct eval_set s;
    world_set(&w, &s);
    struct buf text[3] = {BUF_INIT(0), BUF_INIT(0), BUF_INIT(0)};
    for (int k = 0; k < 3; k++) {
        struct eval_options o = plain;
        o.seed = k == 2 ? 2 : 1;
        struct eval_result *r = run(&s, 3, true, &o);
        eval_json(r, &text[k]);
        eval_result_free(r);
    }
    cr_assert(strcmp(text[0].data, text[1].data) == 0);
    cr_assert(strcmp(text[0].data, text[2].data) != 0, "another seed draws other resamples");
    for (int k = 0; k < 3; k++)
        buf_deinit(&text[k]);
    eval_set_deinit(&s);
}

Test(evaluate, two_models_without_cost)
{
    const struct world w = {2000, 2, 3, 1, .05, 2};
    struct eval_set s;
    world_set(&w, &s);
    for (size_t k = 0; k < s.n * 2; k++)
        s.cost[k] = s.c[k] = s.latency_ms[k] = s.t[k] = s.logprob[k] = NAN;
    struct eval_result *r = run(&s, 5, true, &plain);
    cr_assert(rows_of(r, "router") == 0 && rows_of(r, "point") == 1 &&
              result_find(r, "best", "point") != NULL);
    cr_assert(rows_of(r, "cascade") == 0 && rows_of(r, "mix") == 0);
    const double *v = r->metric.value;
    cr_assert(v[METRIC_APGR] > .55 && r->metric.lo[METRIC_APGR] > .5 && v[METRIC_CPT50] < .5 &&
              v[METRIC_CPT80] >= v[METRIC_CPT50]);
    cr_assert(isnan(v[METRIC_AIQ]) && isnan(v[METRIC_COST_SHARE_AT_BEST_SINGLE]));
    cr_assert(r->policy.v[0].cost_missing == 2000 && isnan(r->policy.v[0].cost_usd_per_1k.value));
    cr_assert(strstr(note(r, "verdict"), "apgr") != NULL, "%s", note(r, "verdict"));
    cr_assert(strstr(note(r, "missing"), "4000 of 4000") != NULL, "%s", note(r, "missing"));
    eval_result_free(r);
    eval_set_deinit(&s);
}

Test(evaluate, a_router_that_knows_nothing_adds_nothing)
{
    const struct world w = {1500, 3, 3, 1, .1, 3};
    struct eval_set s;
    struct rng rng;
    world_set(&w, &s);
    rng_seed(&rng, 4);
    for (size_t k = 0; k < s.n * 3; k++)
        s.q[k] = rng_unit(&rng);
    struct eval_result *r = run(&s, 5, true, &plain);
    cr_assert(strstr(note(r, "verdict"), "routing adds nothing here") == note(r, "verdict"), "%s",
              note(r, "verdict"));
    cr_assert(strstr(note(r, "advice"), "do not route yet") == note(r, "advice"), "%s",
              note(r, "advice"));
    const struct policy_row *best = result_find(r, "best", "point"),
                            *constant = result_find(r, NULL, "constant");
    cr_assert(best->quality.value > constant->quality.value - .01, "the guard holds: %g, %g",
              best->quality.value, constant->quality.value);
    eval_result_free(r);
    eval_set_deinit(&s);
}

Test(evaluate, one_model_a_perfect_model_one_group)
{
    const struct world one = {90, 2, 2, 1, .1, 5};
    struct eval_set s, single;
    world_set(&one, &s);
    eval_set_init(&single, s.n, 1);
    single.tasks = s.tasks;
    single.groups = s.groups;
    for (size_t i = 0; i < s.n; i++) {
        single.weight[i] = 1;
        single.group[i] = (int32_t)i;
        single.score[i] = s.score[2 * i];
        single.cost[i] = s.cost[2 * i];
        single.latency_ms[i] = 5;
        single.q[i] = .5;
        single.c[i] = s.c[2 * i];
        single.t[i] = 1;
    }
    struct eval_result *r = run(&single, 3, true, &plain);
    cr_assert(strstr(note(r, "verdict"), "only model") != NULL, "%s", note(r, "verdict"));
    near_to("the router is the constant", result_find(r, "balanced", "point")->quality.value,
            result_find(r, NULL, "constant")->quality.value, 0);
    cr_assert(isnan(r->metric.value[METRIC_AIQ]));
    eval_result_free(r);
    eval_set_deinit(&single);

    for (size_t i = 0; i < s.n; i++) {
        s.score[2 * i + 1] = 1;
        s.q[2 * i + 1] = .99;
    }
    r = run(&s, 3, true, &plain);
    near_to("always right", result_find(r, "best", "point")->quality.value, 1, 0);
    cr_assert(result_find(r, "best", "point")->note != NULL);
    eval_result_free(r);
    for (size_t i = 0; i < s.n; i++) /* both are */
        s.score[2 * i] = 1;
    r = run(&s, 3, true, &plain);
    cr_assert(strstr(note(r, "advice"), "even a perfect router would gain only 0.0000") != NULL,
              "%s", note(r, "advice"));
    near_to("then the cheaper", result_find(r, "cheap", "point")->cost_usd_per_1k.value,
            result_find(r, "m0", "single")->cost_usd_per_1k.value, 1e-12);
    eval_result_free(r);
    eval_set_deinit(&s);

    /* One group on the test side: figures, but no interval. */
    world_set(&one, &s);
    for (size_t i = 0; i < s.n; i++)
        s.group[i] = (int32_t)(i / 30);
    s.groups = 3;
    r = run(&s, 0, true, &plain);
    cr_assert(r->groups == 1 && isnan(r->policy.v[0].quality.lo) &&
              !isnan(r->policy.v[0].quality.value));
    cr_assert(strstr(note(r, "verdict"), "routing adds nothing") == note(r, "verdict"), "%s",
              note(r, "verdict"));
    eval_result_free(r);
    eval_set_deinit(&s);
}

Test(evaluate, without_a_router_and_with_holes)
{
    const struct world w = {500, 3, 3, 1, .1, 6};
    struct eval_set s;
    world_set(&w, &s);
    struct eval_options o = plain;
    o.router = NULL;
    for (size_t folds = 0; folds <= 5; folds += 5) { /* 0: the prompts' own splits */
        struct eval_result *r = run(&s, folds, false, &o);
        cr_assert(rows_of(r, "router") == 0 && rows_of(r, "point") == 0 &&
                  rows_of(r, "single") == 3);
        cr_assert(rows_of(r, "mix") == 1 && rows_of(r, "task_means") > 1 && r->point.n == 0);
        cr_assert(!isnan(r->metric.value[METRIC_AIQ_SINGLES]) &&
                  isnan(r->metric.value[METRIC_AIQ]));
        cr_assert(strstr(note(r, "verdict"), "no router") != NULL);
        check_rows(r);
        eval_result_free(r);
    }
    for (size_t i = 0; i < 60; i++) /* one model has no score on 60 prompts */
        s.score[3 * i + 1] = NAN;
    struct eval_result *r = run(&s, 5, true, &plain);
    cr_assert(r->prompts == 440 &&
                  strstr(note(r, "missing"), "60 of 500 prompts are left out") != NULL,
              "%s", note(r, "missing"));
    eval_result_free(r);
    for (size_t i = 0; i < s.n; i++)
        s.score[3 * i + (i % 3)] = NAN;
    struct err e = {0};
    cr_assert(world_evaluate(&s, 5, true, &plain, &e) == NULL && e.code == ERR_USAGE, "%s", e.text);
    eval_set_deinit(&s);
    world_set(&w, &s);
    for (size_t i = 0; i < s.n; i++) /* an untrained fold */
        s.q[3 * i + 2] = i % 7 ? s.q[3 * i + 2] : (double)NAN;
    cr_assert(world_evaluate(&s, 5, true, &plain, &e) == NULL && strstr(e.text, "train") != NULL,
              "%s", e.text);
    eval_set_deinit(&s);
}

Test(evaluate, json_has_every_key)
{
    static const char *const metrics[] = {"apgr",
                                          "cpt50",
                                          "cpt80",
                                          "aiq",
                                          "aiq_raw",
                                          "aiq_singles",
                                          "aiq_task_means",
                                          "oracle_quality",
                                          "best_single",
                                          "quality_at_lambda_0",
                                          "cost_share_at_best_single",
                                          "quality_at_best_single_cost"};
    static const char *const columns[] = {"name",
                                          "kind",
                                          "quality",
                                          "quality_ci",
                                          "cost_usd_per_1k",
                                          "cost_usd_per_1k_ci",
                                          "latency_p50_ms",
                                          "latency_p95_ms"};
    const struct world w = {400, 2, 2, 1, .1, 7};
    struct eval_set s;
    world_set(&w, &s);
    struct eval_result *r = run(&s, 5, true, &plain);
    struct buf b = BUF_INIT(0);
    struct json *j = NULL;
    struct err e = {0};
    eval_json(r, &b);
    cr_assert(json_parse(b.data, b.len, &j, &e) == 0, "%s", e.text);
    cr_assert(strncmp(b.data, "{\"schema\":\"shunt.eval/1\"", 24) == 0);
    cr_assert(strcmp(json_str(json_get(j, "split")), "cross-fit") == 0 &&
              json_num(json_get(j, "prompts"), 0) == 400);
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
        char ci[64];
        snprintf(ci, sizeof ci, "%s_ci", metrics[k]);
        cr_assert(json_type(json_get(json_get(j, "metrics"), metrics[k])) != JSON_ABSENT, "%s",
                  metrics[k]);
        cr_assert(json_type(json_get(json_get(j, "metrics"), ci)) != JSON_ABSENT, "%s", ci);
    }
    cr_assert(json_count(json_path(j, "metrics.apgr_ci")) == 2 &&
              json_count(json_path(j, "metrics.aiq_ci")) == 2);
    for (const struct json *p = json_first(json_get(j, "policies")); p; p = json_next(p))
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            cr_assert(json_type(json_get(p, columns[k])) != JSON_ABSENT, "%s", columns[k]);
    json_free(j);
    buf_deinit(&b);
    FILE *f = tmpfile();
    cr_assert(eval_table(r, OUT_ALIGNED, f) == 0 && ftell(f) > 1000 &&
              eval_table(r, OUT_CSV, f) == 0);
    fclose(f);
    eval_result_free(r);
    eval_set_deinit(&s);
}
