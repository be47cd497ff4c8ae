/* A learning curve: the same sides fitted on growing fractions of what trains.
 *
 * Fractions are nested within a repeat (what trains at a half trains at all) and keep groups whole;
 * repeats differ in which prompts come first. Every fit predicts the same held-out prompts.
 */
#ifndef TRAIN_GROWTH_H
#define TRAIN_GROWTH_H

#include "train/refit.h"

enum { GROWTH_FEWEST = 30 }; /* prompts a side must train on, fewer make no step */

struct growth_fit {
    double fraction; /* of the training prompts, asked for; labels in fit */
    size_t repeat;
    struct refitted fit;
};

struct growth {
    struct growth_fit *fit; /* [n] by fraction, then repeat; fraction 1 once, from the training */
    size_t n;
};

/* fraction [n] ascending, in (0, 1), those that leave a side fewer than GROWTH_FEWEST prompts are
 * left out; o: the options that t was trained with. Costs the sum of fractions x repeats trainings.
 * ERR_USAGE: fewer than two steps are left; ERR_PARTIAL: interrupted. */
int growth_fit(const struct training *t, const struct train_options *o, const double *fraction,
               size_t n, size_t repeats, struct growth *out, struct err *e);
void growth_deinit(struct growth *g);

/* leave [c->n]: true for prompts outside of the first `fraction` of clusters, in the random order
 * of (seed, repeat). */
void growth_leave(const struct corpus *c, double fraction, uint64_t seed, size_t repeat,
                  bool *leave);

/* The power law loss(n) = a + b n^-c, with a, b >= 0 and c in [.05, 1.5], of least squares; and
 * what it says of k times the labels.
 *
 *   labels, loss, se [n]  ascending labels, at least three points; se: standard error of a loss
 *
 * The interval of drop is that of 1,000 draws of the losses from their normal distributions, each
 * fitted anew: it holds as far as the form does. (Hestness et al. 2017, arXiv:1712.00409.) */
struct power_law {
    double a, b, c;
    double drop[2], lo[2], hi[2]; /* loss now less loss at 2 and at 4 times the labels */
};
void power_law_fit(const double *labels, const double *loss, const double *se, size_t n,
                   uint64_t seed, struct power_law *out);

#endif
