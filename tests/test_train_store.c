/* From a store to a router in it, and on to a table that answers. */
#include "router/shunt.h"
#include "store/embed.h"
#include "store/policy.h"
#include "store/prompt.h"
#include "store/router.h"
#include "train/compile.h"
#include "train/params.h"
#include "train_store_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(train_store, .init = open_store, .fini = close_store);

static void count_scope(int64_t router, int64_t scope, size_t want)
{
    struct prediction *p;
    size_t n;
    OK(prediction_load(s, router, scope, &p, &n, &e));
    cr_assert(eq(sz, n, want), "scope %d", (int)scope);
    for (size_t i = 0; i < n; i++)
        cr_assert(p[i].quality >= 0 && p[i].quality <= 1 && p[i].cost_nusd > 0 &&
                  p[i].latency_ms > 50);
    free(p);
}

Test(train_store, cross_fit_writes_every_scope)
{
    char name[64];
    struct router r;
    OK(train_store(s, &(struct train_options){.folds = 4, .seed = 1}, name, NULL, &e));
    cr_assert_str_eq(name, "r1");
    OK(router_get(s, NULL, &r, &e));
    cr_assert_str_eq(r.mode, "cross-fit");
    cr_assert_str_eq(r.encoder, "hashed");
    cr_assert_str_eq(r.models, "[\"model-0\",\"model-1\"]");
    count_scope(r.id, SCOPE_NONE, N * 2);
    for (int64_t k = 0; k < 4; k++)
        count_scope(r.id, k, N * 2 * 3 / 4);
    struct router_prompt *p;
    struct complexity_row *c;
    size_t n;
    OK(router_prompt_load(s, r.id, &p, &n, &e));
    cr_assert(eq(sz, n, N));
    for (size_t i = 0; i < n; i++)
        cr_assert(strcmp(p[i].role, "fold") == 0 && p[i].fold >= 0 && p[i].fold < 4);
    free(p);
    OK(complexity_load(s, r.id, &c, &n, &e));
    cr_assert(n == N && c[0].n == 1);
    free(c);

    /* Training again under the same name replaces; the same seed gives the same blob. */
    void *first = r.params;
    size_t len = r.params_len;
    r.params = NULL;
    router_deinit(&r);
    OK(train_store(s, &(struct train_options){.folds = 4, .seed = 1, .name = "r1", .jobs = 1}, name,
                   NULL, &e));
    OK(router_get(s, "r1", &r, &e));
    cr_assert(r.params_len == len && memcmp(r.params, first, len) == 0, "reproducible");
    count_scope(r.id, SCOPE_NONE, N * 2);
    free(first);
    router_deinit(&r);
}

Test(train_store, splits_are_obeyed)
{
    char name[64];
    struct router r;
    OK(train_store(s, &(struct train_options){.seed = 1, .name = "mine"}, name, NULL, &e));
    cr_assert_str_eq(name, "mine");
    OK(router_get(s, "mine", &r, &e));
    count_scope(r.id, SCOPE_NONE, N * 2 * 2 / 5);
    count_scope(r.id, 0, 0);
    struct router_prompt *p;
    size_t n, count[3] = {0};
    OK(router_prompt_load(s, r.id, &p, &n, &e));
    for (size_t i = 0; i < n; i++)
        count[p[i].role[1] == 'r' ? 0 : p[i].role[0] == 'v' ? 1 : 2]++;
    cr_assert(count[0] == 144 && count[1] == 48 && count[2] == 48);
    free(p);
    router_deinit(&r);
}

