/* A plan: routing, cascade and fallback as one state machine without I/O. FORMAT.md, section 5,
 * "Plan", says what every step is decided by; the numbers come from the decision (route.c) and from
 * the sections checked in check_plan.c. */
#include "router/plan.h"

#include <math.h>
#include <string.h>

enum { WAIT_BEGIN = 1, WAIT_OUTCOME = 2, ENDED = 3 };
enum { CALLS_DEFAULT = 8 };
#define STATE_MARK UINT32_C(0x6E616C70)

static struct plan_state *state_of(struct shunt_plan *p)
{
    return (struct plan_state *)(void *)p->opaque;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double logit(double q)
{
    double c = clamp(q, 1e-6, 1 - 1e-6);
    return shunt_ln(c / (1 - c));
}

/* ---- the beginning ---- */

/* Value of beginning with model a, by the heads of the point. */
static double value_of(const struct plan_state *s, const double *v, uint32_t a)
{
    uint32_t models = s->t->shape->models;
    const double *w = v + 2 + (size_t)a * (1 + models);
    double sum = w[0];
    for (uint32_t m = 0; m < models; m++)
        sum += w[1 + m] * s->logit[m];
    if (s->task < s->t->shape->tasks)
        sum += v[2 + (size_t)models * (1 + models) + (size_t)s->task * models + a];
    return sum;
}

/* Does the point of plans leave requests of this task with its default model? */
static int is_alone(const struct shunt_table *t, const struct routed *w)
{
    return w->point && w->point->kind == SHUNT_POINT_PLAN &&
           table_guard(t, w->point, w->e.task) == 0;
}

/* Let the value heads of the point, if it has any, choose the first model. */
static void choose_first(struct plan_state *s, const struct routed *w)
{
    const struct shunt_table *t = s->t;
    s->first = s->decision.model;
    s->first_cause = SHUNT_FOR_ROUTE;
    if (!t->value_at || w->forced >= 0 || s->decision.point < 0 || is_alone(t, w) ||
        t->value_at[s->decision.point] == SHUNT_NONE)
        return;
    const double *v = t->value + t->value_at[s->decision.point] * t->value_stride;
    int best = -1;
    double best_value = 0;
    for (uint32_t m = 0; m < t->shape->models; m++) {
        if (!s->open[m])
            continue;
        double x = value_of(s, v, m);
        if (best < 0 || x > best_value) {
            best = (int)m;
            best_value = x;
        }
    }
    if (best >= 0 && best != s->first && best_value - value_of(s, v, (uint32_t)s->first) > v[0]) {
        s->first = best;
        s->first_cause = SHUNT_FOR_VALUE;
    }
}

int shunt_plan_begin(struct shunt_plan *p, const struct shunt_table *t,
                     const struct shunt_request *r)
{
    static_assert(sizeof(struct plan_state) <= sizeof p->opaque, "a plan holds its state");
    static const struct shunt_decision none = SHUNT_DECISION_INIT;
    struct routed w;
    if (!p || p->size < sizeof *p || !t)
        return SHUNT_E_ARGUMENT;
    struct plan_state *s = state_of(p);
    memset(s, 0, sizeof *s);
    if (r && r->size >= 8 && r->flags & SHUNT_OWN_LAMBDA)
        return SHUNT_E_LAMBDA;
    struct shunt_decision d = none;
    int status = shunt_route_whole(t, r, &d, &w);
    if (status)
        return status;
    d.size = sizeof d;

    s->t = t;
    s->decision = d;
    s->task = w.e.task;
    s->forced = w.forced >= 0;
    s->cascade = t->posterior_at && !s->forced && w.point && w.point->kind == t->plan_kind &&
                 !is_alone(t, &w);
    s->max_calls = t->plan_rules ? (int)t->plan_rules->max_calls : CALLS_DEFAULT;
    s->max_escalations = t->plan_rules ? (int)t->plan_rules->max_escalations : CALLS_DEFAULT;
    s->best = -1;
    for (uint32_t m = 0; m < t->shape->models; m++) {
        s->open[m] = w.allowed[m] || (int)m == w.forced;
        s->quality[m] = w.e.quality[m];
        s->logit[m] = logit(w.e.quality[m]);
        s->cost_nusd[m] = w.e.cost_nusd[m];
        s->toll[m] = 0;
        if (w.lambda_per_usd > 0)
            s->toll[m] += w.lambda_per_usd * ((double)w.e.cost_nusd[m] / 1e9);
        if (w.mu_per_s > 0)
            s->toll[m] += w.mu_per_s * (w.e.latency_ms[m] / 1e3);
    }
    choose_first(s, &w);
    s->mark = STATE_MARK;
    s->wait = WAIT_BEGIN;
    return SHUNT_OK;
}

/* ---- what a reply tells ---- */

/* Signals of a reply by model a, for head target b; bit k of the result: signal k is known. */
static uint32_t read_signals(const struct plan_state *s, const struct shunt_outcome *o, uint32_t a,
                             double *x)
{
    uint32_t known = 1u << SHUNT_X_OWN | 1u << SHUNT_X_TARGET;
    memset(x, 0, SHUNT_SIGNALS * sizeof *x);
    x[SHUNT_X_OWN] = s->logit[a];
    if (o->flags & SHUNT_HAS_MEAN) {
        x[SHUNT_X_MEAN] = clamp(o->mean_logprob, -50, 0);
        x[SHUNT_X_TAIL] = shunt_ln(1 - shunt_exp(clamp(o->mean_logprob, -50, -1e-6)));
        known |= 1u << SHUNT_X_MEAN | 1u << SHUNT_X_TAIL;
    }
    if (o->flags & SHUNT_HAS_MIN) {
        x[SHUNT_X_MIN] = clamp(o->min_logprob, -50, 0);
        known |= 1u << SHUNT_X_MIN;
    }
    if (o->flags & SHUNT_HAS_ENTROPY) {
        x[SHUNT_X_ENTROPY] = clamp(o->entropy, 0, 50);
        known |= 1u << SHUNT_X_ENTROPY;
    }
    if (o->flags & SHUNT_HAS_MARGIN) {
        x[SHUNT_X_MARGIN] = clamp(o->margin, 0, 50);
        known |= 1u << SHUNT_X_MARGIN;
    }
    if (o->flags & SHUNT_HAS_AGREEMENT) {
        x[SHUNT_X_AGREEMENT] = clamp(o->agreement, 0, 1);
        known |= 1u << SHUNT_X_AGREEMENT;
    }
    if (o->flags & SHUNT_HAS_VALID || o->status == SHUNT_REPLY_INVALID) {
        x[SHUNT_X_VALID] = o->valid && o->status != SHUNT_REPLY_INVALID ? 1 : 0;
        known |= 1u << SHUNT_X_VALID;
    }
    if (o->flags & SHUNT_HAS_BYTES) {
        uint64_t n = o->reply_bytes < SHUNT_TEXT_MAX ? o->reply_bytes : SHUNT_TEXT_MAX;
        x[SHUNT_X_BYTES] = shunt_ln(1.0 + (double)n);
        known |= 1u << SHUNT_X_BYTES;
    }
    return known;
}

static double posterior(const struct plan_state *s, uint32_t head, const double *x, uint32_t known)
{
    const struct shunt_posterior_head *h = &s->t->posterior[head];
    double z = h->bias;
    for (int k = 0; k < SHUNT_X_KNOWN; k++)
        z += known >> k & 1 ? h->weight[k] * x[k] : h->missing[k];
    if (s->task < s->t->shape->tasks) {
        const struct shunt_posterior_task *w =
            &s->t->posterior_task[(size_t)head * s->t->shape->tasks + s->task];
        z += w->bias;
        if (known >> SHUNT_X_MEAN & 1)
            z += w->mean * x[SHUNT_X_MEAN] + w->tail * x[SHUNT_X_TAIL];
    }
    return shunt_sigmoid(z);
}

/* Expected quality of every model, now that a has replied. */
static void update(struct plan_state *s, const struct shunt_outcome *o, uint32_t a)
{
    const struct shunt_table *t = s->t;
    double x[SHUNT_SIGNALS];
    if (!t->posterior_at)
        return;
    uint32_t known = read_signals(s, o, a, x);
    for (uint32_t b = 0; b < t->shape->models; b++) {
        uint32_t head = t->posterior_at[(size_t)a * t->shape->models + b];
        if (head == SHUNT_NONE || (b != a && s->replied[b]))
            continue;
        x[SHUNT_X_TARGET] = s->logit[b];
        s->quality[b] = posterior(s, head, x, known);
    }
    if (t->posterior_at[(size_t)a * t->shape->models + a] == SHUNT_NONE)
        s->blind = 1; /* nothing is known about this reply: it is taken as it is */
}

/* ---- the next call ---- */

/* Is model a to be preferred to model b at utilities ua and ub? */
static int beats(const struct plan_state *s, double ua, uint32_t a, double ub, uint32_t b)
{
    if (ua > ub)
        return 1;
    if (ua < ub)
        return 0;
    if ((s->cost_nusd[a] < 0) != (s->cost_nusd[b] < 0))
        return s->cost_nusd[b] < 0;
    return s->cost_nusd[a] < s->cost_nusd[b];
}

/* The open model of the largest utility, or -1. */
static int best_open(const struct plan_state *s)
{
    int best = -1;
    double best_utility = 0;
    for (uint32_t m = 0; m < s->t->shape->models; m++) {
        if (!s->open[m])
            continue;
        double u = s->quality[m] - s->toll[m];
        if (best < 0 || beats(s, u, m, best_utility, (uint32_t)best)) {
            best = (int)m;
            best_utility = u;
        }
    }
    return best;
}

/* The first open substitute of the first model's chain or of the failed model's; else the best. */
static int substitute(const struct plan_state *s, int failed)
{
    for (int rank = 0;; rank++) {
        int m = shunt_fallback(s->t, failed, rank);
        if (m < 0)
            return best_open(s);
        if (s->open[m])
            return m;
    }
}

/* model: the one that failed last, or is not asked. */
static void finish(struct plan_state *s, int cause, int model, struct shunt_step *out)
{
    s->wait = ENDED;
    out->cause = cause;
    if (s->best < 0) {
        out->action = SHUNT_GIVE_UP;
        out->model = -1;
        out->refused = model;
        return;
    }
    out->action = SHUNT_ACCEPT;
    out->model = s->best;
    out->call = s->call_of[s->best];
    out->quality = s->quality[s->best];
}

static int book(struct plan_state *s, int m, int force_user)
{
    int64_t cost = s->cost_nusd[m] > 0 ? s->cost_nusd[m] : 0;
    int status = shunt_budget_book(s->budget, shunt_model_name(s->t, m), s->user, cost, s->now_s,
                                   force_user);
    if (status == SHUNT_OK)
        s->reserved_nusd = cost;
    return status == SHUNT_OK;
}

/* The cheapest open model that can be booked, without and then with leave to overdraw the user. */
static int book_cheapest(struct plan_state *s, int force_user)
{
    unsigned char tried[SHUNT_MODELS_MAX] = {0};
    for (;;) {
        int best = -1;
        for (uint32_t m = 0; m < s->t->shape->models; m++)
            if (s->open[m] && !tried[m] && (best < 0 || beats(s, 0, m, 0, (uint32_t)best)))
                best = (int)m;
        if (best < 0 || book(s, best, force_user))
            return best;
        tried[best] = 1;
    }
}

/* The model that the ledger lets answer in place of m; -1: none. */
static int within_budget(struct plan_state *s, int m)
{
    if (!s->budget || book(s, m, 0))
        return m;
    if (s->refuse || s->best >= 0)
        return -1;
    int other = book_cheapest(s, 0);
    return other >= 0 ? other : book_cheapest(s, 1);
}

/* Ask m, or whom the ledger allows in its place. */
static void call(struct plan_state *s, int action, int cause, int m, double gain,
                 struct shunt_step *out)
{
    if (s->calls >= s->max_calls) {
        finish(s, SHUNT_FOR_CALLS, m, out);
        return;
    }
    int asked = within_budget(s, m);
    if (asked < 0) {
        finish(s, SHUNT_FOR_BUDGET, m, out);
        return;
    }
    if (asked != m) {
        cause = SHUNT_FOR_BUDGET;
        m = asked;
    }
    s->calls++;
    s->last = m;
    s->open[m] = 0;
    s->call_of[m] = s->calls;
    s->wait = WAIT_OUTCOME;
    out->action = action;
    out->cause = cause;
    out->model = m;
    out->call = s->calls;
    out->quality = s->quality[m];
    out->gain = gain;
    out->cost_nusd = s->cost_nusd[m];
}

/* Accept the best reply, or go on while some model is worth more than it costs. */
static void accept_or_escalate(struct plan_state *s, int cause, struct shunt_step *out)
{
    int m = -1;
    double gain = 0;
    if (s->cascade && !s->blind && s->escalations < s->max_escalations)
        m = best_open(s);
    if (m >= 0)
        gain = s->quality[m] - s->quality[s->best] - s->toll[m];
    if (m < 0 || !(gain > 0)) {
        finish(s, cause, s->last, out);
        return;
    }
    s->escalations++;
    call(s, SHUNT_ESCALATE, SHUNT_FOR_GAIN, m, gain, out);
}

static const int cause_of[] = {SHUNT_FOR_GAIN, SHUNT_FOR_INVALID, SHUNT_FOR_TIMEOUT,
                               SHUNT_FOR_RATE_LIMIT, SHUNT_FOR_ERROR};

static void settle(struct plan_state *s, const struct shunt_outcome *o)
{
    int64_t cost = o->flags & SHUNT_HAS_COST ? o->cost_nusd : s->cost_nusd[s->last];
    if (!(o->flags & SHUNT_HAS_COST) && o->status > SHUNT_REPLY_INVALID)
        cost = 0; /* no reply, no bill */
    if (s->budget)
        shunt_budget_settle(s->budget, shunt_model_name(s->t, s->last), s->user, s->reserved_nusd,
                            cost < 0 ? 0 : cost, s->now_s);
    if (cost < 0 || s->spent_nusd < 0)
        s->spent_nusd = -1;
    else
        s->spent_nusd += cost < SHUNT_COST_MAX ? cost : SHUNT_COST_MAX;
}

static void after_outcome(struct plan_state *s, const struct shunt_outcome *o,
                          struct shunt_step *out)
{
    int cause = cause_of[o->status];
    settle(s, o);
    if (o->status <= SHUNT_REPLY_INVALID)
        update(s, o, (uint32_t)s->last);
    if (o->status == SHUNT_REPLY_OK) {
        s->replied[s->last] = 1;
        if (s->best < 0 || s->quality[s->last] > s->quality[s->best])
            s->best = s->last;
    }
    if (s->best >= 0) {
        accept_or_escalate(s, cause, out);
        return;
    }
    int m = substitute(s, s->last);
    if (m < 0)
        finish(s, cause, s->last, out);
    else
        call(s, SHUNT_FALL_BACK, cause, m, 0, out);
}

int shunt_plan_budget(struct shunt_plan *p, struct shunt_budget *b, const char *user, int64_t now_s)
{
    if (!p || p->size < sizeof *p || !b || (user && !shunt_budget_name(user)))
        return SHUNT_E_ARGUMENT;
    struct plan_state *s = state_of(p);
    if (s->mark != STATE_MARK || s->wait != WAIT_BEGIN)
        return SHUNT_E_ARGUMENT;
    int action = shunt_budget_action(b);
    s->refuse = action == SHUNT_BUDGET_TABLE
                    ? s->t->plan_rules && s->t->plan_rules->over_budget == SHUNT_OVER_REFUSE
                    : action == SHUNT_BUDGET_REFUSE;
    s->budget = b;
    s->user = user;
    s->now_s = now_s;
    return SHUNT_OK;
}

/* Numbers that may be compared, in every field that is flagged. */
static int good_outcome(const struct shunt_outcome *o)
{
    if (o->size < sizeof *o || o->status < SHUNT_REPLY_OK || o->status > SHUNT_REPLY_ERROR ||
        o->flags > 2 * SHUNT_HAS_COST - 1)
        return 0;
    return !(o->flags & SHUNT_HAS_MEAN && isnan(o->mean_logprob)) &&
           !(o->flags & SHUNT_HAS_MIN && isnan(o->min_logprob)) &&
           !(o->flags & SHUNT_HAS_ENTROPY && isnan(o->entropy)) &&
           !(o->flags & SHUNT_HAS_MARGIN && isnan(o->margin)) &&
           !(o->flags & SHUNT_HAS_AGREEMENT && isnan(o->agreement));
}

int shunt_plan_next(struct shunt_plan *p, const struct shunt_outcome *previous,
                    struct shunt_step *next)
{
    struct shunt_step out = SHUNT_STEP_INIT;
    if (!p || p->size < sizeof *p || !next || next->size < STEP_SIZE_MIN)
        return SHUNT_E_ARGUMENT;
    struct plan_state *s = state_of(p);
    if (s->mark != STATE_MARK || s->wait == ENDED || (s->wait == WAIT_BEGIN) != !previous ||
        (previous && !good_outcome(previous)))
        return SHUNT_E_ARGUMENT;

