/* Counts for people: prompts by part, replies by model, the run behind a result. */
#include "core/buf.h"
#include "store/prompt.h"
#include "store/reply.h"
#include "store/router.h"
#include "store/tally.h"
#include "tests/store_fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(store_tally, .init = open_store, .fini = close_store);

static int64_t add_prompt(const char *id, const char *task, const char *split, const char *label,
                          int64_t parent)
{
    struct prompt p = {.ext_id = id,
                       .task = task,
                       .messages = "[]",
                       .text = id,
                       .split = split,
                       .complexity = label,
                       .parent = parent,
                       .stage = parent ? "retrieve" : NULL,
                       .timestamp_ms = INT64_MIN,
                       .weight = 1};
    int added;
    struct err e = {0};
    cr_assert(prompt_put(s, &p, &added, &e) == 0, "%s", e.text);
    return p.id;
}

static int see_group(void *arg, const struct prompt_count_row *r, struct err *e)
{
    (void)e;
    buf_addf(arg, "%s/%s/%s %" PRId64 ";", r->role, r->task, r->complexity, r->prompts);
    return 0;
}

Test(store_tally, prompts_are_counted_by_part_task_and_label)
{
    struct buf b = BUF_INIT(0);
    int64_t first = add_prompt("a", "t", "test", "simple", 0);
    add_prompt("b", "t", "train", "simple", 0);
    add_prompt("c", "t", "train", "simple", 0);
    add_prompt("d", "s", "train", NULL, 0);
    add_prompt("e", "s", "validation", NULL, 0);
    add_prompt("f", "s", NULL, NULL, 0);
    add_prompt("g", "r.retrieve", "train", NULL, add_prompt("whole", "r", "train", NULL, 0));
    cr_assert(prompt_tally(s, 0, see_group, &b, NULL) == 0);
    cr_assert(strcmp(b.data, "train/r.retrieve/ 1;train/s/ 1;train/t/simple 2;validation/s/ 1;"
                             "test/t/simple 1;/s/ 1;") == 0,
              "%s", b.data);

    struct router r = {.encoder = (char[]){"hashed"},
                       .mode = (char[]){"cross-fit"},
                       .data_hash = (char[]){"h"},
                       .models = (char[]){"[]"},
                       .params = (char[]){"x"},
                       .params_len = 1,
                       .metrics = (char[]){"{}"}};
    cr_assert(router_put(s, &r, NULL) == 0);
    cr_assert(router_prompt_put(s, r.id, first, "fold", 2, NULL) == 0);
    free(r.name);
    buf_clear(&b);
    cr_assert(prompt_tally(s, r.id, see_group, &b, NULL) == 0);
    cr_assert(strcmp(b.data, "/r.retrieve/ 1;/s/ 3;/t/simple 2;fold/t/simple 1;") == 0, "%s",
              b.data);
    buf_deinit(&b);
}

static int see_model(void *arg, const struct model_count_row *r, struct err *e)
{
    (void)e;
    buf_addf(arg, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d%d;", r->model, r->replies,
             r->scored, r->reported_cost, r->timed, r->priced, r->imported);
    return 0;
}

static void add_reply(int64_t prompt, int64_t config, int64_t sample, const char *hash,
                      int64_t reported, double latency, double score)
{
    struct reply r = {.prompt = prompt,
                      .model_config = config,
                      .sample = sample,
                      .request_hash = hash,
                      .usage = USAGE_UNKNOWN,
                      .reported_nusd = reported,
                      .latency_ms = latency,
                      .ttft_ms = (double)NAN,
                      .mean_logprob = (double)NAN,
                      .min_logprob = (double)NAN,
                      .entropy = (double)NAN};
    cr_assert(reply_put(s, &r, NULL) == 0);
    cr_assert(score_put(s, r.id, "equals", 1, score, isnan(score) ? "error" : "ok", NULL, true,
                        NULL) == 0);
}

Test(store_tally, replies_are_counted_by_model)
{
    struct buf b = BUF_INIT(0);
    struct model big = {.name = (char[]){"big"}}, none = {.name = (char[]){"none"}},
                 small = {.name = (char[]){"small"}};
    int64_t big_config = 0, small_config = 0, prompt = add_prompt("a", "t", NULL, NULL, 0);
    cr_assert(model_put(s, &small, NULL) == 0 && model_put(s, &big, NULL) == 0 &&
              model_put(s, &none, NULL) == 0);
    cr_assert(model_config_put(s, big.id, "{}", true, &big_config, NULL) == 0);
    cr_assert(model_config_put(s, small.id, "import", false, &small_config, NULL) == 0);
    add_reply(prompt, big_config, 0, "h", MONEY_UNKNOWN, 12, 1);
    add_reply(prompt, big_config, 1, "h", MONEY_UNKNOWN, 13, (double)NAN);
    add_reply(prompt, small_config, 0, "import:x:a", 5, (double)NAN, 0);
    for (int k = 0; k < 2; k++) {
        const struct price p = {
            .model = big.id, .component = k ? PRICE_OUTPUT : PRICE_INPUT, .pico_usd = 1000};
        cr_assert(price_put(s, &p, NULL) == 0);
    }
    cr_assert(model_tally(s, see_model, &b, NULL) == 0);
    cr_assert(strcmp(b.data, "big 2 1 0 2 10;small 1 1 1 0 01;") == 0, "%s", b.data);
    buf_deinit(&b);
}

Test(store_tally, a_run_is_found_again)
{
    struct err e = {0};
    struct run_info info;
    int64_t run = 0;
    char *argv[] = {(char[]){"eval"}, (char[]){"--seed"}, NULL};
    cr_assert(run_get(s, 3, &info, &e) == ERR_DB);
    cr_assert(strstr(e.text, "no run 3") != NULL, "%s", e.text);
    cr_assert(run_begin(s, 2, argv, 9, &run, NULL) == 0);
    cr_assert(run_get(s, run, &info, NULL) == 0);
    cr_assert(info.seed == 9 && info.started_ms > 0 && strstr(info.argv, "--seed") != NULL);
    run_info_deinit(&info);
    run_info_deinit(&info);
}
