/* The router's sides again with one target, fitted side by side with what is stored. Putting the
 * head into the parameters is train/params_splice.c.
 */
#include "train/add_model.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "store/posterior.h"
#include "store/prompt.h"
#include "store/router.h"
#include "store/router_copy.h"
#include "train/params.h"
#include "train/params_splice.h"
#include "train/vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct adding {
    struct store *store;
    const struct add_options *o;
    struct router base;
    struct params params;
    struct json *metrics;
    struct router_prompt *place; /* [places] in order of prompt */
    size_t places;
    struct matrix *m;    /* the router's prompts, one model */
    char id[VECTORS_ID]; /* of the dense encoder */
    struct training t;   /* of one head */
};

static void adding_deinit(struct adding *a)
{
    router_deinit(&a->base);
    params_deinit(&a->params);
    json_free(a->metrics);
    free(a->place);
    training_deinit(&a->t);
    matrix_free(a->m);
}

static int load_router(struct adding *a, struct err *e)
{
    int rc = router_get(a->store, a->o->from, &a->base, e);
    if (rc == ERR_OK)
        rc = params_read(a->base.params, a->base.params_len, &a->params, e);
    if (rc == ERR_OK)
        rc = json_parse(a->base.metrics, strlen(a->base.metrics), &a->metrics, e);
    if (rc == ERR_OK)
        rc = router_prompt_load(a->store, a->base.id, &a->place, &a->places, e);
    return rc;
}

/* The model's replies to the router's prompts, all of which must still be there. */
static int load_matrix(struct adding *a, struct err *e)
{
    struct str_vec models = {0};
    VEC_PUSH(&models, mem_strdup(a->o->model));
    int rc = matrix_load(a->store, &(struct matrix_options){.models = &models}, &a->m, e);
    str_vec_free(&models);
    if (rc != ERR_OK)
        return rc;
    AUTO_FREE bool *keep = mem_array(a->m->prompts, sizeof *keep);
    size_t at = 0;
    for (size_t i = 0; i < a->m->prompts; i++) {
        while (at < a->places && a->place[at].prompt < a->m->prompt[i].id)
            at++;
        keep[i] = at < a->places && a->place[at].prompt == a->m->prompt[i].id;
    }
    matrix_keep(a->m, keep);
    if (a->m->prompts != a->places)
        return err_set(e, ERR_USAGE,
                       "%zu of the %zu prompts that router '%s' was trained on are gone; train it "
                       "anew",
                       a->places - a->m->prompts, a->places, a->base.name);
    return ERR_OK;
}

/* The features of side k, where the router's were searched for. */
static void use_searched(const struct adding *a, size_t k, struct space_use *use)
{
    const struct json *side = json_at(json_get(a->metrics, "features_by_side"), k);
    if (side == NULL)
        return;
    use->no_surface = !json_bool(json_get(side, "surface"), true);
    const double least = json_num(json_get(side, "min_prompts"), 0);
    use->min_df = least > 2 && least < 1e6 ? (uint32_t)least : 0;
}

static int make_corpus(struct adding *a, struct err *e)
{
    bool hashed;
    const char *endpoint;
    float *dense = NULL;
    size_t dims = 0;
    struct training *t = &a->t;
    int rc = vectors_parse(a->base.encoder, &hashed, &endpoint, e);
    if (rc == ERR_OK && endpoint != NULL)
        rc = vectors_load(a->store, a->m, endpoint, &dense, &dims, a->id, e);
    if (rc != ERR_OK)
        return rc;
    t->corpus = corpus_new(a->m, (unsigned)a->params.bits, a->o->jobs);
    corpus_set_dense(t->corpus, dense, dims);
    t->y = mem_array(a->m->prompts, sizeof *t->y);
    for (size_t i = 0; i < a->m->prompts; i++)
        t->y[i] = isnan(a->m->score[i]) ? (double)NAN : fmin(fmax(a->m->score[i], 0), 1);
    targets_init(&t->targets, t->corpus, 1, 1, t->y);
    t->cross_fit = a->base.folds > 0;
    t->predicting = t->cross_fit ? (size_t)a->base.folds : 1;
    const bool both = hashed && dense != NULL;
    t->side = mem_array(t->predicting + 2, sizeof *t->side);
    t->sides = t->predicting + (both ? 2 : 1);
    for (size_t k = 0; k < t->sides; k++) {
        struct side *s = &t->side[k];
        s->use = (struct space_use){.hashed = hashed, .dense = dense != NULL && k <= t->predicting};
        use_searched(a, k < t->predicting ? k : t->predicting, &s->use);
        s->train = mem_array(a->m->prompts, sizeof *s->train);
        s->eval = mem_array(a->m->prompts, sizeof *s->eval);
        s->keep = k >= t->predicting;
        snprintf(s->name, sizeof s->name, "%s",
                 k > t->predicting    ? "final without vector"
                 : k == t->predicting ? "final"
                 : t->cross_fit       ? ""
                                      : "train");
        if (k < t->predicting && t->cross_fit)
            snprintf(s->name, sizeof s->name, "fold %zu", k);
    }
    t->final = &t->side[t->predicting];
    t->plain = both ? &t->side[t->predicting + 1] : NULL;
    return ERR_OK;
}

