/* Plans: ask a model, look at its reply, go on where that pays (cascade routing, Dekoninck et al.
 * 2024, arXiv:2410.10347; DESIGN section 5).
 *
 *   first   the router's decision; but the model whose plan is worth more, where the value heads
 *           say that it is by more than a margin
 *   then    the reply of a changes what is expected of every model that has not answered, and of
 *           a; the model of the largest q - lambda c that was not asked is next, if its
 *           q - lambda c exceeds the q of the best reply so far; else that reply is accepted
 *
 * as router/FORMAT.md section 5 has it, so that a table plans as is evaluated here. A value head
 * gives V_a, what a plan is worth that begins with a (score of the accepted reply less lambda times
 * all that was paid): ridge least squares on the prior logits and the task, fitted to the realised
 * values of every beginning (one step of fitted value iteration), for each lambda anew.
 */
#ifndef EVAL_PLAN_H
#define EVAL_PLAN_H

#include "eval/set.h"

enum {
    PLAN_LAMBDAS = 65, /* 0, then 64, log-spaced; infinity is the cheapest single model */
    PLAN_DEPTH = 3,    /* calls at most */
    PLAN_FOLDS = 5,  /* of groups, for what is chosen on the data that value heads are fitted on */
    PLAN_TASKS = 64, /* with more tasks than that, value heads have no number a task */
};

/* Prompts to plan on: a set, and what replies tell. */
struct plan_view {
    const struct eval_set *set; /* scores, costs, q and c must be known; latency may be NaN */
    const float *told; /* [set->n][models][models] quality of b after a reply of a; NaN: not told */
};

/* What happened on one prompt. */
struct plan_end {
    double score, cost, latency_ms; /* of the accepted reply; sums over the calls */
    unsigned calls;
    int answer;
};
/* Begin with model `first` and act on. scratch: [models]. */
void plan_walk(const struct plan_view *v, size_t i, int first, double lambda, unsigned depth,
               double *scratch, struct plan_end *out);

/* Value heads of one lambda. */
struct plan_rule {
    double lambda;
    double margin; /* INFINITY: plans begin with the router's decision */
    size_t models, width;
    double *weight; /* [models][width] bias, one a prior logit, then one a task (or none) */
};
void plan_rule_deinit(struct plan_rule *r);
/* The first model of prompt i. */
int plan_first(const struct plan_rule *r, const struct eval_set *s, size_t i);

/* What all lambdas share: the normal equations of one set of prompts, whole and without each of
 * PLAN_FOLDS folds of its groups. */
struct plan_normal;
struct plan_normal *plan_normal_new(const struct plan_view *v);
void plan_normal_free(struct plan_normal *x);

/* Fit the value heads of one lambda and choose the margin by what it realises on prompts whose fold
 * the heads have not seen: the largest mean, if it is more than one group-clustered standard error
 * above 0, else INFINITY. end (may be NULL): [n] what the rule does on each prompt, by the heads
 * that have not seen its fold and the margin. O(n models^2). */
void plan_fit(const struct plan_normal *x, double lambda, unsigned depth, struct plan_rule *out,
              struct plan_end *end);

/* 0, then PLAN_LAMBDAS - 1 values log-spaced from lo to hi (0 < lo <= hi). */
void plan_lambdas(double lo, double hi, double out[PLAN_LAMBDAS]);

/* An operating point of plans: "no worse than TARGET at the least cost", with a guard a task. */
struct plan_point {
    size_t at;    /* index of lambda */
    int fallback; /* the default model: the best constant of the selection data */
    double z;     /* INFINITY: never leave it */
    size_t tasks;
    bool *leaves; /* [tasks + 1] plan, or ask the default model alone; the last: unknown tasks */
    struct plan_rule rule; /* at that lambda; weight NULL where nothing leaves */
    bool reached;          /* the selection data say that the promise is kept */
    double quality, cost;  /* on the selection data, out of fold */
};
/* Chosen on the prompts of x: the lambda of least mean cost whose guarded quality is at least that
 * of the best constant less `slack`; a task leaves the default model where the mean of its realised
 * gain, score - lambda cost, exceeds z group-clustered standard errors (fewer than GUARD_MIN_GROUPS
 * groups: the mean over all tasks). z as in guard.h: by what it realises on folds that the cells
 * have not seen. With none, the point is the constant. quality, cost: [PLAN_LAMBDAS] what plan_fit
 * says that each lambda gives out of fold (the means of its `end`). */
void plan_point_choose(const struct plan_normal *x, const double *lambda, const double *quality,
                       const double *cost, unsigned depth, double slack, struct plan_point *out);
void plan_point_deinit(struct plan_point *p);

#endif
