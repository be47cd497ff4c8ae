/* From replies to a table that plans: train, eval, compile; then every prompt is planned twice, by
 * shunt_plan_* on the table and by eval's replay on the same heads in doubles.
 */
#include "datasets/import.h"
#include "eval/load.h"
#include "eval/save.h"
#include "router/shunt.h"
#include "store/model.h"
#include "store/policy.h"
#include "store/prompt.h"
#include "store/reply.h"
#include "tests/store_fixture.h"
#include "train/compile.h"
#include "train/params.h"
#include "train_fixture.h"

TestSuite(cli_plan, .init = open_store, .fini = close_store);

enum { N = 900, M = 3, MODELS_MAX = 16 };
static struct err e;
#define OK(call) cr_assert(call == 0, "%s", e.text)

/* N prompts of the fixture, half of them the two stages of a request. The cheap model is right
 * where few words are of the first half, the dear one nearly always; log-probabilities tell. */
static void fill_store(void)
{
    static const char *const stage[] = {"retrieve", "answer"};
    static const int64_t cost[M] = {20000, 100000, 1000000};
    struct matrix *m = fixture_new(N, M, 77);
    struct rng r;
    rng_seed(&r, 3);
    OK(store_begin(s, &e));
    int64_t config[M];
    for (size_t k = 0; k < M; k++) {
        struct model x = {.name = m->model[k].name};
        OK(model_put(s, &x, &e));
        OK(model_config_put(s, x.id, "import", false, &config[k], &e));
    }
    int64_t parent = 0;
    for (size_t i = 0; i < N; i++) {
        const struct matrix_prompt *x = &m->prompt[i];
        AUTO_FREE char *messages = mem_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", x->text);
        AUTO_FREE char *task = mem_printf("research.%s", stage[i % 2]);
        const bool staged = i < N / 2;
        int added;
        if (staged && i % 2 == 0) {
            AUTO_FREE char *id = mem_printf("request-%zu", i);
            struct prompt p = {.ext_id = id,
                               .task = "research",
                               .messages = messages,
                               .text = x->text,
                               .timestamp_ms = INT64_MIN,
                               .weight = 1};
            OK(prompt_put(s, &p, &added, &e));
            parent = p.id;
        }
        struct prompt p = {.ext_id = x->ext_id,
                           .task = staged  ? task
                                   : i % 5 ? x->task
                                           : "",
                           .messages = messages,
                           .text = x->text,
                           .timestamp_ms = INT64_MIN,
                           .weight = 1,
                           .parent = staged ? parent : 0,
                           .stage = staged ? stage[i % 2] : NULL,
                           .stage_index = (int64_t)(i % 2)};
        OK(prompt_put(s, &p, &added, &e));
        const double easy = m->score[i * M] > 0 ? .85 : .25;
        const double right[M] = {easy, .4 + .5 * easy, .95};
        for (size_t k = 0; k < M; k++) {
            const bool good = rng_unit(&r) < right[k];
            const double mean = -.05 - fabs((good ? .1 : .5) + .2 * rng_normal(&r));
            struct reply y = {.prompt = p.id,
                              .model_config = config[k],
                              .request_hash = x->ext_id,
                              .text = good ? "the answer" : "an answer of more words",
                              .usage = USAGE_UNKNOWN,
                              .latency_ms = 100,
                              .ttft_ms = (double)NAN,
                              .mean_logprob = i % 11 ? mean : (double)NAN,
                              .min_logprob = i % 11 ? 4 * mean : (double)NAN,
                              .entropy = (double)NAN,
                              .reported_nusd = cost[k]};
            OK(reply_put(s, &y, &e));
            OK(score_put(s, y.id, "import", 1, good, "ok", NULL, true, &e));
        }
    }
    OK(prompt_cluster(s, &e));
    OK(store_commit(s, &e));
    matrix_free(m);
}

