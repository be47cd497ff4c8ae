/* The figures from whole curves, and their intervals from resampled ones. */
#include "eval/metrics.h"

#include "core/mem.h"
#include "core/thread.h"
#include "eval/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES = 4, PAIR = 2, SCALARS = 4 }; /* router, task means; the same as pairs */

/* What is summed by bucket once and then drawn again and again. */
struct sums {
    const struct metric_source *src;
    const struct boot *boot;
    const struct sweep *sweep[CURVES];
    struct boot_curve curve[CURVES];
    double *cost, *quality;  /* [models][buckets] */
    double *scalar[SCALARS]; /* [buckets], NULL: none */
    double *values;          /* [METRICS][resamples rounded up] */
    double *knot_x, *knot_y; /* [router's knots][resamples rounded up] */
    size_t resamples;        /* rounded up to whole blocks */
};

static size_t curve_points(const struct sums *s, int k)
{
    return s->sweep[k] ? s->curve[k].knots + (k < PAIR) : 0;
}

static const double *scalar_of(const struct metric_source *src, int k)
{
    return k == 0   ? src->oracle
           : k == 1 ? src->constant
           : k == 2 ? src->router_0
                    : src->task_means_0;
}

static void input_of(const struct metric_source *src, const double *cost, const double *quality,
                     const struct curve_means c[CURVES], const double scalar[SCALARS],
                     struct metric_input *in)
{
    *in = (struct metric_input){
        .models = src->set->models,
        .cost = src->cost_known ? cost : NULL,
        .quality = quality,
        .router = c[0],
        .task_means = c[1],
        .router_pair = c[2],
        .task_means_pair = c[3],
        .weak = src->weak,
        .strong = src->strong,
        .oracle = scalar[0],
        .constant = scalar[1],
        .router_0 = scalar[2],
        .task_means_0 = scalar[3],
    };
}

/* The means of one block of resamples: [..][BOOT_BLOCK] each. */
struct block_means {
    double *cost, *quality;        /* [models] */
    double *x[CURVES], *y[CURVES]; /* [knots] */
    double scalar[SCALARS][BOOT_BLOCK];
    size_t widest; /* points of the longest curve, or models */
};

static void means_init(const struct sums *s, const double *count, const double *total,
                       struct block_means *m)
{
    const struct boot *b = s->boot;
    const size_t models = s->src->set->models;
    m->cost = mem_array(models * BOOT_BLOCK, sizeof *m->cost);
    m->quality = mem_array(models * BOOT_BLOCK, sizeof *m->quality);
    for (size_t k = 0; k < models; k++) {
        boot_mean_block(b, s->cost + k * b->buckets, count, total, m->cost + k * BOOT_BLOCK);
        boot_mean_block(b, s->quality + k * b->buckets, count, total, m->quality + k * BOOT_BLOCK);
    }
    for (int k = 0; k < SCALARS; k++) {
        for (size_t j = 0; j < BOOT_BLOCK; j++)
            m->scalar[k][j] = (double)NAN;
        if (s->scalar[k])
            boot_mean_block(b, s->scalar[k], count, total, m->scalar[k]);
    }
    m->widest = models;
    for (int k = 0; k < CURVES; k++) {
        const size_t points = curve_points(s, k);
        m->x[k] = mem_array(points * BOOT_BLOCK, sizeof(double));
        m->y[k] = mem_array(points * BOOT_BLOCK, sizeof(double));
        if (points)
            boot_curve_block(&s->curve[k], b, count, total, m->x[k], m->y[k]);
        m->widest = points > m->widest ? points : m->widest;
    }
}

static void means_deinit(struct block_means *m)
{
    free(m->cost);
    free(m->quality);
    for (int k = 0; k < CURVES; k++) {
        free(m->x[k]);
        free(m->y[k]);
    }
}

static size_t columns_size(const struct block_means *m, size_t models)
{
    return 2 * models + (2 * CURVES + 4) * m->widest;
}

