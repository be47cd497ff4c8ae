/* What a model card is made from. Private to card*.c. */
#ifndef REPORTS_CARD_PRIVATE_H
#define REPORTS_CARD_PRIVATE_H

#include "core/json.h"
#include "reports/data.h"
#include "reports/doc.h"

#include <math.h>

struct card_price {
    char *model;
    int64_t pico_input, pico_output, pico_request; /* MONEY_UNKNOWN */
};

struct card {
    struct report_data d;
    struct json *metrics;          /* router.metrics; NULL: not readable */
    VEC(struct card_price) prices; /* of the router's models */
    VEC(char *) limits;            /* sentences */
    int64_t near_pairs;            /* joins of near duplicates in the store */
    int64_t prompts, groups;
};

/* The heads of the router, in order: json_first / json_next over this. */
const struct json *card_heads(const struct card *c);
/* A stored figure of a policy for one task. */
struct value card_task_value(const struct card *c, const char *policy, const char *task,
                             const char *metric);
/* The operating points' and controls' names that the tables by task show; at most 3. */
size_t card_columns(const struct card *c, const char *name[3]);
void card_find_limits(struct card *c);
void card_document(const struct card *c, struct doc *doc);
void card_json(const struct card *c, struct buf *out);

#endif
