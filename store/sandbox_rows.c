/* Equality of result sets. Multisets are sorted and compared row by row; because numbers are equal
 * within a tolerance, two equal sets may sort differently, so a small set that seems to differ is
 * matched row against row before it is called different.
 */
#include "store/sandbox_rows.h"

#include <math.h>
#include <string.h>

enum { MATCH_ROWS = 2000 }; /* 4 million row comparisons at most */

void rows_deinit(struct rows *r)
{
    for (size_t i = 0; i < r->cells.n; i++)
        free(r->cells.v[i].data);
    VEC_FREE(&r->cells);
    *r = (struct rows){0};
}

static bool is_number(const struct cell *c)
{
    return c->type == CELL_INT || c->type == CELL_REAL;
}

static bool cell_equal(const struct cell *a, const struct cell *b)
{
    if (a->type == CELL_INT && b->type == CELL_INT)
        return a->i == b->i;
    if (is_number(a) && is_number(b)) {
        double scale = fmax(fabs(a->real), fabs(b->real));
        return a->real == b->real || fabs(a->real - b->real) <= 1e-9 * scale;
    }
    if (a->type != b->type || a->len != b->len)
        return false;
    return a->len == 0 || memcmp(a->data, b->data, a->len) == 0;
}

static bool row_equal(const struct cell *a, const struct cell *b, size_t columns)
{
    for (size_t c = 0; c < columns; c++)
        if (!cell_equal(&a[c], &b[c]))
            return false;
    return true;
}

/* Order: null, numbers, texts, blobs; numbers rounded to 8 digits, so that noise seldom decides. */
static int cell_order(const struct cell *a, const struct cell *b)
{
    int ra = is_number(a) ? 1 : (int)a->type, rb = is_number(b) ? 1 : (int)b->type;
    if (ra != rb)
        return ra < rb ? -1 : 1;
    if (ra == 1) {
        double x = (double)(float)a->real, y = (double)(float)b->real;
        return (x > y) - (x < y);
    }
    size_t n = a->len < b->len ? a->len : b->len;
    int d = n ? memcmp(a->data, b->data, n) : 0;
    return d ? d : (a->len > b->len) - (a->len < b->len);
}

/* A row knows its width, because qsort passes nothing on. */
struct row_ref {
    const struct cell *cell;
    size_t columns;
};

static int row_order(const void *pa, const void *pb)
{
    const struct row_ref *a = pa, *b = pb;
    for (size_t c = 0; c < a->columns; c++) {
        int d = cell_order(&a->cell[c], &b->cell[c]);
        if (d)
            return d;
    }
    return 0;
}

static struct row_ref *sorted(const struct rows *r)
{
    struct row_ref *ref = mem_array(r->count, sizeof *ref);
    for (size_t i = 0; i < r->count; i++)
        ref[i] = (struct row_ref){r->cells.v + i * r->columns, r->columns};
    qsort(ref, r->count, sizeof *ref, row_order);
    return ref;
}

/* Every row of a takes one equal row of b. Near-equality is not transitive, so this could in theory
 * miss a pairing; the tolerance is far below any difference between two meant values. */
static bool match(struct row_ref *a, struct row_ref *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        while (k < n && !row_equal(a[i].cell, b[k].cell, a[i].columns))
            k++;
        if (k == n)
            return false;
        struct row_ref taken = b[k];
        b[k] = b[i];
        b[i] = taken;
    }
    return true;
}

bool rows_equal(struct rows *a, struct rows *b, bool ordered)
{
    if (a->columns != b->columns || a->count != b->count)
        return false;
    if (ordered) {
        for (size_t i = 0; i < a->count; i++)
            if (!row_equal(a->cells.v + i * a->columns, b->cells.v + i * b->columns, a->columns))
                return false;
        return true;
    }
    struct row_ref *ra = sorted(a), *rb = sorted(b);
    bool equal = true;
    for (size_t i = 0; i < a->count && equal; i++)
        equal = row_equal(ra[i].cell, rb[i].cell, a->columns);
    if (!equal && a->count <= MATCH_ROWS)
        equal = match(ra, rb, a->count);
    free(ra);
    free(rb);
    return equal;
}
