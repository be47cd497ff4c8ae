/* Private to this folder: the evaluation in progress (evaluate.c, parts.c, verdict.c, series.c). */
#ifndef EVAL_WORK_H
#define EVAL_WORK_H

#include "eval/control.h"
#include "eval/evaluate.h"
#include "eval/outcome.h"

struct work {
    struct eval_data *data;
    const struct eval_source *source;
    const struct eval_options *option;
    struct eval_result *result;
    struct eval_set test; /* the prompts evaluated, with the router's expectations */
    size_t *at;           /* [test.n] index in data->all */
    size_t *place;        /* [data->all.n] index in test, SIZE_MAX: not evaluated */
    bool cost_known;      /* every observed cost of data->all */
    int strong, weak;     /* of two models, by the training side */
    struct point_spec *spec;
    size_t specs;
    /* What each policy does on the prompts evaluated. */
    double *task_q, *task_c, *task_t; /* [test.n * models] the table of task means */
    int *constant, *oracle, *rules;   /* [test.n]; rules NULL: none */
    int *argmax;                      /* [test.n] the router at lambda 0; NULL: no router */
    int **point;                      /* [specs][test.n] */
    bool *reached;   /* [specs] the promise was kept on the selection data of every part */
    double *cascade; /* [3][test.n] quality, cost, latency; NULL: no log-probabilities */
    char *cascade_name;
    struct plan_work *plan; /* plan_run.h; NULL: replies tell nothing */
    struct boot boot;
    struct sweep router, task_means, router_pair, task_means_pair;
    bool has_router, has_task_means; /* curves */
    struct outcomes outcomes;
};

/* Index of a policy among the outcomes' entries, by kind and name (NULL: the first); -1: none. */
long work_entry(const struct work *w, const char *kind, const char *name);

/* parts.c: everything that is chosen, part by part. */
int work_choose(struct work *w, struct err *e);
/* Predictions of one scope in place of those that w->data holds. */
int work_load_scope(struct work *w, int64_t scope, struct err *e);
/* Moves the prompts that have a prediction of every model together; returns how many. */
size_t work_keep_predicted(const struct eval_set *all, size_t *index, size_t n);
/* verdict.c: comparisons, verdict, advice, what is missing. */
void work_verdict(struct work *w);
/* series.c: curves, hulls, calibration bins, cost per day. */
void work_series(struct work *w);

#endif
