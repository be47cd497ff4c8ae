/* Plans: against a simulation written from the text of the format, value heads against plain ridge
 * regression, points, and whole evaluations with replies that tell much, nothing, or are not there.
 */
#include "core/json.h"
#include "core/stat.h"
#include "eval/plan.h"
#include "eval/print.h"
#include "tests/eval_fixture.h"

#include <string.h>

static const struct eval_options plain = {.seed = 1, .resamples = 1000, .router = "r1"};

/* What replies tell: how sure each model is of itself, through noise of size `blur` (0: nearly all,
 * large: nothing), as a calibrated probability; of the others as much as of itself, halved. */
static float *world_told(const struct eval_set *s, double blur, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    const size_t M = s->models;
    float *told = mem_array(s->n * M * M, sizeof *told);
    for (size_t i = 0; i < s->n; i++)
        for (size_t a = 0; a < M; a++) {
            const double sign = s->score[i * M + a] > 0 ? 1 : -1;
            /* log-likelihood ratio of a normal signal at +-1 with standard deviation blur */
            const double seen = sign + blur * rng_normal(&r), llr = 2 * seen / (blur * blur);
            for (size_t b = 0; b < M; b++) {
                const double prior = stat_logit(s->q[i * M + b]);
                told[(i * M + a) * M + b] = (float)stat_sigmoid(b == a ? prior + llr : prior);
            }
        }
    return told;
}

/* The rules of router/FORMAT.md section 5, step by step, with its words. */
struct told_story {
    double score, cost;
    unsigned calls;
};

static struct told_story tell(const struct plan_view *v, size_t i, size_t first, double lambda,
                              unsigned depth)
{
    const struct eval_set *s = v->set;
    const size_t M = s->models;
    struct told_story out = {0};
    double q[16];
    bool asked[16] = {false}, stop = false;
    for (size_t m = 0; m < M; m++)
        q[m] = s->q[i * M + m];
    size_t next = first, best = first;
    for (;;) {
        const size_t a = next;
        asked[a] = true;
        out.calls++;
        out.cost += s->cost[i * M + a];
        for (size_t b = 0; b < M; b++) {
            const double told = (double)v->told[(i * M + a) * M + b];
            if (!isnan(told) && (b == a || !asked[b]))
                q[b] = told;
        }
        stop = isnan((double)v->told[(i * M + a) * M + a]);
        if (out.calls == 1 || q[a] > q[best])
            best = a;
        size_t m = M;
        for (size_t b = 0; b < M; b++) {
            if (asked[b])
                continue;
            const double worth = q[b] - lambda * s->c[i * M + b];
            if (m == M || worth > q[m] - lambda * s->c[i * M + m] ||
                (worth >= q[m] - lambda * s->c[i * M + m] && s->c[i * M + b] < s->c[i * M + m]))
                m = b;
        }
        if (stop || out.calls == depth || m == M ||
            !(q[m] - q[best] - lambda * s->c[i * M + m] > 0))
            break;
        next = m;
    }
    out.score = s->score[i * M + best];
    return out;
}

Test(eval_plan, walks_as_the_format_says)
{
    const struct world w = {
        .n = 300, .models = 5, .tasks = 3, .per_group = 2, .blur = .1, .seed = 4};
    struct eval_set s;
    world_set(&w, &s);
    float *told = world_told(&s, 1.2, 9);
    struct rng r;
    rng_seed(&r, 77);
    for (size_t k = 0; k < s.n * 25; k++) /* anything goes */
        told[k] = rng_unit(&r) < .04 ? (float)NAN : (float)rng_unit(&r);
    const struct plan_view v = {&s, told};
    const double lambda[] = {0, 3, 30, 200, 3000};
    double scratch[5];
    size_t longer = 0;
    for (size_t i = 0; i < s.n; i++)
        for (size_t a = 0; a < 5; a++)
            for (size_t l = 0; l < 5; l++)
                for (unsigned depth = 1; depth <= 4; depth++) {
                    struct plan_end e;
                    plan_walk(&v, i, (int)a, lambda[l], depth, scratch, &e);
                    const struct told_story t = tell(&v, i, a, lambda[l], depth);
                    cr_assert(e.calls == t.calls, "prompt %zu from %zu: %u calls, not %u", i, a,
                              e.calls, t.calls);
                    near_to("score", e.score, t.score, 0);
                    near_to("cost", e.cost, t.cost, 1e-15);
                    longer += e.calls > 2;
                }
    cr_assert(longer > 1000, "some plans are long");
    free(told);
    eval_set_deinit(&s);
}

