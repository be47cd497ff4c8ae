/* Threads that route while tables are swapped under them, and that book on one ledger: a plain
 * program for ThreadSanitizer, under which Criterion does not run.
 *
 *   tsan_reload OLD.shunt NEW.shunt [RELOADS [THREADS]]
 *
 * Speaks TAP. Readers check that every answer is that of the table they hold. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/shunt.h"

static struct shunt_handle *handle;
static struct shunt_budget *budget;
static atomic_int stop, wrong;
static atomic_long decisions;
static double expected[2]; /* quality of the recorded text by the table's minor version */

static double ask(const struct shunt_table *t)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    r.text = "What is 12 * 7? Ask my lawyer.";
    r.text_bytes = strlen(r.text);
    if (shunt_route(t, &r, &d))
        return -1;
    return d.quality;
}

static unsigned minor(const struct shunt_table *t)
{
    struct shunt_table_info i = SHUNT_TABLE_INFO_INIT;
    return shunt_get_table(t, &i) ? 9 : i.minor;
}

static void *reader(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        struct shunt_lease lease;
        const struct shunt_table *t = shunt_handle_acquire(handle, &lease);
        unsigned m = minor(t);
        double q = ask(t);
        if (m > 1 || q < expected[m] || q > expected[m])
            atomic_store(&wrong, 1);
        shunt_budget_reserve(budget, shunt_model_name(t, 0), "user", 1, 1000);
        shunt_handle_release(handle, &lease);
        atomic_fetch_add(&decisions, 1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    enum { THREADS_MAX = 64 };
    pthread_t thread[THREADS_MAX];
    struct shunt_table *t = NULL;
    int reloads = argc > 3 ? atoi(argv[3]) : 1000;
    int threads = argc > 4 ? atoi(argv[4]) : 4;
    if (argc < 3 || threads < 1 || threads > THREADS_MAX)
        return 2;
    for (int i = 0; i < 2; i++) {
        if (shunt_open(argv[1 + i], &t) || minor(t) != (unsigned)i)
            return 3;
        expected[i] = ask(t);
        if (i == 0)
            shunt_close(t);
    }
    if (shunt_handle_new(t, &handle) || shunt_budget_new(&budget))
        return 7;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, reader, NULL))
            return 7;
    int failed = 0;
    while (atomic_load(&decisions) < threads)
        ; /* every table is to be used by somebody */
    for (int i = 0; i < reloads; i++) {
        long before = atomic_load(&decisions);
        failed |= shunt_handle_reload(handle, argv[1 + i % 2], NULL, 0) != SHUNT_OK;
        while (atomic_load(&decisions) == before)
            ;
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);

    int64_t day = 0;
    int64_t month = 0;
    shunt_budget_spent(budget, SHUNT_BUDGET_USER, "user", 1000, &day, &month);
    printf("%s 1 - every reload worked\n", failed ? "not ok" : "ok");
    printf("%s 2 - every answer was the held table's (%ld decisions, %d reloads, %d threads)\n",
           atomic_load(&wrong) ? "not ok" : "ok", atomic_load(&decisions), reloads, threads);
    printf("%s 3 - old tables are closed\n", shunt_handle_tables(handle) == 1 ? "ok" : "not ok");
    printf("%s 4 - the ledger lost nothing\n", day == atomic_load(&decisions) ? "ok" : "not ok");
    printf("1..4\n");
    failed |=
        atomic_load(&wrong) || shunt_handle_tables(handle) != 1 || day != atomic_load(&decisions);
    shunt_handle_free(handle);
    shunt_budget_free(budget);
    return failed;
}
