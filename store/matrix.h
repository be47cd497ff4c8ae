/* Prompts x models, read once, ready to compute with: what train, eval and reports start from.
 *
 * Cell (i, m) is i * models + m. Scores, tokens, costs, latencies are means over samples of the
 * replies of the model's current configuration where it has any, else of the imported ones.
 * Score: by the prompt's primary grader. Cost: tokens x price where the model has prices, else the
 * reported one (cost_source says which); nano-dollars as double because it is a mean.
 */
#ifndef STORE_MATRIX_H
#define STORE_MATRIX_H

#include "core/vec.h"
#include "store/store.h"

#include <stddef.h>

struct matrix_prompt {
    int64_t id;                 /* row id */
    char *ext_id, *task, *text; /* text: what an encoder sees */
    char *user, *user_class;    /* may be NULL */
    char *complexity;           /* may be NULL */
    char split;                 /* 't' train, 'v' validation, 'e' test, 0 none */
    int64_t cluster;            /* equal for prompts that must stay together */
    double weight;
    int64_t timestamp_ms; /* INT64_MIN: not known */
};

enum cost_source { COST_NONE, COST_COMPUTED, COST_REPORTED };

struct matrix_model {
    int64_t id;
    char *name, *tier; /* tier may be NULL */
    enum cost_source cost_source;
    int64_t pico_input, pico_output, pico_request; /* prices now; MONEY_UNKNOWN */
};

struct matrix {
    size_t prompts, models;
    struct matrix_prompt *prompt;
    struct matrix_model *model;
    double *score;                  /* [prompts * models], NaN: none */
    double *cost_nusd;              /* NaN: unknown */
    double *latency_ms;             /* NaN: unknown */
    double *tokens_in, *tokens_out; /* NaN: unknown */
    double *mean_logprob;           /* of sample 0; NaN: unknown */
    int64_t *first_reply;           /* row id of the reply of sample 0, 0: none */
    /* of sample 0, NaN: unknown; NULL unless asked for, and where no mean_logprob is known */
    double *min_logprob, *entropy, *reply_bytes;
    int32_t *samples;         /* replies behind the cell */
    int64_t unscored_replies; /* replies whose score is null or missing */
};

struct str_vec;
struct matrix_options {
    const struct str_vec *models; /* NULL or empty: all that have a score; order as given */
    bool no_text;                 /* leave text NULL (eval needs none) */
    bool scored_only;             /* leave out prompts without any score */
    bool signals;                 /* what a reply tells beside its mean log-probability */
};
/* ERR_USAGE: a model that is not in the store (nearest name), or no scored reply at all ("run
 * 'shunt grade'"). Parents of stages are left out. Order: by row id. */
int matrix_load(struct store *s, const struct matrix_options *o, struct matrix **out,
                struct err *e);
void matrix_free(struct matrix *m);
/* Only prompts with keep[i] stay, in their order. */
void matrix_keep(struct matrix *m, const bool *keep);
void matrix_free_prompt(struct matrix_prompt *p); /* what it points to */

#endif
