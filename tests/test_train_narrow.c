/* The rows that the solver gets: fewer columns, the same fit, any number of threads, no copy. */
#include "train/narrow.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/resource.h>

/* The fixture's prompts, each beginning with its task's template of five words of its own. */
static struct matrix *templates(size_t n)
{
    struct matrix *m = fixture_new(n, 1, 7);
    for (size_t i = 0; i < n; i++) {
        char *own = m->prompt[i].text;
        const char t = (char)('a' + i % 4);
        m->prompt[i].text =
            mem_printf("please%c answer%c this%c question%c now%c %s", t, t, t, t, t, own);
        free(own);
    }
    return m;
}

struct fitted {
    struct corpus *c;
    struct space *s;
    struct targets t;
    uint32_t *all;
};

static struct fitted fitted_new(const struct matrix *m)
{
    struct fitted f = {.c = corpus_new(m, 20, 1)};
    targets_init(&f.t, f.c, 1, 1, m->score);
    f.all = mem_array(m->prompts, sizeof *f.all);
    for (uint32_t i = 0; i < m->prompts; i++)
        f.all[i] = i;
    f.s = space_new(f.c, f.all, m->prompts, &(struct space_use){.hashed = true});
    return f;
}

static void fitted_deinit(struct fitted *f)
{
    targets_deinit(&f->t);
    space_free(f->s);
    corpus_free(f->c);
    free(f->all);
}

static double *weights(const struct fitted *f, const struct rows *r, double eps, double *start)
{
    double *w = mem_array(f->s->columns + 1, sizeof *w);
    if (start != NULL)
        memcpy(w, start, (f->s->columns + 1) * sizeof *w);
    cr_assert(
        head_fit(f->c, &f->t, 0, f->all, f->c->n, r, f->s->columns, 2.0, eps, start != NULL, w));
    return w;
}

static bool same_rows(const struct fitted *f, size_t a, size_t b)
{
    uint32_t column[256];
    double value[256];
    for (size_t i = 0; i < f->c->n; i++) {
        double at_a = 0, at_b = 0;
        size_t n = space_row(f->s, f->c, i, column, value);
        for (size_t k = 0; k < n; k++) {
            at_a = column[k] == a ? value[k] : at_a;
            at_b = column[k] == b ? value[k] : at_b;
        }
        if (at_a < at_b || at_a > at_b)
            return false;
    }
    return true;
}

/* A column of the first prompt's template: its first word. */
static size_t first_of_template(const struct fitted *f)
{
    return f->s->column[f->c->bucket[f->c->start[0]]] - 1;
}

Test(train_narrow, equal_columns_are_one_and_the_fit_is_the_same)
{
    struct matrix *m = templates(400);
    struct fitted f = fitted_new(m);
    struct rows *plain = space_rows(f.s, f.c, f.all, f.c->n);
    struct rows *narrow = narrow_rows(f.s, f.c, f.all, f.c->n, 1);
    double *a = weights(&f, plain, 1e-9, NULL), *b = weights(&f, narrow, 1e-9, NULL);
    cr_assert(eq(sz, rows_columns(plain), f.s->columns));
    /* Five words and the four pairs of them, of each of four templates, become one each. */
    cr_assert(le(sz, rows_columns(narrow), f.s->columns - 4 * 8));
    double largest = 0;
    for (size_t k = 0; k <= f.s->columns; k++) {
        cr_assert(epsilon_eq(dbl, a[k], b[k], 1e-6), "column %zu", k);
        largest = fmax(largest, fabs(a[k]));
    }
    cr_assert(gt(dbl, largest, 0.1), "a fit of nothing would also be the same");

    size_t equal = 0; /* weights bit for bit where columns are, with the first template's */
    for (size_t k = 0; k < f.s->kept; k++)
        if (k != first_of_template(&f) && same_rows(&f, k, first_of_template(&f))) {
            equal++;
            cr_assert(eq(mem, ((struct cr_mem){&b[k], 8}),
                         ((struct cr_mem){&b[first_of_template(&f)], 8})));
        }
    cr_assert(ge(sz, equal, 8));
    double *again = weights(&f, narrow, 1e-9, b), *cold = weights(&f, narrow, 1e-2, NULL);
    double *warm = weights(&f, narrow, 1e-2, b);
    double from_cold = 0, from_warm = 0;
    for (size_t k = 0; k <= f.s->columns; k++) {
        cr_assert(epsilon_eq(dbl, again[k], b[k], 1e-6));
        from_cold = fmax(from_cold, fabs(cold[k] - b[k]));
        from_warm = fmax(from_warm, fabs(warm[k] - b[k]));
    }
    cr_assert(lt(dbl, from_warm, from_cold / 10), "weights to start from are not used");
    free(a);
    free(b);
    free(again);
    free(cold);
    free(warm);
    rows_free(plain);
    rows_free(narrow);
    fitted_deinit(&f);
    matrix_free(m);
}

Test(train_narrow, any_number_of_threads_gives_the_same_bits)
{
    struct matrix *m = templates(301);
    struct fitted f = fitted_new(m);
    struct rows *one = narrow_rows(f.s, f.c, f.all, f.c->n, 1);
    double *a = weights(&f, one, 1e-4, NULL);
    for (size_t jobs = 2; jobs <= 5; jobs++) {
        struct rows *r = narrow_rows(f.s, f.c, f.all, f.c->n, jobs);
        cr_assert(eq(sz, rows_columns(r), rows_columns(one)));
        double *b = weights(&f, r, 1e-4, NULL);
        cr_assert(eq(mem, ((struct cr_mem){a, (f.s->columns + 1) * sizeof *a}),
                     ((struct cr_mem){b, (f.s->columns + 1) * sizeof *b})));
        free(b);
        rows_free(r);
    }
    free(a);
    rows_free(one);
    fitted_deinit(&f);
    matrix_free(m);
}

static long peak_kbytes(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

/* 64 MB of features: heads that copied them, or part of them, would show in the peak. */
Test(train_narrow, no_head_copies_the_features)
{
    enum { ROWS = 2000, EACH = 2000, COLUMNS = 4000 };
    struct rows *r = rows_new(ROWS, (size_t)ROWS * EACH, COLUMNS);
    static uint32_t column[EACH];
    static double value[EACH];
    static struct example x[ROWS];
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < EACH; k++) {
            column[k] = 2 * k + (i * 7 + k * 3) % 2;
            value[k] = 0.01 * (double)((i + k) % 5);
        }
        rows_add(r, column, value, EACH);
        x[i] = (struct example){i, i % 3 == 0, i % 3 != 0};
    }
    double *w = mem_array(COLUMNS + 1, sizeof *w);
    long before = peak_kbytes();
    for (int head = 0; head < 3; head++)
        cr_assert(solver_fit(r, x, ROWS, 0.1, 1e-2, false, w));
    long more = peak_kbytes() - before, features = (long)ROWS * EACH * 16 / 1024;
    cr_assert(ge(long, before, features), "the features are not in the peak");
    cr_assert(lt(long, more, features / 16), "%ld kB more than the %ld kB of features", more,
              features);
    free(w);
    rows_free(r);
}
