/* shunt.yaml into struct config: which keys there are, their ranges and defaults, and what must
 * agree between them. Types and messages are config_read.c's.
 */
#include "core/config.h"

#include "core/config_read.h"
#include "core/mem.h"
#include "core/money.h"
#include "core/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TEXT(s, k, m, required)                                                                    \
    {                                                                                              \
        (k), FIELD_TEXT, offsetof(struct s, m), (required), 0, 0, NULL                             \
    }
#define INT(s, k, m, lo, hi)                                                                       \
    {                                                                                              \
        (k), FIELD_INT, offsetof(struct s, m), false, (lo), (hi), NULL                             \
    }
#define OTHER(s, k, m, fn)                                                                         \
    {                                                                                              \
        (k), FIELD_OTHER, offsetof(struct s, m), false, 0, 0, (fn)                                 \
    }

enum { TOKENS_MAX = 1000000000, KEYWORD_MAX = 255, NAME_MAX_BYTES = 200 };

#define BYTES_MAX 9007199254740992.0 /* whole numbers of a double */

/* All that config_free has to end. */
struct owned {
    struct json *root;
    void **arrays;
    size_t count;
};

/* --- prices ------------------------------------------------------------------------------------
 */

/* Pico-dollars from dollars: 10^12, per million tokens 10^6. */
static int read_price(struct reader *r, const struct json *v, int digits, int64_t *target)
{
    double usd = json_num(v, -1);
    if (json_type(v) != JSON_NUMBER || usd < 0)
        return config_refuse(r, v, "price '%s' takes a number of US dollars, 0 or more",
                             json_key(v));
    if (!money_from_double(usd, digits, target))
        return config_refuse(r, v, "price '%s' is too large", json_key(v));
    return 0;
}

static int price_per_million(struct reader *r, const struct json *v, void *target)
{
    return read_price(r, v, 6, target);
}

static int price_per_request(struct reader *r, const struct json *v, void *target)
{
    return read_price(r, v, 12, target);
}

static int read_prices(struct reader *r, const struct json *v, void *target)
{
    static const struct field fields[] = {
        OTHER(config_prices, "input", input, price_per_million),
        OTHER(config_prices, "output", output, price_per_million),
        OTHER(config_prices, "cached_read", cached_read, price_per_million),
        OTHER(config_prices, "cache_write", cache_write, price_per_million),
        OTHER(config_prices, "cache_write_1h", cache_write_1h, price_per_million),
        OTHER(config_prices, "reasoning", reasoning, price_per_million),
        OTHER(config_prices, "request", request, price_per_request),
    };
    return config_read_object(r, v, "prices", fields, COUNT(fields), target);
}

/* --- lists -------------------------------------------------------------------------------------
 */

/* A list of objects into an array that r keeps. Each struct begins with its name, which is unique.
 */
static int read_list(struct reader *r, const struct json *node, size_t each,
                     int (*one)(struct reader *, const struct json *, void *), void **out,
                     size_t *n)
{
    if (json_type(node) != JSON_ARRAY)
        return config_refuse(r, node, "'%s' takes a list, not %s", json_key(node),
                             config_type_name(node));
    char *array = config_array(r, json_count(node), each);
    size_t count = 0;
    for (const struct json *v = json_first(node); v != NULL; v = json_next(v), count++) {
        int rc = one(r, v, array + count * each);
        if (rc != 0)
            return rc;
        const char *name = *(const char **)(void *)(array + count * each);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(*(const char **)(void *)(array + i * each), name) == 0)
                return config_refuse(r, v, "the name '%s' stands twice in '%s'", name,
                                     json_key(node));
        }
    }
    *out = array;
    *n = count;
    return 0;
}

/* Names appear in lists separated by commas (--models A,B), an encoder's in sums (hashed+NAME), and
 * after a prefix that says what they name (model:NAME). */
