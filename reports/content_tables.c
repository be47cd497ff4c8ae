/* Tables of the evaluation: policies, operating points, tasks, comparisons, metrics. */
#include "reports/content.h"

#include "core/mem.h"
#include "reports/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void cell_value(struct table *t, const struct value *v, char *(*format)(double))
{
    table_cell(t, format(v->v), isnan(v->v) ? NULL : text_interval(v, format));
}

static char *signed_quality(double v)
{
    AUTO_FREE char *s = text_number(v, 4);
    return mem_printf("%s%s", v > 0 && strspn(s, "0.") != strlen(s) ? "+" : "", s);
}

static char *signed_usd(double v)
{
    AUTO_FREE char *s = text_usd(v);
    return mem_printf("%s%s", v > 0 ? "+" : "", s);
}

static char *percent_1(double v)
{
    return text_percent(v, 1);
}

static const struct {
    const char *kind, *group, *text;
} kinds[] = {
    {"single", "Single models", "single model"},
    {"constant", "Controls", "one model for all, chosen on the training side"},
    {"mix", "Controls", "random mix of single models at the same cost"},
    {"task_means", "Controls", "table of task means, at lambda 0"},
    {"rules", "Controls", "keyword rules"},
    {"cascade", "Controls", "cascade of two models, by log-probability"},
    {"point", "The router", "operating point, guarded"},
    {"router", "The router", "router at lambda 0, unguarded"},
    {"plan", "The router", "plan: may look at a reply and ask again"},
    {"oracle", "Bound", "oracle: knows every score beforehand"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Of cost against the best single model. The stored comparisons are with the constant: their
 * interval serves where the two cost the same. */
static struct value saving_of(const struct report_data *d, const struct policy *p)
{
    if (d->best < 0 || !(d->policies.v[d->best].cost.v > 0))
        return VALUE_NONE;
    const double base = d->policies.v[d->best].cost.v;
    struct value saving = {1 - p->cost.v / base, (double)NAN, (double)NAN, p->cost.n};
    if (d->constant >= 0 && fabs(d->policies.v[d->constant].cost.v / base - 1) < 1e-12) {
        const struct value paired = content_saving(d, p->name);
        if (!isnan(paired.v))
            saving = paired;
    }
    return saving;
}

static void policy_row(const struct report_data *d, const struct policy *p, const char *text,
                       bool best, struct table *t)
{
    if (best || (!strcmp(p->kind, "point") && !strcmp(p->name, "balanced")))
        table_emphasis(t, 'b');
    table_text(t, p->name);
    table_text(t, best ? "best single model" : text);
    cell_value(t, &p->quality, text_quality);
    cell_value(t, &p->cost, text_usd);
    const struct value saving = saving_of(d, p);
    if (best)
        table_text(t, TEXT_NONE);
    else
        cell_value(t, &saving, percent_1);
    cell_value(t, &p->latency_p50, text_ms);
    cell_value(t, &p->latency_p95, text_ms);
}

void content_policies(const struct report_data *d, struct doc *doc)
{
    static const char *const names[] = {"Policy",  "Kind",         "#Quality",    "#Cost per 1,000",
                                        "#Saving", "#Latency p50", "#Latency p95"};
    doc_heading(doc, "Every policy");
    struct table *t = doc_table(doc,
                                "Quality and cost of every policy, with 95 % intervals. Saving: "
                                "of cost against the best single model.",
                                7, names);
    const char *group = "";
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < d->policies.n; i++) {
            const struct policy *p = &d->policies.v[i];
            if (strcmp(p->kind, kinds[k].kind) != 0)
                continue;
            if (strcmp(group, kinds[k].group) != 0) {
                group = kinds[k].group;
                table_emphasis(t, 'h');
                table_text(t, group);
                for (int c = 1; c < 7; c++)
                    table_cell(t, NULL, NULL);
            }
            const bool sweep = !strcmp(p->kind, "plan") && !strcmp(p->name, "plan");
            policy_row(d, p, sweep ? "plan at lambda 0, unguarded" : kinds[k].text,
                       (long)i == d->best, t);
        }
}

/* "gpt-4 38 %, mixtral 62 %", the largest first; NULL. */
static char *shares(const struct report_data *d, const struct policy *p)
{
    if (!p || !p->share)
        return NULL;
    struct buf b = BUF_INIT(0);
    AUTO_FREE bool *done = mem_array(d->models.n, sizeof *done);
    for (size_t k = 0; k < d->models.n; k++) {
        size_t top = d->models.n;
        for (size_t m = 0; m < d->models.n; m++)
            if (!done[m] && p->share[m] > 0 && (top == d->models.n || p->share[m] > p->share[top]))
                top = m;
        if (top == d->models.n)
            break;
        done[top] = true;
        const double share = p->share[top] * 100; /* a no-break space before the sign */
        buf_addf(&b, share < .05 ? "%s%s <0.1\xC2\xA0%%" : "%s%s %.1f\xC2\xA0%%", b.len ? ", " : "",
                 d->models.v[top], share);
    }
    return buf_detach(&b, NULL);
}

static char *significant(double v)
{
    return isfinite(v) ? mem_printf("%.4g", v) : text_number(v, 0);
}

static void point_row(const struct report_data *d, const struct point *p, struct table *t)
{
    const bool share = !strcmp(p->kind, "share"), plan = !strcmp(p->kind, "plan");
    const struct policy *policy = data_policy(d, plan ? "plan" : "point", p->name);
    table_text(t, p->name);
    table_cell(t, share ? percent_1(p->share) : significant(p->lambda_per_usd),
               share ? mem_printf("share sent to %s", p->strong) : NULL);
    table_cell(t, share ? mem_strdup(TEXT_NONE) : significant(p->z), NULL);
    table_text(t, p->default_model ? p->default_model : TEXT_NONE);
    char *who = shares(d, policy);
    table_cell(t, who ? who : mem_strdup(TEXT_NONE), mem_strdup(p->note));
    const struct value saving = content_saving(d, p->name);
    cell_value(t, &saving, percent_1);
}

void content_points(const struct report_data *d, struct doc *doc)
{
    static const char *const names[] = {"Point",       "#Lambda per dollar",
                                        "#Guard z",    "Default model",
                                        "Who answers", "#Saving against the constant"};
    if (!d->points)
        return;
    doc_heading(doc, "Operating points");
    struct table *t = doc_table(doc,
                                "As they are compiled into the table. A request leaves the "
                                "default model only where the gain was shown on the selection "
                                "data, by z standard errors.",
                                6, names);
    for (size_t i = 0; i < d->points; i++)
        point_row(d, &d->point[i], t);
}

/* Columns of the heat table; more models than this do not fit a table. */
static size_t heat_models(const struct report_data *d)
{
    return d->models.n < 40 ? d->models.n : 40;
}

static void heat_row(const struct report_data *d, const char *name, const struct value *score,
                     double lo, double hi, struct table *t)
{
    const size_t models = heat_models(d);
    double best = (double)-INFINITY;
    int64_t n = 0;
    for (size_t m = 0; m < d->models.n; m++) {
        best = score[m].v > best ? score[m].v : best;
        n = score[m].n > n ? score[m].n : n;
    }
    table_text(t, name[0] ? name : "(no task)");
    table_cell(t, text_count(n), NULL);
    for (size_t m = 0; m < models; m++) {
        table_cell(t, text_number(score[m].v, 3), NULL);
        struct cell *c = &t->cells.v[t->cells.n - 1];
        c->shade = isnan(score[m].v) ? (double)NAN : hi > lo ? (score[m].v - lo) / (hi - lo) : .5;
        c->best = score[m].v >= best;
    }
}

void content_heat(const struct report_data *d, struct doc *doc)
{
    if (d->tasks.n == 0 || d->models.n == 0)
        return;
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < d->tasks.n * d->models.n; i++) {
        lo = d->task_score[i].v < lo ? d->task_score[i].v : lo;
        hi = d->task_score[i].v > hi ? d->task_score[i].v : hi;
    }
    doc_heading(doc, "Which model is good at what");
    struct table *t =
        doc_table(doc,
                  "Mean score of each model on each task; darker is better, the best of a "
                  "task is marked.",
                  2, (const char *const[]){"Task", "#Prompts"});
    t->heat = true;
    for (size_t m = 0; m < heat_models(d); m++)
        table_column(t, d->models.v[m], true);
    AUTO_FREE struct value *all = mem_array(d->models.n, sizeof *all);
    for (size_t m = 0; m < d->models.n; m++)
        all[m] = data_policy(d, "single", d->models.v[m])->quality;
    if (d->tasks.n > 1) {
        table_emphasis(t, 'b');
        heat_row(d, "all prompts", all, lo, hi, t);
    }
    for (size_t i = 0; i < d->tasks.n; i++)
        heat_row(d, d->tasks.v[i], d->task_score + i * d->models.n, lo, hi, t);
    if (heat_models(d) < d->models.n)
        doc_text(doc, mem_printf("The first %zu of %zu models are shown; report.csv has all.",
                                 heat_models(d), d->models.n));
}

