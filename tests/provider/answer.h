/* What a simulated model says to a request: the text, its tokens, and how long it takes.
 *
 * A pure function of (seed, model, prompt, sample, temperature, max_tokens): no clock, no state.
 */
#ifndef PROVIDER_ANSWER_H
#define PROVIDER_ANSWER_H

#include "core/buf.h"
#include "core/rng.h"
#include "tests/provider/models.h"
#include "tests/provider/traffic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token {
    uint32_t start, len; /* bytes of the text; the tokens put together are the text */
    double logprob;      /* natural logarithm, < 0 */
};

/* FINISH_TOOL: the text is the arguments of a call. */
enum finish { FINISH_STOP, FINISH_LENGTH, FINISH_REFUSAL, FINISH_TOOL };

/* One request, whatever protocol it came in. */
struct question {
    const struct sim_model *model;
    const struct prompt *prompt; /* NULL: not in the data set */
    uint64_t hash;               /* of the prompt, else of the texts as sent */
    uint64_t sample;             /* which draw; ignored at temperature 0 */
    double temperature;
    int64_t max_tokens; /* 0: no limit */
};

enum verdict { VERDICT_UNKNOWN, VERDICT_RIGHT, VERDICT_WRONG, VERDICT_REFUSED };

struct answer {
    struct buf text;
    struct token *token; /* owned */
    size_t tokens;
    size_t reasoning; /* tokens thought before, not in text */
    enum finish finish;
    enum verdict verdict;      /* what was intended; for /stats */
    double first_ms, token_ms; /* to the first token; for each further one */
};

void answer_make(const struct traffic *t, uint64_t seed, const struct question *q,
                 struct answer *out);
void answer_deinit(struct answer *a);

/* Chance of a right answer, 0..1, before the draw. */
double answer_chance(uint64_t seed, const struct sim_model *m, const struct prompt *p);

/* Tokens of a text: a word of up to six letters with the space before it, up to three digits, or
 * one other character. token may be NULL to count only; returns how many, at most max are written.
 */
size_t tokens_split(const char *text, size_t len, struct token *token, size_t max);
size_t tokens_count(const char *text);

/* The reply's content (right.c, wrong.c). style varies form only, what varies the error made. */
void reply_right(const struct sim_model *m, const struct prompt *p, struct rng *style,
                 struct buf *out);
void reply_wrong(const struct traffic *t, const struct sim_model *m, const struct prompt *p,
                 struct rng *what, struct rng *style, struct buf *out);
/* A value of the reference in another form, around the same content: sentence, fence, plain. */
void reply_present(const struct sim_model *m, const struct prompt *p, const char *value,
                   struct rng *style, struct buf *out);
/* The text of a number as a model would write it for this grader. */
void reply_number(const struct prompt *p, double x, struct buf *out);
const struct json *reply_choices(const struct prompt *p);
const struct json *reply_accepted(const struct prompt *p, size_t i); /* i-th accepted value */

#endif
