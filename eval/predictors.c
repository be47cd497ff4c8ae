/* Predictions side by side: per predictor its curves and per-prompt values, summed by bucket once
 * and drawn again and again, so that all of them see the same resamples. The metrics themselves
 * are metrics.c.
 */
#include "eval/predictors.h"

#include "core/mem.h"
#include "core/stat.h"
#include "core/thread.h"
#include "eval/curve.h"
#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const predictor_metric_names[PREDICTOR_METRICS] = {
    [PREDICTOR_LOG_LOSS] = "log_loss",
    [PREDICTOR_QUALITY] = "quality_at_lambda_0",
    [PREDICTOR_COST] = "cost_usd_per_1k",
    [PREDICTOR_AIQ] = "aiq",
    [PREDICTOR_AIQ_RAW] = "aiq_raw",
    [PREDICTOR_APGR] = "apgr",
    [PREDICTOR_GAIN] = "gain",
};

enum { COLUMNS = 3, KINDS = 2, ROUTED = 0, PAIR = 1 }; /* log loss, quality, cost; two curves */

/* One predictor, ready to be resampled. */
struct one {
    struct sweep sweep[KINDS];
    bool has[KINDS];
    struct boot_curve curve[KINDS];
    bool hull;
    double mean[COLUMNS];
    double *sum[COLUMNS];            /* [buckets] */
    double shift[PREDICTOR_METRICS]; /* what thinning alone changes */
};

struct comparing {
    const struct eval_set *set;
    const struct boot *boot;
    struct one *one; /* [count] */
    size_t count, weak, strong, resamples;
    bool cost_known;
    double *cost, *quality; /* [models][buckets] */
    double *value;          /* [count][PREDICTOR_METRICS][resamples] */
};

/* Means of one draw: single models, and of each predictor the columns and curves. */
struct draw {
    const double *cost, *quality; /* [models] */
    double column[COLUMNS];
    struct curve_means curve[KINDS];
    bool hull;
};

static void metrics_of(const struct comparing *w, const struct draw *at, const struct draw *first,
                       double out[PREDICTOR_METRICS])
{
    struct metric_input in = {
        .models = w->set->models,
        .cost = w->cost_known ? at->cost : NULL,
        .quality = at->quality,
        .router = at->curve[ROUTED],
        .task_means = first->curve[ROUTED],
        .router_pair = at->curve[PAIR],
        .task_means_pair = first->curve[PAIR],
        .weak = w->weak,
        .strong = w->strong,
        .oracle = (double)NAN,
        .constant = (double)NAN,
        .router_0 = at->column[PREDICTOR_QUALITY],
        .task_means_0 = (double)NAN,
    };
    double m[METRICS];
    AUTO_FREE double *scratch = mem_array(metric_scratch(&in), sizeof *scratch);
    metric_compute(&in, scratch, m);
    for (int k = 0; k < COLUMNS; k++)
        out[k] = at->column[k];
    out[PREDICTOR_AIQ] = m[METRIC_AIQ];
    out[PREDICTOR_AIQ_RAW] = m[METRIC_AIQ_RAW];
    out[PREDICTOR_APGR] = m[METRIC_APGR];
    if (at->hull) {
        out[PREDICTOR_AIQ] = out[PREDICTOR_AIQ_RAW] = m[METRIC_AIQ_SINGLES];
        out[PREDICTOR_APGR] = w->set->models == 2 ? .5 : (double)NAN;
    }
    out[PREDICTOR_GAIN] = w->cost_known ? m[METRIC_GAIN_AIQ_RAW] : m[METRIC_GAIN_APGR];
}

/* The points of a curve that are kept (thin) or all of them; x, y with room for w's points. */
static struct curve_means points_of(const struct sweep *w, const struct boot_curve *thin, bool last,
                                    double *x, double *y)
{
    size_t n = thin ? thin->knots + last : w->points;
    for (size_t k = 0; k < n; k++) {
        const size_t at = !thin ? k : k < thin->knots ? thin->point[k] : w->points - 1;
        x[k] = w->point[at].x;
        y[k] = w->point[at].y;
    }
    return (struct curve_means){n, x, y};
}

