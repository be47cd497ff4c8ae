/* What goes into the store comes out again: costs, matrix, routers, points, results. */
#include "core/fs.h"
#include "core/mem.h"
#include "store/embed.h"
#include "store/matrix.h"
#include "store/policy.h"
#include "store/reply.h"
#include "store/result.h"
#include "store/router.h"
#include "tests/store_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(store_rows, .init = open_store, .fini = close_store);

static int64_t add_prompt(const char *id, const char *task)
{
    struct prompt p = {.ext_id = id,
                       .task = task,
                       .messages = "[]",
                       .text = id,
                       .timestamp_ms = INT64_MIN,
                       .weight = 1};
    int added;
    cr_assert(prompt_put(s, &p, &added, NULL) == 0);
    return p.id;
}

static int64_t add_model(const char *name, int64_t in, int64_t out, int64_t *config,
                         const char *json)
{
    struct model m = {.name = mem_strdup(name)};
    cr_assert(model_put(s, &m, NULL) == 0);
    free(m.name);
    if (in >= 0) {
        struct price p = {.model = m.id, .component = PRICE_INPUT, .pico_usd = in};
        cr_assert(price_put(s, &p, NULL) == 0);
        p.component = PRICE_OUTPUT;
        p.pico_usd = out;
        cr_assert(price_put(s, &p, NULL) == 0);
    }
    cr_assert(model_config_put(s, m.id, json, strcmp(json, "import") != 0, config, NULL) == 0);
    return m.id;
}

static int64_t add_reply(int64_t prompt, int64_t config, int64_t sample, int64_t in, int64_t out,
                         int64_t reported, double score, const char *hash)
{
    struct reply r = {.prompt = prompt,
                      .model_config = config,
                      .sample = sample,
                      .request_hash = hash,
                      .text = "x",
                      .usage = USAGE_UNKNOWN,
                      .reported_nusd = reported,
                      .latency_ms = 10,
                      .ttft_ms = NAN,
                      .mean_logprob = -0.5,
                      .min_logprob = NAN,
                      .entropy = NAN};
    r.usage.input = in;
    r.usage.output = out;
    cr_assert(reply_put(s, &r, NULL) == 0);
    if (!isnan(score))
        cr_assert(score_put(s, r.id, "g", 1, score, "ok", NULL, true, NULL) == 0);
    return r.id;
}

