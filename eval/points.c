/* Operating points: from a promise to a lambda, on selection data only. The guard is guard.c;
 * figures on data not used to choose are evaluate.c. */
#include "eval/points.h"

#include "core/mem.h"
#include "eval/control.h"
#include "eval/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum point_goal goal;
    bool valued;
    double max;
} goals[] = {
    {"best", POINT_BEST, false, 0},      {"balanced", POINT_BALANCED, false, 0},
    {"cheap", POINT_CHEAP, false, 0},    {"quality", POINT_QUALITY, true, 1},
    {"budget", POINT_BUDGET, true, 1e6}, {"latency", POINT_LATENCY, true, 1e6},
    {"share", POINT_SHARE, true, 1},
};
enum { GOALS = sizeof goals / sizeof *goals };

static const double cheap_margin = .02;

int point_spec_parse(const char *text, struct point_spec *out, struct err *e)
{
    const char *eq = strchr(text, '=');
    const size_t len = eq ? (size_t)(eq - text) : strlen(text);
    for (int k = 0; k < GOALS; k++) {
        if (strlen(goals[k].name) != len || strncmp(goals[k].name, text, len) != 0 ||
            goals[k].valued != (eq != NULL))
            continue;
        *out = (struct point_spec){.goal = goals[k].goal};
        if (snprintf(out->name, sizeof out->name, "%s", text) >= (int)sizeof out->name)
            return err_set(e, ERR_USAGE, "operating point '%.40s...' has too long a name", text);
        if (!eq)
            return ERR_OK;
        char *end = NULL;
        out->value = strtod(eq + 1, &end);
        if (out->goal == POINT_LATENCY) {
            const bool s = strcmp(end, "s") == 0;
            out->value = s ? out->value : out->value / 1e3;
            end += s ? 1 : strcmp(end, "ms") == 0 ? 2 : 0;
        }
        if (end == eq + 1 || *end || !(out->value >= 0) || out->value > goals[k].max)
            return err_set(e, ERR_USAGE,
                           "operating point '%s': a number from 0 to %g must follow '='", text,
                           goals[k].max);
        return ERR_OK;
    }
    return err_set(e, ERR_USAGE,
                   "no operating point '%s' (best, balanced, cheap, budget=USD, quality=Q, "
                   "latency=1.5s, share=S)",
                   text);
}

bool point_needs_cost(enum point_goal goal)
{
    return goal == POINT_BALANCED || goal == POINT_CHEAP || goal == POINT_QUALITY ||
           goal == POINT_BUDGET;
}

/* The rule "always model m". */
static void fit_constant(const struct eval_set *s, int m, struct guard *g)
{
    *g = (struct guard){.fallback = m, .z = (double)INFINITY, .tasks = s->tasks};
    g->pass = mem_array(s->tasks + 1, 1);
    g->own = mem_array(s->tasks + 1, 1);
    g->quality = eval_set_mean(s, s->score, (size_t)m);
    g->cost = eval_set_mean(s, s->cost, (size_t)m);
}

/* A goal on one axis: quality at least `floor`, or x at most `ceiling`. */
struct promise {
    bool latency;          /* x is latency (mu) instead of cost (lambda) */
    double floor, ceiling; /* NaN: not asked for */
};

static bool kept(const struct promise *p, double quality, double x)
{
    return (isnan(p->floor) || quality >= p->floor - 1e-12) &&
           (isnan(p->ceiling) || x <= p->ceiling * (1 + 1e-12));
}

/* A multiplier that gives point k, away from its breakpoints: halfway to the next. */
static double multiplier(const struct sweep *w, size_t k)
{
    const double at = w->point[k].lambda;
    if (k == 0 || isinf(at))
        return at;
    const double next = k + 1 < w->points ? w->point[k + 1].lambda : (double)INFINITY;
    return isinf(next) ? at * 1.5 : at + (next - at) / 2;
}

/* Guarded mean latency on the selection data, in seconds (the rule itself, as fitted). */
static double guarded_latency(const struct guard *g, const struct eval_set *s, const double *real)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        const int m = guard_choose(g, s->models, s->q + row, s->c + row, s->t + row, s->task[i]);
        sum += s->weight[i] * real[row + (size_t)m];
        weight += s->weight[i];
    }
    return sum / weight;
}

