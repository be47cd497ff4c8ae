/* Gemini generateContent: reading the request, and its two kinds of reply. */
#include "tests/provider/server.h"

#include "core/mem.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK_TOKENS = 8 };

/* A member under its JSON name, or under the name of the protocol buffer's field. */
static const struct json *member(const struct json *object, const char *name, const char *field)
{
    const struct json *v = json_get(object, name);
    return v ? v : json_get(object, field);
}

static bool read_contents(struct call *c, const struct json *body, struct ask *a)
{
    const struct json *contents = json_get(body, "contents");
    const struct json *system = member(body, "systemInstruction", "system_instruction");
    if (json_type(contents) != JSON_ARRAY || json_count(contents) == 0) {
        reply_error(c, 400, NULL, NULL,
                    "* GenerateContentRequest.contents: contents is not specified");
        return false;
    }
    if (system)
        content_text(json_get(system, "parts"), &a->system);
    a->prompt_tokens = tokens_count(a->system.data);
    size_t i = 0;
    for (const struct json *m = json_first(contents); m; m = json_next(m), i++) {
        const char *role = json_str(json_get(m, "role"));
        struct buf text = BUF_INIT(0);
        bool known = !role || !strcmp(role, "user") || !strcmp(role, "model");
        bool ok = known && json_type(json_get(m, "parts")) == JSON_ARRAY &&
                  content_text(json_get(m, "parts"), &text);
        if (!known)
            reply_error(c, 400, NULL, NULL, "Please use a valid role: user, model.");
        else if (!ok)
            reply_error(
                c, 400, NULL, NULL,
                "* GenerateContentRequest.contents[%zu].parts: contents.parts must not be empty.",
                i);
        a->prompt_tokens += 1 + tokens_count(text.data);
        a->resulted = json_get(json_first(json_get(m, "parts")), "functionResponse") != NULL;
        if ((!role || !strcmp(role, "user")) && text.len) {
            buf_clear(&a->user);
            buf_add(&a->user, text.data, text.len);
        }
        buf_deinit(&text);
        if (!ok)
            return false;
    }
    return true;
}

static void read_tools(const struct json *body, struct ask *a)
{
    const struct json *how = json_path(body, "toolConfig.functionCallingConfig");
    const char *mode = json_str(json_get(how, "mode"));
    const char *wanted = json_str(json_first(json_get(how, "allowedFunctionNames")));
    if (a->resulted || (mode && strcmp(mode, "NONE") == 0))
        return;
    for (const struct json *t = json_first(json_get(body, "tools")); t; t = json_next(t)) {
        const struct json *list = member(t, "functionDeclarations", "function_declarations");
        for (const struct json *f = json_first(list); f; f = json_next(f)) {
            const struct json *schema = member(f, "parametersJsonSchema", "parameters");
            ask_offer(a, json_str(json_get(f, "name")), schema, wanted);
        }
    }
}

static bool read_config(struct call *c, const struct json *body, struct ask *a)
{
    const struct json *g = member(body, "generationConfig", "generation_config");
    int64_t seed = INT64_MIN, n = 1;
    bool ok =
        want_num(c, g, "temperature", 0, 2, &a->q.temperature) &&
        want_int(c, g, json_get(g, "max_output_tokens") ? "max_output_tokens" : "maxOutputTokens",
                 1, INT32_MAX, &a->q.max_tokens) &&
        want_int(c, g, json_get(g, "candidate_count") ? "candidate_count" : "candidateCount", 1, 1,
                 &n) &&
        want_int(c, g, "seed", INT32_MIN, INT32_MAX, &seed) &&
        want_bool(c, g, json_get(g, "response_logprobs") ? "response_logprobs" : "responseLogprobs",
                  &a->logprobs) &&
        want_int(c, g, "logprobs", 0, 20, &a->top_logprobs);
    if (ok && a->top_logprobs && !a->logprobs) {
        reply_error(c, 400, NULL, NULL,
                    "* GenerateContentRequest.generation_config.logprobs: needs response_logprobs");
        return false;
    }
    a->q.sample = seed == INT64_MIN ? 0 : (uint64_t)seed;
    return ok;
}

