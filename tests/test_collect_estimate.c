/* Estimates of a dry run: by hand where nothing varies, and how often their intervals hold. */
#include "collect/estimate.h"
#include "core/mem.h"
#include "core/rng.h"
#include "store/reply.h"
#include "tests/store_fixture.h"

#include <math.h>
#include <string.h>

TestSuite(collect_estimate, .init = open_store, .fini = close_store);

static struct err e;
static int serial;

/* A model of 2 and 8 dollars a million tokens, new to the store. */
struct made {
    struct config_model config;
    struct target target;
};
static void make(struct made *m, int64_t max_output)
{
    char name[32];
    snprintf(name, sizeof name, "m%d", serial++);
    struct model row = {.name = name};
    *m = (struct made){.config = {.system_role = true}};
    m->target.config = &m->config;
    m->target.max_output = max_output;
    cr_assert(adapter_find("openai", &m->target.adapter, &e) == 0);
    cr_assert(model_put(s, &row, &e) == 0);
    m->target.model = row.id;
    cr_assert(model_config_put(s, row.id, name, true, &m->target.model_config, &e) == 0);
    for (int i = 0; i < PRICE_COMPONENTS; i++)
        m->target.prices.pico_usd[i] = MONEY_UNKNOWN;
    m->target.prices.pico_usd[PRICE_INPUT] = 2000000;
    m->target.prices.pico_usd[PRICE_OUTPUT] = 8000000;
}

static void answered(const struct made *m, const char *task, size_t bytes, int64_t in, int64_t out)
{
    char id[32];
    int added;
    AUTO_FREE char *text = mem_alloc(bytes + 1);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    AUTO_FREE char *messages = mem_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", text);
    snprintf(id, sizeof id, "p%d", serial++);
    struct prompt p = {.ext_id = id,
                       .task = task,
                       .messages = messages,
                       .text = text,
                       .timestamp_ms = INT64_MIN,
                       .weight = 1};
    cr_assert(prompt_put(s, &p, &added, &e) == 0, "%s", e.text);
    struct reply r = {.prompt = p.id,
                      .model_config = m->target.model_config,
                      .request_hash = "h",
                      .text = "t",
                      .usage = USAGE_UNKNOWN,
                      .reported_nusd = MONEY_UNKNOWN,
                      .latency_ms = NAN,
                      .ttft_ms = NAN,
                      .mean_logprob = NAN,
                      .min_logprob = NAN,
                      .entropy = NAN};
    r.usage.input = in;
    r.usage.output = out;
    cr_assert(reply_put(s, &r, &e) == 0, "%s", e.text);
}

static void to_come(struct estimate *x, const char *task, size_t bytes)
{
    char copy[32];
    snprintf(copy, sizeof copy, "%s", task);
    struct ask a = {.task = copy, .text_bytes = bytes, .worst_nusd = 1000000};
    estimate_add(x, &a);
}

static void is(struct collect_range r, double value, double low, double high, const char *what)
{
    cr_expect(fabs(r.value - value) <= 1e-6 * value && fabs(r.low - low) <= 1e-6 * low &&
                  fabs(r.high - high) <= 1e-6 * high,
              "%s: %.12g in %.12g to %.12g, expected %.12g in %.12g to %.12g", what, r.value, r.low,
              r.high, value, low, high);
}

Test(collect_estimate, is_exact_where_nothing_varies)
{
    struct made m;
    struct estimate *x = NULL;
    struct collect_model sum = {0};
    make(&m, 100);
    for (int i = 0; i < ESTIMATE_MIN; i++) {
        answered(&m, "short", 40, 10, 5);
        answered(&m, "long", 400, 80, 50);
    }
    cr_assert(estimate_begin(&x, s, &m.target, false, &e) == 0, "%s", e.text);
    for (int i = 0; i < 3; i++)
        to_come(x, "short", 80); /* 20 tokens in, 5 out */
    to_come(x, "long", 200);     /* 40 in, 50 out */
    estimate_end(x, &sum);
    is(sum.estimate_input, 100, 100, 100, "input");
    is(sum.estimate_output, 65, 65, 65, "output");
    is(sum.estimate_usd, 720e-6, 720e-6, 720e-6, "cost");
    cr_expect(sum.not_asked == 4 && sum.measured == 2 * ESTIMATE_MIN && sum.worst_nusd == 4000000);
    cr_expect(sum.pooled == 0 && sum.assumed == 0);

    sum = (struct collect_model){0}; /* a task of which nothing is known: one like the others */
    cr_assert(estimate_begin(&x, s, &m.target, false, &e) == 0);
    to_come(x, "other", 440);
    estimate_end(x, &sum);
    cr_expect(fabs(sum.estimate_input.value - 90) < 1e-9, "all bytes, all tokens");
    cr_expect(fabs(sum.estimate_output.value - 27.5) < 1e-9);
    cr_expect(sum.estimate_output.low == 0 && sum.estimate_output.high > 50, "tasks differ");
    cr_expect(sum.pooled == 1 && sum.assumed == 0);

    sum = (struct collect_model){0}; /* half the price in a batch */
    cr_assert(estimate_begin(&x, s, &m.target, true, &e) == 0);
    to_come(x, "short", 80);
    estimate_end(x, &sum);
    cr_expect(isnan(sum.estimate_usd.value), "there are no rows of prices: none is made up");
}

