/* Replies: headers, steps in time, and errors in the shape of each protocol. */
#include "tests/provider/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reply_init(struct reply *r)
{
    *r = (struct reply){
        .status = 200, .type = "application/json", .body = BUF_INIT(0), .cut_at = SIZE_MAX};
}

void reply_deinit(struct reply *r)
{
    VEC_FREE(&r->headers);
    VEC_FREE(&r->steps);
    buf_deinit(&r->body);
}

void reply_header(struct reply *r, const char *name, const char *fmt, ...)
{
    struct header h = {.name = name};
    va_list args;
    va_start(args, fmt);
    vsnprintf(h.value, sizeof h.value, fmt, args);
    va_end(args);
    VEC_PUSH(&r->headers, h);
}

void reply_step(struct reply *r, double wait_ms)
{
    struct step s = {r->body.len, wait_ms};
    VEC_PUSH(&r->steps, s);
}

static const char *openai_type(unsigned status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 429:
        return "requests";
    case 500:
        return "server_error";
    case 529:
        return "overloaded_error";
    default:
        return "invalid_request_error";
    }
}

static const char *anthropic_type(unsigned status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 404:
        return "not_found_error";
    case 413:
        return "request_too_large";
    case 429:
        return "rate_limit_error";
    case 500:
        return "api_error";
    case 529:
        return "overloaded_error";
    default:
        return "invalid_request_error";
    }
}

static const char *gemini_status(unsigned status)
{
    switch (status) {
    case 401:
        return "UNAUTHENTICATED";
    case 404:
        return "NOT_FOUND";
    case 429:
        return "RESOURCE_EXHAUSTED";
    case 500:
        return "INTERNAL";
    case 529:
        return "UNAVAILABLE";
    default:
        return "INVALID_ARGUMENT";
    }
}

static void gemini_details(struct call *c, struct jsonw *w)
{
    char delay[32];
    if (c->wait_s > 0)
        snprintf(delay, sizeof delay, "%.3fs", c->wait_s);
    else
        snprintf(delay, sizeof delay, "%llds", (long long)c->sim->retry_after_s);
    jsonw_arr(w, "details");
    jsonw_obj(w, NULL);
    jsonw_str(w, "@type", "type.googleapis.com/google.rpc.QuotaFailure");
    jsonw_arr(w, "violations");
    jsonw_obj(w, NULL);
    jsonw_str(w, "quotaMetric", "generativelanguage.googleapis.com/generate_content_requests");
    jsonw_str(w, "quotaId", "GenerateRequestsPerMinutePerProjectPerModel");
    jsonw_end(w);
    jsonw_end(w);
    jsonw_end(w);
    jsonw_obj(w, NULL);
    jsonw_str(w, "@type", "type.googleapis.com/google.rpc.RetryInfo");
    jsonw_str(w, "retryDelay", delay);
    jsonw_end(w);
    jsonw_end(w);
}

static void error_body(struct call *c, unsigned status, const char *code, const char *param,
                       const char *message)
{
    char id[40];
    struct jsonw w = JSONW_INIT(&c->reply.body);
    jsonw_obj(&w, NULL);
    if (c->protocol == PROTO_ANTHROPIC)
        jsonw_str(&w, "type", "error");
    jsonw_obj(&w, "error");
    switch (c->protocol) {
    case PROTO_OPENAI:
        jsonw_str(&w, "message", message);
        jsonw_str(&w, "type", openai_type(status));
        jsonw_str(&w, "param", param);
        jsonw_str(&w, "code", code ? code : status == 429 ? "rate_limit_exceeded" : NULL);
        break;
    case PROTO_ANTHROPIC:
        jsonw_str(&w, "type", anthropic_type(status));
        jsonw_str(&w, "message", message);
        break;
    case PROTO_GEMINI:
        jsonw_int(&w, "code", status);
        jsonw_str(&w, "message", message);
        jsonw_str(&w, "status", gemini_status(status));
        if (status == 429)
            gemini_details(c, &w);
        break;
    }
    jsonw_end(&w);
    if (c->protocol == PROTO_ANTHROPIC) {
        snprintf(id, sizeof id, "req_sim%012llu", (unsigned long long)c->ordinal);
        jsonw_str(&w, "request_id", id);
    }
    jsonw_end(&w);
}

void reply_error(struct call *c, unsigned status, const char *code, const char *param,
                 const char *fmt, ...)
{
    char message[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    reply_deinit(&c->reply);
    reply_init(&c->reply);
    c->reply.status = status;
    error_body(c, status, code, param, message);
    reply_step(&c->reply, 0);
}

double answer_total_ms(const struct answer *a)
{
    return a->first_ms + a->token_ms * (double)a->tokens;
}

void reply_counts(struct reply *r, const struct ask *ask, const struct answer *a)
{
    r->model = ask->q.model;
    r->verdict = a->verdict;
    r->prompt_tokens = ask->prompt_tokens;
    r->output_tokens = a->tokens + a->reasoning;
}
