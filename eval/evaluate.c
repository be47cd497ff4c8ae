/* The evaluation from end to end: choose (parts.c), sweep, one row per policy, resample, judge
 * (verdict.c), draw (series.c). */
#include "eval/evaluate.h"

#include "core/mem.h"
#include "eval/plan_run.h"
#include "eval/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUTER_ROWS = 200, TASK_ROWS = 24 };

long work_entry(const struct work *w, const char *kind, const char *name)
{
    for (size_t k = 0; k < w->outcomes.entry.n; k++) {
        const struct policy_row *row = &w->result->policy.v[w->outcomes.entry.v[k].row];
        if (strcmp(row->kind, kind) == 0 && (!name || strcmp(row->name, name) == 0))
            return (long)k;
    }
    return -1;
}

static void take_test(struct work *w)
{
    const struct eval_data *d = w->data;
    w->at = mem_array(d->all.n, sizeof *w->at);
    w->place = mem_array(d->all.n, sizeof *w->place);
    size_t n = 0;
    for (size_t i = 0; i < d->all.n; i++) {
        w->place[i] = SIZE_MAX;
        if (d->folds || d->role[i] == 'e') {
            w->place[i] = n;
            w->at[n++] = i;
        }
    }
    eval_set_take(&d->all, w->at, n, &w->test);
}

/* best, balanced and cheap, as far as costs allow, then what was asked for. */
static void list_points(struct work *w)
{
    static const struct point_spec usual[] = {
        {"cheap", POINT_CHEAP, 0},
        {"balanced", POINT_BALANCED, 0},
        {"best", POINT_BEST, 0},
    };
    w->spec = mem_array(3 + w->option->points, sizeof *w->spec);
    for (int k = 0; k < 3; k++)
        if (w->cost_known || !point_needs_cost(usual[k].goal))
            w->spec[w->specs++] = usual[k];
    for (size_t k = 0; k < w->option->points; k++) {
        bool have = false;
        for (size_t j = 0; j < w->specs; j++)
            have = have || strcmp(w->spec[j].name, w->option->point[k].name) == 0;
        if (!have)
            w->spec[w->specs++] = w->option->point[k];
    }
}

static void prepare(struct work *w)
{
    const struct eval_data *d = w->data;
    take_test(w);
    w->cost_known = eval_set_missing(&d->all, d->all.cost) == 0;
    const size_t n = w->test.n, cells = n * w->test.models;
    w->task_q = mem_array(cells, sizeof *w->task_q);
    w->task_c = mem_array(cells, sizeof *w->task_c);
    w->task_t = mem_array(cells, sizeof *w->task_t);
    w->constant = mem_array(n, sizeof *w->constant);
    w->oracle = mem_array(n, sizeof *w->oracle);
    control_oracle(&w->test, w->oracle);
    if (w->option->rules)
        w->rules = mem_array(n, sizeof *w->rules);
    if (d->routed) {
        list_points(w);
        w->argmax = mem_array(n, sizeof *w->argmax);
        for (size_t i = 0; i < n; i++) {
            const size_t row = i * w->test.models;
            w->argmax[i] = eval_choose(w->test.models, w->test.q + row, w->test.c + row,
                                       w->test.t + row, 0, 0);
        }
        w->point = mem_array(w->specs, sizeof *w->point);
        w->reached = mem_array(w->specs, sizeof *w->reached);
        for (size_t s = 0; s < w->specs; s++) {
            w->point[s] = mem_array(n, sizeof **w->point);
            w->reached[s] = true;
        }
    }
    boot_init(&w->boot, &w->test, w->option->resamples, (uint64_t)w->option->seed, BOOT_BUCKETS);
}

