/* core/stat against numpy, scipy and scikit-learn (vectors/stat.py), closed forms, and properties.
 */
#include "core/stat.h"
#include "tests/vectors/stat.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void near_to(const char *what, double at, double got, double want, double tolerance)
{
    double scale = fabs(want) > 1 ? fabs(want) : 1;
    cr_assert(fabs(got - want) <= tolerance * scale, "%s at %.17g: got %.17g, want %.17g", what, at,
              got, want);
}

/* Relative to the value itself: for tails and p-values. */
static void near_rel(const char *what, double at, double got, double want, double tolerance)
{
    cr_assert(fabs(got - want) <= tolerance * fabs(want), "%s at %.17g: got %.17g, want %.17g",
              what, at, got, want);
}

Test(stat, means_and_spread_agree_with_numpy)
{
    size_t n = COUNT(vec_x);
    near_to("mean", 0, stat_mean(vec_x, n), vec_mean, 1e-14);
    near_to("wmean", 0, stat_wmean(vec_x, vec_w, n), vec_wmean, 1e-14);
    near_to("wmean of equal weights", 0, stat_wmean(vec_x, NULL, n), vec_mean, 1e-14);
    near_to("sd", 0, stat_sd(vec_x, n), vec_sd, 1e-14);
    cr_assert(isnan(stat_mean(vec_x, 0)) && isnan(stat_sd(vec_x, 1)));
    cr_assert(isnan(stat_wmean(vec_x, (const double[]){0, 0}, 2)), "no weight, no mean");
}

Test(stat, quantiles_are_type_7)
{
    double x[COUNT(vec_x)];
    memcpy(x, vec_x, sizeof x);
    for (size_t i = 0; i < COUNT(vec_quantile); i++)
        near_to("quantile", vec_quantile[i].p, stat_quantile(x, COUNT(x), vec_quantile[i].p),
                vec_quantile[i].want, 1e-14);
    for (size_t i = 1; i < COUNT(x); i++)
        cr_assert(x[i - 1] <= x[i], "sorted in place");
    near_to("sorted", .5, stat_quantile_sorted(x, COUNT(x), .5), stat_quantile(x, COUNT(x), .5), 0);
    cr_assert(isnan(stat_quantile(x, 0, .5)));
    cr_assert(eq(dbl, stat_quantile((double[]){3}, 1, .9), 3));
    double with_inf[] = {INFINITY, 1, 2};
    cr_assert(eq(dbl, stat_quantile(with_inf, 3, .5), 2), "an infinity beside does not spoil it");
}

Test(stat, normal_distribution_agrees_with_scipy)
{
    for (size_t i = 0; i < COUNT(vec_norm_quantile); i++)
        near_rel("norm_quantile", vec_norm_quantile[i].p,
                 stat_norm_quantile(vec_norm_quantile[i].p), vec_norm_quantile[i].want, 4e-15);
    for (size_t i = 0; i < COUNT(vec_norm_cdf); i++)
        near_rel("norm_cdf", vec_norm_cdf[i].z, stat_norm_cdf(vec_norm_cdf[i].z),
                 vec_norm_cdf[i].want, 1e-13);
    for (double z = -6; z <= 6; z += .37)
        near_to("round trip", z, stat_norm_quantile(stat_norm_cdf(z)), z, z > 5 ? 1e-9 : 1e-11);
    cr_assert(isinf(stat_norm_quantile(0)) && stat_norm_quantile(0) < 0);
    cr_assert(isinf(stat_norm_quantile(1)) && stat_norm_quantile(1) > 0);
    cr_assert(isnan(stat_norm_quantile(-.1)) && isnan(stat_norm_quantile(NAN)));
}

