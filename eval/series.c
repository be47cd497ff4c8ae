/* Series for figures: curves and hulls, single models, calibration bins, cost per day. Costs are US
 * dollars per 1,000 requests, as everywhere in the output. */
#include "eval/work.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/stat.h"
#include "eval/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 200, BINS = 10 };

static void add_curve(struct work *w, const char *policy, const struct sweep *s)
{
    size_t keep[CURVE_POINTS];
    const size_t n = sweep_thin(s, CURVE_POINTS, keep);
    for (size_t k = 0; k < n; k++) {
        const struct sweep_point *p = &s->point[keep[k]];
        result_series(w->result, policy, "curve", (int64_t)k, p->x * 1e3, p->y, (double)NAN,
                      (double)NAN, mem_printf("%.9g", p->lambda));
    }
}

/* The router's curve with the intervals of its knots, and its end. */
static void add_router_curve(struct work *w)
{
    const struct metric_result *m = &w->result->metric;
    const size_t step = (m->knots + CURVE_POINTS - 1) / CURVE_POINTS;
    int64_t i = 0;
    for (size_t k = 0; k < m->knots; k += step) {
        const struct sweep_point *p = &w->router.point[m->knot[k]];
        result_series(w->result, "router", "curve", i++, p->x * 1e3, p->y, m->y_lo[k], m->y_hi[k],
                      mem_printf("%.9g", p->lambda));
    }
    const struct sweep_point *end = &w->router.point[w->router.points - 1];
    result_series(w->result, "router", "curve", i, end->x * 1e3, end->y, (double)NAN, (double)NAN,
                  mem_strdup("inf"));
}

static void add_hull(struct work *w, const char *policy, const double *px, const double *py,
                     size_t n)
{
    AUTO_FREE double *v = mem_array(4 * n, sizeof *v);
    memcpy(v, px, n * sizeof *v);
    memcpy(v + n, py, n * sizeof *v);
    curve_sort(v, v + n, n);
    const size_t h = curve_hull(v, v + n, n, v + 2 * n, v + 3 * n);
    for (size_t k = 0; k < h; k++)
        result_series(w->result, policy, "hull", (int64_t)k, v[2 * n + k] * 1e3, v[3 * n + k],
                      (double)NAN, (double)NAN, NULL);
}

static void add_sweep_hull(struct work *w, const char *policy, const struct sweep *s)
{
    AUTO_FREE double *v = mem_array(2 * s->points, sizeof *v);
    for (size_t k = 0; k < s->points; k++) {
        v[k] = s->point[k].x;
        v[s->points + k] = s->point[k].y;
    }
    add_hull(w, policy, v, v + s->points, s->points);
}

static void add_singles(struct work *w)
{
    const size_t models = w->test.models;
    AUTO_FREE double *v = mem_array(2 * models, sizeof *v);
    for (size_t m = 0; m < models; m++) {
        const struct policy_row *row = result_find(w->result, w->result->model[m], "single");
        v[m] = row->cost_usd_per_1k.value / 1e3;
        v[models + m] = row->quality.value;
        result_series(w->result, "singles", "single", (int64_t)m, row->cost_usd_per_1k.value,
                      row->quality.value, row->quality.lo, row->quality.hi,
                      mem_strdup(w->result->model[m]));
    }
    if (w->cost_known)
        add_hull(w, "singles", v, v + models, models);
}

static void add_pair(struct work *w, const char *policy, const struct sweep *s)
{
    size_t keep[CURVE_POINTS];
    const size_t n = sweep_thin(s, CURVE_POINTS, keep);
    for (size_t k = 0; k < n; k++)
        result_series(w->result, policy, "share", (int64_t)k, s->point[keep[k]].x,
                      s->point[keep[k]].y, (double)NAN, (double)NAN, NULL);
}

/* Wilson's interval (1927) of a mean of n values in 0..1. */
static void wilson(double p, double n, double *lo, double *hi)
{
    const double z = 1.959963984540054, d = 1 + z * z / n;
    const double mid = (p + z * z / (2 * n)) / d,
                 half = z / d * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *lo = mid - half > 0 ? mid - half : 0;
    *hi = mid + half < 1 ? mid + half : 1;
}

