/* Isotonic curves: pooled by hand, monotone on any data, chosen where a sigmoid cannot bend.
 */
#include "train/isotonic.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(train_isotonic, pools_what_does_not_ascend)
{
    /* means .5: (0 + .5) / 2, (1 + .5) / 2, ...; the second and third are pooled: (1 + 0 + .5) / 3
     */
    struct isotonic c;
    isotonic_fit((double[]){0.8, 0.2, 0.4, 0.6}, (double[]){1, 0, 1, 0}, (double[]){1, 1, 1, 1}, 4,
                 &c);
    cr_assert(eq(sz, c.count, 3));
    cr_assert(epsilon_eq(dbl, c.x[1], 0.5, 1e-12));
    cr_assert(epsilon_eq(dbl, c.y[0], 0.25, 1e-12));
    cr_assert(epsilon_eq(dbl, c.y[1], 0.5, 1e-12));
    cr_assert(epsilon_eq(dbl, c.y[2], 0.75, 1e-12));
    cr_assert(epsilon_eq(dbl, isotonic_at(&c, 0.1), 0.25, 1e-12), "constant outside");
    cr_assert(epsilon_eq(dbl, isotonic_at(&c, 0.9), 0.75, 1e-12));
    cr_assert(epsilon_eq(dbl, isotonic_at(&c, 0.35), 0.375, 1e-12), "linear between");
    cr_assert(epsilon_eq(dbl, isotonic_at(&c, 0.5), 0.5, 1e-12), "at a knot");

    /* a prompt of weight 2 is two prompts */
    struct isotonic twice;
    isotonic_fit((double[]){0.2, 0.2, 0.6}, (double[]){0, 0, 1}, (double[]){1, 1, 1}, 3, &c);
    isotonic_fit((double[]){0.2, 0.6}, (double[]){0, 1}, (double[]){2, 1}, 2, &twice);
    cr_assert(eq(sz, c.count, 2));
    cr_assert(eq(sz, twice.count, 2));
    for (size_t k = 0; k < 2; k++)
        cr_assert(epsilon_eq(dbl, c.y[k], twice.y[k], 1e-12));

    /* nothing to say: descending, one value, no prompt */
    isotonic_fit((double[]){0.2, 0.8}, (double[]){1, 0}, (double[]){1, 1}, 2, &c);
    cr_assert(eq(sz, c.count, 0));
    cr_assert(epsilon_eq(dbl, isotonic_at(&c, 0.3), 0.3, 0));
    isotonic_fit((double[]){0.5, 0.5}, (double[]){1, 0}, (double[]){1, 1}, 2, &c);
    cr_assert(eq(sz, c.count, 0));
    isotonic_fit(NULL, NULL, NULL, 0, &c);
    cr_assert(eq(sz, c.count, 0));
}

Test(train_isotonic, ascends_within_bounds_on_any_data)
{
    enum { N = 5000 };
    double *p = mem_array(N, sizeof *p), *y = mem_array(N, sizeof *y), *w = mem_array(N, sizeof *w);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rng r;
        rng_seed(&r, seed);
        size_t n = 2 + rng_below(&r, N - 1);
        for (size_t i = 0; i < n; i++) {
            p[i] = seed % 2 ? rng_unit(&r) : (double)rng_below(&r, 9) / 8;
            y[i] = rng_unit(&r) < p[i] * p[i];
            w[i] = 0.5 + rng_unit(&r);
        }
        struct isotonic c;
        isotonic_fit(p, y, w, n, &c);
        cr_assert(le(sz, c.count, ISOTONIC_KNOTS));
        cr_assert(c.count != 1);
        for (size_t k = 0; k < c.count; k++) {
            cr_assert(c.x[k] >= 0 && c.x[k] <= 1 && c.y[k] > 0 && c.y[k] < 1);
            cr_assert(k == 0 || (c.x[k] > c.x[k - 1] && c.y[k] > c.y[k - 1]), "seed %d knot %zu",
                      (int)seed, k);
        }
    }
    free(p);
    free(y);
    free(w);
}

/* A probability with a step in it cannot be had from a sigmoid. */
Test(train_isotonic, is_chosen_where_a_sigmoid_cannot_bend)
{
    enum { N = 6000 };
    double *f = mem_array(N, sizeof *f), *g = mem_array(N, sizeof *g), *y = mem_array(N, sizeof *y),
           *w = mem_array(N, sizeof *w);
    uint32_t *fold = mem_array(N, sizeof *fold);
    struct rng r;
    rng_seed(&r, 5);
    for (size_t i = 0; i < N; i++) {
        f[i] = 2 * rng_normal(&r);
        y[i] = rng_unit(&r) < (fabs(f[i]) < 1.5 ? 0.5 : f[i] < 0 ? 0.05 : 0.6);
        w[i] = 1;
        fold[i] = i % 3;
    }
    struct choice c = {.C = 1};
    choice_calibrate(&(struct out_of_fold){N, f, g, y, w, fold}, 3, &c);
    cr_assert(strcmp(choice_calibration(&c), "isotonic") == 0);
    cr_assert(eq(dbl, c.a, 1));
    cr_assert(eq(dbl, c.d, 0));
    cr_assert(epsilon_eq(dbl, choice_quality(&c, 0, 0), 0.5, 0.06));
    cr_assert(epsilon_eq(dbl, choice_quality(&c, -4, 0), 0.05, 0.04));
    cr_assert(epsilon_eq(dbl, choice_quality(&c, 4, 0), 0.6, 0.08));
    free(f);
    free(g);
    free(y);
    free(w);
    free(fold);
}
