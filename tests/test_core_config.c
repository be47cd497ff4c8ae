/* core/config: every key, defaults, and every way of getting a config wrong with its message. */
#include "core/config.h"
#include "core/fs.h"
#include "core/money.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int parse(const char *text, struct config **c, struct err *e)
{
    memset(e, 0, sizeof *e);
    *c = NULL;
    return config_parse("conf/shunt.yaml", text, strlen(text), c, e);
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const char full[] =
    "store: support.db\n"
    "tiers: [small, large]\n"
    "models:\n"
    "  - name: mini\n"
    "    provider: openai\n"
    "    protocol: openai\n"
    "    base_url: http://127.0.0.1:8080\n"
    "    api_key_env: OPENAI_API_KEY\n"
    "    model: mini-2026-01\n"
    "    tier: small\n"
    "    context: 128000\n"
    "    max_tokens: 512\n"
    "    temperature: 0\n"
    "    system: You answer in one line.\n"
    "    template: \"Question: {prompt}\"\n"
    "    prices: {input: 0.15, output: 0.6, cached_read: 0.075, cache_write: 1e-3,\n"
    "             cache_write_1h: 2, reasoning: 0, request: 0.001}\n"
    "    params: {top_p: 1, stop: [a, b], seed: 12345678901234567}\n"
    "    headers: {x-team: blue, Authorization: 'Bearer ${K}'}\n"
    "  - name: big:latest\n"
    "    provider: anthropic\n"
    "    tier: large\n"
    "rules:\n"
    "  - {name: legal, any: [lawsuit, \"attorney at law\"], then: {model: 'big:latest'}}\n"
    "  - {name: short, min_bytes: 1, max_bytes: 40, task: faq, user_class: free,\n"
    "     then: {forbid: mini}}\n"
    "  - {name: pro, user_class: pro, any: [Q], whole_words: false, ignore_case: false,\n"
    "     then: {tier: large}}\n"
    "encoders:\n"
    "  - {name: use, base_url: 'http://127.0.0.1:8081', model: use-lite, api_key_env: K,\n"
    "     dimensions: 512, batch: 64}\n"
    "targets: {tier_quality: 0.75}\n";

static void models_of(const struct config *c)
{
    cr_assert(eq(sz, c->model_count, 2));
    const struct config_model *m = config_model_find(c, "mini"),
                              *big = config_model_find(c, "big:latest");
    cr_assert(m == &c->models[0] && big == &c->models[1] && config_model_find(c, "none") == NULL);
    cr_assert(same(m->name, "mini") && same(m->provider, "openai") && same(m->protocol, "openai"));
    cr_assert(same(m->base_url, "http://127.0.0.1:8080") && same(m->api_key_env, "OPENAI_API_KEY"));
    cr_assert(same(m->model, "mini-2026-01") && same(m->tier, "small"));
    cr_assert(m->context == 128000 && m->max_tokens == 512 && m->temperature == 0);
    cr_assert(same(m->system_prompt, "You answer in one line."));
    cr_assert(same(m->template_text, "Question: {prompt}"));
    /* Dollars per million tokens are 10^6 pico-dollars a token; a request's are 10^12. */
    cr_assert(eq(i64, m->prices.input, 150000));
    cr_assert(eq(i64, m->prices.output, 600000));
    cr_assert(eq(i64, m->prices.cached_read, 75000));
    cr_assert(eq(i64, m->prices.cache_write, 1000));
    cr_assert(eq(i64, m->prices.cache_write_1h, 2000000));
    cr_assert(eq(i64, m->prices.reasoning, 0));
    cr_assert(eq(i64, m->prices.request, 1000000000));
    cr_assert(json_num(json_get(m->params, "top_p"), 0) == 1);

    cr_assert(same(big->protocol, "anthropic") && same(big->model, "big:latest"), "defaults");
    cr_assert(same(json_str(json_get(m->headers, "x-team")), "blue") && big->headers == NULL);
    cr_assert(big->base_url == NULL && big->api_key_env == NULL && big->system_prompt == NULL);
    cr_assert(big->template_text == NULL && big->params == NULL && big->context == 0 &&
              big->max_tokens == 0);
    cr_assert(isnan(big->temperature));
    cr_assert(eq(i64, big->prices.input, MONEY_UNKNOWN), "a price that is not given is unknown");
    cr_assert(eq(i64, big->prices.request, MONEY_UNKNOWN));
}

static void rules_of(const struct config *c)
{
    cr_assert(eq(sz, c->rule_count, 3));
    const struct config_rule *r = c->rules;
    cr_assert(same(r[0].name, "legal") && r[0].any_count == 2 &&
              same(r[0].any[1], "attorney at law"));
    cr_assert(r[0].whole_words && r[0].ignore_case && r[0].min_bytes == 0 &&
              r[0].max_bytes == INT64_MAX);
    cr_assert(r[0].action == CONFIG_FORCE && same(r[0].target, "big:latest") && r[0].task == NULL);
    cr_assert(r[1].any_count == 0 && r[1].min_bytes == 1 && r[1].max_bytes == 40 &&
              same(r[1].task, "faq"));
    cr_assert(r[1].action == CONFIG_FORBID && same(r[1].target, "mini") &&
              same(r[1].user_class, "free"));
    cr_assert(r[2].action == CONFIG_RAISE && same(r[2].target, "large"));
    cr_assert(r[2].whole_words == false && r[2].ignore_case == false);
}

Test(config, reads_every_key)
{
    struct config *c;
    struct err e;
    cr_assert(eq(int, parse(full, &c, &e), 0), "%s", e.text);
    cr_assert(same(c->store, "conf/support.db"), "relative to the config: %s", c->store);
    cr_assert(c->tier_count == 2 && same(c->tiers[0], "small") &&
              config_tier_find(c, "large") == 1);
    cr_assert(config_tier_find(c, "huge") == -1 && c->tier_quality == .75);
    models_of(c);
    rules_of(c);
    const struct config_encoder *n = config_encoder_find(c, "use");
    cr_assert(c->encoder_count == 1 && n == c->encoders && config_encoder_find(c, "x") == NULL);
    cr_assert(same(n->base_url, "http://127.0.0.1:8081") && same(n->model, "use-lite"));
    cr_assert(same(n->api_key_env, "K") && n->dimensions == 512 && n->batch == 64);
    config_free(c);
}

Test(config, everything_may_be_left_out)
{
    static const char *const empty[] = {"", "# nothing yet\n", "{}",
                                        "store:\nmodels: []\ntargets:\n"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct config *c;
        struct err e;
        cr_assert(eq(int, parse(empty[i], &c, &e), 0), "%s", e.text);
        cr_assert(c->store == NULL && c->model_count == 0 && c->rule_count == 0 &&
                  c->tier_quality == .8);
        config_free(c);
    }
    config_free(NULL);
    struct config *c;
    struct err e;
    cr_assert(eq(int, parse("store: /var/x.db", &c, &e), 0));
    cr_assert(same(c->store, "/var/x.db"));
    config_free(c);
    /* JSON is YAML. Without models a rule may name what only the store knows. */
    cr_assert(eq(
        int, parse("{\"rules\": [{\"name\": \"r\", \"then\": {\"model\": \"m\"}}]}", &c, &e), 0));
    cr_assert(same(c->rules[0].target, "m"));
    config_free(c);
}

/* Each text is wrong in one way; the message is what a user sees after "shunt X: error: ". */
static const struct {
    const char *text, *message;
} bad[] = {
    {"modles: []", "line 1 column 1: unknown key 'modles' in the config; did you mean 'models'?"},
    {"store: x\nzzz:\n  a: 1\n", "line 2 column 1: unknown key 'zzz' in the config; known: store, "
                                 "tiers, models, rules, encoders, targets"},
    {"models:\n  - name: a\n    temprature: 1\n",
     "line 3 column 5: unknown key 'temprature' in a model; did you mean 'temperature'?"},
    {"models: [{name: a, output: {pick: 4}}]",
     "line 1 column 35: 'pick' takes a string, not a number (put it in quotes)"},
    {"models: [{name: a, output: [x]}]",
     "line 1 column 28: 'output' takes keys and values, not a list"},
    {"models: [{name: a, output: {rename: {x: 1}}}]",
     "line 1 column 41: 'rename' of 'x' takes the new name of the key"},
    {"models: [{name: a, output: {rename: {x: z, y: z}}}]",
     "line 1 column 47: two keys would both be named 'z'"},
    {"models: [{name: a, output: {strip_fence: true}}]",
     "line 1 column 29: unknown key 'strip_fence' in 'output'; did you mean 'strip_fences'?"},
    {"models: [{name: a, system_role: 1}]",
     "line 1 column 33: 'system_role' takes true or false, not a number"},
    {"models: [{name: a, prices: {inputs: 1}}]",
     "line 1 column 29: unknown key 'inputs' in prices; did you mean 'input'?"},
    {"rules: [{name: a, then: {modle: b}}]",
     "line 1 column 26: unknown key 'modle' in 'then'; did you mean 'model'?"},
    {"targets: {tier_qualty: 1}",
     "line 1 column 11: unknown key 'tier_qualty' in targets; did you mean 'tier_quality'?"},
    {"encoders: [{name: a, base_url: 'http://x', dims: 4}]",
     "line 1 column 44: unknown key 'dims' in an encoder; known: name, base_url, model, "
     "api_key_env, dimensions, batch"},
    {"[1]", "line 1 column 1: the config takes keys and values, not a list"},
    {"models: {name: a}", "line 1 column 9: 'models' takes a list, not a mapping"},
    {"models: [mini]", "line 1 column 10: a model takes keys and values, not a string"},
    {"models: [{provider: openai}]", "line 1 column 10: a model needs 'name'"},
    {"models: [{name: }]", "line 1 column 10: a model needs 'name'"},
    {"models: [{name: 4}]",
     "line 1 column 17: 'name' takes a string, not a number (put it in quotes)"},
    {"models: [{name: ''}]", "line 1 column 17: 'name' is empty; leave the key out instead"},
    {"models: [{name: 'a,b'}]", "line 1 column 17: the name 'a,b' has a ',' in it"},
    {"models: [{name: 'policy:a'}]", "line 1 column 17: a name cannot begin with 'policy:'"},
    {"models: [{name: ' a'}]", "line 1 column 17: the name ' a' begins or ends with a space"},
    {"models: [{name: \"a\\tb\"}]", "line 1 column 17: a name is one line without tabs"},
    {"models: [{name: a}, {name: a}]", "line 1 column 21: the name 'a' stands twice in 'models'"},
    {"models: [{name: a, context: lots}]",
     "line 1 column 29: 'context' takes a whole number, not a string"},
    {"models: [{name: a, context: 1.5}]", "line 1 column 29: 'context' takes a whole number"},
    {"models: [{name: a, max_tokens: 0}]",
     "line 1 column 32: 'max_tokens' is out of range: 1 to 1000000000"},
    {"models: [{name: a, temperature: hot}]",
     "line 1 column 33: 'temperature' takes a number, not a string"},
    {"models: [{name: a, temperature: -1}]",
     "line 1 column 33: 'temperature' is out of range: 0 to 2"},
    {"models: [{name: a, params: [1]}]", "line 1 column 28: 'params' takes a mapping, not a list"},
    {"models: [{name: a, prices: 3}]",
     "line 1 column 28: prices takes keys and values, not a number"},
    {"models: [{name: a, prices: {input: -1}}]",
     "line 1 column 36: price 'input' takes a number of US dollars, 0 or more"},
    {"models: [{name: a, prices: {input: cheap}}]",
     "line 1 column 36: price 'input' takes a number of US dollars, 0 or more"},
    {"models: [{name: a, prices: {request: 1e9}}]",
     "line 1 column 38: price 'request' is too large"},
    {"models: [{name: a, base_url: localhost}]",
     "line 1 column 30: 'base_url' begins with http:// or https://"},
    {"models: [{name: a, headers: [x]}]",
     "line 1 column 29: 'headers' takes a mapping, not a list"},
    {"models: [{name: a, headers: {x: 1}}]",
     "line 1 column 33: header 'x' takes a text, not a number"},
    {"models: [{name: a, headers: {'x y': z}}]", "line 1 column 37: 'x y' is no name of a header"},
    {"models: [{name: a, headers: {Host: z}}]",
     "line 1 column 36: the header 'Host' is written by the program"},
    {"models: [{name: a, headers: {X-Api-Key: sk-1}}]",
     "line 1 column 41: a key comes from the environment: X-Api-Key: \"${NAME}\""},
    {"models: [{name: a, api_key_env: sk-123}]",
     "line 1 column 33: 'api_key_env' is the name of an environment variable, not the key"},
    {"models: [{name: a, template: Hello}]",
     "line 1 column 30: 'template' has no {prompt}, so the prompt would be lost"},
    {"tiers: [small]\nmodels: [{name: a, tier: smal}]",
     "line 2 column 26: the tier 'smal' is not in 'tiers'; did you mean 'small'?"},
    {"models: [{name: a, tier: x}]", "line 1 column 26: the tier 'x' is not in 'tiers'"},
    {"tiers: small", "line 1 column 8: 'tiers' takes a list, not a string"},
    {"tiers: [a, 7]", "line 1 column 12: 'tiers' takes a string, not a number (put it in quotes)"},
    {"tiers: [a, b, a]", "line 1 column 15: the tier 'a' stands twice"},
    {"rules: [{name: r}]", "line 1 column 9: a rule needs 'then'"},
    {"rules: [{name: r, then: {}}]",
     "line 1 column 25: 'then' takes exactly one of 'model', 'forbid', 'tier'"},
    {"rules: [{name: r, then: {model: a, tier: b}}]",
     "line 1 column 25: 'then' takes exactly one of 'model', 'forbid', 'tier'"},
    {"rules: [{name: r, any: [], then: {model: a}}]",
     "line 1 column 24: 'any' is an empty list; leave it out to mean any text"},
    {"rules: [{name: r, any: urgent, then: {model: a}}]",
     "line 1 column 24: 'any' takes a list, not a string"},
    {"rules: [{name: r, any: [911], then: {model: a}}]",
     "line 1 column 25: 'any' takes a string, not a number (put it in quotes)"},
    {"rules: [{name: r, whole_words: 1, then: {model: a}}]",
     "line 1 column 32: 'whole_words' takes true or false, not a number"},
    {"rules: [{name: r, min_bytes: 9, max_bytes: 8, then: {model: a}}]",
     "line 1 column 9: rule 'r' never holds: min_bytes is above max_bytes"},
    {"rules: [{name: r, min_bytes: -1, then: {model: a}}]",
     "line 1 column 30: 'min_bytes' is out of range: 0 to 9007199254740992"},
    {"models: [{name: small}]\nrules: [{name: r, then: {model: smal}}]",
     "line 2 column 33: no model 'smal' in 'models'; did you mean 'small'?"},
    {"models: [{name: a}, {name: b}]\nrules: [{name: r, then: {forbid: zz}}]",
     "line 2 column 34: no model 'zz' in 'models'; known: a, b"},
    {"rules: [{name: r, then: {tier: high}}]",
     "line 1 column 32: the tier 'high' is not in 'tiers'"},
    {"encoders: [{name: e}]", "line 1 column 12: an encoder needs 'base_url'"},
    {"encoders: [{name: a+b, base_url: 'http://x'}]",
     "line 1 column 19: the name 'a+b' has a '+' in it"},
    {"encoders: [{name: e, base_url: 'http://x', dimensions: 70000}]",
     "line 1 column 56: 'dimensions' is out of range: 1 to 65536"},
    {"targets: {tier_quality: 1.2}",
     "line 1 column 25: 'tier_quality' is out of range: 0.001 to 1"},
    {"store: [a]", "line 1 column 8: 'store' takes a path, not a list"},
    {"store: ''", "line 1 column 8: 'store' takes a path, not an empty text"},
};

Test(config, mistakes_are_named_with_their_place)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct config *c;
        struct err e;
        char want[400];
        snprintf(want, sizeof want, "'conf/shunt.yaml' %s", bad[i].message);
        cr_expect(eq(int, parse(bad[i].text, &c, &e), ERR_FORMAT), "%s", bad[i].text);
        cr_expect(strcmp(e.text, want) == 0, "for:  %s\ngot:  %s\nwant: %s", bad[i].text, e.text,
                  want);
        cr_expect(c == NULL, "nothing half-made");
        config_free(c);
    }
    struct config *c;
    struct err e;
    cr_assert(eq(int, parse("models: [", &c, &e), ERR_FORMAT));
    cr_assert(strstr(e.text, "line 1") != NULL || strstr(e.text, "line 2") != NULL, "%s", e.text);
    char longer[700] = "rules: [{name: r, any: [";
    memset(longer + strlen(longer), 'k', 256);
    strcat(longer, "], then: {model: a}}]");
    cr_assert(eq(int, parse(longer, &c, &e), ERR_FORMAT));
    cr_assert(strstr(e.text, "'any' has an element of more than 255 bytes") != NULL, "%s", e.text);
}

