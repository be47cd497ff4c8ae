/* The figures of plans: the metrics of METRICS section 0 on a curve of 65 lambdas and the cheapest
 * model, resampled in pairs with the router's; rows, comparisons, series. */
#include "eval/plan_run.h"

#include "core/mem.h"
#include "core/thread.h"
#include "eval/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = PLAN_LAMBDAS + 1 };

struct sums {
    const struct work *w;
    const struct boot *boot;
    size_t models, resamples;
    double *quality, *cost;           /* [models][buckets] of single models */
    double *plan_quality, *plan_cost; /* [PLAN_LAMBDAS][buckets] */
    struct boot_curve router;
    double *values; /* [METRICS + 1][resamples rounded up]; the last: aiq_raw less the router's */
};

/* Metrics of the plan's and the router's curve, each with room for its end behind its points. */
static void compute(const double *cost, const double *quality, size_t models, double *x, double *y,
                    double *router_x, double *router_y, size_t knots, double out[METRICS + 1])
{
    const size_t last = curve_end(cost, models);
    x[PLAN_LAMBDAS] = router_x[knots] = cost[last];
    y[PLAN_LAMBDAS] = router_y[knots] = quality[last];
    struct metric_input in = {.models = models,
                              .cost = cost,
                              .quality = quality,
                              .router = {knots + 1, router_x, router_y},
                              .oracle = (double)NAN,
                              .constant = (double)NAN,
                              .router_0 = (double)NAN,
                              .task_means_0 = (double)NAN};
    AUTO_FREE double *scratch = mem_array(4 * (POINTS + knots + models), sizeof *scratch);
    metric_compute(&in, scratch, out);
    const double router = out[METRIC_AIQ_RAW];
    in.router = (struct curve_means){POINTS, x, y};
    in.router_0 = y[0];
    metric_compute(&in, scratch, out);
    out[METRICS] = out[METRIC_AIQ_RAW] - router;
}

static void run_block(void *arg, size_t block)
{
    struct sums *s = arg;
    const struct boot *b = s->boot;
    const size_t first = block * BOOT_BLOCK, models = s->models, knots = s->router.knots;
    AUTO_FREE double *count = mem_array(b->buckets * BOOT_BLOCK, sizeof *count);
    AUTO_FREE uint32_t *drawn = mem_array(b->buckets, sizeof *drawn);
    double total[BOOT_BLOCK];
    boot_counts(b, first, count, total, drawn);
    const size_t lines = 2 * (models + PLAN_LAMBDAS + knots);
    AUTO_FREE double *mean = mem_array(lines * BOOT_BLOCK, sizeof *mean);
    double *cost = mean, *quality = cost + models * BOOT_BLOCK, *x = quality + models * BOOT_BLOCK,
           *y = x + PLAN_LAMBDAS * BOOT_BLOCK, *rx = y + PLAN_LAMBDAS * BOOT_BLOCK,
           *ry = rx + knots * BOOT_BLOCK;
    for (size_t m = 0; m < models; m++) {
        boot_mean_block(b, s->cost + m * b->buckets, count, total, cost + m * BOOT_BLOCK);
        boot_mean_block(b, s->quality + m * b->buckets, count, total, quality + m * BOOT_BLOCK);
    }
    for (size_t k = 0; k < PLAN_LAMBDAS; k++) {
        boot_mean_block(b, s->plan_cost + k * b->buckets, count, total, x + k * BOOT_BLOCK);
        boot_mean_block(b, s->plan_quality + k * b->buckets, count, total, y + k * BOOT_BLOCK);
    }
    boot_curve_block(&s->router, b, count, total, rx, ry);
    AUTO_FREE double *one = mem_array(lines + 4, sizeof *one);
    double *c1 = one, *q1 = c1 + models, *x1 = q1 + models, *y1 = x1 + POINTS, *rx1 = y1 + POINTS,
           *ry1 = rx1 + knots + 1;
    for (size_t j = 0; j < BOOT_BLOCK; j++) {
        double out[METRICS + 1];
        for (size_t m = 0; m < models; m++) {
            c1[m] = cost[m * BOOT_BLOCK + j];
            q1[m] = quality[m * BOOT_BLOCK + j];
        }
        for (size_t k = 0; k < PLAN_LAMBDAS; k++) {
            x1[k] = x[k * BOOT_BLOCK + j];
            y1[k] = y[k * BOOT_BLOCK + j];
        }
        for (size_t k = 0; k < knots; k++) {
            rx1[k] = rx[k * BOOT_BLOCK + j];
            ry1[k] = ry[k * BOOT_BLOCK + j];
        }
        compute(c1, q1, models, x1, y1, rx1, ry1, knots, out);
        for (size_t k = 0; k <= METRICS; k++)
            s->values[k * s->resamples + first + j] = out[k];
    }
}

