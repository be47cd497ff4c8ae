/* The decision: utility, ties, masks, points, guard, rules, complexity; with constant heads, so
 * that every answer can be worked out by hand. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>
#include <pthread.h>

#include "router/shunt.h"

static unsigned char *bytes;

static struct shunt_table *build(const struct mini *x)
{
    struct err e = {0};
    size_t len;
    cr_assert_eq(table_build(&x->spec, &bytes, &len, &e), 0, "%s", e.text);
    struct shunt_table *t;
    char why[200];
    cr_assert_eq(shunt_open_memory_detail(bytes, len, &t, why, sizeof why), 0, "%s", why);
    return t;
}

static void drop(struct shunt_table *t)
{
    shunt_close(t);
    free(bytes);
}

/* Costs in nano-dollars that no text changes: prices of 0 and a fee. -1: unknown. */
static void set_costs(struct mini *x, int64_t c0, int64_t c1, int64_t c2)
{
    const int64_t c[MINI_MODELS] = {c0, c1, c2};
    for (int m = 0; m < MINI_MODELS; m++) {
        x->model[m].has_price = 0;
        for (int k = 0; k <= MINI_TASKS; k++)
            x->cost[k * MINI_MODELS + m].mean_nusd = c[m];
    }
}

static struct shunt_decision ask(const struct shunt_table *t, struct shunt_request r, int want)
{
    struct shunt_decision d = SHUNT_DECISION_INIT;
    if (!r.text) {
        r.text = "some text";
        r.text_bytes = 9;
    }
    int rc = shunt_route(t, &r, &d);
    cr_assert_eq(rc, want, "status %d (%s), wanted %d", rc, shunt_strerror(rc), want);
    return d;
}

static const struct shunt_request any = SHUNT_REQUEST_INIT;

Test(router_route, weighs_quality_against_cost_and_latency)
{
    static struct mini x;
    mini_init(&x, 8, 0, 1);
    mini_constant(&x, .5, .7, .9);
    set_costs(&x, 1000000, 2000000, 10000000); /* $0.001, $0.002, $0.01 */
    for (int i = 0; i < (MINI_TASKS + 1) * MINI_MODELS; i++)
        x.cost[i].latency_ms = i % MINI_MODELS == 2 ? 5000 : 100;
    struct shunt_table *t = build(&x);
    struct shunt_request r = any;
    r.flags = SHUNT_OWN_LAMBDA;
    const struct {
        double lambda, mu;
        int model, runner_up;
    } cases[] = {
        {0, 0, 2, 1},   {20, 0, 2, 1},   {24, 0, 2, 1},   {26, 0, 1, 2},  {35, 0, 1, 2},
        {60, 0, 1, 0},  {199, 0, 1, 0},  {201, 0, 0, 1},  {0, .04, 2, 1}, {0, .05, 1, 2},
        {0, .09, 1, 0}, {1e15, 0, 0, 1}, {20, .02, 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r.lambda_per_usd = cases[i].lambda;
        r.mu_per_s = cases[i].mu;
        struct shunt_decision d = ask(t, r, 0);
        cr_assert_eq(d.model, cases[i].model, "case %zu: model %d", i, d.model);
        cr_assert_eq(d.runner_up, cases[i].runner_up, "case %zu: runner-up %d", i, d.runner_up);
        cr_assert_eq(d.reason, SHUNT_BY_UTILITY);
        cr_assert_eq(d.point, -1);
        cr_assert_str_eq(d.model_name, x.model[d.model].name);
    }
    struct shunt_decision d = ask(t, any, 0);
    cr_assert_eq(d.model, 2);
    cr_assert_eq(d.cost_nusd, 10000000);
    cr_assert_eq(d.latency_ms, 5000);
    cr_assert_float_eq(d.quality, .9, 1e-6);
    cr_assert_float_eq(d.complexity, .3, 1e-6); /* the best of the cheap tier has .7 */
    cr_assert_eq(d.tier, 1);                    /* only the dear tier reaches .8 */
    cr_assert_eq(d.model_tier, 1);
    cr_assert_eq(d.text_bytes, 9);
    drop(t);
}

Test(router_route, ties_go_to_the_cheaper_then_to_the_first)
{
    static const struct {
        int64_t cost[3];
        int want;
    } cases[] = {
        {{5, 5, 5}, 0}, {{5, 4, 4}, 1}, {{5, 4, 3}, 2}, {{-1, -1, 9}, 2}, {{-1, -1, -1}, 0},
    };
    static struct mini x;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mini_init(&x, 8, 0, 1);
        mini_constant(&x, .6, .6, .6);
        set_costs(&x, cases[i].cost[0], cases[i].cost[1], cases[i].cost[2]);
        struct shunt_table *t = build(&x);
        cr_assert_eq(ask(t, any, 0).model, cases[i].want, "case %zu", i);
        drop(t);
    }
}

