/* What the protocols' streams add up to; private to stream.c and stream_fold.c. */
#ifndef COLLECT_STREAM_FOLD_H
#define COLLECT_STREAM_FOLD_H

#include "core/buf.h"
#include "core/json.h"
#include "core/vec.h"

struct fold_tool {
    int64_t index;
    struct buf name, arguments;
};

struct fold {
    struct buf text, refusal;
    struct VEC_BODY(struct fold_tool) tools;
    struct buf finish, model; /* plain; empty: not said */
    struct buf usage;         /* JSON; empty: not said. Counts are cumulative: the last wins */
    struct buf logprobs;      /* JSON of list members, commas between */
    struct buf alternatives;  /* the same, where they come beside */
    struct buf others;        /* further members of the body, each with a comma before it */
    bool ended;               /* the stream said that it is complete */
    bool done;                /* nothing more is to come */
};
void fold_init(struct fold *f);
void fold_deinit(struct fold *f);

struct stream_format {
    const char *protocol;
    const char *members; /* added to a request; NULL: none */
    void (*add)(struct fold *f, const struct json *event);
    void (*write)(struct fold *f, struct buf *out); /* the body, when ended */
    bool (*has_text)(const struct json *event);
};
extern const struct stream_format stream_openai, stream_responses, stream_anthropic, stream_gemini;

#endif
