/* Buckets of requests and tokens, and what the headers say of them.
 */
#include "tests/provider/limits.h"

#include "core/clock.h"
#include "core/mem.h"
#include "tests/provider/server.h"

#include <math.h>
#include <pthread.h>

struct bucket {
    double left[2]; /* requests, tokens */
    double at_s;    /* when that was so */
};

struct limits {
    struct limit_options o;
    double size[2];
    pthread_mutex_t lock;
    struct bucket bucket[3]; /* by protocol */
};

struct limits *limits_new(const struct limit_options *o)
{
    struct limits *l = mem_zalloc(sizeof *l);
    l->o = *o;
    l->size[0] = o->requests > 0 ? (double)o->requests : 1e12;
    l->size[1] = o->tokens > 0 ? (double)o->tokens : 1e15;
    pthread_mutex_init(&l->lock, NULL);
    for (int i = 0; i < 3; i++)
        l->bucket[i] = (struct bucket){{l->size[0], l->size[1]}, clock_s()};
    return l;
}

void limits_free(struct limits *l)
{
    if (l)
        pthread_mutex_destroy(&l->lock);
    free(l);
}

static void fill(const struct limits *l, struct bucket *b)
{
    double now = clock_s(), minutes = (now - b->at_s) / l->o.minute_s;
    if (l->o.windows && minutes < 1)
        return;
    for (int i = 0; i < 2; i++) {
        b->left[i] = l->o.windows ? l->size[i] : b->left[i] + minutes * l->size[i];
        b->left[i] = b->left[i] < l->size[i] ? b->left[i] : l->size[i];
    }
    b->at_s = l->o.windows ? b->at_s + floor(minutes) * l->o.minute_s : now;
}

/* Seconds until there are `want` of kind i again. */
static double until(const struct limits *l, const struct bucket *b, int i, double want)
{
    if (l->o.windows)
        return b->left[i] < want ? b->at_s + l->o.minute_s - clock_s() : 0;
    return b->left[i] < want ? (want - b->left[i]) / l->size[i] * l->o.minute_s : 0;
}

bool limits_admit(struct limits *l, struct call *c)
{
    if (!l)
        return true;
    struct bucket *b = &l->bucket[c->protocol];
    double tokens = (double)c->body.len / 4;
    pthread_mutex_lock(&l->lock);
    fill(l, b);
    bool ok = b->left[0] >= 1 && b->left[1] >= tokens;
    double r = until(l, b, 0, 1), t = until(l, b, 1, tokens), wait = r > t ? r : t;
    b->left[0] -= ok;
    b->left[1] -= ok ? tokens : 0;
    pthread_mutex_unlock(&l->lock);
    if (ok)
        return true;
    c->wait_s = wait;
    reply_error(c, 429, NULL, NULL, "Rate limit reached for %s per min.",
                r > t ? "requests" : "tokens");
    if (l->o.form == FORM_PROTOCOL && c->protocol == PROTO_OPENAI)
        reply_header(&c->reply, "retry-after-ms", "%d", (int)ceil(wait * 1000));
    if (l->o.form == FORM_PROTOCOL && c->protocol == PROTO_ANTHROPIC)
        reply_header(&c->reply, "retry-after", "%d", (int)ceil(wait));
    return false;
}

void limits_spend(struct limits *l, const struct call *c)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->bucket[c->protocol].left[1] -= (double)c->reply.output_tokens;
    pthread_mutex_unlock(&l->lock);
}

static void openai_duration(struct reply *r, const char *name, double s)
{
    if (s < 1)
        reply_header(r, name, "%dms", (int)ceil(s * 1000));
    else if (s < 60)
        reply_header(r, name, "%.3fs", s);
    else
        reply_header(r, name, "%dm%ds", (int)(s / 60), (int)ceil(s) % 60);
}

static void openai_headers(struct reply *r, const double *size, const double *left,
                           const double *full)
{
    reply_header(r, "x-ratelimit-limit-requests", "%.0f", size[0]);
    reply_header(r, "x-ratelimit-remaining-requests", "%.0f", left[0]);
    openai_duration(r, "x-ratelimit-reset-requests", full[0]);
    reply_header(r, "x-ratelimit-limit-tokens", "%.0f", size[1]);
    reply_header(r, "x-ratelimit-remaining-tokens", "%.0f", left[1]);
    openai_duration(r, "x-ratelimit-reset-tokens", full[1]);
}

static void anthropic_headers(struct reply *r, const double *size, const double *left,
                              const double *full)
{
    char when[2][32];
    for (int i = 0; i < 2; i++)
        clock_format(clock_unix_ms() + (int64_t)(full[i] * 1000), when[i]);
    reply_header(r, "anthropic-ratelimit-requests-limit", "%.0f", size[0]);
    reply_header(r, "anthropic-ratelimit-requests-remaining", "%.0f", left[0]);
    reply_header(r, "anthropic-ratelimit-requests-reset", "%s", when[0]);
    reply_header(r, "anthropic-ratelimit-tokens-limit", "%.0f", size[1]);
    reply_header(r, "anthropic-ratelimit-tokens-remaining", "%.0f", left[1]);
    reply_header(r, "anthropic-ratelimit-tokens-reset", "%s", when[1]);
}

void limits_headers(struct limits *l, struct call *c)
{
    struct bucket *b = &l->bucket[c->protocol];
    struct reply *r = &c->reply;
    double left[2], full[2];
    pthread_mutex_lock(&l->lock);
    fill(l, b);
    for (int i = 0; i < 2; i++) {
        left[i] = b->left[i] > 0 ? floor(b->left[i]) : 0;
        full[i] = until(l, b, i, l->size[i]);
    }
    pthread_mutex_unlock(&l->lock);
    if (l->o.form == FORM_UNIX_MS) {
        reply_header(r, "X-RateLimit-Limit", "%.0f", l->size[0]);
        reply_header(r, "X-RateLimit-Remaining", "%.0f", left[0]);
        reply_header(r, "X-RateLimit-Reset", "%lld",
                     (long long)(clock_unix_ms() + (int64_t)(full[0] * 1000)));
    } else if (l->o.form == FORM_IETF) {
        reply_header(r, "ratelimit-limit", "%.0f", l->size[0]);
        reply_header(r, "ratelimit-remaining", "%.0f", left[0]);
        reply_header(r, "ratelimit-reset", "%.0f", ceil(full[0]));
    } else if (l->o.form == FORM_SECOND) {
        reply_header(r, "x-ratelimit-limit", "%.3f", l->size[0] / l->o.minute_s);
        reply_header(r, "x-tokenlimit-limit", "%.3f", l->size[1] / l->o.minute_s);
    } else if (l->o.form == FORM_PROTOCOL && c->protocol == PROTO_OPENAI) {
        openai_headers(r, l->size, left, full);
    } else if (l->o.form == FORM_PROTOCOL && c->protocol == PROTO_ANTHROPIC) {
        anthropic_headers(r, l->size, left, full);
    }
}
