/* The table writer: ensembles, their stages, and votes; router/FORMAT.md, 3.18. */
#include <math.h>
#include <string.h>

#include "router/shunt.h"
#include "train/table_parts.h"

static bool is_model(const struct table_spec *s, int m)
{
    return m >= 0 && (size_t)m < s->models;
}

static int add_stage(struct table_draft *d, const struct table_ensemble *x, size_t i, struct err *e)
{
    const struct table_spec *s = d->spec;
    const struct table_stage *g = &x->stage[i];
    if (g->model >= (int)s->models || g->vote >= (int)s->votes || isnan(g->quality) ||
        isnan(g->cost_nusd) || !g->name)
        return err_set(e, ERR_USAGE, "stage %zu of ensemble '%s' is impossible", i + 1, x->name);
    for (size_t k = 0; k < i; k++)
        if (strcmp(x->stage[k].name, g->name) == 0)
            return err_set(e, ERR_USAGE, "ensemble '%s' has two stages named '%s'", x->name,
                           g->name);
    struct shunt_stage_row out = {
        .name = table_add_string(d, g->name),
        .task = table_add_string(d, g->task),
        .model = g->model < 0 ? SHUNT_NONE : (uint32_t)g->model,
        .vote = g->vote < 0 ? SHUNT_NONE : (uint32_t)g->vote,
        .quality = g->quality < 0 ? -1 : g->quality,
        .cost_nusd = g->cost_nusd < 0 ? -1 : g->cost_nusd,
    };
    buf_add(&d->part[SHUNT_S_STAGES], &out, sizeof out);
    return ERR_OK;
}

static int add_ensemble(struct table_draft *d, size_t i, uint32_t *stages, struct err *e)
{
    const struct table_spec *s = d->spec;
    const struct table_ensemble *x = &s->ensemble[i];
    if (x->stages == 0 || x->stages > SHUNT_STAGES_MAX || x->point >= (int)s->points)
        return err_set(e, ERR_USAGE, "ensemble '%s' has %zu stages at point %d", x->name, x->stages,
                       x->point);
    for (size_t k = 0; k < i; k++)
        if (strcmp(s->ensemble[k].name, x->name) == 0)
            return err_set(e, ERR_USAGE, "two ensembles are named '%s'", x->name);
    struct shunt_ensemble out = {
        .name = table_add_string(d, x->name),
        .point = x->point < 0 ? SHUNT_NONE : (uint32_t)x->point,
        .first_stage = *stages,
        .stages = (uint32_t)x->stages,
    };
    *stages += out.stages;
    buf_add(&d->part[SHUNT_S_STAGES], &out, sizeof out);
    return ERR_OK;
}

static int add_vote(struct table_draft *d, const struct table_vote *x, uint32_t *members,
                    struct err *e)
{
    const struct table_spec *s = d->spec;
    if (x->models == 0 || x->models > SHUNT_VOTERS_MAX || x->need < 1 ||
        (size_t)x->need > x->models || x->judge >= (int)s->models)
        return err_set(e, ERR_USAGE, "vote '%s': %d of %zu models", x->name, x->need, x->models);
    for (size_t k = 0; k < x->models; k++)
        if (!is_model(s, x->model[k]))
            return err_set(e, ERR_USAGE, "vote '%s': model %zu does not exist", x->name, k + 1);
    struct shunt_vote out = {
        .name = table_add_string(d, x->name),
        .first_member = *members,
        .members = (uint32_t)x->models,
        .need = (uint32_t)x->need,
        .judge = x->judge < 0 ? SHUNT_NONE : (uint32_t)x->judge,
        .flags = x->by_number ? SHUNT_VOTE_NUMBER : 0,
    };
    *members += out.members;
    buf_add(&d->part[SHUNT_S_STAGES], &out, sizeof out);
    return ERR_OK;
}

int table_fill_stages(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    struct shunt_stages head = {.ensembles = (uint32_t)s->ensembles, .votes = (uint32_t)s->votes};
    uint32_t stages = 0;
    uint32_t members = 0;
    int rc = ERR_OK;
    if (s->ensembles == 0 && s->votes == 0)
        return ERR_OK;
    if (s->ensembles > SHUNT_ENSEMBLES_MAX || s->votes > SHUNT_VOTES_MAX)
        return err_set(e, ERR_USAGE, "%zu ensembles or %zu votes: at most 256", s->ensembles,
                       s->votes);
    for (size_t i = 0; i < s->ensembles; i++)
        head.stages += (uint32_t)s->ensemble[i].stages;
    for (size_t i = 0; i < s->votes; i++)
        head.members += (uint32_t)s->vote[i].models;
    buf_add(&d->part[SHUNT_S_STAGES], &head, sizeof head);
    for (size_t i = 0; i < s->ensembles && rc == ERR_OK; i++)
        rc = add_ensemble(d, i, &stages, e);
    for (size_t i = 0; i < s->ensembles && rc == ERR_OK; i++)
        for (size_t k = 0; k < s->ensemble[i].stages && rc == ERR_OK; k++)
            rc = add_stage(d, &s->ensemble[i], k, e);
    for (size_t i = 0; i < s->votes && rc == ERR_OK; i++)
        rc = add_vote(d, &s->vote[i], &members, e);
    for (size_t i = 0; i < s->votes && rc == ERR_OK; i++)
        for (size_t k = 0; k < s->vote[i].models; k++) {
            uint32_t m = (uint32_t)s->vote[i].model[k];
            buf_add(&d->part[SHUNT_S_STAGES], &m, sizeof m);
        }
    return rc;
}
