/* Anthropic messages (FORMATS 1.4): a system prompt of its own, alternating roles, a mandatory
 * max_tokens, input counts without the cached part, no seed and no log-probabilities.
 */
#include "collect/adapter.h"

#include <math.h>
#include <string.h>

static void anthropic_write(struct buf *out, const struct config_model *m, const struct talk *t,
                            int64_t sample, bool official)
{
    static const char *const skip[] = {"logprobs", "top_logprobs", "seed",   "model",
                                       "messages", "system",       "stream", NULL};
    (void)sample, (void)official;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "model", m->model);
    if (!json_get(m->params, "max_tokens"))
        jsonw_int(&w, "max_tokens",
                  m->max_tokens > 0 ? m->max_tokens : adapter_anthropic.max_tokens_else);
    if (t->system.len)
        jsonw_strn(&w, "system", t->system.data, t->system.len);
    jsonw_arr(&w, "messages");
    for (size_t i = 0; i < t->turns.n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "role", t->turns.v[i].role == TALK_USER ? "user" : "assistant");
        jsonw_strn(&w, "content", t->turns.v[i].text.data, t->turns.v[i].text.len);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    if (!isnan(m->temperature) && !json_get(m->params, "temperature"))
        jsonw_num(&w, "temperature", m->temperature);
    adapter_params(&w, m->params, skip);
    jsonw_end(&w);
}

static const char *finish_of(const char *said)
{
    static const struct {
        const char *theirs, *ours;
    } words[] = {
        {"end_turn", "stop"},       {"stop_sequence", "stop"},
        {"max_tokens", "length"},   {"model_context_window_exceeded", "length"},
        {"tool_use", "tool_calls"}, {"refusal", "refusal"},
    };
    for (size_t i = 0; said && i < sizeof words / sizeof *words; i++)
        if (strcmp(said, words[i].theirs) == 0)
            return words[i].ours;
    return said;
}

static void read_usage(const struct json *u, struct usage *g)
{
    int64_t plain = adapter_count(json_get(u, "input_tokens"));
    int64_t written = adapter_count(json_get(u, "cache_creation_input_tokens"));
    int64_t short_lived = adapter_count(json_path(u, "cache_creation.ephemeral_5m_input_tokens"));
    int64_t long_lived = adapter_count(json_path(u, "cache_creation.ephemeral_1h_input_tokens"));
    g->cached = adapter_count(json_get(u, "cache_read_input_tokens"));
    g->cache_write = adapter_either(short_lived, written);
    g->cache_write_1h = long_lived;
    if (short_lived < 0 && long_lived > 0 && written >= long_lived)
        g->cache_write = written - long_lived;
    if (plain >= 0) /* what is not told of the cache was not used */
        g->input = plain + (g->cached > 0 ? g->cached : 0) +
                   (g->cache_write > 0 ? g->cache_write : 0) + (long_lived > 0 ? long_lived : 0);
    g->output = adapter_count(json_get(u, "output_tokens"));
    g->reasoning = adapter_count(json_path(u, "output_tokens_details.thinking_tokens"));
}

static bool anthropic_read(const struct json *body, struct answer *a, const char **why)
{
    const char *type = json_str(json_get(body, "type"));
    const struct json *content = json_get(body, "content");
    if (type && strcmp(type, "error") == 0)
        return false;
    if (json_type(content) != JSON_ARRAY) {
        *why = json_type(body) != JSON_OBJECT ? "the reply is not a JSON object"
                                              : "the reply has no content";
        return false;
    }
    adapter_text(&a->text, content);
    adapter_word(a->finish, sizeof a->finish, finish_of(json_str(json_get(body, "stop_reason"))));
    read_usage(json_get(body, "usage"), &a->usage);
    adapter_word(a->served_model, sizeof a->served_model, json_str(json_get(body, "model")));
    adapter_word(a->service_tier, sizeof a->service_tier,
                 json_str(json_path(body, "usage.service_tier")));
    return true;
}

const struct adapter adapter_anthropic = {
    .name = "anthropic",
    .alternate = true,
    .max_tokens_else = 4096,
    .write = anthropic_write,
    .read = anthropic_read,
};
