/* shunt_predict against the same router computed naively in doubles; costs; texts of messages. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/shunt.h"

static const char *const texts[] = {
    "",
    "What is 12 * 7? Show every step.",
    "Please explain the difference between a stack and a queue, with an example in C.",
    "word word word word",
    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static struct shunt_table *build(const struct mini *x, unsigned char **bytes)
{
    struct err e = {0};
    size_t len;
    cr_assert_eq(table_build(&x->spec, bytes, &len, &e), 0, "%s", e.text);
    struct shunt_table *t;
    char why[200];
    cr_assert_eq(shunt_open_memory_detail(*bytes, len, &t, why, sizeof why), 0, "%s", why);
    return t;
}

static struct shunt_request request(const char *text)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    r.text = text;
    r.text_bytes = strlen(text);
    return r;
}

Test(router_predict, agrees_with_doubles)
{
    static struct mini x;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        mini_init(&x, 10, 600, seed);
        unsigned char *bytes;
        struct shunt_table *t = build(&x, &bytes);
        for (int i = 0; i < TEXTS; i++)
            for (int task = -1; task < MINI_TASKS; task++) {
                struct shunt_request r = request(texts[i]);
                double q[MINI_MODELS], exceeds[MINI_LABELS - 1];
                r.task = task < 0 ? "unheard of" : x.task[task];
                cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, exceeds), 0);
                for (int j = 0; j < MINI_HEADS; j++) {
                    double want =
                        mini_naive(&x, &x.spec.heads, j, texts[i], r.text_bytes, task, NULL);
                    double got = j < MINI_MODELS ? q[j] : exceeds[j - MINI_MODELS];
                    cr_assert_float_eq(got, want, 1e-4, "text %d task %d head %d: %.9f, naive %.9f",
                                       i, task, j, got, want);
                }
            }
        shunt_close(t);
        free(bytes);
    }
}

/* A byte, a megabyte of one word and a megabyte of marks lie outside of every range: they have the
 * probability of the ends of the ranges, and nothing between 12 and 8,388,608 bytes differs. */
Test(router_predict, features_stay_within_the_range_of_the_training)
{
    enum { LONG = 1 << 20 };
    static struct mini x;
    char *text = malloc(LONG);
    const char *const fill[] = {"x", "word ", "?!", "```\n", "1+", "A"};
    for (size_t i = 0; i < sizeof fill / sizeof *fill; i++)
        for (size_t bytes = 1; bytes <= LONG; bytes <<= 10) {
            double q[2][MINI_MODELS];
            for (size_t k = 0; k < bytes; k++)
                text[k] = fill[i][k % strlen(fill[i])];
            struct shunt_request r = request("");
            r.text = text;
            r.text_bytes = bytes;
            for (int ranged = 0; ranged < 2; ranged++) {
                mini_init(&x, 10, 600, 4);
                mini_full(&x);
                if (ranged)
                    mini_range(&x);
                unsigned char *table;
                struct shunt_table *t = build(&x, &table);
                cr_assert_eq(shunt_predict(t, &r, q[ranged], NULL, NULL, NULL), 0);
                for (int j = 0; j < MINI_MODELS; j++)
                    cr_assert_float_eq(q[ranged][j],
                                       mini_naive(&x, &x.spec.heads, j, text, bytes, -1, NULL),
                                       1e-4, "%zu bytes of '%s'", bytes, fill[i]);
                shunt_close(t);
                free(table);
            }
            cr_assert(fabs(q[0][0] - q[1][0]) > 1e-6, "%zu bytes of '%s'", bytes, fill[i]);
        }
    free(text);
}

