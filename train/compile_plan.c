/* Compile, part four: what plans, stages and the watch over drift need: confidence heads, value
 * heads, limits, deciles of held-out scores. All of it was chosen before, by train and eval.
 */
#include "core/log.h"
#include "core/mem.h"
#include "core/stat.h"
#include "store/result.h"
#include "store/stages.h"
#include "train/compile_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const unsigned MOST_CALLS = 8; /* with those that replace failed ones */

static bool is_plan(const struct point *x)
{
    return x->kind != NULL && strcmp(x->kind, "plan") == 0;
}

static void add_heads(struct draft *d)
{
    const struct params *p = &d->params;
    d->posterior = mem_array(p->tellers * p->models, sizeof *d->posterior);
    for (size_t k = 0; k < p->tellers; k++)
        for (size_t b = 0; b < p->models; b++) {
            const struct posterior_head *h = &p->told[k * p->models + b];
            struct table_posterior *out = &d->posterior[d->spec.posteriors++];
            *out = (struct table_posterior){
                .replied = (int)p->teller[k], .target = (int)b, .bias = h->bias, .task = h->task};
            memcpy(out->weight, h->weight, sizeof h->weight);
            memcpy(out->missing, h->missing, sizeof h->missing);
        }
    d->spec.posterior = d->posterior;
}

static long find_name(char *const *name, size_t n, const char *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], wanted) == 0)
            return (long)i;
    return -1;
}

/* Value heads in the router's order of models and tasks. */
static int add_value(struct draft *d, size_t at, struct err *e)
{
    const struct params *p = &d->params;
    const struct point_value *v = d->point[at].value;
    const size_t M = p->models, wide = 1 + M;
    if (v->models != M)
        return err_set(
            e, ERR_USAGE,
            "operating point '%s' has value heads of %zu models, the router has %zu; run "
            "'shunt eval' again",
            d->point[at].name, v->models, M);
    double *weight = mem_array(M * wide + p->tasks * M, sizeof *weight), *task = weight + M * wide;
    VEC_PUSH(&d->numbers, weight);
    AUTO_FREE long *model = mem_array(M, sizeof *model);
    for (size_t m = 0; m < M; m++) {
        model[m] = find_name(v->model, M, p->model[m]);
        if (model[m] < 0)
            return err_set(
                e, ERR_USAGE,
                "operating point '%s' has no value head for model '%s'; run 'shunt eval' "
                "again",
                d->point[at].name, p->model[m]);
    }
    for (size_t a = 0; a < M; a++) {
        const double *from = v->weight + (size_t)model[a] * wide;
        weight[a * wide] = from[0];
        for (size_t m = 0; m < M; m++)
            weight[a * wide + 1 + m] = from[1 + model[m]];
    }
    for (size_t t = 0; t < p->tasks; t++) {
        const long k = find_name(v->task, v->tasks, p->task[t]);
        for (size_t a = 0; a < M && k >= 0; a++)
            task[t * M + a] = v->task_weight[(size_t)k * M + (size_t)model[a]];
    }
    d->value[d->spec.values++] = (struct table_value){(int)at, v->margin, weight, task};
    return ERR_OK;
}

int draft_plans(struct draft *d, struct err *e)
{
    unsigned escalations = 0;
    size_t plans = 0;
    d->value = mem_array(d->points, sizeof *d->value);
    for (size_t i = 0; i < d->points; i++) {
        if (!is_plan(&d->point[i]))
            continue;
        plans++;
        if (d->point[i].max_calls - 1 > (int64_t)escalations)
            escalations = (unsigned)(d->point[i].max_calls - 1);
        int rc = d->point[i].value != NULL ? add_value(d, i, e) : ERR_OK;
        if (rc != ERR_OK)
            return rc;
    }
    if (plans == 0)
        return ERR_OK;
    if (d->params.tellers == 0)
        return err_set(e, ERR_USAGE,
                       "router '%s' has plans but no confidence heads that a table can hold; run "
                       "'shunt train' and 'shunt eval' again",
                       d->router.name);
    add_heads(d);
    d->spec.value = d->value;
    d->spec.plan = (struct table_plan){.max_calls = escalations + 1 > MOST_CALLS ? escalations + 1
                                                                                 : MOST_CALLS,
                                       .max_escalations = escalations};
    return ERR_OK;
}

/* ---- drift ---- */

struct scored {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    const double x = ((const struct scored *)a)->value, y = ((const struct scored *)b)->value;
    return (x > y) - (x < y);
}

/* Edges lie between values, so that no rounding carries many equal ones over an edge. */
static void deciles(struct scored *v, size_t n, struct table_drift *out)
{
    double all = 0, before = 0;
    size_t k = 0;
    qsort(v, n, sizeof *v, by_value);
    for (size_t i = 0; i < n; i++)
        all += v[i].weight;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || v[i].value > v[i - 1].value)
            for (const double low = i > 0 ? v[i - 1].value : 0;
                 k < 9 && before >= all * (double)(k + 1) / 10; k++)
                out->edge[k] = low + (v[i].value - low) / 2;
        out->share[k] += v[i].weight / all;
        before += v[i].weight;
    }
    for (; k < 9; k++) /* what is left ends in a block of equal values */
        out->edge[k] = v[n - 1].value + (1 - v[n - 1].value) / 2;
}

