/* OpenAI chat completions, and the many hosts that speak it (FORMATS 1.4): Mistral's content parts,
 * DeepSeek's and OpenRouter's usage, error objects inside a 200.
 */
#include "collect/adapter.h"
#include "collect/hosts.h"
#include "collect/logprob.h"

#include <math.h>
#include <string.h>

static void write_turn(struct jsonw *w, const char *role, const struct buf *text)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "role", role);
    jsonw_strn(w, "content", text->data, text->len);
    jsonw_end(w);
}

/* Sample 0 goes without a seed unless the config has one: some hosts refuse the field. */
static void write_seed(struct jsonw *w, const struct host *host, const struct config_model *m,
                       int64_t sample)
{
    int64_t seed = 0;
    bool given = json_int64(json_get(m->params, "seed"), &seed);
    if (host->seed && (given || sample > 0))
        jsonw_int(w, host->seed, (int64_t)((uint64_t)seed + (uint64_t)sample));
}

static void openai_write(struct buf *out, const struct config_model *m, const struct talk *t,
                         int64_t sample, bool official)
{
    static const char *const skip[] = {"seed",           "logprobs", "top_logprobs",
                                       "model",          "messages", "stream",
                                       "stream_options", "n",        NULL};
    const struct host *known = host_find(m->provider), *host = known ? known : &hosts_else;
    const struct json *params = m->params;
    int64_t top;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "model", m->model);
    jsonw_arr(&w, "messages");
    if (t->system.len)
        write_turn(&w, "system", &t->system);
    for (size_t i = 0; i < t->turns.n; i++)
        write_turn(&w, t->turns.v[i].role == TALK_USER ? "user" : "assistant", &t->turns.v[i].text);
    jsonw_end(&w);
    /* The service itself has renamed the field; other hosts know only the old name. */
    if (m->max_tokens > 0 && !json_get(params, "max_tokens") &&
        !json_get(params, "max_completion_tokens"))
        jsonw_int(&w, official ? "max_completion_tokens" : host->max_tokens, m->max_tokens);
    if (!isnan(m->temperature) && !json_get(params, "temperature"))
        jsonw_num(&w, "temperature", m->temperature);
    write_seed(&w, host, m, sample);
    if (adapter_logprobs(params, &top)) {
        jsonw_bool(&w, "logprobs", true);
        if (top > 0)
            jsonw_int(&w, "top_logprobs", top);
    }
    adapter_params(&w, params, skip);
    jsonw_end(&w);
}

static void read_finish(const struct json *choice, struct answer *a)
{
    static const struct {
        const char *theirs, *ours;
    } words[] = {
        {"stop", "stop"},
        {"length", "length"},
        {"model_length", "length"},
        {"max_tokens", "length"},
        {"tool_calls", "tool_calls"},
        {"function_call", "tool_calls"},
        {"eos", "stop"},
        {"content_filter", "content_filter"},
        {"end_turn", "stop"},
        {"eos_token", "stop"},
    };
    const char *said = json_str(json_get(choice, "finish_reason"));
    adapter_word(a->finish, sizeof a->finish, said);
    for (size_t i = 0; said && i < sizeof words / sizeof *words; i++)
        if (strcmp(said, words[i].theirs) == 0)
            adapter_word(a->finish, sizeof a->finish, words[i].ours);
}

/* Of the several places where hosts put it: OpenAI, DeepSeek, Mistral, Together, LiteLLM and
 * Portkey before Anthropic's models, llama.cpp. */
static int64_t cached_of(const struct json *body)
{
    static const char *const paths[] = {"usage.prompt_tokens_details.cached_tokens",
                                        "usage.prompt_cache_hit_tokens",
                                        "usage.num_cached_tokens",
                                        "usage.cached_tokens",
                                        "usage.cache_read_input_tokens",
                                        "timings.cache_n"};
    int64_t n = -1;
    for (size_t i = 0; n < 0 && i < sizeof paths / sizeof *paths; i++)
        n = adapter_count(json_path(body, paths[i]));
    return n;
}

/* A total that only adds up with the cached tokens says that prompt_tokens leaves them out. */
static void add_left_out(const struct json *u, int64_t total, struct usage *g)
{
    int64_t apart = 0, v;
    if ((v = adapter_count(json_get(u, "cache_read_input_tokens"))) > 0)
        apart += v;
    if ((v = adapter_count(json_get(u, "cache_creation_input_tokens"))) > 0)
        apart += v;
    if (apart > 0 && g->input >= 0 && g->output >= 0 && total == g->input + apart + g->output)
        g->input += apart;
}