Test(stat, t_quantile_agrees_with_scipy_and_closed_forms)
{
    for (size_t i = 0; i < COUNT(vec_t_quantile); i++) {
        double got = stat_t_quantile(vec_t_quantile[i].p, vec_t_quantile[i].df);
        cr_assert(fabs(got - vec_t_quantile[i].want) <= 2e-13 * fabs(vec_t_quantile[i].want),
                  "p %g, df %g: got %.17g, want %.17g", vec_t_quantile[i].p, vec_t_quantile[i].df,
                  got, vec_t_quantile[i].want);
    }
    /* df 1: tan(pi (p - 1/2)); df 2: (2p - 1) / sqrt(2 p (1 - p)) */
    const double p[] = {1e-12, 1e-8, 1e-4, .003, .1, .3, .49, .51, .8, .975, .9999};
    for (size_t i = 0; i < COUNT(p); i++) {
        double cauchy = -1 / tan(acos(-1.0) * p[i]);
        near_rel("df 1", p[i], stat_t_quantile(p[i], 1), cauchy, 1e-12);
        near_rel("df 2", p[i], stat_t_quantile(p[i], 2),
                 (2 * p[i] - 1) / sqrt(2 * p[i] * (1 - p[i])), 1e-12);
        near_rel("symmetry", p[i], stat_t_quantile(1 - p[i], 7),
                 -stat_t_quantile(1 - (1 - p[i]), 7), 1e-12);
        near_rel("many df", p[i], stat_t_quantile(p[i], 1e15), stat_norm_quantile(p[i]), 1e-12);
    }
    cr_assert(eq(dbl, stat_t_quantile(.5, 3), 0));
    cr_assert(isnan(stat_t_quantile(.9, 0)) && isnan(stat_t_quantile(2, 3)));
    cr_assert(stat_t_quantile(1e-10, .1) < -1e90, "a very heavy tail is found");
}

Test(stat, exact_binomial_agrees_with_scipy)
{
    for (size_t i = 0; i < COUNT(vec_binom); i++)
        near_rel("binom", vec_binom[i].b,
                 stat_binom_two_sided((uint64_t)vec_binom[i].b, (uint64_t)vec_binom[i].c),
                 vec_binom[i].want, 1e-9);
    for (size_t i = 0; i < COUNT(vec_binom_exact); i++)
        near_rel(
            "exact binom", vec_binom_exact[i].b,
            stat_binom_two_sided((uint64_t)vec_binom_exact[i].b, (uint64_t)vec_binom_exact[i].c),
            vec_binom_exact[i].want, 1e-13);
    cr_assert(eq(dbl, stat_binom_two_sided(0, 0), 1));
    cr_assert(eq(dbl, stat_binom_two_sided(12, 3), stat_binom_two_sided(3, 12)));
    cr_assert(stat_binom_two_sided(0, 100000) >= 0);
}

Test(stat, losses_agree_with_scikit_learn)
{
    size_t n = COUNT(vec_p);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += stat_log_loss(vec_p[i], vec_y[i]);
    near_to("log loss", 0, sum / n, vec_log_loss, 1e-14);
    near_to("brier", 0, stat_brier(vec_p, vec_y, n), vec_brier, 1e-14);
    near_to("certain and wrong", 0, stat_log_loss(0, 1), -log(1e-12), 1e-12);
    near_to("certain and wrong", 1, stat_log_loss(1, 0), -log(1e-12), 1e-4);
    near_to("soft outcome", .3, stat_log_loss(.4, .3), -(.3 * log(.4) + .7 * log(.6)), 1e-15);
    cr_assert(isnan(stat_brier(vec_p, vec_y, 0)));
    for (double z = -15; z <= 15; z += .5)
        near_to("logit of sigmoid", z, stat_logit(stat_sigmoid(z)), z, 1e-9);
    cr_assert(stat_sigmoid(-1000) == 0 && stat_sigmoid(1000) == 1);
    near_to("clipped", 0, stat_logit(0), log(1e-9), 1e-9);
    near_to("clipped", 1, stat_logit(1), -log(1e-9), 1e-7);
}

