/* Policies as what they gave on each prompt evaluated: means, percentiles, intervals, differences.
 *
 *   outcomes_init, outcome_add ... (one row each), outcomes_resample, outcome_compare ...,
 * outcomes_deinit
 */
#ifndef EVAL_OUTCOME_H
#define EVAL_OUTCOME_H

#include "eval/result.h"

struct outcome_entry {
    size_t row;                 /* in result->policy */
    double *quality, *cost;     /* [buckets] sums; cost NULL: some cost is unknown */
    double *quality_r, *cost_r; /* [resamples, rounded up] means, after outcomes_resample */
};
struct outcome_vec VEC_BODY(struct outcome_entry);

struct outcomes {
    struct eval_result *result;
    const struct eval_set *set;
    const struct boot *boot;
    struct outcome_vec entry;
    size_t resamples; /* rounded up to whole blocks */
};

void outcomes_init(struct outcomes *o, struct eval_result *r, const struct eval_set *set,
                   const struct boot *b);
void outcomes_deinit(struct outcomes *o);

/* What happened on each prompt: quality, cost (US dollars, NaN: unknown), latency (NaN: unknown).
 * choice: the model that answered, for shares and slices; may be NULL. All [set->n]. */
struct outcome {
    const double *quality, *cost, *latency_ms;
    const int *choice;
    bool sliced;
};
/* Adds a row, figures without intervals; returns its index among the entries. name is copied. */
size_t outcome_add(struct outcomes *o, const char *name, const char *kind, const struct outcome *v);
/* The same from choices alone: observed score, cost and latency of the model chosen. */
size_t outcome_add_choice(struct outcomes *o, const char *name, const char *kind, const int *choice,
                          bool sliced);

/* A row of result->policy filled from choices, without intervals and not resampled: for the thinned
 * sweep, whose intervals come from its knots. */
struct policy_row outcome_row(const struct eval_set *set, const struct boot *b, const char *name,
                              const char *kind, const struct outcome *v);

/* Median and 95th percentile of values with weights, with Woodruff's interval (1952): the quantiles
 * at p +- 1.96 standard errors of the share below, clustered by bucket. Unknown values are skipped.
 */
void outcome_percentiles(const double *value, const double *weight, const uint32_t *bucket,
                         size_t n, size_t buckets, struct figure *p50, struct figure *p95);

void outcomes_resample(struct outcomes *o);
/* a - b of entries, "quality" or "cost_usd_per_1k"; appended to the result. false where a cost is
 * unknown. */
bool outcome_compare(struct outcomes *o, size_t a, size_t b, bool cost);

#endif
