/* Ensembles and votes: the stage's model where it may be chosen, and every way a vote can go. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/shunt.h"

static struct mini x;
static unsigned char *bytes;
static const int voters[] = {0, 1, 2}, pair[] = {2, 0};
static struct table_vote vote[2];
static struct table_stage stage[3];
static struct table_ensemble ensemble[2];
static const struct shunt_request any = SHUNT_REQUEST_INIT;

static struct shunt_table *build(void)
{
    static const char *const words[] = {"lawyer"};
    struct err e = {0};
    struct shunt_table *t;
    size_t len;
    mini_init(&x, 8, 0, 1);
    mini_constant(&x, .5, .7, .9);
    for (int i = 0; i < (MINI_TASKS + 1) * MINI_MODELS; i++)
        x.cost[i].mean_nusd = 1000;
    for (int m = 0; m < MINI_MODELS; m++)
        x.model[m].has_price = 0;
    x.taskw[1 * MINI_HEADS + 2] = -5; /* for task chat model 2 is bad */
    x.point[0] = mini_point("best", 0);
    x.point[1] = mini_point("cheap", 1e9);
    x.spec.point = x.point;
    x.spec.points = 2;
    x.rule[0] = (struct table_rule){
        .name = "legal", .action = TABLE_FORCE, .target = 1, .keyword = words, .keywords = 1};
    x.rule[1] = (struct table_rule){
        .name = "pro", .action = TABLE_FORBID, .target = 0, .user_class = "pro"};
    x.spec.rule = x.rule;
    x.spec.rules = 2;
    vote[0] = (struct table_vote){"three", voters, 3, 2, -1, 0};
    vote[1] = (struct table_vote){"two and a judge", pair, 2, 2, 1, 1};
    stage[0] = (struct table_stage){"retrieve", NULL, 0, -1, .95, 200};
    stage[1] = (struct table_stage){"synthesise", "chat", -1, -1, -1, -1};
    stage[2] = (struct table_stage){"check", NULL, 1, 1, .8, 3000};
    ensemble[0] = (struct table_ensemble){"research", -1, stage, 3};
    ensemble[1] = (struct table_ensemble){"thrift", 1, stage + 1, 1};
    x.spec.vote = vote;
    x.spec.votes = 2;
    x.spec.ensemble = ensemble;
    x.spec.ensembles = 2;
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
    return t;
}

