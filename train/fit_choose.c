/* What out-of-fold values choose for one side: C, shrinkage, how heads are stacked, calibration.
 * What each is for one head is train/choose.c, the coefficients of stacking are train/stack.c.
 */
#include "core/mem.h"
#include "train/fit_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

float *fit_plane(const struct work *k, size_t at, size_t h, size_t grid, size_t p)
{
    const struct search *q = &k->search[at];
    return q->f + ((h * k->o->grid_n + grid) * q->parts + p) * k->side[at].n;
}

/* The whole value of training prompt i. */
static double value_of(const struct work *k, size_t at, size_t h, size_t grid, size_t i)
{
    double sum = 0;
    for (size_t p = 0; p < k->search[at].parts; p++)
        sum += (double)fit_plane(k, at, h, grid, p)[i];
    return sum;
}

/* The out-of-fold values of one head of one side at one C, where it has targets, or those given for
 * it: value [n][models]. True when all targets are of one class. */
static bool gather(const struct work *k, size_t at, size_t h, size_t grid, const double *value,
                   struct out_of_fold *x)
{
    const struct side *s = &k->side[at];
    const float *g = k->search[at].g + h * s->n;
    double lowest = 1, highest = 0;
    x->n = 0;
    for (size_t i = 0; i < s->n; i++) {
        double v = k->t->y[(size_t)s->train[i] * k->t->heads + h];
        if (isnan(v))
            continue;
        x->y[x->n] = v;
        x->w[x->n] = k->c->weight[s->train[i]];
        x->fold[x->n] = s->inner[i];
        x->f[x->n] = value != NULL ? value[i * k->t->models + h] : value_of(k, at, h, grid, i);
        x->g[x->n++] = (double)g[i];
        lowest = fmin(lowest, v);
        highest = fmax(highest, v);
    }
    return x->n == 0 || lowest >= 1 || highest <= 0;
}

static void out_of_fold_init(struct out_of_fold *x, size_t n)
{
    x->f = mem_array(n, sizeof *x->f);
    x->g = mem_array(n, sizeof *x->g);
    x->y = mem_array(n, sizeof *x->y);
    x->w = mem_array(n, sizeof *x->w);
    x->fold = mem_array(n, sizeof *x->fold);
}

static void out_of_fold_deinit(struct out_of_fold *x)
{
    free(x->f);
    free(x->g);
    free(x->y);
    free(x->w);
    free(x->fold);
}

static size_t group_first(const struct work *k, size_t group)
{
    return group == 0 ? 0 : group == 1 ? k->t->models : k->t->heads;
}

/* Index of the least loss among the first n of a group. */
static size_t least(const double *loss, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (loss[i] < loss[best])
            best = i;
    return best;
}

/* Losses at the C just tried; the side goes on while a group got better by it. */
void fit_judge(void *arg, size_t job)
{
    struct work *k = arg;
    size_t at = k->active[job], cells = k->o->grid_n * ALPHAS;
    struct search *q = &k->search[at];
    struct out_of_fold x;
    out_of_fold_init(&x, k->side[at].n);
    bool better = false;
    for (size_t group = 0; group < GROUPS; group++) {
        double *loss = q->loss + group * cells;
        for (size_t h = group_first(k, group); h < group_first(k, group + 1); h++)
            if (!gather(k, at, h, q->tried, NULL, &x))
                choice_losses(&x, loss + q->tried * ALPHAS);
        better = better || least(loss, (q->tried + 1) * ALPHAS) / ALPHAS == q->tried;
    }
    out_of_fold_deinit(&x);
    q->tried++;
    q->done = !better || q->tried == k->o->grid_n;
}

/* Stack the models' heads of a side around the C that was chosen, so that one is too smooth and one
 * too sharp. value [n][models] gets what is out of fold in that too. False: it does not pay. */
