/* OpenAI Responses (FORMATS 1.4): a list of output items in place of choices, instructions in place
 * of a system turn. Nothing is kept by the service (store: false), and a sample has no seed.
 */
#include "collect/adapter.h"
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

/* Log-probabilities are one more entry of "include", beside those of the config. */
static void write_include(struct jsonw *w, const struct json *params)
{
    int64_t top;
    bool asked = adapter_logprobs(params, &top);
    const struct json *given = json_get(params, "include");
    if (asked && top > 0)
        jsonw_int(w, "top_logprobs", top);
    if (!asked && json_type(given) != JSON_ARRAY)
        return;
    jsonw_arr(w, "include");
    for (const struct json *i = json_first(given); i; i = json_next(i))
        if (json_str(i))
            jsonw_str(w, NULL, json_str(i));
    if (asked)
        jsonw_str(w, NULL, "message.output_text.logprobs");
    jsonw_end(w);
}

static void responses_write(struct buf *out, const struct config_model *m, const struct talk *t,
                            int64_t sample, bool official)
{
    static const char *const skip[] = {
        "seed",     "logprobs",   "top_logprobs", "model",
        "input",    "include",    "stream",       "instructions",
        "store",    "background", "max_tokens",   "max_completion_tokens",
        "messages", NULL};
    const struct json *params = m->params;
    int64_t max = m->max_tokens;
    (void)sample, (void)official;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "model", m->model);
    if (t->system.len)
        jsonw_strn(&w, "instructions", t->system.data, t->system.len);
    jsonw_arr(&w, "input");
    for (size_t i = 0; i < t->turns.n; i++)
        write_turn(&w, t->turns.v[i].role == TALK_USER ? "user" : "assistant", &t->turns.v[i].text);
    jsonw_end(&w);
    if (!json_int64(json_get(params, "max_tokens"), &max))
        json_int64(json_get(params, "max_completion_tokens"), &max);
    if (max > 0 && !json_get(params, "max_output_tokens"))
        jsonw_int(&w, "max_output_tokens", max);
    if (!isnan(m->temperature) && !json_get(params, "temperature"))
        jsonw_num(&w, "temperature", m->temperature);
    write_include(&w, params);
    jsonw_bool(&w, "store", json_bool(json_get(params, "store"), false));
    adapter_params(&w, params, skip);
    jsonw_end(&w);
}

static void add_logprobs(struct logprob *sum, const struct json *list)
{
    for (const struct json *t = json_first(list); t; t = json_next(t)) {
        logprob_token(sum, json_num(json_get(t, "logprob"), (double)NAN));
        for (const struct json *p = json_first(json_get(t, "top_logprobs")); p; p = json_next(p))
            logprob_alternative(sum, json_num(json_get(p, "logprob"), (double)NAN));
        logprob_end_token(sum);
    }
}

/* What the items of the output hold. */
struct seen {
    bool refused, called;
    const char *refusal;
    struct logprob logprobs;
};

static void read_item(const struct json *item, struct answer *a, struct seen *seen)
{
    const char *type = json_str(json_get(item, "type"));
    size_t len = type ? strlen(type) : 0;
    if (len > 5 && strcmp(type + len - 5, "_call") == 0)
        seen->called = true; /* function_call, custom_tool_call, ... */
    if (!type || strcmp(type, "message") != 0)
        return;
    for (const struct json *p = json_first(json_get(item, "content")); p; p = json_next(p)) {
        const char *kind = json_str(json_get(p, "type"));
        const char *text = json_str(json_get(p, "text"));
        if (kind && strcmp(kind, "output_text") == 0 && text) {
            buf_adds(&a->text, text);
            add_logprobs(&seen->logprobs, json_get(p, "logprobs"));
        } else if (kind && strcmp(kind, "refusal") == 0) {
            seen->refused = true;
            seen->refusal = json_str(json_get(p, "refusal"));
        }
    }
}

static void read_finish(const struct json *body, const struct seen *seen, struct answer *a)
{
    const char *status = json_str(json_get(body, "status"));
    const char *reason = json_str(json_path(body, "incomplete_details.reason"));
    const char *finish = status;
    if (!status || strcmp(status, "completed") == 0)
        finish = "stop";
    if (status && strcmp(status, "incomplete") == 0 && reason)
        finish = strcmp(reason, "max_output_tokens") == 0 ? "length" : reason;
    if (seen->called && !a->text.len)
        finish = "tool_calls";
    if (seen->refused)
        finish = "refusal";
    adapter_word(a->finish, sizeof a->finish, finish);
}

static void read_usage(const struct json *u, struct usage *g)
{
    g->input = adapter_count(json_get(u, "input_tokens"));
    g->output = adapter_count(json_get(u, "output_tokens"));
    g->cached = adapter_count(json_path(u, "input_tokens_details.cached_tokens"));
    g->cache_write = adapter_count(json_path(u, "input_tokens_details.cache_write_tokens"));
    g->reasoning = adapter_count(json_path(u, "output_tokens_details.reasoning_tokens"));
}

static bool responses_read(const struct json *body, struct answer *a, const char **why)
{
    static const char *const unfinished[] = {"queued", "in_progress", "cancelled", "failed"};
    const struct json *output = json_get(body, "output");
    const char *status = json_str(json_get(body, "status"));
    if (json_type(json_get(body, "error")) > JSON_NULL)
        return false; /* a failed response comes with 200 */
    if (json_type(output) != JSON_ARRAY) {
        *why = json_type(body) != JSON_OBJECT ? "the reply is not a JSON object"
                                              : "the reply has no output";
        return false;
    }
    for (size_t i = 0; status && i < sizeof unfinished / sizeof *unfinished; i++)
        if (strcmp(status, unfinished[i]) == 0) {
            *why = "the response was not completed";
            return false;
        }
    struct seen seen = {0};
    logprob_init(&seen.logprobs);
    for (const struct json *item = json_first(output); item; item = json_next(item))
        read_item(item, a, &seen);
    if (seen.refusal && !a->text.len)
        buf_adds(&a->text, seen.refusal);
    read_finish(body, &seen, a);
    read_usage(json_get(body, "usage"), &a->usage);
    logprob_read(&seen.logprobs, &a->mean_logprob, &a->min_logprob, &a->entropy);
    adapter_word(a->served_model, sizeof a->served_model, json_str(json_get(body, "model")));
    adapter_word(a->service_tier, sizeof a->service_tier, json_str(json_get(body, "service_tier")));
    return true;
}

const struct adapter adapter_responses = {
    .name = "openai-responses",
    .write = responses_write,
    .read = responses_read,
};