/* The figures themselves: the plan's curve as it is, the router's over all breakpoints. */
static void compute_once(const struct work *w, double out[METRICS + 1])
{
    const struct eval_set *t = &w->test;
    const size_t models = t->models, knots = w->router.points - 1;
    AUTO_FREE double *v = mem_array(2 * (models + POINTS + knots + 1), sizeof *v);
    double *cost = v, *quality = cost + models, *x = quality + models, *y = x + POINTS,
           *rx = y + POINTS, *ry = rx + knots + 1;
    double weight = 0;
    for (size_t i = 0; i < t->n; i++)
        weight += t->weight[i];
    for (size_t m = 0; m < models; m++) {
        cost[m] = eval_set_mean(t, t->cost, m);
        quality[m] = eval_set_mean(t, t->score, m);
    }
    for (size_t k = 0; k < PLAN_LAMBDAS; k++) {
        for (size_t i = 0; i < t->n; i++) {
            x[k] += t->weight[i] * w->plan->cost[k * t->n + i];
            y[k] += t->weight[i] * w->plan->score[k * t->n + i];
        }
        x[k] /= weight;
        y[k] /= weight;
    }
    for (size_t k = 0; k < knots; k++) {
        rx[k] = w->router.point[k].x;
        ry[k] = w->router.point[k].y;
    }
    compute(cost, quality, models, x, y, rx, ry, knots, out);
}

static void sums_init(struct sums *s, const struct work *w)
{
    const struct eval_set *t = &w->test;
    const struct boot *b = &w->boot;
    *s = (struct sums){.w = w, .boot = b, .models = t->models};
    s->resamples = (b->resamples + BOOT_BLOCK - 1) / BOOT_BLOCK * BOOT_BLOCK;
    s->quality = mem_array(t->models * b->buckets, sizeof(double));
    s->cost = mem_array(t->models * b->buckets, sizeof(double));
    AUTO_FREE double *column = mem_array(t->n, sizeof *column);
    for (size_t m = 0; m < t->models; m++) {
        for (size_t i = 0; i < t->n; i++)
            column[i] = t->score[i * t->models + m];
        boot_sum(b, t->weight, column, s->quality + m * b->buckets);
        for (size_t i = 0; i < t->n; i++)
            column[i] = t->cost[i * t->models + m];
        boot_sum(b, t->weight, column, s->cost + m * b->buckets);
    }
    s->plan_quality = mem_array(PLAN_LAMBDAS * b->buckets, sizeof(double));
    s->plan_cost = mem_array(PLAN_LAMBDAS * b->buckets, sizeof(double));
    for (size_t k = 0; k < PLAN_LAMBDAS; k++) {
        boot_sum(b, t->weight, w->plan->score + k * t->n, s->plan_quality + k * b->buckets);
        boot_sum(b, t->weight, w->plan->cost + k * t->n, s->plan_cost + k * b->buckets);
    }
    boot_curve_init(&s->router, b, t, &w->router, t->score, t->cost, BOOT_KNOTS);
    s->values = mem_array((METRICS + 1) * s->resamples, sizeof *s->values);
}

static void sums_deinit(struct sums *s)
{
    free(s->quality);
    free(s->cost);
    free(s->plan_quality);
    free(s->plan_cost);
    boot_curve_deinit(&s->router);
    free(s->values);
}

/* apgr, cpt50, cpt80 of two models, in order of what the weak one's reply says. */
static void pair_metrics(struct work *w)
{
    static const enum metric pair[] = {METRIC_APGR, METRIC_CPT50, METRIC_CPT80};
    const struct metric_source src = {.set = &w->test,
                                      .router_pair = &w->plan->pair,
                                      .weak = (size_t)w->weak,
                                      .strong = (size_t)w->strong};
    struct metric_result r;
    metric_run(&src, &w->boot, &r);
    for (size_t k = 0; k < sizeof pair / sizeof *pair; k++)
        w->result->plan.metric[pair[k]] =
            (struct figure){r.value[pair[k]], r.lo[pair[k]], r.hi[pair[k]]};
    metric_result_deinit(&r);
}