/* Who trains and who is predicted, as the router has it. */
static void deal(struct adding *a)
{
    struct training *t = &a->t;
    struct figures *f = &t->figures;
    for (size_t i = 0; i < a->places; i++) {
        const struct router_prompt *p = &a->place[i];
        const char role = p->role[0] == 't' && p->role[1] == 'e' ? 'e' : p->role[0];
        f->train += role == 't' || role == 'f';
        f->validation += role == 'v';
        f->test += role == 'e';
        for (size_t k = 0; k < t->sides; k++) {
            struct side *s = &t->side[k];
            const bool trains = k >= t->predicting ? role != 'e'
                                : t->cross_fit     ? p->fold != (int64_t)k
                                                   : role == 't';
            if (trains)
                s->train[s->n++] = (uint32_t)i;
            else if (k < t->predicting)
                s->eval[s->evals++] = (uint32_t)i;
        }
    }
}

/* The C that the router's models share on side k; 1 where it is not known. */
static double side_c(const struct adding *a, size_t k)
{
    const struct json *head = json_first(json_get(a->metrics, "heads"));
    const double c = k < a->t.predicting
                         ? json_num(json_at(json_get(head, "c_by_fold"), k), (double)NAN)
                         : json_num(json_get(head, "c"), (double)NAN);
    return c > 0 && isfinite(c) ? c : 1;
}

static int fit(struct adding *a, struct err *e)
{
    struct training *t = &a->t;
    const double start = clock_s();
    int rc = ERR_OK;
    for (size_t k = 0; rc == ERR_OK && k < t->sides; k++) {
        const double c = side_c(a, k);
        const struct fit_options fo = {.grid = &c,
                                       .grid_n = 1,
                                       .inner = TRAIN_INNER,
                                       .eps = TRAIN_EPS,
                                       .seed = (uint64_t)a->base.seed,
                                       .jobs = a->o->jobs};
        rc = fit_sides(t->corpus, &t->targets, &t->side[k], 1, &fo, e);
    }
    if (rc != ERR_OK)
        return rc;
    t->seconds = clock_s() - start;
    t->cost = mem_array(t->predicting + 1, sizeof *t->cost);
    for (size_t k = 0; k <= t->predicting; k++)
        cost_fit(a->m, t->corpus, t->side[k].train, t->side[k].n, &t->cost[k]);
    for (size_t i = 0; i < a->m->prompts; i++) /* roles, where splits were dealt again since */
        a->m->prompt[i].split = a->place[i].role[0] == 'v'   ? 'v'
                                : a->place[i].role[1] == 'e' ? 'e'
                                                             : 't';
    figures_measure(a->m, t);
    return ERR_OK;
}

