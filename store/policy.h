/* Operating points: chosen by eval, read by compile. Stored as JSON in policy.params. */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct point_cell {
    char *task;   /* "" is the pooled cell used for unknown and small tasks */
    bool pass[3]; /* tercile of g: may a prompt there leave the default model? */
};

struct estimate {
    double value, lo, hi; /* NaN where it does not apply */
};

/* Value heads of a plan: what it is worth to begin with each model, from the prior logits of all
 * and the task (bias, then a weight a logit; a number a task). */
struct point_value {
    double margin; /* what leaving the router's decision must gain; INFINITY: never left */
    size_t models, tasks;
    char **model;        /* [models] names */
    char **task;         /* [tasks] names */
    double *weight;      /* [models][1 + models] */
    double *task_weight; /* [tasks][models] added for a task that is named here */
};
void point_value_free(struct point_value *v);

struct point {
    char *name; /* "best", "balanced", "cheap", "budget=0.001", "share=0.3", "plan:balanced", ... */
    char *kind; /* "lambda", "share", or "plan" */
    double lambda_per_usd; /* kind lambda; may be INFINITY (always the cheapest) */
    double mu_per_s;
    double share;        /* kind share: of requests sent to the strong model */
    double threshold;    /* kind share: q_strong - q_weak at or above it goes to the strong one */
    char *weak, *strong; /* kind share: model names */
    double z;            /* guard strength; INFINITY: never leave the default */
    char *default_model;
    double edge[2]; /* tercile edges of g among selection prompts that leave the default */
    struct point_cell *cells;
    size_t cell_count;
    /* kind plan: the task of a cell plans where any tercile may leave, else the default model is
     * asked alone. */
    int64_t max_calls;
    struct point_value *value; /* kind plan; NULL: plans begin with the router's decision */
    struct estimate quality, cost_usd_per_1k, latency_ms; /* expected, on data not used to choose */
    char *note; /* one sentence for reports, or NULL: "routing adds nothing here" */
};

/* A point in use is chosen for deployment from the selection data of the whole store (validation,
 * or all folds); figures belong to the procedure (DESIGN section 6). Replaces the point of that
 * name. */
int point_put(struct store *s, int64_t router, const struct point *p, struct err *e);
int point_load(struct store *s, int64_t router, struct point **out, size_t *n,
               struct err *e); /* by id */
void point_free(struct point *p, size_t n);
int point_clear(struct store *s, int64_t router, struct err *e);

#endif