Test(router_stages, a_model_for_every_stage)
{
    struct shunt_table *t = build();
    cr_assert_eq(shunt_ensemble_count(t), 2);
    cr_assert_str_eq(shunt_ensemble_name(t, 1), "thrift");
    cr_assert_null(shunt_ensemble_name(t, 2));
    cr_assert_eq(shunt_ensemble_index(t, "research"), 0);
    cr_assert_eq(shunt_ensemble_index(t, "none"), -1);
    cr_assert_eq(shunt_stage_count(t, 0), 3);
    cr_assert_eq(shunt_stage_count(t, 5), -1);
    struct shunt_stage s = SHUNT_STAGE_INIT;
    cr_assert_eq(shunt_get_stage(t, 0, 2, &s), 0);
    cr_assert_str_eq(s.name, "check");
    cr_assert_eq(s.model, 1);
    cr_assert_eq(s.vote, 1);
    cr_assert_eq(s.cost_nusd, 3000);
    cr_assert_eq(shunt_get_stage(t, 0, 1, &s), 0);
    cr_assert_eq(s.model, -1);
    cr_assert_eq(s.quality, -1);
    cr_assert_str_eq(s.task, "chat");
    cr_assert_eq(shunt_get_stage(t, 0, 3, &s), SHUNT_E_ARGUMENT);

    static const struct {
        int ensemble;
        const char *stage, *text, *task, *user;
        uint64_t mask;
        int want, reason;
    } cases[] = {
        {0, "retrieve", "x", NULL, NULL, 7, 0, SHUNT_BY_STAGE},
        {0, "check", "x", NULL, NULL, 7, 1, SHUNT_BY_STAGE},
        {0, "retrieve", "my lawyer", NULL, NULL, 7, 1, SHUNT_BY_RULE},
        {0, "retrieve", "x", NULL, "pro", 7, 2, SHUNT_BY_UTILITY}, /* forbidden there */
        {0, "retrieve", "x", NULL, NULL, 6, 2, SHUNT_BY_UTILITY},  /* not allowed */
        {0, "retrieve", "x", NULL, NULL, 4, 2, SHUNT_BY_MASK},
        {0, "synthesise", "x", NULL, NULL, 7, 1, SHUNT_BY_UTILITY}, /* as a chat */
        {0, "synthesise", "x", "sums", NULL, 7, 2, SHUNT_BY_UTILITY},
        {1, "synthesise", "x", NULL, NULL, 7, 1, SHUNT_BY_UTILITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shunt_request r = any;
        struct shunt_decision d = SHUNT_DECISION_INIT;
        r.text = cases[i].text;
        r.text_bytes = strlen(r.text);
        r.task = cases[i].task;
        r.user_class = cases[i].user;
        r.allowed = &cases[i].mask;
        r.allowed_words = 1;
        cr_assert_eq(shunt_route_stage(t, cases[i].ensemble, cases[i].stage, &r, &d, &s), 0);
        cr_assert_eq(d.model, cases[i].want, "case %zu: %d", i, d.model);
        cr_assert_eq(d.reason, cases[i].reason, "case %zu: %s", i, shunt_reason_name(d.reason));
        cr_assert_str_eq(d.model_name, x.model[d.model].name);
        cr_assert_str_eq(s.name, cases[i].stage);
        cr_assert_eq(d.point, cases[i].ensemble); /* thrift has its own */
        double q[3];
        r.task = r.task ? r.task : s.task;
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), 0);
        cr_assert_eq(d.quality, q[d.model]);
    }
    struct shunt_decision d = SHUNT_DECISION_INIT;
    cr_assert_eq(shunt_route_stage(t, 0, "none", &any, &d, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_route_stage(t, 2, "check", &any, &d, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_route_stage(t, 0, "check", &any, &d, NULL), 0);
    shunt_close(t);
    free(bytes);
}

Test(router_stages, votes_end_as_soon_as_they_can)
{
    struct shunt_table *t = build();
    static const struct {
        int vote;
        const char *reply[4]; /* NULL ends; "-" is a call that failed */
        int action, model, call;
        double share;
    } cases[] = {
        {0, {NULL}, SHUNT_CALL, 0, 1, 0},
        {0, {"a"}, SHUNT_CALL, 1, 2, 0},
        {0, {"a", "A."}, SHUNT_ACCEPT, 0, 1, 2 / 3.},
        {0, {"a", "b"}, SHUNT_CALL, 2, 3, 0},
        {0, {"a", "b", "b"}, SHUNT_ACCEPT, 1, 2, 2 / 3.},
        {0, {"a", "b", "c"}, SHUNT_ACCEPT, 0, 1, 1 / 3.}, /* no judge: the first */
        {0, {"-", "b"}, SHUNT_CALL, 2, 3, 0},
        {0, {"-", "b", "b"}, SHUNT_ACCEPT, 1, 2, 2 / 3.},
        {0, {"-", "-", "c"}, SHUNT_ACCEPT, 2, 3, 1 / 3.},
        {0, {"-", "-", "-"}, SHUNT_GIVE_UP, -1, 0, 0},
        {1, {NULL}, SHUNT_CALL, 2, 1, 0},
        {1, {"so 7"}, SHUNT_CALL, 0, 2, 0},
        {1, {"so 7", "7.0 it is"}, SHUNT_ACCEPT, 2, 1, 1},
        {1, {"so 7", "8"}, SHUNT_CALL, 1, 3, 0},
        {1, {"so 7", "8", "8"}, SHUNT_ACCEPT, 1, 3, .5},
        {1, {"so 7", "8", "-"}, SHUNT_ACCEPT, 2, 1, .5},
        {1, {"-", "-"}, SHUNT_CALL, 1, 3, 0},
        {1, {"-", "-", "9"}, SHUNT_ACCEPT, 1, 3, 0},
        {1, {"-", "-", "-"}, SHUNT_GIVE_UP, -1, 0, 0},
    };
    cr_assert_eq(shunt_vote_count(t), 2);
    cr_assert_str_eq(shunt_vote_name(t, 0), "three");
    cr_assert_null(shunt_vote_name(t, 2));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text[4];
        size_t n[4], count = 0;
        struct shunt_step s = SHUNT_STEP_INIT;
        for (; count < 4 && cases[i].reply[count]; count++) {
            const char *r = cases[i].reply[count];
            text[count] = strcmp(r, "-") == 0 ? NULL : r;
            n[count] = strlen(r);
        }
        cr_assert_eq(shunt_vote_next(t, cases[i].vote, text, n, count, &s), 0);
        cr_assert_eq(s.action, cases[i].action, "case %zu: %s", i, shunt_action_name(s.action));
        cr_assert_eq(s.model, cases[i].model, "case %zu: model %d", i, s.model);
        cr_assert_eq(s.call, cases[i].call, "case %zu: call %d", i, s.call);
        cr_assert_float_eq(s.quality, cases[i].share, 1e-9, "case %zu: %g", i, s.quality);
        cr_assert_eq(s.calls, (int)count);
    }
    struct shunt_step s = SHUNT_STEP_INIT;
    const char *text[4] = {"a", "b", "c", "d"};
    size_t n[4] = {1, 1, 1, 1};
    cr_assert_eq(shunt_vote_next(t, 0, text, n, 4, &s), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_vote_next(t, 2, text, n, 0, &s), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_vote_next(t, 0, NULL, n, 1, &s), SHUNT_E_ARGUMENT);
    shunt_close(t);
    free(bytes);

    struct err e = {0};
    size_t len;
    mini_init(&x, 8, 0, 1); /* a table without any */
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0);
    cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
    cr_assert_eq(shunt_ensemble_count(t), 0);
    cr_assert_eq(shunt_vote_count(t), 0);
    cr_assert_eq(shunt_vote_next(t, 0, NULL, NULL, 0, &s), SHUNT_E_ARGUMENT);
    shunt_close(t);
    free(bytes);
}
