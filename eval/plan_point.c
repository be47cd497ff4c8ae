/* Operating points of plans: from a promise to a lambda, and which tasks plan at all. */
#include "eval/plan.h"

#include "core/mem.h"
#include "eval/control.h"
#include "eval/guard.h"
#include "eval/plan_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 24 };

/* Mean gain of a task over the default model and its standard error, clustered by groups. */
struct cell {
    double mean, se;
    size_t groups;
};

struct judge {
    const struct plan_normal *x;
    const size_t *order;  /* [n] by task, then group */
    const double *gain;   /* [n] */
    struct cell *cell;    /* [tasks + 1] the last is that of all tasks */
    double *sum, *weight; /* [n] scratch: of the groups of one cell */
};

static void close_cell(const double *sum, const double *weight, size_t groups, struct cell *out)
{
    double all = 0, all_weight = 0, square = 0;
    for (size_t g = 0; g < groups; g++) {
        all += sum[g];
        all_weight += weight[g];
    }
    *out = (struct cell){.groups = groups};
    if (!(all_weight > 0))
        return;
    out->mean = all / all_weight;
    for (size_t g = 0; g < groups; g++) {
        const double d = sum[g] - out->mean * weight[g];
        square += d * d;
    }
    out->se = sqrt(square) / all_weight;
}

/* Cells without the prompts of fold `out` (PLAN_FOLDS: of all). */
static void fill_cells(struct judge *j, unsigned out)
{
    const struct eval_set *s = j->x->view.set;
    size_t begin = 0, groups = 0; /* of the task at hand; of all */
    for (size_t t = 0; t <= s->tasks; t++)
        j->cell[t] = (struct cell){0};
    for (size_t k = 0; k < s->n; k++) {
        const size_t i = j->order[k];
        const size_t before = k > 0 ? j->order[k - 1] : i;
        const bool task = k == 0 || s->task[i] != s->task[before];
        if (task && k > 0) {
            close_cell(j->sum + begin, j->weight + begin, groups - begin,
                       &j->cell[s->task[before]]);
            begin = groups;
        }
        if (j->x->fold[i] == out)
            continue;
        /* A fold holds whole groups, so a group is either all there or not at all. */
        if (task || groups == begin || s->group[i] != s->group[before]) {
            j->sum[groups] = j->weight[groups] = 0;
            groups++;
        }
        j->sum[groups - 1] += s->weight[i] * j->gain[i];
        j->weight[groups - 1] += s->weight[i];
    }
    if (s->n > 0)
        close_cell(j->sum + begin, j->weight + begin, groups - begin,
                   &j->cell[s->task[j->order[s->n - 1]]]);
    close_cell(j->sum, j->weight, groups, &j->cell[s->tasks]);
}

static bool leaves(const struct judge *j, size_t task, double z)
{
    const struct cell *own = &j->cell[task], *all = &j->cell[j->x->view.set->tasks];
    const struct cell *c = own->groups >= GUARD_MIN_GROUPS ? own : all;
    return !isinf(z) && c->groups > 0 && c->mean > 0 && c->mean > z * c->se;
}

static const double zs[] = {0, .5, 1, 1.5, 2, 3};
enum { ZS = sizeof zs / sizeof *zs };

/* z by what it realises where the cells have not looked; a tie goes to the larger. */
static double choose_z(struct judge *j)
{
    const struct eval_set *s = j->x->view.set;
    double total[ZS] = {0}, best = 0, z = INFINITY;
    for (unsigned f = 0; f < PLAN_FOLDS; f++) {
        fill_cells(j, f);
        for (size_t i = 0; i < s->n; i++)
            for (size_t k = 0; j->x->fold[i] == f && k < ZS; k++)
                if (leaves(j, (size_t)s->task[i], zs[k]))
                    total[k] += s->weight[i] * j->gain[i];
    }
    for (size_t k = ZS; k-- > 0;)
        if (total[k] > best) {
            best = total[k];
            z = zs[k];
        }
    return z;
}

