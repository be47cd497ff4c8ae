/* The evaluation: every policy on the same prompts, with what was chosen chosen elsewhere.
 * Start reading here; result.h is what comes out, data.h what goes in.
 */
#ifndef EVAL_EVALUATE_H
#define EVAL_EVALUATE_H

#include "eval/data.h"
#include "eval/result.h"
#include "eval/rules.h"

struct eval_options {
    int64_t seed;
    size_t resamples;               /* at least 1,000 */
    const struct point_spec *point; /* asked for, beside best, balanced and cheap */
    size_t points;
    const struct eval_rule *rule; /* none: no "rules" row */
    size_t rules;
    const char *router; /* its name, or NULL */
};

/* Where predictions of a scope come from (store/router.h); *out becomes the caller's heap. */
struct eval_source {
    int (*load)(void *arg, int64_t scope, struct prediction **out, size_t *n, struct err *e);
    void *arg;
    /* What replies tell in a scope: told [all.n][models][models], NaN on entry, the quality of the
     * last index's model after a reply of the one before it. NULL: nothing. */
    int (*told)(void *arg, int64_t scope, const struct eval_data *d, float *told, struct err *e);
};

/* d holds the predictions of scope none; they are replaced while folds are worked on.
 * ERR_USAGE, ERR_FORMAT: an asked point that cannot be chosen (eval/points.h), a fold without
 * predictions of its own scope. O(n M^2) a part and curve, plus the resampling. */
int evaluate(struct eval_data *d, const struct eval_source *source, const struct eval_options *o,
             struct eval_result **out, struct err *e);

/* The operating points alone: choice[k * d->all.n + i] is the model that point spec[k] gives prompt
 * i, chosen exactly as evaluate() chooses, or -1 where prompt i is not evaluated. d must be routed.
 */
int evaluate_points(struct eval_data *d, const struct eval_source *source,
                    const struct point_spec *spec, size_t specs, int *choice, struct err *e);

/* The points of plans alone ("plan:balanced", "plan:cheap"), likewise: outcome[k * d->all.n + i] is
 * what point name[k] gives prompt i, score NaN where prompt i is not evaluated. ERR_USAGE: another
 * name, or replies tell nothing, or a cost is unknown. */
struct plan_outcome {
    double score, cost, latency_ms; /* US dollars; of all calls made */
};
int evaluate_plans(struct eval_data *d, const struct eval_source *source, const char *const *name,
                   size_t names, struct plan_outcome *outcome, struct err *e);
/* Is text the name of such a point? */
bool plan_point_known(const char *text);

#endif
