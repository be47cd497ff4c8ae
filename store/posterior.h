/* What a reply tells of every model: predictions after a reply, a row a (scope, prompt, reply).
 *
 * These are the rows of `prediction` whose after_reply is not null, packed: one model's reply
 * changes the expectation of all of them, so that nine models make 81 figures a prompt and scope.
 */
#ifndef STORE_POSTERIOR_H
#define STORE_POSTERIOR_H

#include "store/store.h"

#include <stddef.h>

/* quality [n]: probability of success of each model, in the order of the router's models, given
 * the reply with this row id; NaN: that reply tells nothing of it. Scopes as store/router.h. */
int posterior_put(struct store *s, int64_t router, int64_t scope, int64_t prompt, int64_t reply,
                  const float *quality, size_t n, struct err *e);

/* quality: [n], valid during the call only. A result other than 0 ends the walk. */
typedef int posterior_see(void *arg, int64_t prompt, int64_t reply, const float *quality, size_t n,
                          struct err *e);
/* All of one scope, in order of prompt, then reply. ERR_FORMAT: a damaged row. */
int posterior_each(struct store *s, int64_t router, int64_t scope, posterior_see *see, void *arg,
                   struct err *e);

#endif