/* Of these less is better. */
static bool is_cost(const char *metric)
{
    static const char *const begin[] = {"cost", "latency", "cpt"};
    for (size_t k = 0; k < sizeof begin / sizeof *begin; k++)
        if (!strncmp(metric, begin[k], strlen(begin[k])))
            return true;
    return false;
}

static const char *shown(const struct comparison *c)
{
    const struct value *v = &c->difference;
    return isnan(v->lo) || isnan(v->hi)         ? TEXT_NONE
           : !(v->lo > 0) && !(v->hi < 0)       ? "not shown: zero is inside"
           : (v->lo > 0) == !is_cost(c->metric) ? "better"
                                                : "worse";
}

void content_comparisons(const struct report_data *d, struct doc *doc)
{
    static const char *const names[] = {"Difference", "Of", "#Value", "#Detectable", "Verdict"};
    if (!d->comparisons.n)
        return;
    doc_heading(doc, "Paired comparisons");
    struct table *t =
        doc_table(doc,
                  "Differences on the same prompts, with 95 % intervals. Detectable: the "
                  "smallest difference that this data shows with 80 % power. Better, "
                  "worse: the first of the pair than the second; less cost is better.",
                  5, names);
    for (size_t i = 0; i < d->comparisons.n; i++) {
        const struct comparison *c = &d->comparisons.v[i];
        const bool money = !strncmp(c->metric, "cost", 4);
        table_text(t, c->pair);
        table_text(t, money ? "cost per 1,000" : c->metric);
        cell_value(t, &c->difference, money ? signed_usd : signed_quality);
        table_cell(t, money ? text_usd(c->detectable) : text_quality(c->detectable), NULL);
        table_text(t, shown(c));
    }
}

