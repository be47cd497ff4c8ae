/* All the fits of one training: sides, their inner folds, and what comes out of them.
 *
 * A side is one training set and the prompts that it predicts without having seen them: the other
 * K - 1 folds and the K-th; the train split and the rest; or, for the router that is shipped, all
 * that may be learned from and nobody. Each side has inner folds of its own, whose out-of-fold
 * values choose C, shrinkage and calibration; then its heads are fitted on the whole of it.
 */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "core/err.h"
#include "train/heads.h"

struct side {
    /* given */
    uint32_t *train; /* [n] prompts that train, ascending; heap */
    size_t n;
    uint32_t *eval; /* [evals] prompts to predict, none of them in train; heap */
    size_t evals;
    struct space_use use;
    bool keep;     /* keep space, w and g: this side becomes the router */
    char name[40]; /* names its inner folds' random stream */

    /* found by fit_sides */
    uint32_t *inner;       /* [n] inner fold */
    struct choice *choice; /* [heads] */
    double *inner_q;       /* [n][heads] calibrated probabilities, out of inner fold */
    double *q;             /* [evals][heads] calibrated probabilities */
    double *task_q;        /* [evals][heads] smoothed task means of the training side */
    double *base_q;        /* [heads] its smoothed mean */
    struct space *space;   /* with keep */
    double *w;             /* [heads][columns + 1] with keep */
    double *g;             /* [heads][tasks + 1] with keep */
};

struct fit_options {
    const double *grid; /* [grid_n] values of C, ascending */
    size_t grid_n;
    size_t inner; /* inner folds, at least 2 */
    double eps;   /* liblinear's tolerance of the final fits; inner ones use ten times that */
    uint64_t seed;
    size_t jobs; /* threads, 0: all cores; the result does not depend on it */
};

/* Returns 0 or ERR_PARTIAL when interrupted. */
int fit_sides(const struct corpus *c, const struct targets *t, struct side *side, size_t sides,
              const struct fit_options *o, struct err *e);
/* What every way to fit a side begins and ends with: its inner folds and room for what is found, of
 * so many heads; and the fit itself freed unless it is kept. */
void side_begin(struct side *s, const struct corpus *c, const struct fit_options *o, size_t heads);
void side_done(struct side *s);
void side_deinit(struct side *s);

#endif
