/* Where collecting stands, model by model: what is there, what is missing and why, what it cost. */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "core/money.h"
#include "store/store.h"

struct standing {
    const char *model, *tier; /* tier NULL: none; strings live until see returns */
    int64_t samples;          /* replies a prompt, as far as they were asked for: 1.. */
    int64_t total;            /* prompts (parents of stages left out) x samples */
    int64_t done;             /* of them answered: by the current configuration, else imported */
    int64_t failed;           /* of the others, those whose last try failed */
    const char *failures;     /* these by class: "rate_limit 3, timeout 1"; "" when none */
    int64_t tries;            /* requests ever sent, of all configurations */
    const char *errors;       /* those that brought no reply, by class as above; "" when none */
    int64_t replies;          /* paid for, of all configurations: without imported ones */
    money_wide spent_nusd;    /* of replies with a known cost; computed, else as reported */
    int64_t lost_nusd;        /* worst cases of tries that brought no reply and may be charged */
    int64_t held_nusd;        /* worst cases of what waits in batches */
    int64_t cost_unknown;     /* replies without one */
    double mean_latency_ms;   /* NaN: no reply with one */
};

/* The last `shunt collect`, also one that is still at work. */
struct last_collect {
    const char *argv;             /* as JSON */
    int64_t started_ms, ended_ms; /* ended_ms 0: it is at work, or was killed */
    int64_t status;               /* its exit status */
    int64_t replies;              /* stored since it began */
};
/* Calls see once, or never where there was none. */
int standing_last(struct store *s,
                  int (*see)(void *arg, const struct last_collect *l, struct err *e), void *arg,
                  struct err *e);

/* Every model of the store, in order of name. */
int standing_each(struct store *s, int (*see)(void *arg, const struct standing *m, struct err *e),
                  void *arg, struct err *e);

#endif
