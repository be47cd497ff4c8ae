/* From the rows of an evaluation to tables: policies, metrics, comparisons, tasks. */
#include "reports/data.h"

#include "core/fs.h"
#include "core/mem.h"
#include "store/embed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int see_row(void *arg, const struct evaluation *v, struct err *e)
{
    (void)e;
    struct report_data *d = arg;
    struct evaluation copy = *v;
    copy.policy = mem_strdup(v->policy);
    copy.kind = mem_strdup(v->kind);
    copy.split = mem_strdup(v->split);
    copy.slice = mem_strdup(v->slice);
    copy.metric = mem_strdup(v->metric);
    VEC_PUSH(&d->rows, copy);
    return 0;
}

static int see_series(void *arg, const struct series_row *r, struct err *e)
{
    (void)e;
    struct report_data *d = arg;
    struct series_row copy = *r;
    copy.policy = mem_strdup(r->policy);
    copy.name = mem_strdup(r->name);
    copy.label = mem_strdup(r->label);
    VEC_PUSH(&d->series, copy);
    return 0;
}

static int see_note(void *arg, const char *key, const char *text, struct err *e)
{
    (void)e;
    struct report_data *d = arg;
    struct note n = {mem_strdup(key), mem_strdup(text)};
    VEC_PUSH(&d->notes, n);
    return 0;
}

static int see_group(void *arg, const struct prompt_count_row *r, struct err *e)
{
    (void)e;
    struct report_data *d = arg;
    struct prompt_group g = {mem_strdup(r->role), mem_strdup(r->task), mem_strdup(r->complexity),
                             r->prompts};
    VEC_PUSH(&d->groups, g);
    return 0;
}

static int see_facts(void *arg, const struct model_count_row *r, struct err *e)
{
    (void)e;
    struct report_data *d = arg;
    struct model_facts f = {mem_strdup(r->model), r->replies, r->scored,
                            r->reported_cost,     r->timed,   r->priced,
                            r->imported};
    VEC_PUSH(&d->facts, f);
    return 0;
}

static void see_encoder(void *arg, const struct encoder *enc, int64_t rows)
{
    struct report_data *d = arg;
    struct stored_vectors v = {mem_strdup(enc->name), enc->dimensions, rows};
    VEC_PUSH(&d->encoders, v);
}

static void see_router(void *arg, const struct router *r)
{
    (void)r;
    ++*(size_t *)arg;
}

static struct value value_of(const struct evaluation *v)
{
    return (struct value){v->value, v->lo, v->hi, v->n};
}

static long index_of(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return (long)i;
    return -1;
}

