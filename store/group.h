/* Groups: which prompts must stay on one side of every split, and why.
 *
 * Prompts get one cluster number (prompt.cluster) when their normalised text is equal, when they
 * share a given group key within a data set, when they belong to one staged request, or when they
 * were found to be near duplicates (datasets/duplicates.h puts those pairs in). Union-find; the
 * number is the smallest row id.
 */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "core/vec.h"
#include "store/store.h"

#include <stddef.h>

enum { GROUP_TEXT, GROUP_KEY, GROUP_REQUEST, GROUP_NEAR, GROUP_REASONS };
/* "equal text", "group key", "staged request", "near duplicate" */
extern const char *const group_reason_names[GROUP_REASONS];

struct group {
    int64_t cluster;
    int64_t prompts; /* rows, 2 or more; parents of stages count */
    unsigned why;    /* bit of each reason that joined something in it: 1u << GROUP_TEXT, ... */
};

/* What joined, each join counted once, for the first reason of the order above that made it: their
 * sum is rows - groups. */
struct group_summary {
    int64_t rows, groups; /* groups of one prompt count */
    int64_t joined[GROUP_REASONS];
    struct group_vec VEC_BODY(struct group) shared; /* of 2 prompts or more, largest first */
};

/* Resolves all groups anew and writes prompt.cluster. One transaction. sum (may be NULL) is to be
 * released in every case. O(n log n). */
int group_resolve(struct store *s, struct group_summary *sum, struct err *e);
void group_summary_deinit(struct group_summary *sum);

/* Pairs of near duplicates: a and b are row ids, a < b. */
int near_duplicate_put(struct store *s, int64_t a, int64_t b, double jaccard, struct err *e);
int near_duplicate_clear(struct store *s, struct err *e);
int64_t near_duplicate_count(struct store *s, struct err *e); /* negative on error */

#endif
