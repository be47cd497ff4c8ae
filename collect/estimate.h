/* What the requests of a dry run would use and cost, with 95 % intervals.
 *
 * Task by task. Of the N replies that the store has of the model and the task, b are bytes of the
 * request's texts, x input tokens, y output tokens, c the cost at today's prices, and p the price
 * of an input token. For n requests of B bytes together:
 *
 *   input tokens   r B,  r = sum x / sum b      (ratio estimator: Cochran 1977, Sampling, ch. 6)
 *   output tokens  n mean(y)
 *   cost           p r B + n mean(c - p x)      (what is not input: output, cache, fee)
 *
 * The variance is that of n outcomes around these, and of r and the means themselves; Student's t
 * with the degrees of freedom of Satterthwaite 1946. Outputs are skewed: of intervals from 20
 * replies a task, 91 to 95 of 100 hold (test_collect_estimate.c). A task of which the store has
 * fewer than ESTIMATE_MIN replies is taken for one like the others, with the variance between tasks
 * added
 * (`pooled`). A model of which it has none gets an assumption: 1 token for 4 bytes (6 to 2), and
 * the configured maximum of output (1 to that); its ends are added to the interval as they are.
 */
#ifndef COLLECT_ESTIMATE_H
#define COLLECT_ESTIMATE_H

#include "collect/asks.h"

enum { ESTIMATE_MIN = 8, ESTIMATE_REPLIES = 20000 }; /* the newest are looked at */

struct estimate;
/* Reads the replies of a model; at the prices of batches where `batch`. ERR_DB. */
int estimate_begin(struct estimate **out, struct store *s, const struct target *t, bool batch,
                   struct err *e);
void estimate_add(struct estimate *x, const struct ask *a);
/* Fills not_asked, the estimates and worst_nusd of m, and frees. */
void estimate_end(struct estimate *x, struct collect_model *m);
/* Sums over models, intervals as if all erred in the same direction; of those with a price. */
struct collect_range estimate_total(const struct collect_summary *s, int64_t *unpriced);

#endif
