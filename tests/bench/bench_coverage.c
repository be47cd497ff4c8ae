/* How often the interval of a router that knows nothing holds the truth: tests/coverage.h at three
 * sizes, 200 runs of 1,000 resamples each. Prints `bench NAME VALUE TARGET ok|short`; status 1 when
 * one is short.
 */
#include "tests/coverage.h"

#include <stdio.h>

enum { RUNS = 200, RESAMPLES = 1000, TARGET = 182 };

int main(void)
{
    static const size_t sizes[] = {300, 1500, 5500};
    int status = 0;
    for (int k = 0; k < 3; k++) {
        struct coverage c;
        coverage_run(sizes[k], RUNS, RESAMPLES, &c);
        printf("bench coverage_of_0_at_%zu_prompts %zu %d %s\n", sizes[k], c.covered, TARGET,
               c.covered >= TARGET ? "ok" : "short");
        printf("# of %d: %zu above, %zu below, mean gain %+.5f\n", RUNS, c.above, c.below, c.mean);
        fflush(stdout);
        status |= c.covered < TARGET;
    }
    return status;
}
