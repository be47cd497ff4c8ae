/* Counters of what a router did, beside what its table promised, and logs: Prometheus' text and
 * lines of JSON. Counting is atomic additions; numbers are written without the C library's locale.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "router/internal.h"

#define QUALITY_UNIT 1048576.0 /* sums of qualities are in units of 2^-20 */

struct model_counts {
    atomic_uint_fast64_t chosen, served, escalated, fell_back, refused;
    atomic_uint_fast64_t quality_sum, cost_sum_nusd, costs;
};

struct score_counts {
    atomic_uint_fast64_t bin[SHUNT_DECILES];
};

struct shunt_stats {
    const struct shunt_table *t;
    atomic_uint_fast64_t refused, errors;
    struct model_counts *model;
    struct score_counts *score; /* [drift_scores] */
};

int shunt_stats_new(const struct shunt_table *t, struct shunt_stats **out)
{
    if (!t || !out)
        return SHUNT_E_ARGUMENT;
    struct shunt_stats *s = calloc(1, sizeof *s);
    if (!s)
        return SHUNT_E_NOMEM;
    s->t = t;
    s->model = calloc(t->shape->models, sizeof *s->model);
    s->score = calloc(t->drift_scores + 1, sizeof *s->score);
    if (!s->model || !s->score) {
        shunt_stats_free(s);
        return SHUNT_E_NOMEM;
    }
    *out = s;
    return SHUNT_OK;
}

void shunt_stats_free(struct shunt_stats *s)
{
    if (!s)
        return;
    free(s->model);
    free(s->score);
    free(s);
}

