/* Near-duplicate texts among many: MinHash signatures, banding, then the exact Jaccard similarity.
 *
 *   struct near *n = near_new(.8);
 *   near_add(n, text, len);              texts are numbered 0, 1, ...
 *   near_seal(n, lookup);                after the last one
 *   near_pairs(n, joined, see, arg)      all pairs, or
 *   near_find(n, text, len, &which, &jaccard)     one like a text from outside
 *
 * A signature has 128 minima (Broder 1997); bands of r of them put texts that agree in a whole band
 * into one bucket (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4). r follows
 * from the threshold, so that a pair at the threshold is missed with a probability below 1e-4. What
 * is found is then compared exactly: no false pair. In a bucket each text is compared with at most
 * NEAR_COMPARISONS others that are not joined to it, which bounds the work on templated traffic;
 * near_skipped counts what that left out.
 *
 * Memory: 8 bytes a shingle, 512 a signature, and for near_find 16 a band. One thread at a time;
 * near_seal signs on all cores.
 */
#ifndef DATASETS_MINHASH_H
#define DATASETS_MINHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NEAR_HASHES = 128, NEAR_COMPARISONS = 64 };

struct near;
struct near *near_new(double jaccard); /* threshold, .5 to 1 */
void near_free(struct near *n);
size_t near_add(struct near *n, const char *text, size_t len); /* its number */
void near_seal(struct near *n, bool lookup);                   /* lookup: for near_find; once */

/* Joins texts of Jaccard similarity at or above the threshold: see is called for each pair that
 * united two sets (a < b), so that the pairs seen are a spanning forest of the near-duplicate
 * clusters. set[i] (in) texts of one number are joined from the start; (out) equal within a
 * cluster: its smallest text. Returns see's first non-zero value, else 0. */
int near_pairs(struct near *n, size_t *set,
               int (*see)(void *arg, size_t a, size_t b, double jaccard), void *arg);
int64_t near_skipped(const struct near *n); /* comparisons that near_pairs left out */

/* Is there a text whose similarity to `text` reaches the threshold? true, and *which, *jaccard of
 * the first one found. */
bool near_find(const struct near *n, const char *text, size_t len, size_t *which, double *jaccard);

#endif
