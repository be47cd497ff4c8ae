/* shunt train --add-model: one head beside a router. */
#ifndef CLI_TRAIN_ADD_H
#define CLI_TRAIN_ADD_H

#include "core/out.h"
#include "train/add_model.h"

#include <stdbool.h>

/* Fits and stores, noted as a run with this command line, and prints what came of it. */
int train_add(const char *path, const struct add_options *o, int argc, char *const *argv, bool json,
              enum out_shape shape, struct err *e);

#endif
