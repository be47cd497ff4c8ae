/* The guard: cells of realised gain, their clustered errors, the choice of z. Which lambda and
 * default model it guards is points.c. */
#include "eval/guard.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>

static const double strengths[] = {INFINITY, 3, 2, 1.5, 1, .5, 0};
enum { STRENGTHS = sizeof strengths / sizeof *strengths };

/* Sums over groups of (A, B): A the group's weighted gain in the cell, B its weight there. */
struct cell {
    double groups, a, b, aa, ab, bb;
};

/* One selection prompt that the argmax would take away from the default model. */
struct leaver {
    size_t prompt;
    int tercile, fold;
    int model;
    double weight, gain; /* realised */
};

struct fit {
    const struct eval_set *set;
    struct leaver *leaver;
    size_t leavers;
    struct cell *cell; /* [tasks + 1][terciles][GUARD_FOLDS] */
};

static double utility(const struct guard *g, double q, double c, double t)
{
    double u = q;
    if (g->lambda > 0)
        u -= g->lambda * c;
    if (g->mu > 0)
        u -= g->mu * t;
    return u;
}

static int tercile_of(const struct guard *g, double gain)
{
    return gain < g->edge[0] ? 0 : gain < g->edge[1] ? 1 : 2;
}

static struct cell *cell_at(const struct fit *f, size_t task, int tercile)
{
    return f->cell + (task * GUARD_TERCILES + (size_t)tercile) * GUARD_FOLDS;
}

/* Observed latency in seconds; where it is unknown the expected one stands in. */
static double seconds(const struct eval_set *s, size_t cell)
{
    return isnan(s->latency_ms[cell]) ? s->t[cell] : s->latency_ms[cell] / 1e3;
}

static void find_leavers(struct fit *f, struct guard *g)
{
    const struct eval_set *s = f->set;
    AUTO_FREE double *gains = mem_array(s->n, sizeof *gains);
    f->leaver = mem_array(s->n, sizeof *f->leaver);
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models, d = row + (size_t)g->fallback;
        const int m = eval_choose(s->models, s->q + row, s->c + row, s->t + row, g->lambda, g->mu);
        if (m < 0 || m == g->fallback)
            continue;
        const size_t k = row + (size_t)m;
        const double gain =
            utility(g, s->q[k], s->c[k], s->t[k]) - utility(g, s->q[d], s->c[d], s->t[d]);
        if (!(gain > 0))
            continue;
        gains[f->leavers] = gain;
        f->leaver[f->leavers++] = (struct leaver){
            .prompt = i,
            .model = m,
            .fold = (int)(hash64(&s->group[i], sizeof s->group[i], 7) % GUARD_FOLDS),
            .weight = s->weight[i],
            .gain = utility(g, s->score[k], s->cost[k], seconds(s, k)) -
                    utility(g, s->score[d], s->cost[d], seconds(s, d)),
        };
    }
    AUTO_FREE double *sorted = mem_array(f->leavers, sizeof *sorted);
    for (size_t k = 0; k < f->leavers; k++)
        sorted[k] = gains[k];
    if (f->leavers > 0) {
        g->edge[0] = stat_quantile(sorted, f->leavers, 1. / 3);
        g->edge[1] = stat_quantile_sorted(sorted, f->leavers, 2. / 3);
    }
    for (size_t k = 0; k < f->leavers; k++)
        f->leaver[k].tercile = tercile_of(g, gains[k]);
}

static void close_group(struct fit *f, const size_t *touched, size_t n, int fold, double *a,
                        double *b)
{
    for (size_t k = 0; k < n; k++) {
        struct cell *c = f->cell + touched[k] * GUARD_FOLDS + fold;
        const double ga = a[touched[k]], gb = b[touched[k]];
        c->groups += 1;
        c->a += ga;
        c->b += gb;
        c->aa += ga * ga;
        c->ab += ga * gb;
        c->bb += gb * gb;
        a[touched[k]] = b[touched[k]] = 0;
    }
}

/* Sums by (cell, group): the leavers are put in order of group by counting, then read group by
 * group. */
static void fill_cells(struct fit *f)
{
    const struct eval_set *s = f->set;
    const size_t cells = (s->tasks + 1) * GUARD_TERCILES;
    f->cell = mem_array(cells * GUARD_FOLDS, sizeof *f->cell);
    AUTO_FREE size_t *start = mem_array(s->groups + 1, sizeof *start);
    AUTO_FREE size_t *order = mem_array(f->leavers, sizeof *order);
    for (size_t k = 0; k < f->leavers; k++)
        start[(size_t)s->group[f->leaver[k].prompt] + 1]++;
    for (size_t g = 0; g < s->groups; g++)
        start[g + 1] += start[g];
    for (size_t k = 0; k < f->leavers; k++)
        order[start[s->group[f->leaver[k].prompt]]++] = k;

    AUTO_FREE double *a = mem_array(cells, sizeof *a), *b = mem_array(cells, sizeof *b);
    AUTO_FREE size_t *touched = mem_array(cells, sizeof *touched);
    size_t n = 0;
    for (size_t k = 0; k < f->leavers; k++) {
        const struct leaver *l = &f->leaver[order[k]];
        const size_t in[2] = {(size_t)s->task[l->prompt], s->tasks};
        for (int j = 0; j < 2; j++) {
            const size_t c = in[j] * GUARD_TERCILES + (size_t)l->tercile;
            if (b[c] <= 0)
                touched[n++] = c;
            a[c] += l->weight * l->gain;
            b[c] += l->weight;
        }
        const bool last =
            k + 1 == f->leavers || s->group[f->leaver[order[k + 1]].prompt] != s->group[l->prompt];
        if (last) {
            close_group(f, touched, n, l->fold, a, b);
            n = 0;
        }
    }
}

