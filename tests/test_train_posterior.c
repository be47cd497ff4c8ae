/* Confidence heads: against scikit-learn, what leaks, what is left out, what the store keeps. */
#include "store/posterior.h"
#include "store/router.h"
#include "train_fixture.h"
#include "vectors/posterior.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct train_options five = {.folds = 5, .seed = 7, .jobs = 2};

/* A matrix whose replies say how sure they are: mean log-probability near 0 where they are right.
 */
static struct matrix *telling(size_t n, size_t models, uint64_t seed)
{
    struct matrix *m = fixture_new(n, models, seed);
    struct rng r;
    rng_seed(&r, seed + 1);
    for (size_t k = 0; k < n * models; k++) {
        m->mean_logprob[k] = m->score[k] > 0 ? -.4 * rng_unit(&r) : -.2 - .8 * rng_unit(&r);
        m->first_reply[k] = (int64_t)k + 1;
    }
    return m;
}

static void trained(const struct matrix *m, const struct train_options *o, struct training *t)
{
    struct err e = {0};
    cr_assert(train_matrix(m, o, true, NULL, 0, t, &e) == 0, "%s", e.text);
}

/* Held-out posteriors [n][tellers][models]. */
static float *held_out(const struct training *t)
{
    const struct posterior *p = &t->posterior;
    const size_t row = p->tellers * p->models;
    float *q = mem_array(t->corpus->n * row, sizeof *q);
    for (size_t k = 0; k < t->predicting; k++)
        for (size_t i = 0; i < t->side[k].evals; i++)
            memcpy(q + t->side[k].eval[i] * row, p->side[k].q + i * row, row * sizeof *q);
    return q;
}

Test(train_posterior, heads_are_those_of_scikit_learn)
{
    enum { N = POSTERIOR_N };
    struct matrix *m = fixture_new(N, 2, 1);
    m->min_logprob = mem_array(N * 2, sizeof(double));
    m->entropy = mem_array(N * 2, sizeof(double));
    m->reply_bytes = mem_array(N * 2, sizeof(double));
    for (size_t k = 0; k < N * 2; k++) {
        m->score[k] = posterior_y[k];
        m->mean_logprob[k] = posterior_mean[k];
        m->min_logprob[k] = posterior_min[k];
        m->entropy[k] = (double)NAN;
        m->reply_bytes[k] = posterior_bytes[k];
        m->first_reply[k] = 1;
    }
    for (size_t i = 0; i < N; i++) {
        free(m->prompt[i].task);
        m->prompt[i].task = mem_printf("t%d", posterior_task[i]);
    }
    struct corpus *c = corpus_new(m, SHUNT_DEFAULT_BITS, 1);
    struct targets t;
    targets_init(&t, c, 2, 2, m->score);
    uint32_t all[N], fold[N];
    double prior[N * 2];
    for (uint32_t i = 0; i < N; i++) {
        all[i] = i;
        fold[i] = (uint32_t)posterior_fold[i];
        prior[i * 2] = posterior_prior[i * 2];
        prior[i * 2 + 1] = posterior_prior[i * 2 + 1];
    }
    const struct side final = {.train = all, .n = N, .inner = fold, .inner_q = prior};
    struct posterior p;
    cr_assert(posterior_fit(m, c, &t, &final, 0, 3, 1, &p, NULL) == 0);
    cr_assert(eq(sz, p.tellers, 2));
    double worst = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t a = 0; a < 2; a++)
            for (size_t b = 0; b < 2; b++) {
                const double mean = posterior_mean[i * 2 + a];
                double s[SIGNALS];
                for (size_t k = 0; k < SIGNALS; k++)
                    s[k] = (double)NAN;
                s[SIGNAL_PRIOR_REPLIED] = stat_logit(prior[i * 2 + a]);
                if (a != b)
                    s[SIGNAL_PRIOR_TARGET] = stat_logit(prior[i * 2 + b]);
                s[SIGNAL_MEAN] = mean;
                s[SIGNAL_TAIL] = isnan(mean) ? mean : log(-expm1(fmin(mean, -1e-6)));
                s[SIGNAL_MIN] = posterior_min[i * 2 + a];
                s[SIGNAL_LENGTH] = log1p(posterior_bytes[i * 2 + a]);
                const double q = stat_sigmoid(posterior_value(&p.head[a * 2 + b], s, c->task[i]));
                worst = fmax(worst, fabs(q - posterior_q[(i * 2 + a) * 2 + b]));
            }
    cr_assert(worst < 2e-3, "differs by %g", worst);
    posterior_deinit(&p);
    targets_deinit(&t);
    corpus_free(c);
    matrix_free(m);
}

/* Labels and log-probabilities of a fold reach nothing that is predicted for it, but for the
 * prompt's own reply; the inner predictions of a scope know nothing of the fold outside. */
