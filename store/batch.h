/* Requests given to a provider's batch API, or written to files for it, until their results are
 * back. A result is joined on its custom_id.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "store/model.h"

#include <stdbool.h>

struct batch {
    int64_t id, model;
    char protocol[24];
    char remote[128]; /* the provider's id; "" for files */
    char state[24];   /* "sending": whether the provider has it is not known; "open"; "done";
                       * "lost": it ended, or was forgotten, without a result for each request */
    int64_t requests;
    int64_t created_ms, ended_ms; /* ended_ms 0: not yet */
};
/* id is set. */
int batch_add(struct store *s, struct batch *b, struct err *e);
/* How many requests it came to. */
int batch_sized(struct store *s, int64_t id, int64_t requests, struct err *e);
/* Once the provider has it: it is open. */
int batch_named(struct store *s, int64_t id, const char *remote, struct err *e);
int batch_end(struct store *s, int64_t id, const char *state, int64_t ended_ms, struct err *e);
/* The first batch of the model after row id `after` that a provider has and is open: 1, 0: none. */
int batch_next_open(struct store *s, int64_t model, int64_t after, struct batch *out,
                    struct err *e);

struct batch_item {
    int64_t batch, model, prompt, model_config, sample;
    char protocol[24], request_hash[80];
    int64_t created_ms; /* of the batch */
    int64_t worst_nusd; /* what it can cost at most; MONEY_UNKNOWN */
    /* of batch_item_find alone */
    bool open;        /* no result came yet */
    int64_t reply_ms; /* when the reply to it that the store has was asked for; INT64_MIN: none */
};
int batch_item_add(struct store *s, const struct batch_item *i, const char *custom_id,
                   struct err *e);
/* Of the newest batch that has it: 1, 0: nobody knows it. */
int batch_item_find(struct store *s, const char *custom_id, struct batch_item *out, struct err *e);
/* In every batch; state: "ok", "failed". */
int batch_item_end(struct store *s, const char *custom_id, const char *state, struct err *e);
/* 1: a provider has requests of the configuration in a batch that is open, 0: none. */
int batch_any(struct store *s, int64_t model_config, struct err *e);
/* 1: a provider has this very request in a batch that is open, and no result came yet. */
int batch_waits(struct store *s, int64_t prompt, int64_t model_config, int64_t sample,
                const char *request_hash, struct err *e);

/* --- money ------------------------------------------------------------------------------------ */

/* Worst cases of what providers have, or may have, in batches: of a model, samples <
 * samples of the first `limit` prompts of the selection (work.h; 0: all). *unknown: requests whose
 * worst case is not known. */
int batch_held(struct store *s, int64_t model, int64_t samples, int64_t limit, int64_t *unknown,
               int64_t *nusd, struct err *e);
/* Ends a batch: each of its requests that has no result becomes an attempt of the class given, at
 * its worst case when charged, else at 0. state as in struct batch. *n of them, *nusd together. */
int batch_give_up(struct store *s, int64_t id, const char *state, const char *class, bool charged,
                  int64_t ended_ms, int64_t *n, int64_t *nusd, struct err *e);
/* How many requests of a batch have no result. */
int batch_open_items(struct store *s, int64_t id, int64_t *n, struct err *e);
/* As if it had never been: for what a provider refused to take. */
int batch_forget(struct store *s, int64_t id, struct err *e);
/* A batch of the model in the state "sending": 1 and *id, 0: none. */
int batch_sending(struct store *s, int64_t model, int64_t *id, struct err *e);

/* Prices of batch service: rows of that tier where there are any, else half of the standard ones,
 * which is what OpenAI, Anthropic and Gemini charge. */
int batch_prices(struct store *s, int64_t model, int64_t input_tokens, struct price_now *out,
                 struct err *e);

#endif
