/* The strict JSON scanner: checking, stepping, decoding of strings. What a record means is
 * record.c. */
#include "router/tools/json_scan.h"

#include <stdint.h>
#include <string.h>

static int fail(struct json_scan *s, const char *what)
{
    if (!s->error)
        s->error = what;
    return 0;
}

static void skip_blanks(struct json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
        s->at++;
}

static int hex4(const char *p, const char *end, unsigned *out)
{
    *out = 0;
    if (end - p < 4)
        return 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        unsigned v = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                            : 16;
        if (v == 16)
            return 0;
        *out = *out * 16 + v;
    }
    return 1;
}

/* A code point behind "\u", its second half too; *bytes read, 0 when wrong. */
static uint32_t escaped_point(const char *p, const char *end, size_t *bytes)
{
    unsigned high;
    unsigned low;
    *bytes = 0;
    if (!hex4(p, end, &high) || high == 0 || (high >= 0xDC00 && high < 0xE000))
        return 0;
    if (high < 0xD800 || high >= 0xE000) {
        *bytes = 4;
        return high;
    }
    if (end - p < 10 || p[4] != '\\' || p[5] != 'u' || !hex4(p + 6, end, &low) || low < 0xDC00 ||
        low >= 0xE000)
        return 0;
    *bytes = 10;
    return 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (low - 0xDC00);
}

/* s->at stands on the opening quote. */
static int scan_string(struct json_scan *s)
{
    for (s->at++; s->at < s->end; s->at++) {
        unsigned char c = (unsigned char)*s->at;
        if (c == '"') {
            s->at++;
            return 1;
        }
        if (c < 0x20)
            return fail(s, "control character in a string");
        if (c != '\\')
            continue;
        if (++s->at == s->end)
            break;
        if (*s->at == 'u') {
            size_t bytes;
            escaped_point(s->at + 1, s->end, &bytes);
            if (bytes == 0)
                return fail(s, "bad \\u escape");
            s->at += bytes;
        } else if (!memchr("\"\\/bfnrt", *s->at, 8)) {
            return fail(s, "unknown escape");
        }
    }
    return fail(s, "string without end");
}

static int digits(struct json_scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > from;
}

static int scan_number(struct json_scan *s)
{
    if (*s->at == '-')
        s->at++;
    const char *from = s->at;
    if (!digits(s) || (*from == '0' && s->at - from > 1))
        return fail(s, "not a number");
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!digits(s))
            return fail(s, "not a number");
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        if (!digits(s))
            return fail(s, "not a number");
    }
    return 1;
}

static int scan_word(struct json_scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return fail(s, "not a JSON value");
    s->at += n;
    return 1;
}

static int scan_any(struct json_scan *s, int depth);

/* An array or object; s->at stands on its bracket. */
static int scan_inside(struct json_scan *s, int depth)
{
    char close = *s->at == '{' ? '}' : ']';
    if (depth == JSON_SCAN_DEPTH)
        return fail(s, "nested deeper than 64 levels");
    s->at++;
    skip_blanks(s);
    if (s->at < s->end && *s->at == close) {
        s->at++;
        return 1;
    }
    for (;;) {
        if (close == '}') {
            skip_blanks(s);
            if (s->at == s->end || *s->at != '"')
                return fail(s, "a member's name is missing");
            if (!scan_string(s))
                return 0;
            skip_blanks(s);
            if (s->at == s->end || *s->at != ':')
                return fail(s, "':' is missing");
            s->at++;
        }
        if (!scan_any(s, depth + 1))
            return 0;
        skip_blanks(s);
        if (s->at == s->end || (*s->at != ',' && *s->at != close))
            return fail(s, close == '}' ? "',' or '}' is missing" : "',' or ']' is missing");
        if (*s->at++ == close)
            return 1;
    }
}

static int scan_any(struct json_scan *s, int depth)
{
    skip_blanks(s);
    if (s->at == s->end)
        return fail(s, "a value is missing");
    switch (*s->at) {
    case '{':
    case '[':
        return scan_inside(s, depth);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
            return scan_number(s);
        return fail(s, "not a JSON value");
    }
}

void json_scan_init(struct json_scan *s, const char *text, size_t bytes)
{
    s->begin = s->at = text;
    s->end = text + bytes;
    s->error = NULL;
}

int json_scan_value(struct json_scan *s, struct json_span *out)
{
    skip_blanks(s);
    out->at = s->at;
    out->bytes = 0;
    if (!scan_any(s, 0))
        return 0;
    out->bytes = (size_t)(s->at - out->at);
    return 1;
}

int json_scan_end(struct json_scan *s)
{
    skip_blanks(s);
    return s->at == s->end || fail(s, "text after the value");
}

void json_scan_enter(struct json_scan *s, struct json_span inside)
{
    json_scan_init(s, inside.at + 1, inside.bytes - 2);
}

int json_scan_next(struct json_scan *s, struct json_span *key, struct json_span *value)
{
    skip_blanks(s);
    if (s->at == s->end)
        return 0;
    if (*s->at == ',')
        s->at++;
    if (key) {
        if (!json_scan_value(s, key))
            return 0;
        skip_blanks(s);
        s->at++; /* the colon that was checked */
    }
    return json_scan_value(s, value);
}

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    for (size_t i = more; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)(lead[more] | c);
    return more + 1;
}

size_t json_scan_decode(struct json_span span, char *out)
{
    const char *p = span.at + 1;
    const char *end = span.at + span.bytes - 1;
    size_t n = 0;
    while (p < end) {
        if (*p != '\\') {
            out[n++] = *p++;
            continue;
        }
        p++;
        if (*p == 'u') {
            size_t bytes;
            n += put_utf8(escaped_point(p + 1, end, &bytes), out + n);
            p += 1 + bytes;
            continue;
        }
        static const char from[] = "\"\\/bfnrt";
        static const char to[] = "\"\\/\b\f\n\r\t";
        out[n++] = to[strchr(from, *p) - from];
        p++;
    }
    out[n] = '\0';
    return n;
}

int json_scan_equals(struct json_span span, const char *word)
{
    char text[256];
    if (span.bytes > sizeof text)
        return 0;
    size_t n = json_scan_decode(span, text);
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

size_t json_scan_utf8(const char *text, size_t bytes)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < bytes;) {
        unsigned c = s[i];
        if (c < 0x80) {
            i++;
            continue;
        }
        size_t more = c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : 3;
        if (c < 0xC2 || c > 0xF4 || more >= bytes - i)
            return i;
        for (size_t k = 1; k <= more; k++)
            if ((s[i + k] & 0xC0) != 0x80)
                return i;
        if ((c == 0xE0 && s[i + 1] < 0xA0) || (c == 0xED && s[i + 1] > 0x9F) ||
            (c == 0xF0 && s[i + 1] < 0x90) || (c == 0xF4 && s[i + 1] > 0x8F))
            return i;
        i += more + 1;
    }
    return bytes;
}
