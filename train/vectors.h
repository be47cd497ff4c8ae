/* Which encoder a router is to use, and the dense vectors of one from the store.
 */
#ifndef TRAIN_VECTORS_H
#define TRAIN_VECTORS_H

#include "core/err.h"
#include "store/matrix.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

enum { VECTORS_ID = 160 }; /* bytes of an encoder id */

/* "hashed" (NULL too), "endpoint:NAME" or "hashed+endpoint:NAME": *endpoint points into text, NULL
 * without vectors. ERR_USAGE: anything else. */
int vectors_parse(const char *text, bool *hashed, const char **endpoint, struct err *e);

/* The vectors that encoder `name` gave for the prompts of m: *out [prompts][dims], heap; id is
 * "NAME/DIMS/HASH", as a table names it. ERR_USAGE: no such encoder, or prompts without a vector
 * (the text says how many). */
int vectors_load(struct store *s, const struct matrix *m, const char *name, float **out,
                 size_t *dims, char id[VECTORS_ID], struct err *e);

/* How many prompts of m lack a vector of this encoder; the rest as vectors_load. *have [prompts]
 * heap, false where there is none (the row is then 0). */
int vectors_load_some(struct store *s, const struct matrix *m, const char *name, float **out,
                      bool **have, size_t *dims, char id[VECTORS_ID], size_t *missing,
                      struct err *e);

#endif
