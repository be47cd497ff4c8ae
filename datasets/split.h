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
#include "store/group.h"

#include <stdint.h>

enum { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLITS };
enum { SPLIT_LARGEST = 10 };                  /* groups that a summary names */
extern const char *const split_names[SPLITS]; /* "train", "validation", "test" */

struct split_options {
    double share[SPLITS]; /* >= 0, train > 0, sum 1 */
    uint64_t seed;
    bool by_time; /* every prompt needs a timestamp then */
    /* Jaccard similarity from which near duplicates are joined first (datasets/duplicates.h); 0
     * forgets such joins, negative leaves them as they are */
    double near_duplicates;
};

struct split_task {
    char *task;
    int64_t prompts[SPLITS];
};

/* A group of several prompts, for those who want to know why they went together. */
struct split_group {
    char *first;     /* ext_id of its first prompt that is not a parent */
    int64_t prompts; /* without parents of stages */
    int64_t tasks;   /* different ones among them */
    int split;
    unsigned why; /* bits of store/group.h's reasons */
};

struct split_summary {
    int64_t prompts[SPLITS], clusters[SPLITS]; /* parents of stages are not counted */
    int64_t given;                             /* prompts whose cluster had its split */
    struct split_task_vec VEC_BODY(struct split_task) tasks; /* by name */
    int64_t joined[GROUP_REASONS]; /* joins, each counted for the first reason that made it */
    int64_t shared;                /* groups of 2 prompts or more */
    int64_t near_skipped;          /* comparisons left out (datasets/minhash.h) */
    struct split_group_vec
        VEC_BODY(struct split_group) largest; /* at most SPLIT_LARGEST, largest first */
    bool by_time;
    int64_t spans[SPLITS][2]; /* first and last timestamp of each split; INT64_MIN: none known */
};

/* Returns 0, ERR_USAGE (impossible shares or similarity, no prompts), ERR_FORMAT (no timestamp,
 * given splits that part a cluster, too few clusters: a split would be empty), ERR_DB. One
 * transaction. *out is to be released in every case. */
int split_run(struct store *s, const struct split_options *o, struct split_summary *out,
              struct err *e);
void split_summary_deinit(struct split_summary *sum);

#endif