static void train_and_eval(size_t folds)
{
    char name[64];
    struct eval_input in;
    struct eval_result *r;
    int64_t run;
    OK(train_store(s, &(struct train_options){.folds = folds, .seed = 1}, name, NULL, &e));
    OK(eval_load(s, NULL, NULL, false, 1, &in, &e));
    const struct eval_source source = {eval_load_scope, &in, eval_load_told};
    const struct eval_options o = {.seed = 1, .resamples = 1000, .router = name};
    OK(evaluate(&in.data, &source, &o, &r, &e));
    cr_assert(r->plan.there);
    OK(store_begin(s, &e));
    OK(run_begin(s, 0, NULL, 1, &run, &e));
    OK(eval_save(s, run, in.router.id, false, r, &e));
    OK(run_end(s, run, 0, &e));
    OK(store_commit(s, &e));
    eval_result_free(r);
    eval_input_deinit(&in);
}

/* ---- the replay ---- */

struct replay {
    const struct matrix *m;
    const struct params *p;
    const struct shunt_table *t;
    struct eval_set set; /* costs are 1, 2, 4, ...: their sum tells who was asked */
    float *told;
};

static double unknown(const double *v, size_t cell)
{
    return v == NULL ? (double)NAN : v[cell];
}

static double within(double v, double lo, double hi)
{
    return isnan(v) ? v : fmin(fmax(v, lo), hi);
}

static void signals_of(const struct matrix *m, size_t cell, double v[SIGNALS])
{
    for (size_t k = 0; k < SIGNALS; k++)
        v[k] = (double)NAN;
    v[SIGNAL_MEAN] = within(m->mean_logprob[cell], -50, 0);
    v[SIGNAL_TAIL] = log(-expm1(within(v[SIGNAL_MEAN], -50, -1e-6)));
    v[SIGNAL_MIN] = within(unknown(m->min_logprob, cell), -50, 0);
    v[SIGNAL_ENTROPY] = within(unknown(m->entropy, cell), 0, 50);
    v[SIGNAL_LENGTH] = log1p(unknown(m->reply_bytes, cell));
}

static struct shunt_request request_of(const struct matrix_prompt *x)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    r.text = x->text;
    r.text_bytes = strlen(x->text);
    r.task = x->task && x->task[0] ? x->task : NULL;
    return r;
}

static long index_of(char *const *name, size_t n, const char *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], wanted) == 0)
            return (long)i;
    return -1;
}

/* Expectations of prompt i before and after each reply, in doubles. */
static void fill_prompt(struct replay *x, size_t i)
{
    const struct params *p = x->p;
    const size_t models = p->models;
    const struct matrix_prompt *prompt = &x->m->prompt[i];
    const struct shunt_request r = request_of(prompt);
    const long task = index_of(p->task, p->tasks, prompt->task ? prompt->task : "");
    int64_t cost[MODELS_MAX];
    double *q = x->set.q + i * models, logit[MODELS_MAX], all[MODELS_MAX + 8];
    params_predict(p, r.text, r.text_bytes, r.task, NULL, all);
    cr_assert(shunt_predict(x->t, &r, NULL, cost, NULL, NULL) == 0);
    for (size_t k = 0; k < models; k++) {
        q[k] = all[k];
        logit[k] = stat_logit(within(q[k], 1e-6, 1 - 1e-6));
        x->set.c[i * models + k] = (double)cost[k] / 1e9;
        x->set.cost[i * models + k] = (double)(1 << k);
    }
    for (size_t k = 0; k < p->tellers; k++) {
        const size_t a = p->teller[k];
        double v[SIGNALS];
        signals_of(x->m, i * models + a, v);
        v[SIGNAL_PRIOR_REPLIED] = logit[a];
        for (size_t b = 0; b < models; b++) {
            v[SIGNAL_PRIOR_TARGET] = logit[b];
            x->told[(i * models + a) * models + b] = (float)stat_sigmoid(posterior_value(
                &p->told[k * models + b], v, task < 0 ? CORPUS_NO_TASK : (uint32_t)task));
        }
    }
}

