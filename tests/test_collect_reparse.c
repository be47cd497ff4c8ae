/* Stored bodies read again: a damaged row is mended, scores of what changed go, the rest stays. */
#include "collect/reparse.h"
#include "core/fs.h"
#include "core/mem.h"
#include "store/prompt.h"
#include "store/reply.h"
#include "store/work.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/shunt-reparse-XXXXXX";
static char *path;

static void sql(const char *text)
{
    sqlite3 *db = NULL;
    char *why = NULL;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s", why);
    sqlite3_close(db);
}

static char *ask_sql(const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(st) == SQLITE_ROW);
    const char *got = (const char *)sqlite3_column_text(st, 0);
    char *out = mem_strdup(got ? got : "null");
    sqlite3_finalize(st);
    sqlite3_close(db);
    return out;
}

#define IS(query, want)                                                                            \
    do {                                                                                           \
        AUTO_FREE char *got_ = ask_sql(query);                                                     \
        cr_expect_str_eq(got_, want, "%s: %s, expected %s", query, got_, want);                    \
    } while (0)

/* One reply a fixture, each to a prompt of its own, as an older adapter might have left it. */
static void fill(void)
{
    static const struct {
        const char *file, *protocol;
    } bodies[] = {{"openai_ok", "openai"},
                  {"responses_length", "openai-responses"},
                  {"anthropic_ok", "anthropic"},
                  {"openai_error_400", "openai"}};
    struct store *s = NULL;
    struct err e = {0};
    struct model m = {.name = (char[]){"m"}};
    int64_t config;
    int added;
    cr_assert(store_open(path, STORE_CREATE, &s, &e) == 0, "%s", e.text);
    cr_assert(model_put(s, &m, &e) == 0 && model_config_put(s, m.id, "{}", true, &config, &e) == 0);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        AUTO_FREE char *id = mem_printf("p%zu", i),
                       *file = mem_printf("tests/fixtures/collect/%s.json", bodies[i].file);
        AUTO_FREE char *body = NULL;
        size_t len;
        struct prompt p = {.ext_id = id,
                           .messages = "[{\"role\":\"user\",\"content\":\"Q\"}]",
                           .text = id,
                           .reference = "\"Paris\"",
                           .grader = "\"icontains\"",
                           .timestamp_ms = INT64_MIN,
                           .weight = 1};
        cr_assert(prompt_put(s, &p, &added, &e) == 0, "%s", e.text);
        struct reply r = {.prompt = p.id,
                          .model_config = config,
                          .request_hash = id,
                          .text = "old",
                          .usage = USAGE_UNKNOWN,
                          .reported_nusd = MONEY_UNKNOWN,
                          .latency_ms = 12.5,
                          .ttft_ms = NAN,
                          .mean_logprob = NAN,
                          .min_logprob = NAN,
                          .entropy = NAN,
                          .created_ms = 77};
        cr_assert(fs_read_all(file, 1 << 20, &body, &len, &e) == 0, "%s", e.text);
        cr_assert(reply_put(s, &r, &e) == 0, "%s", e.text);
        cr_assert(reply_body_put(s, r.id, bodies[i].protocol, body, len, &e) == 0);
        cr_assert(score_put(s, r.id, "\"icontains\"", 1, 0, "ok", NULL, true, &e) == 0);
    }
    store_close(s);
}

static void reparse(const char *yaml, int want, struct reparse_summary *out)
{
    struct store *s = NULL;
    struct config *c = NULL;
    struct err e = {0};
    cr_assert(config_parse("t", yaml, strlen(yaml), &c, &e) == 0, "%s", e.text);
    cr_assert(store_open(path, STORE_WRITE, &s, &e) == 0, "%s", e.text);
    int rc = collect_reparse(s, c, NULL, out, &e);
    cr_assert(rc == want, "%d: %s", rc, e.text);
    store_close(s);
    config_free(c);
}

Test(collect_reparse, mends_rows_and_drops_the_scores_of_what_changed)
{
    struct reparse_summary sum;
    cr_assert(mkdtemp(dir) != NULL);
    path = mem_printf("%s/s.db", dir);
    fill();

    reparse("models: [{name: m}]\n", ERR_PARTIAL, &sum);
    cr_expect(sum.n == 1 && sum.v[0].replies == 4 && sum.v[0].changed == 3 &&
              sum.v[0].rescored == 3 && sum.v[0].unread == 1);
    cr_expect(strstr(sum.v[0].message, "8192") != NULL, "%s", sum.v[0].message);
    reparse_summary_deinit(&sum);
    IS("SELECT text || '|' || finish || '|' || input_tokens || '|' || fingerprint || '|' ||"
       " service_tier || '|' || latency_ms || '|' || created_ms FROM reply WHERE request_hash='p0'",
       "Paris \xf0\x9f\x98\x80|stop|31|fp_1|default|12.5|77");
    IS("SELECT text || finish || cached_tokens FROM reply WHERE request_hash = 'p1'",
       "It begins withlength4");
    IS("SELECT text || input_tokens FROM reply WHERE request_hash = 'p2'",
       "The total is 12.502310");
    IS("SELECT text FROM reply WHERE request_hash = 'p3'", "old"); /* an error is no reply */
    IS("SELECT count(*) FROM score", "1");

    reparse("models: [{name: m}]\n", ERR_PARTIAL, &sum); /* a second time there is nothing to do */
    cr_expect(sum.v[0].changed == 0 && sum.v[0].rescored == 0);
    reparse_summary_deinit(&sum);

    /* one text damaged, one count damaged: only the first loses its score */
    sql("INSERT INTO score SELECT id, 'g', 1, 1, 'ok', NULL, 1 FROM reply WHERE request_hash <> "
        "'p3'");
    sql("UPDATE reply SET text = 'garbled' WHERE request_hash = 'p0';"
        "UPDATE reply SET output_tokens = 9999 WHERE request_hash = 'p2'");
    reparse("models: [{name: m}]\n", ERR_PARTIAL, &sum);
    cr_expect(sum.v[0].changed == 2 && sum.v[0].rescored == 1);
    reparse_summary_deinit(&sum);
    IS("SELECT text FROM reply WHERE request_hash = 'p0'", "Paris \xf0\x9f\x98\x80");
    IS("SELECT output_tokens FROM reply WHERE request_hash = 'p2'", "40");
    IS("SELECT count(*) FROM score s JOIN reply r ON r.id = s.reply WHERE request_hash = 'p0'",
       "0");
    IS("SELECT count(*) FROM score s JOIN reply r ON r.id = s.reply WHERE request_hash = 'p2'",
       "1");

    /* rules that came later are applied to what is there, beside the raw text */
    sql("DELETE FROM reply_body WHERE reply IN (SELECT id FROM reply WHERE request_hash = 'p3');"
        "UPDATE reply_body SET protocol = 'openai' WHERE reply = 1");
    reparse("models: [{name: m, output: {strip_fences: true, pick: a}}]\n", ERR_OK, &sum);
    cr_expect(sum.v[0].changed == 0, "no fences, no JSON: nothing to do");
    reparse_summary_deinit(&sum);
    unlink(path);
    rmdir(dir);
    free(path);
}
