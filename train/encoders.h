/* Every encoder that the store holds, on the folds of one training.
 *
 * Rows: hashed n-grams; for each encoder with a vector for every prompt, its vectors alone and
 * beside the n-grams. Only held-out probabilities come out: what they are worth is measured by who
 * compares them.
 */
#ifndef TRAIN_ENCODERS_H
#define TRAIN_ENCODERS_H

#include "train/train.h"

struct encoder_fit {
    char *name;     /* as --encoder takes it */
    size_t dims;    /* of the vectors, 0: none */
    double *q;      /* [prompts][models] held out, NaN where the training predicts nothing */
    double seconds; /* that the fits took; of the trained encoder, with the fit that is shipped */
    bool trained;   /* the router's own */
};

struct encoder_fits {
    struct encoder_fit *fit; /* [n], hashed first */
    size_t n;
    char **left_out; /* [left] "NAME: 3 of 240 prompts have no vector" */
    size_t left;
};

/* Does the store hold vectors at all? 1, 0, or negative. */
int encoders_there(struct store *s, struct err *e);

/* o: the options that t was trained with. The router's own encoder is not fitted again. Costs one
 * training without its final fit for every other row. ERR_PARTIAL: interrupted. */
int encoders_fit(struct store *s, const struct training *t, const struct train_options *o,
                 struct encoder_fits *out, struct err *e);
void encoders_deinit(struct encoder_fits *x);

#endif
