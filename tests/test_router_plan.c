/* Plans: routing, cascade, fallback and giving up, with constant heads so that every posterior can
 * be worked out by hand; the logarithm and the exponential against libm. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/internal.h"

static unsigned char *bytes;
static struct mini x;
static struct table_posterior head[9];
static struct table_value value[2];
static double value_weight[2][MINI_MODELS * (1 + MINI_MODELS)], value_task[MINI_TASKS][MINI_MODELS];
static double slope[MINI_TASKS][3];
static const struct shunt_request any = SHUNT_REQUEST_INIT;

static struct shunt_table *build(void)
{
    struct err e = {0};
    size_t len;
    struct shunt_table *t;
    char why[200];
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory_detail(bytes, len, &t, why, sizeof why), 0, "%s", why);
    return t;
}

static void drop(struct shunt_table *t)
{
    shunt_close(t);
    free(bytes);
}

/* Models of q .5 .7 .9 for $.001, .002, .01; one point `balanced` of that lambda. */
static void set_up(double lambda)
{
    static const int64_t cost[] = {1000000, 2000000, 10000000};
    mini_init(&x, 8, 0, 1);
    mini_constant(&x, .5, .7, .9);
    for (int i = 0; i < (MINI_TASKS + 1) * MINI_MODELS; i++)
        x.cost[i] = (struct table_cost){.mean_nusd = cost[i % MINI_MODELS], .latency_ms = -1};
    for (int m = 0; m < MINI_MODELS; m++)
        x.model[m].has_price = 0;
    x.point[0] = mini_point("balanced", lambda);
    x.spec.point = x.point;
    x.spec.points = 1;
    memset(head, 0, sizeof head);
    memset(value, 0, sizeof value);
}

static double logit(double q)
{
    return log(q / (1 - q));
}
static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

static struct shunt_step step(struct shunt_plan *p, const struct shunt_outcome *o)
{
    struct shunt_step s = SHUNT_STEP_INIT;
    int rc = shunt_plan_next(p, o, &s);
    cr_assert_eq(rc, 0, "%s", shunt_strerror(rc));
    return s;
}

static struct shunt_plan begin(const struct shunt_table *t, const struct shunt_request *r)
{
    struct shunt_plan p = SHUNT_PLAN_INIT;
    int rc = shunt_plan_begin(&p, t, r);
    cr_assert_eq(rc, 0, "%s", shunt_strerror(rc));
    return p;
}

static struct shunt_outcome outcome(int status)
{
    struct shunt_outcome o = SHUNT_OUTCOME_INIT;
    o.status = status;
    return o;
}

static void expect(const struct shunt_step *s, int action, int cause, int model, int call)
{
    cr_assert_eq(s->action, action, "action %s, wanted %s", shunt_action_name(s->action),
                 shunt_action_name(action));
    cr_assert_eq(s->cause, cause, "cause %s, wanted %s", shunt_cause_name(s->cause),
                 shunt_cause_name(cause));
    cr_assert_eq(s->model, model);
    cr_assert_eq(s->call, call);
    if (model >= 0)
        cr_assert_str_eq(s->model_name, x.model[model].name);
    else
        cr_assert_null(s->model_name);
}

Test(router_plan, logarithm_and_exponential_are_right)
{
    for (int i = 0; i < 200000; i++) {
        double v = exp(-30 + i * 3e-4);
        cr_assert_float_eq(shunt_ln(v), log(v), 1e-15 * (1 + fabs(log(v))), "ln %.17g", v);
        double u = -700 * (i / 200000.0) * (i / 200000.0);
        cr_assert_float_eq(shunt_exp(u) / exp(u), 1, 1e-14, "exp %.17g", u);
    }
    cr_assert_eq(shunt_ln(1), 0);
    cr_assert_eq(shunt_exp(0), 1);
    cr_assert_float_eq(shunt_ln(1 - shunt_exp(-1e-6)), log(-expm1(-1e-6)), 1e-9);
}

