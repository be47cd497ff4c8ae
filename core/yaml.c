/* YAML to the tree of core/json.h, from libyaml's events. What a scalar means is decided here, by
 * the core schema of YAML 1.2 (section 10.3.2), so that `yes` and `1:30` stay text. Each node keeps
 * its place (json_mark), so the tree is freed by json_free like any other.
 */
#include "core/yaml.h"

#include "core/fs.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/utf8.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
    MAX_DEPTH = 200,
    MAX_BYTES = 16 << 20,
    MAX_NUMBER = 63, /* characters, as core/json.h */
};

struct loader {
    yaml_parser_t parser;
    const char *name, *text;
    size_t len;
    struct err *e;
};

static int refuse(struct loader *l, yaml_mark_t at, const char *what)
{
    return err_set(l->e, ERR_FORMAT, "'%s' line %zu column %zu: %s", l->name, at.line + 1,
                   at.column + 1, what);
}

/* At a byte of the text, where libyaml knows no more. */
static int refuse_byte(struct loader *l, size_t offset, const char *what)
{
    yaml_mark_t at = {0};
    for (size_t i = 0; i < offset && i < l->len; i++) {
        at.column += ((unsigned char)l->text[i] & 0xC0) != 0x80;
        if (l->text[i] == '\n') {
            at.line++;
            at.column = 0;
        }
    }
    return refuse(l, at, what);
}

static int next(struct loader *l, yaml_event_t *ev)
{
    if (yaml_parser_parse(&l->parser, ev))
        return ERR_OK;
    const yaml_parser_t *p = &l->parser;
    if (p->error == YAML_MEMORY_ERROR)
        mem_exhausted();
    const char *what = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR)
        return refuse_byte(l, p->problem_offset, what);
    return refuse(l, p->problem_mark, what);
}

/* --- scalars ------------------------------------------------------------------------------------
 */

static bool one_of(const char *s, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(s, *words) == 0)
            return true;
    return false;
}

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* [-+]?[0-9]+ as a JSON integer: no plus, no leading zeros. */
static struct json *decimal(const char *s)
{
    bool minus = *s == '-';
    const char *d = s + (*s == '-' || *s == '+');
    size_t n = digits(d);
    if (n == 0 || d[n])
        return NULL;
    d += strspn(d, "0");
    if (!*d)
        return json_new_number(0);
    AUTO_FREE char *text = mem_printf("%s%s", minus ? "-" : "", d);
    return strlen(text) <= MAX_NUMBER ? json_new_whole(text) : json_new_null();
}

/* 0o17 and 0x1F, up to 64 bits; longer ones are text. */
static struct json *octal_or_hex(const char *s)
{
    if (s[0] != '0' || (s[1] != 'o' && s[1] != 'x'))
        return NULL;
    bool hex = s[1] == 'x';
    const char *d = s + 2;
    size_t n = strspn(d, hex ? "0123456789abcdefABCDEF" : "01234567");
    if (n == 0 || d[n] || n > (hex ? 16 : 21))
        return NULL;
    AUTO_FREE char *text = mem_printf("%llu", strtoull(d, NULL, hex ? 16 : 8));
    return json_new_whole(text);
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?; *huge for one beyond a double. */
static struct json *fraction(const char *s, bool *huge)
{
    const char *p = s + (*s == '-' || *s == '+');
    size_t before = digits(p), after = 0;
    p += before;
    if (*p == '.') {
        after = digits(p + 1);
        p += 1 + after;
    }
    if (before + after == 0)
        return NULL;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        size_t n = digits(p);
        if (n == 0)
            return NULL;
        p += n;
    }
    if (*p)
        return NULL;
    double x = strtod(s, NULL);
    *huge = !isfinite(x);
    return *huge ? NULL : json_new_number(x);
}

