/* One transaction for up to WRITER_ROWS rows. */
#include "collect/writer.h"

#include "core/clock.h"
#include "store/work.h"

#include <math.h>

void writer_init(struct writer *w, struct store *s)
{
    *w = (struct writer){.store = s};
}

static int begin(struct writer *w, struct err *e)
{
    if (w->pending > 0)
        return ERR_OK;
    int rc = store_begin(w->store, e);
    if (!rc)
        w->since_s = clock_s();
    return rc;
}

/* After a failed write: the batch is undone as a whole, and none of it was counted. */
static int undo(struct writer *w, int rc)
{
    store_rollback(w->store);
    w->pending = w->pending_replies = 0;
    return rc;
}

int writer_flush(struct writer *w, struct err *e)
{
    if (w->pending == 0)
        return ERR_OK;
    int rc = store_commit(w->store, e);
    if (rc)
        return undo(w, rc);
    w->committed_replies += w->pending_replies;
    w->pending = w->pending_replies = 0;
    return ERR_OK;
}

int writer_tick(struct writer *w, struct err *e)
{
    if (w->pending >= WRITER_ROWS || (w->pending > 0 && clock_s() - w->since_s >= WRITER_MS / 1e3))
        return writer_flush(w, e);
    return ERR_OK;
}

static int put(struct writer *w, const struct writer_reply *in, struct err *e)
{
    const struct answer *a = in->answer;
    struct reply r = {
        .prompt = in->prompt,
        .model_config = in->model_config,
        .sample = in->sample,
        .request_hash = in->request_hash,
        .text = a->text.data,
        .finish = a->finish[0] ? a->finish : NULL,
        .usage = a->usage,
        .reported_nusd = a->reported_nusd,
        .latency_ms = in->result->latency_ms,
        .ttft_ms = in->result->ttft_ms, /* known only when a reply is streamed */
        .mean_logprob = a->mean_logprob,
        .min_logprob = a->min_logprob,
        .entropy = a->entropy,
        .served_model = a->served_model[0] ? a->served_model : NULL,
        .created_ms = in->started_ms,
        .normalised = a->is_normalised ? a->normalised.data : NULL,
        .fingerprint = a->fingerprint[0] ? a->fingerprint : NULL,
        .service_tier = a->service_tier[0] ? a->service_tier : NULL,
    };
    struct attempt t = {
        .prompt = in->prompt,
        .model_config = in->model_config,
        .sample = in->sample,
        .request_hash = in->request_hash,
        .started_ms = in->started_ms,
        .status = in->result->status,
        .wait_ms = in->wait_s * 1000,
        .latency_ms = in->result->latency_ms,
        .charge_nusd = in->charge_nusd,
    };
    int rc = reply_put(w->store, &r, e);
    if (!rc && in->replace)
        rc = work_drop_scores(w->store, r.id, e);
    if (!rc)
        rc = in->packed
                 ? reply_packed_put(w->store, r.id, in->protocol, in->packed, in->packed_len, e)
                 : reply_body_put(w->store, r.id, in->protocol, in->result->body, in->result->len,
                                  e);
    t.reply = r.id;
    return rc ? rc : attempt_put(w->store, &t, e);
}

int writer_reply(struct writer *w, const struct writer_reply *r, struct err *e)
{
    int rc = begin(w, e);
    if (rc)
        return rc;
    rc = put(w, r, e);
    if (rc)
        return undo(w, rc);
    w->pending++;
    w->pending_replies++;
    return writer_tick(w, e);
}

int writer_attempt(struct writer *w, const struct attempt *a, struct err *e)
{
    struct attempt t = *a;
    t.reply = 0;
    int rc = begin(w, e);
    if (!rc && (rc = attempt_put(w->store, &t, e)))
        return undo(w, rc);
    if (rc)
        return rc;
    w->pending++;
    return writer_tick(w, e);
}
