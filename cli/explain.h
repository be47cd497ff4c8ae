/* What moved each model's probability for one prompt: every n-gram, feature and weight of the
 * table, with its share of the logit. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <stddef.h>

#include "core/vec.h"
#include "router/shunt.h"

enum { EXPLAIN_NAME_MAX = 96 };

struct explain_term {
    char name[EXPLAIN_NAME_MAX]; /* "word", "two words", "feature:log_bytes", "task:chat",
                                    "word:the", "vector", "bias" */
    double *logit;               /* [models], heap: what it adds to each model's value */
    double weight;               /* the largest of their sizes, by which terms are sorted */
};

struct explain {
    VEC(struct explain_term) term; /* largest first */
    size_t models;
};

/* The terms of r's text, and of its vector where the table takes one; they sum to each model's
 * value before calibration. Returns 0 or an enum shunt_status. */
int explain_text(const struct shunt_table *t, const struct shunt_request *r, struct explain *out);
void explain_deinit(struct explain *x);

#endif
