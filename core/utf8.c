/* UTF-8 validity by the table of well-formed sequences (Unicode 15, table 3-7), with a fast way
 * over ASCII; and the normal form by which equal texts are found.
 */
#include "core/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the valid sequence at p (n bytes are left), 0 when there is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    size_t len = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (n < len)
        return 0;
    /* Only the second byte's range depends on the first: overlong, surrogate, too large. */
    unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t utf8_check(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0;
    while (at < len) {
        uint64_t word;
        if (len - at >= sizeof word) {
            memcpy(&word, p + at, sizeof word);
            if (!(word & UINT64_C(0x8080808080808080))) {
                at += sizeof word;
                continue;
            }
        }
        size_t n = sequence(p + at, len - at);
        if (n == 0)
            return at;
        at += n;
    }
    return len;
}

void text_normalise(struct buf *out, const char *text, size_t len)
{
    if (!buf_reserve(out, len)) /* the result is never longer */
        return;
    bool any = false, space = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            space = true;
            continue;
        }
        if (space && any)
            buf_addc(out, ' ');
        space = false;
        any = true;
        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}
