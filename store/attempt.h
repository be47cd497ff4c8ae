/* Attempts looked back on: what was charged before, and whether one was stored already. */
#ifndef STORE_ATTEMPT_H
#define STORE_ATTEMPT_H

#include "core/money.h"
#include "store/reply.h"

/* What all attempts of a configuration were charged for: samples < samples of the first `limit`
 * prompts (0: all), since the last attempt_forget. */
struct charged {
    int64_t nusd;      /* of the attempts with a reply */
    int64_t lost_nusd; /* worst cases of those without that may have been charged */
    int64_t unknown;   /* attempts whose charge is not known */
};
int attempt_charged(struct store *s, int64_t model_config, int64_t samples, int64_t limit,
                    struct charged *out, struct err *e);
/* What was charged up to now counts no more. */
int attempt_forget(struct store *s, int64_t model_config, struct err *e);

/* For a reply that was kept outside the store: 1 its attempt is stored already, 0 not yet, 2 its
 * prompt and configuration are not what they are called (another store), or a negative code. */
int attempt_known(struct store *s, const struct attempt *a, const char *prompt_ext_id,
                  const char *model, struct err *e);

#endif
