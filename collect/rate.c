/* Names and numbers of limits. What is done about them is pace.c's.
 */
#include "collect/rate.h"

#include "collect/header.h"
#include "core/clock.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rates rates_none(void)
{
    const double none = (double)NAN;
    struct rates r;
    for (int k = 0; k < RATE_KINDS; k++)
        r.kind[k] = (struct rate_told){none, none, none};
    return r;
}

static bool number(const char *text, double *out)
{
    char *end;
    int64_t whole = 0;
    size_t n = 0;
    while (n < 15 && isdigit((unsigned char)text[n]))
        whole = whole * 10 + (text[n++] - '0');
    *out = (double)whole;
    if (n > 0 && text[n] == '\0')
        return true;
    if (n == 0)
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

bool rate_reset(const char *value, int64_t now_ms, double *seconds)
{
    double v;
    int64_t at;
    double now_s = (double)now_ms / 1000;
    if (number(value, &v))
        *seconds = v < 1e9 ? v : v < 1e10 ? v - now_s : v / 1000 - now_s;
    else if (clock_parse(value, &at))
        *seconds = (double)(at - now_ms) / 1000;
    else if (!header_duration(value, seconds))
        return false;
    if (*seconds < 0)
        *seconds = 0;
    return true;
}

enum what { WHAT_NONE, WHAT_LIMIT, WHAT_REMAINING, WHAT_RESET };

/* The words after "ratelimit": what and which kind. false: a word that says that it is not for us.
 */
static bool read_words(const char *at, enum what *what, enum rate_kind *kind)
{
    bool input = false, output = false, tokens = false;
    while (*at) {
        size_t n = strcspn(at, "-");
#define WORD(s) (n == sizeof(s) - 1 && strncmp(at, (s), n) == 0)
        if (WORD("limit"))
            *what = WHAT_LIMIT;
        else if (WORD("remaining"))
            *what = WHAT_REMAINING;
        else if (WORD("reset"))
            *what = WHAT_RESET;
        else if (WORD("input"))
            input = true;
        else if (WORD("output"))
            output = true;
        else if (WORD("tokens") || WORD("bysize"))
            tokens = true;
        else if (n > 0 && !WORD("requests") && !WORD("minute") && !WORD("second") &&
                 !WORD("query") && !WORD("req"))
            return false;
#undef WORD
        at += n + (at[n] == '-');
    }
    *kind = input    ? RATE_INPUT_TOKENS
            : output ? RATE_OUTPUT_TOKENS
            : tokens ? RATE_TOKENS
                     : RATE_REQUESTS;
    return *what != WHAT_NONE;
}

bool rates_add(struct rates *r, const char *name, const char *value, int64_t now_ms)
{
    char lower[64];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof lower; n++)
        lower[n] = (char)tolower((unsigned char)name[n]);
    lower[n] = '\0';
    const char *at = strstr(lower, "ratelimit"), *of_tokens = strstr(lower, "tokenlimit");
    if (!at)
        at = of_tokens ? of_tokens + 1 : NULL; /* its last nine letters, as those of the other */
    enum what what = WHAT_NONE;
    enum rate_kind kind;
    double v;
    if (!at || name[n] || !read_words(at + 9, &what, &kind))
        return false;
    if (of_tokens && kind == RATE_REQUESTS)
        kind = RATE_TOKENS;
    struct rate_told *told = &r->kind[kind];
    if (what == WHAT_RESET) {
        if (!rate_reset(value, now_ms, &v))
            return false;
        told->reset_s = v;
    } else {
        if (!number(value, &v))
            return false;
        *(what == WHAT_LIMIT ? &told->limit : &told->remaining) = v;
    }
    return true;
}
