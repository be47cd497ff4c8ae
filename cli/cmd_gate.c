/* shunt gate: did the candidate become worse than the baseline? Exit 0 no, 1 yes, 10 cannot tell.
 */
#include "cli/cli.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/hash.h"
#include "core/mem.h"
#include "eval/gate.h"
#include "eval/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
    struct cli_common common;
    const char *baseline, *candidate, *router, *junit, *markdown;
    double max_drop, alpha;
    bool slices, json;
};

struct thing {
    const char *name; /* without the prefix */
    bool policy;
};

/* [model:|policy:]NAME; a bare name is a model. */
static int parse_thing(const char *text, struct thing *out, struct err *e)
{
    static const char *const later[] = {"table:", "snapshot:"};
    *out = (struct thing){.name = text};
    for (size_t k = 0; k < 2; k++)
        if (strncmp(text, later[k], strlen(later[k])) == 0)
            return err_set(
                e, ERR_USAGE,
                "'%s': the gate compares models and operating points (model:NAME, policy:NAME)",
                text);
    if (strncmp(text, "model:", 6) == 0)
        out->name = text + 6;
    else if (strncmp(text, "policy:", 7) == 0)
        *out = (struct thing){text + 7, true};
    if (!out->name[0])
        return err_set(e, ERR_USAGE, "'%s' names nothing", text);
    return ERR_OK;
}

/* One side's columns, [n] each, in one block. */
static double *columns(size_t n)
{
    double *v = mem_array(3 * n, sizeof *v);
    for (size_t k = 0; k < 3 * n; k++)
        v[k] = (double)NAN;
    return v;
}

static struct gate_side side_of(const char *name, const double *v, size_t n)
{
    return (struct gate_side){name, v, v + n, v + 2 * n};
}

static int matrix_column(const struct matrix *m, const char *name, double *v, struct err *e)
{
    for (size_t k = 0; k < m->models; k++) {
        if (strcmp(m->model[k].name, name) != 0)
            continue;
        for (size_t i = 0; i < m->prompts; i++) {
            v[i] = m->score[i * m->models + k];
            v[m->prompts + i] = m->cost_nusd[i * m->models + k] / 1e9;
            v[2 * m->prompts + i] = m->latency_ms[i * m->models + k];
        }
        return ERR_OK;
    }
    return err_set(e, ERR_USAGE, "model '%s' is none of the router's: run 'shunt train' with it",
                   name);
}

/* A plan's point: what all its calls gave and cost. */
static int plan_column(struct eval_input *in, const char *name, double *v, struct err *e)
{
    const size_t n = in->data.all.n, rows = in->matrix->prompts;
    const struct eval_source source = {eval_load_scope, in, eval_load_told};
    AUTO_FREE struct plan_outcome *out = mem_array(n, sizeof *out);
    int rc = evaluate_plans(&in->data, &source, &name, 1, out, e);
    for (size_t i = 0; !rc && i < n; i++) {
        if (isnan(out[i].score))
            continue;
        const size_t to = in->data.row[i];
        v[to] = out[i].score;
        v[rows + to] = out[i].cost;
        v[2 * rows + to] = out[i].latency_ms;
    }
    return rc;
}

/* The operating point as `shunt eval` chooses it, on the prompts that it is evaluated on. */
static int policy_column(struct eval_input *in, const char *name, double *v, struct err *e)
{
    struct point_spec spec;
    if (strncmp(name, "plan:", 5) == 0)
        return plan_column(in, name, v, e);
    int rc = point_spec_parse(name, &spec, e);
    if (rc)
        return rc;
    const struct eval_set *s = &in->data.all;
    const struct eval_source source = {.load = eval_load_scope, .arg = in};
    AUTO_FREE int *choice = mem_array(s->n, sizeof *choice);
    rc = evaluate_points(&in->data, &source, &spec, 1, choice, e);
    for (size_t i = 0; !rc && i < s->n; i++) {
        if (choice[i] < 0)
            continue;
        const size_t to = in->data.row[i], rows = in->matrix->prompts,
                     cell = i * s->models + (size_t)choice[i];
        v[to] = s->score[cell];
        v[rows + to] = s->cost[cell];
        v[2 * rows + to] = s->latency_ms[cell];
    }
    return rc;
}

