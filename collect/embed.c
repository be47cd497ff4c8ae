/* One lane of the engine whose jobs are batches of prompts. A batch that the endpoint refuses as a
 * whole is halved, so that one bad text does not cost its neighbours their vectors.
 */
#include "collect/embed.h"

#include "collect/endpoint.h"
#include "collect/engine.h"
#include "collect/mend.h"
#include "collect/vectors.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/opt.h"
#include "core/progress.h"
#include "store/embed.h"
#include "store/prompt.h"
#include "store/work.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* OpenAI takes 300,000 tokens a request; no text has more tokens than bytes. */
enum { BATCH_DEFAULT = 64, BATCH_BYTES = 280000 };

struct batch {
    struct job job;
    struct work_page page; /* its prompts */
    struct buf body;
    struct vector *vectors; /* [page.n], once read */
    int64_t tokens;
};

struct run {
    struct store *store;
    const struct embed_options *o;
    const struct config_encoder *config;
    struct endpoint endpoint;
    struct encoder encoder; /* id 0 until its dimensions are known */
    struct embed_summary *sum;
    VEC(struct batch *) halves; /* waiting to be asked again, smaller */
    int64_t after, last;        /* row ids: given out up to here; the last of the selection */
    int64_t batch;
    struct progress *bar;
};

static void batch_free(struct batch *b)
{
    vectors_free(b->vectors, b->page.n);
    work_page_free(&b->page);
    buf_deinit(&b->body);
    free(b);
}

static void batch_write(const struct run *r, struct batch *b)
{
    const char **texts = mem_array(b->page.n, sizeof *texts);
    for (size_t i = 0; i < b->page.n; i++)
        texts[i] = b->page.v[i].text;
    vectors_write(&b->body, r->config->model, texts, b->page.n, r->config->dimensions);
    free(texts);
    b->job.request = (struct http_request){.url = r->endpoint.url,
                                           .headers = r->endpoint.headers,
                                           .body = b->body.data,
                                           .len = b->body.len,
                                           .loopback = r->endpoint.loopback};
}

static void refuse(struct run *r, const char *ext_id, const char *why)
{
    if (r->sum->refused++ < 20)
        log_warn("prompt '%s' gets no vector: %s", ext_id, why);
    snprintf(r->sum->message, sizeof r->sum->message, "prompt '%.60s': %.150s", ext_id, why);
}

/* A text without anything in it has no meaning, and endpoints refuse the whole batch for it. */
static void drop_empty(struct run *r, struct work_page *page)
{
    size_t kept = 0;
    for (size_t i = 0; i < page->n; i++) {
        struct work_prompt *p = &page->v[i];
        if (p->text[strspn(p->text, " \t\r\n")] != '\0') {
            page->v[kept++] = *p;
            continue;
        }
        refuse(r, p->ext_id, "it has no text");
        free(p->ext_id);
        free(p->messages);
        free(p->text);
    }
    page->n = kept;
}

/* --- the engine's questions ---------------------------------------------------------------------
 */
static int next(void *arg, size_t lane, struct job **out, struct err *e)
{
    struct run *r = arg;
    (void)lane;
    if (r->halves.n) {
        *out = &r->halves.v[--r->halves.n]->job;
        return 1;
    }
    for (;;) {
        struct batch *b = mem_zalloc(sizeof *b);
        buf_init(&b->body, 0);
        int rc = work_unembedded(r->store, r->encoder.id, r->after, r->last, (size_t)r->batch,
                                 BATCH_BYTES, &b->page, e);
        size_t n = b->page.n;
        if (n) {
            r->after = b->page.v[n - 1].id;
            drop_empty(r, &b->page);
        }
        if (!rc && b->page.n) {
            batch_write(r, b);
            *out = &b->job;
            return 1;
        }
        batch_free(b);
        if (rc || n == 0)
            return rc;
    }
}

static int admit(void *arg, struct job *j)
{
    (void)arg, (void)j;
    return 1;
}

static void judge(void *arg, struct job *j, const struct http_result *res,
                  struct trouble_info *info)
{
    struct run *r = arg;
    struct batch *b = (struct batch *)j;
    struct json *body = NULL;
    const char *why = NULL;
    if (res->end == HTTP_DONE && res->len)
        mend_parse(res->body, res->len, &body, NULL);
    bool good = res->end == HTTP_DONE && res->status >= 200 && res->status < 300;
    if (!good || json_type(json_get(body, "error")) > JSON_NULL) {
        trouble_read(res, body, r->endpoint.secret, info);
        json_free(body);
        return;
    }
    vectors_free(b->vectors, b->page.n);
    b->vectors = mem_array(b->page.n, sizeof *b->vectors);
    if (vectors_read(body, b->page.n, (size_t)r->encoder.dimensions, b->vectors, &b->tokens, &why))
        *info = (struct trouble_info){.class = TROUBLE_NONE};
    else
        trouble_malformed(body ? why : "the reply is not JSON", info);
    json_free(body);
}

