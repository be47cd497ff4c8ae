/* How fast an account may go (lane.h): how many requests at once, and how soon after another.
 *
 * At once: begins at half the limit (16 where that is more), grows by one with each answer, and
 * after the first refusal by one a round; a refusal halves it. Only a rate limit is a refusal: slow
 * and failing providers say nothing about speed.
 *
 * How soon: where headers tell what remains and when it is whole again, requests are spread over
 * that time once less than half remains. For a bucket that fills all the time this settles at its
 * rate with half of it in reserve, for a fixed window it arrives at its end with nothing left: the
 * rule need not know which it is. Where a host tells a limit a second (per_second), requests are
 * spread over the second at a twentieth below it. Where nothing is told, refusals teach a rate:
 * what was served between two of them, less a tenth, and from there up by a thousandth an answer.
 * Until that is right, each cut holds everything for a moment, which is also what makes the served
 * count true. Where cuts are in vain (refusals go on as before), the rate is not what they are
 * about: it is forgotten, and the window alone is cut.
 *
 * Pure: the clock is the caller's, in seconds.
 */
#ifndef COLLECT_PACE_H
#define COLLECT_PACE_H

#include "collect/rate.h"

struct pace {
    bool per_second;    /* told limits are a second's; set after pace_init */
    double limit;       /* at once, at most */
    double window;      /* at once, now */
    bool steady;        /* was refused: slow start is over */
    double cut_until_s; /* refusals before then belong to the last cut */
    double rate;        /* a second, at most; infinite: nothing was learned */
    double since_s;     /* of the last cut, or of the first answer */
    int64_t answers;    /* since then */
    double left_s;      /* the last one left, or could have */
    int in_vain;        /* cuts in a row that came soon after another */
    double hold_s;      /* nothing leaves before */
    double tokens;      /* of a request, on average; 0: not known */
    struct rates told;
    double told_s; /* when */
};

void pace_init(struct pace *p, double limit);
bool pace_full(const struct pace *p, int64_t flying);
/* When the next may leave, at the earliest; in the past: now. */
double pace_next_s(const struct pace *p, int64_t flying, double now);
void pace_left(struct pace *p, int64_t flying, double now);
/* Any reply but a refusal; answered: a good one, of so many tokens (0: not known). */
void pace_heard(struct pace *p, const struct rates *told, bool answered, double tokens, double now);
/* retry_after_s: NaN when not told; 0, "at once", cuts the window alone. */
void pace_refused(struct pace *p, const struct rates *told, int64_t flying, double retry_after_s,
                  double now);

#endif