Test(eval_plan, value_heads_are_ridge_regressions)
{
    const struct world w = {
        .n = 240, .models = 3, .tasks = 2, .per_group = 1, .blur = .1, .seed = 8};
    struct eval_set s;
    world_set(&w, &s);
    float *told = world_told(&s, 1, 3);
    const struct plan_view v = {&s, told};
    const size_t d = 1 + 3 + 2;
    double *x = mem_array(s.n * d, sizeof *x), *y = mem_array(s.n, sizeof *y);
    struct plan_normal *normal = plan_normal_new(&v);
    struct plan_rule rule;
    plan_fit(normal, 500, 3, &rule, NULL);
    cr_assert(rule.width == d && rule.models == 3);
    double scratch[3];
    for (size_t a = 0; a < 3; a++) {
        for (size_t i = 0; i < s.n; i++) {
            struct plan_end e;
            plan_walk(&v, i, (int)a, 500, 3, scratch, &e);
            y[i] = e.score - 500 * e.cost;
            memset(x + i * d, 0, d * sizeof *x);
            x[i * d] = 1;
            for (size_t m = 0; m < 3; m++)
                x[i * d + 1 + m] = stat_logit(s.q[i * 3 + m]);
            x[i * d + 4 + (size_t)s.task[i]] = 1;
        }
        double beta[6];
        cr_assert(stat_ridge(x, y, NULL, s.n, d, 10, 0, beta) == 0);
        for (size_t k = 0; k < d; k++)
            near_to("weight", rule.weight[a * d + k], beta[k], 1e-6);
    }
    plan_rule_deinit(&rule);
    plan_normal_free(normal);
    free(x);
    free(y);
    free(told);
    eval_set_deinit(&s);
}

Test(eval_plan, lambdas_are_log_spaced_and_begin_with_0)
{
    double l[PLAN_LAMBDAS];
    plan_lambdas(.5, 5e4, l);
    cr_assert(l[0] == 0);
    near_to("first", l[1], .5, 1e-12);
    near_to("last", l[PLAN_LAMBDAS - 1], 5e4, 1e-7);
    for (int k = 2; k + 1 < PLAN_LAMBDAS; k++)
        near_to("ratio", l[k + 1] / l[k], l[2] / l[1], 1e-9);
}

/* ---- whole evaluations ---- */

struct telling_router {
    struct world_router r;
    const float *told;
    size_t cells;
};

static int load_pred(void *arg, int64_t scope, struct prediction **out, size_t *n, struct err *e)
{
    struct telling_router *t = arg;
    return world_load(&t->r, scope, out, n, e);
}

static int load_told(void *arg, int64_t scope, const struct eval_data *d, float *told,
                     struct err *e)
{
    const struct telling_router *t = arg;
    (void)scope;
    (void)e;
    cr_assert(d->all.n * d->all.models * d->all.models == t->cells);
    memcpy(told, t->told, t->cells * sizeof *told);
    return 0;
}

