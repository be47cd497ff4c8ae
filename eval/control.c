/* Controls: constants, task means, oracle, random mix, two-model cascade. Rules are rules.c. */
#include "eval/control.h"

#include "core/mem.h"
#include "core/stat.h"
#include "eval/curve.h"

#include <math.h>
#include <stdlib.h>

int control_constant(const struct eval_set *train, double lambda, double mu)
{
    const size_t models = train->models;
    AUTO_FREE double *q = mem_array(models, sizeof *q), *c = mem_array(models, sizeof *c),
                     *t = mem_array(models, sizeof *t);
    for (size_t m = 0; m < models; m++) {
        q[m] = eval_set_mean(train, train->score, m);
        c[m] = eval_set_mean(train, train->cost, m);
        t[m] = eval_set_mean_known(train, train->latency_ms, m, NULL) / 1e3;
    }
    if (isinf(lambda)) { /* cost alone */
        for (size_t m = 0; m < models; m++)
            q[m] = isnan(q[m]) ? q[m] : 0;
        lambda = 1;
    }
    return eval_choose(models, q, c, t, lambda, mu);
}

/* Smoothed means of one [n * models] array by task: mean[(task or tasks) * models + m]. */
static void task_table(const struct eval_set *s, const double *cells, double scale, double *mean)
{
    const size_t models = s->models;
    AUTO_FREE double *weight = mem_array((s->tasks + 1) * models, sizeof *weight);
    for (size_t k = 0; k < (s->tasks + 1) * models; k++)
        mean[k] = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t m = 0; m < models; m++) {
            const double x = cells[i * models + m];
            if (isnan(x))
                continue;
            const size_t k = (size_t)s->task[i] * models + m, all = s->tasks * models + m;
            mean[k] += s->weight[i] * x * scale;
            weight[k] += s->weight[i];
            mean[all] += s->weight[i] * x * scale;
            weight[all] += s->weight[i];
        }
    for (size_t m = 0; m < models; m++) {
        const size_t all = s->tasks * models + m;
        mean[all] = weight[all] > 0 ? mean[all] / weight[all] : (double)NAN;
        for (size_t t = 0; t < s->tasks; t++)
            mean[t * models + m] =
                (mean[t * models + m] + mean[all]) / (weight[t * models + m] + 1);
    }
}

static void fill_from_table(const struct eval_set *target, const double *table, double *out)
{
    for (size_t i = 0; i < target->n; i++)
        for (size_t m = 0; m < target->models; m++)
            out[i * target->models + m] = table[(size_t)target->task[i] * target->models + m];
}

void control_task_means(const struct eval_set *train, const struct eval_set *target, double *q,
                        double *c, double *t)
{
    AUTO_FREE double *table = mem_array((train->tasks + 1) * train->models, sizeof *table);
    task_table(train, train->score, 1, table);
    fill_from_table(target, table, q);
    task_table(train, train->cost, 1, table);
    fill_from_table(target, table, c);
    task_table(train, train->latency_ms, 1e-3, table);
    fill_from_table(target, table, t);
}

void control_oracle(const struct eval_set *s, int *choice)
{
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        choice[i] =
            eval_choose(s->models, s->score + row, s->cost + row, s->latency_ms + row, 0, 0);
    }
}

struct control_mix control_mix_at(const double *cost, const double *quality, size_t models,
                                  double at)
{
    AUTO_FREE double *x = mem_array(models, sizeof *x), *y = mem_array(models, sizeof *y);
    AUTO_FREE double *hx = mem_array(models, sizeof *hx), *hy = mem_array(models, sizeof *hy);
    for (size_t m = 0; m < models; m++) {
        x[m] = cost[m];
        y[m] = quality[m];
    }
    curve_sort(x, y, models);
    const size_t n = curve_hull(x, y, models, hx, hy);
    size_t hi = 0;
    while (hi + 1 < n && hx[hi] < at)
        hi++;
    const size_t lo = hi > 0 && at < hx[hi] ? hi - 1 : hi;
    struct control_mix mix = {.low = -1, .high = -1};
    for (size_t m = models; m-- > 0;) {
        if (cost[m] <= hx[lo] && cost[m] >= hx[lo] && quality[m] >= hy[lo])
            mix.low = (int)m;
        if (cost[m] <= hx[hi] && cost[m] >= hx[hi] && quality[m] >= hy[hi])
            mix.high = (int)m;
    }
    mix.share = lo == hi ? 0 : (at - hx[lo]) / (hx[hi] - hx[lo]);
    mix.quality = hy[lo] + (hy[hi] - hy[lo]) * mix.share;
    mix.cost = hx[lo] + (hx[hi] - hx[lo]) * mix.share;
    return mix;
}

