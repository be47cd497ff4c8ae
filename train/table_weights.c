/* The table writer: weights. One scale a head makes 16-bit integers of the buckets' weights; the
 * rest is fixed point in units of 2^-20 (router/FORMAT.md, 3.3 to 3.5 and 3.10). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "train/table_parts.h"

/* The set's heads, 0 or 1. */
static const struct table_heads *heads_of(const struct table_draft *d, size_t set)
{
    return set == 0 ? &d->spec->heads : d->spec->fallback;
}

/* x in units of 2^-20 as *out; false when it is no number or does not fit. */
static bool to_fixed(double x, int32_t *out)
{
    double v = rint(x * SHUNT_UNIT);
    if (!(v >= INT32_MIN && v <= INT32_MAX))
        return false;
    *out = (int32_t)v;
    return true;
}

static int out_of_range(const char *what, size_t row, size_t head, double x, struct err *e)
{
    return err_set(e, ERR_USAGE, "%s weight %zu of head %zu is %g: weights lie within +-2047", what,
                   row, head, x);
}

static int map_buckets(struct table_draft *d, struct err *e)
{
    size_t buckets = (size_t)1 << d->spec->bits;
    d->row_of = mem_array(buckets, sizeof *d->row_of);
    for (size_t b = 0; b < buckets; b++)
        d->row_of[b] = SHUNT_NONE;
    for (size_t r = 0; r < d->spec->kept; r++) {
        uint32_t b = d->spec->bucket_id[r];
        if (b >= buckets || d->row_of[b] != SHUNT_NONE)
            return err_set(e, ERR_USAGE, "bucket %u is %s", (unsigned)b,
                           b >= buckets ? "out of range" : "given twice");
        d->row_of[b] = (uint32_t)r;
    }
    return ERR_OK;
}

/* scale[stride]: the largest weight of a head becomes 8191. */
static int find_scales(const struct table_draft *d, double *scale, struct err *e)
{
    for (size_t set = 0; set < d->sets; set++) {
        const double *w = heads_of(d, set)->weight;
        for (size_t r = 0; r < d->spec->kept; r++)
            for (size_t j = 0; j < d->heads; j++) {
                double x = fabs(w[r * d->heads + j]);
                if (!(x <= 1e6))
                    return err_set(e, ERR_USAGE, "weight of bucket %u, head %zu, is %g",
                                   (unsigned)d->spec->bucket_id[r], j, x);
                double *s = &scale[set * d->columns + j];
                *s = x > *s ? x : *s;
            }
    }
    for (size_t j = 0; j < d->stride; j++)
        scale[j] /= SHUNT_WEIGHT_MAX;
    return ERR_OK;
}

static int fill_heads(struct table_draft *d, const double *scale, struct err *e)
{
    for (size_t set = 0; set < d->sets; set++)
        for (size_t j = 0; j < d->columns; j++) {
            struct shunt_head h = {.scale = scale[set * d->columns + j]};
            if (j < d->heads && !to_fixed(heads_of(d, set)->bias[j], &h.bias))
                return out_of_range("bias", 0, j, heads_of(d, set)->bias[j], e);
            buf_add(&d->part[SHUNT_S_HEADS], &h, sizeof h);
        }
    return ERR_OK;
}

/* One row of fixed-point weights: row r of the doubles of each set, NULL meaning 0. */
static int add_fixed(struct table_draft *d, struct buf *to, const char *what, size_t r,
                     const double *const w[2], struct err *e)
{
    for (size_t set = 0; set < d->sets; set++)
        for (size_t j = 0; j < d->columns; j++) {
            int32_t v = 0;
            if (j < d->heads && w[set] && !to_fixed(w[set][r * d->heads + j], &v))
                return out_of_range(what, r, j, w[set][r * d->heads + j], e);
            buf_add(to, &v, sizeof v);
        }
    return ERR_OK;
}

static int fill_fixed(struct table_draft *d, struct err *e)
{
    const double *surface[2] = {0};
    const double *taskw[2] = {0};
    for (size_t set = 0; set < d->sets; set++) {
        surface[set] = heads_of(d, set)->surface;
        taskw[set] = heads_of(d, set)->taskw;
    }
    int rc = ERR_OK;
    for (size_t i = 0; i < SHUNT_FEATURES && rc == ERR_OK; i++)
        rc = add_fixed(d, &d->part[SHUNT_S_SURFACE], "surface", i, surface, e);
    for (size_t i = 0; i < d->spec->tasks && rc == ERR_OK; i++)
        rc = add_fixed(d, &d->part[SHUNT_S_TASKW], "task", d->task_order[i], taskw, e);
    return rc;
}

