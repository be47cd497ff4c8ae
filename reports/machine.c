/* The numbers for programs: CSV of all rows, and one JSON object. */
#include "reports/pages.h"

#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "reports/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void csv_number(struct buf *b, double v)
{
    AUTO_FREE char *text = isfinite(v) ? mem_printf("%.9g", v) : mem_strdup("");
    buf_addc(b, ',');
    buf_adds(b, text);
}

void page_csv(const struct report_data *d, struct buf *b)
{
    buf_adds(b, "policy,kind,split,slice,metric,value,lo,hi,n\n");
    for (size_t i = 0; i < d->rows.n; i++) {
        const struct evaluation *v = &d->rows.v[i];
        text_csv(b, v->policy, true);
        text_csv(b, v->kind, false);
        text_csv(b, v->split, false);
        text_csv(b, v->slice, false);
        text_csv(b, v->metric, false);
        csv_number(b, v->value);
        csv_number(b, v->lo);
        csv_number(b, v->hi);
        buf_addf(b, ",%" PRId64 "\n", v->n);
    }
}

/* "key": value, "key_ci": [lo, hi] or null. */
static void put_value(struct jsonw *w, const char *key, const struct value *v)
{
    AUTO_FREE char *ci = mem_printf("%s_ci", key);
    jsonw_num(w, key, v->v);
    if (isnan(v->lo) || isnan(v->hi)) {
        jsonw_null(w, ci);
        return;
    }
    jsonw_arr(w, ci);
    jsonw_num(w, NULL, v->lo);
    jsonw_num(w, NULL, v->hi);
    jsonw_end(w);
}

static void put_router(const struct report_data *d, struct jsonw *w)
{
    if (!d->has_router) {
        jsonw_null(w, "router");
        return;
    }
    const struct router *r = &d->router;
    jsonw_obj(w, "router");
    jsonw_str(w, "name", r->name);
    jsonw_str(w, "encoder", r->encoder);
    jsonw_str(w, "mode", r->mode);
    jsonw_int(w, "folds", r->folds);
    jsonw_int(w, "seed", r->seed);
    jsonw_str(w, "data_hash", r->data_hash);
    struct json *m = NULL;
    if (r->metrics && json_parse(r->metrics, strlen(r->metrics), &m, NULL) == 0)
        jsonw_raw(w, "metrics", r->metrics);
    else
        jsonw_null(w, "metrics");
    json_free(m);
    jsonw_end(w);
}