static void sweep_curves(struct work *w)
{
    const struct eval_set *t = &w->test;
    if (w->cost_known) {
        w->has_task_means = sweep_run(t, w->task_q, w->task_c, t->score, t->cost, &w->task_means);
        w->has_router = w->data->routed && sweep_run(t, t->q, t->c, t->score, t->cost, &w->router);
    }
    if (t->models == 2) {
        sweep_pair(t, w->task_q, (size_t)w->weak, (size_t)w->strong, &w->task_means_pair);
        if (w->data->routed)
            sweep_pair(t, t->q, (size_t)w->weak, (size_t)w->strong, &w->router_pair);
    }
}

/* Observed scores of a choice. */
static double *chosen_scores(const struct eval_set *s, const int *choice)
{
    double *v = mem_array(s->n, sizeof *v);
    for (size_t i = 0; i < s->n; i++)
        v[i] = s->score[i * s->models + (size_t)choice[i]];
    return v;
}

static int *task_means_choice(const struct work *w, double lambda)
{
    const size_t models = w->test.models;
    int *choice = mem_array(w->test.n, sizeof *choice);
    for (size_t i = 0; i < w->test.n; i++)
        choice[i] = eval_choose(models, w->task_q + i * models, w->task_c + i * models,
                                w->task_t + i * models, lambda, 0);
    return choice;
}

static void run_metrics(struct work *w)
{
    AUTO_FREE int *task_0 = task_means_choice(w, 0);
    AUTO_FREE double *oracle = chosen_scores(&w->test, w->oracle),
                     *constant = chosen_scores(&w->test, w->constant);
    AUTO_FREE double *task = chosen_scores(&w->test, task_0);
    AUTO_FREE double *argmax = w->argmax ? chosen_scores(&w->test, w->argmax) : NULL;
    const bool two = w->test.models == 2;
    const struct metric_source src = {
        .set = &w->test,
        .cost_known = w->cost_known,
        .router = w->has_router ? &w->router : NULL,
        .task_means = w->has_task_means ? &w->task_means : NULL,
        .router_pair = two && w->data->routed ? &w->router_pair : NULL,
        .task_means_pair = two ? &w->task_means_pair : NULL,
        .weak = (size_t)(two ? w->weak : 0),
        .strong = (size_t)(two ? w->strong : 0),
        .oracle = oracle,
        .constant = constant,
        .router_0 = argmax,
        .task_means_0 = task,
    };
    metric_run(&src, &w->boot, &w->result->metric);
}

static void add_singles(struct work *w)
{
    AUTO_FREE int *choice = mem_array(w->test.n, sizeof *choice);
    double best = -INFINITY, best_cost = INFINITY;
    for (size_t m = 0; m < w->test.models; m++) {
        for (size_t i = 0; i < w->test.n; i++)
            choice[i] = (int)m;
        outcome_add_choice(&w->outcomes, w->result->model[m], "single", choice, true);
        const double q = eval_set_mean(&w->test, w->test.score, m),
                     c = eval_set_mean(&w->test, w->test.cost, m);
        if (q > best || (q >= best && c < best_cost)) {
            best = q;
            best_cost = c;
            w->result->best_single = (int)m;
        }
    }
}

