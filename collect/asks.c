/* Prompts page by page, samples within a prompt, and the question whether the very request was
 * answered before.
 */
#include "collect/asks.h"

#include "core/hash.h"
#include "store/batch.h"
#include "store/failed.h"
#include "store/reply.h"

#include <stdio.h>
#include <string.h>

enum {
    PAGE_PROMPTS = 64,
    PAGE_BYTES = 4 << 20,
    BODY_FRAME = 256, /* of a body, around the messages */
};

void ask_free(struct ask *a)
{
    buf_deinit(&a->body);
    answer_deinit(&a->answer);
    for (int k = 0; k < 2; k++)
        stream_watch_deinit(&a->watch[k]);
    free(a->ext_id);
    free(a->task);
    free(a);
}

void asks_init(struct asks *w, const struct target *t, const struct collect_options *o)
{
    *w = (struct asks){.target = t, .options = o};
}

int asks_begin(struct asks *w, struct store *s, int64_t had, struct err *e)
{
    int open = batch_any(s, w->target->model_config, e);
    w->none_stored = had == 0 && !w->options->only_errors;
    w->none_waiting = open == 0;
    return open < 0 ? open : ERR_OK;
}

void asks_deinit(struct asks *w)
{
    work_page_free(&w->page);
}

/* The store is used between the two. */
static void use(const struct asks *w)
{
    if (w->backlog)
        backlog_lock(w->backlog);
}

static void let_be(const struct asks *w)
{
    if (w->backlog)
        backlog_unlock(w->backlog);
}

/* Makes w->at a prompt that may be asked: 1, or 0 at the end. */
static int turn_page(struct asks *w, struct store *s, struct err *e)
{
    int64_t limit = w->options->limit;
    if (w->sample == 0 && limit > 0 && w->prompts >= limit)
        w->end = true;
    if (w->end)
        return 0;
    if (w->at < w->page.n)
        return 1;
    use(w);
    int rc = work_prompts(s, w->after, PAGE_PROMPTS, PAGE_BYTES, &w->page, e);
    let_be(w);
    if (rc)
        return rc;
    w->at = 0;
    w->end = w->page.n == 0;
    if (!w->end)
        w->after = w->page.v[w->page.n - 1].id;
    return !w->end;
}

static void step(struct asks *w)
{
    if (w->sample == 0)
        w->prompts++;
    if (++w->sample >= w->options->samples) {
        w->sample = 0;
        w->at++;
    }
}

static bool heard(void *owner, const char *bytes, size_t n)
{
    const struct flight *f = owner;
    struct ask *a = (struct ask *)f->job;
    size_t k = (size_t)(f - a->job.flight);
    if (a->watched[k] != f->number) {
        a->watched[k] = f->number;
        stream_watch_reset(&a->watch[k]);
    }
    return stream_watch_feed(&a->watch[k], bytes, n);
}

static struct ask *ask_new(const struct asks *w, const struct work_prompt *p, struct buf *body)
{
    const struct target *t = w->target;
    struct ask *a = mem_zalloc(sizeof *a);
    answer_init(&a->answer);
    a->prompt = p->id;
    a->ext_id = mem_strdup(p->ext_id);
    a->sample = w->sample;
    a->body = *body;
    for (int k = 0; k < 2; k++)
        stream_watch_init(&a->watch[k], t->adapter->name);
    if (t->stream)
        stream_request(t->adapter->name, &a->body);
    if (w->options->dry_run) {
        a->task = mem_strdup(p->task);
        a->text_bytes = adapter_text_bytes(t->adapter, t->config, p->messages);
    }
    a->worst_nusd = purse_worst(&t->dearest, a->body.len, t->max_output);
    a->job.request = (struct http_request){
        .url = t->endpoint.url,
        .headers = t->endpoint.headers,
        .body = a->body.data,
        .len = a->body.len,
        .loopback = t->endpoint.loopback,
        .heard = t->stream ? heard : NULL,
    };
    return a;
}

/* 1: the reply to a request is stored, 2: a provider has a batch with it, 0: neither. */
static int look(struct asks *w, struct store *s, int64_t prompt, const char *hash, struct err *e)
{
    const struct target *t = w->target;
    const struct collect_options *o = w->options;
    int have = 0;
    if (o->refresh || (w->none_stored && w->none_waiting))
        return 0;
    use(w);
    if (!w->none_stored)
        have = reply_have(s, prompt, t->model, t->model_config, w->sample, hash, false, e);
    if (!have && (!o->batch || o->dry_run) && !w->none_waiting) {
        int waits = batch_waits(s, prompt, t->model_config, w->sample, hash, e);
        w->waiting += waits == 1;
        have = waits == 1 ? 2 : waits;
    }
    let_be(w);
    return have;
}

/* The request for the prompt and sample at the cursor: 1 and *out; 0: it is stored, or cannot be
 * made. */
static int make(struct asks *w, struct store *s, struct ask **out, struct err *e)
{
    const struct target *t = w->target;
    const struct work_prompt *p = &w->page.v[w->at];
    struct buf body = BUF_INIT(0);
    struct err why = {0};
    char hash[65];
    if (w->options->only_errors) {
        use(w);
        int failed = failed_has(s, t->model_config, p->id, w->sample, e);
        let_be(w);
        if (failed != 1)
            return failed;
    }
    buf_reserve(&body, strlen(p->messages) + BODY_FRAME);
    if (adapter_body(t->adapter, t->config, p->messages, w->sample, t->official, &body, &why)) {
        snprintf(w->message, sizeof w->message, "prompt '%.60s': %.150s", p->ext_id, why.text);
        w->unsendable++;
        buf_deinit(&body);
        return 0;
    }
    sha256_hex(body.data, body.len, hash);
    int have = look(w, s, p->id, hash, e);
    if (have) {
        buf_deinit(&body);
        w->had += have == 1;
        return have < 0 ? have : 0;
    }
    *out = ask_new(w, p, &body);
    memcpy((*out)->hash, hash, sizeof hash);
    return 1;
}

int asks_next(struct asks *w, struct store *s, struct ask **out, struct err *e)
{
    int rc;
    while ((rc = turn_page(w, s, e)) == 1) {
        rc = make(w, s, out, e);
        if (rc < 0)
            return rc;
        step(w);
        if (rc == 1)
            return 1;
    }
    return rc;
}