/* What the guarded plan gives when each prompt is judged without its fold. */
static void guarded_means(struct judge *j, const struct plan_end *end, struct plan_point *p)
{
    const struct eval_set *s = j->x->view.set;
    double quality = 0, cost = 0, weight = 0;
    for (unsigned f = 0; f < PLAN_FOLDS; f++) {
        fill_cells(j, f);
        for (size_t i = 0; i < s->n; i++) {
            if (j->x->fold[i] != f)
                continue;
            const size_t cell = i * s->models + (size_t)p->fallback;
            const bool plan = leaves(j, (size_t)s->task[i], p->z);
            quality += s->weight[i] * (plan ? end[i].score : s->score[cell]);
            cost += s->weight[i] * (plan ? end[i].cost : s->cost[cell]);
            weight += s->weight[i];
        }
    }
    p->quality = quality / weight;
    p->cost = cost / weight;
}

static void guard_at(struct judge *j, double lambda, const struct plan_end *end, double *gain,
                     struct plan_point *p)
{
    const struct eval_set *s = j->x->view.set;
    for (size_t i = 0; i < s->n; i++) {
        const size_t cell = i * s->models + (size_t)p->fallback;
        gain[i] = end[i].score - s->score[cell] - lambda * (end[i].cost - s->cost[cell]);
    }
    p->z = choose_z(j);
    guarded_means(j, end, p);
    fill_cells(j, PLAN_FOLDS);
    for (size_t t = 0; t <= s->tasks; t++)
        p->leaves[t] = leaves(j, t, p->z);
}

struct place {
    int32_t task, group;
    size_t i;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->task != y->task)
        return x->task < y->task ? -1 : 1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

static size_t *order_of(const struct eval_set *s)
{
    AUTO_FREE struct place *at = mem_array(s->n, sizeof *at);
    size_t *order = mem_array(s->n, sizeof *order);
    for (size_t i = 0; i < s->n; i++)
        at[i] = (struct place){s->task[i], s->group[i], i};
    qsort(at, s->n, sizeof *at, by_place);
    for (size_t i = 0; i < s->n; i++)
        order[i] = at[i].i;
    return order;
}

void plan_point_choose(const struct plan_normal *x, const double *lambda, const double *quality,
                       const double *cost, unsigned depth, double slack, struct plan_point *out)
{
    const struct eval_set *s = x->view.set;
    *out = (struct plan_point){.z = INFINITY, .tasks = s->tasks};
    out->fallback = control_constant(s, 0, 0);
    out->leaves = mem_array(s->tasks + 1, sizeof *out->leaves);
    const double target = eval_set_mean(s, s->score, (size_t)out->fallback) - slack;
    AUTO_FREE size_t *order = order_of(s);
    AUTO_FREE double *gain = mem_array(s->n, sizeof *gain), *sum = mem_array(s->n, sizeof *sum),
                     *weight = mem_array(s->n, sizeof *weight);
    AUTO_FREE struct cell *cell = mem_array(s->tasks + 1, sizeof *cell);
    AUTO_FREE struct plan_end *end = mem_array(s->n, sizeof *end);
    bool tried[PLAN_LAMBDAS] = {false};
    struct judge j = {x, order, gain, cell, sum, weight};
    for (int step = 0; step < STEPS_MAX; step++) {
        size_t at = PLAN_LAMBDAS;
        for (size_t k = 0; k < PLAN_LAMBDAS; k++)
            if (!tried[k] && quality[k] >= target && (at == PLAN_LAMBDAS || cost[k] < cost[at]))
                at = k;
        if (at == PLAN_LAMBDAS)
            break;
        tried[at] = true;
        plan_rule_deinit(&out->rule);
        plan_fit(x, lambda[at], depth, &out->rule, end);
        guard_at(&j, lambda[at], end, gain, out);
        out->at = at;
        out->reached = out->quality >= target;
        if (out->reached && !isinf(out->z))
            return;
    }
    plan_rule_deinit(&out->rule);
    out->z = INFINITY; /* the constant keeps its own promise */
    out->reached = true;
    out->quality = target + slack;
    out->cost = eval_set_mean(s, s->cost, (size_t)out->fallback);
    memset(out->leaves, 0, (s->tasks + 1) * sizeof *out->leaves);
}

void plan_point_deinit(struct plan_point *p)
{
    free(p->leaves);
    plan_rule_deinit(&p->rule);
    *p = (struct plan_point){0};
}
