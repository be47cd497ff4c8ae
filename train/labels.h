/* The traffic's complexity labels: their order, and how well a classifier of them does.
 */
#ifndef TRAIN_LABELS_H
#define TRAIN_LABELS_H

#include "store/matrix.h"

#include <stdbool.h>
#include <stddef.h>

enum { LABELS_MAX = 9 }; /* as many as the store keeps probabilities for, and one */

struct labels {
    size_t n;               /* 0: no classifier; else 2..LABELS_MAX */
    char *name[LABELS_MAX]; /* simplest first; heap */
    const char *why_none;   /* with n 0: one sentence, or NULL when no prompt is labelled */
};

/* The distinct labels of m, in order: by the ladder of names
 *
 *   trivial < simple, easy, low < moderate, medium, intermediate < complex, hard, high, difficult <
 * expert
 *
 * (any case) when all are on it at different steps; else by number when all are numbers; else by
 * bytes. */
void labels_init(struct labels *l, const struct matrix *m);
void labels_deinit(struct labels *l);
/* Level of a prompt's label, 0..n-1; -1: not labelled. */
int labels_level(const struct labels *l, const char *label);

/* Level that cumulative probabilities above[levels - 1] stand for: how many lead with .5 or more.
 */
int labels_predict(const double *above, size_t levels);

/* Cohen's kappa with quadratic weights of two gradings in 0..levels-1 (Cohen 1968): 1 - sum w o /
 * sum w e, w = (i - j)^2. NaN when one of them never varies and e is 0. */
double labels_kappa(const int *truth, const int *predicted, size_t n, size_t levels);

#endif
