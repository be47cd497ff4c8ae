/* Nothing of a held-out prompt reaches the heads that predict it: not its label, not its words, not
 * its task's mean, not through a twin in the same group.
 */
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct train_options five = {.folds = 5, .seed = 7, .jobs = 2};

static double *held_out(const struct matrix *m, const struct train_options *o, uint32_t *fold)
{
    struct training t;
    struct err e = {0};
    cr_assert(train_matrix(m, o, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    double *q = fixture_held_out(&t);
    for (size_t k = 0; fold != NULL && k < t.predicting; k++)
        for (size_t i = 0; i < t.side[k].evals; i++)
            fold[t.side[k].eval[i]] = (uint32_t)k;
    training_deinit(&t);
    return q;
}

static double log_loss(const struct matrix *m, const double *q)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < m->prompts * m->models; i++)
        if (!isnan(m->score[i])) {
            sum += stat_log_loss(q[i], m->score[i]);
            n++;
        }
    return sum / (double)n;
}

/* Turning every label of one fold around changes no prediction for that fold, to the last bit, and
 * changes the others. */
Test(train_leak, labels_of_a_fold_do_not_reach_it)
{
    struct matrix *m = fixture_new(400, 2, 5);
    uint32_t *fold = mem_array(m->prompts, sizeof *fold);
    double *before = held_out(m, &five, fold);
    for (size_t i = 0; i < m->prompts; i++)
        for (size_t k = 0; fold[i] == 2 && k < 2; k++)
            m->score[i * 2 + k] = 1 - m->score[i * 2 + k];
    double *after = held_out(m, &five, NULL);
    size_t moved = 0;
    for (size_t i = 0; i < m->prompts; i++)
        if (fold[i] == 2)
            cr_assert(memcmp(&before[i * 2], &after[i * 2], 2 * sizeof *after) == 0, "prompt %zu",
                      i);
        else
            moved += memcmp(&before[i * 2], &after[i * 2], 2 * sizeof *after) != 0;
    cr_assert(gt(sz, moved, 300), "the other folds did train on them");
    free(before);
    free(after);
    free(fold);
    matrix_free(m);
}

/* New texts for half of a fold leave the predictions of its other half as they were: document
 * frequencies, idf, standardisation and task means are those of the training side. */
Test(train_leak, texts_of_a_fold_do_not_reach_it)
{
    struct matrix *m = fixture_new(400, 2, 5);
    uint32_t *fold = mem_array(m->prompts, sizeof *fold);
    double *before = held_out(m, &five, fold);
    for (size_t i = 0; i < m->prompts; i++)
        if (fold[i] == 1 && i % 2) {
            free(m->prompt[i].text);
            m->prompt[i].text =
                mem_strdup("WAY longer; text (with 123 digits) that nobody wrote... zz zz?");
        }
    double *after = held_out(m, &five, NULL);
    for (size_t i = 0; i < m->prompts; i++)
        if (fold[i] == 1 && i % 2 == 0)
            cr_assert(memcmp(&before[i * 2], &after[i * 2], 2 * sizeof *after) == 0, "prompt %zu",
                      i);
    free(before);
    free(after);
    free(fold);
    matrix_free(m);
}

/* Four prompts at a time share a word that nobody else has, and a random label. Where groups keep
 * them together the word is useless; where they do not, it gives the label away. */