static void count(atomic_uint_fast64_t *x, uint64_t by)
{
    atomic_fetch_add_explicit(x, by, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *x)
{
    return atomic_load_explicit(x, memory_order_relaxed);
}

static void count_score(struct shunt_stats *s, uint32_t i, double x)
{
    int k = 0;
    while (k < SHUNT_DECILES - 1 && s->t->drift[i].edge[k] <= x)
        k++;
    count(&s->score[i].bin[k], 1);
}

void shunt_stats_decision(struct shunt_stats *s, const struct shunt_decision *d,
                          const double *quality)
{
    if (!s || !d || d->model < 0 || (uint32_t)d->model >= s->t->shape->models)
        return;
    struct model_counts *m = &s->model[d->model];
    count(&m->chosen, 1);
    count(&m->quality_sum, (uint64_t)(d->quality * QUALITY_UNIT + 0.5));
    if (d->cost_nusd >= 0) {
        count(&m->cost_sum_nusd, (uint64_t)d->cost_nusd);
        count(&m->costs, 1);
    }
    if (s->t->drift_scores)
        count_score(s, 0, d->complexity);
    for (uint32_t i = 1; quality && i < s->t->drift_scores; i++)
        count_score(s, i, quality[i - 1]);
}

void shunt_stats_step(struct shunt_stats *s, const struct shunt_step *step)
{
    if (!s || !step)
        return;
    if (step->action == SHUNT_GIVE_UP) {
        count(&s->refused, 1);
        if (step->size >= sizeof *step && step->refused >= 0 &&
            (uint32_t)step->refused < s->t->shape->models)
            count(&s->model[step->refused].refused, 1);
    }
    if (step->model < 0 || (uint32_t)step->model >= s->t->shape->models)
        return;
    struct model_counts *m = &s->model[step->model];
    if (step->action == SHUNT_ACCEPT)
        count(&m->served, 1);
    else if (step->action == SHUNT_ESCALATE)
        count(&m->escalated, 1);
    else if (step->action == SHUNT_FALL_BACK)
        count(&m->fell_back, 1);
}

void shunt_stats_status(struct shunt_stats *s, int status)
{
    if (!s || status == SHUNT_OK)
        return;
    count(status == SHUNT_E_NO_MODEL || status == SHUNT_E_BUDGET ? &s->refused : &s->errors, 1);
}

int shunt_stats_get(const struct shunt_stats *s, int model, struct shunt_counts *out)
{
    if (!s || !out || out->size < offsetof(struct shunt_counts, refused) || model < 0 ||
        (uint32_t)model >= s->t->shape->models)
        return SHUNT_E_ARGUMENT;
    const struct model_counts *m = &s->model[model];
    uint64_t costs = get(&m->costs);
    out->chosen = get(&m->chosen);
    out->served = get(&m->served);
    out->escalated = get(&m->escalated);
    out->fell_back = get(&m->fell_back);
    if (out->size >= sizeof *out)
        out->refused = get(&m->refused);
    out->mean_quality = 0;
    out->mean_cost_nusd = 0;
    if (out->chosen)
        out->mean_quality = (double)get(&m->quality_sum) / QUALITY_UNIT / (double)out->chosen;
    if (costs)
        out->mean_cost_nusd = (double)get(&m->cost_sum_nusd) / (double)costs;
    return SHUNT_OK;
}

double shunt_stats_psi(const struct shunt_stats *s, int model)
{
    const double least = 1e-4;
    if (!s || model < -1 || model + 1 >= (int)s->t->drift_scores)
        return -1;
    uint64_t bin[SHUNT_DECILES];
    uint64_t sum = 0;
    for (int k = 0; k < SHUNT_DECILES; k++)
        sum += bin[k] = get(&s->score[model + 1].bin[k]);
    if (sum == 0)
        return -1;
    double psi = 0;
    for (int k = 0; k < SHUNT_DECILES; k++) {
        double a = (double)bin[k] / (double)sum;
        double e = s->t->drift[model + 1].share[k];
        a = a < least ? least : a;
        e = e < least ? least : e;
        psi += (a - e) * shunt_ln(a / e);
    }
    return psi;
}

/* ---- text ---- */

/* Text is written in small pieces: functions that stay functions keep this file small. */
struct sink {
    char *out;
    size_t cap, n;
};

__attribute__((noinline)) static void put(struct sink *k, const char *s, size_t n)
{
    if (k->n < k->cap)
        memcpy(k->out + k->n, s, n < k->cap - k->n ? n : k->cap - k->n);
    k->n += n;
}

__attribute__((noinline)) static void text(struct sink *k, const char *s)
{
    put(k, s, strlen(s));
}

static void put_whole(struct sink *k, uint64_t x)
{
    char digits[20];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + x % 10);
    while ((x /= 10) > 0);
    put(k, digits + n, sizeof digits - n);
}

/* x with so many decimals; |x| < 2^60 / 10^decimals. */
__attribute__((noinline)) static void put_fixed(struct sink *k, double x, int decimals)
{
    double unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    if (x < 0) {
        text(k, "-");
        x = -x;
    }
    uint64_t scaled = (uint64_t)(x * unit + 0.5);
    uint64_t whole = (uint64_t)unit;
    put_whole(k, scaled / whole);
    text(k, ".");
    for (uint64_t place = whole / 10; place > 0; place /= 10)
        put(k, &"0123456789"[scaled / place % 10], 1);
}

/* Nano-dollars as dollars, to the last digit. */
__attribute__((noinline)) static void put_usd(struct sink *k, uint64_t nusd)
{
    put_whole(k, nusd / 1000000000);
    text(k, ".");
    for (uint64_t place = 100000000; place > 0; place /= 10)
        put(k, &"0123456789"[nusd / place % 10], 1);
}

/* In quotes; the escapes of JSON and of Prometheus are the same for names, which hold no control
 * characters; ids may hold some. */
__attribute__((noinline)) static void put_quoted(struct sink *k, const char *s)
{
    text(k, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            text(k, "\\");
            put(k, s, 1);
        } else if (c < 0x20 || c == 0x7F) {
            text(k, "\\u00");
            put(k, &"0123456789abcdef"[c >> 4], 1);
            put(k, &"0123456789abcdef"[c & 15], 1);
        } else {
            put(k, s, 1);
        }
    }
    text(k, "\"");
}

