/* Replies, their raw bodies, every attempt, and scores. */
#ifndef STORE_REPLY_H
#define STORE_REPLY_H

#include "core/zipper.h"
#include "store/model.h"
#include "store/prompt.h"

/* Doubles are NaN, integers -1, money MONEY_UNKNOWN, strings NULL where not known. */
struct reply {
    int64_t id, prompt, model_config;
    int64_t sample;
    const char *request_hash; /* SHA-256 of the exact request body; "import:..." when imported */
    const char *text;
    const char *finish; /* "stop", "length", "refusal", "tool_calls", "content_filter" */
    struct usage usage;
    int64_t reported_nusd;
    double latency_ms, ttft_ms;
    double mean_logprob, min_logprob, entropy;
    const char *served_model;
    int64_t created_ms;
    const char *normalised;   /* what graders see in place of text; NULL: the text itself */
    const char *fingerprint;  /* of the system that served it */
    const char *service_tier; /* as the provider named it: "default", "batch", ... */
};

/* Insert, or replace the row of the same (prompt, config, sample, request hash). id is set. */
int reply_put(struct store *s, struct reply *r, struct err *e);
/* A raw body as it is stored, appended to *out. Needs no store, so that it can be done elsewhere.
 */
int reply_pack(struct zipper *z, const char *protocol, const void *body, size_t len,
               struct buf *out, struct err *e);
/* A body from reply_pack. */
int reply_packed_put(struct store *s, int64_t reply, const char *protocol, const void *packed,
                     size_t len, struct err *e);
/* The raw body, packed here. */
int reply_body_put(struct store *s, int64_t reply, const char *protocol, const void *body,
                   size_t len, struct err *e);
/* 1 there is one with this hash, 0 none (an imported reply of the model satisfies, unless refresh).
 */
int reply_have(struct store *s, int64_t prompt, int64_t model, int64_t model_config, int64_t sample,
               const char *request_hash, bool refresh, struct err *e);

struct attempt {
    int64_t prompt, model_config, sample;
    const char *request_hash;
    int64_t started_ms;
    int64_t status; /* HTTP, 0: none */
    const char
        *error_class; /* NULL: ok; "rate_limit", "timeout", "server", "network", "malformed", ... */
    double wait_ms, latency_ms;
    int64_t reply;       /* 0: none */
    int64_t charge_nusd; /* what it counts as under a spend cap: its cost, the worst case of one
                          * that may have been charged, 0; MONEY_UNKNOWN */
};
int attempt_put(struct store *s, const struct attempt *a, struct err *e);

/* Replies to grade: those of prompts with a grader whose score by (grader text, version) is missing
 * (or all of them with regrade). The strings live until see returns. */
struct grade_item {
    int64_t reply;
    const char *reply_text; /* normalised where it was */
    const char *finish;
    const char *model, *prompt_ext_id;
    const char *messages, *reference, *grader, *task;
};
int grade_each(struct store *s, int64_t version, bool regrade,
               int (*see)(void *arg, const struct grade_item *g, struct err *e), void *arg,
               struct err *e);

/* value NaN is null, with a status that says why: "ok", "error", "no-reference", ... primary: this
 * is the score that train and eval read. */
int score_put(struct store *s, int64_t reply, const char *grader, int64_t version, double value,
              const char *status, const char *reason, bool primary, struct err *e);

#endif
