/* The work list of a training, in three passes over both cores: out-of-fold values of every (side,
 * inner fold), the choices of every side, the fits on whole sides. Every job writes only what is
 * its own, so the number of threads changes nothing.
 */
#include "train/fit.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/stat.h"
#include "core/thread.h"
#include "train/fold.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INNER_EPS = 10 }; /* choosing C needs less than the heads that are kept */

struct work {
    const struct corpus *c;
    const struct targets *t;
    struct side *side;
    const struct fit_options *o;
    float **f;            /* per side: [heads][grid][n] out-of-fold values */
    float **g;            /* per side: [heads][n] their task logits */
    pthread_mutex_t lock; /* of progress */
    struct progress *progress;
    uint64_t done;
    atomic_bool stop;
};

static bool step(struct work *k)
{
    pthread_mutex_lock(&k->lock);
    progress_set(k->progress, ++k->done, NULL);
    pthread_mutex_unlock(&k->lock);
    if (interrupted())
        atomic_store(&k->stop, true);
    return !atomic_load(&k->stop);
}

/* One inner fold of one side: every head at every C, on the rest, for the prompts in it. */
static void inner_fold(void *arg, size_t job)
{
    struct work *k = arg;
    size_t at = job / k->o->inner, fold = job % k->o->inner;
    struct side *s = &k->side[at];
    AUTO_FREE uint32_t *rest = mem_array(s->n, sizeof *rest);
    AUTO_FREE uint32_t *held = mem_array(s->n, sizeof *held);
    AUTO_FREE size_t *place = mem_array(s->n, sizeof *place);
    size_t rests = 0, helds = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->inner[i] != fold) {
            rest[rests++] = s->train[i];
        } else {
            place[helds] = i;
            held[helds++] = s->train[i];
        }
    if (rests == 0 || helds == 0)
        return; /* a single group: values stay 0 */

    struct space *space = space_new(k->c, rest, rests, &s->use);
    struct rows *train = space_rows(space, k->c, rest, rests);
    struct rows *test = space_rows(space, k->c, held, helds);
    AUTO_FREE double *w = mem_array(space->columns + 1, sizeof *w);
    AUTO_FREE double *g = mem_array(k->c->tasks + 1, sizeof *g);
    bool go = true;
    for (size_t h = 0; go && h < k->t->heads; h++) {
        task_logits(k->c, k->t, h, rest, rests, g);
        for (size_t i = 0; i < helds; i++)
            k->g[at][h * s->n + place[i]] = (float)task_logit(k->c, g, held[i]);
        for (size_t x = 0; go && x < k->o->grid_n; x++) {
            head_fit(k->c, k->t, h, rest, rests, train, space->columns, k->o->grid[x],
                     k->o->eps * INNER_EPS, x > 0, w);
            float *f = k->f[at] + (h * k->o->grid_n + x) * s->n;
            for (size_t i = 0; i < helds; i++)
                f[place[i]] = (float)rows_value(test, i, w);
            go = step(k);
        }
    }
    rows_free(test);
    rows_free(train);
    space_free(space);
}

/* The out-of-fold values of one head of one side, where it has targets; who[k] is the place of the
 * k-th among the side's prompts. True when all targets are of one class. */
static bool gather(struct work *k, size_t at, size_t h, struct out_of_fold *x, size_t *who)
{
    const struct side *s = &k->side[at];
    size_t grid = k->o->grid_n;
    double lowest = 1, highest = 0;
    x->n = 0;
    for (size_t i = 0; i < s->n; i++) {
        double v = k->t->y[(size_t)s->train[i] * k->t->heads + h];
        if (isnan(v))
            continue;
        who[x->n] = i;
        x->y[x->n] = v;
        x->w[x->n] = k->c->weight[s->train[i]];
        x->fold[x->n] = s->inner[i];
        x->g[x->n++] = (double)k->g[at][h * s->n + i];
        lowest = fmin(lowest, v);
        highest = fmax(highest, v);
    }
    for (size_t c = 0; c < grid; c++)
        for (size_t i = 0; i < x->n; i++)
            x->f[c * x->n + i] = (double)k->f[at][(h * grid + c) * s->n + who[i]];
    return x->n == 0 || lowest >= 1 || highest <= 0;
}

/* One C and one alpha for heads from..to-1, by their summed log loss. Common to all of them: heads
 * of different smoothness disagree where the models do not, and a decision is a difference of heads
 * (measured on nine models: aiq .8314 with a C each, .8345 with one for all). Then each head's own
 * calibration. */
static void choose_group(struct work *k, size_t at, size_t from, size_t to, struct out_of_fold *x,
                         size_t *who)
{
    struct side *s = &k->side[at];
    size_t cells = k->o->grid_n * ALPHAS, best = 0;
    AUTO_FREE double *loss = mem_array(cells, sizeof *loss);
    for (size_t h = from; h < to; h++)
        if (!gather(k, at, h, x, who))
            choice_losses(x, k->o->grid_n, loss);
    for (size_t i = 1; i < cells; i++)
        if (loss[i] < loss[best])
            best = i;

    for (size_t h = from; h < to; h++) {
        struct choice *c = &s->choice[h];
        size_t grid = best / ALPHAS;
        *c = (struct choice){.C = k->o->grid[grid], .alpha = choice_alpha(best % ALPHAS), .a = 1};
        c->constant = gather(k, at, h, x, who);
        if (c->constant)
            c->alpha = 1;
        else
            choice_calibrate(x, grid, k->o->inner, c);
        for (size_t i = 0; i < s->n; i++) {
            double f = (double)k->f[at][(h * k->o->grid_n + grid) * s->n + i];
            double v = choice_value(c, f, (double)k->g[at][h * s->n + i]);
            s->inner_q[i * k->t->heads + h] = stat_sigmoid(v);
        }
    }
}

