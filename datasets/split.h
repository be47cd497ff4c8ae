/* Train, validation, test: by cluster, so that what belongs together stays on one side.
 *
 * A cluster that holds a given split follows it. The others are shuffled (seeded) and dealt task by
 * task to the split that lacks most, what a task leaves over being carried to the next; or, by
 * time, laid out from the oldest to the newest by the cluster's newest prompt. Same store, seed and
 * shares: same splits. A second run deals again what was not given.
 */
#ifndef DATASETS_SPLIT_H
#define DATASETS_SPLIT_H

#include "core/vec.h"
#include "store/store.h"

#include <stdint.h>

enum { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLITS };
extern const char *const split_names[SPLITS]; /* "train", "validation", "test" */

struct split_options {
    double share[SPLITS]; /* >= 0, train > 0, sum 1 */
    uint64_t seed;
    bool by_time; /* every prompt needs a timestamp then */
};

struct split_task {
    char *task;
    int64_t prompts[SPLITS];
};

struct split_summary {
    int64_t prompts[SPLITS], clusters[SPLITS]; /* parents of stages are not counted */
    int64_t given;                             /* prompts whose cluster had its split */
    struct split_task_vec VEC_BODY(struct split_task) tasks; /* by name */
};

/* Returns 0, ERR_USAGE (impossible shares, no prompts), ERR_FORMAT (no timestamp, given splits that
 * part a cluster, too few clusters: a split would be empty), ERR_DB. One transaction. *out is to be
 * released in every case. */
int split_run(struct store *s, const struct split_options *o, struct split_summary *out,
              struct err *e);
void split_summary_deinit(struct split_summary *sum);

#endif
