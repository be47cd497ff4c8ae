/* A router that knows nothing gets no gain, and its interval says so nineteen times in twenty:
 * fixed seeds, so the counts are always the same. `make bench-coverage` has three sizes. */
#include "tests/coverage.h"

#include <criterion/criterion.h>

Test(eval_coverage, intervals_of_no_gain_hold_zero)
{
    struct coverage c;
    coverage_run(300, 200, 400, &c);
    cr_assert(c.covered >= 182 && c.covered < 200, "%zu of 200", c.covered);
    cr_assert(fabs(c.mean) < .004, "mean gain %g", c.mean);
}

/* What the count would say of a gain that is there: with the true probabilities for q it is seen.
 */
Test(eval_coverage, a_gain_is_seen)
{
    size_t seen = 0;
    for (uint64_t run = 0; run < 20; run++) {
        struct eval_set s;
        struct boot b;
        struct sweep w;
        struct metric_result x;
        coverage_set(1500, run, &s);
        for (size_t i = 0; i < s.n; i++) /* knows where the dear model alone is right */
            s.q[i * 2 + 1] = .5 + .4 * (s.score[i * 2 + 1] - s.score[i * 2]) + .1 * s.q[i * 2 + 1];
        boot_init(&b, &s, 200, run, BOOT_BUCKETS);
        sweep_run(&s, s.q, s.c, s.score, s.cost, &w);
        const struct metric_source src = {
            .set = &s, .cost_known = true, .router = &w, .weak = 0, .strong = 1};
        metric_run(&src, &b, &x);
        seen += x.lo[METRIC_GAIN_AIQ_RAW] > 0;
        metric_result_deinit(&x);
        sweep_deinit(&w);
        boot_deinit(&b);
        eval_set_deinit(&s);
    }
    cr_assert(seen == 20, "%zu of 20", seen);
}