/* The encoder's row, as soon as its dimensions are known: from the config, or the first vector. */
static int know_dimensions(struct run *r, const struct batch *b, struct err *e)
{
    for (size_t i = 0; b && i < b->page.n && !r->encoder.dimensions; i++)
        r->encoder.dimensions = (int64_t)b->vectors[i].dims;
    if (!r->encoder.dimensions || r->encoder.id)
        return ERR_OK;
    return encoder_put(r->store, &r->encoder, e);
}

static int keep(struct run *r, struct batch *b, struct err *e)
{
    int64_t ok = 0;
    int rc = store_begin(r->store, e);
    if (!rc)
        rc = know_dimensions(r, b, e);
    for (size_t i = 0; !rc && i < b->page.n; i++) {
        struct vector *v = &b->vectors[i];
        const struct work_prompt *p = &b->page.v[i];
        if (v->v && v->dims == (size_t)r->encoder.dimensions) {
            rc = embedding_put(r->store, p->id, r->encoder.id, v->v, v->dims, e);
            ok++;
        } else {
            refuse(r, p->ext_id, v->v ? "its vector has the wrong length" : v->why);
        }
    }
    if (!rc)
        rc = store_commit(r->store, e);
    if (rc) {
        store_rollback(r->store);
        return rc;
    }
    r->sum->ok += ok;
    r->sum->tokens += b->tokens > 0 ? b->tokens : 0;
    return ERR_OK;
}

/* The second half of a refused batch becomes a batch of its own, and so does the first. */
static void halve(struct run *r, struct batch *b)
{
    size_t first = b->page.n / 2;
    for (int half = 0; half < 2; half++) {
        struct batch *h = mem_zalloc(sizeof *h);
        buf_init(&h->body, 0);
        for (size_t i = half ? first : 0; i < (half ? b->page.n : first); i++) {
            struct work_prompt *p = &b->page.v[i];
            VEC_PUSH(&h->page, *p);
            *p = (struct work_prompt){0};
        }
        batch_write(r, h);
        VEC_PUSH(&r->halves, h);
    }
}

static int tried(void *arg, struct job *j, const struct try_report *t, struct err *e)
{
    struct run *r = arg;
    struct batch *b = (struct batch *)j;
    struct embed_summary *s = r->sum;
    enum trouble class = t->info->class;
    s->requests++;
    s->retries += t->number > 1;
    s->troubles[class]++;
    if (class == TROUBLE_NONE)
        return keep(r, b, e);
    log_debug("encoder '%s': %s: %s%s", r->config->name, trouble_names[class], t->info->message,
              t->again ? ", will retry" : "");
    if (t->again || class == TROUBLE_INTERRUPTED)
        return ERR_OK;
    if ((class == TROUBLE_BAD_REQUEST || class == TROUBLE_TOO_LARGE) && b->page.n > 1) {
        halve(r, b);
        return ERR_OK;
    }
    s->failed += (int64_t)b->page.n;
    if (class == TROUBLE_BAD_REQUEST)
        log_warn("prompt '%s' gets no vector: %s", b->page.v[0].ext_id, t->info->message);
    memcpy(s->message, t->info->message, sizeof s->message);
    return ERR_OK;
}

static void release(void *arg, struct job *j)
{
    (void)arg;
    batch_free((struct batch *)j);
}

static int tick(void *arg, struct err *e)
{
    struct run *r = arg;
    char note[96];
    (void)e;
    int64_t bad = r->sum->failed + r->sum->refused;
    if (bad)
        snprintf(note, sizeof note, "%lld tokens, %lld failed", (long long)r->sum->tokens,
                 (long long)bad);
    else
        snprintf(note, sizeof note, "%lld tokens", (long long)r->sum->tokens);
    progress_set(r->bar, (uint64_t)(r->sum->ok + bad), note);
    return ERR_OK;
}

/* --- before and after ---------------------------------------------------------------------------
 */
static const struct config_encoder *find(const struct config *c, const char *name, struct err *e)
{
    const struct config_encoder *enc = config_encoder_find(c, name);
    if (enc)
        return enc;
    const char **names = mem_array(c->encoder_count + 1, sizeof *names);
    for (size_t i = 0; i < c->encoder_count; i++)
        names[i] = c->encoders[i].name;
    const char *near = opt_nearest(name, names, c->encoder_count);
    if (near)
        err_set(e, ERR_USAGE, "the config has no encoder '%s'; did you mean '%s'?", name, near);
    else
        err_set(e, ERR_USAGE, "the config has no encoder '%s'; describe it under 'encoders:'",
                name);
    free(names);
    return NULL;
}

/* What makes its vectors: model, dimensions, host. A local server's port may change from day to
 * day, so of this machine no address counts. */
