/* Copies of a training's sides, fitted another way. What is compared with what is cli/study.c.
 */
#include "train/refit.h"

#include "core/clock.h"
#include "core/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double *none(size_t n)
{
    double *x = mem_array(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)NAN;
    return x;
}

/* Side k of the training again, less the prompts that are left out; the scores that train. */
static size_t copy_side(const struct training *t, size_t k, const struct refit_options *o,
                        struct side *s)
{
    const struct side *from = &t->side[k];
    const size_t models = t->targets.models;
    size_t labels = 0;
    *s = (struct side){.use = from->use, .evals = from->evals};
    s->use.hashed = o->use.hashed;
    s->use.dense = o->use.dense;
    snprintf(s->name, sizeof s->name, "%s", from->name);
    s->train = mem_array(from->n, sizeof *s->train);
    s->eval = mem_array(from->evals, sizeof *s->eval);
    memcpy(s->eval, from->eval, from->evals * sizeof *s->eval);
    for (size_t i = 0; i < from->n; i++) {
        const uint32_t at = from->train[i];
        if (o->leave != NULL && o->leave[at])
            continue;
        s->train[s->n++] = at;
        for (size_t m = 0; m < models; m++)
            labels += isnan(t->y[(size_t)at * t->targets.heads + m]) ? 0 : 1;
    }
    return labels;
}

/* The scores alone, without complexity labels. */
static double *scores(const struct training *t)
{
    const size_t models = t->targets.models, heads = t->targets.heads;
    double *y = mem_array(t->corpus->n * models, sizeof *y);
    for (size_t i = 0; i < t->corpus->n; i++)
        memcpy(y + i * models, t->y + i * heads, models * sizeof *y);
    return y;
}

static void spread(const struct side *s, const double *from, size_t heads, size_t models,
                   double *out)
{
    for (size_t i = 0; i < s->evals; i++)
        memcpy(out + (size_t)s->eval[i] * models, from + i * heads, models * sizeof *out);
}

int refit(const struct training *t, const struct refit_options *o, struct refitted *out,
          struct err *e)
{
    *out = (struct refitted){0};
    const size_t models = t->targets.models, n = t->corpus->n, sides = t->predicting;
    struct corpus corpus = *t->corpus; /* borrowed but for the vectors */
    corpus.dense = o->use.dense ? o->dense : NULL;
    corpus.dims = o->use.dense ? o->dims : 0;
    AUTO_FREE double *y = scores(t);
    struct targets targets;
    targets_init(&targets, &corpus, models, models, y);
    struct side *side = mem_array(sides, sizeof *side);
    int rc = ERR_OK;
    for (size_t k = 0; k < sides; k++) {
        out->labels += (double)copy_side(t, k, o, &side[k]) / (double)sides;
        if (side[k].n == 0)
            rc = err_set(e, ERR_USAGE, "too few prompts: %s has none left to train on",
                         side[k].name);
    }
    const struct fit_options fo = {.grid = t->grid,
                                   .grid_n = t->grid_n,
                                   .inner = TRAIN_INNER,
                                   .eps = TRAIN_EPS,
                                   .seed = o->seed,
                                   .jobs = o->jobs};
    const double start = clock_s();
    if (rc == ERR_OK)
        rc = fit_sides(&corpus, &targets, side, sides, &fo, e);
    if (rc == ERR_OK) {
        out->seconds = clock_s() - start;
        out->q = none(n * models);
        out->task_q = none(n * models);
        for (size_t k = 0; k < sides; k++) {
            spread(&side[k], side[k].q, models, models, out->q);
            spread(&side[k], side[k].task_q, models, models, out->task_q);
        }
    }
    for (size_t k = 0; k < sides; k++)
        side_deinit(&side[k]);
    free(side);
    targets_deinit(&targets);
    return rc;
}

void refitted_deinit(struct refitted *r)
{
    free(r->q);
    free(r->task_q);
    *r = (struct refitted){0};
}

double *refit_own(const struct training *t, bool task_means)
{
    const size_t models = t->targets.models;
    double *q = none(t->corpus->n * models);
    for (size_t k = 0; k < t->predicting; k++)
        spread(&t->side[k], task_means ? t->side[k].task_q : t->side[k].q, t->targets.heads, models,
               q);
    return q;
}
