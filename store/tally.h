/* Counts for people: who made a result, how many prompts lie where, what is behind each model. */
#ifndef STORE_TALLY_H
#define STORE_TALLY_H

#include "store/store.h"

struct run_info {
    char *argv;    /* JSON array; heap, as all strings here; may be NULL */
    char *version; /* of shunt */
    char *data_hash;
    int64_t seed;
    int64_t started_ms;
};
/* ERR_DB when there is no such run. */
int run_get(struct store *s, int64_t run, struct run_info *out, struct err *e);
void run_info_deinit(struct run_info *r);

/* Prompts, parents of stages left out, counted by role ("train", "validation", "test", "fold" as
 * the router saw them; the prompt's own split when router is 0; "" where neither knows it), task
 * and complexity label ("" where there is none). In order of role (as listed here),
 * task, complexity. */
struct prompt_count_row {
    const char *role, *task, *complexity; /* live until see returns */
    int64_t prompts;
};
int prompt_tally(struct store *s, int64_t router,
                 int (*see)(void *arg, const struct prompt_count_row *r, struct err *e), void *arg,
                 struct err *e);

/* Replies behind each model that has any, in order of name. */
struct model_count_row {
    const char *model;
    int64_t replies, scored, reported_cost, timed; /* timed: with a latency */
    bool priced;                                   /* input and output prices are known */
    bool imported;                                 /* some replies came in by import */
};
int model_tally(struct store *s,
                int (*see)(void *arg, const struct model_count_row *r, struct err *e), void *arg,
                struct err *e);

#endif
