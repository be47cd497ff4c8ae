/* Limits that are enforced: requests and tokens a minute, one of each a protocol. Any thread. */
#ifndef PROVIDER_LIMITS_H
#define PROVIDER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit_form {
    FORM_PROTOCOL, /* as the protocol's own service: OpenAI's durations, Anthropic's RFC 3339,
                    * Gemini's RetryInfo and no headers */
    FORM_UNIX_MS,  /* X-RateLimit-Limit, -Remaining, -Reset in milliseconds since 1970; requests */
    FORM_IETF,     /* ratelimit-limit, -remaining, -reset in seconds; requests */
    FORM_SECOND,   /* x-ratelimit-limit and x-tokenlimit-limit, of a second, nothing else */
    FORM_SILENT,   /* no header at all */
    FORM_COUNT
};

struct limit_options {
    int64_t requests, tokens; /* a minute; 0: no limit */
    double minute_s;          /* what a minute lasts */
    bool windows;             /* whole again at the turn of a minute, else filling all the time */
    enum limit_form form;
};

struct limits;
struct limits *limits_new(const struct limit_options *o);
void limits_free(struct limits *l);

struct call;
/* Takes a request out; false: the reply is a 429. NULL: no limits. */
bool limits_admit(struct limits *l, struct call *c);
void limits_spend(struct limits *l, const struct call *c); /* the tokens of the reply */
void limits_headers(struct limits *l, struct call *c);

#endif