void work_plan_metrics(struct work *w)
{
    struct plan_figures *f = &w->result->plan;
    for (size_t k = 0; k < METRICS; k++)
        f->metric[k] = FIGURE_NONE;
    f->gain = FIGURE_NONE;
    if (!w->plan)
        return;
    f->there = true;
    double value[METRICS + 1];
    compute_once(w, value);
    struct sums s;
    sums_init(&s, w);
    const bool drawn = w->boot.buckets >= 2 && w->boot.resamples >= 2;
    if (drawn)
        thread_for(s.resamples / BOOT_BLOCK, 0, run_block, &s);
    for (size_t k = 0; k <= METRICS; k++) {
        struct figure *at = k < METRICS ? &f->metric[k] : &f->gain;
        double *v = s.values + k * s.resamples;
        at->value = value[k];
        if (drawn)
            boot_interval(v, w->boot.resamples, &at->lo, &at->hi);
        if (k == METRICS && drawn)
            f->gain_se = boot_se(v, w->boot.resamples);
    }
    sums_deinit(&s);
    if (w->plan->has_pair)
        pair_metrics(w);
}

void work_plan_rows(struct work *w)
{
    const struct plan_work *p = w->plan;
    const size_t n = w->test.n;
    for (size_t k = 0; p && k < PLAN_LAMBDAS; k++) {
        const struct outcome v = {p->score + k * n, p->cost + k * n, p->latency_ms + k * n, NULL,
                                  false};
        const size_t at = outcome_add(&w->outcomes, "plan", "plan", &v);
        w->result->policy.v[w->outcomes.entry.v[at].row].lambda_per_usd = p->lambda[k];
    }
    for (size_t k = 0; p && k < PLAN_POINTS; k++) {
        const struct outcome v = {p->point[k].score, p->point[k].cost, p->point[k].latency_ms, NULL,
                                  false};
        const size_t at = outcome_add(&w->outcomes, plan_point_names[k], "plan", &v);
        if (p->point[k].always)
            w->result->policy.v[w->outcomes.entry.v[at].row].note =
                mem_strdup("asking again adds nothing here: always the constant");
        for (size_t j = 0; j < w->result->plan_point.n; j++)
            if (strcmp(w->result->plan_point.v[j].name, plan_point_names[k]) == 0)
                w->result->plan_point.v[j].row = w->outcomes.entry.v[at].row;
    }
}

void work_plan_compare(struct work *w)
{
    const long constant = work_entry(w, "constant", NULL);
    for (size_t k = 0; w->plan && k < PLAN_POINTS; k++) {
        const long plan = work_entry(w, "plan", plan_point_names[k]);
        const long point = work_entry(w, "point", plan_point_names[k] + strlen("plan:"));
        const long other[] = {constant, point};
        for (size_t j = 0; j < 2; j++)
            if (plan >= 0 && other[j] >= 0) {
                outcome_compare(&w->outcomes, (size_t)plan, (size_t)other[j], false);
                outcome_compare(&w->outcomes, (size_t)plan, (size_t)other[j], true);
            }
    }
    const struct plan_figures *f = &w->result->plan;
    if (w->plan && !isnan(f->gain.value)) {
        const struct comparison c = {.a = mem_strdup("plan"),
                                     .b = mem_strdup("router"),
                                     .metric = "aiq_raw",
                                     .difference = f->gain,
                                     .minimum_detectable =
                                         (1.959963984540054 + 0.8416212335729143) * f->gain_se};
        VEC_PUSH(&w->result->comparison, c);
    }
}

void work_plan_series(struct work *w)
{
    double x[POINTS], y[POINTS], hx[POINTS], hy[POINTS];
    size_t n = 0;
    for (size_t k = 0; w->plan && k < w->result->policy.n; k++) {
        const struct policy_row *row = &w->result->policy.v[k];
        if (strcmp(row->name, "plan") != 0 || strcmp(row->kind, "plan") != 0 || n == PLAN_LAMBDAS)
            continue;
        x[n] = row->cost_usd_per_1k.value;
        y[n] = row->quality.value;
        result_series(w->result, "plan", "curve", (int64_t)n, x[n], y[n], row->quality.lo,
                      row->quality.hi, mem_printf("%.9g", row->lambda_per_usd));
        n++;
    }
    if (n == 0)
        return;
    const struct sweep_point *end = &w->router.point[w->router.points - 1];
    x[n] = end->x * 1e3;
    y[n] = end->y;
    result_series(w->result, "plan", "curve", (int64_t)n, x[n], y[n], (double)NAN, (double)NAN,
                  mem_strdup("inf"));
    curve_sort(x, y, n + 1);
    const size_t h = curve_hull(x, y, n + 1, hx, hy);
    for (size_t k = 0; k < h; k++)
        result_series(w->result, "plan", "hull", (int64_t)k, hx[k], hy[k], (double)NAN, (double)NAN,
                      NULL);
}
