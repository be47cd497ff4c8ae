/* Compile, part three: operating points with their guard, substitutes, rules.
 */
#include "core/log.h"
#include "core/mem.h"
#include "core/stat.h"
#include "train/compile_private.h"

#include <math.h>
#include <string.h>

static const double LAMBDA_MAX =
    1e15; /* FORMAT.md bounds it; quality per dollar this high is "cheapest" */
static const double TARGET = 0.8; /* DESIGN section 5 */

static void copy_estimate(const struct estimate *x, double unit, double out[3])
{
    out[0] = x->value * unit;
    out[1] = x->lo * unit;
    out[2] = x->hi * unit;
}

static double finite_or_zero(double v)
{
    return isnan(v) ? 0.0 : fmin(fmax(v, -1e300), 1e300);
}

static const struct point_cell *find_cell(const struct point *x, const char *task)
{
    for (size_t i = 0; i < x->cell_count; i++)
        if (strcmp(x->cells[i].task, task) == 0)
            return &x->cells[i];
    return NULL;
}

/* One byte a task, the last for an unknown one; a task without a cell of its own has the pooled. */
static void fill_guard(const struct draft *d, const struct point *x, unsigned char *guard)
{
    const struct point_cell *pooled = find_cell(x, "");
    for (size_t t = 0; t <= d->params.tasks; t++) {
        const struct point_cell *c = t < d->params.tasks ? find_cell(x, d->params.task[t]) : NULL;
        c = c != NULL ? c : pooled;
        for (unsigned k = 0; c != NULL && k < 3; k++)
            guard[t] |= (unsigned char)(c->pass[k] ? 1U << k : 0U);
    }
}

static int find_required(const struct draft *d, const struct point *x, const char *name, int *out,
                         struct err *e)
{
    *out = name != NULL ? draft_model(d, name) : -1;
    if (name != NULL && *out < 0)
        return err_set(e, ERR_USAGE,
                       "operating point '%s' names model '%s', which the router does not "
                       "have; run 'shunt eval' again",
                       x->name, name);
    return ERR_OK;
}

static int fill_point(const struct draft *d, const struct point *x, unsigned char *guard,
                      struct table_point *out, struct err *e)
{
    int weak, strong, standard;
    int rc = find_required(d, x, x->default_model, &standard, e);
    if (rc == ERR_OK)
        rc = find_required(d, x, x->weak, &weak, e);
    if (rc == ERR_OK)
        rc = find_required(d, x, x->strong, &strong, e);
    if (rc != ERR_OK)
        return rc;
    bool share = x->kind != NULL && strcmp(x->kind, "share") == 0;
    if (share && (weak < 0 || strong < 0))
        return err_set(e, ERR_USAGE,
                       "operating point '%s' names no pair of models; run 'shunt eval' "
                       "again",
                       x->name);
    /* Without cells and with z 0 or none a point was not guarded; with cells, or an infinite z, it
     * is. */
    bool plan = x->kind != NULL && strcmp(x->kind, "plan") == 0;
    bool guarded = plan || (!share && standard >= 0 && (x->cell_count > 0 || x->z > 0));
    if (plan && standard < 0)
        return err_set(e, ERR_USAGE,
                       "operating point '%s' has no default model; run 'shunt eval' again",
                       x->name);
    *out = (struct table_point){
        .name = x->name,
        .share = share,
        .plan = plan,
        .lambda_per_usd = share ? 0 : fmin(finite_or_zero(x->lambda_per_usd), LAMBDA_MAX),
        .mu_per_s = share ? 0 : fmin(finite_or_zero(x->mu_per_s), LAMBDA_MAX),
        .threshold = share ? finite_or_zero(x->threshold) : 0,
        .weak = share ? weak : 0,
        .strong = share ? strong : 0,
        .target = d->config != NULL ? d->config->tier_quality : TARGET,
        .default_model = standard,
        .guard = guarded ? guard : NULL,
        .edge = {finite_or_zero(x->edge[0]), finite_or_zero(x->edge[1])},
    };
    if (guarded)
        fill_guard(d, x, guard);
    copy_estimate(&x->quality, 1, out->quality);
    copy_estimate(&x->cost_usd_per_1k, 1e9 / 1000, out->cost_nusd);
    copy_estimate(&x->latency_ms, 1, out->latency_ms);
    return ERR_OK;
}

