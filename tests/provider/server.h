/* One request on its way through the provider: from bytes to a normalised ask, to a reply.
 *
 * http.c owns the connection and the sending; route.c decides who answers and with which injected
 * error; openai.c, responses.c, anthropic.c, gemini.c and embed.c read their protocol and shape its
 * replies. Every request runs in the thread of its connection; struct sim is shared, and only its
 * counters (stats.h) change.
 */
#ifndef PROVIDER_SERVER_H
#define PROVIDER_SERVER_H

#include "core/buf.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/vec.h"
#include "tests/provider/answer.h"
#include "tests/provider/limits.h"
#include "tests/provider/models.h"
#include "tests/provider/stats.h"
#include "tests/provider/traffic.h"

#include <stdbool.h>
#include <stdint.h>

enum { BODY_MAX = 8 << 20, EMBED_DIMENSIONS = 64, EMBED_INPUTS_MAX = 2048 };

struct sim {
    uint64_t seed;
    double latency_scale;
    double rate[FAULT_COUNT]; /* share of requests, 0..1; [FAULT_NONE] unused */
    int64_t retry_after_s;
    double batch_expire,
        batch_drop;  /* shares of a batch's requests: told as expired; not told of */
    const char *key; /* NULL: any key */
    struct traffic *traffic;
    struct model_list models;
    struct stats *stats;
    struct limits *limits; /* NULL: none are enforced */
};

struct header {
    const char *name; /* static text */
    char value[64];
};

struct step {
    size_t end;     /* bytes of the body sent once this step is due */
    double wait_ms; /* before it, simulated time (not yet scaled) */
};

struct reply {
    unsigned status;
    const char *type; /* content type, static text */
    bool stream;      /* server-sent events: chunked, step by step */
    struct VEC_BODY(struct header) headers;
    struct buf body;
    struct VEC_BODY(struct step) steps; /* one step for a whole reply */
    size_t cut_at;                      /* SIZE_MAX: never; else close after so many bytes */
    bool hang;                          /* say nothing until the client goes */
    /* what to count when the last byte was sent; model NULL: nothing */
    const struct sim_model *model;
    uint64_t asked; /* key of the (model, prompt) counter; 0: none */
    enum verdict verdict;
    size_t prompt_tokens, output_tokens;
};

struct call {
    struct sim *sim;
    enum protocol protocol; /* decides the shape of errors */
    const char *method, *url;
    struct buf body;
    uint64_t ordinal; /* of this request, from 1 */
    /* Request header or query argument, NULL when absent; borrowed until the request ends. */
    const char *(*header)(const struct call *c, const char *name);
    const char *(*argument)(const struct call *c, const char *name);
    void *connection;
    double wait_s; /* told with a 429 of an enforced limit; 0: sim.retry_after_s */
    bool in_batch; /* it is billed at half the price */
    struct reply reply;
};

/* What the three chat protocols have in common. */
struct ask {
    struct question q;
    struct buf user, system;    /* last user turn; system turns joined by a newline */
    struct buf tool, arguments; /* the call to answer with; tool empty: text */
    bool resulted;              /* the last turn holds the result of a call */
    size_t prompt_tokens;
    bool stream, include_usage, logprobs;
    int64_t top_logprobs;
};

/* route.c: fills c->reply from c->method, url, headers and body. */
void call_answer(struct call *c);

/* reply.c */
void reply_init(struct reply *r);
void reply_deinit(struct reply *r);
__attribute__((format(printf, 3, 4))) void reply_header(struct reply *r, const char *name,
                                                        const char *fmt, ...);
/* An error in the shape of c->protocol, in place of what the reply held. type and code may be NULL:
 * the usual ones of the status. */
__attribute__((format(printf, 5, 6))) void reply_error(struct call *c, unsigned status,
                                                       const char *code, const char *param,
                                                       const char *fmt, ...);
/* Ends a step of the body here. */
void reply_step(struct reply *r, double wait_ms);
/* Fills in what is counted, for a finished ask. */
void reply_counts(struct reply *r, const struct ask *ask, const struct answer *a);
/* Simulated milliseconds until all tokens are there. */
double answer_total_ms(const struct answer *a);

/* ask.c: helpers for reading requests. Each `false` has put a 400 into c->reply. */
void ask_init(struct ask *a);
void ask_deinit(struct ask *a);
bool call_json(struct call *c, struct json **out); /* the body as an object */
/* Appends a string, or the "text" of an array of parts, after a newline if b holds text already.
 * false: neither (nothing was put into the reply). */
bool content_text(const struct json *content, struct buf *b);
/* object[key] as a whole number lo..hi or a number lo..hi, *out unchanged when absent or null. */
bool want_int(struct call *c, const struct json *object, const char *key, int64_t lo, int64_t hi,
              int64_t *out);
bool want_num(struct call *c, const struct json *object, const char *key, double lo, double hi,
              double *out);
bool want_bool(struct call *c, const struct json *object, const char *key, bool *out);
/* Looks the prompt up, sets q.prompt and q.hash. */
void ask_find(const struct sim *sim, struct ask *a);

/* tools.c. Offers a tool: the first whose name is `wanted` (NULL: any) is what the reply calls.
 * Call it after the messages were read. */
void ask_offer(struct ask *a, const char *name, const struct json *schema, const char *wanted);
void answer_call(const struct ask *ask, struct answer *a); /* puts the call into the answer */

/* The endpoints. */
void openai_chat(struct call *c);
void batch_upload(struct call *c);
void batch_download(struct call *c, const char *id); /* "ID/content" */
void batch_create(struct call *c, bool anthropic);
void batch_look(struct call *c, const char *id, bool anthropic);
void openai_responses(struct call *c);
/* One token as the lists of log-probabilities have it. */
void openai_logprob(struct jsonw *w, const struct answer *a, const struct token *t, int64_t top);
void openai_models(struct call *c, const char *id); /* NULL: the list */
void anthropic_messages(struct call *c);
void anthropic_models(struct call *c);
void gemini_generate(struct call *c, const char *model, size_t model_len, bool stream);
void gemini_models(struct call *c);
void openai_embeddings(struct call *c);

/* embed.c: the vector of a text, L2-normalised; a text of fewer than 3 bytes is padded. */
void embed_text(uint64_t seed, const char *text, size_t len, float out[EMBED_DIMENSIONS]);

#endif