static void fill_rows(struct table_draft *d, const double *scale)
{
    size_t buckets = (size_t)1 << d->spec->bits;
    int16_t *row = mem_array(d->stride, sizeof *row);
    uint32_t rank = 0;
    struct shunt_index entry = {0, 0};
    buf_reserve(&d->part[SHUNT_S_ROWS], d->spec->kept * d->stride * sizeof *row);
    for (size_t b = 0; b < buckets; b++) {
        if (d->row_of[b] != SHUNT_NONE) {
            for (size_t set = 0; set < d->sets; set++) {
                const double *w = heads_of(d, set)->weight + d->row_of[b] * d->heads;
                for (size_t j = 0; j < d->heads; j++) {
                    double s = scale[set * d->columns + j];
                    row[set * d->columns + j] = (int16_t)(s > 0 ? rint(w[j] / s) : 0);
                }
            }
            buf_add(&d->part[SHUNT_S_ROWS], row, d->stride * sizeof *row);
            entry.bits |= (uint32_t)1 << b % 32;
            rank++;
        }
        if (b % 32 == 31) {
            buf_add(&d->part[SHUNT_S_INDEX], &entry, sizeof entry);
            entry.bits = 0;
            entry.rank = rank;
        }
    }
    free(row);
}

static int fill_curves(struct table_draft *d, struct err *e)
{
    struct buf *to = &d->part[SHUNT_S_CALIB];
    uint32_t knots = 0;
    for (size_t set = 0; set < d->sets; set++)
        for (size_t j = 0; j < d->heads && heads_of(d, set)->curve; j++)
            knots += heads_of(d, set)->curve[j].count > 0;
    if (knots == 0)
        return ERR_OK;

    knots = 0;
    for (size_t set = 0; set < d->sets; set++)
        for (size_t j = 0; j < d->columns; j++) {
            struct shunt_curve c = {.first = knots};
            if (j < d->heads && heads_of(d, set)->curve) {
                const struct table_curve *x = &heads_of(d, set)->curve[j];
                if (x->count > SHUNT_KNOTS_MAX)
                    return err_set(e, ERR_USAGE,
                                   "calibration of head %zu has %zu knots: 64 at most", j,
                                   x->count);
                c.count = (uint16_t)x->count;
                c.kind = x->linear ? SHUNT_CURVE_LINEAR : SHUNT_CURVE_STEP;
            }
            knots += c.count;
            buf_add(to, &c, sizeof c);
        }
    for (size_t set = 0; set < d->sets; set++)
        for (size_t j = 0; j < d->heads && heads_of(d, set)->curve; j++) {
            const struct table_curve *x = &heads_of(d, set)->curve[j];
            for (size_t k = 0; k < x->count; k++) {
                struct shunt_knot knot = {x->x[k], x->y[k]};
                buf_add(to, &knot, sizeof knot);
            }
        }
    return ERR_OK;
}

static int fill_dense(struct table_draft *d, struct err *e)
{
    const struct table_spec *s = d->spec;
    if (!s->encoder)
        return ERR_OK;
    if (s->dims == 0 || s->dims > SHUNT_DIMS_MAX)
        return err_set(e, ERR_USAGE, "encoder '%s' has %zu dimensions: 1 to %d are possible",
                       s->encoder, s->dims, SHUNT_DIMS_MAX);
    struct shunt_dense head = {
        .encoder = table_add_string(d, s->encoder),
        .dims = (uint32_t)s->dims,
    };
    buf_add(&d->part[SHUNT_S_DENSE], &head, sizeof head);
    for (size_t i = 0; i < d->heads * s->dims; i++) {
        if (!(fabs(s->dense[i]) <= 1e30))
            return err_set(e, ERR_USAGE, "dense weight %zu of head %zu is %g", i % s->dims,
                           i / s->dims, s->dense[i]);
        float w = (float)s->dense[i];
        buf_add(&d->part[SHUNT_S_DENSE], &w, sizeof w);
    }
    return ERR_OK;
}

int table_fill_weights(struct table_draft *d, struct err *e)
{
    AUTO_FREE double *scale = mem_array(d->stride, sizeof *scale);
    int rc = map_buckets(d, e);
    if (rc == ERR_OK)
        rc = find_scales(d, scale, e);
    if (rc == ERR_OK)
        rc = fill_heads(d, scale, e);
    if (rc == ERR_OK)
        rc = fill_fixed(d, e);
    if (rc)
        return rc;
    fill_rows(d, scale);
    rc = fill_curves(d, e);
    return rc ? rc : fill_dense(d, e);
}
