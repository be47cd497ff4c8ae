/* From the store's matrix and predictions to sets: who is compared, on which prompts, and in which
 * parts things are chosen and read.
 *
 * A part has three index lists: the training side (constants, task means), the selection data
 * (lambda, z, thresholds), and the prompts that it is read on. Split mode has one part: train,
 * validation, test. Cross-fitting has one a fold: the training side and the selection data are the
 * prompts of the other folds, the latter with predictions of the fold's own scope (DESIGN section
 * 3).
 */
#ifndef EVAL_DATA_H
#define EVAL_DATA_H

#include "core/err.h"
#include "eval/set.h"
#include "store/matrix.h"
#include "store/router.h"

struct eval_data {
    const struct matrix *matrix; /* borrowed: names, tasks, texts, times */
    struct eval_set all;         /* prompts where every model has a score */
    size_t *row;                 /* [all.n] index in the matrix */
    char *role;                  /* [all.n] 't', 'v', 'e'; 0 when folded */
    int32_t *fold;               /* [all.n], -1 in split mode */
    size_t folds;                /* 0: split mode */
    bool routed;                 /* predictions are there */
    char **task;                 /* [all.tasks] names */
    size_t left_unscored;        /* prompts left out: some model has no score */
    size_t left_unseen;          /* prompts left out: the router was trained without them */
};

/* Without a router (r NULL) the prompts' own splits are used where some are test, else 5 folds by
 * group from seed. roles, preds: of the router, scope none. ERR_USAGE when no prompt is left. */
int eval_data_make(const struct matrix *m, const struct router *r,
                   const struct router_prompt *roles, size_t role_count,
                   const struct prediction *preds, size_t pred_count, int64_t seed,
                   struct eval_data *out, struct err *e);
void eval_data_deinit(struct eval_data *d);

/* Replaces q, c, t of d->all by these predictions; cells without one become NaN. */
void eval_data_predict(struct eval_data *d, const struct prediction *preds, size_t n);

struct eval_part {
    size_t *train, *select, *read;
    size_t train_n, select_n, read_n;
};
size_t eval_part_count(const struct eval_data *d);
void eval_part_make(const struct eval_data *d, size_t k, struct eval_part *out);
void eval_part_deinit(struct eval_part *p);

#endif
