/* Fits made again on the folds of a training: the same where nothing differs, held out where
 * prompts are left out. */
#include "train/refit.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct train_options four = {.folds = 4, .seed = 1, .jobs = 2};

static double loss_of(const struct matrix *m, const double *q)
{
    double sum = 0;
    for (size_t k = 0; k < m->prompts * m->models; k++)
        sum += stat_log_loss(q[k], m->score[k]);
    return sum / (double)(m->prompts * m->models);
}

Test(train_refit, repeats_the_training_exactly)
{
    struct matrix *m = fixture_new(400, 2, 6);
    for (size_t i = 0; i < m->prompts; i++) /* a complexity head beside, which refits leave out */
        m->prompt[i].complexity = mem_strdup(i % 3 ? "simple" : "complex");
    struct training t;
    struct refitted r;
    struct err e = {0};
    cr_assert(train_matrix(m, &four, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    struct refit_options o = {.use = t.final->use, .seed = 1};
    cr_assert(refit(&t, &o, &r, &e) == 0, "%s", e.text);
    AUTO_FREE double *q = refit_own(&t, false), *task = refit_own(&t, true);
    cr_assert(memcmp(q, r.q, 800 * sizeof *q) == 0);
    cr_assert(memcmp(task, r.task_q, 800 * sizeof *q) == 0);
    cr_assert(epsilon_eq(dbl, r.labels, 600, 1e-9), "three quarters of 800 scores: %g", r.labels);
    refitted_deinit(&r);

    /* Fewer prompts train; all are predicted; what is left out cannot be seen in any prediction. */
    AUTO_FREE bool *leave = mem_array(400, sizeof *leave);
    for (size_t i = 0; i < 400; i++)
        leave[i] = i % 8 >= 2;
    o.leave = leave;
    cr_assert(refit(&t, &o, &r, &e) == 0, "%s", e.text);
    cr_assert(lt(dbl, loss_of(m, q), loss_of(m, r.q)), "a quarter of the labels knows less");
    for (size_t i = 0; i < 400; i++)
        for (size_t k = 0; k < 2; k++)
            if (leave[i])
                t.y[i * t.targets.heads + k] = 1 - t.y[i * t.targets.heads + k];
    struct refitted again;
    cr_assert(refit(&t, &o, &again, &e) == 0, "%s", e.text);
    cr_assert(memcmp(r.q, again.q, 800 * sizeof *q) == 0, "labels left out were not used");
    refitted_deinit(&again);
    refitted_deinit(&r);

    memset(leave, 1, 400 * sizeof *leave);
    cr_assert(refit(&t, &o, &r, &e) == ERR_USAGE && r.q == NULL);
    cr_assert(strstr(e.text, "too few prompts") != NULL, "%s", e.text);
    training_deinit(&t);
    matrix_free(m);
}

/* By splits the prompts that train are predicted by nobody. */
Test(train_refit, splits_predict_what_is_held_out)
{
    struct matrix *m = fixture_new(300, 2, 7);
    struct training t;
    struct refitted r;
    struct err e = {0};
    cr_assert(train_matrix(m, &(struct train_options){.seed = 1}, true, NULL, 0, &t, &e) == 0);
    const struct refit_options o = {.use = t.final->use, .seed = 1};
    cr_assert(refit(&t, &o, &r, &e) == 0, "%s", e.text);
    for (size_t i = 0; i < 300; i++)
        cr_assert(isnan(r.q[i * 2]) == (m->prompt[i].split == 't'), "prompt %zu", i);
    refitted_deinit(&r);
    training_deinit(&t);
    matrix_free(m);
}

/* Vectors that give the answer away win, noise loses, and the n-grams are what they were. */
Test(train_refit, vectors_in_place_of_words)
{
    struct matrix *m = fixture_new(600, 2, 8);
    struct training t;
    struct err e = {0};
    cr_assert(train_matrix(m, &four, true, NULL, 0, &t, &e) == 0);
    AUTO_FREE float *telling = mem_array(600 * 2, sizeof *telling), *noise = mem_array(1200, 4);
    struct rng r;
    rng_seed(&r, 1);
    for (size_t k = 0; k < 1200; k++) {
        telling[k] = (float)(m->score[k] + 0.3 * rng_normal(&r));
        noise[k] = (float)rng_normal(&r);
    }
    double loss[3] = {0};
    AUTO_FREE double *own = refit_own(&t, false);
    loss[0] = loss_of(m, own);
    for (int k = 0; k < 2; k++) {
        struct refitted x;
        const struct refit_options o = {
            .use = {.dense = true}, .dense = k ? noise : telling, .dims = 2, .seed = 1};
        cr_assert(refit(&t, &o, &x, &e) == 0, "%s", e.text);
        loss[k + 1] = loss_of(m, x.q);
        refitted_deinit(&x);
    }
    cr_assert(loss[1] < loss[0] && loss[0] < loss[2], "%g %g %g", loss[1], loss[0], loss[2]);
    training_deinit(&t);
    matrix_free(m);
}
