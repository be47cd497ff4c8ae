/* Tables of predictions compared: aligned for people, a row a metric for programs, JSON. */
#include "cli/study.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Metrics that some row has. gain is of the learning curve, which prints it itself. */
static bool shown(const struct study_table *t, int k)
{
    if (k == PREDICTOR_GAIN)
        return false;
    for (size_t r = 0; r < t->n; r++)
        if (!isnan(t->figure[r].value[k].value))
            return true;
    return false;
}

static void json_figure(struct jsonw *w, const struct figure *x)
{
    jsonw_num(w, "value", x->value);
    jsonw_num(w, "lo", x->lo);
    jsonw_num(w, "hi", x->hi);
}

void study_json(const struct study_table *t, struct jsonw *w)
{
    AUTO_FREE char *less = mem_printf("less_%s", t->first);
    jsonw_arr(w, t->key);
    for (size_t r = 0; r < t->n; r++) {
        const char *mark = strstr(t->name[r], " *");
        jsonw_obj(w, NULL);
        jsonw_strn(w, "name", t->name[r], mark ? (size_t)(mark - t->name[r]) : strlen(t->name[r]));
        jsonw_bool(w, "trained", mark != NULL);
        if (t->number && t->count[r] != INT64_MIN)
            jsonw_int(w, t->number, t->count[r]);
        if (t->seconds)
            jsonw_num(w, "fit_seconds", t->seconds[r]);
        for (int k = 0; k < PREDICTOR_METRICS; k++) {
            if (!shown(t, k) || isnan(t->figure[r].value[k].value))
                continue;
            jsonw_obj(w, predictor_metric_names[k]);
            json_figure(w, &t->figure[r].value[k]);
            if (r > 0) {
                jsonw_obj(w, less);
                json_figure(w, &t->figure[r].less_first[k]);
                jsonw_end(w);
            }
            jsonw_end(w);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void cell(struct out *o, const struct figure *x, bool sign)
{
    if (isnan(x->value)) {
        out_null(o);
        return;
    }
    AUTO_FREE char *text = isnan(x->lo) || isnan(x->hi)
                               ? mem_printf(sign ? "%+.4f" : "%.4f", x->value)
                               : mem_printf(sign ? "%+.4f [%+.4f, %+.4f]" : "%.4f [%.4f, %.4f]",
                                            x->value, x->lo, x->hi);
    out_str(o, text);
}

/* The metrics of the aligned table: too many columns are not read. */
static bool in_aligned(const struct study_table *t, int k)
{
    return shown(t, k) && k != PREDICTOR_AIQ && (k != PREDICTOR_AIQ_RAW || t->models > 2);
}

static int print_aligned(const struct study_table *t, FILE *f)
{
    const char *column[2 * PREDICTOR_METRICS + 3];
    char *held[PREDICTOR_METRICS] = {NULL};
    size_t n = 0;
    column[n++] = t->column;
    if (t->number)
        column[n++] = t->number;
    for (int k = 0; k < PREDICTOR_METRICS; k++) {
        if (!in_aligned(t, k))
            continue;
        column[n++] = predictor_metric_names[k];
        if (k != PREDICTOR_COST)
            column[n++] = held[k] = mem_printf("less_%s", t->first);
    }
    if (t->seconds)
        column[n++] = "seconds";
    fprintf(f, "\n%s (95 %% intervals by group, differences paired)\n\n", t->title);
    struct out *o = out_new(OUT_ALIGNED, f, n, column);
    for (size_t r = 0; r < t->n; r++) {
        out_str(o, t->name[r]);
        if (t->number && t->count[r] != INT64_MIN)
            out_int(o, t->count[r]);
        else if (t->number)
            out_null(o);
        for (int k = 0; k < PREDICTOR_METRICS; k++) {
            if (!in_aligned(t, k))
                continue;
            const struct figure *v = &t->figure[r].value[k];
            if (k == PREDICTOR_COST) {
                out_num(o, v->value, 4);
                continue;
            }
            out_num(o, v->value, 4);
            cell(o, &t->figure[r].less_first[k], true);
        }
        if (t->seconds)
            out_num(o, t->seconds[r], 1);
    }
    for (int k = 0; k < PREDICTOR_METRICS; k++)
        free(held[k]);
    return out_end(o);
}

int study_print(const struct study_table *t, enum out_shape shape, FILE *f)
{
    if (shape == OUT_ALIGNED)
        return print_aligned(t, f);
    AUTO_FREE char *less = mem_printf("less_%s", t->first);
    AUTO_FREE char *less_lo = mem_printf("%s_lo", less);
    AUTO_FREE char *less_hi = mem_printf("%s_hi", less);
    struct out *o =
        out_new(shape, f, 9,
                (const char *const[]){t->column, t->number ? t->number : "count", "metric", "value",
                                      "lo", "hi", less, less_lo, less_hi});
    for (size_t r = 0; r < t->n; r++)
        for (int k = 0; k < PREDICTOR_METRICS; k++) {
            const struct predictor_figures *x = &t->figure[r];
            if (isnan(x->value[k].value) || !shown(t, k))
                continue;
            const char *mark = strstr(t->name[r], " *");
            AUTO_FREE char *name =
                mem_strndup(t->name[r], mark ? (size_t)(mark - t->name[r]) : strlen(t->name[r]));
            out_str(o, name);
            if (t->number && t->count[r] != INT64_MIN)
                out_int(o, t->count[r]);
            else
                out_null(o);
            out_str(o, predictor_metric_names[k]);
            out_num(o, x->value[k].value, 6);
            out_num(o, x->value[k].lo, 6);
            out_num(o, x->value[k].hi, 6);
            out_num(o, x->less_first[k].value, 6);
            out_num(o, x->less_first[k].lo, 6);
            out_num(o, x->less_first[k].hi, 6);
        }
    return out_end(o);
}
