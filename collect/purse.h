/* Money of a run: what was spent, what is in flight at its worst, and the cap over both.
 *
 * The cap holds because a request leaves only when spent + held + its worst case is within it, and
 * what came back is never counted below what it may have cost. All amounts are nano-dollars, summed
 * in 128 bits.
 */
#ifndef COLLECT_PURSE_H
#define COLLECT_PURSE_H

#include "core/money.h"
#include "store/model.h"

#include <stdbool.h>
#include <stddef.h>

struct purse {
    int64_t cap_nusd;      /* MONEY_UNKNOWN: no cap */
    money_wide spent_nusd; /* known costs, and worst cases of what may have been paid for */
    money_wide lost_nusd;  /* of that: worst cases of tries that brought no reply */
    money_wide held_nusd;  /* worst cases in flight */
    int64_t unknown;       /* replies without a known cost */
};

/* What earlier runs leave of a cap, for a model in any configuration: samples < samples of the
 * first `limit` prompts of the selection (store/work.h; 0: all). */
struct purse_past {
    money_wide spent_nusd; /* charged, lost ones included */
    money_wide lost_nusd;  /* of that: tries that brought no reply */
    money_wide held_nusd;  /* worst cases of what waits in batches */
    int64_t unknown;       /* tries and requests in batches of which nothing is known */
};
int purse_past(struct store *s, int64_t model, int64_t samples, int64_t limit,
               struct purse_past *out, struct err *e);

/* Most that one request can cost: every byte of its body a token at the dearest input price, the
 * maximum of output tokens at the dearest output price, and the fee. MONEY_UNKNOWN without an input
 * or output price, or without a maximum (max_output <= 0). */
int64_t purse_worst(const struct price_now *p, size_t body_bytes, int64_t max_output);

/* true, and worst is held; false: it would not fit. An unknown worst case fits only where there is
 * no cap. */
bool purse_hold(struct purse *p, int64_t worst);
/* The request ended. cost MONEY_UNKNOWN with paid: counts at its worst case; not paid: nothing.
 * answered: it brought a reply. */
void purse_settle(struct purse *p, int64_t worst, int64_t cost, bool paid, bool answered);

#endif
