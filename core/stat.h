/* Statistics: quantiles, the normal distribution, bootstrap over groups, losses, ridge.
 * All arrays are the caller's; nothing here allocates beyond the call. Any number of threads.
 */
#ifndef CORE_STAT_H
#define CORE_STAT_H

#include "core/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double stat_mean(const double *x, size_t n); /* NaN for n = 0 */
/* Weighted mean; w NULL: 1 each. */
double stat_wmean(const double *x, const double *w, size_t n);
double stat_sd(const double *x, size_t n); /* divides by n - 1; NaN for n < 2 */
/* Quantile p of x by linear interpolation between order statistics (type 7 of Hyndman and Fan
 * 1996); sorts x in place. NaN for n = 0. */
double stat_quantile(double *x, size_t n, double p);
double stat_quantile_sorted(const double *x, size_t n, double p);

double stat_norm_cdf(double z);
double stat_norm_quantile(double p);         /* 0 < p < 1; Wichura 1988, AS 241, double precision */
double stat_t_quantile(double p, double df); /* Student's t */
double stat_t_two_sided(double t, double df); /* P(|T| > |t|); the normal's from df 10,000 on */

/* Resampling of groups: fills count[g] with how often group g was drawn (multinomial, G draws). */
void stat_resample(struct rng *r, uint32_t *count, size_t groups);

/* log loss of probability p for outcome y in [0, 1], p clipped to [1e-12, 1 - 1e-12] */
double stat_log_loss(double p, double y);
double stat_sigmoid(double x);
double stat_logit(double p); /* p clipped to [1e-9, 1 - 1e-9] */

/* Expected calibration error with equal-mass bins (Nixon et al. 2019): weighted mean of
 * |mean p - mean y| over `bins` bins of equal count after sorting by p; ties stay together. */
double stat_ece(const double *p, const double *y, size_t n, size_t bins);
double stat_brier(const double *p, const double *y, size_t n);

/* Platt's sigmoid: a, b minimising the log loss of sigmoid(a * f + b) against y in [0, 1] with
 * weights w (NULL: 1), by Newton's method with backtracking (Lin, Lin, Weng 2007, targets as given
 * rather than Platt's smoothed ones, plus a ridge of 1e-6 n (a^2 + b^2) / 2 with n the sum of the
 * weights, so that separable data has an answer too). Returns 0, or -1 when n is 0 (a = 1, b = 0).
 */
int stat_platt(const double *f, const double *y, const double *w, size_t n, double *a, double *b);

/* Ridge least squares: beta[d] minimising sum w (y - x.beta)^2 + lambda |beta|^2, the column
 * `free_col` (or d: none) unpenalised. x is [n][d] row-major. Cholesky; -1 when singular. */
int stat_ridge(const double *x, const double *y, const double *w, size_t n, size_t d, double lambda,
               size_t free_col, double *beta);

/* In place: the lower triangle of m[d][d] (the only part that is read) becomes L with L L' = m.
 * false: not positive definite, m is then spoilt. */
bool stat_cholesky(double *m, size_t d);
/* L L' x = v, in place; l from stat_cholesky. */
void stat_cholesky_solve(const double *l, size_t d, double *v);

/* Holm's step-down adjustment of p[m] in place (Holm 1979). A NaN stays and does not count. */
void stat_holm(double *p, size_t m);
/* Two-sided exact binomial (sign, McNemar) p-value of b against c with probability 1/2. */
double stat_binom_two_sided(uint64_t b, uint64_t c);

/* Stable ascending order of x: writes indices to order[n]. NaN sorts last. */
void stat_order(const double *x, size_t n, size_t *order);

#endif
