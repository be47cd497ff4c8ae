/* Encoders and the vectors they gave. */
#ifndef STORE_EMBED_H
#define STORE_EMBED_H

#include "store/store.h"

#include <stddef.h>

struct encoder {
    int64_t id;
    char name[64];
    int64_t dimensions;
    char hash[65]; /* of what makes its vectors: url, wire model, dimensions */
};
/* Find by name, or add. ERR_DB when the name exists with other dimensions or another hash. */
int encoder_put(struct store *s, struct encoder *enc, struct err *e);
/* ERR_USAGE when there is none of that name (lists those there are). */
int encoder_find(struct store *s, const char *name, struct encoder *out, struct err *e);
int embedding_put(struct store *s, int64_t prompt, int64_t encoder, const float *v, size_t dims,
                  struct err *e);
int embedding_have(struct store *s, int64_t prompt, int64_t encoder, struct err *e); /* 1, 0 */
/* Vectors of the given prompts: out [n][dims] written, have[i] false where there is none. */
int embedding_load(struct store *s, int64_t encoder, size_t dims, const int64_t *prompts, size_t n,
                   float *out, bool *have, struct err *e);
/* Names and rows of all encoders. */
int encoder_each(struct store *s, void (*see)(void *arg, const struct encoder *enc, int64_t rows),
                 void *arg, struct err *e);

#endif