static struct eval_result *planned(const struct eval_set *s, size_t folds, const float *told)
{
    struct matrix *m = world_matrix(s, folds == 0);
    struct telling_router t = {.told = told, .cells = s->n * s->models * s->models};
    world_router_make(s, m, folds, &t.r);
    struct eval_data d = {0};
    struct eval_result *out = NULL;
    struct err e = {0};
    cr_assert(
        eval_data_make(m, &t.r.router, t.r.role, t.r.prompts, t.r.pred, t.r.preds, 1, &d, &e) == 0,
        "%s", e.text);
    const struct eval_source source = {load_pred, &t, told ? load_told : NULL};
    cr_assert(evaluate(&d, &source, &plain, &out, &e) == 0, "%s", e.text);
    eval_data_deinit(&d);
    free(t.r.role);
    free(t.r.pred);
    world_matrix_free(m);
    return out;
}

static const struct json *plan_json(const struct eval_result *r, struct json **whole)
{
    struct buf b = BUF_INIT(0);
    struct err e = {0};
    eval_json(r, &b);
    cr_assert(json_parse(b.data, b.len, whole, &e) == 0, "%s", e.text);
    buf_deinit(&b);
    return json_get(json_get(*whole, "metrics"), "plan");
}

/* Replies that tell: better than routing, in both modes; every key is there with its interval. */
Test(eval_plan, replies_that_tell_pay)
{
    const struct world w = {
        .n = 1500, .models = 4, .tasks = 3, .per_group = 1, .blur = .1, .seed = 6};
    struct eval_set s;
    world_set(&w, &s);
    float *told = world_told(&s, .8, 2);
    for (size_t folds = 0; folds <= 5; folds += 5) {
        struct eval_result *r = planned(&s, folds, told);
        cr_assert(r->plan.there);
        cr_assert(r->plan.gain.lo > 0, "gain %g [%g, %g]", r->plan.gain.value, r->plan.gain.lo,
                  r->plan.gain.hi);
        near_to("gain", r->plan.gain.value,
                r->plan.metric[METRIC_AIQ_RAW].value - r->metric.value[METRIC_AIQ_RAW], 1e-12);
        cr_assert(r->plan.metric[METRIC_AIQ].value >= r->plan.metric[METRIC_AIQ_RAW].value);
        struct json *whole = NULL;
        const struct json *plan = plan_json(r, &whole);
        static const char *const keys[] = {"aiq", "aiq_raw", "cost_share_at_best_single",
                                           "quality_at_best_single_cost", "quality_at_lambda_0"};
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            char ci[64];
            snprintf(ci, sizeof ci, "%s_ci", keys[k]);
            cr_assert(json_get(plan, keys[k]) && json_get(plan, ci), "%s", keys[k]);
            cr_assert(isfinite(json_num(json_get(plan, keys[k]), (double)NAN)), "%s", keys[k]);
        }
        json_free(whole);
        size_t rows = 0;
        for (size_t k = 0; k < r->policy.n; k++)
            rows += strcmp(r->policy.v[k].name, "plan") == 0;
        cr_assert(rows == PLAN_LAMBDAS);
        const struct policy_row *point = result_find(r, "plan:balanced", "plan"),
                                *best = result_find(r, r->model[r->best_single], "single");
        cr_assert(point && best);
        cr_assert(point->cost_usd_per_1k.value < best->cost_usd_per_1k.value);
        cr_assert(point->quality.hi >= best->quality.value,
                  "the promise is kept within its interval");
        eval_result_free(r);
    }
    free(told);
    eval_set_deinit(&s);
}

/* Replies that tell nothing: the plan is the router, or no worse by more than chance. */
Test(eval_plan, useless_replies_leave_the_router)
{
    double sum = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const struct world w = {
            .n = 900, .models = 4, .tasks = 2, .per_group = 1, .blur = .1, .seed = seed};
        struct eval_set s;
        world_set(&w, &s);
        float *told = mem_array(s.n * 16, sizeof *told);
        for (size_t k = 0; k < s.n * 16; k++)
            told[k] = (float)s.q[k / 16 * 4 + k % 4];
        struct eval_result *r = planned(&s, 5, told);
        cr_assert(r->plan.there);
        cr_expect(r->plan.gain.hi > -1e-6, "seed %d: %g [%g, %g]", (int)seed, r->plan.gain.value,
                  r->plan.gain.lo, r->plan.gain.hi);
        sum += r->plan.gain.value;
        eval_result_free(r);
        free(told);
        eval_set_deinit(&s);
    }
    cr_assert(sum / 8 > -.002, "mean gain %g", sum / 8);
}

