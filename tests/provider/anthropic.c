/* Anthropic messages: reading the request, and its two kinds of reply. The protocol has no seed:
 * the sample is how often the prompt was answered to the last byte. */
#include "tests/provider/server.h"

#include "core/hash.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK_TOKENS = 4 };

static bool read_message(struct call *c, const struct json *m, size_t i, struct ask *a)
{
    const char *role = json_str(json_get(m, "role"));
    bool user = role && !strcmp(role, "user");
    if (!user && !(role && !strcmp(role, "assistant"))) {
        reply_error(c, 400, NULL, NULL,
                    "messages: Unexpected role \"%.40s\". The Messages API accepts \"user\" and "
                    "\"assistant\"; the system "
                    "text is a top-level parameter.",
                    role ? role : "");
        return false;
    }
    struct buf text = BUF_INIT(0);
    bool ok = content_text(json_get(m, "content"), &text);
    bool blocks = json_type(json_get(m, "content")) == JSON_ARRAY;
    if (ok && !text.len && !(blocks && json_count(json_get(m, "content"))))
        ok = false;
    const char *type = json_str(json_get(json_first(json_get(m, "content")), "type"));
    a->resulted = blocks && type && strcmp(type, "tool_result") == 0;
    if (!ok)
        reply_error(c, 400, NULL, NULL, "messages.%zu: all messages must have non-empty content",
                    i);
    a->prompt_tokens += 4 + tokens_count(text.data);
    if (user && text.len) {
        buf_clear(&a->user);
        buf_add(&a->user, text.data, text.len);
    }
    buf_deinit(&text);
    return ok;
}

static bool read_messages(struct call *c, const struct json *body, struct ask *a)
{
    const struct json *messages = json_get(body, "messages"), *system = json_get(body, "system");
    if (json_type(messages) != JSON_ARRAY) {
        reply_error(c, 400, NULL, NULL, "messages: Field required");
        return false;
    }
    if (json_count(messages) == 0) {
        reply_error(c, 400, NULL, NULL, "messages: at least one message is required");
        return false;
    }
    if (json_type(system) > JSON_NULL && !content_text(system, &a->system)) {
        reply_error(c, 400, NULL, NULL,
                    "system: Input should be a valid string or a list of text blocks");
        return false;
    }
    a->prompt_tokens = 3 + tokens_count(a->system.data);
    size_t i = 0;
    for (const struct json *m = json_first(messages); m; m = json_next(m))
        if (!read_message(c, m, i++, a))
            return false;
    return true;
}

static bool read_request(struct call *c, const struct json *body, struct ask *a)
{
    const char *name = json_str(json_get(body, "model"));
    if (!c->header(c, "anthropic-version")) {
        reply_error(c, 400, NULL, NULL, "anthropic-version: header is required");
        return false;
    }
    if (!name || !*name) {
        reply_error(c, 400, NULL, NULL, "model: Field required");
        return false;
    }
    a->q.model = models_find(&c->sim->models, PROTO_ANTHROPIC, name);
    if (!a->q.model) {
        reply_error(c, 404, NULL, NULL, "model: %.100s", name);
        return false;
    }
    if (json_type(json_get(body, "max_tokens")) <= JSON_NULL) {
        reply_error(c, 400, NULL, NULL, "max_tokens: Field required");
        return false;
    }
    return want_int(c, body, "max_tokens", 1, INT32_MAX, &a->q.max_tokens) &&
           want_num(c, body, "temperature", 0, 1, &a->q.temperature) &&
           want_bool(c, body, "stream", &a->stream) && read_messages(c, body, a);
}

static void read_tools(const struct json *body, struct ask *a)
{
    const struct json *choice = json_get(body, "tool_choice");
    const char *type = json_str(json_get(choice, "type"));
    if (a->resulted || (type && strcmp(type, "none") == 0))
        return;
    for (const struct json *t = json_first(json_get(body, "tools")); t; t = json_next(t))
        ask_offer(a, json_str(json_get(t, "name")), json_get(t, "input_schema"),
                  json_str(json_get(choice, "name")));
}

static const char *stop_reason(const struct answer *a)
{
    return a->finish == FINISH_LENGTH    ? "max_tokens"
           : a->finish == FINISH_REFUSAL ? "refusal"
           : a->finish == FINISH_TOOL    ? "tool_use"
                                         : "end_turn";
}

/* output < 0: the counts known at the end of a stream only are left out. */
static void write_usage(struct jsonw *w, const struct ask *ask, const struct answer *a, bool start)
{
    jsonw_obj(w, "usage");
    jsonw_int(w, "input_tokens", (int64_t)ask->prompt_tokens);
    jsonw_int(w, "cache_creation_input_tokens", 0);
    jsonw_int(w, "cache_read_input_tokens", 0);
    jsonw_obj(w, "cache_creation");
    jsonw_int(w, "ephemeral_5m_input_tokens", 0);
    jsonw_int(w, "ephemeral_1h_input_tokens", 0);
    jsonw_end(w);
    jsonw_int(w, "output_tokens", start ? 1 : (int64_t)(a->tokens + a->reasoning));
    if (!start && ask->q.model->reasoning > 0) {
        jsonw_obj(w, "output_tokens_details");
        jsonw_int(w, "thinking_tokens", (int64_t)a->reasoning);
        jsonw_end(w);
    }
    jsonw_str(w, "service_tier", "standard");
    jsonw_end(w);
}

