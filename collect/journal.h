/* Requests that leave and replies on their way into the store, in a file beside it (STORE-replies).
 * It is written before a request leaves and before a reply counts, and read at the next run: a
 * process that is killed loses no reply that it had read, and what it had in flight is known and
 * counts under the spend cap. A record is dropped at some time after it was settled (a request: its
 * end has a record; an end: its transaction is committed), never before; records come while others
 * are settled. What it cannot outlive is the machine: nothing is synced. One thread at a time.
 */
#ifndef COLLECT_JOURNAL_H
#define COLLECT_JOURNAL_H

#include "collect/writer.h"

enum journal_kind {
    JOURNAL_REPLY, /* what a struct writer_reply holds but for the parsed answer */
    JOURNAL_SENT,  /* a try that is about to leave; its end has the same first four fields and hash
                    */
    JOURNAL_TRIED, /* its end without a reply: a struct attempt */
};
/* Borrowed strings. */
struct journal_record {
    enum journal_kind kind;
    int64_t prompt, model_config, sample, started_ms, status;
    int64_t charge_nusd; /* SENT: the worst case; TRIED: as the attempt; MONEY_UNKNOWN */
    double wait_s, latency_ms, ttft_ms;
    const char *request_hash, *ext_id, *model;
    const char *protocol; /* TRIED: the class of the error instead; SENT: "-" */
    const char *body;     /* len bytes and a NUL; of REPLY */
    size_t len;
};

struct journal;
/* Opens the one of a store, made where there is none; the caller has the store to itself. ERR_IO.
 */
int journal_open(const char *store_path, struct journal **out, struct err *e);
/* ERR_IO: nothing of it was written (a full disk); what is there stays good. */
int journal_add(struct journal *j, const struct journal_record *r, struct err *e);
/* Every whole record, oldest first, until see returns a negative code. What a killed process left
 * half-written ends the file. *damage: of the first byte that is neither, -1: there is none; what
 * is whole behind it is given all the same. */
int journal_each(struct journal *j,
                 int (*see)(void *arg, const struct journal_record *r, struct err *e), void *arg,
                 int64_t *damage, struct err *e);
/* The number of the record added last, 1.. in order; what was there when it was opened is 1. */
int64_t journal_last(const struct journal *j);
/* A record, by its number, is needed no more. */
void journal_settle(struct journal *j, int64_t number);
/* Drops settled records where that pays: all when none is left to settle, else once they are most
 * of a few MB. ERR_IO: what is not settled is there all the same. */
int journal_trim(struct journal *j, struct err *e);
int journal_clear(struct journal *j, struct err *e); /* all of it is committed */
/* Gives the file another name, STORE-replies.damaged or the next that is free, for people to look
 * at; what comes goes into a new one. name [240] is written. ERR_IO. */
int journal_set_aside(struct journal *j, char name[240], struct err *e);
const char *journal_path(const struct journal *j);
/* Removes the file when it holds nothing that is not settled. */
void journal_close(struct journal *j);

#endif
