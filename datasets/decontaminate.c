/* Reads the files of a decontamination and looks texts up. What happens to a prompt that is found
 * is import_rows.c's affair.
 */
#include "datasets/decontaminate.h"

#include "core/csv.h"
#include "core/utf8.h"
#include "datasets/import_private.h"
#include "datasets/minhash.h"

#include <string.h>

struct decon {
    double jaccard;
    struct strmap *texts; /* normalised -> index in where */
    struct near *near;    /* texts of the same numbers */
    struct str_vec where;
};

static const char *const text_keys[] = {"messages",    "prompt",   "text",
                                        "eval_prompt", "question", "input"};
enum { TEXT_KEYS = sizeof text_keys / sizeof *text_keys };

static void add_text(struct decon *d, const char *text, size_t len, const struct import_at *at)
{
    struct buf normal = BUF_INIT(0);
    int added;
    text_normalise(&normal, text, len);
    if (normal.len > 0) {
        strmap_add(d->texts, normal.data, &added);
        if (added) {
            near_add(d->near, text, len);
            VEC_PUSH(&d->where, mem_printf("%s:%zu", fs_base(at->path), at->line));
        }
    }
    buf_deinit(&normal);
}

/* A JSON line -> its text, appended. */
static int text_of_json(const struct json *line, const struct import_at *at, struct buf *text,
                        struct err *e)
{
    if (json_str(line)) {
        buf_adds(text, json_str(line));
        return ERR_OK;
    }
    for (size_t i = 0; i < TEXT_KEYS; i++) {
        const struct json *value = json_get(line, text_keys[i]);
        if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL)
            continue;
        if (i == 0)
            return import_messages_text(value, at, text, e);
        if (!json_str(value))
            return err_set(e, ERR_FORMAT, "%s:%zu: '%s' must be a string", at->path, at->line,
                           text_keys[i]);
        buf_adds(text, json_str(value));
        return ERR_OK;
    }
    return err_set(e, ERR_FORMAT,
                   "%s:%zu: no text to compare with (a string, or an object with messages, prompt, "
                   "text, eval_prompt, question or input)",
                   at->path, at->line);
}

static int see_json(struct decon *d, const char *line, size_t len, const struct import_at *at,
                    struct err *e)
{
    struct json *tree = NULL;
    struct buf text = BUF_INIT(0);
    int rc = json_parse(line, len, &tree, e);
    if (rc)
        rc = err_wrap(e, rc, "%s:%zu", at->path, at->line);
    else
        rc = text_of_json(tree, at, &text, e);
    if (rc == 0)
        add_text(d, text.data, text.len, at);
    json_free(tree);
    buf_deinit(&text);
    return rc;
}

static int read_lines(struct decon *d, const char *path, bool json, struct err *e)
{
    struct fs_lines *lines;
    int rc = fs_lines_open(path, IMPORT_TEXT_MAX, &lines, e);
    if (rc)
        return rc;
    char *line;
    size_t len;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        struct import_at at = {path, fs_lines_number(lines)};
        rc = 0;
        if (strspn(line, " \t\r\f\v") == len)
            continue;
        if (utf8_check(line, len) < len)
            rc = err_set(e, ERR_FORMAT, "%s:%zu: not UTF-8 (convert the file to UTF-8)", path,
                         at.line);
        else if (json)
            rc = see_json(d, line, len, &at, e);
        else
            add_text(d, line, len, &at);
        if (rc)
            break;
    }
    fs_lines_close(lines);
    return rc;
}

/* Which column holds the texts; SIZE_MAX: none. */
static size_t text_column(char **names, size_t n)
{
    for (size_t k = 1; k < TEXT_KEYS; k++)
        for (size_t i = 0; i < n; i++)
            if (strcmp(names[i], text_keys[k]) == 0)
                return i;
    return n == 1 ? 0 : SIZE_MAX;
}

static int read_csv(struct decon *d, const char *path, struct err *e)
{
    struct csv *c;
    char **cell;
    size_t n, column = SIZE_MAX;
    int rc = csv_open(path, (size_t)1 << 30, &c, e);
    if (rc)
        return rc;
    rc = csv_next(c, &cell, &n, e);
    if (rc == 1)
        column = text_column(cell, n);
    if (rc == 1 && column == SIZE_MAX)
        rc = err_set(e, ERR_FORMAT,
                     "'%s' has no column of texts (prompt, text, eval_prompt, question or input)",
                     path);
    while (rc == 1 && (rc = csv_next(c, &cell, &n, e)) == 1) {
        struct import_at at = {path, csv_line(c)};
        if (column < n)
            add_text(d, cell[column], strlen(cell[column]), &at);
        else
            rc = err_set(e, ERR_FORMAT, "%s:%zu: %zu columns, the header has more", path, at.line,
                         n);
    }
    csv_close(c);
    return rc;
}

static bool ends_in(const char *path, const char *const *ends, size_t n)
{
    size_t len = strlen(path);
    if (len > 3 && strcmp(path + len - 3, ".gz") == 0)
        len -= 3;
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(ends[i]);
        if (len > k && strncmp(path + len - k, ends[i], k) == 0)
            return true;
    }
    return false;
}

static int read_file(struct decon *d, const char *path, struct err *e)
{
    static const char *const json[] = {".jsonl", ".ndjson", ".json"}, *const csv[] = {".csv"};
    size_t before = d->where.n;
    size_t known = strmap_count(d->texts);
    int rc = ends_in(path, csv, 1) ? read_csv(d, path, e)
                                   : read_lines(d, path, ends_in(path, json, 3), e);
    if (rc == 0 && d->where.n == before && known == 0)
        rc = err_set(e, ERR_FORMAT, "'%s' holds no text to compare with", path);
    return rc;
}

int decon_open(const struct str_vec *paths, double jaccard, struct decon **out, struct err *e)
{
    if (jaccard != 0 && !(jaccard >= .5 && jaccard <= 1))
        return err_set(e, ERR_USAGE,
                       "--near-duplicates takes a Jaccard similarity from 0.5 to 1, or 0 for equal "
                       "texts only, not %g",
                       jaccard);
    struct decon *d = mem_zalloc(sizeof *d);
    d->jaccard = jaccard;
    d->texts = strmap_new();
    d->near = near_new(jaccard > 0 ? jaccard : 1);
    int rc = ERR_OK;
    for (size_t i = 0; rc == 0 && i < paths->n; i++)
        rc = read_file(d, paths->v[i], e);
    if (rc) {
        decon_free(d);
        return rc;
    }
    if (jaccard > 0)
        near_seal(d->near, true);
    *out = d;
    return ERR_OK;
}

void decon_free(struct decon *d)
{
    if (!d)
        return;
    strmap_free(d->texts);
    near_free(d->near);
    str_vec_free(&d->where);
    free(d);
}

bool decon_find(const struct decon *d, const char *text, size_t len, const char **where,
                double *jaccard)
{
    struct buf normal = BUF_INIT(0);
    text_normalise(&normal, text, len);
    size_t at = normal.len ? strmap_find(d->texts, normal.data) : SIZE_MAX;
    buf_deinit(&normal);
    *jaccard = 1;
    bool found = at != SIZE_MAX;
    if (!found && d->jaccard > 0)
        found = near_find(d->near, text, len, &at, jaccard);
    if (found)
        *where = d->where.v[at];
    return found;
}