Test(router_route, obeys_the_mask_and_never_buys_at_unknown_cost)
{
    static struct mini x;
    mini_init(&x, 8, 0, 1);
    mini_constant(&x, .5, .7, .9);
    set_costs(&x, 1000, 2000, -1);
    struct shunt_table *t = build(&x);
    struct shunt_request r = any;
    for (uint64_t mask = 0; mask < 8; mask++) {
        r.allowed = &mask;
        r.allowed_words = 1;
        r.flags = 0;
        struct shunt_decision d = ask(t, r, mask ? 0 : SHUNT_E_NO_MODEL);
        int want = mask & 4 ? 2 : mask & 2 ? 1 : 0;
        if (mask) {
            cr_assert_eq(d.model, want);
            cr_assert_eq(d.reason == SHUNT_BY_MASK, (mask & (mask - 1)) == 0);
            cr_assert_eq(d.runner_up == -1, (mask & (mask - 1)) == 0);
        }
        r.flags = SHUNT_OWN_LAMBDA;
        r.lambda_per_usd = 1e-3;
        d = ask(t, r, mask & 3 ? 0 : SHUNT_E_NO_MODEL);
        if (mask & 3)
            cr_assert_eq(d.model, mask & 2 ? 1 : 0);
    }
    r.allowed_words = 0;
    ask(t, r, SHUNT_E_NO_MODEL);
    drop(t);
}

