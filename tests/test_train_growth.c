/* Learning curves: nested fractions, groups whole, and the law fitted to them. */
#include "train/growth.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { N = 600 };

Test(train_growth, fractions_are_nested_and_keep_groups)
{
    struct matrix *m = fixture_new(N, 2, 3);
    for (size_t i = 0; i < N; i++)
        m->prompt[i].cluster = (int64_t)(i / 3) * 7 + 1;
    struct corpus *c = corpus_new(m, 12, 1);
    static const double fraction[] = {0.1, 0.25, 0.5, 0.9};
    bool before[N], now[N], other[N];
    for (size_t r = 0; r < 3; r++) {
        memset(before, 1, sizeof before);
        for (size_t k = 0; k < 4; k++) {
            size_t in = 0;
            growth_leave(c, fraction[k], 5, r, now);
            for (size_t i = 0; i < N; i++) {
                in += !now[i];
                cr_assert(before[i] || !now[i], "prompt %zu trains at %g, not at more", i,
                          fraction[k]);
                cr_assert(i % 3 == 0 || now[i] == now[i - 1], "group of %zu is cut", i);
            }
            cr_assert(fabs((double)in - fraction[k] * N) < 3, "%zu at %g", in, fraction[k]);
            memcpy(before, now, sizeof now);
        }
        growth_leave(c, 0.5, 5, r + 1, other);
        growth_leave(c, 0.5, 5, r, now);
        cr_assert(memcmp(now, other, sizeof now) != 0, "another repeat, other prompts");
    }
    corpus_free(c);
    matrix_free(m);
}

Test(train_growth, more_labels_know_more)
{
    static const double fraction[] = {0.02, 0.25, 0.5};
    struct matrix *m = fixture_new(N, 2, 4);
    struct training t;
    struct growth g;
    struct err e = {0};
    const struct train_options o = {.folds = 4, .seed = 2};
    cr_assert(train_matrix(m, &o, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    cr_assert(growth_fit(&t, &o, fraction, 3, 2, &g, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, g.n, 5), "a fiftieth is too few, the others twice, all once: %zu", g.n);
    double loss[5];
    for (size_t k = 0; k < 5; k++) {
        loss[k] = 0;
        for (size_t i = 0; i < N * 2; i++)
            loss[k] += stat_log_loss(g.fit[k].fit.q[i], m->score[i]) / (N * 2);
    }
    cr_assert(g.fit[0].fraction < 0.3 && g.fit[4].fraction >= 1);
    cr_assert(epsilon_eq(dbl, g.fit[4].fit.labels, N * 2 * 0.75, 1e-9));
    cr_assert(epsilon_eq(dbl, g.fit[0].fit.labels, N * 2 * 0.75 * 0.25, 30));
    cr_assert(loss[0] + loss[1] > loss[2] + loss[3] && loss[2] + loss[3] > 2 * loss[4]);
    growth_deinit(&g);
    training_deinit(&t);
    matrix_free(m);

    m = fixture_new(80, 2, 4);
    cr_assert(train_matrix(m, &o, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    cr_assert(growth_fit(&t, &o, fraction, 3, 2, &g, &e) == ERR_USAGE && g.fit == NULL);
    cr_assert(strstr(e.text, "80 prompts are too few") != NULL, "%s", e.text);
    training_deinit(&t);
    matrix_free(m);
}

/* An exact law is found; noise widens the interval around what is true; flat is flat. */
Test(train_growth, power_laws)
{
    static const struct {
        double a, b, c, se;
    } cases[] = {
        {.4, 2, .35, 0}, {0, 1.5, .1, 0}, {.2, 30, .9, 0}, {.5, 0, .5, 0}, {.4, 2, .35, .001}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double labels[5], loss[5], se[5];
        struct rng r;
        rng_seed(&r, 11);
        for (int i = 0; i < 5; i++) {
            labels[i] = 500 << i;
            se[i] = cases[k].se;
            loss[i] =
                cases[k].a + cases[k].b * pow(labels[i], -cases[k].c) + se[i] * rng_normal(&r);
        }
        struct power_law p;
        power_law_fit(labels, loss, se, 5, 1, &p);
        for (int j = 0; j < 2; j++) {
            const double want = cases[k].b * (pow(labels[4], -cases[k].c) -
                                              pow(labels[4] * (j ? 4 : 2), -cases[k].c));
            if (cases[k].se > 0)
                cr_assert(p.lo[j] <= want && want <= p.hi[j] && p.hi[j] - p.lo[j] > .001,
                          "%g in [%g, %g]", want, p.lo[j], p.hi[j]);
            else
                cr_assert(fabs(p.drop[j] - want) < 1e-9 && fabs(p.hi[j] - want) < 1e-9,
                          "case %zu: %g, not %g", k, p.drop[j], want);
        }
    }
}
