/* Terms as a small array, tested row by row through the SQL function in_where(). */
#include "store/where.h"

#include "core/mem.h"
#include "core/opt.h"
#include "core/vec.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of in_where's arguments (WHERE_COLUMNS of db.h). */
static const char *const fields[] = {"id",      "task",       "complexity", "split",
                                     "dataset", "user_class", "group"};
enum { FIELDS = sizeof fields / sizeof *fields };

struct term {
    int field;
    bool negated, prefix;
    char *value;
    size_t len;
};
struct where {
    struct VEC_BODY(struct term) terms;
};

void where_free(struct where *w)
{
    for (size_t i = 0; w && i < w->terms.n; i++)
        free(w->terms.v[i].value);
    if (w)
        VEC_FREE(&w->terms);
    free(w);
}

static int add(struct where *w, const char *text, struct err *e)
{
    const char *eq = strchr(text, '=');
    if (!eq || eq == text)
        return err_set(e, ERR_USAGE, "--where takes FIELD=VALUE, such as task=invoice, not '%s'",
                       text);
    struct term t = {.field = -1, .negated = eq[-1] == '!'};
    AUTO_FREE char *name = mem_strndup(text, (size_t)(eq - text) - t.negated);
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(name, fields[i]) == 0)
            t.field = i;
    if (t.field < 0) {
        const char *near = opt_nearest(name, fields, FIELDS);
        return err_set(e, ERR_USAGE,
                       "--where knows no field '%s'; %s%s%sthere are id, task, complexity, split,"
                       " dataset, user_class, group",
                       name, near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
    }
    t.len = strlen(eq + 1);
    t.prefix = t.len > 0 && eq[t.len] == '*';
    t.len -= t.prefix;
    t.value = mem_strndup(eq + 1, t.len);
    VEC_PUSH(&w->terms, t);
    return ERR_OK;
}

int where_parse(const struct str_vec *terms, struct where **out, struct err *e)
{
    *out = NULL;
    if (!terms || terms->n == 0)
        return ERR_OK;
    struct where *w = mem_zalloc(sizeof *w);
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < terms->n; i++)
        rc = add(w, terms->v[i], e);
    if (rc)
        where_free(w);
    else
        *out = w;
    return rc;
}

static bool fits(const struct term *t, const char *text, size_t len)
{
    if (t->prefix ? len < t->len : len != t->len)
        return false;
    return memcmp(text, t->value, t->len) == 0;
}

static bool holds(const struct where *w, sqlite3_value **argv)
{
    bool wanted[FIELDS] = {0}, met[FIELDS] = {0};
    for (size_t i = 0; i < w->terms.n; i++) {
        const struct term *t = &w->terms.v[i];
        const char *text = (const char *)sqlite3_value_text(argv[t->field]);
        size_t len = text ? (size_t)sqlite3_value_bytes(argv[t->field]) : 0;
        bool hit = fits(t, text ? text : "", len);
        if (t->negated && hit)
            return false;
        if (!t->negated) {
            wanted[t->field] = true;
            met[t->field] = met[t->field] || hit;
        }
    }
    for (int i = 0; i < FIELDS; i++)
        if (wanted[i] && !met[i])
            return false;
    return true;
}

static void in_where(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct store *s = sqlite3_user_data(ctx);
    (void)argc;
    sqlite3_result_int(ctx, !s->where || holds(s->where, argv));
}

int where_register(struct store *s)
{
    return sqlite3_create_function(s->db, "in_where", FIELDS, SQLITE_UTF8, s, in_where, NULL, NULL);
}

void work_where(struct store *s, const struct where *w)
{
    s->where = w;
}