/* Fits the guard around default model d; true when the guarded rule keeps the promise. */
static bool fit_kept(const struct promise *p, const struct eval_set *select, const double *real,
                     double at, int d, struct guard *g)
{
    guard_fit(select, p->latency ? 0 : at, p->latency ? at : 0, d, g);
    if (kept(p, g->quality, p->latency ? guarded_latency(g, select, real) : g->cost))
        return true;
    guard_deinit(g);
    return false;
}

/* The best default model among the constants that keep the promise themselves, or -1. */
static int safe_default(const struct promise *p, const struct eval_set *select, const double *real,
                        double at)
{
    int best = -1;
    double best_u = 0;
    for (size_t m = 0; m < select->models; m++) {
        const double quality = eval_set_mean(select, select->score, m);
        const double x = eval_set_mean(select, real, m), u = quality - at * x;
        if (kept(p, quality, x) && (best < 0 || u > best_u)) {
            best = (int)m;
            best_u = u;
        }
    }
    return best;
}

/* First around the default model of the definition; where the guard then breaks the promise, around
 * one that keeps it on its own. */
static bool try_point(const struct promise *p, const struct eval_set *train,
                      const struct eval_set *select, const double *real, double at, struct guard *g)
{
    if (isinf(at)) { /* the cheapest, or fastest, model always */
        int m = 0;
        for (size_t k = 1; k < select->models; k++)
            if (eval_set_mean(select, real, k) < eval_set_mean(select, real, (size_t)m))
                m = (int)k;
        fit_constant(select, m, g);
        g->lambda = p->latency ? 0 : at;
        if (kept(p, g->quality, eval_set_mean(select, real, (size_t)m)))
            return true;
        guard_deinit(g);
        return false;
    }
    const int d = control_constant(train, p->latency ? 0 : at, p->latency ? at : 0);
    if (d >= 0 && fit_kept(p, select, real, at, d, g))
        return true;
    const int safe = safe_default(p, select, real, at);
    return safe >= 0 && safe != d && fit_kept(p, select, real, at, safe, g);
}

/* Walks from point k towards point `end` in at most 24 steps of about equal length in x. */
static bool search(const struct promise *p, const struct eval_set *train,
                   const struct eval_set *select, const double *real, const struct sweep *w,
                   size_t k, size_t end, struct guard *g)
{
    enum { STEPS = 24 };
    const double step = fabs(w->point[end].x - w->point[k].x) / STEPS;
    const size_t hop = ((end > k ? end - k : k - end) + STEPS - 1) / STEPS;
    for (int s = 0; s <= STEPS + 1; s++) {
        if (try_point(p, train, select, real, multiplier(w, k), g))
            return true;
        if (k == end)
            return false;
        const double from = w->point[k].x;
        size_t gone = 0;
        do {
            k = end > k ? k + 1 : k - 1;
            gone++;
        } while (k != end && gone < hop * 4 && fabs(w->point[k].x - from) < step);
    }
    return false;
}

/* Observed x of every cell; an unknown latency becomes the expected one. NULL when one stays
 * unknown. */
static double *observed(const struct eval_set *s, bool latency)
{
    double *x = mem_array(s->n * s->models, sizeof *x);
    for (size_t k = 0; k < s->n * s->models; k++) {
        x[k] = latency ? s->latency_ms[k] / 1e3 : s->cost[k];
        if (latency && isnan(x[k]))
            x[k] = s->t[k];
        if (isnan(x[k])) {
            free(x);
            return NULL;
        }
    }
    return x;
}