static void write_token(struct jsonw *w, const char *s, size_t len, double logprob)
{
    jsonw_obj(w, NULL);
    jsonw_strn(w, "token", s, len);
    jsonw_int(w, "tokenId", (int64_t)(unsigned char)*s * 997 + (int64_t)len);
    jsonw_fix(w, "logProbability", logprob, 6);
    jsonw_end(w);
}

static void write_logprobs(struct jsonw *w, const struct ask *ask, const struct answer *a)
{
    static const char *const others[] = {" the", ",",   "\n", " a", "0",   "1", ".",
                                         " I",   "A",   "B",  "2",  " is", "{", "The",
                                         " no",  " to", "-",  ":",  " of", "5"};
    double sum = 0;
    for (size_t i = 0; i < a->tokens; i++)
        sum += a->token[i].logprob;
    jsonw_num(w, "avgLogprobs", a->tokens ? sum / (double)a->tokens : 0);
    jsonw_obj(w, "logprobsResult");
    jsonw_arr(w, "topCandidates");
    for (size_t i = 0; i < a->tokens && ask->top_logprobs; i++) {
        double next = a->token[i].logprob;
        jsonw_obj(w, NULL);
        jsonw_arr(w, "candidates");
        write_token(w, a->text.data + a->token[i].start, a->token[i].len, next);
        for (int64_t k = 1; k < ask->top_logprobs; k++) {
            next = (next < -1.0 ? next : -1.0) - 0.7;
            write_token(w, others[k], strlen(others[k]), next);
        }
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_arr(w, "chosenCandidates");
    for (size_t i = 0; i < a->tokens; i++)
        write_token(w, a->text.data + a->token[i].start, a->token[i].len, a->token[i].logprob);
    jsonw_end(w);
    jsonw_end(w);
}

static void write_usage(struct jsonw *w, const struct ask *ask, const struct answer *a,
                        size_t so_far)
{
    int64_t input = (int64_t)ask->prompt_tokens, output = (int64_t)so_far,
            thought = (int64_t)a->reasoning;
    jsonw_obj(w, "usageMetadata");
    jsonw_int(w, "promptTokenCount", input);
    if (so_far)
        jsonw_int(w, "candidatesTokenCount", output);
    if (thought)
        jsonw_int(w, "thoughtsTokenCount", thought);
    jsonw_int(w, "totalTokenCount", input + output + thought);
    jsonw_arr(w, "promptTokensDetails");
    jsonw_obj(w, NULL);
    jsonw_str(w, "modality", "TEXT");
    jsonw_int(w, "tokenCount", input);
    jsonw_end(w);
    jsonw_end(w);
    jsonw_end(w);
}

/* One reply object with the tokens from..to; last: with the finish reason. */
static void write_reply(struct reply *r, const struct ask *ask, const struct answer *a, size_t from,
                        size_t to, bool last)
{
    static const char *const reasons[] = {"STOP", "MAX_TOKENS", "SAFETY", "STOP"};
    char id[32];
    bool blocked = a->finish == FINISH_REFUSAL;
    size_t start = to > from ? a->token[from].start : 0;
    size_t end = to > from ? a->token[to - 1].start + a->token[to - 1].len : 0;
    struct jsonw w = JSONW_INIT(&r->body);
    jsonw_obj(&w, NULL);
    jsonw_arr(&w, "candidates");
    jsonw_obj(&w, NULL);
    if (!blocked) { /* a candidate stopped for safety comes without content */
        jsonw_obj(&w, "content");
        if (end > start) {
            jsonw_arr(&w, "parts");
            jsonw_obj(&w, NULL);
            if (a->finish == FINISH_TOOL) {
                jsonw_obj(&w, "functionCall");
                jsonw_str(&w, "name", ask->tool.data);
                jsonw_raw(&w, "args", a->text.data);
                jsonw_end(&w);
            } else {
                jsonw_strn(&w, "text", a->text.data + start, end - start);
            }
            jsonw_end(&w);
            jsonw_end(&w);
        }
        jsonw_str(&w, "role", "model");
        jsonw_end(&w);
    }
    if (last)
        jsonw_str(&w, "finishReason", reasons[a->finish]);
    jsonw_int(&w, "index", 0);
    if (last && ask->logprobs && !blocked && a->finish != FINISH_TOOL)
        write_logprobs(&w, ask, a);
    jsonw_end(&w);
    jsonw_end(&w);
    write_usage(&w, ask, a, to);
    jsonw_str(&w, "modelVersion", ask->q.model->name);
    snprintf(id, sizeof id, "sim%016llx", (unsigned long long)ask->q.hash);
    jsonw_str(&w, "responseId", id);
    jsonw_end(&w);
}

/* Events with ?alt=sse, else one JSON array of the same objects. */
static void streamed(struct reply *r, const struct ask *ask, const struct answer *a, bool sse)
{
    r->stream = true;
    r->type = sse ? "text/event-stream" : "application/json";
    size_t from = 0;
    do {
        size_t each = a->finish == FINISH_TOOL ? a->tokens : CHUNK_TOKENS; /* a call comes whole */
        size_t to = from + each < a->tokens ? from + each : a->tokens;
        buf_adds(&r->body, sse ? "data: " : from ? ",\r\n" : "[");
        write_reply(r, ask, a, from, to, to == a->tokens);
        buf_adds(&r->body, sse ? "\r\n\r\n" : to == a->tokens ? "]" : "");
        reply_step(r, a->token_ms * (double)(to - from) + (from ? 0 : a->first_ms));
        from = to;
    } while (from < a->tokens);
}

void gemini_generate(struct call *c, const char *model, size_t model_len, bool stream)
{
    struct json *body = NULL;
    struct answer a;
    struct ask ask;
    AUTO_FREE char *name = mem_strndup(model, model_len);
    if (!call_json(c, &body))
        return;
    ask_init(&ask);
    ask.stream = stream;
    ask.q.model = models_find(&c->sim->models, PROTO_GEMINI, name);
    if (!ask.q.model) {
        reply_error(c, 404, NULL, NULL,
                    "models/%.100s is not found for API version v1beta, or is not supported for "
                    "generateContent.",
                    name);
    } else if (read_contents(c, body, &ask) && read_config(c, body, &ask)) {
        const char *alt = c->argument(c, "alt");
        ask_find(c->sim, &ask);
        read_tools(body, &ask);
        answer_make(c->sim->traffic, c->sim->seed, &ask.q, &a);
        answer_call(&ask, &a);
        if (stream) {
            streamed(&c->reply, &ask, &a, alt && !strcmp(alt, "sse"));
        } else {
            write_reply(&c->reply, &ask, &a, 0, a.tokens, true);
            reply_step(&c->reply, answer_total_ms(&a));
        }
        reply_counts(&c->reply, &ask, &a);
        answer_deinit(&a);
    }
    ask_deinit(&ask);
    json_free(body);
}

void gemini_models(struct call *c)
{
    char full[128];
    struct jsonw w = JSONW_INIT(&c->reply.body);
    jsonw_obj(&w, NULL);
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < c->sim->models.n; i++) {
        const struct sim_model *m = &c->sim->models.v[i];
        if (m->protocol != PROTO_GEMINI)
            continue;
        snprintf(full, sizeof full, "models/%s", m->name);
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", full);
        jsonw_str(&w, "displayName", m->name);
        jsonw_int(&w, "inputTokenLimit", 1048576);
        jsonw_int(&w, "outputTokenLimit", 65536);
        jsonw_arr(&w, "supportedGenerationMethods");
        jsonw_str(&w, NULL, "generateContent");
        jsonw_end(&w);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    reply_step(&c->reply, 0);
}