static void read_usage(const struct json *body, struct answer *a)
{
    const struct json *u = json_get(body, "usage");
    struct usage *g = &a->usage;
    const struct json *in = json_get(u, "prompt_tokens_details");
    g->input = adapter_count(json_get(u, "prompt_tokens"));
    g->output = adapter_count(json_get(u, "completion_tokens"));
    g->cached = cached_of(body);
    g->cache_write = adapter_either(adapter_count(json_get(in, "cache_write_tokens")),
                                    adapter_count(json_get(u, "cache_creation_input_tokens")));
    g->reasoning =
        adapter_either(adapter_count(json_path(u, "completion_tokens_details.reasoning_tokens")),
                       adapter_count(json_get(u, "reasoning_tokens"))); /* SGLang */
    /* xAI counts reasoning beside the completion, not within it; the total gives it away. */
    int64_t total = adapter_count(json_get(u, "total_tokens"));
    add_left_out(u, total, g);
    if (g->reasoning > 0 && g->input >= 0 && g->output >= 0 &&
        (total == g->input + g->output + g->reasoning || g->reasoning > g->output))
        g->output += g->reasoning;
    const struct json *cost = json_get(u, "cost"); /* OpenRouter, in US dollars */
    if (json_type(cost) == JSON_NUMBER && json_num(cost, -1) >= 0 &&
        !money_from_usd(json_num(cost, 0), &a->reported_nusd))
        a->reported_nusd = MONEY_UNKNOWN;
}

static void read_logprobs(const struct json *choice, struct answer *a)
{
    const struct json *l = json_get(choice, "logprobs"), *list = json_get(l, "content");
    struct logprob sum;
    logprob_init(&sum);
    if (json_type(list) != JSON_ARRAY)
        list = json_get(l, "refusal");
    for (const struct json *t = json_first(list); t; t = json_next(t)) {
        logprob_token(&sum, json_num(json_get(t, "logprob"), (double)NAN));
        for (const struct json *p = json_first(json_get(t, "top_logprobs")); p; p = json_next(p))
            logprob_alternative(&sum, json_num(json_get(p, "logprob"), (double)NAN));
        logprob_end_token(&sum);
    }
    logprob_read(&sum, &a->mean_logprob, &a->min_logprob, &a->entropy);
}

static bool openai_read(const struct json *body, struct answer *a, const char **why)
{
    const struct json *choice = json_first(json_get(body, "choices"));
    const struct json *message = json_get(choice, "message");
    const char *object = json_str(json_get(body, "object"));
    if (object && strcmp(object, "error") == 0)
        return false; /* vLLM's and Mistral's older shape */
    if (json_type(json_get(body, "error")) > JSON_NULL ||
        json_type(json_get(choice, "error")) > JSON_NULL)
        return false; /* an error inside a 200 */
    if (json_type(message) != JSON_OBJECT) {
        *why = json_type(body) != JSON_OBJECT ? "the reply is not a JSON object"
                                              : "the reply has no choices[0].message";
        return false;
    }
    const char *said = json_str(json_get(choice, "finish_reason"));
    if (said && strcmp(said, "error") == 0) {
        *why = "the reply ended with finish_reason 'error'";
        return false;
    }
    adapter_text(&a->text, json_get(message, "content"));
    read_finish(choice, a);
    const char *refusal = json_str(json_get(message, "refusal"));
    if (refusal && *refusal) {
        if (!a->text.len)
            buf_adds(&a->text, refusal);
        adapter_word(a->finish, sizeof a->finish, "refusal");
    }
    const struct json *tools = json_get(message, "tool_calls");
    if (json_count(tools) > 0 && !a->text.len)
        adapter_word(a->finish, sizeof a->finish, "tool_calls");
    read_usage(body, a);
    read_logprobs(choice, a);
    adapter_word(a->served_model, sizeof a->served_model, json_str(json_get(body, "model")));
    adapter_word(a->fingerprint, sizeof a->fingerprint,
                 json_str(json_get(body, "system_fingerprint")));
    adapter_word(a->service_tier, sizeof a->service_tier, json_str(json_get(body, "service_tier")));
    return true;
}

const struct adapter adapter_openai = {
    .name = "openai",
    .write = openai_write,
    .read = openai_read,
};
