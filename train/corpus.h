/* The traffic as numbers: every prompt encoded once, by the encoder that serves in production.
 *
 * Row i of everything here is prompt i of the matrix it was made from. Nothing in a corpus depends
 * on labels or on which prompts train: what does is in train/space.h.
 */
#ifndef TRAIN_CORPUS_H
#define TRAIN_CORPUS_H

#include "core/err.h"
#include "router/encode.h"
#include "store/matrix.h"

#include <stddef.h>
#include <stdint.h>

#define CORPUS_NO_TASK UINT32_MAX

struct corpus {
    size_t n;
    unsigned bits;    /* buckets: 2^bits */
    size_t *start;    /* [n + 1] into bucket */
    uint32_t *bucket; /* distinct buckets of each prompt, in order of first occurrence */
    float *feature;   /* [n][SHUNT_FEATURES] surface features, in their natural units */
    uint64_t *bytes;  /* [n] of text */
    uint32_t *task;   /* [n] index into task_name; CORPUS_NO_TASK where the prompt has none */
    size_t tasks;
    char **task_name; /* [tasks] distinct, sorted by bytes */
    double *weight;   /* [n] > 0 */
    int64_t *cluster; /* [n] prompts of one cluster stay on one side of every fold */
    size_t dims;      /* of the dense vectors, 0: none */
    float *dense;     /* [n][dims], or NULL */
};

/* Encode the texts of m on `jobs` threads (0: all cores); the result does not depend on jobs.
 * Texts are read during the call only; names are copied. *out is the caller's. */
struct corpus *corpus_new(const struct matrix *m, unsigned bits, size_t jobs);
void corpus_free(struct corpus *c);

/* Take dense vectors [n][dims], heap memory that the corpus frees. */
void corpus_set_dense(struct corpus *c, float *dense, size_t dims);

/* Index of a task name, or CORPUS_NO_TASK. */
uint32_t corpus_task(const struct corpus *c, const char *name);

#endif
