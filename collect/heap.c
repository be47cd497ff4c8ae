/* A binary heap in an array. */
#include "collect/heap.h"

#include <math.h>

static void swap(struct heap *h, size_t a, size_t b)
{
    struct heap_item t = h->v[a];
    h->v[a] = h->v[b];
    h->v[b] = t;
}

void heap_push(struct heap *h, double due_s, void *what)
{
    struct heap_item item = {due_s, what};
    VEC_PUSH(h, item);
    for (size_t i = h->n - 1; i > 0 && h->v[i].due_s < h->v[(i - 1) / 2].due_s; i = (i - 1) / 2)
        swap(h, i, (i - 1) / 2);
}

double heap_due(const struct heap *h)
{
    return h->n ? h->v[0].due_s : (double)INFINITY;
}

void *heap_pop(struct heap *h)
{
    void *what = h->v[0].what;
    h->v[0] = h->v[--h->n];
    for (size_t i = 0;;) {
        size_t least = i, l = 2 * i + 1, r = l + 1;
        if (l < h->n && h->v[l].due_s < h->v[least].due_s)
            least = l;
        if (r < h->n && h->v[r].due_s < h->v[least].due_s)
            least = r;
        if (least == i)
            return what;
        swap(h, i, least);
        i = least;
    }
}
