/* Prompts: the requests of the traffic, their groups and splits. */
#ifndef STORE_PROMPT_H
#define STORE_PROMPT_H

#include "store/store.h"

#include <stddef.h>

/* Strings are borrowed when written; when read they belong to the call (see each function).
 * NULL and the marked values mean "not known". */
struct prompt {
    int64_t id;           /* row id; 0 when new */
    const char *ext_id;   /* the user's id, unique in a store */
    const char *dataset;  /* name of the source; NULL: "" */
    const char *task;     /* NULL: "" */
    const char *messages; /* JSON array of {"role","content"} */
    const char *text;     /* what an encoder sees (shunt_text_of_messages); set by the importer */
    const char *user, *user_class;
    int64_t timestamp_ms;   /* INT64_MIN: not known */
    const char *reference;  /* JSON value, or NULL */
    const char *grader;     /* JSON string or object, or NULL */
    const char *complexity; /* label, or NULL */
    const char *group;      /* given key or conversation, or NULL */
    const char *split;      /* "train", "validation", "test", or NULL */
    bool split_given;       /* the data said so: never reassigned */
    double weight;          /* > 0; 1 by default */
    int64_t parent;         /* row id of the staged request, or 0 */
    const char *stage;      /* or NULL */
    int64_t stage_index;    /* 0.. within the parent */
    int64_t cluster; /* resolved group: equal for all prompts that must stay together; 0 unset */
};

/* Insert, or replace the row of the same ext_id when its content is the same request (then replies
 * stay). ERR_FORMAT when ext_id exists with other messages ("... use another id or a new store").
 * p->id is set. *added: 1 new, 0 already there. */
int prompt_put(struct store *s, struct prompt *p, int *added, struct err *e);

/* Calls see for every prompt in order of id; the strings live until see returns. A non-zero return
 * stops and is returned. staged_parents: include rows that are parents of stages. */
int prompt_each(struct store *s, bool staged_parents,
                int (*see)(void *arg, const struct prompt *p, struct err *e), void *arg,
                struct err *e);
int64_t prompt_count(struct store *s); /* without parents of stages; negative on error */
/* Row id of an ext_id, 0 when absent. */
int prompt_find(struct store *s, const char *ext_id, int64_t *id, struct err *e);
int prompt_set_split(struct store *s, int64_t id, const char *split, struct err *e);

/* Resolves groups (store/group.h) and writes prompt.cluster. Called at the end of every import. */
int prompt_cluster(struct store *s, struct err *e);

/* SHA-256 over what training depends on: prompts, texts, labels, scores, replies' costs; hex. */
int store_data_hash(struct store *s, char hex[65], struct err *e);

#endif
