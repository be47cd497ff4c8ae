/* Resampling: the sparse form of a curve is the curve of the resample, intervals cover, a router
 * that knows nothing gains nothing. */
#include "eval/boot.h"
#include "eval/curve.h"
#include "eval/metrics.h"
#include "tests/eval_fixture.h"

#include <string.h>

Test(boot, a_resampled_curve_is_the_curve_of_the_resample)
{
    const struct world w = {400, 4, 3, 3, .2, 3};
    struct eval_set s;
    struct sweep c;
    struct boot b;
    struct boot_curve bc;
    world_set(&w, &s);
    for (size_t i = 0; i < s.n; i++)
        s.weight[i] = 1 + (double)(i % 3);
    sweep_run(&s, s.q, s.c, s.score, s.cost, &c);
    boot_init(&b, &s, 16, 77, BOOT_BUCKETS);
    cr_assert(b.buckets == s.groups);
    boot_curve_init(&bc, &b, &s, &c, s.score, s.cost, 40);
    double *count = mem_array(b.buckets * BOOT_BLOCK, sizeof *count), total[BOOT_BLOCK];
    uint32_t *scratch = mem_array(b.buckets, sizeof *scratch);
    double *x = mem_array(2 * bc.knots * BOOT_BLOCK, sizeof *x), *y = x + bc.knots * BOOT_BLOCK;
    boot_counts(&b, 8, count, total, scratch);
    boot_curve_block(&bc, &b, count, total, x, y);
    for (size_t j = 0; j < BOOT_BLOCK; j++) {
        double drawn = 0;
        for (size_t g = 0; g < b.buckets; g++)
            drawn += count[g * BOOT_BLOCK + j];
        near_to("as many groups as there are", drawn, (double)b.buckets, 0);
        for (size_t k = 0; k < bc.knots; k++) {
            const size_t p = bc.point[k];
            const double here = c.point[p].lambda, next = c.point[p + 1].lambda;
            const double lambda = p == 0 ? 0 : isinf(next) ? here * 2 : (here + next) / 2;
            double sx = 0, sy = 0, weight = 0;
            for (size_t i = 0; i < s.n; i++) {
                const double g = count[b.bucket[i] * BOOT_BLOCK + j] * s.weight[i];
                const size_t row = i * s.models;
                const int m = eval_choose(s.models, s.q + row, s.c + row, s.t + row, lambda, 0);
                sx += g * s.cost[row + (size_t)m];
                sy += g * s.score[row + (size_t)m];
                weight += g;
            }
            near_to("cost", x[k * BOOT_BLOCK + j], sx / weight, 1e-14);
            near_to("quality", y[k * BOOT_BLOCK + j], sy / weight, 1e-12);
        }
    }
    boot_curve_deinit(&bc);
    /* The same draw whoever asks. */
    double *again = mem_array(b.buckets * BOOT_BLOCK, sizeof *again);
    boot_counts(&b, 8, again, total, scratch);
    cr_assert(memcmp(again, count, b.buckets * BOOT_BLOCK * sizeof *count) == 0);
    free(again);
    free(count);
    free(scratch);
    free(x);
    boot_deinit(&b);
    boot_init(&b, &s, 16, 77, 10); /* more groups than buckets: by hash, together */
    cr_assert(b.buckets == 10);
    for (size_t i = 1; i < s.n; i++)
        cr_assert(s.group[i] != s.group[i - 1] || b.bucket[i] == b.bucket[i - 1]);
    boot_deinit(&b);
    sweep_deinit(&c);
    eval_set_deinit(&s);
}

/* Groups of 4 prompts that share an effect: an interval that took prompts as independent would
 * cover far less than it says. */
Test(boot, intervals_cover_the_truth_under_clustering)
{
    enum { RUNS = 300, GROUPS = 60, EACH = 4 };
    struct rng r;
    rng_seed(&r, 11);
    int covered = 0;
    for (int run = 0; run < RUNS; run++) {
        struct eval_set s;
        eval_set_init(&s, GROUPS * EACH, 1);
        s.groups = GROUPS;
        s.tasks = 1;
        for (size_t i = 0; i < s.n; i++) {
            s.group[i] = (int32_t)(i / EACH);
            s.weight[i] = 1;
            s.score[i] = (i % EACH ? s.score[i - 1] : rng_normal(&r));
        }
        double mean, lo, hi;
        for (size_t i = 0; i < s.n; i++)
            s.score[i] += .01 * rng_normal(&r);
        boot_slice(&s, s.score, NULL, s.n, 1000, (uint64_t)run, &mean, &lo, &hi);
        covered += lo <= 0 && hi >= 0;
        eval_set_deinit(&s);
    }
    cr_assert(covered >= RUNS * .90 && covered <= RUNS * .98, "%d of %d", covered, RUNS);
}