static const char *behind(const char *text, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

/* Names first: shares and tasks are arrays over them. */
static void gather_names(struct report_data *d)
{
    for (size_t i = 0; i < d->rows.n; i++) {
        const struct evaluation *v = &d->rows.v[i];
        if (strcmp(v->kind, "single") != 0)
            continue;
        if (index_of(d->models.v, d->models.n, v->policy) < 0)
            VEC_PUSH(&d->models, mem_strdup(v->policy));
        const char *task = behind(v->slice, "task:");
        if (task && index_of(d->tasks.v, d->tasks.n, task) < 0)
            VEC_PUSH(&d->tasks, mem_strdup(task));
    }
    d->task_score = mem_array(d->tasks.n * d->models.n, sizeof *d->task_score);
    for (size_t i = 0; i < d->tasks.n * d->models.n; i++)
        d->task_score[i] = VALUE_NONE;
}

static struct policy *policy_for(struct report_data *d, const struct evaluation *v)
{
    for (size_t i = 0; i < d->policies.n; i++)
        if (!strcmp(d->policies.v[i].name, v->policy) && !strcmp(d->policies.v[i].kind, v->kind))
            return &d->policies.v[i];
    struct policy p = {
        .name = mem_strdup(v->policy),
        .kind = mem_strdup(v->kind),
        .quality = VALUE_NONE,
        .cost = VALUE_NONE,
        .latency_p50 = VALUE_NONE,
        .latency_p95 = VALUE_NONE,
        .lambda = (double)NAN,
    };
    VEC_PUSH(&d->policies, p);
    return &d->policies.v[d->policies.n - 1];
}

static void gather_comparison(struct report_data *d, const struct evaluation *v)
{
    const char *of = behind(v->metric, "minimum_detectable_");
    const char *metric = of ? of : v->metric;
    struct comparison *c = NULL;
    for (size_t i = 0; i < d->comparisons.n && !c; i++)
        if (!strcmp(d->comparisons.v[i].pair, v->policy) &&
            !strcmp(d->comparisons.v[i].metric, metric))
            c = &d->comparisons.v[i];
    if (!c) {
        struct comparison fresh = {mem_strdup(v->policy), mem_strdup(metric), VALUE_NONE,
                                   (double)NAN};
        VEC_PUSH(&d->comparisons, fresh);
        c = &d->comparisons.v[d->comparisons.n - 1];
    }
    if (of)
        c->detectable = v->value;
    else
        c->difference = value_of(v);
}

static void gather_policy(struct report_data *d, const struct evaluation *v)
{
    struct policy *p = policy_for(d, v);
    const char *task = behind(v->slice, "task:"), *model = behind(v->slice, "model:");
    const bool single = strcmp(v->kind, "single") == 0;
    if (model && !strcmp(v->metric, "share")) {
        const long at = index_of(d->models.v, d->models.n, model);
        if (!p->share)
            p->share = mem_array(d->models.n, sizeof *p->share);
        if (at >= 0)
            p->share[at] = v->value;
    } else if (task && single && !strcmp(v->metric, "quality")) {
        const long t = index_of(d->tasks.v, d->tasks.n, task);
        const long m = index_of(d->models.v, d->models.n, v->policy);
        d->task_score[(size_t)t * d->models.n + (size_t)m] = value_of(v);
    } else if (v->slice[0] == '\0') {
        struct value *slot = !strcmp(v->metric, "quality")           ? &p->quality
                             : !strcmp(v->metric, "cost_usd_per_1k") ? &p->cost
                             : !strcmp(v->metric, "latency_p50_ms")  ? &p->latency_p50
                             : !strcmp(v->metric, "latency_p95_ms")  ? &p->latency_p95
                                                                     : NULL;
        if (slot)
            *slot = value_of(v);
        else if (!strcmp(v->metric, "lambda_per_usd"))
            p->lambda = v->value;
    }
}

/* Beside those of plans stand those of single models, which are the same without plans. */
static bool repeated(const struct evaluation *v)
{
    return *v->policy &&
           (!strcmp(v->metric, "aiq_singles") || !strcmp(v->metric, "best_single_quality"));
}

static void gather_metric(struct report_data *d, const struct evaluation *v)
{
    if (repeated(v))
        return;
    struct metric m = {*v->policy ? mem_printf("%s.%s", v->policy, v->metric)
                                  : mem_strdup(v->metric),
                       value_of(v)};
    VEC_PUSH(&d->metrics, m);
}

static void gather(struct report_data *d)
{
    gather_names(d);
    for (size_t i = 0; i < d->rows.n; i++) {
        const struct evaluation *v = &d->rows.v[i];
        if (!d->split)
            d->split = mem_strdup(v->split);
        if (!strcmp(v->kind, "metric")) {
            gather_metric(d, v);
        } else if (!strcmp(v->kind, "comparison")) {
            gather_comparison(d, v);
        } else {
            gather_policy(d, v);
        }
    }
    const char *named = data_note(d, "best_single");
    d->best = d->constant = -1;
    d->has_cost = d->models.n > 0;
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        if (!strcmp(p->kind, "constant"))
            d->constant = (long)i;
        if (strcmp(p->kind, "single") != 0)
            continue;
        d->prompts = p->quality.n > d->prompts ? p->quality.n : d->prompts;
        d->has_cost = d->has_cost && !isnan(p->cost.v);
        if (named ? !strcmp(p->name, named)
                  : d->best < 0 || p->quality.v > d->policies.v[d->best].quality.v)
            d->best = (long)i;
    }
}

/* The router asked for, or the newest; none is no error as long as something was evaluated. */
static int load_router(struct store *s, const char *name, struct report_data *d, struct err *e)
{
    size_t routers = 0;
    int rc = router_each(s, see_router, &routers, e);
    if (rc || (!name && routers == 0))
        return rc;
    rc = router_get(s, name, &d->router, e);
    d->has_router = rc == 0;
    return rc;
}

int data_load(struct store *s, const char *router, struct report_data *d, struct err *e)
{
    *d = (struct report_data){.best = -1, .constant = -1};
    d->store_name = mem_strdup(fs_base(store_path(s)));
    int rc = load_router(s, router, d, e);
    if (rc)
        return rc;
    rc = evaluation_each(s, d->has_router ? d->router.id : 0, &d->run, see_row, d, e);
    if (rc == ERR_USAGE && d->has_router)
        return err_set(e, rc, "router '%s' in '%s' has no evaluation; run 'shunt eval' first",
                       d->router.name, store_path(s));
    if (!rc)
        rc = run_get(s, d->run, &d->info, e);
    if (!rc)
        rc = series_each(s, d->run, NULL, see_series, d, e);
    if (!rc)
        rc = note_each(s, d->run, see_note, d, e);
    if (!rc)
        rc = prompt_tally(s, d->has_router ? d->router.id : 0, see_group, d, e);
    if (!rc)
        rc = model_tally(s, see_facts, d, e);
    if (!rc)
        rc = encoder_each(s, see_encoder, d, e);
    if (!rc && d->has_router)
        rc = point_load(s, d->router.id, &d->point, &d->points, e);
    if (!rc)
        gather(d);
    return rc;
}

