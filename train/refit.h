/* Other ways to fit, on the folds of a finished training: what the studies of cli/ compare.
 *
 * A refit has the same sides, inner folds, grid and choices as the training, so that what differs
 * is what was changed. It keeps no heads: held-out probabilities are all that comes out.
 */
#ifndef TRAIN_REFIT_H
#define TRAIN_REFIT_H

#include "train/train.h"

struct refit_options {
    struct space_use use; /* hashed and dense; what a search chose stays each side's */
    float *dense;         /* [prompts][dims], read where use.dense; stays the caller's */
    size_t dims;
    const bool *leave; /* [prompts] true: does not train (it is predicted all the same); or NULL */
    uint64_t seed;     /* of the training */
    size_t jobs;
};

struct refitted {
    double *q;      /* [prompts][models] held out, NaN where the training predicts nothing */
    double *task_q; /* the same by smoothed task means of what trained */
    double labels;  /* scores that trained, mean over the sides */
    double seconds;
};

/* ERR_USAGE: `leave` leaves a side without prompts; ERR_PARTIAL: interrupted. */
int refit(const struct training *t, const struct refit_options *o, struct refitted *out,
          struct err *e);
void refitted_deinit(struct refitted *r);

/* The held-out probabilities of the training itself: [prompts][models], heap. task_means: by
 * smoothed task means. */
double *refit_own(const struct training *t, bool task_means);

#endif