Test(boot, a_random_order_gains_nothing_and_a_good_one_does)
{
    enum { RUNS = 40 };
    double raw = 0, hull = 0;
    int claimed = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        const struct world w = {600, 2, 1, 1, .2, seed};
        struct eval_set s;
        struct sweep c;
        struct boot b;
        struct metric_result m;
        struct rng r;
        world_set(&w, &s);
        rng_seed(&r, seed + 1000);
        for (size_t i = 0; i < s.n; i++) { /* an order that knows nothing, at equal expected cost */
            s.q[2 * i] = .5;
            s.q[2 * i + 1] = .5 + rng_unit(&r);
            s.c[2 * i] = 1e-5;
            s.c[2 * i + 1] = 4e-5;
        }
        sweep_run(&s, s.q, s.c, s.score, s.cost, &c);
        boot_init(&b, &s, 400, seed, BOOT_BUCKETS);
        const struct metric_source src = {.set = &s, .cost_known = true, .router = &c};
        metric_run(&src, &b, &m);
        raw += (m.value[METRIC_AIQ_RAW] - m.value[METRIC_AIQ_SINGLES]) / RUNS;
        hull += (m.value[METRIC_AIQ] - m.value[METRIC_AIQ_SINGLES]) / RUNS;
        claimed += m.lo[METRIC_GAIN_AIQ_RAW] > 0;
        metric_result_deinit(&m);
        boot_deinit(&b);
        sweep_deinit(&c);
        eval_set_deinit(&s);
    }
    cr_assert(fabs(raw) < .004, "raw curve: %g", raw);
    cr_assert(hull > raw + .002, "the hull flatters: %g against %g", hull, raw);
    cr_assert(claimed <= RUNS / 8, "%d of %d random orders were believed", claimed, RUNS);

    const struct world good = {600, 2, 1, 1, .05, 4};
    struct eval_set s;
    struct sweep c;
    struct boot b;
    struct metric_result m;
    world_set(&good, &s);
    sweep_run(&s, s.q, s.c, s.score, s.cost, &c);
    boot_init(&b, &s, 400, 1, BOOT_BUCKETS);
    const struct metric_source src = {.set = &s, .cost_known = true, .router = &c};
    metric_run(&src, &b, &m);
    cr_assert(m.lo[METRIC_GAIN_AIQ_RAW] > 0, "%g", m.lo[METRIC_GAIN_AIQ_RAW]);
    metric_result_deinit(&m);
    boot_deinit(&b);
    sweep_deinit(&c);
    eval_set_deinit(&s);
}

Test(boot, levels_that_resamples_never_reach)
{
    double v[] = {3, 1, INFINITY, 2, INFINITY}, lo, hi;
    boot_interval(v, 5, &lo, &hi);
    near_to("lower", lo, 1.1, 1e-12);
    cr_assert(isinf(hi));
    double w[] = {1, NAN, 2};
    boot_interval(w, 3, &lo, &hi);
    cr_assert(isnan(lo) && isnan(hi));
    cr_assert(isnan(boot_se(v, 5)));
}

Test(boot, a_resample_without_the_figure_only_widens)
{
    double all[1000], some[1000], many[1000], lo, hi, l2, h2;
    for (int k = 0; k < 1000; k++)
        all[k] = some[k] = many[k] = k % 7 + k * 1e-3;
    for (int k = 0; k < 10; k++)
        some[k * 90] = (double)NAN;
    for (int k = 0; k < 40; k++)
        many[k * 20] = (double)NAN;
    boot_interval(all, 1000, &lo, &hi);
    boot_interval(some, 1000, &l2, &h2);
    cr_assert(l2 <= lo && h2 >= hi && l2 >= 0 && h2 <= 7, "[%g, %g] [%g, %g]", lo, hi, l2, h2);
    boot_interval(many, 1000, &lo, &hi);
    cr_assert(isnan(lo) && isnan(hi), "4 %% of the resamples have no figure");
}
