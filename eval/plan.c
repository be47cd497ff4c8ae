/* Plans on one prompt, and their value heads. The curve and its rows are plan_run.c, operating
 * points plan_point.c. */
#include "eval/plan.h"

#include "core/mem.h"
#include "core/stat.h"
#include "eval/plan_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void plan_walk(const struct plan_view *v, size_t i, int first, double lambda, unsigned depth,
               double *scratch, struct plan_end *out)
{
    const struct eval_set *s = v->set;
    const size_t models = s->models, row = i * models;
    double *open = scratch; /* what is expected of models that were not asked; NaN: asked */
    memcpy(open, s->q + row, models * sizeof *open);
    double best_q = -INFINITY;
    *out = (struct plan_end){.answer = first};
    for (int a = first; a >= 0 && out->calls < depth;) {
        const float *told = v->told + (row + (size_t)a) * models;
        const double own = (double)told[a];
        out->calls++;
        out->cost += s->cost[row + (size_t)a];
        out->latency_ms += s->latency_ms[row + (size_t)a];
        const double expected = open[a];
        open[a] = (double)NAN;
        for (size_t b = 0; b < models; b++)
            if (!isnan(open[b]) && !isnan(told[b]))
                open[b] = (double)told[b];
        if (isnan(own)) { /* a reply that tells nothing ends the plan: best by what was expected */
            if (expected > best_q)
                out->answer = a;
            break;
        }
        if (own > best_q) {
            best_q = own;
            out->answer = a;
        }
        a = eval_choose(models, open, s->c + row, s->t + row, lambda, 0);
        if (a >= 0) {
            const double toll = lambda > 0 ? lambda * s->c[row + (size_t)a] : 0;
            if (!(open[a] - best_q - toll > 0))
                a = -1;
        }
    }
    out->score = s->score[row + (size_t)out->answer];
}

void plan_lambdas(double lo, double hi, double out[PLAN_LAMBDAS])
{
    out[0] = 0;
    for (int k = 1; k < PLAN_LAMBDAS; k++)
        out[k] = exp(log(lo) + (log(hi) - log(lo)) * (k - 1) / (PLAN_LAMBDAS - 2));
}

/* ---- value heads ---- */

static const double RIDGE = 10; /* in prompts of mean weight; 1 to 100 make no difference */

static double prior_logit(double q)
{
    return stat_logit(fmin(fmax(q, 1e-6), 1 - 1e-6));
}

/* V of every model; value: [models]. */
static void values(const double *weight, size_t width, const struct eval_set *s, size_t i,
                   double *value)
{
    const size_t models = s->models;
    const bool tasks = width > 1 + models;
    for (size_t a = 0; a < models; a++)
        value[a] =
            weight[a * width] + (tasks ? weight[a * width + 1 + models + (size_t)s->task[i]] : 0);
    for (size_t m = 0; m < models; m++) {
        const double logit = prior_logit(s->q[i * models + m]);
        for (size_t a = 0; a < models; a++)
            value[a] += weight[a * width + 1 + m] * logit;
    }
}

static int decision(const struct eval_set *s, size_t i, double lambda)
{
    const size_t row = i * s->models;
    return eval_choose(s->models, s->q + row, s->c + row, s->t + row, lambda, 0);
}

/* The model of the largest value; *gain: over that of d. */
static int best_value(const double *value, size_t models, int d, double *gain)
{
    size_t best = 0;
    for (size_t m = 1; m < models; m++)
        if (value[m] > value[best])
            best = m;
    *gain = value[best] - value[d];
    return (int)best;
}

int plan_first(const struct plan_rule *r, const struct eval_set *s, size_t i)
{
    const int d = decision(s, i, r->lambda);
    if (isinf(r->margin))
        return d;
    AUTO_FREE double *value = mem_array(r->models, sizeof *value);
    values(r->weight, r->width, s, i, value);
    double gain;
    const int best = best_value(value, r->models, d, &gain);
    return gain > r->margin ? best : d;
}

void plan_rule_deinit(struct plan_rule *r)
{
    free(r->weight);
    *r = (struct plan_rule){0};
}

/* Row i of the regression: indices and values of what is not 0. */
static size_t regression_row(const struct plan_normal *x, size_t i, size_t *column, double *value)
{
    const struct eval_set *s = x->view.set;
    size_t n = 0;
    column[n] = 0;
    value[n++] = 1;
    for (size_t m = 0; m < s->models; m++) {
        column[n] = 1 + m;
        value[n++] = prior_logit(s->q[i * s->models + m]);
    }
    if (x->width > 1 + s->models) {
        column[n] = 1 + s->models + (size_t)s->task[i];
        value[n++] = 1;
    }
    return n;
}

struct plan_normal *plan_normal_new(const struct plan_view *v)
{
    const struct eval_set *s = v->set;
    struct plan_normal *x = mem_zalloc(sizeof *x);
    x->view = *v;
    x->width = 1 + s->models + (s->tasks > 1 && s->tasks <= PLAN_TASKS ? s->tasks : 0);
    const size_t cells = x->width * x->width;
    x->fold = mem_array(s->n, sizeof *x->fold);
    x->factor = mem_array((PLAN_FOLDS + 1) * cells, sizeof *x->factor);
    AUTO_FREE double *part = mem_array(PLAN_FOLDS * cells, sizeof *part);
    AUTO_FREE size_t *column = mem_array(2 + s->models, sizeof *column);
    AUTO_FREE double *value = mem_array(2 + s->models, sizeof *value);
    double weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        x->fold[i] = (unsigned char)((size_t)s->group[i] % PLAN_FOLDS);
        double *sum = part + x->fold[i] * cells;
        const size_t n = regression_row(x, i, column, value);
        weight += s->weight[i];
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++)
                sum[column[a] * x->width + column[b]] += s->weight[i] * value[a] * value[b];
    }
    const double ridge = s->n > 0 ? RIDGE * weight / (double)s->n : RIDGE;
    for (size_t f = 0; f <= PLAN_FOLDS; f++) {
        double *m = x->factor + f * cells;
        for (size_t g = 0; g < PLAN_FOLDS; g++)
            for (size_t k = 0; k < cells && g != f; k++)
                m[k] += part[g * cells + k];
        for (size_t k = 0; k < x->width; k++)
            m[k * x->width + k] += k == 0 ? 1e-9 * ridge : ridge;
        x->solved[f] = stat_cholesky(m, x->width);
    }
    return x;
}

