/* Geometry of cost/quality curves: sorting, concave hull, areas, levels. What the curves are made
 * of is sweep.c. */
#include "eval/curve.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

size_t curve_end(const double *cost, size_t models)
{
    size_t best = 0;
    for (size_t m = 1; m < models; m++)
        if (cost[m] < cost[best])
            best = m;
    return best;
}

static bool before(double ax, double ay, double bx, double by)
{
    return ax < bx || (ax <= bx && ay < by);
}

static void reverse(double *x, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        double t = x[i];
        x[i] = x[n - 1 - i];
        x[n - 1 - i] = t;
    }
}

/* Shell sort with Ciura's gaps: curves come almost sorted from dear to cheap. */
void curve_sort(double *x, double *y, size_t n)
{
    static const size_t gaps[] = {1577, 701, 301, 132, 57, 23, 10, 4, 1};
    if (n < 2)
        return;
    if (x[0] > x[n - 1]) {
        reverse(x, n);
        reverse(y, n);
    }
    size_t gap = n / 2;
    for (size_t g = 0;; gap = gap * 4 / 9) {
        if (gap <= gaps[0]) { /* below that the tabled gaps are better */
            while (gaps[g] > 1 && gaps[g] >= n)
                g++;
            gap = gaps[g++];
        }
        for (size_t i = gap; i < n; i++) {
            const double vx = x[i], vy = y[i];
            size_t j = i;
            for (; j >= gap && before(vx, vy, x[j - gap], y[j - gap]); j -= gap) {
                x[j] = x[j - gap];
                y[j] = y[j - gap];
            }
            x[j] = vx;
            y[j] = vy;
        }
        if (gap == 1)
            return;
    }
}

size_t curve_hull(const double *x, const double *y, size_t n, double *hx, double *hy)
{
    size_t h = 0;
    for (size_t i = 0; i < n; i++) {
        if (h > 0 && y[i] <= hy[h - 1])
            continue;
        if (h > 0 && x[i] <= hx[h - 1])
            h--; /* the same cost, better */
        while (h > 1 && (hy[h - 1] - hy[h - 2]) * (x[i] - hx[h - 2]) <=
                            (y[i] - hy[h - 2]) * (hx[h - 1] - hx[h - 2]))
            h--;
        hx[h] = x[i];
        hy[h++] = y[i];
    }
    return h;
}

double curve_at(const double *x, const double *y, size_t n, double at)
{
    if (n == 0)
        return (double)NAN;
    if (at <= x[0])
        return y[0];
    if (at >= x[n - 1])
        return y[n - 1];
    size_t lo = 0, hi = n - 1; /* x[lo] < at <= x[hi] */
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (x[mid] < at)
            lo = mid;
        else
            hi = mid;
    }
    return y[lo] + (y[hi] - y[lo]) * ((at - x[lo]) / (x[hi] - x[lo]));
}

double curve_area(const double *x, const double *y, size_t n, double lo, double hi)
{
    if (n == 0 || !(lo < hi))
        return (double)NAN;
    double area = 0, at = lo, level = curve_at(x, y, n, lo);
    for (size_t i = 0; i < n; i++) {
        if (x[i] <= lo)
            continue;
        if (x[i] >= hi)
            break;
        /* Of points at one cost the first ends what is left of it, the last begins the rest. */
        area += (x[i] - at) * (level + y[i]) / 2;
        at = x[i];
        level = y[i];
    }
    area += (hi - at) * (level + curve_at(x, y, n, hi)) / 2;
    return area / (hi - lo);
}

double curve_reach(const double *hx, const double *hy, size_t n, double level)
{
    for (size_t i = 0; i < n; i++) {
        if (hy[i] < level)
            continue;
        if (i == 0)
            return hx[0];
        return hx[i - 1] + (hx[i] - hx[i - 1]) * ((level - hy[i - 1]) / (hy[i] - hy[i - 1]));
    }
    return (double)INFINITY;
}

double curve_apgr(const double *share, const double *y, size_t n, double weak, double strong)
{
    double area = 0;
    for (size_t i = 1; i < n; i++)
        area += (share[i] - share[i - 1]) * ((y[i] - weak) + (y[i - 1] - weak)) / 2;
    return area / (strong - weak);
}

double curve_cpt(const double *share, const double *y, size_t n, double weak, double strong,
                 double level)
{
    const double want = weak + level * (strong - weak);
    double top = -INFINITY, top_share = 0; /* running maximum, and the share of the point before */
    for (size_t i = 0; i < n; i++) {
        if (y[i] >= want) {
            if (i == 0 || !(y[i] > top))
                return share[i];
            return top_share + (share[i] - top_share) * ((want - top) / (y[i] - top));
        }
        top = y[i] > top ? y[i] : top;
        top_share = share[i];
    }
    return (double)INFINITY;
}
