/* Which features a router is to have, chosen for each side on its own training prompts.
 *
 * Tried are the surface features, and the number of prompts that a bucket must be seen in (2 or 4),
 * each with each: SEARCH_TRIED sets. (The task's column stays: stacking puts the task means into
 * it.) Each is fitted as the side will be, inner folds, C, stacking and calibration included; the
 * one with the least out-of-fold log loss, summed over the models, is taken, the default where none
 * is better. No held-out prompt is looked at, so what the side predicts stays honest, and sides may
 * differ. C is chosen so in any case.
 */
#ifndef TRAIN_SEARCH_H
#define TRAIN_SEARCH_H

#include "train/fit.h"

enum { SEARCH_TRIED = 4 };

/* Set k < search_count(use), 0 the default, in `use`, which keeps what it has of hashed and dense.
 * A router of vectors alone has neither to choose: its count is 1. */
void search_set(size_t k, struct space_use *use);
size_t search_count(const struct space_use *use);

/* Writes the features into side[k].use for every side. Costs search_count trainings of these sides.
 * ERR_PARTIAL: interrupted. */
int search_features(const struct corpus *c, const struct targets *t, struct side *side,
                    size_t sides, const struct fit_options *o, struct err *e);

#endif
