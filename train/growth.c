/* Fractions of the traffic, and the law that their losses follow. What the fits are worth as
 * routers is measured by who compares them (cli/study_curve.c).
 */
#include "train/growth.h"

#include "core/mem.h"
#include "core/rng.h"
#include "core/stat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 1000, EXPONENTS = 30 };

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void growth_leave(const struct corpus *c, double fraction, uint64_t seed, size_t repeat,
                  bool *leave)
{
    AUTO_FREE int64_t *name = mem_array(c->n, sizeof *name);
    size_t clusters = 0;
    memcpy(name, c->cluster, c->n * sizeof *name);
    qsort(name, c->n, sizeof *name, by_number);
    for (size_t i = 0; i < c->n; i++)
        if (i == 0 || name[i] != name[clusters - 1])
            name[clusters++] = name[i];
    AUTO_FREE size_t *order = mem_array(clusters, sizeof *order);
    AUTO_FREE size_t *size = mem_array(clusters, sizeof *size);
    AUTO_FREE size_t *of = mem_array(c->n, sizeof *of);
    for (size_t i = 0; i < c->n; i++) {
        const int64_t *at = bsearch(&c->cluster[i], name, clusters, sizeof *name, by_number);
        of[i] = (size_t)(at - name);
        size[of[i]]++;
    }
    for (size_t k = 0; k < clusters; k++)
        order[k] = k;
    char what[40];
    struct rng r;
    snprintf(what, sizeof what, "learning curve %zu", repeat);
    rng_seed_for(&r, seed, what);
    rng_shuffle(&r, order, clusters);
    AUTO_FREE bool *out = mem_array(clusters, sizeof *out);
    size_t before = 0;
    for (size_t k = 0; k < clusters; k++) {
        out[order[k]] = (double)before >= fraction * (double)c->n;
        before += size[order[k]];
    }
    for (size_t i = 0; i < c->n; i++)
        leave[i] = out[of[i]];
}

static size_t fewest(const struct training *t, const bool *leave)
{
    size_t least = SIZE_MAX;
    for (size_t k = 0; k < t->predicting; k++) {
        size_t n = 0;
        for (size_t i = 0; i < t->side[k].n; i++)
            n += !leave[t->side[k].train[i]];
        least = n < least ? n : least;
    }
    return least;
}

static double labels_of(const struct training *t)
{
    double labels = 0;
    for (size_t k = 0; k < t->predicting; k++)
        for (size_t i = 0; i < t->side[k].n; i++)
            for (size_t m = 0; m < t->targets.models; m++)
                labels += isnan(t->y[(size_t)t->side[k].train[i] * t->targets.heads + m]) ? 0 : 1;
    return labels / (double)t->predicting;
}

int growth_fit(const struct training *t, const struct train_options *o, const double *fraction,
               size_t n, size_t repeats, struct growth *out, struct err *e)
{
    *out = (struct growth){.fit = mem_array(n * repeats + 1, sizeof *out->fit)};
    AUTO_FREE bool *leave = mem_array(t->corpus->n, sizeof *leave);
    struct refit_options ro = {.use = t->final->use,
                               .dense = t->corpus->dense,
                               .dims = t->corpus->dims,
                               .leave = leave,
                               .seed = o->seed,
                               .jobs = o->jobs};
    size_t steps = 0;
    int rc = ERR_OK;
    for (size_t k = 0; rc == ERR_OK && k < n; k++) {
        bool enough = true;
        for (size_t r = 0; r < repeats; r++) {
            growth_leave(t->corpus, fraction[k], o->seed, r, leave);
            enough = enough && fewest(t, leave) >= GROWTH_FEWEST;
        }
        steps += enough;
        for (size_t r = 0; rc == ERR_OK && enough && r < repeats; r++) {
            struct growth_fit *f = &out->fit[out->n];
            *f = (struct growth_fit){.fraction = fraction[k], .repeat = r};
            growth_leave(t->corpus, fraction[k], o->seed, r, leave);
            rc = refit(t, &ro, &f->fit, e);
            out->n += rc == ERR_OK;
        }
    }
    if (rc == ERR_OK && steps < 2)
        rc = err_set(e, ERR_USAGE,
                     "%zu prompts are too few for a learning curve: a quarter of what trains must "
                     "be %d or more",
                     t->corpus->n, GROWTH_FEWEST);
    if (rc != ERR_OK) {
        growth_deinit(out);
        return rc;
    }
    struct growth_fit *all = &out->fit[out->n++];
    *all = (struct growth_fit){.fraction = 1};
    all->fit = (struct refitted){.q = refit_own(t, false),
                                 .task_q = refit_own(t, true),
                                 .labels = labels_of(t),
                                 .seconds = t->fit_seconds};
    return ERR_OK;
}

void growth_deinit(struct growth *g)
{
    for (size_t k = 0; k < g->n; k++)
        refitted_deinit(&g->fit[k].fit);
    free(g->fit);
    *g = (struct growth){0};
}

/* Least squares of a + b x with a, b >= 0; the sum of squares. */
static double line(const double *x, const double *y, size_t n, double *a, double *b)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    const double k = (double)n, det = k * sxx - sx * sx;
    *b = det > 0 ? (k * sxy - sx * sy) / det : 0;
    *a = (sy - *b * sx) / k;
    if (*b < 0) {
        *b = 0;
        *a = sy / k;
    } else if (*a < 0) {
        *a = 0;
        *b = sxy / sxx;
    }
    for (size_t i = 0; i < n; i++)
        sum += (y[i] - *a - *b * x[i]) * (y[i] - *a - *b * x[i]);
    return sum;
}

static void fit_once(const double *labels, const double *loss, size_t n, double *x, double *a,
                     double *b, double *c)
{
    double least = INFINITY;
    for (int k = 0; k < EXPONENTS; k++) {
        const double at = .05 * (k + 1);
        double p, q;
        for (size_t i = 0; i < n; i++)
            x[i] = pow(labels[i] / labels[n - 1], -at); /* scaled, so that b is not huge */
        const double sum = line(x, loss, n, &p, &q);
        if (sum < least) {
            least = sum;
            *a = p;
            *b = q * pow(labels[n - 1], at);
            *c = at;
        }
    }
}

static double dropped(double b, double c, double labels, double times)
{
    return b * pow(labels, -c) * (1 - pow(times, -c));
}

void power_law_fit(const double *labels, const double *loss, const double *se, size_t n,
                   uint64_t seed, struct power_law *out)
{
    static const double times[2] = {2, 4};
    AUTO_FREE double *x = mem_array(n, sizeof *x), *drawn = mem_array(n, sizeof *drawn);
    AUTO_FREE double *drop = mem_array((size_t)2 * DRAWS, sizeof *drop);
    struct rng r;
    rng_seed_for(&r, seed, "power law");
    fit_once(labels, loss, n, x, &out->a, &out->b, &out->c);
    for (size_t k = 0; k < DRAWS; k++) {
        double a, b, c;
        for (size_t i = 0; i < n; i++)
            drawn[i] = loss[i] + se[i] * rng_normal(&r);
        fit_once(labels, drawn, n, x, &a, &b, &c);
        for (size_t j = 0; j < 2; j++)
            drop[j * DRAWS + k] = dropped(b, c, labels[n - 1], times[j]);
    }
    for (size_t j = 0; j < 2; j++) {
        out->drop[j] = dropped(out->b, out->c, labels[n - 1], times[j]);
        out->lo[j] = stat_quantile(drop + j * DRAWS, DRAWS, .025);
        out->hi[j] = stat_quantile(drop + j * DRAWS, DRAWS, .975);
    }
}
