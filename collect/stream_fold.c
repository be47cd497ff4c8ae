/* OpenAI's chunks, the events of Responses and of Anthropic, Gemini's partial bodies. Errors in the
 * middle were seen before by stream.c.
 */
#include "collect/stream_fold.h"

#include "collect/adapter.h"
#include "core/jsonw.h"

#include <stdio.h>
#include <string.h>

void fold_init(struct fold *f)
{
    *f = (struct fold){0};
    struct buf *all[] = {&f->text,  &f->refusal,  &f->finish,       &f->model,
                         &f->usage, &f->logprobs, &f->alternatives, &f->others};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], 0);
}

void fold_deinit(struct fold *f)
{
    struct buf *all[] = {&f->text,  &f->refusal,  &f->finish,       &f->model,
                         &f->usage, &f->logprobs, &f->alternatives, &f->others};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_deinit(all[i]);
    for (size_t i = 0; i < f->tools.n; i++) {
        buf_deinit(&f->tools.v[i].name);
        buf_deinit(&f->tools.v[i].arguments);
    }
    VEC_FREE(&f->tools);
}

static void set(struct buf *b, const char *s)
{
    if (!s)
        return;
    buf_clear(b);
    buf_adds(b, s);
}

static void set_json(struct buf *b, const struct json *j)
{
    if (json_type(j) <= JSON_NULL)
        return;
    buf_clear(b);
    json_write(b, j);
}

static void append(struct buf *b, const struct json *s)
{
    if (json_str(s))
        buf_adds(b, json_str(s));
}

static void append_members(struct buf *b, const struct json *list)
{
    for (const struct json *t = json_first(list); t; t = json_next(t)) {
        if (b->len)
            buf_addc(b, ',');
        json_write(b, t);
    }
}

/* Once each: they stand in every chunk. */
static void keep_other(struct fold *f, const struct json *body, const char *key)
{
    const struct json *j = json_get(body, key);
    char quoted[64];
    snprintf(quoted, sizeof quoted, ",\"%s\":", key);
    if (json_type(j) <= JSON_NULL || strstr(f->others.data, quoted))
        return;
    buf_adds(&f->others, quoted);
    json_write(&f->others, j);
}

static struct fold_tool *tool_at(struct fold *f, int64_t index)
{
    for (size_t i = 0; i < f->tools.n; i++)
        if (f->tools.v[i].index == index)
            return &f->tools.v[i];
    struct fold_tool t = {.index = index};
    buf_init(&t.name, 0);
    buf_init(&t.arguments, 0);
    VEC_PUSH(&f->tools, t);
    return &f->tools.v[f->tools.n - 1];
}

static int64_t index_of(const struct json *j)
{
    int64_t i = 0;
    json_int64(json_get(j, "index"), &i);
    return i;
}

/* --- OpenAI chat --------------------------------------------------------------------------------
 */
static void openai_add(struct fold *f, const struct json *j)
{
    const struct json *choice = json_first(json_get(j, "choices"));
    const struct json *delta = json_get(choice, "delta"), *l = json_get(choice, "logprobs");
    adapter_text(&f->text, json_get(delta, "content"));
    append(&f->refusal, json_get(delta, "refusal"));
    for (const struct json *t = json_first(json_get(delta, "tool_calls")); t; t = json_next(t)) {
        struct fold_tool *tool = tool_at(f, index_of(t));
        append(&tool->name, json_path(t, "function.name"));
        append(&tool->arguments, json_path(t, "function.arguments"));
    }
    append_members(&f->logprobs, json_get(l, "content"));
    append_members(&f->logprobs, json_get(l, "refusal"));
    set(&f->finish, json_str(json_get(choice, "finish_reason")));
    set(&f->model, json_str(json_get(j, "model")));
    set_json(&f->usage, json_get(j, "usage"));
    set_json(&f->usage, json_path(j, "x_groq.usage"));
    keep_other(f, j, "system_fingerprint");
    keep_other(f, j, "service_tier");
    keep_other(f, j, "timings");
    /* Not all hosts close with [DONE]; the last thing they tell is what was used. */
    f->ended = f->ended || (f->finish.len && f->usage.len);
}

static void write_word(struct jsonw *w, const char *key, const struct buf *b)
{
    if (b->len)
        jsonw_strn(w, key, b->data, b->len);
}

