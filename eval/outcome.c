/* From outcomes per prompt to rows with intervals, and paired differences between rows. */
#include "eval/outcome.h"

#include "core/mem.h"
#include "core/thread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void outcomes_init(struct outcomes *o, struct eval_result *r, const struct eval_set *set,
                   const struct boot *b)
{
    *o = (struct outcomes){.result = r, .set = set, .boot = b};
    o->resamples = (b->resamples + BOOT_BLOCK - 1) / BOOT_BLOCK * BOOT_BLOCK;
}

void outcomes_deinit(struct outcomes *o)
{
    for (size_t k = 0; k < o->entry.n; k++) {
        free(o->entry.v[k].quality);
        free(o->entry.v[k].cost);
        free(o->entry.v[k].quality_r);
        free(o->entry.v[k].cost_r);
    }
    VEC_FREE(&o->entry);
}

struct valued {
    double value, weight;
    uint32_t bucket;
};

static int by_value(const void *a, const void *b)
{
    const double x = ((const struct valued *)a)->value, y = ((const struct valued *)b)->value;
    return (x > y) - (x < y);
}

/* Smallest value with at least share p of the weight at or below it. */
static double weighted_quantile(const struct valued *v, size_t n, double total, double p)
{
    double below = 0;
    for (size_t k = 0; k < n; k++) {
        below += v[k].weight;
        if (below >= p * total)
            return v[k].value;
    }
    return v[n - 1].value;
}

/* Woodruff's interval of the quantile at p of sorted values. sum, mass: [buckets] scratch. */
static struct figure sorted_percentile(const struct valued *v, size_t n, double total, double p,
                                       size_t buckets, double *sum, double *mass)
{
    struct figure f = FIGURE_NONE;
    f.value = weighted_quantile(v, n, total, p);
    memset(sum, 0, buckets * sizeof *sum);
    memset(mass, 0, buckets * sizeof *mass);
    double share = 0;
    for (size_t k = 0; k < n; k++) {
        mass[v[k].bucket] += v[k].weight;
        if (v[k].value <= f.value) {
            sum[v[k].bucket] += v[k].weight;
            share += v[k].weight / total;
        }
    }
    double ss = 0, groups = 0;
    for (size_t g = 0; g < buckets; g++) {
        if (!(mass[g] > 0))
            continue;
        const double d = sum[g] - share * mass[g];
        ss += d * d;
        groups += 1;
    }
    if (groups < 2)
        return f;
    const double se = sqrt(groups / (groups - 1) * ss) / total;
    f.lo = weighted_quantile(v, n, total, p - 1.96 * se);
    f.hi = weighted_quantile(v, n, total, p + 1.96 * se);
    return f;
}

void outcome_percentiles(const double *value, const double *weight, const uint32_t *bucket,
                         size_t n, size_t buckets, struct figure *p50, struct figure *p95)
{
    *p50 = *p95 = FIGURE_NONE;
    AUTO_FREE struct valued *v = mem_array(n, sizeof *v);
    size_t known = 0;
    double total = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(value[i])) {
            v[known++] = (struct valued){value[i], weight[i], bucket[i]};
            total += weight[i];
        }
    if (known == 0)
        return;
    qsort(v, known, sizeof *v, by_value);
    AUTO_FREE double *scratch = mem_array(2 * buckets, sizeof *scratch);
    *p50 = sorted_percentile(v, known, total, .5, buckets, scratch, scratch + buckets);
    *p95 = sorted_percentile(v, known, total, .95, buckets, scratch, scratch + buckets);
}

static double mean_of(const struct eval_set *s, const double *value, size_t *missing)
{
    double sum = 0, weight = 0;
    *missing = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(value[i])) {
            (*missing)++;
            continue;
        }
        sum += s->weight[i] * value[i];
        weight += s->weight[i];
    }
    return weight > 0 ? sum / weight : (double)NAN;
}

