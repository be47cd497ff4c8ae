/* Vectors made elsewhere -> the store, under an encoder's name.
 *
 * Two forms, by the end of the file's name:
 *   .npy    NumPy's format 1, 2 or 3: a C-ordered two-dimensional array of float32 or float64,
 * little endian, one row a prompt; ids has the prompts' ids in the same order others  JSON Lines,
 * plain or gzip: {"id": ..., "embedding": [...]} (or prompt_id, vector) ids is a file of one id a
 * line, or JSON Lines (.jsonl, .ndjson) whose objects have id or prompt_id: the very file that was
 * imported will do. Plain or gzip.
 *
 * train then takes --encoder endpoint:NAME or hashed+endpoint:NAME, whoever made the vectors.
 */
#ifndef DATASETS_VECTORS_H
#define DATASETS_VECTORS_H

#include "store/store.h"

enum { VECTOR_DIMENSIONS_MAX = 65536 };

struct vectors_options {
    const char *path;
    const char *ids;     /* for .npy; else NULL */
    const char *encoder; /* name in the store, at most 63 bytes */
};

struct vectors_summary {
    int64_t dimensions;
    int64_t added, replaced; /* vectors */
    int64_t prompts;         /* of the store, without parents of stages */
    int64_t missing;         /* of them without a vector of this encoder */
};

/* One transaction. ERR_IO; ERR_FORMAT, with file, row and prompt id: an id that the store does not
 * have, one given twice, a vector of another length, a component that is no finite float32, fewer
 * or more rows than ids, a file that is cut off; ERR_DB: the encoder is in the store with other
 * dimensions, or made in another way; ERR_PARTIAL: Ctrl-C, nothing was stored. */
int vectors_import(struct store *s, const struct vectors_options *o, struct vectors_summary *out,
                   struct err *e);

#endif