void plan_normal_free(struct plan_normal *x)
{
    if (!x)
        return;
    free(x->fold);
    free(x->factor);
    free(x);
}

/* Heads [PLAN_FOLDS + 1][models][width]: without each fold, then of all; value [n][models]. */
static double *fit_heads(const struct plan_normal *x, const double *value)
{
    const struct eval_set *s = x->view.set;
    const size_t models = s->models, size = models * x->width;
    double *head = mem_array((PLAN_FOLDS + 1) * size, sizeof *head);
    AUTO_FREE double *part = mem_array(PLAN_FOLDS * size, sizeof *part);
    AUTO_FREE size_t *column = mem_array(2 + models, sizeof *column);
    AUTO_FREE double *at = mem_array(2 + models, sizeof *at);
    for (size_t i = 0; i < s->n; i++) {
        const size_t n = regression_row(x, i, column, at);
        for (size_t a = 0; a < models; a++)
            for (size_t k = 0; k < n; k++)
                part[x->fold[i] * size + a * x->width + column[k]] +=
                    s->weight[i] * at[k] * value[i * models + a];
    }
    for (size_t f = 0; f <= PLAN_FOLDS; f++) {
        double *h = head + f * size;
        for (size_t g = 0; g < PLAN_FOLDS; g++)
            for (size_t k = 0; k < size && g != f; k++)
                h[k] += part[g * size + k];
        for (size_t a = 0; a < models; a++)
            if (x->solved[f])
                stat_cholesky_solve(x->factor + f * x->width * x->width, x->width,
                                    h + a * x->width);
            else
                memset(h + a * x->width, 0, x->width * sizeof *h);
    }
    return head;
}

/* What beginning with the best value in place of the decision has realised, prompt by prompt. */
struct trial {
    int decided, best;
    double gain, realised;
};

/* Mean over all prompts and its standard error, clustered by groups, of what leaving the decision
 * beyond `margin` has realised. */
static double realised(const struct eval_set *s, const struct trial *t, double margin, double *se)
{
    AUTO_FREE double *group = mem_array(s->groups, sizeof *group);
    double sum = 0, weight = 0, square = 0;
    for (size_t i = 0; i < s->n; i++) {
        weight += s->weight[i];
        if (!(t[i].gain > margin))
            continue;
        sum += s->weight[i] * t[i].realised;
        group[s->group[i]] += s->weight[i] * t[i].realised;
    }
    for (size_t g = 0; g < s->groups; g++)
        square += group[g] * group[g];
    *se = weight > 0 ? sqrt(square) / weight : 0;
    return weight > 0 ? sum / weight : 0;
}

static double choose_margin(const struct eval_set *s, const struct trial *t)
{
    static const double margins[] = {.05, .02, .01, .005, .002, .001, 0};
    double best = 0, margin = INFINITY;
    for (size_t k = 0; k < sizeof margins / sizeof *margins; k++) {
        double se;
        const double mean = realised(s, t, margins[k], &se);
        if (mean > best && mean > se) {
            best = mean;
            margin = margins[k];
        }
    }
    return margin;
}

void plan_fit(const struct plan_normal *x, double lambda, unsigned depth, struct plan_rule *out,
              struct plan_end *end)
{
    const struct eval_set *s = x->view.set;
    const size_t models = s->models;
    AUTO_FREE double *value = mem_array(s->n * models, sizeof *value);
    AUTO_FREE double *scratch = mem_array(models, sizeof *scratch);
    for (size_t i = 0; i < s->n; i++)
        for (size_t a = 0; a < models; a++) {
            struct plan_end e;
            plan_walk(&x->view, i, (int)a, lambda, depth, scratch, &e);
            value[i * models + a] = e.score - (lambda > 0 ? lambda * e.cost : 0);
        }
    double *head = fit_heads(x, value);
    AUTO_FREE struct trial *t = mem_array(s->n, sizeof *t);
    for (size_t i = 0; i < s->n; i++) {
        t[i].decided = decision(s, i, lambda);
        values(head + x->fold[i] * models * x->width, x->width, s, i, scratch);
        t[i].best = best_value(scratch, models, t[i].decided, &t[i].gain);
        t[i].realised =
            value[i * models + (size_t)t[i].best] - value[i * models + (size_t)t[i].decided];
    }
    *out = (struct plan_rule){.lambda = lambda, .models = models, .width = x->width};
    out->margin = choose_margin(s, t);
    out->weight = mem_array(models * x->width, sizeof *out->weight);
    memcpy(out->weight, head + PLAN_FOLDS * models * x->width,
           models * x->width * sizeof *out->weight);
    free(head);
    for (size_t i = 0; end && i < s->n; i++)
        plan_walk(&x->view, i, t[i].gain > out->margin ? t[i].best : t[i].decided, lambda, depth,
                  scratch, &end[i]);
}
