/* Does an output have the shape that was asked for: one JSON value, or one SQL query? A look at the
 * surface, without allocation; whether the values are right is a grader's business. */
#include <string.h>

#include "router/internal.h"

enum { DEPTH_MAX = 64 };

struct text {
    const char *at, *end;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(struct text *t)
{
    while (t->at < t->end && is_blank(*t->at))
        t->at++;
    while (t->end > t->at && is_blank(t->end[-1]))
        t->end--;
}

/* Take one fence of three backticks, with its language word, off both ends. */
static struct text unfence(const char *text, size_t bytes)
{
    struct text t = {text, text + bytes};
    trim(&t);
    if (t.end - t.at < 6 || memcmp(t.at, "```", 3) != 0 || memcmp(t.end - 3, "```", 3) != 0)
        return t;
    const char *line = memchr(t.at, '\n', (size_t)(t.end - t.at));
    if (!line)
        return t;
    for (const char *c = t.at + 3; c < line; c++)
        if (!(*c >= '0' && *c <= '9') && !((*c | 32) >= 'a' && (*c | 32) <= 'z') && !is_blank(*c))
            return t;
    t.at = line;
    t.end -= 3;
    trim(&t);
    return t;
}

/* ---- JSON ---- */

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* t->at stands behind the opening quote; afterwards behind the closing one. */
static int skip_string(struct text *t)
{
    for (; t->at < t->end; t->at++) {
        unsigned char c = (unsigned char)*t->at;
        if (c == '"') {
            t->at++;
            return 1;
        }
        if (c < 0x20)
            return 0;
        if (c != '\\')
            continue;
        if (++t->at == t->end)
            return 0;
        if (*t->at == 'u') {
            for (int i = 1; i <= 4; i++)
                if (t->end - t->at <= i || !is_hex(t->at[i]))
                    return 0;
            t->at += 4;
        } else if (!memchr("\"\\/bfnrt", *t->at, 8)) {
            return 0;
        }
    }
    return 0;
}

static int skip_digits(struct text *t)
{
    const char *from = t->at;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9')
        t->at++;
    return t->at > from;
}

static int skip_number(struct text *t)
{
    if (*t->at == '-')
        t->at++;
    const char *from = t->at;
    if (!skip_digits(t) || (*from == '0' && t->at - from > 1))
        return 0;
    if (t->at < t->end && *t->at == '.') {
        t->at++;
        if (!skip_digits(t))
            return 0;
    }
    if (t->at < t->end && (*t->at | 32) == 'e') {
        t->at++;
        if (t->at < t->end && (*t->at == '+' || *t->at == '-'))
            t->at++;
        return skip_digits(t);
    }
    return 1;
}

static int skip_scalar(struct text *t)
{
    static const char *const word[] = {"true", "false", "null"};
    if (*t->at == '"') {
        t->at++;
        return skip_string(t);
    }
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(word[i]);
        if ((size_t)(t->end - t->at) >= n && memcmp(t->at, word[i], n) == 0) {
            t->at += n;
            return 1;
        }
    }
    return skip_number(t);
}

static void skip_blanks(struct text *t)
{
    while (t->at < t->end && is_blank(*t->at))
        t->at++;
}

/* A member's name and its colon; *name gets the bytes between the quotes. */
static int skip_key(struct text *t, struct text *name)
{
    skip_blanks(t);
    if (t->at == t->end || *t->at != '"')
        return 0;
    name->at = ++t->at;
    if (!skip_string(t))
        return 0;
    name->end = t->at - 1;
    skip_blanks(t);
    if (t->at == t->end || *t->at != ':')
        return 0;
    t->at++;
    return 1;
}

static int equals(struct text name, const char *key)
{
    size_t n = strlen(key);
    return (size_t)(name.end - name.at) == n && memcmp(name.at, key, n) == 0;
}

/* Walk one whole JSON value. With key, *found becomes 1 when the outermost object has that member.
 */
static int walk_json(struct text t, const char *key, int *found)
{
    char closing[DEPTH_MAX];
    int depth = 0;
    struct text name;
    for (;;) { /* a value begins */
        skip_blanks(&t);
        if (t.at == t.end)
            return 0;
        if (*t.at == '{' || *t.at == '[') {
            if (depth == DEPTH_MAX)
                return 0;
            closing[depth++] = *t.at == '{' ? '}' : ']';
            t.at++;
            skip_blanks(&t);
            if (t.at == t.end)
                return 0;
            if (*t.at != closing[depth - 1]) {
                if (closing[depth - 1] == '}' && !skip_key(&t, &name))
                    return 0;
                if (closing[depth - 1] == '}' && depth == 1 && key && equals(name, key))
                    *found = 1;
                continue;
            }
        } else if (!skip_scalar(&t)) {
            return 0;
        }
        for (;;) { /* a value has ended: close what closes */
            skip_blanks(&t);
            if (depth == 0)
                return t.at == t.end;
            if (t.at == t.end)
                return 0;
            char c = *t.at++;
            if (c == closing[depth - 1]) {
                depth--;
                continue;
            }
            if (c != ',')
                return 0;
            if (closing[depth - 1] == '}' && !skip_key(&t, &name))
                return 0;
            if (closing[depth - 1] == '}' && depth == 1 && key && equals(name, key))
                *found = 1;
            break;
        }
    }
}

