/* OpenAI chat completions: reading the request, and its two kinds of reply. */
#include "tests/provider/server.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK_TOKENS = 4 };
static const int64_t created =
    1767571200; /* 2026-01-05: fixed, so that equal asks give equal bytes */

static bool read_message(struct call *c, const struct json *m, size_t i, struct ask *a)
{
    static const char *const roles[] = {"system",    "developer", "user",
                                        "assistant", "tool",      "function"};
    const char *role = json_str(json_get(m, "role"));
    size_t r = 0;
    while (r < sizeof roles / sizeof *roles && !(role && !strcmp(role, roles[r])))
        r++;
    if (r == sizeof roles / sizeof *roles) {
        reply_error(c, 400, "invalid_value", "messages",
                    "Invalid value for 'messages[%zu].role': expected one of system, developer, "
                    "user, assistant, tool.",
                    i);
        return false;
    }
    struct buf text = BUF_INIT(0);
    const struct json *content = json_get(m, "content");
    bool ok = content_text(content, &text) || (r == 3 && json_type(content) <= JSON_NULL);
    if (!ok)
        reply_error(
            c, 400, "invalid_type", "messages",
            "Invalid type for 'messages[%zu].content': expected a string or an array of parts.", i);
    a->prompt_tokens += 4 + tokens_count(text.data);
    a->resulted = r >= 4;
    struct buf *into = r <= 1 ? &a->system : r == 2 ? &a->user : NULL;
    if (r == 2)
        buf_clear(&a->user);
    if (into && into->len)
        buf_addc(into, '\n');
    if (into)
        buf_add(into, text.data, text.len);
    buf_deinit(&text);
    return ok;
}

static bool read_messages(struct call *c, const struct json *body, struct ask *a)
{
    const struct json *messages = json_get(body, "messages");
    if (json_type(messages) != JSON_ARRAY || json_count(messages) == 0) {
        reply_error(c, 400,
                    json_type(messages) == JSON_ABSENT ? "missing_required_parameter"
                                                       : "invalid_type",
                    "messages",
                    json_type(messages) == JSON_ABSENT
                        ? "Missing required parameter: 'messages'."
                        : "Invalid 'messages': expected an array with at least one message.");
        return false;
    }
    size_t i = 0;
    a->prompt_tokens = 3;
    for (const struct json *m = json_first(messages); m; m = json_next(m))
        if (!read_message(c, m, i++, a))
            return false;
    return true;
}

