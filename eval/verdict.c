/* What the figures say: paired comparisons with the smallest difference they could have shown, the
 * verdict, the advice, and what was left out. */
#include "eval/work.h"

#include "core/buf.h"
#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_GROUPS = 200 };
static const double detect = 1.959963984540054 + 0.8416212335729143;
static const double little_room =
    .01; /* oracle less best single, below which nothing can be gained */

static void compare_metric(struct work *w, const char *a, const char *b, const char *metric,
                           enum metric k)
{
    const struct metric_result *m = &w->result->metric;
    if (isnan(m->value[k]))
        return;
    const struct comparison c = {
        .a = mem_strdup(a),
        .b = mem_strdup(b),
        .metric = metric,
        .difference = {m->value[k], m->lo[k], m->hi[k]},
        .minimum_detectable = detect * m->se[k],
    };
    VEC_PUSH(&w->result->comparison, c);
}

static void compare_both(struct work *w, long a, long b)
{
    if (a < 0 || b < 0)
        return;
    outcome_compare(&w->outcomes, (size_t)a, (size_t)b, false);
    outcome_compare(&w->outcomes, (size_t)a, (size_t)b, true);
}

static void compare_all(struct work *w)
{
    compare_metric(w, "router", "best control", "aiq_raw", METRIC_GAIN_AIQ_RAW);
    compare_metric(w, "router", "best control", "apgr", METRIC_GAIN_APGR);
    compare_metric(w, "router", "constant", "quality_at_lambda_0", METRIC_GAIN_LAMBDA_0);
    const long constant = work_entry(w, "constant", NULL),
               table = work_entry(w, "task_means", NULL);
    for (size_t s = 0; s < w->specs; s++) {
        const long point = work_entry(w, "point", w->spec[s].name);
        compare_both(w, point, constant);
        compare_both(w, point, table);
        AUTO_FREE char *mix = mem_printf("mix:%s", w->spec[s].name);
        const long matched = work_entry(w, "mix", mix);
        if (matched >= 0)
            outcome_compare(&w->outcomes, (size_t)point, (size_t)matched, false);
    }
    compare_both(w, table, constant);
    compare_both(w, work_entry(w, "rules", NULL), constant);
    compare_both(w, work_entry(w, "cascade", NULL), constant);
}

/* The increment that decides, its name, and the control that it stands on. */
struct claim {
    enum metric metric;
    const char *of, *control;
};

static struct claim claim_of(const struct work *w)
{
    const struct metric_result *m = &w->result->metric;
    if (!isnan(m->value[METRIC_GAIN_AIQ_RAW])) {
        const bool table = m->value[METRIC_AIQ_TASK_MEANS_RAW] >= m->value[METRIC_AIQ_SINGLES];
        return (struct claim){METRIC_GAIN_AIQ_RAW, "aiq_raw",
                              table ? "the table of task means" : "mixing single models"};
    }
    if (!isnan(m->value[METRIC_GAIN_APGR])) {
        const bool table = m->value[METRIC_APGR_TASK_MEANS] >= .5;
        return (struct claim){METRIC_GAIN_APGR, "apgr",
                              table ? "the table of task means" : "a random mix"};
    }
    return (struct claim){METRIC_GAIN_LAMBDA_0, "quality", "the best constant model"};
}

/* A model that never fails here, or -1. */
static int perfect_model(const struct work *w)
{
    for (size_t m = 0; m < w->test.models; m++) {
        bool all = true;
        for (size_t i = 0; i < w->test.n && all; i++)
            all = w->test.score[i * w->test.models + m] >= 1;
        if (all)
            return (int)m;
    }
    return -1;
}

/* Returns whether routing was found to pay. */
static bool add_verdict(struct work *w)
{
    struct eval_result *r = w->result;
    const struct metric_result *m = &r->metric;
    const int perfect = perfect_model(w);
    if (r->models == 1) {
        result_note(r, "verdict",
                    mem_printf("routing adds nothing here: '%s' is the only model, and the router "
                               "is that constant",
                               r->model[0]));
        return false;
    }
    if (!w->data->routed) {
        result_note(
            r, "verdict",
            mem_strdup(
                "no router is trained yet: only controls were evaluated (run 'shunt train')"));
        return false;
    }
    const struct claim c = claim_of(w);
    const double v = m->value[c.metric], lo = m->lo[c.metric], hi = m->hi[c.metric];
    if (lo > 0) {
        result_note(
            r, "verdict",
            mem_printf("routing adds %.4f [%.4f, %.4f] %s over %s", v, lo, hi, c.of, c.control));
        return true;
    }
    if (perfect >= 0)
        result_note(r, "verdict",
                    mem_printf("routing adds nothing to quality here: '%s' is always right",
                               r->model[perfect]));
    else if (isnan(lo) || !(m->se[c.metric] > 0)) /* no spread: the data say nothing of the size */
        result_note(r, "verdict",
                    mem_printf("routing adds nothing here that %zu group%s of prompts could show",
                               r->groups, r->groups == 1 ? "" : "s"));
    else
        result_note(r, "verdict",
                    mem_printf("routing adds nothing here: %+.4f [%.4f, %.4f] %s against %s; a "
                               "gain of %.4f would have "
                               "been seen",
                               v, lo, hi, c.of, c.control, detect * m->se[c.metric]));
    return false;
}

