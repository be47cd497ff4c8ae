/* Controls: what a router must beat, and what it cannot.
 *
 * Whatever is chosen is chosen on a training or selection set and read on another.
 */
#ifndef EVAL_CONTROL_H
#define EVAL_CONTROL_H

#include "eval/set.h"

/* The model with the largest mean score - lambda * mean cost - mu * mean latency (s); ties go to
 * the cheaper, then to the lower index. Models of unknown cost are out while lambda > 0. -1 when
 * the set is empty or no model is left. */
int control_constant(const struct eval_set *train, double lambda, double mu);

/* The table of per-task means as a router: q, c, t of every prompt of target become
 * (sum over the task + overall mean) / (weight of the task + 1) on the training set; an unknown
 * task gets the overall mean. q, c, t: [target->n * models]. */
void control_task_means(const struct eval_set *train, const struct eval_set *target, double *q,
                        double *c, double *t);

/* Per prompt the model with the best observed score; ties go to the cheaper, then the lower index.
 * choice: [n]. */
void control_oracle(const struct eval_set *s, int *choice);

/* The cost-matched random mix: of the single models' hull, the two models and the share of the
 * second at mean cost `cost`. Beyond an end it is that end (share 0, both the same). */
struct control_mix {
    int low, high;
    double share; /* of requests sent to high */
    double quality, cost;
};
struct control_mix control_mix_at(const double *cost, const double *quality, size_t models,
                                  double at);

/* A two-model cascade: ask first; where the mean log-probability of its reply is below the
 * threshold (or unknown) ask second too and answer with that. The first model's cost is always
 * paid, latencies add up. */
struct control_cascade {
    int first, second; /* -1: none */
    double threshold;
    double quality, cost; /* on the set that it was chosen on */
};
/* The pair and threshold of the largest mean score among those whose mean cost is at most that of
 * the best constant (without costs: among all, by score); ties go to the cheaper. first is -1 when
 * no model has log-probabilities on at least half of the prompts. */
struct control_cascade control_cascade_choose(const struct eval_set *s, int constant);
/* Observed score, cost (US dollars) and latency of prompt i under the cascade. */
void control_cascade_apply(const struct control_cascade *c, const struct eval_set *s, size_t i,
                           double *score, double *cost, double *latency_ms);

#endif
