/* The router beside every control, on the same folds: what it must beat to be worth having. */
#include "cli/study.h"

#include "core/log.h"
#include "core/mem.h"
#include "eval/control.h"
#include "train/knn.h"
#include "train/refit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 7 };

/* Rows in the making; what they point to is freed by the caller. */
struct rows {
    struct predictor p[MOST];
    double seconds[MOST];
    char *name[MOST];
    size_t n;
};

static void add(struct rows *r, char *name, struct predictor p, double seconds)
{
    r->name[r->n] = name;
    r->seconds[r->n] = seconds;
    r->p[r->n++] = p;
}

static double *values(const struct study *x)
{
    return mem_array(x->set.n, sizeof(double));
}

/* A policy that gives prompt i model low, or high with chance share. */
static void fill_mix(const struct study *x, const int *low, const int *high, double share,
                     double *value, double *cost)
{
    for (size_t i = 0; i < x->set.n; i++) {
        const size_t a = i * x->set.models + (size_t)low[i],
                     b = i * x->set.models + (size_t)high[i];
        value[i] = (1 - share) * x->set.score[a] + share * x->set.score[b];
        cost[i] = (1 - share) * x->set.cost[a] + share * x->set.cost[b];
    }
}

/* What the router spends at lambda 0, spent on two single models drawn at random. */
static bool matched_mix(const struct study *x, const double *q, double *value, double *cost)
{
    const struct eval_set *s = &x->set;
    if (eval_set_missing(s, s->cost) > 0)
        return false;
    AUTO_FREE double *c = mem_array(s->models, sizeof *c), *y = mem_array(s->models, sizeof *y);
    double spent = 0, weight = 0;
    for (size_t m = 0; m < s->models; m++) {
        c[m] = eval_set_mean(s, s->cost, m);
        y[m] = eval_set_mean(s, s->score, m);
    }
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        const int pick = eval_choose(s->models, q + row, s->c + row, s->t + row, 0, 0);
        spent += s->weight[i] * s->cost[row + (size_t)pick];
        weight += s->weight[i];
    }
    const struct control_mix mix = control_mix_at(c, y, s->models, spent / weight);
    AUTO_FREE int *low = mem_array(s->n, sizeof *low), *high = mem_array(s->n, sizeof *high);
    for (size_t i = 0; i < s->n; i++) {
        low[i] = mix.low;
        high[i] = mix.high;
    }
    fill_mix(x, low, high, mix.share, value, cost);
    return true;
}

static void fill_constant(const struct study *x, double *value, double *cost)
{
    AUTO_FREE int *pick = mem_array(x->set.n, sizeof *pick);
    for (size_t i = 0; i < x->set.n; i++)
        pick[i] = x->constant[x->part[i]];
    fill_mix(x, pick, pick, 0, value, cost);
}

static void fill_random(const struct study *x, double *value, double *cost)
{
    const size_t models = x->set.models;
    for (size_t i = 0; i < x->set.n; i++)
        for (size_t m = 0; m < models; m++) {
            value[i] += x->set.score[i * models + m] / (double)models;
            cost[i] += x->set.cost[i * models + m] / (double)models;
        }
}

static void take_rows(struct rows *r, const struct study *x, struct study_table *out)
{
    out->n = r->n;
    out->name = mem_array(r->n, sizeof *out->name);
    out->count = mem_array(r->n, sizeof *out->count);
    out->seconds = mem_array(r->n, sizeof *out->seconds);
    out->figure = mem_array(r->n, sizeof *out->figure);
    for (size_t k = 0; k < r->n; k++) {
        out->name[k] = r->name[k];
        out->seconds[k] = r->seconds[k];
        out->count[k] = INT64_MIN;
    }
    predictors_compare(&x->set, r->p, r->n, (size_t)(x->weak < 0 ? 0 : x->weak),
                       (size_t)(x->strong < 0 ? 0 : x->strong), &x->boot, out->figure);
}

int study_controls(const struct study *x, size_t jobs, struct study_table *out, struct err *e)
{
    *out = (struct study_table){.key = "controls",
                                .column = "policy",
                                .title = "the router and its controls on the same folds",
                                .first = "router",
                                .models = x->set.models};
    struct knn knn;
    struct err why = {0};
    int rc = knn_fit(x->training, jobs, &knn, &why);
    if (rc != ERR_OK && rc != ERR_LIMIT)
        return err_set(e, rc, "%s", why.text);
    if (rc == ERR_LIMIT)
        log_note("%s", why.text);
    AUTO_FREE double *all = refit_own(x->training, false);
    AUTO_FREE double *q = study_take(x, all), *near = rc == ERR_OK ? study_take(x, knn.q) : NULL;
    double *v[3], *c[3];
    for (size_t k = 0; k < 3; k++) {
        v[k] = values(x);
        c[k] = values(x);
    }
    struct rows r = {0};
    add(&r, mem_strdup("router *"), (struct predictor){.q = q}, x->training->fit_seconds);
    if (near != NULL)
        add(&r, mem_printf("nearest neighbours, k %zu", knn.common), (struct predictor){.q = near},
            knn.seconds);
    add(&r, mem_strdup("task means"), (struct predictor){.q = x->task_q}, (double)NAN);
    fill_constant(x, v[0], c[0]);
    add(&r, mem_strdup("best constant"), (struct predictor){.value = v[0], .cost = c[0]},
        (double)NAN);
    if (matched_mix(x, q, v[1], c[1]))
        add(&r, mem_strdup("random mix at its cost"),
            (struct predictor){.value = v[1], .cost = c[1]}, (double)NAN);
    fill_random(x, v[2], c[2]);
    add(&r, mem_strdup("random"), (struct predictor){.value = v[2], .cost = c[2]}, (double)NAN);
    add(&r, mem_strdup("hull of single models"), (struct predictor){.hull = true}, (double)NAN);
    out->cost_known = eval_set_missing(&x->set, x->set.cost) == 0;
    take_rows(&r, x, out);
    for (size_t k = 0; k < 3; k++) {
        free(v[k]);
        free(c[k]);
    }
    if (rc == ERR_OK)
        knn_deinit(&knn);
    return ERR_OK;
}
