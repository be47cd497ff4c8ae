/* What is left to ask: pages, limits, counts; what replies used. */
#include "core/mem.h"
#include "store/embed.h"
#include "store/reply.h"
#include "store/spent.h"
#include "store/work.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/shunt-work-XXXXXX";
static char path[64];
static struct store *s;
static struct err e;

static void setup(void)
{
    cr_assert(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/s.db", dir);
    cr_assert(store_open(path, STORE_CREATE, &s, &e) == ERR_OK, "%s", e.text);
}

static void teardown(void)
{
    store_close(s);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        AUTO_FREE char *name = mem_printf("%s%s", path, ends[i]);
        unlink(name);
    }
    rmdir(dir);
}

static int64_t add_prompt(const char *id, const char *text, int64_t parent)
{
    int added;
    AUTO_FREE char *messages = mem_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", text);
    struct prompt p = {.ext_id = id,
                       .messages = messages,
                       .text = text,
                       .timestamp_ms = INT64_MIN,
                       .weight = 1,
                       .parent = parent,
                       .stage = parent ? "retrieve" : NULL};
    cr_assert(prompt_put(s, &p, &added, &e) == ERR_OK, "%s", e.text);
    return p.id;
}

static int64_t add_model(const char *name, const char *config, int64_t *config_id)
{
    AUTO_FREE char *copy = mem_strdup(name);
    struct model m = {.name = copy};
    cr_assert(model_put(s, &m, &e) == ERR_OK);
    cr_assert(model_config_put(s, m.id, config, true, config_id, &e) == ERR_OK);
    return m.id;
}

