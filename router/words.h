/* Word vectors multiplied out: what the words of a text add to each head (FORMAT.md, 3.20). Not
 * installed. */
#ifndef SHUNT_WORDS_H
#define SHUNT_WORDS_H

#include "router/internal.h"

/* Hash of a word as it is looked up. */
uint64_t shunt_word_hash(const char *word, size_t bytes);

/* The next word of text [bytes] from *at on: its first byte and length, *at behind it; *row is its
 * row in t, or SHUNT_NONE. Returns 0 at the end. */
int shunt_next_word(const struct shunt_table *t, const char *text, size_t bytes, size_t *at,
                    const char **word, size_t *len, uint32_t *row);

/* Add the weighted mean of the words' rows to z [heads]. O(bytes + words * columns). */
void shunt_add_words(const struct shunt_table *t, const char *text, size_t bytes, double *z);

#endif
