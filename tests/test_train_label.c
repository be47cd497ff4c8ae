/* What to label next: the value of information against its integral, the ranking, and who is left
 * out of it. */
#include "store/embed.h"
#include "train/label_next.h"
#include "train_store_fixture.h"

#include <criterion/new/assert.h>

TestSuite(train_label, .init = open_store, .fini = close_store);

/* E max(0, X) - max(0, E X) for X normal: integrated by Simpson's rule. */
static double by_integral(double difference, double sd)
{
    const int steps = 20000;
    const double low = -10 * sd, width = 20 * sd / steps;
    double sum = 0;
    for (int k = 0; k <= steps; k++) {
        const double x = low + k * width, z = x / sd;
        const double y =
            fmax(0, x - fabs(difference)) * exp(-z * z / 2) / (sd * sqrt(2 * acos(-1)));
        sum += y * (k == 0 || k == steps ? 1 : k % 2 ? 4 : 2);
    }
    return sum * width / 3;
}

Test(train_label, value_is_the_expected_gain, .init = NULL, .fini = NULL)
{
    static const double sd[] = {1e-4, .01, .1, .4}, d[] = {0, 1e-3, .05, -.05, .3, 2};
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 6; k++)
            cr_assert(epsilon_eq(dbl, label_value(d[k], sd[i]), by_integral(d[k], sd[i]), 1e-7),
                      "sd %g, difference %g", sd[i], d[k]);
    cr_assert(label_value(.1, 0) <= 0 && label_value(0, 0) <= 0 && label_value(50, .1) >= 0);
    cr_assert(label_value(.1, .1) > label_value(.2, .1) &&
              label_value(.1, .2) > label_value(.1, .1));
}

static void add_prompt(const char *id, const char *text, const char *split, double weight)
{
    AUTO_FREE char *messages = mem_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", text);
    struct prompt p = {.ext_id = (char *)(uintptr_t)id,
                       .task = (char[]){"t1"},
                       .messages = messages,
                       .text = (char *)(uintptr_t)text,
                       .timestamp_ms = INT64_MIN,
                       .weight = weight,
                       .split = (char *)(uintptr_t)split};
    int added;
    OK(prompt_put(s, &p, &added, &e));
}

Test(train_label, ranks_by_value_per_dollar)
{
    struct training t;
    struct label_wishes x;
    char name[64];
    const struct train_options o = {.folds = 4, .seed = 1};
    add_prompt("plain", "wab wcd", NULL, 1);
    add_prompt("twin", "wab wcd", NULL, 1);
    add_prompt("heavy", "wab wcd", NULL, 5);
    add_prompt("tested", "wab wcd", "test", 100);
    OK(prompt_cluster(s, &e));
    OK(train_store(s, &o, name, &t, &e));
    OK(label_next(s, &t, &o, 10, 0, &x, &e));
    cr_assert(x.candidates == 3 && x.n == 3, "test prompts are not chosen: %zu", x.candidates);
    cr_assert_str_eq(x.wish[0].id, "heavy");
    cr_assert_str_eq(x.wish[1].id, "plain");
    cr_assert_str_eq(x.wish[2].id, "twin", "ties go to the one that came first");
    cr_assert(x.wish[0].missing == 2 && x.wish[0].answered == 0);
    cr_assert(epsilon_eq(dbl, x.wish[0].value, 5 * x.wish[1].value, 1e-12), "weights count");
    cr_assert(x.wish[1].value > 0 && x.wish[1].value < 1 && x.wish[1].cost_usd > 0);
    cr_assert(epsilon_eq(dbl, x.wish[1].per_dollar, x.wish[1].value / x.wish[1].cost_usd, 1e-9));
    const double cost = x.wish[1].cost_usd;
    label_wishes_deinit(&x);

    /* One reply of two is there: half of the question is left. */
    int64_t config;
    OK(model_config_put(s, 1, "import", false, &config, &e));
    struct reply y = {.prompt = N + 2,
                      .model_config = config,
                      .request_hash = "more",
                      .usage = USAGE_UNKNOWN,
                      .latency_ms = (double)NAN,
                      .ttft_ms = (double)NAN,
                      .mean_logprob = (double)NAN,
                      .min_logprob = (double)NAN,
                      .entropy = (double)NAN,
                      .reported_nusd = MONEY_UNKNOWN};
    OK(reply_put(s, &y, &e));
    OK(score_put(s, y.id, "import", 1, 1, "ok", NULL, true, &e));
    OK(label_next(s, &t, &o, 10, 0.5, &x, &e));
    cr_assert(x.n == 3);
    for (size_t k = 0; k < 3; k++)
        if (strcmp(x.wish[k].id, "twin") == 0)
            cr_assert(x.wish[k].answered == 1 && x.wish[k].missing == 1 && x.wish[k].model == 1 &&
                      x.wish[k].cost_usd < 0.6);
        else
            cr_assert(epsilon_eq(dbl, x.wish[k].cost_usd, cost + 1, 1e-9),
                      "grading two replies is a dollar");
    label_wishes_deinit(&x);
    OK(label_next(s, &t, &o, 1, 0, &x, &e));
    cr_assert(x.n == 1 && x.candidates == 3);
    label_wishes_deinit(&x);
    training_deinit(&t);
}

Test(train_label, nothing_to_label)
{
    struct training t;
    struct label_wishes x;
    char name[64];
    const struct train_options o = {.folds = 4, .seed = 1};
    OK(train_store(s, &o, name, &t, &e));
    OK(label_next(s, &t, &o, 10, 0, &x, &e));
    cr_assert(x.candidates == 0 && x.n == 0, "all is answered");
    label_wishes_deinit(&x);
    training_deinit(&t);
}

/* A router of vectors cannot rank prompts without one: they are counted. */
Test(train_label, prompts_without_a_vector)
{
    struct training t;
    struct label_wishes x;
    char name[64];
    struct encoder enc = {.name = "local", .dimensions = 2, .hash = "00"};
    const struct train_options o = {.folds = 4, .seed = 1, .encoder = "hashed+endpoint:local"};
    OK(encoder_put(s, &enc, &e));
    add_prompt("seen", "wab wcd", NULL, 1);
    add_prompt("unseen", "wab wcd", NULL, 1);
    for (int64_t i = 1; i <= N + 1; i++)
        OK(embedding_put(s, i, enc.id, (float[]){(float)(i % 5), 1}, 2, &e));
    OK(train_store(s, &o, name, &t, &e));
    OK(label_next(s, &t, &o, 10, 0, &x, &e));
    cr_assert(x.n == 1 && x.no_vector == 1 && x.candidates == 2);
    cr_assert_str_eq(x.wish[0].id, "seen");
    label_wishes_deinit(&x);
    training_deinit(&t);
}
