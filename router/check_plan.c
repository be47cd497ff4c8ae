/* Checking a table, fourth part: the sections of plans, the deciles of drift,
 * and the automaton of the rules (FORMAT.md, 3.13 to 3.17). */
#include <math.h>
#include <string.h>

#include "router/internal.h"

static int damaged(struct fault *f, const char *section)
{
    return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: section '%s'", section);
}

static int all_zero(const uint32_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i])
            return 0;
    return 1;
}

/* Weights beyond this would only hide a broken trainer; within it no sum overflows. */
static int all_within(const double *x, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!(x[i] >= -SHUNT_LAMBDA_MAX && x[i] <= SHUNT_LAMBDA_MAX))
            return 0;
    return 1;
}

static uint64_t padded(uint64_t n)
{
    return (n + 7) / 8 * 8;
}

static int check_posterior(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_posterior *s = (const void *)p->base;
    uint64_t models = t->shape->models;
    uint64_t pairs = models * models;
    if (p->bytes < sizeof *s || s->heads == 0 || s->heads > pairs || s->signals != SHUNT_SIGNALS ||
        !all_zero(s->zero, 14))
        return damaged(f, "postr");
    uint64_t at = sizeof *s + padded(pairs * sizeof(uint32_t));
    uint64_t tasks = at + s->heads * sizeof *t->posterior;
    uint64_t end = tasks + (uint64_t)s->heads * t->shape->tasks * sizeof *t->posterior_task;
    if (p->bytes != end)
        return damaged(f, "postr");

    const uint32_t *head = (const void *)(p->base + sizeof *s);
    for (uint64_t i = 0; i < pairs; i++)
        if (head[i] != SHUNT_NONE && head[i] >= s->heads)
            return damaged(f, "postr");
    if (pairs % 2 && head[pairs])
        return damaged(f, "postr");
    t->posterior = (const void *)(p->base + at);
    t->posterior_task = (const void *)(p->base + tasks);
    for (uint32_t i = 0; i < s->heads; i++) {
        const struct shunt_posterior_head *h = &t->posterior[i];
        if (!all_within(&h->bias, 1) || !all_within(h->weight, SHUNT_SIGNALS) ||
            !all_within(h->missing, SHUNT_SIGNALS))
            return damaged(f, "postr");
        for (int k = SHUNT_X_KNOWN; k < SHUNT_SIGNALS; k++)
            if (fabs(h->weight[k]) + fabs(h->missing[k]) > 0)
                return damaged(f, "postr");
    }
    for (uint64_t i = 0; i < (uint64_t)s->heads * t->shape->tasks; i++) {
        const struct shunt_posterior_task *x = &t->posterior_task[i];
        if (!all_within(&x->bias, 1) || !all_within(&x->mean, 1) || !all_within(&x->tail, 1) ||
            !(fabs(x->zero) <= 0))
            return damaged(f, "postr");
    }
    t->posterior_at = head;
    return SHUNT_OK;
}

static int check_value(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_value *s = (const void *)p->base;
    uint32_t points = t->shape->points;
    uint64_t models = t->shape->models;
    if (p->bytes < sizeof *s || s->points == 0 || s->points > points || !all_zero(s->zero, 15))
        return damaged(f, "value");
    uint64_t at = sizeof *s + padded(points * sizeof(uint32_t));
    uint64_t stride = 2 + models * (1 + models) + (uint64_t)t->shape->tasks * models;
    if (p->bytes != at + s->points * stride * sizeof(double))
        return damaged(f, "value");

    const uint32_t *index = (const void *)(p->base + sizeof *s);
    for (uint32_t i = 0; i < points; i++)
        if (index[i] != SHUNT_NONE &&
            (index[i] >= s->points || t->point[i].kind == SHUNT_POINT_SHARE))
            return damaged(f, "value");
    if (points % 2 && index[points])
        return damaged(f, "value");
    const double *value = (const void *)(p->base + at);
    for (uint32_t i = 0; i < s->points; i++)
        if (!(value[i * stride] >= 0) || !(fabs(value[i * stride + 1]) <= 0) ||
            !all_within(value + i * stride, stride))
            return damaged(f, "value");
    t->value_at = index;
    t->value = value;
    t->value_stride = stride;
    return SHUNT_OK;
}

static int check_rules(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_plan_rules *s = (const void *)p->base;
    if (p->bytes != sizeof *s || s->max_calls == 0 || s->max_calls > SHUNT_MODELS_MAX ||
        s->max_escalations > SHUNT_MODELS_MAX || s->over_budget > SHUNT_OVER_REFUSE ||
        !all_zero(s->zero, 13))
        return damaged(f, "plan");
    t->plan_rules = s;
    return SHUNT_OK;
}

