/* One more model beside a router: its head is new, everything else keeps its bytes; and models that
 * answered only some of the prompts, or all of them alike. */
#include "core/json.h"
#include "store/router.h"
#include "store/router_copy.h"
#include "train/add_model.h"
#include "train/params.h"
#include "train_store_fixture.h"

#include <criterion/new/assert.h>

TestSuite(train_add, .init = open_store, .fini = close_store);

static void train_one(const char *model, const char *name, int64_t folds)
{
    struct str_vec models = {0};
    char given[64];
    VEC_PUSH(&models, mem_strdup(model));
    OK(train_store(
        s, &(struct train_options){.folds = folds, .seed = 3, .name = name, .models = &models},
        given, NULL, &e));
    str_vec_free(&models);
}

static void get(const char *name, struct router *r, struct params *p)
{
    OK(router_get(s, name, r, &e));
    OK(params_read(r->params, r->params_len, p, &e));
}

/* Column `from` of a and column `to` of b hold the same bytes, everywhere. */
static void same_head(const struct params *a, size_t from, const struct params *b, size_t to)
{
    cr_assert(a->kept == b->kept && a->tasks == b->tasks && a->sets == b->sets);
    cr_assert(memcmp(a->bucket, b->bucket, a->kept * sizeof *a->bucket) == 0);
    for (size_t k = 0; k < a->sets; k++) {
        const struct params_set *x = &a->set[k], *y = &b->set[k];
        for (size_t i = 0; i < a->kept; i++)
            cr_assert(memcmp(&x->weight[i * a->heads + from], &y->weight[i * b->heads + to], 8) ==
                      0);
        for (size_t i = 0; i < a->tasks; i++)
            cr_assert(memcmp(&x->task[i * a->heads + from], &y->task[i * b->heads + to], 8) == 0);
        for (size_t i = 0; i < SHUNT_FEATURES; i++)
            cr_assert(memcmp(&x->surface[i * a->heads + from], &y->surface[i * b->heads + to], 8) ==
                      0);
        cr_assert(memcmp(&x->bias[from], &y->bias[to], 8) == 0);
        cr_assert(memcmp(&x->curve[from], &y->curve[to], sizeof *x->curve) == 0);
    }
    for (size_t t = 0; from < a->models && to < b->models && t <= a->tasks; t++)
        cr_assert(memcmp(&a->cost[t * a->models + from], &b->cost[t * b->models + to],
                         sizeof *a->cost) == 0);
}

/* Predictions of model row id `model` under both routers are the same bytes in every scope. */
static void same_predictions(int64_t a, int64_t b, int64_t model, int64_t folds)
{
    for (int64_t scope = SCOPE_NONE; scope < folds; scope++) {
        struct prediction *x, *y;
        size_t n, m, at = 0, seen = 0;
        OK(prediction_load(s, a, scope, &x, &n, &e));
        OK(prediction_load(s, b, scope, &y, &m, &e));
        for (size_t i = 0; i < n; i++) {
            if (x[i].model != model)
                continue;
            while (at < m && (y[at].prompt != x[i].prompt || y[at].model != model))
                at++;
            cr_assert(at < m && memcmp(&x[i].quality, &y[at].quality, 8) == 0 &&
                      x[i].cost_nusd == y[at].cost_nusd);
            seen++;
        }
        cr_assert(seen > 0 || n == 0);
        free(x);
        free(y);
    }
}

Test(train_add, only_the_new_head_is_new)
{
    struct router base, more, whole;
    struct params p, q, w;
    struct added x;
    train_one("model-0", "base", 4);
    OK(train_add_model(s, &(struct add_options){.model = "model-1", .from = "base"}, &x, &e));
    cr_assert_str_eq(x.from, "base");
    cr_assert_str_eq(x.name, "r1");
    cr_assert(x.models == 2 && !x.replaced && x.scored == N && x.prompts == N);
    cr_assert(lt(dbl, x.head.loss, x.head.task_loss), "it learned: %g, task means %g", x.head.loss,
              x.head.task_loss);
    get("base", &base, &p);
    get("r1", &more, &q);
    cr_assert_str_eq(more.models, "[\"model-0\",\"model-1\"]");
    cr_assert(more.folds == 4 && more.seed == 3 && strcmp(more.encoder, "hashed") == 0);
    cr_assert(q.models == 2 && q.heads == p.heads + 1 && q.labels == p.labels);
    same_head(&p, 0, &q, 0);
    same_head(&p, 1, &q, 2); /* the head of the complexity labels, behind the models */
    same_predictions(base.id, more.id, 1, 4);

    struct json *metrics;
    OK(json_parse(more.metrics, strlen(more.metrics), &metrics, &e));
    cr_assert(eq(sz, json_count(json_get(metrics, "heads")), 2));
    cr_assert_str_eq(json_str(json_path(metrics, "heads[1].model")), "model-1");
    json_free(metrics);

    /* Trained at once the head is nearly the same: the same folds, features and C. */
    OK(train_store(s, &(struct train_options){.folds = 4, .seed = 3, .name = "both"}, (char[64]){0},
                   NULL, &e));
    get("both", &whole, &w);
    struct prediction *a, *b;
    size_t n, m;
    OK(prediction_load(s, more.id, SCOPE_NONE, &a, &n, &e));
    OK(prediction_load(s, whole.id, SCOPE_NONE, &b, &m, &e));
    cr_assert(n == m && n == 2 * N);
    double difference = 0;
    for (size_t i = 0; i < n; i++) {
        cr_assert(a[i].prompt == b[i].prompt && a[i].model == b[i].model);
        cr_assert(a[i].cost_nusd == b[i].cost_nusd && a[i].latency_ms == b[i].latency_ms);
        difference += fabs(a[i].quality - b[i].quality) / (double)n;
    }
    cr_assert(lt(dbl, difference, 0.08), "%g", difference);
    free(a);
    free(b);
    params_deinit(&p);
    params_deinit(&q);
    params_deinit(&w);
    router_deinit(&base);
    router_deinit(&more);
    router_deinit(&whole);
    added_deinit(&x);
}