/* Numbers groups and tasks of a matrix. */
static void number(const struct matrix *m, int32_t *group, size_t *groups, int32_t *task,
                   struct strmap *tasks)
{
    struct strmap *seen = strmap_new();
    for (size_t i = 0; i < m->prompts; i++) {
        char key[32];
        const int64_t c = m->prompt[i].cluster;
        snprintf(key, sizeof key, "%c%lld", c ? 'c' : 'p', (long long)(c ? c : m->prompt[i].id));
        group[i] = (int32_t)strmap_add(seen, key, NULL);
        task[i] = (int32_t)strmap_add(tasks, m->prompt[i].task ? m->prompt[i].task : "", NULL);
    }
    *groups = strmap_count(seen);
    strmap_free(seen);
}

static int write_outputs(const struct args *a, const struct gate_result *r, double seconds,
                         struct err *e)
{
    struct buf b = BUF_INIT(0);
    int rc = ERR_OK;
    const bool to_stdout = a->markdown && strcmp(a->markdown, "-") == 0;
    if (a->junit) {
        char now[32];
        clock_format(clock_unix_ms(), now);
        gate_junit(r, seconds, now, &b);
        rc = fs_write_atomic(a->junit, b.data, b.len, e);
        buf_clear(&b);
    }
    if (!rc && a->markdown) {
        gate_markdown(r, &b);
        if (to_stdout)
            fwrite(b.data, 1, b.len, stdout);
        else
            rc = fs_write_atomic(a->markdown, b.data, b.len, e);
        buf_clear(&b);
    }
    if (!rc && a->json) {
        gate_json(r, &b);
        fwrite(b.data, 1, b.len, stdout);
    } else if (!rc && !to_stdout) {
        gate_table(r, stdout);
    }
    buf_deinit(&b);
    if (!rc && (fflush(stdout) != 0 || ferror(stdout)))
        rc = err_set(e, ERR_IO, "cannot write to stdout");
    return rc;
}

static int compare(const struct args *a, const struct matrix *m, const double *base,
                   const double *cand, bool same, double started, struct err *e)
{
    AUTO_FREE int32_t *group = mem_array(m->prompts, sizeof *group),
                      *task = mem_array(m->prompts, sizeof *task);
    AUTO_FREE double *weight = mem_array(m->prompts, sizeof *weight);
    struct strmap *tasks = strmap_new();
    struct gate_input in = {
        .n = m->prompts, .weight = weight, .group = group, .task = task, .same = same};
    number(m, group, &in.groups, task, tasks);
    for (size_t i = 0; i < m->prompts; i++)
        weight[i] = m->prompt[i].weight > 0 ? m->prompt[i].weight : 1;
    in.tasks = strmap_count(tasks);
    AUTO_FREE const char **names = mem_array(in.tasks, sizeof *names);
    for (size_t t = 0; t < in.tasks; t++)
        names[t] = strmap_key(tasks, t);
    in.task_name = names;
    in.baseline = side_of(a->baseline, base, m->prompts);
    in.candidate = side_of(a->candidate, cand, m->prompts);
    const struct gate_options o = {a->max_drop, a->alpha, a->slices};
    struct gate_result r;
    gate_run(&in, &o, &r);
    int rc = write_outputs(a, &r, clock_s() - started, e);
    if (!rc)
        rc = r.verdict == GATE_PASS   ? ERR_OK
             : r.verdict == GATE_FAIL ? ERR_CHECK
                                      : ERR_INCONCLUSIVE;
    gate_result_deinit(&r);
    strmap_free(tasks);
    return rc;
}

static int gate_models(struct store *s, const struct args *a, const struct thing *base,
                       const struct thing *cand, double started, struct err *e)
{
    struct str_vec names = {0};
    const bool same = strcmp(base->name, cand->name) == 0;
    VEC_PUSH(&names, mem_strdup(base->name));
    if (!same)
        VEC_PUSH(&names, mem_strdup(cand->name));
    const struct matrix_options o = {.models = &names, .no_text = true, .scored_only = true};
    struct matrix *m = NULL;
    int rc = matrix_load(s, &o, &m, e);
    if (!rc) {
        AUTO_FREE double *b = columns(m->prompts), *c = columns(m->prompts);
        rc = matrix_column(m, base->name, b, e);
        if (!rc)
            rc = matrix_column(m, cand->name, c, e);
        if (!rc)
            rc = compare(a, m, b, c, same, started, e);
    }
    matrix_free(m);
    str_vec_free(&names);
    return rc;
}

