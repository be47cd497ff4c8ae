/* libcurl with a pool of easy handles. What a reply means is the adapters' and
 * trouble.c's business; addresses are http_url.c's.
 */
#include "collect/http.h"

#include "collect/header.h"
#include "collect/sockets.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/vec.h"

#include <curl/curl.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>

enum {
    CONNECT_MS = 10000,
    SPARE_FILES = 64,          /* the store, its log, stdio, the resolver */
    KEEP_BODY_BYTES = 1 << 20, /* a larger body buffer is given back after use */
};

struct http_headers {
    struct curl_slist *list;
};

struct transfer {
    CURL *easy;
    struct cell *cell; /* while it flies */
    struct buf body;
    struct reply_headers headers;
    void *owner;
    bool over;
    bool (*heard)(void *owner, const char *bytes, size_t n); /* NULL once it said true */
    double first_s, heard_s; /* clock_s() at the first byte of the reply, and then; NaN */
    size_t at;               /* in flying */
    char why[CURL_ERROR_SIZE];
};

struct http {
    struct sockets sockets;
    VEC(struct transfer *) idle, flying;
    const char *ca_file; /* SSL_CERT_FILE of the environment, or NULL */
};

/* --- headers ------------------------------------------------------------------------------------
 */
struct http_headers *http_headers_new(void)
{
    struct http_headers *h = mem_zalloc(sizeof *h);
    /* Without this curl waits for a "100 Continue" before it sends a large body. */
    h->list = curl_slist_append(NULL, "Expect:");
    if (!h->list)
        mem_exhausted();
    return h;
}

int http_headers_add(struct http_headers *h, const char *name, const char *value, struct err *e)
{
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return err_set(e, ERR_USAGE, "the value of header '%s' has a control character in it",
                           name);
    AUTO_FREE char *line = mem_printf("%s: %s", name, value);
    struct curl_slist *list = curl_slist_append(h->list, line);
    memset(line, 0, strlen(line)); /* it may hold a key */
    if (!list)
        mem_exhausted();
    h->list = list;
    return ERR_OK;
}

void http_headers_free(struct http_headers *h)
{
    if (!h)
        return;
    for (struct curl_slist *s = h->list; s; s = s->next)
        memset(s->data, 0, strlen(s->data));
    curl_slist_free_all(h->list);
    free(h);
}

/* --- one transfer -------------------------------------------------------------------------------
 */
static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
    struct transfer *t = arg;
    if (!buf_add(&t->body, data, one * n)) {
        t->over = true;
        return 0; /* ends the transfer */
    }
    if (t->heard && t->heard(t->owner, data, one * n)) {
        t->heard_s = clock_s();
        t->heard = NULL;
    }
    return one * n;
}

static size_t on_header(char *data, size_t one, size_t n, void *arg)
{
    struct transfer *t = arg;
    if (t->heard && isnan(t->first_s))
        t->first_s = clock_s();
    if (n * one > 5 && memcmp(data, "HTTP/", 5) == 0)
        t->headers = reply_headers_none(); /* of the last reply only, not of a 100 or a proxy */
    else if (n * one > 0 &&
             strchr("rRxXaA",
                    data[0])) /* retry-after, x-, ratelimit-, anthropic-; others are many */
        reply_headers_add(&t->headers, data, one * n, clock_unix_ms());
    return one * n;
}

static struct transfer *transfer_new(struct http *h)
{
    struct transfer *t = mem_zalloc(sizeof *t);
    buf_init(&t->body, HTTP_BODY_MAX);
    CURL *c = t->easy = curl_easy_init();
    if (!c)
        mem_exhausted();
    sockets_watch(&h->sockets, c);
    curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, ""); /* whatever this curl can unpack */
    curl_easy_setopt(c, CURLOPT_USERAGENT, "shunt/" SHUNT_VERSION);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    if (h->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
    return t;
}

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    buf_deinit(&t->body);
    free(t);
}

/* --- the client ---------------------------------------------------------------------------------
 */
/* Room for max connections and what else is open; as far as the system's hard limit allows. */
static int want_files(size_t max, struct err *e)
{
    struct rlimit r;
    rlim_t need = (rlim_t)max + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == RLIM_INFINITY || r.rlim_cur >= need)
        return ERR_OK;
    if (r.rlim_max != RLIM_INFINITY && r.rlim_max < need)
        return err_set(e, ERR_USAGE,
                       "%zu requests in flight need %llu open files, the system allows %llu; lower"
                       " --jobs or raise 'ulimit -n'",
                       max, (unsigned long long)need, (unsigned long long)r.rlim_max);
    r.rlim_cur = need;
    setrlimit(RLIMIT_NOFILE, &r);
    return ERR_OK;
}

int http_new(size_t max, struct http **out, struct err *e)
{
    static bool ready;
    if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, ERR_NET, "cannot start libcurl");
    ready = true;
    int rc = want_files(max, e);
    if (rc)
        return rc;
    struct http *h = mem_zalloc(sizeof *h);
    rc = sockets_init(&h->sockets, e);
    if (rc) {
        http_free(h);
        return rc;
    }
    h->ca_file = getenv("SSL_CERT_FILE");
    *out = h;
    return ERR_OK;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->flying.n; i++) {
        sockets_remove(&h->sockets, h->flying.v[i]->easy, h->flying.v[i]->cell);
        transfer_free(h->flying.v[i]);
    }
    for (size_t i = 0; i < h->idle.n; i++)
        transfer_free(h->idle.v[i]);
    VEC_FREE(&h->flying);
    VEC_FREE(&h->idle);
    sockets_deinit(&h->sockets);
    free(h);
}

