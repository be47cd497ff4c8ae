/* Predictions of a training beside others on the same held-out prompts, as tables: the encoders of
 * the store, the controls, the learning curve. Fits are train/'s, figures eval/'s.
 */
#ifndef CLI_STUDY_H
#define CLI_STUDY_H

#include "core/jsonw.h"
#include "core/out.h"
#include "eval/load.h"
#include "eval/predictors.h"
#include "train/train.h"

/* The prompts that a router's figures are read on: held out, with a score of every model. */
struct study {
    const struct training *training;
    struct eval_input in;
    struct eval_set set;
    size_t *row;   /* [set.n] the prompt's index in the training's matrix */
    size_t *at;    /* [set.n] its index in in.data.all */
    int32_t *part; /* [set.n] the part it is read in */
    size_t parts;
    int weak, strong; /* of two models, by the training side; else -1 */
    struct boot boot;
    double *task_q; /* [set.n * models] smoothed task means of each part's training side */
    int *constant;  /* [parts] the best constant of each part's training side */
};

/* router: the name under which t was just stored. ERR_USAGE: no prompt has a score of every model.
 */
int study_open(struct store *s, const char *router, const struct training *t, int64_t seed,
               struct study *out, struct err *e);
void study_close(struct study *x);

/* Held-out probabilities [matrix prompts][models] as the set's: [set.n * models], heap. */
double *study_take(const struct study *x, const double *q);

/* One table of predictions compared with the first of them. */
struct study_table {
    const char *key;    /* "encoders": the JSON member */
    const char *column; /* "encoder": what a row is */
    const char *title;  /* printed above the aligned table */
    const char *first;  /* "hashed": names the differences, less_hashed */
    const char *number; /* name of the whole number of a row, NULL: none */
    size_t n, models;
    char **name;     /* [n] */
    int64_t *count;  /* [n] the whole number; INT64_MIN: none */
    double *seconds; /* [n], NaN: not fitted for this; NULL: no such column */
    bool cost_known;
    struct predictor_figures *figure; /* [n] */
};
void study_json(const struct study_table *t, struct jsonw *w);
/* Aligned: a row each, with intervals in brackets; CSV and TSV: a row for each metric. Returns 0,
 * or -1 when writing failed. */
int study_print(const struct study_table *t, enum out_shape shape, FILE *f);
void study_table_deinit(struct study_table *t);

/* The encoders of the store; fits all but the one that was trained. */
int study_encoders(struct store *s, const struct study *x, const struct train_options *o,
                   struct study_table *out, struct err *e);

/* The router and its controls: nearest neighbours, task means, the best constant of the training
 * side, a random mix at the router's cost, random, the hull of single models. jobs: threads. */
int study_controls(const struct study *x, size_t jobs, struct study_table *out, struct err *e);

#endif
