/* A result into the store. Names of metrics and series are listed in eval/README.md. */
#include "eval/save.h"

#include "core/mem.h"
#include "store/policy.h"
#include "store/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct saving {
    struct store *store;
    int64_t run, router;
    const char *split;
    struct err *e;
};

static int put(const struct saving *s, const char *policy, const char *kind, const char *slice,
               const char *metric, struct figure f, size_t n)
{
    const struct evaluation v = {policy,  kind, s->split, slice,     metric,
                                 f.value, f.lo, f.hi,     (int64_t)n};
    if (isnan(f.value))
        return ERR_OK;
    return evaluation_put(s->store, s->run, s->router, &v, s->e);
}

static struct figure plain(double v)
{
    return (struct figure){v, (double)NAN, (double)NAN};
}

static int put_row(const struct saving *s, const struct eval_result *r, const struct policy_row *p)
{
    int rc = put(s, p->name, p->kind, "", "quality", p->quality, p->n);
    if (!rc)
        rc = put(s, p->name, p->kind, "", "cost_usd_per_1k", p->cost_usd_per_1k, p->n);
    if (!rc)
        rc = put(s, p->name, p->kind, "", "latency_p50_ms", p->latency_p50_ms,
                 p->n - p->latency_missing);
    if (!rc)
        rc = put(s, p->name, p->kind, "", "latency_p95_ms", p->latency_p95_ms,
                 p->n - p->latency_missing);
    if (!rc)
        rc = put(s, p->name, p->kind, "", "latency_mean_ms", plain(p->latency_mean_ms),
                 p->n - p->latency_missing);
    if (!rc)
        rc = put(s, p->name, p->kind, "", "lambda_per_usd", plain(p->lambda_per_usd), p->n);
    for (size_t m = 0; !rc && p->share && m < r->models; m++) {
        AUTO_FREE char *slice = mem_printf("model:%s", r->model[m]);
        rc = put(s, p->name, p->kind, slice, "share", plain(p->share[m]), p->n);
    }
    for (size_t k = 0; !rc && k < p->slices; k++) {
        const struct slice *x = &p->slice[k];
        AUTO_FREE char *slice = mem_printf("task:%s", r->task[x->task]);
        rc = put(s, p->name, p->kind, slice, "quality", x->quality, x->n);
        if (!rc)
            rc = put(s, p->name, p->kind, slice, "cost_usd_per_1k", x->cost_usd_per_1k, x->n);
    }
    return rc;
}

/* The sweeps of many rows are series; of each only the first row, lambda 0, is an evaluation. */
static bool first_of_sweep(const struct eval_result *r, size_t k)
{
    const char *kind = r->policy.v[k].kind;
    if (strcmp(kind, "plan") == 0 && strcmp(r->policy.v[k].name, "plan") != 0)
        return true;
    if (strcmp(kind, "router") != 0 && strcmp(kind, "task_means") != 0 && strcmp(kind, "plan") != 0)
        return true;
    return k == 0 || strcmp(r->policy.v[k - 1].kind, kind) != 0;
}

static int put_metrics(const struct saving *s, const struct eval_result *r)
{
    for (int k = 0; k < METRICS; k++) {
        const struct figure f = {r->metric.value[k], r->metric.lo[k], r->metric.hi[k]};
        if (isinf(f.value))
            continue; /* a level never reached is null */
        int rc = put(s, "", "metric", "", metric_names[k], f, r->prompts);
        if (rc)
            return rc;
    }
    for (int k = 0; r->plan.there && k < METRICS; k++) {
        if (!isfinite(r->plan.metric[k].value))
            continue;
        int rc = put(s, "plan", "metric", "", metric_names[k], r->plan.metric[k], r->prompts);
        if (rc)
            return rc;
    }
    for (size_t k = 0; k < r->comparison.n; k++) {
        const struct comparison *c = &r->comparison.v[k];
        AUTO_FREE char *policy = mem_printf("%s - %s", c->a, c->b);
        int rc = put(s, policy, "comparison", "", c->metric, c->difference, r->prompts);
        AUTO_FREE char *mde = mem_printf("minimum_detectable_%s", c->metric);
        if (!rc)
            rc = put(s, policy, "comparison", "", mde, plain(c->minimum_detectable), r->prompts);
        if (rc)
            return rc;
    }
    return ERR_OK;
}

