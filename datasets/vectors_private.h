/* An import of vectors under way. Private to vectors.c and vectors_npy.c. */
#ifndef DATASETS_VECTORS_PRIVATE_H
#define DATASETS_VECTORS_PRIVATE_H

#include "core/hash.h"
#include "core/progress.h"
#include "core/vec.h"
#include "datasets/vectors.h"

#include <stdbool.h>

struct vectors {
    struct store *store;
    const struct vectors_options *o;
    struct vectors_summary *sum;
    struct strmap *seen; /* ids */
    struct progress *progress;
    int64_t encoder; /* 0: not begun */
    size_t dims;
    float *row;                              /* [dims] */
    struct component_vec VEC_BODY(double) x; /* of the line being read */
};

/* Settles the dimensions: finds or adds the encoder. Once. */
int vectors_begin(struct vectors *v, size_t dims, struct err *e);
/* One vector, checked and stored; row, from 1, is for messages. */
int vectors_row(struct vectors *v, const char *id, const double *x, size_t n, size_t row,
                struct err *e);
int vectors_read_npy(struct vectors *v, struct err *e);
/* Does path end so, a .gz behind it aside? */
bool vectors_ends(const char *path, const char *end);

#endif