    out.cost_nusd = -1;
    if (previous)
        after_outcome(s, previous, &out);
    else
        call(s, SHUNT_CALL, s->first_cause, s->first, 0, &out);
    out.model_name = out.model >= 0 ? shunt_model_name(s->t, out.model) : NULL;
    out.calls = s->calls - (s->wait == WAIT_OUTCOME);
    out.spent_nusd = s->spent_nusd;
    table_give_step(next, &out);
    return SHUNT_OK;
}

int shunt_plan_state(const struct shunt_plan *p, struct shunt_decision *d, double *quality)
{
    if (!p || p->size < sizeof *p || (d && d->size < sizeof *d))
        return SHUNT_E_ARGUMENT;
    const struct plan_state *s = (const void *)p->opaque;
    if (s->mark != STATE_MARK)
        return SHUNT_E_ARGUMENT;
    if (d) {
        uint32_t size = d->size;
        *d = s->decision;
        d->size = size;
    }
    if (quality)
        memcpy(quality, s->quality, s->t->shape->models * sizeof *quality);
    return SHUNT_OK;
}

const char *shunt_action_name(int action)
{
    static const char *const name[] = {"?", "call", "escalate", "fallback", "accept", "give_up"};
    return action > 0 && action <= SHUNT_GIVE_UP ? name[action] : "?";
}

const char *shunt_cause_name(int cause)
{
    static const char *const name[] = {"route",      "value", "gain",   "invalid", "timeout",
                                       "rate_limit", "error", "budget", "calls"};
    return cause >= 0 && cause <= SHUNT_FOR_CALLS ? name[cause] : "?";
}
