/* Replies and attempts on their way into the store, committed in small batches.
 *
 * A reply counts as done when its transaction was committed, not before; at most WRITER_ROWS rows
 * or WRITER_MS milliseconds of them can be lost when the machine stops.
 */
#ifndef COLLECT_WRITER_H
#define COLLECT_WRITER_H

#include "collect/adapter.h"
#include "store/reply.h"

#include <stdbool.h>

enum { WRITER_ROWS = 64, WRITER_MS = 50 };

struct writer {
    struct store *store;
    double since_s;  /* of the oldest row that is not committed */
    int64_t pending; /* rows not committed */
    int64_t pending_replies, committed_replies;
};

/* How the journal calls a try. sent: the number there of its leaving, which is settled by its end;
 * 0: none. */
struct writer_names {
    const char *ext_id, *model;
    int64_t sent;
};

/* One answered request: the reply with its raw body, and the attempt that brought it. */
struct writer_reply {
    int64_t prompt, model_config, sample;
    const char *request_hash, *protocol;
    const struct answer *answer;
    const struct http_result *result;
    int64_t started_ms;
    double wait_s;
    bool replace;              /* an older reply may be there: its scores go with it */
    int64_t charge_nusd;       /* as struct attempt has it */
    struct writer_names names; /* for the journal of backlog.h; ext_id NULL: not written there */
    const char *packed;        /* the body from reply_pack, packed_len bytes; NULL: packed here */
    size_t packed_len;
};

void writer_init(struct writer *w, struct store *s);
int writer_reply(struct writer *w, const struct writer_reply *r, struct err *e);
/* A try that brought no reply; reply in *a is ignored. */
int writer_attempt(struct writer *w, const struct attempt *a, struct err *e);
/* Commits when a batch is full or old. */
int writer_tick(struct writer *w, struct err *e);
int writer_flush(struct writer *w, struct err *e);

#endif
