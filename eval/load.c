/* From a store to eval_data: the router, its models, roles and predictions, and the matrix. */
#include "eval/load.h"

#include "core/json.h"
#include "core/mem.h"

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