Test(router_route, finds_operating_points)
{
    static struct mini x;
    mini_init(&x, 8, 0, 1);
    mini_constant(&x, .5, .7, .9);
    set_costs(&x, 1000000, 2000000, 10000000);
    x.point[0] = mini_point("cheap", 1000);
    x.point[1] = mini_point("best", 0);
    x.point[2] = mini_point("balanced", 30);
    x.spec.point = x.point;
    const struct {
        size_t points;
        const char *name;
        int want, point;
    } cases[] = {
        {3, NULL, 1, 2}, {3, "best", 2, 1},      {3, "cheap", 0, 0}, {2, NULL, 2, 1},
        {1, NULL, 0, 0}, {2, "balanced", -1, 0}, {0, "best", -1, 0}, {0, NULL, 2, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        x.spec.points = cases[i].points;
        struct shunt_table *t = build(&x);
        struct shunt_request r = any;
        r.point = cases[i].name;
        struct shunt_decision d = ask(t, r, cases[i].want < 0 ? SHUNT_E_POINT : 0);
        if (cases[i].want >= 0) {
            cr_assert_eq(d.model, cases[i].want, "case %zu", i);
            cr_assert_eq(d.point, cases[i].point, "case %zu", i);
        }
        drop(t);
    }
}

Test(router_route, leaves_the_default_only_in_passing_cells)
{
    static struct mini x;
    /* g = q2 - q0 with lambda 0: terciles end at .1 and .2; guard bits by task. */
    for (int task = 0; task <= MINI_TASKS; task++)
        for (unsigned bits = 0; bits < 8; bits++)
            for (int third = 0; third < 3; third++) {
                double g = .05 + .1 * third;
                mini_init(&x, 8, 0, 1);
                mini_constant(&x, .5, .3, .5 + g);
                x.point[0] = mini_point("best", 0);
                x.point[0].guard = x.guard;
                x.guard[task] = (unsigned char)bits;
                x.guard[(task + 1) % 3] = (unsigned char)(7 ^ bits);
                x.point[0].default_model = 0;
                x.point[0].edge[0] = .1;
                x.point[0].edge[1] = .2;
                x.spec.point = x.point;
                x.spec.points = 1;
                struct shunt_table *t = build(&x);
                struct shunt_request r = any;
                r.task = task < MINI_TASKS ? x.task[task] : NULL;
                struct shunt_decision d = ask(t, r, 0);
                int pass = bits >> third & 1;
                cr_assert_eq(d.model, pass ? 2 : 0, "task %d bits %u third %d", task, bits, third);
                cr_assert_eq(d.reason, pass ? SHUNT_BY_UTILITY : SHUNT_BY_GUARD);
                cr_assert_eq(d.runner_up, pass ? 0 : 2);
                uint64_t without_default = 6;
                r.allowed = &without_default;
                r.allowed_words = 1;
                cr_assert_eq(ask(t, r, 0).model, 2); /* no default, no guard */
                drop(t);
            }
}

Test(router_route, share_points_use_the_difference_of_two_models)
{
    static struct mini x;
    const struct {
        double weak, strong;
        uint64_t mask;
        int want, reason;
    } cases[] = {
        {.5, .61, 7, 2, SHUNT_BY_SHARE}, {.5, .59, 7, 0, SHUNT_BY_SHARE},
        {.5, .9, 3, 0, SHUNT_BY_SHARE},  {.5, .51, 6, 2, SHUNT_BY_SHARE},
        {.5, .9, 2, 1, SHUNT_BY_MASK},   {.5, .9, 1, 0, SHUNT_BY_MASK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mini_init(&x, 8, 0, 1);
        mini_constant(&x, cases[i].weak, .99, cases[i].strong);
        set_costs(&x, -1, -1, -1);
        x.point[0] = mini_point("share=0.3", 0);
        x.point[0].share = 1;
        x.point[0].weak = 0;
        x.point[0].strong = 2;
        x.point[0].threshold = .1;
        x.spec.point = x.point;
        x.spec.points = 1;
        struct shunt_table *t = build(&x);
        struct shunt_request r = any;
        r.allowed = &cases[i].mask;
        r.allowed_words = 1;
        struct shunt_decision d = ask(t, r, 0);
        cr_assert_eq(d.model, cases[i].want, "case %zu: %d", i, d.model);
        cr_assert_eq(d.reason, cases[i].reason, "case %zu", i);
        drop(t);
    }
}

Test(router_route, rules_come_first)
{
    static const char *const words[] = {"lawyer", "court of appeal", "C++", "\xc3\xa9t\xc3\xa9"};
    static struct mini x;
    mini_init(&x, 8, 0, 1);
    mini_constant(&x, .9, .8, .5);
    x.rule[0] = (struct table_rule){.name = "no small talk",
                                    .action = TABLE_FORBID,
                                    .target = 0,
                                    .task = "chat",
                                    .user_class = "pro"};
    x.rule[1] = (struct table_rule){
        .name = "legal", .action = TABLE_FORCE, .target = 2, .keyword = words, .keywords = 4};
    x.rule[2] = (struct table_rule){
        .name = "long", .action = TABLE_RAISE, .target = 1, .min_bytes = 100, .max_bytes = 200};
    x.rule[3] = (struct table_rule){.name = "exact",
                                    .action = TABLE_FORCE,
                                    .target = 1,
                                    .keyword = words,
                                    .keywords = 1,
                                    .inside_words = 1,
                                    .match_case = 1};
    x.spec.rule = x.rule;
    x.spec.rules = 4;
    struct shunt_table *t = build(&x);
    char filler[202];
    memset(filler, '.', sizeof filler);
    const struct {
        const char *text;
        size_t bytes;
        const char *task, *user;
        uint64_t mask;
        int want, rule, reason;
    } cases[] = {
        {"hello", 5, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {"hello", 5, "chat", NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {"hello", 5, "chat", "pro", 7, 1, 0, SHUNT_BY_UTILITY},
        {"hello", 5, "chat", "pro", 5, 2, 0, SHUNT_BY_MASK},
        {"My LAWYER!", 10, "chat", "pro", 7, 2, 1, SHUNT_BY_RULE},
        {"lawyers", 7, NULL, NULL, 7, 1, 3, SHUNT_BY_RULE},
        {"Lawyers", 7, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {"a lawyer", 8, NULL, NULL, 3, 1, 3, SHUNT_BY_RULE}, /* rule 1 may not have model 2 */
        {"the Court of Appeal", 19, NULL, NULL, 7, 2, 1, SHUNT_BY_RULE},
        {"in c++11", 8, NULL, NULL, 7, 2, 1, SHUNT_BY_RULE}, /* '+' ends no word */
        {"xc++", 4, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {"l'\xc3\xa9t\xc3\xa9", 7, NULL, NULL, 7, 2, 1, SHUNT_BY_RULE},
        {"\xc3\xa9t\xc3\xa9s", 6, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {"awyer", 5, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {filler, 99, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {filler, 100, NULL, NULL, 7, 2, 2, SHUNT_BY_MASK},
        {filler, 200, NULL, NULL, 7, 2, 2, SHUNT_BY_MASK},
        {filler, 201, NULL, NULL, 7, 0, -1, SHUNT_BY_UTILITY},
        {filler, 150, NULL, NULL, 3, 0, 2, SHUNT_BY_UTILITY}, /* nothing to raise to */
        {filler, 150, "chat", "pro", 7, 2, 0, SHUNT_BY_MASK},
        {"hello", 5, "chat", "pro", 1, -1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shunt_request r = any;
        r.text = cases[i].text;
        r.text_bytes = cases[i].bytes;
        r.task = cases[i].task;
        r.user_class = cases[i].user;
        r.allowed = &cases[i].mask;
        r.allowed_words = 1;
        struct shunt_decision d = ask(t, r, cases[i].want < 0 ? SHUNT_E_NO_MODEL : 0);
        if (cases[i].want < 0)
            continue;
        cr_assert_eq(d.model, cases[i].want, "case %zu: model %d", i, d.model);
        cr_assert_eq(d.rule, cases[i].rule, "case %zu: rule %d", i, d.rule);
        cr_assert_eq(d.reason, cases[i].reason, "case %zu: reason %d", i, d.reason);
        if (d.rule >= 0)
            cr_assert_str_eq(d.rule_name, x.rule[d.rule].name);
        else
            cr_assert_null(d.rule_name);
    }
    drop(t);
}

Test(router_route, labels_and_tiers_describe_the_prompt)
{
    static struct mini x;
    const struct {
        double q0, q1, q2, above_simple, above_moderate;
        int tier, label;
    } cases[] = {
        {.9, .2, .1, .1, .9, 0, 0},  {.2, .81, .9, .6, .4, 0, 1},   {.2, .3, .81, .6, .6, 1, 2},
        {.6, .2, .79, .5, .1, 1, 1}, {.79, .2, .78, .49, .9, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mini_init(&x, 8, 0, 1);
        mini_constant(&x, cases[i].q0, cases[i].q1, cases[i].q2);
        x.bias[3] = log(cases[i].above_simple / (1 - cases[i].above_simple));
        x.bias[4] = log(cases[i].above_moderate / (1 - cases[i].above_moderate));
        struct shunt_table *t = build(&x);
        struct shunt_decision d = ask(t, any, 0);
        cr_assert_eq(d.tier, cases[i].tier, "case %zu: tier %d", i, d.tier);
        cr_assert_eq(d.complexity_class, cases[i].label, "case %zu: %d", i, d.complexity_class);
        cr_assert_float_eq(d.complexity, 1 - fmax(cases[i].q0, cases[i].q1), 1e-6);
        drop(t);
    }
    mini_init(&x, 8, 0, 1);
    x.spec.labels = 0;
    for (int j = 0; j < MINI_MODELS; j++) /* three heads a row now */
        x.bias[j] = 0;
    struct shunt_table *t = build(&x);
    cr_assert_eq(ask(t, any, 0).complexity_class, -1);
    cr_assert_eq(shunt_label_count(t), 0);
    drop(t);
}

Test(router_route, tells_what_the_table_holds)
{
    static struct mini x;
    mini_init(&x, 9, 100, 4);
    mini_full(&x);
    struct shunt_table *t = build(&x);
    cr_assert_eq(shunt_selftest(t), 0);
    cr_assert_eq(shunt_model_count(t), 3);
    cr_assert_str_eq(shunt_model_name(t, 1), "medium");
    cr_assert_null(shunt_model_name(t, 3));
    cr_assert_null(shunt_model_name(t, -1));
    cr_assert_eq(shunt_model_index(t, "large"), 2);
    cr_assert_eq(shunt_model_index(t, "none"), -1);
    cr_assert_eq(shunt_model_tier(t, 2), 1);
    cr_assert_str_eq(shunt_tier_name(t, 1), "dear");
    cr_assert_str_eq(shunt_task_name(t, 0), "chat"); /* sorted */
    cr_assert_str_eq(shunt_rule_name(t, 1), "long");
    cr_assert_eq(shunt_fallback(t, 0, 0), 1);
    cr_assert_eq(shunt_fallback(t, 0, 1), 2);
    cr_assert_eq(shunt_fallback(t, 0, 2), -1);
    cr_assert_eq(shunt_fallback(t, 1, 0), 0);
    cr_assert_eq(shunt_fallback(t, 2, 0), -1);
    struct shunt_price price = SHUNT_PRICE_INIT;
    cr_assert_eq(shunt_get_price(t, 1, &price), 0);
    cr_assert_eq(price.output_pusd, 4000000);
    cr_assert_eq(shunt_get_price(t, 2, &price), 0);
    cr_assert_eq(price.known, 0);
    struct shunt_point_info point = SHUNT_POINT_INFO_INIT;
    cr_assert_eq(shunt_get_point(t, 1, &point), 0);
    cr_assert_eq(point.guarded, 1);
    cr_assert_eq(point.default_model, 1);
    cr_assert_eq(point.lambda_per_usd, 20);
    cr_assert_eq(point.cost_nusd[2], 1.1e6);
    cr_assert_eq(shunt_get_point(t, 2, &point), SHUNT_E_ARGUMENT);
    struct shunt_table_info info = SHUNT_TABLE_INFO_INIT;
    cr_assert_eq(shunt_get_table(t, &info), 0);
    cr_assert_eq(info.bits, 9);
    cr_assert_eq(info.kept, 100);
    cr_assert_eq(info.selftests, 3);
    const char *key, *value;
    size_t k, n;
    cr_assert_eq(shunt_metadata(t, "seed", &value, &n), 0);
    cr_assert(n == 1 && value[0] == '7');
    cr_assert_eq(shunt_metadata(t, "see", &value, &n), -1);
    cr_assert_eq(shunt_metadata_at(t, 0, &key, &k, &value, &n), 0);
    cr_assert(k == 9 && memcmp(key, "data.hash", 9) == 0 && n == 4 &&
              memcmp(value, "00ff", 4) == 0);
    cr_assert_eq(shunt_metadata_at(t, 2, &key, &k, &value, &n), -1);
    drop(t);
    for (int s = 1; s > -18; s--)
        cr_assert_gt(strlen(shunt_strerror(s)), 3);
    cr_assert_str_eq(shunt_reason_name(SHUNT_BY_GUARD), "guard");
    cr_assert_str_eq(shunt_reason_name(9), "?");
}

Test(router_route, struct_sizes_are_checked)
{
    static struct mini x;
    mini_init(&x, 9, 100, 4);
    struct shunt_table *t = build(&x);
    struct shunt_request r = any;
    struct {
        struct shunt_decision d;
        char beyond[16];
    } room;
    memset(&room, 0x5A, sizeof room);
    room.d.size = sizeof room.d - 8; /* smaller than any version's */
    cr_assert_eq(shunt_route(t, &r, &room.d), SHUNT_E_ARGUMENT);
    room.d.size = sizeof room; /* a caller with a newer header: only what is known is written */
    cr_assert_eq(shunt_route(t, &r, &room.d), 0);
    cr_assert_eq(room.d.size, sizeof room);
    for (size_t i = 0; i < sizeof room.beyond; i++)
        cr_assert_eq(room.beyond[i], 0x5A);
    cr_assert_eq(shunt_route(t, &r, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_route(NULL, &r, &room.d), SHUNT_E_ARGUMENT);
    struct shunt_point_info p = SHUNT_POINT_INFO_INIT;
    struct shunt_price price = SHUNT_PRICE_INIT;
    struct shunt_table_info info = SHUNT_TABLE_INFO_INIT;
    p.size = price.size = info.size = 4;
    cr_assert_eq(shunt_get_point(t, 0, &p), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_get_price(t, 0, &price), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_get_table(t, &info), SHUNT_E_ARGUMENT);
    drop(t);
}

struct job {
    const struct shunt_table *t;
    int wrong;
};

static void *route_much(void *arg)
{
    static const char *const text[] = {"12 * 7?", "Tell me a story about a lawyer.", "x", ""};
    struct job *job = arg;
    struct shunt_decision first[4];
    for (int i = 0; i < 4000; i++) {
        struct shunt_request r = SHUNT_REQUEST_INIT;
        struct shunt_decision d = SHUNT_DECISION_INIT;
        r.text = text[i % 4];
        r.text_bytes = strlen(text[i % 4]);
        job->wrong += shunt_route(job->t, &r, &d) != 0;
        if (i < 4)
            first[i] = d;
        job->wrong += d.model != first[i % 4].model || d.quality != first[i % 4].quality;
    }
    return NULL;
}

Test(router_route, threads_share_a_table)
{
    static struct mini x;
    mini_init(&x, 9, 100, 4);
    mini_full(&x);
    struct shunt_table *t = build(&x);
    struct job job[4];
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        job[i] = (struct job){t, 0};
        cr_assert_eq(pthread_create(&thread[i], NULL, route_much, &job[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        cr_assert_eq(job[i].wrong, 0);
    }
    drop(t);
}
