/* Table-driven reading of a config tree. Every message has the place and the remedy; what the keys
 * mean is in config.c.
 */
#include "core/config_read.h"

#include "core/mem.h"
#include "core/opt.h"
#include "core/yaml.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* `where` is "line L column C", or empty. */
__attribute__((format(printf, 3, 0))) static int refuse_at(struct reader *r, const char *where,
                                                           const char *fmt, va_list ap)
{
    char text[320];
    vsnprintf(text, sizeof text, fmt, ap);
    return err_set(r->e, ERR_FORMAT, "'%.150s'%s%s: %s", r->name, *where != '\0' ? " " : "", where,
                   text);
}

int config_refuse(struct reader *r, const struct json *node, const char *fmt, ...)
{
    char where[48];
    va_list ap;
    va_start(ap, fmt);
    int rc = refuse_at(r, yaml_where(r->root, node, where), fmt, ap);
    va_end(ap);
    return rc;
}

__attribute__((format(printf, 3, 4))) static int
refuse_key(struct reader *r, const struct json *member, const char *fmt, ...)
{
    char where[48];
    va_list ap;
    va_start(ap, fmt);
    int rc = refuse_at(r, yaml_where_key(member, where), fmt, ap);
    va_end(ap);
    return rc;
}

const char *config_type_name(const struct json *node)
{
    static const char *const names[] = {
        [JSON_ABSENT] = "nothing",   [JSON_NULL] = "nothing",    [JSON_BOOL] = "true or false",
        [JSON_NUMBER] = "a number",  [JSON_STRING] = "a string", [JSON_ARRAY] = "a list",
        [JSON_OBJECT] = "a mapping",
    };
    return names[json_type(node)];
}

void config_suggest(const char *word, const char *const *names, size_t n, char *out, size_t size)
{
    const char *best = opt_nearest(word, names, n);
    if (best != NULL) {
        snprintf(out, size, "; did you mean '%s'?", best);
        return;
    }
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && at < size; i++) {
        int more = snprintf(out + at, size - at, "%s%s", i == 0 ? "; known: " : ", ", names[i]);
        at += (size_t)more;
    }
}

void *config_array(struct reader *r, size_t count, size_t each)
{
    void *p = mem_array(count, each);
    VEC_PUSH(&r->owned, p);
    return p;
}

static int read_text(struct reader *r, const struct json *v, const char *key, const char **target)
{
    const char *s = json_str(v);
    if (s == NULL)
        return config_refuse(
            r, v, "'%s' takes a string, not %s%s", key, config_type_name(v),
            json_type(v) == JSON_NUMBER || json_type(v) == JSON_BOOL ? " (put it in quotes)" : "");
    if (*s == '\0')
        return config_refuse(r, v, "'%s' is empty; leave the key out instead", key);
    *target = s;
    return 0;
}

static int read_int(struct reader *r, const struct json *v, const struct field *f, int64_t *target)
{
    int64_t x;
    if (json_type(v) != JSON_NUMBER)
        return config_refuse(r, v, "'%s' takes a whole number, not %s", f->key,
                             config_type_name(v));
    if (!json_int64(v, &x))
        return config_refuse(r, v, "'%s' takes a whole number", f->key);
    if ((double)x < f->lo || (double)x > f->hi)
        return config_refuse(r, v, "'%s' is out of range: %.0f to %.0f", f->key, f->lo, f->hi);
    *target = x;
    return 0;
}

static int read_number(struct reader *r, const struct json *v, const struct field *f,
                       double *target)
{
    if (json_type(v) != JSON_NUMBER)
        return config_refuse(r, v, "'%s' takes a number, not %s", f->key, config_type_name(v));
    double x = json_num(v, (double)NAN);
    if (!(x >= f->lo && x <= f->hi))
        return config_refuse(r, v, "'%s' is out of range: %.15g to %.15g", f->key, f->lo, f->hi);
    *target = x;
    return 0;
}

static int read_field(struct reader *r, const struct json *v, const struct field *f, void *target)
{
    switch (f->kind) {
    case FIELD_TEXT:
        return read_text(r, v, f->key, target);
    case FIELD_INT:
        return read_int(r, v, f, target);
    case FIELD_NUMBER:
        return read_number(r, v, f, target);
    case FIELD_BOOL:
        if (json_type(v) != JSON_BOOL)
            return config_refuse(r, v, "'%s' takes true or false, not %s", f->key,
                                 config_type_name(v));
        *(bool *)target = json_bool(v, false);
        return 0;
    case FIELD_OBJECT:
        if (json_type(v) != JSON_OBJECT)
            return config_refuse(r, v, "'%s' takes a mapping, not %s", f->key, config_type_name(v));
        *(const struct json **)target = v;
        return 0;
    case FIELD_OTHER:
        break;
    }
    return f->read(r, v, target);
}

static int unknown_key(struct reader *r, const struct json *member, const char *what,
                       const struct field *fields, size_t n)
{
    const char **names = mem_array(n, sizeof *names);
    char hint[200];
    for (size_t i = 0; i < n; i++)
        names[i] = fields[i].key;
    config_suggest(json_key(member), names, n, hint, sizeof hint);
    mem_free_ptr(&names);
    return refuse_key(r, member, "unknown key '%.60s' in %s%s", json_key(member), what, hint);
}

int config_read_object(struct reader *r, const struct json *node, const char *what,
                       const struct field *fields, size_t n, void *into)
{
    if (json_type(node) != JSON_OBJECT)
        return config_refuse(r, node, "%s takes keys and values, not %s", what,
                             config_type_name(node));
    for (const struct json *m = json_first(node); m != NULL; m = json_next(m)) {
        size_t i = 0;
        while (i < n && strcmp(fields[i].key, json_key(m)) != 0)
            i++;
        if (i == n)
            return unknown_key(r, m, what, fields, n);
        if (json_type(m) == JSON_NULL)
            continue;
        int rc = read_field(r, m, &fields[i], (char *)into + fields[i].offset);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_get(node, fields[i].key);
        if (fields[i].required && (v == NULL || json_type(v) == JSON_NULL))
            return config_refuse(r, node, "%s needs '%s'", what, fields[i].key);
    }
    return 0;
}

int config_read_texts(struct reader *r, const struct json *node, size_t max_len,
                      const char *const **out, size_t *n)
{
    const char *key = json_key(node);
    if (json_type(node) != JSON_ARRAY)
        return config_refuse(r, node, "'%s' takes a list, not %s", key, config_type_name(node));
    const char **list = config_array(r, json_count(node), sizeof *list);
    size_t count = 0;
    for (const struct json *v = json_first(node); v != NULL; v = json_next(v)) {
        int rc = read_text(r, v, key, &list[count]);
        if (rc != 0)
            return rc;
        if (strlen(list[count]) > max_len)
            return config_refuse(r, v, "'%s' has an element of more than %zu bytes", key, max_len);
        count++;
    }
    *out = list;
    *n = count;
    return 0;
}