size_t draft_standard_point(const struct draft *d)
{
    size_t at = 0;
    for (size_t i = 0; i < d->points; i++)
        if (strcmp(d->point[i].name, "best") == 0)
            at = i;
    for (size_t i = 0; i < d->points; i++)
        if (strcmp(d->point[i].name, "balanced") == 0)
            at = i;
    return at;
}

/* Quality per dollar that substitutes are ordered by. */
static double standard_lambda(const struct draft *d)
{
    for (size_t i = 0; i < d->points; i++)
        if (strcmp(d->point[i].name, "balanced") == 0)
            return d->out_point[i].lambda_per_usd;
    return 0;
}

/* Every model's substitutes: the others by mean score - lambda x mean cost on the training side. */
static void fill_substitutes(struct draft *d)
{
    const struct params *p = &d->params;
    size_t n = p->models;
    double lambda = standard_lambda(d);
    bool costs = true;
    for (size_t k = 0; k < n; k++)
        costs = costs && !isnan(p->mean_nusd[k]);
    AUTO_FREE double *loss = mem_array(n, sizeof *loss);
    AUTO_FREE size_t *order = mem_array(n, sizeof *order);
    for (size_t k = 0; k < n; k++)
        loss[k] = (costs ? lambda * p->mean_nusd[k] * 1e-9 : 0) - p->mean_score[k];
    stat_order(loss, n, order);
    d->substitutes = mem_array(n, sizeof *d->substitutes);
    d->substitute = mem_array(n * n, sizeof *d->substitute);
    for (size_t k = 0; k < n; k++) {
        int *at = d->substitute + k * n;
        d->substitutes[k] = (struct table_substitutes){at, n - 1};
        for (size_t i = 0; i < n; i++)
            if (order[i] != k)
                *at++ = (int)order[i];
    }
    d->spec.substitutes = d->substitutes;
}

int draft_points(struct draft *d, struct err *e)
{
    size_t wide = d->params.tasks + 1;
    d->out_point = mem_array(d->points, sizeof *d->out_point);
    d->guard = mem_array(d->points * wide, sizeof *d->guard);
    for (size_t i = 0; i < d->points; i++) {
        int rc = fill_point(d, &d->point[i], d->guard + i * wide, &d->out_point[i], e);
        if (rc != ERR_OK)
            return rc;
    }
    d->spec.point = d->out_point;
    d->spec.points = d->points;
    fill_substitutes(d);
    return ERR_OK;
}

static int find_tier(const struct draft *d, const char *name)
{
    for (size_t i = 0; i < d->spec.tiers; i++)
        if (strcmp(d->spec.tier[i], name) == 0)
            return (int)i;
    return -1;
}

int draft_rules(struct draft *d, struct err *e)
{
    if (d->config == NULL || d->config->rule_count == 0)
        return ERR_OK;
    d->rule = mem_array(d->config->rule_count, sizeof *d->rule);
    for (size_t i = 0; i < d->config->rule_count; i++) {
        const struct config_rule *x = &d->config->rules[i];
        bool raise = x->action == CONFIG_RAISE;
        int target = raise ? find_tier(d, x->target) : draft_model(d, x->target);
        if (target < 0 && x->action == CONFIG_FORBID) {
            log_note("rule '%s' forbids '%s', which the router does not have anyway: left out",
                     x->name, x->target);
            continue;
        }
        if (target < 0)
            return err_set(e, ERR_USAGE,
                           "rule '%s' asks for %s '%s', which router '%s' does not have; "
                           "train with it, or change the rule",
                           x->name, raise ? "tier" : "model", x->target, d->router.name);
        d->rule[d->spec.rules++] = (struct table_rule){
            .name = x->name,
            .action = raise                        ? TABLE_RAISE
                      : x->action == CONFIG_FORBID ? TABLE_FORBID
                                                   : TABLE_FORCE,
            .target = target,
            .keyword = x->any,
            .keywords = x->any_count,
            .inside_words = !x->whole_words,
            .match_case = !x->ignore_case,
            .min_bytes = (uint64_t)x->min_bytes,
            .max_bytes = x->max_bytes == INT64_MAX ? 0 : (uint64_t)x->max_bytes,
            .task = x->task,
            .user_class = x->user_class,
        };
    }
    d->spec.rule = d->rule;
    return ERR_OK;
}