__attribute__((noinline)) static void head(struct sink *k, const char *name, const char *type,
                                           const char *help)
{
    text(k, "# HELP ");
    text(k, name);
    text(k, " ");
    text(k, help);
    text(k, "\n# TYPE ");
    text(k, name);
    text(k, " ");
    text(k, type);
    text(k, "\n");
}

static void label(struct sink *k, const char *name, const char *key, const char *value)
{
    text(k, name);
    text(k, "{");
    text(k, key);
    text(k, "=");
    put_quoted(k, value);
    text(k, "} ");
}

/* One counter a model. */
static void counters(struct sink *k, const struct shunt_stats *s, const char *name,
                     const char *help, size_t offset)
{
    head(k, name, "counter", help);
    for (uint32_t m = 0; m < s->t->shape->models; m++) {
        const unsigned char *at = (const unsigned char *)&s->model[m] + offset;
        label(k, name, "model", shunt_model_name(s->t, (int)m));
        put_whole(k, get((const atomic_uint_fast64_t *)(const void *)at));
        text(k, "\n");
    }
}

/* What was expected of the requests so far, and what the point in force promised. */
static void means(struct sink *k, const struct shunt_stats *s)
{
    head(k, "shunt_expected_quality_sum", "counter", "Sum of the expected quality of decisions.");
    for (uint32_t m = 0; m < s->t->shape->models; m++) {
        label(k, "shunt_expected_quality_sum", "model", shunt_model_name(s->t, (int)m));
        put_fixed(k, (double)get(&s->model[m].quality_sum) / QUALITY_UNIT, 6);
        text(k, "\n");
    }
    head(k, "shunt_expected_cost_usd_sum", "counter", "Sum of the expected cost of decisions.");
    for (uint32_t m = 0; m < s->t->shape->models; m++) {
        label(k, "shunt_expected_cost_usd_sum", "model", shunt_model_name(s->t, (int)m));
        put_usd(k, get(&s->model[m].cost_sum_nusd));
        text(k, "\n");
    }
    head(k, "shunt_promised_quality", "gauge", "Mean quality that an operating point promised.");
    for (uint32_t p = 0; p < s->t->shape->points; p++)
        if (s->t->point[p].quality[0] >= 0 && s->t->point[p].quality[0] <= 1e6) {
            label(k, "shunt_promised_quality", "point", shunt_point_name(s->t, (int)p));
            put_fixed(k, s->t->point[p].quality[0], 6);
            text(k, "\n");
        }
    head(k, "shunt_promised_cost_usd", "gauge", "Mean cost that an operating point promised.");
    for (uint32_t p = 0; p < s->t->shape->points; p++)
        if (s->t->point[p].cost_nusd[0] >= 0 && s->t->point[p].cost_nusd[0] < 1e18) {
            label(k, "shunt_promised_cost_usd", "point", shunt_point_name(s->t, (int)p));
            put_usd(k, (uint64_t)(s->t->point[p].cost_nusd[0] + 0.5));
            text(k, "\n");
        }
}

static void drift(struct sink *k, const struct shunt_stats *s)
{
    if (s->t->drift_scores == 0)
        return;
    head(k, "shunt_drift_psi", "gauge",
         "Population stability index of a score against the table's deciles.");
    for (int m = -1; m + 1 < (int)s->t->drift_scores; m++) {
        double psi = shunt_stats_psi(s, m);
        if (psi < 0)
            continue;
        text(k, "shunt_drift_psi{score=");
        if (m < 0) {
            text(k, "\"complexity\",model=\"\"} ");
        } else {
            text(k, "\"quality\",model=");
            put_quoted(k, shunt_model_name(s->t, m));
            text(k, "} ");
        }
        put_fixed(k, psi, 6);
        text(k, "\n");
    }
}

