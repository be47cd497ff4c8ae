/* The gate's statistics. What it prints is gate_print.c; where scores come from is cli/cmd_gate.c.
 */
#include "eval/gate.h"

#include "core/mem.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const gate_words[] = {"pass", "fail", "inconclusive"};
static const double detect_z =
    1.959963984540054 + 0.8416212335729143; /* 5 % two-sided, 80 % power */

/* Paired means, difference and clustered standard error over index[0..n-1]. */
static struct gate_figure paired(const struct gate_input *in, const double *base,
                                 const double *cand, const size_t *index, size_t n, double *scratch)
{
    struct gate_figure f = {
        .n = n, .p = (double)NAN, .lo = (double)NAN, .hi = (double)NAN, .se = (double)NAN};
    double weight = 0, b = 0, c = 0;
    for (size_t k = 0; k < n; k++) {
        const double w = in->weight[index[k]];
        weight += w;
        b += w * base[index[k]];
        c += w * cand[index[k]];
    }
    f.baseline = n ? b / weight : (double)NAN;
    f.candidate = n ? c / weight : (double)NAN;
    f.difference = f.candidate - f.baseline;
    /* scratch: [2 * groups], zero before and after. */
    double *sum = scratch, *seen = scratch + in->groups;
    for (size_t k = 0; k < n; k++) {
        const size_t i = index[k], g = (size_t)in->group[i];
        f.groups += seen[g] == 0.0;
        seen[g] = 1;
        sum[g] += in->weight[i] * (cand[i] - base[i] - f.difference);
    }
    double ss = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t g = (size_t)in->group[index[k]];
        ss += sum[g] * sum[g];
        sum[g] = seen[g] = 0;
    }
    if (f.groups >= 2)
        f.se = sqrt((double)f.groups / (double)(f.groups - 1) * ss) / weight;
    if (f.se < 1e-12) /* rounding of equal differences */
        f.se = 0;
    return f;
}

/* Half the width of the two-sided interval; NaN for fewer than 2 groups. */
static double half_width(const struct gate_figure *f, double alpha)
{
    if (f->groups < 2)
        return (double)NAN;
    if (f->se <= 0)
        return -log(alpha / 2) / (double)f->groups;
    return f->se * stat_t_quantile(1 - alpha / 2, (double)(f->groups - 1));
}

static void set_interval(struct gate_figure *f, double alpha)
{
    const double half = half_width(f, alpha);
    f->lo = f->difference - half;
    f->hi = f->difference + half;
}

/* Two-sided p-value against a difference of `at`. */
static double p_against(const struct gate_figure *f, double at)
{
    const double distance = fabs(f->difference - at);
    if (f->groups < 2)
        return (double)NAN;
    if (f->se <= 0) {
        const double p = 2 * exp(-(double)f->groups * distance);
        return p < 1 ? p : 1;
    }
    return stat_t_two_sided(distance / f->se, (double)(f->groups - 1));
}

static int by_p(const void *a, const void *b)
{
    const double x = ((const struct gate_task *)a)->f.p, y = ((const struct gate_task *)b)->f.p;
    if (isnan(x) || isnan(y))
        return (isnan(x) != 0) - (isnan(y) != 0);
    return (x > y) - (x < y);
}

static int by_difference(const void *a, const void *b)
{
    const struct gate_task *x = a, *y = b;
    const int order = (x->f.difference > y->f.difference) - (x->f.difference < y->f.difference);
    return order ? order : strcmp(x->name, y->name);
}

/* Step down: the k-th smallest p is held against alpha / (m - k); from the first that is not
 * rejected on all keep its level. */
static void judge_tasks(struct gate_result *r)
{
    qsort(r->task, r->tasks, sizeof *r->task, by_p);
    size_t m = 0;
    while (m < r->tasks && !isnan(r->task[m].f.p))
        m++;
    AUTO_FREE double *p = mem_array(m, sizeof *p);
    for (size_t k = 0; k < m; k++)
        p[k] = r->task[k].f.p;
    stat_holm(p, m);
    double level = r->option.alpha;
    bool stopped = false;
    for (size_t k = 0; k < m; k++) {
        struct gate_task *t = &r->task[k];
        if (!stopped)
            level = r->option.alpha / (double)(m - k);
        stopped = stopped || p[k] >= r->option.alpha;
        set_interval(&t->f, level);
        t->f.p = p[k];
        t->fallen = p[k] < r->option.alpha && t->f.hi < -r->option.max_drop;
        r->fallen += t->fallen;
    }
    qsort(r->task, r->tasks, sizeof *r->task, by_difference);
}