/* The metrics of resample j of the block; columns: scratch of columns_size. */
static void one_resample(const struct sums *s, const struct block_means *m, size_t j,
                         double *columns, double out[METRICS])
{
    const size_t models = s->src->set->models;
    double *cost = columns, *quality = columns + models, *line = columns + 2 * models;
    for (size_t k = 0; k < models; k++) {
        cost[k] = m->cost[k * BOOT_BLOCK + j];
        quality[k] = m->quality[k * BOOT_BLOCK + j];
    }
    const size_t last = curve_end(cost, models);
    struct curve_means c[CURVES];
    for (int k = 0; k < CURVES; k++) {
        double *x = line + (size_t)(2 * k) * m->widest, *y = x + m->widest;
        const size_t n = curve_points(s, k), knots = s->sweep[k] ? s->curve[k].knots : 0;
        for (size_t p = 0; p < knots; p++) {
            x[p] = m->x[k][p * BOOT_BLOCK + j];
            y[p] = m->y[k][p * BOOT_BLOCK + j];
        }
        if (n > knots) {
            x[knots] = cost[last];
            y[knots] = quality[last];
        }
        c[k] = (struct curve_means){n, x, y};
    }
    double at[SCALARS];
    for (int k = 0; k < SCALARS; k++)
        at[k] = m->scalar[k][j];
    struct metric_input in;
    input_of(s->src, cost, quality, c, at, &in);
    metric_compute(&in, line + (size_t)(2 * CURVES) * m->widest, out);
}

/* One block of resamples: counts, means, metrics. */
static void run_block(void *arg, size_t block)
{
    struct sums *s = arg;
    const struct boot *b = s->boot;
    const size_t first = block * BOOT_BLOCK, knots = s->sweep[0] ? s->curve[0].knots : 0;
    AUTO_FREE double *count = mem_array(b->buckets * BOOT_BLOCK, sizeof *count);
    AUTO_FREE uint32_t *drawn = mem_array(b->buckets, sizeof *drawn);
    double total[BOOT_BLOCK];
    boot_counts(b, first, count, total, drawn);
    struct block_means m;
    means_init(s, count, total, &m);
    for (size_t k = 0; k < knots; k++) {
        memcpy(s->knot_x + k * s->resamples + first, m.x[0] + k * BOOT_BLOCK,
               sizeof(double) * BOOT_BLOCK);
        memcpy(s->knot_y + k * s->resamples + first, m.y[0] + k * BOOT_BLOCK,
               sizeof(double) * BOOT_BLOCK);
    }
    AUTO_FREE double *columns = mem_array(columns_size(&m, s->src->set->models), sizeof *columns);
    for (size_t j = 0; j < BOOT_BLOCK; j++) {
        double out[METRICS];
        one_resample(s, &m, j, columns, out);
        for (int k = 0; k < METRICS; k++)
            s->values[(size_t)k * s->resamples + first + j] = out[k];
    }
    means_deinit(&m);
}

/* The metrics of the whole curves (thin NULL), or of the points that thin[k] keeps. */
static void compute_once(const struct metric_source *src, const struct sweep *const sweep[CURVES],
                         const struct boot_curve *thin, double out[METRICS])
{
    const struct eval_set *set = src->set;
    AUTO_FREE double *cost = mem_array(set->models, sizeof *cost),
                     *quality = mem_array(set->models, sizeof *quality);
    for (size_t m = 0; m < set->models; m++) {
        cost[m] = eval_set_mean(set, set->cost, m);
        quality[m] = eval_set_mean(set, set->score, m);
    }
    struct curve_means c[CURVES] = {{0, NULL, NULL}};
    double *held[CURVES] = {NULL};
    for (int k = 0; k < CURVES; k++) {
        if (!sweep[k] || sweep[k]->points == 0)
            continue;
        const struct sweep *w = sweep[k];
        const size_t n = thin ? thin[k].knots + (k < PAIR) : w->points;
        held[k] = mem_array(2 * n, sizeof(double));
        for (size_t p = 0; p < n; p++) {
            const size_t at = !thin ? p : p < thin[k].knots ? thin[k].point[p] : w->points - 1;
            held[k][p] = w->point[at].x;
            held[k][n + p] = w->point[at].y;
        }
        c[k] = (struct curve_means){n, held[k], held[k] + n};
    }
    double scalar[SCALARS];
    for (int k = 0; k < SCALARS; k++) {
        const double *v = scalar_of(src, k);
        double sum = 0, weight = 0;
        for (size_t i = 0; v && i < set->n; i++) {
            sum += set->weight[i] * v[i];
            weight += set->weight[i];
        }
        scalar[k] = v && weight > 0 ? sum / weight : (double)NAN;
    }
    struct metric_input in;
    input_of(src, cost, quality, c, scalar, &in);
    AUTO_FREE double *scratch = mem_array(metric_scratch(&in), sizeof *scratch);
    metric_compute(&in, scratch, out);
    for (int k = 0; k < CURVES; k++)
        free(held[k]);
}

