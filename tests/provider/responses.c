/* OpenAI Responses: the same answers in their other shape, whole and as events. Stored
 * conversations are refused, not pretended. */
#include "tests/provider/server.h"

#include "core/hash.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK_TOKENS = 4 };

/* One item of the input; calls and reasoning of earlier turns are read over. */
static bool read_item(struct call *c, const struct json *item, size_t i, struct ask *a)
{
    const char *role = json_str(json_get(item, "role")), *type = json_str(json_get(item, "type"));
    if (type && strcmp(type, "message") != 0) {
        a->resulted = strcmp(type, "function_call_output") == 0;
        return true;
    }
    bool system = role && (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0);
    bool user = role && strcmp(role, "user") == 0;
    struct buf text = BUF_INIT(0);
    bool ok = role && (system || user || strcmp(role, "assistant") == 0) &&
              content_text(json_get(item, "content"), &text);
    if (!ok)
        reply_error(c, 400, "invalid_value", "input",
                    "Invalid 'input[%zu]': expected a message with a role and a text.", i);
    a->prompt_tokens += 4 + tokens_count(ok ? text.data : "");
    a->resulted = false;
    if (user)
        buf_clear(&a->user);
    struct buf *into = system ? &a->system : user ? &a->user : NULL;
    if (ok && into) {
        if (into->len)
            buf_addc(into, '\n');
        buf_add(into, text.data, text.len);
    }
    buf_deinit(&text);
    return ok;
}

static bool read_input(struct call *c, const struct json *body, struct ask *a)
{
    const struct json *input = json_get(body, "input");
    const char *instructions = json_str(json_get(body, "instructions")), *text = json_str(input);
    a->prompt_tokens = 3;
    if (instructions) {
        buf_adds(&a->system, instructions);
        a->prompt_tokens += 4 + tokens_count(instructions);
    }
    if (text) {
        buf_adds(&a->user, text);
        a->prompt_tokens += 4 + tokens_count(text);
        return true;
    }
    if (json_type(input) != JSON_ARRAY || json_count(input) == 0) {
        reply_error(c, 400, "missing_required_parameter", "input",
                    "Missing required parameter: 'input'.");
        return false;
    }
    size_t i = 0;
    for (const struct json *item = json_first(input); item; item = json_next(item))
        if (!read_item(c, item, i++, a))
            return false;
    return true;
}

static bool read_options(struct call *c, const struct json *body, struct ask *a)
{
    static const char *const strangers[] = {"messages", "max_tokens", "max_completion_tokens",
                                            "seed", "logprobs"};
    bool background = false;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (json_type(json_get(body, strangers[i])) != JSON_ABSENT) {
            reply_error(c, 400, "unknown_parameter", strangers[i], "Unknown parameter: '%s'.",
                        strangers[i]);
            return false;
        }
    if (!want_num(c, body, "temperature", 0, 2, &a->q.temperature) ||
        !want_int(c, body, "max_output_tokens", 16, INT32_MAX, &a->q.max_tokens) ||
        !want_int(c, body, "top_logprobs", 0, 20, &a->top_logprobs) ||
        !want_bool(c, body, "stream", &a->stream) || !want_bool(c, body, "background", &background))
        return false;
    for (const struct json *i = json_first(json_get(body, "include")); i; i = json_next(i))
        if (json_str(i) && strcmp(json_str(i), "message.output_text.logprobs") == 0)
            a->logprobs = true;
    if (background || json_str(json_get(body, "previous_response_id"))) {
        reply_error(c, 400, "unsupported_parameter", NULL,
                    "Background mode and stored conversations are not simulated here.");
        return false;
    }
    return true;
}

static void read_tools(const struct json *body, struct ask *a)
{
    const struct json *choice = json_get(body, "tool_choice");
    const char *word = json_str(choice);
    if (a->resulted || (word && strcmp(word, "none") == 0))
        return;
    for (const struct json *t = json_first(json_get(body, "tools")); t; t = json_next(t))
        ask_offer(a, json_str(json_get(t, "name")), json_get(t, "parameters"),
                  json_str(json_get(choice, "name")));
}