static void openai_write(struct fold *f, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "object", "chat.completion");
    write_word(&w, "model", &f->model);
    jsonw_arr(&w, "choices");
    jsonw_obj(&w, NULL);
    jsonw_obj(&w, "message");
    jsonw_strn(&w, "content", f->text.data, f->text.len);
    write_word(&w, "refusal", &f->refusal);
    if (f->tools.n)
        jsonw_arr(&w, "tool_calls");
    for (size_t i = 0; i < f->tools.n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_obj(&w, "function");
        jsonw_strn(&w, "name", f->tools.v[i].name.data, f->tools.v[i].name.len);
        jsonw_strn(&w, "arguments", f->tools.v[i].arguments.data, f->tools.v[i].arguments.len);
        jsonw_end(&w);
        jsonw_end(&w);
    }
    if (f->tools.n)
        jsonw_end(&w);
    jsonw_end(&w);
    write_word(&w, "finish_reason", &f->finish);
    if (f->logprobs.len) {
        jsonw_obj(&w, "logprobs");
        buf_adds(out, "\"content\":[");
        buf_add(out, f->logprobs.data, f->logprobs.len);
        buf_addc(out, ']');
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    if (f->usage.len)
        jsonw_raw(&w, "usage", f->usage.data);
    buf_add(out, f->others.data, f->others.len);
    jsonw_end(&w);
}

static bool has_words(const struct json *s)
{
    return json_str(s) && *json_str(s);
}

static bool openai_text(const struct json *j)
{
    const struct json *delta = json_path(j, "choices[0].delta");
    struct buf b = BUF_INIT(0);
    adapter_text(&b, json_get(delta, "content"));
    bool some = b.len > 0 || has_words(json_get(delta, "refusal"));
    buf_deinit(&b);
    return some;
}

const struct stream_format stream_openai = {
    "openai", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}", openai_add,
    openai_write, openai_text};

/* --- OpenAI Responses: the last event holds the whole ------------------------------------------
 */
static void responses_add(struct fold *f, const struct json *j)
{
    const char *type = json_str(json_get(j, "type"));
    if (type &&
        (strcmp(type, "response.completed") == 0 || strcmp(type, "response.incomplete") == 0 ||
         strcmp(type, "response.failed") == 0)) {
        set_json(&f->others, json_get(j, "response"));
        f->ended = f->done = f->others.len > 0;
    }
}

static void responses_write(struct fold *f, struct buf *out)
{
    buf_add(out, f->others.data, f->others.len);
}

static bool responses_text(const struct json *j)
{
    const char *type = json_str(json_get(j, "type"));
    return type &&
           (strcmp(type, "response.output_text.delta") == 0 ||
            strcmp(type, "response.refusal.delta") == 0) &&
           has_words(json_get(j, "delta"));
}

const struct stream_format stream_responses = {"openai-responses", ",\"stream\":true",
                                               responses_add, responses_write, responses_text};

/* --- Anthropic ----------------------------------------------------------------------------------
 */
/* Counts of later events are totals: they replace, they are not added. Null is no count. */
static void merge_usage(struct fold *f, const struct json *now)
{
    struct json *before = NULL;
    struct err e = {0};
    struct buf merged = BUF_INIT(0), one = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&merged);
    if (json_type(now) != JSON_OBJECT)
        return;
    if (f->usage.len && json_parse(f->usage.data, f->usage.len, &before, &e))
        before = NULL;
    jsonw_obj(&w, NULL);
    for (const struct json *p = json_first(now); p; p = json_next(p)) {
        buf_clear(&one);
        json_write(&one, p);
        if (json_type(p) > JSON_NULL)
            jsonw_raw(&w, json_key(p), one.data);
    }
    for (const struct json *p = json_first(before); p; p = json_next(p)) {
        buf_clear(&one);
        json_write(&one, p);
        if (json_type(json_get(now, json_key(p))) <= JSON_NULL)
            jsonw_raw(&w, json_key(p), one.data);
    }
    jsonw_end(&w);
    set(&f->usage, merged.data);
    buf_deinit(&merged);
    buf_deinit(&one);
    json_free(before);
}

static void anthropic_add(struct fold *f, const struct json *j)
{
    const char *type = json_str(json_get(j, "type"));
    const struct json *delta = json_get(j, "delta"), *block = json_get(j, "content_block");
    const char *kind = json_str(json_get(block ? block : delta, "type"));
    if (!type)
        return;
    if (strcmp(type, "message_start") == 0) {
        set(&f->model, json_str(json_path(j, "message.model")));
        merge_usage(f, json_path(j, "message.usage"));
    } else if (strcmp(type, "content_block_start") == 0 && kind) {
        if (strcmp(kind, "tool_use") == 0)
            append(&tool_at(f, index_of(j))->name, json_get(block, "name"));
        else if (strcmp(kind, "text") == 0)
            append(&f->text, json_get(block, "text"));
    } else if (strcmp(type, "content_block_delta") == 0 && kind) {
        if (strcmp(kind, "text_delta") == 0)
            append(&f->text, json_get(delta, "text"));
        else if (strcmp(kind, "input_json_delta") == 0)
            append(&tool_at(f, index_of(j))->arguments, json_get(delta, "partial_json"));
    } else if (strcmp(type, "message_delta") == 0) {
        set(&f->finish, json_str(json_get(delta, "stop_reason")));
        merge_usage(f, json_get(j, "usage"));
    } else if (strcmp(type, "message_stop") == 0) {
        f->ended = f->done = true;
    }
}

