/* Fences by hand, the rest over the parsed text. */
#include "collect/normal.h"

#include "core/jsonw.h"

#include <string.h>

struct span {
    const char *at;
    size_t len;
};

static struct span trim(struct span s)
{
    while (s.len && strchr(" \t\r\n", s.at[0]))
        s.at++, s.len--;
    while (s.len && strchr(" \t\r\n", s.at[s.len - 1]))
        s.len--;
    return s;
}

/* The next line that begins with a fence, at or after p; NULL when there is none. */
static const char *fence(const char *p, const char *start)
{
    while ((p = strstr(p, "```"))) {
        const char *line = p;
        while (line > start && (line[-1] == ' ' || line[-1] == '\t'))
            line--;
        if (line == start || line[-1] == '\n')
            return p;
        p += 3;
    }
    return NULL;
}

/* The inside of the only fenced block; the whole text when there is none or more than one. A block
 * that was cut off before its end runs to the end of the text. */
static struct span inside(const char *text)
{
    struct span whole = {text, strlen(text)};
    const char *open = fence(text, text);
    const char *body = open ? strchr(open, '\n') : NULL;
    if (!body)
        return whole;
    const char *close = fence(body + 1, text);
    if (close && fence(close + 3, text))
        return whole;
    const char *end = close ? close : text + whole.len;
    return trim((struct span){body + 1, (size_t)(end - body - 1)});
}

static const char *new_name(const struct json *object, const struct json *rename, const char *key)
{
    const char *name = json_str(json_get(rename, key));
    return name && !json_get(object, name) ? name : key;
}

static void write_renamed(struct jsonw *w, const char *key, const struct json *j,
                          const struct json *rename)
{
    enum json_type type = json_type(j);
    if (type != JSON_OBJECT && type != JSON_ARRAY) {
        struct buf b = BUF_INIT(0);
        json_write(&b, j);
        jsonw_raw(w, key, b.data);
        buf_deinit(&b);
        return;
    }
    if (type == JSON_OBJECT)
        jsonw_obj(w, key);
    else
        jsonw_arr(w, key);
    for (const struct json *v = json_first(j); v; v = json_next(v))
        write_renamed(w, type == JSON_OBJECT ? new_name(j, rename, json_key(v)) : NULL, v, rename);
    jsonw_end(w);
}

/* false: no JSON, or nothing to do to it. */
static bool reshape(const struct json *rules, struct span s, struct buf *out)
{
    const char *pick = json_str(json_get(rules, "pick"));
    const struct json *rename = json_get(rules, "rename");
    struct json *tree = NULL;
    if ((!pick && !rename) || json_parse(s.at, s.len, &tree, NULL))
        return false;
    const struct json *part = pick ? json_path(tree, pick) : tree;
    bool renames = rename && (json_type(part) == JSON_OBJECT || json_type(part) == JSON_ARRAY);
    if (part && json_str(part) && pick) {
        buf_adds(out, json_str(part));
    } else if (part && renames) {
        struct jsonw w = JSONW_INIT(out);
        write_renamed(&w, NULL, part, rename);
    } else if (part && pick) {
        json_write(out, part);
    }
    bool done = part && (pick || renames);
    json_free(tree);
    return done;
}

bool normal_text(const struct json *rules, const char *text, struct buf *out)
{
    struct span s = {text, strlen(text)};
    size_t before = out->len;
    if (json_type(rules) != JSON_OBJECT)
        return false;
    if (json_bool(json_get(rules, "strip_fences"), false))
        s = inside(text);
    if (!reshape(rules, s, out))
        buf_add(out, s.at, s.len);
    if (out->len - before == strlen(text) && memcmp(out->data + before, text, strlen(text)) == 0) {
        out->len = before;
        out->data[before] = '\0';
        return false;
    }
    return true;
}