/* The random mix of the best single models that costs what entry `of` costs. */
static void add_mix(struct work *w, long of)
{
    const struct eval_set *t = &w->test;
    const struct policy_row *row = &w->result->policy.v[w->outcomes.entry.v[of].row];
    if (isnan(row->cost_usd_per_1k.value))
        return;
    AUTO_FREE double *cost = mem_array(t->models, sizeof *cost),
                     *quality = mem_array(t->models, sizeof *quality);
    for (size_t m = 0; m < t->models; m++) {
        cost[m] = eval_set_mean(t, t->cost, m);
        quality[m] = eval_set_mean(t, t->score, m);
    }
    const struct control_mix mix =
        control_mix_at(cost, quality, t->models, row->cost_usd_per_1k.value / 1e3);
    AUTO_FREE double *v = mem_array(7 * t->n, sizeof *v);
    double *q = v, *c = v + t->n, *l = v + 2 * t->n, *both = v + 3 * t->n, *weight = v + 5 * t->n;
    AUTO_FREE uint32_t *bucket = mem_array(2 * t->n, sizeof *bucket);
    for (size_t i = 0; i < t->n; i++) {
        const size_t a = i * t->models + (size_t)mix.low, b = i * t->models + (size_t)mix.high;
        q[i] = (1 - mix.share) * t->score[a] + mix.share * t->score[b];
        c[i] = (1 - mix.share) * t->cost[a] + mix.share * t->cost[b];
        l[i] = mix.share > 0 ? (1 - mix.share) * t->latency_ms[a] + mix.share * t->latency_ms[b]
                             : t->latency_ms[a];
        both[i] = t->latency_ms[a];
        both[t->n + i] = t->latency_ms[b];
        weight[i] = t->weight[i] * (1 - mix.share);
        weight[t->n + i] = t->weight[i] * mix.share;
        bucket[i] = bucket[t->n + i] = w->boot.bucket[i];
    }
    AUTO_FREE char *name = mem_printf("mix:%s", row->name);
    const struct outcome out = {q, c, l, NULL, false};
    const size_t entry = outcome_add(&w->outcomes, name, "mix", &out);
    struct policy_row *added = &w->result->policy.v[w->outcomes.entry.v[entry].row];
    outcome_percentiles(both, weight, bucket, 2 * t->n, w->boot.buckets, &added->latency_p50_ms,
                        &added->latency_p95_ms);
    added->share = mem_array(t->models, sizeof *added->share);
    added->share[mix.low] += 1 - mix.share;
    added->share[mix.high] += mix.share;
}

/* The row at lambda 0, then the sweep in at most TASK_ROWS rows. */
static void add_task_means(struct work *w)
{
    size_t keep[TASK_ROWS], n = 1;
    if (w->has_task_means)
        n = sweep_thin(&w->task_means, TASK_ROWS, keep);
    for (size_t k = 0; k < n; k++) {
        const struct sweep_point *p = w->has_task_means ? &w->task_means.point[keep[k]] : NULL;
        if (p && isinf(p->lambda))
            continue; /* a single model, and a row already */
        AUTO_FREE int *choice = task_means_choice(w, p ? p->lambda : 0);
        const size_t entry =
            outcome_add_choice(&w->outcomes, "task_means", "task_means", choice, k == 0);
        w->result->policy.v[w->outcomes.entry.v[entry].row].lambda_per_usd = p ? p->lambda : 0;
    }
}

/* One row of the thinned sweep; its intervals are those of the knot. */
static void add_router_row(struct work *w, size_t knot)
{
    const struct eval_set *t = &w->test;
    const struct metric_result *m = &w->result->metric;
    const double lambda = w->router.point[m->knot[knot]].lambda;
    AUTO_FREE double *v = mem_array(3 * t->n, sizeof *v);
    AUTO_FREE int *choice = mem_array(t->n, sizeof *choice);
    for (size_t i = 0; i < t->n; i++) {
        const size_t row = i * t->models;
        choice[i] = eval_choose(t->models, t->q + row, t->c + row, t->t + row, lambda, 0);
        const size_t cell = row + (size_t)choice[i];
        v[i] = t->score[cell];
        v[t->n + i] = t->cost[cell];
        v[2 * t->n + i] = t->latency_ms[cell];
    }
    const struct outcome out = {v, v + t->n, v + 2 * t->n, choice, false};
    struct policy_row row = outcome_row(t, &w->boot, "router", "router", &out);
    row.lambda_per_usd = lambda;
    row.quality = (struct figure){w->router.point[m->knot[knot]].y, m->y_lo[knot], m->y_hi[knot]};
    row.cost_usd_per_1k = (struct figure){w->router.point[m->knot[knot]].x * 1e3,
                                          m->x_lo[knot] * 1e3, m->x_hi[knot] * 1e3};
    VEC_PUSH(&w->result->policy, row);
}

