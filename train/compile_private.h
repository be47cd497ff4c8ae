/* Between the parts of compile: what a table_spec points to while it is put together. */
#ifndef TRAIN_COMPILE_PRIVATE_H
#define TRAIN_COMPILE_PRIVATE_H

#include "core/fs.h"
#include "store/matrix.h"
#include "store/policy.h"
#include "store/router.h"
#include "train/compile.h"
#include "train/params.h"

struct draft {
    struct store *store;
    const struct config *config; /* or NULL */
    struct router router;
    struct params params;
    struct point *point;
    size_t points;
    struct matrix *matrix; /* scored prompts, for checks and deciles */

    struct table_spec spec;
    /* owned, what spec points to */
    struct table_model *model;
    struct table_heads fallback;
    struct table_curve *curve; /* [sets][heads] */
    struct table_cost *cost;
    struct table_point *out_point;
    unsigned char *guard; /* [points][tasks + 1] */
    struct table_rule *rule;
    struct table_substitutes *substitutes;
    int *substitute; /* [models][models - 1] */
    struct table_sample *sample;
    float *vector; /* of all samples */
    const char **tier;
    struct str_vec strings; /* tiers' names, values of meta */
    VEC(struct table_pair) meta;
    struct table_posterior *posterior;
    struct table_value *value;
    VEC(double *) numbers; /* of value heads */
    struct table_drift *drift;
    struct table_words words;
    uint64_t *word_hash;
    VEC(struct table_ensemble) ensemble;
    VEC(struct table_stage) stage;
};

/* Keep a heap string until the draft ends; returns it. */
const char *draft_keep(struct draft *d, char *text);
int draft_model(const struct draft *d, const char *name); /* index, -1: none */

int draft_models(struct draft *d, struct err *e); /* prices, tiers, costs */
int draft_points(struct draft *d, struct err *e); /* points, guard, substitutes */
int draft_rules(struct draft *d, struct err *e);
/* Confidence heads, value heads, limits; where the store has points of plans. */
int draft_plans(struct draft *d, struct err *e);
int draft_drift(struct draft *d, struct err *e); /* deciles of held-out scores */
int draft_words(struct draft *d, const struct compile_vectors *v, struct err *e);
int draft_stages(struct draft *d, struct err *e); /* an ensemble a kind of staged request */
/* The point that a request gets when it names none. */
size_t draft_standard_point(const struct draft *d);
void draft_heads(struct draft *d);
void draft_samples(struct draft *d);
void draft_meta(struct draft *d);

#endif