static struct shunt_outcome outcome_of(const struct matrix *m, size_t cell)
{
    struct shunt_outcome o = SHUNT_OUTCOME_INIT;
    o.mean_logprob = m->mean_logprob[cell];
    o.min_logprob = unknown(m->min_logprob, cell);
    o.entropy = unknown(m->entropy, cell);
    const double bytes = unknown(m->reply_bytes, cell);
    o.flags = (isnan(o.mean_logprob) ? 0U : (unsigned)SHUNT_HAS_MEAN) |
              (isnan(o.min_logprob) ? 0U : (unsigned)SHUNT_HAS_MIN) |
              (isnan(o.entropy) ? 0U : (unsigned)SHUNT_HAS_ENTROPY) |
              (isnan(bytes) ? 0U : (unsigned)SHUNT_HAS_BYTES);
    o.reply_bytes = isnan(bytes) ? 0 : (uint64_t)bytes;
    return o;
}

struct story {
    int first, answer, calls, asked; /* asked: a bit a model */
};

static struct story by_table(const struct replay *x, size_t i, const char *point)
{
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    struct shunt_request r = request_of(&x->m->prompt[i]);
    struct story out = {.first = -1};
    r.point = point;
    cr_assert(shunt_plan_begin(&p, x->t, &r) == 0);
    cr_assert(shunt_plan_next(&p, NULL, &step) == 0);
    while (step.action < SHUNT_ACCEPT) {
        if (out.first < 0)
            out.first = step.model;
        out.calls++;
        out.asked |= 1 << step.model;
        const struct shunt_outcome o = outcome_of(x->m, i * x->p->models + (size_t)step.model);
        cr_assert(shunt_plan_next(&p, &o, &step) == 0);
    }
    cr_assert(step.action == SHUNT_ACCEPT);
    out.answer = step.model;
    return out;
}

/* The point as the store has it: value heads over its tasks and one more for all others. */
static void rule_of(const struct point *x, size_t models, struct plan_rule *out)
{
    const struct point_value *v = x->value;
    *out = (struct plan_rule){
        .lambda = x->lambda_per_usd, .margin = INFINITY, .models = models, .width = 1 + models};
    if (v == NULL)
        return;
    out->margin = v->margin;
    out->width += v->tasks + 1;
    out->weight = mem_array(models * out->width, sizeof *out->weight);
    for (size_t a = 0; a < models; a++) {
        double *w = out->weight + a * out->width;
        memcpy(w, v->weight + a * (1 + models), (1 + models) * sizeof *w);
        for (size_t t = 0; t < v->tasks; t++)
            w[1 + models + t] = v->task_weight[t * models + a];
    }
}

static bool plans(const struct point *x, const char *task)
{
    bool pooled = false;
    for (size_t k = 0; k < x->cell_count; k++) {
        if (strcmp(x->cells[k].task, task) == 0)
            return x->cells[k].pass[0];
        if (x->cells[k].task[0] == '\0')
            pooled = x->cells[k].pass[0];
    }
    return pooled;
}

static struct story by_eval(const struct replay *x, size_t i, const struct point *point,
                            const struct plan_rule *rule)
{
    const size_t models = x->p->models;
    const struct point_value *v = point->value;
    const char *task = x->m->prompt[i].task ? x->m->prompt[i].task : "";
    if (!plans(point, task)) {
        const int d = (int)index_of(x->p->model, models, point->default_model);
        return (struct story){d, d, 1, 1 << d};
    }
    const long known = v ? index_of(v->task, v->tasks, task) : 0;
    const size_t other = v ? v->tasks : 0;
    x->set.task[i] = (int32_t)(known >= 0 && task[0] ? (size_t)known : other);
    const struct plan_view view = {&x->set, x->told};
    double scratch[MODELS_MAX];
    struct plan_end end;
    const int first = plan_first(rule, &x->set, i);
    plan_walk(&view, i, first, rule->lambda, (unsigned)point->max_calls, scratch, &end);
    return (struct story){first, end.answer, (int)end.calls, (int)end.cost};
}

