/* Three readings of the journal: is it ours and from when; what has an end; what has none. A reply
 * goes the way of one that has just come: adapter, writer.
 */
#include "collect/recover.h"

#include "collect/normal.h"
#include "core/fs.h"
#include "core/log.h"
#include "store/attempt.h"

#include <math.h>

struct recovery {
    struct store *store;
    const struct config *config;
    struct writer writer;
    const char *path;
    int64_t since_ms; /* of the first record */
    struct recovered sum;
};

static struct attempt attempt_of(const struct journal_record *r)
{
    return (struct attempt){.prompt = r->prompt,
                            .model_config = r->model_config,
                            .sample = r->sample,
                            .request_hash = r->request_hash,
                            .started_ms = r->started_ms,
                            .status = r->status,
                            .error_class = r->protocol,
                            .wait_ms = r->wait_s * 1000,
                            .latency_ms = r->latency_ms,
                            .charge_nusd = r->charge_nusd};
}

static int check(void *arg, const struct journal_record *r, struct err *e)
{
    struct recovery *x = arg;
    struct attempt a = attempt_of(r);
    int ours = attempt_ours(x->store, &a, r->ext_id, r->model, e);
    if (r->started_ms < x->since_ms)
        x->since_ms = r->started_ms;
    if (ours == 0)
        return err_set(e, ERR_FORMAT,
                       "'%.80s' belongs to another store (this one has no prompt '%.40s' of model"
                       " '%.40s'): put it beside its own, or move it away",
                       x->path, r->ext_id, r->model);
    return ours < 0 ? ours : ERR_OK;
}

static int store_reply(struct recovery *x, const struct journal_record *r, struct err *e)
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
    const struct config_model *m = config_model_find(x->config, r->model);
    const struct adapter *adapter = NULL;
    struct answer a;
    struct trouble_info info = {0};
    int rc = adapter_find(r->protocol, &adapter, e);
    if (rc)
        return err_wrap(e, rc, "'%s'", x->path);
    answer_init(&a);
    adapter_read(adapter, &res, NULL, &a, &info);
    if (info.class == TROUBLE_NONE) {
        if (m)
            a.is_normalised = normal_text(m->output, a.text.data, &a.normalised);
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
                                 .charge_nusd = r->charge_nusd};
        rc = writer_reply(&x->writer, &w, e);
        x->sum.replies += rc == ERR_OK;
    } else { /* whoever wrote it read it otherwise; it was paid for */
        struct attempt w = attempt_of(r);
        w.error_class = trouble_names[info.class];
        rc = writer_attempt(&x->writer, &w, e);
    }
    answer_deinit(&a);
    return rc;
}

static int store_ended(void *arg, const struct journal_record *r, struct err *e)
{
    struct recovery *x = arg;
    struct attempt a = attempt_of(r);
    int known = r->kind == JOURNAL_SENT ? 1 : attempt_known(x->store, &a, e);
    if (known)
        return known < 0 ? known : ERR_OK;
    int rc = r->kind == JOURNAL_REPLY ? store_reply(x, r, e) : writer_attempt(&x->writer, &a, e);
    return rc ? rc : attempt_note(x->store, &a, e);
}

static int store_open_ended(void *arg, const struct journal_record *r, struct err *e)
{
    struct recovery *x = arg;
    struct attempt a = attempt_of(r);
    int known = r->kind != JOURNAL_SENT ? 1 : attempt_known(x->store, &a, e);
    if (known)
        return known < 0 ? known : ERR_OK;
    a.error_class = "unknown";
    a.latency_ms = (double)NAN;
    x->sum.unknown++;
    x->sum.unknown_nusd += a.charge_nusd == MONEY_UNKNOWN ? 0 : a.charge_nusd;
    return writer_attempt(&x->writer, &a, e);
}

static int store_all(struct recovery *x, struct journal *j, int64_t *damage, struct err *e)
{
    int rc = journal_each(j, check, x, damage, e);
    if (!rc)
        rc = attempt_gather(x->store, x->since_ms, e);
    if (rc)
        return rc;
    writer_init(&x->writer, x->store);
    rc = journal_each(j, store_ended, x, damage, e);
    if (!rc)
        rc = journal_each(j, store_open_ended, x, damage, e);
    int flushed = writer_flush(&x->writer, rc ? NULL : e);
    return rc ? rc : flushed;
}

static void tell(const struct recovered *r)
{
    char usd[48];
    money_format(money_round(r->unknown_nusd, 1), 6, usd);
    if (r->replies)
        log_note("%lld replies of a run that was killed are stored now", (long long)r->replies);
    if (r->unknown)
        log_note("%lld requests were in flight when a run was killed; they count for good, at most"
                 " %s",
                 (long long)r->unknown, usd);
}

int recover(struct store *s, struct journal *j, const struct config *c, struct recovered *out,
            struct err *e)
{
    struct recovery x = {.store = s, .config = c, .path = journal_path(j), .since_ms = INT64_MAX};
    int64_t damage = -1;
    char aside[240] = "";
    int rc = store_all(&x, j, &damage, e);
    *out = x.sum;
    if (rc)
        return rc;
    tell(&x.sum);
    if (damage < 0)
        return journal_clear(j, e);
    rc = journal_set_aside(j, aside, e);
    return rc ? rc
              : err_set(e, ERR_FORMAT,
                        "'%.80s' was damaged at byte %lld: its whole records are stored, the rest"
                        " is kept in '%.90s'; run it again to go on",
                        x.path, (long long)damage, fs_base(aside));
}
