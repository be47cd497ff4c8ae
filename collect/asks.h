/* What one model is still to be asked: a cursor over prompts and samples, past what is stored. */
#ifndef COLLECT_ASKS_H
#define COLLECT_ASKS_H

#include "collect/backlog.h"
#include "collect/engine.h"
#include "collect/models.h"
#include "collect/stream.h"
#include "store/work.h"

/* One request to a model; the engine's job is its first member. */
struct ask {
    struct job job;
    int64_t prompt, sample;
    char hash[65]; /* SHA-256 of the body */
    char *ext_id;
    struct buf body;
    struct answer answer;         /* filled when a reply was read */
    struct stream_watch watch[2]; /* of a streamed reply, for the time to its first text; a flight
                                   * of the job each */
    int watched[2];               /* the try that it has seen */
    int64_t worst_nusd;
    int64_t started_ms; /* of the last try; no two of an ask are the same */
    struct {
        int64_t started_ms;
        int64_t sent;  /* its record in the journal; 0: none */
        bool holding;  /* its worst case is held in the purse */
    } out[2];          /* tries that are leaving or in flight, as the job's */
    bool settled;      /* answered, or given up and counted */
    char *task;        /* of a dry run, as what follows */
    size_t text_bytes; /* of all texts of the request */
};
void ask_free(struct ask *a);

struct asks {
    const struct target *target;
    const struct collect_options *options;
    struct work_page page;
    size_t at;          /* in page */
    int64_t after;      /* row id before the page after this one */
    int64_t sample;     /* the next one of the prompt at `at` */
    int64_t prompts;    /* begun, for the limit */
    int64_t had;        /* (prompt, sample) that are stored */
    int64_t waiting;    /* of which a provider has a batch */
    int64_t unsendable; /* whose messages make no request */
    char message[240];  /* of the last unsendable one */
    bool end;
    bool none_stored, none_waiting; /* nothing of the model is, so that no prompt needs a look */
    struct backlog *backlog;        /* that shares the store; NULL: nothing does */
};
void asks_init(struct asks *w, const struct target *t, const struct collect_options *o);
/* Tells that had of the replies wanted are stored when a run begins, which spares a look for each
 * prompt where there are none. */
int asks_begin(struct asks *w, struct store *s, int64_t had, struct err *e);
void asks_deinit(struct asks *w);
/* 1 and *out (ask_free), 0 at the end, or a negative code. */
int asks_next(struct asks *w, struct store *s, struct ask **out, struct err *e);

#endif
