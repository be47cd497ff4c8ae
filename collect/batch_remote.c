/* The providers' batch endpoints: upload, submit, look, fetch. One request at a time; what is
 * submitted is in the store before the next one leaves.
 */
#include "collect/batch.h"
#include "collect/batch_line.h"
#include "collect/mend.h"
#include "collect/models.h"
#include "collect/recover.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/attempt.h"
#include "store/batch.h"
#include "store/where.h"
#include "store/work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 5, POLL_S = 5, LOST_MS = 24 * 3600 * 1000 };

struct remote {
    struct store *store;
    const struct config *config;
    const struct collect_options *o;
    struct batch_summary *sum;
    struct http *http;
    struct rng rng;
    struct target *targets;
    size_t n;
    const struct target *target; /* of the model at hand */
    struct endpoint files, batches;
    struct trouble_info last; /* why the last request failed */
};

/* --- one request --------------------------------------------------------------------------------
 */
struct reply_copy {
    bool done;
    struct buf body;
    struct trouble_info info;
    const char *secret;
};

static void on_done(void *arg, void *owner, const struct http_result *r)
{
    struct reply_copy *out = owner;
    struct json *tree = NULL;
    (void)arg;
    out->done = true;
    out->info = (struct trouble_info){.class = TROUBLE_NONE, .retry_after_s = (double)NAN};
    if (r->end == HTTP_DONE && r->status >= 200 && r->status < 300) {
        buf_add(&out->body, r->body ? r->body : "", r->len);
        return;
    }
    if (r->len)
        mend_parse(r->body, r->len, &tree, NULL);
    trouble_read(r, tree, out->secret, &out->info);
    json_free(tree);
}

static void wait_s(double s)
{
    for (double end = clock_s() + s; clock_s() < end && !interrupted();)
        clock_sleep_ms(50);
}

/* A request that was sent and not answered may have made a batch: it is not sent twice. */
static bool try_again(const struct trouble_info *info, bool get, int tries)
{
    return info->retry && tries < TRIES && !interrupted() &&
           (get || info->class == TROUBLE_RATE_LIMIT || info->class == TROUBLE_OVERLOADED ||
            (info->class == TROUBLE_NETWORK && !info->paid));
}

/* body NULL: GET. The reply's body is left in *out. */
static int talk(struct remote *r, const struct endpoint *ep, const char *url,
                const struct buf *body, struct buf *out, struct err *e)
{
    struct reply_copy c = {.secret = ep->secret};
    r->last = (struct trouble_info){.class = TROUBLE_NONE};
    struct http_request q = {.url = url,
                             .headers = ep->headers,
                             .body = body ? body->data : NULL,
                             .len = body ? body->len : 0,
                             .timeout_s = r->o->timeout_s,
                             .loopback = ep->loopback,
                             .owner = &c};
    for (int tries = 1;; tries++) {
        c.done = false;
        buf_init(&c.body, 0);
        int rc = http_start(r->http, &q, e);
        while (!rc && !c.done)
            rc = http_poll(r->http, 200, on_done, NULL, e);
        if (!rc && c.info.class == TROUBLE_NONE) {
            buf_deinit(out);
            *out = c.body;
            return ERR_OK;
        }
        buf_deinit(&c.body);
        r->last = c.info;
        if (rc)
            return rc;
        double delay = retry_delay_s(tries, c.info.retry_after_s, &r->rng);
        if (delay < 0 || !try_again(&c.info, body == NULL, tries))
            return err_set(e, ERR_NET, "model '%s': batch: %s: %.150s", r->target->config->name,
                           trouble_names[c.info.class], c.info.message);
        wait_s(delay);
    }
}

static int talk_json(struct remote *r, const struct endpoint *ep, const char *url,
                     const struct buf *body, struct json **out, struct err *e)
{
    struct buf text = BUF_INIT(0);
    int rc = talk(r, ep, url, body, &text, e);
    if (!rc && json_parse(text.data ? text.data : "", text.len, out, e))
        rc = err_wrap(e, ERR_NET, "model '%s': batch", r->target->config->name);
    buf_deinit(&text);
    return rc;
}

/* --- out ----------------------------------------------------------------------------------------
 */
static bool is_anthropic(const struct remote *r)
{
    return strcmp(r->target->adapter->name, "anthropic") == 0;
}

/* The id in a reply, checked: it goes into addresses. */
static int id_of(const struct remote *r, const struct json *j, char *out, size_t size,
                 struct err *e)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *id = json_str(j);
    if (!id || !*id || strlen(id) >= size || strspn(id, letters) != strlen(id))
        return err_set(e, ERR_NET, "model '%s': the reply of the batch service has no usable id",
                       r->target->config->name);
    snprintf(out, size, "%s", id);
    return ERR_OK;
}

