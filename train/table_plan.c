/* The table writer: what plans need (posterior heads, value heads, limits), and the deciles of
 * drift; router/FORMAT.md, 3.13 to 3.16. Where the numbers come from is the trainer's business. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "router/shunt.h"
#include "train/table_parts.h"

static bool usable(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(x[i]) <= SHUNT_LAMBDA_MAX))
            return false;
    return true;
}

/* Fill up to a multiple of eight bytes. */
static void pad(struct buf *b)
{
    while (b->len % 8)
        buf_addc(b, '\0');
}

static int check_posterior(const struct table_spec *s, const struct table_posterior *p, size_t i,
                           struct err *e)
{
    int models = (int)s->models;
    if (p->replied < 0 || p->replied >= models || p->target < 0 || p->target >= models)
        return err_set(e, ERR_USAGE, "posterior head %zu is of a model that does not exist", i + 1);
    if (!usable(&p->bias, 1) || !usable(p->weight, SHUNT_SIGNALS) ||
        !usable(p->missing, SHUNT_SIGNALS) || (p->task && !usable(p->task, 3 * s->tasks)))
        return err_set(e, ERR_USAGE, "a weight of posterior head %zu ('%s' after '%s') is %s",
                       i + 1, s->model[p->target].name, s->model[p->replied].name,
                       "not finite or beyond 1e15");
    for (int k = SHUNT_X_KNOWN; k < SHUNT_SIGNALS; k++)
        if (fabs(p->weight[k]) + fabs(p->missing[k]) > 0)
            return err_set(e, ERR_USAGE,
                           "posterior head %zu has a weight for signal %d: there are "
                           "%d",
                           i + 1, k, SHUNT_X_KNOWN);
    return ERR_OK;
}

static int fill_posterior(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    struct buf *to = &d->part[SHUNT_S_POSTERIOR];
    size_t pairs = s->models * s->models;
    if (s->posteriors == 0)
        return ERR_OK;
    AUTO_FREE uint32_t *at = mem_array(pairs, sizeof *at);
    for (size_t i = 0; i < pairs; i++)
        at[i] = SHUNT_NONE;
    for (size_t i = 0; i < s->posteriors; i++) {
        const struct table_posterior *p = &s->posterior[i];
        int rc = check_posterior(s, p, i, e);
        if (rc)
            return rc;
        uint32_t *slot = &at[(size_t)p->replied * s->models + (size_t)p->target];
        if (*slot != SHUNT_NONE)
            return err_set(e, ERR_USAGE, "two posterior heads for '%s' after '%s'",
                           s->model[p->target].name, s->model[p->replied].name);
        *slot = (uint32_t)i;
    }
    struct shunt_posterior head = {.heads = (uint32_t)s->posteriors, .signals = SHUNT_SIGNALS};
    buf_add(to, &head, sizeof head);
    buf_add(to, at, pairs * sizeof *at);
    pad(to);
    for (size_t i = 0; i < s->posteriors; i++) {
        const struct table_posterior *p = &s->posterior[i];
        struct shunt_posterior_head x = {.bias = p->bias};
        memcpy(x.weight, p->weight, sizeof x.weight);
        memcpy(x.missing, p->missing, sizeof x.missing);
        buf_add(to, &x, sizeof x);
    }
    for (size_t i = 0; i < s->posteriors; i++)
        for (size_t k = 0; k < s->tasks; k++) {
            const double *w = s->posterior[i].task;
            struct shunt_posterior_task x = {0};
            if (w) {
                w += 3 * d->task_order[k];
                x = (struct shunt_posterior_task){w[0], w[1], w[2], 0};
            }
            buf_add(to, &x, sizeof x);
        }
    return ERR_OK;
}

