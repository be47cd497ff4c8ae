/* Walks the grammar of JSON once over the text, and says where and why it is not JSON. cJSON takes
 * leading zeros, invalid UTF-8 and raw control characters, cuts strings at \u0000 and numbers at 63
 * bytes; after this it has nothing left to misread. Builds nothing: the tree is core/json.c's.
 */
#include "core/json_scan.h"

#include "core/utf8.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DEPTH = 200,
    MAX_NUMBER = 63, /* bytes; cJSON reads no more */
    EXACT_DIGITS = 15,
};

struct scan {
    const char *s;
    size_t n, at;
    const char *what; /* set by the first failure, at `at` */
    size_t numbers;
    struct json_wides *wides;
};

static bool fail(struct scan *sc, const char *what)
{
    sc->what = what;
    return false;
}

/* The byte at the cursor; at the end a NUL, which no rule accepts. */
static char peek(const struct scan *sc)
{
    return sc->at < sc->n ? sc->s[sc->at] : '\0';
}

static void skip_space(struct scan *sc)
{
    while (sc->at < sc->n && strchr(" \t\n\r", sc->s[sc->at]) && sc->s[sc->at])
        sc->at++;
}

static bool scan_word(struct scan *sc, const char *word)
{
    size_t len = strlen(word);
    if (sc->n - sc->at < len || memcmp(sc->s + sc->at, word, len) != 0)
        return fail(sc, "a value is expected here");
    sc->at += len;
    return true;
}

static size_t skip_digits(struct scan *sc)
{
    size_t from = sc->at;
    while (peek(sc) >= '0' && peek(sc) <= '9')
        sc->at++;
    return sc->at - from;
}

static bool scan_number(struct scan *sc)
{
    size_t from = sc->at;
    bool whole = true, exponent = false;
    if (peek(sc) == '-')
        sc->at++;
    size_t first = sc->at, digits = skip_digits(sc);
    if (digits == 0)
        return fail(sc, "a digit is expected here");
    if (digits > 1 && sc->s[first] == '0') {
        sc->at = first;
        return fail(sc, "a number may not start with 0");
    }
    if (peek(sc) == '.') {
        sc->at++;
        whole = false;
        if (skip_digits(sc) == 0)
            return fail(sc, "a digit is expected here");
    }
    if (peek(sc) == 'e' || peek(sc) == 'E') {
        sc->at++;
        whole = false;
        exponent = true;
        if (peek(sc) == '+' || peek(sc) == '-')
            sc->at++;
        if (skip_digits(sc) == 0)
            return fail(sc, "a digit is expected here");
    }

    size_t len = sc->at - from;
    char text[MAX_NUMBER + 1];
    if (len >= sizeof text) {
        sc->at = from;
        return fail(sc, "the number has more than 63 characters");
    }
    memcpy(text, sc->s + from, len);
    text[len] = '\0';
    if (exponent && !isfinite(strtod(text, NULL))) { /* 63 characters without are in range */
        sc->at = from;
        return fail(sc, "the number is beyond the range of a double");
    }
    if (whole && digits > EXACT_DIGITS) {
        struct json_wide_at wide = {sc->numbers, from, len};
        VEC_PUSH(sc->wides, wide);
    }
    sc->numbers++;
    return true;
}

