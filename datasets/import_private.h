/* What the importers share: a run's state, one way to read lines, one way to write rows. Private to
 * this folder.
 *
 * import.c          run, transaction, checks over the whole     import_jsonl.c     prompts
 * import_rows.c     prompts and replies into the store          import_outcomes.c  prompts and
 * outcomes import_lines.c    lines -> JSON objects, unknown keys         import_routellm.c  CSVs
 * import_prompt.c   one JSON object -> one prompt
 */
#ifndef DATASETS_IMPORT_PRIVATE_H
#define DATASETS_IMPORT_PRIVATE_H

#include "core/hash.h"
#include "core/json.h"
#include "core/progress.h"
#include "datasets/import.h"
#include "store/reply.h"

/* Bytes of a line, of a prompt's text and of a reply: the limit of DESIGN section 4. */
enum { IMPORT_TEXT_MAX = 8 * 1024 * 1024 };

#define IMPORT_LEFT_OUT SIZE_MAX /* no place: the prompt is contaminated */

/* A prompt that this run has seen. */
struct import_known {
    int64_t row;
    size_t file, line; /* where: index in import.files */
    size_t dataset;    /* index in import.datasets */
    bool graded;       /* has a grader of its own, whose scores go before imported ones */
};

struct import {
    struct store *store;
    const struct import_options *o;
    struct import_summary *sum;
    char *dataset;      /* where a line names none */
    struct strmap *ids; /* ext_id -> index in known */
    VEC(struct import_known) known;
    struct strmap *files, *datasets;
    struct strmap *models;      /* name -> index in model_rows and sum->models */
    VEC(int64_t) model_configs; /* the "import" configuration of each */
    VEC(int64_t) model_rows;
    struct strmap *outcomes; /* prompt, model, sample: seen once only */
    struct strmap *stages;   /* parent's ext_id -> index in stage_counts */
    VEC(int64_t) stage_counts;
    struct strmap *ignored; /* unknown keys already told */
    struct decon *decon;    /* NULL: nothing to leave out */
    struct strmap *left;    /* ext_ids left out */
    struct progress *progress;
    uint64_t done; /* rows, for the progress bar */
};

/* Where a record stands, for messages: "FILE:LINE". */
struct import_at {
    const char *path;
    size_t line;
};

/* Calls see for every line that is not blank, as a parsed object. ERR_FORMAT: a line beyond
 * IMPORT_TEXT_MAX, not UTF-8 (FILE:LINE:OFFSET), not JSON, not an object. */
int import_each_line(struct import *im, const char *path,
                     int (*see)(struct import *im, const struct json *line,
                                const struct import_at *at, struct err *e),
                     struct err *e);

/* Notes each key of object that is not in keys[n], once a run; an error when strict. */
int import_check_keys(struct import *im, const struct json *object, const char *const *keys,
                      size_t n, const struct import_at *at, struct err *e);

/* One prompt line, with everything its struct prompt borrows. */
struct import_prompt {
    struct prompt p;
    char *id, *user, *group, *parent; /* parent: its ext_id */
    struct buf messages, text, reference, grader;
};
void import_prompt_init(struct import_prompt *ip);
void import_prompt_deinit(struct import_prompt *ip);
/* Fills ip from a line of either JSONL form; checks every field. */
int import_prompt_read(struct import *im, const struct json *line, const struct import_at *at,
                       struct import_prompt *ip, struct err *e);
/* messages and text of a request that is one user turn. */
int import_prompt_single(struct import_prompt *ip, const char *text, size_t len,
                         const struct import_at *at, struct err *e);

/* The text of a "messages" array, as encoders see it, appended. */
int import_messages_text(const struct json *messages, const struct import_at *at, struct buf *text,
                         struct err *e);

/* Into the store, counted; *index is its place in im->known, or IMPORT_LEFT_OUT. The parent (may be
 * NULL) must have come before. A second line of the same id is an error that names both places. */
int import_prompt_store(struct import *im, struct import_prompt *ip, const struct import_at *at,
                        size_t *index, struct err *e);

/* A reply of a public data set and its score (NaN: none given) into the store. prompt is a place in
 * im->known; r's prompt, model_config and request_hash are filled in here. */
int import_reply_store(struct import *im, size_t prompt, const char *model, struct reply *r,
                       double score, const struct import_at *at, struct err *e);

/* After the last prompt: ERR_FORMAT when none is there (what names the source), or none is left. */
int import_check_any(struct import *im, const char *what, struct err *e);

/* One more row done: the progress bar; ERR_PARTIAL after Ctrl-C. */
int import_tick(struct import *im, struct err *e);

/* Index of a model in im->model_rows; it is added to the store at first sight. */
int import_model_of(struct import *im, const char *name, size_t *index, struct err *e);

int import_jsonl(struct import *im, struct err *e);
int import_preferences(struct import *im, struct err *e);
int import_outcomes(struct import *im, struct err *e);
int import_routellm(struct import *im, struct err *e);

/* "DIR/prompts.jsonl" or ".gz" beside it, whichever is there (heap), or NULL. */
char *import_find(const char *dir, const char *name);

#endif
