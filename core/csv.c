/* CSV after RFC 4180, parsed in place in a buffer that holds the whole file. Lenient where writers
 * differ and nothing is lost (line ends, blank lines, a quote inside an unquoted field); strict
 * where a file would be misread without a sign.
 */
#include "core/csv.h"

#include "core/fs.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "core/vec.h"

#include <stdlib.h>
#include <string.h>

struct csv {
    char *path, *text;
    size_t len, at, line, record_line;
    VEC(char *) fields;
};

int csv_open(const char *path, size_t max, struct csv **out, struct err *e)
{
    struct csv *c = mem_zalloc(sizeof *c);
    int rc = fs_read_all(path, max, &c->text, &c->len, e);
    if (rc < 0) {
        csv_close(c);
        return rc;
    }
    c->path = mem_strdup(path);
    c->line = 1;
    if (c->len >= 3 && memcmp(c->text, "\xEF\xBB\xBF", 3) == 0)
        c->at = 3;
    *out = c;
    return ERR_OK;
}

/* A quoted field, the cursor behind its opening quote: unquotes to *to, ends behind the closing
 * one. */
static int quoted(struct csv *c, char **to, struct err *e)
{
    size_t first = c->line;
    char *w = *to;
    while (c->at < c->len) {
        char ch = c->text[c->at++];
        if (ch == '"') {
            if (c->at == c->len || c->text[c->at] != '"') {
                *to = w;
                return ERR_OK;
            }
            c->at++;
        }
        c->line += ch == '\n';
        *w++ = ch;
    }
    return err_set(e, ERR_FORMAT, "'%s' line %zu: a quoted field that begins here never ends",
                   c->path, first);
}

static bool at_line_end(const struct csv *c)
{
    return c->text[c->at] == '\n' ||
           (c->text[c->at] == '\r' && c->at + 1 < c->len && c->text[c->at + 1] == '\n');
}

/* Reads one field; *more tells whether another one of the same record follows. */
static int field(struct csv *c, bool *more, struct err *e)
{
    char *start = c->text + c->at, *w = start;
    if (c->at < c->len && c->text[c->at] == '"') {
        c->at++;
        int rc = quoted(c, &w, e);
        if (rc < 0)
            return rc;
        if (c->at < c->len && c->text[c->at] != ',' && !at_line_end(c))
            return err_set(e, ERR_FORMAT, "'%s' line %zu: text follows a closing quote", c->path,
                           c->line);
    } else {
        while (c->at < c->len && c->text[c->at] != ',' && !at_line_end(c))
            c->at++;
        w = c->text + c->at;
    }
    *more = false;
    if (c->at < c->len) {
        *more = c->text[c->at] == ',';
        c->at += c->text[c->at] == '\r';
        c->line += c->text[c->at] == '\n';
        c->at++;
    }
    *w = '\0'; /* on the separator or the quote, both read by now, or on the NUL behind the text */
    size_t len = (size_t)(w - start);
    if (strlen(start) != len || utf8_check(start, len) != len)
        return err_set(e, ERR_FORMAT, "'%s' line %zu: %s", c->path, c->record_line,
                       strlen(start) != len ? "a NUL byte in a field" : "a field is not UTF-8");
    VEC_PUSH(&c->fields, start);
    return ERR_OK;
}

int csv_next(struct csv *c, char ***fields, size_t *n, struct err *e)
{
    while (c->at < c->len && at_line_end(c)) { /* blank lines */
        c->at += c->text[c->at] == '\r';
        c->at++;
        c->line++;
    }
    c->fields.n = 0;
    if (c->at >= c->len)
        return 0;
    c->record_line = c->line;
    for (bool more = true; more;) {
        int rc = field(c, &more, e);
        if (rc < 0) {
            c->at = c->len; /* no guess about what follows */
            return rc;
        }
    }
    *fields = c->fields.v;
    *n = c->fields.n;
    return 1;
}

size_t csv_line(const struct csv *c)
{
    return c->record_line;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    VEC_FREE(&c->fields);
    free(c->path);
    free(c->text);
    free(c);
}

void csv_field(struct buf *b, const char *s, bool first)
{
    if (!first)
        buf_addc(b, ',');
    /* An empty first field is quoted: alone on its line it would read as a blank line. */
    bool plain =
        *s ? s[strcspn(s, ",\"\r\n")] == '\0' && *s != ' ' && s[strlen(s) - 1] != ' ' : !first;
    if (plain) {
        buf_adds(b, s);
        return;
    }
    buf_addc(b, '"');
    for (const char *p = s; *p; p++) {
        if (*p == '"')
            buf_addc(b, '"');
        buf_addc(b, *p);
    }
    buf_addc(b, '"');
}
