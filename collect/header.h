/* Reply headers that say when to come back (FORMATS 1.2, 1.3). */
#ifndef COLLECT_HEADER_H
#define COLLECT_HEADER_H

#include "collect/rate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a reply's headers said; start with HEADERS_NONE. */
struct reply_headers {
    double retry_after_s;    /* NaN: not said. From retry-after, a number or an HTTP date */
    double retry_after_ms_s; /* the same from retry-after-ms or x-ms-retry-after-ms; it wins */
    int should_retry;        /* x-should-retry: 1, 0, or -1: not said */
    struct rates rates;
};
struct reply_headers reply_headers_none(void);
/* One header line, "Name: value", with or without its line end. now_ms: wall clock, for dates. */
void reply_headers_add(struct reply_headers *h, const char *line, size_t len, int64_t now_ms);
double reply_headers_wait_s(const struct reply_headers *h); /* NaN: not said */

/* "12ms", "6m0s", "1.5s", "1h", "37s", a sum of such parts, or a plain number of seconds. */
bool header_duration(const char *text, double *seconds);

#endif
