/* What providers' headers say of their limits (FORMATS 1.3), in one shape. */
#ifndef COLLECT_RATE_H
#define COLLECT_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rate_kind { RATE_REQUESTS, RATE_TOKENS, RATE_INPUT_TOKENS, RATE_OUTPUT_TOKENS, RATE_KINDS };

/* NaN: not said. */
struct rate_told {
    double limit, remaining;
    double reset_s; /* from now, until all of it is there again */
};
struct rates {
    struct rate_told kind[RATE_KINDS];
};
struct rates rates_none(void);

/* One header, its name in any case, NUL-terminated; false: not one of these. Known are
 * x-ratelimit-WHAT-KIND, anthropic-ratelimit-KIND-WHAT, ratelimit-WHAT, x-ratelimit-WHAT (requests)
 * and ratelimitbysize-WHAT and x-tokenlimit-WHAT (tokens), with WHAT limit, remaining, reset. A
 * limit of a day or month is passed over: no pacing helps there. */
bool rates_add(struct rates *r, const char *name, const char *value, int64_t now_ms);

/* "12ms", "6m0s", RFC 3339, seconds, or the time of day since 1970 in seconds or milliseconds
 * (told apart by size: below 1e9, below 1e10) -> seconds from now, at least 0. */
bool rate_reset(const char *value, int64_t now_ms, double *seconds);

#endif
