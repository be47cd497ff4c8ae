/* Stacking (Wolpert 1992; Breiman 1996): the values of all heads, at more than one C, combined into
 * better values of each.
 *
 * What a head says of a prompt is a sum of parts (space.h: buckets, surface features, task, dense
 * vector), each fitted at a smooth C and at a sharp one, beside the logit of its task's mean. Head
 * h's combined value is
 *
 *   z_h = sum over k of own_hk x_hk + shared_hk mean over the heads of x_.k, + bias_h
 *
 * x_hk those features: the parts at each C, the task logit. The coefficients are logistic
 * regressions on out-of-fold values: one for all heads together, penalised towards the plain head,
 * then one a head, penalised towards that. What the models have in common is learned from more
 * replies than what sets them apart, so it bears a larger C: that is what `shared` can say. All of
 * it is linear, so it folds into one weight a column.
 */
#ifndef TRAIN_STACK_H
#define TRAIN_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STACK_FEATURES = 9 }; /* at most: four parts at two C, the task logit */

/* Out-of-fold values of one training side. */
struct stack_data {
    size_t n, heads, features;
    const float *const *x; /* [heads][features] -> [n] */
    const double *base;    /* [features] the plain head: z = sum of base x */
    const double *y;       /* [n][heads] in 0..1, NaN: none */
    const double *w;       /* [n] > 0 */
    const uint32_t *fold;  /* [n] inner fold, < folds */
    size_t folds;
    const bool *out; /* [heads] heads to leave alone, in the mean too */
};

struct stack {
    size_t heads, features;
    double *own, *shared; /* [heads][features], 0 for heads left alone */
    double *bias;         /* [heads] */
};

/* Fit *s (the caller's). value [n][heads]: what each prompt gets by coefficients fitted on the
 * other inner folds; NaN for heads left alone. False, with nothing in *s, where those values are
 * worse than the plain heads' by more than a standard error of the difference of log losses, or
 * where there is nothing to fit. Cost: about n x heads x features^2 x 30; of more than 50,000
 * prompts so many are used to fit. */
bool stack_fit(const struct stack_data *d, struct stack *s, double *value);
void stack_deinit(struct stack *s);

#endif
