/* The work list of a training. C is searched upwards: in each round every side that is still
 * searching gets the out-of-fold values of its inner folds at the next C, started from the weights
 * of the one before, and stops at the first C that is no better. Then the choices, then the fits on
 * whole sides. Every job writes only what is its own, so the number of threads changes nothing.
 *
 * Threads share out inner folds and sides, each with rows of its own; where rows are so many that
 * two sets of them would weigh, they share out the heads of one set instead.
 */
#include "train/fit.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/stat.h"
#include "core/thread.h"
#include "train/fold.h"
#include "train/narrow.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INNER_EPS = 10,       /* choosing C needs less than the heads that are kept */
    BLOCK = 512,          /* prompts a job of prediction */
    ROWS_BYTES = 1 << 30, /* of all sets of rows at a time */
    NODE_BYTES = 16,      /* of a value in a row */
};

/* The search of one side. */
struct search {
    float *f;     /* [heads][grid][n] out-of-fold values */
    float *g;     /* [heads][n] task logits */
    double **w;   /* per inner fold: [heads][columns + 1] of the last C */
    double *loss; /* [GROUPS][grid][ALPHAS] summed over the heads of a group */
    size_t tried; /* values of C */
    bool done;
};

enum { GROUPS = 2 }; /* models, steps of the complexity labels */

