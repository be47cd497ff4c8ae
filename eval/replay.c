/* Stored operating points turned back into decisions. */
#include "eval/replay.h"

#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

static int find_model(const struct eval_data *d, const char *name)
{
    for (size_t m = 0; name && m < d->all.models; m++)
        if (strcmp(d->matrix->model[m].name, name) == 0)
            return (int)m;
    return -1;
}

static unsigned char bits_of(const struct point_cell *c)
{
    return (unsigned char)(c->pass[0] | c->pass[1] << 1 | c->pass[2] << 2);
}

int replay_point(const struct point *p, const struct eval_data *d, struct point_choice *out, struct err *e)
{
    *out = (struct point_choice){.weak = -1, .strong = -1, .reached = true};
    out->share_kind = strcmp(p->kind, "share") == 0;
    const char *missing = NULL;
    if (out->share_kind) {
        out->threshold = p->threshold;
        out->weak = find_model(d, p->weak);
        out->strong = find_model(d, p->strong);
        missing = out->weak < 0 ? p->weak : out->strong < 0 ? p->strong : NULL;
    } else {
        struct guard *g = &out->guard;
        *g = (struct guard){.lambda = p->lambda_per_usd, .mu = p->mu_per_s, .z = p->z, .tasks = d->all.tasks};
        g->fallback = find_model(d, p->default_model);
        missing = g->fallback < 0 ? p->default_model : NULL;
        g->edge[0] = p->edge[0];
        g->edge[1] = p->edge[1];
        g->pass = mem_array(g->tasks + 1, 1);
        g->own = mem_array(g->tasks + 1, 1);
        unsigned char pooled = 0;
        for (size_t k = 0; k < p->cell_count; k++)
            if (p->cells[k].task[0] == '\0')
                pooled = bits_of(&p->cells[k]);
        memset(g->pass, pooled, g->tasks + 1);
        for (size_t k = 0; k < p->cell_count; k++)
            for (size_t t = 0; t < g->tasks && p->cells[k].task[0]; t++)
                if (strcmp(d->task[t], p->cells[k].task) == 0)
                    g->pass[t] = bits_of(&p->cells[k]);
    }
    if (!missing)
        return ERR_OK;
    point_choice_deinit(out);
    return err_set(e, ERR_USAGE, "operating point '%s' needs model '%s', which is not compared here: run 'shunt eval' again",
                   p->name, missing);
}

int replay_choices(const struct point *p, const struct eval_data *d, int *choice, struct err *e)
{
    struct point_choice c;
    int rc = replay_point(p, d, &c, e);
    if (rc)
        return rc;
    const struct eval_set *s = &d->all;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        const bool read = d->folds > 0 || d->role[i] == 'e';
        choice[i] = read ? point_model(&c, s->models, s->q + row, s->c + row, s->t + row, s->task[i]) : -1;
    }
    point_choice_deinit(&c);
    return ERR_OK;
}
