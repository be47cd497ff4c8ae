/* Document frequencies, scales and columns of one training subset. Encoding is train/corpus.c,
 * fitting train/heads.c.
 */
#include "train/space.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>

/* Weight of a standardised surface feature. Sixteen of them at .2 have together about the square
 * norm .64 beside 1 of the buckets and 1 of the task: measured on MMLU, flat between .1 and .3. */
static const double SPACE_SURFACE = 0.2;

/* Share of the prompts at each end of a feature whose values are taken as those of the last one
 * inside: a line fitted to the rest says nothing of texts beyond. */
static const double SPACE_TAIL = 0.001;

enum { MIN_DF = 2 }; /* a bucket of one prompt says nothing about another */

static void keep_buckets(struct space *s, const struct corpus *c, const uint32_t *subset, size_t n)
{
    const uint32_t least = s->use.min_df > 0 ? s->use.min_df : MIN_DF;
    size_t buckets = (size_t)1 << c->bits;
    s->column = mem_array(buckets, sizeof *s->column); /* document frequency first */
    for (size_t i = 0; i < n; i++)
        for (size_t k = c->start[subset[i]]; k < c->start[subset[i] + 1]; k++)
            s->column[c->bucket[k]]++;
    for (size_t b = 0; b < buckets; b++)
        s->kept += s->column[b] >= least;

    s->bucket_id = mem_array(s->kept, sizeof *s->bucket_id);
    s->idf = mem_array(s->kept, sizeof *s->idf);
    uint32_t next = 0;
    for (size_t b = 0; b < buckets; b++) {
        uint32_t df = s->column[b];
        s->column[b] = 0;
        if (df < least)
            continue;
        s->bucket_id[next] = (uint32_t)b;
        s->idf[next] = log((1.0 + (double)n) / (1.0 + df)) + 1.0;
        s->column[b] = ++next;
    }
}

/* Scale idf so that the mean square norm of a row's bucket part is 1. */
static void scale_buckets(struct space *s, const struct corpus *c, const uint32_t *subset, size_t n)
{
    double sum = 0;
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        double square = 0;
        size_t kept = 0;
        for (size_t k = c->start[subset[i]]; k < c->start[subset[i] + 1]; k++) {
            uint32_t col = s->column[c->bucket[k]];
            if (col == 0)
                continue;
            square += s->idf[col - 1] * s->idf[col - 1];
            kept++;
        }
        if (kept > 0) {
            sum += square / (double)kept;
            rows++;
        }
    }
    double scale = sum > 0 ? sqrt((double)rows / sum) : 1.0;
    for (size_t k = 0; k < s->kept; k++)
        s->idf[k] *= scale;
}

/* Feature f of prompt i as the encoder gave it: a corpus keeps it as a multiple of 2^-16, exactly.
 */
static int32_t encoded_feature(const struct corpus *c, size_t i, size_t f)
{
    return (int32_t)(c->feature[i * SHUNT_FEATURES + f] * 65536.0F);
}

/* The same within the range of the space, in natural units. */
static double feature_of(const struct space *s, const struct corpus *c, size_t i, size_t f)
{
    const int32_t x = encoded_feature(c, i, f);
    return (double)(x < s->low[f] ? s->low[f] : x > s->high[f] ? s->high[f] : x) / 65536.0;
}

/* The k-th smallest of v[0..n-1], which ends up in another order (Hoare 1961); O(n). */
static int32_t select_smallest(int32_t *v, size_t n, size_t k)
{
    size_t from = 0, to = n;
    while (to - from > 1) {
        const int32_t pivot = v[from + (to - from) / 2];
        size_t below = from, at = from, above = to;
        while (at < above) {
            const int32_t x = v[at];
            if (x < pivot) {
                v[at++] = v[below];
                v[below++] = x;
            } else if (x > pivot) {
                v[at] = v[--above];
                v[above] = x;
            } else {
                at++;
            }
        }
        if (k < below)
            to = below;
        else if (k >= above)
            from = above;
        else
            return pivot;
    }
    return v[from];
}

static void find_range(struct space *s, const struct corpus *c, const uint32_t *subset, size_t n)
{
    AUTO_FREE int32_t *v = mem_array(n, sizeof *v);
    const size_t tail = (size_t)(SPACE_TAIL * (double)n);
    for (size_t f = 0; f < SHUNT_FEATURES; f++) {
        for (size_t i = 0; i < n; i++)
            v[i] = encoded_feature(c, subset[i], f);
        s->low[f] = select_smallest(v, n, tail);
        s->high[f] = select_smallest(v, n, n - 1 - tail);
    }
}

