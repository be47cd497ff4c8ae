/* What out-of-fold values say about C, shrinkage and calibration. No fit is made here, but Platt's
 * two numbers. That C and alpha are common to all models is decided in train/fit.c.
 */
#include "train/heads.h"

#include "core/mem.h"
#include "core/stat.h"

#include <math.h>

double choice_alpha(size_t k)
{
    return (double)k / (ALPHAS - 1);
}

void choice_losses(const struct out_of_fold *x, double *loss)
{
    for (size_t k = 0; k < ALPHAS; k++) {
        const struct choice at = {.alpha = choice_alpha(k), .a = 1.0};
        for (size_t i = 0; i < x->n; i++) {
            double p = stat_sigmoid(choice_value(&at, x->f[i], x->g[i]));
            loss[k] += x->w[i] * stat_log_loss(p, x->y[i]);
        }
    }
}

/* Mean log loss when every fold is calibrated by the a and d that fit the other folds. */
static double platt_loss(const struct out_of_fold *x, const double *v, size_t folds)
{
    AUTO_FREE double *rest_v = mem_array(x->n, sizeof *rest_v);
    AUTO_FREE double *rest_y = mem_array(x->n, sizeof *rest_y);
    AUTO_FREE double *rest_w = mem_array(x->n, sizeof *rest_w);
    double sum = 0, weight = 0;
    for (size_t k = 0; k < folds; k++) {
        size_t m = 0;
        for (size_t i = 0; i < x->n; i++)
            if (x->fold[i] != k) {
                rest_v[m] = v[i];
                rest_y[m] = x->y[i];
                rest_w[m++] = x->w[i];
            }
        double a, d;
        stat_platt(rest_v, rest_y, rest_w, m, &a, &d);
        for (size_t i = 0; i < x->n; i++)
            if (x->fold[i] == k) {
                sum += x->w[i] * stat_log_loss(stat_sigmoid(a * v[i] + d), x->y[i]);
                weight += x->w[i];
            }
    }
    return sum / weight;
}

void choice_calibrate(const struct out_of_fold *x, size_t folds, struct choice *out)
{
    out->a = 1.0;
    out->d = 0.0;
    out->loss = (double)NAN;
    if (x->n == 0)
        return;
    AUTO_FREE double *v = mem_array(x->n, sizeof *v);
    double plain = 0, weight = 0;
    for (size_t i = 0; i < x->n; i++) {
        v[i] = choice_value(out, x->f[i], x->g[i]);
        plain += x->w[i] * stat_log_loss(stat_sigmoid(v[i]), x->y[i]);
        weight += x->w[i];
    }
    out->loss = plain / weight;
    double calibrated = platt_loss(x, v, folds), a, d;
    if (!(calibrated < out->loss) || stat_platt(v, x->y, x->w, x->n, &a, &d) != 0 || !(a > 0))
        return; /* a below 0 would turn the head's order around */
    out->a = a;
    out->d = d;
    out->loss = calibrated;
}