Test(router_plan, a_table_without_plan_sections_routes_and_falls_back)
{
    set_up(26); /* utilities .474 .648 .64 */
    int chain[] = {2, 0};
    x.substitutes[1] = (struct table_substitutes){chain, 2};
    x.spec.substitutes = x.substitutes;
    struct shunt_table *t = build();
    static const int cause[] = {SHUNT_FOR_GAIN, SHUNT_FOR_INVALID, SHUNT_FOR_TIMEOUT,
                                SHUNT_FOR_RATE_LIMIT, SHUNT_FOR_ERROR};
    for (int status = SHUNT_REPLY_OK; status <= SHUNT_REPLY_ERROR; status++) {
        struct shunt_plan p = begin(t, &any);
        struct shunt_outcome bad = outcome(status), good = outcome(SHUNT_REPLY_OK);
        struct shunt_step s = step(&p, NULL);
        expect(&s, SHUNT_CALL, SHUNT_FOR_ROUTE, 1, 1);
        cr_assert_eq(s.cost_nusd, 2000000);
        cr_assert_eq(s.spent_nusd, 0);
        cr_assert_eq(s.calls, 0);
        s = step(&p, &bad);
        if (status == SHUNT_REPLY_OK) {
            expect(&s, SHUNT_ACCEPT, SHUNT_FOR_GAIN, 1, 1);
            cr_assert_eq(s.spent_nusd, 2000000);
        } else {
            expect(&s, SHUNT_FALL_BACK, cause[status], 2, 2);
            cr_assert_eq(s.spent_nusd, status == SHUNT_REPLY_INVALID ? 2000000 : 0);
            s = step(&p, &bad); /* model 2 has no chain: the best of the rest */
            expect(&s, SHUNT_FALL_BACK, cause[status], 0, 3);
            struct shunt_plan other = p;
            s = step(&p, &good);
            expect(&s, SHUNT_ACCEPT, SHUNT_FOR_GAIN, 0, 3);
            cr_assert_eq(s.calls, 3);
            s = step(&other, &bad);
            expect(&s, SHUNT_GIVE_UP, cause[status], -1, 0);
        }
        cr_assert_eq(shunt_plan_next(&p, &good, &s), SHUNT_E_ARGUMENT, "a plan that has ended");
    }
    drop(t);
}

