/* Descriptive statistics, order, losses, calibration error, multiple tests. Distributions are in
 * stat_dist.c, fits in stat_fit.c.
 */
#include "core/stat.h"

#include "core/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double stat_mean(const double *x, size_t n)
{
    return stat_wmean(x, NULL, n);
}

double stat_wmean(const double *x, const double *w, size_t n)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < n; i++) {
        double wi = w != NULL ? w[i] : 1.0;
        sum += wi * x[i];
        weight += wi;
    }
    return weight > 0 ? sum / weight : (double)NAN;
}

double stat_sd(const double *x, size_t n)
{
    if (n < 2)
        return (double)NAN;
    double mean = stat_mean(x, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sqrt(sum / (double)(n - 1));
}

/* NaN after every number, so that the order is total. */
static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return !!isnan(x) - !!isnan(y);
    return (x > y) - (x < y);
}

double stat_quantile(double *x, size_t n, double p)
{
    if (n > 0)
        qsort(x, n, sizeof *x, compare_double);
    return stat_quantile_sorted(x, n, p);
}

double stat_quantile_sorted(const double *x, size_t n, double p)
{
    if (n == 0 || isnan(p))
        return (double)NAN;
    double at = (double)(n - 1) * (p < 0 ? 0 : p > 1 ? 1 : p);
    size_t i = (size_t)at;
    if (i + 1 >= n)
        return x[n - 1];
    double share = at - (double)i;
    return share > 0 ? x[i] + share * (x[i + 1] - x[i]) : x[i];
}

/* Bottom-up merge sort of indices; equal keys keep their order. */
void stat_order(const double *x, size_t n, size_t *order)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    if (n < 2)
        return;
    size_t *spare = mem_array(n, sizeof *spare);
    size_t *from = order, *to = spare;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = low + width < n ? low + width : n;
            size_t high = mid + width < n ? mid + width : n;
            size_t a = low, b = mid;
            for (size_t k = low; k < high; k++) {
                bool left = a < mid && (b >= high || compare_double(&x[from[a]], &x[from[b]]) <= 0);
                to[k] = left ? from[a++] : from[b++];
            }
        }
        size_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != order)
        memcpy(order, from, n * sizeof *order);
    free(spare);
}

void stat_resample(struct rng *r, uint32_t *count, size_t groups)
{
    memset(count, 0, groups * sizeof *count);
    for (size_t i = 0; i < groups; i++)
        count[rng_below(r, groups)]++;
}

static double clip(double p, double margin)
{
    return p < margin ? margin : p > 1 - margin ? 1 - margin : p;
}

double stat_log_loss(double p, double y)
{
    double q = clip(p, 1e-12);
    return -(y * log(q) + (1 - y) * log1p(-q));
}

double stat_sigmoid(double x)
{
    if (x >= 0)
        return 1 / (1 + exp(-x));
    double e = exp(x); /* does not overflow on this side */
    return e / (1 + e);
}

double stat_logit(double p)
{
    double q = clip(p, 1e-9);
    return log(q) - log1p(-q);
}

double stat_brier(const double *p, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (p[i] - y[i]) * (p[i] - y[i]);
    return n > 0 ? sum / (double)n : (double)NAN;
}

double stat_ece(const double *p, const double *y, size_t n, size_t bins)
{
    if (n == 0 || bins == 0)
        return (double)NAN;
    size_t *order = mem_array(n, sizeof *order);
    stat_order(p, n, order);
    double sum = 0;
    size_t begin = 0;
    for (size_t k = 0; k < bins; k++) {
        /* ends of equal bins: floor((k + 1) n / bins) without overflow */
        size_t end = n / bins * (k + 1) + n % bins * (k + 1) / bins;
        if (end <= begin)
            continue; /* ties filled this bin's share already */
        while (end < n && p[order[end]] <= p[order[end - 1]])
            end++;
        double gap = 0;
        for (size_t i = begin; i < end; i++)
            gap += p[order[i]] - y[order[i]];
        sum += fabs(gap); /* weight (count / n) times |gap / count| */
        begin = end;
    }
    free(order);
    return sum / (double)n;
}

void stat_holm(double *p, size_t m)
{
    size_t *order = mem_array(m, sizeof *order);
    stat_order(p, m, order);
    size_t tests = m;
    while (tests > 0 && isnan(p[order[tests - 1]]))
        tests--; /* what was not tested does not count */
    double largest = 0;
    for (size_t i = 0; i < tests; i++) {
        double adjusted = p[order[i]] * (double)(tests - i);
        if (adjusted > largest)
            largest = adjusted;
        p[order[i]] = largest < 1 ? largest : 1;
    }
    free(order);
}
