/* JSON text to a tree, and the questions asked of it. A struct json is a cJSON node, and only this
 * file knows it. Checking the text is json_scan.c's, writing and comparing trees json_write.c's.
 *
 * Two things are kept in places of a node that cJSON leaves alone and frees with it:
 *  - a whole number that a double cannot hold has its text as valuestring;
 *  - a node made here rather than by the parser is a struct made, which has room for a place in a
 *    source text; the flag MADE in its type tells.
 */
#include "core/json.h"

#include "core/json_arena.h"
#include "core/json_scan.h"
#include "core/mem.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct made {
    cJSON node;                                /* first, so that cJSON frees the whole */
    size_t line, column, key_line, key_column; /* from 1; 0: not known */
};

/* Beyond cJSON's own flags, 256 and 512; it masks types with 255. A tree of the parser has its
 * memory in an arena, which its root tells. */
enum { MADE = 1 << 20, PARSED = 1 << 21 };

static const cJSON *in(const struct json *j)
{
    return (const cJSON *)(const void *)j;
}

static const struct json *from(const cJSON *c)
{
    return (const struct json *)(const void *)c;
}

static bool is(const struct json *j, int type)
{
    return j && (in(j)->type & 0xFF) == type;
}

/* Walks the numbers in the order of the text; *number is the next one's index, *w the next wide. */
static void attach_wides(cJSON *c, const char *text, const struct json_wides *wides, size_t *w,
                         size_t *number)
{
    for (; c && *w < wides->n; c = c->next) {
        if ((c->type & 0xFF) == cJSON_Number) {
            const struct json_wide_at *x = &wides->v[*w];
            if ((*number)++ != x->number)
                continue;
            ++*w;
            char exact[400];
            snprintf(exact, sizeof exact, "%.0f", c->valuedouble);
            if (strlen(exact) != x->len || memcmp(exact, text + x->at, x->len) != 0)
                c->valuestring = json_arena_text(text + x->at, x->len);
        } else if (c->child) {
            attach_wides(c->child, text, wides, w, number);
        }
    }
}

int json_parse(const char *text, size_t len, struct json **out, struct err *e)
{
    if (len >= 3 &&
        memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* cJSON knows it only from 5 bytes on */
        text += 3;
        len -= 3;
    }
    struct json_wides wides = {0};
    int rc = json_scan(text, len, &wides, e);
    if (rc < 0) {
        VEC_FREE(&wides);
        return rc;
    }
    json_arena_begin(len);
    cJSON *root = cJSON_ParseWithLength(text, len);
    if (!root)
        mem_exhausted(); /* the text is JSON: nothing else can fail */
    size_t w = 0, number = 0;
    attach_wides(root, text, &wides, &w, &number);
    json_arena_end();
    root->type |= PARSED;
    assert(w == wides.n);
    VEC_FREE(&wides);
    *out = (struct json *)(void *)root;
    return ERR_OK;
}

void json_free(struct json *j)
{
    if (j && in(j)->type & PARSED)
        json_arena_free(j); /* the root is what the parser asked for first */
    else
        cJSON_Delete((cJSON *)(void *)j);
}