static void encoder_hash(const struct config_encoder *c, bool loopback, char hex[65])
{
    struct buf b = BUF_INIT(0);
    buf_addf(&b, "%s\n%s\n%lld",
             loopback      ? "local"
             : c->base_url ? c->base_url
                           : "openai",
             c->model, (long long)c->dimensions);
    sha256_hex(b.data, b.len, hex);
    buf_deinit(&b);
}

static int open_encoder(struct run *r, const struct config *c, struct err *e)
{
    const struct embed_options *o = r->o;
    r->config = find(c, o->encoder, e);
    if (!r->config)
        return ERR_USAGE;
    if (strlen(r->config->name) >= sizeof r->encoder.name)
        return err_set(e, ERR_USAGE, "encoder name '%.20s...' is longer than %zu bytes",
                       r->config->name, sizeof r->encoder.name - 1);
    struct endpoint_spec spec = {ENDPOINT_EMBEDDINGS,
                                 "openai",
                                 r->config->name,
                                 r->config->base_url,
                                 r->config->model,
                                 r->config->api_key_env,
                                 o->allow_http,
                                 NULL,
                                 NULL};
    int rc = endpoint_open(&r->endpoint, &spec, true, e);
    if (rc)
        return rc;
    r->batch = o->batch > 0 ? o->batch : r->config->batch > 0 ? r->config->batch : BATCH_DEFAULT;
    snprintf(r->encoder.name, sizeof r->encoder.name, "%s", r->config->name);
    encoder_hash(r->config, r->endpoint.loopback, r->encoder.hash);
    r->encoder.dimensions = r->config->dimensions;
    struct encoder known;
    struct err none;
    if (!r->encoder.dimensions && encoder_find(r->store, r->encoder.name, &known, &none) == ERR_OK)
        r->encoder.dimensions = known.dimensions;
    return know_dimensions(r, NULL, e);
}

static int verdict(const struct embed_summary *s, const char *name, struct err *e)
{
    long long left = (long long)(s->refused + s->failed + s->not_asked);
    if (left == 0)
        return ERR_OK;
    if (s->interrupted)
        return err_set(e, ERR_PARTIAL, "interrupted: %lld vectors stored, %lld still missing",
                       (long long)s->ok, left);
    int64_t shared = 0, bad = 0;
    for (int c = 1; c < TROUBLES; c++) {
        bad += s->troubles[c];
        shared += trouble_is_network((enum trouble)c) ? s->troubles[c] : 0;
    }
    if (s->ok == 0 && s->failed > 0 && shared == bad)
        return err_set(e, ERR_NET, "encoder '%s' could not be asked: %s", name, s->message);
    return err_set(e, ERR_PARTIAL,
                   "%lld vectors stored, %lld still missing (refused %lld, failed %lld, not asked"
                   " %lld): %s",
                   (long long)s->ok, left, (long long)s->refused, (long long)s->failed,
                   (long long)s->not_asked, s->message);
}

static int embed_all(struct run *r, struct err *e)
{
    static const struct engine_ops ops = {next, admit, judge, tried, release, tick};
    const struct embed_options *o = r->o;
    struct engine_options eo = {.lanes = 1,
                                .jobs = o->jobs,
                                .retries = o->retries,
                                .timeout_s = o->timeout_s,
                                .seed = o->seed};
    struct embed_summary *s = r->sum;
    struct lane_end end = {0};
    int64_t count = 0;
    work_shard(r->store, o->shard, o->shards);
    int rc = work_count(r->store, &count, e);
    if (rc)
        return rc;
    if (count == 0 && prompt_count(r->store) == 0)
        return err_set(e, ERR_USAGE, "'%s' holds no prompts; bring some in with shunt import",
                       store_path(r->store));
    s->prompts = r->o->limit > 0 && r->o->limit < count ? r->o->limit : count;
    rc = work_vectors(r->store, r->encoder.id, r->o->limit, &s->had, e);
    if (!rc)
        rc = work_last(r->store, r->o->limit, &r->last, e);
    if (rc)
        return rc;
    double start_s = clock_s();
    r->bar = progress_new("embed", (uint64_t)(s->prompts - s->had));
    rc = engine_run(&eo, &ops, r, &end, e);
    progress_end(r->bar);
    s->seconds = clock_s() - start_s;
    s->dimensions = r->encoder.dimensions;
    s->interrupted = interrupted();
    s->not_asked = s->prompts - s->had - s->ok - s->refused - s->failed;
    if (s->not_asked < 0)
        s->not_asked = 0;
    return rc ? rc : verdict(s, r->config->name, e);
}

int embed_run(struct store *s, const struct config *c, const struct embed_options *o,
              struct embed_summary *out, struct err *e)
{
    struct run r = {.store = s, .o = o, .sum = out};
    *out = (struct embed_summary){0};
    int rc = open_encoder(&r, c, e);
    if (!rc)
        rc = embed_all(&r, e);
    for (size_t i = 0; i < r.halves.n; i++)
        batch_free(r.halves.v[i]);
    VEC_FREE(&r.halves);
    endpoint_deinit(&r.endpoint);
    return rc;
}