Test(router_predict, uses_a_vector_or_the_heads_that_do_without)
{
    static struct mini x;
    mini_init(&x, 10, 300, 3);
    x.fallback = x.spec.heads;
    x.fallback.weight = x.fallback_weight;
    x.spec.encoder = "use-lite/7/abc";
    x.spec.dims = 7;
    x.spec.dense = x.dense;
    x.spec.fallback = &x.fallback;
    float v[7] = {1, -.5f, .25f, 2, -1, 0, .125f};
    for (int with_fallback = 1; with_fallback >= 0; with_fallback--) {
        unsigned char *bytes;
        x.spec.fallback = with_fallback ? &x.fallback : NULL;
        struct shunt_table *t = build(&x, &bytes);
        cr_assert_str_eq(shunt_encoder(t), "use-lite/7/abc");
        struct shunt_request r = request(texts[2]);
        double q[MINI_MODELS];
        int rc = shunt_predict(t, &r, q, NULL, NULL, NULL);
        cr_assert_eq(rc, with_fallback ? 0 : SHUNT_E_NO_VECTOR);
        for (int j = 0; j < MINI_MODELS && with_fallback; j++)
            cr_assert_float_eq(
                q[j], mini_naive(&x, &x.fallback, j, texts[2], r.text_bytes, -1, NULL), 1e-4);

        r.vector = v;
        r.vector_len = 7;
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), SHUNT_E_ENCODER);
        r.encoder = "use-lite/7/abd";
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), SHUNT_E_ENCODER);
        r.encoder = "use-lite/7/abc";
        r.vector_len = 6;
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), SHUNT_E_ENCODER);
        r.vector_len = 7;
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), 0);
        for (int j = 0; j < MINI_MODELS; j++)
            cr_assert_float_eq(
                q[j], mini_naive(&x, &x.spec.heads, j, texts[2], r.text_bytes, -1, v), 1e-4);
        v[3] = INFINITY;
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
        v[3] = 2;
        shunt_close(t);
        free(bytes);
    }
}

Test(router_predict, calibrates_by_steps_and_by_lines)
{
    static struct mini x;
    static const double kx[] = {.2, .5, .6}, ky[] = {.1, .3, .9};
    struct table_curve curve[MINI_HEADS] = {{0, 3, kx, ky}, {1, 3, kx, ky}};
    const struct {
        double p, step, line;
    } cases[] = {{.01, .1, .1},      {.2, .1, .1},  {.35, .1, .2}, {.4999, .1, .29993},
                 {.5001, .3, .3006}, {.55, .3, .6}, {.65, .9, .9}, {.9999, .9, .9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mini_init(&x, 10, 0, 3);
        mini_constant(&x, cases[i].p, cases[i].p, cases[i].p);
        x.spec.heads.curve = curve;
        unsigned char *bytes;
        struct shunt_table *t = build(&x, &bytes);
        struct shunt_request r = request("any text");
        double q[MINI_MODELS];
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), 0);
        if (cases[i].p != .2) /* exactly at a knot the fixed point may fall to either side */
            cr_assert_float_eq(q[0], cases[i].step, 1e-12, "step at %g: %g", cases[i].p, q[0]);
        cr_assert_float_eq(q[1], cases[i].line, 1e-5, "line at %g: %g", cases[i].p, q[1]);
        cr_assert_float_eq(q[2], cases[i].p, 1e-6);
        shunt_close(t);
        free(bytes);
    }
}

Test(router_predict, costs_round_once_half_to_even)
{
    static struct mini x;
    mini_init(&x, 10, 0, 3);
    struct table_cost *any = &x.cost[MINI_TASKS * MINI_MODELS];
    any[0] = (struct table_cost){.25, 100, 200, 1};
    any[1] = (struct table_cost){0, 0, -5, -1};
    any[2] = (struct table_cost){.25, 100, 300, -1};
    x.model[0].input_pusd = 500;
    x.model[0].output_pusd = 0;
    x.model[1].input_pusd = 0;
    unsigned char *bytes;
    struct shunt_table *t = build(&x, &bytes);
    int64_t cost[MINI_MODELS];
    double latency[MINI_MODELS];
    const struct {
        size_t bytes;
        uint64_t tokens;
        int64_t nusd;
    } cases[] = {{0, 1, 0},    {0, 3, 2},  {0, 5, 2},       {0, 7, 4},
                 {100, 0, 12}, {12, 0, 2}, {100, 200, 100}, {0, UINT64_MAX, INT64_C(1) << 50}};
    static char text[200];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shunt_request r = SHUNT_REQUEST_INIT;
        r.text = text;
        r.text_bytes = cases[i].bytes;
        r.tokens = cases[i].tokens;
        cr_assert_eq(shunt_predict(t, &r, NULL, cost, latency, NULL), 0);
        cr_assert_eq(cost[0], cases[i].nusd, "case %zu: %lld", i, (long long)cost[0]);
        cr_assert_eq(cost[1], 1000); /* the request fee alone, 10^6 pico-dollars */
        cr_assert_eq(cost[2], -1);
    }
    cr_assert_eq(latency[0], 200.0);
    cr_assert_eq(latency[1], -1.0);
    shunt_close(t);
    free(bytes);
}

