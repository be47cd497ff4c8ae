/* Replaces what strict JSON and UTF-8 do not allow inside a string, and nothing else. */
#include "collect/mend.h"

#include "core/utf8.h"

#include <ctype.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* The four hex digits of "\uXXXX" at s, or -1. */
static long escape_at(const char *s, const char *end)
{
    long v = 0;
    if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int c = tolower((unsigned char)s[i]);
        if (!isxdigit(c))
            return -1;
        v = v * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return v;
}

static bool is_high(long v)
{
    return v >= 0xd800 && v < 0xdc00;
}

static bool is_low(long v)
{
    return v >= 0xdc00 && v < 0xe000;
}

/* One escape at s; returns the bytes read. */
static size_t mend_escape(struct buf *out, const char *s, const char *end)
{
    long v = escape_at(s, end);
    if (v < 0) { /* \n, \\, \": two bytes that belong together */
        size_t n = end - s >= 2 ? 2 : 1;
        buf_add(out, s, n);
        return n;
    }
    if (is_high(v) && is_low(escape_at(s + 6, end))) {
        buf_add(out, s, 12);
        return 12;
    }
    if (v == 0 || is_high(v) || is_low(v))
        buf_adds(out, replacement);
    else
        buf_add(out, s, 6);
    return 6;
}

static void mend(struct buf *out, const char *text, size_t len)
{
    const char *end = text + len;
    size_t valid = utf8_check(text, len); /* bytes from text on that need no look */
    for (const char *s = text; s < end;) {
        if (s == text + valid) {
            buf_adds(out, replacement);
            s++;
            valid = (size_t)(s - text) + utf8_check(s, (size_t)(end - s));
        } else if (*s == '\\') {
            s += mend_escape(out, s, text + valid);
        } else {
            buf_addc(out, *s++);
        }
    }
}

int mend_parse(const char *text, size_t len, struct json **out, struct err *e)
{
    int rc = json_parse(text, len, out, e);
    if (rc != ERR_FORMAT)
        return rc;
    struct buf b = BUF_INIT(0);
    mend(&b, text, len);
    if (json_parse(b.data, b.len, out, NULL) == ERR_OK)
        rc = ERR_OK;
    buf_deinit(&b);
    return rc;
}
