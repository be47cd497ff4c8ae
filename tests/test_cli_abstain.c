/* Where the best model does not depend on the prompt, heads, guard and default together give the
 * constant: a router trained on so little does not lose to it.
 */
#include "eval/control.h"
#include "eval/guard.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

enum { PROMPTS = 300, MODELS = 3, SEEDS = 200, FOLDS = 3, LOST = 10 };

/* Of SEEDS; under sanitizers, which take ten times as long, a tenth of them run the code. */
static uint64_t seeds(void)
{
    return getenv("SHUNT_SANITIZED") ? SEEDS / 10 : SEEDS;
}

/* Texts and tasks as ever, but success is drawn without regard to them; `apart`: between models. */
static struct matrix *uniform(uint64_t seed, double apart)
{
    struct matrix *m = fixture_new(PROMPTS, MODELS, seed);
    struct rng r;
    rng_seed_for(&r, seed, "uniform");
    for (size_t i = 0; i < PROMPTS; i++)
        for (size_t k = 0; k < MODELS; k++)
            m->score[i * MODELS + k] = rng_unit(&r) < 0.6 + apart * (double)k ? 1 : 0;
    return m;
}

/* The prompts at[n] with qualities q [n][MODELS] as a set to choose on. */
static void make_set(const struct matrix *m, const struct training *t, const uint32_t *at, size_t n,
                     const double *q, struct eval_set *s)
{
    eval_set_init(s, n, MODELS);
    s->tasks = t->corpus->tasks;
    s->groups = m->prompts;
    for (size_t i = 0; i < n; i++) {
        s->weight[i] = 1;
        s->task[i] = (int32_t)t->corpus->task[at[i]];
        s->group[i] = (int32_t)at[i];
        for (size_t k = 0; k < MODELS; k++) {
            s->score[i * MODELS + k] = m->score[at[i] * MODELS + k];
            s->cost[i * MODELS + k] = s->c[i * MODELS + k] = 1e-6 * (double)(k + 1);
            s->latency_ms[i * MODELS + k] = 100;
            s->t[i * MODELS + k] = 0.1;
            s->q[i * MODELS + k] = q[i * MODELS + k];
        }
    }
}

/* What one cross-fitted router gave over the constant: mean and standard error; *away: prompts that
 * did not go to the constant. */
static void run_one(const struct matrix *m, double *mean, double *error, size_t *away)
{
    struct training t;
    struct err e = {0};
    struct train_options o = {.folds = FOLDS, .seed = 1, .jobs = 1};
    cr_assert(train_matrix(m, &o, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    double gain[PROMPTS];
    size_t n = 0;
    *away = 0;
    for (size_t f = 0; f < t.predicting; f++) {
        const struct side *side = &t.side[f];
        struct eval_set inner, held;
        struct guard g;
        make_set(m, &t, side->train, side->n, side->inner_q, &inner);
        make_set(m, &t, side->eval, side->evals, side->q, &held);
        int constant = control_constant(&inner, 0, 0);
        guard_fit(&inner, 0, 0, constant, &g);
        for (size_t i = 0; i < held.n; i++) {
            size_t at = i * MODELS;
            int to = guard_choose(&g, MODELS, held.q + at, held.c + at, held.t + at, held.task[i]);
            *away += to != constant;
            gain[n++] = held.score[at + (size_t)to] - held.score[at + (size_t)constant];
        }
        guard_deinit(&g);
        eval_set_deinit(&inner);
        eval_set_deinit(&held);
    }
    *mean = stat_mean(gain, n);
    *error = stat_sd(gain, n) / sqrt((double)n);
    training_deinit(&t);
}

static void simulate(double apart, size_t *lost, double *total, double *share)
{
    *lost = 0;
    *total = *share = 0;
    const uint64_t n = seeds();
    for (uint64_t seed = 1; seed <= n; seed++) {
        struct matrix *m = uniform(seed, apart);
        double mean, error;
        size_t away;
        run_one(m, &mean, &error, &away);
        matrix_free(m);
        *lost += mean + 1.96 * error < 0;
        *total += mean / (double)n;
        *share += (double)away / PROMPTS / (double)n;
    }
}

Test(cli_abstain, a_uniform_store_gives_the_constant, .timeout = 300)
{
    size_t lost;
    double gain, share;
    simulate(0.1, &lost, &gain, &share);
    cr_assert(lost <= LOST, "lost %zu of %d, mean gain %.4f", lost, (int)seeds(), gain);
    cr_assert(ge(dbl, gain, -0.01));
    cr_assert(le(dbl, share, 0.1));
    simulate(0.0, &lost, &gain, &share); /* no model is best: nothing to win, nothing to lose */
    cr_assert(lost <= LOST, "lost %zu of %d, mean gain %.4f", lost, (int)seeds(), gain);
    cr_assert(ge(dbl, gain, -0.01));
}