/* A string of a row read from the store is ours; the store's struct has it const. */
static void free_const(const char *s)
{
    free((void *)(uintptr_t)s);
}

static void free_rows(struct report_data *d)
{
    for (size_t i = 0; i < d->rows.n; i++) {
        free_const(d->rows.v[i].policy);
        free_const(d->rows.v[i].kind);
        free_const(d->rows.v[i].split);
        free_const(d->rows.v[i].slice);
        free_const(d->rows.v[i].metric);
    }
    VEC_FREE(&d->rows);
    for (size_t i = 0; i < d->series.n; i++) {
        free_const(d->series.v[i].policy);
        free_const(d->series.v[i].name);
        free_const(d->series.v[i].label);
    }
    VEC_FREE(&d->series);
}

#define FREE_ALL(vec, ...)                                                                         \
    do {                                                                                           \
        for (size_t i = 0; i < (vec)->n; i++) {                                                    \
            char *const all[] = {__VA_ARGS__};                                                     \
            for (size_t k = 0; k < sizeof all / sizeof *all; k++)                                  \
                free(all[k]);                                                                      \
        }                                                                                          \
        VEC_FREE(vec);                                                                             \
    } while (0)

void data_deinit(struct report_data *d)
{
    free_rows(d);
    for (size_t i = 0; i < d->policies.n; i++)
        free(d->policies.v[i].share);
    FREE_ALL(&d->policies, d->policies.v[i].name, d->policies.v[i].kind);
    FREE_ALL(&d->notes, d->notes.v[i].key, d->notes.v[i].text);
    FREE_ALL(&d->metrics, d->metrics.v[i].name);
    FREE_ALL(&d->comparisons, d->comparisons.v[i].pair, d->comparisons.v[i].metric);
    FREE_ALL(&d->models, d->models.v[i]);
    FREE_ALL(&d->tasks, d->tasks.v[i]);
    FREE_ALL(&d->groups, d->groups.v[i].role, d->groups.v[i].task, d->groups.v[i].complexity);
    FREE_ALL(&d->facts, d->facts.v[i].name);
    FREE_ALL(&d->encoders, d->encoders.v[i].name);
    free(d->task_score);
    free(d->store_name);
    free(d->split);
    point_free(d->point, d->points);
    run_info_deinit(&d->info);
    if (d->has_router)
        router_deinit(&d->router);
    *d = (struct report_data){.best = -1, .constant = -1};
}

const struct policy *data_policy(const struct report_data *d, const char *kind, const char *name)
{
    for (size_t i = 0; i < d->policies.n; i++)
        if (!strcmp(d->policies.v[i].kind, kind) && (!name || !strcmp(d->policies.v[i].name, name)))
            return &d->policies.v[i];
    return NULL;
}

struct value data_metric(const struct report_data *d, const char *name)
{
    for (size_t i = 0; i < d->metrics.n; i++)
        if (!strcmp(d->metrics.v[i].name, name))
            return d->metrics.v[i].value;
    return VALUE_NONE;
}

const struct comparison *data_comparison(const struct report_data *d, const char *pair,
                                         const char *metric)
{
    for (size_t i = 0; i < d->comparisons.n; i++)
        if (!strcmp(d->comparisons.v[i].pair, pair) && !strcmp(d->comparisons.v[i].metric, metric))
            return &d->comparisons.v[i];
    return NULL;
}

const char *data_note(const struct report_data *d, const char *key)
{
    for (size_t i = 0; i < d->notes.n; i++)
        if (!strcmp(d->notes.v[i].key, key))
            return d->notes.v[i].text;
    return NULL;
}

size_t data_series(const struct report_data *d, const char *policy, const char *name,
                   const struct series_row **first)
{
    size_t n = 0;
    for (size_t i = 0; i < d->series.n; i++) {
        const struct series_row *r = &d->series.v[i];
        if (strcmp(r->policy, policy) != 0 || strcmp(r->name, name) != 0)
            continue;
        if (n++ == 0)
            *first = r;
    }
    return n;
}
