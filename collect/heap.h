/* Things that become due, the earliest first: a binary heap of (time, pointer). */
#ifndef COLLECT_HEAP_H
#define COLLECT_HEAP_H

#include "core/vec.h"

#include <stddef.h>

struct heap_item {
    double due_s; /* clock_s() */
    void *what;
};
struct heap VEC_BODY(struct heap_item); /* start zeroed; VEC_FREE ends it */

void heap_push(struct heap *h, double due_s, void *what);
double heap_due(const struct heap *h); /* of the first; infinity when empty */
void *heap_pop(struct heap *h);        /* the first; the heap must not be empty */

#endif
