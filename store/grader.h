/* What the grader and reference columns of a prompt may say: parsed and checked here once, so that
 * import refuses what grading could not judge. Judging is eval/grade.h's.
 *
 * A grader is a JSON string, the type's name, or an object {"type": NAME, ...}. A leading "not-"
 * negates. Options, with defaults:
 *
 *   equals     ignore_case (false)
 *   icontains  value (the reference): a string or an array, of which all must occur
 *   regex      pattern (the reference, a string)
 *   numeric    tolerance (0): largest accepted difference
 *   choice     choices: object of letter -> text (may be missing); reference: a letter
 *   is-json    schema, fields: array of names or paths (all of the reference's)
 *   is-sql     schema: DDL and INSERTs, ordered (false); reference: a SELECT
 *
 * The schema of is-json is this subset of JSON Schema: type, properties, required, enum, items,
 * minimum, maximum, pattern, additionalProperties; title, description, default, examples, $schema,
 * $id and $comment are read over. Another keyword is an error: a constraint silently dropped would
 * make wrong replies look right.
 */
#ifndef STORE_GRADER_H
#define STORE_GRADER_H

#include "core/err.h"
#include "core/json.h"

#include <stdbool.h>

enum grader_type {
    GRADER_EQUALS,
    GRADER_ICONTAINS,
    GRADER_REGEX,
    GRADER_NUMERIC,
    GRADER_CHOICE,
    GRADER_IS_JSON,
    GRADER_IS_SQL,
    GRADER_TYPES,
};
extern const char *const grader_type_names[GRADER_TYPES];

/* Pointers belong to the trees, which grader_close ends. */
struct grader {
    enum grader_type type;
    bool negate;
    bool ignore_case;
    double tolerance;
    const char *pattern;        /* or NULL: the reference */
    const struct json *value;   /* icontains; NULL: the reference */
    const struct json *choices; /* or NULL */
    const struct json *schema;  /* is-json; NULL: none */
    const struct json *fields;  /* or NULL */
    const char *sql_schema;     /* is-sql; "" when not given */
    bool ordered;
    const struct json *reference; /* NULL: none */
    struct json *tree, *reference_tree;
};

/* grader and reference are JSON texts; reference may be NULL. ERR_FORMAT: not JSON, an unknown type
 * (with the nearest name), an unknown or impossible option. */
int grader_open(const char *grader, const char *reference, struct grader **out, struct err *e);
void grader_close(struct grader *g);

/* false: the type needs a reference (or what stands for it) and there is none. */
bool grader_has_reference(const struct grader *g);
/* Can the reference be judged against? ERR_FORMAT when its type is wrong for the grader, it is not
 * among the choices, its schema or query does not run. A missing reference is ERR_FORMAT too. */
int grader_check(const struct grader *g, struct err *e);

#endif