enum need { NEED_ROUTER = 1, NEED_COST = 2, NEED_TWO = 4, LEVEL = 8, OF_PLANS = 16 };
static const struct {
    const char *name, *text;
    int need;
} metrics[] = {
    {"apgr", "mean share of the quality gap recovered, over all shares of the strong model", 5},
    {"cpt50", "share sent to the strong model at which half of the gap is recovered", 13},
    {"cpt80", "the same for 80 % of the gap", 13},
    {"apgr_task_means", "apgr of the table of task means", 4},
    {"cpt50_task_means", "cpt50 of the table of task means", 12},
    {"cpt80_task_means", "cpt80 of the table of task means", 12},
    {"aiq", "mean quality under the router's hull, over all budgets", 3},
    {"aiq_raw", "the same under the curve itself: what increments are made of", 3},
    {"aiq_singles", "aiq of mixing single models", 2},
    {"aiq_task_means", "aiq of the table of task means", 2},
    {"aiq_task_means_raw", "aiq_raw of the table of task means", 2},
    {"oracle_quality", "quality when every score is known beforehand", 0},
    {"best_single_quality", "quality of the best single model, by hindsight", 0},
    {"constant_quality", "quality of the constant chosen on the training side", 0},
    {"quality_at_lambda_0", "quality of the router when cost does not count", 1},
    {"task_means_at_lambda_0", "the same of the table of task means", 0},
    {"cost_share_at_best_single",
     "share of the best single model's cost at which the router matches it", 11},
    {"quality_at_best_single_cost", "quality of the router at the best single model's cost", 3},
    {"cost_share_task_means", "cost share of the table of task means", 10},
    {"quality_at_best_single_cost_task_means", "quality of that table at that cost", 2},
    {"gain_aiq_raw", "aiq_raw over the best control", 3},
    {"gain_apgr", "apgr over the best control", 5},
    {"gain_lambda_0", "quality at lambda 0 over the constant", 1},
    {"plan.aiq", "aiq of plans, which may look at a reply and ask again", 19},
    {"plan.aiq_raw", "aiq_raw of plans", 19},
    {"plan.gain_aiq_raw", "aiq_raw of plans over mixing single models", 19},
    {"plan.quality_at_lambda_0", "quality of plans when cost does not count", 17},
    {"plan.cost_share_at_best_single",
     "share of the best single model's cost at which plans match it", 27},
    {"plan.quality_at_best_single_cost", "quality of plans at the best single model's cost", 19},
    {"plan.apgr", "apgr when the weak model's reply decides who is sent on", 21},
    {"plan.cpt50", "cpt50 in that order", 29},
    {"plan.cpt80", "cpt80 in that order", 29},
};
enum { METRICS_KNOWN = sizeof metrics / sizeof *metrics };

