/* When a try is slow enough to send a second one beside it (a hedged request, Dean and Barroso
 * 2013, "The Tail at Scale"): after so many seconds, or after what all but the slowest answers
 * took.
 *
 * A percentile is one of the last HEDGE_KEPT answers of the lane, counted from when the first of
 * the two tries left; below HEDGE_FROM answers it is not known, and nothing is sent. Pure.
 */
#ifndef COLLECT_HEDGE_H
#define COLLECT_HEDGE_H

#include "core/config.h"

#include <stdbool.h>

enum { HEDGE_KEPT = 256, HEDGE_FROM = 20 };

struct hedge {
    struct config_hedge rule;
    double took_s[HEDGE_KEPT]; /* a ring */
    int n, at;                 /* kept; the next to be written */
    int fresh;                 /* answers since after_s was computed */
    double after_s;            /* infinite: never, or not known */
};

void hedge_init(struct hedge *h, struct config_hedge rule);
bool hedge_on(const struct hedge *h);
void hedge_heard(struct hedge *h, double took_s);
/* Seconds after which a try gets a second one beside it. */
double hedge_after_s(const struct hedge *h);

#endif