static int fill_value(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    struct buf *to = &d->part[SHUNT_S_VALUE];
    size_t weights = s->models * (1 + s->models);
    if (s->values == 0)
        return ERR_OK;
    AUTO_FREE uint32_t *at = mem_array(s->points + 1, sizeof *at);
    for (size_t i = 0; i < s->points; i++)
        at[i] = SHUNT_NONE;
    for (size_t i = 0; i < s->values; i++) {
        const struct table_value *v = &s->value[i];
        if (v->point < 0 || (size_t)v->point >= s->points || s->point[v->point].share)
            return err_set(e, ERR_USAGE, "value heads %zu are of no operating point with a lambda",
                           i + 1);
        if (at[v->point] != SHUNT_NONE)
            return err_set(e, ERR_USAGE, "two sets of value heads for point '%s'",
                           s->point[v->point].name);
        if (!(v->margin >= 0) || !usable(&v->margin, 1) || !usable(v->weight, weights) ||
            (v->task && !usable(v->task, s->tasks * s->models)))
            return err_set(e, ERR_USAGE,
                           "a number of the value heads of point '%s' is out of range",
                           s->point[v->point].name);
        at[v->point] = (uint32_t)i;
    }
    struct shunt_value head = {.points = (uint32_t)s->values};
    buf_add(to, &head, sizeof head);
    buf_add(to, at, s->points * sizeof *at);
    pad(to);
    for (size_t i = 0; i < s->values; i++) {
        const struct table_value *v = &s->value[i];
        const double first[2] = {v->margin, 0};
        const double none = 0;
        buf_add(to, first, sizeof first);
        buf_add(to, v->weight, weights * sizeof *v->weight);
        for (size_t k = 0; k < s->tasks; k++)
            for (size_t m = 0; m < s->models; m++)
                buf_add(to, v->task ? &v->task[d->task_order[k] * s->models + m] : &none,
                        sizeof none);
    }
    return ERR_OK;
}

static int fill_drift(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    struct buf *to = &d->part[SHUNT_S_DRIFT];
    if (s->drifts == 0)
        return ERR_OK;
    if (s->drifts != 1 && s->drifts != 1 + s->models)
        return err_set(e, ERR_USAGE, "deciles of %zu scores: 1 or %zu are possible", s->drifts,
                       1 + s->models);
    struct shunt_drift head = {.scores = (uint32_t)s->drifts};
    buf_add(to, &head, sizeof head);
    for (size_t i = 0; i < s->drifts; i++) {
        const struct table_drift *x = &s->drift[i];
        struct shunt_drift_score out = {.zero = 0};
        double sum = 0;
        bool good = true;
        for (int k = 0; k < SHUNT_DECILES; k++) {
            good = good && x->share[k] >= 0 && x->share[k] <= 1;
            sum += x->share[k];
        }
        for (int k = 0; k < SHUNT_DECILES - 1; k++)
            good = good && x->edge[k] >= (k ? x->edge[k - 1] : 0) && x->edge[k] <= 1;
        if (!good || !(fabs(sum - 1) <= 1e-6))
            return err_set(e, ERR_USAGE, "the deciles of score %zu are out of range or order",
                           i + 1);
        memcpy(out.edge, x->edge, sizeof out.edge);
        memcpy(out.share, x->share, sizeof out.share);
        buf_add(to, &out, sizeof out);
    }
    return ERR_OK;
}

int table_fill_plan(struct table_draft *d, struct err *e)
{
    const struct table_plan *p = &d->spec->plan;
    int rc = fill_posterior(d, e);
    if (rc == ERR_OK)
        rc = fill_value(d, e);
    if (rc == ERR_OK)
        rc = fill_drift(d, e);
    if (rc || p->max_calls == 0)
        return rc;
    if (p->max_calls > SHUNT_MODELS_MAX || p->max_escalations > SHUNT_MODELS_MAX)
        return err_set(e, ERR_USAGE, "%u calls or %u escalations of a plan: at most %d",
                       p->max_calls, p->max_escalations, SHUNT_MODELS_MAX);
    struct shunt_plan_rules out = {
        .max_calls = p->max_calls,
        .max_escalations = p->max_escalations,
        .over_budget = p->refuse_over_budget ? SHUNT_OVER_REFUSE : SHUNT_OVER_CHEAPEST,
    };
    buf_add(&d->part[SHUNT_S_PLAN], &out, sizeof out);
    return ERR_OK;
}