static void put_policies(const struct report_data *d, struct jsonw *w)
{
    jsonw_arr(w, "policies");
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        jsonw_obj(w, NULL);
        jsonw_str(w, "name", p->name);
        jsonw_str(w, "kind", p->kind);
        put_value(w, "quality", &p->quality);
        put_value(w, "cost_usd_per_1k", &p->cost);
        put_value(w, "latency_p50_ms", &p->latency_p50);
        put_value(w, "latency_p95_ms", &p->latency_p95);
        jsonw_num(w, "lambda_per_usd", p->lambda);
        if (p->share) {
            jsonw_arr(w, "shares");
            for (size_t m = 0; m < d->models.n; m++)
                jsonw_num(w, NULL, p->share[m]);
            jsonw_end(w);
        } else {
            jsonw_null(w, "shares");
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void put_numbers(const struct report_data *d, struct jsonw *w)
{
    jsonw_obj(w, "metrics");
    for (size_t i = 0; i < d->metrics.n; i++)
        put_value(w, d->metrics.v[i].name, &d->metrics.v[i].value);
    jsonw_end(w);
    jsonw_arr(w, "comparisons");
    for (size_t i = 0; i < d->comparisons.n; i++) {
        const struct comparison *c = &d->comparisons.v[i];
        jsonw_obj(w, NULL);
        jsonw_str(w, "pair", c->pair);
        jsonw_str(w, "metric", c->metric);
        put_value(w, "difference", &c->difference);
        jsonw_num(w, "minimum_detectable", c->detectable);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_arr(w, "savings");
    for (size_t i = 0; i < d->policies.n; i++) {
        if (strcmp(d->policies.v[i].kind, "point") != 0)
            continue;
        const struct value saving = content_saving(d, d->policies.v[i].name);
        jsonw_obj(w, NULL);
        jsonw_str(w, "point", d->policies.v[i].name);
        put_value(w, "share_of_constant_cost_saved", &saving);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void put_tasks(const struct report_data *d, struct jsonw *w)
{
    jsonw_arr(w, "tasks");
    for (size_t t = 0; t < d->tasks.n; t++) {
        jsonw_obj(w, NULL);
        jsonw_str(w, "task", d->tasks.v[t]);
        jsonw_arr(w, "models");
        for (size_t m = 0; m < d->models.n; m++) {
            const struct value *v = &d->task_score[t * d->models.n + m];
            jsonw_obj(w, NULL);
            jsonw_str(w, "model", d->models.v[m]);
            put_value(w, "quality", v);
            jsonw_int(w, "prompts", v->n);
            jsonw_end(w);
        }
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void put_rest(const struct report_data *d, struct jsonw *w)
{
    jsonw_arr(w, "series");
    for (size_t i = 0; i < d->series.n; i++) {
        const struct series_row *r = &d->series.v[i];
        jsonw_obj(w, NULL);
        jsonw_str(w, "policy", r->policy);
        jsonw_str(w, "name", r->name);
        jsonw_int(w, "i", r->i);
        jsonw_num(w, "x", r->x);
        jsonw_num(w, "y", r->y);
        jsonw_num(w, "lo", r->lo);
        jsonw_num(w, "hi", r->hi);
        jsonw_str(w, "label", r->label);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_arr(w, "notes");
    for (size_t i = 0; i < d->notes.n; i++) {
        jsonw_obj(w, NULL);
        jsonw_str(w, "key", d->notes.v[i].key);
        jsonw_str(w, "text", d->notes.v[i].text);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_arr(w, "rows");
    for (size_t i = 0; i < d->rows.n; i++) {
        const struct evaluation *v = &d->rows.v[i];
        const struct value value = {v->value, v->lo, v->hi, v->n};
        jsonw_obj(w, NULL);
        jsonw_str(w, "policy", v->policy);
        jsonw_str(w, "kind", v->kind);
        jsonw_str(w, "split", v->split);
        jsonw_str(w, "slice", v->slice);
        jsonw_str(w, "metric", v->metric);
        put_value(w, "value", &value);
        jsonw_int(w, "n", v->n);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void page_json(const struct report_data *d, const struct doc *doc, struct buf *b)
{
    struct jsonw w = JSONW_INIT(b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.report/1");
    jsonw_str(&w, "title", doc->title);
    jsonw_str(&w, "store", d->store_name);
    jsonw_int(&w, "run", d->run);
    jsonw_str(&w, "split", d->split);
    jsonw_int(&w, "prompts", d->prompts);
    jsonw_int(&w, "seed", d->info.seed);
    jsonw_str(&w, "answer", content_answer(d));
    jsonw_str(&w, "verdict", data_note(d, "verdict"));
    jsonw_str(&w, "advice", data_note(d, "advice"));
    jsonw_str(&w, "best_single", d->best < 0 ? NULL : d->policies.v[d->best].name);
    jsonw_str(&w, "constant", data_note(d, "constant"));
    jsonw_bool(&w, "costs_known", d->has_cost);
    jsonw_arr(&w, "models");
    for (size_t m = 0; m < d->models.n; m++)
        jsonw_str(&w, NULL, d->models.v[m]);
    jsonw_end(&w);
    put_router(d, &w);
    put_policies(d, &w);
    put_numbers(d, &w);
    put_tasks(d, &w);
    put_rest(d, &w);
    jsonw_end(&w);
    buf_addc(b, '\n');
}
