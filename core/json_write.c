/* A tree back to text, and whether two trees are equal. Uses what json.h offers, nothing of cJSON.
 *
 * Numbers are equal by value: one that a double cannot hold exists only as its text, so that text
 * decides among those, and none of them equals one that a double can.
 */
#include "core/json.h"
#include "core/jsonw.h"
#include "core/vec.h"

#include <math.h>
#include <string.h>

/* Members in the order of their names; of equal names the first stands first. */
struct member {
    const struct json *j;
    size_t at;
};
struct members VEC_BODY(struct member);

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int c = strcmp(json_key(x->j), json_key(y->j));
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

static struct members sorted_members(const struct json *object)
{
    struct members m = {0};
    for (const struct json *c = json_first(object); c; c = json_next(c)) {
        struct member x = {c, m.n};
        VEC_PUSH(&m, x);
    }
    if (m.n > 1)
        qsort(m.v, m.n, sizeof *m.v, by_key);
    return m;
}

static void write_value(struct buf *b, const struct json *j, bool sorted);

static void write_member(struct buf *b, const struct json *c, bool sorted)
{
    json_quote(b, json_key(c), strlen(json_key(c)));
    buf_addc(b, ':');
    write_value(b, c, sorted);
}

static void write_object(struct buf *b, const struct json *j, bool sorted)
{
    buf_addc(b, '{');
    if (sorted) {
        struct members m = sorted_members(j);
        for (size_t i = 0; i < m.n; i++) {
            if (i)
                buf_addc(b, ',');
            write_member(b, m.v[i].j, true);
        }
        VEC_FREE(&m);
    } else {
        for (const struct json *c = json_first(j); c; c = json_next(c)) {
            if (c != json_first(j))
                buf_addc(b, ',');
            write_member(b, c, false);
        }
    }
    buf_addc(b, '}');
}

static void write_array(struct buf *b, const struct json *j, bool sorted)
{
    buf_addc(b, '[');
    for (const struct json *c = json_first(j); c; c = json_next(c)) {
        if (c != json_first(j))
            buf_addc(b, ',');
        write_value(b, c, sorted);
    }
    buf_addc(b, ']');
}

static void write_value(struct buf *b, const struct json *j, bool sorted)
{
    double v;
    switch (json_type(j)) {
    case JSON_OBJECT:
        write_object(b, j, sorted);
        break;
    case JSON_ARRAY:
        write_array(b, j, sorted);
        break;
    case JSON_STRING:
        json_quote(b, json_str(j), strlen(json_str(j)));
        break;
    case JSON_NUMBER:
        v = json_num(j, 0);
        if (json_wide(j))
            buf_adds(b, json_wide(j));
        else
            json_number(b, v == 0 ? 0.0 : v); /* -0 equals 0, so it has the same text */
        break;
    case JSON_BOOL:
        buf_adds(b, json_bool(j, false) ? "true" : "false");
        break;
    case JSON_NULL:
    case JSON_ABSENT:
        buf_adds(b, "null");
        break;
    }
}

void json_write(struct buf *b, const struct json *j)
{
    write_value(b, j, false);
}

void json_write_sorted(struct buf *b, const struct json *j)
{
    write_value(b, j, true);
}

static bool equal_objects(const struct json *a, const struct json *b)
{
    struct members x = sorted_members(a), y = sorted_members(b);
    bool equal = x.n == y.n;
    for (size_t i = 0; equal && i < x.n; i++)
        equal =
            strcmp(json_key(x.v[i].j), json_key(y.v[i].j)) == 0 && json_equal(x.v[i].j, y.v[i].j);
    VEC_FREE(&x);
    VEC_FREE(&y);
    return equal;
}

bool json_equal(const struct json *a, const struct json *b)
{
    if (json_type(a) != json_type(b))
        return false;
    switch (json_type(a)) {
    case JSON_OBJECT:
        return equal_objects(a, b);
    case JSON_ARRAY: {
        const struct json *x = json_first(a), *y = json_first(b);
        for (; x && y; x = json_next(x), y = json_next(y))
            if (!json_equal(x, y))
                return false;
        return !x && !y;
    }
    case JSON_STRING:
        return strcmp(json_str(a), json_str(b)) == 0;
    case JSON_NUMBER:
        if (json_wide(a) || json_wide(b))
            return json_wide(a) && json_wide(b) && strcmp(json_wide(a), json_wide(b)) == 0;
        return !(json_num(a, 0) < json_num(b, 0)) && !(json_num(a, 0) > json_num(b, 0));
    case JSON_BOOL:
        return json_bool(a, false) == json_bool(b, false);
    default:
        return true;
    }
}
