/* Bradley-Terry heads: against scipy, on made-up votes, through a store, and refusals. */
#include "store/preference.h"
#include "store/router.h"
#include "tests/vectors/preference.h"
#include "train/params.h"
#include "train/preference_load.h"
#include "train_store_fixture.h"

#include <criterion/new/assert.h>

TestSuite(train_preference, .init = open_store, .fini = close_store);

Test(train_preference, the_weights_of_scipy, .init = NULL, .fini = NULL)
{
    struct matrix *m = fixture_new(PREF_N, PREF_M, 1);
    for (size_t i = 0; i < PREF_N; i++) {
        free(m->prompt[i].task);
        m->prompt[i].task = NULL;
    }
    struct corpus *c = corpus_new(m, 8, 1);
    float *x = mem_array(PREF_N * PREF_D, sizeof *x);
    for (size_t k = 0; k < PREF_N * PREF_D; k++)
        x[k] = (float)pref_x[k];
    corpus_set_dense(c, x, PREF_D);
    struct vote *vote = mem_array(PREF_V, sizeof *vote);
    for (size_t k = 0; k < PREF_V; k++)
        vote[k] = (struct vote){(uint32_t)pref_vote[3 * k], (uint32_t)pref_vote[3 * k + 1],
                                (uint32_t)pref_vote[3 * k + 2], pref_outcome[k]};
    struct votes v;
    votes_init(&v, vote, PREF_V, PREF_N);
    uint32_t all[PREF_N];
    for (uint32_t i = 0; i < PREF_N; i++)
        all[i] = i;
    struct space *space = space_new(c, all, PREF_N, &(struct space_use){.dense = true});
    enum { WIDE = PREF_D + 1, W = PREF_M * WIDE + 1 };
    cr_assert(eq(sz, space->columns, PREF_D));
    double w[W];
    for (size_t f = 0; f < PREF_FITS; f++) {
        preference_solve(c, space, &v, PREF_M, all, PREF_N, pref_c[f], 1e-10, false, w);
        for (size_t k = 0; k < W; k++)
            cr_assert(epsilon_eq(dbl, w[k], pref_w[f * W + k], 2e-6), "fit %zu, weight %zu", f, k);
        for (size_t j = 0; j < WIDE; j++) { /* measured from the average model */
            double sum = 0;
            for (size_t a = 0; a < PREF_M; a++)
                sum += w[a * WIDE + j];
            cr_assert(epsilon_eq(dbl, sum, 0, 1e-6), "sum %g", sum);
        }
    }
    space_free(space);
    votes_deinit(&v);
    corpus_free(c);
    matrix_free(m);
}

/* One vote a prompt on the fixture's two models, by its rule; every seventh a tie. */
static void add_votes(void)
{
    struct matrix *m = fixture_new(N, 2, 21);
    for (size_t i = 0; i < N; i++) {
        const double a = m->score[i * 2], b = m->score[i * 2 + 1];
        const struct preference p = {.prompt = (int64_t)i + 1,
                                     .model_a = i % 2 ? 2 : 1,
                                     .model_b = i % 2 ? 1 : 2,
                                     .outcome = a > b   ? (i % 2 ? 0 : 1)
                                                : a < b ? (i % 2 ? 1 : 0)
                                                        : .5};
        int added;
        OK(preference_put(s, &p, &added, &e));
        cr_assert(added);
        OK(preference_put(s, &p, &added, &e));
        cr_assert(added == 0, "the same vote again");
    }
    cr_assert(preference_count(s, &e) == N);
    matrix_free(m);
}

