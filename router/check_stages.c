/* Checking a table, fifth part: ensembles, their stages, and votes (FORMAT.md, 3.18). */
#include <math.h>
#include <string.h>

#include "router/internal.h"

static int damaged(struct fault *f)
{
    return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: section 'stages'");
}

static int optional(uint32_t x, uint32_t count)
{
    return x == SHUNT_NONE || x < count;
}

static int zeros(const uint32_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i])
            return 0;
    return 1;
}

static int check_stage(const struct shunt_table *t, const struct shunt_stage_row *x,
                       struct fault *f)
{
    if (!optional(x->model, t->shape->models) || !optional(x->vote, t->stages->votes) ||
        !zeros(x->zero, 4) || !isfinite(x->quality) || !isfinite(x->cost_nusd))
        return damaged(f);
    int status = shunt_check_name(t, x->name, "stage", f);
    if (status == SHUNT_OK && x->task != SHUNT_NONE)
        status = shunt_check_name(t, x->task, "stage's task", f);
    return status;
}

static int check_ensemble(const struct shunt_table *t, uint32_t i, struct fault *f)
{
    const struct shunt_ensemble *x = &t->ensemble[i];
    if (!optional(x->point, t->shape->points) || x->first_stage > t->stages->stages ||
        x->stages == 0 || x->stages > SHUNT_STAGES_MAX ||
        x->stages > t->stages->stages - x->first_stage || !zeros(x->zero, 4))
        return damaged(f);
    int status = shunt_check_name(t, x->name, "ensemble", f);
    if (status)
        return status;
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(t->strings + t->ensemble[k].name, t->strings + x->name) == 0)
            return damaged(f);
    for (uint32_t a = 0; a < x->stages; a++)
        for (uint32_t b = 0; b < a; b++)
            if (strcmp(t->strings + t->stage[x->first_stage + a].name,
                       t->strings + t->stage[x->first_stage + b].name) == 0)
                return damaged(f);
    return SHUNT_OK;
}

static int check_vote(const struct shunt_table *t, const struct shunt_vote *x, struct fault *f)
{
    if (x->first_member > t->stages->members || x->members == 0 || x->members > SHUNT_VOTERS_MAX ||
        x->members > t->stages->members - x->first_member || x->need == 0 || x->need > x->members ||
        !optional(x->judge, t->shape->models) || x->flags > SHUNT_VOTE_NUMBER || !zeros(x->zero, 2))
        return damaged(f);
    return shunt_check_name(t, x->name, "vote", f);
}

int shunt_check_stages(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const struct part *p = &part[SHUNT_S_STAGES];
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_stages *s = (const void *)p->base;
    if (p->bytes < sizeof *s || s->ensembles > SHUNT_ENSEMBLES_MAX ||
        s->stages > SHUNT_ENSEMBLES_MAX * SHUNT_STAGES_MAX || s->votes > SHUNT_VOTES_MAX ||
        s->members > SHUNT_VOTES_MAX * SHUNT_VOTERS_MAX || !zeros(s->zero, 12))
        return damaged(f);
    uint64_t stages = sizeof *s + s->ensembles * sizeof *t->ensemble;
    uint64_t votes = stages + s->stages * sizeof *t->stage;
    uint64_t members = votes + s->votes * sizeof *t->vote;
    if (p->bytes != members + s->members * sizeof *t->voter)
        return damaged(f);
    t->stages = s;
    t->ensemble = (const void *)(p->base + sizeof *s);
    t->stage = (const void *)(p->base + stages);
    t->vote = (const void *)(p->base + votes);
    t->voter = (const void *)(p->base + members);
    int status = SHUNT_OK;
    for (uint32_t i = 0; i < s->stages && status == SHUNT_OK; i++)
        status = check_stage(t, &t->stage[i], f);
    for (uint32_t i = 0; i < s->ensembles && status == SHUNT_OK; i++)
        status = check_ensemble(t, i, f);
    for (uint32_t i = 0; i < s->votes && status == SHUNT_OK; i++)
        status = check_vote(t, &t->vote[i], f);
    for (uint32_t i = 0; i < s->members && status == SHUNT_OK; i++)
        if (t->voter[i] >= t->shape->models)
            status = damaged(f);
    return status;
}