static void choose_side(void *arg, size_t at)
{
    struct work *k = arg;
    size_t n = k->side[at].n;
    AUTO_FREE double *f = mem_array(n * k->o->grid_n, sizeof *f);
    AUTO_FREE double *g = mem_array(n, sizeof *g);
    AUTO_FREE double *y = mem_array(n, sizeof *y);
    AUTO_FREE double *w = mem_array(n, sizeof *w);
    AUTO_FREE uint32_t *fold = mem_array(n, sizeof *fold);
    AUTO_FREE size_t *who = mem_array(n, sizeof *who);
    struct out_of_fold x = {.f = f, .g = g, .y = y, .w = w, .fold = fold};
    choose_group(k, at, 0, k->t->models, &x, who);
    choose_group(k, at, k->t->models, k->t->heads, &x, who);
    free(k->f[at]);
    free(k->g[at]);
    k->f[at] = k->g[at] = NULL;
}

static void whole_side(void *arg, size_t at)
{
    struct work *k = arg;
    struct side *s = &k->side[at];
    size_t heads = k->t->heads, tasks = k->c->tasks;
    s->space = space_new(k->c, s->train, s->n, &s->use);
    size_t wide = s->space->columns + 1;
    struct rows *train = space_rows(s->space, k->c, s->train, s->n);
    struct rows *test = space_rows(s->space, k->c, s->eval, s->evals);
    s->w = mem_array((s->keep ? heads : 1) * wide, sizeof *s->w);
    s->g = mem_array((s->keep ? heads : 1) * (tasks + 1), sizeof *s->g);
    for (size_t h = 0; h < heads; h++) {
        double *w = s->w + (s->keep ? h * wide : 0), *g = s->g + (s->keep ? h * (tasks + 1) : 0);
        struct choice *c = &s->choice[h];
        task_logits(k->c, k->t, h, s->train, s->n, g);
        /* alpha 1 is nothing but task means, and then no fit is needed */
        if (c->alpha < 1)
            head_fit(k->c, k->t, h, s->train, s->n, train, s->space->columns, c->C, k->o->eps,
                     false, w);
        else
            memset(w, 0, wide * sizeof *w);
        s->base_q[h] = stat_sigmoid(g[tasks]);
        for (size_t i = 0; i < s->evals; i++) {
            double task = task_logit(k->c, g, s->eval[i]);
            double v = choice_value(c, rows_value(test, i, w), task);
            s->q[i * heads + h] = stat_sigmoid(v);
            s->task_q[i * heads + h] = stat_sigmoid(task);
        }
        if (!step(k))
            break;
    }
    rows_free(test);
    rows_free(train);
    if (!s->keep) {
        space_free(s->space);
        free(s->w);
        free(s->g);
        s->space = NULL;
        s->w = s->g = NULL;
    }
}

static void prepare(struct work *k, size_t sides)
{
    size_t heads = k->t->heads;
    for (size_t at = 0; at < sides; at++) {
        struct side *s = &k->side[at];
        s->inner = mem_array(s->n, sizeof *s->inner);
        AUTO_FREE int64_t *cluster = mem_array(s->n, sizeof *cluster);
        for (size_t i = 0; i < s->n; i++)
            cluster[i] = k->c->cluster[s->train[i]];
        char what[64];
        snprintf(what, sizeof what, "inner folds of %s", s->name);
        fold_deal(cluster, s->n, k->o->inner, k->o->seed, what, s->inner);
        s->choice = mem_array(heads, sizeof *s->choice);
        s->inner_q = mem_array(s->n * heads, sizeof *s->inner_q);
        s->q = mem_array(s->evals * heads, sizeof *s->q);
        s->task_q = mem_array(s->evals * heads, sizeof *s->task_q);
        s->base_q = mem_array(heads, sizeof *s->base_q);
        k->f[at] = mem_array(heads * k->o->grid_n * s->n, sizeof *k->f[at]);
        k->g[at] = mem_array(heads * s->n, sizeof *k->g[at]);
    }
}

int fit_sides(const struct corpus *c, const struct targets *t, struct side *side, size_t sides,
              const struct fit_options *o, struct err *e)
{
    struct work k = {.c = c, .t = t, .side = side, .o = o};
    k.f = mem_array(sides, sizeof *k.f);
    k.g = mem_array(sides, sizeof *k.g);
    pthread_mutex_init(&k.lock, NULL);
    k.progress = progress_new("fits", sides * t->heads * (o->inner * o->grid_n + 1));
    prepare(&k, sides);

    thread_for(sides * o->inner, o->jobs, inner_fold, &k);
    if (!atomic_load(&k.stop)) {
        thread_for(sides, o->jobs, choose_side, &k);
        thread_for(sides, o->jobs, whole_side, &k);
    }
    progress_end(k.progress);
    pthread_mutex_destroy(&k.lock);
    for (size_t at = 0; at < sides; at++) {
        free(k.f[at]);
        free(k.g[at]);
    }
    free(k.f);
    free(k.g);
    return atomic_load(&k.stop) ? err_set(e, ERR_PARTIAL, "interrupted; nothing was stored")
                                : ERR_OK;
}

void side_deinit(struct side *s)
{
    free(s->train);
    free(s->eval);
    free(s->inner);
    free(s->choice);
    free(s->inner_q);
    free(s->q);
    free(s->task_q);
    free(s->base_q);
    space_free(s->space);
    free(s->w);
    free(s->g);
    *s = (struct side){0};
}
