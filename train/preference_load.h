/* Votes of a store beside a matrix of their models. */
#ifndef TRAIN_PREFERENCE_LOAD_H
#define TRAIN_PREFERENCE_LOAD_H

#include "train/preference.h"
#include "train/train.h"

/* The models that stand against each other (of `models`, where some are named), the prompts that
 * have a vote between them or a score, and the votes. ERR_USAGE: no votes ("import --format
 * preferences"). *m and *v are the caller's. */
int preference_load_matrix(struct store *s, const struct str_vec *models, struct matrix **m,
                           struct votes *v, struct err *e);

#endif