/* A plain scalar; NULL with *what set for one that has no place in the tree. */
static struct json *plain(const char *s, const char **what)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const infinite[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};
    if (one_of(s, nulls))
        return json_new_null();
    if (one_of(s, trues) || one_of(s, falses))
        return json_new_bool(one_of(s, trues));
    bool huge = false;
    struct json *j = decimal(s);
    if (!j)
        j = octal_or_hex(s);
    if (!j)
        j = fraction(s, &huge);
    if (j && json_type(j) == JSON_NUMBER)
        return j;
    json_free(j); /* a decimal beyond a double or JSON's limit of 63 characters was made null */
    if (j || huge || one_of(s + (*s == '-' || *s == '+'), infinite)) {
        *what = "the number is too long or beyond a double; quote it if it is text";
        return NULL;
    }
    return json_new_string(s);
}

static int scalar(struct loader *l, const yaml_event_t *ev, struct json **out)
{
    const char *s = (const char *)ev->data.scalar.value;
    if (ev->data.scalar.tag)
        return refuse(l, ev->start_mark, "tags are not supported; quote the value to make it text");
    if (strlen(s) != ev->data.scalar.length)
        return refuse(l, ev->start_mark, "a NUL character is not supported");
    const char *what = NULL;
    *out = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain(s, &what) : json_new_string(s);
    return *out ? ERR_OK : refuse(l, ev->start_mark, what);
}

/* --- nodes --------------------------------------------------------------------------------------
 */

static int value(struct loader *l, yaml_event_t *ev, int depth, struct json **out);

static int items(struct loader *l, int depth, struct json *array)
{
    for (;;) {
        yaml_event_t ev;
        int rc = next(l, &ev);
        if (rc < 0)
            return rc;
        bool end = ev.type == YAML_SEQUENCE_END_EVENT;
        struct json *item = NULL;
        if (!end)
            rc = value(l, &ev, depth, &item);
        yaml_event_delete(&ev);
        if (end || rc < 0)
            return rc;
        json_add(array, NULL, item);
    }
}

/* One key and its value; *end when there is no further key. */
static int pair(struct loader *l, int depth, struct json *object, struct strmap *seen, bool *end)
{
    yaml_event_t key, ev;
    int rc = next(l, &key);
    if (rc < 0)
        return rc;
    const char *name = NULL;
    *end = key.type == YAML_MAPPING_END_EVENT;
    if (!*end) {
        int added;
        name = key.type == YAML_SCALAR_EVENT ? (const char *)key.data.scalar.value : NULL;
        if (key.type == YAML_ALIAS_EVENT)
            rc = refuse(l, key.start_mark, "aliases are not supported; write the value out");
        else if (!name)
            rc = refuse(l, key.start_mark, "a key has to be a single word or text");
        else if (key.data.scalar.anchor || key.data.scalar.tag)
            rc = refuse(l, key.start_mark, "anchors and tags are not supported on a key");
        else if (strlen(name) != key.data.scalar.length)
            rc = refuse(l, key.start_mark, "a NUL character is not supported");
        else if (strmap_add(seen, name, &added), !added)
            rc = err_set(l->e, ERR_FORMAT, "'%s' line %zu column %zu: key '%s' stands twice",
                         l->name, key.start_mark.line + 1, key.start_mark.column + 1, name);
        if (rc == ERR_OK)
            rc = next(l, &ev);
        if (rc == ERR_OK) {
            struct json *v = NULL;
            rc = value(l, &ev, depth, &v);
            yaml_event_delete(&ev);
            if (rc == ERR_OK) {
                json_mark_key(v, key.start_mark.line + 1, key.start_mark.column + 1);
                json_add(object, name, v);
            }
        }
    }
    yaml_event_delete(&key);
    return rc;
}

static int members(struct loader *l, int depth, struct json *object)
{
    struct strmap *seen = strmap_new();
    int rc = ERR_OK;
    for (bool end = false; !end && rc == ERR_OK;)
        rc = pair(l, depth, object, seen, &end);
    strmap_free(seen);
    return rc;
}