/* A model that the router has is fitted anew in its place, under the same name if so asked. */
Test(train_add, a_head_is_replaced)
{
    struct router old, fresh;
    struct params p, q;
    struct added x;
    char name[64];
    OK(train_store(s, &(struct train_options){.seed = 1, .name = "r"}, name, NULL, &e));
    get("r", &old, &p);
    OK(train_add_model(s, &(struct add_options){.model = "model-0", .from = "r", .name = "s"}, &x,
                       &e));
    cr_assert(x.replaced && x.models == 2);
    added_deinit(&x);
    get("s", &fresh, &q);
    cr_assert_str_eq(fresh.models, old.models);
    same_head(&p, 1, &q, 1);
    same_head(&p, 2, &q, 2);
    same_predictions(old.id, fresh.id, 2, 0);
    params_deinit(&q);
    router_deinit(&fresh);

    OK(train_add_model(s, &(struct add_options){.model = "model-0", .from = "r", .name = "r"}, &x,
                       &e));
    added_deinit(&x);
    get("r", &fresh, &q);
    cr_assert(fresh.id != old.id, "replaced, and its operating points with it");
    same_head(&p, 1, &q, 1);
    struct router_prompt *place;
    size_t n;
    OK(router_prompt_load(s, fresh.id, &place, &n, &e));
    cr_assert(eq(sz, n, N));
    free(place);
    params_deinit(&p);
    params_deinit(&q);
    router_deinit(&old);
    router_deinit(&fresh);
}

/* A third model: answered every third prompt, all of them rightly; then, from a fourth, nothing. */
Test(train_add, models_that_answered_little)
{
    struct added x;
    struct router r;
    int64_t config;
    char name[64];
    OK(train_store(s, &(struct train_options){.folds = 3, .seed = 1, .name = "r"}, name, NULL, &e));
    struct model late = {.name = (char[]){"late"}}, silent = {.name = (char[]){"silent"}};
    OK(model_put(s, &late, &e));
    OK(model_put(s, &silent, &e));
    OK(model_config_put(s, late.id, "import", false, &config, &e));
    for (int64_t i = 1; i <= N; i += 3) {
        struct reply y = {.prompt = i,
                          .model_config = config,
                          .request_hash = "late",
                          .usage = USAGE_UNKNOWN,
                          .latency_ms = 50,
                          .ttft_ms = (double)NAN,
                          .mean_logprob = (double)NAN,
                          .min_logprob = (double)NAN,
                          .entropy = (double)NAN,
                          .reported_nusd = 500};
        OK(reply_put(s, &y, &e));
        OK(score_put(s, y.id, "import", 1, 1, "ok", NULL, true, &e));
    }
    OK(train_add_model(s, &(struct add_options){.model = "late"}, &x, &e));
    cr_assert(x.models == 3 && x.scored == N / 3 && x.prompts == N);
    cr_assert(x.head.choice.constant && x.head.mean >= 1, "always right: a constant");
    OK(router_get(s, x.name, &r, &e));
    struct prediction *p;
    size_t n, of = 0;
    OK(prediction_load(s, r.id, SCOPE_NONE, &p, &n, &e));
    cr_assert(eq(sz, n, 3 * N), "every prompt is predicted");
    for (size_t i = 0; i < n; i++)
        if (p[i].model == late.id) {
            cr_assert(p[i].quality > 0.95 && p[i].quality <= 1 && p[i].cost_nusd == 500);
            of++;
        }
    cr_assert(eq(sz, of, N));
    free(p);
    router_deinit(&r);
    added_deinit(&x);

    cr_assert(train_add_model(s, &(struct add_options){.model = "silent"}, &x, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "silent") != NULL, "%s", e.text);
    cr_assert(train_add_model(s, &(struct add_options){.model = "lat"}, &x, &e) == ERR_USAGE);
    cr_assert(train_add_model(s, &(struct add_options){.model = "late", .from = "q"}, &x, &e) ==
              ERR_USAGE);
    cr_assert(strstr(e.text, "no router 'q'") != NULL, "%s", e.text);
}

/* A router whose features are not those of the store's prompts is refused, and nothing is written.
 */
Test(train_add, changed_prompts_are_refused)
{
    struct router r, none;
    struct params p;
    struct added x;
    struct buf blob = BUF_INIT(0);
    train_one("model-0", "base", 4);
    get("base", &r, &p);
    p.bucket[0] ^= 1;
    params_write(&p, &blob);
    const int64_t from = r.id;
    free(r.params);
    free(r.name);
    r.name = mem_strdup("odd");
    r.params = blob.data;
    r.params_len = blob.len;
    OK(router_put(s, &r, &e));
    OK(router_copy(s, from, r.id, 0, &e));
    cr_assert(train_add_model(s, &(struct add_options){.model = "model-1", .name = "new"}, &x,
                              &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "train it anew") != NULL, "%s", e.text);
    cr_assert(router_get(s, "new", &none, &e) == ERR_USAGE);
    params_deinit(&p);
    router_deinit(&r);
}