static void replay_point(const struct replay *x, const struct point *point, size_t *longer)
{
    struct plan_rule rule;
    rule_of(point, x->p->models, &rule);
    size_t same = 0, more = 0;
    for (size_t i = 0; i < x->m->prompts; i++) {
        const struct story a = by_table(x, i, point->name), b = by_eval(x, i, point, &rule);
        same +=
            a.first == b.first && a.answer == b.answer && a.calls == b.calls && a.asked == b.asked;
        more += b.calls > 1;
    }
    plan_rule_deinit(&rule);
    *longer += more;
    printf("# %s: %zu of %zu plans agree, %zu of more than one call\n", point->name, same,
           x->m->prompts, more);
    cr_assert((double)same > .999 * (double)x->m->prompts, "%s: %zu of %zu", point->name, same,
              x->m->prompts);
}

/* Deciles of held-out scores: texts like those trained on are stable, others are not. */
static void check_drift(const struct replay *x, const char *other)
{
    struct shunt_stats *like, *unlike;
    cr_assert(shunt_stats_new(x->t, &like) == 0 && shunt_stats_new(x->t, &unlike) == 0);
    for (size_t i = 0; i < x->m->prompts; i++) {
        struct shunt_request r = request_of(&x->m->prompt[i]);
        struct shunt_decision d = SHUNT_DECISION_INIT;
        double q[MODELS_MAX];
        cr_assert(shunt_route(x->t, &r, &d) == 0);
        cr_assert(shunt_predict(x->t, &r, q, NULL, NULL, NULL) == 0);
        shunt_stats_decision(like, &d, q);
        r.text = other;
        r.text_bytes = strlen(other);
        cr_assert(shunt_route(x->t, &r, &d) == 0);
        cr_assert(shunt_predict(x->t, &r, q, NULL, NULL, NULL) == 0);
        shunt_stats_decision(unlike, &d, q);
    }
    for (int m = -1; m < shunt_model_count(x->t); m++) {
        const double near = shunt_stats_psi(like, m), far = shunt_stats_psi(unlike, m);
        printf("# score %d: %.3f, other texts %.3f\n", m, near, far);
        cr_assert(near >= 0 && near < far, "score %d: %g, %g", m, near, far);
    }
    shunt_stats_free(like);
    shunt_stats_free(unlike);
}

static void replay_store(const char *table, bool small)
{
    struct compile_result c;
    struct replay x = {0};
    struct router r;
    struct params p;
    struct shunt_table *t;
    struct matrix *m;
    struct point *point;
    size_t points, seen = 0, longer = 0;
    OK(compile_store(s, &(struct compile_options){.path = table}, &c, &e));
    OK(router_get(s, NULL, &r, &e));
    OK(params_read(r.params, r.params_len, &p, &e));
    cr_assert(p.models <= MODELS_MAX && p.tellers > 0);
    OK(matrix_load(s, &(struct matrix_options){.scored_only = true, .signals = true}, &m, &e));
    cr_assert(shunt_open(table, &t) == 0);
    for (size_t k = 0; k < p.models; k++)
        cr_assert(strcmp(m->model[k].name, p.model[k]) == 0);
    x.m = m;
    x.p = &p;
    x.t = t;
    eval_set_init(&x.set, m->prompts, p.models);
    x.told = mem_array(m->prompts * p.models * p.models, sizeof *x.told);
    for (size_t k = 0; k < m->prompts * p.models * p.models; k++)
        x.told[k] = (float)NAN;
    for (size_t i = 0; i < m->prompts; i++)
        fill_prompt(&x, i);
    OK(point_load(s, r.id, &point, &points, &e));
    for (size_t k = 0; k < points; k++) {
        if (strcmp(point[k].kind, "plan") != 0)
            continue;
        struct shunt_point_info info = SHUNT_POINT_INFO_INIT;
        cr_assert(shunt_get_point(t, (int)k, &info) == 0 && info.plan == 1 && info.guarded == 1);
        replay_point(&x, &point[k], &longer);
        seen++;
    }
    cr_assert(seen == 2 && longer > m->prompts / 20, "%zu points, %zu long plans", seen, longer);
    if (small)
        check_drift(&x, "??? 1234567 ((((( wzz wzy");
    point_free(point, points);
    eval_set_deinit(&x.set);
    free(x.told);
    matrix_free(m);
    params_deinit(&p);
    router_deinit(&r);
    shunt_close(t);
}

