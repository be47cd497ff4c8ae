/* From a store to eval_data: the router, its models, roles and predictions, and the matrix. */
#include "eval/load.h"

#include "core/json.h"
#include "core/mem.h"
#include "store/posterior.h"

#include <stdlib.h>
#include <string.h>

/* The router's models, or those of them that were asked for; heap strings. */
static int pick_models(const struct router *r, const struct str_vec *asked, struct str_vec *names,
                       struct err *e)
{
    struct json *j = NULL;
    int rc = json_parse(r->models, strlen(r->models), &j, e);
    if (rc)
        return err_wrap(e, rc, "models of router '%s'", r->name);
    const bool all = !asked || asked->n == 0;
    for (const struct json *m = all ? json_first(j) : NULL; m; m = json_next(m))
        VEC_PUSH(names, mem_strdup(json_str(m)));
    for (size_t k = 0; !all && !rc && k < asked->n; k++) {
        bool known = false;
        for (const struct json *m = json_first(j); m && !known; m = json_next(m))
            known = strcmp(json_str(m), asked->v[k]) == 0;
        if (!known)
            rc = err_set(e, ERR_USAGE,
                         "router '%s' has no head for model '%s': run 'shunt train' with it",
                         r->name, asked->v[k]);
        else
            VEC_PUSH(names, mem_strdup(asked->v[k]));
    }
    json_free(j);
    return rc;
}

static void count_router(void *arg, const struct router *r)
{
    (void)r;
    (*(size_t *)arg)++;
}

static int read_router(struct eval_input *in, const char *name, const struct str_vec *models,
                       struct str_vec *names, struct router_prompt **roles, size_t *role_count,
                       struct prediction **preds, size_t *pred_count, struct err *e)
{
    int rc = router_get(in->store, name, &in->router, e);
    if (rc)
        return rc;
    in->routed = true;
    rc = pick_models(&in->router, models, names, e);
    if (!rc)
        rc = router_prompt_load(in->store, in->router.id, roles, role_count, e);
    if (!rc)
        rc = prediction_load(in->store, in->router.id, SCOPE_NONE, preds, pred_count, e);
    return rc;
}

int eval_load(struct store *s, const char *router, const struct str_vec *models, bool text,
              int64_t seed, struct eval_input *out, struct err *e)
{
    *out = (struct eval_input){.store = s};
    struct str_vec names = {0};
    struct router_prompt *roles = NULL;
    struct prediction *preds = NULL;
    size_t role_count = 0, pred_count = 0, routers = 0;
    int rc = router_each(s, count_router, &routers, e);
    if (!rc && (router || routers > 0))
        rc = read_router(out, router, models, &names, &roles, &role_count, &preds, &pred_count, e);
    else
        for (size_t k = 0; !rc && models && k < models->n; k++)
            VEC_PUSH(&names, mem_strdup(models->v[k]));
    const struct matrix_options mo = {.models = &names, .no_text = !text, .scored_only = true};
    if (!rc)
        rc = matrix_load(s, &mo, &out->matrix, e);
    if (!rc)
        rc = eval_data_make(out->matrix, out->routed ? &out->router : NULL, roles, role_count,
                            preds, pred_count, seed, &out->data, e);
    free(roles);
    free(preds);
    str_vec_free(&names);
    if (rc)
        eval_input_deinit(out);
    return rc;
}

void eval_input_deinit(struct eval_input *in)
{
    if (!in)
        return;
    eval_data_deinit(&in->data);
    matrix_free(in->matrix);
    if (in->routed)
        router_deinit(&in->router);
    *in = (struct eval_input){0};
}

int eval_load_scope(void *arg, int64_t scope, struct prediction **out, size_t *n, struct err *e)
{
    const struct eval_input *in = arg;
    return prediction_load(in->store, in->router.id, scope, out, n, e);
}

/* Rows come in order of prompt, as those of the data are. */
struct telling {
    const struct eval_data *d;
    float *told;
    size_t i;
    size_t *column; /* [columns] the model that a number of a row is about, SIZE_MAX: none */
    size_t columns;
};

static int take_told(void *arg, int64_t prompt, int64_t reply, const float *quality, size_t n,
                     struct err *e)
{
    struct telling *t = arg;
    const struct matrix *m = t->d->matrix;
    const size_t models = m->models;
    if (n != t->columns)
        return err_set(e, ERR_FORMAT,
                       "predictions after replies are of %zu models, the router has %zu: run "
                       "'shunt train' again",
                       n, t->columns);
    while (t->i < t->d->all.n && m->prompt[t->d->row[t->i]].id < prompt)
        t->i++;
    if (t->i == t->d->all.n || m->prompt[t->d->row[t->i]].id != prompt)
        return ERR_OK;
    for (size_t a = 0; a < models; a++) {
        if (m->first_reply[t->d->row[t->i] * models + a] != reply)
            continue;
        for (size_t k = 0; k < n; k++)
            if (t->column[k] != SIZE_MAX)
                t->told[(t->i * models + a) * models + t->column[k]] = quality[k];
    }
    return ERR_OK;
}

int eval_load_told(void *arg, int64_t scope, const struct eval_data *d, float *told, struct err *e)
{
    const struct eval_input *in = arg;
    struct json *names = NULL;
    int rc = json_parse(in->router.models, strlen(in->router.models), &names, e);
    if (rc)
        return err_wrap(e, rc, "models of router '%s'", in->router.name);
    struct telling t = {.d = d, .told = told};
    for (const struct json *m = json_first(names); m; m = json_next(m))
        t.columns++;
    AUTO_FREE size_t *column = mem_array(t.columns, sizeof *column);
    t.column = column;
    size_t k = 0;
    for (const struct json *m = json_first(names); m; m = json_next(m), k++) {
        column[k] = SIZE_MAX;
        for (size_t b = 0; b < d->matrix->models; b++)
            if (strcmp(d->matrix->model[b].name, json_str(m)) == 0)
                column[k] = b;
    }
    json_free(names);
    return posterior_each(in->store, in->router.id, scope, take_told, &t, e);
}
