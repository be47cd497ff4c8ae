/* Private to core/config*.c: objects of a YAML tree into structs, by a table of fields.
 */
#ifndef CORE_CONFIG_READ_H
#define CORE_CONFIG_READ_H

#include "core/err.h"
#include "core/json.h"
#include "core/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const char *name;        /* of the file, for messages */
    const struct json *root; /* strings point into it */
    VEC(void *) owned;       /* arrays made on the way: freed with the config */
    struct err *e;
};

enum field_kind {
    FIELD_TEXT,   /* const char *, not empty */
    FIELD_INT,    /* int64_t, lo..hi */
    FIELD_NUMBER, /* double, lo..hi */
    FIELD_BOOL,   /* bool */
    FIELD_OBJECT, /* const struct json *, any members */
    FIELD_OTHER,  /* by read() */
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset; /* in the struct; what is not given is left as it was */
    bool required;
    double lo, hi;
    int (*read)(struct reader *r, const struct json *value, void *target);
};

/* config_output.c: the `output` of a model, checked; target: const struct json **. */
int config_read_output(struct reader *r, const struct json *node, void *target);

/* config_hedge.c; target: struct config_hedge *. */
int config_read_hedge(struct reader *r, const struct json *node, void *target);

/* Members of node into *into; `what` ("model") stands in messages. */
int config_read_object(struct reader *r, const struct json *node, const char *what,
                       const struct field *fields, size_t n, void *into);
/* A list of texts, each at most max_len bytes; *out is kept by r. */
int config_read_texts(struct reader *r, const struct json *node, size_t max_len,
                      const char *const **out, size_t *n);
/* Room for count structs of `each` bytes, zeroed, kept by r. */
void *config_array(struct reader *r, size_t count, size_t each);

/* ERR_FORMAT with the file and the place of node. */
__attribute__((format(printf, 3, 4))) int config_refuse(struct reader *r, const struct json *node,
                                                        const char *fmt, ...);
const char *config_type_name(const struct json *node); /* "a string", "nothing" */
/* "; did you mean 'x'?", else "; known: a, b", into out. */
void config_suggest(const char *word, const char *const *names, size_t n, char *out, size_t size);

#endif
