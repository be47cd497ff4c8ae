/* Kinds of staged requests: which stages they have, in which order. */
#ifndef STORE_STAGES_H
#define STORE_STAGES_H

#include "store/store.h"

struct stage_kind {
    const char *request; /* task of the parent; "" where it has none */
    const char *stage;   /* its name */
    const char *task;    /* of its prompts; NULL where they have none, or several */
    int64_t prompts;
};
/* By request, then in order of stage. s is valid during the call only; a result other than 0 ends
 * the walk. */
int stage_kind_each(struct store *s,
                    int (*see)(void *arg, const struct stage_kind *k, struct err *e), void *arg,
                    struct err *e);

#endif
