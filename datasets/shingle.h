/* Shingles: the set of five-word runs of a text, as 64-bit hashes, by which texts are compared.
 *
 * A word is a run of letters and digits (ASCII in lower case; beyond ASCII every character counts
 * as a letter); marks and spaces only part words. Thai, kana and Han have no spaces: there each
 * character is a word. A text of fewer than five words is one shingle, all of it; a text without
 * any word has none. Jaccard similarity is that of the two sets (Broder 1997).
 */
#ifndef DATASETS_SHINGLE_H
#define DATASETS_SHINGLE_H

#include <stddef.h>
#include <stdint.h>

enum { SHINGLE_WORDS = 5 };

/* The set of text, ascending, each once. *out is heap, the caller's. Returns how many. O(len log
 * len). */
size_t shingle_set(const char *text, size_t len, uint64_t **out);

/* |a and b| / |a or b| of two ascending sets; 0 where either is empty. */
double shingle_jaccard(const uint64_t *a, size_t na, const uint64_t *b, size_t nb);

#endif