Test(train_preference, a_router_of_votes)
{
    char name[64];
    struct training t;
    struct router r;
    struct params p;
    add_votes();
    const struct train_options o = {.folds = 4, .seed = 1, .preferences = true, .jobs = 1};
    OK(train_store(s, &o, name, &t, &e));
    const struct preference_figures *f = &t.preference;
    cr_assert(f->votes == N && f->decided > 50 && f->decided < N);
    cr_assert(lt(dbl, f->loss, f->ratings_loss), "prompts tell: %g, ratings %g", f->loss,
              f->ratings_loss);
    cr_assert(f->less_lo < f->less && f->less < f->less_hi);
    cr_assert(gt(dbl, f->accuracy, 0.6));
    cr_assert(f->model[0].votes == N && f->model[1].votes == N);
    cr_assert(epsilon_eq(dbl, f->model[0].won + f->model[1].won, 1, 1e-12));
    cr_assert(epsilon_eq(dbl, f->model[0].rating, -f->model[1].rating, 1e-6));

    /* Heads are held out: no vote of a prompt is in what predicts it; and stored like any others.
     */
    OK(router_get(s, name, &r, &e));
    OK(params_read(r.params, r.params_len, &p, &e));
    cr_assert(p.models == 2 && p.heads == 2 && p.labels == 0);
    cr_assert(strstr(r.metrics, "\"preferences\":{\"votes\":240") != NULL, "%s", r.metrics);
    struct prediction *q;
    size_t n;
    OK(prediction_load(s, r.id, SCOPE_NONE, &q, &n, &e));
    cr_assert(eq(sz, n, 2 * N));
    for (size_t i = 0; i < n; i += 2) /* sigmoid(s) and sigmoid(-s) */
        cr_assert(epsilon_eq(dbl, q[i].quality + q[i + 1].quality, 1, 1e-4));
    free(q);
    OK(prediction_load(s, r.id, 2, &q, &n, &e));
    cr_assert(eq(sz, n, 2 * N * 3 / 4));
    free(q);
    double first[2];
    params_predict(&p, "wab wcd wef", 11, "t1", NULL, first);
    cr_assert(first[0] > 0 && first[0] < 1);
    cr_assert(epsilon_eq(dbl, first[0] + first[1], 1, 1e-4));
    params_deinit(&p);
    router_deinit(&r);
    training_deinit(&t);

    struct training again;
    const struct train_options two = {.folds = 4, .seed = 1, .preferences = true, .jobs = 2};
    OK(train_store(s, &two, name, &again, &e));
    OK(train_store(s, &o, name, &t, &e));
    cr_assert(memcmp(again.side[1].q, t.side[1].q, again.side[1].evals * 2 * sizeof(double)) == 0,
              "threads change nothing");
    training_deinit(&again);
    training_deinit(&t);
}

/* Whoever stands first wins more often: that is not taken for strength. */
Test(train_preference, standing_first_is_no_strength)
{
    struct training t;
    char name[64];
    struct rng r;
    int added;
    rng_seed(&r, 3);
    for (int64_t i = 1; i <= N; i++) {
        const struct preference p = {.prompt = i,
                                     .model_a = i % 5 ? 1 : 2, /* model-0 stands first mostly */
                                     .model_b = i % 5 ? 2 : 1,
                                     .outcome = rng_unit(&r) < .8};
        OK(preference_put(s, &p, &added, &e));
    }
    OK(train_store(s, &(struct train_options){.folds = 4, .preferences = true, .seed = 1}, name, &t,
                   &e));
    cr_assert(t.preference.first > .5, "%g", t.preference.first);
    cr_assert(fabs(t.preference.model[0].rating) < .25, "%g", t.preference.model[0].rating);
    cr_assert(t.preference.model[0].won > .65, "it won all the same: %g",
              t.preference.model[0].won);
    training_deinit(&t);
}

Test(train_preference, refusals)
{
    char name[64];
    struct router r;
    struct str_vec one = {0};
    const struct train_options o = {.folds = 4, .preferences = true};
    cr_assert(train_store(s, &o, name, NULL, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "has no votes") != NULL, "%s", e.text);
    add_votes();
    VEC_PUSH(&one, mem_strdup("model-0"));
    cr_assert(train_store(s,
                          &(struct train_options){.folds = 4, .preferences = true, .models = &one},
                          name, NULL, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "no vote is between two of these models") != NULL, "%s", e.text);
    str_vec_free(&one);
    struct preference bad = {.prompt = 1, .model_a = 1, .model_b = 1, .outcome = 1};
    int added;
    cr_assert(preference_put(s, &bad, &added, &e) == ERR_DB, "a model against itself");
    bad = (struct preference){.prompt = 1, .model_a = 1, .model_b = 2, .outcome = 1.5, .vote = 9};
    cr_assert(preference_put(s, &bad, &added, &e) == ERR_DB, "more than all of a vote");
    cr_assert(router_get(s, NULL, &r, &e) == ERR_USAGE, "no router was stored");
}
