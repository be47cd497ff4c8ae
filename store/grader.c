/* Grader specifications: JSON -> struct grader, and whether the reference fits. */
#include "store/grader.h"

#include "core/mem.h"
#include "core/numtext.h"
#include "core/opt.h"
#include "store/sandbox.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const grader_type_names[GRADER_TYPES] = {
    "equals", "icontains", "regex", "numeric", "choice", "is-json", "is-sql",
};

/* Options of each type beside "type"; a NULL ends a row. */
static const char *const options[GRADER_TYPES][4] = {
    [GRADER_EQUALS] = {"ignore_case"},
    [GRADER_ICONTAINS] = {"value"},
    [GRADER_REGEX] = {"pattern"},
    [GRADER_NUMERIC] = {"tolerance"},
    [GRADER_CHOICE] = {"choices"},
    [GRADER_IS_JSON] = {"schema", "fields"},
    [GRADER_IS_SQL] = {"schema", "ordered"},
};

static int read_type(struct grader *g, const char *name, struct err *e)
{
    const char *bare = name;
    if (strncmp(name, "not-", 4) == 0) {
        g->negate = true;
        bare += 4;
    }
    for (int i = 0; i < GRADER_TYPES; i++) {
        if (strcmp(bare, grader_type_names[i]) == 0) {
            g->type = (enum grader_type)i;
            return ERR_OK;
        }
    }
    const char *near = opt_nearest(bare, grader_type_names, GRADER_TYPES);
    return err_set(e, ERR_FORMAT,
                   "unknown grader '%.60s'%s%s%s (equals, icontains, regex, numeric, choice,"
                   " is-json, is-sql)",
                   name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_options(const struct grader *g, struct err *e)
{
    const char *const *known = options[g->type];
    size_t n = 0;
    while (n < 4 && known[n])
        n++;
    for (const struct json *m = json_first(g->tree); m; m = json_next(m)) {
        const char *key = json_key(m);
        bool found = strcmp(key, "type") == 0;
        for (size_t i = 0; i < n; i++)
            found = found || strcmp(key, known[i]) == 0;
        if (found)
            continue;
        const char *near = opt_nearest(key, known, n);
        return err_set(e, ERR_FORMAT, "grader '%s' has no option '%.60s'%s%s%s",
                       grader_type_names[g->type], key, near ? ", did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
    }
    return ERR_OK;
}

static int wrong(const struct grader *g, const char *key, const char *want, struct err *e)
{
    return err_set(e, ERR_FORMAT, "grader '%s': '%s' must be %s", grader_type_names[g->type], key,
                   want);
}

static bool strings_only(const struct json *j, bool objects)
{
    for (const struct json *m = json_first(j); m; m = json_next(m))
        if (!json_str(m))
            return false;
    return json_type(j) == (objects ? JSON_OBJECT : JSON_ARRAY) && json_count(j) > 0;
}

/* ---- the schema subset ---- */

static const char *const schema_words[] = {
    "type",     "properties",  "required",
    "enum",     "items",       "minimum",
    "maximum",  "pattern",     "additionalProperties",
    "title",    "description", "default",
    "examples", "$schema",     "$id",
    "$comment",
};
enum { SCHEMA_WORDS = sizeof schema_words / sizeof *schema_words, SCHEMA_DEPTH = 32 };

static const char *const schema_types[] = {"object",  "array",   "string", "number",
                                           "integer", "boolean", "null"};

static bool type_name_known(const struct json *j)
{
    for (size_t i = 0; i < sizeof schema_types / sizeof *schema_types; i++)
        if (json_str(j) && strcmp(json_str(j), schema_types[i]) == 0)
            return true;
    return false;
}

static bool type_ok(const struct json *j)
{
    if (json_type(j) != JSON_ARRAY)
        return type_name_known(j);
    for (const struct json *t = json_first(j); t; t = json_next(t))
        if (!type_name_known(t))
            return false;
    return json_count(j) > 0;
}

static bool word_ok(const char *word, const struct json *v)
{
    if (strcmp(word, "type") == 0)
        return type_ok(v);
    if (strcmp(word, "properties") == 0)
        return json_type(v) == JSON_OBJECT;
    if (strcmp(word, "required") == 0)
        return json_type(v) == JSON_ARRAY && (json_count(v) == 0 || strings_only(v, false));
    if (strcmp(word, "enum") == 0)
        return json_type(v) == JSON_ARRAY && json_count(v) > 0;
    if (strcmp(word, "minimum") == 0 || strcmp(word, "maximum") == 0)
        return json_type(v) == JSON_NUMBER;
    if (strcmp(word, "pattern") == 0)
        return json_str(v) != NULL;
    return true;
}

static int check_schema(const struct json *s, int depth, struct err *e)
{
    if (json_type(s) == JSON_BOOL)
        return ERR_OK;
    if (json_type(s) != JSON_OBJECT || depth > SCHEMA_DEPTH)
        return err_set(e, ERR_FORMAT, "grader 'is-json': a schema %s",
                       depth > SCHEMA_DEPTH ? "nests deeper than 32" : "must be an object");
    int rc = ERR_OK;
    for (const struct json *m = json_first(s); m && rc == 0; m = json_next(m)) {
        const char *word = json_key(m);
        bool known = false;
        for (size_t i = 0; i < SCHEMA_WORDS; i++)
            known = known || strcmp(word, schema_words[i]) == 0;
        if (!known)
            return err_set(e, ERR_FORMAT,
                           "grader 'is-json': the schema keyword '%.60s' is not supported (see man "
                           "shunt-grade)",
                           word);
        if (!word_ok(word, m))
            return err_set(e, ERR_FORMAT, "grader 'is-json': the schema's '%s' has a wrong value",
                           word);
        if (strcmp(word, "items") == 0 || strcmp(word, "additionalProperties") == 0)
            rc = check_schema(m, depth + 1, e);
        if (strcmp(word, "properties") == 0)
            for (const struct json *p = json_first(m); p && rc == 0; p = json_next(p))
                rc = check_schema(p, depth + 1, e);
    }
    return rc;
}

/* ---- options of a type ---- */

static int read_is_json(struct grader *g, struct err *e)
{
    g->schema = json_get(g->tree, "schema");
    g->fields = json_get(g->tree, "fields");
    if (g->fields && !strings_only(g->fields, false))
        return wrong(g, "fields", "an array of names", e);
    return g->schema ? check_schema(g->schema, 0, e) : ERR_OK;
}

static int read_options(struct grader *g, struct err *e)
{
    const struct json *t = g->tree, *j;
    switch (g->type) {
    case GRADER_EQUALS:
        j = json_get(t, "ignore_case");
        g->ignore_case = json_bool(j, false);
        return j && json_type(j) != JSON_BOOL ? wrong(g, "ignore_case", "true or false", e)
                                              : ERR_OK;
    case GRADER_ICONTAINS:
        g->value = json_get(t, "value");
        return g->value && !json_str(g->value) && !strings_only(g->value, false)
                   ? wrong(g, "value", "a string or an array of strings", e)
                   : ERR_OK;
    case GRADER_REGEX:
        j = json_get(t, "pattern");
        g->pattern = json_str(j);
        return j && !g->pattern ? wrong(g, "pattern", "a string", e) : ERR_OK;
    case GRADER_NUMERIC:
        j = json_get(t, "tolerance");
        g->tolerance = json_num(j, j ? -1 : 0);
        return g->tolerance >= 0 && isfinite(g->tolerance)
                   ? ERR_OK
                   : wrong(g, "tolerance", "a number from 0 on", e);
    case GRADER_CHOICE:
        g->choices = json_get(t, "choices");
        return g->choices && !strings_only(g->choices, true)
                   ? wrong(g, "choices", "an object of letter: \"text\"", e)
                   : ERR_OK;
    case GRADER_IS_JSON:
        return read_is_json(g, e);
    case GRADER_IS_SQL:
        j = json_get(t, "schema");
        g->sql_schema = j ? json_str(j) : "";
        j = json_get(t, "ordered");
        g->ordered = json_bool(j, false);
        if (!g->sql_schema)
            return wrong(g, "schema", "a string of SQL", e);
        return j && json_type(j) != JSON_BOOL ? wrong(g, "ordered", "true or false", e) : ERR_OK;
    case GRADER_TYPES:
        break;
    }
    return ERR_OK;
}

static int grader_read(struct grader *g, const char *grader, const char *reference, struct err *e)
{
    int rc = json_parse(grader, strlen(grader), &g->tree, e);
    if (rc)
        return err_wrap(e, rc, "grader");
    if (reference) {
        rc = json_parse(reference, strlen(reference), &g->reference_tree, e);
        if (rc)
            return err_wrap(e, rc, "reference");
    }
    g->reference = json_type(g->reference_tree) == JSON_NULL ? NULL : g->reference_tree;
    const char *name = json_str(g->tree);
    if (!name)
        name = json_str(json_get(g->tree, "type"));
    if (!name)
        return err_set(e, ERR_FORMAT, "a grader is a type's name or an object with \"type\"");
    rc = read_type(g, name, e);
    if (rc == 0)
        rc = check_options(g, e);
    return rc ? rc : read_options(g, e);
}

int grader_open(const char *grader, const char *reference, struct grader **out, struct err *e)
{
    struct grader *g = mem_zalloc(sizeof *g);
    g->sql_schema = "";
    int rc = grader_read(g, grader, reference, e);
    if (rc)
        grader_close(g);
    else
        *out = g;
    return rc;
}

void grader_close(struct grader *g)
{
    if (!g)
        return;
    json_free(g->tree);
    json_free(g->reference_tree);
    free(g);
}

/* ---- the reference ---- */

bool grader_has_reference(const struct grader *g)
{
    return g->reference || (g->type == GRADER_ICONTAINS && g->value) ||
           (g->type == GRADER_REGEX && g->pattern) || (g->type == GRADER_IS_JSON && !g->fields);
}

static int bad_reference(const struct grader *g, const char *want, struct err *e)
{
    return err_set(e, ERR_FORMAT, "the reference of a '%s' grader must be %s",
                   grader_type_names[g->type], want);
}

static int check_choice(const struct grader *g, struct err *e)
{
    const char *letter = json_str(g->reference);
    if (!letter || !*letter)
        return bad_reference(g, "the letter of a choice", e);
    if (g->choices && !json_get(g->choices, letter))
        return err_set(e, ERR_FORMAT, "the reference '%.60s' is none of the choices", letter);
    return ERR_OK;
}

static int check_sql(const struct grader *g, struct err *e)
{
    const char *query = json_str(g->reference);
    if (!query)
        return bad_reference(g, "a SELECT as a string", e);
    enum sandbox_verdict verdict;
    struct buf why = BUF_INIT(0);
    int rc = sandbox_compare(g->sql_schema, query, query, g->ordered, &verdict, &why, e);
    if (rc == 0 && verdict != SANDBOX_EQUAL)
        rc = err_set(e, ERR_FORMAT, "the reference query does not equal itself: %s", why.data);
    buf_deinit(&why);
    return rc;
}

int grader_check(const struct grader *g, struct err *e)
{
    if (!grader_has_reference(g))
        return err_set(e, ERR_FORMAT, "a '%s' grader needs a 'reference'",
                       grader_type_names[g->type]);
    const struct json *r = g->reference;
    double number;
    switch (g->type) {
    case GRADER_EQUALS:
        return json_type(r) == JSON_OBJECT || (json_type(r) == JSON_ARRAY && json_count(r) == 0)
                   ? bad_reference(g, "a string, or an array of those accepted", e)
                   : ERR_OK;
    case GRADER_ICONTAINS:
        return g->value || json_str(r) || strings_only(r, false)
                   ? ERR_OK
                   : bad_reference(g, "a string or an array of strings", e);
    case GRADER_REGEX:
        return g->pattern || json_str(r) ? ERR_OK : bad_reference(g, "a pattern as a string", e);
    case GRADER_NUMERIC:
        return json_type(r) == JSON_NUMBER || (json_str(r) && numtext_whole(json_str(r), &number))
                   ? ERR_OK
                   : bad_reference(g, "a number", e);
    case GRADER_CHOICE:
        return check_choice(g, e);
    case GRADER_IS_JSON:
        return ERR_OK;
    case GRADER_IS_SQL:
        return check_sql(g, e);
    case GRADER_TYPES:
        break;
    }
    return ERR_OK;
}
