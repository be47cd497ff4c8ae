/* Made-up data for the tests of eval/: sets, matrices, and predictions of a known quality. */
#ifndef TESTS_EVAL_FIXTURE_H
#define TESTS_EVAL_FIXTURE_H

#include "core/mem.h"
#include "core/money.h"
#include "core/rng.h"
#include "eval/evaluate.h"
#include "eval/set.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline void near_to(const char *what, double got, double want, double tolerance)
{
    cr_assert(fabs(got - want) <= tolerance || (isnan(got) && isnan(want)) ||
                  (isinf(want) && got == want),
              "%s: got %.15g, want %.15g", what, got, want);
}

/* Prompts of different difficulty; model m is right with probability ability(m) - difficulty, costs
 * more the abler it is. Expectations see the difficulty through noise of size `blur`: 0 is a
 * perfect router, a large number one that knows nothing. Every `per_group` prompts are one group.
 */
struct world {
    size_t n, models, tasks, per_group;
    double blur;
    uint64_t seed;
};

static inline void world_set(const struct world *w, struct eval_set *s)
{
    struct rng r;
    rng_seed(&r, w->seed);
    eval_set_init(s, w->n, w->models);
    s->tasks = w->tasks;
    s->groups = (w->n + w->per_group - 1) / w->per_group;
    for (size_t i = 0; i < w->n; i++) {
        const double hard = rng_unit(&r) * .6, seen = hard + w->blur * rng_normal(&r),
                     length = .5 + rng_unit(&r);
        s->weight[i] = 1;
        s->task[i] = (int32_t)rng_below(&r, w->tasks);
        s->group[i] = (int32_t)(i / w->per_group);
        for (size_t m = 0; m < w->models; m++) {
            const size_t k = i * w->models + m;
            const bool last = m + 1 == w->models; /* as good on hard prompts as on easy ones */
            const double able = last ? .88 : .75 + .24 * (double)(m + 1) / (double)(w->models - 1);
            const double p = last ? able : able - hard * 1.2,
                         seen_p = last ? able : able - seen * 1.2;
            s->score[k] = rng_unit(&r) < p;
            s->cost[k] = pow(4, (double)m) * 1e-5 * length * (.8 + .4 * rng_unit(&r));
            s->latency_ms[k] = 100 * (double)(m + 1) * length;
            s->logprob[k] = s->score[k] > 0 ? -.1 - .2 * rng_unit(&r) : -.2 - .6 * rng_unit(&r);
            s->q[k] = fmin(.99, fmax(.01, seen_p));
            s->c[k] = pow(4, (double)m) * 1e-5 * length;
            s->t[k] = .1 * (double)(m + 1) * length;
        }
    }
}

/* The same as a matrix, with names m0, m1, ...; tasks t0, ...; split: t, v, e in turn when `split`.
 */
static inline struct matrix *world_matrix(const struct eval_set *s, bool split)
{
    struct matrix *m = mem_zalloc(sizeof *m);
    const size_t cells = s->n * s->models;
    m->prompts = s->n;
    m->models = s->models;
    m->prompt = mem_array(s->n, sizeof *m->prompt);
    m->model = mem_array(s->models, sizeof *m->model);
    m->score = mem_array(cells, sizeof(double));
    m->cost_nusd = mem_array(cells, sizeof(double));
    m->latency_ms = mem_array(cells, sizeof(double));
    m->tokens_in = mem_array(cells, sizeof(double));
    m->tokens_out = mem_array(cells, sizeof(double));
    m->mean_logprob = mem_array(cells, sizeof(double));
    m->first_reply = mem_array(cells, sizeof(int64_t));
    m->samples = mem_array(cells, sizeof(int32_t));
    for (size_t k = 0; k < s->models; k++)
        m->model[k] = (struct matrix_model){
            .id = (int64_t)k + 100, .name = mem_printf("m%zu", k), .cost_source = COST_REPORTED};
    for (size_t i = 0; i < s->n; i++) {
        m->prompt[i] = (struct matrix_prompt){
            .id = (int64_t)i * 3 + 7,
            .ext_id = mem_printf("p%zu", i),
            .task = mem_printf("t%d", s->task[i]),
            .text = mem_printf("prompt %zu, please %s", i, i % 5 ? "answer" : "refund me"),
            .split = split ? "tve"[s->group[i] % 3] : 0,
            .cluster = s->group[i] + 1,
            .weight = s->weight[i],
            .timestamp_ms = 1700000000000 + (int64_t)i * 3600000,
        };
    }
    for (size_t k = 0; k < cells; k++) {
        m->score[k] = s->score[k];
        m->cost_nusd[k] = s->cost[k] * 1e9;
        m->latency_ms[k] = s->latency_ms[k];
        m->mean_logprob[k] = s->logprob[k];
        m->samples[k] = 1;
    }
    return m;
}

