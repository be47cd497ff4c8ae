/* Requests that were given up: tried, with no reply to show for it. */
#ifndef STORE_FAILED_H
#define STORE_FAILED_H

#include "store/store.h"

/* Gathers (prompt, sample) of a configuration of which a try failed and no reply is stored, into a
 * table of this connection only; what was gathered for the configuration before is replaced. *n: of
 * them, those among the first `limit` prompts of the selection (work.h; 0: all) with sample <
 * samples. */
int failed_gather(struct store *s, int64_t config, int64_t samples, int64_t limit, int64_t *n,
                  struct err *e);
/* 1: it is one of those gathered; 0: it is not; else negative. */
int failed_has(struct store *s, int64_t config, int64_t prompt, int64_t sample, struct err *e);

#endif
