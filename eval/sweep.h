/* The exact sweep: every point that a router can reach as lambda goes from 0 to infinity.
 *
 * A prompt's choice argmax_m q_m - lambda x_m is the upper envelope of lines in lambda, so it
 * changes at finitely many breakpoints. All breakpoints of all prompts are sorted once, and the
 * mean observed quality and cost are updated from one to the next: O(n M^2 + E log E) for E
 * breakpoints. At its breakpoint a prompt takes the cheaper model (a tie goes to the lower cost).
 */
#ifndef EVAL_SWEEP_H
#define EVAL_SWEEP_H

#include "eval/set.h"

struct sweep_event {
    double key;        /* lambda */
    uint32_t prompt;   /* index in the set */
    uint16_t from, to; /* models */
};

struct sweep_point {
    double lambda; /* the smallest that gives this point */
    double x, y;   /* weighted mean observed cost (or latency, or share), and quality */
};

struct sweep {
    size_t n, models;
    uint16_t *first;           /* [n] choice at lambda 0 */
    struct sweep_event *event; /* by key, then prompt */
    size_t events;
    struct sweep_point *point; /* in order of lambda */
    size_t points;
    double weight; /* sum of the prompts' weights */
};

/* The curve of a router (METRICS section 0).
 *   q, x     [n * models] expected quality and cost; a model whose x is NaN is left out for that
 * prompt real_y, real_x  [n * models] observed quality and cost; must be known wherever x is The
 * last point is the single model with the smallest mean observed cost (lambda INFINITY). Returns
 * false, and an empty sweep, when some prompt has no model. */
bool sweep_run(const struct eval_set *s, const double *q, const double *x, const double *real_y,
               const double *real_x, struct sweep *out);

/* Two models: prompts go from weak to strong in order of q[strong] - q[weak], largest first, ties
 * together. point.x is the share of weight at the strong model, event.key minus the difference. */
void sweep_pair(const struct eval_set *s, const double *q, size_t weak, size_t strong,
                struct sweep *out);

void sweep_deinit(struct sweep *w);

/* Indices of at most max of w's points (max >= 4), the first and the last two among them, spread
 * evenly over both cost and breakpoints; returns how many. keep: [max]. */
size_t sweep_thin(const struct sweep *w, size_t max, size_t *keep);

/* Sorts by key; stable. n items. */
void sweep_sort(struct sweep_event *v, size_t n);

#endif
