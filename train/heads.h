/* Heads: one logistic regression each, on the rows of a space; what they are fitted to; what they
 * are shrunk towards.
 *
 * A head is a model's success (score in 0..1) or one step of the complexity labels. Its value for a
 * prompt, before it becomes a probability, is
 *
 *   z = a ((1 - alpha) f + alpha g) + d
 *
 * f the fitted w.x + b, g the logit of its task's smoothed mean, alpha the shrinkage, a and d the
 * calibration (Platt). Most often f is the combined value of all models' heads (stack.h), which is
 * shrunk and calibrated in itself. All of it is linear in the prompt, so it folds into a table. The
 * probability is the sigmoid of z, or a curve of that.
 */
#ifndef TRAIN_HEADS_H
#define TRAIN_HEADS_H

#include "train/corpus.h"
#include "train/isotonic.h"
#include "train/space.h"

#include <stdbool.h>

struct targets {
    size_t n, heads;
    size_t models;   /* heads 0..models-1 are models, the rest steps of the complexity labels */
    const double *y; /* [n][heads] in 0..1, NaN where there is none */
    double
        *copies; /* [heads] copies of a prompt of weight 1, so that scores and weights are whole */
};

/* copies per head: the smallest whole number, up to 32, for which score x weight is whole for every
 * prompt of the corpus, else 16 (scores are then rounded to sixteenths); less where the copies
 * would be over 64 a prompt. */
void targets_init(struct targets *t, const struct corpus *c, size_t models, size_t heads,
                  const double *y);
void targets_deinit(struct targets *t);

/* Logits of the smoothed task means of one head over a subset: g[t] for each task, g[tasks] for
 * prompts without a known one. Mean of all: (sum + .5) / (n + 1); of a task: (sum + mean of all) /
 * (n + 1), as weighted sums. */
void task_logits(const struct corpus *c, const struct targets *t, size_t head,
                 const uint32_t *subset, size_t n, double *g);
/* g of prompt i. */
double task_logit(const struct corpus *c, const double *g, size_t i);

/* Fit one head on prompts subset[n], whose rows are r in the same order. w [columns + 1].
 * false: one class only, w is all 0; the head is then its task means. */
bool head_fit(const struct corpus *c, const struct targets *t, size_t head, const uint32_t *subset,
              size_t n, const struct rows *r, size_t columns, double C, double eps, bool warm,
              double *w);

/* What out-of-fold values choose, per head. */
struct choice {
    double C, alpha;       /* alpha 1: nothing but task means */
    double a, d;           /* 1, 0: no sigmoid fitted */
    struct isotonic curve; /* of the sigmoid, count 0: none; with one a is 1 and d 0 */
    double loss;           /* out-of-fold log loss of what was chosen, NaN without any value */
    bool constant;         /* one class only in the training side */
    bool joint;            /* f is the combined value of all heads (stack.h), and alpha 0 */
};

double choice_value(const struct choice *x, double f, double g);
/* The calibrated probability. */
double choice_quality(const struct choice *x, double f, double g);
/* "constant", "none", "sigmoid", "joint" or "isotonic". */
const char *choice_calibration(const struct choice *x);

enum { ALPHAS = 11 }; /* 0, .1, ... 1 */
double choice_alpha(size_t k);

/* Out-of-fold values of one head at one C, where it has a target. */
struct out_of_fold {
    size_t n;
    double *f;      /* [n] values */
    double *g;      /* [n] task logits */
    double *y, *w;  /* [n] targets and weights */
    uint32_t *fold; /* [n] inner fold */
};

/* loss[ALPHAS] += the head's summed log loss at every alpha. */
void choice_losses(const struct out_of_fold *x, double *loss);
/* Calibration of one head at the alpha already in *out: none, a and d, or a curve, by the log loss
 * when fitted on the other folds; each must be better by a standard error. Sets loss. */
void choice_calibrate(const struct out_of_fold *x, size_t folds, struct choice *out);

#endif
