/* Batch APIs, at half the price: requests as files and results from files, and the same through the
 * provider's own endpoints (batch_remote.c).
 *
 * A reply that comes from a batch is a reply like any other, with service_tier "batch" and without
 * latency. It costs what batch_prices() says.
 */
#ifndef COLLECT_BATCH_H
#define COLLECT_BATCH_H

#include "collect/collect.h"
#include "core/fs.h"

struct batch_model {
    char *name;
    int64_t requests; /* written to files, or submitted */
    int64_t files;    /* or batches submitted */
    int64_t waiting;  /* with the provider, after this run */
    int64_t ok;       /* results stored */
    int64_t failed;   /* results that are errors, expired or cancelled ones among them */
    int64_t already;  /* results of which the reply was there */
    int64_t lost;     /* requests whose batch ended, or was forgotten, without a result for them */
    money_wide lost_nusd; /* what they count as for good: their worst cases */
    money_wide held_nusd; /* worst cases of those waiting, when the run ends */
    money_wide cost_nusd;
    int64_t cost_unknown; /* replies without a known cost */
    char message[240];    /* of the last failed one; "" none */
};
struct batch_summary VEC_BODY(struct batch_model);
void batch_summary_deinit(struct batch_summary *s);
struct batch_model *batch_summary_of(struct batch_summary *s,
                                     const char *model); /* found or made */

/* Writes what is missing (models, samples, limit, where, shard, only_errors, refresh of o) to files
 * DIR/MODEL-001.jsonl (Anthropic: .json, as its endpoint takes it), 50,000 requests or 64 MiB each,
 * and remembers them. ERR_IO, ERR_USAGE, ERR_DB; what was written by then is remembered. */
int batch_export(struct store *s, const struct config *c, const struct collect_options *o,
                 const char *dir, struct batch_summary *out, struct err *e);

/* Reads result files of any of the three shapes, in any order, errors files too ("-": stdin). All
 * are checked before anything is stored: ERR_FORMAT names file and line of what is no result or
 * whose custom_id no export of this store has. Read again, a file changes nothing. ERR_PARTIAL when
 * results are errors. */
int batch_import(struct store *s, const struct config *c, const struct str_vec *files,
                 struct batch_summary *out, struct err *e);

/* Picks up the results of batches that have ended, submits what is missing and waits in none, then
 * looks again every few seconds for wait_s seconds, or until all have ended or Ctrl-C. Everything
 * is in the store: a later run goes on. ERR_PARTIAL while something waits or failed; ERR_NET,
 * ERR_USAGE (Gemini: files only).
 *
 * With max_spend_nusd, requests are submitted only as long as their worst cases, at standard
 * prices, fit in it beside what earlier runs were charged and what waits in batches (ERR_LIMIT). A
 * request holds its worst case from before it is submitted until its result is in, which counts at
 * its cost; a result that is an error counts nothing. Where a batch ends without a result for it,
 * or nobody knows whether it was submitted, it counts at its worst for good (attempts of the class
 * "unknown"); so it does when the provider has forgotten its batch, once that is a day old. A
 * result takes the place of an older reply (--refresh); of one that was asked for later it only
 * counts. */
int batch_run(struct store *s, const struct config *c, const struct collect_options *o,
              double wait_s, struct batch_summary *out, struct err *e);

/* Shared by batch.c and batch_remote.c: every request that is missing goes into sheets, each handed
 * to put when it is full; a file within the transaction that remembers it. */
struct target;
struct sheet {
    const struct target *target;
    struct store *store;
    int number;
    int64_t batch, requests; /* row id; in the sheet so far */
    struct buf text;
    struct batch_model *m;
    int64_t left_nusd; /* of a cap; MONEY_UNKNOWN: none */
    bool capped;
    bool skip_waiting; /* leave out what a provider has */
    bool remote;       /* it is in the store before put hands it to a provider, not with it */
    bool unsure;       /* set by put when it fails, and the provider may have it all the same */
    int (*put)(struct sheet *x, void *arg, struct err *e);
    void *arg;
};
int batch_fill(struct sheet *x, const struct collect_options *o, struct err *e);

/* batch_take.c: one result into the store (through the writer of an open run). ERR_FORMAT for an
 * unknown custom_id. */
struct batch_result;
struct batch_taker;
struct batch_taker *batch_taker_new(struct store *s, const struct config *c,
                                    struct batch_summary *sum, struct err *e);
int batch_take(struct batch_taker *t, const struct batch_result *r, struct err *e);
/* Commits; NULL is fine. */
int batch_taker_end(struct batch_taker *t, struct err *e);

#endif