enum json_type json_type(const struct json *j)
{
    if (!j)
        return JSON_ABSENT;
    switch (in(j)->type & 0xFF) {
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const struct json *json_get(const struct json *object, const char *key)
{
    return is(object, cJSON_Object) ? from(cJSON_GetObjectItemCaseSensitive(in(object), key))
                                    : NULL;
}

/* The member whose name is the len bytes at key. */
static const struct json *get_n(const struct json *object, const char *key, size_t len)
{
    if (!is(object, cJSON_Object))
        return NULL;
    const struct json *c = json_first(object);
    while (c && !(strncmp(json_key(c), key, len) == 0 && json_key(c)[len] == '\0'))
        c = json_next(c);
    return c;
}

const struct json *json_path(const struct json *j, const char *path)
{
    const char *p = path;
    while (j && *p) {
        if (*p == '[') {
            char *end;
            unsigned long i = strtoul(p + 1, &end, 10);
            if (end == p + 1 || *end != ']')
                return NULL;
            j = json_at(j, i);
            p = end + 1;
        } else {
            size_t len = strcspn(p, ".[");
            j = get_n(j, p, len);
            p += len;
        }
        if (*p == '.')
            p++;
    }
    return j;
}

size_t json_count(const struct json *j)
{
    size_t n = 0;
    for (const struct json *c = json_first(j); c; c = json_next(c))
        n++;
    return n;
}

const struct json *json_at(const struct json *array, size_t i)
{
    const struct json *c = is(array, cJSON_Array) ? json_first(array) : NULL;
    while (c && i-- > 0)
        c = json_next(c);
    return c;
}

const struct json *json_first(const struct json *j)
{
    return j ? from(in(j)->child) : NULL;
}

const struct json *json_next(const struct json *j)
{
    return j ? from(in(j)->next) : NULL;
}

const char *json_key(const struct json *member)
{
    return member ? in(member)->string : NULL;
}

const char *json_str(const struct json *j)
{
    return is(j, cJSON_String) ? in(j)->valuestring : NULL;
}

double json_num(const struct json *j, double otherwise)
{
    return is(j, cJSON_Number) ? in(j)->valuedouble : otherwise;
}

const char *json_wide(const struct json *j)
{
    return is(j, cJSON_Number) ? in(j)->valuestring : NULL;
}

bool json_int64(const struct json *j, int64_t *out)
{
    if (!is(j, cJSON_Number))
        return false;
    if (in(j)->valuestring) {
        errno = 0;
        long long v = strtoll(in(j)->valuestring, NULL, 10);
        if (errno)
            return false;
        *out = v;
        return true;
    }
    double v = in(j)->valuedouble;
    if (!(v >= -0x1p63 && v < 0x1p63) || v != floor(v))
        return false;
    *out = (int64_t)v;
    return true;
}

bool json_bool(const struct json *j, bool otherwise)
{
    return is(j, cJSON_True) ? true : is(j, cJSON_False) ? false : otherwise;
}

char *json_id(const struct json *j)
{
    if (is(j, cJSON_String) || json_wide(j))
        return mem_strdup(in(j)->valuestring);
    double v = json_num(j, 0.5); /* not whole: no id */
    if (v != floor(v))
        return NULL;
    return mem_printf("%.0f", v == 0 ? 0.0 : v); /* -0 is 0 */
}

/* --- building -----------------------------------------------------------------------------------
 */

static struct json *make(int type)
{
    struct made *m = mem_zalloc(sizeof *m);
    m->node.type = type | MADE;
    return (struct json *)m;
}

struct json *json_new_object(void)
{
    return make(cJSON_Object);
}

struct json *json_new_array(void)
{
    return make(cJSON_Array);
}

struct json *json_new_string(const char *s)
{
    struct json *j = make(cJSON_String);
    ((struct made *)j)->node.valuestring = mem_strdup(s);
    return j;
}

struct json *json_new_number(double x)
{
    if (!isfinite(x))
        return json_new_null();
    struct json *j = make(cJSON_Number);
    ((struct made *)j)->node.valuedouble = x;
    return j;
}

struct json *json_new_whole(const char *text)
{
    double x = strtod(text, NULL);
    struct json *j = json_new_number(x);
    char exact[400];
    snprintf(exact, sizeof exact, "%.0f", x);
    if (is(j, cJSON_Number) && strcmp(exact, text) != 0)
        ((struct made *)j)->node.valuestring = mem_strdup(text);
    return j;
}

struct json *json_new_bool(bool x)
{
    return make(x ? cJSON_True : cJSON_False);
}

struct json *json_new_null(void)
{
    return make(cJSON_NULL);
}

void json_add(struct json *parent, const char *key, struct json *child)
{
    assert(is(parent, key ? cJSON_Object : cJSON_Array) && !(in(child)->type & PARSED));
    cJSON *c = (cJSON *)(void *)child;
    free(c->string);
    c->string = mem_strdup(key);
    /* Only links: cJSON would allocate the key's copy and could fail half-way. */
    cJSON_AddItemToArray((cJSON *)(void *)parent, c);
}

void json_mark(struct json *node, size_t line, size_t column)
{
    if (!node || !(in(node)->type & MADE))
        return;
    struct made *m = (struct made *)node;
    m->line = line;
    m->column = column;
}

bool json_mark_of(const struct json *node, size_t *line, size_t *column)
{
    if (!node || !(in(node)->type & MADE))
        return false;
    const struct made *m = (const struct made *)node;
    *line = m->line;
    *column = m->column;
    return m->line > 0;
}

void json_mark_key(struct json *member, size_t line, size_t column)
{
    if (!member || !(in(member)->type & MADE))
        return;
    struct made *m = (struct made *)member;
    m->key_line = line;
    m->key_column = column;
}

bool json_mark_key_of(const struct json *member, size_t *line, size_t *column)
{
    if (!member || !(in(member)->type & MADE))
        return false;
    const struct made *m = (const struct made *)member;
    *line = m->key_line;
    *column = m->key_column;
    return m->key_line > 0;
}