static int upload(struct remote *r, const struct buf *lines, char *id, size_t size, struct err *e)
{
    struct buf form = BUF_INIT(0);
    struct json *reply = NULL;
    buf_adds(&form, "--" ENDPOINT_BOUNDARY "\r\nContent-Disposition: form-data; name=\"purpose\""
                    "\r\n\r\nbatch\r\n--" ENDPOINT_BOUNDARY
                    "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\""
                    "\r\nContent-Type: application/jsonl\r\n\r\n");
    buf_add(&form, lines->data, lines->len);
    buf_adds(&form, "\r\n--" ENDPOINT_BOUNDARY "--\r\n");
    int rc = talk_json(r, &r->files, r->files.url, &form, &reply, e);
    if (!rc)
        rc = id_of(r, json_get(reply, "id"), id, size, e);
    json_free(reply);
    buf_deinit(&form);
    return rc;
}

static int submit(struct sheet *x, void *arg, struct err *e)
{
    struct remote *r = arg;
    struct buf body = BUF_INIT(0);
    struct json *reply = NULL;
    char id[128] = "";
    bool responses = strcmp(r->target->adapter->name, "openai-responses") == 0;
    int rc = is_anthropic(r) ? ERR_OK : upload(r, &x->text, id, sizeof id, e);
    if (!rc && !is_anthropic(r))
        buf_addf(&body,
                 "{\"input_file_id\":\"%s\",\"endpoint\":\"%s\",\"completion_window\":\"24h\"}", id,
                 responses ? "/v1/responses" : "/v1/chat/completions");
    if (!rc) {
        rc = talk_json(r, &r->batches, r->batches.url, is_anthropic(r) ? &x->text : &body, &reply,
                       e);
        if (!rc)
            rc = id_of(r, json_get(reply, "id"), id, sizeof id, e);
        /* Sent without an answer, or with one that names nothing: it may be there. */
        x->unsure = rc && (r->last.class == TROUBLE_NONE || r->last.paid);
    }
    if (!rc)
        rc = batch_named(x->store, x->batch, id, e);
    json_free(reply);
    buf_deinit(&body);
    return rc;
}

/* --- in -----------------------------------------------------------------------------------------
 */
static int take_lines(struct remote *r, struct buf *text, struct err *e)
{
    struct batch_taker *t = batch_taker_new(r->store, r->config, r->sum, e);
    int rc = t ? ERR_OK : ERR_DB;
    for (char *at = text->data, *end; !rc && at && *at; at = end) {
        struct json *line = NULL;
        struct batch_result res;
        size_t len = strcspn(at, "\n");
        end = at + len + (at[len] == '\n');
        if (strspn(at, " \t\r") >= len)
            continue;
        batch_result_init(&res);
        rc = json_parse(at, len, &line, e);
        if (!rc)
            rc = batch_line_read(line, &res) ? batch_take(t, &res, e)
                                             : err_set(e, ERR_FORMAT, "it is no result of a batch");
        if (rc)
            rc = err_wrap(e, rc, "model '%s'", r->target->config->name);
        batch_result_deinit(&res);
        json_free(line);
    }
    int ended = batch_taker_end(t, rc ? NULL : e);
    return rc ? rc : ended;
}

static int fetch(struct remote *r, const char *url, struct err *e)
{
    struct buf text = BUF_INIT(0);
    int rc = talk(r, &r->batches, url, NULL, &text, e);
    if (!rc)
        rc = take_lines(r, &text, e);
    buf_deinit(&text);
    return rc;
}

static int fetch_file(struct remote *r, const struct json *id, struct err *e)
{
    char name[128];
    if (json_type(id) <= JSON_NULL)
        return ERR_OK;
    int rc = id_of(r, id, name, sizeof name, e);
    AUTO_FREE char *url = rc ? NULL : mem_printf("%s/%s/content", r->files.url, name);
    return rc ? rc : fetch(r, url, e);
}

static bool ended(const struct json *state)
{
    static const char *const words[] = {"completed", "failed", "expired", "cancelled", "ended"};
    const char *said = json_str(state);
    for (size_t i = 0; said && i < sizeof words / sizeof *words; i++)
        if (strcmp(said, words[i]) == 0)
            return true;
    return false;
}

