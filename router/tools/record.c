/* Records of shunt-route's input: from checked JSON to a request. */
#include "router/tools/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum member {
    M_PROMPT,
    M_MESSAGES,
    M_ID,
    M_TASK,
    M_USER_CLASS,
    M_POINT,
    M_TOKENS,
    M_LAMBDA,
    M_MU,
    M_ALLOWED,
    M_VECTOR,
    M_ENCODER,
    M_COUNT,
};

static const char *const member_name[M_COUNT] = {
    "prompt", "messages",       "id",       "task",    "user_class", "point",
    "tokens", "lambda_per_usd", "mu_per_s", "allowed", "vector",     "encoder",
};

void record_init(struct record *r)
{
    memset(r, 0, sizeof *r);
}

void record_deinit(struct record *r)
{
    free(r->arena);
    free(r->text);
    free(r->message);
    free(r->vector);
    record_init(r);
}

__attribute__((format(printf, 2, 3))) static enum record_kind bad(struct record *r, const char *fmt,
                                                                  ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->error, sizeof r->error, fmt, ap);
    va_end(ap);
    return RECORD_BAD;
}

/* Make room for want elements of width bytes. */
static int grow(void *pointer, size_t *cap, size_t want, size_t width)
{
    void *old;
    memcpy(&old, pointer, sizeof old);
    if (want <= *cap && old)
        return 1;
    size_t room = *cap * 2 > want ? *cap * 2 : want + 16;
    void *more = realloc(old, room * width);
    if (!more)
        return 0;
    memcpy(pointer, &more, sizeof more);
    *cap = room;
    return 1;
}

/* Decode a string into the arena, which is as large as the line, so that all its strings fit. */
static const char *keep(struct record *r, struct json_span span, size_t *bytes)
{
    char *out = r->arena + r->arena_len;
    *bytes = json_scan_decode(span, out);
    r->arena_len += *bytes + 1;
    return out;
}

static int is_string(struct json_span v)
{
    return v.bytes > 0 && *v.at == '"';
}

static int is_number(struct json_span v)
{
    return v.bytes > 0 && (*v.at == '-' || (*v.at >= '0' && *v.at <= '9'));
}

/* A number that ends where its span ends; at most 400 characters count. */
static double number(struct json_span v)
{
    char text[401];
    size_t n = v.bytes < 400 ? v.bytes : 400;
    memcpy(text, v.at, n);
    text[n] = '\0';
    return strtod(text, NULL);
}

static enum record_kind add_message(struct record *r, const char *role, struct json_span content)
{
    if (!grow(&r->message, &r->message_cap, r->messages + 1, sizeof *r->message))
        return RECORD_NOMEM;
    struct shunt_message *m = &r->message[r->messages++];
    m->role = role;
    m->content = content.bytes ? keep(r, content, &m->bytes) : "";
    if (!content.bytes)
        m->bytes = 0;
    return RECORD_OK;
}

/* The parts of a content that is an array: its text parts, each like a turn of its own. */
static enum record_kind read_parts(struct record *r, const char *role, struct json_span parts)
{
    struct json_scan s;
    struct json_span part;
    json_scan_enter(&s, parts);
    while (json_scan_next(&s, NULL, &part)) {
        if (*part.at != '{')
            return bad(r, "'content' has a part that is no object");
        struct json_scan inner;
        struct json_span key;
        struct json_span value;
        struct json_span text = {NULL, 0};
        int is_text = 0;
        json_scan_enter(&inner, part);
        while (json_scan_next(&inner, &key, &value)) {
            if (json_scan_equals(key, "type"))
                is_text = is_string(value) && json_scan_equals(value, "text");
            else if (json_scan_equals(key, "text"))
                text = value;
        }
        if (!is_text)
            continue;
        if (!is_string(text))
            return bad(r, "'text' of a part is no string");
        enum record_kind kind = add_message(r, role, text);
        if (kind != RECORD_OK)
            return kind;
    }
    return RECORD_OK;
}

