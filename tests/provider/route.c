/* Which endpoint answers, whether the key is right, which error is injected, and the headers that
 * every reply of a protocol carries. */
#include "tests/provider/server.h"

#include "core/clock.h"
#include "core/hash.h"

#include <stdio.h>
#include <string.h>

enum { REQUESTS_PER_MINUTE = 60000, TOKENS_PER_MINUTE = 60000000 };

enum endpoint {
    END_NONE,
    END_CHAT,
    END_RESPONSES,
    END_MESSAGES,
    END_GENERATE,
    END_STREAM_GENERATE,
    END_EMBEDDINGS,
    END_MODELS,
    END_MODEL,
    END_GEMINI_MODELS,
    END_STATS,
    END_UPLOAD,
    END_DOWNLOAD,
    END_BATCH,
    END_BATCH_LOOK,
    END_MESSAGE_BATCH,
    END_MESSAGE_BATCH_LOOK,
};

struct target {
    enum endpoint end;
    const char *name; /* a model's, within the path; not NUL-terminated for Gemini */
    size_t name_len;
    bool post;
};

static const char gemini_prefix[] = "/v1beta/models/";

static struct target find_gemini(const char *url)
{
    const char *model = url + strlen(gemini_prefix), *colon = strrchr(model, ':');
    struct target t = {
        .name = model, .name_len = colon ? (size_t)(colon - model) : strlen(model), .post = true};
    if (colon && !strcmp(colon, ":generateContent"))
        t.end = END_GENERATE;
    else if (colon && !strcmp(colon, ":streamGenerateContent"))
        t.end = END_STREAM_GENERATE;
    return t;
}