Test(router_plan, a_reply_moves_every_model_and_the_gain_decides)
{
    /* After model 0: its own quality from all signals, model 2's from its own prior and validity;
     * model 1 has no head and keeps its prior. */
    for (int i = 0; i < 400; i++) {
        set_up(60); /* utilities .44 .58 .3 with priors; the mask below begins with model 0 */
        x.seed = (uint64_t)i + 1;
        x.spec.posterior = head;
        x.spec.posteriors = 2;
        head[0] = (struct table_posterior){.replied = 0, .target = 0, .bias = mini_random(&x)};
        head[1] = (struct table_posterior){.replied = 0, .target = 2, .bias = mini_random(&x)};
        for (int k = 0; k < 10; k++) {
            head[0].weight[k] = mini_random(&x) * .4;
            head[0].missing[k] = mini_random(&x);
            head[1].weight[k] = mini_random(&x) * .4;
            head[1].missing[k] = mini_random(&x);
        }
        for (int k = 0; k < MINI_TASKS * 3; k++)
            slope[k / 3][k % 3] = mini_random(&x) * .3;
        head[0].task = &slope[0][0];
        x.point[0].default_model = 0; /* the guard holds the first call at model 0 */
        memset(x.guard, 0, sizeof x.guard);
        x.point[0].guard = x.guard;
        x.point[0].edge[1] = 1;
        struct shunt_table *t = build();
        struct shunt_request r = any;
        int task = i % 3 - 1;
        r.task = task < 0 ? NULL : x.task[task];
        struct shunt_plan p = begin(t, &r);
        struct shunt_step s = step(&p, NULL);
        expect(&s, SHUNT_CALL, SHUNT_FOR_ROUTE, 0, 1);

        struct shunt_outcome o = outcome(SHUNT_REPLY_OK);
        o.flags = (uint32_t)i % 128;
        o.mean_logprob = -.01 - .5 * (mini_random(&x) + 1);
        o.min_logprob = -3 * (mini_random(&x) + 1);
        o.entropy = mini_random(&x) + 1;
        o.margin = mini_random(&x) + 1;
        o.agreement = (mini_random(&x) + 1) / 2;
        o.valid = i / 128 % 2;
        o.reply_bytes = (uint64_t)i * 7;
        double v[10] = {
            logit(.5), 0,        o.mean_logprob, o.min_logprob, log(-expm1(o.mean_logprob)),
            o.entropy, o.margin, o.agreement,    o.valid,       log1p((double)o.reply_bytes)};
        static const uint32_t flag[] = {0, 0, 1, 2, 1, 4, 8, 16, 32, 64};
        double q[3] = {0, .7, 0};
        for (int b = 0; b < 3; b += 2) {
            const struct table_posterior *h = &head[b / 2];
            double z = h->bias;
            v[1] = logit(b ? .9 : .5);
            for (int k = 0; k < 10; k++)
                z += k < 2 || o.flags & flag[k] ? h->weight[k] * v[k] : h->missing[k];
            if (task >= 0 && b == 0) {
                z += slope[task][0];
                if (o.flags & 1)
                    z += slope[task][1] * v[2] + slope[task][2] * v[4];
            }
            q[b] = sigmoid(z);
        }
        s = step(&p, &o);
        double seen[3];
        cr_assert_eq(shunt_plan_state(&p, NULL, seen), 0);
        for (int b = 0; b < 3; b++)
            cr_assert_float_eq(seen[b], q[b], 2e-6, "model %d: %.9f %.9f", b, seen[b], q[b]);
        double g1 = q[1] - q[0] - .12, g2 = q[2] - q[0] - .6;
        int want = g1 <= 0 && g2 <= 0 ? 0 : g1 >= g2 ? 1 : 2;
        cr_assert_eq(s.action, want ? SHUNT_ESCALATE : SHUNT_ACCEPT, "case %d: %g %g", i, g1, g2);
        cr_assert_eq(s.model, want);
        if (want) {
            cr_assert_float_eq(s.gain, want == 1 ? g1 : g2, 1e-5);
            struct shunt_outcome late = outcome(SHUNT_REPLY_TIMEOUT);
            struct shunt_plan q_plan = p;
            struct shunt_step after = step(&q_plan, &late); /* the first reply is still there */
            if (after.action == SHUNT_ACCEPT)
                expect(&after, SHUNT_ACCEPT, SHUNT_FOR_TIMEOUT, 0, 1);
            else
                expect(&after, SHUNT_ESCALATE, SHUNT_FOR_GAIN, 3 - want, 3);
            o.flags = 0;
            s = step(&p, &o); /* of that reply no head tells: the better of the two is taken */
            cr_assert_eq(s.action, SHUNT_ACCEPT);
            cr_assert_eq(s.model, q[want] > q[0] ? want : 0);
            cr_assert_eq(s.call, q[want] > q[0] ? 2 : 1);
        }
        drop(t);
    }
}