static int gate_policies(struct store *s, const struct args *a, const struct thing *base,
                         const struct thing *cand, double started, struct err *e)
{
    struct router router; /* asked for first: without one there are no operating points */
    int rc = router_get(s, a->router, &router, e);
    if (rc)
        return rc;
    router_deinit(&router);
    struct eval_input in;
    rc = eval_load(s, a->router, NULL, false, 1, &in, e);
    if (rc)
        return rc;
    const size_t n = in.matrix->prompts;
    AUTO_FREE double *b = columns(n), *c = columns(n);
    rc = base->policy ? policy_column(&in, base->name, b, e)
                      : matrix_column(in.matrix, base->name, b, e);
    if (!rc)
        rc = cand->policy ? policy_column(&in, cand->name, c, e)
                          : matrix_column(in.matrix, cand->name, c, e);
    if (!rc)
        rc = compare(a, in.matrix, b, c,
                     base->policy == cand->policy && strcmp(base->name, cand->name) == 0, started,
                     e);
    eval_input_deinit(&in);
    return rc;
}

static int check_args(const struct args *a, struct err *e)
{
    if (!a->baseline || !a->candidate)
        return err_set(e, ERR_USAGE,
                       "what is to be compared? give --baseline NAME and --candidate NAME");
    if (!(a->max_drop >= 0 && a->max_drop <= 1))
        return err_set(e, ERR_USAGE, "--max-drop takes 0 to 1 (a share of the score), not %g",
                       a->max_drop);
    if (!(a->alpha > 0 && a->alpha < .5))
        return err_set(e, ERR_USAGE, "--alpha takes a number between 0 and 0.5, not %g", a->alpha);
    if (a->json && a->markdown && strcmp(a->markdown, "-") == 0)
        return err_set(e, ERR_USAGE,
                       "--json and --markdown - both want stdout: give one of them a file");
    return ERR_OK;
}

int cmd_gate(int argc, char **argv, struct err *e)
{
    struct args a = {.max_drop = .02, .alpha = .05};
    const struct opt opts[] = {
        CLI_STORE(&a.common),
        OPT_STR('b', "baseline", &a.baseline, "NAME",
                "what is trusted: [model:]NAME, or policy:NAME for an operating point"),
        OPT_STR('c', "candidate", &a.candidate, "NAME",
                "what is to replace it, named the same way"),
        OPT_DBL('d', "max-drop", &a.max_drop, "D",
                "largest drop of the mean score that is tolerated (default 0.02)"),
        OPT_FLAG(0, "slices", &a.slices, "a task that has fallen fails the gate too"),
        OPT_DBL(0, "alpha", &a.alpha, "P", "of the two-sided interval (default 0.05)"),
        OPT_STR('r', "router", &a.router, "NAME",
                "whose operating points (default: the newest router's)"),
        OPT_STR(0, "junit", &a.junit, "FILE", "write JUnit XML too"),
        OPT_STR(0, "markdown", &a.markdown, "FILE",
                "write a Markdown summary too; - for stdout instead of the table"),
        OPT_FLAG(0, "json", &a.json, "one JSON object, schema shunt.gate/1"),
        CLI_COMMON(&a.common),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt gate",
                                    "--store FILE --baseline NAME --candidate NAME [options]",
                                    "Tell whether a candidate is worse than the baseline by more "
                                    "than is tolerated, on the same prompts.",
                                    "Exit status: 0 no such drop, 1 it dropped, 10 the data cannot "
                                    "tell (or nothing was compared)."};
    const double started = clock_s();
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc)
        return rc;
    if (argc)
        return err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt gate -h)", argv[0]);
    rc = cli_common_apply(&a.common, true, e);
    if (!rc)
        rc = check_args(&a, e);
    struct thing base, cand;
    if (!rc)
        rc = parse_thing(a.baseline, &base, e);
    if (!rc)
        rc = parse_thing(a.candidate, &cand, e);
    struct store *s = NULL;
    if (!rc)
        rc = store_open(a.common.store, STORE_READ, &s, e);
    if (!rc)
        rc = base.policy || cand.policy ? gate_policies(s, &a, &base, &cand, started, e)
                                        : gate_models(s, &a, &base, &cand, started, e);
    store_close(s);
    return rc;
}
