/* From a request to what is known of every model: expected quality, cost and latency (FORMAT.md,
 * section 5, up to "Rules"). Which model that makes the best is decide.c's business.
 *
 * Sums are integers, so that their order cannot matter; the few operations in double that follow
 * are each rounded once by IEEE 754 (compiled with -ffp-contract=off), so every machine gets the
 * same. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "router/internal.h"

#if FLT_EVAL_METHOD != 0
#error "needs arithmetic in double precision, e.g. -msse2 -mfpmath=sse"
#endif

/* The least size that a request of any version has had. */
#define REQUEST_SIZE_MIN sizeof(struct shunt_request)

int shunt_read_request(const struct shunt_request *in, struct shunt_request *r)
{
    if (!in || in->size < REQUEST_SIZE_MIN)
        return SHUNT_E_ARGUMENT;
    memcpy(r, in, sizeof *r);
    if (r->flags & ~(uint32_t)SHUNT_OWN_LAMBDA)
        return SHUNT_E_ARGUMENT;
    if ((!r->text && r->text_bytes) || (!r->allowed && r->allowed_words) ||
        (!r->vector && r->vector_len))
        return SHUNT_E_ARGUMENT;
    if (r->flags & SHUNT_OWN_LAMBDA &&
        !(r->lambda_per_usd >= 0 && r->lambda_per_usd <= SHUNT_LAMBDA_MAX && r->mu_per_s >= 0 &&
          r->mu_per_s <= SHUNT_LAMBDA_MAX))
        return SHUNT_E_ARGUMENT;
    if (r->text_bytes > SHUNT_TEXT_MAX)
        return SHUNT_E_TOO_LONG;
    if (!r->text)
        r->text = "";
    return SHUNT_OK;
}

/* Number of set bits. */
static inline uint32_t count_bits(uint32_t x)
{
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0Fu;
    return (x * 0x01010101u) >> 24;
}

/* Replace the buckets that have a row by the row's number, dropping the others; returns how many.
 * The rows are called for as soon as they are known: they lie all over a table that is larger than
 * the caches near the processor, and waiting for them is the greater part of a decision. */
static uint32_t find_rows(const struct shunt_table *t, const int16_t *rows,
                          struct shunt_encoding *x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->count; i++) {
        uint32_t b = x->bucket[i];
        struct shunt_index at = t->index[b / 32];
        uint32_t below = ((uint32_t)1 << b % 32) - 1;
        uint32_t row = at.rank + count_bits(at.bits & below);
        uint32_t kept = at.bits >> b % 32 & 1;
        __builtin_prefetch(rows + (size_t)(row & (0 - kept)) * t->stride);
        x->bucket[n] = row;
        n += kept;
    }
    return n;
}

/* Sum one block of eight columns of the rows. Numbers have 14 bits: four rows fit 16 bits, 4,096
 * rows fit 32. The inner loops are what compilers make vectors of. */
static inline void sum_block(const int16_t *rows, size_t stride, const uint32_t *row, uint32_t n,
                             int32_t *sum)
{
    int32_t acc[SHUNT_COLUMN_BLOCK] = {0};
    int16_t four[SHUNT_COLUMN_BLOCK];
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const int16_t *a = rows + row[i] * stride;
        const int16_t *b = rows + row[i + 1] * stride;
        const int16_t *c = rows + row[i + 2] * stride;
        const int16_t *d = rows + row[i + 3] * stride;
        for (unsigned k = 0; k < SHUNT_COLUMN_BLOCK; k++)
            four[k] = (int16_t)(a[k] + b[k] + c[k] + d[k]);
        for (unsigned k = 0; k < SHUNT_COLUMN_BLOCK; k++)
            acc[k] += four[k];
    }
    for (; i < n; i++)
        for (unsigned k = 0; k < SHUNT_COLUMN_BLOCK; k++)
            acc[k] += rows[row[i] * stride + k];
    memcpy(sum, acc, sizeof acc);
}

