/* Confidence signals: log-probabilities, entropy, and how far samples agree. Whether an output has
 * the shape that was asked for is shape.c; what the numbers are good for, plan.c. */
#include <math.h>
#include <string.h>

#include "router/internal.h"

enum { SAMPLES_MAX = 256 };
#define LOGPROB_MIN (-50.0)

/* The log-probability within -50..0; 1 for good, 0 for no log-probability. */
static int read_logprob(double x, double *out)
{
    if (!(x <= 1e-6))
        return 0;
    *out = x < LOGPROB_MIN ? LOGPROB_MIN : x > 0 ? 0 : x;
    return 1;
}

int shunt_logprob_stats(const double *logprob, size_t n, double *mean, double *min)
{
    double sum = 0;
    double least = 0;
    if (!logprob || n == 0)
        return SHUNT_E_ARGUMENT;
    for (size_t i = 0; i < n; i++) {
        double x;
        if (!read_logprob(logprob[i], &x))
            return SHUNT_E_ARGUMENT;
        sum += x;
        if (x < least)
            least = x;
    }
    if (mean)
        *mean = sum / (double)n;
    if (min)
        *min = least;
    return SHUNT_OK;
}

/* Entropy and margin of one position. */
static int read_position(const double *logprob, size_t k, double *entropy, double *margin)
{
    double left = 1;
    double best = LOGPROB_MIN;
    double second = LOGPROB_MIN;
    *entropy = 0;
    for (size_t i = 0; i < k; i++) {
        double x;
        if (!read_logprob(logprob[i], &x))
            return 0;
        double p = shunt_exp(x);
        *entropy -= p * x;
        left -= p;
        if (x > best) {
            second = best;
            best = x;
        } else if (x > second) {
            second = x;
        }
    }
    if (left > 1e-12)
        *entropy -= left * shunt_ln(left);
    *margin = k == 1 || best - second > -LOGPROB_MIN ? -LOGPROB_MIN : best - second;
    return 1;
}

int shunt_top_stats(const double *logprob, size_t positions, size_t k, double *entropy,
                    double *margin)
{
    double entropies = 0;
    double margins = 0;
    if (!logprob || positions == 0 || k == 0)
        return SHUNT_E_ARGUMENT;
    for (size_t i = 0; i < positions; i++) {
        double h;
        double m;
        if (!read_position(logprob + i * k, k, &h, &m))
            return SHUNT_E_ARGUMENT;
        entropies += h;
        margins += m;
    }
    if (entropy)
        *entropy = entropies / (double)positions;
    if (margin)
        *margin = margins / (double)positions;
    return SHUNT_OK;
}

/* ---- agreement ---- */

/* A sample, read byte by byte in its normalised form. */
struct reader {
    const unsigned char *s;
    size_t at, end;
};

static int is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static int is_left_out(unsigned char c)
{
    return c == '*' || c == '_' || c == '`' || c == '#' || c == '"' || c == '\'';
}

/* White space, and what may stand around an answer without being part of it. */
static int is_edge(unsigned char c)
{
    return is_blank(c) || is_left_out(c) || (c != 0 && strchr(".,;:!?()[]{}$", c));
}

static struct reader open_text(const char *text, size_t bytes)
{
    struct reader r = {(const unsigned char *)text, 0, bytes};
    while (r.at < r.end && is_edge(r.s[r.at]))
        r.at++;
    while (r.end > r.at && is_edge(r.s[r.end - 1]))
        r.end--;
    if (r.at > 0 && r.at < r.end && is_digit(r.s[r.at]) && r.s[r.at - 1] == '.')
        r.at--; /* .5 */
    return r;
}

/* The last number of a text: digits with commas and a fraction, a minus before them; or nothing. */
static struct reader open_number(const char *text, size_t bytes)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t end = bytes;
    while (end > 0 && !is_digit(s[end - 1]))
        end--;
    size_t at = end;
    while (at > 0 && (is_digit(s[at - 1]) || s[at - 1] == '.' || s[at - 1] == ','))
        at--;
    while (at < end && !is_digit(s[at]) && !(s[at] == '.' && at + 1 < end && is_digit(s[at + 1])))
        at++;
    if (at > 0 && at < end && s[at - 1] == '-')
        at--;
    return (struct reader){s, at, end};
}

/* Does a comma at i group thousands: a digit before it, exactly three behind? */
static int groups(const struct reader *r, size_t i)
{
    if (i == 0 || !is_digit(r->s[i - 1]) || r->end - i < 4)
        return 0;
    for (size_t k = 1; k <= 3; k++)
        if (!is_digit(r->s[i + k]))
            return 0;
    return r->end - i == 4 || !is_digit(r->s[i + 4]);
}

/* At a zero or a point inside a decimal fraction: does nothing but zeros follow in it? Then the
 * place where the fraction ends, else i. */
static size_t skip_zeros(const struct reader *r, size_t i)
{
    size_t from = i; /* the digits before i lead to a point */
    while (from > 0 && is_digit(r->s[from - 1]))
        from--;
    size_t stop = i + (r->s[i] == '.');
    if (r->s[i] == '.' ? i == 0 || !is_digit(r->s[i - 1]) : from == 0 || r->s[from - 1] != '.')
        return i;
    size_t zeros = stop;
    while (zeros < r->end && r->s[zeros] == '0')
        zeros++;
    if (zeros == stop || (zeros < r->end && (is_digit(r->s[zeros]) || r->s[zeros] == '.')))
        return i;
    return zeros;
}

/* The next byte, or -1 at the end. */
static int next(struct reader *r)
{
    while (r->at < r->end) {
        unsigned char c = r->s[r->at];
        if (is_left_out(c) || (c == ',' && groups(r, r->at))) {
            r->at++;
            continue;
        }
        if (c == '0' || c == '.') {
            size_t to = skip_zeros(r, r->at);
            if (to > r->at) {
                r->at = to;
                continue;
            }
        }
        r->at++;
        if (!is_blank(c))
            return c >= 'A' && c <= 'Z' ? c + 32 : c;
        while (r->at < r->end && (is_blank(r->s[r->at]) || is_left_out(r->s[r->at])))
            r->at++;
        return ' ';
    }
    return -1;
}

static int same_answer(struct reader a, struct reader b)
{
    int c;
    do {
        c = next(&a);
        if (c != next(&b))
            return 0;
    } while (c >= 0);
    return 1;
}

int shunt_agreement(const char *const *text, const size_t *bytes, size_t count, uint32_t flags,
                    double *agreement, int *first)
{
    struct reader r[SAMPLES_MAX];
    unsigned char counted[SAMPLES_MAX] = {0};
    if (!text || !bytes || !agreement || count == 0 || count > SAMPLES_MAX ||
        flags & ~(uint32_t)SHUNT_BY_NUMBER)
        return SHUNT_E_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        if (!text[i] && bytes[i])
            return SHUNT_E_ARGUMENT;
        const char *s = text[i] ? text[i] : "";
        r[i] = (struct reader){(const unsigned char *)s, 0, 0};
        if (flags & SHUNT_BY_NUMBER)
            r[i] = open_number(s, bytes[i]);
        if (r[i].at == r[i].end)
            r[i] = open_text(s, bytes[i]);
    }
    size_t most = 0;
    int best = 0;
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        for (size_t k = i; k < count && !counted[i]; k++)
            if (!counted[k] && same_answer(r[i], r[k])) {
                counted[k] = k > i;
                same++;
            }
        if (same > most) {
            most = same;
            best = (int)i;
        }
    }
    *agreement = (double)most / (double)count;
    if (first)
        *first = best;
    return SHUNT_OK;
}
