/* Replies that come as a stream of events (FORMATS 1.4).
 *
 * A stream is folded into the body that the provider would have sent without streaming, and that is
 * read by the adapter as any other: one reader for both. The request differs in a few bytes or in
 * its address; its identity in the store is that of the plain request, because the reply is the
 * same: streamed or not is a question of measuring.
 */
#ifndef COLLECT_STREAM_H
#define COLLECT_STREAM_H

#include "collect/sse.h"
#include "core/json.h"

/* Turns a request body, as an adapter wrote it, into that of a stream. */
void stream_request(const char *protocol, struct buf *body);
/* The address to ask for a stream, heap: another one only for Gemini. */
char *stream_url(const char *protocol, const char *url);

/* Whether a body is a stream of events and not JSON. */
bool stream_is(const char *body, size_t len);

enum stream_end {
    STREAM_WHOLE,    /* *whole: the body as it comes without streaming */
    STREAM_FAILED,   /* *whole: the error that came in the middle of it */
    STREAM_CUT,      /* it has no end: never a reply */
    STREAM_MALFORMED /* an event that is no JSON, or a protocol without streams; *why */
};
/* *whole is the caller's (json_free), NULL where there is none. */
enum stream_end stream_fold(const char *protocol, const char *body, size_t len, struct json **whole,
                            const char **why);

/* Looks for the first text of a reply while it comes in: not the chunk with the role, no ping, no
 * thought. */
struct stream_watch {
    struct sse sse;
    const char *protocol;
    bool heard;
};
enum { STREAM_WATCH_MAX = 1 << 20 }; /* bytes of an event */
void stream_watch_init(struct stream_watch *w, const char *protocol);
void stream_watch_deinit(struct stream_watch *w);
void stream_watch_reset(struct stream_watch *w);
/* true from when it was there. */
bool stream_watch_feed(struct stream_watch *w, const char *bytes, size_t n);

#endif
