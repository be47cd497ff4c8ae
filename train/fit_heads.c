/* One set of rows: every head fitted on it, and the values of prompts that it has not seen. Which
 * sets there are is train/fit.c.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"
#include "train/fit_private.h"
#include "train/narrow.h"

#include <string.h>

enum { BLOCK = 512 }; /* prompts a job of prediction */

/* One more fit is done. */
static void step(struct work *k)
{
    pthread_mutex_lock(&k->lock);
    progress_set(k->progress, ++k->done, k->note);
    pthread_mutex_unlock(&k->lock);
    if (interrupted())
        atomic_store(&k->stop, true);
}

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
    size_t heads = f->k->t->heads, wide = f->space->columns + 1, parts = f->parts;
    AUTO_FREE uint32_t *column = mem_array(space_row_max(c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(c), sizeof *value);
    for (size_t i = b * BLOCK; i < f->held && i < (b + 1) * BLOCK; i++) {
        size_t count = space_row(f->space, c, f->at[i], column, value);
        for (size_t h = 0; h < heads; h++) {
            const double *w = f->w + h * wide;
            double *sum = f->value + (i * heads + h) * parts;
            for (size_t p = 0; p < parts; p++)
                sum[p] = 0;
            for (size_t j = 0; j < count; j++)
                sum[parts > 1 ? space_part(f->space, column[j]) : 0] += w[column[j]] * value[j];
            sum[parts > 1 ? space_part(f->space, wide - 1) : 0] += w[wide - 1];
        }
    }
}

void fit_heads(struct fitting *f)
{
    struct work *k = f->k;
    struct rows *rows = narrow_rows(f->space, k->c, f->train, f->n, k->head_jobs);
    f->rows = rows;
    thread_for(k->t->heads, k->head_jobs, fit_head, f);
    rows_free(rows);
    f->rows = NULL;
}

void fit_predict(struct fitting *f)
{
    thread_for((f->held + BLOCK - 1) / BLOCK, f->k->head_jobs, predict_block, f);
}
