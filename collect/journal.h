/* Replies on their way into the store, in a file beside it (STORE-replies): a process that is
 * killed loses none that it had read, for the file is written before a reply counts and read at the
 * next run. A record is dropped at some time after it was settled (its transaction is committed),
 * never before; records come while others are settled. What it cannot outlive is the machine:
 * nothing is synced. One thread at a time.
 */
#ifndef COLLECT_JOURNAL_H
#define COLLECT_JOURNAL_H

#include "collect/writer.h"

/* One record: what a struct writer_reply holds but for the parsed answer. Borrowed strings. */
struct journal_record {
    int64_t prompt, model_config, sample, started_ms, status;
    double wait_s, latency_ms, ttft_ms;
    const char *request_hash, *protocol, *ext_id, *model;
    const char *body; /* len bytes and a NUL */
    size_t len;
};

struct journal;
/* Opens the one of a store, made where there is none; the caller has the store to itself. ERR_IO.
 */
int journal_open(const char *store_path, struct journal **out, struct err *e);
/* ERR_IO: nothing of it was written (a full disk); what is there stays good. */
int journal_add(struct journal *j, const struct journal_record *r, struct err *e);
/* Every whole record, oldest first, until see returns a negative code; what a killed process left
 * half-written ends the file. */
int journal_each(struct journal *j,
                 int (*see)(void *arg, const struct journal_record *r, struct err *e), void *arg,
                 struct err *e);
/* The number of the record added last, 1.. in order; what was there when it was opened is 1. */
int64_t journal_last(const struct journal *j);
/* A record, by its number, is needed no more. */
void journal_settle(struct journal *j, int64_t number);
/* Drops settled records where that pays: all when none is left to settle, else once they are most
 * of a few MB. ERR_IO: what is not settled is there all the same. */
int journal_trim(struct journal *j, struct err *e);
int journal_clear(struct journal *j, struct err *e); /* all of it is committed */
/* Removes the file when it is empty. */
void journal_close(struct journal *j);

#endif
