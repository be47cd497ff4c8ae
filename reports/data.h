/* One evaluation, read from the store once: what every file of a report is made from.
 *
 * Numbers that are not known, or do not apply, are NaN. Everything is heap and belongs to the
 * struct.
 */
#ifndef REPORTS_DATA_H
#define REPORTS_DATA_H

#include "core/vec.h"
#include "store/policy.h"
#include "store/result.h"
#include "store/router.h"
#include "store/store.h"
#include "store/tally.h"

struct value {
    double v, lo, hi;
    int64_t n;
};
#define VALUE_NONE ((struct value){(double)NAN, (double)NAN, (double)NAN, 0})

/* One policy, gathered from its evaluation rows; in the order in which eval wrote them. */
struct policy {
    char *name;
    char *kind; /* single constant mix task_means rules cascade router point plan oracle */
    struct value quality, cost, latency_p50, latency_p95; /* cost: US dollars per 1,000 requests */
    double lambda;
    double *share; /* [models], of the requests that each model answers; NULL: not stored */
};

struct metric {
    char *name; /* "aiq"; of plans "plan.aiq" */
    struct value value;
};

/* a - b, paired; detectable: the smallest difference seen with 80 % power. */
struct comparison {
    char *pair, *metric; /* pair: "balanced - constant" */
    struct value difference;
    double detectable;
};

struct note {
    char *key, *text;
};

struct prompt_group { /* store/tally.h */
    char *role, *task, *complexity;
    int64_t prompts;
};

struct model_facts {
    char *name;
    int64_t replies, scored, reported_cost, timed;
    bool priced, imported;
};

struct stored_vectors {
    char *name;
    int64_t dimensions, rows;
};

struct report_data {
    char *store_name; /* file name without its folder */
    int64_t run;
    struct run_info info;
    bool has_router;
    struct router router;
    char *split; /* "test" or "cross-fit" */

    VEC(struct evaluation) rows; /* all, as stored */
    VEC(struct series_row) series;
    VEC(struct note) notes;
    VEC(struct policy) policies;
    VEC(struct metric) metrics;
    VEC(struct comparison) comparisons;
    VEC(char *) models; /* names of the single models */
    VEC(char *) tasks;
    struct value *task_score; /* [tasks * models] mean score of a model on a task */
    VEC(struct prompt_group) groups;
    VEC(struct model_facts) facts;
    VEC(struct stored_vectors) encoders;
    struct point *point; /* as they are deployed (store/policy.h) */
    size_t points;

    int64_t prompts; /* evaluated */
    bool has_cost;   /* every single model's cost is known */
    long best;       /* index in policies of the best single model; -1: none */
    long constant;   /* of the policy "constant" */
};

/* router NULL: the newest one, or the newest evaluation where no router is stored. ERR_USAGE: no
 * evaluation ("run 'shunt eval'"). data_deinit in any case. */
int data_load(struct store *s, const char *router, struct report_data *d, struct err *e);
void data_deinit(struct report_data *d);

/* The first with this kind and name (NULL: any); NULL when there is none. */
const struct policy *data_policy(const struct report_data *d, const char *kind, const char *name);
struct value data_metric(const struct report_data *d, const char *name);
const struct comparison *data_comparison(const struct report_data *d, const char *pair,
                                         const char *metric);
/* Text of the first note of this key; NULL. */
const char *data_note(const struct report_data *d, const char *key);
/* Rows of one series of one policy: their number, *first at the first. */
size_t data_series(const struct report_data *d, const char *policy, const char *name,
                   const struct series_row **first);

#endif