static bool read_options(struct call *c, const struct json *body, struct ask *a)
{
    int64_t n = 1, seed = INT64_MIN;
    if (!want_num(c, body, "temperature", 0, 2, &a->q.temperature) ||
        !want_int(c, body, "max_tokens", 1, INT32_MAX, &a->q.max_tokens) ||
        !want_int(c, body, "max_completion_tokens", 1, INT32_MAX, &a->q.max_tokens) ||
        !want_int(c, body, "seed", INT64_MIN + 1, INT64_MAX, &seed) ||
        !want_int(c, body, "n", 1, 1, &n) || !want_bool(c, body, "stream", &a->stream) ||
        !want_bool(c, body, "logprobs", &a->logprobs) ||
        !want_int(c, body, "top_logprobs", 0, 20, &a->top_logprobs) ||
        !want_bool(c, json_get(body, "stream_options"), "include_usage", &a->include_usage))
        return false;
    if (a->top_logprobs && !a->logprobs) {
        reply_error(c, 400, "invalid_value", "top_logprobs",
                    "'top_logprobs' is only allowed when 'logprobs' is true.");
        return false;
    }
    if (json_type(json_get(body, "stream_options")) == JSON_OBJECT && !a->stream) {
        reply_error(c, 400, "invalid_value", "stream_options",
                    "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
        return false;
    }
    a->q.sample = seed == INT64_MIN ? 0 : (uint64_t)seed;
    return true;
}

static void read_tools(const struct json *body, struct ask *a)
{
    const struct json *choice = json_get(body, "tool_choice");
    const char *word = json_str(choice), *wanted = json_str(json_path(choice, "function.name"));
    if (a->resulted || (word && strcmp(word, "none") == 0))
        return;
    for (const struct json *t = json_first(json_get(body, "tools")); t; t = json_next(t))
        ask_offer(a, json_str(json_path(t, "function.name")), json_path(t, "function.parameters"),
                  wanted);
}

static bool read_request(struct call *c, const struct json *body, struct ask *a)
{
    const char *name = json_str(json_get(body, "model"));
    if (!name || !*name) {
        reply_error(c, 400, "missing_required_parameter", "model",
                    "you must provide a model parameter");
        return false;
    }
    a->q.model = models_find(&c->sim->models, PROTO_OPENAI, name);
    if (!a->q.model) {
        reply_error(c, 404, "model_not_found", NULL,
                    "The model `%.100s` does not exist or you do not have access to it.", name);
        return false;
    }
    return read_messages(c, body, a) && read_options(c, body, a);
}

static void write_bytes(struct jsonw *w, const char *s, size_t len)
{
    jsonw_arr(w, "bytes");
    for (size_t i = 0; i < len; i++)
        jsonw_int(w, NULL, (unsigned char)s[i]);
    jsonw_end(w);
}

/* The token itself, then invented others that share what probability is left. */
void openai_logprob(struct jsonw *w, const struct answer *a, const struct token *t, int64_t top)
{
    static const char *const others[] = {" the", ",",   "\n", " a", "0",   "1", ".",
                                         " I",   "A",   "B",  "2",  " is", "{", "The",
                                         " no",  " to", "-",  ":",  " of", "5"};
    const char *s = a->text.data + t->start;
    jsonw_obj(w, NULL);
    jsonw_strn(w, "token", s, t->len);
    jsonw_fix(w, "logprob", t->logprob, 6);
    write_bytes(w, s, t->len);
    jsonw_arr(w, "top_logprobs");
    double next = t->logprob;
    for (int64_t i = 0; i < top; i++) {
        const char *alternative = i ? others[i - 1] : s;
        size_t len = i ? strlen(alternative) : t->len;
        if (i)
            next = (next < -1.0 ? next : -1.0) - 0.7; /* below the chosen one, halving */
        jsonw_obj(w, NULL);
        jsonw_strn(w, "token", alternative, len);
        jsonw_fix(w, "logprob", next, 6);
        write_bytes(w, alternative, len);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

static void write_logprobs(struct jsonw *w, const struct ask *ask, const struct answer *a,
                           size_t from, size_t to)
{
    if (!ask->logprobs || ask->tool.len) {
        jsonw_null(w, "logprobs");
        return;
    }
    jsonw_obj(w, "logprobs");
    for (int refusal = 0; refusal < 2; refusal++) {
        const char *key = refusal ? "refusal" : "content";
        if (refusal != (a->finish == FINISH_REFUSAL)) {
            jsonw_null(w, key);
            continue;
        }
        jsonw_arr(w, key);
        for (size_t i = from; i < to; i++)
            openai_logprob(w, a, &a->token[i], ask->top_logprobs);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static const char *finish_reason(const struct answer *a)
{
    return a->finish == FINISH_LENGTH    ? "length"
           : a->finish == FINISH_REFUSAL ? "content_filter"
           : a->finish == FINISH_TOOL    ? "tool_calls"
                                         : "stop";
}

/* with_name: the head of a call, without index in a whole reply. */
static void write_call(struct jsonw *w, const struct ask *ask, bool streaming, bool with_name,
                       const char *arguments, size_t len)
{
    char id[40];
    snprintf(id, sizeof id, "call_sim%016llx", (unsigned long long)ask->q.hash);
    jsonw_arr(w, "tool_calls");
    jsonw_obj(w, NULL);
    if (streaming)
        jsonw_int(w, "index", 0);
    if (with_name) {
        jsonw_str(w, "id", id);
        jsonw_str(w, "type", "function");
    }
    jsonw_obj(w, "function");
    if (with_name)
        jsonw_str(w, "name", ask->tool.data);
    jsonw_strn(w, "arguments", arguments, len);
    jsonw_end(w);
    jsonw_end(w);
    jsonw_end(w);
}

static void write_usage(struct jsonw *w, const struct ask *ask, const struct answer *a)
{
    int64_t output = (int64_t)(a->tokens + a->reasoning), input = (int64_t)ask->prompt_tokens;
    jsonw_obj(w, "usage");
    jsonw_int(w, "prompt_tokens", input);
    jsonw_int(w, "completion_tokens", output);
    jsonw_int(w, "total_tokens", input + output);
    jsonw_obj(w, "prompt_tokens_details");
    jsonw_int(w, "cached_tokens", 0);
    jsonw_int(w, "audio_tokens", 0);
    jsonw_end(w);
    jsonw_obj(w, "completion_tokens_details");
    jsonw_int(w, "reasoning_tokens", (int64_t)a->reasoning);
    jsonw_int(w, "audio_tokens", 0);
    jsonw_int(w, "accepted_prediction_tokens", 0);
    jsonw_int(w, "rejected_prediction_tokens", 0);
    jsonw_end(w);
    if (ask->q.model->reported > 0)
        jsonw_num(
            w, "cost",
            ask->q.model->reported * 1e-12 *
                (double)model_pico_usd(ask->q.model, ask->prompt_tokens, a->tokens + a->reasoning));
    jsonw_end(w);
}

static void write_head(struct jsonw *w, const struct ask *ask, const char *object)
{
    char id[48];
    snprintf(id, sizeof id, "chatcmpl-sim%016llx%04llx", (unsigned long long)ask->q.hash,
             (unsigned long long)(ask->q.sample & 0xffff));
    jsonw_obj(w, NULL);
    jsonw_str(w, "id", id);
    jsonw_str(w, "object", object);
    jsonw_int(w, "created", created);
    jsonw_str(w, "model", ask->q.model->name);
    jsonw_str(w, "service_tier", "default");
    jsonw_str(w, "system_fingerprint", "fp_simulated");
}

static void whole(struct reply *r, const struct ask *ask, const struct answer *a)
{
    bool refused = a->finish == FINISH_REFUSAL, call = a->finish == FINISH_TOOL;
    struct jsonw w = JSONW_INIT(&r->body);
    write_head(&w, ask, "chat.completion");
    jsonw_arr(&w, "choices");
    jsonw_obj(&w, NULL);
    jsonw_int(&w, "index", 0);
    jsonw_obj(&w, "message");
    jsonw_str(&w, "role", "assistant");
    jsonw_str(&w, "content", refused || call ? NULL : a->text.data);
    jsonw_str(&w, "refusal", refused ? a->text.data : NULL);
    if (call)
        write_call(&w, ask, false, true, a->text.data, a->text.len);
    jsonw_arr(&w, "annotations");
    jsonw_end(&w);
    jsonw_end(&w);
    write_logprobs(&w, ask, a, 0, a->tokens);
    jsonw_str(&w, "finish_reason", finish_reason(a));
    jsonw_end(&w);
    jsonw_end(&w);
    write_usage(&w, ask, a);
    jsonw_end(&w);
    reply_step(r, answer_total_ms(a));
}

/* One event: the tokens from..to, or the role (first), or the finish reason (last). */
static void chunk(struct reply *r, const struct ask *ask, const struct answer *a, size_t from,
                  size_t to, bool first, bool last)
{
    buf_adds(&r->body, "data: ");
    struct jsonw w = JSONW_INIT(&r->body);
    write_head(&w, ask, "chat.completion.chunk");
    jsonw_arr(&w, "choices");
    jsonw_obj(&w, NULL);
    jsonw_int(&w, "index", 0);
    jsonw_obj(&w, "delta");
    if (first) {
        jsonw_str(&w, "role", "assistant");
        if (a->finish == FINISH_TOOL) {
            jsonw_null(&w, "content");
            write_call(&w, ask, true, true, "", 0);
        } else {
            jsonw_str(&w, "content", "");
        }
        jsonw_null(&w, "refusal");
    } else if (to > from) {
        size_t start = a->token[from].start, end = a->token[to - 1].start + a->token[to - 1].len;
        if (a->finish == FINISH_TOOL)
            write_call(&w, ask, true, false, a->text.data + start, end - start);
        else
            jsonw_strn(&w, a->finish == FINISH_REFUSAL ? "refusal" : "content",
                       a->text.data + start, end - start);
    }
    jsonw_end(&w);
    if (to > from)
        write_logprobs(&w, ask, a, from, to);
    else
        jsonw_null(&w, "logprobs");
    jsonw_str(&w, "finish_reason", last ? finish_reason(a) : NULL);
    jsonw_end(&w);
    jsonw_end(&w);
    if (ask->include_usage)
        jsonw_null(&w, "usage");
    jsonw_end(&w);
    buf_adds(&r->body, "\n\n");
}

static void streamed(struct reply *r, const struct ask *ask, const struct answer *a)
{
    r->stream = true;
    r->type = "text/event-stream; charset=utf-8";
    chunk(r, ask, a, 0, 0, true, false);
    reply_step(r, 0);
    for (size_t from = 0; from < a->tokens; from += CHUNK_TOKENS) {
        size_t to = from + CHUNK_TOKENS < a->tokens ? from + CHUNK_TOKENS : a->tokens;
        chunk(r, ask, a, from, to, false, false);
        reply_step(r, a->token_ms * (double)(to - from) + (from ? 0 : a->first_ms));
    }
    chunk(r, ask, a, 0, 0, false, true);
    if (ask->include_usage) {
        buf_adds(&r->body, "data: ");
        struct jsonw w = JSONW_INIT(&r->body);
        write_head(&w, ask, "chat.completion.chunk");
        jsonw_arr(&w, "choices");
        jsonw_end(&w);
        write_usage(&w, ask, a);
        jsonw_end(&w);
        buf_adds(&r->body, "\n\n");
    }
    buf_adds(&r->body, "data: [DONE]\n\n");
    reply_step(r, a->tokens ? 0 : a->first_ms);
}

void openai_chat(struct call *c)
{
    struct json *body = NULL;
    struct answer a;
    struct ask ask;
    if (!call_json(c, &body))
        return;
    ask_init(&ask);
    if (read_request(c, body, &ask)) {
        ask_find(c->sim, &ask);
        read_tools(body, &ask);
        answer_make(c->sim->traffic, c->sim->seed, &ask.q, &a);
        answer_call(&ask, &a);
        (ask.stream ? streamed : whole)(&c->reply, &ask, &a);
        reply_counts(&c->reply, &ask, &a);
        answer_deinit(&a);
    }
    ask_deinit(&ask);
    json_free(body);
}

static void write_model(struct jsonw *w, const char *name)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "id", name);
    jsonw_str(w, "object", "model");
    jsonw_int(w, "created", created);
    jsonw_str(w, "owned_by", "simulated");
    jsonw_end(w);
}

void openai_models(struct call *c, const char *id)
{
    struct jsonw w = JSONW_INIT(&c->reply.body);
    bool embed = id && !strcmp(id, SIM_EMBED_MODEL);
    if (id && !embed && !models_find(&c->sim->models, PROTO_OPENAI, id)) {
        reply_error(c, 404, "model_not_found", "model", "The model '%.100s' does not exist", id);
        return;
    }
    if (id) {
        write_model(&w, id);
    } else {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "object", "list");
        jsonw_arr(&w, "data");
        for (size_t i = 0; i < c->sim->models.n; i++)
            if (c->sim->models.v[i].protocol == PROTO_OPENAI)
                write_model(&w, c->sim->models.v[i].name);
        write_model(&w, SIM_EMBED_MODEL);
        jsonw_end(&w);
        jsonw_end(&w);
    }
    reply_step(&c->reply, 0);
}
