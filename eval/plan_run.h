/* Private to this folder: plans within an evaluation (plan_run.c, plan_metric.c). */
#ifndef EVAL_PLAN_RUN_H
#define EVAL_PLAN_RUN_H

#include "eval/plan.h"
#include "eval/work.h"

enum { PLAN_POINTS = 2 }; /* balanced, cheap */

struct plan_work {
    double lambda[PLAN_LAMBDAS];
    double *score, *cost, *latency_ms; /* [PLAN_LAMBDAS][test.n] what was done and paid */
    struct {
        double *score, *cost, *latency_ms; /* [test.n] */
        bool always;                       /* every part's point is its constant */
    } point[PLAN_POINTS];
    struct sweep pair; /* two models: in order of what the weak one's reply says */
    bool has_pair;
};

/* Chooses part by part and applies; w->plan stays NULL where nothing is told by replies, or a cost
 * is unknown. Needs w->router. */
int work_plan(struct work *w, struct err *e);
/* w->result->plan: metrics with intervals, paired with the router's. */
void work_plan_metrics(struct work *w);
/* Rows "plan" of the sweep, "plan:balanced" and "plan:cheap", of kind "plan". */
void work_plan_rows(struct work *w);
/* Comparisons of the points; after outcomes_resample. */
void work_plan_compare(struct work *w);
/* Curve and hull. */
void work_plan_series(struct work *w);
void plan_work_free(struct plan_work *p);
/* Names of the points, PLAN_POINTS of them. */
extern const char *const plan_point_names[];

#endif