static int check_name(struct reader *r, const struct json *node, const char *name,
                      const char *not_in)
{
    static const char *const prefixes[] = {"model:", "table:", "snapshot:", "policy:"};
    const struct json *at = json_get(node, "name");
    size_t len = strlen(name);
    if (len > NAME_MAX_BYTES)
        return config_refuse(r, at, "a name has at most %d bytes", NAME_MAX_BYTES);
    if (name[0] == ' ' || name[len - 1] == ' ')
        return config_refuse(r, at, "the name '%s' begins or ends with a space", name);
    for (const char *s = name; *s != '\0'; s++) {
        if (strchr(not_in, *s) != NULL)
            return config_refuse(r, at, "the name '%s' has a '%c' in it", name, *s);
        if ((unsigned char)*s < ' ')
            return config_refuse(r, at, "a name is one line without tabs");
    }
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return config_refuse(r, at, "a name cannot begin with '%s'", prefixes[i]);
    }
    return 0;
}

/* The variable's name; a key written here by mistake is not repeated in the message. */
static int check_key_env(struct reader *r, const struct json *node, const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    if (name != NULL && (strspn(name, letters) != strlen(name) || (*name >= '0' && *name <= '9')))
        return config_refuse(r, json_get(node, "api_key_env"),
                             "'api_key_env' is the name of an environment variable, not the key");
    return 0;
}

static const char *default_protocol(const char *provider)
{
    if (strcmp(provider, "anthropic") == 0 || strcmp(provider, "gemini") == 0)
        return provider;
    return "openai"; /* what nearly everybody else speaks */
}

static int check_url(struct reader *r, const struct json *node, const char *url)
{
    if (url != NULL && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return config_refuse(r, json_get(node, "base_url"),
                             "'base_url' begins with http:// or https://");
    return 0;
}

/* Names are RFC 9110 tokens. What frames the request is not for the config to say, and a key comes
 * from the environment: none is repeated in the message. */
static int read_headers(struct reader *r, const struct json *node, void *target)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "!#$%&'*+-.^_`|~";
    static const char *const own[] = {"host", "content-length", "content-type", "transfer-encoding",
                                      "connection"};
    static const char *const keys[] = {"authorization", "x-api-key", "api-key", "x-goog-api-key"};
    if (json_type(node) != JSON_OBJECT)
        return config_refuse(r, node, "'headers' takes a mapping, not %s", config_type_name(node));
    for (const struct json *v = json_first(node); v != NULL; v = json_next(v)) {
        const char *name = json_key(v), *value = json_str(v);
        if (*name == '\0' || strspn(name, letters) != strlen(name))
            return config_refuse(r, v, "'%s' is no name of a header", name);
        if (value == NULL || *value == '\0')
            return config_refuse(r, v, "header '%s' takes a text, not %s", name,
                                 value != NULL ? "an empty one" : config_type_name(v));
        for (size_t i = 0; i < COUNT(own); i++) {
            if (strcasecmp(name, own[i]) == 0)
                return config_refuse(r, v, "the header '%s' is written by the program", name);
        }
        for (size_t i = 0; i < COUNT(keys); i++) {
            if (strcasecmp(name, keys[i]) == 0 && strstr(value, "${") == NULL)
                return config_refuse(r, v, "a key comes from the environment: %s: \"${NAME}\"",
                                     name);
        }
    }
    *(const struct json **)target = node;
    return 0;
}

