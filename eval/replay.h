/* Stored operating points, replayed on held-out predictions: which model each prompt would get. */
#ifndef EVAL_REPLAY_H
#define EVAL_REPLAY_H

#include "eval/data.h"
#include "eval/points.h"
#include "store/policy.h"

/* A stored point against the models and tasks of d. ERR_USAGE when it names a model that d has not. */
int replay_point(const struct point *p, const struct eval_data *d, struct point_choice *out, struct err *e);
/* choice[i], for prompts i of d->all that are evaluated (test, or all of a cross-fit), -1 elsewhere. */
int replay_choices(const struct point *p, const struct eval_data *d, int *choice, struct err *e);

#endif
