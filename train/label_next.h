/* Which prompts to label next: expected value of information per dollar.
 *
 * For a prompt x with expected qualities q_m and a model m without a score there, let best be the
 * largest q of the other models, s_m the standard error of q_m, and z = |q_m - best| / s_m. Asking
 * m can change the choice at x; what knowing q_m exactly would be worth there is
 *
 *   value_m = s_m (pdf(z) - z (1 - cdf(z)))        (normal; Raiffa and Schlaifer 1961, section 5.4)
 *
 * and the prompt's value is its weight times the sum over its models without a score: an upper
 * bound, in quality, since a reply is one draw and not q_m. It ranks prompts; it is no forecast.
 * s_m follows from the head's Hessian, of which only the diagonal is kept:
 *
 *   s_m = q_m (1 - q_m) sqrt(sum over columns j of x_j^2 / (1/C + sum over training i of
 *   p_i (1 - p_i) x_ij^2))
 *
 * so that words seldom seen in training count. Cost: the expected cost of the missing replies, and
 * the price of grading each, where one is given. Most value per dollar first; without any cost by
 * value; ties go to the lower row id.
 */
#ifndef TRAIN_LABEL_NEXT_H
#define TRAIN_LABEL_NEXT_H

#include "train/train.h"

struct label_wish {
    char *id, *task; /* task may be NULL */
    size_t answered; /* models with a score */
    size_t missing;
    double value;      /* expected gain of quality at the prompt, upper bound */
    double cost_usd;   /* of the missing replies, NaN: unknown */
    double per_dollar; /* NaN where the cost is unknown or 0 */
    size_t model;      /* of the missing ones the one that is worth most */
    size_t place;      /* breaks ties: the order of the store */
};

struct label_wishes {
    struct label_wish *wish; /* [n] the best first */
    size_t n;
    size_t candidates; /* prompts that lack a score of some model */
    size_t no_vector;  /* of them without a vector of the router's encoder: left out */
    char **model;      /* [models] */
    size_t models;
};

/* The best `most` prompts of the store for the router just trained. grading_usd: price of grading a
 * reply, 0 or more. Test prompts are left out: what is measured on them must not be chosen by the
 * router. */
int label_next(struct store *s, const struct training *t, const struct train_options *o,
               size_t most, double grading_usd, struct label_wishes *out, struct err *e);
void label_wishes_deinit(struct label_wishes *x);

/* s (pdf(z) - z (1 - cdf(z))), z = |difference| / s; 0 for s = 0. */
double label_value(double difference, double s);

#endif