int shunt_valid_json(const char *text, size_t bytes, const char *const *key, size_t keys)
{
    if (!text || (!key && keys))
        return 0;
    struct text t = unfence(text, bytes);
    if (!shunt_is_utf8(t.at, (size_t)(t.end - t.at)))
        return 0;
    if (keys == 0)
        return walk_json(t, NULL, NULL);
    for (size_t i = 0; i < keys; i++) {
        int found = 0;
        if (!key[i] || !walk_json(t, key[i], &found) || !found || *t.at != '{')
            return 0;
    }
    return 1;
}

/* ---- SQL ---- */

static int is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (unsigned char)c >= 0x80;
}

static int word_is(struct text w, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(w.end - w.at) != n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if ((w.at[i] | 32) != word[i])
            return 0;
    return 1;
}

static int one_of(struct text w, const char *const *list)
{
    for (; *list; list++)
        if (word_is(w, *list))
            return 1;
    return 0;
}

/* Behind the closing quote (a doubled one stands for itself), or NULL. */
static const char *skip_quoted(const char *s, const char *end, char quote)
{
    while ((s = memchr(s, quote, (size_t)(end - s))) != NULL) {
        s++;
        if (s == end || *s != quote)
            return s;
        s++;
    }
    return NULL;
}

/* Behind white space and comments; NULL when a comment does not end. */
static const char *skip_space(const char *s, const char *end)
{
    while (s < end) {
        if (is_blank(*s)) {
            s++;
        } else if (end - s >= 2 && s[0] == '-' && s[1] == '-') {
            while (s < end && *s != '\n')
                s++;
        } else if (end - s >= 2 && s[0] == '/' && s[1] == '*') {
            for (s += 2; end - s >= 2 && !(s[0] == '*' && s[1] == '/');)
                s++;
            if (end - s < 2)
                return NULL;
            s += 2;
        } else {
            break;
        }
    }
    return s;
}

/* A state of the walk over one query's tokens. */
struct query {
    char closing[DEPTH_MAX];
    int depth;
    int tokens;
    int hungry; /* the last token wants another one */
};

/* Take the token at s; its end, or NULL where the shape is broken. */
static const char *take_token(struct query *q, const char *s, const char *end)
{
    static const char *const begin[] = {"select", "with", "values", NULL};
    static const char *const wants[] = {
        "select", "from",  "where",  "and",   "or",     "not",       "by",    "on",       "join",
        "in",     "as",    "having", "set",   "like",   "is",        "with",  "between",  "case",
        "when",   "then",  "else",   "union", "except", "intersect", "limit", "distinct", "group",
        "order",  "inner", "left",   "using", "values", NULL};
    struct text w = {s, s};
    while (w.end < end && is_word(*w.end))
        w.end++;
    if (q->tokens == 0 && *s != '(' && !one_of(w, begin))
        return NULL;
    q->tokens += *s != '(' || q->tokens > 0;
    if (w.end > s) {
        q->hungry = one_of(w, wants);
        return w.end;
    }
    q->hungry = 0;
    if (*s == '\'' || *s == '"' || *s == '`')
        return skip_quoted(s + 1, end, *s);
    if (*s == '(' || *s == '[') {
        if (q->depth == DEPTH_MAX)
            return NULL;
        q->closing[q->depth++] = *s == '(' ? ')' : ']';
        return s + 1;
    }
    if (*s == ')' || *s == ']') {
        if (q->depth == 0 || q->closing[--q->depth] != *s)
            return NULL;
        return s + 1;
    }
    if ((unsigned char)*s < 0x20 || *s == 0x7f)
        return NULL;
    q->hungry = strchr(",=<>+-/%|&.", *s) != NULL; /* "count(*" has been closed, "*" stands alone */
    return s + 1;
}

int shunt_valid_sql(const char *text, size_t bytes)
{
    if (!text)
        return 0;
    struct text t = unfence(text, bytes);
    struct query q = {.depth = 0};
    const char *s = t.at;
    while ((s = skip_space(s, t.end)) != NULL && s < t.end) {
        if (*s == ';') { /* only white space, comments and more semicolons may follow */
            while (s && s < t.end && *s == ';')
                s = skip_space(s + 1, t.end);
            break;
        }
        s = take_token(&q, s, t.end);
        if (!s)
            return 0;
    }
    return s == t.end && q.depth == 0 && q.tokens >= 2 && !q.hungry;
}
