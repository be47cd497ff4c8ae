/* The vector of a text that some prompt has. */
#ifndef STORE_TEXT_VECTOR_H
#define STORE_TEXT_VECTOR_H

#include "store/embed.h"

/* out: [dims] the vector that enc gave a prompt with exactly this text (of several the first).
 * ERR_USAGE: no prompt with that text has one. O(prompts). */
int embedding_of_text(struct store *s, const struct encoder *enc, const char *text, size_t bytes,
                      float *out, struct err *e);

#endif
