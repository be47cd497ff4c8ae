/* Confidence heads: what the reply of one model tells of the quality of every model.
 *
 * After a reply of model a, the head (a, b) gives the probability that model b succeeds on the
 * same prompt (b = a: that this reply is right), by a logistic regression on
 *
 *   the prior logits of a and of b, the reply's mean and minimum token log-probability,
 *   ln(1 - exp(mean)) (Zellinger and Thomson 2025, arXiv:2501.09345), entropy, ln(1 + bytes),
 *   per task a bias and slopes of the mean log-probability and of ln(1 - exp(mean))
 *
 * numbered, clamped and added up as router/FORMAT.md 3.13 has it. Prior logits are out-of-fold
 * everywhere: a head is fitted on the inner out-of-fold priors of its training side, and used on
 * priors of heads that never saw the prompt.
 */
#ifndef TRAIN_POSTERIOR_H
#define TRAIN_POSTERIOR_H

#include "core/err.h"
#include "train/fit.h"

#include <stdbool.h>

/* Numbers of the signals in the format; those between are not trained on. */
enum {
    SIGNAL_PRIOR_REPLIED = 0,
    SIGNAL_PRIOR_TARGET = 1,
    SIGNAL_MEAN = 2,
    SIGNAL_MIN = 3,
    SIGNAL_TAIL = 4,
    SIGNAL_ENTROPY = 5,
    SIGNAL_LENGTH = 9,
    SIGNALS = 10,
};

struct posterior_head {
    double bias;
    double weight[SIGNALS]; /* of a signal that is known */
    double missing[SIGNALS];
    double *task; /* [tasks][3] bias, slopes of SIGNAL_MEAN and SIGNAL_TAIL */
};
/* Its value before the sigmoid; signal: NaN where not known; task: CORPUS_NO_TASK for none. */
double posterior_value(const struct posterior_head *h, const double signal[SIGNALS], uint32_t task);

struct posterior_side {
    float *q;       /* [evals of the side][tellers][models], NaN without a reply */
    float *inner_q; /* [n of the side][tellers][models], out of inner fold */
    double *C;      /* [tellers] by the out-of-fold log loss of the teller's own head */
};

struct posterior {
    size_t models, tasks, sides;
    size_t tellers; /* models with log-probabilities on at least half of their replies; 0: none */
    size_t *teller; /* [tellers] models */
    struct posterior_side *side; /* [sides], of those that predict */
    struct posterior_head *head; /* [tellers][models] on all that may be learned from */
    /* Mean log loss on held-out prompts of each teller's own success, before and after its reply;
     * NaN where there is nothing to measure. */
    double *prior_loss, *loss; /* [tellers] */
};

/* side [sides + 1]: fitted by fit_sides, those that predict, then the final one. m has the replies
 * (matrix_options.signals; without it their log-probabilities alone are used). `inner` is the
 * number of inner folds, grid the values of C, ascending; jobs threads (0: all cores) change
 * nothing. ERR_PARTIAL when interrupted. Cost: about sides * tellers * models * (inner + 1) small
 * fits. */
int posterior_fit(const struct matrix *m, const struct corpus *c, const struct targets *t,
                  const struct side *side, size_t sides, size_t inner, size_t jobs,
                  struct posterior *out, struct err *e);
void posterior_deinit(struct posterior *p);

#endif
