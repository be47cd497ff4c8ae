/* Pool adjacent violators over bins. Whether a head gets a curve is decided in train/choose.c.
 */
#include "train/isotonic.h"

#include "core/mem.h"
#include "core/stat.h"

#include <stdbool.h>

/* Neighbours in the order of p, pooled. */
struct pool {
    double weight, x, y; /* sums of w, w p, w y */
};

static double mean_x(const struct pool *b)
{
    return b->x / b->weight;
}

static double mean_y(const struct pool *b, double prior)
{
    return (b->y + prior) / (b->weight + 1.0);
}

/* Bins in the order of p; returns their number. */
static size_t make_bins(const double *p, const double *y, const double *w, size_t n, double weight,
                        struct pool *bin)
{
    AUTO_FREE size_t *order = mem_array(n, sizeof *order);
    stat_order(p, n, order);
    size_t bins = 0;
    double seen = 0;
    for (size_t k = 0; k < n; k++) {
        size_t i = order[k];
        bool same = k > 0 && !(p[i] > p[order[k - 1]]);
        if (bins == 0 ||
            (!same && seen >= weight * (double)bins / ISOTONIC_KNOTS && bins < ISOTONIC_KNOTS))
            bin[bins++] = (struct pool){0, 0, 0};
        bin[bins - 1].weight += w[i];
        bin[bins - 1].x += w[i] * p[i];
        bin[bins - 1].y += w[i] * y[i];
        seen += w[i];
    }
    return bins;
}

void isotonic_fit(const double *p, const double *y, const double *w, size_t n, struct isotonic *out)
{
    out->count = 0;
    double weight = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        weight += w[i];
        sum += w[i] * y[i];
    }
    if (!(weight > 0))
        return;
    double prior = sum / weight;
    struct pool pool[ISOTONIC_KNOTS];
    size_t bins = make_bins(p, y, w, n, weight, pool), pools = 0;
    for (size_t b = 0; b < bins; b++) {
        struct pool next = pool[b];
        while (pools > 0 && !(mean_y(&next, prior) > mean_y(&pool[pools - 1], prior) &&
                              mean_x(&next) > mean_x(&pool[pools - 1]))) {
            pools--;
            next.weight += pool[pools].weight;
            next.x += pool[pools].x;
            next.y += pool[pools].y;
        }
        pool[pools++] = next;
    }
    if (pools < 2)
        return;
    for (size_t k = 0; k < pools; k++) {
        out->x[k] = mean_x(&pool[k]);
        out->y[k] = mean_y(&pool[k], prior);
    }
    out->count = pools;
}

double isotonic_at(const struct isotonic *c, double p)
{
    if (c->count == 0)
        return p;
    if (p <= c->x[0])
        return c->y[0];
    size_t low = 0, high = c->count; /* x[low] < p */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (c->x[mid] < p)
            low = mid;
        else
            high = mid;
    }
    if (high == c->count)
        return c->y[low];
    double share = (p - c->x[low]) / (c->x[high] - c->x[low]);
    return c->y[low] + share * (c->y[high] - c->y[low]);
}