static int64_t add_reply(int64_t prompt, int64_t config, int64_t sample, const char *hash,
                         int64_t in, int64_t out)
{
    struct reply r = {.prompt = prompt,
                      .model_config = config,
                      .sample = sample,
                      .request_hash = hash,
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
    cr_assert(reply_put(s, &r, &e) == ERR_OK, "%s", e.text);
    return r.id;
}

Test(store_work, pages_go_through_all_but_parents, .init = setup, .fini = teardown)
{
    struct work_page page = {0};
    cr_assert(work_prompts(s, 0, 10, 1000, &page, &e) == ERR_OK && page.n == 0, "empty store");
    int64_t parent = add_prompt("parent", "whole", 0);
    int64_t a = add_prompt("a", "first", parent), b = add_prompt("b", "second", parent);
    int64_t c = add_prompt("c", "third", 0);
    cr_assert(work_prompts(s, 0, 2, 1000, &page, &e) == ERR_OK);
    cr_assert(page.n == 2 && page.v[0].id == a && page.v[1].id == b);
    cr_expect_str_eq(page.v[0].ext_id, "a");
    cr_expect_str_eq(page.v[1].text, "second");
    cr_expect(strstr(page.v[1].messages, "second") != NULL);
    cr_assert(work_prompts(s, b, 2, 1000, &page, &e) == ERR_OK && page.n == 1 && page.v[0].id == c);
    cr_assert(work_prompts(s, c, 2, 1000, &page, &e) == ERR_OK && page.n == 0);
    cr_assert(work_prompts(s, 0, 9, 6, &page, &e) == ERR_OK && page.n == 2,
              "5 + 6 bytes are enough");
    int64_t last, n;
    cr_assert(work_count(s, &n, &e) == ERR_OK && n == 3);
    cr_assert(work_parents(s, &n, &e) == ERR_OK && n == 1);
    cr_assert(work_last(s, 2, &last, &e) == ERR_OK && last == b);
    cr_assert(work_last(s, 0, &last, &e) == ERR_OK && last == INT64_MAX);
    cr_assert(work_last(s, 4, &last, &e) == ERR_OK && last == INT64_MAX);
    work_page_free(&page);
}

Test(store_work, unembedded_are_those_without_a_vector, .init = setup, .fini = teardown)
{
    int64_t id[4], n, last;
    for (int i = 0; i < 4; i++)
        id[i] = add_prompt((const char *[]){"a", "b", "c", "d"}[i], "text", 0);
    struct encoder enc = {.name = "x", .dimensions = 2, .hash = "h"};
    struct work_page page = {0};
    cr_assert(work_unembedded(s, 0, 0, INT64_MAX, 9, 99, &page, &e) == ERR_OK && page.n == 4);
    cr_assert(encoder_put(s, &enc, &e) == ERR_OK);
    cr_assert(embedding_put(s, id[1], enc.id, (float[]){1, 2}, 2, &e) == ERR_OK);
    cr_assert(work_unembedded(s, enc.id, 0, INT64_MAX, 9, 99, &page, &e) == ERR_OK);
    cr_expect(page.n == 3 && page.v[0].id == id[0] && page.v[1].id == id[2]);
    cr_assert(work_last(s, 3, &last, &e) == ERR_OK);
    cr_assert(work_unembedded(s, enc.id, id[0], last, 9, 99, &page, &e) == ERR_OK);
    cr_expect(page.n == 1 && page.v[0].id == id[2]);
    cr_assert(work_vectors(s, enc.id, 0, &n, &e) == ERR_OK && n == 1);
    cr_assert(work_vectors(s, enc.id, 1, &n, &e) == ERR_OK && n == 0);
    work_page_free(&page);
}

static void see_scores(void *arg, const char *table, int64_t rows)
{
    if (strcmp(table, "score") == 0)
        *(int64_t *)arg = rows;
}

static int add_up(void *arg, const struct spent *r, struct err *why)
{
    int64_t *used = arg;
    (void)why;
    cr_expect(strstr(r->messages, "text") != NULL && strcmp(r->task, "") == 0);
    used[0]++;
    used[1] += r->usage.input;
    used[2] += r->usage.output;
    return 0;
}

Test(store_work, counts_replies_that_satisfy, .init = setup, .fini = teardown)
{
    int64_t p = add_prompt("a", "text", 0), q = add_prompt("b", "text2", 0), now, old, import,
            other;
    int64_t m = add_model("m", "{\"v\":1}", &old), n;
    add_model("m", "{\"v\":2}", &now);
    add_model("m", "import", &import);
    add_model("n", "{\"v\":2}", &other);
    int64_t used[3] = {0};
    cr_assert(spent_each(s, m, now, false, 99, add_up, used, &e) == ERR_OK && used[0] == 0);
    add_reply(p, old, 0, "h1", 10, 4); /* of an older configuration: does not satisfy */
    cr_assert(work_replies(s, m, now, 1, 0, &n, &e) == ERR_OK && n == 0);
    add_reply(p, now, 0, "h2", 10, 8);
    add_reply(p, now, 1, "h2", -1, 6);
    add_reply(p, import, 0, "import:x", -1, -1); /* the same prompt and sample once more */
    add_reply(q, import, 0, "import:y", -1, -1);
    add_reply(q, other, 0, "h3", 1, 1);
    cr_assert(work_replies(s, m, now, 1, 0, &n, &e) == ERR_OK && n == 2);
    cr_assert(work_replies(s, m, now, 2, 0, &n, &e) == ERR_OK && n == 3);
    cr_assert(work_replies(s, m, now, 1, 1, &n, &e) == ERR_OK && n == 1, "of the first prompt");
    cr_assert(spent_each(s, m, now, false, 99, add_up, used, &e) == ERR_OK);
    cr_expect(used[0] == 1 && used[1] == 10 && used[2] == 8, "the one with both counts");
    cr_assert(spent_each(s, m, now, true, 99, add_up, used, &e) == ERR_OK);
    cr_expect(used[0] == 2 && used[1] == 20 && used[2] == 12, "and of the other configurations");
    cr_assert(spent_each(s, m, now, true, 0, add_up, used, &e) == ERR_OK && used[0] == 2);
    int64_t r = add_reply(q, now, 0, "h4", 1, 1);
    cr_assert(score_put(s, r, "g", 1, 1, "ok", NULL, true, &e) == ERR_OK);
    cr_assert(score_put(s, r, "h", 1, 0, "ok", NULL, false, &e) == ERR_OK);
    int64_t kept = add_reply(p, now, 0, "h5", 1, 1), scores = 0;
    cr_assert(score_put(s, kept, "g", 1, 0.5, "ok", NULL, true, &e) == ERR_OK);
    cr_assert(work_drop_scores(s, r, &e) == ERR_OK);
    cr_assert(store_counts(s, see_scores, &scores, &e) == ERR_OK);
    cr_expect(scores == 1, "only those of that reply");
}