Test(stat, calibration_error_has_equal_bins_and_keeps_ties_together)
{
    size_t n = COUNT(vec_p);
    for (size_t i = 0; i < COUNT(vec_ece); i++)
        near_to("ece", vec_ece[i].bins, stat_ece(vec_p, vec_y, n, (size_t)vec_ece[i].bins),
                vec_ece[i].want, 1e-14);
    near_to("more bins than points", 0, stat_ece(vec_p, vec_y, n, 10 * n),
            stat_ece(vec_p, vec_y, n, n), 1e-14);
    /* One value only: one bin whatever is asked for, |.5 - .75|. */
    const double p[] = {.5, .5, .5, .5}, y[] = {1, 0, 1, 1};
    near_to("all tied", 0, stat_ece(p, y, 4, 4), .25, 1e-15);
    /* Ties across the middle: bins {.2 .6 .6 .6} and {.9}: (|2.0 - 1| + |.9 - 1|) / 5. */
    const double q[] = {.6, .9, .6, .2, .6}, z[] = {0, 1, 1, 0, 0};
    near_to("tie at the edge", 0, stat_ece(q, z, 5, 2), (1.0 + .1) / 5, 1e-15);
    cr_assert(isnan(stat_ece(p, y, 0, 5)) && isnan(stat_ece(p, y, 4, 0)));
}

Test(stat, platt_agrees_with_scikit_learn)
{
    size_t n = COUNT(vec_platt_f);
    double separable[COUNT(vec_platt_f)], a, b;
    for (size_t i = 0; i < n; i++)
        separable[i] = vec_platt_f[i] > .4;
    const struct {
        const double *y, *w;
    } fit[] = {
        {vec_platt_hard, NULL}, {vec_platt_soft, NULL}, {vec_platt_soft, vec_w}, {separable, NULL}};
    for (size_t i = 0; i < COUNT(fit); i++) {
        cr_assert(eq(int, stat_platt(vec_platt_f, fit[i].y, fit[i].w, n, &a, &b), 0));
        near_to("platt a", i, a, vec_platt[i].a, 1e-8);
        near_to("platt b", i, b, vec_platt[i].b, 1e-8);
    }
    cr_assert(eq(int, stat_platt(vec_platt_f, vec_platt_hard, NULL, 0, &a, &b), -1));
    cr_assert(a == 1 && b == 0);
}

Test(stat, platt_stays_finite_where_there_is_nothing_to_fit)
{
    const double same[] = {2, 2, 2, 2}, ones[] = {1, 1, 1, 1}, zeros[] = {0, 0, 0, 0};
    const double huge[] = {-1e6, -1e5, 1e5, 1e6}, y[] = {0, 0, 1, 1}, half[] = {1, 0, 1, 0};
    double a, b;
    stat_platt(same, half, NULL, 4, &a, &b);
    near_to("constant score: the mean", 0, stat_sigmoid(a * 2 + b), .5, 1e-6);
    stat_platt(huge, ones, NULL, 4, &a, &b);
    cr_assert(isfinite(a) && isfinite(b) && stat_sigmoid(a * 1e5 + b) > .99);
    stat_platt(same, zeros, NULL, 4, &a, &b);
    cr_assert(isfinite(a) && isfinite(b) && stat_sigmoid(a * 2 + b) < .01);
    stat_platt(huge, y, NULL, 4, &a, &b);
    cr_assert(isfinite(a) && a > 0 && isfinite(b));
    cr_assert(stat_sigmoid(a * 1e5 + b) > .99 && stat_sigmoid(-a * 1e5 + b) < .01);
}

