/* A result into the store: rows of store/result.h, operating points of store/policy.h. */
#ifndef EVAL_SAVE_H
#define EVAL_SAVE_H

#include "eval/result.h"
#include "store/store.h"

/* router 0: none was evaluated, and no point is stored. Replaces the router's points; when only a
 * subset of its models was compared, its points stay and only those of kind share are added, as the
 * others would not hold among all models. One transaction with what the caller has begun. */
int eval_save(struct store *s, int64_t run, int64_t router, bool subset,
              const struct eval_result *r, struct err *e);

#endif