static void sum_rows(const int16_t *rows, size_t stride, const uint32_t *row, uint32_t n,
                     unsigned columns, int32_t *sum)
{
    for (unsigned k = 0; k < columns; k += SHUNT_COLUMN_BLOCK)
        sum_block(rows + k, stride, row, n, sum + k);
}

/* The dense product, in eight partial sums so that any vector unit gets the same. */
static double dense_value(const float *w, const float *x, uint32_t dims)
{
    float a[8] = {0};
    uint32_t i = 0;
    for (; i + 8 <= dims; i += 8)
        for (unsigned k = 0; k < 8; k++)
            a[k] += w[i + k] * x[i + k];
    for (unsigned k = 0; i + k < dims; k++)
        a[k] += w[i + k] * x[i + k];
    return (((double)a[0] + (double)a[4]) + ((double)a[2] + (double)a[6])) +
           (((double)a[1] + (double)a[5]) + ((double)a[3] + (double)a[7]));
}

static double calibrate(const struct shunt_table *t, uint32_t j, double p)
{
    if (!t->curve || t->curve[j].count == 0)
        return p;
    const struct shunt_knot *k = t->knot + t->curve[j].first;
    unsigned low = 0; /* the last knot with x <= p, or 0 */
    unsigned high = t->curve[j].count;
    while (high - low > 1) {
        unsigned mid = (low + high) / 2;
        if (k[mid].x <= p)
            low = mid;
        else
            high = mid;
    }
    if (t->curve[j].kind == SHUNT_CURVE_STEP || p <= k[low].x || low + 1 == t->curve[j].count)
        return k[low].y;
    double share = (p - k[low].x) / (k[low + 1].x - k[low].x);
    double y = k[low].y + share * (k[low + 1].y - k[low].y);
    return y < k[low + 1].y ? y : k[low + 1].y; /* rounding must not carry it past the knot */
}

