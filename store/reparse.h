/* Stored replies with their raw bodies, to read them again with a mended adapter. */
#ifndef STORE_REPARSE_H
#define STORE_REPARSE_H

#include "store/reply.h"

/* A reply as it is stored. Strings live until see returns. */
struct reparse_item {
    struct reply reply;
    const char *protocol; /* of the body */
    const char *body;     /* unpacked, with a NUL after it */
    size_t len;
    const char *ext_id, *config_hash;
};

/* All replies of a model that have a raw body, in order of id. The row that see writes is seen
 * once. see may write to the store. ERR_FORMAT for a body that does not unpack. */
int reparse_each(struct store *s, int64_t model,
                 int (*see)(void *arg, const struct reparse_item *item, struct err *e), void *arg,
                 struct err *e);

#endif
