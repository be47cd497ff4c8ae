/* The work list of a training. C is searched upwards: in each round every side that is still
 * searching gets the out-of-fold values of its inner folds at the next C, started from the weights
 * of the one before, and stops at the first C that is no better. Then the choices, then the fits on
 * whole sides. Every job writes only what is its own, so the number of threads changes nothing.
 *
 * Threads share out inner folds and sides, each with rows of its own; where rows are so many that
 * two sets of them would weigh, they share out the heads of one set instead.
 */
#include "train/fit_private.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/thread.h"
#include "train/fold.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INNER_EPS = 10,       /* choosing C needs less than the heads that are kept */
    ROWS_BYTES = 1 << 30, /* of all sets of rows at a time */
    NODE_BYTES = 16,      /* of a value in a row */
};

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
    AUTO_FREE double *value = mem_array(helds * heads * q->parts, sizeof *value);
    for (size_t h = 0; h < heads; h++)
        C[h] = k->o->grid[q->tried];
    struct fitting x = {.k = k,
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
                        .parts = q->parts,
                        .value = value};
    fit_heads(&x);
    fit_predict(&x);
    for (size_t h = 0; h < heads; h++) {
        for (size_t i = 0; i < helds; i++) {
            for (size_t p = 0; p < q->parts; p++)
                fit_plane(k, at, h, q->tried, p)[place[i]] =
                    (float)value[(i * heads + h) * q->parts + p];
            q->g[h * s->n + place[i]] = (float)task_logit(k->c, g + h * (tasks + 1), held[i]);
        }
    }
    space_free(space);
}

/* Round after round of C, until no side gets better. */
static void search_all(struct work *k)
{
    for (size_t active = k->sides; active > 0 && !atomic_load(&k->stop);) {
        active = 0;
        for (size_t at = 0; at < k->sides; at++)
            if (!k->search[at].done)
                k->active[active++] = at;
        if (active > 0)
            snprintf(k->note, sizeof k->note, "C %g, at most %g",
                     k->o->grid[k->search[k->active[0]].tried], k->o->grid[k->o->grid_n - 1]);
        progress_total(k->progress,
                       k->done + active * k->t->heads * k->o->inner + k->sides * k->t->heads);
        thread_for(active * k->o->inner, k->set_jobs, inner_fold, k);
        if (!atomic_load(&k->stop))
            thread_for(active, k->o->jobs, fit_judge, k);
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
    side_begin(s, k->c, k->o, heads);
    q->parts = s->n > FIT_PARTED ? 1 : space_parts(&s->use);
    q->f = mem_array(heads * k->o->grid_n * q->parts * s->n, sizeof *q->f);
    q->g = mem_array(heads * s->n, sizeof *q->g);
    q->w = mem_array(k->o->inner, sizeof *q->w);
    q->loss = mem_array(GROUPS * k->o->grid_n * ALPHAS, sizeof *q->loss);
}

static uint64_t fits_left(const struct work *k)
{
    uint64_t n = 0;
    for (size_t at = 0; at < k->sides; at++) {
        const struct search *q = &k->search[at];
        n += k->t->heads * (q->stack.own != NULL && q->smooth < q->sharp ? 2 : 1);
    }
    return n;
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
        thread_for(sides, o->jobs, fit_choose_side, &k);
        snprintf(k.note, sizeof k.note, "final");
        progress_total(k.progress, k.done + fits_left(&k));
        thread_for(sides, k.set_jobs, fit_whole_side, &k);
    }
    progress_end(k.progress);
    pthread_mutex_destroy(&k.lock);
    for (size_t at = 0; at < sides; at++) {
        fit_search_free(&k, at);
        stack_deinit(&k.search[at].stack);
    }
    free(k.search);
    free(k.active);
    return atomic_load(&k.stop) ? err_set(e, ERR_PARTIAL, "interrupted; nothing was stored")
                                : ERR_OK;
}

void side_begin(struct side *s, const struct corpus *c, const struct fit_options *o, size_t heads)
{
    s->inner = mem_array(s->n, sizeof *s->inner);
    AUTO_FREE int64_t *cluster = mem_array(s->n, sizeof *cluster);
    for (size_t i = 0; i < s->n; i++)
        cluster[i] = c->cluster[s->train[i]];
    char what[64];
    snprintf(what, sizeof what, "inner folds of %s", s->name);
    fold_deal(cluster, s->n, o->inner, o->seed, what, s->inner);
    s->choice = mem_array(heads, sizeof *s->choice);
    s->inner_q = mem_array(s->n * heads, sizeof *s->inner_q);
    s->q = mem_array(s->evals * heads, sizeof *s->q);
    s->task_q = mem_array(s->evals * heads, sizeof *s->task_q);
    s->base_q = mem_array(heads, sizeof *s->base_q);
}

void side_done(struct side *s)
{
    if (!s->keep) {
        space_free(s->space);
        free(s->w);
        free(s->g);
        s->space = NULL;
        s->w = s->g = NULL;
    }
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
