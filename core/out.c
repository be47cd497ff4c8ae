/* Rows for stdout. Aligned output is kept until the end, because the widths are known only then;
 * the other shapes are written a row at a time.
 */
#include "core/out.h"

#include "core/buf.h"
#include "core/csv.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/vec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum cell_kind { CELL_NULL, CELL_TEXT, CELL_NUMBER };

struct cell {
    char *text; /* owned; only for the aligned shape */
    enum cell_kind kind;
};

struct out {
    enum out_shape shape;
    FILE *f;
    size_t columns, at; /* at: column of the next cell */
    char **names;
    struct buf row; /* csv, tsv, JSON: the row being made */
    struct jsonw json;
    VEC(struct cell) cells;
};

enum out_shape out_shape_of(bool json, bool csv, bool tsv)
{
    return json ? OUT_JSON : csv ? OUT_CSV : tsv ? OUT_TSV : OUT_ALIGNED;
}

/* Tab, line ends and the backslash as \t \n \r \\, so that a row is one line. */
static void tsv_field(struct buf *b, const char *s, bool first)
{
    if (!first)
        buf_addc(b, '\t');
    for (; *s != '\0'; s++) {
        const char *special = "\tt\nn\rr\\\\", *found = strchr("\t\n\r\\", *s);
        if (found == NULL)
            buf_addc(b, *s);
        else
            buf_addf(b, "\\%c", strchr(special, *s)[1]);
    }
}

static void flush_row(struct out *o)
{
    fwrite(o->row.data, 1, o->row.len, o->f);
    buf_clear(&o->row);
}

static void put_header(struct out *o)
{
    if (o->shape != OUT_CSV && o->shape != OUT_TSV)
        return;
    for (size_t i = 0; i < o->columns; i++) {
        if (o->shape == OUT_CSV)
            csv_field(&o->row, o->names[i], i == 0);
        else
            tsv_field(&o->row, o->names[i], i == 0);
    }
    buf_addc(&o->row, '\n');
    flush_row(o);
}

struct out *out_new(enum out_shape shape, FILE *f, size_t columns, const char *const *names)
{
    struct out *o = mem_zalloc(sizeof *o);
    o->shape = shape;
    o->f = f;
    o->columns = columns;
    o->names = mem_array(columns, sizeof *o->names);
    for (size_t i = 0; i < columns; i++)
        o->names[i] = mem_strdup(names[i]);
    buf_init(&o->row, 0);
    o->json = (struct jsonw)JSONW_INIT(&o->row);
    put_header(o);
    return o;
}

static void end_cell(struct out *o)
{
    if (++o->at < o->columns)
        return;
    o->at = 0;
    if (o->shape == OUT_ALIGNED)
        return;
    if (o->shape == OUT_JSON)
        jsonw_end(&o->json);
    buf_addc(&o->row, '\n');
    flush_row(o);
    o->json = (struct jsonw)JSONW_INIT(&o->row);
}

/* A cell of any shape but JSON. Control characters would break the columns of a terminal. */
static void put(struct out *o, enum cell_kind kind, const char *text)
{
    if (o->shape == OUT_CSV) {
        csv_field(&o->row, text, o->at == 0);
    } else if (o->shape == OUT_TSV) {
        tsv_field(&o->row, text, o->at == 0);
    } else {
        struct cell c = {.text = mem_strdup(text), .kind = kind};
        for (char *s = c.text; *s != '\0'; s++) {
            if ((unsigned char)*s < 0x20 || *s == 0x7f)
                *s = ' ';
        }
        VEC_PUSH(&o->cells, c);
    }
    end_cell(o);
}

static const char *json_key_here(struct out *o)
{
    if (o->at == 0)
        jsonw_obj(&o->json, NULL);
    return o->names[o->at];
}

static void put_text(struct out *o, enum cell_kind kind, const char *s)
{
    if (s == NULL) {
        out_null(o);
    } else if (o->shape == OUT_JSON) {
        jsonw_str(&o->json, json_key_here(o), s);
        end_cell(o);
    } else {
        put(o, kind, s);
    }
}