int shunt_stats_text(const struct shunt_stats *s, char *out, size_t cap, size_t *needed)
{
    if (!s || !needed || (!out && cap))
        return SHUNT_E_ARGUMENT;
    struct sink k = {out, cap, 0};
    counters(&k, s, "shunt_chosen_total", "Decisions for a model.",
             offsetof(struct model_counts, chosen));
    counters(&k, s, "shunt_served_total", "Replies of a model that were accepted.",
             offsetof(struct model_counts, served));
    counters(&k, s, "shunt_escalated_total", "Escalations to a model.",
             offsetof(struct model_counts, escalated));
    counters(&k, s, "shunt_fell_back_total", "Fallbacks to a model.",
             offsetof(struct model_counts, fell_back));
    counters(&k, s, "shunt_model_refused_total", "Plans that gave up at a model.",
             offsetof(struct model_counts, refused));
    head(&k, "shunt_refused_total", "counter", "Requests that no model was left for.");
    text(&k, "shunt_refused_total ");
    put_whole(&k, get(&s->refused));
    text(&k, "\n");
    head(&k, "shunt_errors_total", "counter", "Requests that could not be routed.");
    text(&k, "shunt_errors_total ");
    put_whole(&k, get(&s->errors));
    text(&k, "\n");
    means(&k, s);
    drift(&k, s);
    *needed = k.n;
    return SHUNT_OK;
}

/* ---- events ---- */

static void member(struct sink *k, const char *key, const char *value)
{
    if (!value)
        return;
    text(k, ",\"");
    text(k, key);
    text(k, "\":");
    put_quoted(k, value);
}

static void number(struct sink *k, const char *key, double x)
{
    text(k, ",\"");
    text(k, key);
    text(k, "\":");
    put_fixed(k, x, 6);
}

static void money(struct sink *k, const char *key, int64_t nusd)
{
    if (nusd < 0)
        return;
    text(k, ",\"");
    text(k, key);
    text(k, "\":");
    put_usd(k, (uint64_t)nusd);
}

static void put_step(struct sink *k, const struct shunt_step *step)
{
    member(k, "shunt.action", shunt_action_name(step->action));
    member(k, "shunt.cause", shunt_cause_name(step->cause));
    text(k, ",\"shunt.calls\":");
    put_whole(k, step->calls > 0 ? (uint64_t)step->calls : 0);
    if (step->action == SHUNT_ACCEPT)
        member(k, "gen_ai.response.model", step->model_name);
    if (step->action == SHUNT_GIVE_UP)
        member(k, "error.type", shunt_cause_name(step->cause));
    money(k, "shunt.spent_usd", step->spent_nusd);
}

int shunt_event_json(const struct shunt_table *t, const struct shunt_decision *d,
                     const struct shunt_step *step, const char *id, uint64_t time_unix_ns,
                     char *out, size_t cap, size_t *needed)
{
    if (!t || !d || !needed || (!out && cap) || (id && !shunt_is_utf8(id, strlen(id))))
        return SHUNT_E_ARGUMENT;
    struct sink k = {out, cap, 0};
    int asks = step && step->action < SHUNT_ACCEPT;
    text(&k, "{\"gen_ai.operation.name\":\"chat\"");
    member(&k, "gen_ai.request.model", asks ? step->model_name : d->model_name);
    if (time_unix_ns) {
        text(&k, ",\"time_unix_nano\":");
        put_whole(&k, time_unix_ns);
    }
    member(&k, "shunt.request.id", id);
    member(&k, "shunt.reason", shunt_reason_name(d->reason));
    member(&k, "shunt.rule", d->rule_name);
    member(&k, "shunt.point", shunt_point_name(t, d->point));
    member(&k, "shunt.tier", shunt_tier_name(t, d->tier));
    member(&k, "shunt.complexity_class", shunt_label_name(t, d->complexity_class));
    number(&k, "shunt.complexity", d->complexity);
    number(&k, "shunt.expected_quality", d->quality);
    money(&k, "shunt.expected_cost_usd", d->cost_nusd);
    if (d->latency_ms >= 0)
        number(&k, "shunt.expected_latency_ms", d->latency_ms);
    if (step)
        put_step(&k, step);
    text(&k, "}\n");
    *needed = k.n;
    return SHUNT_OK;
}