/* What has no result counts at its worst, unless the batch was refused as a whole. */
static int give_up(struct remote *r, const struct batch *b, const char *why, bool charged,
                   struct err *e)
{
    struct batch_model *m = batch_summary_of(r->sum, r->target->config->name);
    int64_t n = 0, nusd = 0;
    char usd[48];
    int rc = batch_give_up(r->store, b->id, "lost", charged ? "unknown" : "bad_request", charged,
                           clock_unix_ms(), &n, &nusd, e);
    money_format(nusd, 6, usd);
    if (!rc && charged)
        log_warn("model '%s': batch '%s' %s: %lld requests have no result; they count for good, at"
                 " most %s, and can be asked again",
                 m->name, b->remote, why, (long long)n, usd);
    else if (!rc)
        log_warn("model '%s': batch '%s' %s: its %lld requests were not made", m->name, b->remote,
                 why, (long long)n);
    m->lost += n;
    m->lost_nusd += nusd;
    return rc;
}

/* Results are stored before their batch counts as ended. */
static int take_results(struct remote *r, const struct batch *b, const struct json *reply,
                        struct err *e)
{
    const char *state = json_str(json_get(reply, "status"));
    AUTO_FREE char *url = mem_printf("%s/%s/results", r->batches.url, b->remote);
    int64_t open = 0;
    int rc =
        is_anthropic(r) ? fetch(r, url, e) : fetch_file(r, json_get(reply, "output_file_id"), e);
    if (!rc && !is_anthropic(r))
        rc = fetch_file(r, json_get(reply, "error_file_id"), e);
    if (!rc)
        rc = batch_open_items(r->store, b->id, &open, e);
    if (rc)
        return rc;
    if (open)
        return give_up(r, b, state ? state : "ended", !state || strcmp(state, "failed") != 0, e);
    return batch_end(r->store, b->id, "done", clock_unix_ms(), e);
}

/* Looks at one batch. One that the provider has forgotten is lost once it is a day old; before, the
 * address is the likelier mistake. */
static int look(struct remote *r, const struct batch *b, bool *open, struct err *e)
{
    struct json *reply = NULL;
    AUTO_FREE char *url = mem_printf("%s/%s", r->batches.url, b->remote);
    int rc = talk_json(r, &r->batches, url, NULL, &reply, e);
    const struct json *state = json_get(reply, is_anthropic(r) ? "processing_status" : "status");
    *open = !ended(state);
    if (!rc && !*open)
        rc = take_results(r, b, reply, e);
    json_free(reply);
    if (rc != ERR_NET || r->last.class != TROUBLE_NOT_FOUND)
        return rc;
    *open = false;
    if (clock_unix_ms() - b->created_ms >= LOST_MS)
        return give_up(r, b, "is not known to its provider any more", true, e);
    return err_set(e, ERR_NET,
                   "model '%s': its provider does not know batch '%.60s'; mend base_url or the key"
                   " (a day after it was submitted it counts as lost)",
                   r->target->config->name, b->remote);
}

static int look_at_all(struct remote *r, struct err *e)
{
    struct batch b = {.id = 0};
    int got, rc = ERR_OK;
    int64_t waiting = 0;
    while (!rc && (got = batch_next_open(r->store, r->target->model, b.id, &b, e)) != 0) {
        bool open = true;
        rc = got < 0 ? got : look(r, &b, &open, e);
        waiting += !rc && open ? b.requests : 0;
    }
    batch_summary_of(r->sum, r->target->config->name)->waiting = waiting;
    return rc;
}

/* --- a run --------------------------------------------------------------------------------------
 */
static int open_model(struct remote *r, const struct target *t, struct err *e)
{
    const struct config_model *m = t->config;
    struct endpoint_spec spec = {ENDPOINT_FILES,   m->protocol, m->name,
                                 m->base_url,      m->model,    m->api_key_env,
                                 r->o->allow_http, m->headers,  m->provider};
    r->target = t;
    if (strcmp(t->adapter->name, "gemini") == 0)
        return err_set(e, ERR_USAGE,
                       "model '%s': Gemini's batches go through files only: --batch-export",
                       m->name);
    int rc = endpoint_open(&r->files, &spec, true, e);
    spec.kind = ENDPOINT_BATCHES;
    if (!rc)
        rc = endpoint_open(&r->batches, &spec, true, e);
    return rc;
}

/* What a cap leaves beside all that was charged, and what waits in batches. */
static int left_under_cap(const struct remote *r, int64_t *left, struct err *e)
{
    money_wide used = 0;
    *left = r->o->max_spend_nusd;
    if (*left == MONEY_UNKNOWN)
        return ERR_OK;
    for (size_t i = 0; i < r->n; i++) {
        const struct target *t = &r->targets[i];
        struct purse_past past;
        int rc = purse_past(r->store, t->model, r->o->samples, r->o->limit, &past, e);
        if (rc)
            return rc;
        if (past.unknown && r->target == t)
            log_warn("model '%s': what %lld earlier requests cost is not known, and not under the"
                     " cap",
                     t->config->name, (long long)past.unknown);
        used += past.spent_nusd + past.held_nusd;
    }
    *left = used >= *left ? 0 : (int64_t)(*left - used);
    return ERR_OK;
}

