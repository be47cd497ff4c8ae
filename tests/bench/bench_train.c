/* How long one training takes without choosing anything: texts to features, rows, one fit per model
 * at one C. train.sh holds it against scikit-learn.
 *
 *   bench_train STORE [C [ROWS]]
 *
 * Timed, as processor time on one thread, the best of five: encode (texts to buckets and surface
 * features), features (document frequencies, idf, equal columns, rows), fit (liblinear). Then
 * `two`, all of it on two threads by the clock on the wall, the best of seven. Loading the store is
 * not timed. kbytes is the peak of the process up to there. `objective` is what liblinear
 * minimises, summed over the models, at the weights found, on rows with every column; those rows
 * are written to ROWS in svmlight's text format, labels of the first model with a score, for
 * another solver to try.
 */
#include "core/mem.h"
#include "core/stat.h"
#include "core/thread.h"
#include "store/matrix.h"
#include "train/heads.h"
#include "train/narrow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const double EPS = 1e-3;

struct timing {
    double encode, features, fit, two, wall;
};

/* Processor time so far: of all threads, and of this one. */
struct clocks {
    double all, own;
};

struct fits {
    const struct matrix *m;
    struct corpus *c;
    struct targets t;
    uint32_t *all;
    struct space *s;
    struct rows *r;
    double C;
    double *w; /* [models][columns + 1] */
};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct clocks clocks(void)
{
    return (struct clocks){now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_THREAD_CPUTIME_ID)};
}

/* Of a section on two threads, this one and another: the busier one's. */
static double busier(struct clocks from, struct clocks to)
{
    double own = to.own - from.own;
    return fmax(own, to.all - from.all - own);
}

static void fit(void *arg, size_t h)
{
    struct fits *f = arg;
    head_fit(f->c, &f->t, h, f->all, f->m->prompts, f->r, f->s->columns, f->C, EPS, false,
             f->w + h * (f->s->columns + 1));
}

static void release(struct fits *f)
{
    free(f->w);
    free(f->all);
    rows_free(f->r);
    space_free(f->s);
    targets_deinit(&f->t);
    corpus_free(f->c);
}

/* Processor time: other work on the machine does not count. */
static struct timing train_once(struct fits *f, size_t jobs)
{
    const struct matrix *m = f->m;
    double start = now(CLOCK_MONOTONIC);
    struct clocks t0 = clocks();
    f->c = corpus_new(m, SHUNT_DEFAULT_BITS, jobs);
    struct clocks t1 = clocks();
    targets_init(&f->t, f->c, m->models, m->models, m->score);
    f->all = mem_array(m->prompts, sizeof *f->all);
    for (uint32_t i = 0; i < m->prompts; i++)
        f->all[i] = i;
    f->s = space_new(f->c, f->all, m->prompts, &(struct space_use){.hashed = true});
    struct clocks t2 = clocks();
    f->r = narrow_rows(f->s, f->c, f->all, m->prompts, jobs);
    struct clocks t3 = clocks();
    f->w = mem_array(m->models * (f->s->columns + 1), sizeof *f->w);
    thread_for(m->models, jobs, fit, f);
    struct clocks t4 = clocks();
    return (struct timing){
        .encode = t1.all - t0.all,
        .features = t3.all - t1.all,
        .fit = t4.all - t3.all,
        .two = busier(t0, t1) + busier(t1, t2) + busier(t2, t3) + busier(t3, t4),
        .wall = now(CLOCK_MONOTONIC) - start,
    };
}

static void print_objective(const struct fits *f)
{
    const struct matrix *m = f->m;
    struct rows *r = space_rows(f->s, f->c, f->all, m->prompts);
    double sum = 0;
    for (size_t h = 0; h < m->models; h++) {
        const double *w = f->w + h * (f->s->columns + 1);
        double loss = 0;
        for (size_t k = 0; k <= f->s->columns; k++)
            sum += w[k] * w[k] / 2;
        for (size_t i = 0; i < m->prompts; i++) {
            double y = m->score[i * m->models + h];
            if (!isnan(y))
                loss += stat_log_loss(stat_sigmoid(rows_value(r, i, w)), y);
        }
        sum += f->C * loss;
        if (h == 0)
            printf("objective_first %.6f\n", sum);
    }
    printf("objective %.4f\ncolumns %zu\nnarrow %zu\n", sum, f->s->columns, rows_columns(f->r));
    rows_free(r);
}

struct cell {
    uint32_t column;
    double value;
};

static int by_column(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    return (x->column > y->column) - (x->column < y->column);
}

static int write_rows(const struct fits *f, const char *path)
{
    const struct matrix *m = f->m;
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return -1;
    AUTO_FREE uint32_t *column = mem_array(space_row_max(f->c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(f->c), sizeof *value);
    AUTO_FREE struct cell *cell = mem_array(space_row_max(f->c), sizeof *cell);
    for (size_t i = 0; i < m->prompts; i++) {
        double y = m->score[i * m->models];
        size_t n = space_row(f->s, f->c, i, column, value);
        if (isnan(y))
            continue;
        for (size_t k = 0; k < n; k++)
            cell[k] = (struct cell){column[k] + 1, value[k]};
        qsort(cell, n, sizeof *cell, by_column);
        fprintf(out, "%d", y >= 0.5 ? 1 : -1);
        for (size_t k = 0; k < n; k++)
            fprintf(out, " %u:%.17g", cell[k].column, cell[k].value);
        fputc('\n', out);
    }
    return fclose(out);
}

int main(int argc, char **argv)
{
    struct store *s;
    struct matrix *m;
    struct err e = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_train STORE [C [ROWS]]\n");
        return 2;
    }
    if (store_open(argv[1], STORE_READ, &s, &e) ||
        matrix_load(s, &(struct matrix_options){.scored_only = true}, &m, &e)) {
        fprintf(stderr, "bench_train: %s\n", e.text);
        return 3;
    }
    struct fits f = {.m = m, .C = argc > 2 ? strtod(argv[2], NULL) : 1.0};
    struct timing best = {0};
    for (int k = 0; k < 5; k++) {
        struct timing t = train_once(&f, 1);
        if (k == 0 || t.encode + t.features + t.fit < best.encode + best.features + best.fit)
            best = t;
        release(&f);
    }
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("encode %.4f\nfeatures %.4f\nfit %.4f\nkbytes %ld\n", best.encode, best.features,
           best.fit, use.ru_maxrss);
    double two = INFINITY, wall = INFINITY;
    for (int k = 0; k < 7; k++) {
        struct timing t = train_once(&f, 2);
        two = fmin(two, t.two);
        wall = fmin(wall, t.wall);
        if (k < 6)
            release(&f);
    }
    printf("two %.4f\nwall %.4f\n", two, wall);
    print_objective(&f);
    int rc = argc > 3 ? write_rows(&f, argv[3]) : 0;
    release(&f);
    matrix_free(m);
    store_close(s);
    return rc == 0 ? 0 : 3;
}