Test(config, identity_is_what_changes_a_reply)
{
    static const char *const texts[] = {
        "models: [{name: a, temperature: 0, system: S, params: {y: 1, x: [2]}}]",
        "models: [{params: {x: [2], y: 1.0}, name: a, system: S, prices: {input: 3}, temperature: "
        "0.0,\n"
        "          base_url: 'http://elsewhere', api_key_env: K, context: 9}]",
        "models: [{name: a, temperature: 0.5, system: S, params: {y: 1, x: [2]}}]",
        "models: [{name: b}]"};
    static const char *const want[] = {
        "{\"model\":\"a\",\"system\":\"S\",\"temperature\":0,\"params\":{\"x\":[2],\"y\":1}}",
        "{\"model\":\"a\",\"system\":\"S\",\"temperature\":0,\"params\":{\"x\":[2],\"y\":1}}",
        "{\"model\":\"a\",\"system\":\"S\",\"temperature\":0.5,\"params\":{\"x\":[2],\"y\":1}}",
        "{\"model\":\"b\"}"};
    for (size_t i = 0; i < 4; i++) {
        struct config *c;
        struct err e;
        struct buf b = BUF_INIT(0);
        cr_assert(eq(int, parse(texts[i], &c, &e), 0), "%s", e.text);
        config_model_identity(&b, c->models);
        cr_assert(strcmp(b.data, want[i]) == 0, "got %s", b.data);
        buf_deinit(&b);
        config_free(c);
    }
}

Test(config, loads_from_a_file)
{
    char path[] = "/tmp/shunt-config-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, full, strlen(full)) == (ssize_t)strlen(full));
    close(fd);
    struct config *c = NULL;
    struct err e = {0};
    cr_assert(eq(int, config_load(path, &c, &e), 0), "%s", e.text);
    cr_assert(same(c->store, "/tmp/support.db"));
    config_free(c);
    unlink(path);
    c = NULL;
    cr_assert(eq(int, config_load(path, &c, &e), ERR_IO));
    cr_assert(c == NULL && strstr(e.text, path) != NULL, "%s", e.text);
}
