/* Tool calls: a request that offers tools gets a call of the first one (or of the one it names),
 * with arguments made from the tool's schema; once a result came back, it gets text.
 *
 * The call takes the place of the answer's text, so that length limits, counts and streams are the
 * ones of any reply. Its arguments are a valid value of the schema and mean nothing.
 */
#include "tests/provider/server.h"

#include "core/mem.h"

#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 8 };

static void write_value(struct jsonw *w, const char *key, const struct json *schema,
                        const struct ask *a, int depth);

static void write_object(struct jsonw *w, const char *key, const struct json *schema,
                         const struct ask *a, int depth)
{
    jsonw_obj(w, key);
    for (const struct json *p = json_first(json_get(schema, "properties")); p && depth < DEPTH_MAX;
         p = json_next(p))
        write_value(w, json_key(p), p, a, depth + 1);
    jsonw_end(w);
}

static void write_value(struct jsonw *w, const char *key, const struct json *schema,
                        const struct ask *a, int depth)
{
    const struct json *type = json_get(schema, "type"), *choice = json_get(schema, "enum");
    const char *name = json_str(json_type(type) == JSON_ARRAY ? json_first(type) : type);
    static const char *const names[] = {"object", "array", "number", "integer", "boolean"};
    size_t i = 0;
    while (i < sizeof names / sizeof *names && !(name && strcasecmp(name, names[i]) == 0))
        i++; /* Gemini writes OBJECT */
    if (json_str(json_first(choice))) {
        jsonw_str(w, key, json_str(json_first(choice)));
    } else if (i == 0 || json_get(schema, "properties")) {
        write_object(w, key, schema, a, depth);
    } else if (i == 1) {
        jsonw_arr(w, key);
        if (depth < DEPTH_MAX)
            write_value(w, NULL, json_get(schema, "items"), a, depth + 1);
        jsonw_end(w);
    } else if (i == 2 || i == 3) {
        jsonw_int(w, key, (int64_t)(a->q.hash % 100));
    } else if (i == 4) {
        jsonw_bool(w, key, a->q.hash & 1);
    } else {
        jsonw_strn(w, key, a->user.data ? a->user.data : "", a->user.len < 40 ? a->user.len : 40);
    }
}

void ask_offer(struct ask *a, const char *name, const struct json *schema, const char *wanted)
{
    if (!name || a->tool.len || (wanted && strcmp(wanted, name) != 0))
        return;
    buf_adds(&a->tool, name);
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    write_object(&w, NULL, schema, a, 0);
    buf_add(&a->arguments, b.data, b.len);
    buf_deinit(&b);
}

void answer_call(const struct ask *ask, struct answer *a)
{
    if (!ask->tool.len)
        return;
    size_t n = tokens_split(ask->arguments.data, ask->arguments.len, NULL, 0);
    buf_clear(&a->text);
    buf_add(&a->text, ask->arguments.data, ask->arguments.len);
    free(a->token);
    a->token = mem_array(n + 1, sizeof *a->token);
    tokens_split(a->text.data, a->text.len, a->token, n);
    a->tokens = n;
    a->finish = FINISH_TOOL;
    a->verdict = VERDICT_UNKNOWN;
}
