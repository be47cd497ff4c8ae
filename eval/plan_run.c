/* Plans within an evaluation: value heads and points chosen on the selection data of each part,
 * with the predictions of its own scope; then every prompt of the part, at every lambda. Figures
 * are made in plan_metric.c. */
#include "eval/plan_run.h"

#include "core/mem.h"
#include "core/thread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const plan_point_names[] = {"plan:balanced", "plan:cheap"};
static const double slack[PLAN_POINTS] = {0, .02};

/* Rows `index` of told [all.n][models][models]. */
static float *take_told(const float *told, const size_t *index, size_t n, size_t models)
{
    const size_t row = models * models;
    float *out = mem_array(n * row, sizeof *out);
    for (size_t k = 0; k < n; k++)
        memcpy(out + k * row, told + index[k] * row, row * sizeof *out);
    return out;
}

/* What replies tell in one scope; false: nothing at all. */
static int load_told(struct work *w, int64_t scope, float *told, bool *any, struct err *e)
{
    const size_t cells = w->data->all.n * w->test.models * w->test.models;
    for (size_t k = 0; k < cells; k++)
        told[k] = (float)NAN;
    int rc = w->source->told(w->source->arg, scope, w->data, told, e);
    *any = false;
    for (size_t k = 0; k < cells && !*any; k++)
        *any = !isnan(told[k]);
    return rc;
}

/* The finite breakpoints of the routing curve, smallest and largest. */
static bool lambda_range(const struct sweep *s, double *lo, double *hi)
{
    *lo = INFINITY;
    *hi = 0;
    for (size_t k = 0; k < s->points; k++) {
        const double l = s->point[k].lambda;
        if (l > 0 && isfinite(l)) {
            *lo = fmin(*lo, l);
            *hi = fmax(*hi, l);
        }
    }
    return *hi > 0;
}

/* One part: each lambda is a job. */
struct part_job {
    struct work *w;
    const struct plan_normal *normal;
    const struct plan_view *test;
    const struct eval_part *part;
    struct plan_rule rule[PLAN_LAMBDAS];
    double quality[PLAN_LAMBDAS], cost[PLAN_LAMBDAS]; /* on the selection data, out of fold */
    const struct eval_set *select;
};

static void run_lambda(void *arg, size_t k)
{
    struct part_job *j = arg;
    struct plan_work *p = j->w->plan;
    const struct eval_set *s = j->select;
    AUTO_FREE struct plan_end *end = mem_array(s->n, sizeof *end);
    plan_fit(j->normal, p->lambda[k], PLAN_DEPTH, &j->rule[k], end);
    double quality = 0, cost = 0, weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        quality += s->weight[i] * end[i].score;
        cost += s->weight[i] * end[i].cost;
        weight += s->weight[i];
    }
    j->quality[k] = quality / weight;
    j->cost[k] = cost / weight;
    AUTO_FREE double *scratch = mem_array(j->w->test.models, sizeof *scratch);
    for (size_t r = 0; r < j->part->read_n; r++) {
        const size_t i = j->w->place[j->part->read[r]], at = k * j->w->test.n + i;
        struct plan_end done;
        plan_walk(j->test, i, plan_first(&j->rule[k], &j->w->test, i), p->lambda[k], PLAN_DEPTH,
                  scratch, &done);
        p->score[at] = done.score;
        p->cost[at] = done.cost;
        p->latency_ms[at] = done.latency_ms;
    }
}

/* Prompts of tasks that plan take what the sweep did at the point's lambda, others the constant.
 * The point is kept for use when `deploy`. */
static void apply_point(struct part_job *j, size_t which, bool deploy)
{
    struct work *w = j->w;
    struct plan_work *p = w->plan;
    struct plan_point point;
    plan_point_choose(j->normal, p->lambda, j->quality, j->cost, PLAN_DEPTH, slack[which], &point);
    for (size_t r = 0; r < j->part->read_n; r++) {
        const size_t i = w->place[j->part->read[r]];
        const bool plan = !isinf(point.z) && point.leaves[w->test.task[i]];
        const size_t cell = i * w->test.models + (size_t)point.fallback,
                     at = point.at * w->test.n + i;
        p->point[which].score[i] = plan ? p->score[at] : w->test.score[cell];
        p->point[which].cost[i] = plan ? p->cost[at] : w->test.cost[cell];
        p->point[which].latency_ms[i] = plan ? p->latency_ms[at] : w->test.latency_ms[cell];
        p->point[which].always = p->point[which].always && !plan;
    }
    if (deploy) {
        const struct deployed_plan d = {
            .name = plan_point_names[which], .point = point, .lambda = p->lambda[point.at]};
        VEC_PUSH(&w->result->plan_point, d);
    } else {
        plan_point_deinit(&point);
    }
}

/* Chooses on the prompts part->select, whose predictions w->data and told hold, and applies to
 * part->read. */
