/* The decision: rules, utility, guard (FORMAT.md, section 5, from "Rules" on). */
#include <string.h>

#include "router/internal.h"

#define DECISION_SIZE_MIN sizeof(struct shunt_decision)
#define TARGET_DEFAULT 0.8 /* of a table without operating points */

/* The work of one decision. */
struct work {
    const struct shunt_table *t;
    struct shunt_request r;
    struct estimate e;
    const struct shunt_point *point; /* NULL: the table has none */
    double lambda_per_usd, mu_per_s;
    unsigned char allowed[SHUNT_MODELS_MAX];
    double utility[SHUNT_MODELS_MAX];
    int rule;   /* what the decision reports */
    int forced; /* model, or -1 */
};

static uint32_t count_allowed(const struct work *w)
{
    uint32_t n = 0;
    for (uint32_t m = 0; m < w->t->shape->models; m++)
        n += w->allowed[m];
    return n;
}

static int find_point(struct work *w)
{
    int at = w->t->default_point;
    if (w->r.point) {
        at = -1;
        for (uint32_t i = 0; i < w->t->shape->points; i++)
            if (strcmp(w->t->strings + w->t->point[i].name, w->r.point) == 0)
                at = (int)i;
        if (at < 0)
            return SHUNT_E_POINT;
    }
    w->point = at >= 0 ? &w->t->point[at] : NULL;
    if (w->r.flags & SHUNT_OWN_LAMBDA) {
        w->lambda_per_usd = w->r.lambda_per_usd;
        w->mu_per_s = w->r.mu_per_s;
    } else if (w->point && w->point->kind == SHUNT_POINT_LAMBDA) {
        w->lambda_per_usd = w->point->lambda_per_usd;
        w->mu_per_s = w->point->mu_per_s;
    }
    return SHUNT_OK;
}

static void apply_mask(struct work *w)
{
    for (uint32_t m = 0; m < w->t->shape->models; m++) {
        w->allowed[m] = 1;
        if (w->r.allowed)
            w->allowed[m] = m / 64 < w->r.allowed_words && (w->r.allowed[m / 64] >> m % 64 & 1);
    }
}

/* Models of tiers cheaper than tier go, unless none would be left. */
static int raise_tier(struct work *w, uint32_t tier)
{
    uint32_t left = 0;
    for (uint32_t m = 0; m < w->t->shape->models; m++)
        left += w->allowed[m] && w->t->model[m].tier >= tier;
    if (left == 0)
        return 0;
    for (uint32_t m = 0; m < w->t->shape->models; m++)
        if (w->t->model[m].tier < tier)
            w->allowed[m] = 0;
    return 1;
}

/* The first forcing rule wins over all others, so look for one before anything is taken away. */
static void apply_rules(struct work *w)
{
    const struct shunt_table *t = w->t;
    unsigned char after[SHUNT_MODELS_MAX];
    memcpy(after, w->allowed, sizeof after);
    w->rule = -1;
    w->forced = -1;
    if (t->shape->rules == 0)
        return;
    struct keyword_hits hits;
    shunt_find_keywords(t, &w->r, &hits);
    for (uint32_t i = 0; i < t->shape->rules; i++) {
        const struct shunt_rule *rule = &t->rule[i];
        if (rule->action == SHUNT_RULE_FORCE && !w->allowed[rule->target])
            continue;
        if (!shunt_rule_matches(t, i, &w->r, &hits))
            continue;
        if (rule->action == SHUNT_RULE_FORCE) {
            w->rule = (int)i;
            w->forced = (int)rule->target;
            return;
        }
        if (w->rule < 0)
            w->rule = (int)i;
        if (rule->action == SHUNT_RULE_FORBID)
            after[rule->target] = 0;
    }
    memcpy(w->allowed, after, sizeof after);
    if (w->rule < 0)
        return;
    for (uint32_t i = (uint32_t)w->rule; i < t->shape->rules; i++)
        if (t->rule[i].action == SHUNT_RULE_RAISE && shunt_rule_matches(t, i, &w->r, &hits))
            raise_tier(w, t->rule[i].target);
}

/* Utilities of all models; those whose cost or latency matters and is unknown are taken away. */
static void weigh(struct work *w)
{
    for (uint32_t m = 0; m < w->t->shape->models; m++) {
        double u = w->e.quality[m];
        if (w->lambda_per_usd > 0) {
            if (w->e.cost_nusd[m] < 0)
                w->allowed[m] = 0;
            u -= w->lambda_per_usd * ((double)w->e.cost_nusd[m] / 1e9);
        }
        if (w->mu_per_s > 0) {
            if (w->e.latency_ms[m] < 0)
                w->allowed[m] = 0;
            u -= w->mu_per_s * (w->e.latency_ms[m] / 1e3);
        }
        w->utility[m] = u;
    }
}

/* Is model a to be preferred to model b (a > b)? */
static int beats(const struct work *w, uint32_t a, uint32_t b)
{
    if (w->utility[a] > w->utility[b])
        return 1;
    if (w->utility[a] < w->utility[b])
        return 0;
    int64_t ca = w->e.cost_nusd[a];
    int64_t cb = w->e.cost_nusd[b];
    if ((ca < 0) != (cb < 0))
        return cb < 0;
    return ca < cb;
}

/* The best allowed model but for one, or -1. */
static int best_but(const struct work *w, int except)
{
    int best = -1;
    for (uint32_t m = 0; m < w->t->shape->models; m++) {
        if (!w->allowed[m] || (int)m == except)
            continue;
        if (best < 0 || beats(w, m, (uint32_t)best))
            best = (int)m;
    }
    return best;
}

