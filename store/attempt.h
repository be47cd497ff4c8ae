/* Attempts looked back on: what was charged before, and whether one was stored already. */
#ifndef STORE_ATTEMPT_H
#define STORE_ATTEMPT_H

#include "core/money.h"
#include "store/reply.h"

/* What all attempts of a model, in any configuration, were charged for: samples < samples of the
 * first `limit` prompts of the selection (work.h; 0: all), since the last attempt_forget. */
struct charged {
    int64_t nusd;      /* of the attempts with a reply */
    int64_t lost_nusd; /* worst cases of those without that may have been charged */
    int64_t unknown;   /* attempts whose charge is not known */
};
int attempt_charged(struct store *s, int64_t model, int64_t samples, int64_t limit,
                    struct charged *out, struct err *e);
/* What the model of a configuration was charged up to now counts no more. */
int attempt_forget(struct store *s, int64_t model_config, struct err *e);

/* For what was kept outside the store: is it about this store at all, and is it in it? */

/* 1: the prompt and the configuration of *a are those of these names; 0: they are not. */
int attempt_ours(struct store *s, const struct attempt *a, const char *prompt_ext_id,
                 const char *model, struct err *e);
/* Gathers the attempts that started since then into a table of this connection only. */
int attempt_gather(struct store *s, int64_t since_ms, struct err *e);
/* 1: one of the same prompt, configuration, sample, request hash and time is gathered; 0: none. */
int attempt_known(struct store *s, const struct attempt *a, struct err *e);
/* *a is in the store from now on. */
int attempt_note(struct store *s, const struct attempt *a, struct err *e);

#endif