static void sums_init(struct sums *s, const struct metric_source *src, const struct boot *b)
{
    const struct eval_set *set = src->set;
    *s = (struct sums){.src = src, .boot = b};
    s->resamples = (b->resamples + BOOT_BLOCK - 1) / BOOT_BLOCK * BOOT_BLOCK;
    s->sweep[0] = src->cost_known ? src->router : NULL;
    s->sweep[1] = src->cost_known ? src->task_means : NULL;
    s->sweep[2] = src->router_pair;
    s->sweep[3] = src->task_means_pair;
    AUTO_FREE double *share = mem_array(set->n * set->models, sizeof *share);
    for (size_t i = 0; i < set->n && (s->sweep[2] || s->sweep[3]); i++)
        share[i * set->models + src->strong] = 1;
    for (int k = 0; k < CURVES; k++)
        if (s->sweep[k])
            boot_curve_init(&s->curve[k], b, set, s->sweep[k], set->score,
                            k < PAIR ? set->cost : share, BOOT_KNOTS);
    s->cost = mem_array(set->models * b->buckets, sizeof *s->cost);
    s->quality = mem_array(set->models * b->buckets, sizeof *s->quality);
    AUTO_FREE double *column = mem_array(set->n, sizeof *column);
    for (size_t m = 0; m < set->models; m++) {
        for (size_t i = 0; i < set->n; i++)
            column[i] = set->cost[i * set->models + m];
        boot_sum(b, set->weight, column, s->cost + m * b->buckets);
        for (size_t i = 0; i < set->n; i++)
            column[i] = set->score[i * set->models + m];
        boot_sum(b, set->weight, column, s->quality + m * b->buckets);
    }
    for (int k = 0; k < SCALARS; k++) {
        const double *v = scalar_of(src, k);
        if (!v)
            continue;
        s->scalar[k] = mem_array(b->buckets, sizeof(double));
        boot_sum(b, set->weight, v, s->scalar[k]);
    }
    s->values = mem_array((size_t)METRICS * s->resamples, sizeof *s->values);
    s->knot_x = mem_array(s->curve[0].knots * s->resamples, sizeof *s->knot_x);
    s->knot_y = mem_array(s->curve[0].knots * s->resamples, sizeof *s->knot_y);
}

static void sums_deinit(struct sums *s)
{
    for (int k = 0; k < CURVES; k++)
        boot_curve_deinit(&s->curve[k]);
    for (int k = 0; k < SCALARS; k++)
        free(s->scalar[k]);
    free(s->cost);
    free(s->quality);
    free(s->values);
    free(s->knot_x);
    free(s->knot_y);
}

void metric_run(const struct metric_source *src, const struct boot *b, struct metric_result *out)
{
    struct sums s;
    *out = (struct metric_result){0};
    sums_init(&s, src, b);
    double thinned[METRICS];
    compute_once(src, s.sweep, NULL, out->value);
    compute_once(src, s.sweep, s.curve, thinned);
    for (int k = 0; k < METRICS; k++)
        out->lo[k] = out->hi[k] = out->se[k] = (double)NAN;

    out->knots = s.sweep[0] ? s.curve[0].knots : 0;
    out->knot = mem_array(out->knots, sizeof *out->knot);
    out->x_lo = mem_array(out->knots, sizeof(double));
    out->x_hi = mem_array(out->knots, sizeof(double));
    out->y_lo = mem_array(out->knots, sizeof(double));
    out->y_hi = mem_array(out->knots, sizeof(double));
    const bool drawn = b->buckets >= 2 && b->resamples >= 2;
    if (drawn)
        thread_for(s.resamples / BOOT_BLOCK, 0, run_block, &s);
    for (int k = 0; drawn && k < METRICS; k++) {
        double *v = s.values + (size_t)k * s.resamples;
        const double shift = out->value[k] - thinned[k];
        for (size_t r = 0; r < b->resamples && isfinite(shift); r++)
            v[r] += shift;
        out->se[k] = boot_se(v, b->resamples);
        boot_interval(v, b->resamples, &out->lo[k], &out->hi[k]);
    }
    for (size_t k = 0; k < out->knots; k++) {
        out->knot[k] = s.curve[0].point[k];
        out->x_lo[k] = out->x_hi[k] = out->y_lo[k] = out->y_hi[k] = (double)NAN;
        if (drawn) {
            boot_interval(s.knot_x + k * s.resamples, b->resamples, &out->x_lo[k], &out->x_hi[k]);
            boot_interval(s.knot_y + k * s.resamples, b->resamples, &out->y_lo[k], &out->y_hi[k]);
        }
    }
    sums_deinit(&s);
}

void metric_result_deinit(struct metric_result *r)
{
    if (!r)
        return;
    free(r->knot);
    free(r->x_lo);
    free(r->x_hi);
    free(r->y_lo);
    free(r->y_hi);
    *r = (struct metric_result){0};
}