/* Figures of every predictor from whole curves (thinned NULL) or from the points kept. */
static void compute_once(const struct comparing *w, bool thin, double (*out)[PREDICTOR_METRICS])
{
    const struct eval_set *s = w->set;
    AUTO_FREE double *cost = mem_array(s->models, sizeof *cost);
    AUTO_FREE double *quality = mem_array(s->models, sizeof *quality);
    for (size_t m = 0; m < s->models; m++) {
        cost[m] = eval_set_mean(s, s->cost, m);
        quality[m] = eval_set_mean(s, s->score, m);
    }
    AUTO_FREE struct draw *d = mem_array(w->count, sizeof *d);
    AUTO_FREE double **held = mem_array(w->count * KINDS, sizeof *held);
    for (size_t p = 0; p < w->count; p++) {
        const struct one *x = &w->one[p];
        d[p] = (struct draw){.cost = cost, .quality = quality, .hull = x->hull};
        memcpy(d[p].column, x->mean, sizeof x->mean);
        for (int k = 0; k < KINDS; k++) {
            if (!x->has[k])
                continue;
            const size_t room = x->sweep[k].points + 1;
            double *xy = held[p * KINDS + (size_t)k] = mem_array(2 * room, sizeof *xy);
            d[p].curve[k] =
                points_of(&x->sweep[k], thin ? &x->curve[k] : NULL, k == ROUTED, xy, xy + room);
        }
    }
    for (size_t p = 0; p < w->count; p++)
        metrics_of(w, &d[p], &d[0], out[p]);
    for (size_t k = 0; k < w->count * KINDS; k++)
        free(held[k]);
}

static void sum_columns(const struct comparing *w, const struct predictor *p, struct one *x)
{
    const struct eval_set *s = w->set;
    AUTO_FREE double *v = mem_array(s->n * COLUMNS, sizeof *v);
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        if (!p->q) {
            v[PREDICTOR_LOG_LOSS * s->n + i] = (double)NAN;
            v[PREDICTOR_QUALITY * s->n + i] = p->value ? p->value[i] : (double)NAN;
            v[PREDICTOR_COST * s->n + i] = p->cost ? 1000 * p->cost[i] : (double)NAN;
            continue;
        }
        double loss = 0;
        for (size_t m = 0; m < s->models; m++)
            loss += stat_log_loss(p->q[row + m], s->score[row + m]);
        const int pick =
            eval_choose(s->models, p->q + row, (p->c ? p->c : s->c) + row, s->t + row, 0, 0);
        v[PREDICTOR_LOG_LOSS * s->n + i] = loss / (double)s->models;
        v[PREDICTOR_QUALITY * s->n + i] = s->score[row + (size_t)pick];
        v[PREDICTOR_COST * s->n + i] = 1000 * s->cost[row + (size_t)pick];
    }
    for (int k = 0; k < COLUMNS; k++) {
        const double *column = v + (size_t)k * s->n;
        x->mean[k] = k == PREDICTOR_COST && !w->cost_known ? (double)NAN
                                                           : stat_wmean(column, s->weight, s->n);
        x->sum[k] = mem_array(w->boot->buckets, sizeof(double));
        boot_sum(w->boot, s->weight, column, x->sum[k]);
    }
}

static void prepare(struct comparing *w, const struct predictor *p, struct one *x)
{
    const struct eval_set *s = w->set;
    const double *c = p->c ? p->c : s->c;
    x->hull = p->hull;
    if (!p->q) {
        sum_columns(w, p, x);
        return;
    }
    x->has[ROUTED] = w->cost_known && sweep_run(s, p->q, c, s->score, s->cost, &x->sweep[ROUTED]);
    for (size_t k = 0; x->has[ROUTED] && k < s->n * s->models; k++)
        x->has[ROUTED] = !isnan(c[k]);
    if (x->has[ROUTED])
        boot_curve_init(&x->curve[ROUTED], w->boot, s, &x->sweep[ROUTED], s->score, s->cost,
                        BOOT_KNOTS);
    x->has[PAIR] = s->models == 2;
    if (x->has[PAIR]) {
        AUTO_FREE double *share = mem_array(s->n * s->models, sizeof *share);
        for (size_t i = 0; i < s->n; i++)
            share[i * s->models + w->strong] = 1;
        sweep_pair(s, p->q, w->weak, w->strong, &x->sweep[PAIR]);
        boot_curve_init(&x->curve[PAIR], w->boot, s, &x->sweep[PAIR], s->score, share, BOOT_KNOTS);
    }
    sum_columns(w, p, x);
}