/* The router's metrics with the head of the model in its place. */
static int metrics_text(const struct adding *a, struct buf *out, struct err *e)
{
    struct buf one = BUF_INIT(0);
    struct json *fresh = NULL;
    figures_json(&a->t, a->m, a->base.encoder, (uint64_t)a->base.seed, &one);
    int rc = json_parse(one.data, one.len, &fresh, e);
    buf_deinit(&one);
    if (rc != ERR_OK)
        return rc;
    struct buf head = BUF_INIT(0);
    json_write(&head, json_first(json_get(fresh, "heads")));
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    for (const struct json *x = json_first(a->metrics); x != NULL; x = json_next(x)) {
        if (strcmp(json_key(x), "heads") != 0) {
            struct buf text = BUF_INIT(0);
            json_write(&text, x);
            jsonw_raw(&w, json_key(x), text.data);
            buf_deinit(&text);
            continue;
        }
        bool replaced = false;
        jsonw_arr(&w, "heads");
        for (const struct json *h = json_first(x); h != NULL; h = json_next(h)) {
            const char *model = json_str(json_get(h, "model"));
            const bool own = model != NULL && strcmp(model, a->o->model) == 0;
            struct buf text = BUF_INIT(0);
            json_write(&text, h);
            jsonw_raw(&w, NULL, own ? head.data : text.data);
            buf_deinit(&text);
            replaced = replaced || own;
        }
        if (!replaced)
            jsonw_raw(&w, NULL, head.data);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    buf_deinit(&head);
    json_free(fresh);
    return ERR_OK;
}

static int put_predictions(const struct adding *a, int64_t router, struct err *e)
{
    const struct training *t = &a->t;
    int rc = ERR_OK;
    for (size_t k = 0; k < t->predicting; k++) {
        const struct side *s = &t->side[k];
        const size_t inner = t->cross_fit ? s->n : 0;
        for (size_t i = 0; rc == ERR_OK && i < s->evals + inner; i++) {
            const bool held = i < s->evals;
            const size_t at = held ? s->eval[i] : s->train[i - s->evals];
            const struct prediction p = {
                .prompt = a->m->prompt[at].id,
                .model = a->m->model[0].id,
                .quality = held ? s->q[i] : s->inner_q[i - s->evals],
                .cost_nusd =
                    cost_predict(&t->cost[k], t->corpus->task[at], t->corpus->bytes[at], 0),
                .latency_ms = cost_latency(&t->cost[k], t->corpus->task[at], 0),
            };
            rc = prediction_put(a->store, router, held ? SCOPE_NONE : (int64_t)k, &p, e);
        }
    }
    return rc;
}

static int put_router(struct adding *a, struct added *out, struct err *e)
{
    struct buf params = BUF_INIT(0), metrics = BUF_INIT(0), models = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&models);
    char hash[65];
    jsonw_arr(&w, NULL);
    for (size_t k = 0; k < a->params.models; k++)
        jsonw_str(&w, NULL, a->params.model[k]);
    jsonw_end(&w);
    params_write(&a->params, &params);
    struct router r = a->base;
    AUTO_FREE char *name = mem_strdup(a->o->name);
    r.name = NULL; /* written beside the router it is copied from, then named */
    r.data_hash = hash;
    r.models = models.data;
    r.params = params.data;
    r.params_len = params.len;
    int rc = metrics_text(a, &metrics, e);
    r.metrics = metrics.data;
    if (rc == ERR_OK)
        rc = store_data_hash(a->store, hash, e);
    if (rc == ERR_OK)
        rc = router_put(a->store, &r, e);
    if (rc == ERR_OK)
        rc = router_copy(a->store, a->base.id, r.id, a->m->model[0].id, e);
    if (rc == ERR_OK)
        rc = put_predictions(a, r.id, e);
    if (rc == ERR_OK && name != NULL)
        rc = router_rename(a->store, r.id, name, e);
    if (rc == ERR_OK)
        snprintf(out->name, sizeof out->name, "%s", name != NULL ? name : r.name);
    free(r.name);
    buf_deinit(&params);
    buf_deinit(&metrics);
    buf_deinit(&models);
    return rc;
}

static int see_told(void *arg, int64_t prompt, int64_t reply, const float *quality, size_t n,
                    struct err *e)
{
    (void)prompt;
    (void)reply;
    (void)quality;
    (void)n;
    (void)e;
    *(bool *)arg = true;
    return ERR_OK;
}

static int write_all(struct adding *a, struct added *out, struct err *e)
{
    struct params one;
    params_from(&a->t, a->m, a->id, &one);
    const size_t had = a->params.models;
    int rc = params_splice(&a->params, &one, e);
    params_deinit(&one);
    if (rc == ERR_OK)
        rc = posterior_each(a->store, a->base.id, SCOPE_NONE, see_told, &out->told_dropped, e);
    if (rc != ERR_OK || (rc = store_begin(a->store, e)) != ERR_OK)
        return rc;
    rc = put_router(a, out, e);
    if (rc == ERR_OK)
        rc = store_commit(a->store, e);
    else
        store_rollback(a->store);
    out->models = a->params.models;
    out->replaced = a->params.models == had;
    return rc;
}

int train_add_model(struct store *s, const struct add_options *o, struct added *out, struct err *e)
{
    struct adding a = {.store = s, .o = o};
    *out = (struct added){0};
    int rc = load_router(&a, e);
    if (rc == ERR_OK)
        rc = load_matrix(&a, e);
    for (size_t i = 0; rc == ERR_OK && i < a.m->prompts; i++)
        out->scored += isnan(a.m->score[i]) ? 0 : 1;
    if (rc == ERR_OK && out->scored == 0)
        rc = err_set(e, ERR_USAGE,
                     "model '%s' has no score on the %zu prompts of router '%s'; run 'shunt "
                     "collect' and 'shunt grade'",
                     o->model, a.m->prompts, a.base.name);
    if (rc == ERR_OK)
        rc = make_corpus(&a, e);
    if (rc == ERR_OK) {
        deal(&a);
        rc = fit(&a, e);
    }
    if (rc == ERR_OK)
        rc = write_all(&a, out, e);
    if (rc == ERR_OK) {
        snprintf(out->from, sizeof out->from, "%s", a.base.name);
        out->prompts = a.m->prompts;
        out->seconds = a.t.seconds;
        out->head = a.t.figures.head[0];
        a.t.figures.head[0].name = NULL; /* moved */
    }
    adding_deinit(&a);
    return rc;
}

void added_deinit(struct added *x)
{
    free(x->head.name);
    *x = (struct added){0};
}