static void add_router(struct work *w)
{
    const size_t knots = w->result->metric.knots;
    size_t rows = (size_t)4e6 / (w->test.n + 1); /* big data: fewer rows, each a pass over it */
    rows = rows < 24 ? 24 : rows > ROUTER_ROWS ? ROUTER_ROWS : rows;
    const size_t step = (knots + rows - 1) / rows;
    for (size_t k = 0; k < knots; k += step)
        add_router_row(w, k);
}

/* What to say of a point beside its figures, or NULL. */
static char *point_note(const struct work *w, size_t s)
{
    const struct point_choice *c = &w->result->point.v[s].choice;
    const char *missed =
        w->reached[s] && c->reached ? "" : "the selection data did not reach what was asked";
    if (!c->share_kind && (!c->guard.leaves || isinf(c->guard.z))) {
        const char *always = w->result->model[c->guard.fallback];
        return missed[0] ? mem_printf("%s: always %s", missed, always)
                         : mem_printf("routing adds nothing here: always %s", always);
    }
    if (missed[0])
        return mem_strdup(missed);
    for (size_t i = 1; i < w->test.n; i++)
        if (w->point[s][i] != w->point[s][0])
            return NULL;
    return mem_printf("every prompt evaluated went to %s", w->result->model[w->point[s][0]]);
}

static void add_policies(struct work *w)
{
    struct outcomes *o = &w->outcomes;
    add_singles(w);
    outcome_add_choice(o, "constant", "constant", w->constant, false);
    for (size_t s = 0; s < w->specs; s++) {
        const size_t entry = outcome_add_choice(o, w->spec[s].name, "point", w->point[s], true);
        struct policy_row *row = &w->result->policy.v[o->entry.v[entry].row];
        const struct point_choice *c = &w->result->point.v[s].choice;
        w->result->point.v[s].row = o->entry.v[entry].row;
        row->lambda_per_usd = c->share_kind ? (double)NAN : c->guard.lambda;
        row->note = point_note(w, s);
    }
    for (size_t s = 0; s < w->specs; s++)
        add_mix(w, work_entry(w, "point", w->spec[s].name));
    if (w->specs == 0)
        add_mix(w, work_entry(w, "constant", NULL));
    add_task_means(w);
    if (w->rules)
        outcome_add_choice(o, "rules", "rules", w->rules, true);
    if (w->cascade) {
        const struct outcome out = {w->cascade, w->cascade + w->test.n, w->cascade + 2 * w->test.n,
                                    NULL, false};
        outcome_add(o, w->cascade_name, "cascade", &out);
    }
    work_plan_rows(w);
    outcome_add_choice(o, "oracle", "oracle", w->oracle, false);
}

static struct eval_result *result_new(const struct work *w)
{
    const struct eval_data *d = w->data;
    struct eval_result *r = mem_zalloc(sizeof *r);
    r->cross_fit = d->folds > 0;
    r->prompts = w->test.n;
    r->models = w->test.models;
    r->tasks = d->all.tasks;
    r->model = mem_array(r->models, sizeof *r->model);
    r->task = mem_array(r->tasks, sizeof *r->task);
    for (size_t m = 0; m < r->models; m++)
        r->model[m] = mem_strdup(d->matrix->model[m].name);
    for (size_t t = 0; t < r->tasks; t++)
        r->task[t] = mem_strdup(d->task[t]);
    r->router = mem_strdup(w->option->router);
    r->seed = w->option->seed;
    r->resamples = w->option->resamples;
    r->groups = w->boot.groups;
    return r;
}

static void work_deinit(struct work *w)
{
    for (size_t s = 0; s < w->specs && w->point; s++)
        free(w->point[s]);
    free(w->point);
    free(w->reached);
    free(w->spec);
    free(w->at);
    free(w->place);
    free(w->task_q);
    free(w->task_c);
    free(w->task_t);
    free(w->constant);
    free(w->oracle);
    free(w->rules);
    free(w->argmax);
    free(w->cascade);
    free(w->cascade_name);
    plan_work_free(w->plan);
    sweep_deinit(&w->router);
    sweep_deinit(&w->task_means);
    sweep_deinit(&w->router_pair);
    sweep_deinit(&w->task_means_pair);
    outcomes_deinit(&w->outcomes);
    boot_deinit(&w->boot);
    eval_set_deinit(&w->test);
}

