/* The door to liblinear. What a column means is in train/space.c, what is fitted in train/heads.c.
 */
#include "train/solver.h"

#include "core/mem.h"

#include <assert.h>
#include <linear.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct rows {
    struct feature_node *node;
    struct feature_node **row;
    size_t count, room, nodes, node_room, columns;
    size_t wide;   /* columns of the caller's weights */
    uint32_t *to;  /* [wide] a column, ROWS_NOWHERE: in no row; NULL: columns are the caller's */
    double *share; /* [wide] caller's weight over the column's */
};

struct rows *rows_new(size_t count, size_t nodes, size_t columns)
{
    struct rows *r = mem_zalloc(sizeof *r);
    r->room = count;
    r->columns = r->wide = columns;
    r->node_room = nodes + 2 * count; /* the bias and the end mark of each row */
    r->node = mem_alloc(r->node_room * sizeof *r->node);
    r->row = mem_array(count, sizeof *r->row);
    return r;
}

void rows_free(struct rows *r)
{
    if (r == NULL)
        return;
    free(r->node);
    free(r->row);
    free(r->to);
    free(r->share);
    free(r);
}

void rows_narrow(struct rows *r, size_t wide, uint32_t *to, double *share)
{
    r->wide = wide;
    r->to = to;
    r->share = share;
}

size_t rows_put(struct rows *r, size_t i, size_t at, const uint32_t *column, const double *value,
                size_t n)
{
    assert(i < r->room && at + n + 2 <= r->node_room);
    struct feature_node *x = r->node + at;
    r->row[i] = x;
    for (size_t k = 0; k < n; k++)
        *x++ = (struct feature_node){(int)column[k] + 1, value[k]}; /* liblinear counts from 1 */
    *x++ = (struct feature_node){(int)r->columns + 1, 1.0};
    *x = (struct feature_node){-1, 0.0};
    return at + n + 2;
}

void rows_add(struct rows *r, const uint32_t *column, const double *value, size_t n)
{
    r->nodes = rows_put(r, r->count++, r->nodes, column, value, n);
}

size_t rows_columns(const struct rows *r)
{
    return r->columns;
}

double rows_value(const struct rows *r, size_t i, const double *w)
{
    assert(r->to == NULL);
    double sum = 0;
    for (const struct feature_node *x = r->row[i]; x->index > 0; x++)
        sum += w[x->index - 1] * x->value;
    return sum;
}

static void silent(const char *text)
{
    (void)text;
}

static void silence(void)
{
    set_print_string_function(silent);
}

/* The caller's weights as weights of the columns, and back. */
static void to_columns(const struct rows *r, const double *w, double *v)
{
    for (size_t i = 0; i < r->wide; i++)
        if (r->to == NULL)
            v[i] = w[i];
        else if (r->to[i] != ROWS_NOWHERE)
            v[r->to[i]] += w[i] * r->share[i];
    v[r->columns] = w[r->wide];
}

static void from_columns(const struct rows *r, const double *v, double sign, double *w)
{
    for (size_t i = 0; i < r->wide; i++)
        w[i] = r->to == NULL              ? sign * v[i]
               : r->to[i] != ROWS_NOWHERE ? sign * v[r->to[i]] * r->share[i]
                                          : 0.0;
    w[r->wide] = sign * v[r->columns];
}

bool solver_fit(const struct rows *r, const struct example *x, size_t n, double C, double eps,
                bool warm, double *w)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT; /* the print hook is liblinear's one global */
    pthread_once(&once, silence);

    size_t successes = 0, failures = 0;
    for (size_t i = 0; i < n; i++) {
        successes += x[i].successes;
        failures += x[i].failures;
    }
    if (successes == 0 || failures == 0)
        return false;

    size_t total = successes + failures, at = 0;
    AUTO_FREE double *y = mem_array(total, sizeof *y);
    AUTO_FREE struct feature_node **row = mem_array(total, sizeof(struct feature_node *));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < (size_t)x[i].successes + x[i].failures; k++) {
            row[at] = r->row[x[i].row];
            y[at++] = k < x[i].successes ? 1.0 : -1.0;
        }

    struct problem p = {.l = (int)total, .n = (int)r->columns + 1, .y = y, .x = row, .bias = 1.0};
    AUTO_FREE double *start = warm ? mem_array(r->columns + 1, sizeof *start) : NULL;
    if (warm)
        to_columns(r, w, start);
    struct parameter q = {.solver_type = L2R_LR, .eps = eps, .C = C, .init_sol = start};
    const char *bad = check_parameter(&p, &q);
    assert(bad == NULL);
    (void)bad;
    struct model *m = train(&p, &q);
    double sign =
        m->label[0] > 0 ? 1.0 : -1.0; /* w is for label[0]; which that is, is not promised */
    from_columns(r, m->w, sign, w);
    free_and_destroy_model(&m);
    return true;
}

const char *solver_version(void)
{
    static char text[16];
    snprintf(text, sizeof text, "%d.%02d", liblinear_version / 100, liblinear_version % 100);
    return text;
}