/* The guard's verdict on leaving the default model for model. */
static int may_leave(const struct work *w, uint32_t model)
{
    const struct shunt_point *p = w->point;
    double g = w->utility[model] - w->utility[p->default_model];
    unsigned tercile = g < p->edge[0] ? 0 : g < p->edge[1] ? 1 : 2;
    size_t at = (size_t)(p - w->t->point) * (w->t->shape->tasks + 1) + w->e.task;
    return g > 0 && (w->t->guard[at] >> tercile & 1);
}

static int choose(const struct work *w, int32_t *reason)
{
    const struct shunt_point *p = w->point;
    if (w->forced >= 0) {
        *reason = SHUNT_BY_RULE;
        return w->forced;
    }
    int best = best_but(w, -1);
    if (count_allowed(w) == 1) {
        *reason = SHUNT_BY_MASK;
        return best;
    }
    if (p && p->kind == SHUNT_POINT_SHARE && !(w->r.flags & SHUNT_OWN_LAMBDA)) {
        int weak = w->allowed[p->weak];
        int strong = w->allowed[p->strong];
        *reason = weak || strong ? SHUNT_BY_SHARE : SHUNT_BY_UTILITY;
        if (weak && strong)
            strong = w->e.quality[p->strong] - w->e.quality[p->weak] >= p->threshold;
        return strong ? (int)p->strong : weak ? (int)p->weak : best;
    }
    *reason = SHUNT_BY_UTILITY;
    if (p && p->flags & SHUNT_POINT_GUARDED && w->allowed[p->default_model] &&
        best != (int)p->default_model && !may_leave(w, (uint32_t)best)) {
        *reason = SHUNT_BY_GUARD;
        return (int)p->default_model;
    }
    return best;
}

/* Complexity, tier and label: of the prompt, whatever the caller allows. */
static void describe_prompt(const struct work *w, struct shunt_decision *d)
{
    const struct shunt_table *t = w->t;
    double target = w->point ? w->point->target : TARGET_DEFAULT;
    double best_cheap = 0;
    uint32_t best = 0;
    uint32_t tier = SHUNT_NONE;
    for (uint32_t m = 0; m < t->shape->models; m++) {
        double q = w->e.quality[m];
        if (t->model[m].tier == 0 && q > best_cheap)
            best_cheap = q;
        if (q >= target && t->model[m].tier < tier)
            tier = t->model[m].tier;
        if (q > w->e.quality[best])
            best = m;
    }
    d->complexity = 1.0 - best_cheap;
    d->tier = (int32_t)(tier != SHUNT_NONE ? tier : t->model[best].tier);
    d->complexity_class = -1;
    if (t->shape->labels) {
        d->complexity_class = 0;
        for (uint32_t k = 0; k + 1 < t->shape->labels && w->e.exceeds[k] >= 0.5; k++)
            d->complexity_class++;
    }
}

static int decide(struct work *w, struct shunt_decision *d)
{
    const struct shunt_table *t = w->t;
    int status = find_point(w);
    if (status == SHUNT_OK)
        status = shunt_estimate(t, &w->r, &w->e);
    if (status)
        return status;

    apply_mask(w);
    if (count_allowed(w) == 0)
        return SHUNT_E_NO_MODEL;
    apply_rules(w);
    weigh(w);
    if (w->forced < 0 && count_allowed(w) == 0)
        return SHUNT_E_NO_MODEL;

    int32_t reason;
    int model = choose(w, &reason);
    describe_prompt(w, d);
    d->model = model;
    d->model_name = t->strings + t->model[model].name;
    d->model_tier = (int32_t)t->model[model].tier;
    d->reason = reason;
    d->quality = w->e.quality[model];
    d->cost_nusd = w->e.cost_nusd[model];
    d->latency_ms = w->e.latency_ms[model];
    d->runner_up = best_but(w, model);
    d->rule = w->rule;
    d->rule_name = w->rule >= 0 ? t->strings + t->rule[w->rule].name : NULL;
    d->point = w->point ? (int32_t)(w->point - t->point) : -1;
    d->kept = w->e.kept;
    d->text_bytes = w->r.text_bytes;
    return SHUNT_OK;
}

int shunt_route_whole(const struct shunt_table *t, const struct shunt_request *r,
                      struct shunt_decision *d, struct routed *out)
{
    struct work w;
    w.t = t;
    w.lambda_per_usd = 0;
    w.mu_per_s = 0;
    int status = shunt_read_request(r, &w.r);
    if (status == SHUNT_OK)
        status = decide(&w, d);
    if (status)
        return status;
    out->e = w.e;
    memcpy(out->allowed, w.allowed, sizeof out->allowed);
    out->point = w.point;
    out->lambda_per_usd = w.lambda_per_usd;
    out->mu_per_s = w.mu_per_s;
    out->forced = w.forced;
    return SHUNT_OK;
}

int shunt_route(const struct shunt_table *t, const struct shunt_request *r,
                struct shunt_decision *d)
{
    struct work w;
    struct shunt_decision answer;
    if (!t || !d || d->size < DECISION_SIZE_MIN)
        return SHUNT_E_ARGUMENT;
    w.t = t;
    w.lambda_per_usd = 0;
    w.mu_per_s = 0;
    int status = shunt_read_request(r, &w.r);
    if (status == SHUNT_OK)
        status = decide(&w, &answer);
    if (status)
        return status;
    answer.size = d->size;
    memcpy(d, &answer, sizeof answer);
    return SHUNT_OK;
}