int evaluate(struct eval_data *d, const struct eval_source *source, const struct eval_options *o,
             struct eval_result **out, struct err *e)
{
    struct work w = {.data = d, .source = source, .option = o};
    prepare(&w);
    w.result = result_new(&w);
    int rc = work_choose(&w, e);
    if (rc) {
        eval_result_free(w.result);
        work_deinit(&w);
        return rc;
    }
    sweep_curves(&w);
    rc = work_plan(&w, e);
    if (rc) {
        eval_result_free(w.result);
        work_deinit(&w);
        return rc;
    }
    run_metrics(&w);
    work_plan_metrics(&w);
    outcomes_init(&w.outcomes, w.result, &w.test, &w.boot);
    add_policies(&w);
    outcomes_resample(&w.outcomes);
    add_router(&w);
    w.result->constant = w.constant[0];
    work_verdict(&w);
    work_plan_compare(&w);
    work_series(&w);
    work_plan_series(&w);
    *out = w.result;
    work_deinit(&w);
    return ERR_OK;
}

bool plan_point_known(const char *text)
{
    for (size_t k = 0; k < PLAN_POINTS; k++)
        if (strcmp(plan_point_names[k], text) == 0)
            return true;
    return false;
}

int evaluate_plans(struct eval_data *d, const struct eval_source *source, const char *const *name,
                   size_t names, struct plan_outcome *outcome, struct err *e)
{
    const struct eval_options o = {.resamples = 1000};
    struct work w = {.data = d, .source = source, .option = &o};
    prepare(&w);
    w.result = result_new(&w);
    int rc = work_choose(&w, e);
    if (!rc)
        sweep_curves(&w);
    if (!rc)
        rc = work_plan(&w, e);
    if (!rc && !w.plan)
        rc = err_set(e, ERR_USAGE,
                     "'%s': there are no plans: no confidence heads (replies have no "
                     "log-probabilities), or a cost is unknown",
                     name[0]);
    for (size_t k = 0; !rc && k < names; k++) {
        size_t at = 0;
        while (at < PLAN_POINTS && strcmp(plan_point_names[at], name[k]) != 0)
            at++;
        if (at == PLAN_POINTS) {
            rc = err_set(e, ERR_USAGE, "no operating point '%s' (plan:balanced, plan:cheap)",
                         name[k]);
            break;
        }
        for (size_t i = 0; i < d->all.n; i++) {
            const size_t p = w.place[i];
            outcome[k * d->all.n + i] =
                p == SIZE_MAX
                    ? (struct plan_outcome){(double)NAN, (double)NAN, (double)NAN}
                    : (struct plan_outcome){w.plan->point[at].score[p], w.plan->point[at].cost[p],
                                            w.plan->point[at].latency_ms[p]};
        }
    }
    eval_result_free(w.result);
    work_deinit(&w);
    return rc;
}

int evaluate_points(struct eval_data *d, const struct eval_source *source,
                    const struct point_spec *spec, size_t specs, int *choice, struct err *e)
{
    const struct eval_options o = {.resamples = 1000, .point = spec, .points = specs};
    struct work w = {.data = d, .source = source, .option = &o};
    prepare(&w);
    w.result = result_new(&w);
    int rc = work_choose(&w, e);
    for (size_t k = 0; !rc && k < specs; k++) {
        size_t at = 0;
        while (strcmp(w.spec[at].name, spec[k].name) != 0)
            at++;
        for (size_t i = 0; i < d->all.n; i++)
            choice[k * d->all.n + i] = w.place[i] == SIZE_MAX ? -1 : w.point[at][w.place[i]];
    }
    eval_result_free(w.result);
    work_deinit(&w);
    return rc;
}
