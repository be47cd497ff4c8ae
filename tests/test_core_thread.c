/* core/thread: every job exactly once, on several threads where there are several jobs. */
#include "core/thread.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { N = 5000 };
static atomic_int hits[N];

static void count(void *arg, size_t i)
{
    atomic_fetch_add(&hits[i], 1);
    atomic_fetch_add((atomic_int *)arg, 1);
}

Test(thread, every_job_runs_once)
{
    const size_t threads[] = {0, 1, 2, 3, 64, 1000};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        for (size_t n = 0; n <= N; n = n * 7 + 1) {
            atomic_int total = 0;
            for (size_t i = 0; i < N; i++)
                atomic_store(&hits[i], 0);
            thread_for(n, threads[t], count, &total);
            cr_assert(eq(int, atomic_load(&total), (int)n));
            for (size_t i = 0; i < N; i++)
                cr_assert(eq(int, atomic_load(&hits[i]), i < n), "job %zu of %zu", i, n);
        }
    }
}

/* Two jobs that wait for each other: ends only when they run at the same time. */
static void meet(void *arg, size_t i)
{
    (void)i;
    pthread_barrier_wait(arg);
}

Test(thread, jobs_run_at_the_same_time, .timeout = 20)
{
    pthread_barrier_t both;
    pthread_barrier_init(&both, NULL, 2);
    thread_for(2, 2, meet, &both);
    pthread_barrier_destroy(&both);
}

static void nested_inner(void *arg, size_t i)
{
    (void)i;
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void nested(void *arg, size_t i)
{
    (void)i;
    thread_for(10, 2, nested_inner, arg);
}

Test(thread, calls_can_be_nested)
{
    atomic_int total = 0;
    thread_for(10, 2, nested, &total);
    cr_assert(eq(int, atomic_load(&total), 100));
}

Test(thread, the_environment_sets_the_number)
{
    unsetenv("SHUNT_THREADS");
    size_t usual = thread_cores();
    cr_assert(usual >= 1 && usual <= 64);
    const struct {
        const char *text;
        size_t want;
    } cases[] = {{"1", 1},      {"7", 7},       {"1000", 64}, {"0", usual},
                 {"-3", usual}, {"two", usual}, {"", usual}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("SHUNT_THREADS", cases[i].text, 1);
        cr_assert(eq(sz, thread_cores(), cases[i].want), "SHUNT_THREADS='%s'", cases[i].text);
    }
}
