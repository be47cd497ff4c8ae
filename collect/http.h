/* HTTP requests in flight, over libcurl's multi interface: the only door to the network.
 *
 * One client, one thread. Connections are kept and reused; redirects are not followed; TLS is
 * always verified; replies are bounded. Nothing here knows of protocols, retries or money.
 */
#ifndef COLLECT_HTTP_H
#define COLLECT_HTTP_H

#include "collect/rate.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_BODY_MAX = 32 << 20 };

enum http_end {
    HTTP_DONE,      /* a whole reply, whatever its status */
    HTTP_TIMED_OUT, /* connecting or the whole took too long */
    HTTP_FAILED,    /* no connection, or cut off in the middle */
    HTTP_UNTRUSTED, /* the certificate does not hold; asking again will not help */
    HTTP_TOO_LONG,  /* more than HTTP_BODY_MAX bytes */
    HTTP_DROPPED,   /* by http_drop or http_drop_all */
};

/* Request headers, made once and shared by many requests. A value may be a secret. */
struct http_headers;
struct http_headers *http_headers_new(void);
/* ERR_USAGE when the value holds a control character (a key with a line end in it). */
int http_headers_add(struct http_headers *h, const char *name, const char *value, struct err *e);
void http_headers_free(struct http_headers *h);

/* A POST; with body NULL a GET. All pointers must live until `done` was called. */
struct http_request {
    const char *url;
    const struct http_headers *headers;
    const char *body;
    size_t len;
    double timeout_s;
    bool loopback; /* http_is_loopback(url): no proxy of the environment is used */
    void *owner;
    /* NULL, or called with the owner and the bytes of a body as they come, until it says true: that
     * moment is ttft_ms of the result. */
    bool (*heard)(void *owner, const char *bytes, size_t n);
};

struct http_result {
    enum http_end end;
    int status;       /* HTTP; 0: none was received */
    bool sent;        /* the request, or a part of it, left this machine */
    const char *body; /* len bytes and a NUL; valid during `done` */
    size_t len;
    double latency_ms;    /* from when the request left to the last byte; NaN when it never left */
    double ttft_ms;       /* from when the request left to what `heard` listens for; NaN: never */
    double retry_after_s; /* NaN: not said */
    int should_retry;     /* 1, 0, -1: not said */
    struct rates rates;   /* as its headers told */
    const char *why;      /* what failed, for a person; "" when nothing did */
};

struct http;
/* max: requests in flight at most, for the limit of open files (raised where that is allowed, else
 * ERR_USAGE). */
int http_new(size_t max, struct http **out, struct err *e);
void http_free(struct http *h); /* closes all; `done` is not called */
/* ERR_NET, ERR_NOMEM. */
int http_start(struct http *h, const struct http_request *r, struct err *e);
/* Waits up to wait_ms for news, then calls done for every request that ended. done may start
 * others. */
int http_poll(struct http *h, int wait_ms,
              void (*done)(void *arg, void *owner, const struct http_result *r), void *arg,
              struct err *e);
/* Ends the one of an owner, if it is in flight, with done(HTTP_DROPPED). */
void http_drop(struct http *h, const void *owner,
               void (*done)(void *arg, void *owner, const struct http_result *r), void *arg);
/* Ends all that is in flight, with done(HTTP_DROPPED). */
void http_drop_all(struct http *h,
                   void (*done)(void *arg, void *owner, const struct http_result *r), void *arg);

/* Checks an address before any request: http or https, a host, no user or password in it, and http
 * only to this machine unless allow_http. ERR_USAGE names it. */
int http_check_url(const char *url, bool allow_http, struct err *e);
/* The host is this machine: localhost, 127.0.0.0/8, ::1. */
bool http_is_loopback(const char *url);

#endif
