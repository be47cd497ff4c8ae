/* The prompts that studies compare on, and the study of encoders. Printing is study_print.c. */
#include "cli/study.h"

#include "core/log.h"
#include "core/mem.h"
#include "eval/control.h"
#include "train/encoders.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STUDY_RESAMPLES = 1000 };

/* Row of a prompt in the training's matrix, whose prompts are in order of id; SIZE_MAX: none. */
static size_t row_of(const struct matrix *m, int64_t id)
{
    size_t low = 0, high = m->prompts;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (m->prompt[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < m->prompts && m->prompt[low].id == id ? low : SIZE_MAX;
}

/* The prompts read, part by part, with the controls that each part's training side gives. */
static void take_parts(struct study *x, size_t *index)
{
    struct eval_data *d = &x->in.data;
    const size_t models = d->all.models;
    size_t n = 0;
    AUTO_FREE double *c = mem_array(d->all.n * models, sizeof *c);
    AUTO_FREE double *t = mem_array(d->all.n * models, sizeof *t);
    for (size_t k = 0; k < x->parts; k++) {
        struct eval_part part;
        struct eval_set train, read;
        eval_part_make(d, k, &part);
        eval_set_take(&d->all, part.train, part.train_n, &train);
        eval_set_take(&d->all, part.read, part.read_n, &read);
        x->constant[k] = control_constant(part.train_n ? &train : &d->all, 0, 0);
        if (models == 2 && d->folds == 0)
            x->strong = x->constant[k];
        if (part.train_n > 0)
            control_task_means(&train, &read, x->task_q + n * models, c, t);
        for (size_t j = 0; j < part.read_n; j++) {
            x->part[n] = (int32_t)k;
            index[n++] = part.read[j];
        }
        eval_set_deinit(&train);
        eval_set_deinit(&read);
        eval_part_deinit(&part);
    }
    eval_set_take(&d->all, index, n, &x->set);
}

int study_open(struct store *s, const char *router, const struct training *t, int64_t seed,
               struct study *out, struct err *e)
{
    *out = (struct study){.training = t, .strong = -1, .weak = -1};
    int rc = eval_load(s, router, NULL, false, seed, &out->in, e);
    if (rc != ERR_OK)
        return rc;
    const size_t all = out->in.data.all.n, models = out->in.data.all.models;
    out->parts = eval_part_count(&out->in.data);
    out->constant = mem_array(out->parts, sizeof *out->constant);
    out->part = mem_array(all, sizeof *out->part);
    out->task_q = mem_array(all * models, sizeof *out->task_q);
    out->at = mem_array(all, sizeof *out->at);
    if (models == 2)
        out->strong = control_constant(&out->in.data.all, 0, 0);
    take_parts(out, out->at);
    if (models == 2)
        out->weak = 1 - out->strong;
    out->row = mem_array(out->set.n, sizeof *out->row);
    for (size_t i = 0; i < out->set.n && rc == ERR_OK; i++) {
        const int64_t id = out->in.matrix->prompt[out->in.data.row[out->at[i]]].id;
        out->row[i] = row_of(t->matrix, id);
        if (out->row[i] == SIZE_MAX)
            rc = err_set(e, ERR_DB, "the store changed while it was read; run it again");
    }
    boot_init(&out->boot, &out->set, STUDY_RESAMPLES, (uint64_t)seed, BOOT_BUCKETS);
    if (rc != ERR_OK)
        study_close(out);
    return rc;
}

void study_close(struct study *x)
{
    boot_deinit(&x->boot);
    eval_set_deinit(&x->set);
    eval_input_deinit(&x->in);
    free(x->row);
    free(x->at);
    free(x->part);
    free(x->task_q);
    free(x->constant);
    *x = (struct study){0};
}

double *study_take(const struct study *x, const double *q)
{
    const size_t models = x->set.models;
    double *out = mem_array(x->set.n * models, sizeof *out);
    for (size_t i = 0; i < x->set.n; i++)
        memcpy(out + i * models, q + x->row[i] * models, models * sizeof *out);
    return out;
}

void study_table_deinit(struct study_table *t)
{
    for (size_t k = 0; k < t->n && t->name; k++)
        free(t->name[k]);
    free(t->name);
    free(t->count);
    free(t->seconds);
    free(t->figure);
    *t = (struct study_table){0};
}

int study_encoders(struct store *s, const struct study *x, const struct train_options *o,
                   struct study_table *out, struct err *e)
{
    struct encoder_fits fits;
    *out = (struct study_table){.key = "encoders",
                                .column = "encoder",
                                .title = "encoders on the same folds, * the router's own",
                                .first = "hashed",
                                .number = "numbers",
                                .models = x->set.models};
    int rc = encoders_fit(s, x->training, o, &fits, e);
    if (rc != ERR_OK)
        return rc;
    for (size_t k = 0; k < fits.left; k++)
        log_note("left out of the comparison: %s", fits.left_out[k]);
    if (fits.n == 1 && fits.left == 0)
        log_note("there is nothing to compare with: shunt embed stores the vectors of an encoder");
    out->n = fits.n;
    out->cost_known = eval_set_missing(&x->set, x->set.cost) == 0;
    out->name = mem_array(fits.n, sizeof *out->name);
    out->count = mem_array(fits.n, sizeof *out->count);
    out->seconds = mem_array(fits.n, sizeof *out->seconds);
    out->figure = mem_array(fits.n, sizeof *out->figure);
    AUTO_FREE struct predictor *p = mem_array(fits.n, sizeof *p);
    AUTO_FREE double **q = mem_array(fits.n, sizeof *q);
    for (size_t k = 0; k < fits.n; k++) {
        const struct encoder_fit *f = &fits.fit[k];
        out->name[k] = mem_printf("%s%s", f->name, f->trained ? " *" : "");
        out->count[k] = (int64_t)f->dims;
        out->seconds[k] = f->seconds;
        q[k] = study_take(x, f->q);
        p[k] = (struct predictor){.q = q[k]};
    }
    predictors_compare(&x->set, p, fits.n, (size_t)(x->weak < 0 ? 0 : x->weak),
                       (size_t)(x->strong < 0 ? 0 : x->strong), &x->boot, out->figure);
    for (size_t k = 0; k < fits.n; k++)
        free(q[k]);
    encoders_deinit(&fits);
    return ERR_OK;
}
