/* Status, body and curl's own verdict into one class; and how long to wait. Headers were read by
 * header.c, good replies are the adapters'.
 */
#include "collect/trouble.h"

#include "collect/header.h"
#include "core/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const trouble_names[TROUBLES] = {
    "ok",         "rate_limit", "quota",   "auth",      "not_found", "bad_request", "server",
    "overloaded", "timeout",    "network", "malformed", "too_large", "interrupted", "hedged",
};

static bool is(const char *s, const char *word)
{
    return s && strcmp(s, word) == 0;
}

/* The error object in any of its shapes: {"error":{...}}, {"error":"text"}, an array of one, an
 * error inside the first choice, or the body itself. */
static const struct json *error_of(const struct json *body)
{
    if (json_type(body) == JSON_ARRAY)
        body = json_first(body);
    const struct json *error = json_get(body, "error");
    if (json_type(error) <= JSON_NULL)
        error = json_path(body, "choices[0].error");
    return json_type(error) <= JSON_NULL ? body : error;
}

static const char *message_of(const struct json *error)
{
    static const char *const keys[] = {"message", "detail", "error_description", "msg"};
    if (json_str(error))
        return json_str(error);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct json *m = json_get(error, keys[i]);
        if (json_str(m))
            return json_str(m);
        if (json_type(m) == JSON_ARRAY && json_str(json_get(json_first(m), "msg")))
            return json_str(json_get(json_first(m), "msg"));
    }
    return NULL;
}

/* Length of the secret that text begins with, of those in the lines of secrets; 0: none. */
static size_t secret_at(const char *text, const char *secrets)
{
    for (const char *s = secrets; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
        size_t len = strcspn(s, "\n");
        if (len >= 4 && strncmp(text, s, len) == 0)
            return len;
    }
    return 0;
}