static const char *why_missing(const struct report_data *d, int need)
{
    return need & NEED_ROUTER && !d->has_router  ? "needs a trained router"
           : need & NEED_TWO && d->models.n != 2 ? "for two models only"
           : need & NEED_COST && !d->has_cost    ? "needs the cost of every reply"
           : need & LEVEL                        ? "the level is never reached"
                                                 : "does not apply";
}

static void metric_row(const struct report_data *d, size_t k, struct table *t)
{
    const struct value v = data_metric(d, metrics[k].name);
    table_text(t, metrics[k].name);
    cell_value(t, &v, text_quality);
    if (isnan(v.v))
        t->cells.v[t->cells.n - 1].sub = mem_strdup(why_missing(d, metrics[k].need));
    table_text(t, metrics[k].text);
}

/* Those that are known first, then those that are not, with the reason. */
void content_metrics(const struct report_data *d, struct doc *doc)
{
    doc_heading(doc, "Metrics");
    struct table *t = doc_table(doc, "With 95 % intervals.", 3,
                                (const char *const[]){"Metric", "#Value", "Meaning"});
    for (size_t k = 0; k < METRICS_KNOWN; k++)
        if (!isnan(data_metric(d, metrics[k].name).v))
            metric_row(d, k, t);
    for (size_t i = 0; i < d->metrics.n; i++) {
        bool known = false;
        for (size_t k = 0; k < METRICS_KNOWN; k++)
            known = known || !strcmp(metrics[k].name, d->metrics.v[i].name);
        if (known)
            continue;
        table_text(t, d->metrics.v[i].name);
        cell_value(t, &d->metrics.v[i].value, text_quality);
        table_text(t, "");
    }
    for (size_t k = 0; k < METRICS_KNOWN; k++)
        if (isnan(data_metric(d, metrics[k].name).v) &&
            (!(metrics[k].need & OF_PLANS) || data_policy(d, "plan", NULL)))
            metric_row(d, k, t);
}