struct policy_row outcome_row(const struct eval_set *set, const struct boot *b, const char *name,
                              const char *kind, const struct outcome *v)
{
    struct policy_row row = {
        .name = mem_strdup(name),
        .kind = kind,
        .quality = FIGURE_NONE,
        .cost_usd_per_1k = FIGURE_NONE,
        .lambda_per_usd = (double)NAN,
        .n = set->n,
    };
    size_t none;
    row.quality.value = mean_of(set, v->quality, &none);
    const double cost = mean_of(set, v->cost, &row.cost_missing);
    row.cost_usd_per_1k.value = row.cost_missing ? (double)NAN : cost * 1e3;
    row.latency_mean_ms = mean_of(set, v->latency_ms, &row.latency_missing);
    outcome_percentiles(v->latency_ms, set->weight, b->bucket, set->n, b->buckets,
                        &row.latency_p50_ms, &row.latency_p95_ms);
    if (v->choice) {
        double weight = 0;
        row.share = mem_array(set->models, sizeof *row.share);
        for (size_t i = 0; i < set->n; i++) {
            row.share[v->choice[i]] += set->weight[i];
            weight += set->weight[i];
        }
        for (size_t m = 0; m < set->models; m++)
            row.share[m] /= weight;
    }
    return row;
}

/* Figures by task, each with an interval of its own. */
static void add_slices(const struct outcomes *o, const struct outcome *v, struct policy_row *row)
{
    const struct eval_set *s = o->set;
    AUTO_FREE size_t *start = mem_array(s->tasks + 1, sizeof *start),
                     *index = mem_array(s->n, sizeof *index);
    for (size_t i = 0; i < s->n; i++)
        start[s->task[i] + 1]++;
    for (size_t t = 0; t < s->tasks; t++)
        start[t + 1] += start[t];
    AUTO_FREE size_t *next = mem_array(s->tasks + 1, sizeof *next);
    memcpy(next, start, (s->tasks + 1) * sizeof *next);
    for (size_t i = 0; i < s->n; i++)
        index[next[s->task[i]]++] = i;
    AUTO_FREE double *cost = mem_array(s->n, sizeof *cost);
    for (size_t i = 0; i < s->n; i++)
        cost[i] = v->cost[i] * 1e3;
    row->slice = mem_array(s->tasks, sizeof *row->slice);
    const size_t resamples = o->boot->resamples < 1000 ? o->boot->resamples : 1000;
    for (size_t t = 0; t < s->tasks; t++) {
        const size_t n = start[t + 1] - start[t];
        if (n == 0)
            continue;
        struct slice *x = &row->slice[row->slices++];
        *x = (struct slice){.task = t, .n = n, .cost_usd_per_1k = FIGURE_NONE};
        const size_t *at = index + start[t];
        boot_slice(s, v->quality, at, n, resamples, o->boot->seed + t, &x->quality.value,
                   &x->quality.lo, &x->quality.hi);
        bool known = true;
        for (size_t k = 0; k < n; k++)
            known = known && !isnan(cost[at[k]]);
        if (known)
            boot_slice(s, cost, at, n, resamples, o->boot->seed + t, &x->cost_usd_per_1k.value,
                       &x->cost_usd_per_1k.lo, &x->cost_usd_per_1k.hi);
    }
}

size_t outcome_add(struct outcomes *o, const char *name, const char *kind, const struct outcome *v)
{
    struct policy_row row = outcome_row(o->set, o->boot, name, kind, v);
    if (v->sliced)
        add_slices(o, v, &row);
    struct outcome_entry e = {.row = o->result->policy.n};
    e.quality = mem_array(o->boot->buckets, sizeof(double));
    boot_sum(o->boot, o->set->weight, v->quality, e.quality);
    if (row.cost_missing == 0) {
        e.cost = mem_array(o->boot->buckets, sizeof(double));
        boot_sum(o->boot, o->set->weight, v->cost, e.cost);
    }
    VEC_PUSH(&o->result->policy, row);
    VEC_PUSH(&o->entry, e);
    return o->entry.n - 1;
}

