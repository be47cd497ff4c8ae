/* JSON in: text -> a tree, checked before it is parsed. The one door to cJSON.
 *
 * cJSON cuts a string at \u0000, accepts invalid UTF-8, and keeps numbers as doubles. So the text
 * is refused here, with a line and column, when it is not JSON (RFC 8259, strictly; a byte order
 * mark is passed over), is not UTF-8, holds an escaped NUL, an unpaired surrogate, or a number
 * beyond a double or of more than 63 characters, or nests deeper than 200. Of equal keys in an
 * object json_get gives the first.
 *
 * A whole number that a double cannot hold is kept as its text: json_int64, json_id, json_write and
 * json_equal are exact. Ids are to be read with json_id, which takes strings and numbers.
 *
 * A `struct json` belongs to its tree; json_free(root) ends them all. NULL is accepted everywhere
 * and reads as absent, so that json_str(json_get(x, "a")) needs no checks between. A tree that is
 * only read may be shared by threads.
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json; /* opaque */

enum json_type {
    JSON_ABSENT,
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* ERR_FORMAT with "line L column C: ..." on bad text. text need not end in a NUL. */
int json_parse(const char *text, size_t len, struct json **out, struct err *e);
void json_free(struct json *j);

enum json_type json_type(const struct json *j);
const struct json *json_get(const struct json *object, const char *key); /* NULL when absent */
/* "choices[0].message.content"; NULL when a step is absent. */
const struct json *json_path(const struct json *j, const char *path);
size_t json_count(const struct json *j);                        /* of array or object */
const struct json *json_at(const struct json *array, size_t i); /* O(i) */
/* Iterate: for (c = json_first(a); c; c = json_next(c)), of an array or an object. */
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *j);
const char *json_key(const struct json *member); /* name of an object's member */

const char *json_str(const struct json *j);              /* NULL when not a string */
double json_num(const struct json *j, double otherwise); /* otherwise when not a number */
bool json_int64(const struct json *j, int64_t *out);     /* false: not a whole number that fits */
bool json_bool(const struct json *j, bool otherwise);
char *json_id(const struct json *j); /* heap; string or whole number as text */

/* Compact text of a subtree, keys in their order, appended. */
void json_write(struct buf *b, const struct json *j);
/* The same with object keys sorted at every level: equal values give equal text (for hashes). */
void json_write_sorted(struct buf *b, const struct json *j);
/* The order of keys does not count; numbers are compared by value. */
bool json_equal(const struct json *a, const struct json *b);

/* Text of a whole number that a double cannot hold ("9007199254740993"); NULL for all others. */
const char *json_wide(const struct json *j);

/* Building a tree (used by core/yaml.c and tests). A node is owned by its parent once added. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_string(const char *s);
struct json *json_new_number(double x);
struct json *json_new_whole(const char *text); /* JSON integer ("-12"), kept exactly */
struct json *json_new_bool(bool x);
struct json *json_new_null(void);
void json_add(struct json *parent, const char *key, struct json *child); /* key NULL for an array */
/* The place in a source text, from 1, of a node made by json_new_*; false when none was given. */
void json_mark(struct json *node, size_t line, size_t column);
bool json_mark_of(const struct json *node, size_t *line, size_t *column);
/* The same for the key of an object's member. */
void json_mark_key(struct json *member, size_t line, size_t column);
bool json_mark_key_of(const struct json *member, size_t *line, size_t *column);

#endif
