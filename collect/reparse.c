/* Compares what an adapter reads now with what the row says, and writes the row where they differ.
 */
#include "collect/reparse.h"

#include "collect/models.h"
#include "collect/normal.h"
#include "core/mem.h"
#include "store/reparse.h"
#include "store/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_ROWS = 256 };

struct reparse {
    struct store *store;
    const struct config_model *config;
    struct reparse_model *m;
    int64_t open; /* rows written in the open transaction */
};

void reparse_summary_deinit(struct reparse_summary *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].name);
    VEC_FREE(s);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_real(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-12 * fabs(b);
}

static bool same_usage(const struct usage *a, const struct usage *b)
{
    return a->input == b->input && a->cached == b->cached && a->cache_write == b->cache_write &&
           a->cache_write_1h == b->cache_write_1h && a->output == b->output &&
           a->reasoning == b->reasoning;
}

static bool same_reply(const struct reply *a, const struct reply *b)
{
    return same_text(a->text, b->text) && same_text(a->finish, b->finish) &&
           same_text(a->served_model, b->served_model) && same_text(a->normalised, b->normalised) &&
           same_text(a->fingerprint, b->fingerprint) &&
           same_text(a->service_tier, b->service_tier) && same_usage(&a->usage, &b->usage) &&
           a->reported_nusd == b->reported_nusd && same_real(a->mean_logprob, b->mean_logprob) &&
           same_real(a->min_logprob, b->min_logprob) && same_real(a->entropy, b->entropy);
}

/* What a grader is shown. */
static const char *shown(const struct reply *r)
{
    return r->normalised ? r->normalised : r->text;
}

/* The row as it should be: what came with the transfer stays, what was read is read anew. */
static struct reply renewed(const struct reply *old, const struct answer *a)
{
    struct reply r = *old;
    r.text = a->text.data ? a->text.data : "";
    r.finish = a->finish[0] ? a->finish : NULL;
    r.usage = a->usage;
    r.reported_nusd = a->reported_nusd;
    r.mean_logprob = a->mean_logprob;
    r.min_logprob = a->min_logprob;
    r.entropy = a->entropy;
    r.served_model = a->served_model[0] ? a->served_model : NULL;
    r.fingerprint = a->fingerprint[0] ? a->fingerprint : NULL;
    r.normalised = a->is_normalised ? a->normalised.data : NULL;
    /* A batch's tariff is known from where the reply came, not always from what it says. */
    if (a->service_tier[0] && !same_text(old->service_tier, "batch"))
        r.service_tier = a->service_tier;
    return r;
}

static int write_row(struct reparse *p, const struct reply *old, struct reply *now, struct err *e)
{
    bool rescore = !same_text(shown(old), shown(now)) || !same_text(old->finish, now->finish);
    int rc = p->open ? ERR_OK : store_begin(p->store, e);
    if (!rc)
        rc = reply_put(p->store, now, e);
    if (!rc && rescore)
        rc = work_drop_scores(p->store, now->id, e);
    if (!rc && ++p->open >= BATCH_ROWS) {
        rc = store_commit(p->store, e);
        p->open = 0;
    }
    p->m->changed++;
    p->m->rescored += rescore;
    return rc;
}

static int see(void *arg, const struct reparse_item *item, struct err *e)
{
    struct reparse *p = arg;
    const struct adapter *adapter = NULL;
    struct http_result r = {.end = HTTP_DONE,
                            .status = 200,
                            .sent = true,
                            .body = item->body,
                            .len = item->len,
                            .latency_ms = item->reply.latency_ms,
                            .retry_after_s = (double)NAN,
                            .should_retry = -1,
                            .why = ""};
    struct trouble_info info = {.class = TROUBLE_MALFORMED};
    struct answer a;
    struct err why = {0};
    answer_init(&a);
    p->m->replies++;
    if (adapter_find(item->protocol, &adapter, &why) == ERR_OK)
        adapter_read(adapter, &r, NULL, &a, &info);
    else
        memcpy(info.message, why.text, sizeof info.message);
    int rc = ERR_OK;
    if (info.class == TROUBLE_NONE) {
        buf_adds(&a.text, "");
        a.is_normalised = normal_text(p->config->output, a.text.data, &a.normalised);
        struct reply now = renewed(&item->reply, &a);
        if (!same_reply(&item->reply, &now))
            rc = write_row(p, &item->reply, &now, e);
    } else {
        p->m->unread++;
        memcpy(p->m->message, info.message, sizeof p->m->message);
    }
    answer_deinit(&a);
    return rc;
}

static int one_model(struct store *s, const struct config_model *m, struct reparse_model *out,
                     struct err *e)
{
    struct model *known = NULL;
    size_t n = 0;
    struct reparse p = {s, m, out, 0};
    int rc = model_list(s, &known, &n, e);
    for (size_t i = 0; !rc && i < n; i++)
        if (strcmp(known[i].name, m->name) == 0)
            rc = reparse_each(s, known[i].id, see, &p, e);
    if (!rc && p.open)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    model_list_free(known, n);
    return rc;
}

int collect_reparse(struct store *s, const struct config *c, const struct str_vec *models,
                    struct reparse_summary *out, struct err *e)
{
    size_t named = models ? models->n : 0, count = named ? named : c->model_count;
    int64_t unread = 0;
    int rc = ERR_OK;
    *out = (struct reparse_summary){0};
    if (count == 0)
        return err_set(e, ERR_USAGE, "the config has no models; list them under 'models:'");
    for (size_t i = 0; !rc && i < count; i++) {
        const struct config_model *m = named ? target_config(c, models->v[i], e) : &c->models[i];
        if (!m)
            return ERR_USAGE;
        struct reparse_model row = {.name = mem_strdup(m->name)};
        rc = one_model(s, m, &row, e);
        VEC_PUSH(out, row);
        unread += row.unread;
    }
    if (!rc && unread)
        return err_set(e, ERR_PARTIAL,
                       "%lld stored bodies could not be read; they were left as they were",
                       (long long)unread);
    return rc;
}
