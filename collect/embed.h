/* Vectors from an endpoint: prompts -> store.embedding, in batches. */
#ifndef COLLECT_EMBED_H
#define COLLECT_EMBED_H

#include "collect/trouble.h"
#include "core/config.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct embed_options {
    const char *encoder;   /* name in the config, and in the store */
    int64_t batch;         /* texts a request; 0: the config's, else 64 */
    int64_t limit;         /* only the first so many prompts; 0: all */
    int64_t shard, shards; /* only every shards-th prompt, by its id; shards 0: all */
    int64_t jobs, retries;
    double timeout_s;
    bool allow_http;
    uint64_t seed; /* of the jitter of waits */
};

struct embed_summary {
    int64_t prompts; /* of the selection */
    int64_t had;     /* of them with a vector already */
    int64_t ok;      /* stored in this run */
    int64_t refused; /* vectors of the wrong length or with something that is no number; no text */
    int64_t failed;  /* in batches that were given up */
    int64_t not_asked;
    int64_t requests, retries;
    int64_t troubles[TROUBLES]; /* tries, by class */
    int64_t tokens;             /* as the endpoint counted; replies without a count are left out */
    int64_t dimensions;
    double seconds;
    bool interrupted;
    char message[240]; /* of the last failure; "" none */
};

/* Embeds what has no vector of the encoder yet. Returns 0 when every prompt has one; ERR_PARTIAL
 * with *e saying what is missing, ERR_NET when nothing could be asked, ERR_USAGE for an encoder
 * that is not in the config or has no address, ERR_DB when the store knows the name with other
 * dimensions or settings. */
int embed_run(struct store *s, const struct config *c, const struct embed_options *o,
              struct embed_summary *out, struct err *e);

#endif