static int check_drift(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_drift *s = (const void *)p->base;
    if (p->bytes < sizeof *s || (s->scores != 1 && s->scores != 1 + t->shape->models) ||
        !all_zero(s->zero, 15) || p->bytes != sizeof *s + s->scores * sizeof *t->drift)
        return damaged(f, "drift");
    const struct shunt_drift_score *x = (const void *)(p->base + sizeof *s);
    for (uint32_t i = 0; i < s->scores; i++) {
        double sum = 0;
        for (int k = 0; k < SHUNT_DECILES; k++) {
            if (!(x[i].share[k] >= 0 && x[i].share[k] <= 1))
                return damaged(f, "drift");
            sum += x[i].share[k];
            if (k < SHUNT_DECILES - 1 && !(x[i].edge[k] >= 0 && x[i].edge[k] <= 1))
                return damaged(f, "drift");
            if (k > 0 && k < SHUNT_DECILES - 1 && x[i].edge[k] < x[i].edge[k - 1])
                return damaged(f, "drift");
        }
        if (fabs(sum - 1) > 1e-6 || !(fabs(x[i].zero) <= 0))
            return damaged(f, "drift");
    }
    t->drift_scores = s->scores;
    t->drift = x;
    return SHUNT_OK;
}

/* What the automaton proposes is looked at again before it counts, so it is enough that it cannot
 * lead astray: numbers in range, suffixes that end, hits marked as they are. */
static int check_states(const struct shunt_table *t)
{
    const struct shunt_automaton *a = t->automaton;
    for (uint32_t s = 0; s < a->states; s++) {
        if (t->automaton_first[s] > t->automaton_first[s + 1] ||
            (t->automaton_suffix[s] != SHUNT_NONE && t->automaton_suffix[s] >= s))
            return 0;
    }
    for (uint64_t i = 0; i < (uint64_t)a->states * a->classes; i++) {
        uint32_t next = t->automaton_next[i] & ~SHUNT_AUTOMATON_HIT;
        if (next >= a->states)
            return 0;
        int hit = t->automaton_first[next] < t->automaton_first[next + 1] ||
                  t->automaton_suffix[next] != SHUNT_NONE;
        if (hit != (t->automaton_next[i] >> 31 != 0))
            return 0;
    }
    for (uint32_t i = 0; i < a->outputs; i++)
        if (t->automaton_out[i] >= t->keywords)
            return 0;
    return 1;
}

static int check_automaton(struct shunt_table *t, const struct part *p, struct fault *f)
{
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_automaton *a = (const void *)p->base;
    if (p->bytes < sizeof *a + 256 || a->states == 0 || a->classes == 0 || a->classes > 256 ||
        a->states >= SHUNT_AUTOMATON_HIT || !all_zero(a->zero, 13) ||
        t->keywords > SHUNT_AUTOMATON_KEYWORDS_MAX || a->outputs != t->keywords)
        return damaged(f, "automat");
    uint64_t numbers = (uint64_t)a->states * a->classes + 2 * (uint64_t)a->states + 1 + a->outputs;
    if (p->bytes - sizeof *a - 256 != numbers * sizeof(uint32_t))
        return damaged(f, "automat");
    t->automaton = a;
    t->automaton_class = p->base + sizeof *a;
    t->automaton_next = (const void *)(p->base + sizeof *a + 256);
    t->automaton_first = t->automaton_next + (uint64_t)a->states * a->classes;
    t->automaton_suffix = t->automaton_first + a->states + 1;
    t->automaton_out = t->automaton_suffix + a->states;
    for (int c = 0; c < 256; c++)
        if (t->automaton_class[c] >= a->classes)
            return damaged(f, "automat");
    if (t->automaton_first[0] != 0 || t->automaton_first[a->states] != a->outputs ||
        !check_states(t))
        return damaged(f, "automat");
    return SHUNT_OK;
}

int shunt_check_plan(struct shunt_table *t, const struct part *part, struct fault *f)
{
    int status = check_posterior(t, &part[SHUNT_S_POSTERIOR], f);
    if (status == SHUNT_OK)
        status = check_value(t, &part[SHUNT_S_VALUE], f);
    if (status == SHUNT_OK)
        status = check_rules(t, &part[SHUNT_S_PLAN], f);
    if (status == SHUNT_OK)
        status = check_drift(t, &part[SHUNT_S_DRIFT], f);
    if (status == SHUNT_OK)
        status = check_automaton(t, &part[SHUNT_S_AUTOMATON], f);
    return status;
}