struct work {
    const struct corpus *c;
    const struct targets *t;
    struct side *side;
    size_t sides;
    const struct fit_options *o;
    size_t set_jobs, head_jobs; /* threads over sets of rows, and over the heads of one */
    struct search *search;      /* [sides] */
    size_t *active;             /* sides that are still searching, in this round */
    pthread_mutex_t lock;       /* of progress */
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

/* One set of rows and the fits on it. */
struct fitting {
    struct work *k;
    const struct space *space;
    const struct rows *rows;
    const uint32_t *train; /* [n] */
    size_t n;
    const double *C; /* [heads]; 0: no fit, weights are 0 */
    double eps;
    bool warm;
    double *w;          /* [heads][columns + 1] */
    double *g;          /* [heads][tasks + 1] */
    const uint32_t *at; /* [held] prompts to predict */
    size_t held;
    double *value; /* [held][heads] written */
};

static void fit_head(void *arg, size_t h)
{
    struct fitting *f = arg;
    struct work *k = f->k;
    double *w = f->w + h * (f->space->columns + 1);
    if (atomic_load(&k->stop))
        return;
    task_logits(k->c, k->t, h, f->train, f->n, f->g + h * (k->c->tasks + 1));
    if (f->C[h] > 0)
        head_fit(k->c, k->t, h, f->train, f->n, f->rows, f->space->columns, f->C[h], f->eps,
                 f->warm, w);
    else
        memset(w, 0, (f->space->columns + 1) * sizeof *w);
    step(k);
}

/* Values of a block of held prompts; their rows live for one prompt each. */
static void predict_block(void *arg, size_t b)
{
    struct fitting *f = arg;
    const struct corpus *c = f->k->c;
    size_t heads = f->k->t->heads, wide = f->space->columns + 1;
    AUTO_FREE uint32_t *column = mem_array(space_row_max(c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(c), sizeof *value);
    for (size_t i = b * BLOCK; i < f->held && i < (b + 1) * BLOCK; i++) {
        size_t count = space_row(f->space, c, f->at[i], column, value);
        for (size_t h = 0; h < heads; h++) {
            const double *w = f->w + h * wide;
            double sum = 0;
            for (size_t j = 0; j < count; j++)
                sum += w[column[j]] * value[j];
            f->value[i * heads + h] = sum + w[wide - 1];
        }
    }
}

/* Rows for the solver, all heads on them, then the values of the held prompts. */
static void fit_heads(struct fitting *f)
{
    struct work *k = f->k;
    struct rows *rows = narrow_rows(f->space, k->c, f->train, f->n, k->head_jobs);
    f->rows = rows;
    thread_for(k->t->heads, k->head_jobs, fit_head, f);
    rows_free(rows);
    f->rows = NULL;
    thread_for((f->held + BLOCK - 1) / BLOCK, k->head_jobs, predict_block, f);
}

/* One inner fold of one side at its next C: every head, on the rest, for the prompts in it. */
static void inner_fold(void *arg, size_t job)
{
    struct work *k = arg;
    size_t at = k->active[job / k->o->inner], fold = job % k->o->inner;
    struct side *s = &k->side[at];
    struct search *q = &k->search[at];
    size_t heads = k->t->heads, tasks = k->c->tasks;
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
    if (rests == 0 || helds == 0 || atomic_load(&k->stop))
        return; /* a single group: values stay 0 */

    struct space *space = space_new(k->c, rest, rests, &s->use);
    if (q->tried == 0)
        q->w[fold] = mem_array(heads * (space->columns + 1), sizeof **q->w);
    AUTO_FREE double *g = mem_array(heads * (tasks + 1), sizeof *g);
    AUTO_FREE double *C = mem_array(heads, sizeof *C);
    AUTO_FREE double *value = mem_array(helds * heads, sizeof *value);
    for (size_t h = 0; h < heads; h++)
        C[h] = k->o->grid[q->tried];
    fit_heads(&(struct fitting){.k = k,
                                .space = space,
                                .train = rest,
                                .n = rests,
                                .C = C,
                                .eps = k->o->eps * INNER_EPS,
                                .warm = q->tried > 0,
                                .w = q->w[fold],
                                .g = g,
                                .at = held,
                                .held = helds,
                                .value = value});
    for (size_t h = 0; h < heads; h++) {
        float *f = q->f + (h * k->o->grid_n + q->tried) * s->n;
        for (size_t i = 0; i < helds; i++) {
            f[place[i]] = (float)value[i * heads + h];
            q->g[h * s->n + place[i]] = (float)task_logit(k->c, g + h * (tasks + 1), held[i]);
        }
    }
    space_free(space);
}

/* The out-of-fold values of one head of one side at one C, where it has targets. True when all
 * targets are of one class. */
static bool gather(const struct work *k, size_t at, size_t h, size_t grid, struct out_of_fold *x)
{
    const struct side *s = &k->side[at];
    const float *f = k->search[at].f + (h * k->o->grid_n + grid) * s->n;
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
        x->f[x->n] = (double)f[i];
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
static void judge(void *arg, size_t job)
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
            if (!gather(k, at, h, q->tried, &x))
                choice_losses(&x, loss + q->tried * ALPHAS);
        better = better || least(loss, (q->tried + 1) * ALPHAS) / ALPHAS == q->tried;
    }
    out_of_fold_deinit(&x);
    q->tried++;
    q->done = !better || q->tried == k->o->grid_n;
}

/* One C and one alpha for all heads of a group, by their summed log loss: heads of different
 * smoothness disagree where the models do not, and a decision is a difference of heads (measured on
 * nine models: aiq .8314 with a C each, .8348 with one for all). Then each head's own calibration.
 */
static void choose_group(struct work *k, size_t at, size_t group, struct out_of_fold *x)
{
    struct side *s = &k->side[at];
    const struct search *q = &k->search[at];
    size_t best = least(q->loss + group * k->o->grid_n * ALPHAS, q->tried * ALPHAS);
    size_t grid = best / ALPHAS;
    for (size_t h = group_first(k, group); h < group_first(k, group + 1); h++) {
        struct choice *c = &s->choice[h];
        *c = (struct choice){.C = k->o->grid[grid], .alpha = choice_alpha(best % ALPHAS), .a = 1};
        c->constant = gather(k, at, h, grid, x);
        if (c->constant)
            c->alpha = 1;
        else
            choice_calibrate(x, k->o->inner, c);
        for (size_t i = 0; i < s->n; i++) {
            double f = (double)q->f[(h * k->o->grid_n + grid) * s->n + i];
            s->inner_q[i * k->t->heads + h] = choice_quality(c, f, (double)q->g[h * s->n + i]);
        }
    }
}

static void search_free(struct work *k, size_t at)
{
    struct search *q = &k->search[at];
    for (size_t fold = 0; q->w != NULL && fold < k->o->inner; fold++)
        free(q->w[fold]);
    free(q->w);
    free(q->f);
    free(q->g);
    free(q->loss);
    *q = (struct search){0};
}

static void choose_side(void *arg, size_t at)
{
    struct work *k = arg;
    struct out_of_fold x;
    out_of_fold_init(&x, k->side[at].n);
    for (size_t group = 0; group < GROUPS; group++)
        choose_group(k, at, group, &x);
    out_of_fold_deinit(&x);
    search_free(k, at);
}

/* Round after round of C, until no side gets better. */
static void search_all(struct work *k)
{
    for (size_t active = k->sides; active > 0 && !atomic_load(&k->stop);) {
        active = 0;
        for (size_t at = 0; at < k->sides; at++)
            if (!k->search[at].done)
                k->active[active++] = at;
        progress_total(k->progress,
                       k->done + active * k->t->heads * k->o->inner + k->sides * k->t->heads);
        thread_for(active * k->o->inner, k->set_jobs, inner_fold, k);
        if (!atomic_load(&k->stop))
            thread_for(active, k->o->jobs, judge, k);
    }
}

static void whole_side(void *arg, size_t at)
{
    struct work *k = arg;
    struct side *s = &k->side[at];
    size_t heads = k->t->heads, tasks = k->c->tasks;
    if (atomic_load(&k->stop))
        return;
    s->space = space_new(k->c, s->train, s->n, &s->use);
    s->w = mem_array(heads * (s->space->columns + 1), sizeof *s->w);
    s->g = mem_array(heads * (tasks + 1), sizeof *s->g);
    AUTO_FREE double *C = mem_array(heads, sizeof *C);
    for (size_t h = 0; h < heads; h++) /* alpha 1 is nothing but task means: no fit is needed */
        C[h] = s->choice[h].alpha < 1 ? s->choice[h].C : 0;
    fit_heads(&(struct fitting){.k = k,
                                .space = s->space,
                                .train = s->train,
                                .n = s->n,
                                .C = C,
                                .eps = k->o->eps,
                                .w = s->w,
                                .g = s->g,
                                .at = s->eval,
                                .held = s->evals,
                                .value = s->q});
    for (size_t h = 0; h < heads; h++) {
        const double *g = s->g + h * (tasks + 1);
        s->base_q[h] = stat_sigmoid(g[tasks]);
        for (size_t i = 0; i < s->evals; i++) {
            double task = task_logit(k->c, g, s->eval[i]);
            s->q[i * heads + h] = choice_quality(&s->choice[h], s->q[i * heads + h], task);
            s->task_q[i * heads + h] = stat_sigmoid(task);
        }
    }
    if (!s->keep) {
        space_free(s->space);
        free(s->w);
        free(s->g);
        s->space = NULL;
        s->w = s->g = NULL;
    }
}

/* How the threads are used: see the head of this file. */
static void share_out(struct work *k)
{
    size_t cores = k->o->jobs > 0 ? k->o->jobs : thread_cores(), most = 0;
    for (size_t at = 0; at < k->sides; at++)
        most = k->side[at].n > most ? k->side[at].n : most;
    const struct corpus *c = k->c;
    double each = (double)c->start[c->n] / (double)c->n + SHUNT_FEATURES + 3 + (double)c->dims;
    bool heavy = each * (double)most * NODE_BYTES * (double)cores > ROWS_BYTES;
    k->set_jobs = heavy ? 1 : cores;
    k->head_jobs = heavy ? cores : 1;
}

static void prepare(struct work *k, size_t at)
{
    size_t heads = k->t->heads;
    struct side *s = &k->side[at];
    struct search *q = &k->search[at];
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
    q->f = mem_array(heads * k->o->grid_n * s->n, sizeof *q->f);
    q->g = mem_array(heads * s->n, sizeof *q->g);
    q->w = mem_array(k->o->inner, sizeof *q->w);
    q->loss = mem_array(GROUPS * k->o->grid_n * ALPHAS, sizeof *q->loss);
}

int fit_sides(const struct corpus *c, const struct targets *t, struct side *side, size_t sides,
              const struct fit_options *o, struct err *e)
{
    struct work k = {.c = c, .t = t, .side = side, .sides = sides, .o = o};
    k.search = mem_array(sides, sizeof *k.search);
    k.active = mem_array(sides, sizeof *k.active);
    pthread_mutex_init(&k.lock, NULL);
    share_out(&k);
    k.progress = progress_new("fits", 0);
    for (size_t at = 0; at < sides; at++)
        prepare(&k, at);
    search_all(&k);
    if (!atomic_load(&k.stop)) {
        thread_for(sides, o->jobs, choose_side, &k);
        thread_for(sides, k.set_jobs, whole_side, &k);
    }
    progress_end(k.progress);
    pthread_mutex_destroy(&k.lock);
    for (size_t at = 0; at < sides; at++)
        search_free(&k, at);
    free(k.search);
    free(k.active);
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
