/* NumPy's array format (numpy.lib.format, NEP 1): magic, version, a Python dict as text, then the
 * numbers. Read row by row beside the list of ids. Pickled objects, Fortran order, other types and
 * big endian are refused with the remedy.
 */
#include "datasets/vectors_private.h"

#include "core/fs.h"
#include "core/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_MAX = 65536 };

struct npy {
    FILE *f;
    size_t rows, dims;
    bool wide; /* float64 */
};

/* What follows 'key': in the header's dict, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    AUTO_FREE char *quoted = mem_printf("'%s':", key);
    const char *at = strstr(header, quoted);
    if (!at)
        return NULL;
    at += strlen(quoted);
    return at + strspn(at, " ");
}

/* Digits at *at as a size, *at behind them; false: none, or too many. */
static bool digits(const char **at, size_t *out)
{
    size_t n = strspn(*at, "0123456789");
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out * 10 + (size_t)((*at)[i] - '0');
    *at += n;
    return n > 0 && n <= 15;
}

static int parse_header(const char *header, const char *path, struct npy *npy, struct err *e)
{
    const char *descr = value_of(header, "descr"), *order = value_of(header, "fortran_order"),
               *shape = value_of(header, "shape");
    if (!descr || !order || !shape)
        return err_set(e, ERR_FORMAT, "'%s' is damaged: its .npy header is incomplete", path);
    npy->wide = strncmp(descr, "'<f8'", 5) == 0;
    if (!npy->wide && strncmp(descr, "'<f4'", 5) != 0)
        return err_set(e, ERR_FORMAT,
                       "'%s' holds numbers of type %.8s; save it with .astype('<f4')", path, descr);
    if (strncmp(order, "False", 5) != 0)
        return err_set(e, ERR_FORMAT,
                       "'%s' is in Fortran order; save it with numpy.ascontiguousarray", path);
    bool two = *shape++ == '(' && digits(&shape, &npy->rows) && strncmp(shape, ", ", 2) == 0;
    shape += two ? 2 : 0;
    if (!two || !digits(&shape, &npy->dims) || *shape != ')')
        return err_set(e, ERR_FORMAT, "'%s' is not two-dimensional: one row a prompt is wanted",
                       path);
    return ERR_OK;
}

static int open_npy(const char *path, struct npy *npy, struct err *e)
{
    unsigned char head[12];
    npy->f = fopen(path, "rb");
    if (!npy->f)
        return err_set(e, ERR_IO, "cannot open '%s': %s", path, strerror(errno));
    if (fread(head, 1, 8, npy->f) != 8 || memcmp(head, "\x93NUMPY", 6) != 0)
        return err_set(e, ERR_FORMAT, "'%s' is not a .npy file (numpy.save makes one)", path);
    size_t width = head[6] == 1 ? 2 : 4;
    if (head[6] < 1 || head[6] > 3)
        return err_set(e, ERR_FORMAT, "'%s' has .npy version %d, known are 1 to 3", path, head[6]);
    if (fread(head, 1, width, npy->f) != width)
        return err_set(e, ERR_FORMAT, "'%s' is cut off in its header", path);
    size_t len = head[0] | (size_t)head[1] << 8;
    if (width == 4)
        len |= (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (len > HEADER_MAX)
        return err_set(e, ERR_FORMAT, "'%s' is damaged: a .npy header of %zu bytes", path, len);
    AUTO_FREE char *header = mem_zalloc(len + 1);
    if (fread(header, 1, len, npy->f) != len)
        return err_set(e, ERR_FORMAT, "'%s' is cut off in its header", path);
    return parse_header(header, path, npy, e);
}

/* Little endian, whatever the machine. */
static double number(const unsigned char *p, bool wide)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < (wide ? 8 : 4); i++)
        bits |= (uint64_t)p[i] << (8 * i);
    if (wide) {
        double x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    uint32_t half = (uint32_t)bits;
    float x;
    memcpy(&x, &half, sizeof x);
    return (double)x;
}

/* The id that a line of the ids file gives, heap; NULL with e filled. */
static char *id_of(const char *path, size_t at, const char *line, size_t len, struct err *e)
{
    if (!vectors_ends(path, ".jsonl") && !vectors_ends(path, ".ndjson"))
        return mem_strndup(line, len);
    struct json *tree = NULL;
    if (json_parse(line, len, &tree, e)) {
        err_wrap(e, ERR_FORMAT, "%s:%zu", path, at);
        return NULL;
    }
    char *id = json_id(json_get(tree, json_get(tree, "id") ? "id" : "prompt_id"));
    json_free(tree);
    if (!id)
        err_set(e, ERR_FORMAT, "%s:%zu: no 'id'", path, at);
    return id;
}

static int read_row(struct vectors *v, struct npy *npy, unsigned char *bytes, double *x,
                    const char *id, size_t row, struct err *e)
{
    size_t each = npy->wide ? 8 : 4;
    if (row > npy->rows)
        return err_set(e, ERR_FORMAT, "'%s' has more than %zu ids, '%s' has as many rows",
                       v->o->ids, npy->rows, v->o->path);
    if (fread(bytes, each, npy->dims, npy->f) != npy->dims)
        return err_set(e, ferror(npy->f) ? ERR_IO : ERR_FORMAT,
                       "'%s' is cut off in row %zu of %zu, prompt '%s'", v->o->path, row, npy->rows,
                       id);
    for (size_t i = 0; i < npy->dims; i++)
        x[i] = number(bytes + i * each, npy->wide);
    return vectors_row(v, id, x, npy->dims, row, e);
}

static int read_rows(struct vectors *v, struct npy *npy, struct err *e)
{
    AUTO_FREE unsigned char *bytes = mem_array(npy->dims, 8);
    AUTO_FREE double *x = mem_array(npy->dims, sizeof *x);
    struct fs_lines *lines;
    int rc = fs_lines_open(v->o->ids, 8 * 1024 * 1024, &lines, e);
    if (rc)
        return rc;
    char *line;
    size_t len, row = 0;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        rc = 0;
        if (strspn(line, " \t\r") == len)
            continue;
        AUTO_FREE char *id = id_of(v->o->ids, fs_lines_number(lines), line, len, e);
        rc = id ? read_row(v, npy, bytes, x, id, ++row, e) : ERR_FORMAT;
        if (rc)
            break;
    }
    fs_lines_close(lines);
    if (rc == 0 && row < npy->rows)
        rc = err_set(e, ERR_FORMAT, "'%s' has %zu ids, '%s' has %zu rows", v->o->ids, row,
                     v->o->path, npy->rows);
    if (rc == 0 && fgetc(npy->f) != EOF)
        rc = err_set(e, ERR_FORMAT, "'%s' is longer than its header says", v->o->path);
    return rc;
}

int vectors_read_npy(struct vectors *v, struct err *e)
{
    struct npy npy = {0};
    int rc = open_npy(v->o->path, &npy, e);
    if (rc == 0 && npy.rows > 0)
        rc = vectors_begin(v, npy.dims, e); /* before rows are allocated: checks the dimensions */
    if (rc == 0 && npy.rows > 0)
        rc = read_rows(v, &npy, e);
    if (npy.f)
        fclose(npy.f);
    return rc;
}
