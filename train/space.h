/* Feature space of one fit: everything about columns that is learned from the prompts it trains on.
 *
 * The columns are, in this order: kept buckets, surface features, tasks, dense vector. A row is
 *
 *   - bucket b: s idf_b / sqrt(kept distinct buckets of the row), kept when df_b >= 2 (or min_df);
 *     idf_b = log((1 + n)/(1 + df_b)) + 1, df and n over the subset
 *   - surface i: u (x_i - mean_i) / sd_i over the subset, x_i within low_i..high_i
 *   - task: 1 in the column of the prompt's task, if the subset has that task
 *   - dense i: v x_i
 *
 * with s such that a row's bucket part has mean square norm 1 over the subset, v likewise, and u
 * one number for all (SPACE_SURFACE): so that C means the same whatever the corpus. Made from the
 * training side alone, a space cannot carry anything of the prompts that it is used on.
 */
#ifndef TRAIN_SPACE_H
#define TRAIN_SPACE_H

#include "train/corpus.h"
#include "train/solver.h"

#include <stdbool.h>

struct space_use {
    bool hashed; /* buckets and surface features */
    bool dense;  /* the corpus's dense vectors */
    /* what a search may change (search.h) */
    bool no_surface; /* leave out surface features */
    uint32_t min_df; /* prompts that a bucket must be seen in; 0: 2 */
};

struct space {
    struct space_use use;
    size_t columns;
    size_t kept;         /* buckets, columns 0..kept-1 */
    uint32_t *bucket_id; /* [kept] ascending */
    double *idf;         /* [kept] s idf_b */
    uint32_t *column;    /* [2^bits] column + 1, 0: not kept; NULL without hashed */
    size_t surface_at, task_at, dense_at;
    int32_t low[SHUNT_FEATURES], high[SHUNT_FEATURES];    /* .1 and 99.9 % quantiles, in 2^-16 */
    double shift[SHUNT_FEATURES], factor[SHUNT_FEATURES]; /* (x - shift) * factor */
    uint32_t *task_column; /* [tasks] column + 1, 0: not in the subset */
    double dense_factor;   /* v */
};

struct space *space_new(const struct corpus *c, const uint32_t *subset, size_t n,
                        const struct space_use *use);
void space_free(struct space *s);

/* The parts that a row has: buckets, surface features, task (and bias), dense vector; those that
 * are used, in this order. */
enum { SPACE_PARTS = 4 };
size_t space_parts(const struct space_use *use);
/* The part of a column; the bias is column `columns`. */
size_t space_part(const struct space *s, size_t column);

/* Most values that a row can have. */
size_t space_row_max(const struct corpus *c);
/* Row of prompt i, inside the subset or not: column, value [space_row_max] written; the count. */
size_t space_row(const struct space *s, const struct corpus *c, size_t i, uint32_t *column,
                 double *value);
/* The rows of n prompts for the solver, in their order. */
struct rows *space_rows(const struct space *s, const struct corpus *c, const uint32_t *prompt,
                        size_t n);

#endif
