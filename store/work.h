/* What is left to ask: prompts page by page for one model or encoder, and counts of what is there.
 *
 * Pages instead of one long query: a statement kept open over a run would keep SQLite from folding
 * its write-ahead log back, which then grows with every reply.
 */
#ifndef STORE_WORK_H
#define STORE_WORK_H

#include "core/vec.h"
#include "store/model.h"

#include <stddef.h>

struct work_prompt {
    int64_t id;
    char *ext_id;
    char *messages; /* JSON array of {"role", "content"} */
    char *text;     /* what an encoder sees */
    char *task;     /* "" none */
};
struct work_page VEC_BODY(struct work_prompt);
void work_page_free(struct work_page *page);

/* Only every n-th prompt counts from now on, for all that follows here: those whose id has the hash
 * i modulo n; 0 <= i < n. n 0: all. The same prompts on every machine. */
void work_shard(struct store *s, int64_t i, int64_t n);
/* Prompts of the shard, parents of stages left out. */
int work_count(struct store *s, int64_t *out, struct err *e);
/* Those that were left out: their stages are asked in their place. */
int work_parents(struct store *s, int64_t *out, struct err *e);

/* The next prompts after row id `after` in order of id, at most `max`, into *page (freed and filled
 * anew; empty at the end). Parents of stages are left out. max_text: stop a page early, after the
 * prompt with which its texts reach so many bytes. */
int work_prompts(struct store *s, int64_t after, size_t max, size_t max_text,
                 struct work_page *page, struct err *e);
/* The same, only prompts up to row id `last` without a vector of this encoder (0: of none). */
int work_unembedded(struct store *s, int64_t encoder, int64_t after, int64_t last, size_t max,
                    size_t max_text, struct work_page *page, struct err *e);
/* Row id of the last of the first `limit` prompts; INT64_MAX when there are no more, or limit is 0.
 */
int work_last(struct store *s, int64_t limit, int64_t *last, struct err *e);

/* Replies to the first `limit` prompts (0: all) with sample < samples that satisfy: those of the
 * configuration, and imported ones of the model. One for each (prompt, sample). */
int work_replies(struct store *s, int64_t model, int64_t config, int64_t samples, int64_t limit,
                 int64_t *out, struct err *e);
/* Vectors of an encoder for the first `limit` prompts (0: all). */
int work_vectors(struct store *s, int64_t encoder, int64_t limit, int64_t *out, struct err *e);

/* Scores of a reply whose text was replaced. */
int work_drop_scores(struct store *s, int64_t reply, struct err *e);

#endif
