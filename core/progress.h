/* Progress of long work on stderr: a bar on a terminal (at most 6 a second), a plain line every
 * ten seconds elsewhere, nothing when quiet.
 */
#ifndef CORE_PROGRESS_H
#define CORE_PROGRESS_H

#include <stdint.h>

enum progress_mode { PROGRESS_AUTO, PROGRESS_NEVER, PROGRESS_ALWAYS };
void progress_set_mode(enum progress_mode mode);
enum progress_mode progress_mode_now(void);
int progress_mode_parse(const char *text, enum progress_mode *out); /* 0, or -1 for another word */

struct progress;                                                 /* one thread at a time */
struct progress *progress_new(const char *what, uint64_t total); /* total 0: unknown */
/* note (may be NULL) is put at the end: money spent, errors. */
void progress_set(struct progress *p, uint64_t done, const char *note);
void progress_total(struct progress *p, uint64_t total);
void progress_end(struct progress *p); /* clears the bar, frees */

#endif