static enum record_kind read_message(struct record *r, struct json_span message)
{
    struct json_scan s;
    struct json_span key;
    struct json_span value;
    struct json_span role = {NULL, 0};
    struct json_span content = {NULL, 0};
    if (*message.at != '{')
        return bad(r, "'messages' holds something that is no object");
    json_scan_enter(&s, message);
    while (json_scan_next(&s, &key, &value)) {
        if (json_scan_equals(key, "role"))
            role = value;
        else if (json_scan_equals(key, "content"))
            content = value;
    }
    if (!is_string(role))
        return bad(r, "a message has no 'role'");
    size_t bytes;
    const char *name = keep(r, role, &bytes);
    if (content.bytes && *content.at == '[')
        return read_parts(r, name, content);
    if (content.bytes && *content.at == 'n')
        content.bytes = 0;
    else if (!is_string(content))
        return bad(r, "a message has no 'content'");
    return add_message(r, name, content);
}

static enum record_kind read_messages(struct record *r, struct json_span messages)
{
    struct json_scan s;
    struct json_span message;
    size_t needed = 0;
    if (*messages.at != '[')
        return bad(r, "'messages' is no array");
    json_scan_enter(&s, messages);
    while (json_scan_next(&s, NULL, &message)) {
        enum record_kind kind = read_message(r, message);
        if (kind != RECORD_OK)
            return kind;
    }
    int status = shunt_text_of_messages(r->message, r->messages, NULL, 0, &needed);
    if (status)
        return bad(r, "%s", shunt_strerror(status));
    if (!grow(&r->text, &r->text_cap, needed + 1, 1))
        return RECORD_NOMEM;
    shunt_text_of_messages(r->message, r->messages, r->text, needed, &needed);
    r->request.text = r->text;
    r->request.text_bytes = needed;
    return RECORD_OK;
}

static enum record_kind read_allowed(struct record *r, const struct shunt_table *t,
                                     struct json_span names)
{
    struct json_scan s;
    struct json_span name;
    if (*names.at != '[')
        return bad(r, "'allowed' is no array of model names");
    memset(r->allowed, 0, sizeof r->allowed);
    json_scan_enter(&s, names);
    while (json_scan_next(&s, NULL, &name)) {
        if (!is_string(name))
            return bad(r, "'allowed' is no array of model names");
        size_t bytes;
        const char *model = keep(r, name, &bytes);
        int m = shunt_model_index(t, model);
        if (m < 0)
            return bad(r, "'allowed' names model '%.100s', which the table lacks", model);
        r->allowed[m / 64] |= UINT64_C(1) << m % 64;
    }
    r->request.allowed = r->allowed;
    r->request.allowed_words = sizeof r->allowed / sizeof *r->allowed;
    return RECORD_OK;
}

static enum record_kind read_vector(struct record *r, struct json_span numbers)
{
    struct json_scan s;
    struct json_span v;
    size_t n = 0;
    if (*numbers.at != '[')
        return bad(r, "'vector' is no array of numbers");
    json_scan_enter(&s, numbers);
    while (json_scan_next(&s, NULL, &v)) {
        if (!is_number(v))
            return bad(r, "'vector' is no array of numbers");
        if (!grow(&r->vector, &r->vector_cap, n + 1, sizeof *r->vector))
            return RECORD_NOMEM;
        double x = number(v);
        if (!(x >= -3.4e38 && x <= 3.4e38))
            return bad(r, "'vector' holds a number that is too large");
        r->vector[n++] = (float)x;
    }
    r->request.vector = n ? r->vector : NULL;
    r->request.vector_len = n;
    return RECORD_OK;
}

static enum record_kind read_numbers(struct record *r, const struct json_span *v)
{
    struct shunt_request *q = &r->request;
    if (v[M_TOKENS].bytes) {
        double n = is_number(v[M_TOKENS]) ? number(v[M_TOKENS]) : -1;
        if (!(n >= 0 && n <= 9e15) || (double)(uint64_t)n != n)
            return bad(r, "'tokens' is no whole number");
        q->tokens = (uint64_t)n;
    }
    for (int m = M_LAMBDA; m <= M_MU; m++) {
        if (!v[m].bytes)
            continue;
        double x = is_number(v[m]) ? number(v[m]) : -1;
        if (!(x >= 0 && x <= 1e15))
            return bad(r, "'%s' is no number from 0 to 1e15", member_name[m]);
        *(m == M_LAMBDA ? &q->lambda_per_usd : &q->mu_per_s) = x;
        q->flags = SHUNT_OWN_LAMBDA;
    }
    return RECORD_OK;
}

