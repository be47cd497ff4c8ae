/* A ring of times and a quantile of it. Who sends what is engine.c's. */
#include "collect/hedge.h"

#include "core/stat.h"

#include <math.h>
#include <string.h>

enum { ANEW = 8 }; /* answers after which the quantile is computed again */

void hedge_init(struct hedge *h, struct config_hedge rule)
{
    *h =
        (struct hedge){.rule = rule, .after_s = rule.seconds > 0 ? rule.seconds : (double)INFINITY};
}

bool hedge_on(const struct hedge *h)
{
    return h->rule.seconds > 0 || h->rule.percentile > 0;
}

void hedge_heard(struct hedge *h, double took_s)
{
    if (h->rule.percentile <= 0)
        return;
    h->took_s[h->at] = took_s;
    h->at = (h->at + 1) % HEDGE_KEPT;
    h->n += h->n < HEDGE_KEPT;
    h->fresh++;
    if (h->n < HEDGE_FROM || (h->fresh < ANEW && isfinite(h->after_s)))
        return;
    double sorted[HEDGE_KEPT];
    memcpy(sorted, h->took_s, (size_t)h->n * sizeof *sorted);
    h->after_s = stat_quantile(sorted, (size_t)h->n, h->rule.percentile / 100);
    h->fresh = 0;
}

double hedge_after_s(const struct hedge *h)
{
    return h->after_s;
}
