/* liblinear behind our door gives scikit-learn's numbers; fractions and weights are copies. */
#include "core/mem.h"
#include "train/heads.h"
#include "train/labels.h"
#include "train_fixture.h"
#include "vectors/train.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rows *rows_of_vectors(void)
{
    struct rows *r = rows_new(TRAIN_N, TRAIN_N * TRAIN_D, TRAIN_D);
    for (size_t i = 0; i < TRAIN_N; i++) {
        uint32_t column[TRAIN_D];
        double value[TRAIN_D];
        size_t n = 0;
        for (uint32_t k = 0; k < TRAIN_D; k++)
            if (train_x[i * TRAIN_D + k] != 0) {
                column[n] = k;
                value[n++] = train_x[i * TRAIN_D + k];
            }
        rows_add(r, column, value, n);
    }
    return r;
}

static const struct {
    bool quarters, weighted;
    double C;
} fits[TRAIN_FITS] = {{false, false, 0.5}, {false, false, 10}, {false, true, 1},
                      {true, false, 0.5},  {true, false, 10},  {true, true, 1}};

Test(train_solver, agrees_with_scikit_learn)
{
    struct rows *r = rows_of_vectors();
    for (size_t f = 0; f < TRAIN_FITS; f++) {
        struct example x[TRAIN_N];
        uint32_t copies = fits[f].quarters ? 4 : 1;
        for (uint32_t i = 0; i < TRAIN_N; i++) {
            double y = fits[f].quarters ? train_quarters[i] : train_binary[i];
            uint32_t all = copies * (uint32_t)(fits[f].weighted ? train_weight[i] : 1);
            uint32_t good = (uint32_t)lround(y * all);
            x[i] = (struct example){i, good, all - good};
        }
        double w[TRAIN_D + 1];
        cr_assert(solver_fit(r, x, TRAIN_N, fits[f].C / copies, 1e-10, false, w));
        for (size_t k = 0; k <= TRAIN_D; k++)
            cr_assert(epsilon_eq(dbl, w[k], train_w[f * (TRAIN_D + 1) + k], 1e-5),
                      "fit %zu weight %zu", f, k);

        double warm[TRAIN_D + 1];
        memcpy(warm, w, sizeof warm);
        cr_assert(solver_fit(r, x, TRAIN_N, fits[f].C / copies, 1e-10, true, warm));
        for (size_t k = 0; k <= TRAIN_D; k++)
            cr_assert(epsilon_eq(dbl, warm[k], w[k], 1e-6), "a warm start changes no answer");
    }
    double w[TRAIN_D + 1] = {1, 2, 3, 4, 5, 6, 7}, sum = 7;
    for (size_t k = 0; k < TRAIN_D; k++)
        sum += w[k] * train_x[3 * TRAIN_D + k];
    cr_assert(epsilon_eq(dbl, rows_value(r, 3, w), sum, 1e-12));
    struct example one_class[2] = {{0, 3, 0}, {1, 1, 0}};
    cr_assert(solver_fit(r, one_class, 2, 1, 1e-3, false, w) == 0,
              "one class only cannot be fitted");
    cr_assert(eq(dbl, w[0], 1.0), "and leaves w alone");
    rows_free(r);
}

/* Fit head 0 of m on all prompts through the whole path; returns w, heap. */
static double *fit_all(const struct matrix *m, struct corpus **c, struct space **s)
{
    *c = corpus_new(m, 12, 1);
    struct targets t;
    targets_init(&t, *c, 1, 1, m->score);
    uint32_t *all = mem_array(m->prompts, sizeof *all);
    for (uint32_t i = 0; i < m->prompts; i++)
        all[i] = i;
    *s = space_new(*c, all, m->prompts, &(struct space_use){.hashed = true});
    struct rows *r = space_rows(*s, *c, all, m->prompts);
    double *w = mem_array((*s)->columns + 1, sizeof *w);
    cr_assert(head_fit(*c, &t, 0, all, m->prompts, r, (*s)->columns, 0.5, 1e-9, false, w));
    rows_free(r);
    free(all);
    targets_deinit(&t);
    return w;
}

/* A prompt of score 3/4 and weight 2 is six successes and two failures of weight 1. */
Test(train_solver, fractions_and_weights_are_repeated_rows)
{
    struct matrix *a = fixture_new(60, 1, 3);
    size_t more = 0;
    for (size_t i = 0; i < a->prompts; i++) {
        a->score[i] = (double)(i % 5) / 4;
        a->prompt[i].weight = (double)(1 + i % 3);
        more += 4 * (1 + i % 3);
    }
    struct corpus *ca;
    struct space *sa;
    double *wa = fit_all(a, &ca, &sa);

    /* The same by hand: the rows of the first, each success and failure an example of its own. */
    uint32_t *all = mem_array(a->prompts, sizeof *all);
    struct example *x = mem_array(more, sizeof *x);
    size_t n = 0;
    for (uint32_t i = 0; i < a->prompts; i++) {
        all[i] = i;
        uint32_t copies = 4 * (1 + i % 3), good = (i % 5) * (1 + i % 3);
        for (uint32_t k = 0; k < copies; k++)
            x[n++] = (struct example){i, k < good, k >= good};
    }
    struct rows *r = space_rows(sa, ca, all, a->prompts);
    double *wb = mem_array(sa->columns + 1, sizeof *wb);
    cr_assert(solver_fit(r, x, n, 0.5 / 4, 1e-9, false, wb));
    for (size_t k = 0; k <= sa->columns; k++)
        cr_assert(epsilon_eq(dbl, wa[k], wb[k], 1e-6));
    rows_free(r);
    space_free(sa);
    corpus_free(ca);
    matrix_free(a);
    free(wa);
    free(wb);
    free(all);
    free(x);
}

