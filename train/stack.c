/* The coefficients of stacking, by Newton's method on a few columns, and whether they pay. Which
 * values go in, and what becomes of the weights, is train/fit.c.
 */
#include "train/stack.h"

#include "core/mem.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE = 50000,                   /* prompts that fit: some twenty numbers need no more */
    COLUMNS = 2 * STACK_FEATURES + 1, /* own, shared, bias */
    ROUNDS = 25,
    HALVINGS = 12,
};

/* Penalties, in units of one prompt: chosen on folds with other seeds than those of the figures in
 * the README, where anything from 1 to 30 and from 30 to 300 did as well. */
static const double COMMON = 10, OWN = 300, BIAS = 0.1;

/* The heads first..end - 1 on the prompts outside fold `without`. */
struct problem {
    const struct stack_data *d;
    const float *mean; /* [features][n] over the heads that are not left alone */
    size_t first, end, without, step;
    size_t columns;
    double penalty;
    const double *towards; /* [columns] */
};

static void row_of(const struct problem *p, size_t i, size_t h, double *x)
{
    const size_t F = p->d->features;
    for (size_t k = 0; k < F; k++) {
        x[k] = (double)p->d->x[h * F + k][i];
        x[F + k] = (double)p->mean[k * p->d->n + i];
    }
    x[2 * F] = 1;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static double penalty_of(const struct problem *p, size_t k)
{
    return k + 1 < p->columns ? p->penalty : BIAS;
}

/* The objective at b; with g and H its gradient and the lower triangle of its Hessian. */
static double objective(const struct problem *p, const double *b, double *g, double *H)
{
    const struct stack_data *d = p->d;
    const size_t c = p->columns;
    double sum = 0, x[COLUMNS];
    for (size_t k = 0; k < c; k++) {
        const double off = b[k] - p->towards[k];
        sum += penalty_of(p, k) * off * off / 2;
        if (g != NULL)
            g[k] = penalty_of(p, k) * off;
    }
    if (H != NULL) {
        memset(H, 0, c * c * sizeof *H);
        for (size_t k = 0; k < c; k++)
            H[k * c + k] = penalty_of(p, k);
    }
    for (size_t i = 0; i < d->n; i += p->step)
        for (size_t h = p->first; h < p->end && d->fold[i] != p->without; h++) {
            const double y = d->y[i * d->heads + h];
            if (isnan(y) || d->out[h])
                continue;
            row_of(p, i, h, x);
            const double q = stat_sigmoid(dot(b, x, c)), w = d->w[i];
            sum += w * stat_log_loss(q, y);
            for (size_t k = 0; g != NULL && k < c; k++) {
                const double v = w * q * (1 - q) * x[k];
                g[k] += w * (q - y) * x[k];
                for (size_t j = 0; j <= k; j++)
                    H[k * c + j] += v * x[j];
            }
        }
    return sum;
}

/* b [columns], from p->towards on. */
static void solve(const struct problem *p, double *b)
{
    const size_t c = p->columns;
    double g[COLUMNS], H[COLUMNS * COLUMNS], next[COLUMNS];
    memcpy(b, p->towards, c * sizeof *b);
    for (int round = 0; round < ROUNDS; round++) {
        const double now = objective(p, b, g, H), slope = sqrt(dot(g, g, c));
        if (!stat_cholesky(H, c))
            return;
        memcpy(next, g, c * sizeof *next);
        stat_cholesky_solve(H, c, next);
        double step = 1, then = now;
        for (int k = 0; k < HALVINGS; k++, step /= 2) {
            double at[COLUMNS];
            for (size_t j = 0; j < c; j++)
                at[j] = b[j] - step * next[j];
            then = objective(p, at, NULL, NULL);
            if (then <= now) {
                memcpy(b, at, c * sizeof *b);
                break;
            }
        }
        if (!(now - then > 1e-7 * now) || slope <= 0)
            return;
    }
}

/* Coefficients [heads][columns] from the prompts outside a fold (folds: from all). */
static void solve_all(const struct stack_data *d, const float *mean, size_t without, double *b)
{
    struct problem p = {.d = d,
                        .mean = mean,
                        .end = d->heads,
                        .without = without,
                        .step = (d->n + SAMPLE - 1) / SAMPLE,
                        .columns = 2 * d->features + 1,
                        .penalty = COMMON};
    double plain[COLUMNS] = {0}, common[COLUMNS];
    memcpy(plain, d->base, d->features * sizeof *plain);
    p.towards = plain;
    solve(&p, common);
    p.towards = common;
    p.penalty = OWN;
    for (size_t h = 0; h < d->heads; h++) {
        p.first = h;
        p.end = h + 1;
        if (!d->out[h])
            solve(&p, b + h * p.columns);
    }
}

static float *means(const struct stack_data *d)
{
    float *mean = mem_array(d->features * d->n, sizeof *mean);
    size_t heads = 0;
    for (size_t h = 0; h < d->heads; h++)
        heads += !d->out[h];
    for (size_t k = 0; k < d->features; k++)
        for (size_t i = 0; i < d->n; i++) {
            double sum = 0;
            for (size_t h = 0; h < d->heads; h++)
                sum += d->out[h] ? 0 : (double)d->x[h * d->features + k][i];
            mean[k * d->n + i] = heads > 0 ? (float)(sum / (double)heads) : 0;
        }
    return mean;
}

/* value [n][heads], each prompt's by coefficients of the other folds. */
static void cross_fit(const struct stack_data *d, const float *mean, double *value)
{
    const size_t c = 2 * d->features + 1;
    const struct problem p = {.d = d, .mean = mean, .columns = c};
    AUTO_FREE double *b = mem_array(d->heads * c, sizeof *b);
    double x[COLUMNS];
    for (size_t f = 0; f < d->folds; f++) {
        solve_all(d, mean, f, b);
        for (size_t i = 0; i < d->n; i++)
            for (size_t h = 0; h < d->heads && d->fold[i] == f; h++) {
                row_of(&p, i, h, x);
                value[i * d->heads + h] = d->out[h] ? (double)NAN : dot(b + h * c, x, c);
            }
    }
}

/* Is the log loss of value less than the plain heads', or more by no more than a standard error? */
static bool as_good(const struct stack_data *d, const double *value)
{
    double sum = 0, square = 0, count = 0;
    for (size_t i = 0; i < d->n; i++) {
        double worse = 0;
        for (size_t h = 0; h < d->heads; h++) {
            const double y = d->y[i * d->heads + h];
            if (isnan(y) || d->out[h])
                continue;
            double plain = 0;
            for (size_t k = 0; k < d->features; k++)
                plain += d->base[k] * (double)d->x[h * d->features + k][i];
            worse += stat_log_loss(stat_sigmoid(value[i * d->heads + h]), y) -
                     stat_log_loss(stat_sigmoid(plain), y);
        }
        sum += d->w[i] * worse;
        square += d->w[i] * d->w[i] * worse * worse;
        count++;
    }
    return sum <= sqrt(fmax(square - sum * sum / count, 0));
}

bool stack_fit(const struct stack_data *d, struct stack *s, double *value)
{
    *s = (struct stack){0};
    bool any = false;
    for (size_t h = 0; h < d->heads; h++)
        any = any || !d->out[h];
    if (!any || d->n == 0)
        return false;
    AUTO_FREE float *mean = means(d);
    cross_fit(d, mean, value);
    if (!as_good(d, value))
        return false;
    const size_t F = d->features, c = 2 * F + 1;
    AUTO_FREE double *b = mem_array(d->heads * c, sizeof *b);
    solve_all(d, mean, d->folds, b);
    *s = (struct stack){.heads = d->heads,
                        .features = F,
                        .own = mem_array(d->heads * F, sizeof *s->own),
                        .shared = mem_array(d->heads * F, sizeof *s->shared),
                        .bias = mem_array(d->heads, sizeof *s->bias)};
    for (size_t h = 0; h < d->heads; h++) {
        memcpy(s->own + h * F, b + h * c, F * sizeof *b);
        memcpy(s->shared + h * F, b + h * c + F, F * sizeof *b);
        s->bias[h] = b[h * c + 2 * F];
    }
    return true;
}

void stack_deinit(struct stack *s)
{
    free(s->own);
    free(s->shared);
    free(s->bias);
    *s = (struct stack){0};
}