/* Four hex digits at the cursor, or -1. */
static int hex4(const struct scan *sc, size_t at)
{
    if (sc->n - at < 4)
        return -1;
    int v = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = sc->s[at + i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* After the backslash at the cursor. */
static bool scan_escape(struct scan *sc)
{
    char c = sc->at + 1 < sc->n ? sc->s[sc->at + 1] : '\0';
    if (c && strchr("\"\\/bfnrt", c)) {
        sc->at += 2;
        return true;
    }
    if (c != 'u')
        return fail(sc, "no such escape in a string");
    int v = hex4(sc, sc->at + 2);
    if (v < 0)
        return fail(sc, "\\u needs four hexadecimal digits");
    if (v == 0)
        return fail(sc, "an escaped NUL (\\u0000) is not supported");
    if (v >= 0xDC00 && v <= 0xDFFF)
        return fail(sc, "an unpaired surrogate");
    if (v >= 0xD800 && v <= 0xDBFF) {
        size_t next = sc->at + 6;
        int low = sc->n - next > 6 && sc->s[next] == '\\' && sc->s[next + 1] == 'u'
                      ? hex4(sc, next + 2)
                      : -1;
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(sc, "an unpaired surrogate");
        sc->at += 6;
    }
    sc->at += 6;
    return true;
}

static bool scan_string(struct scan *sc)
{
    if (peek(sc) != '"')
        return fail(sc, "a string is expected here");
    size_t from = sc->at++;
    while (sc->at < sc->n) {
        unsigned char c = (unsigned char)sc->s[sc->at];
        if (c == '"') {
            sc->at++;
            return true;
        }
        if (c < 0x20)
            return fail(sc, "a control character in a string has to be escaped");
        if (c != '\\')
            sc->at++;
        else if (!scan_escape(sc))
            return false;
    }
    sc->at = from;
    return fail(sc, "the string that begins here never ends");
}

static bool scan_value(struct scan *sc, int depth);

/* An array or an object, the cursor on its bracket. */
static bool scan_nest(struct scan *sc, int depth)
{
    bool object = peek(sc) == '{';
    char close = object ? '}' : ']';
    if (depth >= MAX_DEPTH)
        return fail(sc, "nested deeper than 200 levels");
    sc->at++;
    skip_space(sc);
    if (peek(sc) == close) {
        sc->at++;
        return true;
    }
    for (;;) {
        if (object) {
            skip_space(sc);
            if (!scan_string(sc))
                return false;
            skip_space(sc);
            if (peek(sc) != ':')
                return fail(sc, "':' is expected here");
            sc->at++;
        }
        if (!scan_value(sc, depth + 1))
            return false;
        skip_space(sc);
        char c = peek(sc);
        if (c != ',' && c != close)
            return fail(sc, object ? "',' or '}' is expected here" : "',' or ']' is expected here");
        sc->at++;
        if (c == close)
            return true;
    }
}

static bool scan_value(struct scan *sc, int depth)
{
    skip_space(sc);
    switch (peek(sc)) {
    case '{':
    case '[':
        return scan_nest(sc, depth);
    case '"':
        return scan_string(sc);
    case 't':
        return scan_word(sc, "true");
    case 'f':
        return scan_word(sc, "false");
    case 'n':
        return scan_word(sc, "null");
    default:
        if (peek(sc) == '-' || (peek(sc) >= '0' && peek(sc) <= '9'))
            return scan_number(sc);
        return fail(sc, "a value is expected here");
    }
}

/* Columns count characters, not bytes, as an editor does. */
static int report(const struct scan *sc, struct err *e)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < sc->at; i++) {
        if (sc->s[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)sc->s[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    char where[64]; /* a text of one line is a line of its file already */
    if (memchr(sc->s, '\n', sc->n) == NULL)
        snprintf(where, sizeof where, "column %zu", column);
    else
        snprintf(where, sizeof where, "line %zu column %zu", line, column);
    const bool early = sc->at >= sc->n && sc->n > 0;
    return err_set(e, ERR_FORMAT, "%s: %s%s", where, early ? "the text ends too early: " : "",
                   sc->what);
}

int json_scan(const char *text, size_t len, struct json_wides *wides, struct err *e)
{
    struct scan sc = {.s = text, .n = len, .wides = wides};
    size_t valid = utf8_check(sc.s, sc.n);
    if (valid < sc.n) {
        sc.at = valid;
        fail(&sc, "the text is not UTF-8");
        return report(&sc, e);
    }
    bool ok = scan_value(&sc, 0);
    if (ok) {
        skip_space(&sc);
        if (sc.at < sc.n)
            ok = fail(&sc, "something follows the end of the JSON value");
    }
    return ok ? ERR_OK : report(&sc, e);
}