size_t outcome_add_choice(struct outcomes *o, const char *name, const char *kind, const int *choice,
                          bool sliced)
{
    const struct eval_set *s = o->set;
    AUTO_FREE double *v = mem_array(3 * s->n, sizeof *v);
    double *cost = v + s->n, *latency = cost + s->n;
    for (size_t i = 0; i < s->n; i++) {
        const size_t cell = i * s->models + (size_t)choice[i];
        v[i] = s->score[cell];
        cost[i] = s->cost[cell];
        latency[i] = s->latency_ms[cell];
    }
    const struct outcome out = {v, cost, latency, choice, sliced};
    return outcome_add(o, name, kind, &out);
}

static void resample_block(void *arg, size_t block)
{
    struct outcomes *o = arg;
    const struct boot *b = o->boot;
    AUTO_FREE double *count = mem_array(b->buckets * BOOT_BLOCK, sizeof *count);
    AUTO_FREE uint32_t *scratch = mem_array(b->buckets, sizeof *scratch);
    double total[BOOT_BLOCK];
    boot_counts(b, block * BOOT_BLOCK, count, total, scratch);
    for (size_t k = 0; k < o->entry.n; k++) {
        struct outcome_entry *e = &o->entry.v[k];
        boot_mean_block(b, e->quality, count, total, e->quality_r + block * BOOT_BLOCK);
        if (e->cost)
            boot_mean_block(b, e->cost, count, total, e->cost_r + block * BOOT_BLOCK);
    }
}

void outcomes_resample(struct outcomes *o)
{
    if (o->boot->buckets < 2)
        return;
    for (size_t k = 0; k < o->entry.n; k++) {
        o->entry.v[k].quality_r = mem_array(o->resamples, sizeof(double));
        o->entry.v[k].cost_r = mem_array(o->resamples, sizeof(double));
    }
    thread_for(o->resamples / BOOT_BLOCK, 0, resample_block, o);
    AUTO_FREE double *v = mem_array(o->resamples, sizeof *v);
    for (size_t k = 0; k < o->entry.n; k++) {
        struct policy_row *row = &o->result->policy.v[o->entry.v[k].row];
        memcpy(v, o->entry.v[k].quality_r, o->boot->resamples * sizeof *v);
        boot_interval(v, o->boot->resamples, &row->quality.lo, &row->quality.hi);
        if (!o->entry.v[k].cost)
            continue;
        for (size_t r = 0; r < o->boot->resamples; r++)
            v[r] = o->entry.v[k].cost_r[r] * 1e3;
        boot_interval(v, o->boot->resamples, &row->cost_usd_per_1k.lo, &row->cost_usd_per_1k.hi);
    }
}

bool outcome_compare(struct outcomes *o, size_t a, size_t b, bool cost)
{
    static const double detect =
        1.959963984540054 + 0.8416212335729143; /* 5 % two-sided, 80 % power */
    const struct outcome_entry *x = &o->entry.v[a], *y = &o->entry.v[b];
    const struct policy_row *p = &o->result->policy.v[x->row], *q = &o->result->policy.v[y->row];
    if (cost && (!x->cost || !y->cost))
        return false;
    struct comparison c = {
        .a = mem_strdup(p->name),
        .b = mem_strdup(q->name),
        .metric = cost ? "cost_usd_per_1k" : "quality",
        .difference = FIGURE_NONE,
        .minimum_detectable = (double)NAN,
    };
    c.difference.value = cost ? p->cost_usd_per_1k.value - q->cost_usd_per_1k.value
                              : p->quality.value - q->quality.value;
    if (x->quality_r) {
        AUTO_FREE double *v = mem_array(o->boot->resamples, sizeof *v);
        for (size_t r = 0; r < o->boot->resamples; r++)
            v[r] = cost ? (x->cost_r[r] - y->cost_r[r]) * 1e3 : x->quality_r[r] - y->quality_r[r];
        c.minimum_detectable = detect * boot_se(v, o->boot->resamples);
        boot_interval(v, o->boot->resamples, &c.difference.lo, &c.difference.hi);
    }
    VEC_PUSH(&o->result->comparison, c);
    return true;
}
