/* Folds: who is held out from whom.
 */
#ifndef TRAIN_FOLD_H
#define TRAIN_FOLD_H

#include <stddef.h>
#include <stdint.h>

/* Deal n prompts into K folds of nearly equal size, clusters whole: in seeded random order, larger
 * clusters first, each to the fold that is smallest so far (the lowest of equals).
 *
 *   cluster  [n] key of each prompt; equal keys share a fold
 *   fold     [n] written, 0..K-1
 *
 * `what` names the use ("outer", "inner 3"), so that folds of different uses are independent.
 * Returns the number of clusters; fewer than K of them leave folds empty.
 */
size_t fold_deal(const int64_t *cluster, size_t n, size_t K, uint64_t seed, const char *what,
                 uint32_t *fold);

#endif
