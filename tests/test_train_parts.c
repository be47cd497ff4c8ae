/* Folds keep clusters whole and balance; expected costs are the numbers one gets by hand; choices
 * from out-of-fold values find what was put in.
 */
#include "train/cost.h"
#include "train/fold.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(train_parts, folds_keep_clusters_whole_and_balance)
{
    enum { N = 1003, K = 7 };
    int64_t cluster[N];
    uint32_t fold[N], again[N], other[N];
    for (size_t i = 0; i < N; i++) /* one of 40, one of 20, threes and singles, in no order */
        cluster[i] = i % 25 == 0   ? -5
                     : i % 50 == 1 ? 7
                     : i % 2       ? (int64_t)(1000 + i / 6)
                                   : (int64_t)(100000 + i);
    size_t groups = fold_deal(cluster, N, K, 3, "outer folds", fold);
    cr_assert(gt(sz, groups, K));
    size_t size[K] = {0};
    for (size_t i = 0; i < N; i++) {
        cr_assert(lt(u32, fold[i], K));
        size[fold[i]]++;
        for (size_t j = 0; j < i; j++)
            if (cluster[i] == cluster[j])
                cr_assert(eq(u32, fold[i], fold[j]), "%zu and %zu", i, j);
    }
    for (size_t k = 0; k < K; k++)
        cr_assert(size[k] >= N / K && size[k] <= N / K + 1, "fold %zu has %zu", k, size[k]);
    fold_deal(cluster, N, K, 3, "outer folds", again);
    cr_assert(memcmp(fold, again, sizeof fold) == 0, "the same seed and use");
    fold_deal(cluster, N, K, 3, "inner folds", other);
    cr_assert(memcmp(fold, other, sizeof fold) != 0, "another use");
    fold_deal(cluster, N, K, 4, "outer folds", other);
    cr_assert(memcmp(fold, other, sizeof fold) != 0, "another seed");
    cr_assert(eq(sz, fold_deal((int64_t[]){9, 9, 9}, 3, 2, 1, "x", fold), 1));
    cr_assert(fold[0] == 0 && fold[1] == 0 && fold[2] == 0);
}

/* Three prompts, two tasks, weights 1, 2, 1; model 0 reports costs, model 1 has prices and tokens,
 * model 2 knows nothing. */