static inline void world_matrix_free(struct matrix *m)
{
    for (size_t i = 0; i < m->prompts; i++) {
        free(m->prompt[i].ext_id);
        free(m->prompt[i].task);
        free(m->prompt[i].text);
    }
    for (size_t k = 0; k < m->models; k++)
        free(m->model[k].name);
    free(m->prompt);
    free(m->model);
    free(m->score);
    free(m->cost_nusd);
    free(m->latency_ms);
    free(m->tokens_in);
    free(m->tokens_out);
    free(m->mean_logprob);
    free(m->first_reply);
    free(m->samples);
    free(m);
}

/* A router's rows: roles by split or by folds of groups, and predictions of every prompt and model.
 * The same predictions serve every scope. */
struct world_router {
    struct router router;
    struct router_prompt *role;
    struct prediction *pred;
    size_t prompts, preds;
};

static inline void world_router_make(const struct eval_set *s, const struct matrix *m, size_t folds,
                                     struct world_router *out)
{
    static char name[] = "r1";
    *out = (struct world_router){.router = {.id = 1, .name = name, .folds = (int64_t)folds},
                                 .prompts = s->n};
    out->role = mem_array(s->n, sizeof *out->role);
    out->pred = mem_array(s->n * s->models, sizeof *out->pred);
    for (size_t i = 0; i < s->n; i++) {
        const int third = s->group[i] % 3;
        out->role[i] = (struct router_prompt){.prompt = m->prompt[i].id,
                                              .fold = folds ? s->group[i] % (int64_t)folds : -1};
        snprintf(out->role[i].role, sizeof out->role[i].role, "%s",
                 folds        ? "fold"
                 : third == 0 ? "train"
                 : third == 1 ? "validation"
                              : "test");
        for (size_t k = 0; k < s->models; k++) {
            const size_t cell = i * s->models + k;
            const int64_t nusd =
                isnan(s->c[cell]) ? MONEY_UNKNOWN : (int64_t)llround(s->c[cell] * 1e9);
            out->pred[out->preds++] = (struct prediction){
                m->prompt[i].id, m->model[k].id, 0, s->q[cell], nusd, s->t[cell] * 1e3};
        }
    }
}

static inline int world_load(void *arg, int64_t scope, struct prediction **out, size_t *n,
                             struct err *e)
{
    const struct world_router *r = arg;
    (void)scope;
    (void)e;
    *out = mem_array(r->preds, sizeof **out);
    *n = r->preds;
    memcpy(*out, r->pred, r->preds * sizeof **out);
    return 0;
}

/* One whole evaluation of a set; folds 0: split. NULL result on error, *e filled. */
static inline struct eval_result *world_evaluate(const struct eval_set *s, size_t folds,
                                                 bool routed, const struct eval_options *o,
                                                 struct err *e)
{
    struct matrix *m = world_matrix(s, folds == 0);
    struct world_router r;
    world_router_make(s, m, folds, &r);
    struct eval_data d = {0};
    struct eval_result *out = NULL;
    int rc = eval_data_make(m, routed ? &r.router : NULL, r.role, routed ? r.prompts : 0, r.pred,
                            routed ? r.preds : 0, 1, &d, e);
    const struct eval_source source = {.load = world_load, .arg = &r};
    if (!rc)
        rc = evaluate(&d, &source, o, &out, e);
    eval_data_deinit(&d);
    free(r.role);
    free(r.pred);
    world_matrix_free(m);
    return rc ? NULL : out;
}

#endif