static char *table_path(void)
{
    return mem_printf("%s.shunt", path);
}

Test(cli_plan, a_table_plans_as_eval_replays, .timeout = 300)
{
    AUTO_FREE char *table = table_path();
    fill_store();
    train_and_eval(3);
    replay_store(table, true);

    struct shunt_table *t;
    cr_assert(shunt_open(table, &t) == 0 && shunt_selftest(t) == 0);
    /* At a point of one call replies are not weighed: its figures are of one call. */
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    struct shunt_outcome o = SHUNT_OUTCOME_INIT;
    struct shunt_request r = SHUNT_REQUEST_INIT;
    r.text = "wab wcd";
    r.text_bytes = 7;
    r.point = "best";
    o.flags = SHUNT_HAS_MEAN;
    o.mean_logprob = -9;
    cr_assert(shunt_plan_begin(&p, t, &r) == 0 && shunt_plan_next(&p, NULL, &step) == 0);
    cr_assert(shunt_plan_next(&p, &o, &step) == 0 && step.action == SHUNT_ACCEPT);

    /* The staged requests of the store are an ensemble, with what its point gave there. */
    struct shunt_stage g = SHUNT_STAGE_INIT;
    cr_assert(shunt_ensemble_count(t) == 1 && shunt_ensemble_index(t, "research") == 0);
    cr_assert(shunt_stage_count(t, 0) == 2);
    cr_assert(shunt_get_stage(t, 0, 1, &g) == 0);
    cr_assert_str_eq(g.name, "answer");
    cr_assert_str_eq(g.task, "research.answer");
    cr_assert(g.model == -1 && g.quality > .5 && g.quality < 1 && g.cost_nusd >= 20000 &&
                  g.cost_nusd <= 1000000,
              "quality %g, cost %g", g.quality, g.cost_nusd);
    r.point = NULL;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    cr_assert(shunt_route_stage(t, 0, "retrieve", &r, &d, NULL) == 0);
    shunt_close(t);
    unlink(table);
}

/* Public replies of nine models, where they are at hand. */
Test(cli_plan, on_public_replies, .timeout = 600)
{
    const char *shared = getenv("SHUNT_SHARED");
    AUTO_FREE char *folder =
        mem_printf("%s/datasets/cascades", shared && shared[0] ? shared : "../shared");
    if (!fs_exists(folder))
        cr_skip("no public data at %s (set SHUNT_SHARED)", folder);
    if (getenv("SHUNT_SANITIZED"))
        cr_skip("a minute of fits; not under sanitizers");
    AUTO_FREE char *table = table_path();
    struct import_summary sum = {0};
    OK(import_run(s, &(struct import_options){.format = IMPORT_OUTCOMES, .path = folder}, &sum,
                  &e));
    import_summary_deinit(&sum);
    OK(store_begin(s, &e));
    OK(prompt_cluster(s, &e));
    OK(store_commit(s, &e));
    train_and_eval(2);
    replay_store(table, false);
    unlink(table);
}
