/* Retry-After in all its spellings, and durations. What is done with them is trouble.c's.
 */
#include "collect/header.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reply_headers reply_headers_none(void)
{
    return (struct reply_headers){(double)NAN, (double)NAN, -1, rates_none()};
}

bool header_duration(const char *text, double *seconds)
{
    double sum = 0;
    const char *at = text;
    if (!*at)
        return false;
    while (*at) {
        char *end;
        if (!strchr("0123456789.", *at))
            return false;
        double v = strtod(at, &end);
        if (end == at || !(v >= 0) || !isfinite(v))
            return false;
        at = end;
        if (strncmp(at, "ms", 2) == 0) {
            sum += v / 1000;
            at += 2;
        } else if (*at && strchr("smhd", *at)) {
            sum += v * (*at == 's' ? 1 : *at == 'm' ? 60 : *at == 'h' ? 3600 : 86400);
            at++;
        } else if (!*at && end != text && at - text == (long)strlen(text) && sum == 0) {
            sum = v; /* a plain number */
        } else {
            return false;
        }
    }
    *seconds = sum;
    return true;
}

/* value is NUL-terminated and trimmed. */
static double wait_of(const char *value, int64_t now_ms)
{
    double s;
    if (header_duration(value, &s))
        return s;
    time_t t = curl_getdate(value, NULL);
    if (t == (time_t)-1)
        return (double)NAN;
    double left = (double)t - (double)now_ms / 1000;
    return left > 0 ? left : 0;
}

void reply_headers_add(struct reply_headers *h, const char *line, size_t len, int64_t now_ms)
{
    char value[128], name[64];
    const char *colon = memchr(line, ':', len);
    if (!colon)
        return;
    size_t name_len = (size_t)(colon - line), n = len - name_len - 1;
    const char *v = colon + 1;
    while (n > 0 && (*v == ' ' || *v == '\t'))
        v++, n--;
    while (n > 0 && strchr(" \t\r\n", v[n - 1]))
        n--;
    if (n >= sizeof value || memchr(v, '\0', n))
        return; /* none of ours is that long */
    memcpy(value, v, n);
    value[n] = '\0';
#define NAMED(s) (name_len == sizeof(s) - 1 && strncasecmp(line, (s), name_len) == 0)
    if (NAMED("retry-after")) {
        h->retry_after_s = wait_of(value, now_ms);
    } else if (NAMED("retry-after-ms") || NAMED("x-ms-retry-after-ms")) {
        char *end;
        double ms = strtod(value, &end);
        if (end != value && *end == '\0' && ms >= 0 && isfinite(ms))
            h->retry_after_ms_s = ms / 1000;
    } else if (NAMED("x-should-retry")) {
        h->should_retry = strcmp(value, "true") == 0 ? 1 : strcmp(value, "false") == 0 ? 0 : -1;
    } else if (name_len < sizeof name && memchr(line, '-', name_len)) {
        memcpy(name, line, name_len);
        name[name_len] = '\0';
        rates_add(&h->rates, name, value, now_ms);
    }
#undef NAMED
}

double reply_headers_wait_s(const struct reply_headers *h)
{
    return isnan(h->retry_after_ms_s) ? h->retry_after_s : h->retry_after_ms_s;
}