Test(collect_estimate, says_what_it_assumes)
{
    struct made m;
    struct estimate *x = NULL;
    struct collect_model sum = {0};
    make(&m, 100);
    cr_assert(estimate_begin(&x, s, &m.target, false, &e) == 0);
    to_come(x, "a", 1200);
    to_come(x, "b", 1200);
    estimate_end(x, &sum);
    is(sum.estimate_input, 600, 400, 1200, "input");
    is(sum.estimate_output, 200, 2, 200, "output");
    is(sum.estimate_usd, 2 * 600e-6 + 8 * 200e-6, 2 * 400e-6 + 8 * 2e-6, 2e-3, "cost, at most");
    cr_expect(sum.assumed == 2 && sum.measured == 0);

    make(&m, 0);
    m.target.prices.pico_usd[PRICE_OUTPUT] = MONEY_UNKNOWN;
    sum = (struct collect_model){0};
    cr_assert(estimate_begin(&x, s, &m.target, false, &e) == 0);
    estimate_end(x, &sum);
    is(sum.estimate_usd, 0, 0, 0, "nothing to ask");
    cr_assert(estimate_begin(&x, s, &m.target, false, &e) == 0);
    to_come(x, "a", 1200);
    estimate_end(x, &sum);
    cr_expect(isnan(sum.estimate_output.value) && isnan(sum.estimate_usd.value) &&
              isnan(sum.estimate_usd.high));
    cr_expect(fabs(sum.estimate_input.value - 300) < 1e-9);
}

/* Made-up traffic of two tasks: tokens follow bytes with noise, outputs are skewed. */
static void draw(struct rng *r, int task, size_t *bytes, int64_t *in, int64_t *out)
{
    *bytes = (size_t)(50 + 200 * task) + rng_below(r, 300);
    *in = (int64_t)(8 + (double)*bytes * (.2 + .05 * task) * exp(.15 * rng_normal(r)));
    *out = (int64_t)exp(3 + task + .8 * rng_normal(r));
}

Test(collect_estimate, intervals_hold_as_often_as_they_say)
{
    enum { TRIALS = 400, KNOWN = 40, NEW = 120 };
    static const char *const tasks[] = {"a", "b"};
    struct rng r;
    int held[3] = {0};
    double width = 0;
    rng_seed(&r, 5);
    cr_assert(store_begin(s, &e) == 0);
    for (int t = 0; t < TRIALS; t++) {
        struct made m;
        struct estimate *x = NULL;
        struct collect_model sum = {0};
        double total[3] = {0};
        size_t bytes;
        int64_t in, out;
        make(&m, 100000);
        for (int i = 0; i < KNOWN; i++) {
            draw(&r, i % 2, &bytes, &in, &out);
            answered(&m, tasks[i % 2], bytes, in, out);
        }
        cr_assert(estimate_begin(&x, s, &m.target, false, &e) == 0);
        for (int i = 0; i < NEW; i++) {
            draw(&r, i % 3 == 0, &bytes, &in, &out);
            to_come(x, tasks[i % 3 == 0], bytes);
            total[0] += (double)in;
            total[1] += (double)out;
            total[2] += 2e-6 * (double)in + 8e-6 * (double)out;
        }
        estimate_end(x, &sum);
        const struct collect_range *got[] = {&sum.estimate_input, &sum.estimate_output,
                                             &sum.estimate_usd};
        for (int k = 0; k < 3; k++)
            held[k] += got[k]->low <= total[k] && total[k] <= got[k]->high;
        width += (sum.estimate_usd.high - sum.estimate_usd.low) / sum.estimate_usd.value / TRIALS;
    }
    store_rollback(s);
    for (int k = 0; k < 3; k++) /* skewed outputs and 20 replies a task cost a few per cent */
        cr_expect(held[k] >= TRIALS * 89 / 100 && held[k] <= TRIALS * 99 / 100,
                  "quantity %d: %d of %d", k, held[k], TRIALS);
    cr_expect(width > .2 && width < 1, "mean width %.3f", width);
    cr_log_info("held: %d, %d, %d of %d; mean width %.3f", held[0], held[1], held[2], TRIALS,
                width);
}
