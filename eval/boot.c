/* Bootstrap over groups: buckets, paired resamples of means and of whole curves, intervals. Which
 * figures are resampled is decided in metrics.c and evaluate.c. */
#include "eval/boot.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Buckets of the groups that occur among index[0..n-1]; returns their number, that of the groups in
 * *groups (may be NULL). */
static size_t assign_buckets(const struct eval_set *s, const size_t *index, size_t n, size_t max,
                             uint32_t *bucket, size_t *groups)
{
    AUTO_FREE uint32_t *of_group = mem_array(s->groups, sizeof *of_group);
    size_t used = 0;
    for (size_t k = 0; k < n; k++) {
        size_t g = (size_t)s->group[index ? index[k] : k];
        if (of_group[g] == 0)
            of_group[g] = (uint32_t)++used;
        bucket[k] = of_group[g] - 1;
    }
    if (groups)
        *groups = used;
    if (used <= max)
        return used;
    for (size_t k = 0; k < n; k++) {
        int32_t g = s->group[index ? index[k] : k];
        bucket[k] = (uint32_t)(hash64(&g, sizeof g, 1) % max);
    }
    return max;
}

void boot_init(struct boot *b, const struct eval_set *s, size_t resamples, uint64_t seed,
               size_t max_buckets)
{
    *b = (struct boot){.n = s->n, .resamples = resamples, .seed = seed};
    b->bucket = mem_array(s->n, sizeof *b->bucket);
    b->buckets = assign_buckets(s, NULL, s->n, max_buckets, b->bucket, &b->groups);
    b->weight = mem_array(b->buckets, sizeof *b->weight);
    for (size_t i = 0; i < s->n; i++)
        b->weight[b->bucket[i]] += s->weight[i];
}

void boot_deinit(struct boot *b)
{
    if (!b)
        return;
    free(b->bucket);
    free(b->weight);
    *b = (struct boot){0};
}

void boot_counts(const struct boot *b, size_t first, double *count, double *total,
                 uint32_t *scratch)
{
    for (size_t j = 0; j < BOOT_BLOCK; j++) {
        struct rng r;
        rng_seed(&r, b->seed * 1000003u + first + j);
        stat_resample(&r, scratch, b->buckets);
        total[j] = 0;
        for (size_t k = 0; k < b->buckets; k++) {
            count[k * BOOT_BLOCK + j] = (double)scratch[k];
            total[j] += (double)scratch[k] * b->weight[k];
        }
    }
}

void boot_sum(const struct boot *b, const double *weight, const double *value, double *out)
{
    memset(out, 0, b->buckets * sizeof *out);
    for (size_t i = 0; i < b->n; i++)
        if (!isnan(value[i]))
            out[b->bucket[i]] += weight[i] * value[i];
}

void boot_mean_block(const struct boot *b, const double *sum, const double *count,
                     const double *total, double out[BOOT_BLOCK])
{
    double acc[BOOT_BLOCK] = {0};
    for (size_t k = 0; k < b->buckets; k++)
        for (size_t j = 0; j < BOOT_BLOCK; j++)
            acc[j] += sum[k] * count[k * BOOT_BLOCK + j];
    for (size_t j = 0; j < BOOT_BLOCK; j++)
        out[j] = acc[j] / total[j];
}

/* Sums the events after one knot up to the next by bucket, and appends what is not nothing. */
static size_t append_changes(struct boot_curve *c, size_t at, const uint32_t *touched, size_t count,
                             double *sx, double *sy, unsigned char *seen)
{
    for (size_t k = 0; k < count; k++) {
        const uint32_t g = touched[k];
        c->bucket[at] = g;
        c->dx[at] = sx[g];
        c->dy[at++] = sy[g];
        sx[g] = sy[g] = 0;
        seen[g] = 0;
    }
    return at;
}

void boot_curve_init(struct boot_curve *c, const struct boot *b, const struct eval_set *s,
                     const struct sweep *w, const double *real_y, const double *real_x,
                     size_t max_knots)
{
    *c = (struct boot_curve){0};
    AUTO_FREE size_t *keep = mem_array(max_knots + 1, sizeof *keep);
    c->knots = sweep_thin(w, max_knots + 1, keep);
    if (c->knots > 0 && isinf(w->point[keep[c->knots - 1]].lambda))
        c->knots--;
    c->point = mem_array(c->knots, sizeof *c->point);
    memcpy(c->point, keep, c->knots * sizeof *keep);
    c->start = mem_array(c->knots + 1, sizeof *c->start);
    c->bucket = mem_array(w->events, sizeof *c->bucket);
    c->dx = mem_array(w->events, sizeof *c->dx);
    c->dy = mem_array(w->events, sizeof *c->dy);
    c->x0 = mem_array(b->buckets, sizeof *c->x0);
    c->y0 = mem_array(b->buckets, sizeof *c->y0);
    for (size_t i = 0; i < s->n; i++) {
        const size_t cell = i * s->models + w->first[i];
        c->x0[b->bucket[i]] += s->weight[i] * real_x[cell];
        c->y0[b->bucket[i]] += s->weight[i] * real_y[cell];
    }
    AUTO_FREE double *sx = mem_array(b->buckets, sizeof *sx),
                     *sy = mem_array(b->buckets, sizeof *sy);
    AUTO_FREE unsigned char *seen = mem_array(b->buckets, 1);
    AUTO_FREE uint32_t *touched = mem_array(b->buckets, sizeof *touched);
    size_t at = 0, e = 0;
    for (size_t k = 0; k < c->knots; k++) {
        size_t count = 0;
        c->start[k] = at;
        /* The point at lambda 0 is the start itself, unless an event's key is its own (a pair's).
         */
        const double upto = w->point[c->point[k]].lambda;
        for (; c->point[k] > 0 && e < w->events && w->event[e].key <= upto; e++) {
            const struct sweep_event *v = &w->event[e];
            const size_t row = v->prompt * s->models;
            const uint32_t g = b->bucket[v->prompt];
            if (!seen[g]) {
                seen[g] = 1;
                touched[count++] = g;
            }
            sx[g] += s->weight[v->prompt] * (real_x[row + v->to] - real_x[row + v->from]);
            sy[g] += s->weight[v->prompt] * (real_y[row + v->to] - real_y[row + v->from]);
        }
        at = append_changes(c, at, touched, count, sx, sy, seen);
    }
    c->start[c->knots] = at;
}

