/* shunt forecast: what every model and operating point would cost a day, a month, a year. */
#include "cli/cli.h"

#include "core/fs.h"
#include "core/mem.h"
#include "eval/forecast.h"
#include "eval/load.h"
#include "store/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
    struct cli_common common;
    struct str_vec models, prices;
    const char *router;
    int64_t requests, seed, resamples;
    double growth;
    bool json, csv, tsv;
};

/* Predictions as the new prices make them; factor[m] of model m of the matrix. */
struct repriced {
    struct eval_input *in;
    const double *factor;
};

static int load_repriced(void *arg, int64_t scope, struct prediction **out, size_t *n,
                         struct err *e)
{
    const struct repriced *r = arg;
    int rc = eval_load_scope(r->in, scope, out, n, e);
    if (rc)
        return rc;
    const struct matrix *m = r->in->matrix;
    for (size_t k = 0; k < *n; k++) {
        struct prediction *p = &(*out)[k];
        for (size_t j = 0; j < m->models; j++)
            if (m->model[j].id == p->model && p->cost_nusd != MONEY_UNKNOWN)
                p->cost_nusd = (int64_t)llround((double)p->cost_nusd * r->factor[j]);
    }
    return ERR_OK;
}

static int told_repriced(void *arg, int64_t scope, const struct eval_data *d, float *told,
                         struct err *e)
{
    return eval_load_told(((const struct repriced *)arg)->in, scope, d, told, e);
}

/* factor[m] of each model, from --price; observed and expected costs are multiplied. */
static int reprice(const struct args *a, struct eval_data *d, double *factor, struct err *e)
{
    for (size_t m = 0; m < d->all.models; m++)
        factor[m] = 1;
    for (size_t k = 0; k < a->prices.n; k++) {
        size_t len, m = 0;
        double f;
        int rc = forecast_price_parse(a->prices.v[k], &len, &f, e);
        if (rc)
            return rc;
        const struct matrix_model *model = d->matrix->model;
        while (m < d->all.models &&
               (strlen(model[m].name) != len || strncmp(model[m].name, a->prices.v[k], len) != 0))
            m++;
        if (m == d->all.models)
            return err_set(e, ERR_USAGE, "--price '%s': no such model here", a->prices.v[k]);
        if (model[m].cost_source != COST_COMPUTED)
            return err_set(e, ERR_USAGE,
                           "model '%s' cannot be repriced: its costs are %s; set its prices with "
                           "'shunt prices' first",
                           model[m].name,
                           model[m].cost_source == COST_REPORTED
                               ? "as reported, not tokens times price"
                               : "unknown");
        factor[m] *= f;
    }
    for (size_t i = 0; i < d->all.n; i++)
        for (size_t m = 0; m < d->all.models; m++) {
            d->all.cost[i * d->all.models + m] *= factor[m];
            d->all.c[i * d->all.models + m] *= factor[m];
        }
    return ERR_OK;
}

/* The prompts that figures are read from: test, or all of a cross-fit, or all without a router. */
static size_t list_prompts(const struct eval_input *in, size_t *index)
{
    const struct eval_data *d = &in->data;
    size_t n = 0;
    for (size_t i = 0; i < d->all.n; i++)
        if (!in->routed || d->folds > 0 || d->role[i] == 'e')
            index[n++] = i;
    return n;
}

/* What is to be shown beside the single models. */
struct shown {
    struct point_spec *spec; /* [specs] routing points */
    size_t specs;
    struct str_vec plan; /* names of plan points */
};

/* The points that the store holds, else those that every evaluation has. */
static int list_points(const struct args *a, const struct eval_input *in, struct shown *out,
                       struct err *e)
{
    static const char *const usual[] = {"cheap", "balanced", "best"};
    struct point *points = NULL;
    size_t stored = 0;
    if (!in->routed || a->models.n > 0)
        return ERR_OK;
    int rc = point_load(in->store, in->router.id, &points, &stored, e);
    if (rc)
        return rc;
    /* Where costs are missing there is no such point; that forecast_run says why is enough. */
    const bool cost_known = eval_set_missing(&in->data.all, in->data.all.cost) == 0;
    out->spec = mem_array(stored ? stored : 3, sizeof *out->spec);
    for (size_t k = 0; !rc && k < (stored ? stored : 3); k++) {
        const char *name = stored ? points[k].name : usual[k];
        if (plan_point_known(name)) {
            if (cost_known)
                VEC_PUSH(&out->plan, mem_strdup(name));
            continue;
        }
        struct point_spec *at = &out->spec[out->specs];
        rc = point_spec_parse(name, at, e);
        out->specs += !rc && (cost_known || !point_needs_cost(at->goal));
    }
    point_free(points, stored);
    return rc;
}

