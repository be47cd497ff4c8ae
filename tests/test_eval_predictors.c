/* Predictions compared on the same prompts: the figures and intervals of metric_run, paired
 * differences of the right sign, and nothing made up where something is unknown. */
#include "eval/metrics.h"
#include "eval/predictors.h"
#include "tests/eval_fixture.h"

enum { RESAMPLES = 200 };

static void compare(const struct eval_set *s, const struct predictor *p, size_t n,
                    struct predictor_figures *out)
{
    struct boot b;
    boot_init(&b, s, RESAMPLES, 5, BOOT_BUCKETS);
    predictors_compare(s, p, n, 0, 1, &b, out);
    boot_deinit(&b);
}

Test(eval_predictors, agrees_with_the_evaluation)
{
    for (size_t models = 2; models <= 4; models++) {
        const struct world w = {900, models, 3, 2, .1, models};
        struct eval_set s;
        world_set(&w, &s);
        struct boot b;
        struct sweep route, pair = {0};
        struct metric_result r;
        AUTO_FREE double *first = mem_array(s.n, sizeof *first);
        for (size_t i = 0; i < s.n; i++) {
            const size_t k = i * models;
            first[i] = s.score[k + (size_t)eval_choose(models, s.q + k, s.c + k, s.t + k, 0, 0)];
        }
        boot_init(&b, &s, RESAMPLES, 5, BOOT_BUCKETS);
        cr_assert(sweep_run(&s, s.q, s.c, s.score, s.cost, &route));
        if (models == 2)
            sweep_pair(&s, s.q, 0, 1, &pair);
        const struct metric_source src = {.set = &s,
                                          .cost_known = true,
                                          .router = &route,
                                          .router_pair = models == 2 ? &pair : NULL,
                                          .weak = 0,
                                          .strong = 1,
                                          .router_0 = first};
        metric_run(&src, &b, &r);
        struct predictor_figures f;
        compare(&s, &(struct predictor){.q = s.q}, 1, &f);
        static const int pairs[][2] = {{PREDICTOR_AIQ, METRIC_AIQ},
                                       {PREDICTOR_AIQ_RAW, METRIC_AIQ_RAW},
                                       {PREDICTOR_APGR, METRIC_APGR},
                                       {PREDICTOR_QUALITY, METRIC_QUALITY_AT_LAMBDA_0}};
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
            const struct figure *x = &f.value[pairs[k][0]];
            const char *name = predictor_metric_names[pairs[k][0]];
            near_to(name, x->value, r.value[pairs[k][1]], 1e-12);
            near_to(name, x->lo, r.lo[pairs[k][1]], 1e-12);
            near_to(name, x->hi, r.hi[pairs[k][1]], 1e-12);
        }
        cr_assert(isnan(f.value[PREDICTOR_APGR].value) == (models > 2));
        metric_result_deinit(&r);
        sweep_deinit(&route);
        sweep_deinit(&pair);
        boot_deinit(&b);
        eval_set_deinit(&s);
    }
}

/* A copy differs by exactly nothing, a blurred one is worse, and the interval knows it. */
Test(eval_predictors, differences_are_paired)
{
    const struct world sharp = {2000, 3, 4, 1, .02, 9}, dull = {2000, 3, 4, 1, .6, 9};
    struct eval_set s, blurred;
    world_set(&sharp, &s);
    world_set(&dull, &blurred);
    struct predictor_figures f[3];
    const struct predictor p[3] = {{.q = s.q}, {.q = s.q}, {.q = blurred.q}};
    compare(&s, p, 3, f);
    for (int k = 0; k < PREDICTOR_METRICS; k++) {
        cr_assert(isnan(f[0].less_first[k].value), "the first has no difference");
        if (k == PREDICTOR_APGR)
            continue;
        near_to(predictor_metric_names[k], f[1].less_first[k].value, 0, 0);
        near_to(predictor_metric_names[k], f[1].less_first[k].lo, 0, 0);
        near_to(predictor_metric_names[k], f[1].less_first[k].hi, 0, 0);
    }
    cr_assert(f[2].less_first[PREDICTOR_LOG_LOSS].lo > 0, "log loss is higher");
    cr_assert(f[2].less_first[PREDICTOR_AIQ_RAW].hi < 0, "less area: %g",
              f[2].less_first[PREDICTOR_AIQ_RAW].hi);
    cr_assert(f[2].less_first[PREDICTOR_QUALITY].hi < 0);
    const struct figure *d = &f[2].less_first[PREDICTOR_LOG_LOSS];
    cr_assert(d->lo < d->value && d->value < d->hi);
    near_to("difference", d->value,
            f[2].value[PREDICTOR_LOG_LOSS].value - f[0].value[PREDICTOR_LOG_LOSS].value, 1e-15);
    eval_set_deinit(&s);
    eval_set_deinit(&blurred);
}

