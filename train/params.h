/* What a router keeps of its training: everything that `compile` needs, multiplied out.
 *
 * Shrinkage, calibration, idf and standardisation are folded in, so that a head's value for a
 * prompt is what router/FORMAT.md section 5 computes, here in doubles:
 *
 *   bias + task + sum over features surface_i x_i + sum over kept distinct buckets weight_b /
 * sqrt(k)
 *   + dense . vector
 *
 * with features x_i clamped to low_i .. high_i.
 *
 * Heads: models, then steps of the complexity labels. Stored as a zipped little-endian blob with a
 * version of its own; only this file pair reads or writes it.
 */
#ifndef TRAIN_PARAMS_H
#define TRAIN_PARAMS_H

#include "core/err.h"
#include "train/train.h"

/* 3, without confidence heads, and 2, without the range of features either, are read too. */
enum { PARAMS_VERSION = 4 };

/* One set of heads; with a dense vector the second set is for requests without one. */
struct params_set {
    double *weight;         /* [kept][heads] */
    double *surface;        /* [SHUNT_FEATURES][heads] */
    double *task;           /* [tasks][heads] */
    double *bias;           /* [heads] */
    struct isotonic *curve; /* [heads] of the sigmoid; count 0: none */
};

struct params {
    uint64_t encoder_version, bits, models, labels, heads, tasks, kept, sets, dims;
    char **model, **label, **task;                     /* names */
    uint32_t *bucket;                                  /* [kept] ascending */
    int32_t low[SHUNT_FEATURES], high[SHUNT_FEATURES]; /* of the features, as seen in training */
    struct params_set set[2];
    double *dense;                  /* [heads][dims] */
    char *encoder;                  /* id of the dense encoder, "" for none */
    struct cost_row *cost;          /* [tasks + 1][models] */
    double *mean_score, *mean_nusd; /* [models] of what it was trained on, NaN: unknown */
    double *priced;                 /* [models] 1: costs follow from tokens and prices */
    uint64_t tellers;               /* models whose replies tell something */
    uint64_t *teller;               /* [tellers] which, ascending */
    struct posterior_head *told;    /* [tellers][models] of the final fit */
};

/* From a training; encoder_id is that of the dense vectors or "". */
void params_from(const struct training *t, const struct matrix *m, const char *encoder_id,
                 struct params *out);
void params_deinit(struct params *p);
/* Drop the confidence heads. */
void params_forget_told(struct params *p);

void params_write(const struct params *p, struct buf *out);
/* ERR_FORMAT: damaged, or of another version ("train again"). */
int params_read(const void *data, size_t len, struct params *out, struct err *e);

/* Quality of every head for one prompt in double precision: q [heads]. vector NULL: the set that
 * does without. */
void params_predict(const struct params *p, const char *text, size_t bytes, const char *task,
                    const float *vector, double *q);

#endif