void out_str(struct out *o, const char *s)
{
    put_text(o, CELL_TEXT, s);
}

void out_right(struct out *o, const char *s)
{
    put_text(o, CELL_NUMBER, s);
}

void out_num(struct out *o, double v, int decimals)
{
    char text[400]; /* DBL_MAX has 309 digits before the point */
    if (!isfinite(v)) {
        out_null(o);
        return;
    }
    int places = decimals < 0 ? 0 : decimals > 20 ? 20 : decimals;
    snprintf(text, sizeof text, "%.*f", places, v);
    if (text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1))
        memmove(text, text + 1, strlen(text)); /* -0.00 */
    if (o->shape == OUT_JSON) {
        jsonw_raw(&o->json, json_key_here(o), text);
        end_cell(o);
    } else {
        put(o, CELL_NUMBER, text);
    }
}

void out_int(struct out *o, int64_t v)
{
    if (o->shape == OUT_JSON) {
        jsonw_int(&o->json, json_key_here(o), v);
        end_cell(o);
        return;
    }
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, v);
    put(o, CELL_NUMBER, text);
}

void out_null(struct out *o)
{
    if (o->shape == OUT_JSON) {
        jsonw_null(&o->json, json_key_here(o));
        end_cell(o);
    } else {
        put(o, CELL_NULL, o->shape == OUT_ALIGNED ? "-" : "");
    }
}

/* Terminal cells, one a code point. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

struct column {
    size_t width;
    bool right;
};

/* Right: the column has a number and no text. */
static void measure(const struct out *o, struct column *col)
{
    for (size_t i = 0; i < o->columns; i++) {
        bool number = false, text = false;
        col[i].width = width_of(o->names[i]);
        for (size_t k = i; k < o->cells.n; k += o->columns) {
            size_t w = width_of(o->cells.v[k].text);
            if (w > col[i].width)
                col[i].width = w;
            number = number || o->cells.v[k].kind == CELL_NUMBER;
            text = text || o->cells.v[k].kind == CELL_TEXT;
        }
        col[i].right = number && !text;
    }
}

/* Adds a cell; the last one ends the line, which has no spaces at its end. */
static void aligned_cell(struct buf *b, const struct column *c, const char *text, bool last)
{
    int pad = (int)(c->width - width_of(text));
    if (c->right)
        buf_addf(b, "%*s%s", pad, "", text);
    else
        buf_addf(b, "%s%*s", text, pad, "");
    if (!last) {
        buf_adds(b, "  ");
        return;
    }
    while (b->len > 0 && b->data[b->len - 1] == ' ')
        b->data[--b->len] = '\0';
    buf_addc(b, '\n');
}

static void print_aligned(struct out *o)
{
    struct column *col = mem_array(o->columns, sizeof *col);
    measure(o, col);
    for (size_t i = 0; i < o->columns; i++)
        aligned_cell(&o->row, &col[i], o->names[i], i + 1 == o->columns);
    flush_row(o);
    for (size_t k = 0; k < o->cells.n; k++) {
        size_t i = k % o->columns;
        aligned_cell(&o->row, &col[i], o->cells.v[k].text, i + 1 == o->columns);
        if (i + 1 == o->columns)
            flush_row(o);
    }
    free(col);
}

int out_end(struct out *o)
{
    if (o == NULL)
        return 0;
    while (o->at != 0)
        out_null(o); /* a row that was begun is completed */
    if (o->shape == OUT_ALIGNED)
        print_aligned(o);
    int rc = fflush(o->f) != 0 || ferror(o->f) != 0 ? -1 : 0;
    for (size_t i = 0; i < o->cells.n; i++)
        free(o->cells.v[i].text);
    VEC_FREE(&o->cells);
    for (size_t i = 0; i < o->columns; i++)
        free(o->names[i]);
    free(o->names);
    buf_deinit(&o->row);
    free(o);
    return rc;
}