/* An unknown cost leaves quality and loss standing and everything priced out; one group gives no
 * interval. */
Test(eval_predictors, unknown_costs_and_one_group)
{
    const struct world w = {300, 2, 2, 300, .1, 3};
    struct eval_set s;
    world_set(&w, &s);
    s.cost[17] = (double)NAN;
    struct predictor_figures f[2];
    compare(&s, (const struct predictor[]){{.q = s.q}, {.q = s.q}}, 2, f);
    cr_assert(isnan(f[0].value[PREDICTOR_AIQ].value) && isnan(f[0].value[PREDICTOR_AIQ_RAW].value));
    cr_assert(isnan(f[0].value[PREDICTOR_COST].value));
    cr_assert(f[0].value[PREDICTOR_QUALITY].value > 0.3);
    cr_assert(f[0].value[PREDICTOR_APGR].value > 0, "two models need no cost");
    cr_assert(isnan(f[0].value[PREDICTOR_QUALITY].lo) && isnan(f[1].less_first[1].lo));
    eval_set_deinit(&s);
}

/* A policy without expectations has its score and cost, and a hull the area of mixing. */
Test(eval_predictors, policies_without_expectations)
{
    const struct world w = {800, 2, 3, 1, .1, 4};
    struct eval_set s;
    world_set(&w, &s);
    AUTO_FREE double *value = mem_array(s.n, sizeof *value), *cost = mem_array(s.n, sizeof *cost);
    for (size_t i = 0; i < s.n; i++) {
        value[i] = s.score[i * 2 + 1];
        cost[i] = s.cost[i * 2 + 1];
    }
    struct predictor_figures f[3];
    compare(&s,
            (const struct predictor[]){{.q = s.q}, {.value = value, .cost = cost}, {.hull = true}},
            3, f);
    near_to("quality", f[1].value[PREDICTOR_QUALITY].value, eval_set_mean(&s, s.score, 1), 1e-12);
    near_to("cost", f[1].value[PREDICTOR_COST].value, 1000 * eval_set_mean(&s, s.cost, 1), 1e-12);
    cr_assert(isnan(f[1].value[PREDICTOR_AIQ_RAW].value));
    cr_assert(isnan(f[1].value[PREDICTOR_LOG_LOSS].value) && isnan(f[1].value[PREDICTOR_APGR].lo));
    cr_assert(f[1].less_first[PREDICTOR_QUALITY].lo < f[1].less_first[PREDICTOR_QUALITY].hi);
    /* two models: the chord, flat where the dearer one is no better */
    const double a = eval_set_mean(&s, s.score, 0), b = eval_set_mean(&s, s.score, 1);
    near_to("chord", f[2].value[PREDICTOR_AIQ_RAW].value, b > a ? (a + b) / 2 : a, 1e-12);
    near_to("apgr", f[2].value[PREDICTOR_APGR].value, .5, 0);
    cr_assert(f[2].less_first[PREDICTOR_AIQ_RAW].hi < 0, "a router that knows something is better");
    cr_assert(isnan(f[2].value[PREDICTOR_QUALITY].value));
    eval_set_deinit(&s);
}
