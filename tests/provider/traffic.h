/* The data set that the provider knows, and finding the known prompt inside a request.
 *
 * Loaded once, then read only: any number of threads may search.
 */
#ifndef PROVIDER_TRAFFIC_H
#define PROVIDER_TRAFFIC_H

#include "core/err.h"
#include "core/json.h"
#include "tests/provider/models.h"

#include <stddef.h>
#include <stdint.h>

enum grader {
    GRADER_NONE, /* no reference, or a grader that the provider cannot answer on purpose */
    GRADER_EQUALS,
    GRADER_ICONTAINS,
    GRADER_REGEX,
    GRADER_NUMERIC,
    GRADER_CHOICE,
    GRADER_JSON,
    GRADER_SQL,
};

struct prompt {
    const char *id;        /* borrowed from row, as are the other pointers below */
    const char *task_name; /* NULL when the row has none */
    enum task task;
    char *user;                   /* last user turn, trimmed; owned */
    char *system;                 /* system turns joined by a newline, trimmed, "" if none; owned */
    const struct json *reference; /* NULL when absent */
    const struct json *grader;    /* the object, or the string */
    enum grader kind;
    int negated;       /* the grader's type begins with "not-" */
    double difficulty; /* what shows in the text: complexity label, length, numbers; about 0..3 */
    uint64_t hash;     /* of user and system text */
    struct json *row;  /* owned */
};

struct traffic;
/* Reads the project's JSON Lines. ERR_FORMAT names file and line. */
int traffic_load(const char *path, struct traffic **out, struct err *e);
struct traffic *traffic_empty(void);
void traffic_free(struct traffic *t);
size_t traffic_count(const struct traffic *t);
const struct prompt *traffic_at(const struct traffic *t, size_t i);

/* The known prompt of a request, or NULL.
 *
 *   user    last user turn as it arrived: the prompt's text may stand anywhere in it
 *   system  system text as it arrived, may be ""; decides between prompts with the same user text
 *
 * An equal text wins, then the longest known text contained in user (at least 8 bytes long).
 * O(bytes of user) hash look-ups; no allocation.
 */
const struct prompt *traffic_find(const struct traffic *t, const char *user, const char *system);

/* A prompt with the same task and grader, drawn by `draw`; may be p itself. */
const struct prompt *traffic_sibling(const struct traffic *t, const struct prompt *p,
                                     uint64_t draw);

#endif
