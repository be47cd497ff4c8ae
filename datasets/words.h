/* Static word vectors -> one vector a prompt: the weighted mean of its words' vectors.
 *
 * The file is text, plain or gzip, as word2vec, GloVe and fastText write it: a word and its numbers
 * a line, separated by spaces; a first line of two whole numbers (words, dimensions) is passed
 * over. A word may hold spaces. Of a word that comes twice the first counts. Only words that the
 * prompts hold are kept in memory.
 *
 * Words of a text: runs of letters and digits, where all beyond ASCII is a letter; looked up as
 * they are, then in lower case. Weights: equal, or a / (a + p) with a = .001 and p the word's
 * frequency by Zipf's law from its line in the file, 1 / (rank ln(1.78 words)): smooth inverse
 * frequency (Arora, Liang, Ma 2017), for files sorted by frequency, as those three are. Neither
 * looks at the prompts, so that no fold leaks and a prompt's vector is the same wherever it is
 * made. A prompt without a known word gets zeros.
 */
#ifndef DATASETS_WORDS_H
#define DATASETS_WORDS_H

#include "store/store.h"

struct words_options {
    const char *path;
    const char *encoder; /* name in the store, at most 63 bytes */
    bool by_rank;        /* weights from the word's line; else equal */
};

struct words_summary {
    int64_t dimensions;
    int64_t words;         /* lines of the file */
    int64_t used;          /* different words of the prompts that it has */
    int64_t tokens, known; /* of all prompts */
    int64_t prompts, zero; /* zero: without any known word */
};

/* One transaction; vectors that the encoder had are replaced. The encoder's content hash is that of
 * the file and the weights. ERR_IO; ERR_FORMAT with file and line (a number that is none, a line of
 * another length, no words); ERR_USAGE (name; no prompts); ERR_DB: the name is in the store with
 * another file; ERR_PARTIAL: Ctrl-C, nothing was stored. */
int words_embed(struct store *s, const struct words_options *o, struct words_summary *out,
                struct err *e);

#endif