/* begun: before its first token. */
static void write_part(struct jsonw *w, const char *key, const struct ask *ask,
                       const struct answer *a, bool begun)
{
    bool refused = a->finish == FINISH_REFUSAL;
    jsonw_obj(w, key);
    jsonw_str(w, "type", refused ? "refusal" : "output_text");
    jsonw_strn(w, refused ? "refusal" : "text", a->text.data, begun ? 0 : a->text.len);
    if (!refused) {
        jsonw_arr(w, "annotations");
        jsonw_end(w);
        jsonw_arr(w, "logprobs");
        for (size_t i = 0; ask->logprobs && !begun && i < a->tokens; i++)
            openai_logprob(w, a, &a->token[i], ask->top_logprobs);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static const char *item_id(const struct answer *a)
{
    return a->finish == FINISH_TOOL ? "fc_simulated" : "msg_simulated";
}

static void write_item(struct jsonw *w, const char *key, const struct ask *ask,
                       const struct answer *a, bool begun)
{
    jsonw_obj(w, key);
    jsonw_str(w, "id", item_id(a));
    jsonw_str(w, "status",
              begun                        ? "in_progress"
              : a->finish == FINISH_LENGTH ? "incomplete"
                                           : "completed");
    if (a->finish == FINISH_TOOL) {
        jsonw_str(w, "type", "function_call");
        jsonw_str(w, "call_id", "call_simulated");
        jsonw_str(w, "name", ask->tool.data);
        jsonw_strn(w, "arguments", a->text.data, begun ? 0 : a->text.len);
    } else {
        jsonw_str(w, "type", "message");
        jsonw_str(w, "role", "assistant");
        jsonw_arr(w, "content");
        if (!begun)
            write_part(w, NULL, ask, a, false);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void write_usage(struct jsonw *w, const struct ask *ask, const struct answer *a)
{
    jsonw_obj(w, "usage");
    jsonw_int(w, "input_tokens", (int64_t)ask->prompt_tokens);
    jsonw_obj(w, "input_tokens_details");
    jsonw_int(w, "cached_tokens", 0);
    jsonw_end(w);
    jsonw_int(w, "output_tokens", (int64_t)(a->tokens + a->reasoning));
    jsonw_obj(w, "output_tokens_details");
    jsonw_int(w, "reasoning_tokens", (int64_t)a->reasoning);
    jsonw_end(w);
    jsonw_int(w, "total_tokens", (int64_t)(ask->prompt_tokens + a->tokens + a->reasoning));
    jsonw_end(w);
}

static void write_response(struct jsonw *w, const char *key, const struct ask *ask,
                           const struct answer *a, bool begun)
{
    bool cut = a->finish == FINISH_LENGTH && !begun;
    char id[48];
    snprintf(id, sizeof id, "resp_sim%016llx", (unsigned long long)ask->q.hash);
    jsonw_obj(w, key);
    jsonw_str(w, "id", id);
    jsonw_str(w, "object", "response");
    jsonw_int(w, "created_at", 1767571200);
    jsonw_str(w, "status", begun ? "in_progress" : cut ? "incomplete" : "completed");
    jsonw_null(w, "error");
    if (cut) {
        jsonw_obj(w, "incomplete_details");
        jsonw_str(w, "reason", "max_output_tokens");
        jsonw_end(w);
    } else {
        jsonw_null(w, "incomplete_details");
    }
    jsonw_str(w, "model", ask->q.model->name);
    jsonw_str(w, "service_tier", begun ? "auto" : "default");
    jsonw_bool(w, "store", false);
    jsonw_arr(w, "output");
    if (!begun)
        write_item(w, NULL, ask, a, false);
    jsonw_end(w);
    if (begun)
        jsonw_null(w, "usage");
    else
        write_usage(w, ask, a);
    jsonw_end(w);
}

static void whole(struct reply *r, const struct ask *ask, const struct answer *a)
{
    struct jsonw w = JSONW_INIT(&r->body);
    write_response(&w, NULL, ask, a, false);
    reply_step(r, answer_total_ms(a));
}

/* --- events --------------------------------------------------------------------------------------
 */
static void event_begin(struct reply *r, struct jsonw *w, const char *type, int *number)
{
    buf_addf(&r->body, "event: %s\ndata: ", type);
    jsonw_obj(w, NULL);
    jsonw_str(w, "type", type);
    jsonw_int(w, "sequence_number", (*number)++);
}

static void event_end(struct reply *r, struct jsonw *w)
{
    jsonw_end(w);
    buf_adds(&r->body, "\n\n");
}

static void event_response(struct reply *r, const char *type, const struct ask *ask,
                           const struct answer *a, bool begun, int *number)
{
    struct jsonw w = JSONW_INIT(&r->body);
    event_begin(r, &w, type, number);
    write_response(&w, "response", ask, a, begun);
    event_end(r, &w);
}

/* The item comes or is done, and inside of it, unless it is a call, its only part. */
static void event_frame(struct reply *r, const struct ask *ask, const struct answer *a, bool begun,
                        int *number)
{
    for (int inner = !begun, k = 0; k < 2; k++, inner = !inner) {
        struct jsonw w = JSONW_INIT(&r->body);
        if (inner && a->finish == FINISH_TOOL)
            continue;
        event_begin(r, &w,
                    inner   ? begun ? "response.content_part.added" : "response.content_part.done"
                    : begun ? "response.output_item.added"
                            : "response.output_item.done",
                    number);
        jsonw_int(&w, "output_index", 0);
        if (inner) {
            jsonw_str(&w, "item_id", item_id(a));
            jsonw_int(&w, "content_index", 0);
            write_part(&w, "part", ask, a, begun);
        } else {
            write_item(&w, "item", ask, a, begun);
        }
        event_end(r, &w);
    }
}

/* The tokens from..to; the whole text where there are none. */
static void event_text(struct reply *r, const struct ask *ask, const struct answer *a, size_t from,
                       size_t to, int *number)
{
    bool call = a->finish == FINISH_TOOL, refused = a->finish == FINISH_REFUSAL, done = to <= from;
    size_t start = done ? 0 : a->token[from].start;
    size_t end = done ? a->text.len : a->token[to - 1].start + a->token[to - 1].len;
    char type[64];
    struct jsonw w = JSONW_INIT(&r->body);
    snprintf(type, sizeof type, "response.%s.%s",
             call      ? "function_call_arguments"
             : refused ? "refusal"
                       : "output_text",
             done ? "done" : "delta");
    event_begin(r, &w, type, number);
    jsonw_str(&w, "item_id", item_id(a));
    jsonw_int(&w, "output_index", 0);
    if (!call)
        jsonw_int(&w, "content_index", 0);
    jsonw_strn(&w,
               !done     ? "delta"
               : call    ? "arguments"
               : refused ? "refusal"
                         : "text",
               a->text.data + start, end - start);
    if (!call && !refused) {
        jsonw_arr(&w, "logprobs");
        for (size_t i = from; ask->logprobs && i < to; i++)
            openai_logprob(&w, a, &a->token[i], ask->top_logprobs);
        jsonw_end(&w);
    }
    event_end(r, &w);
}

static void streamed(struct reply *r, const struct ask *ask, const struct answer *a)
{
    int number = 0;
    r->stream = true;
    r->type = "text/event-stream; charset=utf-8";
    event_response(r, "response.created", ask, a, true, &number);
    event_response(r, "response.in_progress", ask, a, true, &number);
    event_frame(r, ask, a, true, &number);
    reply_step(r, 0);
    for (size_t from = 0; from < a->tokens; from += CHUNK_TOKENS) {
        size_t to = from + CHUNK_TOKENS < a->tokens ? from + CHUNK_TOKENS : a->tokens;
        event_text(r, ask, a, from, to, &number);
        reply_step(r, a->token_ms * (double)(to - from) + (from ? 0 : a->first_ms));
    }
    event_text(r, ask, a, 0, 0, &number);
    event_frame(r, ask, a, false, &number);
    event_response(r, a->finish == FINISH_LENGTH ? "response.incomplete" : "response.completed",
                   ask, a, false, &number);
    reply_step(r, 0);
}

void openai_responses(struct call *c)
{
    struct json *body = NULL;
    if (!call_json(c, &body))
        return;
    struct ask ask;
    ask_init(&ask);
    const char *name = json_str(json_get(body, "model"));
    ask.q.model = name ? models_find(&c->sim->models, PROTO_OPENAI, name) : NULL;
    if (!ask.q.model) {
        reply_error(c, name ? 404 : 400, name ? "model_not_found" : "missing_required_parameter",
                    "model", "The model '%.100s' does not exist.", name ? name : "");
    } else if (read_input(c, body, &ask) && read_options(c, body, &ask)) {
        struct answer a;
        ask_find(c->sim, &ask);
        c->reply.asked = hash64(ask.q.model->name, strlen(ask.q.model->name), ask.q.hash) | 1;
        ask.q.sample = asked_count(c->sim->stats, c->reply.asked); /* there is no seed */
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
