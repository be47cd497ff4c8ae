/* Wire formats as a table: how a protocol's request body is written and its reply is read.
 *
 * An adapter does no I/O. The same prompt, model and sample always give the same bytes: their hash
 * is the reply's identity in the store. Paths of every field are in FORMATS 1.4.
 */
#ifndef COLLECT_ADAPTER_H
#define COLLECT_ADAPTER_H

#include "collect/talk.h"
#include "collect/trouble.h"
#include "core/jsonw.h"
#include "store/model.h"

/* A reply, normalised. NaN, -1, MONEY_UNKNOWN, NULL: the provider did not say, which is not 0. */
struct answer {
    struct buf text; /* "" when it said nothing (a tool call, a blocked prompt) */
    char finish[32]; /* "stop", "length", "refusal", "tool_calls", "content_filter", or the
                        provider's own word; "" when none was given */
    struct usage usage;
    int64_t reported_nusd;
    double mean_logprob, min_logprob;       /* natural logarithm, per token */
    double entropy;                         /* nats, mean over tokens: see logprob.h */
    char served_model[96];                  /* "" not said */
    char fingerprint[64], service_tier[24]; /* "" not said */
    struct buf normalised; /* what graders are to see in place of text, with is_normalised */
    bool is_normalised;
};
void answer_init(struct answer *a);
void answer_deinit(struct answer *a);

struct adapter {
    const char *name; /* the protocol's, and that of stored bodies */
    bool alternate;   /* turns of one role in a row are merged */
    int64_t
        max_tokens_else; /* sent when the config gives none, for it is mandatory; 0: it is not */
    /* Appends the body. official: the provider's own service. */
    void (*write)(struct buf *out, const struct config_model *m, const struct talk *t,
                  int64_t sample, bool official);
    /* Reads a 2xx body. false: it is an error or not of this protocol; *why says which part. */
    bool (*read)(const struct json *body, struct answer *out, const char **why);
};
extern const struct adapter adapter_openai, adapter_responses, adapter_anthropic, adapter_gemini;

/* By protocol; ERR_USAGE lists those there are. */
int adapter_find(const char *protocol, const struct adapter **out, struct err *e);

/* messages -> the exact bytes to send, appended. ERR_FORMAT for messages that cannot be sent. */
int adapter_body(const struct adapter *a, const struct config_model *m, const char *messages,
                 int64_t sample, bool official, struct buf *out, struct err *e);

/* Bytes of all texts that would be sent, without what the protocol puts around them; 0 for messages
 * that cannot be sent. */
size_t adapter_text_bytes(const struct adapter *a, const struct config_model *m,
                          const char *messages);

/* Judges a finished request: TROUBLE_NONE with *out filled, or what was wrong in *info. */
void adapter_read(const struct adapter *a, const struct http_result *r, const char *secret,
                  struct answer *out, struct trouble_info *info);

/* --- shared by the adapters --------------------------------------------------------------------
 */
/* Writes the members of params into the innermost object, but for those named in skip (ends with
 * NULL). */
void adapter_params(struct jsonw *w, const struct json *params, const char *const *skip);
/* A token count: -1 when it is absent, null or not a whole number from 0. */
int64_t adapter_count(const struct json *j);
/* first, or second when first is not known. */
int64_t adapter_either(int64_t first, int64_t second);
/* Appends a string, or the "text" of an array of parts whose type is "text". */
void adapter_text(struct buf *out, const struct json *content);
void adapter_word(char *out, size_t size, const char *word); /* NULL: "" */

/* Whether the config asks for log-probabilities (params.logprobs: true or a number above 0), and
 * how many alternatives: params.top_logprobs, else that number, else 5. */
bool adapter_logprobs(const struct json *params, int64_t *top);

#endif
