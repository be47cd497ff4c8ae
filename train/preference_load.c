/* Which prompts and models a training on preferences is about. */
#include "train/preference_load.h"

#include "core/fs.h"
#include "core/mem.h"
#include "store/model.h"
#include "store/preference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names of the models with a vote, in order of the store; all of `asked` where some are named. */
static int pick_models(struct store *s, const struct preference *p, size_t n,
                       const struct str_vec *asked, struct str_vec *names, struct err *e)
{
    struct model *list = NULL;
    size_t models = 0;
    if (asked != NULL && asked->n > 0) {
        for (size_t k = 0; k < asked->n; k++)
            VEC_PUSH(names, mem_strdup(asked->v[k]));
        return ERR_OK;
    }
    const int rc = model_list(s, &list, &models, e);
    for (size_t k = 0; rc == ERR_OK && k < models; k++) {
        bool voted = false;
        for (size_t i = 0; i < n && !voted; i++)
            voted = p[i].model_a == list[k].id || p[i].model_b == list[k].id;
        if (voted)
            VEC_PUSH(names, mem_strdup(list[k].name));
    }
    model_list_free(list, models);
    return rc;
}

static size_t index_of(const struct matrix *m, int64_t model)
{
    size_t k = 0;
    while (k < m->models && m->model[k].id != model)
        k++;
    return k;
}

/* Keeps prompts with a vote between the models, or a score, and numbers the votes by them. */
static void join(struct matrix *m, const struct preference *p, size_t n, struct votes *v)
{
    AUTO_FREE bool *keep = mem_array(m->prompts, sizeof *keep);
    struct vote *vote = mem_array(n, sizeof *vote);
    size_t votes = 0, at = 0, row = 0;
    for (size_t i = 0; i < m->prompts; i++) {
        for (size_t k = 0; k < m->models && !keep[i]; k++)
            keep[i] = !isnan(m->score[i * m->models + k]);
        while (at < n && p[at].prompt < m->prompt[i].id)
            at++;
        for (; at < n && p[at].prompt == m->prompt[i].id; at++) {
            const size_t a = index_of(m, p[at].model_a), b = index_of(m, p[at].model_b);
            if (a == m->models || b == m->models)
                continue;
            keep[i] = true;
            vote[votes++] = (struct vote){(uint32_t)row, (uint32_t)a, (uint32_t)b, p[at].outcome};
        }
        row += keep[i];
    }
    matrix_keep(m, keep);
    votes_init(v, vote, votes, m->prompts);
}

int preference_load_matrix(struct store *s, const struct str_vec *models, struct matrix **m,
                           struct votes *v, struct err *e)
{
    AUTO_FREE struct preference *p = NULL;
    struct str_vec names = {0};
    size_t n = 0;
    *v = (struct votes){0};
    int rc = preference_load(s, &p, &n, e);
    if (rc == ERR_OK && n == 0)
        rc =
            err_set(e, ERR_USAGE, "'%s' has no votes; run 'shunt import --format preferences FILE'",
                    store_path(s));
    if (rc == ERR_OK)
        rc = pick_models(s, p, n, models, &names, e);
    if (rc == ERR_OK)
        rc = matrix_load(s, &(struct matrix_options){.models = &names}, m, e);
    if (rc == ERR_OK) {
        join(*m, p, n, v);
        if (v->n == 0)
            rc = err_set(e, ERR_USAGE, "no vote is between two of these models");
    }
    str_vec_free(&names);
    return rc;
}
