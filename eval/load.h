/* What an evaluation, a gate on policies and a forecast read from a store. */
#ifndef EVAL_LOAD_H
#define EVAL_LOAD_H

#include "core/fs.h"
#include "eval/data.h"
#include "eval/evaluate.h"

struct eval_input {
    struct store *store;  /* borrowed */
    struct router router; /* when routed */
    bool routed;
    struct matrix *matrix;
    struct eval_data data;
};

/* router NULL: the newest, or none where the store has none. models: a subset, NULL or empty for
 * all of the router's (of the store's without one). text: prompts' texts too, for rules. ERR_USAGE:
 * a name that is unknown, or nothing to compare on. Nothing is left allocated on failure. */
int eval_load(struct store *s, const char *router, const struct str_vec *models, bool text,
              int64_t seed, struct eval_input *out, struct err *e);
void eval_input_deinit(struct eval_input *in);
/* For eval_source: arg is the struct eval_input. */
int eval_load_scope(void *arg, int64_t scope, struct prediction **out, size_t *n, struct err *e);
int eval_load_told(void *arg, int64_t scope, const struct eval_data *d, float *told, struct err *e);

#endif