static int read_model(struct reader *r, const struct json *node, void *target)
{
    static const struct field fields[] = {
        TEXT(config_model, "name", name, true),
        TEXT(config_model, "provider", provider, false),
        TEXT(config_model, "protocol", protocol, false),
        TEXT(config_model, "base_url", base_url, false),
        TEXT(config_model, "api_key_env", api_key_env, false),
        TEXT(config_model, "model", model, false),
        TEXT(config_model, "tier", tier, false),
        INT(config_model, "context", context, 1, TOKENS_MAX),
        INT(config_model, "max_tokens", max_tokens, 1, TOKENS_MAX),
        {"temperature", FIELD_NUMBER, offsetof(struct config_model, temperature), false, 0, 2,
         NULL},
        TEXT(config_model, "system", system_prompt, false),
        TEXT(config_model, "template", template_text, false),
        OTHER(config_model, "prices", prices, read_prices),
        {"params", FIELD_OBJECT, offsetof(struct config_model, params), false, 0, 0, NULL},
        OTHER(config_model, "headers", headers, read_headers),
        {"system_role", FIELD_BOOL, offsetof(struct config_model, system_role), false, 0, 0, NULL},
        {"alternate_roles", FIELD_BOOL, offsetof(struct config_model, alternate_roles), false, 0, 0,
         NULL},
        OTHER(config_model, "output", output, config_read_output),
        OTHER(config_model, "hedge", hedge, config_read_hedge),
        {"stream", FIELD_BOOL, offsetof(struct config_model, stream), false, 0, 0, NULL},
    };
    struct config_model *m = target;
    const int64_t none = MONEY_UNKNOWN;
    m->temperature = (double)NAN;
    m->system_role = true;
    m->prices = (struct config_prices){none, none, none, none, none, none, none};
    int rc = config_read_object(r, node, "a model", fields, COUNT(fields), m);
    if (rc != 0 || (rc = check_name(r, node, m->name, ",")) != 0 ||
        (rc = check_key_env(r, node, m->api_key_env)) != 0)
        return rc;
    if (m->provider == NULL)
        m->provider = "openai";
    if (m->protocol == NULL)
        m->protocol = default_protocol(m->provider);
    if (m->model == NULL)
        m->model = m->name;
    if (m->template_text != NULL && strstr(m->template_text, "{prompt}") == NULL)
        return config_refuse(r, json_get(node, "template"),
                             "'template' has no {prompt}, so the prompt would be lost");
    return check_url(r, node, m->base_url);
}

static int read_encoder(struct reader *r, const struct json *node, void *target)
{
    static const struct field fields[] = {
        TEXT(config_encoder, "name", name, true),
        TEXT(config_encoder, "base_url", base_url, true),
        TEXT(config_encoder, "model", model, false),
        TEXT(config_encoder, "api_key_env", api_key_env, false),
        INT(config_encoder, "dimensions", dimensions, 1, 65536),
        INT(config_encoder, "batch", batch, 1, 2048),
    };
    struct config_encoder *c = target;
    int rc = config_read_object(r, node, "an encoder", fields, COUNT(fields), c);
    if (rc != 0 || (rc = check_name(r, node, c->name, ",+")) != 0 ||
        (rc = check_key_env(r, node, c->api_key_env)) != 0)
        return rc;
    if (c->model == NULL)
        c->model = c->name;
    return check_url(r, node, c->base_url);
}

/* --- rules -------------------------------------------------------------------------------------
 */

struct then {
    const char *model, *forbid, *tier;
};

static int read_then(struct reader *r, const struct json *node, void *target)
{
    static const struct field fields[] = {
        TEXT(then, "model", model, false),
        TEXT(then, "forbid", forbid, false),
        TEXT(then, "tier", tier, false),
    };
    struct config_rule *rule = target; /* the field's offset is 0 */
    struct then t = {0};
    int rc = config_read_object(r, node, "'then'", fields, COUNT(fields), &t);
    if (rc != 0)
        return rc;
    if ((t.model != NULL) + (t.forbid != NULL) + (t.tier != NULL) != 1)
        return config_refuse(r, node, "'then' takes exactly one of 'model', 'forbid', 'tier'");
    rule->action = t.model != NULL ? CONFIG_FORCE : t.forbid != NULL ? CONFIG_FORBID : CONFIG_RAISE;
    rule->target = t.model != NULL ? t.model : t.forbid != NULL ? t.forbid : t.tier;
    return 0;
}