Test(train_posterior, nothing_of_a_fold_reaches_it)
{
    struct matrix *m = telling(400, 2, 5);
    struct training t;
    trained(m, &five, &t);
    cr_assert(eq(sz, t.posterior.tellers, 2));
    const size_t row = 4, n = m->prompts;
    float *before = held_out(&t);
    const size_t inner = t.side[2].n;
    float *scope = mem_array(inner * row, sizeof *scope);
    memcpy(scope, t.posterior.side[2].inner_q, inner * row * sizeof *scope);
    bool *in = mem_array(n, sizeof *in);
    for (size_t i = 0; i < t.side[2].evals; i++)
        in[t.side[2].eval[i]] = true;
    training_deinit(&t);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; in[i] && k < 2; k++)
            m->score[i * 2 + k] = 1 - m->score[i * 2 + k];
    trained(m, &five, &t);
    float *after = held_out(&t);
    size_t moved = 0;
    for (size_t i = 0; i < n; i++)
        if (in[i])
            cr_assert(memcmp(before + i * row, after + i * row, row * sizeof *after) == 0,
                      "prompt %zu", i);
        else
            moved += memcmp(before + i * row, after + i * row, row * sizeof *after) != 0;
    cr_assert(gt(sz, moved, 300), "the other folds did train on them");
    cr_assert(memcmp(scope, t.posterior.side[2].inner_q, inner * row * sizeof *scope) == 0);
    training_deinit(&t);
    free(before);
    free(after);
    free(scope);
    free(in);
    matrix_free(m);
}

/* A reply that tells improves the log loss much; one that does not, does no harm worth the name. */
Test(train_posterior, uses_what_is_told_and_not_what_is_not)
{
    struct matrix *m = telling(600, 2, 9);
    struct training t;
    trained(m, &five, &t);
    for (size_t k = 0; k < 2; k++)
        cr_expect(t.posterior.loss[k] < t.posterior.prior_loss[k] - .1, "model %zu: %g, %g", k,
                  t.posterior.loss[k], t.posterior.prior_loss[k]);
    training_deinit(&t);
    struct rng r;
    rng_seed(&r, 3);
    for (size_t k = 0; k < 1200; k++)
        m->mean_logprob[k] = -rng_unit(&r);
    trained(m, &five, &t);
    for (size_t k = 0; k < 2; k++) {
        cr_expect(t.posterior.loss[k] < t.posterior.prior_loss[k] + .02, "model %zu: %g, %g", k,
                  t.posterior.loss[k], t.posterior.prior_loss[k]);
        cr_expect(t.posterior.loss[k] > t.posterior.prior_loss[k] - .03, "model %zu: %g, %g", k,
                  t.posterior.loss[k], t.posterior.prior_loss[k]);
    }
    training_deinit(&t);
    matrix_free(m);
}

/* Models without log-probabilities tell nothing; prompts without a reply have no prediction; the
 * number of threads changes nothing. */
Test(train_posterior, leaves_out_what_is_not_there)
{
    struct matrix *m = telling(300, 3, 4);
    for (size_t i = 0; i < 300; i++) {
        m->mean_logprob[i * 3 + 1] = (double)NAN;
        if (i % 3 == 0)
            m->mean_logprob[i * 3 + 2] = (double)NAN;
        if (i % 10 == 0) {
            m->first_reply[i * 3] = 0;
            m->mean_logprob[i * 3] = (double)NAN;
        }
    }
    struct training t, one;
    trained(m, &five, &t);
    cr_assert(eq(sz, t.posterior.tellers, 2));
    cr_assert(eq(sz, t.posterior.teller[0], 0));
    cr_assert(eq(sz, t.posterior.teller[1], 2));
    float *q = held_out(&t);
    for (size_t i = 0; i < 300; i++)
        for (size_t b = 0; b < 3; b++) {
            cr_assert(isnan(q[(i * 2) * 3 + b]) == (i % 10 == 0));
            cr_assert(q[(i * 2 + 1) * 3 + b] > 0 && q[(i * 2 + 1) * 3 + b] < 1);
        }
    struct train_options single = five;
    single.jobs = 1;
    trained(m, &single, &one);
    float *same = held_out(&one);
    for (size_t k = 0; k < 300 * 6; k++)
        cr_assert(memcmp(&same[k], &q[k], sizeof *q) == 0);
    training_deinit(&t);
    training_deinit(&one);
    free(q);
    free(same);
    for (size_t k = 0; k < 900; k++)
        m->mean_logprob[k] = (double)NAN;
    trained(m, &five, &t);
    cr_assert(eq(sz, t.posterior.tellers, 0));
    training_deinit(&t);
    matrix_free(m);
}
