/* Time: a monotonic clock for measuring, RFC 3339 for storing. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

double clock_s(void);        /* monotonic seconds */
int64_t clock_unix_ms(void); /* wall clock, milliseconds since 1970 */
/* "2026-03-07T09:14:03Z", also with fraction and offset, or a plain date, to ms since 1970. Without
 * an offset it is UTC; a space may stand for the T; years 0000 to 9999. */
bool clock_parse(const char *text, int64_t *unix_ms);
void clock_format(int64_t unix_ms, char out[32]); /* "2026-03-07T09:14:03.000Z" */
void clock_date(int64_t unix_ms, char out[11]);   /* "2026-03-07" (UTC) */
void clock_sleep_ms(int ms);                      /* returns early on a signal */

/* Ctrl-C: the first sets a flag that long work looks at; a second ends at once with status 130.
 * SIGTERM counts as one too (143). A signal that the program was started to ignore stays ignored.
 */
void interrupt_install(void);
bool interrupted(void);

#endif
