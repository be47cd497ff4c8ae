/* From a request to what is known of every model: expected quality, cost and latency (FORMAT.md,
 * section 5, up to "Rules"). Which model that makes the best is decide.c's business.
 *
 * Sums are integers, so that their order cannot matter; the few operations in double that follow
 * are each rounded once by IEEE 754 (compiled with -ffp-contract=off), so every machine gets the
 * same. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "router/rows.h"
#include "router/wide512.h"
#include "router/words.h"

#if FLT_EVAL_METHOD != 0 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ /* others open no table */
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

/* Texts up to this length are routed with little stack: a large frame is slow to enter. */
enum { SHORT_TEXT = 1024 };

/* The dense product, in eight partial sums so that any vector unit gets the same: those of i % 8 <
 * 4, and the others. */
static double dense_value(const float *w, const float *x, uint32_t dims)
{
    typedef float four __attribute__((vector_size(16)));
    four low = {0}, high = {0};
    uint32_t i = 0;
    for (; i + 8 <= dims; i += 8) {
        four a, b, c, d;
        memcpy(&a, w + i, sizeof a);
        memcpy(&b, x + i, sizeof b);
        memcpy(&c, w + i + 4, sizeof c);
        memcpy(&d, x + i + 4, sizeof d);
        low += a * b;
        high += c * d;
    }
    float sum[8];
    memcpy(sum, &low, sizeof low);
    memcpy(sum + 4, &high, sizeof high);
    for (unsigned k = 0; i + k < dims; k++)
        sum[k] += w[i + k] * x[i + k];
    return (((double)sum[0] + (double)sum[4]) + ((double)sum[2] + (double)sum[6])) +
           (((double)sum[1] + (double)sum[5]) + ((double)sum[3] + (double)sum[7]));
}

static double calibrate(const struct shunt_table *t, uint32_t j, double p)
{
    if (t->curve[j].count == 0)
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

/* What the text gives: sums over its rows and over its features. Returns the number of rows. */
struct sums {
    int64_t features[SHUNT_COLUMNS_MAX];
    int32_t rows[SHUNT_COLUMNS_MAX];
};

static uint32_t sum_text(const struct shunt_table *t, const struct shunt_request *r, uint32_t first,
                         uint32_t *bucket, struct sums *sum)
{
    const unsigned columns = t->shape->columns;
    const int16_t *rows = t->rows + first;
    const int32_t *surface = t->surface + first;
    int32_t feature[SHUNT_FEATURES];
    uint32_t n = shunt_encode_into(r->text, r->text_bytes, t->shape->bits, bucket, feature);
    table_clamp(t, feature);
#ifdef SHUNT_HAS_WIDE
    if (shunt_is_wide()) {
        n = shunt_find_rows_wide(t, rows, bucket, n);
        shunt_sum_features_wide(surface, t->stride, feature, columns, sum->features);
        shunt_sum_rows_wide(rows, bucket, n, columns, sum->rows);
        return n;
    }
#endif
    n = shunt_find_rows(t, rows, bucket, n);
    shunt_sum_features(surface, t->stride, feature, columns, sum->features);
    shunt_sum_rows(rows, bucket, n, columns, sum->rows);
    return n;
}

static uint32_t sum_short(const struct shunt_table *t, const struct shunt_request *r,
                          uint32_t first, struct sums *sum)
{
    uint32_t bucket[2 * SHORT_TEXT];
    return sum_text(t, r, first, bucket, sum);
}

__attribute__((noinline)) static uint32_t sum_long(const struct shunt_table *t,
                                                   const struct shunt_request *r, uint32_t first,
                                                   struct sums *sum)
{
    uint32_t bucket[SHUNT_ENCODE_CAPACITY];
    return sum_text(t, r, first, bucket, sum);
}

/* Logits of all heads of one set, but for what a vector adds, into z [columns]. Returns the number
 * of rows. */
static inline uint32_t run_text(const struct shunt_table *t, const struct shunt_request *r,
                                uint32_t first, const int32_t *taskw, double *z)
{
    struct sums sum;
#ifdef SHUNT_HAS_512
    if (shunt_is_512()) {
        int32_t feature[SHUNT_FEATURES];
        uint32_t n =
            shunt_sum_text_512(t, t->rows + first, r->text, r->text_bytes, sum.rows, feature);
        table_clamp(t, feature);
        shunt_logits_512(t, first, taskw, feature, sum.rows, n, z);
        return n;
    }
#endif
    uint32_t kept =
        r->text_bytes <= SHORT_TEXT ? sum_short(t, r, first, &sum) : sum_long(t, r, first, &sum);
    const struct shunt_head *head = t->head + first;
    double root = sqrt((double)(kept ? kept : 1));
    for (uint32_t j = 0; j < t->heads; j++) {
        int64_t bias = head[j].bias;
        if (taskw)
            bias += taskw[j];
        z[j] = (double)(sum.features[j] + bias * 65536) * (1.0 / (SHUNT_UNIT * 65536.0));
        if (kept)
            z[j] += (double)sum.rows[j] * head[j].scale / root;
    }
    return kept;
}

static inline void run_sigmoids(double *z, uint32_t n)
{
#ifdef SHUNT_HAS_512
    if (shunt_is_512()) {
        shunt_sigmoids_512(z, n);
        return;
    }
#endif
    shunt_sigmoids(z, n);
}

/* Probabilities of all heads of one set into p [columns]. */
static int run_heads(const struct shunt_table *t, const struct shunt_request *r, uint32_t set,
                     const float *vector, struct estimate *e, double *p)
{
    const uint32_t first = set * t->shape->columns;
    const int32_t *taskw = NULL;
    if (e->task < t->shape->tasks)
        taskw = t->taskw + (uint64_t)e->task * t->stride + first;
    e->kept = run_text(t, r, first, taskw, p);
    for (uint32_t j = 0; vector && j < t->heads; j++) {
        double d =
            dense_value(t->dense_weight + (uint64_t)j * t->dense->dims, vector, t->dense->dims);
        if (!isfinite(d))
            return SHUNT_E_ARGUMENT;
        p[j] += d;
    }
    if (t->words)
        shunt_add_words(t, r->text, r->text_bytes, p);
    run_sigmoids(p, t->heads);
    if (t->curve)
        for (uint32_t j = 0; j < t->heads; j++)
            p[j] = calibrate(t, first + j, p[j]);
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