/* What a block of resamples gives for one predictor. */
struct block {
    double *x[KINDS], *y[KINDS]; /* [knots][BOOT_BLOCK] */
    double column[COLUMNS][BOOT_BLOCK];
};

static void block_init(const struct comparing *w, const struct one *x, const double *count,
                       const double *total, struct block *b)
{
    *b = (struct block){0};
    for (int k = 0; k < KINDS; k++) {
        b->x[k] = mem_array(x->curve[k].knots * BOOT_BLOCK, sizeof(double));
        b->y[k] = mem_array(x->curve[k].knots * BOOT_BLOCK, sizeof(double));
        if (x->has[k])
            boot_curve_block(&x->curve[k], w->boot, count, total, b->x[k], b->y[k]);
    }
    for (int k = 0; k < COLUMNS; k++)
        boot_mean_block(w->boot, x->sum[k], count, total, b->column[k]);
}

/* Resample j of a block for one predictor; xy has room for two curves of room points each. */
static void take(const struct comparing *w, const struct one *x, const struct block *b, size_t j,
                 const double *cost, const double *quality, double *xy, size_t room, struct draw *d)
{
    *d = (struct draw){.cost = cost, .quality = quality, .hull = x->hull};
    for (int k = 0; k < COLUMNS; k++)
        d->column[k] = isnan(x->mean[k]) ? (double)NAN : b->column[k][j];
    const size_t last = curve_end(cost, w->set->models);
    for (int k = 0; k < KINDS; k++) {
        if (!x->has[k])
            continue;
        double *px = xy + (size_t)(2 * k) * room, *py = px + room;
        size_t n = x->curve[k].knots;
        for (size_t i = 0; i < n; i++) {
            px[i] = b->x[k][i * BOOT_BLOCK + j];
            py[i] = b->y[k][i * BOOT_BLOCK + j];
        }
        if (k == ROUTED) {
            px[n] = cost[last];
            py[n++] = quality[last];
        }
        d->curve[k] = (struct curve_means){n, px, py};
    }
}

static void run_block(void *arg, size_t block)
{
    struct comparing *w = arg;
    const struct boot *b = w->boot;
    const size_t models = w->set->models, first = block * BOOT_BLOCK, room = BOOT_KNOTS + 2;
    AUTO_FREE double *count = mem_array(b->buckets * BOOT_BLOCK, sizeof *count);
    AUTO_FREE uint32_t *drawn = mem_array(b->buckets, sizeof *drawn);
    double total[BOOT_BLOCK];
    boot_counts(b, first, count, total, drawn);
    AUTO_FREE double *single = mem_array(2 * models * BOOT_BLOCK, sizeof *single);
    AUTO_FREE double *mean = mem_array(2 * models, sizeof *mean);
    for (size_t m = 0; m < models; m++) {
        boot_mean_block(b, w->cost + m * b->buckets, count, total, single + m * BOOT_BLOCK);
        boot_mean_block(b, w->quality + m * b->buckets, count, total,
                        single + (models + m) * BOOT_BLOCK);
    }
    AUTO_FREE struct block *of = mem_array(w->count, sizeof *of);
    AUTO_FREE struct draw *d = mem_array(w->count, sizeof *d);
    AUTO_FREE double *xy = mem_array(w->count * 2 * KINDS * room, sizeof *xy);
    for (size_t p = 0; p < w->count; p++)
        block_init(w, &w->one[p], count, total, &of[p]);
    for (size_t j = 0; j < BOOT_BLOCK; j++) {
        for (size_t m = 0; m < 2 * models; m++)
            mean[m] = single[m * BOOT_BLOCK + j];
        for (size_t p = 0; p < w->count; p++)
            take(w, &w->one[p], &of[p], j, mean, mean + models, xy + p * 2 * KINDS * room, room,
                 &d[p]);
        for (size_t p = 0; p < w->count; p++) {
            double out[PREDICTOR_METRICS];
            metrics_of(w, &d[p], &d[0], out);
            for (size_t k = 0; k < PREDICTOR_METRICS; k++)
                w->value[(p * PREDICTOR_METRICS + k) * w->resamples + first + j] =
                    out[k] + w->one[p].shift[k];
        }
    }
    for (size_t p = 0; p < w->count; p++)
        for (int k = 0; k < KINDS; k++) {
            free(of[p].x[k]);
            free(of[p].y[k]);
        }
}

