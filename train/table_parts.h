/* What the files of the table writer share: the sections of a table in the making.
 * table.c puts the file together, table_parts.c and table_weights.c fill sections, table_file.c
 * writes and compares. */
#ifndef TRAIN_TABLE_PARTS_H
#define TRAIN_TABLE_PARTS_H

#include "core/buf.h"
#include "router/format.h"
#include "train/table.h"

struct table_draft {
    const struct table_spec *spec;
    size_t heads;   /* used columns of one set */
    size_t columns; /* heads rounded up */
    size_t stride;  /* sets * columns */
    size_t sets;
    size_t *task_order;             /* [tasks] spec's task at each place of the sorted list */
    uint32_t *row_of;               /* [2^bits] spec's row of each bucket, or SHUNT_NONE */
    struct buf part[SHUNT_S_KNOWN]; /* by section id; empty: absent */
};

/* Append a string to the strings section; its offset. NULL gives SHUNT_NONE. */
uint32_t table_add_string(struct table_draft *d, const char *s);

/* Each fills its sections or says what in the spec is impossible (ERR_USAGE). */
int table_fill_names(struct table_draft *d, struct err *e); /* models tiers tasks labels */
int table_fill_weights(struct table_draft *d,
                       struct err *e); /* heads surface taskw index rows calib dense */
int table_fill_costs(struct table_draft *d, struct err *e);     /* cost */
int table_fill_points(struct table_draft *d, struct err *e);    /* points guard */
int table_fill_rules(struct table_draft *d, struct err *e);     /* rules keywords fallback */
int table_fill_samples(struct table_draft *d, struct err *e);   /* selftest, its answers still 0 */
int table_fill_automaton(struct table_draft *d, struct err *e); /* automat, after keywords */
int table_fill_plan(struct table_draft *d, struct err *e);      /* postr value plan */
int table_fill_stages(struct table_draft *d, struct err *e);    /* stages */
int table_fill_range(struct table_draft *d, struct err *e);     /* range */
int table_fill_words(struct table_draft *d, struct err *e);     /* words */
int table_fill_meta(struct table_draft *d, struct err *e);      /* meta */

/* mean [heads] of what the words of a text are worth, in doubles; 0 without a known word. */
void table_words_mean(const struct table_words *w, size_t heads, const char *text, size_t bytes,
                      double *mean);

#endif
