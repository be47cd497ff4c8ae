/* Graders: reply x reference -> score.
 *
 * What a grader may say is store/grader.h's; this judges. A score is 0..1, or not known (NaN) with
 * a status that says why:
 *
 *   ok            judged
 *   refused       is-sql: the reply's query writes, attaches, or runs for long; scores 0
 *   no-reference  the prompt has nothing to judge against; no score
 *   error         the grader itself cannot judge (bad specification, pattern, schema); no score
 *
 * A reply without text scores 0, negated or not. "not-" turns a judged score s into 1 - s; a
 * refused query stays 0.
 */
#ifndef EVAL_GRADE_H
#define EVAL_GRADE_H

#include "core/vec.h"
#include "store/reply.h"

#include <stdbool.h>
#include <stdint.h>

/* Raised whenever a judgement changes, so that `shunt grade` judges old replies again. */
enum { GRADE_VERSION = 1 };

struct grade_result {
    double value;       /* 0..1; NaN: not known */
    const char *status; /* static */
    char reason[200];   /* one line, for people */
};

/* Judges one reply by in->grader, in->reference, in->reply_text. Pure: the same texts give the same
 * result, on every machine and in any thread. Never fails; see the statuses. */
void grade_reply(const struct grade_item *in, struct grade_result *out);

/* What `shunt grade` tells of one model and task. Means are over replies with a score. */
struct grade_row {
    char *model, *task;
    int64_t replies, scored, errors, refused, no_reference;
    double score_sum;
};

struct grade_summary {
    int64_t replies; /* judged now */
    int64_t errors, refused, no_reference;
    char first_error[300]; /* prompt and reason of the first reply with status error; "" */
    struct grade_row_vec VEC_BODY(struct grade_row) rows; /* by model, then task */
};

/* Grades the replies that GRADE_VERSION has not judged (regrade: all of prompts with a grader) and
 * stores the scores as primary, in transactions of a few thousand. Returns 0, ERR_DB, or
 * ERR_PARTIAL after Ctrl-C: what was judged is kept. *out is to be released in every case. */
int grade_all(struct store *s, bool regrade, struct grade_summary *out, struct err *e);
void grade_summary_deinit(struct grade_summary *sum);

#endif