/* Held-out qualities q [prompts][models] with weights; NaN where a prompt has none. */
static int load_scores(struct draft *d, double *q, struct err *e)
{
    const struct matrix *m = d->matrix;
    const size_t M = d->params.models;
    struct prediction *p = NULL;
    size_t n = 0, i = 0;
    for (size_t k = 0; k < m->prompts * M; k++)
        q[k] = (double)NAN;
    int rc = prediction_load(d->store, d->router.id, SCOPE_NONE, &p, &n, e);
    for (size_t k = 0; rc == ERR_OK && k < n; k++) {
        while (i < m->prompts && m->prompt[i].id < p[k].prompt)
            i++;
        if (i == m->prompts || m->prompt[i].id != p[k].prompt || p[k].after_reply != 0)
            continue;
        for (size_t j = 0; j < m->models; j++)
            if (m->model[j].id == p[k].model) {
                const int at = draft_model(d, m->model[j].name);
                if (at >= 0)
                    q[i * M + (size_t)at] = p[k].quality;
            }
    }
    free(p);
    return rc;
}

int draft_drift(struct draft *d, struct err *e)
{
    const size_t M = d->params.models, prompts = d->matrix->prompts;
    AUTO_FREE double *q = mem_array(prompts * M, sizeof *q);
    AUTO_FREE struct scored *v = mem_array((1 + M) * prompts, sizeof *v);
    int rc = load_scores(d, q, e);
    if (rc != ERR_OK)
        return rc;
    size_t n = 0;
    for (size_t i = 0; i < prompts; i++) {
        double best = 0;
        bool known = true;
        for (size_t m = 0; m < M; m++) {
            known = known && !isnan(q[i * M + m]);
            if (d->model[m].tier == 0)
                best = fmax(best, q[i * M + m]);
        }
        if (!known)
            continue;
        for (size_t s = 0; s <= M; s++)
            v[s * prompts + n] =
                (struct scored){s == 0 ? 1 - best : q[i * M + s - 1], d->matrix->prompt[i].weight};
        n++;
    }
    if (n < 10)
        return ERR_OK;
    d->drift = mem_array(1 + M, sizeof *d->drift);
    for (size_t s = 0; s <= M; s++)
        deciles(v + s * prompts, n, &d->drift[s]);
    d->spec.drift = d->drift;
    d->spec.drifts = 1 + M;
    return ERR_OK;
}

/* ---- stages ---- */

static int see_stage(void *arg, const struct stage_kind *k, struct err *e)
{
    struct draft *d = arg;
    const char *name = k->request[0] != '\0' ? k->request : "staged";
    struct table_ensemble *x = d->ensemble.n > 0 ? &d->ensemble.v[d->ensemble.n - 1] : NULL;
    if (x == NULL || strcmp(x->name, name) != 0) {
        const struct table_ensemble new = {.name = draft_keep(d, mem_strdup(name)),
                                           .point = (int)draft_standard_point(d)};
        VEC_PUSH(&d->ensemble, new);
        x = &d->ensemble.v[d->ensemble.n - 1];
    }
    const struct table_stage stage = {
        .name = draft_keep(d, mem_strdup(k->stage)),
        .task = k->task != NULL ? draft_keep(d, mem_strdup(k->task)) : NULL,
        .model = -1, /* as its requests are routed: a constant for all of them is no better */
        .vote = -1,
        .quality = -1,
        .cost_nusd = -1,
    };
    VEC_PUSH(&d->stage, stage);
    x->stages++;
    (void)e;
    return ERR_OK;
}

/* What the point gave on the prompts of a stage, each a task of its own. */
static int see_figure(void *arg, const struct evaluation *v, struct err *e)
{
    struct draft *d = arg;
    (void)e;
    const bool quality = strcmp(v->metric, "quality") == 0;
    if (strcmp(v->kind, "point") != 0 || strncmp(v->slice, "task:", 5) != 0 ||
        strcmp(v->policy, d->point[draft_standard_point(d)].name) != 0 ||
        (!quality && strcmp(v->metric, "cost_usd_per_1k") != 0) || isnan(v->value))
        return ERR_OK;
    for (size_t i = 0; i < d->stage.n; i++) {
        struct table_stage *x = &d->stage.v[i];
        if (x->task == NULL || strcmp(x->task, v->slice + 5) != 0)
            continue;
        if (quality)
            x->quality = v->value;
        else
            x->cost_nusd = v->value * 1e9 / 1000;
    }
    return ERR_OK;
}

int draft_stages(struct draft *d, struct err *e)
{
    int64_t run = 0;
    int rc = stage_kind_each(d->store, see_stage, d, e);
    if (rc != ERR_OK || d->ensemble.n == 0)
        return rc;
    rc = evaluation_each(d->store, d->router.id, &run, see_figure, d, e);
    for (size_t i = 0, at = 0; i < d->ensemble.n; i++) {
        d->ensemble.v[i].stage = d->stage.v + at;
        at += d->ensemble.v[i].stages;
    }
    d->spec.ensemble = d->ensemble.v;
    d->spec.ensembles = d->ensemble.n;
    return rc;
}
