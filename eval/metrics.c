/* Metrics of METRICS section 0 from means. metric_run.c resamples them. */
#include "eval/metrics.h"

#include "eval/curve.h"

#include <math.h>
#include <string.h>

const char *const metric_names[METRICS] = {
    [METRIC_APGR] = "apgr",
    [METRIC_CPT50] = "cpt50",
    [METRIC_CPT80] = "cpt80",
    [METRIC_APGR_TASK_MEANS] = "apgr_task_means",
    [METRIC_CPT50_TASK_MEANS] = "cpt50_task_means",
    [METRIC_CPT80_TASK_MEANS] = "cpt80_task_means",
    [METRIC_AIQ] = "aiq",
    [METRIC_AIQ_RAW] = "aiq_raw",
    [METRIC_AIQ_SINGLES] = "aiq_singles",
    [METRIC_AIQ_TASK_MEANS] = "aiq_task_means",
    [METRIC_AIQ_TASK_MEANS_RAW] = "aiq_task_means_raw",
    [METRIC_ORACLE_QUALITY] = "oracle_quality",
    [METRIC_BEST_SINGLE_QUALITY] = "best_single_quality",
    [METRIC_CONSTANT_QUALITY] = "constant_quality",
    [METRIC_QUALITY_AT_LAMBDA_0] = "quality_at_lambda_0",
    [METRIC_TASK_MEANS_AT_LAMBDA_0] = "task_means_at_lambda_0",
    [METRIC_COST_SHARE_AT_BEST_SINGLE] = "cost_share_at_best_single",
    [METRIC_QUALITY_AT_BEST_SINGLE_COST] = "quality_at_best_single_cost",
    [METRIC_COST_SHARE_TASK_MEANS] = "cost_share_task_means",
    [METRIC_QUALITY_AT_BEST_SINGLE_COST_TASK_MEANS] = "quality_at_best_single_cost_task_means",
    [METRIC_GAIN_AIQ_RAW] = "gain_aiq_raw",
    [METRIC_GAIN_APGR] = "gain_apgr",
    [METRIC_GAIN_LAMBDA_0] = "gain_lambda_0",
};

size_t metric_scratch(const struct metric_input *in)
{
    size_t n = in->models;
    n = in->router.n > n ? in->router.n : n;
    n = in->task_means.n > n ? in->task_means.n : n;
    return 4 * n;
}

struct frame {
    double lo, hi;                  /* smallest and largest mean cost of a single model */
    double best_quality, best_cost; /* of the best single model */
};

/* aiq, aiq_raw, cost share and quality at the best single model's cost, of one curve. Any of the
 * outputs may be NULL. */
static void curve_metrics(struct curve_means c, const struct frame *f, double *scratch, double *aiq,
                          double *raw, double *share, double *at_cost)
{
    double *x = scratch, *y = x + c.n, *hx = y + c.n, *hy = hx + c.n;
    memcpy(x, c.x, c.n * sizeof *x);
    memcpy(y, c.y, c.n * sizeof *y);
    curve_sort(x, y, c.n);
    size_t h = curve_hull(x, y, c.n, hx, hy);
    if (aiq)
        *aiq = curve_area(hx, hy, h, f->lo, f->hi);
    if (raw)
        *raw = curve_area(x, y, c.n, f->lo, f->hi);
    if (share)
        *share =
            f->best_cost > 0 ? curve_reach(hx, hy, h, f->best_quality) / f->best_cost : (double)NAN;
    if (at_cost)
        *at_cost = curve_at(hx, hy, h, f->best_cost);
}

static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static void pair_metrics(const struct metric_input *in, struct curve_means c, double *apgr,
                         double *cpt50, double *cpt80)
{
    const double w = in->quality[in->weak], t = in->quality[in->strong];
    if (c.n == 0 || !(t > w))
        return;
    *apgr = curve_apgr(c.x, c.y, c.n, w, t);
    *cpt50 = curve_cpt(c.x, c.y, c.n, w, t, .5);
    *cpt80 = curve_cpt(c.x, c.y, c.n, w, t, .8);
}

void metric_compute(const struct metric_input *in, double *scratch, double out[METRICS])
{
    for (int k = 0; k < METRICS; k++)
        out[k] = (double)NAN;
    struct frame f = {.lo = INFINITY, .hi = -INFINITY, .best_quality = -INFINITY};
    for (size_t m = 0; m < in->models; m++) {
        const double cost = in->cost ? in->cost[m] : 0;
        f.lo = cost < f.lo ? cost : f.lo;
        f.hi = cost > f.hi ? cost : f.hi;
        if (in->quality[m] > f.best_quality ||
            (in->quality[m] >= f.best_quality && cost < f.best_cost)) {
            f.best_quality = in->quality[m];
            f.best_cost = cost;
        }
    }
    if (in->cost) {
        struct curve_means singles = {in->models, in->cost, in->quality};
        curve_metrics(singles, &f, scratch, &out[METRIC_AIQ_SINGLES], NULL, NULL, NULL);
        if (in->router.n)
            curve_metrics(in->router, &f, scratch, &out[METRIC_AIQ], &out[METRIC_AIQ_RAW],
                          &out[METRIC_COST_SHARE_AT_BEST_SINGLE],
                          &out[METRIC_QUALITY_AT_BEST_SINGLE_COST]);
        if (in->task_means.n)
            curve_metrics(in->task_means, &f, scratch, &out[METRIC_AIQ_TASK_MEANS],
                          &out[METRIC_AIQ_TASK_MEANS_RAW], &out[METRIC_COST_SHARE_TASK_MEANS],
                          &out[METRIC_QUALITY_AT_BEST_SINGLE_COST_TASK_MEANS]);
    }
    if (in->models == 2) {
        pair_metrics(in, in->router_pair, &out[METRIC_APGR], &out[METRIC_CPT50],
                     &out[METRIC_CPT80]);
        pair_metrics(in, in->task_means_pair, &out[METRIC_APGR_TASK_MEANS],
                     &out[METRIC_CPT50_TASK_MEANS], &out[METRIC_CPT80_TASK_MEANS]);
    }
    out[METRIC_ORACLE_QUALITY] = in->oracle;
    out[METRIC_BEST_SINGLE_QUALITY] = f.best_quality;
    out[METRIC_CONSTANT_QUALITY] = in->constant;
    out[METRIC_QUALITY_AT_LAMBDA_0] = in->router_0;
    out[METRIC_TASK_MEANS_AT_LAMBDA_0] = in->task_means_0;
    out[METRIC_GAIN_AIQ_RAW] =
        out[METRIC_AIQ_RAW] - larger(out[METRIC_AIQ_TASK_MEANS_RAW], out[METRIC_AIQ_SINGLES]);
    out[METRIC_GAIN_APGR] = out[METRIC_APGR] - larger(out[METRIC_APGR_TASK_MEANS], .5);
    out[METRIC_GAIN_LAMBDA_0] = in->router_0 - in->constant;
}