Test(store_rows, cost_of_a_reply_is_exact)
{
    const int64_t U = MONEY_UNKNOWN;
    struct {
        struct price_now p;
        struct usage u;
        int64_t want;
    } cases[] = {
        /* 2.50 and 10.00 USD per million = 2,500,000 and 10,000,000 pico-dollars a token */
        {{{2500000, 10000000, U, U, U, U, U}}, {1000, -1, -1, -1, 100, -1}, 3500000},
        {{{2500000, 10000000, 1250000, U, U, U, U}}, {1000, 400, -1, -1, 100, -1}, 3000000},
        {{{2500000, 10000000, U, U, U, U, U}}, {1000, 400, 0, 0, 100, 0}, 3500000},
        {{{2500000, 10000000, U, U, U, 20000000, U}}, {0, 0, 0, 0, 100, 60}, 1600000},
        {{{1, 1, U, U, U, U, 500}}, {0, 0, 0, 0, 0, 0}, 0},  /* 0.5 nano: half to even */
        {{{1, 1, U, U, U, U, 1500}}, {0, 0, 0, 0, 0, 0}, 2}, /* 1.5 -> 2 */
        {{{1, 1, U, U, U, U, 2500}}, {0, 0, 0, 0, 0, 0}, 2}, /* 2.5 -> 2 */
        {{{3000000, 15000000, 300000, 3750000, 6000000, U, U}},
         {1000, 200, 300, 100, 10, -1},
         (400 * 3000000LL + 200 * 300000 + 300 * 3750000LL + 100 * 6000000LL + 10 * 15000000LL) /
             1000},
        {{{U, 1, U, U, U, U, U}}, {1, -1, -1, -1, 1, -1}, U},
        {{{1, 1, U, U, U, U, U}}, {-1, -1, -1, -1, 1, -1}, U},
        {{{1, 1, U, U, U, U, U}}, {10, 20, -1, -1, 1, -1}, U}, /* more cached than there are */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(price_cost(&cases[i].p, &cases[i].u) == cases[i].want, "case %zu: %lld", i,
                  (long long)price_cost(&cases[i].p, &cases[i].u));
}

Test(store_rows, a_price_in_force_is_the_latest_of_the_highest_tier)
{
    int64_t config;
    int64_t m = add_model("m", 100, 200, &config, "import");
    struct price p = {.model = m, .component = PRICE_INPUT, .min_context = 200000, .pico_usd = 300};
    cr_assert(price_put(s, &p, NULL) == 0);
    p = (struct price){.model = m, .component = PRICE_INPUT, .from_ms = 1000, .pico_usd = 90};
    cr_assert(price_put(s, &p, NULL) == 0);
    p = (struct price){.model = m, .component = PRICE_INPUT, .from_ms = INT64_MAX, .pico_usd = 1};
    cr_assert(price_put(s, &p, NULL) == 0);
    struct price_now now;
    cr_assert(price_now(s, m, 10, &now, NULL) == 0);
    cr_assert(now.pico_usd[PRICE_INPUT] == 90);
    cr_assert(price_now(s, m, 200000, &now, NULL) == 0);
    cr_assert(now.pico_usd[PRICE_INPUT] == 300);
    cr_assert(now.pico_usd[PRICE_REASONING] == MONEY_UNKNOWN);
}

Test(store_rows, matrix_means_samples_and_knows_what_is_missing)
{
    int64_t p1 = add_prompt("p1", "a"), p2 = add_prompt("p2", "b"), ca, cb, cb_new;
    add_model("alpha", 1000, 2000, &ca, "import");
    add_model("beta", -1, -1, &cb, "import");
    add_reply(p1, ca, 0, 10, 5, MONEY_UNKNOWN, 1, "import:1");
    add_reply(p1, ca, 1, 30, 5, MONEY_UNKNOWN, 0, "import:2");
    add_reply(p2, ca, 0, 10, 5, MONEY_UNKNOWN, NAN, "import:3");
    add_reply(p1, cb, 0, -1, -1, 700, 0.5, "import:4");
    struct matrix *m = NULL;
    struct matrix_options o = {0};
    struct err e = {0};
    cr_assert(matrix_load(s, &o, &m, &e) == 0, "%s", e.text);
    cr_assert(m->prompts == 2 && m->models == 2);
    cr_assert(strcmp(m->model[0].name, "alpha") == 0 && m->model[0].cost_source == COST_COMPUTED);
    cr_assert(m->model[1].cost_source == COST_REPORTED);
    cr_assert(m->score[0] == 0.5 && m->score[1] == 0.5);
    cr_assert(isnan(m->score[2]) && isnan(m->score[3]));
    cr_assert(m->cost_nusd[0] == 30); /* (20 + 40) / 2 nano-dollars */
    cr_assert(m->cost_nusd[1] == 700 && isnan(m->cost_nusd[3]));
    cr_assert(m->samples[0] == 2 && m->unscored_replies == 1);
    cr_assert(m->tokens_in[0] == 20 && m->mean_logprob[0] == -0.5);
    matrix_free(m);

    /* A current configuration with replies takes the place of what was imported. */
    cr_assert(model_config_put(s, 2, "{\"t\":0}", true, &cb_new, NULL) == 0);
    add_reply(p2, cb_new, 0, -1, -1, 900, 1, "h1");
    o.scored_only = true;
    cr_assert(matrix_load(s, &o, &m, &e) == 0, "%s", e.text);
    cr_assert(m->prompts == 2);
    cr_assert(isnan(m->score[1]) && m->score[3] == 1 && m->cost_nusd[3] == 900);
    matrix_free(m);
}

Test(store_rows, matrix_names_an_unknown_model_and_an_empty_store)
{
    struct matrix *m = NULL;
    struct matrix_options o = {0};
    struct err e = {0};
    cr_assert(matrix_load(s, &o, &m, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "no scored reply") != NULL, "%s", e.text);
    int64_t p = add_prompt("p", ""), c;
    add_model("gpt-large", -1, -1, &c, "import");
    add_reply(p, c, 0, 1, 1, 1, 1, "import:1");
    char *name = (char[]){"gpt-lage"};
    struct str_vec asked = {&name, 1, 1};
    o.models = &asked;
    cr_assert(matrix_load(s, &o, &m, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "did you mean 'gpt-large'") != NULL, "%s", e.text);
}

Test(store_rows, a_reply_satisfies_by_hash_or_by_import)
{
    int64_t p = add_prompt("p", ""), imported, current;
    int64_t m = add_model("m", -1, -1, &imported, "import");
    cr_assert(model_config_put(s, m, "{\"a\":1,\"b\":2}", true, &current, NULL) == 0);
    int64_t again;
    cr_assert(model_config_put(s, m, "{ \"b\":2, \"a\":1 }", true, &again, NULL) == 0);
    cr_assert(again == current, "the order of keys is not content");
    cr_assert(reply_have(s, p, m, current, 0, "h", false, NULL) == 0);
    add_reply(p, imported, 0, 1, 1, 1, 1, "import:x");
    cr_assert(reply_have(s, p, m, current, 0, "h", false, NULL) == 1);
    cr_assert(reply_have(s, p, m, current, 0, "h", true, NULL) == 0);
    cr_assert(reply_have(s, p, m, current, 1, "h", false, NULL) == 0);
    add_reply(p, current, 0, 1, 1, 1, 1, "h");
    cr_assert(reply_have(s, p, m, current, 0, "h", true, NULL) == 1);
    cr_assert(reply_have(s, p, m, current, 0, "other", true, NULL) == 0);
}

static void round_trip_point(int64_t router)
{
    struct point_cell cells[2] = {{(char[]){""}, {true, false, true}},
                                  {(char[]){"a \"task\""}, {false, true, true}}};
    struct point in = {.name = (char[]){"balanced"},
                       .kind = (char[]){"lambda"},
                       .lambda_per_usd = 0.1 + 0.2,
                       .z = INFINITY,
                       .default_model = (char[]){"m"},
                       .edge = {0.01, 0.02},
                       .cells = cells,
                       .cell_count = 2,
                       .quality = {0.8, 0.7, 0.9},
                       .cost_usd_per_1k = {NAN, NAN, NAN}};
    cr_assert(point_put(s, router, &in, NULL) == 0);
    cr_assert(point_put(s, router, &in, NULL) == 0); /* replaces */
    struct point *out = NULL;
    size_t n = 0;
    cr_assert(point_load(s, router, &out, &n, NULL) == 0);
    cr_assert(n == 1);
    cr_assert(out->lambda_per_usd == 0.1 + 0.2 && isinf(out->z) && out->edge[1] == 0.02);
    cr_assert(out->cell_count == 2 && strcmp(out->cells[1].task, "a \"task\"") == 0);
    cr_assert(out->cells[0].pass[0] && !out->cells[0].pass[1] && out->cells[1].pass[1]);
    cr_assert(isnan(out->cost_usd_per_1k.lo) && out->quality.hi == 0.9 && out->note == NULL);
    point_free(out, n);
}

Test(store_rows, routers_points_predictions_come_back)
{
    int64_t p = add_prompt("p", ""), c, m = add_model("m", -1, -1, &c, "import");
    struct err e = {0};
    struct router r = {.encoder = (char[]){"hashed"},
                       .mode = (char[]){"cross-fit"},
                       .folds = 5,
                       .seed = 7,
                       .data_hash = (char[]){"d"},
                       .models = (char[]){"[\"m\"]"},
                       .params = (char[]){"a\0b"},
                       .params_len = 3,
                       .metrics = (char[]){"{}"}};
    cr_assert(router_put(s, &r, &e) == 0, "%s", e.text);
    cr_assert(strcmp(r.name, "r1") == 0);
    struct router got;
    cr_assert(router_get(s, NULL, &got, &e) == 0);
    cr_assert(got.id == r.id && got.params_len == 3 && memcmp(got.params, "a\0b", 3) == 0 &&
              got.folds == 5);
    router_deinit(&got);
    cr_assert(router_get(s, "zzz", &got, &e) == ERR_USAGE);

    struct prediction in = {p, m, 0, 0.25, 1234, NAN};
    cr_assert(prediction_put(s, r.id, SCOPE_NONE, &in, &e) == 0);
    cr_assert(prediction_put(s, r.id, 3, &in, &e) == 0);
    struct prediction *out = NULL;
    size_t n = 0;
    cr_assert(prediction_load(s, r.id, SCOPE_NONE, &out, &n, &e) == 0);
    cr_assert(n == 1 && out->quality == 0.25 && out->cost_nusd == 1234 && isnan(out->latency_ms));
    free(out);
    double above[2] = {0.5, 0.125};
    cr_assert(complexity_put(s, r.id, p, above, 2, &e) == 0);
    struct complexity_row *rows = NULL;
    cr_assert(complexity_load(s, r.id, &rows, &n, &e) == 0);
    cr_assert(n == 1 && rows->n == 2 && rows->above[1] == 0.125);
    free(rows);
    round_trip_point(r.id);

    /* Training again under the same name drops what belonged to the old one. */
    struct router again = r;
    again.name = mem_strdup("r1");
    cr_assert(router_put(s, &again, &e) == 0, "%s", e.text);
    cr_assert(prediction_load(s, again.id, SCOPE_NONE, &out, &n, &e) == 0);
    cr_assert(n == 0);
    free(out);
    free(again.name);
    free(r.name);
}

static int count_rows(void *arg, const struct evaluation *v, struct err *e)
{
    (void)e;
    *(double *)arg += v->value;
    return 0;
}

Test(store_rows, the_newest_evaluation_is_read)
{
    struct err e = {0};
    double sum = 0;
    cr_assert(evaluation_each(s, 0, NULL, count_rows, &sum, &e) == ERR_USAGE);
    for (int k = 1; k <= 2; k++) {
        int64_t run = 0;
        char *argv[] = {(char[]){"shunt"}, (char[]){"eval"}};
        cr_assert(run_begin(s, 2, argv, 1, &run, &e) == 0, "%s", e.text);
        struct evaluation v = {"p", "single", "test", "", "quality", k * 10, NAN, NAN, 5};
        cr_assert(evaluation_put(s, run, 0, &v, &e) == 0);
        cr_assert(run_end(s, run, 0, &e) == 0);
    }
    int64_t run = 0;
    cr_assert(evaluation_each(s, 0, &run, count_rows, &sum, &e) == 0);
    cr_assert(sum == 20 && run == 2);
}

Test(store_rows, an_encoder_of_another_shape_is_refused)
{
    struct err e = {0};
    struct encoder a = {.name = "e", .dimensions = 2, .hash = "h"};
    cr_assert(encoder_put(s, &a, &e) == 0);
    struct encoder b = {.name = "e", .dimensions = 3, .hash = "h"};
    cr_assert(encoder_put(s, &b, &e) == ERR_DB);
    cr_assert(encoder_find(s, "x", &b, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "it has: e") != NULL, "%s", e.text);
    int64_t p[2] = {add_prompt("p", ""), add_prompt("q", "")};
    float v[2] = {0.5f, -1}, out[4] = {0};
    bool have[2];
    cr_assert(embedding_put(s, p[0], a.id, v, 2, &e) == 0);
    cr_assert(embedding_load(s, a.id, 2, p, 2, out, have, &e) == 0);
    cr_assert(have[0] && !have[1] && out[0] == 0.5f && out[1] == -1);
}
