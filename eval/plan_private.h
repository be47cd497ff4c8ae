/* Private to this folder: what plan.c and plan_point.c share. */
#ifndef EVAL_PLAN_PRIVATE_H
#define EVAL_PLAN_PRIVATE_H

#include "eval/plan.h"

struct plan_normal {
    struct plan_view view;
    size_t width;
    unsigned char *fold;         /* [n] */
    double *factor;              /* [PLAN_FOLDS + 1][width][width] Cholesky: without fold f; all */
    bool solved[PLAN_FOLDS + 1]; /* false: value heads are 0 */
};

#endif
