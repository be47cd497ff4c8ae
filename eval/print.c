/* Results on stdout: the table and the JSON object. */
#include "eval/print.h"

#include "core/jsonw.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>

/* Metrics in the order of the documentation; the increments are printed as comparisons. */
enum { PRINTED = METRIC_GAIN_AIQ_RAW };

static double finite_or_nan(double v)
{
    return isfinite(v) ? v : (double)NAN;
}

static void json_figure(struct jsonw *w, const char *name, struct figure f)
{
    char key[96];
    snprintf(key, sizeof key, "%s_ci", name);
    jsonw_num(w, name, finite_or_nan(f.value));
    if (isnan(f.lo) || isnan(f.hi) || !isfinite(f.value)) {
        jsonw_null(w, key);
        return;
    }
    jsonw_arr(w, key);
    jsonw_num(w, NULL, f.lo);
    jsonw_num(w, NULL, f.hi); /* an infinite end is null: some resamples never reach the level */
    jsonw_end(w);
}

static void json_policy(struct jsonw *w, const struct eval_result *r, const struct policy_row *p)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "name", p->name);
    jsonw_str(w, "kind", p->kind);
    jsonw_int(w, "prompts", (int64_t)p->n);
    json_figure(w, "quality", p->quality);
    json_figure(w, "cost_usd_per_1k", p->cost_usd_per_1k);
    json_figure(w, "latency_p50_ms", p->latency_p50_ms);
    json_figure(w, "latency_p95_ms", p->latency_p95_ms);
    if (!isnan(p->lambda_per_usd))
        jsonw_num(w, "lambda_per_usd", p->lambda_per_usd);
    if (p->cost_missing)
        jsonw_int(w, "cost_missing", (int64_t)p->cost_missing);
    if (p->latency_missing)
        jsonw_int(w, "latency_missing", (int64_t)p->latency_missing);
    if (p->share) {
        jsonw_obj(w, "share");
        for (size_t m = 0; m < r->models; m++)
            if (p->share[m] > 0)
                jsonw_num(w, r->model[m], p->share[m]);
        jsonw_end(w);
    }
    if (p->note)
        jsonw_str(w, "note", p->note);
    if (p->slices) {
        jsonw_obj(w, "tasks");
        for (size_t k = 0; k < p->slices; k++) {
            jsonw_obj(w, r->task[p->slice[k].task]);
            jsonw_int(w, "prompts", (int64_t)p->slice[k].n);
            json_figure(w, "quality", p->slice[k].quality);
            json_figure(w, "cost_usd_per_1k", p->slice[k].cost_usd_per_1k);
            jsonw_end(w);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static struct figure metric_figure(const struct eval_result *r, int k)
{
    return (struct figure){r->metric.value[k], r->metric.lo[k], r->metric.hi[k]};
}

/* The metrics that a plan has, of those of the router. */
static const enum metric plan_metrics[] = {
    METRIC_APGR,
    METRIC_CPT50,
    METRIC_CPT80,
    METRIC_AIQ,
    METRIC_AIQ_RAW,
    METRIC_QUALITY_AT_LAMBDA_0,
    METRIC_COST_SHARE_AT_BEST_SINGLE,
    METRIC_QUALITY_AT_BEST_SINGLE_COST,
};
enum { PLAN_METRICS = sizeof plan_metrics / sizeof *plan_metrics };

static void json_plan(struct jsonw *w, const struct eval_result *r)
{
    if (!r->plan.there) {
        jsonw_null(w, "plan");
        return;
    }
    jsonw_obj(w, "plan");
    for (size_t k = 0; k < PLAN_METRICS; k++)
        json_figure(w, metric_names[plan_metrics[k]], r->plan.metric[plan_metrics[k]]);
    json_figure(w, "gain_aiq_raw_over_router", r->plan.gain);
    jsonw_end(w);
}

static void json_metrics(struct jsonw *w, const struct eval_result *r)
{
    jsonw_obj(w, "metrics");
    for (int k = 0; k < PRINTED; k++)
        json_figure(w, metric_names[k], metric_figure(r, k));
    jsonw_str(w, "best_single", r->model[r->best_single]);
    jsonw_null(w, "best_single_ci");
    jsonw_str(w, "constant", r->model[r->constant]);
    json_plan(w, r);
    jsonw_end(w);
}

static void json_comparisons(struct jsonw *w, const struct eval_result *r)
{
    jsonw_arr(w, "comparisons");
    for (size_t k = 0; k < r->comparison.n; k++) {
        const struct comparison *c = &r->comparison.v[k];
        jsonw_obj(w, NULL);
        jsonw_str(w, "a", c->a);
        jsonw_str(w, "b", c->b);
        jsonw_str(w, "metric", c->metric);
        json_figure(w, "difference", c->difference);
        jsonw_num(w, "minimum_detectable", c->minimum_detectable);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void eval_json(const struct eval_result *r, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.eval/1");
    jsonw_str(&w, "split", r->cross_fit ? "cross-fit" : "test");
    jsonw_int(&w, "prompts", (int64_t)r->prompts);
    jsonw_int(&w, "groups", (int64_t)r->groups);
    jsonw_str(&w, "router", r->router);
    jsonw_int(&w, "seed", r->seed);
    jsonw_int(&w, "resamples", (int64_t)r->resamples);
    jsonw_arr(&w, "models");
    for (size_t m = 0; m < r->models; m++)
        jsonw_str(&w, NULL, r->model[m]);
    jsonw_end(&w);
    jsonw_arr(&w, "policies");
    for (size_t k = 0; k < r->policy.n; k++)
        json_policy(&w, r, &r->policy.v[k]);
    jsonw_end(&w);
    json_metrics(&w, r);
    json_comparisons(&w, r);
    jsonw_obj(&w, "missing");
    jsonw_int(&w, "unscored_prompts", (int64_t)r->unscored_prompts);
    jsonw_int(&w, "unseen_prompts", (int64_t)r->unseen_prompts);
    jsonw_int(&w, "unknown_cost", (int64_t)r->unknown_cost);
    jsonw_int(&w, "unknown_latency", (int64_t)r->unknown_latency);
    jsonw_int(&w, "unscored_replies", (int64_t)r->unscored_replies);
    jsonw_end(&w);
    jsonw_arr(&w, "notes");
    for (size_t k = 0; k < r->note.n; k++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "key", r->note.v[k].key);
        jsonw_str(&w, "text", r->note.v[k].text);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    buf_addc(out, '\n');
}

static bool in_table(const struct eval_result *r, size_t k)
{
    const char *kind = r->policy.v[k].kind;
    if (strcmp(kind, "router") == 0)
        return false; /* the sweep is in the JSON and in the series */
    if (strcmp(kind, "plan") == 0 && strcmp(r->policy.v[k].name, "plan") == 0)
        return false;
    return strcmp(kind, "task_means") != 0 || k == 0 || strcmp(r->policy.v[k - 1].kind, kind) != 0;
}

/* "[.812, .834]" or "-". */
static void interval_text(struct figure f, double scale, int decimals, char out[64])
{
    if (isnan(f.lo) || isnan(f.hi))
        snprintf(out, 64, "-");
    else if (isinf(f.hi))
        snprintf(out, 64, "[%.*f, never]", decimals, f.lo * scale);
    else
        snprintf(out, 64, "[%.*f, %.*f]", decimals, f.lo * scale, decimals, f.hi * scale);
}

static int decimals_of(double value)
{
    const double v = fabs(value);
    return v >= 100 ? 1 : v >= 10 ? 2 : v >= 1 ? 3 : v >= .1 ? 4 : v >= .01 ? 5 : 6;
}

/* Rows for programs: plain numbers, one column each. */
static int plain_table(const struct eval_result *r, enum out_shape shape, FILE *f)
{
    struct out *o = out_new(
        shape, f, 13,
        (const char *const[]){"name", "kind", "prompts", "quality", "quality_lo", "quality_hi",
                              "cost_usd_per_1k", "cost_usd_per_1k_lo", "cost_usd_per_1k_hi",
                              "latency_p50_ms", "latency_p95_ms", "lambda_per_usd", "note"});
    for (size_t k = 0; k < r->policy.n; k++) {
        const struct policy_row *p = &r->policy.v[k];
        out_str(o, p->name);
        out_str(o, p->kind);
        out_int(o, (int64_t)p->n);
        out_num(o, p->quality.value, 6);
        out_num(o, p->quality.lo, 6);
        out_num(o, p->quality.hi, 6);
        out_num(o, p->cost_usd_per_1k.value, 6);
        out_num(o, p->cost_usd_per_1k.lo, 6);
        out_num(o, p->cost_usd_per_1k.hi, 6);
        out_num(o, p->latency_p50_ms.value, 1);
        out_num(o, p->latency_p95_ms.value, 1);
        out_num(o, isfinite(p->lambda_per_usd) ? p->lambda_per_usd : (double)NAN, 6);
        out_str(o, p->note);
    }
    return out_end(o);
}

static int policy_table(const struct eval_result *r, FILE *f)
{
    struct out *o = out_new(OUT_ALIGNED, f, 8,
                            (const char *const[]){"policy", "kind", "quality", "95 %", "usd_per_1k",
                                                  "95 %", "p50_ms", "p95_ms"});
    char text[64];
    for (size_t k = 0; k < r->policy.n; k++) {
        const struct policy_row *p = &r->policy.v[k];
        if (!in_table(r, k))
            continue;
        out_str(o, p->name);
        out_str(o, p->kind);
        out_num(o, p->quality.value, 4);
        interval_text(p->quality, 1, 4, text);
        out_str(o, text);
        const int digits = decimals_of(p->cost_usd_per_1k.value);
        out_num(o, p->cost_usd_per_1k.value, digits);
        interval_text(p->cost_usd_per_1k, 1, digits, text);
        out_str(o, text);
        out_num(o, p->latency_p50_ms.value, 0);
        out_num(o, p->latency_p95_ms.value, 0);
    }
    return out_end(o);
}

static void metric_line(struct out *o, const char *name, struct figure m)
{
    char text[64];
    if (isnan(m.value))
        return;
    out_str(o, name);
    if (isinf(m.value))
        out_str(o, "never");
    else
        out_num(o, m.value, 4);
    interval_text(m, 1, 4, text);
    out_str(o, isinf(m.value) ? "-" : text);
}

static int metric_table(const struct eval_result *r, FILE *f)
{
    struct out *o = out_new(OUT_ALIGNED, f, 3, (const char *const[]){"metric", "value", "95 %"});
    for (int k = 0; k < PRINTED; k++)
        metric_line(o, metric_names[k], metric_figure(r, k));
    for (size_t k = 0; r->plan.there && k < PLAN_METRICS; k++) {
        AUTO_FREE char *name = mem_printf("plan.%s", metric_names[plan_metrics[k]]);
        metric_line(o, name, r->plan.metric[plan_metrics[k]]);
    }
    return out_end(o);
}

static int comparison_table(const struct eval_result *r, FILE *f)
{
    struct out *o =
        out_new(OUT_ALIGNED, f, 5,
                (const char *const[]){"paired difference", "of", "value", "95 %", "detectable"});
    char text[64];
    for (size_t k = 0; k < r->comparison.n; k++) {
        const struct comparison *c = &r->comparison.v[k];
        const bool money = strncmp(c->metric, "cost", 4) == 0;
        const int digits = money ? decimals_of(c->difference.value) : 4;
        AUTO_FREE char *name = mem_printf("%s - %s", c->a, c->b);
        out_str(o, name);
        out_str(o, c->metric);
        out_num(o, c->difference.value, digits);
        interval_text(c->difference, 1, digits, text);
        out_str(o, text);
        out_num(o, c->minimum_detectable, digits);
    }
    return out_end(o);
}

int eval_table(const struct eval_result *r, enum out_shape shape, FILE *f)
{
    if (shape != OUT_ALIGNED)
        return plain_table(r, shape, f);
    fprintf(f, "%zu prompts in %zu groups, %s%s%s; %zu resamples, seed %lld\n\n", r->prompts,
            r->groups, r->cross_fit ? "cross-fitted" : "test split", r->router ? ", router " : "",
            r->router ? r->router : "", r->resamples, (long long)r->seed);
    int rc = policy_table(r, f);
    fputc('\n', f);
    rc |= metric_table(r, f);
    fprintf(f, "best single model here: %s; constant chosen on the training side: %s\n",
            r->model[r->best_single], r->model[r->constant]);
    if (r->comparison.n) {
        fputc('\n', f);
        rc |= comparison_table(r, f);
    }
    fputc('\n', f);
    for (size_t k = 0; k < r->policy.n; k++)
        if (r->policy.v[k].note && in_table(r, k))
            fprintf(f, "%s: %s\n", r->policy.v[k].name, r->policy.v[k].note);
    for (size_t k = 0; k < r->note.n; k++)
        fprintf(f, "%s: %s\n", r->note.v[k].key, r->note.v[k].text);
    return rc || ferror(f) ? -1 : 0;
}
