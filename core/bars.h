/* Progress of several things at once on stderr: a bar each and a line over all of them.
 *
 * On a terminal they are drawn in place, at most six times a second, as narrow as it is and never
 * higher: what is not finished comes first, the rest is counted. Elsewhere lines without bars are
 * written, every ten seconds at first, later every twentieth of the time so far, so that a log of a
 * long run stays short. Nothing when quiet. Messages of log.h clear the bars, which come again
 * below.
 *
 *   nano   [#########...........]  540/1200  45% 56/s ETA 0:12 rate_limit 3
 *   swift  [####################] 1200/1200 100%
 *   collect 1740/2400 72% 112/s ETA 0:12 $0.0412 of $5.0000
 *
 * Rates are those of the last half minute. One thread.
 */
#ifndef CORE_BARS_H
#define CORE_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bars;
/* names and totals [n] are copied. */
struct bars *bars_new(const char *what, size_t n, const char *const *names, const uint64_t *totals);
/* note: what stands at the end of its line; "" nothing. */
void bars_set(struct bars *b, size_t i, uint64_t done, const char *note);
/* Draws where that is due; note stands at the end of the last line. */
void bars_tick(struct bars *b, const char *note);
/* It is time to draw: notes made only then cost nothing in between. */
bool bars_due(const struct bars *b);
void bars_end(struct bars *b); /* clears them, frees */

#endif
