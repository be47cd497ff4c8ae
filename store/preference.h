/* Preferences: of two models' replies to a prompt, which one somebody liked better.
 */
#ifndef STORE_PREFERENCE_H
#define STORE_PREFERENCE_H

#include "store/store.h"

#include <stddef.h>

struct preference {
    int64_t prompt;           /* row id */
    int64_t model_a, model_b; /* row ids, never equal */
    double outcome; /* 1: a was better, 0: b, .5: a tie; shares of several votes between */
    int64_t vote;   /* tells votes on the same pair apart, from 0 */
};

/* Adds, or replaces the outcome of the same prompt, pair and vote; *added says which. */
int preference_put(struct store *s, const struct preference *p, int *added, struct err *e);
/* All, in order of prompt, models, vote; heap. */
int preference_load(struct store *s, struct preference **out, size_t *n, struct err *e);
/* How many there are; negative on failure. */
int64_t preference_count(struct store *s, struct err *e);

#endif