/* Tries every threshold of one pair: order lists the prompts by first's log-probability, ascending,
 * unknown ones last. Escalated are the unknown and a growing prefix. */
static void try_pair(const struct eval_set *s, const size_t *order, int first, int second,
                     double budget, bool cost_known, struct control_cascade *best)
{
    const size_t models = s->models;
    double weight = 0, quality = 0, cost = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * models;
        const bool unknown = isnan(s->logprob[row + (size_t)first]);
        weight += s->weight[i];
        quality += s->weight[i] * s->score[row + (size_t)(unknown ? second : first)];
        cost += s->weight[i] * s->cost[row + (size_t)first];
        if (unknown)
            cost += s->weight[i] * s->cost[row + (size_t)second];
    }
    for (size_t k = 0; k <= s->n; k++) {
        double at = k < s->n ? s->logprob[order[k] * models + (size_t)first] : (double)NAN;
        const bool end = isnan(at); /* all that are known have been escalated */
        const double before =
            k > 0 ? s->logprob[order[k - 1] * models + (size_t)first] : (double)-INFINITY;
        if (end || at > before) {
            const double q = quality / weight, c = cost / weight;
            const bool better = best->first < 0 || q > best->quality ||
                                (q >= best->quality && (cost_known && c < best->cost));
            if ((!cost_known || c <= budget) && better)
                *best = (struct control_cascade){first, second, end ? (double)INFINITY : at, q, c};
        }
        if (end)
            return;
        const size_t row = order[k] * models;
        quality +=
            s->weight[order[k]] * (s->score[row + (size_t)second] - s->score[row + (size_t)first]);
        cost += s->weight[order[k]] * s->cost[row + (size_t)second];
    }
}

struct control_cascade control_cascade_choose(const struct eval_set *s, int constant)
{
    struct control_cascade best = {.first = -1, .second = -1};
    if (s->n == 0)
        return best;
    const bool cost_known = eval_set_missing(s, s->cost) == 0;
    const double budget = cost_known ? eval_set_mean(s, s->cost, (size_t)constant) : 0;
    AUTO_FREE double *key = mem_array(s->n, sizeof *key);
    AUTO_FREE size_t *order = mem_array(s->n, sizeof *order);
    for (size_t a = 0; a < s->models; a++) {
        size_t known = 0;
        for (size_t i = 0; i < s->n; i++) {
            key[i] = s->logprob[i * s->models + a];
            known += isnan(key[i]) ? 0 : 1;
        }
        if (known == 0 || known * 2 < s->n)
            continue;
        stat_order(key, s->n, order);
        for (size_t b = 0; b < s->models; b++)
            if (b != a)
                try_pair(s, order, (int)a, (int)b, budget, cost_known, &best);
    }
    return best;
}

void control_cascade_apply(const struct control_cascade *c, const struct eval_set *s, size_t i,
                           double *score, double *cost, double *latency_ms)
{
    const size_t a = i * s->models + (size_t)c->first, b = i * s->models + (size_t)c->second;
    const bool accept = s->logprob[a] >= c->threshold; /* unknown is below */
    *score = s->score[accept ? a : b];
    *cost = s->cost[a] + (accept ? 0 : s->cost[b]);
    *latency_ms = s->latency_ms[a] + (accept ? 0 : s->latency_ms[b]);
}