/* The cell's sums over all folds but `without` (-1: over all). */
static struct cell total(const struct cell *c, int without)
{
    struct cell t = {0};
    for (int k = 0; k < GUARD_FOLDS; k++) {
        if (k == without)
            continue;
        t.groups += c[k].groups;
        t.a += c[k].a;
        t.b += c[k].b;
        t.aa += c[k].aa;
        t.ab += c[k].ab;
        t.bb += c[k].bb;
    }
    return t;
}

static bool cell_passes(struct cell t, double z)
{
    if (t.groups < 2 || !(t.b > 0) || isinf(z))
        return false;
    const double mean = t.a / t.b;
    const double ss = t.aa - 2 * mean * t.ab + mean * mean * t.bb;
    const double se = sqrt(t.groups / (t.groups - 1) * (ss > 0 ? ss : 0)) / t.b;
    return mean > z * se;
}

static bool decide(const struct fit *f, size_t task, int tercile, int without, double z, bool *own)
{
    struct cell t = {0};
    if (task < f->set->tasks)
        t = total(cell_at(f, task, tercile), without);
    *own = t.groups >= GUARD_MIN_GROUPS;
    if (!*own)
        t = total(cell_at(f, f->set->tasks, tercile), without);
    return cell_passes(t, z);
}

/* Weighted gain that z realises, each fold judged by the others. */
static double realised(const struct fit *f, double z)
{
    double sum = 0;
    for (size_t task = 0; task < f->set->tasks; task++)
        for (int k = 0; k < GUARD_TERCILES; k++)
            for (int fold = 0; fold < GUARD_FOLDS; fold++) {
                bool own;
                const double a = cell_at(f, task, k)[fold].a;
                if (a != 0.0 && decide(f, task, k, fold, z, &own))
                    sum += a;
            }
    return sum;
}

/* Means on the selection data under the rule, each prompt judged without its fold. */
static void measure(const struct fit *f, struct guard *g)
{
    const struct eval_set *s = f->set;
    double weight = 0, quality = 0, cost = 0, gain = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t d = i * s->models + (size_t)g->fallback;
        weight += s->weight[i];
        quality += s->weight[i] * s->score[d];
        cost += s->weight[i] * s->cost[d];
    }
    for (size_t k = 0; k < f->leavers; k++) {
        const struct leaver *l = &f->leaver[k];
        bool own;
        if (!decide(f, (size_t)s->task[l->prompt], l->tercile, l->fold, g->z, &own))
            continue;
        const size_t d = l->prompt * s->models + (size_t)g->fallback,
                     m = l->prompt * s->models + (size_t)l->model;
        quality += l->weight * (s->score[m] - s->score[d]);
        cost += l->weight * (s->cost[m] - s->cost[d]);
        gain += l->weight * l->gain;
    }
    g->quality = quality / weight;
    g->cost = cost / weight;
    g->gain = gain / weight;
}

void guard_fit(const struct eval_set *select, double lambda, double mu, int fallback,
               struct guard *out)
{
    *out = (struct guard){.lambda = lambda, .mu = mu, .fallback = fallback, .z = (double)INFINITY};
    struct fit f = {.set = select};
    out->tasks = select->tasks;
    out->pass = mem_array(select->tasks + 1, 1);
    out->own = mem_array(select->tasks + 1, 1);
    find_leavers(&f, out);
    fill_cells(&f);
    double best = 0; /* what z = infinity realises */
    for (int k = 1; k < STRENGTHS; k++) {
        const double sum = realised(&f, strengths[k]);
        if (sum > best) {
            best = sum;
            out->z = strengths[k];
        }
    }
    for (size_t task = 0; task <= select->tasks; task++)
        for (int k = 0; k < GUARD_TERCILES; k++) {
            bool own;
            if (decide(&f, task, k, -1, out->z, &own))
                out->pass[task] |= (unsigned char)(1u << k);
            if (own)
                out->own[task] |= (unsigned char)(1u << k);
        }
    for (size_t k = 0; k < f.leavers; k++)
        if (out->pass[select->task[f.leaver[k].prompt]] >> f.leaver[k].tercile & 1)
            out->leaves = true;
    measure(&f, out);
    free(f.leaver);
    free(f.cell);
}

void guard_deinit(struct guard *g)
{
    if (!g)
        return;
    free(g->pass);
    free(g->own);
    *g = (struct guard){0};
}

int guard_choose(const struct guard *g, size_t models, const double *q, const double *c,
                 const double *t, int task)
{
    const int m = eval_choose(models, q, c, t, g->lambda, g->mu), d = g->fallback;
    if (m < 0 || m == d)
        return d;
    const double gain = utility(g, q[m], c[m], t[m]) - utility(g, q[d], c[d], t[d]);
    if (!(gain > 0))
        return d;
    const size_t row = task >= 0 && (size_t)task < g->tasks ? (size_t)task : g->tasks;
    return g->pass[row] >> tercile_of(g, gain) & 1 ? m : d;
}
