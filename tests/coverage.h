/* A router that knows nothing, simulated: two models, prompts in random order. What it adds to the
 * chord of the two is 0, so the 95 % interval of gain_aiq_raw should hold 0 in 19 of 20 runs.
 */
#ifndef TESTS_COVERAGE_H
#define TESTS_COVERAGE_H

#include "core/mem.h"
#include "core/rng.h"
#include "core/stat.h"
#include "eval/metrics.h"

#include <math.h>

struct coverage {
    size_t runs, covered;
    size_t above, below; /* intervals that lie wholly on one side */
    double mean;         /* of the gains */
};

/* Difficulties that both models share, costs that vary by prompt; q an order of its own, the whole
 * way from one model to the other. */
static inline void coverage_set(size_t n, uint64_t seed, struct eval_set *s)
{
    struct rng r;
    rng_seed_for(&r, seed, "coverage");
    eval_set_init(s, n, 2);
    s->tasks = 1;
    s->groups = n;
    for (size_t i = 0; i < n; i++) {
        const double easy = rng_normal(&r), length = exp(.5 * rng_normal(&r));
        s->weight[i] = 1;
        s->group[i] = (int32_t)i;
        for (size_t m = 0; m < 2; m++) {
            const size_t k = i * 2 + m;
            s->score[k] = rng_unit(&r) < stat_sigmoid(.4 + (double)m + easy) ? 1 : 0;
            s->cost[k] = (m ? 2e-3 : 1e-4) * length;
            s->q[k] = m ? .5 + .5 * rng_unit(&r) : .5; /* lambda 0: all to the dear one */
            s->c[k] = m ? 2e-3 : 1e-4;
        }
    }
}

static inline void coverage_run(size_t n, size_t runs, size_t resamples, struct coverage *out)
{
    *out = (struct coverage){.runs = runs};
    for (size_t run = 0; run < runs; run++) {
        struct eval_set s;
        struct boot b;
        struct sweep w;
        struct metric_result x;
        coverage_set(n, 1000 * n + run, &s);
        boot_init(&b, &s, resamples, run + 1, BOOT_BUCKETS);
        sweep_run(&s, s.q, s.c, s.score, s.cost, &w);
        const struct metric_source src = {
            .set = &s, .cost_known = true, .router = &w, .weak = 0, .strong = 1};
        metric_run(&src, &b, &x);
        const double lo = x.lo[METRIC_GAIN_AIQ_RAW], hi = x.hi[METRIC_GAIN_AIQ_RAW];
        out->covered += lo <= 0 && hi >= 0;
        out->above += lo > 0;
        out->below += hi < 0;
        out->mean += x.value[METRIC_GAIN_AIQ_RAW] / (double)runs;
        metric_result_deinit(&x);
        sweep_deinit(&w);
        boot_deinit(&b);
        eval_set_deinit(&s);
    }
}

#endif