Test(router_plan, value_heads_choose_the_first_model)
{
    static const struct {
        double bias[3], margin;
        int task, want, cause;
        uint64_t mask;
    } cases[] = {
        {{0, 0, 0}, 0, -1, 1, SHUNT_FOR_ROUTE, 7},     {{.5, .4, .3}, 0, -1, 0, SHUNT_FOR_VALUE, 7},
        {{.5, .4, .3}, .2, -1, 1, SHUNT_FOR_ROUTE, 7}, {{.5, .6, .3}, 0, -1, 1, SHUNT_FOR_ROUTE, 7},
        {{.1, .2, .3}, 0, -1, 2, SHUNT_FOR_VALUE, 7},  {{.1, .2, .3}, 0, -1, 1, SHUNT_FOR_ROUTE, 3},
        {{.1, .2, .3}, 0, 0, 0, SHUNT_FOR_VALUE, 7},   {{.1, .2, .3}, 0, 1, 2, SHUNT_FOR_VALUE, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_up(60);
        memset(value_weight, 0, sizeof value_weight);
        memset(value_task, 0, sizeof value_task);
        for (int m = 0; m < 3; m++)
            value_weight[0][m * 4] = cases[i].bias[m];
        value_task[0][0] = .4;
        value[0] = (struct table_value){0, cases[i].margin, value_weight[0], &value_task[0][0]};
        x.spec.value = value;
        x.spec.values = 1;
        struct shunt_table *t = build();
        struct shunt_request r = any;
        r.task = cases[i].task < 0 ? NULL : x.task[cases[i].task];
        r.allowed = &cases[i].mask;
        r.allowed_words = 1;
        struct shunt_plan p = begin(t, &r);
        struct shunt_step s = step(&p, NULL);
        expect(&s, SHUNT_CALL, cases[i].cause, cases[i].want, 1);
        drop(t);
    }
    /* Weights of prior logits: value of 0 is the logit of model 2, ln 9; of 2 that of model 1. */
    set_up(60);
    memset(value_weight, 0, sizeof value_weight);
    value_weight[0][0 * 4 + 1 + 2] = 1;
    value_weight[0][2 * 4 + 1 + 1] = 2.5;
    value[0] = (struct table_value){0, 0, value_weight[0], NULL};
    x.spec.value = value;
    x.spec.values = 1;
    struct shunt_table *t = build();
    struct shunt_plan p = begin(t, &any);
    struct shunt_step s = step(&p, NULL);
    expect(&s, SHUNT_CALL, SHUNT_FOR_VALUE, 0, 1); /* 2.197 against 2.118 */
    drop(t);
}

Test(router_plan, rules_shares_limits_and_own_lambda)
{
    static const char *const words[] = {"lawyer"};
    set_up(60);
    x.spec.posterior = head;
    x.spec.posteriors = 9;
    for (int i = 0; i < 9; i++) { /* every reply is bad, every other model good */
        head[i].replied = i / 3;
        head[i].target = i % 3;
        head[i].bias = i / 3 == i % 3 ? -3 + i / 3 : 3;
    }
    x.rule[0] = (struct table_rule){
        .name = "legal", .action = TABLE_FORCE, .target = 0, .keyword = words, .keywords = 1};
    x.spec.rule = x.rule;
    x.spec.rules = 1;
    x.point[1] = mini_point("share=.5", 0);
    x.point[1].share = 1;
    x.point[1].strong = 2;
    x.point[1].threshold = .9;
    x.spec.points = 2;
    struct shunt_outcome good = outcome(SHUNT_REPLY_OK), late = outcome(SHUNT_REPLY_TIMEOUT);
    for (unsigned limit = 0; limit < 4; limit++) {
        x.spec.plan = (struct table_plan){limit, limit ? 9 : 0, 0};
        struct shunt_table *t = build();
        struct shunt_plan p = begin(t, &any);
        struct shunt_step s = step(&p, NULL);
        expect(&s, SHUNT_CALL, SHUNT_FOR_ROUTE, 1, 1);
        for (int k = 1; k < (limit ? (int)limit : 3); k++) {
            s = step(&p, &good);
            expect(&s, SHUNT_ESCALATE, SHUNT_FOR_GAIN, k == 1 ? 0 : 2, k + 1);
        }
        s = step(&p, &good);
        cr_assert_eq(s.action, SHUNT_ACCEPT);
        cr_assert_eq(s.cause, limit == 1 || limit == 2 ? SHUNT_FOR_CALLS : SHUNT_FOR_GAIN);
        cr_assert_eq(s.model, limit == 0 || limit == 3 ? 2 : 1); /* the least bad reply */

        struct shunt_request r = any;
        r.text = "my lawyer";
        r.text_bytes = 9;
        p = begin(t, &r);
        s = step(&p, NULL);
        expect(&s, SHUNT_CALL, SHUNT_FOR_ROUTE, 0, 1);
        struct shunt_plan other = p;
        s = step(&p, &good);
        expect(&s, SHUNT_ACCEPT, SHUNT_FOR_GAIN, 0, 1);
        s = step(&other, &late);
        if (limit == 1)
            expect(&s, SHUNT_GIVE_UP, SHUNT_FOR_CALLS, -1, 0);
        else
            expect(&s, SHUNT_FALL_BACK, SHUNT_FOR_TIMEOUT, 1, 2);

        r = any;
        r.point = "share=.5";
        p = begin(t, &r);
        s = step(&p, NULL);
        expect(&s, SHUNT_CALL, SHUNT_FOR_ROUTE, 0, 1);
        s = step(&p, &good);
        expect(&s, SHUNT_ACCEPT, SHUNT_FOR_GAIN, 0, 1);

        r = any;
        r.flags = SHUNT_OWN_LAMBDA;
        cr_assert_eq(shunt_plan_begin(&p, t, &r), SHUNT_E_LAMBDA);
        cr_assert_not_null(strstr(shunt_strerror(SHUNT_E_LAMBDA), "lambda"));
        drop(t);
    }
}

/* A point of plans: some tasks plan, the others ask its default model and take what comes; and
 * once there is one, points of one call do not escalate. */
Test(router_plan, a_point_of_plans_leaves_tasks_alone)
{
    static unsigned char guard[MINI_TASKS + 1] = {4, 0, 0}; /* sums plans; chat and others do not */
    set_up(60);
    x.point[1] = mini_point("plan:balanced", 1);
    x.point[1].plan = 1;
    x.point[1].guard = guard;
    x.point[1].default_model = 2;
    x.spec.points = 2;
    head[0] = (struct table_posterior){.replied = 0, .target = 0, .weight = {0, 0, 10}};
    head[1] = (struct table_posterior){.replied = 1, .target = 1, .weight = {0, 0, 10}};
    head[2] = (struct table_posterior){.replied = 2, .target = 2, .weight = {0, 0, 10}};
    x.spec.posterior = head;
    x.spec.posteriors = 3;
    value[0] = (struct table_value){.point = 1, .weight = value_weight[0]};
    memset(value_weight, 0, sizeof value_weight);
    value_weight[0][0] = 1; /* to begin with model 0 */
    x.spec.value = value;
    x.spec.values = 1;
    struct shunt_table *t = build();
    struct shunt_outcome doubt = outcome(SHUNT_REPLY_OK);
    doubt.flags = SHUNT_HAS_MEAN;
    doubt.mean_logprob = -1;
    struct shunt_request r = any;
    struct shunt_point_info info = SHUNT_POINT_INFO_INIT;
    cr_assert(shunt_get_point(t, 1, &info) == 0 && info.plan == 1 && info.guarded == 1);
    info.size = offsetof(struct shunt_point_info, plan); /* of a program that knows no plans */
    info.plan = 7;
    cr_assert(shunt_get_point(t, 1, &info) == 0 && info.plan == 7 && info.share == 0);
    r.point = "plan:balanced";
    r.task = "sums";
    struct shunt_plan p = begin(t, &r);
    struct shunt_step s = step(&p, NULL);
    expect(&s, SHUNT_CALL, SHUNT_FOR_VALUE, 0, 1);
    s = step(&p, &doubt);
    expect(&s, SHUNT_ESCALATE, SHUNT_FOR_GAIN, 2, 2);
    static const char *const others[] = {"chat", NULL};
    for (int i = 0; i < 2; i++) {
        r.task = others[i];
        p = begin(t, &r);
        s = step(&p, NULL);
        expect(&s, SHUNT_CALL, SHUNT_FOR_ROUTE, 2, 1);
        s = step(&p, &doubt);
        expect(&s, SHUNT_ACCEPT, SHUNT_FOR_GAIN, 2, 1);
        p = begin(t, &r); /* what fails is still replaced */
        s = step(&p, NULL);
        struct shunt_outcome late = outcome(SHUNT_REPLY_TIMEOUT);
        s = step(&p, &late);
        expect(&s, SHUNT_FALL_BACK, SHUNT_FOR_TIMEOUT, 1, 2);
    }
    /* Where all fail, the last to fail is named; an older, shorter struct is filled as far as it
     * goes. */
    r.task = "chat";
    p = begin(t, &r);
    s = step(&p, NULL);
    for (int i = 0; i < 3; i++) {
        struct shunt_outcome late = outcome(SHUNT_REPLY_TIMEOUT);
        int last = s.model;
        cr_assert_eq(s.refused, -1);
        if (i == 2) {
            s.size = offsetof(struct shunt_step, refused);
            s.refused = 77;
            cr_assert_eq(shunt_plan_next(&p, &late, &s), 0);
            cr_assert(s.action == SHUNT_GIVE_UP && s.model == -1 && s.refused == 77);
        } else {
            struct shunt_plan twin = p;
            s = step(&p, &late);
            cr_assert(s.action == SHUNT_FALL_BACK && s.model != last);
            cr_assert_eq(shunt_plan_next(&twin, &late, &s), 0, "a plan is a value");
        }
    }
    r.task = "sums";
    r.point = "balanced";
    p = begin(t, &r);
    s = step(&p, NULL);
    s = step(&p, &doubt);
    cr_assert(s.action == SHUNT_ACCEPT && s.call == 1, "one call at a point of one call");
    drop(t);
}

Test(router_plan, refuses_what_cannot_be)
{
    set_up(60);
    struct shunt_table *t = build();
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step s = SHUNT_STEP_INIT;
    struct shunt_outcome o = outcome(0);
    struct shunt_decision d = SHUNT_DECISION_INIT;
    cr_assert_eq(shunt_plan_next(&p, NULL, &s), SHUNT_E_ARGUMENT, "not begun");
    cr_assert_eq(shunt_plan_state(&p, &d, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_plan_begin(NULL, t, &any), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_plan_begin(&p, NULL, &any), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_plan_begin(&p, t, NULL), SHUNT_E_ARGUMENT);
    struct shunt_request r = any;
    r.point = "none";
    cr_assert_eq(shunt_plan_begin(&p, t, &r), SHUNT_E_POINT);
    cr_assert_eq(shunt_plan_next(&p, NULL, &s), SHUNT_E_ARGUMENT, "begin failed");
    p = begin(t, &any);
    cr_assert_eq(shunt_plan_next(&p, &o, &s), SHUNT_E_ARGUMENT, "no outcome is due");
    s = step(&p, NULL);
    cr_assert_eq(shunt_plan_next(&p, NULL, &s), SHUNT_E_ARGUMENT, "an outcome is due");
    for (int i = 0; i < 5; i++) {
        struct shunt_outcome bad = o;
        bad.status = i == 0 ? -1 : i == 1 ? 5 : 0;
        bad.flags = i == 2 ? 256 : i == 3 ? SHUNT_HAS_MEAN : 0;
        bad.mean_logprob = NAN;
        bad.size = i == 4 ? 8 : bad.size;
        cr_assert_eq(shunt_plan_next(&p, &bad, &s), SHUNT_E_ARGUMENT, "case %d", i);
    }
    o.flags = SHUNT_HAS_COST;
    o.cost_nusd = 77;
    s = step(&p, &o);
    expect(&s, SHUNT_ACCEPT, SHUNT_FOR_GAIN, 1, 1);
    cr_assert_eq(s.spent_nusd, 77);
    cr_assert_eq(shunt_plan_state(&p, &d, NULL), 0);
    cr_assert_eq(d.model, 1);
    cr_assert_eq(d.size, sizeof d);
    drop(t);
}

/* Whatever comes, a plan ends, asks no model twice, and accepts only replies that came. */
Test(router_plan, every_story_ends)
{
    set_up(30);
    x.spec.posterior = head;
    x.spec.posteriors = 9;
    for (int i = 0; i < 9; i++) {
        head[i].replied = i / 3;
        head[i].target = i % 3;
        head[i].weight[1] = 1;
        head[i].weight[2] = i / 3 == i % 3 ? 2 : -.5;
    }
    struct shunt_table *t = build();
    int seen[6] = {0};
    for (int i = 0; i < 20000; i++) {
        struct shunt_plan p = begin(t, &any);
        struct shunt_step s = step(&p, NULL);
        unsigned asked = 0, replied = 0;
        int calls = 0;
        while (s.action < SHUNT_ACCEPT) {
            cr_assert_eq(asked >> s.model & 1, 0);
            asked |= 1u << s.model;
            cr_assert_eq(s.call, ++calls);
            struct shunt_outcome o = outcome((int)(2.5 + 2.49 * mini_random(&x)));
            o.status = mini_random(&x) > 0 ? 0 : o.status;
            o.flags = SHUNT_HAS_MEAN;
            o.mean_logprob = -3 * (mini_random(&x) + 1);
            replied |= (unsigned)(o.status == 0) << s.model;
            seen[s.action]++;
            s = step(&p, &o);
        }
        seen[s.action]++;
        cr_assert_eq(s.action == SHUNT_GIVE_UP, replied == 0);
        if (replied)
            cr_assert(replied >> s.model & 1);
        cr_assert_leq(calls, 3);
    }
    for (int a = SHUNT_CALL; a <= SHUNT_GIVE_UP; a++)
        cr_assert_gt(seen[a], 100, "%s", shunt_action_name(a));
    drop(t);
}
