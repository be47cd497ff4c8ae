/* Seeded folds over clusters. Nothing here looks at a label.
 */
#include "train/fold.h"

#include "core/mem.h"
#include "core/rng.h"

#include <stdlib.h>

struct member {
    int64_t cluster;
    size_t prompt;
};

static int by_cluster(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->cluster != y->cluster)
        return x->cluster < y->cluster ? -1 : 1;
    return x->prompt < y->prompt ? -1 : 1;
}

struct group {
    size_t first, size; /* into the sorted members */
    size_t place;       /* in the shuffled order: breaks ties of size */
};

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

size_t fold_deal(const int64_t *cluster, size_t n, size_t K, uint64_t seed, const char *what,
                 uint32_t *fold)
{
    AUTO_FREE struct member *m = mem_array(n, sizeof *m);
    for (size_t i = 0; i < n; i++)
        m[i] = (struct member){cluster[i], i};
    qsort(m, n, sizeof *m, by_cluster);

    AUTO_FREE struct group *g = mem_array(n, sizeof *g);
    size_t groups = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || m[i].cluster != m[i - 1].cluster)
            g[groups++] = (struct group){i, 0, 0};
        g[groups - 1].size++;
    }

    AUTO_FREE size_t *order = mem_array(groups, sizeof *order);
    for (size_t i = 0; i < groups; i++)
        order[i] = i;
    struct rng r;
    rng_seed_for(&r, seed, what);
    rng_shuffle(&r, order, groups);
    for (size_t i = 0; i < groups; i++)
        g[order[i]].place = i;
    qsort(g, groups, sizeof *g, by_size);

    AUTO_FREE size_t *size = mem_array(K, sizeof *size);
    for (size_t i = 0; i < groups; i++) {
        size_t k = 0;
        for (size_t j = 1; j < K; j++)
            if (size[j] < size[k])
                k = j;
        size[k] += g[i].size;
        for (size_t j = 0; j < g[i].size; j++)
            fold[m[g[i].first + j].prompt] = (uint32_t)k;
    }
    return groups;
}