static const struct comparison *find_comparison(const struct eval_result *r, const char *a,
                                                const char *b, const char *metric)
{
    for (size_t k = 0; k < r->comparison.n; k++) {
        const struct comparison *c = &r->comparison.v[k];
        if (strcmp(c->a, a) == 0 && strcmp(c->b, b) == 0 && strcmp(c->metric, metric) == 0)
            return c;
    }
    return NULL;
}

static void reason(struct buf *b, const char *text)
{
    buf_addf(b, "%s%s", b->len ? "; " : "", text);
}

static void add_advice(struct work *w, bool pays)
{
    struct eval_result *r = w->result;
    if (!w->data->routed)
        return;
    struct buf why = BUF_INIT(2000);
    const struct comparison *cost = find_comparison(r, "balanced", "constant", "cost_usd_per_1k");
    const struct comparison *quality = find_comparison(r, "balanced", "constant", "quality");
    const struct policy_row *constant = result_find(r, NULL, "constant");
    if (!pays)
        reason(&why, "the router is not shown to beat the controls");
    if (cost && !(cost->difference.hi < 0) && !(quality && quality->difference.lo > 0))
        reason(&why, "the interval of what 'balanced' saves includes zero");
    for (size_t s = 0; s < r->point.n; s++) {
        const struct guard *g = &r->point.v[s].choice.guard;
        if (strcmp(r->point.v[s].spec.name, cost ? "balanced" : "best") == 0 && !g->leaves)
            buf_addf(&why, "%s'%s' is always %s", why.len ? "; " : "", r->point.v[s].spec.name,
                     r->model[g->fallback]);
    }
    if (r->groups < FEW_GROUPS)
        buf_addf(&why, "%sonly %zu independent groups of prompts", why.len ? "; " : "", r->groups);
    const double room =
        r->metric.value[METRIC_ORACLE_QUALITY] - r->metric.value[METRIC_BEST_SINGLE_QUALITY];
    if (room < little_room)
        buf_addf(&why, "%seven a perfect router would gain only %.4f", why.len ? "; " : "", room);
    if (why.len)
        result_note(r, "advice", mem_printf("do not route yet: %s", why.data));
    else if (cost && quality && constant->cost_usd_per_1k.value > 0)
        result_note(r, "advice",
                    mem_printf("route with 'balanced': it costs %.1f %% less [%.1f, %.1f] than "
                               "always %s, at %+.4f "
                               "[%.4f, %.4f] quality",
                               -100 * cost->difference.value / constant->cost_usd_per_1k.value,
                               -100 * cost->difference.hi / constant->cost_usd_per_1k.value,
                               -100 * cost->difference.lo / constant->cost_usd_per_1k.value,
                               r->model[r->constant], quality->difference.value,
                               quality->difference.lo, quality->difference.hi));
    buf_deinit(&why);
}

static void add_missing(struct work *w)
{
    struct eval_result *r = w->result;
    const struct eval_data *d = w->data;
    const struct eval_set *s = &d->all;
    const size_t cost = eval_set_missing(s, s->cost), latency = eval_set_missing(s, s->latency_ms),
                 cells = s->n * s->models;
    r->unscored_prompts = d->left_unscored;
    r->unseen_prompts = d->left_unseen;
    r->unknown_cost = cost;
    r->unknown_latency = latency;
    r->unscored_replies = d->matrix->unscored_replies > 0 ? (size_t)d->matrix->unscored_replies : 0;
    if (d->left_unscored)
        result_note(r, "missing",
                    mem_printf("%zu of %zu prompts are left out: some model has no score there",
                               d->left_unscored, d->matrix->prompts));
    if (d->left_unseen)
        result_note(r, "missing",
                    mem_printf("%zu prompts are left out: they came after the router was trained",
                               d->left_unseen));
    if (d->matrix->unscored_replies)
        result_note(
            r, "missing",
            mem_printf("%lld replies have no score", (long long)d->matrix->unscored_replies));
    if (cost)
        result_note(
            r, "missing",
            mem_printf("the cost of %zu of %zu (prompt, model) pairs is unknown: metrics that need "
                       "cost are null",
                       cost, cells));
    if (latency)
        result_note(
            r, "missing",
            mem_printf(
                "the latency of %zu of %zu (prompt, model) pairs is unknown: percentiles are "
                "of the others",
                latency, cells));
    struct buf b = BUF_INIT(4000);
    static const char *const words[] = {"unknown", "tokens times price", "as reported"};
    for (size_t m = 0; m < r->models; m++)
        buf_addf(&b, "%s%s: %s", m ? "; " : "", r->model[m],
                 words[d->matrix->model[m].cost_source]);
    result_note(r, "cost_source", buf_detach(&b, NULL));
}

void work_verdict(struct work *w)
{
    compare_all(w);
    const bool pays = add_verdict(w);
    add_advice(w, pays);
    add_missing(w);
}
