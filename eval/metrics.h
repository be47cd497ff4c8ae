/* The metrics of METRICS section 0, as one function of means: the same code gives the figures and,
 * called on resampled means, their intervals.
 *
 * Areas lie between the smallest and the largest mean cost of a single model, in the figures and in
 * each resample anew; the best single model too is found anew in each resample.
 */
#ifndef EVAL_METRICS_H
#define EVAL_METRICS_H

#include "eval/boot.h"
#include "eval/sweep.h"

enum metric {
    METRIC_APGR,
    METRIC_CPT50,
    METRIC_CPT80,
    METRIC_APGR_TASK_MEANS,
    METRIC_CPT50_TASK_MEANS,
    METRIC_CPT80_TASK_MEANS,
    METRIC_AIQ,
    METRIC_AIQ_RAW,
    METRIC_AIQ_SINGLES,
    METRIC_AIQ_TASK_MEANS,
    METRIC_AIQ_TASK_MEANS_RAW,
    METRIC_ORACLE_QUALITY,
    METRIC_BEST_SINGLE_QUALITY,
    METRIC_CONSTANT_QUALITY,
    METRIC_QUALITY_AT_LAMBDA_0,
    METRIC_TASK_MEANS_AT_LAMBDA_0,
    METRIC_COST_SHARE_AT_BEST_SINGLE,
    METRIC_QUALITY_AT_BEST_SINGLE_COST,
    METRIC_COST_SHARE_TASK_MEANS,
    METRIC_QUALITY_AT_BEST_SINGLE_COST_TASK_MEANS,
    /* Increments over the best control, paired: what verdicts are made of. */
    METRIC_GAIN_AIQ_RAW,  /* aiq_raw - max(aiq_task_means_raw, aiq_singles) */
    METRIC_GAIN_APGR,     /* apgr - max(apgr_task_means, 1/2) */
    METRIC_GAIN_LAMBDA_0, /* quality_at_lambda_0 - constant */
    METRICS,
};
extern const char *const metric_names[METRICS];

/* A curve's means in order of lambda. */
struct curve_means {
    size_t n; /* 0: there is none */
    const double *x, *y;
};

struct metric_input {
    size_t models;
    const double *cost, *quality; /* [models] of single models; cost NULL where any is unknown */
    struct curve_means router, task_means;           /* with their last point */
    struct curve_means router_pair, task_means_pair; /* share and quality; two models only */
    size_t weak, strong;
    double oracle, constant, router_0, task_means_0; /* NaN: there is none */
};

/* scratch: at least metric_scratch(in) doubles. Metrics that do not apply are NaN, levels that are
 * not reached +INFINITY. */
size_t metric_scratch(const struct metric_input *in);
void metric_compute(const struct metric_input *in, double *scratch, double out[METRICS]);

/* The curves and columns behind the metrics, of the prompts evaluated. */
struct metric_source {
    const struct eval_set *set;
    bool cost_known;                                   /* every observed cost is there */
    const struct sweep *router, *task_means;           /* NULL: none */
    const struct sweep *router_pair, *task_means_pair; /* NULL unless two models */
    size_t weak, strong;
    const double *oracle, *constant, *router_0, *task_means_0; /* [n] quality per prompt, or NULL */
};

struct metric_result {
    double value[METRICS]; /* exact, over all breakpoints */
    double lo[METRICS], hi[METRICS], se[METRICS];
    /* The router's curve at the knots of the resampling, with intervals. */
    size_t knots;
    size_t *knot; /* index of the sweep's point */
    double *x_lo, *x_hi, *y_lo, *y_hi;
};

/* Resamples are thinned to BOOT_KNOTS points a curve; what thinning alone changes is added back. */
void metric_run(const struct metric_source *src, const struct boot *b, struct metric_result *out);
void metric_result_deinit(struct metric_result *r);

#endif
