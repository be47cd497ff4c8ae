/* Targets, task means, single fits. Which fits are made is train/fit.c, how C, shrinkage and
 * calibration are chosen train/choose.c.
 */
#include "train/heads.h"

#include "core/mem.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES_EXACT = 32, COPIES_OTHERWISE = 16, COPIES_MOST = 64 };

static bool whole(double x)
{
    return fabs(x - nearbyint(x)) < 1e-6;
}

/* Are weight and weight x score multiples of 1/k for every prompt? */
static bool divides(const struct corpus *c, const struct targets *t, size_t head, double k)
{
    for (size_t i = 0; i < t->n; i++) {
        double y = t->y[i * t->heads + head];
        if (!isnan(y) && (!whole(c->weight[i] * k) || !whole(c->weight[i] * k * y)))
            return false;
    }
    return true;
}

void targets_init(struct targets *t, const struct corpus *c, size_t models, size_t heads,
                  const double *y)
{
    *t = (struct targets){.n = c->n, .models = models, .heads = heads, .y = y};
    t->copies = mem_array(heads, sizeof *t->copies);
    double weight = 0;
    for (size_t i = 0; i < c->n; i++)
        weight += c->weight[i];
    for (size_t h = 0; h < heads; h++) {
        double k = 1;
        while (k <= COPIES_EXACT && !divides(c, t, h, k))
            k++;
        if (k > COPIES_EXACT)
            k = COPIES_OTHERWISE;
        double most = (double)COPIES_MOST * (double)c->n / weight;
        t->copies[h] = k < most ? k : most;
    }
}

void targets_deinit(struct targets *t)
{
    free(t->copies);
    t->copies = NULL;
}

void task_logits(const struct corpus *c, const struct targets *t, size_t head,
                 const uint32_t *subset, size_t n, double *g)
{
    AUTO_FREE double *weight = mem_array(c->tasks, sizeof *weight);
    double all = 0, all_weight = 0;
    memset(g, 0, (c->tasks + 1) * sizeof *g);
    for (size_t i = 0; i < n; i++) {
        double y = t->y[(size_t)subset[i] * t->heads + head], w = c->weight[subset[i]];
        if (isnan(y))
            continue;
        all += w * y;
        all_weight += w;
        if (c->task[subset[i]] != CORPUS_NO_TASK) {
            g[c->task[subset[i]]] += w * y;
            weight[c->task[subset[i]]] += w;
        }
    }
    double mean = (all + 0.5) / (all_weight + 1.0);
    for (size_t k = 0; k < c->tasks; k++)
        g[k] = stat_logit((g[k] + mean) / (weight[k] + 1.0));
    g[c->tasks] = stat_logit(mean);
}

double task_logit(const struct corpus *c, const double *g, size_t i)
{
    return g[c->task[i] != CORPUS_NO_TASK ? c->task[i] : c->tasks];
}

bool head_fit(const struct corpus *c, const struct targets *t, size_t head, const uint32_t *subset,
              size_t n, const struct rows *r, size_t columns, double C, double eps, bool warm,
              double *w)
{
    AUTO_FREE struct example *x = mem_array(n, sizeof *x);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        double y = t->y[(size_t)subset[i] * t->heads + head];
        if (isnan(y))
            continue;
        double copies = fmax(1.0, nearbyint(c->weight[subset[i]] * t->copies[head]));
        double successes = nearbyint(y * copies);
        x[used++] =
            (struct example){(uint32_t)i, (uint32_t)successes, (uint32_t)(copies - successes)};
    }
    if (used > 0 && solver_fit(r, x, used, C / t->copies[head], eps, warm, w))
        return true;
    memset(w, 0, (columns + 1) * sizeof *w);
    return false;
}

double choice_value(const struct choice *x, double f, double g)
{
    return x->a * ((1.0 - x->alpha) * f + x->alpha * g) + x->d;
}

double choice_quality(const struct choice *x, double f, double g)
{
    return isotonic_at(&x->curve, stat_sigmoid(choice_value(x, f, g)));
}

const char *choice_calibration(const struct choice *x)
{
    return x->constant                                    ? "constant"
           : x->curve.count > 0                           ? "isotonic"
           : x->a < 1 || x->a > 1 || x->d < 0 || x->d > 0 ? "sigmoid"
           : x->joint                                     ? "joint"
                                                          : "none";
}