static void run_selection(struct work *w, const float *told, const struct plan_view *test,
                          const struct eval_part *part, bool deploy)
{
    struct eval_set select;
    eval_set_take(&w->data->all, part->select, part->select_n, &select);
    AUTO_FREE float *of = take_told(told, part->select, part->select_n, w->test.models);
    const struct plan_view view = {&select, of};
    struct plan_normal *normal = plan_normal_new(&view);
    struct part_job j = {.w = w, .normal = normal, .test = test, .part = part, .select = &select};
    thread_for(PLAN_LAMBDAS, 0, run_lambda, &j);
    for (size_t p = 0; p < PLAN_POINTS; p++)
        apply_point(&j, p, deploy);
    for (size_t l = 0; l < PLAN_LAMBDAS; l++)
        plan_rule_deinit(&j.rule[l]);
    plan_normal_free(normal);
    eval_set_deinit(&select);
}

static int run_part(struct work *w, size_t k, float *told, const struct plan_view *test,
                    struct err *e)
{
    struct eval_part part;
    eval_part_make(w->data, k, &part);
    int rc = ERR_OK;
    bool any;
    if (w->data->folds) {
        rc = work_load_scope(w, (int64_t)k, e);
        if (!rc)
            rc = load_told(w, (int64_t)k, told, &any, e);
    }
    if (!rc) {
        part.select_n = work_keep_predicted(&w->data->all, part.select, part.select_n);
        run_selection(w, told, test, &part, w->data->folds == 0);
    }
    eval_part_deinit(&part);
    return rc;
}

/* Cross-fitting deploys points chosen on all prompts, with the predictions of scope none. */
static int deploy_points(struct work *w, float *told, const struct plan_view *test, struct err *e)
{
    bool any;
    int rc = work_load_scope(w, SCOPE_NONE, e);
    if (!rc)
        rc = load_told(w, SCOPE_NONE, told, &any, e);
    if (rc)
        return rc;
    AUTO_FREE size_t *select = mem_array(w->data->all.n, sizeof *select);
    for (size_t i = 0; i < w->data->all.n; i++)
        select[i] = i;
    const struct eval_part all = {
        .select = select, .select_n = work_keep_predicted(&w->data->all, select, w->data->all.n)};
    run_selection(w, told, test, &all, true);
    return ERR_OK;
}

/* Two models: what the weak one's reply says of both, in place of their priors. */
static void sweep_told(struct work *w, const float *told)
{
    const size_t n = w->test.n, weak = (size_t)w->weak;
    AUTO_FREE double *q = mem_array(n * 2, sizeof *q);
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < 2; m++) {
            q[i * 2 + m] = (double)told[(i * 2 + weak) * 2 + m];
            if (isnan(q[i * 2 + m]))
                q[i * 2 + m] = w->test.q[i * 2 + m];
        }
    sweep_pair(&w->test, q, weak, (size_t)w->strong, &w->plan->pair);
    w->plan->has_pair = true;
}

static struct plan_work *plan_work_new(size_t n, double lo, double hi)
{
    struct plan_work *p = mem_zalloc(sizeof *p);
    plan_lambdas(lo, hi, p->lambda);
    p->score = mem_array(PLAN_LAMBDAS * n, sizeof *p->score);
    p->cost = mem_array(PLAN_LAMBDAS * n, sizeof *p->cost);
    p->latency_ms = mem_array(PLAN_LAMBDAS * n, sizeof *p->latency_ms);
    for (size_t k = 0; k < PLAN_POINTS; k++) {
        p->point[k].score = mem_array(n, sizeof(double));
        p->point[k].cost = mem_array(n, sizeof(double));
        p->point[k].latency_ms = mem_array(n, sizeof(double));
        p->point[k].always = true;
    }
    return p;
}

void plan_work_free(struct plan_work *p)
{
    if (!p)
        return;
    free(p->score);
    free(p->cost);
    free(p->latency_ms);
    for (size_t k = 0; k < PLAN_POINTS; k++) {
        free(p->point[k].score);
        free(p->point[k].cost);
        free(p->point[k].latency_ms);
    }
    sweep_deinit(&p->pair);
    free(p);
}

int work_plan(struct work *w, struct err *e)
{
    const size_t models = w->test.models;
    double lo, hi;
    if (!w->data->routed || !w->has_router || models < 2 || !w->source->told ||
        !lambda_range(&w->router, &lo, &hi))
        return ERR_OK;
    AUTO_FREE float *told = mem_array(w->data->all.n * models * models, sizeof *told);
    bool any;
    int rc = load_told(w, SCOPE_NONE, told, &any, e);
    if (rc || !any)
        return rc;
    AUTO_FREE float *of_test = take_told(told, w->at, w->test.n, models);
    const struct plan_view test = {&w->test, of_test};
    w->plan = plan_work_new(w->test.n, lo, hi);
    for (size_t k = 0; !rc && k < eval_part_count(w->data); k++)
        rc = run_part(w, k, told, &test, e);
    if (!rc && w->data->folds)
        rc = deploy_points(w, told, &test, e);
    if (!rc && models == 2)
        sweep_told(w, of_test);
    return rc;
}
