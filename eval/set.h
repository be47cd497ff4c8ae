/* A set of labelled prompts, ready to compute with: what every policy and metric takes.
 *
 * Cell (i, m) is i * models + m. Money here is US dollars as double, because all of it is means and
 * differences; totals are made in nano-dollars (eval/forecast.h). Times are seconds in expectations
 * (lambda and mu are per dollar and per second), milliseconds in observations.
 */
#ifndef EVAL_SET_H
#define EVAL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eval_set {
    size_t n, models;
    size_t tasks, groups; /* task < tasks, group < groups; of the whole data, not of this subset */
    double *weight;       /* [n] > 0 */
    int32_t *task;        /* [n] */
    int32_t *group;       /* [n] what must be resampled together */
    double *score;        /* [n * models] observed, 0..1, never NaN */
    double *cost;         /* [n * models] observed, US dollars, NaN: unknown */
    double *latency_ms;   /* [n * models] observed, NaN: unknown */
    double *logprob; /* [n * models] mean token log-probability of the first sample, NaN: unknown */
    double *q;       /* [n * models] expected quality, NaN: none */
    double *c;       /* [n * models] expected cost, US dollars, NaN: unknown */
    double *t;       /* [n * models] expected latency, seconds, NaN: unknown */
};

/* All arrays zeroed; q, c, t are NaN. */
void eval_set_init(struct eval_set *s, size_t n, size_t models);
void eval_set_deinit(struct eval_set *s);
/* out: a copy of the prompts index[0..n-1] of s. */
void eval_set_take(const struct eval_set *s, const size_t *index, size_t n, struct eval_set *out);

/* Weighted means over the set of one model's column of any [n * models] array; NaN when a cell is
 * NaN or the set is empty. */
double eval_set_mean(const struct eval_set *s, const double *cells, size_t model);
/* The same over the cells that are not NaN; *missing (may be NULL) counts the others. */
double eval_set_mean_known(const struct eval_set *s, const double *cells, size_t model,
                           size_t *missing);
size_t eval_set_missing(const struct eval_set *s, const double *cells);

/* The choice at (lambda, mu): argmax of q - lambda c - mu t over models; ties go to the lower c,
 * then to the lower index. A model of unknown c is out while lambda > 0, of unknown t while mu > 0,
 * of unknown q always. -1: no model left. q, c, t: [models] of one prompt. */
int eval_choose(size_t models, const double *q, const double *c, const double *t, double lambda,
                double mu);

#endif
