/* Independent jobs over a few threads, handed out by one atomic index. No pool: threads live for
 * one call, which costs some 20 microseconds each and leaves nothing to shut down.
 */
#include "core/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 64

struct work {
    atomic_size_t next;
    size_t n;
    void (*job)(void *arg, size_t i);
    void *arg;
};

size_t thread_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const char *text = getenv("SHUNT_THREADS");
    if (text != NULL && *text != '\0') {
        char *end;
        long wish = strtol(text, &end, 10);
        if (*end == '\0' && wish > 0)
            cores = wish;
    }
    return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
}

static void *worker(void *p)
{
    struct work *w = p;
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
        if (i >= w->n)
            return NULL;
        w->job(w->arg, i);
    }
}

void thread_for(size_t n, size_t threads, void (*job)(void *arg, size_t i), void *arg)
{
    struct work w = {.n = n, .job = job, .arg = arg};
    atomic_init(&w.next, 0);
    if (threads == 0)
        threads = thread_cores();
    if (threads > n)
        threads = n;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    /* The caller is one of them; a thread that cannot be made is done without. */
    pthread_t id[THREADS_MAX];
    size_t made = 0;
    while (made + 1 < threads && pthread_create(&id[made], NULL, worker, &w) == 0)
        made++;
    worker(&w);
    for (size_t i = 0; i < made; i++)
        pthread_join(id[i], NULL);
}