static int submit_model(struct remote *r, struct target *t, bool *capped, struct err *e)
{
    struct collect_options o = *r->o;
    struct sheet x = {.target = t,
                      .store = r->store,
                      .m = batch_summary_of(r->sum, t->config->name),
                      .skip_waiting = true,
                      .remote = true,
                      .put = submit,
                      .arg = r};
    int rc = left_under_cap(r, &x.left_nusd, e);
    o.batch = true;
    t->stream = false;
    if (!rc)
        rc = batch_fill(&x, &o, e);
    *capped = *capped || x.capped;
    return rc;
}

/* What a killed run was submitting: nobody knows whether the provider has it. */
static int close_sending(struct remote *r, struct err *e)
{
    int64_t id = 0;
    int got = 0, rc = ERR_OK;
    while (!rc && (got = batch_sending(r->store, r->target->model, &id, e)) == 1) {
        struct batch b = {.id = id, .remote = "being submitted"};
        rc = give_up(r, &b, "when a run was killed", true, e);
    }
    return rc ? rc : got < 0 ? got : ERR_OK;
}

/* One round over the models: what has ended comes in, and in the first round what is missing goes
 * out. */
static int round_of(struct remote *r, bool first, bool *capped, struct err *e)
{
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < r->n; i++) {
        struct target *t = &r->targets[i];
        rc = open_model(r, t, e);
        if (!rc && first)
            rc = close_sending(r, e);
        if (!rc)
            rc = look_at_all(r, e);
        if (!rc && first)
            rc = submit_model(r, t, capped, e);
        if (!rc && first)
            batch_summary_of(r->sum, t->config->name)->waiting +=
                batch_summary_of(r->sum, t->config->name)->requests;
        endpoint_deinit(&r->files);
        endpoint_deinit(&r->batches);
    }
    return rc;
}

static int count_held(struct remote *r, struct err *e)
{
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < r->n; i++) {
        const struct target *t = &r->targets[i];
        int64_t unknown = 0, held = 0;
        rc = batch_held(r->store, t->model, r->o->samples, r->o->limit, &unknown, &held, e);
        batch_summary_of(r->sum, t->config->name)->held_nusd = held;
    }
    return rc;
}

/* What a killed run of the other kind left counts too. */
static int read_journal(struct remote *r, struct err *e)
{
    struct journal *j = NULL;
    struct recovered ignored = {0};
    int rc = journal_open(store_path(r->store), &j, e);
    if (!rc)
        rc = recover(r->store, j, r->config, &ignored, e);
    journal_close(j);
    return rc;
}

static int64_t waiting_of(const struct batch_summary *s, int64_t *failed)
{
    int64_t n = 0;
    *failed = 0;
    for (size_t i = 0; i < s->n; i++) {
        n += s->v[i].waiting;
        *failed += s->v[i].failed;
    }
    return n;
}

int batch_run(struct store *s, const struct config *c, const struct collect_options *o,
              double patience_s, struct batch_summary *out, struct err *e)
{
    struct remote r = {.store = s, .config = c, .o = o, .sum = out};
    int64_t failed = 0, waiting = 1;
    bool capped = false;
    double end_s = clock_s() + patience_s;
    *out = (struct batch_summary){0};
    rng_seed(&r.rng, o->seed);
    work_shard(s, o->shard, o->shards);
    work_where(s, o->where);
    int rc = targets_open(s, c, o, &r.targets, &r.n, e);
    if (!rc)
        rc = read_journal(&r, e);
    for (size_t i = 0; !rc && o->new_cap && i < r.n; i++)
        rc = attempt_forget(s, r.targets[i].model_config, e);
    if (!rc)
        rc = http_new(1, &r.http, e);
    for (bool first = true; !rc && waiting; first = false) {
        rc = round_of(&r, first, &capped, e);
        waiting = waiting_of(out, &failed);
        double left_s = end_s - clock_s();
        if (rc || !waiting || left_s <= 0 || interrupted())
            break;
        wait_s(left_s < POLL_S ? left_s : POLL_S);
    }
    int held = r.targets ? count_held(&r, rc ? NULL : e) : ERR_OK;
    work_where(s, NULL);
    http_free(r.http);
    targets_free(r.targets, r.n);
    rc = rc ? rc : held;
    if (rc)
        return rc;
    if (capped)
        return err_set(e, ERR_LIMIT,
                       "the rest was not submitted: its worst case does not fit under --max-spend,"
                       " beside what was spent and what waits in batches");
    if (waiting || failed)
        return err_set(e, ERR_PARTIAL, "%lld requests wait in batches, %lld failed: run it again",
                       (long long)waiting, (long long)failed);
    return ERR_OK;
}