static int read_any(struct reader *r, const struct json *node, void *target)
{
    struct config_rule *rule = target;
    int rc = config_read_texts(r, node, KEYWORD_MAX, &rule->any, &rule->any_count);
    if (rc == 0 && rule->any_count == 0)
        return config_refuse(r, node, "'any' is an empty list; leave it out to mean any text");
    return rc;
}

static int read_rule(struct reader *r, const struct json *node, void *target)
{
    static const struct field fields[] = {
        TEXT(config_rule, "name", name, true),
        {"any", FIELD_OTHER, 0, false, 0, 0, read_any},
        {"whole_words", FIELD_BOOL, offsetof(struct config_rule, whole_words), false, 0, 0, NULL},
        {"ignore_case", FIELD_BOOL, offsetof(struct config_rule, ignore_case), false, 0, 0, NULL},
        INT(config_rule, "min_bytes", min_bytes, 0, BYTES_MAX),
        INT(config_rule, "max_bytes", max_bytes, 0, BYTES_MAX),
        TEXT(config_rule, "task", task, false),
        TEXT(config_rule, "user_class", user_class, false),
        {"then", FIELD_OTHER, 0, true, 0, 0, read_then},
    };
    struct config_rule *rule = target;
    rule->whole_words = rule->ignore_case = true;
    rule->max_bytes = INT64_MAX;
    int rc = config_read_object(r, node, "a rule", fields, COUNT(fields), rule);
    if (rc == 0 && rule->min_bytes > rule->max_bytes)
        rc = config_refuse(r, node, "rule '%s' never holds: min_bytes is above max_bytes",
                           rule->name);
    return rc;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static int read_tiers(struct reader *r, const struct json *node, void *target)
{
    struct config *c = target;
    int rc = config_read_texts(r, node, NAME_MAX_BYTES, &c->tiers, &c->tier_count);
    for (size_t i = 0; rc == 0 && i < c->tier_count; i++) {
        for (size_t k = 0; rc == 0 && k < i; k++) {
            if (strcmp(c->tiers[i], c->tiers[k]) == 0)
                rc = config_refuse(r, json_at(node, i), "the tier '%s' stands twice", c->tiers[i]);
        }
    }
    return rc;
}

static int read_models(struct reader *r, const struct json *node, void *target)
{
    struct config *c = target;
    void *array = NULL;
    int rc = read_list(r, node, sizeof *c->models, read_model, &array, &c->model_count);
    c->models = array;
    return rc;
}

static int read_rules(struct reader *r, const struct json *node, void *target)
{
    struct config *c = target;
    void *array = NULL;
    int rc = read_list(r, node, sizeof *c->rules, read_rule, &array, &c->rule_count);
    c->rules = array;
    return rc;
}

static int read_encoders(struct reader *r, const struct json *node, void *target)
{
    struct config *c = target;
    void *array = NULL;
    int rc = read_list(r, node, sizeof *c->encoders, read_encoder, &array, &c->encoder_count);
    c->encoders = array;
    return rc;
}

static int read_targets(struct reader *r, const struct json *node, void *target)
{
    static const struct field fields[] = {
        {"tier_quality", FIELD_NUMBER, offsetof(struct config, tier_quality), false, 0.001, 1,
         NULL},
    };
    return config_read_object(r, node, "targets", fields, COUNT(fields), target);
}

/* A relative path is relative to the folder of the config. */
static int read_store(struct reader *r, const struct json *node, void *target)
{
    struct config *c = target;
    const char *path = json_str(node), *slash = strrchr(r->name, '/');
    if (path == NULL || *path == '\0')
        return config_refuse(r, node, "'store' takes a path, not %s",
                             path != NULL ? "an empty text" : config_type_name(node));
    if (*path == '/' || slash == NULL)
        c->store = mem_strdup(path);
    else
        c->store = mem_printf("%.*s%s", (int)(slash - r->name + 1), r->name, path);
    return 0;
}

/* ", ..." after "no tier 'x'": the nearest, or all there are. */
static int unknown_tier(struct reader *r, const struct json *node, const struct config *c,
                        const char *tier)
{
    char hint[200];
    config_suggest(tier, c->tiers, c->tier_count, hint, sizeof hint);
    return config_refuse(r, node, "the tier '%s' is not in 'tiers'%s", tier, hint);
}

static int unknown_model(struct reader *r, const struct json *node, const struct config *c,
                         const char *name)
{
    char hint[200];
    const char **names = mem_array(c->model_count, sizeof *names);
    for (size_t i = 0; i < c->model_count; i++)
        names[i] = c->models[i].name;
    config_suggest(name, names, c->model_count, hint, sizeof hint);
    free(names);
    return config_refuse(r, node, "no model '%s' in 'models'%s", name, hint);
}

/* Names that one part uses and another defines. Without any models the store is what defines them.
 */
static int check_names(struct reader *r, const struct config *c)
{
    for (size_t i = 0; i < c->model_count; i++) {
        const char *tier = c->models[i].tier;
        if (tier != NULL && config_tier_find(c, tier) < 0)
            return unknown_tier(r, json_get(json_at(json_get(r->root, "models"), i), "tier"), c,
                                tier);
    }
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct config_rule *rule = &c->rules[i];
        const struct json *then = json_get(json_at(json_get(r->root, "rules"), i), "then");
        if (rule->action == CONFIG_RAISE && config_tier_find(c, rule->target) < 0)
            return unknown_tier(r, json_get(then, "tier"), c, rule->target);
        if (rule->action != CONFIG_RAISE && c->model_count > 0 &&
            config_model_find(c, rule->target) == NULL)
            return unknown_model(r, json_first(then), c, rule->target);
    }
    return 0;
}

