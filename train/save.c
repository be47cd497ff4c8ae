/* From the store to a matrix, and from a training back into the store: router, folds, predictions.
 * One transaction, so that a failed or interrupted training leaves nothing.
 */
#include "core/json.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/posterior.h"
#include "store/prompt.h"
#include "store/router.h"
#include "train/params.h"
#include "train/preference_load.h"
#include "train/train.h"
#include "train/vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int put_one(struct store *s, int64_t router, int64_t scope, const struct matrix *m,
                   const struct training *t, const struct cost_model *cost, size_t i,
                   const double *q, struct err *e)
{
    int rc = ERR_OK;
    for (size_t k = 0; rc == ERR_OK && k < m->models; k++) {
        const struct prediction p = {
            .prompt = m->prompt[i].id,
            .model = m->model[k].id,
            .quality = q[k],
            .cost_nusd = cost_predict(cost, t->corpus->task[i], t->corpus->bytes[i], k),
            .latency_ms = cost_latency(cost, t->corpus->task[i], k),
        };
        rc = prediction_put(s, router, scope, &p, e);
    }
    return rc;
}

/* What every reply of a teller to prompt i tells; q [tellers][models]. */
static int put_told(struct store *s, int64_t router, int64_t scope, const struct matrix *m,
                    const struct posterior *p, size_t i, const float *q, struct err *e)
{
    int rc = ERR_OK;
    for (size_t k = 0; rc == ERR_OK && k < p->tellers; k++) {
        const int64_t reply = m->first_reply[i * m->models + p->teller[k]];
        if (reply != 0)
            rc = posterior_put(s, router, scope, m->prompt[i].id, reply, q + k * p->models,
                               p->models, e);
    }
    return rc;
}

static int put_posterior(struct store *s, int64_t router, const struct matrix *m,
                         const struct training *t, size_t k, struct err *e)
{
    const struct posterior *p = &t->posterior;
    const struct side *side = &t->side[k];
    const size_t row = p->tellers * p->models;
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && p->tellers > 0 && i < side->evals; i++)
        rc = put_told(s, router, SCOPE_NONE, m, p, side->eval[i], p->side[k].q + i * row, e);
    for (size_t i = 0; rc == ERR_OK && p->tellers > 0 && t->cross_fit && i < side->n; i++)
        rc = put_told(s, router, (int64_t)k, m, p, side->train[i], p->side[k].inner_q + i * row, e);
    return rc;
}

static const char *role_of(const struct matrix *m, const struct training *t, size_t i)
{
    if (t->cross_fit)
        return "fold";
    return m->prompt[i].split == 'e' ? "test" : m->prompt[i].split == 'v' ? "validation" : "train";
}

/* Predictions of one side: of those it held out, and, in cross-fitting, inside its training side.
 */
static int put_side(struct store *s, int64_t router, const struct matrix *m,
                    const struct training *t, size_t k, struct err *e)
{
    const struct side *side = &t->side[k];
    size_t heads = t->targets.heads, models = t->targets.models;
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < side->evals; i++) {
        size_t at = side->eval[i];
        const double *q = side->q + i * heads;
        rc = router_prompt_put(s, router, m->prompt[at].id, role_of(m, t, at),
                               t->cross_fit ? (int64_t)k : -1, e);
        if (rc == ERR_OK)
            rc = put_one(s, router, SCOPE_NONE, m, t, &t->cost[k], at, q, e);
        if (rc == ERR_OK && heads > models) {
            double above[LABELS_MAX];
            for (size_t h = models; h < heads; h++) /* P(y >= level) cannot rise with the level */
                above[h - models] = h > models ? fmin(q[h], above[h - models - 1]) : q[h];
            rc = complexity_put(s, router, m->prompt[at].id, above, heads - models, e);
        }
    }
    for (size_t i = 0; rc == ERR_OK && i < side->n; i++) {
        size_t at = side->train[i];
        if (t->cross_fit)
            rc =
                put_one(s, router, (int64_t)k, m, t, &t->cost[k], at, side->inner_q + i * heads, e);
        else
            rc = router_prompt_put(s, router, m->prompt[at].id, role_of(m, t, at), -1, e);
    }
    return rc;
}

