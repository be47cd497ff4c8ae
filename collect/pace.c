/* Window and rate. Whose pace it is, is lane.c's business.
 */
#include "collect/pace.h"

#include <math.h>

static const double cooldown_s = .25, burst_s = .01;
static const double below = .95; /* of a limit a second: clocks and networks jitter */
enum {
    LEARNING = 50, /* answers between two cuts below which the rate is far off */
    IN_VAIN = 4,   /* so many cuts should have done it */
};

void pace_init(struct pace *p, double limit)
{
    double start = limit / 2 > 16 ? limit / 2 : 16;
    *p = (struct pace){.limit = limit,
                       .window = start < limit ? start : limit,
                       .rate = (double)INFINITY,
                       .since_s = (double)NAN,
                       .told = rates_none()};
}

bool pace_full(const struct pace *p, int64_t flying)
{
    return (double)flying + 1 > p->window;
}

/* Seconds between two requests so that what remains lasts until it is whole again; 0: there is
 * plenty. */
static double gap_of(const struct rate_told *t, double told_s, double each, int64_t flying,
                     double now)
{
    double until = t->reset_s - (now - told_s), left = t->remaining - (double)flying * each;
    if (isnan(t->remaining) || isnan(t->reset_s) || until <= 0)
        return 0;
    double low = isnan(t->limit) ? 2 * ((double)flying + 2) * each : t->limit / 2;
    if (left >= low)
        return 0;
    double least = isnan(t->limit) || t->limit / 16 < each ? each : t->limit / 16;
    return until * each / (left > least ? left : least);
}

static double gap_s(const struct pace *p, int64_t flying, double now)
{
    double gap = 1 / p->rate;
    for (int k = 0; k < RATE_KINDS; k++) {
        double each = k == RATE_REQUESTS ? 1 : p->tokens;
        double g = each > 0 ? gap_of(&p->told.kind[k], p->told_s, each, flying, now) : 0;
        double limit = p->told.kind[k].limit;
        double second = p->per_second && each > 0 && limit > 0 ? each / (limit * below) : 0;
        gap = g > gap ? g : gap;
        gap = second > gap ? second : gap;
    }
    return gap;
}

double pace_next_s(const struct pace *p, int64_t flying, double now)
{
    /* The gap is taken anew: what was told since the last one left may have changed it. */
    double gap = gap_s(p, flying, now);
    double due = gap > 0 ? p->left_s + gap : now;
    return due > p->hold_s ? due : p->hold_s;
}

void pace_left(struct pace *p, int64_t flying, double now)
{
    double due = pace_next_s(p, flying, now);
    p->left_s = due > now - burst_s ? due : now - burst_s;
    if (p->left_s > now)
        p->left_s = now;
}

static void hear(struct pace *p, const struct rates *told, double now)
{
    for (int k = 0; k < RATE_KINDS; k++)
        if (!isnan(told->kind[k].remaining) || (p->per_second && !isnan(told->kind[k].limit))) {
            p->told = *told;
            p->told_s = now;
            return;
        }
}

void pace_heard(struct pace *p, const struct rates *told, bool answered, double tokens, double now)
{
    hear(p, told, now);
    if (!answered)
        return;
    if (isnan(p->since_s))
        p->since_s = now;
    if (tokens > 0)
        p->tokens = p->tokens > 0 ? p->tokens + (tokens - p->tokens) / 8 : tokens;
    p->answers++;
    p->rate *= p->answers > 200 ? 1.005 : 1.001;
    p->window += p->steady ? 1 / p->window : 1;
    if (p->window > p->limit)
        p->window = p->limit;
}

void pace_refused(struct pace *p, const struct rates *told, int64_t flying, double retry_after_s,
                  double now)
{
    hear(p, told, now);
    double wait = retry_after_s > 0 ? retry_after_s : 0;
    if (now < p->cut_until_s) {
        if (now + wait > p->cut_until_s && wait > 0)
            p->cut_until_s = now + wait;
        return;
    }
    double used = (double)flying + 1, served = (double)p->answers / (now - p->since_s);
    p->window = (used < p->window ? used : p->window) / 2;
    p->window = p->window > 1 ? p->window : 1;
    bool soon = !p->steady || p->answers < LEARNING;
    p->in_vain = soon ? p->in_vain + 1 : 0;
    if (retry_after_s <= 0) {
        p->in_vain = 0; /* "at once" is no word about speed */
    } else if (p->in_vain <= IN_VAIN) {
        /* What was served says little where there was little to ask: a rate that held is halved at
         * most. */
        if (!soon && served < p->rate / 2 && isfinite(p->rate))
            served = p->rate / 2;
        if (isfinite(served) && p->answers > 0)
            p->rate = (served < p->rate ? served : p->rate) * .9;
        else if (isfinite(p->rate))
            p->rate *= .7;
        if (soon)
            p->hold_s = now + cooldown_s > p->hold_s ? now + cooldown_s : p->hold_s;
    } else {
        p->rate = (double)INFINITY;
    }
    p->steady = true;
    p->answers = 0;
    p->since_s = now;
    p->cut_until_s = now + (wait > cooldown_s ? wait : cooldown_s);
}
