/* Escaping and number formats. What is said with them is content.c's. */
#include "reports/text.h"

#include "core/csv.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "reports/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";

/* C1 controls, and characters that turn the direction of what stands around them. */
static bool is_unsafe(const unsigned char *p)
{
    if (p[0] == 0xC2)
        return p[1] < 0xA0;
    if (p[0] == 0xE2 && p[1] == 0x80)
        return p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE);
    return p[0] == 0xE2 && p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9;
}

void text_clean(struct buf *out, const char *s)
{
    size_t len = s ? strlen(s) : 0, at = 0;
    while (at < len) {
        const size_t good = utf8_check(s + at, len - at);
        for (size_t end = at + good; at < end;) {
            const unsigned char *p = (const unsigned char *)s + at;
            const size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
            if (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r'))
                buf_addc(out, ' ');
            else if (p[0] < ' ' || p[0] == 0x7F || (n > 1 && is_unsafe(p)))
                buf_adds(out, replacement);
            else
                buf_add(out, p, n);
            at += n;
        }
        if (at < len) {
            buf_adds(out, replacement);
            at++;
        }
    }
}

/* s cleaned, then each byte that has an entry in pairs ("<&lt;" and so on) replaced. */
static void escape(struct buf *out, const char *s, const char *(*entry)(char c))
{
    struct buf clean = BUF_INIT(0);
    text_clean(&clean, s);
    for (size_t i = 0; i < clean.len; i++) {
        const char *text = entry(clean.data[i]);
        if (text)
            buf_adds(out, text);
        else
            buf_addc(out, clean.data[i]);
    }
    buf_deinit(&clean);
}

static const char *html_entry(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '`':
        return "&#96;";
    default:
        return NULL;
    }
}

void text_html(struct buf *out, const char *s)
{
    escape(out, s, html_entry);
}

/* After these a name may go on in the next line. */
static bool is_joint(char c)
{
    return c && strchr("._:>/-", c) != NULL;
}

void text_html_name(struct buf *out, const char *s)
{
    enum { LONGEST = 20 }; /* characters without a joint */
    struct buf clean = BUF_INIT(0);
    text_clean(&clean, s);
    size_t run = 0;
    for (size_t i = 0; i < clean.len; i++) {
        const char c = clean.data[i], *text = html_entry(c);
        const bool starts = ((unsigned char)c & 0xC0) != 0x80;
        if (starts && run++ >= LONGEST) {
            buf_adds(out, "<wbr>");
            run = 1;
        }
        if (text)
            buf_adds(out, text);
        else
            buf_addc(out, c);
        if (c == ' ')
            run = 0;
        if (is_joint(c) && i + 1 < clean.len && !is_joint(clean.data[i + 1])) {
            buf_adds(out, "<wbr>");
            run = 0;
        }
    }
    buf_deinit(&clean);
}

static const char *markdown_entry(char c)
{
    static const char special[] = "\\*_[]|~#$!", *const escaped[] = {
                                                     "\\\\", "\\*", "\\_", "\\[", "\\]",
                                                     "\\|",  "\\~", "\\#", "\\$", "\\!",
                                                 };
    if (c == '<' || c == '>' || c == '&' || c == '`')
        return html_entry(c);
    const char *at = c ? strchr(special, c) : NULL;
    return at ? escaped[at - special] : NULL;
}

void text_markdown(struct buf *out, const char *s)
{
    if (s && (s[0] == '-' || s[0] == '+') && (s[1] == ' ' || s[1] == '\0'))
        buf_addc(out, '\\'); /* would begin a list */
    escape(out, s, markdown_entry);
}

/* gnuplot doubles a quote within quotes, but stumbles where it is the first character: the
 * typographic apostrophe says the same and ends nothing. */
static const char *gnuplot_entry(char c)
{
    return c == '\'' ? "\xE2\x80\x99" : NULL;
}

void text_gnuplot(struct buf *out, const char *s)
{
    buf_addc(out, '\'');
    escape(out, s, gnuplot_entry);
    buf_addc(out, '\'');
}

void text_csv(struct buf *out, const char *s, bool first)
{
    struct buf b = BUF_INIT(0);
    if (s && s[0] && strchr("=+-@\t\r", s[0]))
        buf_addc(&b, '\'');
    text_clean(&b, s);
    csv_field(out, b.data, first);
    buf_deinit(&b);
}

size_t text_columns(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* Bytes of the first n characters. */
static size_t prefix(const char *s, size_t n)
{
    size_t at = 0;
    for (; s[at]; at++)
        if (((unsigned char)s[at] & 0xC0) != 0x80 && n-- == 0)
            break;
    return at;
}

char *text_shorten(const char *s, size_t limit)
{
    struct buf clean = BUF_INIT(0);
    text_clean(&clean, s);
    const size_t n = text_columns(clean.data);
    if (n > limit && limit > 2) {
        const size_t head = (limit - 1) * 3 / 5, tail = limit - 1 - head;
        char *out = mem_printf("%.*s\xE2\x80\xA6%s", (int)prefix(clean.data, head), clean.data,
                               clean.data + prefix(clean.data, n - tail));
        buf_deinit(&clean);
        return out;
    }
    return buf_detach(&clean, NULL);
}

char *text_number(double v, int decimals)
{
    if (isnan(v))
        return mem_strdup(TEXT_NONE);
    if (isinf(v))
        return mem_strdup(v > 0 ? "infinity" : "-infinity");
    char *s = mem_printf("%.*f", decimals, v);
    if (s[0] == '-' && strspn(s + 1, "0.") == strlen(s + 1))
        memmove(s, s + 1, strlen(s)); /* no minus before a zero */
    return s;
}

char *text_quality(double v)
{
    return text_number(v, 4);
}

char *text_usd(double v)
{
    if (!isfinite(v))
        return text_number(v, 0);
    const double size = fabs(v);
    int decimals = size >= 1 || size <= 0 ? 2 : 2 - (int)floor(log10(size));
    decimals = size >= 100 ? 0 : decimals > 9 ? 9 : decimals;
    AUTO_FREE char *digits = text_number(size, decimals);
    return mem_printf("%s$%s", v < 0 && strspn(digits, "0.") != strlen(digits) ? "-" : "", digits);
}

char *text_percent(double share, int decimals)
{
    if (!isfinite(share))
        return text_number(share, 0);
    AUTO_FREE char *digits = text_number(share * 100, decimals);
    return mem_printf("%s %%", digits);
}

char *text_percent_short(double share)
{
    const double x = share * 100;
    return text_percent(share, fabs(x - round(x)) < 1e-6 ? 0 : 1);
}

char *text_ms(double v)
{
    if (!isfinite(v))
        return text_number(v, 0);
    return v < 10       ? mem_printf("%.1f ms", v)
           : v < 9999.5 ? mem_printf("%.0f ms", v)
                        : mem_printf("%.1f s", v / 1000);
}

char *text_interval(const struct value *v, char *(*format)(double))
{
    if (isnan(v->lo) || isnan(v->hi))
        return NULL;
    AUTO_FREE char *lo = format(v->lo), *hi = format(v->hi);
    return mem_printf("%s to %s", lo, hi);
}

char *text_count(int64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, n < 0 ? 0 : n);
    struct buf b = BUF_INIT(0);
    const size_t len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_addc(&b, ',');
        buf_addc(&b, digits[i]);
    }
    return buf_detach(&b, NULL);
}
