/* The parts of a result: adding, finding, freeing. */
#include "eval/result.h"

#include <stdlib.h>
#include <string.h>

void result_note(struct eval_result *r, const char *key, char *text)
{
    struct sentence s = {mem_strdup(key), text};
    VEC_PUSH(&r->note, s);
}

void result_series(struct eval_result *r, const char *policy, const char *name, int64_t i, double x,
                   double y, double lo, double hi, char *label)
{
    struct series_point p = {mem_strdup(policy), mem_strdup(name), label, i, x, y, lo, hi};
    VEC_PUSH(&r->series, p);
}

const struct policy_row *result_find(const struct eval_result *r, const char *name,
                                     const char *kind)
{
    for (size_t k = 0; k < r->policy.n; k++)
        if (strcmp(r->policy.v[k].kind, kind) == 0 &&
            (!name || strcmp(r->policy.v[k].name, name) == 0))
            return &r->policy.v[k];
    return NULL;
}

static void free_names(char **names, size_t n)
{
    for (size_t k = 0; names && k < n; k++)
        free(names[k]);
    free(names);
}

void eval_result_free(struct eval_result *r)
{
    if (!r)
        return;
    free_names(r->model, r->models);
    free_names(r->task, r->tasks);
    free(r->router);
    metric_result_deinit(&r->metric);
    for (size_t k = 0; k < r->policy.n; k++) {
        free(r->policy.v[k].name);
        free(r->policy.v[k].share);
        free(r->policy.v[k].note);
        free(r->policy.v[k].slice);
    }
    VEC_FREE(&r->policy);
    for (size_t k = 0; k < r->comparison.n; k++) {
        free(r->comparison.v[k].a);
        free(r->comparison.v[k].b);
    }
    VEC_FREE(&r->comparison);
    for (size_t k = 0; k < r->note.n; k++) {
        free(r->note.v[k].key);
        free(r->note.v[k].text);
    }
    VEC_FREE(&r->note);
    for (size_t k = 0; k < r->series.n; k++) {
        free(r->series.v[k].policy);
        free(r->series.v[k].name);
        free(r->series.v[k].label);
    }
    VEC_FREE(&r->series);
    for (size_t k = 0; k < r->point.n; k++)
        point_choice_deinit(&r->point.v[k].choice);
    VEC_FREE(&r->point);
    for (size_t k = 0; k < r->plan_point.n; k++)
        plan_point_deinit(&r->plan_point.v[k].point);
    VEC_FREE(&r->plan_point);
    free(r);
}