static void run_tasks(const struct gate_input *in, const size_t *index, size_t n, double *scratch,
                      struct gate_result *r)
{
    AUTO_FREE size_t *start = mem_array(in->tasks + 1, sizeof *start),
                     *order = mem_array(n, sizeof *order);
    AUTO_FREE size_t *next = mem_array(in->tasks + 1, sizeof *next);
    for (size_t k = 0; k < n; k++)
        start[in->task[index[k]] + 1]++;
    for (size_t t = 0; t < in->tasks; t++)
        start[t + 1] += start[t];
    memcpy(next, start, (in->tasks + 1) * sizeof *next);
    for (size_t k = 0; k < n; k++)
        order[next[in->task[index[k]]]++] = index[k];
    r->task = mem_array(in->tasks, sizeof *r->task);
    for (size_t t = 0; t < in->tasks; t++) {
        const size_t count = start[t + 1] - start[t];
        if (count == 0)
            continue;
        struct gate_task *x = &r->task[r->tasks++];
        x->name = in->task_name[t];
        x->f =
            paired(in, in->baseline.score, in->candidate.score, order + start[t], count, scratch);
        x->f.p = p_against(&x->f, -r->option.max_drop);
    }
    judge_tasks(r);
}

/* Paired figures of another column, where both sides know it. */
static struct gate_figure side_figure(const struct gate_input *in, const double *base,
                                      const double *cand, double scale, const size_t *paired_index,
                                      size_t n, double alpha, double *scratch)
{
    AUTO_FREE size_t *known = mem_array(n, sizeof *known);
    AUTO_FREE double *b = mem_array(in->n, sizeof *b), *c = mem_array(in->n, sizeof *c);
    size_t count = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t i = paired_index[k];
        if (isnan(base[i]) || isnan(cand[i]))
            continue;
        b[i] = base[i] * scale;
        c[i] = cand[i] * scale;
        known[count++] = i;
    }
    struct gate_figure f = paired(in, b, c, known, count, scratch);
    const double half = f.se <= 0 ? 0 : half_width(&f, alpha);
    f.lo = f.difference - half;
    f.hi = f.difference + half;
    return f;
}

static void count_flips(const struct gate_input *in, const size_t *index, size_t n,
                        struct gate_result *r)
{
    r->binary = true;
    for (size_t k = 0; k < n && r->binary; k++) {
        const double b = in->baseline.score[index[k]], c = in->candidate.score[index[k]];
        r->binary = (b <= 0 || b >= 1) && (c <= 0 || c >= 1);
        r->lost += b > c;
        r->won += b < c;
    }
    r->mcnemar = r->binary ? stat_binom_two_sided(r->lost, r->won) : (double)NAN;
}

/* Further prompts until the interval could clear the margin with 80 % power, were the observed
 * difference the true one. */
static size_t prompts_needed(const struct gate_figure *f, double max_drop)
{
    const double distance = fabs(f->difference + max_drop);
    if (f->groups < 2 || !(distance > 1e-9))
        return SIZE_MAX;
    double want = f->se > 0 ? (double)f->n * pow(detect_z * f->se / distance, 2)
                            : (double)f->n * half_width(f, .05) / distance;
    want = ceil(want - (double)f->n);
    return want < 1 ? 1 : want < 1e15 ? (size_t)want : SIZE_MAX;
}

void gate_run(const struct gate_input *in, const struct gate_options *o, struct gate_result *out)
{
    *out = (struct gate_result){
        .baseline = in->baseline.name, .candidate = in->candidate.name, .option = *o};
    AUTO_FREE size_t *index = mem_array(in->n, sizeof *index);
    AUTO_FREE double *scratch = mem_array(2 * in->groups, sizeof *scratch);
    size_t n = 0;
    for (size_t i = 0; i < in->n; i++) {
        if (isnan(in->baseline.score[i]) || isnan(in->candidate.score[i]))
            out->unpaired++;
        else
            index[n++] = i;
    }
    out->mean = paired(in, in->baseline.score, in->candidate.score, index, n, scratch);
    set_interval(&out->mean, o->alpha);
    out->mean.p = p_against(&out->mean, -o->max_drop);
    if (in->same && n > 0)
        out->mean.lo = out->mean.hi = 0;
    out->overall = n == 0 || isnan(out->mean.lo)  ? GATE_INCONCLUSIVE
                   : out->mean.lo >= -o->max_drop ? GATE_PASS
                   : out->mean.hi < -o->max_drop  ? GATE_FAIL
                                                  : GATE_INCONCLUSIVE;
    if (out->overall == GATE_INCONCLUSIVE && n > 0)
        out->needed = prompts_needed(&out->mean, o->max_drop);
    count_flips(in, index, n, out);
    out->cost =
        side_figure(in, in->baseline.cost, in->candidate.cost, 1e3, index, n, o->alpha, scratch);
    out->latency = side_figure(in, in->baseline.latency_ms, in->candidate.latency_ms, 1, index, n,
                               o->alpha, scratch);
    run_tasks(in, index, n, scratch, out);
    out->verdict = o->slices && out->fallen > 0 ? GATE_FAIL : out->overall;
}

void gate_result_deinit(struct gate_result *r)
{
    if (!r)
        return;
    free(r->task);
    *r = (struct gate_result){0};
}
