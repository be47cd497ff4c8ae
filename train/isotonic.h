/* Isotonic calibration: a monotone curve from the probability that a head gives to the one
 * observed.
 *
 * Piecewise linear between knots, constant outside them: what router/FORMAT.md section 3.5 calls
 * kind 1. A curve without interior steps keeps apart prompts that the head keeps apart.
 */
#ifndef TRAIN_ISOTONIC_H
#define TRAIN_ISOTONIC_H

#include <stddef.h>

enum { ISOTONIC_KNOTS = 64 }; /* knots of a table's curve */

struct isotonic {
    size_t count;                                /* 0: none, p is left as it is */
    double x[ISOTONIC_KNOTS], y[ISOTONIC_KNOTS]; /* within 0..1, both strictly ascending */
};

/* Fit to probabilities p[n] in 0..1, targets y[n] in 0..1 and weights w[n] > 0: at most
 * ISOTONIC_KNOTS bins of nearly equal weight in the order of p (equal p share a bin), each with its
 * mean p and its mean y smoothed towards the mean of all as (sum + mean) / (weight + 1); then
 * neighbours that are not ascending are pooled (pool adjacent violators; Barlow et al. 1972,
 * Zadrozny and Elkan 2002). A curve of fewer than two knots says nothing: count is then 0. O(n log
 * n). */
void isotonic_fit(const double *p, const double *y, const double *w, size_t n,
                  struct isotonic *out);

/* Calibrated probability; p itself with count 0. */
double isotonic_at(const struct isotonic *c, double p);

#endif
