/* The streaming JSON writer: commas, line ends, escapes. What to write is the caller's. */
#include "core/jsonw.h"

#include "core/utf8.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 64 };

void json_quote(struct buf *b, const char *s, size_t len)
{
    buf_addc(b, '"');
    size_t from = 0, valid = utf8_check(s, len);
    for (size_t i = 0; i < len; i++) {
        while (i < len && i != valid && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
            i++; /* most of it */
        if (i == len)
            break;
        unsigned char c = (unsigned char)s[i];
        const char *escape = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : NULL;
        if (!escape && c == '\t')
            escape = "\\t";
        if (!escape && c == '\r')
            escape = "\\r";
        if (i == valid) {
            escape = "\xEF\xBF\xBD"; /* U+FFFD for each bad byte */
            valid = i + 1 + utf8_check(s + i + 1, len - i - 1);
        } else if (!escape && c >= 0x20) {
            continue;
        }
        buf_add(b, s + from, i - from);
        from = i + 1;
        if (escape)
            buf_adds(b, escape);
        else
            buf_addf(b, "\\u%04x", c);
    }
    buf_add(b, s + from, len - from);
    buf_addc(b, '"');
}

void json_number(struct buf *b, double v)
{
    if (!isfinite(v)) {
        buf_adds(b, "null");
        return;
    }
    char text[40];
    if (fabs(v) < 1e15 && v == floor(v) && !signbit(v)) {
        buf_addi(b, (int64_t)v);
        return;
    }
    if (fabs(v) < 9007199254740992.0 &&
        v == floor(v)) { /* below 2^53 every whole number is exact */
        snprintf(text, sizeof text, "%.0f", v);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, v);
            if (strtod(text, NULL) == v)
                break;
        }
    }
    buf_adds(b, text);
}

static void indent(struct jsonw *w)
{
    if (!w->pretty)
        return;
    buf_addc(w->out, '\n');
    for (int i = 0; i < w->depth; i++)
        buf_adds(w->out, "  ");
}

/* What comes before a value: a comma unless it is the first, the key in an object. */
static void before(struct jsonw *w, const char *key)
{
    assert((w->depth > 0 && w->kind[w->depth] == '{') == (key != NULL));
    if (!w->first[w->depth])
        buf_addc(w->out, w->depth ? ',' : '\n'); /* several values at the top: JSON Lines */
    w->first[w->depth] = 0;
    if (w->depth)
        indent(w);
    if (key) {
        json_quote(w->out, key, strlen(key));
        buf_adds(w->out, w->pretty ? ": " : ":");
    }
}

static void open_level(struct jsonw *w, const char *key, char kind)
{
    before(w, key);
    assert(w->depth + 1 < LEVELS);
    buf_addc(w->out, kind);
    w->depth++;
    w->first[w->depth] = 1;
    w->kind[w->depth] = kind;
}

void jsonw_obj(struct jsonw *w, const char *key)
{
    open_level(w, key, '{');
}

void jsonw_arr(struct jsonw *w, const char *key)
{
    open_level(w, key, '[');
}

void jsonw_end(struct jsonw *w)
{
    assert(w->depth > 0);
    char kind = w->kind[w->depth];
    bool empty = w->first[w->depth];
    w->depth--;
    if (!empty)
        indent(w);
    buf_addc(w->out, kind == '{' ? '}' : ']');
}

void jsonw_str(struct jsonw *w, const char *key, const char *s)
{
    if (s)
        jsonw_strn(w, key, s, strlen(s));
    else
        jsonw_null(w, key);
}

void jsonw_strn(struct jsonw *w, const char *key, const char *s, size_t len)
{
    before(w, key);
    json_quote(w->out, s, len);
}

void jsonw_int(struct jsonw *w, const char *key, int64_t v)
{
    before(w, key);
    buf_addi(w->out, v);
}

void jsonw_num(struct jsonw *w, const char *key, double v)
{
    before(w, key);
    json_number(w->out, v);
}

void jsonw_fix(struct jsonw *w, const char *key, double v, int digits)
{
    before(w, key);
    if (!isfinite(v)) {
        buf_adds(w->out, "null");
        return;
    }
    char text[400]; /* DBL_MAX has 309 digits before the point */
    snprintf(text, sizeof text, "%.*f", digits < 0 ? 0 : digits > 60 ? 60 : digits, v);
    bool minus_zero = text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1);
    buf_adds(w->out, minus_zero ? text + 1 : text);
}

void jsonw_bool(struct jsonw *w, const char *key, bool v)
{
    before(w, key);
    buf_adds(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    before(w, key);
    buf_adds(w->out, "null");
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json)
{
    before(w, key);
    buf_adds(w->out, json);
}