/* One line; the secret, and whatever looks like a key, never shown. */
static void set_message(struct trouble_info *out, const char *text, const char *secret)
{
    static const char key_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_*";
    size_t n = 0;
    while (*text && n + 4 < sizeof out->message) {
        size_t hit = secret_at(text, secret);
        if (hit || strncmp(text, "sk-", 3) == 0) {
            text += hit ? hit : strspn(text, key_bytes);
            memcpy(out->message + n, "***", 3);
            n += 3;
            continue;
        }
        unsigned char c = (unsigned char)*text++;
        out->message[n++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    while (n > 0 && out->message[n - 1] == ' ')
        n--;
    out->message[n] = '\0';
}

static bool daily_quota(const struct json *error)
{
    for (const struct json *d = json_first(json_get(error, "details")); d; d = json_next(d))
        for (const struct json *v = json_first(json_get(d, "violations")); v; v = json_next(v)) {
            const char *id = json_str(json_get(v, "quotaId"));
            if (id && strstr(id, "PerDay"))
                return true;
        }
    return false;
}

static bool says_quota(const struct json *error)
{
    const char *code = json_str(json_get(error, "code")), *type = json_str(json_get(error, "type"));
    return is(code, "insufficient_quota") || is(type, "insufficient_quota") ||
           is(type, "billing_error") || daily_quota(error);
}

/* Gemini tells the wait in the body: details[] of type ...RetryInfo. */
static double body_wait_s(const struct json *error)
{
    for (const struct json *d = json_first(json_get(error, "details")); d; d = json_next(d)) {
        double s;
        const char *delay = json_str(json_get(d, "retryDelay"));
        if (delay && header_duration(delay, &s))
            return s;
    }
    return (double)NAN;
}

/* Gemini answers a bad key with 400 and this reason. */
static bool says_bad_key(const struct json *error)
{
    for (const struct json *d = json_first(json_get(error, "details")); d; d = json_next(d))
        if (is(json_str(json_get(d, "reason")), "API_KEY_INVALID"))
            return true;
    return false;
}

/* What an error inside a 200, or with an unusual status, calls itself. */
static enum trouble class_by_name(const struct json *error)
{
    static const struct {
        const char *name;
        enum trouble class;
    } names[] = {
        {"rate_limit_error", TROUBLE_RATE_LIMIT},    {"RESOURCE_EXHAUSTED", TROUBLE_RATE_LIMIT},
        {"rate_limit_exceeded", TROUBLE_RATE_LIMIT}, {"authentication_error", TROUBLE_AUTH},
        {"permission_error", TROUBLE_AUTH},          {"UNAUTHENTICATED", TROUBLE_AUTH},
        {"PERMISSION_DENIED", TROUBLE_AUTH},         {"invalid_api_key", TROUBLE_AUTH},
        {"not_found_error", TROUBLE_NOT_FOUND},      {"NOT_FOUND", TROUBLE_NOT_FOUND},
        {"model_not_found", TROUBLE_NOT_FOUND},      {"invalid_request_error", TROUBLE_BAD_REQUEST},
        {"INVALID_ARGUMENT", TROUBLE_BAD_REQUEST},   {"request_too_large", TROUBLE_TOO_LARGE},
        {"timeout_error", TROUBLE_TIMEOUT},          {"DEADLINE_EXCEEDED", TROUBLE_TIMEOUT},
        {"overloaded_error", TROUBLE_OVERLOADED},    {"UNAVAILABLE", TROUBLE_OVERLOADED},
        {"unavailable_error", TROUBLE_OVERLOADED},
    };
    const char *said[] = {json_str(json_get(error, "code")), json_str(json_get(error, "type")),
                          json_str(json_get(error, "status"))};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (is(said[k], names[i].name))
                return names[i].class;
    return TROUBLE_SERVER;
}

static enum trouble class_by_status(int status, const struct json *error)
{
    int64_t code;
    if (says_quota(error))
        return TROUBLE_QUOTA;
    if (status < 300) { /* OpenRouter puts the status into the error */
        if (json_int64(json_get(error, "code"), &code) && code >= 300 && code < 600)
            return class_by_status((int)code, NULL);
        return class_by_name(error);
    }
    switch (status) {
    case 400:
        return says_bad_key(error) ? TROUBLE_AUTH : TROUBLE_BAD_REQUEST;
    case 401:
    case 403:
        return TROUBLE_AUTH;
    case 402:
        return TROUBLE_QUOTA;
    case 404:
        return TROUBLE_NOT_FOUND;
    case 408:
    case 504:
        return TROUBLE_TIMEOUT;
    case 409:
        return TROUBLE_SERVER;
    case 413:
        return TROUBLE_TOO_LARGE;
    case 429:
        return TROUBLE_RATE_LIMIT;
    case 503:
    case 529:
        return TROUBLE_OVERLOADED;
    default:
        return status >= 500 ? TROUBLE_SERVER : TROUBLE_BAD_REQUEST;
    }
}

static bool worth_retrying(enum trouble class)
{
    return class == TROUBLE_RATE_LIMIT || class == TROUBLE_SERVER || class == TROUBLE_OVERLOADED ||
           class == TROUBLE_TIMEOUT || class == TROUBLE_NETWORK || class == TROUBLE_MALFORMED;
}

/* The transfer itself failed; whatever arrived of the reply does not count. */
static bool read_transfer(const struct http_result *r, struct trouble_info *out)
{
    switch (r->end) {
    case HTTP_DONE:
        return false;
    case HTTP_TIMED_OUT:
        out->class = TROUBLE_TIMEOUT;
        break;
    case HTTP_TOO_LONG:
        out->class = TROUBLE_TOO_LARGE;
        break;
    case HTTP_DROPPED:
        out->class = TROUBLE_INTERRUPTED;
        break;
    case HTTP_UNTRUSTED:
    case HTTP_FAILED:
        out->class = TROUBLE_NETWORK;
        break;
    }
    out->paid = r->sent;
    out->retry = worth_retrying(out->class) && r->end != HTTP_UNTRUSTED;
    return true;
}

void trouble_read(const struct http_result *r, const struct json *body, const char *secret,
                  struct trouble_info *out)
{
    *out = (struct trouble_info){.retry_after_s = (double)NAN};
    if (read_transfer(r, out)) {
        set_message(out, r->why, secret);
        return;
    }
    const struct json *error = error_of(body);
    const char *said = message_of(error);
    out->class = class_by_status(r->status, error);
    out->retry = worth_retrying(out->class);
    out->paid = out->class == TROUBLE_TIMEOUT || r->status < 300; /* the work may have been done */
    out->retry_after_s = isnan(r->retry_after_s) ? body_wait_s(error) : r->retry_after_s;
    if (r->should_retry == 0)
        out->retry = false;
    else if (r->should_retry > 0 && out->class != TROUBLE_QUOTA && r->status >= 400)
        out->retry = true;
    AUTO_FREE char *text =
        said ? mem_printf("HTTP %d: %s", r->status, said)
        : r->status >= 300 && r->status < 400
            ? mem_printf("HTTP %d: redirects are not followed; mend base_url", r->status)
            : mem_printf("HTTP %d", r->status);
    set_message(out, text, secret);
}

void trouble_malformed(const char *why, struct trouble_info *out)
{
    *out = (struct trouble_info){
        .class = TROUBLE_MALFORMED, .retry = true, .paid = true, .retry_after_s = (double)NAN};
    set_message(out, why, NULL);
}

bool trouble_stops_model(enum trouble class)
{
    return class == TROUBLE_AUTH || class == TROUBLE_NOT_FOUND || class == TROUBLE_QUOTA ||
           class == TROUBLE_NETWORK || class == TROUBLE_TIMEOUT || class == TROUBLE_RATE_LIMIT;
}

bool trouble_is_network(enum trouble class)
{
    return class == TROUBLE_NETWORK || class == TROUBLE_TIMEOUT || class == TROUBLE_AUTH ||
           class == TROUBLE_NOT_FOUND;
}

double retry_delay_s(int tries, double retry_after_s, struct rng *rng)
{
    double cap = 0.5;
    for (int i = 1; i < tries && cap < 8; i++)
        cap *= 2;
    if (isnan(retry_after_s) || retry_after_s < 0)
        return rng_unit(rng) * cap;
    if (retry_after_s > RETRY_AFTER_MAX_S)
        return -1;
    /* A little later than asked, so that not all waiting requests leave in the same moment. */
    return retry_after_s + rng_unit(rng) * (retry_after_s < 1 ? 0.05 : 0.25);
}
