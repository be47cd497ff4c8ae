/* Bradley-Terry heads: labels that say which of two models' replies was better.
 *
 *   P(a is preferred to b at x) = sigmoid(s_a(x) - s_b(x) + h),   s_m(x) = w_m . x + b_m
 *
 * (Bradley and Terry 1952, Biometrika 39; covariates as in Springall 1973.) All w_m, b_m and h are
 * one regularised logistic regression whose row of a vote is the prompt's row in the columns of a
 * and its negative in those of b:
 *
 *   minimise  (sum of all weights squared) / 2 + C * sum over votes of the log loss
 *
 * A tie counts half for each. h is what standing first is worth; it is fitted so that it does not
 * stain the heads, and left out of them. The minimum has sum over m of w_m = 0, so s_m is measured
 * from the average model, and q_m = sigmoid(s_m) is the chance to be preferred to it: what the
 * heads of a router hold in place of a probability of success, by the same linear form
 * (train/params.h).
 */
#ifndef TRAIN_PREFERENCE_H
#define TRAIN_PREFERENCE_H

#include "train/fit.h"

struct vote {
    uint32_t prompt; /* row of the corpus */
    uint32_t a, b;   /* models */
    double outcome;  /* 1: a, 0: b, .5: tie */
};

struct votes {
    struct vote *vote; /* [n] in order of prompt; heap */
    size_t n;
    size_t *start; /* [prompts + 1] into vote; heap */
};
/* vote [n] in order of prompt, taken over. */
void votes_init(struct votes *v, struct vote *vote, size_t n, size_t prompts);
void votes_deinit(struct votes *v);

struct preference_model {
    int64_t votes;
    double won;    /* share of its votes, a tie is half */
    double rating; /* s without a prompt, of all that trains the shipped heads */
};

/* Held-out votes: by heads, by ratings alone (b_m, no prompt), accuracy over votes that are no tie.
 */
struct preference_figures {
    int64_t votes, decided; /* held out; 0: the router was not fitted to preferences */
    double loss, ratings_loss;
    double less, less_lo, less_hi; /* loss - ratings_loss, 95 % by cluster */
    double accuracy, ratings_accuracy;
    double first;                   /* h of the shipped heads */
    struct preference_model *model; /* [models] */
    size_t models;
};
void preference_figures_deinit(struct preference_figures *f);

/* Fits every side on the votes of its training prompts, and fills what fit_sides fills: one C for
 * all, chosen on inner folds by the log loss of votes; no shrinkage, no calibration. figures are
 * over the first `predicting` sides. ERR_USAGE: a side has no votes; ERR_PARTIAL: interrupted. */
int preference_fit(const struct corpus *c, const struct votes *v, size_t models, struct side *side,
                   size_t sides, size_t predicting, const struct fit_options *o,
                   struct preference_figures *f, struct err *e);

/* One fit, for tests: w [models][columns + 1] and then h; `prompt` [n] are the rows of r's prompts.
 * space NULL: ratings alone, columns 0. */
void preference_solve(const struct corpus *c, const struct space *space, const struct votes *v,
                      size_t models, const uint32_t *prompt, size_t n, double C, double eps,
                      bool warm, double *w);

#endif