static void standardise_surface(struct space *s, const struct corpus *c, const uint32_t *subset,
                                size_t n)
{
    for (size_t f = 0; f < SHUNT_FEATURES; f++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            mean += feature_of(s, c, subset[i], f);
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            double d = feature_of(s, c, subset[i], f) - mean;
            square += d * d;
        }
        double sd = sqrt(square / (double)n);
        s->shift[f] = mean;
        s->factor[f] = sd > 1e-6 && !s->use.no_surface
                           ? SPACE_SURFACE / sd
                           : 0.0; /* constant in the subset: no column value */
    }
}

static void number_tasks(struct space *s, const struct corpus *c, const uint32_t *subset, size_t n)
{
    s->task_column = mem_array(c->tasks, sizeof *s->task_column);
    for (size_t i = 0; i < n; i++)
        if (c->task[subset[i]] != CORPUS_NO_TASK)
            s->task_column[c->task[subset[i]]] = 1;
    size_t next = s->task_at;
    for (size_t t = 0; t < c->tasks; t++)
        if (s->task_column[t] != 0)
            s->task_column[t] = (uint32_t)++next;
    s->dense_at = next;
}

struct space *space_new(const struct corpus *c, const uint32_t *subset, size_t n,
                        const struct space_use *use)
{
    struct space *s = mem_zalloc(sizeof *s);
    s->use = *use;
    if (use->hashed) {
        keep_buckets(s, c, subset, n);
        scale_buckets(s, c, subset, n);
        find_range(s, c, subset, n);
        standardise_surface(s, c, subset, n);
    }
    s->surface_at = s->kept;
    s->task_at = s->surface_at + (use->hashed ? (size_t)SHUNT_FEATURES : 0);
    number_tasks(s, c, subset, n);
    s->columns = s->dense_at + (use->dense ? c->dims : 0);
    if (use->dense) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < c->dims; k++) {
                double x = (double)c->dense[(size_t)subset[i] * c->dims + k];
                sum += x * x;
            }
        s->dense_factor = sum > 0 ? sqrt((double)n / sum) : 1.0;
    }
    return s;
}

void space_free(struct space *s)
{
    if (s == NULL)
        return;
    free(s->bucket_id);
    free(s->idf);
    free(s->column);
    free(s->task_column);
    free(s);
}

size_t space_parts(const struct space_use *use)
{
    return (use->hashed ? 3U : 1U) + (use->dense ? 1U : 0U);
}

size_t space_part(const struct space *s, size_t column)
{
    const size_t task = s->use.hashed ? 2 : 0;
    if (column >= s->columns || (column >= s->task_at && column < s->dense_at))
        return task;
    return column >= s->dense_at ? task + 1 : column >= s->surface_at ? 1 : 0;
}

size_t space_row_max(const struct corpus *c)
{
    return (size_t)SHUNT_ENCODE_CAPACITY + SHUNT_FEATURES + 1 + c->dims;
}

size_t space_row(const struct space *s, const struct corpus *c, size_t i, uint32_t *column,
                 double *value)
{
    size_t n = 0;
    if (s->use.hashed) {
        for (size_t k = c->start[i]; k < c->start[i + 1]; k++) {
            uint32_t col = s->column[c->bucket[k]];
            if (col != 0) {
                column[n] = col - 1;
                value[n++] = s->idf[col - 1];
            }
        }
        double norm = n > 0 ? 1.0 / sqrt((double)n) : 0.0;
        for (size_t k = 0; k < n; k++)
            value[k] *= norm;
        for (size_t f = 0; f < SHUNT_FEATURES; f++) {
            if (s->factor[f] <= 0)
                continue;
            column[n] = (uint32_t)(s->surface_at + f);
            value[n++] = (feature_of(s, c, i, f) - s->shift[f]) * s->factor[f];
        }
    }
    if (c->task[i] != CORPUS_NO_TASK && s->task_column[c->task[i]] != 0) {
        column[n] = s->task_column[c->task[i]] - 1;
        value[n++] = 1.0;
    }
    for (size_t k = 0; s->use.dense && k < c->dims; k++) {
        column[n] = (uint32_t)(s->dense_at + k);
        value[n++] = s->dense_factor * (double)c->dense[i * c->dims + k];
    }
    return n;
}

struct rows *space_rows(const struct space *s, const struct corpus *c, const uint32_t *prompt,
                        size_t n)
{
    size_t room = 0, each = SHUNT_FEATURES + 1 + (s->use.dense ? c->dims : 0);
    for (size_t i = 0; i < n; i++)
        room += each + (s->use.hashed ? c->start[prompt[i] + 1] - c->start[prompt[i]] : 0);
    struct rows *r = rows_new(n, room, s->columns);
    AUTO_FREE uint32_t *column = mem_array(space_row_max(c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(c), sizeof *value);
    for (size_t i = 0; i < n; i++)
        rows_add(r, column, value, space_row(s, c, prompt[i], column, value));
    return r;
}
