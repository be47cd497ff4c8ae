/* A scanner for numbers in running text; the value itself is strtod's. */
#include "core/numtext.h"

#include "core/buf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A letter, an underscore, or part of a character outside ASCII that is no sign known here. */
static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Three digits that a fourth does not follow. */
static bool group_at(const char *t, size_t len, size_t i)
{
    return i + 3 <= len && digit(t[i]) && digit(t[i + 1]) && digit(t[i + 2]) &&
           (i + 3 == len || !digit(t[i + 3]));
}

/* Appends the digits from *i on without their commas. */
static void whole_part(const char *t, size_t len, size_t *i, struct buf *out)
{
    size_t first = *i;
    while (*i < len && digit(t[*i]))
        buf_addc(out, t[(*i)++]);
    size_t n = *i - first;
    if (n == 0 || n > 3)
        return;
    while (*i < len && t[*i] == ',' && group_at(t, len, *i + 1)) {
        buf_add(out, t + *i + 1, 3);
        *i += 4;
    }
}

static void exponent_part(const char *t, size_t len, size_t *i, struct buf *out)
{
    size_t k = *i;
    if (k >= len || (t[k] != 'e' && t[k] != 'E'))
        return;
    k++;
    if (k < len && (t[k] == '+' || t[k] == '-'))
        k++;
    if (k >= len || !digit(t[k]))
        return;
    while (k < len && digit(t[k]))
        k++;
    if (k < len && letter(t[k])) /* "3em" and the like */
        return;
    buf_add(out, t + *i, k - *i);
    *i = k;
}

/* The bytes of a currency sign that ends at text[end), 0 when there is none: $, £, ¥, €. */
static size_t currency_before(const char *t, size_t end)
{
    if (end >= 1 && t[end - 1] == '$')
        return 1;
    if (end >= 2 &&
        (memcmp(t + end - 2, "\xC2\xA3", 2) == 0 || memcmp(t + end - 2, "\xC2\xA5", 2) == 0))
        return 2;
    return end >= 3 && memcmp(t + end - 3, "\xE2\x82\xAC", 3) == 0 ? 3 : 0;
}

/* Does the number whose digits begin at i have a minus before it? */
static bool minus_before(const char *t, size_t i)
{
    i -= currency_before(t, i);
    size_t width = i >= 1 && t[i - 1] == '-'                             ? 1
                   : i >= 3 && memcmp(t + i - 3, "\xE2\x88\x92", 3) == 0 ? 3
                                                                         : 0;
    if (width == 0)
        return false;
    i -= width;
    i -= currency_before(t, i);
    return i == 0 || !(letter(t[i - 1]) || digit(t[i - 1]) || t[i - 1] == ')' || t[i - 1] == '-');
}

bool numtext_next(const char *text, size_t len, size_t *at, double *value)
{
    for (size_t i = *at; i < len; i++) {
        bool point =
            text[i] == '.' && i + 1 < len && digit(text[i + 1]) && (i == 0 || !digit(text[i - 1]));
        if (!digit(text[i]) && !point)
            continue;
        if (i > 0 && letter(text[i - 1])) { /* inside a word: over all of it */
            while (i + 1 < len && (digit(text[i + 1]) || letter(text[i + 1])))
                i++;
            continue;
        }
        struct buf b = BUF_INIT(4096);
        if (minus_before(text, i))
            buf_addc(&b, '-');
        whole_part(text, len, &i, &b);
        if (i + 1 < len && text[i] == '.' && digit(text[i + 1])) {
            buf_addc(&b, text[i++]);
            while (i < len && digit(text[i]))
                buf_addc(&b, text[i++]);
        }
        exponent_part(text, len, &i, &b);
        *at = i;
        *value = strtod(b.data, NULL);
        bool good = !b.over && isfinite(*value);
        buf_deinit(&b);
        if (good)
            return true;
        i--; /* too large for a double: as if it were not there */
    }
    *at = len;
    return false;
}

bool numtext_last(const char *text, size_t len, double *value)
{
    size_t at = 0;
    bool any = false;
    for (double x; numtext_next(text, len, &at, &x); any = true)
        *value = x;
    return any;
}

bool numtext_whole(const char *text, double *value)
{
    size_t len = strlen(text), at = 0, first = 0;
    if (!numtext_next(text, len, &at, value))
        return false;
    while (first < len && !digit(text[first]) && text[first] != '.')
        first++;
    /* What stands around may be white space and signs only. */
    static const char around[] = " \t\r\n+-$%\xC2\xA3\xC2\xA5\xE2\x82\xAC\xE2\x88\x92";
    if (strspn(text, around) < first)
        return false;
    return at + strspn(text + at, around) == len;
}
