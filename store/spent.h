/* What the replies of a model used: for estimates of what others will use. */
#ifndef STORE_SPENT_H
#define STORE_SPENT_H

#include "store/model.h"

struct spent {
    const char *task, *messages; /* of the prompt; borrowed until see returns */
    struct usage usage;          /* input and output are known */
};

/* Replies with both counts: of a configuration, or with `others` those of the model's other ones,
 * imported ones among them. At most `limit`, the newest first. */
int spent_each(struct store *s, int64_t model, int64_t model_config, bool others, int64_t limit,
               int (*see)(void *arg, const struct spent *r, struct err *e), void *arg,
               struct err *e);

#endif
