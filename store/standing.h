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
    int64_t replies;          /* paid for, of all configurations: without imported ones */
    money_wide spent_nusd;    /* of replies with a known cost; computed, else as reported */
    int64_t lost_nusd;        /* worst cases of tries that brought no reply and may be charged */
    int64_t held_nusd;        /* worst cases of what waits in batches */
    int64_t cost_unknown;     /* replies without one */
    double mean_latency_ms;   /* NaN: no reply with one */
};

/* Every model of the store, in order of name. */
int standing_each(struct store *s, int (*see)(void *arg, const struct standing *m, struct err *e),
                  void *arg, struct err *e);

#endif