Test(train_leak, twins_help_only_when_groups_are_ignored)
{
    struct matrix *m = fixture_new(600, 1, 9);
    struct rng r;
    rng_seed(&r, 4);
    for (size_t i = 0; i < m->prompts; i += 4) {
        double label = rng_unit(&r) < 0.5 ? 0 : 1;
        for (size_t k = i; k < i + 4; k++) {
            free(m->prompt[k].text);
            free(m->prompt[k].task);
            m->prompt[k].task = mem_strdup("");
            m->prompt[k].text = mem_printf("s%c%c%c", 'a' + (int)(i / 4 / 26 / 26),
                                           'a' + (int)(i / 4 / 26 % 26), 'a' + (int)(i / 4 % 26));
            m->prompt[k].cluster = (int64_t)(i + 1);
            m->score[k] = label;
        }
    }
    double *apart = held_out(m, &five, NULL);
    double honest = log_loss(m, apart);
    for (size_t i = 0; i < m->prompts; i++)
        m->prompt[i].cluster = (int64_t)(i + 1);
    double *mixed = held_out(m, &five, NULL);
    double leaky = log_loss(m, mixed);
    cr_assert(ge(dbl, honest, 0.68), "random labels cannot be predicted: log 2 is .693, this is %g",
              honest);
    cr_assert(lt(dbl, leaky, 0.6), "the test would see a leak: %g", leaky);
    free(apart);
    free(mixed);
    matrix_free(m);
}

/* A prompt's own label is not in its task mean: with one prompt a task, the control is the base
 * rate of the others. */
Test(train_leak, task_means_leave_the_fold_out)
{
    struct matrix *m = fixture_new(100, 1, 2);
    for (size_t i = 0; i < m->prompts; i++) {
        free(m->prompt[i].task);
        m->prompt[i].task = mem_printf("task %zu", i);
    }
    struct training t;
    struct err e = {0};
    cr_assert(train_matrix(m, &five, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    for (size_t k = 0; k < t.predicting; k++) {
        double sum = 0;
        for (size_t i = 0; i < t.side[k].n; i++)
            sum += m->score[t.side[k].train[i]];
        double base = (sum + 0.5) / ((double)t.side[k].n + 1);
        for (size_t i = 0; i < t.side[k].evals; i++)
            cr_assert(epsilon_eq(dbl, t.side[k].task_q[i], base, 1e-12));
    }
    training_deinit(&t);
    matrix_free(m);
}

/* Predictions inside a training side (scope k) come from heads of other inner folds, and of the
 * prompts of fold k they know nothing either. */
Test(train_leak, scopes_know_nothing_of_their_fold)
{
    struct matrix *m = fixture_new(300, 2, 5);
    struct training a, b;
    struct err e = {0};
    cr_assert(train_matrix(m, &five, true, NULL, 0, &a, &e) == 0, "%s", e.text);
    for (size_t i = 0; i < a.side[3].evals; i++) {
        size_t at = a.side[3].eval[i];
        m->score[at * 2] = 1 - m->score[at * 2];
        free(m->prompt[at].text);
        m->prompt[at].text = mem_strdup("something else");
    }
    cr_assert(train_matrix(m, &five, true, NULL, 0, &b, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, a.side[3].n, b.side[3].n));
    cr_assert(memcmp(a.side[3].inner_q, b.side[3].inner_q, a.side[3].n * 2 * sizeof(double)) == 0);

    /* Turning the labels of one inner fold around leaves its own out-of-fold values alone, but for
     * C, shrinkage and calibration, which all of the training side chooses: so only the order
     * within a task is compared, for prompts of this inner fold. */
    struct side *s = &b.side[0];
    double *first = mem_array(s->n * 2, sizeof *first);
    memcpy(first, s->inner_q, s->n * 2 * sizeof *first);
    uint32_t *inner = mem_array(s->n, sizeof *inner);
    memcpy(inner, s->inner, s->n * sizeof *inner);
    size_t one = 0;
    while (inner[one] != 0)
        one++;
    m->score[s->train[one] * 2] = 1 - m->score[s->train[one] * 2];
    struct training c;
    cr_assert(train_matrix(m, &five, true, NULL, 0, &c, &e) == 0, "%s", e.text);
    if (c.side[0].choice[0].C == s->choice[0].C &&
        c.side[0].choice[0].alpha == s->choice[0].alpha && c.side[0].choice[0].a == s->choice[0].a)
        cr_assert(eq(dbl, c.side[0].inner_q[one * 2], first[one * 2]));
    free(first);
    free(inner);
    training_deinit(&a);
    training_deinit(&b);
    training_deinit(&c);
    matrix_free(m);
}
