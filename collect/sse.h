/* Server-sent events, out of bytes as they come.
 *
 * Pure: no I/O, no clock. Lines end in \n, \r\n or \r; comments, ids and retry times are passed
 * over; an event without data is none. An event is bounded: one beyond `max` bytes sets `over`, and
 * nothing more is read.
 */
#ifndef COLLECT_SSE_H
#define COLLECT_SSE_H

#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct sse {
    struct buf line; /* so far */
    struct buf data; /* of the event so far, its lines joined by \n */
    char event[64];  /* its name; "": none was given. Longer names are cut */
    bool has_data;
    bool skip_lf; /* the last byte was a \r */
    bool begun;   /* a byte order mark can come no more */
    bool over;
};

/* name "" for an event without one; data has a NUL after len bytes. false: read no further. */
typedef bool sse_event(void *arg, const char *name, const char *data, size_t len);

void sse_init(struct sse *s, size_t max);
void sse_deinit(struct sse *s);
void sse_reset(struct sse *s); /* for another stream */
/* false: an event said so, or over. */
bool sse_feed(struct sse *s, const char *bytes, size_t n, sse_event *see, void *arg);
/* The stream is over: an event that lacks only its blank line (or line end) is given too. */
bool sse_end(struct sse *s, sse_event *see, void *arg);

#endif