Test(stat, ridge_agrees_with_scikit_learn)
{
    size_t n = COUNT(vec_ridge_y), d = COUNT(vec_ridge_free);
    double beta[COUNT(vec_ridge_free)];
    cr_assert(eq(int, stat_ridge(vec_ridge_x, vec_ridge_y, vec_w, n, d, 2.5, d - 1, beta), 0));
    for (size_t i = 0; i < d; i++)
        near_to("free intercept", i, beta[i], vec_ridge_free[i], 1e-10);
    cr_assert(eq(int, stat_ridge(vec_ridge_x, vec_ridge_y, NULL, n, d, .3, d, beta), 0));
    for (size_t i = 0; i < d; i++)
        near_to("all penalised", i, beta[i], vec_ridge_all[i], 1e-10);
    cr_assert(eq(int, stat_ridge(vec_ridge_x, vec_ridge_y, NULL, n, d, 0, d, beta), 0));
    for (size_t i = 0; i < d; i++)
        near_to("least squares", i, beta[i], vec_ridge_none[i], 1e-10);
    /* Column 1 = 3 x column 0: no answer without a penalty, one with it. */
    const double x[] = {1, 3, 2, 6, 5, 15}, y[] = {1, 2, 5};
    cr_assert(eq(int, stat_ridge(x, y, NULL, 3, 2, 0, 2, beta), -1));
    cr_assert(eq(int, stat_ridge(x, y, NULL, 3, 2, .1, 2, beta), 0));
    cr_assert(eq(int, stat_ridge(x, y, NULL, 0, 2, 0, 2, beta), -1));
}

Test(stat, holm_follows_its_definition)
{
    double p[COUNT(vec_holm_p)];
    memcpy(p, vec_holm_p, sizeof p);
    stat_holm(p, COUNT(p));
    for (size_t i = 0; i < COUNT(p); i++)
        near_to("holm", i, p[i], vec_holm[i], 1e-15);
    double with_nan[] = {.02, NAN, .03};
    stat_holm(with_nan, 3);
    near_to("two tests", 0, with_nan[0], .04, 1e-15);
    cr_assert(isnan(with_nan[1]));
    near_to("monotone", 2, with_nan[2], .04, 1e-15);
    stat_holm(p, 0);
}

Test(stat, order_is_stable)
{
    size_t order[COUNT(vec_order)];
    stat_order(vec_order_x, COUNT(order), order);
    for (size_t i = 0; i < COUNT(order); i++)
        cr_assert(eq(sz, order[i], vec_order[i]), "position %zu", i);
    const double x[] = {NAN, 2, -INFINITY, NAN, INFINITY, 2};
    const size_t want[] = {2, 1, 5, 4, 0, 3};
    stat_order(x, 6, order);
    for (size_t i = 0; i < 6; i++)
        cr_assert(eq(sz, order[i], want[i]));
    order[0] = 9;
    stat_order(x, 1, order);
    cr_assert(eq(sz, order[0], 0));
    /* Every length up to 70, so that each shape of the last merge occurs. */
    struct rng r;
    rng_seed(&r, 3);
    double y[70];
    size_t o[70];
    for (size_t n = 0; n <= 70; n++) {
        for (size_t i = 0; i < n; i++)
            y[i] = (double)rng_below(&r, 9);
        stat_order(y, n, o);
        for (size_t i = 1; i < n; i++)
            cr_assert(y[o[i - 1]] < y[o[i]] || (y[o[i - 1]] == y[o[i]] && o[i - 1] < o[i]));
    }
}

Test(stat, resampling_draws_as_many_as_there_are)
{
    struct rng r;
    rng_seed(&r, 5);
    static uint32_t count[1000];
    double sum = 0, squares = 0;
    for (int round = 0; round < 200; round++) {
        stat_resample(&r, count, 1000);
        uint64_t total = 0;
        for (size_t g = 0; g < 1000; g++) {
            total += count[g];
            sum += count[g];
            squares += ((double)count[g] - 1) * ((double)count[g] - 1);
        }
        cr_assert(eq(u64, total, 1000));
    }
    /* Variance of a count is 1 - 1/1000; its mean over 200,000 counts has a standard error of .004.
     */
    near_to("variance", 0, squares / 200000, .999, .02);
    stat_resample(&r, count, 0);
    stat_resample(&r, count, 1);
    cr_assert(eq(u32, count[0], 1));
}
