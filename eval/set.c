/* Sets of labelled prompts: copies, column means, and the decision rule itself (DESIGN section 5).
 * Reading them from a store is data.c. */
#include "eval/set.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *nan_array(size_t n)
{
    double *a = mem_array(n, sizeof *a);
    for (size_t i = 0; i < n; i++)
        a[i] = (double)NAN;
    return a;
}

void eval_set_init(struct eval_set *s, size_t n, size_t models)
{
    *s = (struct eval_set){.n = n, .models = models};
    s->weight = mem_array(n, sizeof *s->weight);
    s->task = mem_array(n, sizeof *s->task);
    s->group = mem_array(n, sizeof *s->group);
    s->score = mem_array(n * models, sizeof *s->score);
    s->cost = mem_array(n * models, sizeof *s->cost);
    s->latency_ms = mem_array(n * models, sizeof *s->latency_ms);
    s->logprob = mem_array(n * models, sizeof *s->logprob);
    s->q = nan_array(n * models);
    s->c = nan_array(n * models);
    s->t = nan_array(n * models);
}

void eval_set_deinit(struct eval_set *s)
{
    if (!s)
        return;
    free(s->weight);
    free(s->task);
    free(s->group);
    free(s->score);
    free(s->cost);
    free(s->latency_ms);
    free(s->logprob);
    free(s->q);
    free(s->c);
    free(s->t);
    *s = (struct eval_set){0};
}

void eval_set_take(const struct eval_set *s, const size_t *index, size_t n, struct eval_set *out)
{
    eval_set_init(out, n, s->models);
    out->tasks = s->tasks;
    out->groups = s->groups;
    const size_t bytes = s->models * sizeof(double);
    for (size_t k = 0; k < n; k++) {
        const size_t from = index[k] * s->models, to = k * s->models;
        out->weight[k] = s->weight[index[k]];
        out->task[k] = s->task[index[k]];
        out->group[k] = s->group[index[k]];
        memcpy(out->score + to, s->score + from, bytes);
        memcpy(out->cost + to, s->cost + from, bytes);
        memcpy(out->latency_ms + to, s->latency_ms + from, bytes);
        memcpy(out->logprob + to, s->logprob + from, bytes);
        memcpy(out->q + to, s->q + from, bytes);
        memcpy(out->c + to, s->c + from, bytes);
        memcpy(out->t + to, s->t + from, bytes);
    }
}

double eval_set_mean(const struct eval_set *s, const double *cells, size_t model)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->weight[i] * cells[i * s->models + model];
        weight += s->weight[i];
    }
    return weight > 0 ? sum / weight : (double)NAN;
}

double eval_set_mean_known(const struct eval_set *s, const double *cells, size_t model,
                           size_t *missing)
{
    double sum = 0, weight = 0;
    size_t absent = 0;
    for (size_t i = 0; i < s->n; i++) {
        double x = cells[i * s->models + model];
        if (isnan(x)) {
            absent++;
            continue;
        }
        sum += s->weight[i] * x;
        weight += s->weight[i];
    }
    if (missing)
        *missing = absent;
    return weight > 0 ? sum / weight : (double)NAN;
}

size_t eval_set_missing(const struct eval_set *s, const double *cells)
{
    size_t missing = 0;
    for (size_t k = 0; k < s->n * s->models; k++)
        missing += isnan(cells[k]) != 0;
    return missing;
}

int eval_choose(size_t models, const double *q, const double *c, const double *t, double lambda,
                double mu)
{
    int best = -1;
    double best_u = 0;
    for (size_t m = 0; m < models; m++) {
        if (isnan(q[m]) || (lambda > 0 && isnan(c[m])) || (mu > 0 && isnan(t[m])))
            continue;
        double u = q[m];
        if (lambda > 0)
            u -= lambda * c[m];
        if (mu > 0)
            u -= mu * t[m];
        /* An unknown cost loses a tie: the comparison with NaN is false. */
        if (best < 0 || u > best_u ||
            (u >= best_u && (c[m] < c[best] || (isnan(c[best]) && !isnan(c[m]))))) {
            best = (int)m;
            best_u = u;
        }
    }
    return best;
}
