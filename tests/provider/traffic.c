/* Loading the data set: rows to struct prompt, what makes a prompt hard, and siblings of the same
 * task. The search is find.c's. */
#include "tests/provider/traffic_impl.h"

#include "core/fs.h"
#include "core/hash.h"
#include "core/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 8 << 20 };

/* Difficulty of the three labels, and how much an unusually long text or one with unusually many
 * numbers (standard deviations from its task's mean) adds. */
static const double level_difficulty[] = {0.0, 0.9, 2.1};
static const double length_weight = 0.60, numbers_weight = 0.40;

char *trimmed(const char *s, size_t len)
{
    while (len && isspace((unsigned char)s[len - 1]))
        len--;
    while (len && isspace((unsigned char)*s))
        s++, len--;
    return mem_strndup(s, len);
}

static void append_content(struct buf *b, const struct json *content)
{
    if (b->len)
        buf_addc(b, '\n');
    const char *s = json_str(content);
    if (s)
        buf_adds(b, s);
    for (const struct json *part = s ? NULL : json_first(content); part; part = json_next(part)) {
        const char *text = json_str(json_get(part, "text"));
        buf_adds(b, text ? text : "");
    }
}

static void read_texts(struct prompt *p)
{
    struct buf user = BUF_INIT(0), system = BUF_INIT(0);
    const struct json *messages = json_get(p->row, "messages");
    append_content(&user, json_get(p->row, "prompt"));
    for (const struct json *m = json_first(messages); m; m = json_next(m)) {
        const char *role = json_str(json_get(m, "role"));
        if (role && !strcmp(role, "user")) {
            buf_clear(&user);
            append_content(&user, json_get(m, "content"));
        } else if (role && (!strcmp(role, "system") || !strcmp(role, "developer"))) {
            append_content(&system, json_get(m, "content"));
        }
    }
    p->user = trimmed(user.data, user.len);
    p->system = trimmed(system.data, system.len);
    buf_deinit(&user);
    buf_deinit(&system);
    p->hash = hash64(p->system, strlen(p->system), hash64(p->user, strlen(p->user), 1));
}

static enum grader grader_kind(const char *type)
{
    static const char *const names[] = {"",        "equals", "icontains", "regex",
                                        "numeric", "choice", "is-json",   "is-sql"};
    for (size_t i = 1; i < sizeof names / sizeof *names; i++)
        if (!strcmp(type, names[i]))
            return (enum grader)i;
    return GRADER_NONE;
}

static void read_grader(struct prompt *p)
{
    p->grader = json_get(p->row, "grader");
    const char *type =
        json_str(p->grader) ? json_str(p->grader) : json_str(json_get(p->grader, "type"));
    if (!type)
        type = "";
    p->negated = !strncmp(type, "not-", 4);
    p->kind = grader_kind(type + (p->negated ? 4 : 0));
    p->reference = json_get(p->row, "reference");
    /* icontains and equals may carry what they look for themselves. */
    if (json_type(p->reference) <= JSON_NULL)
        p->reference = json_get(p->grader, "value");
    if (json_type(p->reference) <= JSON_NULL) {
        p->reference = NULL;
        p->kind = GRADER_NONE;
    }
}

/* log2 of the words, and how many numbers there are. */
static void surface(const struct prompt *p, double *length, double *numbers)
{
    size_t words = 0, runs = 0;
    for (const char *s = p->user; *s; s++) {
        int first = s == p->user;
        words += !isspace((unsigned char)*s) && (first || isspace((unsigned char)s[-1]));
        runs += isdigit((unsigned char)*s) && (first || !isdigit((unsigned char)s[-1]));
    }
    *length = log2(1.0 + (double)words);
    *numbers = log2(1.0 + (double)runs);
}

static int level_of(const struct prompt *p, double words_log2)
{
    const char *label = json_str(json_get(p->row, "complexity"));
    if (label)
        return !strcmp(label, "complex") ? 2 : !strcmp(label, "moderate");
    return words_log2 > 7.0 ? 2 : words_log2 > 5.5;
}