static bool stack_side(struct work *k, size_t at, size_t grid, double alpha, double *value)
{
    const struct side *s = &k->side[at];
    struct search *q = &k->search[at];
    const size_t models = k->t->models, n = s->n;
    q->smooth = grid > 0 && n <= FIT_PARTED ? grid - 1 : grid;
    q->sharp = grid + 1 < q->tried && n <= FIT_PARTED ? grid + 1 : grid;
    const size_t levels = q->smooth < q->sharp ? 2 : 1, features = levels * q->parts + 1;
    const double part = (1 - alpha) / (double)levels;
    double base[STACK_FEATURES];
    AUTO_FREE const float **x = mem_array(models * features, sizeof *x);
    AUTO_FREE double *y = mem_array(n * models, sizeof *y);
    AUTO_FREE double *w = mem_array(n, sizeof *w);
    AUTO_FREE bool *out = mem_array(models, sizeof *out);
    for (size_t j = 0; j < features; j++)
        base[j] = j + 1 < features ? part : alpha;
    for (size_t h = 0; h < models; h++) {
        const float **at_h = x + h * features;
        for (size_t j = 0; j + 1 < features; j++)
            at_h[j] = fit_plane(k, at, h, j < q->parts ? q->smooth : q->sharp, j % q->parts);
        at_h[features - 1] = q->g + h * n;
        out[h] = s->choice[h].constant;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(y + i * models, k->t->y + (size_t)s->train[i] * k->t->heads, models * sizeof *y);
        w[i] = k->c->weight[s->train[i]];
    }
    return stack_fit(&(struct stack_data){.n = n,
                                          .heads = models,
                                          .features = features,
                                          .x = x,
                                          .base = base,
                                          .y = y,
                                          .w = w,
                                          .fold = s->inner,
                                          .folds = k->o->inner,
                                          .out = out},
                     &q->stack, value);
}

/* One C and one alpha for all heads of a group, by their summed log loss: heads of different
 * smoothness disagree where the models do not, and a decision is a difference of heads (measured on
 * nine models: aiq .8314 with a C each, .8348 with one for all). Then the models' heads are stacked
 * and each head is calibrated. */
static void choose_group(struct work *k, size_t at, size_t group, struct out_of_fold *x)
{
    struct side *s = &k->side[at];
    const struct search *q = &k->search[at];
    const size_t first = group_first(k, group), end = group_first(k, group + 1);
    const size_t best = least(q->loss + group * k->o->grid_n * ALPHAS, q->tried * ALPHAS);
    const size_t grid = best / ALPHAS;
    const double alpha = choice_alpha(best % ALPHAS);
    for (size_t h = first; h < end; h++) {
        s->choice[h] = (struct choice){.C = k->o->grid[grid], .alpha = alpha, .a = 1};
        s->choice[h].constant = gather(k, at, h, grid, NULL, x);
    }
    AUTO_FREE double *value = mem_array(group == 0 ? s->n * end : 0, sizeof *value);
    const bool joint = group == 0 && alpha < 1 && stack_side(k, at, grid, alpha, value);
    for (size_t h = first; h < end; h++) {
        struct choice *c = &s->choice[h];
        c->joint = joint && !c->constant;
        c->alpha = c->constant ? 1 : joint ? 0 : alpha;
        if (!c->constant) {
            gather(k, at, h, grid, joint ? value : NULL, x);
            choice_calibrate(x, k->o->inner, c);
        }
        for (size_t i = 0; i < s->n; i++) {
            const double f = c->joint ? value[i * end + h] : value_of(k, at, h, grid, i);
            s->inner_q[i * k->t->heads + h] = choice_quality(c, f, (double)q->g[h * s->n + i]);
        }
    }
}

void fit_search_free(struct work *k, size_t at)
{
    struct search *q = &k->search[at];
    for (size_t fold = 0; q->w != NULL && fold < k->o->inner; fold++)
        free(q->w[fold]);
    free(q->w);
    free(q->f);
    free(q->g);
    free(q->loss);
    q->w = NULL;
    q->f = q->g = NULL;
    q->loss = NULL;
}

void fit_choose_side(void *arg, size_t at)
{
    struct work *k = arg;
    struct out_of_fold x;
    out_of_fold_init(&x, k->side[at].n);
    for (size_t group = 0; group < GROUPS; group++)
        choose_group(k, at, group, &x);
    out_of_fold_deinit(&x);
    fit_search_free(k, at);
}
