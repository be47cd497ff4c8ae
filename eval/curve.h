/* Areas, hulls and readings of a cost/quality curve (METRICS section 0).
 *
 * A curve is n points (x, y) in any order; x is mean cost (or share of calls), y mean quality.
 * scratch buffers are the caller's, so that thousands of resamples allocate nothing.
 */
#ifndef EVAL_CURVE_H
#define EVAL_CURVE_H

#include <stddef.h>

/* The model with the smallest mean cost, of several the first: where the curve of a router ends. */
size_t curve_end(const double *cost, size_t models);

/* Sorts points by x, then y, in place. Fast on what is nearly sorted, either way. */
void curve_sort(double *x, double *y, size_t n);

/* Upper concave hull, made non-decreasing, of points sorted by curve_sort; written to hx, hy [n],
 * x strictly ascending, y strictly ascending. Returns its size (at least 1 for n > 0). */
size_t curve_hull(const double *x, const double *y, size_t n, double *hx, double *hy);

/* Piecewise linear reading at `at`, of points sorted by x; constant beyond both ends. NaN for n =
 * 0. */
double curve_at(const double *x, const double *y, size_t n, double at);

/* (1 / (hi - lo)) times the integral of that reading over [lo, hi]; NaN unless lo < hi. */
double curve_area(const double *x, const double *y, size_t n, double lo, double hi);

/* Smallest x at which a hull reaches y = level; +INFINITY when it never does. */
double curve_reach(const double *hx, const double *hy, size_t n, double level);

/* PGR over share k/n, from points (share, quality) in order of share, share 0 first.
 * apgr: exact area by trapezoids. cpt: first share at which the linearly interpolated running
 * maximum of PGR reaches level, +INFINITY when it never does. weak, strong: mean quality of each
 * model; the caller checks strong > weak. */
double curve_apgr(const double *share, const double *y, size_t n, double weak, double strong);
double curve_cpt(const double *share, const double *y, size_t n, double weak, double strong,
                 double level);

#endif
