/* Money as integers: exact reading of decimal text, one rounding, formatting. Prices times tokens
 * and their sums are the caller's, in money_wide.
 */
#include "core/money.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 magnitude;

/* n / unit, half to even. */
static magnitude divide(magnitude n, uint64_t unit)
{
    magnitude q = n / unit, rest = n % unit, other = unit - rest;
    if (rest > other || (rest == other && (q & 1)))
        q++;
    return q;
}

int64_t money_round(money_wide amount, int64_t unit)
{
    bool negative = amount < 0;
    magnitude m = negative ? -(magnitude)amount : (magnitude)amount;
    m = divide(m, unit > 0 ? (uint64_t)unit : 1);
    if (m > INT64_MAX)
        m = INT64_MAX;
    return negative ? -(int64_t)m : (int64_t)m;
}

/* The digits of "12.34": n of them at text, the point skipped by digit_at. */
struct decimal {
    const char *text;
    size_t point; /* offset of the point, or len */
    size_t len;   /* characters, the point included */
    int64_t exponent;
    bool negative;
};

static int digit_at(const struct decimal *d, size_t i)
{
    return d->text[i < d->point ? i : i + 1] - '0';
}

/* [+-] digits [. digits] [e [+-] digits], at least one digit before the exponent. */
static bool split(const char *s, struct decimal *d)
{
    d->negative = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    d->text = s;
    d->point = strspn(s, "0123456789");
    d->len = d->point;
    size_t count = d->point;
    if (s[d->point] == '.') {
        size_t after = strspn(s + d->point + 1, "0123456789");
        d->len = d->point + 1 + after;
        count += after;
    }
    if (count == 0)
        return false;
    s += d->len;
    d->exponent = 0;
    if (*s == 'e' || *s == 'E') {
        s++;
        int sign = *s == '-' ? -1 : 1;
        if (*s == '-' || *s == '+')
            s++;
        if (*s < '0' || *s > '9')
            return false;
        for (; *s >= '0' && *s <= '9'; s++) {
            if (d->exponent < INT64_C(1000000000000000)) /* beyond the digits of any text */
                d->exponent = d->exponent * 10 + (*s - '0');
        }
        d->exponent *= sign;
    }
    return *s == '\0';
}

bool money_parse(const char *text, int digits, int64_t *out)
{
    struct decimal d;
    if (text == NULL || !split(text, &d))
        return false;
    size_t count = d.len - (d.point < d.len), first = 0;
    while (first < count && digit_at(&d, first) == 0)
        first++;
    if (first == count) {
        *out = 0;
        return true;
    }
    /* The result's digits are those before position `whole`, counted from the text's first. */
    int64_t whole = (int64_t)d.point + d.exponent + digits;
    if (whole - (int64_t)first > 19)
        return false;
    magnitude v = 0;
    int64_t i = (int64_t)first;
    for (; i < whole; i++)
        v = v * 10 + (unsigned)((size_t)i < count ? digit_at(&d, (size_t)i) : 0);
    /* The first digit cut off, and whether anything follows it. For whole < first that digit is 0.
     */
    if (i == whole && (size_t)i < count) {
        int cut = digit_at(&d, (size_t)i);
        bool more = false;
        for (size_t k = (size_t)i + 1; k < count && !more; k++)
            more = digit_at(&d, k) != 0;
        if (cut > 5 || (cut == 5 && (more || (v & 1))))
            v++;
    }
    if (v > INT64_MAX)
        return false;
    *out = d.negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool money_from_double(double x, int digits, int64_t *out)
{
    if (!isfinite(x))
        return false;
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, x);
        if (strtod(text, NULL) == x) /* 15 digits name every shorter decimal already */
            break;
    }
    return money_parse(text, digits, out);
}

bool money_from_usd(double usd, int64_t *nusd)
{
    return money_from_double(usd, 9, nusd);
}

double money_usd(int64_t nusd)
{
    return nusd == MONEY_UNKNOWN ? (double)NAN : (double)nusd / 1e9;
}

void money_format(int64_t nusd, int decimals, char out[48])
{
    if (nusd == MONEY_UNKNOWN) {
        memcpy(out, "-", 2);
        return;
    }
    int places = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    int64_t unit = 1, per_usd = 1000000000;
    for (int i = places; i < 9; i++) {
        unit *= 10;
        per_usd /= 10;
    }
    int64_t v = money_round(nusd, unit);
    uint64_t m = v < 0 ? (uint64_t)-v : (uint64_t)v;
    const char *sign = v < 0 ? "-" : "";
    unsigned long long dollars = m / (uint64_t)per_usd, rest = m % (uint64_t)per_usd;
    if (places == 0)
        snprintf(out, 48, "%s$%llu", sign, dollars);
    else
        snprintf(out, 48, "%s$%llu.%0*llu", sign, dollars, places, rest);
}