/* Index of a task, or the number of tasks where it is not known. */
static uint32_t find_task(const struct shunt_table *t, const char *task)
{
    uint32_t low = 0;
    uint32_t high = t->shape->tasks;
    while (task && low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = strcmp(t->strings + t->task[mid], task);
        if (order == 0)
            return mid;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return t->shape->tasks;
}

/* Which set of heads decides, and with which vector. */
static int choose_set(const struct shunt_table *t, const struct shunt_request *r, uint32_t *set,
                      const float **vector)
{
    *set = 0;
    *vector = NULL;
    if (!t->dense)
        return SHUNT_OK;
    if (!r->vector) {
        *set = 1;
        return t->shape->sets == 2 ? SHUNT_OK : SHUNT_E_NO_VECTOR;
    }
    if (r->vector_len != t->dense->dims || !r->encoder ||
        strcmp(r->encoder, t->strings + t->dense->encoder) != 0)
        return SHUNT_E_ENCODER;
    *vector = r->vector;
    return SHUNT_OK;
}

/* Half to even, for 0 <= x < 2^51: adding 1.5 * 2^52 leaves no place for a fraction. */
static int64_t round_even(double x)
{
    const double shift = 6755399441055744.0;
    volatile double shifted = x + shift; /* volatile: the sum must be rounded before it is undone */
    return (int64_t)(shifted - shift);
}

static int64_t cost_of(const struct shunt_model *m, const struct shunt_cost *c,
                       const struct shunt_request *r)
{
    if (!(m->flags & SHUNT_MODEL_PRICED))
        return c->mean_nusd;
    double n = r->tokens ? (double)r->tokens : (double)r->text_bytes * c->tokens_per_byte;
    double pusd = (n * (double)m->input_pusd + c->output_tokens * (double)m->output_pusd) +
                  (double)m->request_pusd;
    double nusd = pusd / 1000.0;
    return nusd < (double)SHUNT_COST_MAX ? round_even(nusd) : SHUNT_COST_MAX;
}

/* Probabilities of all heads of one set into p [heads]. */
static int run_heads(const struct shunt_table *t, const struct shunt_request *r, uint32_t set,
                     const float *vector, struct estimate *e, double *p)
{
    struct shunt_encoding x;
    int32_t sum[SHUNT_COLUMNS_MAX];
    uint32_t columns = t->shape->columns;
    uint32_t first = set * columns;

    shunt_encode(r->text, r->text_bytes, t->shape->bits, &x);
    memset(sum, 0, columns * sizeof *sum);
    e->kept = 0;
    if (t->shape->kept) {
        const int16_t *rows = t->rows + first;
        e->kept = find_rows(t, rows, &x);
        sum_rows(rows, t->stride, x.bucket, e->kept, columns, sum);
    }

    const int32_t *taskw = NULL;
    if (e->task < t->shape->tasks)
        taskw = t->taskw + (uint64_t)e->task * t->stride + first;
    double root = sqrt((double)(e->kept ? e->kept : 1));
    for (uint32_t j = 0; j < t->heads; j++) {
        const struct shunt_head *head = &t->head[first + j];
        int64_t fixed = head->bias;
        if (taskw)
            fixed += taskw[j];
        fixed *= 65536;
        const int32_t *w = t->surface + first + j;
#pragma GCC unroll 16
        for (unsigned i = 0; i < SHUNT_FEATURES; i++)
            fixed += (int64_t)w[i * t->stride] * x.feature[i];
        double z = (double)fixed * (1.0 / (SHUNT_UNIT * 65536.0));
        if (e->kept)
            z += (double)sum[j] * head->scale / root;
        if (vector) {
            double d =
                dense_value(t->dense_weight + (uint64_t)j * t->dense->dims, vector, t->dense->dims);
            if (!isfinite(d))
                return SHUNT_E_ARGUMENT;
            z += d;
        }
        p[j] = calibrate(t, first + j, shunt_sigmoid(z));
    }
    return SHUNT_OK;
}

int shunt_estimate(const struct shunt_table *t, const struct shunt_request *r, struct estimate *e)
{
    uint32_t set;
    const float *vector;
    int status = choose_set(t, r, &set, &vector);
    if (status)
        return status;

    double p[SHUNT_COLUMNS_MAX];
    uint32_t models = t->shape->models;
    e->task = find_task(t, r->task);
    status = run_heads(t, r, set, vector, e, p);
    if (status)
        return status;
    memcpy(e->quality, p, models * sizeof *p);
    memcpy(e->exceeds, p + models, (t->heads - models) * sizeof *p);

    const struct shunt_cost *c = t->cost + (uint64_t)e->task * models;
    for (uint32_t m = 0; m < models; m++) {
        e->cost_nusd[m] = cost_of(&t->model[m], &c[m], r);
        e->latency_ms[m] = c[m].latency_ms;
    }
    return SHUNT_OK;
}

int shunt_predict(const struct shunt_table *t, const struct shunt_request *request, double *quality,
                  int64_t *cost_nusd, double *latency_ms, double *exceeds)
{
    struct shunt_request r;
    struct estimate e;
    if (!t)
        return SHUNT_E_ARGUMENT;
    int status = shunt_read_request(request, &r);
    if (status == SHUNT_OK)
        status = shunt_estimate(t, &r, &e);
    if (status)
        return status;

    uint32_t models = t->shape->models;
    if (quality)
        memcpy(quality, e.quality, models * sizeof *quality);
    if (cost_nusd)
        memcpy(cost_nusd, e.cost_nusd, models * sizeof *cost_nusd);
    if (latency_ms)
        memcpy(latency_ms, e.latency_ms, models * sizeof *latency_ms);
    if (exceeds)
        memcpy(exceeds, e.exceeds, (t->heads - models) * sizeof *exceeds);
    return SHUNT_OK;
}
