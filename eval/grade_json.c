/* is-json: the reply parses, satisfies the schema subset (store/grader.h), and then scores the
 * share of the reference's fields that it has right.
 */
#include "eval/grade_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where a value stands, and what is wrong with it or with the schema. */
struct check {
    char path[120];
    char why[280];
    bool grader_error;
};

static bool fails(struct check *c, const char *what)
{
    if (!c->why[0])
        snprintf(c->why, sizeof c->why, "%s %s", c->path[0] ? c->path : "the reply", what);
    return false;
}

static bool is_type(const struct json *v, const char *name)
{
    static const struct {
        const char *name;
        enum json_type type;
    } types[] = {{"object", JSON_OBJECT}, {"array", JSON_ARRAY},  {"string", JSON_STRING},
                 {"number", JSON_NUMBER}, {"boolean", JSON_BOOL}, {"null", JSON_NULL}};
    if (strcmp(name, "integer") == 0) {
        double x = json_num(v, (double)NAN);
        return json_type(v) == JSON_NUMBER && floor(x) == x;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(name, types[i].name) == 0)
            return json_type(v) == types[i].type;
    return false;
}

static bool type_fits(const struct json *type, const struct json *v, struct check *c)
{
    if (!type)
        return true;
    char what[80];
    if (json_str(type)) {
        snprintf(what, sizeof what, "is not of type %s", json_str(type));
        return is_type(v, json_str(type)) || fails(c, what);
    }
    for (const struct json *t = json_first(type); t; t = json_next(t))
        if (is_type(v, json_str(t)))
            return true;
    return fails(c, "is of none of the types allowed");
}

static bool enum_fits(const struct json *values, const struct json *v, struct check *c)
{
    if (!values)
        return true;
    for (const struct json *one = json_first(values); one; one = json_next(one))
        if (json_equal(one, v))
            return true;
    return fails(c, "is none of the values allowed");
}

static bool number_fits(const struct json *schema, const struct json *v, struct check *c)
{
    if (json_type(v) != JSON_NUMBER)
        return true;
    double x = json_num(v, 0);
    if (x < json_num(json_get(schema, "minimum"), -(double)INFINITY))
        return fails(c, "is below the minimum");
    return x <= json_num(json_get(schema, "maximum"), (double)INFINITY) ||
           fails(c, "is above the maximum");
}

static bool pattern_fits(const char *pattern, const struct json *v, struct check *c)
{
    const char *text = json_str(v);
    if (!pattern || !text)
        return true;
    char reason[140];
    int found = grade_match(pattern, text, strlen(text), reason, sizeof reason);
    if (found < 0) {
        c->grader_error = true;
        return fails(c, reason);
    }
    return found || fails(c, "does not match its pattern");
}

static bool fits(const struct json *schema, const struct json *v, struct check *c);

/* The same check one level down, with the path grown by a name or an index. */
static bool fits_below(const struct json *schema, const struct json *v, struct check *c,
                       const char *name, size_t i)
{
    size_t len = strlen(c->path);
    if (name)
        snprintf(c->path + len, sizeof c->path - len, "%s%s", len ? "." : "", name);
    else
        snprintf(c->path + len, sizeof c->path - len, "[%zu]", i);
    bool ok = fits(schema, v, c);
    c->path[len] = '\0';
    return ok;
}

static bool object_fits(const struct json *schema, const struct json *v, struct check *c)
{
    if (json_type(v) != JSON_OBJECT)
        return true;
    for (const struct json *r = json_first(json_get(schema, "required")); r; r = json_next(r)) {
        if (!json_get(v, json_str(r))) {
            char what[100];
            snprintf(what, sizeof what, "has no '%.60s'", json_str(r));
            return fails(c, what);
        }
    }
    const struct json *properties = json_get(schema, "properties");
    const struct json *more = json_get(schema, "additionalProperties");
    for (const struct json *m = json_first(v); m; m = json_next(m)) {
        const struct json *below = json_get(properties, json_key(m));
        if (!below)
            below = more;
        if (below && !fits_below(below, m, c, json_key(m), 0))
            return false;
    }
    return true;
}

static bool array_fits(const struct json *items, const struct json *v, struct check *c)
{
    if (!items || json_type(v) != JSON_ARRAY)
        return true;
    size_t i = 0;
    for (const struct json *m = json_first(v); m; m = json_next(m), i++)
        if (!fits_below(items, m, c, NULL, i))
            return false;
    return true;
}

/* The depth is that of the schema, which store/grader.c bounds. */
static bool fits(const struct json *schema, const struct json *v, struct check *c)
{
    if (json_type(schema) == JSON_BOOL)
        return json_bool(schema, true) || fails(c, "is not allowed");
    return type_fits(json_get(schema, "type"), v, c) && enum_fits(json_get(schema, "enum"), v, c) &&
           number_fits(schema, v, c) && pattern_fits(json_str(json_get(schema, "pattern")), v, c) &&
           object_fits(schema, v, c) && array_fits(json_get(schema, "items"), v, c);
}

/* One field of the reference against the reply's. */
static void count_field(const struct json *want, const struct json *got, const char *name,
                        int *right, int *all, char *wrong, size_t wrong_size)
{
    ++*all;
    if (want && got && json_equal(want, got))
        ++*right;
    else if (!wrong[0])
        snprintf(wrong, wrong_size, "%.60s", name);
}

static void score_fields(const struct grader *g, const struct json *reply, struct grade_result *out)
{
    int right = 0, all = 0;
    char wrong[64] = "";
    if (g->fields) {
        for (const struct json *f = json_first(g->fields); f; f = json_next(f)) {
            const char *name = json_str(f);
            const struct json *want = json_get(g->reference, name), *got = json_get(reply, name);
            count_field(want ? want : json_path(g->reference, name),
                        got ? got : json_path(reply, name), name, &right, &all, wrong,
                        sizeof wrong);
        }
    } else if (json_type(g->reference) == JSON_OBJECT) {
        for (const struct json *m = json_first(g->reference); m; m = json_next(m))
            count_field(m, json_get(reply, json_key(m)), json_key(m), &right, &all, wrong,
                        sizeof wrong);
    } else {
        count_field(g->reference, reply, "the value", &right, &all, wrong, sizeof wrong);
    }
    if (all == 0)
        grade_set(out, json_type(reply) == JSON_OBJECT, "the reference has no fields");
    else if (right == all)
        grade_set(out, 1, "all %d fields right", all);
    else
        grade_set(out, (double)right / all, "%d of %d fields right, not %s", right, all, wrong);
}

static void judge(const struct grader *g, const struct json *reply, struct grade_result *out)
{
    struct check c = {.why = ""};
    if (g->schema && !fits(g->schema, reply, &c)) {
        if (c.grader_error)
            grade_error(out, "%s", c.why);
        else
            grade_set(out, 0, "%s", c.why);
        return;
    }
    if (g->reference)
        score_fields(g, reply, out);
    else
        grade_set(out, 1, g->schema ? "JSON that fits the schema" : "JSON");
}

void grade_is_json(const struct grader *g, const char *text, struct grade_result *out)
{
    struct json *reply = NULL;
    struct err e = {0};
    if (json_parse(text, strlen(text), &reply, NULL)) {
        size_t first, end; /* not as it is: then in a code block */
        grade_unfence(text, &first, &end);
        if (json_parse(text + first, end - first, &reply, &e)) {
            grade_set(out, 0, "not JSON: %s", e.text);
            return;
        }
    }
    judge(g, reply, out);
    json_free(reply);
}
