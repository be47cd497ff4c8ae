/* Models, their configurations, prices. */
#ifndef STORE_MODEL_H
#define STORE_MODEL_H

#include "core/money.h"
#include "store/store.h"

#include <stddef.h>

struct model {
    int64_t id;
    char *name;      /* unique */
    char *provider;  /* "openai", "anthropic", "gemini", ... or NULL */
    char *protocol;  /* wire format, or NULL */
    char *tier;      /* name of its tier, or NULL */
    int64_t context; /* tokens; 0: not known */
};

/* Find by name or add. Fields that are not NULL/0 overwrite. id is set. */
int model_put(struct store *s, struct model *m, struct err *e);
/* All models in order of name; free with model_list_free. */
int model_list(struct store *s, struct model **out, size_t *n, struct err *e);
void model_list_free(struct model *m, size_t n);

/* The configuration (JSON text) by content: found or added, and made the current one when asked.
 * Imported replies use model_config_put(s, model, "import", false, ...), whose hash is "import". */
int model_config_put(struct store *s, int64_t model, const char *config_json, bool current,
                     int64_t *id, struct err *e);

enum price_component {
    PRICE_INPUT,
    PRICE_OUTPUT,
    PRICE_CACHED_READ,
    PRICE_CACHE_WRITE,
    PRICE_CACHE_WRITE_1H,
    PRICE_REASONING,
    PRICE_REQUEST,
    PRICE_COMPONENTS,
};
extern const char *const price_component_names[PRICE_COMPONENTS]; /* "input", ... */

/* One price: pico-dollars per token (per request for PRICE_REQUEST), for requests of at least
 * min_context input tokens, from from_ms on. The same key overwrites. */
struct price {
    int64_t model;
    enum price_component component;
    const char *service_tier; /* NULL: "standard" */
    int64_t min_context;
    int64_t from_ms;
    int64_t pico_usd;
    const char *source; /* or NULL */
};
int price_put(struct store *s, const struct price *p, struct err *e);

/* The prices in force now for standard service, one row per model of model_list's order. */
struct price_now {
    int64_t pico_usd[PRICE_COMPONENTS]; /* MONEY_UNKNOWN where there is none */
};
int price_now(struct store *s, int64_t model, int64_t input_tokens, struct price_now *out,
              struct err *e);

/* Token counts of one reply; -1: not known. */
struct usage {
    int64_t input; /* total, cached and cache writes included */
    int64_t cached, cache_write, cache_write_1h;
    int64_t output; /* total, reasoning included */
    int64_t reasoning;
};
#define USAGE_UNKNOWN                                                                              \
    {                                                                                              \
        -1, -1, -1, -1, -1, -1                                                                     \
    }

/* Nano-dollars of a reply, rounded once, half to even (FORMATS 4.3):
 *   (input - cached - writes) p_in + cached p_cr + writes p_cw + (output - reasoning) p_out
 *   + reasoning (p_reason or p_out) + p_request;   a missing p_cr or p_cw is p_in.
 * MONEY_UNKNOWN when a needed price or count is unknown. */
int64_t price_cost(const struct price_now *p, const struct usage *u);

#endif