static enum record_kind read_strings(struct record *r, const struct json_span *v)
{
    struct shunt_request *q = &r->request;
    const struct {
        enum member member;
        const char **to;
    } field[] = {
        {M_TASK, &q->task},
        {M_USER_CLASS, &q->user_class},
        {M_POINT, &q->point},
        {M_ENCODER, &q->encoder},
    };
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        size_t bytes;
        if (!v[field[i].member].bytes)
            continue;
        if (!is_string(v[field[i].member]))
            return bad(r, "'%s' is no string", member_name[field[i].member]);
        *field[i].to = keep(r, v[field[i].member], &bytes);
    }
    return RECORD_OK;
}

/* Find the known members; null counts as absent. */
static enum record_kind find_members(struct record *r, struct json_span object, struct json_span *v)
{
    struct json_scan s;
    struct json_span key;
    struct json_span value;
    int seen[M_COUNT] = {0};
    json_scan_enter(&s, object);
    while (json_scan_next(&s, &key, &value))
        for (int m = 0; m < M_COUNT; m++) {
            if (!json_scan_equals(key, member_name[m]))
                continue;
            if (seen[m]++)
                return bad(r, "'%s' is given twice", member_name[m]);
            if (*value.at != 'n')
                v[m] = value;
        }
    return RECORD_OK;
}

static enum record_kind read_members(struct record *r, const struct shunt_table *t,
                                     const struct json_span *v)
{
    enum record_kind kind = RECORD_OK;
    r->id = v[M_ID];
    if (r->id.bytes && !is_string(r->id) && !is_number(r->id))
        return bad(r, "'id' is neither string nor number");
    if (v[M_PROMPT].bytes && v[M_MESSAGES].bytes)
        return bad(r, "both 'prompt' and 'messages' are given");
    if (v[M_PROMPT].bytes) {
        if (!is_string(v[M_PROMPT]))
            return bad(r, "'prompt' is no string");
        r->request.text = keep(r, v[M_PROMPT], &r->request.text_bytes);
    } else {
        kind = read_messages(r, v[M_MESSAGES]);
    }
    if (kind == RECORD_OK)
        kind = read_strings(r, v);
    if (kind == RECORD_OK)
        kind = read_numbers(r, v);
    if (kind == RECORD_OK && v[M_ALLOWED].bytes)
        kind = read_allowed(r, t, v[M_ALLOWED]);
    if (kind == RECORD_OK && v[M_VECTOR].bytes)
        kind = read_vector(r, v[M_VECTOR]);
    return kind;
}

enum record_kind record_read(struct record *r, const struct shunt_table *t, const char *line,
                             size_t bytes)
{
    static const struct shunt_request none = SHUNT_REQUEST_INIT;
    struct json_scan s;
    struct json_span object;
    struct json_span v[M_COUNT];
    memset(v, 0, sizeof v);
    r->request = none;
    r->id.bytes = 0;
    r->messages = 0;
    r->arena_len = 0;
    r->error[0] = '\0';

    json_scan_init(&s, line, bytes);
    if (!json_scan_value(&s, &object) || !json_scan_end(&s)) {
        bad(r, "not JSON: %s (column %zu)", s.error, (size_t)(s.at - line) + 1);
        return RECORD_NONE;
    }
    if (*object.at != '{') {
        bad(r, "not a JSON object");
        return RECORD_NONE;
    }
    if (!grow(&r->arena, &r->arena_cap, bytes + 1, 1))
        return RECORD_NOMEM;
    enum record_kind kind = find_members(r, object, v);
    if (kind == RECORD_OK && !v[M_PROMPT].bytes && !v[M_MESSAGES].bytes) {
        bad(r, "neither 'prompt' nor 'messages' is given");
        return RECORD_NONE;
    }
    return kind == RECORD_OK ? read_members(r, t, v) : kind;
}
