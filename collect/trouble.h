/* What went wrong with a request, in one word, and whether asking again can help.
 *
 * A class is read from the HTTP status first, then from what the body says, because providers
 * disagree: a 429 may be a rate limit (wait) or a spent quota (stop), a 200 may hold an error.
 * FORMATS 1.2 and 1.4 have the shapes; the rules are those of the vendors' own clients.
 */
#ifndef COLLECT_TROUBLE_H
#define COLLECT_TROUBLE_H

#include "collect/http.h"
#include "core/json.h"
#include "core/rng.h"

#include <stdbool.h>

enum trouble {
    TROUBLE_NONE,
    TROUBLE_RATE_LIMIT,  /* 429: too fast */
    TROUBLE_QUOTA,       /* 402, 429 insufficient_quota, a daily quota: nothing left */
    TROUBLE_AUTH,        /* 401, 403: the key */
    TROUBLE_NOT_FOUND,   /* 404: no such model or address */
    TROUBLE_BAD_REQUEST, /* 400, 422 and other 4xx: this request, whenever it is sent */
    TROUBLE_SERVER,      /* 5xx, 409 */
    TROUBLE_OVERLOADED,  /* 529, 503 */
    TROUBLE_TIMEOUT,     /* ours, 408, 504 */
    TROUBLE_NETWORK,     /* no connection, or cut off */
    TROUBLE_MALFORMED,   /* a reply that is not what the protocol says */
    TROUBLE_TOO_LARGE,   /* a reply beyond HTTP_BODY_MAX, or 413 */
    TROUBLE_INTERRUPTED, /* Ctrl-C while it was in flight */
    TROUBLE_HEDGED,      /* dropped: another try, or one beside its batch, was answered sooner */
    TROUBLES,
};
extern const char *const trouble_names[TROUBLES]; /* "rate_limit", ...; "ok" for none */

struct trouble_info {
    enum trouble class;
    bool retry;           /* asking again may help */
    bool paid;            /* the provider may have done the work: counts at its worst case */
    double retry_after_s; /* as the provider asked; NaN: it did not say */
    char message[240];    /* one line for a person, keys masked; "" when there is nothing to say */
};

/* Judges a result whose body is no good reply. body: the parsed body, NULL when it is not JSON or
 * there is none. secret (may be NULL; several are
 * lines of it) is masked wherever the message holds it. */
void trouble_read(const struct http_result *r, const struct json *body, const char *secret,
                  struct trouble_info *out);
/* Fills *out for a reply that could not be understood; asking again may help. */
void trouble_malformed(const char *why, struct trouble_info *out);

/* No other prompt will fare better: after a few of these in a row a model is given up. */
bool trouble_stops_model(enum trouble class);
/* The other side was never reached, or turned us away as a whole. */
bool trouble_is_network(enum trouble class);

enum { RETRY_AFTER_MAX_S = 120 };
/* Seconds to wait before try number `tries` + 1 (tries >= 1 were made): full jitter (uniform up to
 * 0.5 s x 2^(tries-1), at most 8 s), or what the provider asked for plus a little jitter; negative:
 * it asked for more than RETRY_AFTER_MAX_S, do not wait. */
double retry_delay_s(int tries, double retry_after_s, struct rng *rng);

#endif