static struct estimate estimate_of(struct figure f)
{
    return (struct estimate){f.value, f.lo, f.hi};
}

static char **copy_names(char *const *name, size_t n)
{
    char **out = mem_array(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = mem_strdup(name[i]);
    return out;
}

/* The task of prompts that have none, or r->tasks. */
static size_t without_task(const struct eval_result *r)
{
    size_t none = 0;
    while (none < r->tasks && r->task[none][0])
        none++;
    return none;
}

/* A regression's numbers of the tasks become numbers of known tasks beside a bias: prompts without
 * a task, one of the evaluation's, are served as those of an unknown one. */
static struct point_value *value_of(const struct eval_result *r, const struct plan_rule *rule)
{
    if (!rule->weight || isinf(rule->margin))
        return NULL;
    const size_t M = rule->models, first = 1 + M;
    struct point_value *v = mem_zalloc(sizeof *v);
    v->margin = rule->margin;
    v->models = M;
    v->model = copy_names(r->model, M);
    v->weight = mem_array(M * first, sizeof *v->weight);
    v->tasks = rule->width > first ? r->tasks : 0;
    v->task = copy_names(r->task, v->tasks);
    v->task_weight = mem_array(v->tasks * M, sizeof *v->task_weight);
    const size_t none = without_task(r);
    for (size_t a = 0; a < M; a++) {
        const double *w = rule->weight + a * rule->width;
        const double without = none < v->tasks ? w[first + none] : 0;
        memcpy(v->weight + a * first, w, first * sizeof *w);
        v->weight[a * first] += without;
        for (size_t t = 0; t < v->tasks; t++)
            v->task_weight[t * M + a] = w[first + t] - without;
    }
    return v;
}

static int put_plan(const struct saving *s, const struct eval_result *r,
                    const struct deployed_plan *d)
{
    const struct plan_point *x = &d->point;
    const struct policy_row *row = &r->policy.v[d->row];
    AUTO_FREE char *name = mem_strdup(d->name), *kind = mem_strdup("plan"),
                   *model = mem_strdup(r->model[x->fallback]);
    struct point p = {
        .name = name,
        .kind = kind,
        .lambda_per_usd = d->lambda,
        .z = x->z,
        .default_model = model,
        .max_calls = PLAN_DEPTH,
        .value = value_of(r, &x->rule),
        .quality = estimate_of(row->quality),
        .cost_usd_per_1k = estimate_of(row->cost_usd_per_1k),
        .latency_ms = {row->latency_mean_ms, (double)NAN, (double)NAN},
        .note = row->note,
    };
    p.cells = mem_array(r->tasks + 1, sizeof *p.cells);
    const size_t unknown = without_task(r);
    for (size_t t = 0; t <= r->tasks; t++) { /* that of unknown tasks first */
        const size_t at = t == 0 ? unknown : t - 1;
        if (t > 0 && (at == unknown || x->leaves[at] == x->leaves[unknown]))
            continue;
        struct point_cell *cell = &p.cells[p.cell_count++];
        cell->task = mem_strdup(t == 0 ? "" : r->task[at]);
        for (size_t k = 0; k < 3; k++)
            cell->pass[k] = x->leaves[at];
    }
    int rc = point_put(s->store, s->router, &p, s->e);
    for (size_t k = 0; k < p.cell_count; k++)
        free(p.cells[k].task);
    free(p.cells);
    point_value_free(p.value);
    return rc;
}

static int put_point(const struct saving *s, const struct eval_result *r,
                     const struct deployed_point *d)
{
    const struct point_choice *c = &d->choice;
    const struct policy_row *row = &r->policy.v[d->row];
    struct point p = {
        .name = mem_strdup(d->spec.name),
        .kind = mem_strdup(c->share_kind ? "share" : "lambda"),
        .quality = estimate_of(row->quality),
        .cost_usd_per_1k = estimate_of(row->cost_usd_per_1k),
        .latency_ms = {row->latency_mean_ms, (double)NAN, (double)NAN},
        .note = mem_strdup(row->note),
    };
    if (c->share_kind) {
        p.share = d->spec.value;
        p.threshold = c->threshold;
        p.weak = mem_strdup(r->model[c->weak]);
        p.strong = mem_strdup(r->model[c->strong]);
    } else {
        const struct guard *g = &c->guard;
        p.lambda_per_usd = g->lambda;
        p.mu_per_s = g->mu;
        p.z = g->z;
        p.default_model = mem_strdup(r->model[g->fallback]);
        p.edge[0] = g->edge[0];
        p.edge[1] = g->edge[1];
        p.cells = mem_array(r->tasks + 1, sizeof *p.cells);
        for (size_t t = 0; t <= r->tasks; t++) {
            const size_t at = t == 0 ? r->tasks : t - 1; /* the pooled cell first */
            if (t > 0 && !g->own[at] && g->pass[at] == g->pass[r->tasks])
                continue; /* as the pooled one */
            struct point_cell *cell = &p.cells[p.cell_count++];
            cell->task = mem_strdup(t == 0 ? "" : r->task[at]);
            for (int k = 0; k < GUARD_TERCILES; k++)
                cell->pass[k] = g->pass[at] >> k & 1;
        }
    }
    int rc = point_put(s->store, s->router, &p, s->e);
    free(p.name);
    free(p.kind);
    free(p.weak);
    free(p.strong);
    free(p.default_model);
    free(p.note);
    for (size_t k = 0; k < p.cell_count; k++)
        free(p.cells[k].task);
    free(p.cells);
    return rc;
}

int eval_save(struct store *store, int64_t run, int64_t router, bool subset,
              const struct eval_result *r, struct err *e)
{
    const struct saving s = {store, run, router, r->cross_fit ? "cross-fit" : "test", e};
    int rc = put_metrics(&s, r);
    for (size_t k = 0; !rc && k < r->policy.n; k++)
        if (first_of_sweep(r, k))
            rc = put_row(&s, r, &r->policy.v[k]);
    for (size_t k = 0; !rc && k < r->series.n; k++) {
        const struct series_point *p = &r->series.v[k];
        const struct series_row row = {p->policy, p->name, p->i,  p->x,
                                       p->y,      p->lo,   p->hi, p->label};
        rc = series_put(store, run, &row, e);
    }
    if (!rc)
        rc = note_put(store, run, "best_single", r->model[r->best_single], e);
    if (!rc)
        rc = note_put(store, run, "constant", r->model[r->constant], e);
    for (size_t k = 0; !rc && k < r->note.n; k++)
        rc = note_put(store, run, r->note.v[k].key, r->note.v[k].text, e);
    for (size_t k = 0; !rc && k < r->policy.n; k++)
        if (r->policy.v[k].note) {
            AUTO_FREE char *key = mem_printf("point:%s", r->policy.v[k].name);
            rc = note_put(store, run, key, r->policy.v[k].note, e);
        }
    if (!rc && router && !subset)
        rc = point_clear(store, router, e);
    for (size_t k = 0; !rc && router && k < r->point.n; k++)
        if (!subset || r->point.v[k].choice.share_kind)
            rc = put_point(&s, r, &r->point.v[k]);
    for (size_t k = 0; !rc && router && !subset && k < r->plan_point.n; k++)
        rc = put_plan(&s, r, &r->plan_point.v[k]);
    return rc;
}
