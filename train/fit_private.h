/* What the files of train/fit.h share: fit.c has the work list, fit_heads.c the fits on one set of
 * rows, fit_choose.c what out-of-fold values choose, fit_whole.c the fits on whole sides.
 */
#ifndef TRAIN_FIT_PRIVATE_H
#define TRAIN_FIT_PRIVATE_H

#include "core/progress.h"
#include "train/fit.h"
#include "train/stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The search of one side. */
struct search {
    size_t parts; /* of a value that are kept apart */
    float *f;     /* [heads][grid][parts][n] out-of-fold values */
    float *g;     /* [heads][n] task logits */
    double **w;   /* per inner fold: [heads][columns + 1] of the last C */
    double *loss; /* [GROUPS][grid][ALPHAS] summed over the heads of a group */
    size_t tried; /* values of C */
    bool done;
    size_t smooth, sharp; /* of the grid: what the models' heads are fitted at for stacking */
    struct stack stack;   /* no coefficients: the models' heads stand for themselves */
};

enum {
    GROUPS = 2,           /* models, steps of the complexity labels */
    FIT_PARTED = 1 << 18, /* most prompts whose values are stacked in parts and at two C: memory and
                             time, where so many leave little to win */
};

struct work {
    const struct corpus *c;
    const struct targets *t;
    struct side *side;
    size_t sides;
    const struct fit_options *o;
    size_t set_jobs, head_jobs; /* threads over sets of rows, and over the heads of one */
    struct search *search;      /* [sides] */
    size_t *active;             /* sides that are still searching, in this round */
    pthread_mutex_t lock;       /* of progress */
    struct progress *progress;
    char note[48]; /* where the search is: the total grows while it goes on */
    uint64_t done;
    atomic_bool stop;
};

/* One set of rows and the fits on it. */
struct fitting {
    struct work *k;
    const struct space *space;
    const struct rows *rows;
    const uint32_t *train; /* [n] */
    size_t n;
    const double *C; /* [heads]; 0: no fit, weights are 0 */
    double eps;
    bool warm;
    double *w;          /* [heads][columns + 1] */
    double *g;          /* [heads][tasks + 1] */
    const uint32_t *at; /* [held] prompts to predict */
    size_t held;
    size_t parts;  /* 1, or those of the space */
    double *value; /* [held][heads][parts] written */
};

/* Rows for the solver, and every head on them: w and g. */
void fit_heads(struct fitting *f);
/* value, of the prompts at[held]. */
void fit_predict(struct fitting *f);

/* [n] out-of-fold values: part p of head h of side `at` at a C. */
float *fit_plane(const struct work *k, size_t at, size_t h, size_t grid, size_t p);

/* Jobs over threads; arg is the work. */
void fit_judge(void *arg, size_t job);      /* is active[job] better by the C just tried? */
void fit_choose_side(void *arg, size_t at); /* all choices; frees what nothing else needs */
void fit_whole_side(void *arg, size_t at);  /* weights and predictions */

/* Frees all of a search but what fit_whole_side needs. */
void fit_search_free(struct work *k, size_t at);

#endif
