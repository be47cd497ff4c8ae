/* What out-of-fold values say about C, shrinkage and calibration. No fit is made here, but that
 * of the calibration. That C and alpha are common to all models is decided in train/fit.c.
 */
#include "train/heads.h"

#include "core/mem.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>

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

/* Values, targets and weights of one head. */
struct sample {
    double *v, *p, *y, *w; /* p: sigmoid of v */
    size_t n;
};

static void sample_init(struct sample *s, size_t n)
{
    *s = (struct sample){.v = mem_array(n, sizeof *s->v),
                         .p = mem_array(n, sizeof *s->p),
                         .y = mem_array(n, sizeof *s->y),
                         .w = mem_array(n, sizeof *s->w)};
}

static void sample_deinit(struct sample *s)
{
    free(s->v);
    free(s->p);
    free(s->y);
    free(s->w);
}

static void sample_add(struct sample *s, double v, double y, double w)
{
    s->v[s->n] = v;
    s->p[s->n] = stat_sigmoid(v);
    s->y[s->n] = y;
    s->w[s->n++] = w;
}

enum kind { NONE, SIGMOID, ISOTONIC, KINDS };

/* loss [KINDS][n]: of each kind, when every fold is calibrated by what fits the other folds. */
static void calibrated_losses(const struct out_of_fold *x, const double *v, size_t folds,
                              double *loss)
{
    struct sample rest;
    sample_init(&rest, x->n);
    for (size_t k = 0; k < folds; k++) {
        rest.n = 0;
        for (size_t i = 0; i < x->n; i++)
            if (x->fold[i] != k)
                sample_add(&rest, v[i], x->y[i], x->w[i]);
        double a, d;
        struct isotonic curve;
        stat_platt(rest.v, rest.y, rest.w, rest.n, &a, &d);
        isotonic_fit(rest.p, rest.y, rest.w, rest.n, &curve);
        for (size_t i = 0; i < x->n; i++) {
            if (x->fold[i] != k)
                continue;
            double p = stat_sigmoid(v[i]), bent = stat_sigmoid(a * v[i] + d);
            loss[NONE * x->n + i] = stat_log_loss(p, x->y[i]);
            loss[SIGMOID * x->n + i] = stat_log_loss(bent, x->y[i]);
            loss[ISOTONIC * x->n + i] = stat_log_loss(isotonic_at(&curve, p), x->y[i]);
        }
    }
    sample_deinit(&rest);
}

/* Is what a calibration gains over the kind with losses `other` more than one standard error? One
 * of its own for each head sets heads apart where models are not, as a C of its own does. */
static bool pays(const double *other, const double *curve, const double *w, size_t n)
{
    double gain = 0, weight = 0, square = 0;
    for (size_t i = 0; i < n; i++) {
        gain += w[i] * (other[i] - curve[i]);
        weight += w[i];
    }
    gain /= weight;
    for (size_t i = 0; i < n; i++) {
        double d = w[i] * (other[i] - curve[i] - gain);
        square += d * d;
    }
    return gain > sqrt(square) / weight;
}

void choice_calibrate(const struct out_of_fold *x, size_t folds, struct choice *out)
{
    out->a = 1.0;
    out->d = 0.0;
    out->curve.count = 0;
    out->loss = (double)NAN;
    if (x->n == 0)
        return;
    struct sample all;
    sample_init(&all, x->n);
    for (size_t i = 0; i < x->n; i++)
        sample_add(&all, choice_value(out, x->f[i], x->g[i]), x->y[i], x->w[i]);
    AUTO_FREE double *loss = mem_array(KINDS * x->n, sizeof *loss);
    calibrated_losses(x, all.v, folds, loss);
    double a, d;
    enum kind best = NONE;
    /* a below 0 would turn the head's order around */
    if (pays(loss, loss + SIGMOID * x->n, x->w, x->n) &&
        stat_platt(all.v, all.y, all.w, all.n, &a, &d) == 0 && a > 0) {
        out->a = a;
        out->d = d;
        best = SIGMOID;
    }
    if (pays(loss + best * x->n, loss + ISOTONIC * x->n, x->w, x->n)) {
        isotonic_fit(all.p, all.y, all.w, all.n, &out->curve);
        if (out->curve.count > 0) {
            out->a = 1.0;
            out->d = 0.0;
            best = ISOTONIC;
        }
    }
    out->loss = stat_wmean(loss + best * x->n, x->w, x->n);
    sample_deinit(&all);
}