static int choose_lambda(const struct point_spec *spec, const struct eval_set *train,
                         const struct eval_set *select, struct point_choice *out, struct err *e)
{
    const int constant = control_constant(train, 0, 0);
    if (spec->goal == POINT_BEST) {
        guard_fit(select, 0, 0, constant, &out->guard);
        out->reached = true;
        return ERR_OK;
    }
    struct promise p = {
        .latency = spec->goal == POINT_LATENCY, .floor = (double)NAN, .ceiling = (double)NAN};
    if (spec->goal == POINT_BUDGET || p.latency)
        p.ceiling = spec->value;
    else if (spec->goal == POINT_QUALITY)
        p.floor = spec->value;
    else
        p.floor = eval_set_mean(select, select->score, (size_t)constant) -
                  (spec->goal == POINT_CHEAP ? cheap_margin : 0);

    AUTO_FREE double *real = observed(select, p.latency);
    struct sweep w = {0};
    if (!real ||
        !sweep_run(select, select->q, p.latency ? select->t : select->c, select->score, real, &w))
        return err_set(e, ERR_FORMAT,
                       "operating point '%s' needs the %s of every reply; %zu are unknown",
                       spec->name, p.latency ? "latency" : "cost",
                       eval_set_missing(select, p.latency ? select->latency_ms : select->cost));
    /* Where the unguarded curve keeps the promise, from the wanted end of it. */
    size_t k = w.points;
    for (size_t j = 0; j < w.points; j++)
        if (kept(&p, w.point[j].y, w.point[j].x)) {
            k = j;
            if (!isnan(p.ceiling))
                break;
        }
    const size_t safe = isnan(p.ceiling) ? 0 : w.points - 1;
    out->reached = search(&p, train, select, real, &w, k < w.points ? k : safe, safe, &out->guard);
    sweep_deinit(&w);
    if (!out->reached && !isnan(p.ceiling)) /* nothing is cheap enough: the cheapest */
        try_point(&(struct promise){p.latency, (double)NAN, (double)NAN}, train, select, real,
                  (double)INFINITY, &out->guard);
    else if (!out->reached &&
             spec->goal == POINT_QUALITY) /* nothing is good enough: the best there is */
        guard_fit(select, 0, 0, constant, &out->guard);
    else if (!out->reached)
        fit_constant(select, constant, &out->guard);
    return ERR_OK;
}

static int by_difference(const void *a, const void *b)
{
    const double *x = a, *y = b; /* difference, weight */
    return (x[0] < y[0]) - (x[0] > y[0]);
}

static int choose_share(const struct point_spec *spec, const struct eval_set *train,
                        const struct eval_set *select, struct point_choice *out, struct err *e)
{
    if (select->models != 2)
        return err_set(
            e, ERR_USAGE,
            "operating point '%s' needs two models, not %zu: name them with --models A,B",
            spec->name, select->models);
    out->share_kind = true;
    out->strong = control_constant(train, 0, 0);
    out->weak = 1 - out->strong;
    out->reached = true;
    AUTO_FREE double *d = mem_array(2 * select->n, sizeof *d);
    double weight = 0;
    for (size_t i = 0; i < select->n; i++) {
        d[2 * i] = select->q[2 * i + (size_t)out->strong] - select->q[2 * i + (size_t)out->weak];
        d[2 * i + 1] = select->weight[i];
        weight += select->weight[i];
    }
    qsort(d, select->n, 2 * sizeof *d, by_difference);
    double gone = 0;
    size_t k = 0;
    while (k < select->n && gone + d[2 * k + 1] / 2 < spec->value * weight)
        gone += d[2 * k++ + 1];
    /* Between the last that goes and the first that stays; ties stay together. */
    if (k == 0)
        out->threshold = d[0] + 1;
    else if (k == select->n)
        out->threshold = d[2 * (k - 1)] - 1;
    else
        out->threshold = d[2 * k] + (d[2 * (k - 1)] - d[2 * k]) / 2;
    return ERR_OK;
}

int point_choose(const struct point_spec *spec, const struct eval_set *train,
                 const struct eval_set *select, struct point_choice *out, struct err *e)
{
    *out = (struct point_choice){.weak = -1, .strong = -1};
    if (train->n == 0 || select->n == 0)
        return err_set(e, ERR_USAGE,
                       "no prompts to choose operating point '%s' on: the selection data is empty",
                       spec->name);
    if (spec->goal == POINT_SHARE)
        return choose_share(spec, train, select, out, e);
    return choose_lambda(spec, train, select, out, e);
}

void point_choice_deinit(struct point_choice *p)
{
    if (p)
        guard_deinit(&p->guard);
}

int point_model(const struct point_choice *p, size_t models, const double *q, const double *c,
                const double *t, int task)
{
    if (!p->share_kind)
        return isinf(p->guard.lambda) ? p->guard.fallback
                                      : guard_choose(&p->guard, models, q, c, t, task);
    return q[p->strong] - q[p->weak] >= p->threshold ? p->strong : p->weak;
}
