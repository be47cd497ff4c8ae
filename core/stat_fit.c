/* Small fits: Platt's sigmoid and ridge least squares, both by Cholesky or closed form on dense
 * normal equations. Logistic heads over many features are liblinear's (train/).
 */
#include "core/stat.h"

#include "core/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct platt {
    const double *f, *y, *w;
    size_t n;
    double ridge;
};

/* ln(1 + e^z) - y z, the log loss of sigmoid(z); finite for every z. */
static double loss_at(double z, double y)
{
    return (z > 0 ? z : 0) + log1p(exp(-fabs(z))) - y * z;
}

static double platt_objective(const struct platt *s, double a, double b)
{
    double sum = 0.5 * s->ridge * (a * a + b * b);
    for (size_t i = 0; i < s->n; i++)
        sum += (s->w != NULL ? s->w[i] : 1.0) * loss_at(a * s->f[i] + b, s->y[i]);
    return sum;
}

/* g: gradient by a, b; h: second derivatives aa, ab, bb. */
static void platt_derivatives(const struct platt *s, double a, double b, double g[2], double h[3])
{
    g[0] = s->ridge * a;
    g[1] = s->ridge * b;
    h[0] = h[2] = s->ridge;
    h[1] = 0;
    for (size_t i = 0; i < s->n; i++) {
        double w = s->w != NULL ? s->w[i] : 1.0, f = s->f[i], p = stat_sigmoid(a * f + b);
        double slope = w * (p - s->y[i]), curve = w * p * (1 - p);
        g[0] += slope * f;
        g[1] += slope;
        h[0] += curve * f * f;
        h[1] += curve * f;
        h[2] += curve;
    }
}

int stat_platt(const double *f, const double *y, const double *w, size_t n, double *a, double *b)
{
    struct platt s = {.f = f, .y = y, .w = w, .n = n};
    double weight = 0, positive = 0;
    for (size_t i = 0; i < n; i++) {
        weight += w != NULL ? w[i] : 1.0;
        positive += (w != NULL ? w[i] : 1.0) * y[i];
    }
    *a = 1;
    *b = 0;
    if (!(weight > 0))
        return -1;
    s.ridge = 1e-6 * weight;
    double at_a = 0, at_b = stat_logit(positive / weight); /* no slope, the right mean */
    double value = platt_objective(&s, at_a, at_b);
    for (int step = 0; step < 200; step++) {
        double g[2], h[3];
        platt_derivatives(&s, at_a, at_b, g, h);
        double det = h[0] * h[2] - h[1] * h[1];
        if (!(det > 0))
            break; /* flat to the last digit */
        double da = -(h[2] * g[0] - h[1] * g[1]) / det, db = -(h[0] * g[1] - h[1] * g[0]) / det;
        double descent = g[0] * da + g[1] * db, size = 1, next = value;
        for (; size > 1e-10; size /= 2) {
            next = platt_objective(&s, at_a + size * da, at_b + size * db);
            if (next < value + 1e-4 * size * descent)
                break;
        }
        if (size <= 1e-10)
            break; /* no further decrease that doubles can show */
        at_a += size * da;
        at_b += size * db;
        value = next;
        if (-descent <= 1e-15 * weight)
            break;
    }
    *a = at_a;
    *b = at_b;
    return 0;
}

bool stat_cholesky(double *m, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double diagonal = m[j * d + j], pivot = diagonal;
        for (size_t k = 0; k < j; k++)
            pivot -= m[j * d + k] * m[j * d + k];
        /* What is left of the diagonal is rounding error when the column depends on the others. */
        if (!(pivot > 1e-13 * diagonal))
            return false;
        double root = sqrt(pivot);
        m[j * d + j] = root;
        for (size_t i = j + 1; i < d; i++) {
            double v = m[i * d + j];
            for (size_t k = 0; k < j; k++)
                v -= m[i * d + k] * m[j * d + k];
            m[i * d + j] = v / root;
        }
    }
    return true;
}

void stat_cholesky_solve(const double *l, size_t d, double *v)
{
    for (size_t i = 0; i < d; i++) {
        for (size_t k = 0; k < i; k++)
            v[i] -= l[i * d + k] * v[k];
        v[i] /= l[i * d + i];
    }
    for (size_t i = d; i-- > 0;) {
        for (size_t k = i + 1; k < d; k++)
            v[i] -= l[k * d + i] * v[k];
        v[i] /= l[i * d + i];
    }
}

int stat_ridge(const double *x, const double *y, const double *w, size_t n, size_t d, double lambda,
               size_t free_col, double *beta)
{
    double *m = mem_array(d * d, sizeof *m), *rhs = mem_array(d, sizeof *rhs);
    for (size_t r = 0; r < n; r++) {
        const double *row = x + r * d;
        double weight = w != NULL ? w[r] : 1.0;
        for (size_t i = 0; i < d; i++) {
            double wi = weight * row[i];
            if (wi == 0)
                continue;
            rhs[i] += wi * y[r];
            for (size_t j = 0; j <= i; j++)
                m[i * d + j] += wi * row[j];
        }
    }
    for (size_t i = 0; i < d; i++) {
        if (i != free_col)
            m[i * d + i] += lambda;
    }
    bool solved = stat_cholesky(m, d);
    if (solved) {
        stat_cholesky_solve(m, d, rhs);
        memcpy(beta, rhs, d * sizeof *beta);
    }
    free(m);
    free(rhs);
    return solved ? 0 : -1;
}
