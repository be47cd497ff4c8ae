/* Reading requests: what the protocols have in common. */
#include "tests/provider/server.h"

#include "core/hash.h"

#include <math.h>
#include <string.h>

void ask_init(struct ask *a)
{
    *a = (struct ask){
        .user = BUF_INIT(0), .system = BUF_INIT(0), .tool = BUF_INIT(0), .arguments = BUF_INIT(0)};
    a->q.temperature = 1.0;
}

void ask_deinit(struct ask *a)
{
    buf_deinit(&a->user);
    buf_deinit(&a->system);
    buf_deinit(&a->tool);
    buf_deinit(&a->arguments);
}

bool call_json(struct call *c, struct json **out)
{
    struct err e = {0};
    if (json_parse(c->body.data, c->body.len, out, &e)) {
        reply_error(c, 400, NULL, NULL, "We could not parse the JSON body of your request (%s).",
                    e.text);
        return false;
    }
    if (json_type(*out) != JSON_OBJECT) {
        json_free(*out);
        *out = NULL;
        reply_error(c, 400, NULL, NULL, "The body of the request must be a JSON object.");
        return false;
    }
    return true;
}

bool content_text(const struct json *content, struct buf *b)
{
    const char *s = json_str(content);
    if (!s && json_type(content) != JSON_ARRAY)
        return false;
    if (b->len)
        buf_addc(b, '\n');
    if (s)
        return buf_adds(b, s);
    size_t before = b->len;
    for (const struct json *part = json_first(content); part; part = json_next(part)) {
        const char *text = json_str(json_get(part, "text"));
        if (!text)
            continue;
        if (b->len > before)
            buf_addc(b, '\n');
        buf_adds(b, text);
    }
    return true;
}

bool want_num(struct call *c, const struct json *object, const char *key, double lo, double hi,
              double *out)
{
    const struct json *v = json_get(object, key);
    if (json_type(v) <= JSON_NULL)
        return true;
    double x = json_num(v, NAN);
    if (!(x >= lo && x <= hi)) {
        reply_error(c, 400, "invalid_value", key, "Invalid '%s': expected a number from %g to %g.",
                    key, lo, hi);
        return false;
    }
    *out = x;
    return true;
}

bool want_int(struct call *c, const struct json *object, const char *key, int64_t lo, int64_t hi,
              int64_t *out)
{
    const struct json *v = json_get(object, key);
    if (json_type(v) <= JSON_NULL)
        return true;
    int64_t x = 0;
    if (json_type(v) != JSON_NUMBER || !json_int64(v, &x) || x < lo || x > hi) {
        reply_error(c, 400, "invalid_value", key,
                    "Invalid '%s': expected a whole number from %lld to %lld.", key, (long long)lo,
                    (long long)hi);
        return false;
    }
    *out = x;
    return true;
}

bool want_bool(struct call *c, const struct json *object, const char *key, bool *out)
{
    const struct json *v = json_get(object, key);
    if (json_type(v) <= JSON_NULL)
        return true;
    if (json_type(v) != JSON_BOOL) {
        reply_error(c, 400, "invalid_type", key, "Invalid type for '%s': expected a boolean.", key);
        return false;
    }
    *out = json_bool(v, false);
    return true;
}

void ask_find(const struct sim *sim, struct ask *a)
{
    a->q.prompt = traffic_find(sim->traffic, a->user.data, a->system.data);
    a->q.hash = a->q.prompt
                    ? a->q.prompt->hash
                    : hash64(a->system.data, a->system.len, hash64(a->user.data, a->user.len, 1));
}