/* copies: whole for thirds, sixteenths for anything, and bounded for heavy weights. */
Test(train_solver, copies_fit_scores_and_weights)
{
    struct matrix *m = fixture_new(40, 1, 3);
    struct corpus *c = corpus_new(m, 12, 1);
    struct targets t;
    const struct {
        double step, weight, want;
    } cases[] = {{1, 1, 1},    {1.0 / 3, 1, 3}, {0.25, 2, 2},
                 {0.1, 1, 10}, {1, 0.5, 2},     {0.01234, 1, 16}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (size_t i = 0; i < m->prompts; i++) {
            m->score[i] = i % 2 ? cases[k].step : 1;
            c->weight[i] = cases[k].weight;
        }
        targets_init(&t, c, 1, 1, m->score);
        cr_assert(eq(dbl, t.copies[0], cases[k].want), "case %zu", k);
        targets_deinit(&t);
    }
    for (size_t i = 0; i < m->prompts; i++)
        c->weight[i] = 1000;
    targets_init(&t, c, 1, 1, m->score);
    cr_assert(le(dbl, t.copies[0] * 1000, 64.0001),
              "heavy weights do not multiply the rows without end");
    targets_deinit(&t);
    corpus_free(c);
    matrix_free(m);
}

/* idf as scikit-learn's, over buckets of two prompts or more; a row's bucket part is idf over
 * sqrt(kept), and its mean square norm over the subset is 1. */
Test(train_solver, idf_is_smooth_idf)
{
    static const char *const text[] = {"alpha beta gamma", "alpha beta delta",
                                       "alpha gamma epsilon", "beta delta alpha zeta",
                                       "eta alpha beta"};
    struct matrix *m = fixture_new(5, 1, 3);
    for (size_t i = 0; i < 5; i++) {
        free(m->prompt[i].text);
        m->prompt[i].text = mem_strdup(text[i]);
    }
    struct corpus *c = corpus_new(m, 20, 1);
    uint32_t all[5] = {0, 1, 2, 3, 4};
    struct space *s = space_new(c, all, 5, &(struct space_use){.hashed = true});
    struct shunt_encoding *code = mem_alloc(sizeof *code);
    double scale = 0;
    for (size_t k = 0; k < sizeof train_idf / sizeof *train_idf; k++) {
        shunt_encode(train_word[k], strlen(train_word[k]), 20, code);
        uint32_t column = s->column[code->bucket[0]];
        cr_assert(ne(u32, column, 0u), "'%s' occurs twice", train_word[k]);
        if (k == 0)
            scale = s->idf[column - 1] / train_idf[0];
        cr_assert(epsilon_eq(dbl, s->idf[column - 1], scale * train_idf[k], 1e-12), "%s",
                  train_word[k]);
    }
    shunt_encode("zeta", 4, 20, code);
    cr_assert(eq(u32, s->column[code->bucket[0]], 0u), "'zeta' occurs once and is left out");
    double square = 0;
    for (size_t i = 0; i < 5; i++) {
        uint32_t *column = mem_array(space_row_max(c), sizeof *column);
        double *value = mem_array(space_row_max(c), sizeof *value);
        size_t n = space_row(s, c, i, column, value);
        for (size_t k = 0; k < n; k++)
            square += column[k] < s->kept ? value[k] * value[k] : 0;
        free(column);
        free(value);
    }
    cr_assert(epsilon_eq(dbl, square / 5, 1.0, 1e-12));
    free(code);
    space_free(s);
    corpus_free(c);
    matrix_free(m);
}

Test(train_solver, labels_have_an_order)
{
    const struct {
        const char *given[4], *want[4];
    } cases[] = {
        {{"complex", "simple", "moderate", "simple"}, {"simple", "moderate", "complex"}},
        {{"Hard", "easy", "Medium"}, {"easy", "Medium", "Hard"}},
        {{"10", "9", "2"}, {"2", "9", "10"}},
        {{"tier-b", "tier-a", "tier-c"}, {"tier-a", "tier-b", "tier-c"}},
        {{"low", "simple", "high"}, {"high", "low", "simple"}}, /* two on one step: by bytes */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct matrix *m = fixture_new(4, 1, 1);
        for (size_t i = 0; i < 4; i++)
            m->prompt[i].complexity = mem_strdup(cases[k].given[i]);
        struct labels l;
        labels_init(&l, m);
        cr_assert(eq(sz, l.n, 3), "case %zu", k);
        for (size_t i = 0; i < 3; i++)
            cr_assert_str_eq(l.name[i], cases[k].want[i], "case %zu", k);
        labels_deinit(&l);
        matrix_free(m);
    }
    struct matrix *m = fixture_new(20, 1, 1);
    struct labels l;
    labels_init(&l, m);
    cr_assert(l.n == 0 && l.why_none == NULL, "no labels, nothing to say");
    for (size_t i = 0; i < 20; i++)
        m->prompt[i].complexity = mem_printf("%zu", i % 10);
    labels_init(&l, m);
    cr_assert(l.n == 0 && strstr(l.why_none, "nine") != NULL);
    matrix_free(m);
    cr_assert(epsilon_eq(dbl, labels_kappa(train_truth, train_guess, 60, 4), train_kappa, 1e-12));
    cr_assert(labels_predict((double[]){0.9, 0.5, 0.2}, 4) == 2);
    cr_assert(labels_predict((double[]){0.4, 0.9, 0.9}, 4) == 0, "only leading ones count");
}
