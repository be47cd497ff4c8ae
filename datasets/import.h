/* Traffic and labels in: files -> store.prompt, and for labelled outcomes store.reply and .score.
 *
 *   struct import_options o = {.path = "traffic.jsonl"};
 *   struct import_summary sum = {0};
 *   import_run(store, &o, &sum, &e);
 *   import_summary_deinit(&sum);
 *
 * The four forms are described in datasets/README.md. A run is one transaction: after an error the
 * store is as it was. Importing the same data again changes nothing and counts nothing as new.
 */
#ifndef DATASETS_IMPORT_H
#define DATASETS_IMPORT_H

#include "core/fs.h"
#include "core/money.h"
#include "core/vec.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum import_format {
    IMPORT_AUTO,
    IMPORT_JSONL,
    IMPORT_OUTCOMES,
    IMPORT_ROUTELLM,
    IMPORT_PREFERENCES
};

struct import_options {
    enum import_format format; /* IMPORT_AUTO: by what lies at path */
    const char *path;          /* a file, "-" for stdin (JSONL forms only), or a folder */
    const char *dataset;       /* name of the source; NULL: the lines' own, else from path */
    bool strict;               /* a key that is not known is an error, not a note */
    /* Prompts with a text in these files, or near one of theirs, are left out (decontaminate.h);
     * NULL or empty: none. decontaminate_jaccard: .5 to 1, 0 for equal texts only. */
    const struct str_vec *decontaminate;
    double decontaminate_jaccard;
};

/* What came in for one model; means are over its replies. */
struct import_model {
    char *name;
    int64_t replies;
    int64_t scores, costs; /* replies that have one */
    double score_sum;
    money_wide cost_nusd; /* sum of the reported costs */
};

/* A prompt that a decontamination left out. */
struct import_left {
    char *id, *like; /* like: "FILE:LINE" of the text, or the id of the request it is a stage of */
    double jaccard;  /* 1: equal texts; NaN for a stage of a request that was left out */
    bool in_store;   /* an earlier import brought it, and there it stays */
};

struct import_summary {
    enum import_format format; /* the one used */
    int64_t prompts_new, prompts_known;
    int64_t replies_new, replies_known;
    int64_t scores;
    int64_t votes_new, votes_known; /* preferences */
    int64_t left_out;               /* prompts of a contamination list, those in `left` included */
    int64_t splits_given;           /* prompts whose line names its split */
    struct import_left_vec VEC_BODY(struct import_left) left;     /* in order of the data */
    struct import_model_vec VEC_BODY(struct import_model) models; /* in order of first sight */
};

/* Returns 0, or ERR_IO (no such file), ERR_FORMAT (text names file, line and remedy; also an empty
 * data set, and given splits that part what must stay together), ERR_DB, ERR_PARTIAL (Ctrl-C;
 * nothing was written). *out is to be released in every case. */
int import_run(struct store *s, const struct import_options *o, struct import_summary *out,
               struct err *e);
void import_summary_deinit(struct import_summary *sum);

/* "jsonl", "outcomes", "routellm", "preferences"; ERR_USAGE with the nearest name for another word.
 */
int import_format_parse(const char *word, enum import_format *out, struct err *e);
const char *import_format_name(enum import_format f);

#endif
