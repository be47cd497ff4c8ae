/* The guard of an operating point (DESIGN section 5): leave the default model only where the data
 * say that it pays, cell by cell.
 *
 * Cells are (task, tercile of g), g the expected gain of the argmax over the default model. A cell
 * of fewer than 10 groups, and an unknown task, use the cell pooled over tasks. A cell passes when
 * its mean realised gain exceeds z times its group-clustered standard error. z is chosen by what it
 * realises on the selection data when every prompt is judged by cells that were computed without
 * its fifth of the groups: with its own cells z = 0 would always look best. A tie goes to the
 * larger z.
 */
#ifndef EVAL_GUARD_H
#define EVAL_GUARD_H

#include "eval/set.h"

enum { GUARD_FOLDS = 5, GUARD_TERCILES = 3, GUARD_MIN_GROUPS = 10 };

struct guard {
    double lambda, mu; /* quality per US dollar, per second */
    int fallback;      /* the default model */
    double z;          /* INFINITY: never leave it */
    double edge[2];    /* tercile edges of g */
    size_t tasks;
    unsigned char *pass; /* [tasks + 1] bit k: tercile k may leave; the last is the pooled cell */
    unsigned char *own;  /* [tasks + 1] bit k: decided by the task's own cell */
    bool leaves;         /* some cell passes and some selection prompt is in it */
    /* What the guarded rule realises on the selection data, each prompt judged without its fifth.
     */
    double quality, cost,
        gain; /* gain: mean score - lambda cost - mu latency, less the default's */
};

/* select: observed scores, costs (needed when lambda > 0), latencies, and expectations q, c, t. */
void guard_fit(const struct eval_set *select, double lambda, double mu, int fallback,
               struct guard *out);
void guard_deinit(struct guard *g);

/* The model for one prompt; task < 0 or >= tasks: unknown. */
int guard_choose(const struct guard *g, size_t models, const double *q, const double *c,
                 const double *t, int task);

#endif
