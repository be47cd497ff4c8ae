/* shunt.yaml: models, tiers, rules, encoders and targets, read once and checked whole.
 *
 *   store: support.db                    # relative to the folder of the config
 *   tiers: [small, large]                # from the cheapest up
 *   models:
 *     - name: mini                       # what the suite calls it
 *       provider: openai                 # default openai
 *       protocol: openai                 # wire format; default by provider
 *       base_url: http://127.0.0.1:8080
 *       api_key_env: OPENAI_API_KEY      # name of the variable, never the key
 *       model: mini-2026-01              # name on the wire; default: name
 *       tier: small
 *       context: 128000                  # tokens
 *       max_tokens: 512
 *       temperature: 0
 *       system: You answer in one line.
 *       template: "Question: {prompt}"   # around the last user turn
 *       prices: {input: 0.15, output: 0.6, cached_read: 0.075, request: 0.001}
 *       params: {top_p: 1}               # goes into the request as it is
 *       system_role: false               # the model has none: it goes into the user's turn
 *       alternate_roles: true            # the model wants user and assistant in turn
 *       output: {strip_fences: true, pick: answer.value, rename: {total: amount}}  # for graders
 *       stream: true                     # measures the time to the first token
 *       hedge: p95                       # a second try beside one that is slower; or seconds
 *       headers: {x-team: "${TEAM}"}     # further request headers; ${NAME} is an environment
 * variable rules:
 *     - {name: legal, any: [lawsuit, attorney], then: {model: big}}
 *     - {name: short, max_bytes: 40, task: faq, user_class: free, then: {forbid: big}}
 *     - {name: pro, user_class: pro, then: {tier: large}}
 *   encoders:
 *     - {name: use, base_url: http://127.0.0.1:8081, model: use-lite, dimensions: 512, batch: 64}
 *   targets: {tier_quality: 0.8}
 *
 * Prices are US dollars per million tokens, `request` dollars per request. A key that is not known
 * is an error with line, column and a suggestion; so is a value of the wrong type or out of range,
 * a name given twice, and a tier or model that a rule names and nobody defines. A value left empty
 * (null) counts as not given.
 *
 * Strings and params belong to the config and live until config_free; NULL: not given.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pico-dollars per token (request: per request); MONEY_UNKNOWN: not given. The names are those of
 * the store's price components. */
struct config_prices {
    int64_t input, output, cached_read, cache_write, cache_write_1h, reasoning, request;
};

/* After how long a try gets a second one beside it; both 0: never. */
struct config_hedge {
    double seconds;    /* so many; 0: by the percentile */
    double percentile; /* of the answers' times, 50..99.9; 0: by the seconds */
};
#define CONFIG_HEDGE_LEAST 50.0

struct config_model {
    const char *name;     /* unique, no comma */
    const char *provider; /* "openai" when not given */
    const char
        *protocol; /* when not given: "anthropic" or "gemini" for that provider, else "openai" */
    const char *base_url; /* NULL: the provider's own */
    const char *api_key_env;
    const char *model;           /* on the wire; the name when not given */
    const char *tier;            /* one of tiers, or NULL */
    int64_t context, max_tokens; /* 0: not given */
    double temperature;          /* NaN: not given */
    const char *system_prompt, *template_text;
    struct config_prices prices;
    const struct json *params;  /* an object, or NULL */
    bool stream;                /* default false; true: asked for as a stream, for the time to the
                                 * first token. No part of the identity */
    struct config_hedge hedge;  /* no part of the identity */
    const struct json *headers; /* an object of texts, or NULL; ${NAME} in them not yet replaced */
    bool system_role;     /* default true; false: the system turn goes into the first user turn */
    bool alternate_roles; /* default false; true: neighbours of one role become one turn */
    const struct json *output; /* of the keys strip_fences, rename, pick; or NULL */
};

enum config_action { CONFIG_FORCE, CONFIG_FORBID, CONFIG_RAISE }; /* then: model, forbid, tier */

/* Holds when all its conditions hold; the keywords are one condition: any of them occurs. */
struct config_rule {
    const char *name; /* unique */
    const char *const *any;
    size_t any_count;             /* 0: any text */
    bool whole_words;             /* default true: a keyword counts at word boundaries only */
    bool ignore_case;             /* default true: ASCII letters match either case */
    int64_t min_bytes, max_bytes; /* of the text; 0 and INT64_MAX: no limit */
    const char *task, *user_class;
    enum config_action action;
    const char *target; /* a model, for CONFIG_RAISE a tier */
};

struct config_encoder {
    const char *name; /* unique */
    const char *base_url, *model, *api_key_env;
    int64_t dimensions, batch; /* 0: not given */
};

struct config {
    char *store;              /* path, or NULL */
    const char *const *tiers; /* ascending */
    size_t tier_count;
    struct config_model *models;
    size_t model_count;
    struct config_rule *rules;
    size_t rule_count;
    struct config_encoder *encoders;
    size_t encoder_count;
    double tier_quality; /* (0, 1]; 0.8 when not given */
    void *owned;         /* private */
};

/* ERR_IO when the file cannot be read, ERR_FORMAT with "'PATH' line L column C: ..." for all else.
 * An empty file is an empty config. */
int config_load(const char *path, struct config **out, struct err *e);
/* The same from text; name stands in messages and its folder is the one that `store` is relative
 * to. */
int config_parse(const char *name, const char *text, size_t len, struct config **out,
                 struct err *e);
void config_free(struct config *c);
/* "5", "2.5s", "p95"; false: neither seconds (0.001 to a day) nor a percentile (p50 to p99.9). */
bool config_hedge_parse(const char *text, struct config_hedge *out);

const struct config_model *config_model_find(const struct config *c,
                                             const char *name); /* or NULL */
const struct config_encoder *config_encoder_find(const struct config *c,
                                                 const char *name); /* or NULL */
/* Position in tiers, or -1. */
int config_tier_find(const struct config *c, const char *tier);

/* What makes a reply of this model what it is (model, max_tokens, temperature, system, template,
 * params; not address, key or price), as compact JSON with a fixed order of keys: equal ones give
 * equal text. Appended. */
void config_model_identity(struct buf *b, const struct config_model *m);

#endif