/* No replies, no plan. */
Test(eval_plan, is_null_where_replies_tell_nothing)
{
    const struct world w = {
        .n = 300, .models = 3, .tasks = 2, .per_group = 1, .blur = .1, .seed = 2};
    struct eval_set s;
    world_set(&w, &s);
    float *nothing = mem_array(s.n * 9, sizeof *nothing);
    for (size_t k = 0; k < s.n * 9; k++)
        nothing[k] = (float)NAN;
    for (int way = 0; way < 2; way++) {
        struct eval_result *r = planned(&s, 5, way ? nothing : NULL);
        cr_assert(!r->plan.there);
        for (size_t k = 0; k < r->policy.n; k++)
            cr_assert(strcmp(r->policy.v[k].kind, "plan") != 0);
        struct json *whole = NULL;
        const struct json *plan = plan_json(r, &whole);
        cr_assert(plan && json_type(plan) == JSON_NULL);
        json_free(whole);
        eval_result_free(r);
    }
    free(nothing);
    eval_set_deinit(&s);
}

/* What is asked on test prompts does not depend on their scores: turned around, every plan costs
 * the same to the last bit. */
Test(eval_plan, nothing_is_chosen_on_what_is_reported)
{
    const struct world w = {
        .n = 900, .models = 3, .tasks = 2, .per_group = 1, .blur = .1, .seed = 3};
    struct eval_set s;
    world_set(&w, &s);
    float *told = world_told(&s, 1, 5);
    struct eval_result *before = planned(&s, 0, told);
    for (size_t i = 0; i < s.n; i++)
        for (size_t m = 0; s.group[i] % 3 == 2 && m < 3; m++)
            s.score[i * 3 + m] = 1 - s.score[i * 3 + m];
    struct eval_result *after = planned(&s, 0, told);
    size_t compared = 0;
    cr_assert(before->policy.n == after->policy.n);
    for (size_t k = 0; k < before->policy.n; k++) {
        const struct policy_row *a = &before->policy.v[k], *b = &after->policy.v[k];
        if (strcmp(a->kind, "plan") != 0)
            continue;
        compared++;
        cr_assert(a->cost_usd_per_1k.value == b->cost_usd_per_1k.value, "row %zu", k);
        cr_assert(a->quality.value != b->quality.value, "row %zu", k);
    }
    cr_assert(compared == PLAN_LAMBDAS + 2);
    eval_result_free(before);
    eval_result_free(after);
    free(told);
    eval_set_deinit(&s);
}

/* Where asking again cannot pay, the point is the constant and says so. */
Test(eval_plan, a_point_that_cannot_keep_its_promise_is_the_constant)
{
    const struct world w = {
        .n = 600, .models = 2, .tasks = 2, .per_group = 1, .blur = .1, .seed = 5};
    struct eval_set s;
    world_set(&w, &s);
    for (size_t i = 0; i < s.n; i++) { /* the cheap model is the better one, always */
        s.score[i * 2] = 1;
        s.score[i * 2 + 1] = i % 2 == 0;
    }
    float *told = mem_array(s.n * 4, sizeof *told);
    for (size_t k = 0; k < s.n * 4; k++)
        told[k] = .5f;
    struct eval_result *r = planned(&s, 5, told);
    const struct policy_row *point = result_find(r, "plan:balanced", "plan");
    cr_assert(point);
    near_to("quality", point->quality.value, 1, 0);
    cr_assert(point->note != NULL);
    eval_result_free(r);
    free(told);
    eval_set_deinit(&s);
}