static struct target find_target(const char *url)
{
    static const struct {
        const char *path;
        enum endpoint end;
        bool post;
    } paths[] = {
        {"/v1/chat/completions", END_CHAT, true},
        {"/v1/messages", END_MESSAGES, true},
        {"/v1/embeddings", END_EMBEDDINGS, true},
        {"/v1/models", END_MODELS, false},
        {"/v1beta/models", END_GEMINI_MODELS, false},
        {"/stats", END_STATS, false},
        {"/v1/responses", END_RESPONSES, true},
        {"/v1/files", END_UPLOAD, true},
        {"/v1/batches", END_BATCH, true},
        {"/v1/messages/batches", END_MESSAGE_BATCH, true},
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (!strcmp(url, paths[i].path))
            return (struct target){.end = paths[i].end, .post = paths[i].post};
    if (!strncmp(url, gemini_prefix, strlen(gemini_prefix)))
        return find_gemini(url);
    static const struct {
        const char *prefix;
        enum endpoint end;
    } prefixes[] = {{"/v1/files/", END_DOWNLOAD},
                    {"/v1/batches/", END_BATCH_LOOK},
                    {"/v1/messages/batches/", END_MESSAGE_BATCH_LOOK}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(url, prefixes[i].prefix, strlen(prefixes[i].prefix)))
            return (struct target){.end = prefixes[i].end,
                                   .name = url + strlen(prefixes[i].prefix)};
    if (!strncmp(url, "/v1/models/", 11) && url[11])
        return (struct target){.end = END_MODEL, .name = url + 11, .name_len = strlen(url + 11)};
    return (struct target){.end = END_NONE};
}

static enum protocol protocol_of(const struct call *c)
{
    if (!strncmp(c->url, "/v1/messages", 12) ||
        (!strncmp(c->url, "/v1/models", 10) && c->header(c, "anthropic-version")))
        return PROTO_ANTHROPIC;
    return strncmp(c->url, "/v1beta", 7) ? PROTO_OPENAI : PROTO_GEMINI;
}

/* The key in "Authorization: Bearer KEY"; "" for another scheme, NULL when absent. */
static const char *bearer(const struct call *c)
{
    const char *got = c->header(c, "authorization");
    return !got ? NULL : strncmp(got, "Bearer ", 7) ? "" : got + 7;
}

/* The key as the protocol sends it; a server started without --key takes any, and OpenAI's shape
 * also none, as local servers do. Anthropic's own clients since version 1 send a bearer token in
 * place of x-api-key: both are taken. */
static bool check_key(struct call *c)
{
    const char *want = c->sim->key, *got = NULL;
    if (c->protocol == PROTO_OPENAI) {
        got = bearer(c);
    } else if (c->protocol == PROTO_ANTHROPIC) {
        got = c->header(c, "x-api-key");
        if (!got)
            got = bearer(c);
    } else {
        got = c->header(c, "x-goog-api-key");
        if (!got)
            got = c->argument(c, "key");
    }
    bool ok = want ? got && !strcmp(got, want) : got ? *got != '\0' : c->protocol == PROTO_OPENAI;
    if (ok)
        return true;
    if (c->protocol == PROTO_OPENAI)
        reply_error(c, 401, "invalid_api_key", NULL,
                    got ? "Incorrect API key provided." : "You didn't provide an API key.");
    else if (c->protocol == PROTO_ANTHROPIC)
        reply_error(c, 401, NULL, NULL, got ? "invalid x-api-key" : "x-api-key header is required");
    else
        reply_error(c, 401, NULL, NULL,
                    got ? "API key not valid. Please pass a valid API key."
                        : "Method doesn't allow unregistered callers. Please pass an API key.");
    return false;
}

/* The header of a test, else a draw from (seed, ordinal). */
static enum fault choose_fault(const struct call *c)
{
    const char *asked = c->header(c, "x-sim-fault");
    for (int f = FAULT_429; asked && f < FAULT_COUNT; f++)
        if (!strcmp(asked, fault_name((enum fault)f)))
            return (enum fault)f;
    struct rng r;
    uint64_t key[2] = {c->sim->seed, c->ordinal};
    rng_seed(&r, hash64(key, sizeof key, 5));
    double u = rng_unit(&r);
    for (int f = FAULT_429; f < FAULT_COUNT; f++) {
        if (u < c->sim->rate[f])
            return (enum fault)f;
        u -= c->sim->rate[f];
    }
    return FAULT_NONE;
}

static void fault_error(struct call *c, enum fault f)
{
    switch (f) {
    case FAULT_429:
        reply_error(c, 429, NULL, NULL,
                    "Rate limit reached (simulated). Please try again in %llds.",
                    (long long)c->sim->retry_after_s);
        if (c->protocol != PROTO_GEMINI)
            reply_header(&c->reply, "Retry-After", "%lld", (long long)c->sim->retry_after_s);
        break;
    case FAULT_500:
        reply_error(c, 500, NULL, NULL,
                    "The server had an error while processing your request (simulated).");
        break;
    case FAULT_529:
        reply_error(c, 529, NULL, NULL, "Overloaded (simulated).");
        break;
    default:
        c->reply.hang = true;
        break;
    }
}

/* Spoils a good reply: cut in the middle, or with JSON that does not parse. */
static void spoil(struct reply *r, enum fault f)
{
    r->model = NULL;
    r->asked = 0;
    if (f == FAULT_CUT) {
        r->cut_at = r->body.len / 2;
        return;
    }
    /* The second half of a whole reply's text, or of one event's, loses its quotes and braces. */
    size_t from = r->body.len / 2, to = r->body.len;
    if (r->stream) {
        const char *event = strstr(r->body.data + from, "data: {"),
                   *end = event ? strchr(event, '\n') : NULL;
        if (!event) {
            for (event = r->body.data; strstr(event + 1, "data: {");)
                event = strstr(event + 1, "data: {");
            end = strchr(event, '\n');
        }
        from = (size_t)(event - r->body.data) + 7;
        to = end ? (size_t)(end - r->body.data) : r->body.len;
    }
    for (size_t i = from; i < to; i++)
        if (strchr("\"{}", r->body.data[i]))
            r->body.data[i] = '<';
}

static void rate_headers(struct call *c)
{
    struct reply *r = &c->reply;
    uint64_t used = stats_window(c->sim->stats);
    /* Nothing is refused for them, so they never tell that little is left. */
    long long left =
        r->status == 429 ? 0 : (long long)(REQUESTS_PER_MINUTE - used % (REQUESTS_PER_MINUTE / 2));
    long long tokens_left = left * (TOKENS_PER_MINUTE / REQUESTS_PER_MINUTE);
    long long wait = r->status == 429 ? (long long)c->sim->retry_after_s : 1;
    if (c->protocol == PROTO_OPENAI) {
        reply_header(r, "x-ratelimit-limit-requests", "%d", REQUESTS_PER_MINUTE);
        reply_header(r, "x-ratelimit-limit-tokens", "%d", TOKENS_PER_MINUTE);
        reply_header(r, "x-ratelimit-remaining-requests", "%lld", left);
        reply_header(r, "x-ratelimit-remaining-tokens", "%lld", tokens_left > 0 ? tokens_left : 0);
        reply_header(r, "x-ratelimit-reset-requests", "%llds", wait);
        reply_header(r, "x-ratelimit-reset-tokens", "%lldms", wait * 1000);
        reply_header(r, "x-request-id", "req_sim%012llu", (unsigned long long)c->ordinal);
        reply_header(r, "openai-processing-ms", "%d", 1);
    } else if (c->protocol == PROTO_ANTHROPIC) {
        static const char *const names[4][3] = {
            {"anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining",
             "anthropic-ratelimit-requests-reset"},
            {"anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining",
             "anthropic-ratelimit-tokens-reset"},
            {"anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-remaining",
             "anthropic-ratelimit-input-tokens-reset"},
            {"anthropic-ratelimit-output-tokens-limit",
             "anthropic-ratelimit-output-tokens-remaining",
             "anthropic-ratelimit-output-tokens-reset"},
        };
        char reset[32];
        clock_format(clock_unix_ms() + wait * 1000, reset);
        for (int i = 0; i < 4; i++) {
            reply_header(r, names[i][0], "%d", i ? TOKENS_PER_MINUTE : REQUESTS_PER_MINUTE);
            reply_header(r, names[i][1], "%lld", i ? (tokens_left > 0 ? tokens_left : 0) : left);
            reply_header(r, names[i][2], "%s", reset);
        }
        reply_header(r, "request-id", "req_sim%012llu", (unsigned long long)c->ordinal);
    }
}

static void serve(struct call *c, const struct target *t)
{
    switch (t->end) {
    case END_CHAT:
        openai_chat(c);
        break;
    case END_RESPONSES:
        openai_responses(c);
        break;
    case END_MESSAGES:
        anthropic_messages(c);
        break;
    case END_GENERATE:
        gemini_generate(c, t->name, t->name_len, false);
        break;
    case END_STREAM_GENERATE:
        gemini_generate(c, t->name, t->name_len, true);
        break;
    case END_EMBEDDINGS:
        openai_embeddings(c);
        break;
    case END_MODELS:
        if (c->protocol == PROTO_ANTHROPIC)
            anthropic_models(c);
        else
            openai_models(c, NULL);
        break;
    case END_MODEL:
        openai_models(c, t->name);
        break;
    case END_GEMINI_MODELS:
        gemini_models(c);
        break;
    case END_UPLOAD:
        batch_upload(c);
        break;
    case END_DOWNLOAD:
        batch_download(c, t->name);
        break;
    case END_BATCH:
    case END_MESSAGE_BATCH:
        batch_create(c, t->end == END_MESSAGE_BATCH);
        break;
    case END_BATCH_LOOK:
    case END_MESSAGE_BATCH_LOOK:
        batch_look(c, t->name, t->end == END_MESSAGE_BATCH_LOOK);
        break;
    default:
        break;
    }
}

/* As soon as the work is done: who does not wait for the reply, or gets it damaged, pays too. */
static void bill(const struct call *c)
{
    const struct reply *r = &c->reply;
    if (r->model && r->status == 200)
        stats_billed(c->sim->stats, r->model,
                     model_pico_usd(r->model, r->prompt_tokens, r->output_tokens) /
                         (c->in_batch ? 2 : 1));
}

static void answer_endpoint(struct call *c, const struct target *t)
{
    if (!check_key(c))
        return;
    if (c->body.over) {
        reply_error(c, 413, NULL, NULL, "Request exceeds the maximum size of %d bytes.", BODY_MAX);
        return;
    }
    enum fault f = t->post ? choose_fault(c) : FAULT_NONE;
    if (f != FAULT_NONE && f < FAULT_CUT) {
        stats_fault(c->sim->stats, f);
        fault_error(c, f);
        return;
    }
    if (t->post && !limits_admit(c->sim->limits, c))
        return;
    serve(c, t);
    bill(c);
    limits_spend(c->sim->limits, c);
    if (f >= FAULT_CUT && c->reply.status == 200) {
        stats_fault(c->sim->stats, f);
        spoil(&c->reply, f);
    }
}

void call_answer(struct call *c)
{
    struct target t = find_target(c->url);
    c->protocol = protocol_of(c);
    if (t.end == END_STATS && !strcmp(c->method, "GET")) {
        stats_json(c->sim->stats, &c->reply.body);
        reply_step(&c->reply, 0);
        return;
    }
    c->ordinal = stats_request(c->sim->stats);
    if (t.end == END_NONE) {
        reply_error(c, 404, NULL, NULL, "Invalid URL (%s %.200s)", c->method, c->url);
    } else if (strcmp(c->method, t.post ? "POST" : "GET") != 0) {
        reply_error(c, 405, "method_not_supported", NULL, "Not allowed to %s on %.200s.", c->method,
                    c->url);
        reply_header(&c->reply, "Allow", "%s", t.post ? "POST" : "GET");
    } else {
        answer_endpoint(c, &t);
    }
    if (c->reply.hang)
        return;
    if (c->sim->limits)
        limits_headers(c->sim->limits, c);
    else
        rate_headers(c);
}
