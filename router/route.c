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
    int best, second; /* of the allowed models, -1: none */
    int rule;         /* what the decision reports */
    int forced;       /* model, or -1 */
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
    } else if (w->point && w->point->kind != SHUNT_POINT_SHARE) {
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
__attribute__((cold)) static void apply_rules(struct work *w)
{
    const struct shunt_table *t = w->t;
    unsigned char after[SHUNT_MODELS_MAX];
    memcpy(after, w->allowed, sizeof after);
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

/* a or b, without a branch: which it is cannot be foreseen. */
static inline uint64_t pick(int which, uint64_t a, uint64_t b)
{
    uint64_t mask = 0 - (uint64_t)which;
    return (a & mask) | (b & ~mask);
}

/* A number in the order of x, which is finite; above INT64_MIN. */
static inline int64_t order_of(double x)
{
    int64_t bits;
    x += 0.0; /* no -0.0 */
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

/* The largest utility first, of equal ones the lower cost, unknown last, then the lower index. */
static void rank_models(struct work *w)
{
    struct {
        uint64_t model, cost;
        int64_t utility;
    } a = {UINT64_MAX, UINT64_MAX, INT64_MIN}, b = a;
    for (uint32_t m = 0; m < w->t->shape->models; m++) {
        int in = w->allowed[m] != 0;
        int64_t u = (int64_t)pick(in, (uint64_t)order_of(w->utility[m]), (uint64_t)INT64_MIN);
        uint64_t cost = (uint64_t)w->e.cost_nusd[m] | (0 - (uint64_t)!in);
        int first = (u > a.utility) | ((u == a.utility) & (cost < a.cost));
        int next = (u > b.utility) | ((u == b.utility) & (cost < b.cost));
        b.model = pick(first, a.model, pick(next, m, b.model));
        b.cost = pick(first, a.cost, pick(next, cost, b.cost));
        b.utility =
            (int64_t)pick(first, (uint64_t)a.utility, pick(next, (uint64_t)u, (uint64_t)b.utility));
        a.model = pick(first, m, a.model);
        a.cost = pick(first, cost, a.cost);
        a.utility = (int64_t)pick(first, (uint64_t)u, (uint64_t)a.utility);
    }
    w->best = (int)(uint32_t)a.model;
    w->second = (int)(uint32_t)b.model;
}

/* The guard's verdict on leaving the default model for model. */
static int may_leave(const struct work *w, uint32_t model)
{
    const struct shunt_point *p = w->point;
    if (p->kind == SHUNT_POINT_PLAN)
        return table_guard(w->t, p, w->e.task) != 0;
    double g = w->utility[model] - w->utility[p->default_model];
    unsigned tercile = g < p->edge[0] ? 0 : g < p->edge[1] ? 1 : 2;
    return g > 0 && (table_guard(w->t, p, w->e.task) >> tercile & 1);
}

static int choose(const struct work *w, int32_t *reason)
{
    const struct shunt_point *p = w->point;
    if (w->forced >= 0) {
        *reason = SHUNT_BY_RULE;
        return w->forced;
    }
    const int best = w->best;
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
    int64_t best = INT64_MIN;
    uint32_t tier = SHUNT_NONE, best_tier = 0;
    for (uint32_t m = 0; m < t->shape->models; m++) {
        double q = w->e.quality[m];
        double cheap = t->model[m].tier == 0 ? q : 0;
        best_cheap = cheap > best_cheap ? cheap : best_cheap;
        uint32_t enough = (uint32_t)pick(q >= target, t->model[m].tier, SHUNT_NONE);
        tier = enough < tier ? enough : tier;
        int64_t order = order_of(q);
        best_tier = (uint32_t)pick(order > best, t->model[m].tier, best_tier);
        best = (int64_t)pick(order > best, (uint64_t)order, (uint64_t)best);
    }
    d->complexity = 1.0 - best_cheap;
    d->tier = (int32_t)(uint32_t)pick(tier != SHUNT_NONE, tier, best_tier);
    d->complexity_class = -1;
    if (t->shape->labels) {
        int32_t exceeded = 1;
        d->complexity_class = 0;
        for (uint32_t k = 0; k + 1 < t->shape->labels; k++) {
            exceeded &= w->e.exceeds[k] >= 0.5;
            d->complexity_class += exceeded;
        }
    }
}

__attribute__((noinline)) static int decide(struct work *w, struct shunt_decision *d)
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
    w->rule = -1;
    w->forced = -1;
    if (t->shape->rules > 0)
        apply_rules(w);
    weigh(w);
    if (w->forced < 0 && count_allowed(w) == 0)
        return SHUNT_E_NO_MODEL;
    rank_models(w);

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
    d->runner_up = model == w->best ? w->second : w->best;
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