/* The node that ev begins. *out is set on success only. */
static int value(struct loader *l, yaml_event_t *ev, int depth, struct json **out)
{
    yaml_mark_t at = ev->start_mark;
    bool sequence = ev->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *anchor = ev->type == YAML_SCALAR_EVENT ? ev->data.scalar.anchor
                                : sequence                    ? ev->data.sequence_start.anchor
                                : ev->type == YAML_MAPPING_START_EVENT
                                    ? ev->data.mapping_start.anchor
                                    : NULL;
    if (ev->type == YAML_ALIAS_EVENT)
        return refuse(l, at, "aliases are not supported; write the value out");
    if (anchor)
        return refuse(l, at, "anchors are not supported; write the value out");

    struct json *j = NULL;
    int rc;
    if (ev->type == YAML_SCALAR_EVENT) {
        rc = scalar(l, ev, &j);
    } else if (depth >= MAX_DEPTH) {
        rc = refuse(l, at, "nested deeper than 200 levels");
    } else if (sequence ? ev->data.sequence_start.tag != NULL
                        : ev->data.mapping_start.tag != NULL) {
        rc = refuse(l, at, "tags are not supported");
    } else if (sequence) {
        j = json_new_array();
        rc = items(l, depth + 1, j);
    } else {
        j = json_new_object();
        rc = members(l, depth + 1, j);
    }
    if (rc < 0) {
        json_free(j);
        return rc;
    }
    json_mark(j, at.line + 1, at.column + 1);
    *out = j;
    return ERR_OK;
}

/* Stream and document events around the one root; an empty text is null. */
static int document(struct loader *l, struct json **root)
{
    for (;;) {
        yaml_event_t ev;
        int rc = next(l, &ev);
        if (rc < 0)
            return rc;
        bool end = ev.type == YAML_STREAM_END_EVENT;
        bool boundary = end || ev.type == YAML_STREAM_START_EVENT ||
                        ev.type == YAML_DOCUMENT_START_EVENT || ev.type == YAML_DOCUMENT_END_EVENT;
        if (ev.type == YAML_DOCUMENT_START_EVENT && *root)
            rc = refuse(l, ev.start_mark, "a second document begins here; only one is supported");
        else if (!boundary)
            rc = value(l, &ev, 0, root);
        yaml_event_delete(&ev);
        if (rc < 0)
            return rc;
        if (end) {
            if (!*root)
                *root = json_new_null();
            return ERR_OK;
        }
    }
}

int yaml_parse(const char *name, const char *text, size_t len, struct json **out, struct err *e)
{
    if (len > MAX_BYTES)
        return err_set(e, ERR_FORMAT, "'%s' is larger than the limit of %d bytes", name, MAX_BYTES);
    struct loader l = {.name = name, .text = text, .len = len, .e = e};
    size_t valid = utf8_check(text, len);
    if (valid < len)
        return refuse_byte(&l, valid, "the text is not UTF-8");
    if (!yaml_parser_initialize(&l.parser))
        mem_exhausted();
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, len);
    struct json *root = NULL;
    int rc = document(&l, &root);
    yaml_parser_delete(&l.parser);
    if (rc < 0) {
        json_free(root);
        return rc;
    }
    *out = root;
    return ERR_OK;
}

int yaml_load(const char *path, struct json **out, struct err *e)
{
    AUTO_FREE char *text = NULL;
    size_t len;
    int rc = fs_read_all(path, MAX_BYTES, &text, &len, e);
    return rc < 0 ? rc : yaml_parse(path, text, len, out, e);
}

const char *yaml_where(const struct json *root, const struct json *node, char out[48])
{
    (void)root; /* the place is in the node itself */
    size_t line, column;
    if (json_mark_of(node, &line, &column))
        snprintf(out, 48, "line %zu column %zu", line, column);
    else
        out[0] = '\0';
    return out;
}

const char *yaml_where_key(const struct json *member, char out[48])
{
    size_t line, column;
    if (json_mark_key_of(member, &line, &column))
        snprintf(out, 48, "line %zu column %zu", line, column);
    else
        out[0] = '\0';
    return out;
}
