/* The ledger as a file: one line of text a name, a count at the end that shows truncation. Written
 * beside the old file, synced and renamed, so that a crash leaves one of the two whole. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/budget.h"

enum { LINE_MAX_BYTES = 600 };
static const char first_line[] = "shunt-budget 1\n";
static const char *const kind_name[] = {"model", "user"};

struct lines {
    char *data;
    size_t len, cap;
    unsigned long count;
};

static int add_line(struct lines *l, const char *line, size_t n)
{
    if (n > l->cap - l->len) {
        size_t cap = 2 * l->cap + n + 4096;
        char *more = realloc(l->data, cap);
        if (!more)
            return SHUNT_E_NOMEM;
        l->data = more;
        l->cap = cap;
    }
    memcpy(l->data + l->len, line, n);
    l->len += n;
    l->count++;
    return SHUNT_OK;
}

/* The whole file as text. Under the lock: no I/O here. */
static int to_text(struct budget_book *b, void *arg)
{
    struct lines *l = arg;
    char line[LINE_MAX_BYTES];
    int status = add_line(l, first_line, sizeof first_line - 1);
    int n = snprintf(line, sizeof line, "over %d\n", b->action);
    if (status == SHUNT_OK)
        status = add_line(l, line, (size_t)n);
    for (int k = 0; k < 2 && status == SHUNT_OK; k++) {
        n = snprintf(line, sizeof line, "every %s %" PRId64 " %" PRId64 "\n", kind_name[k],
                     b->every_day[k], b->every_month[k]);
        status = add_line(l, line, (size_t)n);
    }
    for (size_t i = 0; i < b->cap && status == SHUNT_OK; i++) {
        const struct budget_entry *x = &b->entry[i];
        if (!x->name)
            continue;
        n = snprintf(line, sizeof line,
                     "%s %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
                     " %s\n",
                     kind_name[x->kind], x->own, x->limit_day, x->limit_month, x->day, x->spent_day,
                     x->month, x->spent_month, x->name);
        status = add_line(l, line, (size_t)n);
    }
    n = snprintf(line, sizeof line, "end %lu\n", l->count);
    return status ? status : add_line(l, line, (size_t)n);
}

int shunt_budget_save(struct shunt_budget *b, const char *path)
{
    struct lines l = {0};
    if (!b || !path)
        return SHUNT_E_ARGUMENT;
    int status = shunt_budget_with(b, to_text, &l);
    size_t room = strlen(path) + 32;
    char *tmp = status ? NULL : malloc(room);
    if (!tmp) {
        free(l.data);
        return status ? status : SHUNT_E_NOMEM;
    }
    snprintf(tmp, room, "%s.tmp.%ld", path, (long)getpid());
    FILE *f = fopen(tmp, "wb");
    if (f) {
        int bad = fwrite(l.data, 1, l.len, f) != l.len || fflush(f) != 0 || fsync(fileno(f)) != 0;
        if (fclose(f) != 0 || bad || rename(tmp, path) != 0) {
            status = SHUNT_E_IO;
            unlink(tmp);
        }
    } else {
        status = SHUNT_E_IO;
    }
    free(tmp);
    free(l.data);
    return status;
}

/* A whole number and the blank or line feed behind it; 0 when there is none. */
static int read_number(char **at, int64_t *out)
{
    char *end;
    errno = 0;
    long long x = strtoll(*at, &end, 10);
    if (end == *at || errno || (*end != ' ' && *end != '\n') || **at == ' ')
        return 0;
    *out = x;
    *at = *end == ' ' ? end + 1 : end;
    return 1;
}

static int read_kind(char **at, int *kind)
{
    for (*kind = 0; *kind < 2; ++*kind) {
        size_t n = strlen(kind_name[*kind]);
        if (strncmp(*at, kind_name[*kind], n) == 0 && (*at)[n] == ' ') {
            *at += n + 1;
            return 1;
        }
    }
    return 0;
}

static int read_entry(struct budget_book *b, char *at)
{
    int kind;
    int64_t v[7];
    if (!read_kind(&at, &kind))
        return SHUNT_E_DAMAGED;
    for (int i = 0; i < 7; i++)
        if (!read_number(&at, &v[i]))
            return SHUNT_E_DAMAGED;
    char *end = strchr(at, '\n');
    *end = '\0';
    if (!shunt_budget_name(at) || v[0] < 0 || v[0] > 1 || v[1] < -1 || v[2] < -1 || v[4] < 0 ||
        v[6] < 0 || v[4] > SHUNT_SPENT_MAX || v[6] > SHUNT_SPENT_MAX)
        return SHUNT_E_DAMAGED;
    struct budget_entry *x = shunt_budget_entry(b, kind, at, INT64_MIN);
    if (!x)
        return SHUNT_E_NOMEM;
    x->own = (uint8_t)v[0];
    x->limit_day = v[1];
    x->limit_month = v[2];
    x->day = v[3];
    x->spent_day = v[4];
    x->month = v[5];
    x->spent_month = v[6];
    return SHUNT_OK;
}

/* One line, its line feed included. */
static int read_line(struct budget_book *b, char *at)
{
    int kind;
    int64_t x;
    int64_t y;
    if (strncmp(at, "over ", 5) == 0) {
        at += 5;
        if (!read_number(&at, &x) || *at != '\n' || x < 0 || x > SHUNT_BUDGET_REFUSE)
            return SHUNT_E_DAMAGED;
        b->action = (int)x;
        return SHUNT_OK;
    }
    if (strncmp(at, "every ", 6) == 0) {
        at += 6;
        if (!read_kind(&at, &kind) || !read_number(&at, &x) || !read_number(&at, &y) ||
            *at != '\n' || x < -1 || y < -1)
            return SHUNT_E_DAMAGED;
        b->every_day[kind] = x;
        b->every_month[kind] = y;
        return SHUNT_OK;
    }
    return read_entry(b, at);
}

struct source {
    FILE *f;
};

static int from_file(struct budget_book *b, void *arg)
{
    FILE *f = ((struct source *)arg)->f;
    char line[LINE_MAX_BYTES];
    char last[LINE_MAX_BYTES];
    unsigned long count = 0;
    while (fgets(line, sizeof line, f)) {
        size_t n = strlen(line);
        if (n == 0 || line[n - 1] != '\n')
            return SHUNT_E_DAMAGED;
        snprintf(last, sizeof last, "end %lu\n", count);
        if (strcmp(line, last) == 0)
            return fgetc(f) == EOF && count > 0 ? SHUNT_OK : SHUNT_E_DAMAGED;
        int status = SHUNT_OK;
        if (count++ > 0)
            status = read_line(b, line);
        else if (strcmp(line, first_line) != 0)
            status = SHUNT_E_DAMAGED;
        if (status)
            return status;
    }
    return ferror(f) ? SHUNT_E_IO : SHUNT_E_DAMAGED;
}

int shunt_budget_load(const char *path, struct shunt_budget **out)
{
    struct shunt_budget *b = NULL;
    if (!path || !out)
        return SHUNT_E_ARGUMENT;
    struct source source = {fopen(path, "rb")};
    if (!source.f)
        return SHUNT_E_IO;
    int status = shunt_budget_new(&b);
    if (status == SHUNT_OK)
        status = shunt_budget_with(b, from_file, &source);
    fclose(source.f);
    if (status) {
        shunt_budget_free(b);
        return status;
    }
    *out = b;
    return SHUNT_OK;
}
