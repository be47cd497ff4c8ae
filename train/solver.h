/* L2-regularised logistic regression by liblinear: the only file that includes its header.
 *
 *   minimise  |w|^2 / 2 + C * sum over examples of log(1 + exp(-s w.x)),  s = +1 or -1
 *
 * (Fan et al. 2008, JMLR 9, "LIBLINEAR", solver L2R_LR: trust region Newton, no randomness.) The
 * bias is a column of ones and regularised like every other, as in liblinear's -B 1.
 *
 * liblinear 2.3.0 has no weights for examples: one counts as `copies`, a row pointer repeated.
 */
#ifndef TRAIN_SOLVER_H
#define TRAIN_SOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sparse rows in liblinear's own layout, made once and shared by all heads (and threads) that are
 * fitted on them. */
struct rows;
/* Room for `count` rows over `columns` columns with `nodes` non-zero values together. */
struct rows *rows_new(size_t count, size_t nodes, size_t columns);
void rows_free(struct rows *r);
/* One row: its values, 0 <= column < columns. */
void rows_add(struct rows *r, const uint32_t *column, const double *value, size_t n);
/* The same for row i at node `at`; returns where the next may begin. For threads that fill ranges
 * of their own: a row takes n + 2 nodes, of nodes + 2 x count. */
size_t rows_put(struct rows *r, size_t i, size_t at, const uint32_t *column, const double *value,
                size_t n);
/* Let weights be given and taken for `wide` other columns: caller's weight i is share[i] times that
 * of column to[i], or 0 where to[i] is ROWS_NOWHERE. Both arrays [wide] are taken over (heap). */
#define ROWS_NOWHERE UINT32_MAX
void rows_narrow(struct rows *r, size_t wide, uint32_t *to, double *share);
/* Columns of the solver's problem, the bias aside. */
size_t rows_columns(const struct rows *r);
/* w . row i + bias; w [columns + 1], the bias last. Not after rows_narrow. */
double rows_value(const struct rows *r, size_t i, const double *w);

/* How often a row stands for success and how often for failure. */
struct example {
    uint32_t row;
    uint32_t successes, failures;
};

/* Fit one head.
 *   C      of the formula, for one copy; eps: liblinear's stopping tolerance
 *   w      [columns + 1, or wide + 1] written, the bias last; with `warm` its contents are where
 *          to start
 * Returns true; false when the examples are of one class only (w is not written).
 * Any number of threads may fit on the same rows, which are read and never copied. Memory: some 60
 * bytes a copy and 8 vectors of columns, liblinear's own included.
 */
bool solver_fit(const struct rows *r, const struct example *x, size_t n, double C, double eps,
                bool warm, double *w);

/* "2.30": the library that is linked. */
const char *solver_version(void);

#endif
