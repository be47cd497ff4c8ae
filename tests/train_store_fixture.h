/* The made-up matrix of train_fixture.h as a store, new for each test and removed after it:
 *
 *   TestSuite(topic, .init = open_store, .fini = close_store);    then `s` is the open store
 */
#ifndef TESTS_TRAIN_STORE_FIXTURE_H
#define TESTS_TRAIN_STORE_FIXTURE_H

#include "core/fs.h"
#include "store/model.h"
#include "store/prompt.h"
#include "store/reply.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <unistd.h>

enum { N = 240 };
static char dir[64];
static struct store *s;
static struct err e;

#define OK(call) cr_assert(call == 0, "%s", e.text)

/* The fixture's prompts and scores as rows of a store; model-1 has prices and tokens, not reported.
 */
static void fill_store(void)
{
    struct matrix *m = fixture_new(N, 2, 21);
    OK(store_begin(s, &e));
    int64_t config[2], model[2];
    for (size_t k = 0; k < 2; k++) {
        struct model x = {.name = m->model[k].name};
        OK(model_put(s, &x, &e));
        model[k] = x.id;
        OK(model_config_put(s, x.id, "import", false, &config[k], &e));
    }
    for (int c = 0; c < 2; c++) {
        struct price p = {.model = model[1],
                          .component = c ? PRICE_OUTPUT : PRICE_INPUT,
                          .pico_usd = c ? 3000000 : 500000};
        OK(price_put(s, &p, &e));
    }
    for (size_t i = 0; i < N; i++) {
        const struct matrix_prompt *x = &m->prompt[i];
        AUTO_FREE char *messages = mem_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", x->text);
        struct prompt p = {.ext_id = x->ext_id,
                           .task = x->task,
                           .messages = messages,
                           .text = x->text,
                           .timestamp_ms = INT64_MIN,
                           .weight = 1,
                           .split = x->split == 't'   ? "train"
                                    : x->split == 'v' ? "validation"
                                                      : "test",
                           .complexity = i % 3 ? "simple" : "complex"};
        int added;
        OK(prompt_put(s, &p, &added, &e));
        for (size_t k = 0; k < 2; k++) {
            struct reply r = {.prompt = p.id,
                              .model_config = config[k],
                              .request_hash = x->ext_id,
                              .usage = USAGE_UNKNOWN,
                              .latency_ms = 100.0 * (double)(k + 1),
                              .ttft_ms = (double)NAN,
                              .mean_logprob = (double)NAN,
                              .min_logprob = (double)NAN,
                              .entropy = (double)NAN,
                              .reported_nusd = k == 0 ? 7000 : MONEY_UNKNOWN};
            r.usage.input = (int64_t)strlen(x->text) / 2;
            r.usage.output = 20;
            OK(reply_put(s, &r, &e));
            OK(score_put(s, r.id, "import", 1, m->score[i * 2 + k], "ok", NULL, true, &e));
        }
    }
    OK(prompt_cluster(s, &e));
    OK(store_commit(s, &e));
    matrix_free(m);
}

static void open_store(void)
{
    snprintf(dir, sizeof dir, "/tmp/shunt-train-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
    AUTO_FREE char *path = fs_join(dir, "s.db");
    OK(store_open(path, STORE_CREATE, &s, &e));
    fill_store();
}

static void close_store(void)
{
    store_close(s);
    static const char *const name[] = {"s.db", "s.db-wal", "s.db-shm", "t.shunt", "u.shunt"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        AUTO_FREE char *path = fs_join(dir, name[i]);
        unlink(path);
    }
    cr_assert(rmdir(dir) == 0, "nothing else was left in %s", dir);
}

#endif
