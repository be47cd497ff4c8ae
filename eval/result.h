/* What an evaluation found: rows, metrics, comparisons, sentences, series; before any of it is
 * printed (print.c) or stored (save.c). */
#ifndef EVAL_RESULT_H
#define EVAL_RESULT_H

#include "core/vec.h"
#include "eval/metrics.h"
#include "eval/plan.h"
#include "eval/points.h"

struct figure {
    double value, lo, hi; /* NaN: does not apply */
};
#define FIGURE_NONE ((struct figure){(double)NAN, (double)NAN, (double)NAN})

struct slice {
    size_t task; /* index in eval_result.task */
    size_t n;
    struct figure quality, cost_usd_per_1k;
};

/* One row: a single model's bears the model's name. */
struct policy_row {
    char *name;
    const char *kind; /* single constant mix task_means oracle rules router point cascade plan */
    struct figure quality, cost_usd_per_1k, latency_p50_ms, latency_p95_ms;
    double latency_mean_ms;
    double lambda_per_usd; /* NaN: none */
    size_t n;
    size_t cost_missing, latency_missing; /* replies */
    double *share;                        /* [models] of requests each model answers, or NULL */
    char *note;                           /* or NULL */
    struct slice *slice;                  /* per task, or NULL */
    size_t slices;
};
struct policy_vec VEC_BODY(struct policy_row);

struct comparison {
    char *a, *b;
    const char *metric;        /* "quality", "cost_usd_per_1k", "aiq_raw", "apgr" */
    struct figure difference;  /* a - b, paired */
    double minimum_detectable; /* at 80 % power and 5 % two-sided; NaN */
};
struct comparison_vec VEC_BODY(struct comparison);

struct sentence {
    char *key, *text;
};
struct sentence_vec VEC_BODY(struct sentence);

struct series_point {
    char *policy, *name, *label; /* label may be NULL */
    int64_t i;
    double x, y, lo, hi;
};
struct series_vec VEC_BODY(struct series_point);

/* A point as it is to be used (DESIGN section 6: chosen on all selection data). */
struct deployed_point {
    struct point_spec spec;
    struct point_choice choice;
    size_t row; /* index in policy: the figures of the procedure */
};
struct deployed_vec VEC_BODY(struct deployed_point);

/* An operating point of plans as it is to be used, chosen on the same data. */
struct deployed_plan {
    const char *name; /* "plan:balanced"; static */
    struct plan_point point;
    double lambda;
    size_t row; /* index in policy */
};
struct deployed_plan_vec VEC_BODY(struct deployed_plan);

/* The cascade-routing plan (plan.h): metrics by the names of metrics.h, NaN where one does not
 * apply.
 */
struct plan_figures {
    bool there;
    struct figure metric[METRICS];
    struct figure gain; /* aiq_raw less the router's, paired */
    double gain_se;
};

struct eval_result {
    bool cross_fit;
    size_t prompts, models, tasks;
    char **model, **task;
    char *router; /* or NULL */
    int64_t seed;
    size_t resamples, groups;
    /* Left out or unknown: prompts that some model has no score on, prompts that came after the
     * training, (prompt, model) pairs without cost or latency, replies without a score. */
    size_t unscored_prompts, unseen_prompts, unknown_cost, unknown_latency, unscored_replies;
    int best_single,
        constant; /* indices of models; best_single has the highest mean on these prompts */
    struct metric_result metric;
    struct plan_figures plan;
    struct policy_vec policy;
    struct comparison_vec comparison;
    struct sentence_vec note;
    struct series_vec series;
    struct deployed_vec point;
    struct deployed_plan_vec plan_point;
};

void eval_result_free(struct eval_result *r);
/* The texts are taken over (heap). */
void result_note(struct eval_result *r, const char *key, char *text);
void result_series(struct eval_result *r, const char *policy, const char *name, int64_t i, double x,
                   double y, double lo, double hi, char *label);
const struct policy_row *result_find(const struct eval_result *r, const char *name,
                                     const char *kind);

#endif