Test(train_parts, costs_by_hand)
{
    struct matrix *m = fixture_new(3, 3, 1);
    static const char *const text[3] = {"abcd", "abcdefgh", "ab"}, *const task[3] = {"a", "a", "b"};
    for (size_t i = 0; i < 3; i++) {
        free(m->prompt[i].text);
        free(m->prompt[i].task);
        m->prompt[i].text = mem_strdup(text[i]);
        m->prompt[i].task = mem_strdup(task[i]);
        m->prompt[i].weight = i == 1 ? 2 : 1;
        m->cost_nusd[i * 3] = 100.0 * (double)(i + 1);
        m->tokens_in[i * 3 + 1] = (double[]){2, 6, 3}[i];
        m->tokens_out[i * 3 + 1] = (double[]){10, 20, 60}[i];
        m->latency_ms[i * 3 + 1] = i == 2 ? (double)NAN : 500;
        m->cost_nusd[i * 3 + 2] = m->latency_ms[i * 3 + 2] = (double)NAN;
        m->tokens_in[i * 3 + 2] = m->tokens_out[i * 3 + 2] = (double)NAN;
    }
    m->model[1].cost_source = COST_COMPUTED;
    m->model[1].pico_input = 2000;
    m->model[1].pico_output = 8000;
    m->model[1].pico_request = 5000;
    m->model[2].cost_source = COST_COMPUTED; /* a price, but no token counts */
    m->model[2].pico_input = m->model[2].pico_output = 1;
    struct corpus *c = corpus_new(m, 12, 1);
    uint32_t all[3] = {0, 1, 2}, a = corpus_task(c, "a"), b = corpus_task(c, "b");
    struct cost_model x;
    cost_fit(m, c, all, 3, &x);

    double mean = (100 + 2 * 200 + 300) / 4.0; /* 200 */
    cr_assert(eq(i64, cost_predict(&x, a, 4, 0), (int64_t)nearbyint((100 + 2 * 200 + mean) / 4)));
    cr_assert(eq(i64, cost_predict(&x, b, 4, 0), (int64_t)nearbyint((300 + mean) / 2)));
    cr_assert(eq(i64, cost_predict(&x, CORPUS_NO_TASK, 4, 0), 200));

    double ratio = (2 + 2 * 6 + 3) / (4.0 + 2 * 8 + 2), bytes = 22 / 4.0;
    double in_a = (2 + 2 * 6 + ratio * bytes) / (4 + 2 * 8 + bytes), out = (10 + 2 * 20 + 60) / 4.0;
    double out_a = (10 + 2 * 20 + out) / 4;
    double want = (100 * in_a * 2000 + out_a * 8000 + 5000) / 1000;
    cr_assert(x.priced[1] && !x.priced[0] && !x.priced[2]);
    cr_assert(eq(i64, cost_predict(&x, a, 100, 1), (int64_t)nearbyint(want)));
    cr_assert(epsilon_eq(dbl, cost_latency(&x, a, 1), 500, 1e-9));
    cr_assert(epsilon_eq(dbl, cost_latency(&x, b, 1), 500, 1e-9),
              "no value of its own: the mean of all");
    cr_assert(eq(i64, cost_predict(&x, a, 100, 2), MONEY_UNKNOWN), "unknown is not 0");
    cr_assert(isnan(cost_latency(&x, a, 2)));
    cost_deinit(&x);
    corpus_free(c);
    matrix_free(m);
}

/* Values that are twice too steep and shifted are straightened; good ones are left alone; noise
 * is shrunk to the task means. */
Test(train_parts, calibration_finds_slope_and_offset)
{
    enum { N = 6000 };
    double *f = mem_array(N, sizeof *f), *g = mem_array(N, sizeof *g), *y = mem_array(N, sizeof *y),
           *w = mem_array(N, sizeof *w);
    uint32_t *fold = mem_array(N, sizeof *fold);
    struct out_of_fold x = {N, f, g, y, w, fold};
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < N; i++) {
        double z = 1.5 * rng_normal(&r);
        y[i] = rng_unit(&r) < stat_sigmoid(z);
        w[i] = 1;
        fold[i] = i % 3;
        f[i] = 2 * z + 1;
        g[i] = 0;
    }
    struct choice c = {.C = 1};
    choice_calibrate(&x, 3, &c);
    cr_assert(epsilon_eq(dbl, c.a, 0.5, 0.03));
    cr_assert(epsilon_eq(dbl, c.d, -0.5, 0.06));
    double steep = 0;
    for (size_t i = 0; i < N; i++)
        steep += stat_log_loss(stat_sigmoid(f[i]), y[i]) / N;
    cr_assert(lt(dbl, c.loss, steep - 0.01));
    for (size_t i = 0; i < N; i++)
        f[i] = (f[i] - 1) / 2;
    c = (struct choice){.C = 1};
    choice_calibrate(&x, 3, &c);
    cr_assert(epsilon_eq(dbl, c.a, 1, 0.06));

    double loss[ALPHAS] = {0};
    for (size_t i = 0; i < N; i++) {
        g[i] = f[i];
        f[i] = 3 * rng_normal(&r);
    }
    choice_losses(&x, loss);
    for (size_t k = 1; k < ALPHAS; k++)
        cr_assert(lt(dbl, loss[k], loss[k - 1]),
                  "values of pure noise: the more shrinkage the better");
    cr_assert(epsilon_eq(dbl, choice_alpha(ALPHAS - 1), 1, 1e-15));
    free(f);
    free(g);
    free(y);
    free(w);
    free(fold);
}
