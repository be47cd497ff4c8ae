/* Replay traffic across models: prompts x models x samples -> store.reply, .attempt. Start reading
 * here.
 *
 *   collect.h  what a run is asked and what it tells     engine.h   the event loop
 *   models.h   the config's models, ready to be asked    http.h     libcurl
 *   adapter.h  wire formats                              trouble.h  what went wrong, retry or not
 *   writer.h   batches into the store                    purse.h    the spend cap
 *   embed.h    vectors
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "collect/trouble.h"
#include "core/config.h"
#include "core/money.h"
#include "core/vec.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct str_vec;
struct where;
struct collect_options {
    const struct str_vec *models; /* names; NULL or empty: all of the config */
    int64_t samples;              /* replies a prompt, 1.. */
    int64_t limit;                /* only the first so many prompts; 0: all */
    int64_t shard, shards;        /* only every shards-th prompt, by its id; shards 0: all */
    int64_t jobs, per_model;      /* in flight; per_model 0: as jobs */
    int64_t retries;
    double timeout_s;
    int64_t max_spend_nusd;    /* MONEY_UNKNOWN: no cap */
    const struct where *where; /* only these prompts; NULL: all */
    bool batch;                /* what waits in a batch is not passed over */
    bool only_errors;          /* only what was tried before and failed */
    bool new_cap;              /* what earlier runs cost does not count under the cap */
    bool refresh;              /* ask again for what is there, imported replies too */
    bool dry_run;
    bool allow_http;
    struct config_hedge hedge; /* of every model; none: as the config says */
    bool stream;   /* ask every model for a stream, not only those of which the config says so */
    uint64_t seed; /* of the jitter of waits */
};

/* An estimate and the ends of its 95 % interval; NaN: not known. */
struct collect_range {
    double value, low, high;
};

/* Of one model. Doubles are NaN where nothing is known. */
struct collect_model {
    char *name;
    int64_t wanted;    /* prompts x samples of the selection */
    int64_t had;       /* of them already in the store */
    int64_t requests;  /* sent, every try */
    int64_t ok;        /* stored in this run */
    int64_t failed;    /* asked and given up */
    int64_t not_asked; /* left over: stopped, interrupted, cap */
    int64_t retries;
    int64_t hedges;             /* second tries, sent beside a slow first one */
    int64_t failures[TROUBLES]; /* given up, by the class of the last try */
    int64_t troubles[TROUBLES]; /* tries, by class */
    int64_t input_tokens, output_tokens;
    money_wide cost_nusd;     /* of replies with a known cost */
    int64_t cost_unknown;     /* replies without */
    int64_t reported, differ; /* replies with a reported and a computed cost; over 1 % apart */
    money_wide reported_nusd, beside_nusd; /* the sums of the two */
    double latency_sum_ms;
    double ttft_sum_ms;          /* of `timed` replies, those with a time to the first token */
    double after_sum_ms;         /* of them: from there to the end */
    int64_t timed, timed_tokens; /* their output tokens, where counted */
    bool stopped;
    char message[240]; /* of the last failure; "" none */
    /* estimates of a dry run, for what is missing (estimate.h) */
    struct collect_range estimate_input, estimate_output, estimate_usd;
    int64_t worst_nusd; /* MONEY_UNKNOWN: not known */
    int64_t measured;   /* replies they rest on */
    int64_t pooled;     /* requests of tasks without enough replies, but others of the model have */
    int64_t assumed;    /* requests of a model without any */
};

struct collect_summary {
    struct VEC_BODY(struct collect_model) models;
    int64_t prompts;
    int64_t parents; /* prompts that are not asked: their stages are, and count as prompts */
    double seconds;
    money_wide spent_nusd;  /* of replies; one without a known cost counts at its worst */
    money_wide lost_nusd;   /* worst cases of tries that brought no reply but may have been paid */
    money_wide before_nusd; /* under a cap: of earlier runs, lost ones included */
    money_wide before_lost_nusd; /* of that: tries that brought no reply */
    money_wide batch_nusd;       /* under a cap: worst cases of what waits in batches */
    int64_t recovered;           /* replies that a killed run had read, stored now */
    int64_t unknown;             /* requests that it had in flight: nobody knows their outcome */
    money_wide unknown_nusd;     /* their worst cases */
    bool interrupted, capped;
};
void collect_summary_deinit(struct collect_summary *s);

/* Writes models, configurations and prices of the config into the store, then asks what is missing.
 * Returns 0 when everything is there; ERR_PARTIAL when something is missing (*e says what and how
 * to go on), ERR_LIMIT at the cap, ERR_NET when nothing could be asked at all; ERR_USAGE, ERR_DB,
 * ERR_IO before or during the run. *out is filled whenever models were opened; deinit it always.
 * With dry_run nothing is sent and nothing is written. */
int collect_run(struct store *s, const struct config *c, const struct collect_options *o,
                struct collect_summary *out, struct err *e);

#endif
