/* Hot reload: a table swapped under running readers, by split reference counts.
 *
 * One word holds the place of the table in force and how many readers have come to it since it was
 * put there, so that one addition finds the table and counts the reader. Readers leave by
 * subtracting at the place. Whoever takes a table out of force adds its count of comers there: from
 * then on the place's number is that of the readers who are still in, and who makes it 0 closes the
 * table. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "router/internal.h"

enum { PLACES = 256, COUNT_BITS = 56 };
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1) /* two centuries at ten million a second */

struct place {
    struct shunt_table *table;
    _Atomic int64_t readers; /* less those who left, while in force; else those still in */
    atomic_int used;
};

struct shunt_handle {
    _Atomic uint64_t word; /* place << COUNT_BITS | readers who came */
    pthread_mutex_t writers;
    struct place place[PLACES];
};

int shunt_handle_new(struct shunt_table *t, struct shunt_handle **out)
{
    if (!t || !out)
        return SHUNT_E_ARGUMENT;
    struct shunt_handle *h = calloc(1, sizeof *h);
    if (!h || pthread_mutex_init(&h->writers, NULL) != 0) {
        free(h);
        return SHUNT_E_NOMEM;
    }
    h->place[0].table = t;
    atomic_store(&h->place[0].used, 1);
    *out = h;
    return SHUNT_OK;
}

void shunt_handle_free(struct shunt_handle *h)
{
    if (!h)
        return;
    for (int i = 0; i < PLACES; i++)
        if (atomic_load(&h->place[i].used))
            shunt_close(h->place[i].table);
    pthread_mutex_destroy(&h->writers);
    free(h);
}

const struct shunt_table *shunt_handle_acquire(struct shunt_handle *h, struct shunt_lease *lease)
{
    uint64_t word = atomic_fetch_add_explicit(&h->word, 1, memory_order_acquire);
    lease->opaque = word >> COUNT_BITS;
    lease->table = h->place[lease->opaque].table;
    return lease->table;
}

/* Nobody is in and nobody can come: close the table and give the place back. */
static void empty(struct place *p)
{
    struct shunt_table *t = p->table;
    p->table = NULL;
    atomic_store_explicit(&p->readers, 0, memory_order_relaxed);
    atomic_store_explicit(&p->used, 0, memory_order_release);
    shunt_close(t);
}

void shunt_handle_release(struct shunt_handle *h, struct shunt_lease *lease)
{
    struct place *p = &h->place[lease->opaque];
    lease->table = NULL;
    if (atomic_fetch_sub_explicit(&p->readers, 1, memory_order_acq_rel) == 1)
        empty(p);
}

int shunt_handle_swap(struct shunt_handle *h, struct shunt_table *t)
{
    if (!h || !t)
        return SHUNT_E_ARGUMENT;
    int status = SHUNT_E_BUSY;
    pthread_mutex_lock(&h->writers);
    for (uint64_t i = 0; i < PLACES && status; i++) {
        struct place *next = &h->place[i];
        if (atomic_load_explicit(&next->used, memory_order_acquire))
            continue;
        next->table = t;
        atomic_store_explicit(&next->used, 1, memory_order_relaxed);
        uint64_t old = atomic_exchange_explicit(&h->word, i << COUNT_BITS, memory_order_acq_rel);
        struct place *p = &h->place[old >> COUNT_BITS];
        int64_t came = (int64_t)(old & COUNT_MASK);
        if (atomic_fetch_add_explicit(&p->readers, came, memory_order_acq_rel) == -came)
            empty(p);
        status = SHUNT_OK;
    }
    pthread_mutex_unlock(&h->writers);
    return status;
}

int shunt_handle_reload(struct shunt_handle *h, const char *path, char *err, size_t errlen)
{
    struct shunt_table *t = NULL;
    struct fault f = {err, errlen};
    if (!h)
        return shunt_fault(&f, SHUNT_E_ARGUMENT, "%s", shunt_strerror(SHUNT_E_ARGUMENT));
    int status = shunt_open_detail(path, &t, err, errlen);
    if (status)
        return status;
    status = shunt_selftest(t);
    if (status == SHUNT_OK)
        status = shunt_handle_swap(h, t);
    if (status) {
        shunt_close(t);
        shunt_fault(&f, status, "%s", shunt_strerror(status));
    }
    return status;
}

int shunt_handle_tables(struct shunt_handle *h)
{
    int n = 0;
    for (int i = 0; i < PLACES; i++)
        n += atomic_load_explicit(&h->place[i].used, memory_order_acquire) != 0;
    return n;
}
