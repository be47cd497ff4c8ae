/* One model's head put into the parameters of another router, all else as it was.
 */
#ifndef TRAIN_PARAMS_SPLICE_H
#define TRAIN_PARAMS_SPLICE_H

#include "train/params.h"

/* base gets the model of one (models 1, labels 0), in the place of a model of its name or behind
 * its models. Every other head keeps its bytes. ERR_USAGE when the two do not have the same
 * features (kept buckets, tasks, sets, dimensions): then base is as it was. */
int params_splice(struct params *base, const struct params *one, struct err *e);

#endif
