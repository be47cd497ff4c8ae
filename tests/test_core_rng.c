/* core/rng: the published algorithms' values, and that draws are uniform. */
#include "core/rng.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* First outputs of xoshiro256** from the state 1, 2, 3, 4 (the authors' C code; the same numbers
 * stand in the tests of other implementations). */
Test(rng, follows_the_published_algorithm)
{
    static const uint64_t want[] = {UINT64_C(11520),
                                    UINT64_C(0),
                                    UINT64_C(1509978240),
                                    UINT64_C(1215971899390074240),
                                    UINT64_C(1216172134540287360),
                                    UINT64_C(607988272756665600),
                                    UINT64_C(16172922978634559625),
                                    UINT64_C(8476171486693032832),
                                    UINT64_C(10595114339597558777),
                                    UINT64_C(2904607092377533576)};
    struct rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        cr_assert(eq(u64, rng_next(&r), want[i]), "output %zu", i);
    /* The state after seeding is the output of splitmix64 from that seed. */
    static const uint64_t split[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                     UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
    rng_seed(&r, 1234567);
    for (size_t i = 0; i < 4; i++)
        cr_assert(eq(u64, r.s[i], split[i]), "word %zu", i);
}

Test(rng, streams_depend_on_seed_and_purpose)
{
    struct rng a, b, c, d;
    rng_seed_for(&a, 1, "folds");
    rng_seed_for(&b, 1, "folds");
    rng_seed_for(&c, 1, "bootstrap");
    rng_seed_for(&d, 2, "folds");
    uint64_t first = rng_next(&a);
    cr_assert(eq(u64, rng_next(&b), first));
    cr_assert(ne(u64, rng_next(&c), first));
    cr_assert(ne(u64, rng_next(&d), first));
}

Test(rng, below_is_uniform)
{
    struct rng r;
    rng_seed(&r, 42);
    size_t count[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t v = rng_below(&r, 7);
        cr_assert(v < 7);
        count[v]++;
    }
    double chi2 = 0;
    for (int i = 0; i < 7; i++)
        chi2 += ((double)count[i] - 10000) * ((double)count[i] - 10000) / 10000;
    cr_assert(chi2 < 22.46, "chi squared %g, df 6, p < .001", chi2);
    cr_assert(eq(u64, rng_below(&r, 1), 0));
    /* 3/4 of 2^64: without rejection the lower third would come up half the time. */
    const uint64_t n = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++)
        low += rng_below(&r, n) < n / 3;
    cr_assert(abs(low - 10000) < 330, "%d of 30000 in the lower third", low);
}

Test(rng, unit_and_normal_have_their_moments)
{
    struct rng r;
    rng_seed(&r, 8);
    double sum = 0, squares = 0, cubes = 0, fourth = 0, unit = 0;
    const int n = 200000;
    for (int i = 0; i < n; i++) {
        double u = rng_unit(&r), z = rng_normal(&r);
        cr_assert(u >= 0 && u < 1);
        unit += u;
        sum += z;
        squares += z * z;
        cubes += z * z * z;
        fourth += z * z * z * z;
    }
    /* Five standard errors each. */
    cr_assert(fabs(unit / n - .5) < 5 * .2887 / sqrt(n));
    cr_assert(fabs(sum / n) < 5 / sqrt(n));
    cr_assert(fabs(squares / n - 1) < 5 * sqrt(2.0 / n));
    cr_assert(fabs(cubes / n) < 5 * sqrt(15.0 / n));
    cr_assert(fabs(fourth / n - 3) < 5 * sqrt(96.0 / n));
    cr_assert(eq(dbl, rng_unit(&(struct rng){{0, 0, 0, 0}}), 0), "the least value is 0");
}

Test(rng, shuffle_is_a_uniform_permutation)
{
    struct rng r;
    rng_seed(&r, 9);
    size_t count[6] = {0};
    for (int i = 0; i < 6000; i++) {
        size_t a[3] = {0, 1, 2};
        rng_shuffle(&r, a, 3);
        cr_assert(eq(sz, (1u << a[0]) + (1u << a[1]) + (1u << a[2]), 7), "a permutation");
        count[a[0] * 2 + (a[1] > a[2])]++;
    }
    double chi2 = 0;
    for (int i = 0; i < 6; i++)
        chi2 += ((double)count[i] - 1000) * ((double)count[i] - 1000) / 1000;
    cr_assert(chi2 < 20.5, "chi squared %g, df 5, p < .001", chi2);
    rng_shuffle(&r, NULL, 0);
}
