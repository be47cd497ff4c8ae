/* Replies and attempts on their way from the event loop to the thread that packs and stores them.
 *
 * One thread adds (the event loop's, which also owns the journal), one stores, in the same order,
 * by the rules of writer.h: what waits here and what waits for its commit together are never more
 * than WRITER_ROWS rows, nor older than WRITER_MS while the event loop ticks. A full backlog makes
 * the event loop wait. The store has one handle, for both: the event loop uses it between
 * backlog_lock and backlog_unlock only, from backlog_start until backlog_stop.
 */
#ifndef COLLECT_BACKLOG_H
#define COLLECT_BACKLOG_H

#include "collect/journal.h"
#include "collect/writer.h"

/* So many bytes of replies may wait (one reply always may). */
enum { BACKLOG_BYTES = 8 << 20 };

struct backlog;
/* journal: borrowed, NULL for none. ERR_IO: no thread can be made. */
int backlog_start(struct store *s, struct journal *journal, struct backlog **out, struct err *e);
/* Writes the journal, then hands the row over. answer is what r->answer points to, and is taken:
 * some other answer is in its place, for the caller to deinit. A failure of the thread is returned
 * here or by a later call, each time; then nothing more is stored, and the journal keeps what is
 * not committed. ERR_IO of the journal: the row is on its way to the store all the same, but the
 * run is to end: what is read next might be lost. */
int backlog_reply(struct backlog *b, const struct writer_reply *r, struct answer *answer,
                  struct err *e);
/* A try that brought no reply; error_class must be a literal. */
int backlog_attempt(struct backlog *b, const struct attempt *a, const struct writer_names *names,
                    struct err *e);
/* To be called every few milliseconds: has old rows stored, trims the journal. */
int backlog_tick(struct backlog *b, struct err *e);
void backlog_lock(struct backlog *b);
void backlog_unlock(struct backlog *b);
/* Stores what waits, ends the thread, frees. Returns its failure, if any. NULL is fine. */
int backlog_stop(struct backlog *b, struct err *e);

#endif