static void anthropic_write(struct fold *f, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "type", "message");
    write_word(&w, "model", &f->model);
    jsonw_arr(&w, "content");
    if (f->text.len) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "type", "text");
        write_word(&w, "text", &f->text);
        jsonw_end(&w);
    }
    for (size_t i = 0; i < f->tools.n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "type", "tool_use");
        jsonw_strn(&w, "name", f->tools.v[i].name.data, f->tools.v[i].name.len);
        jsonw_strn(&w, "input", f->tools.v[i].arguments.data, f->tools.v[i].arguments.len);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    write_word(&w, "stop_reason", &f->finish);
    if (f->usage.len)
        jsonw_raw(&w, "usage", f->usage.data);
    jsonw_end(&w);
}

static bool anthropic_text(const struct json *j)
{
    return has_words(json_path(j, "delta.text")) || has_words(json_path(j, "content_block.text"));
}

const struct stream_format stream_anthropic = {"anthropic", ",\"stream\":true", anthropic_add,
                                               anthropic_write, anthropic_text};

/* --- Gemini -------------------------------------------------------------------------------------
 */
static void gemini_add(struct fold *f, const struct json *j)
{
    const struct json *candidate = json_first(json_get(j, "candidates"));
    const struct json *l = json_get(candidate, "logprobsResult");
    for (const struct json *p = json_first(json_path(candidate, "content.parts")); p;
         p = json_next(p)) {
        const struct json *call = json_get(p, "functionCall");
        if (!json_bool(json_get(p, "thought"), false))
            append(&f->text, json_get(p, "text"));
        if (call)
            json_write(&tool_at(f, (int64_t)f->tools.n)->arguments, call);
    }
    append_members(&f->logprobs, json_get(l, "chosenCandidates"));
    append_members(&f->alternatives, json_get(l, "topCandidates"));
    set(&f->finish, json_str(json_get(candidate, "finishReason")));
    set(&f->model, json_str(json_get(j, "modelVersion")));
    set_json(&f->usage, json_get(j, "usageMetadata"));
    keep_other(f, j, "promptFeedback");
    f->ended = f->ended || f->finish.len || json_str(json_path(j, "promptFeedback.blockReason"));
}

static void gemini_write(struct fold *f, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    if (f->finish.len) {
        jsonw_arr(&w, "candidates");
        jsonw_obj(&w, NULL);
        jsonw_obj(&w, "content");
        jsonw_arr(&w, "parts");
        jsonw_obj(&w, NULL);
        jsonw_strn(&w, "text", f->text.data, f->text.len);
        jsonw_end(&w);
        for (size_t i = 0; i < f->tools.n; i++) {
            jsonw_obj(&w, NULL);
            jsonw_raw(&w, "functionCall", f->tools.v[i].arguments.data);
            jsonw_end(&w);
        }
        jsonw_end(&w);
        jsonw_end(&w);
        write_word(&w, "finishReason", &f->finish);
        if (f->logprobs.len) {
            jsonw_obj(&w, "logprobsResult");
            buf_addf(out, "\"chosenCandidates\":[%s],\"topCandidates\":[%s]", f->logprobs.data,
                     f->alternatives.data);
            jsonw_end(&w);
        }
        jsonw_end(&w);
        jsonw_end(&w);
    }
    jsonw_str(&w, "modelVersion", f->model.data);
    if (f->usage.len)
        jsonw_raw(&w, "usageMetadata", f->usage.data);
    buf_add(out, f->others.data, f->others.len);
    jsonw_end(&w);
}

static bool gemini_text(const struct json *j)
{
    for (const struct json *p = json_first(json_path(j, "candidates[0].content.parts")); p;
         p = json_next(p))
        if (has_words(json_get(p, "text")) && !json_bool(json_get(p, "thought"), false))
            return true;
    return false;
}

const struct stream_format stream_gemini = {"gemini", NULL, gemini_add, gemini_write, gemini_text};
