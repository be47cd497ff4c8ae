/* Files of word vectors, line by line. Private to datasets/, and for compile by way of cli/. */
#ifndef DATASETS_WORDS_FILE_H
#define DATASETS_WORDS_FILE_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

struct words_file {
    const char *path;
    size_t words, dims; /* dims is known from the first word on */
    char hash_equal[65],
        hash_rank[65]; /* content hashes of an encoder, by its weights; at the end */
};

/* field: [dims] where each number of the word begins. rank: the word's place in the file, from 1;
 * number: its line. A result other than 0 ends the walk and is returned. */
typedef int words_see(void *arg, const struct words_file *f, const char *word, char *const *field,
                      size_t number, size_t rank, struct err *e);
/* ERR_IO; ERR_FORMAT with file and line; ERR_PARTIAL: Ctrl-C. */
int words_file_read(const char *path, words_see *see, void *arg, struct words_file *out,
                    struct err *e);
/* The numbers of one word: out [dims]. */
int words_file_numbers(const struct words_file *f, const char *word, char *const *field,
                       size_t number, float *out, struct err *e);
/* Weight of a word (datasets/words.h), of a file with so many. */
double words_file_weight(bool by_rank, size_t words, size_t rank);

#endif