void boot_curve_deinit(struct boot_curve *c)
{
    if (!c)
        return;
    free(c->point);
    free(c->start);
    free(c->bucket);
    free(c->dx);
    free(c->dy);
    free(c->x0);
    free(c->y0);
    *c = (struct boot_curve){0};
}

void boot_curve_block(const struct boot_curve *c, const struct boot *b, const double *count,
                      const double *total, double *x, double *y)
{
    double ax[BOOT_BLOCK] = {0}, ay[BOOT_BLOCK] = {0};
    for (size_t k = 0; k < b->buckets; k++)
        for (size_t j = 0; j < BOOT_BLOCK; j++) {
            ax[j] += c->x0[k] * count[k * BOOT_BLOCK + j];
            ay[j] += c->y0[k] * count[k * BOOT_BLOCK + j];
        }
    for (size_t k = 0; k < c->knots; k++) {
        for (size_t d = c->start[k]; d < c->start[k + 1]; d++) {
            const double *times = count + (size_t)c->bucket[d] * BOOT_BLOCK;
            const double dx = c->dx[d], dy = c->dy[d];
            for (size_t j = 0; j < BOOT_BLOCK; j++) {
                ax[j] += dx * times[j];
                ay[j] += dy * times[j];
            }
        }
        for (size_t j = 0; j < BOOT_BLOCK; j++) {
            x[k * BOOT_BLOCK + j] = ax[j] / total[j];
            y[k * BOOT_BLOCK + j] = ay[j] / total[j];
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Interpolates as stat_quantile does at position at, but infinities may be among the values; NaN
 * where the position lies outside of them. */
static double quantile_inf(const double *v, size_t n, double at)
{
    if (at < 0 || at > (double)(n - 1))
        return (double)NAN;
    const size_t k = (size_t)at;
    if (k + 1 >= n)
        return v[n - 1];
    if (isinf(v[k]) || isinf(v[k + 1]))
        return at > (double)k ? v[k + 1] : v[k];
    return v[k] + (v[k + 1] - v[k]) * (at - (double)k);
}

void boot_interval(double *v, size_t r, double *lo, double *hi)
{
    *lo = *hi = (double)NAN;
    if (r < 2)
        return;
    size_t n = 0;
    for (size_t k = 0; k < r; k++)
        if (!isnan(v[k]))
            v[n++] = v[k];
    if (n == 0)
        return;
    qsort(v, n, sizeof *v, by_value);
    *lo = quantile_inf(v, n, .025 * (double)(r - 1) - (double)(r - n));
    *hi = quantile_inf(v, n, .975 * (double)(r - 1));
    if (isnan(*lo) || isnan(*hi))
        *lo = *hi = (double)NAN;
}

double boot_se(const double *v, size_t r)
{
    for (size_t k = 0; k < r; k++)
        if (!isfinite(v[k]))
            return (double)NAN;
    return stat_sd(v, r);
}

void boot_slice(const struct eval_set *s, const double *value, const size_t *index, size_t n,
                size_t resamples, uint64_t seed, double *mean, double *lo, double *hi)
{
    enum { SLICE_BUCKETS = 512 };
    *mean = *lo = *hi = (double)NAN;
    if (n == 0)
        return;
    AUTO_FREE uint32_t *bucket = mem_array(n, sizeof *bucket);
    const size_t buckets = assign_buckets(s, index, n, SLICE_BUCKETS, bucket, NULL);
    AUTO_FREE double *sum = mem_array(buckets, sizeof *sum),
                     *weight = mem_array(buckets, sizeof *weight);
    double total = 0, all = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t i = index ? index[k] : k;
        if (isnan(value[i]))
            continue;
        sum[bucket[k]] += s->weight[i] * value[i];
        weight[bucket[k]] += s->weight[i];
        total += s->weight[i] * value[i];
        all += s->weight[i];
    }
    if (!(all > 0))
        return;
    *mean = total / all;
    if (buckets < 2)
        return;
    AUTO_FREE uint32_t *count = mem_array(buckets, sizeof *count);
    AUTO_FREE double *v = mem_array(resamples, sizeof *v);
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t r = 0; r < resamples; r++) {
        double a = 0, w = 0;
        stat_resample(&rng, count, buckets);
        for (size_t k = 0; k < buckets; k++) {
            a += count[k] * sum[k];
            w += count[k] * weight[k];
        }
        v[r] = w > 0 ? a / w : *mean;
    }
    boot_interval(v, resamples, lo, hi);
}