struct moments {
    double n, sum, squares;
};

static void moment_add(struct moments *m, double x)
{
    m->n += 1;
    m->sum += x;
    m->squares += x * x;
}

/* x in standard deviations from the mean, at most 2 either way. */
static double moment_z(const struct moments *m, double x)
{
    double mean = m->sum / m->n;
    double sd = sqrt(fmax(0.0, m->squares / m->n - mean * mean));
    return sd > 1e-6 ? fmin(2.0, fmax(-2.0, (x - mean) / sd)) : 0.0;
}

static void set_difficulties(struct traffic *t)
{
    struct moments length[TASK_COUNT] = {{0}}, numbers[TASK_COUNT] = {{0}};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < t->prompts.n; i++) {
            struct prompt *p = &t->prompts.v[i];
            double l, n;
            surface(p, &l, &n);
            if (pass == 0) {
                moment_add(&length[p->task], l);
                moment_add(&numbers[p->task], n);
            } else {
                p->difficulty = level_difficulty[level_of(p, l)] +
                                length_weight * moment_z(&length[p->task], l) +
                                numbers_weight * moment_z(&numbers[p->task], n);
            }
        }
}

static int add_line(struct traffic *t, const char *line, size_t len, struct err *e)
{
    struct prompt p = {0};
    int rc = json_parse(line, len, &p.row, e);
    if (rc)
        return rc;
    if (!json_get(p.row, "prompt") && !json_get(p.row, "messages")) {
        json_free(p.row);
        return err_set(e, ERR_FORMAT, "neither \"prompt\" nor \"messages\"");
    }
    p.id = json_str(json_get(p.row, "id"));
    p.task_name = json_str(json_get(p.row, "task"));
    p.task = task_of(p.task_name);
    read_texts(&p);
    read_grader(&p);
    VEC_PUSH(&t->prompts, p);
    return 0;
}

struct traffic *traffic_empty(void)
{
    struct traffic *t = mem_zalloc(sizeof *t);
    find_build(t);
    return t;
}

int traffic_load(const char *path, struct traffic **out, struct err *e)
{
    struct fs_lines *lines = NULL;
    int rc = fs_lines_open(path, LINE_MAX_BYTES, &lines, e);
    if (rc)
        return rc;
    struct traffic *t = mem_zalloc(sizeof *t);
    char *line;
    size_t len;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        if (strspn(line, " \t\r") == len)
            continue;
        rc = add_line(t, line, len, e);
        if (rc) {
            err_wrap(e, rc, "'%s' line %zu", path, fs_lines_number(lines));
            break;
        }
    }
    fs_lines_close(lines);
    if (rc) {
        traffic_free(t);
        return rc;
    }
    set_difficulties(t);
    find_build(t);
    *out = t;
    return 0;
}

void traffic_free(struct traffic *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->prompts.n; i++) {
        free(t->prompts.v[i].user);
        free(t->prompts.v[i].system);
        json_free(t->prompts.v[i].row);
    }
    VEC_FREE(&t->prompts);
    find_free(t);
    free(t);
}

size_t traffic_count(const struct traffic *t)
{
    return t->prompts.n;
}

const struct prompt *traffic_at(const struct traffic *t, size_t i)
{
    return &t->prompts.v[i];
}

const struct prompt *traffic_sibling(const struct traffic *t, const struct prompt *p, uint64_t draw)
{
    size_t n = t->prompts.n, at = (size_t)(draw % n);
    for (size_t i = 0; i < n; i++) {
        const struct prompt *q = &t->prompts.v[(at + i) % n];
        if (q != p && q->kind == p->kind && q->task == p->task &&
            (p->task_name == NULL || !strcmp(q->task_name, p->task_name)))
            return q;
    }
    return p;
}