/* What plans give and cost on the prompts index[0..n-1]: value [2 * plans][n], score and cost. */
static int run_plans(struct repriced *priced, const struct shown *show, const size_t *index,
                     size_t n, double *value, struct err *e)
{
    struct eval_data *d = &priced->in->data;
    const struct eval_source source = {load_repriced, priced, told_repriced};
    AUTO_FREE struct plan_outcome *all = mem_array(show->plan.n * d->all.n, sizeof *all);
    AUTO_FREE const char **name = mem_array(show->plan.n, sizeof *name);
    for (size_t k = 0; k < show->plan.n; k++)
        name[k] = show->plan.v[k];
    int rc = evaluate_plans(d, &source, name, show->plan.n, all, e);
    for (size_t k = 0; !rc && k < show->plan.n; k++)
        for (size_t i = 0; i < n; i++) {
            const struct plan_outcome *x = &all[k * d->all.n + index[i]];
            value[2 * k * n + i] = x->score;
            value[(2 * k + 1) * n + i] = x->cost;
        }
    return rc;
}

static int run_policies(const struct args *a, struct eval_input *in, const struct shown *show,
                        const double *factor, struct forecast *f, struct err *e)
{
    struct eval_data *d = &in->data;
    const struct point_spec *spec = show->spec;
    const size_t models = d->all.models, specs = show->specs, plans = show->plan.n;
    const size_t n_policies = models + specs;
    AUTO_FREE size_t *index = mem_array(d->all.n, sizeof *index);
    const size_t n = list_prompts(in, index);
    AUTO_FREE int *choices = mem_array(n_policies * n, sizeof *choices);
    AUTO_FREE int *all = mem_array(specs * d->all.n, sizeof *all);
    AUTO_FREE double *planned = mem_array(2 * plans * n, sizeof *planned);
    AUTO_FREE struct forecast_policy *policy = mem_array(n_policies + plans, sizeof *policy);
    struct repriced priced = {in, factor};
    const struct eval_source source = {.load = load_repriced, .arg = &priced};
    if (specs > 0) {
        int rc = evaluate_points(d, &source, spec, specs, all, e);
        if (rc)
            return rc;
    }
    if (plans > 0) {
        int rc = run_plans(&priced, show, index, n, planned, e);
        if (rc)
            return rc;
    }
    for (size_t k = 0; k < plans; k++)
        policy[n_policies + k] = (struct forecast_policy){.name = show->plan.v[k],
                                                          .kind = "plan",
                                                          .score = planned + 2 * k * n,
                                                          .cost = planned + (2 * k + 1) * n};
    for (size_t k = 0; k < n_policies; k++) {
        const bool single = k < models;
        int *choice = choices + k * n;
        policy[k] =
            (struct forecast_policy){single ? d->matrix->model[k].name : spec[k - models].name,
                                     single ? "single" : "point", choice, NULL, NULL};
        for (size_t i = 0; i < n; i++)
            choice[i] = single ? (int)k : all[(k - models) * d->all.n + index[i]];
    }
    struct eval_set set;
    eval_set_take(&d->all, index, n, &set);
    const struct forecast_options o = {a->requests, a->growth, (size_t)a->resamples, a->seed};
    int rc = forecast_run(&set, policy, n_policies + plans, &o, f, e);
    eval_set_deinit(&set);
    return rc;
}

