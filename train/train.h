/* Training a router: a matrix of scores in, heads and honest predictions out. Start reading here.
 *
 * corpus.h   prompts encoded once             choose.c   C, shrinkage, calibration
 * space.h    feature columns of one fit       fit.h      all the fits, on both cores
 * solver.h   liblinear                        cost.h     expected cost and latency
 * heads.h    targets, task means, one fit     labels.h   order of complexity labels
 * isotonic.h monotone calibration curves      posterior.h  what a reply tells of every model
 * fold.h     who is held out from whom        figures.h  how good the heads are
 * params.h   what a router keeps              compile.h  router and points -> FILE.shunt
 * add_model.h  one head beside a router        params_splice.h  into its parameters
 * preference.h  Bradley-Terry heads on votes      preference_load.h  votes of a store
 * knn.h      nearest neighbours, a control
 * search.h   choice of features
 * growth.h   learning curves                   label_next.h  what to label next
 * vectors.h  encoders in the store            refit.h    other ways to fit, on the same folds
 * table.h    the writer of FILE.shunt
 */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include "core/err.h"
#include "core/vec.h"
#include "store/matrix.h"
#include "store/store.h"
#include "train/cost.h"
#include "train/figures.h"
#include "train/fit.h"
#include "train/labels.h"
#include "train/posterior.h"
#include "train/preference.h"

enum { TRAIN_INNER = 3, TRAIN_GRID_MAX = 16, TRAIN_FOLDS_MAX = 1000 };
#define TRAIN_EPS 1e-3 /* liblinear's tolerance of the final fits */

struct train_options {
    int64_t folds; /* K of cross-fitting, 2..TRAIN_FOLDS_MAX; 0: by the splits of the prompts */
    uint64_t seed;
    size_t jobs;                 /* threads, 0: all cores */
    double grid[TRAIN_GRID_MAX]; /* values of C, ascending; grid_n 0: the default */
    size_t grid_n;
    const char *encoder;          /* "hashed" (NULL too), "endpoint:NAME", "hashed+endpoint:NAME" */
    const char *name;             /* of the router; NULL: the next "rN" */
    const struct str_vec *models; /* NULL or empty: all with a score */
    bool no_posterior; /* leave out confidence heads: what a reply tells is then not known */
    bool preferences;  /* train_store: Bradley-Terry heads on the store's votes, not on scores */
    bool search;       /* choose the features too, for each side (search.h) */
    const struct votes *votes; /* train_matrix: those votes; NULL: scores */
};

/* A trained router in memory. */
struct training {
    struct matrix *matrix; /* what train_store loaded, owned; NULL after train_matrix */
    struct corpus *corpus;
    struct labels labels;
    struct targets targets;
    double *y;         /* [n][heads], what targets points to */
    struct side *side; /* [sides], those that predict first, then `final`, then `plain` */
    size_t sides;
    size_t predicting;       /* sides that predict held-out prompts: K, or 1 */
    struct side *final;      /* the heads that are shipped */
    struct side *plain;      /* the same without the dense vector, or NULL */
    struct cost_model *cost; /* [predicting + 1] of the training side of each, then the final one */
    bool cross_fit;
    double grid[TRAIN_GRID_MAX];
    size_t grid_n;
    struct posterior posterior; /* confidence heads; no tellers where no log-probabilities are */
    bool searched;              /* the sides' features were chosen */
    struct preference_figures preference; /* votes 0: fitted to scores */
    struct figures figures;
    double fit_seconds; /* spent in fitting heads */
    double seconds;     /* and confidence heads */
};

/* Fit everything on m. dense [prompts][dims] are vectors to use (heap, taken over), or NULL; hashed
 * false leaves the n-grams out. Does not touch a store. ERR_USAGE names what the data lacks. */
int train_matrix(const struct matrix *m, const struct train_options *o, bool hashed, float *dense,
                 size_t dims, struct training *out, struct err *e);
void training_deinit(struct training *t);

/* Load, fit, and store the router with its predictions in one transaction. name [64] and *out (may
 * be NULL) are written on success. */
int train_store(struct store *s, const struct train_options *o, char name[64], struct training *out,
                struct err *e);

/* "0.1,0.3,1" -> ascending values of C > 0. */
int train_grid_parse(const struct str_vec *words, struct train_options *o, struct err *e);

#endif