int http_start(struct http *h, const struct http_request *r, struct err *e)
{
    struct transfer *t = h->idle.n ? h->idle.v[--h->idle.n] : transfer_new(h);
    double ms = r->timeout_s * 1000;
    buf_clear(&t->body);
    t->body.over = t->over = false;
    t->headers = reply_headers_none();
    t->owner = r->owner;
    t->heard = r->heard;
    t->first_s = t->heard_s = (double)NAN;
    t->why[0] = '\0';
    t->at = h->flying.n;
    curl_easy_setopt(t->easy, CURLOPT_URL, r->url);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, r->headers->list);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body); /* says POST, even when it is NULL */
    curl_easy_setopt(t->easy, r->body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS,
                     ms < 1         ? 1L
                     : ms > 86400e3 ? 86400000L
                                    : (long)ms);
    /* Only TLS settles the protocol before the first reply: without it, all would wait for that. */
    curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, strncmp(r->url, "https:", 6) == 0 ? 1L : 0L);
    /* A proxy of the environment is for the world outside. */
    curl_easy_setopt(t->easy, CURLOPT_PROXY, r->loopback ? "" : NULL);
    CURLMcode rc = sockets_add(&h->sockets, t->easy, &t->cell);
    if (rc != CURLM_OK) {
        transfer_free(t);
        return err_set(e, ERR_NET, "cannot start a request: %s", curl_multi_strerror(rc));
    }
    VEC_PUSH(&h->flying, t);
    return ERR_OK;
}

static enum http_end end_of(const struct transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return HTTP_DONE;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMED_OUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return HTTP_UNTRUSTED;
    default:
        return t->over ? HTTP_TOO_LONG : HTTP_FAILED;
    }
}

static void measure(const struct transfer *t, CURLcode code, struct http_result *r)
{
    curl_off_t total_us = 0, left_us = 0, first_us = 0;
    long status = 0, request_bytes = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &left_us);
    curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    *r = (struct http_result){
        .end = end_of(t, code),
        .status = (int)status,
        .sent = request_bytes > 0,
        .body = t->body.data,
        .len = t->body.len,
        .latency_ms = request_bytes > 0 ? (double)(total_us - left_us) / 1000 : (double)NAN,
        /* curl knows when the first byte came, our clock how much later the text did */
        .ttft_ms = (double)(first_us - left_us) / 1000 + (t->heard_s - t->first_s) * 1000,
        .retry_after_s = reply_headers_wait_s(&t->headers),
        .should_retry = t->headers.should_retry,
        .rates = t->headers.rates,
        .why = t->over             ? "the reply is larger than 32 MiB"
               : code == CURLE_OK  ? ""
               : t->why[0] != '\0' ? t->why
                                   : curl_easy_strerror(code),
    };
    if (r->ttft_ms > r->latency_ms) /* two clocks, one moment */
        r->ttft_ms = r->latency_ms;
}

/* Takes a transfer out of flight, hands its result over, keeps the handle for the next. */
static void finish(struct http *h, struct transfer *t, const struct http_result *r,
                   void (*done)(void *arg, void *owner, const struct http_result *r), void *arg)
{
    sockets_remove(&h->sockets, t->easy, t->cell);
    struct transfer *last = h->flying.v[--h->flying.n];
    h->flying.v[t->at] = last;
    last->at = t->at;
    done(arg, t->owner, r);
    if (t->body.cap > KEEP_BODY_BYTES) {
        buf_deinit(&t->body);
        buf_init(&t->body, HTTP_BODY_MAX);
    }
    VEC_PUSH(&h->idle, t);
}

int http_poll(struct http *h, int wait_ms,
              void (*done)(void *arg, void *owner, const struct http_result *r), void *arg,
              struct err *e)
{
    CURLMcode rc = sockets_wait(&h->sockets, wait_ms);
    if (rc != CURLM_OK)
        return err_set(e, ERR_NET, "cannot wait for replies: %s", curl_multi_strerror(rc));
    CURLcode code;
    for (CURL *easy; (easy = sockets_ended(&h->sockets, &code)) != NULL;) {
        struct transfer *t = NULL;
        struct http_result r;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        measure(t, code, &r);
        finish(h, t, &r, done, arg);
    }
    return ERR_OK;
}

static void drop(struct http *h, struct transfer *t,
                 void (*done)(void *arg, void *owner, const struct http_result *r), void *arg)
{
    struct http_result r;
    measure(t, CURLE_ABORTED_BY_CALLBACK, &r);
    r.end = HTTP_DROPPED;
    r.why = "interrupted";
    finish(h, t, &r, done, arg);
}

void http_drop(struct http *h, const void *owner,
               void (*done)(void *arg, void *owner, const struct http_result *r), void *arg)
{
    for (size_t i = 0; i < h->flying.n; i++)
        if (h->flying.v[i]->owner == owner) {
            drop(h, h->flying.v[i], done, arg);
            return;
        }
}

void http_drop_all(struct http *h,
                   void (*done)(void *arg, void *owner, const struct http_result *r), void *arg)
{
    while (h->flying.n)
        drop(h, h->flying.v[h->flying.n - 1], done, arg);
}