static int print_forecast(const struct args *a, const struct forecast *f, struct err *e)
{
    int bad;
    if (a->json) {
        struct buf b = BUF_INIT(0);
        forecast_json(f, &b);
        bad = fwrite(b.data, 1, b.len, stdout) != b.len;
        buf_deinit(&b);
    } else {
        bad = forecast_table(f, out_shape_of(false, a->csv, a->tsv), stdout) != 0;
    }
    return bad || fflush(stdout) != 0 ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int run_forecast(struct store *s, const struct args *a, struct err *e)
{
    struct eval_input in;
    int rc = eval_load(s, a->router, &a->models, false, a->seed, &in, e);
    if (rc)
        return rc;
    struct forecast f = {0};
    struct shown show = {0};
    AUTO_FREE double *factor = mem_array(in.data.all.models, sizeof *factor);
    rc = reprice(a, &in.data, factor, e);
    if (!rc)
        rc = list_points(a, &in, &show, e);
    if (!rc)
        rc = run_policies(a, &in, &show, factor, &f, e);
    if (!rc)
        rc = print_forecast(a, &f, e);
    forecast_deinit(&f);
    free(show.spec);
    str_vec_free(&show.plan);
    eval_input_deinit(&in);
    return rc;
}

static int check_args(const struct args *a, struct err *e)
{
    if (a->requests <= 0 || a->requests > 1000000000000)
        return err_set(e, ERR_USAGE, "how many requests? give --requests-per-day N, 1 to 10^12");
    if (!(a->growth > -1 && a->growth <= 10))
        return err_set(e, ERR_USAGE,
                       "--growth takes a rate a month between -1 and 10 (0.05 is 5 %%), not %g",
                       a->growth);
    if (a->resamples < 1000 || a->resamples > 1000000)
        return err_set(e, ERR_USAGE, "--resamples takes 1000 to 1000000, not %lld",
                       (long long)a->resamples);
    if ((int)a->json + (int)a->csv + (int)a->tsv > 1)
        return err_set(e, ERR_USAGE, "--json, --csv and --tsv exclude each other");
    return ERR_OK;
}

int cmd_forecast(int argc, char **argv, struct err *e)
{
    struct args a = {.seed = 1, .resamples = 2000};
    const struct opt opts[] = {
        CLI_STORE(&a.common),
        OPT_INT('n', "requests-per-day", &a.requests, "N", "requests a day"),
        OPT_DBL('g', "growth", &a.growth, "RATE",
                "growth of the traffic a month (0.05 is 5 %; default 0)"),
        OPT_LIST('p', "price", &a.prices, "MODEL:xF",
                 "multiply a model's prices by F; repeat for more"),
        OPT_LIST('m', "models", &a.models, "A,B",
                 "single models to show (then no operating points)"),
        OPT_STR('r', "router", &a.router, "NAME",
                "whose operating points (default: the newest router's)"),
        OPT_INT(0, "seed", &a.seed, "N", "seed of the resampling (default 1)"),
        OPT_INT(0, "resamples", &a.resamples, "N",
                "bootstrap resamples, at least 1000 (default 2000)"),
        OPT_FLAG(0, "json", &a.json, "one JSON object, schema shunt.forecast/1"),
        OPT_FLAG(0, "csv", &a.csv, "rows, comma separated"),
        OPT_FLAG(0, "tsv", &a.tsv, "rows, tab separated"),
        CLI_COMMON(&a.common),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt forecast", "--store FILE --requests-per-day N [options]",
                                    "Show what every single model and operating point would cost, "
                                    "with 95 % intervals and the saving.",
                                    "Costs are those of the prompts that figures are read from "
                                    "(test split, or all of a cross-fit); a month is\n"
                                    "30.4375 days. Under --price the operating points are chosen "
                                    "anew, and decide, with the new prices."};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (!rc && argc)
        rc =
            err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt forecast -h)", argv[0]);
    if (!rc)
        rc = cli_common_apply(&a.common, true, e);
    if (!rc)
        rc = check_args(&a, e);
    struct store *s = NULL;
    if (!rc)
        rc = store_open(a.common.store, STORE_READ, &s, e);
    if (!rc)
        rc = run_forecast(s, &a, e);
    store_close(s);
    str_vec_free(&a.models);
    str_vec_free(&a.prices);
    return rc;
}
