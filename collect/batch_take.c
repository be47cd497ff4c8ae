/* A result of a batch: found by its custom_id, read by its protocol's adapter, stored. */
#include "collect/adapter.h"
#include "collect/batch.h"
#include "collect/batch_line.h"
#include "collect/normal.h"
#include "collect/writer.h"
#include "core/mem.h"
#include "store/batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch_taker {
    struct store *store;
    const struct config *config;
    struct batch_summary *sum;
    struct writer writer;
    struct model *models;
    size_t n;
};

void batch_summary_deinit(struct batch_summary *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].name);
    VEC_FREE(s);
}

struct batch_model *batch_summary_of(struct batch_summary *s, const char *model)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].name, model) == 0)
            return &s->v[i];
    struct batch_model m = {.name = mem_strdup(model)};
    VEC_PUSH(s, m);
    return &s->v[s->n - 1];
}

struct batch_taker *batch_taker_new(struct store *s, const struct config *c,
                                    struct batch_summary *sum, struct err *e)
{
    struct batch_taker *t = mem_zalloc(sizeof *t);
    t->store = s;
    t->config = c;
    t->sum = sum;
    writer_init(&t->writer, s);
    if (model_list(s, &t->models, &t->n, e)) {
        free(t);
        return NULL;
    }
    return t;
}

int batch_taker_end(struct batch_taker *t, struct err *e)
{
    if (!t)
        return ERR_OK;
    int rc = writer_flush(&t->writer, e);
    model_list_free(t->models, t->n);
    free(t);
    return rc;
}

/* *charge: what it counts as under a cap. */
static int price(struct batch_taker *t, const struct batch_item *i, const struct answer *a,
                 struct batch_model *m, int64_t *charge, struct err *e)
{
    struct price_now prices;
    int rc = batch_prices(t->store, i->model, a->usage.input, &prices, e);
    if (rc)
        return rc;
    int64_t cost = price_cost(&prices, &a->usage);
    if (cost == MONEY_UNKNOWN)
        cost = a->reported_nusd;
    if (cost == MONEY_UNKNOWN)
        m->cost_unknown++;
    else
        m->cost_nusd += cost;
    *charge = cost == MONEY_UNKNOWN     ? i->worst_nusd
              : a->reported_nusd > cost ? a->reported_nusd
                                        : cost;
    return ERR_OK;
}

static int keep(struct batch_taker *t, const struct batch_item *i, const struct adapter *adapter,
                const struct http_result *r, struct answer *a, struct batch_model *m, struct err *e)
{
    const struct config_model *config = config_model_find(t->config, m->name);
    struct writer_reply w = {.prompt = i->prompt,
                             .model_config = i->model_config,
                             .sample = i->sample,
                             .request_hash = i->request_hash,
                             .protocol = adapter->name,
                             .answer = a,
                             .result = r,
                             .started_ms = i->created_ms,
                             .replace = i->reply_ms != INT64_MIN};
    buf_adds(&a->text, "");
    adapter_word(a->service_tier, sizeof a->service_tier, "batch");
    if (config)
        a->is_normalised = normal_text(config->output, a->text.data, &a->normalised);
    int rc = price(t, i, a, m, &w.charge_nusd, e);
    m->ok++;
    return rc ? rc : writer_reply(&t->writer, &w, e);
}

/* A result that becomes no reply. */
static int count(struct batch_taker *t, const struct batch_item *i, int status, enum trouble class,
                 int64_t charge, struct err *e)
{
    struct attempt w = {.prompt = i->prompt,
                        .model_config = i->model_config,
                        .sample = i->sample,
                        .request_hash = i->request_hash,
                        .started_ms = i->created_ms,
                        .status = status,
                        .error_class = trouble_names[class],
                        .wait_ms = (double)NAN,
                        .latency_ms = (double)NAN,
                        .charge_nusd = charge};
    return writer_attempt(&t->writer, &w, e);
}

static int refuse(struct batch_taker *t, const struct batch_item *i, int status,
                  const struct trouble_info *info, struct batch_model *m, struct err *e)
{
    m->failed++;
    memcpy(m->message, info->message, sizeof m->message);
    /* errors are not charged; what cannot be read may be none */
    return count(t, i, status, info->class, info->class == TROUBLE_MALFORMED ? i->worst_nusd : 0,
                 e);
}

/* Somebody asked again while it waited, and was answered: that reply stays, both were paid for. */
static int spare(struct batch_taker *t, const struct batch_item *i, int status,
                 const struct answer *a, struct batch_model *m, struct err *e)
{
    int64_t charge = MONEY_UNKNOWN;
    int rc = price(t, i, a, m, &charge, e);
    m->already++;
    return rc ? rc : count(t, i, status, TROUBLE_HEDGED, charge, e);
}

static int judge(struct batch_taker *t, const struct batch_item *i, const struct batch_result *in,
                 struct batch_model *m, struct err *e)
{
    struct http_result r = {.end = HTTP_DONE,
                            .status = in->status,
                            .sent = true,
                            .body = in->body.data,
                            .len = in->body.len,
                            .latency_ms = (double)NAN,
                            .ttft_ms = (double)NAN,
                            .retry_after_s = (double)NAN,
                            .should_retry = -1,
                            .why = ""};
    const struct adapter *adapter = NULL;
    struct trouble_info info = {.class = TROUBLE_SERVER};
    struct answer a;
    int rc = adapter_find(i->protocol, &adapter, e);
    if (rc)
        return rc;
    answer_init(&a);
    if (in->status)
        adapter_read(adapter, &r, NULL, &a, &info);
    else
        snprintf(info.message, sizeof info.message, "%s", in->why);
    bool answered = in->status && info.class == TROUBLE_NONE;
    rc = !answered                     ? refuse(t, i, in->status, &info, m, e)
         : i->reply_ms > i->created_ms ? spare(t, i, in->status, &a, m, e)
                                       : keep(t, i, adapter, &r, &a, m, e);
    answer_deinit(&a);
    return rc ? rc : batch_item_end(t->store, in->custom_id, answered ? "ok" : "failed", e);
}

int batch_take(struct batch_taker *t, const struct batch_result *in, struct err *e)
{
    struct batch_item i;
    const char *name = NULL;
    int found = batch_item_find(t->store, in->custom_id, &i, e);
    if (found < 0)
        return found;
    if (!found)
        return err_set(e, ERR_FORMAT, "the custom_id '%.80s' is of no batch that this store knows",
                       in->custom_id);
    for (size_t k = 0; k < t->n; k++)
        if (t->models[k].id == i.model)
            name = t->models[k].name;
    struct batch_model *m = batch_summary_of(t->sum, name ? name : "");
    int have =
        reply_have(t->store, i.prompt, i.model, i.model_config, i.sample, i.request_hash, true, e);
    if (have < 0)
        return have;
    bool itself = i.reply_ms == i.created_ms; /* stored before a kill: paid for once */
    if (!have || (i.open && !itself))
        return judge(t, &i, in, m, e);
    m->already++;
    return batch_item_end(t->store, in->custom_id, "ok", e);
}
