/* Several stores into one: what shards, or people, collected apart. */
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include "store/store.h"

#include <stddef.h>

enum { MERGE_TABLES = 13 };
extern const char *const merge_tables[MERGE_TABLES]; /* "prompt", "model", ... */

struct merge_count {
    int64_t rows[MERGE_TABLES];  /* of the input */
    int64_t added[MERGE_TABLES]; /* of them new in the output */
    int64_t conflicts;           /* rows left out for another that stood there (keep_first) */
};

/* Writes what out_path holds (when there is such a store) and what the n inputs hold into out_path.
 *
 * Rows are the same by what they are about, never by number: prompts by id, models by name,
 * configurations, replies and attempts by content hash, scores by reply and grader, vectors by
 * prompt and encoder, batches by model, time and size, their requests by custom_id. Merging the
 * same again changes nothing. Routers, policies, evaluations and runs stay in their stores: they
 * were computed from a part. A batch that one input has open and another has ended has ended.
 *
 * Rows that are the same and say something else are a conflict: ERR_FORMAT names the first one.
 * With keep_first replies, scores, prices and the current configuration are taken from where they
 * stood first, and counted; prompts, models and encoders must agree in any case.
 *
 * out_path is replaced in one step when all went well, else it is as it was. count: [n], written.
 * ERR_IO, ERR_DB, ERR_FORMAT; ERR_USAGE when out_path is in use by another program, or beside an
 * input stands a journal of replies that are not in it yet (collect/journal.h). */
int store_merge(const char *out_path, const char *const *inputs, size_t n, bool keep_first,
                struct merge_count *count, struct err *e);

#endif