/* Ten bins of equal count by expected quality, equal expectations together. */
static void add_calibration(struct work *w, size_t model)
{
    const struct eval_set *t = &w->test;
    AUTO_FREE double *q = mem_array(t->n, sizeof *q);
    AUTO_FREE size_t *order = mem_array(t->n, sizeof *order);
    for (size_t i = 0; i < t->n; i++)
        q[i] = t->q[i * t->models + model];
    stat_order(q, t->n, order);
    AUTO_FREE char *name = mem_printf("calibration:%s", w->result->model[model]);
    size_t at = 0;
    for (int64_t bin = 0; bin < BINS && at < t->n; bin++) {
        size_t end = t->n * (size_t)(bin + 1) / BINS;
        end = end > at ? end : at + 1;
        while (end < t->n && q[order[end]] <= q[order[end - 1]])
            end++;
        double x = 0, y = 0, weight = 0, lo, hi;
        for (size_t k = at; k < end; k++) {
            const double g = t->weight[order[k]];
            x += g * q[order[k]];
            y += g * t->score[order[k] * t->models + model];
            weight += g;
        }
        wilson(y / weight, (double)(end - at), &lo, &hi);
        result_series(w->result, w->result->model[model], name, bin, x / weight, y / weight, lo, hi,
                      mem_printf("%zu", end - at));
        at = end;
    }
}

struct day_cost {
    int64_t day;
    double cost;
};

static int by_day(const void *a, const void *b)
{
    const int64_t x = ((const struct day_cost *)a)->day, y = ((const struct day_cost *)b)->day;
    return (x > y) - (x < y);
}

/* What the prompts evaluated cost on each of their days; choice NULL: model `single` always. */
static void add_days(struct work *w, const char *policy, const int *choice, size_t single)
{
    enum { DAY_MS = 86400000 };
    const struct eval_set *t = &w->test;
    AUTO_FREE struct day_cost *v = mem_array(t->n, sizeof *v);
    for (size_t i = 0; i < t->n; i++) {
        const int64_t ms = w->data->matrix->prompt[w->data->row[w->at[i]]].timestamp_ms;
        if (ms == INT64_MIN)
            return;
        const int64_t day = ms >= 0 ? ms / DAY_MS : (ms - DAY_MS + 1) / DAY_MS;
        v[i] = (struct day_cost){
            day, t->weight[i] * t->cost[i * t->models + (choice ? (size_t)choice[i] : single)]};
    }
    qsort(v, t->n, sizeof *v, by_day);
    int64_t row = 0;
    for (size_t i = 0; i < t->n;) {
        const int64_t day = v[i].day;
        double sum = 0;
        for (; i < t->n && v[i].day == day; i++)
            sum += v[i].cost;
        char date[11];
        clock_date(day * DAY_MS, date);
        result_series(w->result, policy, "cost_per_day", row++, (double)day, sum, (double)NAN,
                      (double)NAN, mem_strdup(date));
    }
}

void work_series(struct work *w)
{
    add_singles(w);
    if (w->has_router) {
        add_router_curve(w);
        add_sweep_hull(w, "router", &w->router);
    }
    if (w->has_task_means) {
        add_curve(w, "task_means", &w->task_means);
        add_sweep_hull(w, "task_means", &w->task_means);
    }
    if (w->test.models == 2) {
        add_pair(w, "task_means", &w->task_means_pair);
        if (w->data->routed)
            add_pair(w, "router", &w->router_pair);
    }
    for (size_t m = 0; w->data->routed && m < w->test.models; m++)
        add_calibration(w, m);
    if (!w->cost_known)
        return;
    for (size_t m = 0; m < w->test.models; m++)
        add_days(w, w->result->model[m], NULL, m);
    for (size_t s = 0; s < w->specs; s++)
        add_days(w, w->spec[s].name, w->point[s], 0);
}