static int read_config(struct reader *r, struct config *c)
{
    static const struct field fields[] = {
        {"store", FIELD_OTHER, 0, false, 0, 0, read_store},
        {"tiers", FIELD_OTHER, 0, false, 0, 0, read_tiers},
        {"models", FIELD_OTHER, 0, false, 0, 0, read_models},
        {"rules", FIELD_OTHER, 0, false, 0, 0, read_rules},
        {"encoders", FIELD_OTHER, 0, false, 0, 0, read_encoders},
        {"targets", FIELD_OTHER, 0, false, 0, 0, read_targets},
    };
    c->tier_quality = 0.8;
    if (json_type(r->root) == JSON_NULL)
        return 0;
    int rc = config_read_object(r, r->root, "the config", fields, COUNT(fields), c);
    return rc != 0 ? rc : check_names(r, c);
}

/* Takes root, also when it fails. */
static int from_tree(const char *name, struct json *root, struct config **out, struct err *e)
{
    struct reader r = {.name = name, .root = root, .e = e};
    struct config *c = mem_zalloc(sizeof *c);
    struct owned *owned = mem_zalloc(sizeof *owned);
    int rc = read_config(&r, c);
    owned->root = root;
    owned->arrays = r.owned.v;
    owned->count = r.owned.n;
    c->owned = owned;
    if (rc == 0)
        *out = c;
    else
        config_free(c);
    return rc;
}

int config_parse(const char *name, const char *text, size_t len, struct config **out, struct err *e)
{
    struct json *root = NULL;
    int rc = yaml_parse(name, text, len, &root, e);
    return rc != 0 ? rc : from_tree(name, root, out, e);
}

int config_load(const char *path, struct config **out, struct err *e)
{
    struct json *root = NULL;
    int rc = yaml_load(path, &root, e);
    return rc != 0 ? rc : from_tree(path, root, out, e);
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    struct owned *owned = c->owned;
    for (size_t i = 0; i < owned->count; i++)
        free(owned->arrays[i]);
    free(owned->arrays);
    json_free(owned->root);
    free(owned);
    free(c->store);
    free(c);
}