static void write_block(struct jsonw *w, const char *key, const struct ask *ask,
                        const struct answer *a, bool start)
{
    char id[40];
    bool call = a->finish == FINISH_TOOL;
    snprintf(id, sizeof id, "toolu_sim%016llx", (unsigned long long)ask->q.hash);
    jsonw_obj(w, key);
    jsonw_str(w, "type", call ? "tool_use" : "text");
    if (call) {
        jsonw_str(w, "id", id);
        jsonw_str(w, "name", ask->tool.data);
        jsonw_raw(w, "input", start ? "{}" : a->text.data);
    } else {
        jsonw_str(w, "text", start ? "" : a->text.data);
    }
    jsonw_end(w);
}

/* The message without its closing brace's content: shared by the whole reply and message_start. */
static void write_message(struct jsonw *w, const char *key, const struct ask *ask,
                          const struct answer *a, bool start)
{
    char id[48];
    snprintf(id, sizeof id, "msg_sim%016llx%04llx", (unsigned long long)ask->q.hash,
             (unsigned long long)(ask->q.sample & 0xffff));
    jsonw_obj(w, key);
    jsonw_str(w, "id", id);
    jsonw_str(w, "type", "message");
    jsonw_str(w, "role", "assistant");
    jsonw_str(w, "model", ask->q.model->name);
    jsonw_arr(w, "content");
    if (!start && a->text.len)
        write_block(w, NULL, ask, a, false);
    jsonw_end(w);
    jsonw_str(w, "stop_reason", start ? NULL : stop_reason(a));
    jsonw_null(w, "stop_sequence");
    write_usage(w, ask, a, start);
    jsonw_end(w);
}

static struct jsonw event(struct reply *r, const char *name)
{
    buf_addf(&r->body, "event: %s\ndata: ", name);
    struct jsonw w = JSONW_INIT(&r->body);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "type", name);
    return w;
}

static void event_end(struct reply *r, struct jsonw *w)
{
    jsonw_end(w);
    buf_adds(&r->body, "\n\n");
}

static void stream_block(struct reply *r, const struct ask *ask, const struct answer *a)
{
    bool call = a->finish == FINISH_TOOL;
    struct jsonw w = event(r, "content_block_start");
    jsonw_int(&w, "index", 0);
    write_block(&w, "content_block", ask, a, true);
    event_end(r, &w);
    w = event(r, "ping");
    event_end(r, &w);
    reply_step(r, 0);
    for (size_t from = 0; from < a->tokens; from += CHUNK_TOKENS) {
        size_t to = from + CHUNK_TOKENS < a->tokens ? from + CHUNK_TOKENS : a->tokens;
        size_t start = a->token[from].start, end = a->token[to - 1].start + a->token[to - 1].len;
        w = event(r, "content_block_delta");
        jsonw_int(&w, "index", 0);
        jsonw_obj(&w, "delta");
        jsonw_str(&w, "type", call ? "input_json_delta" : "text_delta");
        jsonw_strn(&w, call ? "partial_json" : "text", a->text.data + start, end - start);
        jsonw_end(&w);
        event_end(r, &w);
        reply_step(r, a->token_ms * (double)(to - from) + (from ? 0 : a->first_ms));
    }
    w = event(r, "content_block_stop");
    jsonw_int(&w, "index", 0);
    event_end(r, &w);
}

static void streamed(struct reply *r, const struct ask *ask, const struct answer *a)
{
    r->stream = true;
    r->type = "text/event-stream; charset=utf-8";
    struct jsonw w = event(r, "message_start");
    write_message(&w, "message", ask, a, true);
    event_end(r, &w);
    if (a->tokens)
        stream_block(r, ask, a);
    w = event(r, "message_delta");
    jsonw_obj(&w, "delta");
    jsonw_str(&w, "stop_reason", stop_reason(a));
    jsonw_null(&w, "stop_sequence");
    jsonw_end(&w);
    write_usage(&w, ask, a, false);
    event_end(r, &w);
    w = event(r, "message_stop");
    event_end(r, &w);
    reply_step(r, a->tokens ? 0 : a->first_ms);
}

void anthropic_messages(struct call *c)
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
        c->reply.asked = hash64(ask.q.model->name, strlen(ask.q.model->name), ask.q.hash) | 1;
        ask.q.sample = asked_count(c->sim->stats, c->reply.asked);
        answer_make(c->sim->traffic, c->sim->seed, &ask.q, &a);
        answer_call(&ask, &a);
        if (ask.stream) {
            streamed(&c->reply, &ask, &a);
        } else {
            struct jsonw w = JSONW_INIT(&c->reply.body);
            write_message(&w, NULL, &ask, &a, false);
            reply_step(&c->reply, answer_total_ms(&a));
        }
        reply_counts(&c->reply, &ask, &a);
        answer_deinit(&a);
    }
    ask_deinit(&ask);
    json_free(body);
}

void anthropic_models(struct call *c)
{
    struct jsonw w = JSONW_INIT(&c->reply.body);
    jsonw_obj(&w, NULL);
    jsonw_arr(&w, "data");
    const char *first = NULL, *last = NULL;
    for (size_t i = 0; i < c->sim->models.n; i++) {
        const struct sim_model *m = &c->sim->models.v[i];
        if (m->protocol != PROTO_ANTHROPIC)
            continue;
        first = first ? first : m->name;
        last = m->name;
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "type", "model");
        jsonw_str(&w, "id", m->name);
        jsonw_str(&w, "display_name", m->name);
        jsonw_str(&w, "created_at", "2026-01-05T00:00:00Z");
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_bool(&w, "has_more", false);
    jsonw_str(&w, "first_id", first);
    jsonw_str(&w, "last_id", last);
    jsonw_end(&w);
    reply_step(&c->reply, 0);
}
