/* Near-duplicate prompts of a store: found, kept, and joined into its groups.
 *
 * Two prompts are near duplicates when the sets of their texts' five-word runs (shingle.h) have a
 * Jaccard similarity of at least J; clusters are what such pairs connect. A prompt whose wording
 * was edited, or a template filled in anew, is then not on both sides of a split.
 */
#ifndef DATASETS_DUPLICATES_H
#define DATASETS_DUPLICATES_H

#include "store/store.h"

#define NEAR_DUPLICATE_JACCARD .8 /* default J */

struct duplicates_summary {
    int64_t pairs;   /* that joined two groups */
    int64_t skipped; /* comparisons left out in crowded buckets (minhash.h) */
};

/* Compares all prompts, replaces the store's pairs, resolves its groups anew. J 0: forgets all
 * pairs instead. ERR_USAGE for another J than 0 and .5 to 1; ERR_DB. One transaction. On two cores
 * 100,000 prompts of 470 bytes take seconds. */
int duplicates_join(struct store *s, double jaccard, struct duplicates_summary *out, struct err *e);

#endif
