/* Record -> result as if it had just come -> adapter -> writer.
 */
#include "collect/recover.h"

#include "collect/normal.h"
#include "core/log.h"
#include "store/attempt.h"

#include <math.h>

struct recovery {
    struct store *store;
    const struct target *target;
    size_t targets;
    struct writer writer;
    int64_t n, foreign;
};

static const struct target *target_of(const struct recovery *x, int64_t config)
{
    for (size_t i = 0; i < x->targets; i++)
        if (x->target[i].model_config == config)
            return &x->target[i];
    return NULL;
}

static int store_one(struct recovery *x, const struct journal_record *r,
                     const struct adapter *adapter, struct err *e)
{
    struct http_result res = {.end = HTTP_DONE,
                              .status = (int)r->status,
                              .sent = true,
                              .body = r->body,
                              .len = r->len,
                              .latency_ms = r->latency_ms,
                              .ttft_ms = r->ttft_ms,
                              .retry_after_s = (double)NAN,
                              .should_retry = -1,
                              .rates = rates_none(),
                              .why = ""};
    const struct target *t = target_of(x, r->model_config);
    struct answer a;
    struct trouble_info info = {0};
    int64_t cost = MONEY_UNKNOWN;
    int rc = ERR_OK;
    answer_init(&a);
    adapter_read(adapter, &res, NULL, &a, &info);
    if (info.class == TROUBLE_NONE) {
        if (t) {
            a.is_normalised = normal_text(t->config->output, a.text.data, &a.normalised);
            rc = target_cost(x->store, t, &a, &cost, e);
        }
        struct writer_reply w = {.prompt = r->prompt,
                                 .model_config = r->model_config,
                                 .sample = r->sample,
                                 .request_hash = r->request_hash,
                                 .protocol = adapter->name,
                                 .answer = &a,
                                 .result = &res,
                                 .started_ms = r->started_ms,
                                 .wait_s = r->wait_s,
                                 .replace = true,
                                 .charge_nusd = cost};
        rc = rc ? rc : writer_reply(&x->writer, &w, e);
        x->n += rc == ERR_OK;
    }
    answer_deinit(&a);
    return rc;
}

static int see(void *arg, const struct journal_record *r, struct err *e)
{
    struct recovery *x = arg;
    const struct adapter *adapter = NULL;
    struct attempt a = {.prompt = r->prompt,
                        .model_config = r->model_config,
                        .sample = r->sample,
                        .request_hash = r->request_hash,
                        .started_ms = r->started_ms};
    struct err why = {0};
    int known = attempt_known(x->store, &a, r->ext_id, r->model, e);
    if (known < 0)
        return known;
    if (known == 2 || adapter_find(r->protocol, &adapter, &why))
        x->foreign++;
    return known || !adapter ? ERR_OK : store_one(x, r, adapter, e);
}

int recover(struct store *s, struct journal *j, const struct target *t, size_t targets, int64_t *n,
            struct err *e)
{
    struct recovery x = {.store = s, .target = t, .targets = targets};
    writer_init(&x.writer, s);
    int rc = journal_each(j, see, &x, e);
    int flushed = writer_flush(&x.writer, rc ? NULL : e);
    rc = rc ? rc : flushed;
    if (!rc && x.foreign)
        log_warn("%lld replies in '%s-replies' belong to another store; they are dropped",
                 (long long)x.foreign, store_path(s));
    if (!rc && x.n)
        log_note("%lld replies of a run that was killed are stored now", (long long)x.n);
    *n = x.n;
    return rc ? rc : journal_clear(j, e);
}