static int put_router(struct store *s, const struct matrix *m, const struct training *t,
                      const struct train_options *o, const char *encoder_id, char name[64],
                      struct err *e)
{
    struct buf metrics = BUF_INIT(0), params = BUF_INIT(0), models = BUF_INIT(0);
    struct params p;
    char hash[65];
    const char *encoder = o->encoder != NULL ? o->encoder : "hashed";
    params_from(t, m, encoder_id, &p);
    params_write(&p, &params);
    params_deinit(&p);
    figures_json(t, m, encoder, o->seed, &metrics);
    struct jsonw w = JSONW_INIT(&models);
    jsonw_arr(&w, NULL);
    for (size_t k = 0; k < m->models; k++)
        jsonw_str(&w, NULL, m->model[k].name);
    jsonw_end(&w);

    struct router r = {
        .folds = o->folds,
        .seed = (int64_t)o->seed,
        .data_hash = hash,
        .models = models.data,
        .params = params.data,
        .params_len = params.len,
        .metrics = metrics.data,
    };
    AUTO_FREE char *mode = mem_strdup(t->cross_fit ? "cross-fit" : "split");
    AUTO_FREE char *enc = mem_strdup(encoder);
    AUTO_FREE char *given = mem_strdup(o->name);
    r.mode = mode;
    r.encoder = enc;
    r.name = given;
    int rc = store_data_hash(s, hash, e);
    if (rc == ERR_OK)
        rc = router_put(s, &r, e);
    given = r.name; /* router_put names what came without a name */
    for (size_t k = 0; rc == ERR_OK && k < t->predicting; k++)
        rc = put_side(s, r.id, m, t, k, e);
    for (size_t k = 0; rc == ERR_OK && k < t->predicting; k++)
        rc = put_posterior(s, r.id, m, t, k, e);
    if (rc == ERR_OK)
        snprintf(name, 64, "%s", r.name);
    buf_deinit(&metrics);
    buf_deinit(&params);
    buf_deinit(&models);
    return rc;
}

int train_store(struct store *s, const struct train_options *o, char name[64], struct training *out,
                struct err *e)
{
    bool hashed;
    const char *endpoint;
    char encoder_id[VECTORS_ID] = "";
    float *dense = NULL;
    size_t dims = 0;
    struct matrix *m = NULL;
    struct training t = {0};
    struct votes votes = {0};
    struct train_options with = *o;
    int rc = vectors_parse(o->encoder, &hashed, &endpoint, e);
    if (rc == ERR_OK && o->preferences) {
        rc = preference_load_matrix(s, o->models, &m, &votes, e);
        with.votes = &votes;
    } else if (rc == ERR_OK) {
        rc = matrix_load(
            s, &(struct matrix_options){.models = o->models, .scored_only = true, .signals = true},
            &m, e);
    }
    if (rc == ERR_OK && endpoint != NULL)
        rc = vectors_load(s, m, endpoint, &dense, &dims, encoder_id, e);
    if (rc == ERR_OK)
        rc = train_matrix(m, &with, hashed, dense, dims, &t, e);
    if (rc == ERR_OK && (rc = store_begin(s, e)) == ERR_OK) {
        rc = put_router(s, m, &t, o, encoder_id, name, e);
        if (rc == ERR_OK)
            rc = store_commit(s, e);
        else
            store_rollback(s);
    }
    votes_deinit(&votes);
    if (rc == ERR_OK && t.labels.why_none != NULL)
        log_note("%s", t.labels.why_none);
    if (rc == ERR_OK && out != NULL) {
        t.matrix = m;
        *out = t;
        return rc;
    }
    training_deinit(&t);
    matrix_free(m);
    return rc;
}