static void intervals(const struct comparing *w, struct predictor_figures *out)
{
    const size_t r = w->boot->resamples;
    AUTO_FREE double *v = mem_array(r, sizeof *v);
    for (size_t p = w->count; p-- > 0;) /* the first is needed to the end */
        for (size_t k = 0; k < PREDICTOR_METRICS; k++) {
            const double *own = w->value + (p * PREDICTOR_METRICS + k) * w->resamples;
            const double *first = w->value + k * w->resamples;
            for (size_t i = 0; i < r; i++)
                v[i] = own[i] - first[i];
            if (p > 0)
                boot_interval(v, r, &out[p].less_first[k].lo, &out[p].less_first[k].hi);
            memcpy(v, own, r * sizeof *v);
            boot_interval(v, r, &out[p].value[k].lo, &out[p].value[k].hi);
        }
}

static void sum_singles(struct comparing *w)
{
    const struct eval_set *s = w->set;
    const size_t buckets = w->boot->buckets;
    w->cost = mem_array(s->models * buckets, sizeof *w->cost);
    w->quality = mem_array(s->models * buckets, sizeof *w->quality);
    AUTO_FREE double *column = mem_array(s->n, sizeof *column);
    for (size_t m = 0; m < s->models; m++) {
        for (size_t i = 0; i < s->n; i++)
            column[i] = s->cost[i * s->models + m];
        boot_sum(w->boot, s->weight, column, w->cost + m * buckets);
        for (size_t i = 0; i < s->n; i++)
            column[i] = s->score[i * s->models + m];
        boot_sum(w->boot, s->weight, column, w->quality + m * buckets);
    }
}

void predictors_compare(const struct eval_set *s, const struct predictor *p, size_t count,
                        size_t weak, size_t strong, const struct boot *b,
                        struct predictor_figures *out)
{
    struct comparing w = {.set = s, .boot = b, .count = count, .weak = weak, .strong = strong};
    w.cost_known = eval_set_missing(s, s->cost) == 0;
    w.resamples = (b->resamples + BOOT_BLOCK - 1) / BOOT_BLOCK * BOOT_BLOCK;
    w.one = mem_array(count, sizeof *w.one);
    w.value = mem_array(count * PREDICTOR_METRICS * w.resamples, sizeof *w.value);
    for (size_t k = 0; k < count; k++)
        prepare(&w, &p[k], &w.one[k]);
    sum_singles(&w);
    AUTO_FREE double(*whole)[PREDICTOR_METRICS] = mem_array(count, sizeof *whole);
    AUTO_FREE double(*thin)[PREDICTOR_METRICS] = mem_array(count, sizeof *thin);
    compute_once(&w, false, whole);
    compute_once(&w, true, thin);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < PREDICTOR_METRICS; k++) {
            const double shift = whole[i][k] - thin[i][k];
            w.one[i].shift[k] = isfinite(shift) ? shift : 0;
            out[i].value[k] = (struct figure){whole[i][k], (double)NAN, (double)NAN};
            out[i].less_first[k] = FIGURE_NONE;
            if (i > 0)
                out[i].less_first[k].value = whole[i][k] - whole[0][k];
        }
    if (count > 0 && b->buckets >= 2 && b->resamples >= 2) {
        thread_for(w.resamples / BOOT_BLOCK, 0, run_block, &w);
        intervals(&w, out);
    }
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < KINDS; k++) {
            sweep_deinit(&w.one[i].sweep[k]);
            boot_curve_deinit(&w.one[i].curve[k]);
        }
        for (int k = 0; k < COLUMNS; k++)
            free(w.one[i].sum[k]);
    }
    free(w.one);
    free(w.cost);
    free(w.quality);
    free(w.value);
}
