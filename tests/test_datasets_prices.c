/* Price books: --set words, our own forms, LiteLLM's map, and what ends up in force. */
#include "core/fs.h"
#include "datasets/prices.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static struct store *open_store(void)
{
    struct store *s = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "/tmp/shunt-prices-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    cr_assert(store_open(path, STORE_CREATE, &s, &e) == 0, "%s", e.text);
    return s;
}

static void remove_store(struct store *s)
{
    store_close(s);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int set(const char *const *words, size_t n, struct price_book *b, struct err *e)
{
    struct str_vec v = {0};
    for (size_t i = 0; i < n; i++)
        VEC_PUSH(&v, mem_strdup(words[i]));
    int rc = price_book_set(&v, 0, 0, b, e);
    str_vec_free(&v);
    return rc;
}

Test(prices, set_words_are_exact)
{
    static const char *const words[] = {"m:input=0.15", "output=0.6", "a:b:c:cached_read=1e-3",
                                        "request=0.000000000001"};
    static const struct {
        const char *model;
        enum price_component component;
        int64_t pico;
        const char *text;
    } want[] = {{"m", PRICE_INPUT, 150000, "0.15"},
                {"m", PRICE_OUTPUT, 600000, "0.6"},
                {"a:b:c", PRICE_CACHED_READ, 1000, "0.001"},
                {"a:b:c", PRICE_REQUEST, 1, "0.000000000001"}};
    struct price_book b = {0};
    struct err e = {0};
    cr_assert(set(words, 4, &b, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, b.rows.n, 4));
    for (size_t i = 0; i < 4; i++) {
        char text[40];
        cr_expect_str_eq(b.rows.v[i].model, want[i].model);
        cr_expect(b.rows.v[i].component == want[i].component);
        cr_expect(eq(i64, b.rows.v[i].pico_usd, want[i].pico));
        price_text(b.rows.v[i].component, b.rows.v[i].pico_usd, text);
        cr_expect_str_eq(text, want[i].text);
    }
    price_book_deinit(&b);
    char text[40];
    price_text(PRICE_INPUT, MONEY_UNKNOWN, text);
    cr_expect_str_eq(text, "-");
    price_text(PRICE_INPUT, 10000000, text);
    cr_expect_str_eq(text, "10");
    price_text(PRICE_INPUT, 0, text);
    cr_expect_str_eq(text, "0");
    static const char *const bad[] = {"m",         "m:input",   "input=1",    ":input=1",
                                      "m:inptu=1", "m:input=x", "m:input=-1", "m:input="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        e.text[0] = '\0';
        cr_expect(set(&bad[i], 1, &b, &e) == ERR_USAGE && e.text[0], "%s", bad[i]);
        price_book_deinit(&b);
    }
}

static void write_file(const char *file, const char *text)
{
    struct err e = {0};
    cr_assert(fs_write_atomic(file, text, strlen(text), &e) == 0, "%s", e.text);
}

Test(prices, litellm_tiers_are_read_from_names)
{
    static const char map[] =
        "{\"sample_spec\":{\"input_cost_per_token\":9},"
        "\"m\":{\"litellm_provider\":\"x\",\"mode\":\"chat\",\"max_tokens\":\"4096\",\"input_cost_"
        "per_token\":2.5e-06,"
        "\"output_cost_per_token\":\"1e-05\",\"cache_read_input_token_cost\":1.25e-06,"
        "\"input_cost_per_token_above_200k_tokens\":5e-06,\"input_cost_per_token_batches\":1.25e-"
        "06,"
        "\"output_cost_per_token_above_200k_tokens_priority\":3e-05,"
        "\"cache_creation_input_token_cost\":3e-06,\"cache_creation_input_token_cost_above_1hr\":"
        "6e-06,"
        "\"cache_creation_input_token_cost_above_1hr_above_200k_tokens\":9e-06,"
        "\"input_cost_per_audio_token\":1,\"input_cost_per_token_nonsense\":1,\"input_dbu_cost_per_"
        "token\":1},"
        "\"odd\":{\"input_cost_per_token\":null,\"output_cost_per_token\":\"free\"},"
        "\"text\":\"not an object\"}";
    static const struct {
        enum price_component component;
        const char *tier;
        int64_t min_context, pico;
    } want[] = {
        {PRICE_INPUT, NULL, 0, 2500000},
        {PRICE_OUTPUT, NULL, 0, 10000000},
        {PRICE_CACHED_READ, NULL, 0, 1250000},
        {PRICE_INPUT, NULL, 200001, 5000000},
        {PRICE_INPUT, "batch", 0, 1250000},
        {PRICE_OUTPUT, "priority", 200001, 30000000},
        {PRICE_CACHE_WRITE, NULL, 0, 3000000},
        {PRICE_CACHE_WRITE_1H, NULL, 0, 6000000},
        {PRICE_CACHE_WRITE_1H, NULL, 200001, 9000000},
    };
    enum { WANT = sizeof want / sizeof *want };
    char file[] = "/tmp/shunt-map-XXXXXX";
    close(mkstemp(file));
    write_file(file, map);
    struct price_book b = {0};
    struct err e = {0};
    cr_assert(price_book_read(file, &b, &e) == 0, "%s", e.text);
    unlink(file);
    cr_assert(eq(sz, b.rows.n, WANT));
    cr_expect(eq(i64, b.skipped, 2));
    for (size_t i = 0; i < WANT; i++) {
        const struct price_row *r = &b.rows.v[i];
        cr_expect(r->component == want[i].component && r->pico_usd == want[i].pico &&
                      r->min_context == want[i].min_context,
                  "row %zu: %d %lld %lld", i, r->component, (long long)r->pico_usd,
                  (long long)r->min_context);
        cr_expect(want[i].tier ? r->service_tier && strcmp(r->service_tier, want[i].tier) == 0
                               : !r->service_tier,
                  "row %zu: tier %s", i, r->service_tier);
    }
    price_book_deinit(&b);
}

Test(prices, applying_is_all_or_nothing_and_repeatable)
{
    struct store *s = open_store();
    struct model m = {.name = mem_strdup("m")};
    struct err e = {0};
    cr_assert(model_put(s, &m, &e) == 0, "%s", e.text);
    struct price_book b = {0};
    static const char *const words[] = {"m:input=1", "output=2", "other:input=3"};
    cr_assert(set(words, 3, &b, &e) == 0);
    struct price_applied done;
    cr_expect(eq(int, price_book_apply(s, &b, false, true, &done, &e), ERR_USAGE));
    struct price_now now;
    cr_assert(price_now(s, m.id, 0, &now, &e) == 0);
    cr_expect(eq(i64, now.pico_usd[PRICE_INPUT], MONEY_UNKNOWN), "nothing of it was written");
    cr_assert(price_book_apply(s, &b, false, false, &done, &e) == 0, "%s", e.text);
    cr_expect(done.written == 2 && done.models == 1 && done.elsewhere == 1);
    for (int twice = 0; twice < 2; twice++) {
        cr_assert(price_book_apply(s, &b, true, false, &done, &e) == 0, "%s", e.text);
        cr_expect(done.written == 3 && done.models == 2);
    }
    cr_assert(price_now(s, m.id, 0, &now, &e) == 0);
    cr_expect(eq(i64, now.pico_usd[PRICE_INPUT], 1000000));
    cr_expect(eq(i64, now.pico_usd[PRICE_OUTPUT], 2000000));
    price_book_deinit(&b);
    free(m.name);
    remove_store(s);
}

Test(prices, large_contexts_and_dates_take_over)
{
    struct store *s = open_store();
    struct err e = {0};
    struct price_book b = {0};
    char file[] = "/tmp/shunt-book-XXXXXX";
    close(mkstemp(file));
    write_file(
        file,
        "{\"prices\":[{\"model\":\"m\",\"component\":\"input\",\"usd_per_mtok\":2.5},"
        "{\"model\":\"m\",\"component\":\"input\",\"usd_per_mtok\":5,\"min_context\":200001},"
        "{\"model\":\"m\",\"component\":\"output\",\"usd_per_mtok\":\"10\",\"from\":\"2020-01-01\"}"
        ","
        "{\"model\":\"m\",\"component\":\"output\",\"usd_per_mtok\":\"8\",\"from\":\"2021-01-01\"},"
        "{\"model\":\"m\",\"component\":\"output\",\"usd_per_mtok\":\"1\",\"from\":\"2999-01-01\"}]"
        "}");
    cr_assert(price_book_read(file, &b, &e) == 0, "%s", e.text);
    unlink(file);
    struct price_applied done;
    cr_assert(price_book_apply(s, &b, true, true, &done, &e) == 0, "%s", e.text);
    struct model *models;
    size_t n;
    cr_assert(model_list(s, &models, &n, &e) == 0 && n == 1);
    static const int64_t tokens[] = {0, 200000, 200001}, input[] = {2500000, 2500000, 5000000};
    for (int i = 0; i < 3; i++) {
        struct price_now now;
        cr_assert(price_now(s, models[0].id, tokens[i], &now, &e) == 0);
        cr_expect(eq(i64, now.pico_usd[PRICE_INPUT], input[i]));
        cr_expect(eq(i64, now.pico_usd[PRICE_OUTPUT], 8000000));
    }
    model_list_free(models, n);
    price_book_deinit(&b);
    remove_store(s);
}