Test(router_predict, refuses_requests_that_mean_nothing)
{
    static struct mini x;
    mini_init(&x, 10, 10, 3);
    unsigned char *bytes;
    struct shunt_table *t = build(&x, &bytes);
    struct shunt_request r = request("text");
    cr_assert_eq(shunt_predict(NULL, &r, NULL, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_predict(t, NULL, NULL, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
    r.size = 8;
    cr_assert_eq(shunt_predict(t, &r, NULL, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
    r = request("text");
    r.text = NULL;
    cr_assert_eq(shunt_predict(t, &r, NULL, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
    r = request("text");
    r.flags = 2;
    cr_assert_eq(shunt_predict(t, &r, NULL, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
    r.flags = SHUNT_OWN_LAMBDA;
    const double bad[] = {-1, NAN, INFINITY};
    for (int i = 0; i < 3; i++) {
        r.lambda_per_usd = bad[i];
        cr_assert_eq(shunt_predict(t, &r, NULL, NULL, NULL, NULL), SHUNT_E_ARGUMENT);
    }
    char *big = calloc(1, SHUNT_TEXT_MAX + 1);
    r = request("");
    r.text = big;
    r.text_bytes = SHUNT_TEXT_MAX;
    cr_assert_eq(shunt_predict(t, &r, NULL, NULL, NULL, NULL), 0);
    r.text_bytes = SHUNT_TEXT_MAX + 1;
    cr_assert_eq(shunt_predict(t, &r, NULL, NULL, NULL, NULL), SHUNT_E_TOO_LONG);
    free(big);
    shunt_close(t);
    free(bytes);
}

Test(router_text, joins_user_turns)
{
    const struct shunt_message m[] = {
        {"system", "Be brief.", 9}, {"user", "one", 3}, {"assistant", "yes", 3}, {"user", "", 0},
        {"user", "two", 3},         {"tool", NULL, 0},
    };
    char out[64];
    size_t n;
    cr_assert_eq(shunt_text_of_messages(m, 6, out, sizeof out, &n), 0);
    cr_assert_eq(n, 8);
    cr_assert_eq(memcmp(out, "one\n\ntwo", 8), 0);
    for (size_t cap = 0; cap <= 8; cap++) { /* a short buffer gets the beginning */
        memset(out, '#', sizeof out);
        cr_assert_eq(shunt_text_of_messages(m, 6, cap ? out : NULL, cap, &n), 0);
        cr_assert_eq(n, 8);
        cr_assert_eq(memcmp(out, "one\n\ntwo", cap), 0);
        cr_assert_eq(out[cap], '#');
    }
    const struct shunt_message none[] = {{"system", "A", 1}, {NULL, "B", 1}, {"User", "C", 1}};
    cr_assert_eq(shunt_text_of_messages(none, 3, out, sizeof out, &n), 0);
    cr_assert_eq(n, 5);
    cr_assert_eq(memcmp(out, "A\nB\nC", 5), 0);
    cr_assert_eq(shunt_text_of_messages(NULL, 0, NULL, 0, &n), 0);
    cr_assert_eq(n, 0);
    cr_assert_eq(shunt_text_of_messages(NULL, 1, NULL, 0, &n), SHUNT_E_ARGUMENT);
}

Test(router_text, ends_at_8_mib)
{
    char *big = malloc(SHUNT_TEXT_MAX);
    memset(big, 'x', SHUNT_TEXT_MAX);
    struct shunt_message m[] = {{"user", big, SHUNT_TEXT_MAX - 4}, {"user", "abc", 3}};
    size_t n = 0;
    cr_assert_eq(shunt_text_of_messages(m, 2, NULL, 0, &n), 0);
    cr_assert_eq(n, SHUNT_TEXT_MAX);
    m[1].bytes = 4;
    m[1].content = "abcd";
    cr_assert_eq(shunt_text_of_messages(m, 2, NULL, 0, &n), SHUNT_E_TOO_LONG);
    m[0].bytes = SIZE_MAX;
    cr_assert_eq(shunt_text_of_messages(m, 2, NULL, 0, &n), SHUNT_E_TOO_LONG);
    free(big);
}
