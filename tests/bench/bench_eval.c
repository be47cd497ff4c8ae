/* The sweep and its resampling on made-up prompts: seconds here, data for numpy in a file.
 *
 *   bench_eval PROMPTS FILE      writes q, c, score, cost as float64 [PROMPTS][9] each, prints
 * seconds
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "eval/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MODELS = 9, RESAMPLES = 2000 };

static void fill(struct eval_set *s)
{
    struct rng r;
    rng_seed(&r, 1);
    s->tasks = 1;
    s->groups = s->n;
    for (size_t i = 0; i < s->n; i++) {
        const double hard = rng_unit(&r);
        s->weight[i] = 1;
        s->group[i] = (int32_t)i;
        for (size_t m = 0; m < MODELS; m++) {
            const size_t k = i * MODELS + m;
            const double p = 1 / (1 + exp(-(1 + .35 * (double)m - 3 * hard)));
            s->q[k] = fmin(.999, fmax(.001, p + .1 * rng_normal(&r)));
            s->c[k] = 1e-5 * pow(1.7, (double)m) * (.5 + hard);
            s->score[k] = rng_unit(&r) < p;
            s->cost[k] = s->c[k] * (.7 + .6 * rng_unit(&r));
        }
    }
}

static int write_data(const struct eval_set *s, const char *path)
{
    AUTO_FILE FILE *f = fopen(path, "wb");
    const double *const columns[] = {s->q, s->c, s->score, s->cost};
    for (int k = 0; f && k < 4; k++)
        if (fwrite(columns[k], sizeof(double), s->n * MODELS, f) != s->n * MODELS)
            return -1;
    return f && fflush(f) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct eval_set s;
    eval_set_init(&s, (size_t)strtoul(argv[1], NULL, 10), MODELS);
    fill(&s);
    if (write_data(&s, argv[2]))
        return 3;
    const double t0 = clock_s();
    struct sweep w;
    sweep_run(&s, s.q, s.c, s.score, s.cost, &w);
    const double t1 = clock_s();
    struct boot b;
    struct metric_result r;
    boot_init(&b, &s, RESAMPLES, 1, BOOT_BUCKETS);
    const struct metric_source src = {.set = &s, .cost_known = true, .router = &w};
    metric_run(&src, &b, &r);
    const double t2 = clock_s();
    printf("# shunt: %zu prompts, %d models, %zu breakpoints: sweep %.3f s, %d resamples %.3f s\n",
           s.n, MODELS, w.events, t1 - t0, RESAMPLES, t2 - t1);
    printf("# shunt: aiq_raw %.6f [%.5f, %.5f]\n", r.value[METRIC_AIQ_RAW], r.lo[METRIC_AIQ_RAW],
           r.hi[METRIC_AIQ_RAW]);
    printf("# sweep_seconds %.6f\n# total_seconds %.6f\n# aiq_raw %.9f\n", t1 - t0, t2 - t0,
           r.value[METRIC_AIQ_RAW]);
    metric_result_deinit(&r);
    boot_deinit(&b);
    sweep_deinit(&w);
    eval_set_deinit(&s);
    return 0;
}