Test(train_store, refusals_leave_nothing_behind)
{
    char name[64];
    struct router r;
    struct str_vec models = {0};
    VEC_PUSH(&models, mem_strdup("model-7"));
    static const struct {
        struct train_options o;
        const char *says;
    } cases[] = {
        {{.folds = 4, .encoder = "tfidf"}, "--encoder takes hashed"},
        {{.folds = 4, .encoder = "endpoint:"}, "--encoder takes hashed"},
        {{.folds = 4, .encoder = "hashed+endpoint:none"}, "none"},
        {{.folds = 4000}, "--cross-fit takes 2 to 1000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(train_store(s, &cases[i].o, name, NULL, &e) == ERR_USAGE);
        cr_assert(strstr(e.text, cases[i].says) != NULL, "%s", e.text);
    }
    cr_assert(train_store(s, &(struct train_options){.folds = 4, .models = &models}, name, NULL,
                          &e) == ERR_USAGE);
    cr_assert(router_get(s, NULL, &r, &e) == ERR_USAGE, "no router was stored");
    struct compile_result c;
    cr_assert(compile_store(s, &(struct compile_options){.path = "/nowhere/t.shunt"}, &c, &e) ==
              ERR_USAGE);
    OK(train_store(s, &(struct train_options){.folds = 4}, name, NULL, &e));
    cr_assert(compile_store(s, &(struct compile_options){.path = "/nowhere/t.shunt"}, &c, &e) ==
              ERR_USAGE);
    cr_assert(strstr(e.text, "run 'shunt eval' first") != NULL, "%s", e.text);
    str_vec_free(&models);
}

static struct point point_of(const char *name, double lambda)
{
    const struct estimate x = {0.7, 0.6, 0.8};
    return (struct point){.name = mem_strdup(name),
                          .kind = mem_strdup("lambda"),
                          .lambda_per_usd = lambda,
                          .default_model = mem_strdup("model-0"),
                          .quality = x,
                          .cost_usd_per_1k = x,
                          .latency_ms = x};
}

static void put_points(int64_t router)
{
    struct point p = point_of("best", 0);
    OK(point_put(s, router, &p, &e));
    p.name[0] = 'n'; /* never leaves its default model */
    p.z = (double)INFINITY;
    p.lambda_per_usd = (double)INFINITY;
    OK(point_put(s, router, &p, &e));
    p.name[0] = 'g'; /* guarded: only for t1 and unknown tasks, only in the upper tercile */
    p.z = 1;
    p.lambda_per_usd = 0;
    struct point_cell cell[3] = {{(char[]){"t0"}, {false, false, false}},
                                 {(char[]){"t1"}, {false, false, true}},
                                 {(char[]){""}, {false, false, true}}};
    p.cells = cell;
    p.cell_count = 3;
    p.edge[0] = 0.05;
    p.edge[1] = 0.1;
    OK(point_put(s, router, &p, &e));
    free(p.name);
    free(p.kind);
    free(p.default_model);
}

/* The newest router, trained on vectors of "local", as a table: equal to its parameters with a
 * vector, and without one where it has heads for that. */
static void compiled_with_vectors(bool plain_too)
{
    struct router r;
    struct params p;
    struct compile_result c;
    struct shunt_table *t;
    AUTO_FREE char *path = fs_join(dir, "t.shunt");
    OK(router_get(s, NULL, &r, &e));
    OK(params_read(r.params, r.params_len, &p, &e));
    cr_assert(p.dims == 3 && p.sets == (plain_too ? 2 : 1) && (p.kept > 0) == plain_too);
    cr_assert_str_eq(p.encoder, "local/3/0123456789abcdef");
    put_points(r.id);
    OK(compile_store(s, &(struct compile_options){.path = path}, &c, &e));
    cr_assert(lt(dbl, c.report.max_difference, 1e-3));
    cr_assert(shunt_open(path, &t) == 0);
    struct shunt_request q = SHUNT_REQUEST_INIT;
    const float vector[3] = {2, 1, 0.5};
    double exact[3], read[2];
    q.text = "wab wcd wef wgh";
    q.text_bytes = strlen(q.text);
    q.task = "t2";
    q.encoder = p.encoder;
    for (int with = 0; with < 2; with++) {
        q.vector = with ? vector : NULL;
        q.vector_len = with ? 3 : 0;
        int status = shunt_predict(t, &q, read, NULL, NULL, NULL);
        if (!with && !plain_too) {
            cr_assert(eq(int, status, SHUNT_E_NO_VECTOR));
            continue;
        }
        cr_assert(eq(int, status, 0));
        params_predict(&p, q.text, q.text_bytes, q.task, q.vector, exact);
        for (size_t k = 0; k < 2; k++)
            cr_assert(epsilon_eq(dbl, read[k], exact[k], 1e-3));
    }
    shunt_close(t);
    params_deinit(&p);
    router_deinit(&r);
}

/* Vectors of an encoder: all prompts need one; the table then takes them, and does without. */
Test(train_store, endpoint_vectors)
{
    char name[64];
    struct encoder enc = {.name = "local", .dimensions = 3, .hash = "0123456789abcdef0123"};
    struct train_options o = {.folds = 4, .encoder = "hashed+endpoint:local"};
    OK(encoder_put(s, &enc, &e));
    for (int64_t i = 1; i < N; i++)
        OK(embedding_put(s, i, enc.id, (float[]){(float)(i % 5), 1, (float)i / N}, 3, &e));
    cr_assert(train_store(s, &o, name, NULL, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "1 of 240 prompts have no vector") != NULL, "%s", e.text);
    OK(embedding_put(s, N, enc.id, (float[]){0, 1, 1}, 3, &e));
    OK(train_store(s, &o, name, NULL, &e));
    compiled_with_vectors(true);
    o.encoder = "endpoint:local";
    OK(train_store(s, &o, name, NULL, &e));
    compiled_with_vectors(false);
}

Test(train_store, a_table_answers_as_the_router_does)
{
    char name[64];
    struct router r;
    struct params p;
    struct compile_result c;
    AUTO_FREE char *path = fs_join(dir, "t.shunt");
    AUTO_FREE char *again = fs_join(dir, "u.shunt");
    OK(train_store(s, &(struct train_options){.folds = 4, .seed = 3}, name, NULL, &e));
    OK(router_get(s, NULL, &r, &e));
    OK(params_read(r.params, r.params_len, &p, &e));
    put_points(r.id);
    OK(compile_store(s, &(struct compile_options){.path = path}, &c, &e));
    cr_assert(c.points == 3 && c.models == 2 && c.tasks == 4 && c.priced == 1);
    cr_assert(c.stale == 0);
    cr_assert(c.report.max_difference < 1e-3 && c.report.samples == N);

    struct shunt_table *t;
    cr_assert(shunt_open(path, &t) == 0);
    cr_assert(shunt_selftest(t) == 0);
    cr_assert_str_eq(shunt_model_name(t, 1), "model-1");
    cr_assert(eq(int, shunt_label_count(t), 2));
    cr_assert(eq(int, shunt_fallback(t, 0, 0), 1));
    struct matrix *m = fixture_new(N, 2, 21);
    size_t left = 0;
    for (size_t i = 0; i < N; i++) {
        const struct matrix_prompt *x = &m->prompt[i];
        double exact[3], read[2];
        int64_t nusd[2];
        struct shunt_request q = SHUNT_REQUEST_INIT;
        struct shunt_decision d = SHUNT_DECISION_INIT;
        q.text = x->text;
        q.text_bytes = strlen(x->text);
        q.task = x->task;
        q.point = "best";
        params_predict(&p, x->text, q.text_bytes, x->task, NULL, exact);
        cr_assert(shunt_predict(t, &q, read, nusd, NULL, NULL) == 0);
        for (size_t k = 0; k < 2; k++)
            cr_assert(epsilon_eq(dbl, read[k], exact[k], 1e-3));
        cr_assert(eq(i64, nusd[0], 7000), "reported mean");
        const struct cost_row *row = &p.cost[(i % 4) * 2 + 1];
        double want =
            ((double)q.text_bytes * row->tokens_per_byte * 500000 + row->output_tokens * 3000000) /
            1000;
        cr_assert(epsilon_eq(dbl, (double)nusd[1], want, 1.0), "tokens times price");
        cr_assert(shunt_route(t, &q, &d) == 0 && d.model == (exact[1] > exact[0] ? 1 : 0));
        q.point = "nest";
        cr_assert(shunt_route(t, &q, &d) == 0 && d.model == 0);
        q.point = "gest";
        cr_assert(shunt_route(t, &q, &d) == 0);
        double gain = read[1] - read[0];
        bool leave = i % 4 != 0 && gain >= 0.1; /* t2, t3 have the pooled cell */
        cr_assert(eq(int, d.model, leave), "prompt %zu, gain %g", i, gain);
        left += leave;
    }
    cr_assert(left > 0 && left < N);
    shunt_close(t);

    OK(compile_store(s, &(struct compile_options){.path = again, .router = name}, &c, &e));
    char *a, *b;
    size_t na, nb;
    OK(fs_read_all(path, 1U << 30, &a, &na, &e));
    OK(fs_read_all(again, 1U << 30, &b, &nb, &e));
    cr_assert(na == nb && memcmp(a, b, na) == 0, "the same bytes");
    free(a);
    free(b);

    struct prompt more = {.ext_id = "new",
                          .task = "t0",
                          .messages = "[{\"role\":\"user\",\"content\":\"x\"}]",
                          .text = "x",
                          .timestamp_ms = INT64_MIN,
                          .weight = 1};
    int added;
    OK(prompt_put(s, &more, &added, &e));
    OK(compile_store(s, &(struct compile_options){.path = again}, &c, &e));
    cr_assert(c.stale, "new data is noticed");
    params_deinit(&p);
    router_deinit(&r);
    matrix_free(m);
}

/* Tiers, target and rules of shunt.yaml; what a rule asks for must be there. */
Test(train_store, config_gives_tiers_and_rules)
{
    static const char yaml[] =
        "tiers: [large, small]\n"
        "models:\n  - {name: model-0, tier: small}\n  - {name: model-1, tier: large}\n"
        "  - {name: other, tier: large}\n"
        "rules:\n  - {name: legal, any: [lawsuit], then: {model: model-1}}\n"
        "  - {name: moot, any: [x], then: {forbid: other}}\n"
        "targets: {tier_quality: 0.6}\n";
    static const char bad[] =
        "models:\n  - {name: other}\nrules:\n  - {name: r, any: [x], then: {model: other}}\n";
    char name[64];
    struct config *config;
    struct router r;
    struct compile_result c;
    struct shunt_table *t;
    AUTO_FREE char *path = fs_join(dir, "t.shunt");
    OK(train_store(s, &(struct train_options){.folds = 4}, name, NULL, &e));
    OK(router_get(s, NULL, &r, &e));
    put_points(r.id);
    router_deinit(&r);
    OK(config_parse("shunt.yaml", yaml, sizeof yaml - 1, &config, &e));
    OK(compile_store(s, &(struct compile_options){.path = path, .config = config}, &c, &e));
    cr_assert(c.rules == 1 && c.tiers == 2);
    cr_assert(shunt_open(path, &t) == 0);
    cr_assert_str_eq(shunt_tier_name(t, 0), "large");
    cr_assert(eq(int, shunt_model_tier(t, 0), 1));
    struct shunt_request q = SHUNT_REQUEST_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    q.text = "Is this a Lawsuit?";
    q.text_bytes = strlen(q.text);
    cr_assert(shunt_route(t, &q, &d) == 0 && d.model == 1 && d.reason == SHUNT_BY_RULE);
    shunt_close(t);
    config_free(config);

    OK(config_parse("shunt.yaml", bad, sizeof bad - 1, &config, &e));
    cr_assert(compile_store(s, &(struct compile_options){.path = path, .config = config}, &c, &e) ==
              ERR_USAGE);
    cr_assert(strstr(e.text, "rule 'r' asks for model 'other'") != NULL, "%s", e.text);
    config_free(config);
}
