/* Rows of the event loop end up in the store in order, without holding the loop up for long, and a
 * failure of the thread that stores them is the caller's.
 */
#include "collect/backlog.h"
#include "core/clock.h"
#include "core/fs.h"
#include "core/mem.h"
#include "store/prompt.h"
#include "tests/store_fixture.h"

#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>

TestSuite(collect_backlog, .init = open_store, .fini = close_store);

static int64_t config;

static int64_t number(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    cr_assert(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(st) == SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static int64_t prepare(void)
{
    struct model m = {.name = (char[]){"m"}};
    struct prompt p = {
        .ext_id = "p", .messages = "[]", .text = "x", .timestamp_ms = INT64_MIN, .weight = 1};
    struct err e = {0};
    int added = 0;
    cr_assert(model_put(s, &m, &e) == 0, "%s", e.text);
    cr_assert(model_config_put(s, m.id, "{}", true, &config, &e) == 0, "%s", e.text);
    cr_assert(prompt_put(s, &p, &added, &e) == 0, "%s", e.text);
    return p.id;
}

static int add(struct backlog *b, int64_t prompt, int64_t sample, size_t len, struct err *e)
{
    AUTO_FREE char *body = mem_zalloc(len + 1);
    char hash[65];
    struct answer a;
    snprintf(hash, sizeof hash, "h%d", (int)sample);
    memset(body, 'a' + (char)(sample % 26), len);
    struct http_result r = {.status = 200, .body = body, .len = len, .latency_ms = 1, .ttft_ms = 1};
    struct writer_reply w = {.prompt = prompt,
                             .model_config = config,
                             .sample = sample,
                             .request_hash = hash,
                             .protocol = "openai",
                             .answer = &a,
                             .result = &r,
                             .started_ms = 1000 + sample,
                             .names = {.ext_id = "p", .model = "m"}};
    answer_init(&a);
    buf_addf(&a.text, "text %d", (int)sample);
    int rc = backlog_reply(b, &w, &a, e);
    answer_deinit(&a);
    return rc;
}

Test(collect_backlog, stores_in_order_and_empties_the_journal)
{
    enum { N = 1000 };
    struct backlog *b = NULL;
    struct journal *j = NULL;
    struct err e = {0};
    struct writer_names names = {.ext_id = "p", .model = "m"};
    int64_t p = prepare();
    AUTO_FREE char *replies = mem_printf("%s-replies", path);
    cr_assert(journal_open(path, &j, &e) == 0);
    cr_assert(backlog_start(s, j, &b, &e) == 0, "%s", e.text);
    for (int64_t i = 0; i < N; i++) {
        cr_assert(add(b, p, i, i % 100 ? 1000 : 3 << 20, &e) == 0, "%s", e.text);
        int64_t waits = i + 1 - number("SELECT count(*) FROM reply");
        cr_expect(waits <= WRITER_ROWS, "%d rows wait", (int)waits);
        if (i % 10 == 0) {
            struct attempt t = {.prompt = p,
                                .model_config = config,
                                .sample = i,
                                .request_hash = "t",
                                .started_ms = 1,
                                .error_class = "server",
                                .wait_ms = 0,
                                .latency_ms = 1};
            cr_assert(backlog_attempt(b, &t, &names, &e) == 0, "%s", e.text);
        }
        if (i == N / 2) { /* a row alone is stored soon */
            double until = clock_s() + 20;
            while (number("SELECT count(*) FROM reply") <= i && clock_s() < until)
                cr_assert(backlog_tick(b, &e) == 0, "%s", e.text);
            cr_expect(number("SELECT count(*) FROM reply") == i + 1);
        }
    }
    cr_assert(backlog_stop(b, &e) == 0, "%s", e.text);
    cr_expect(number("SELECT count(*) FROM reply") == N);
    cr_expect(number("SELECT count(*) FROM reply_body") == N);
    cr_expect(number("SELECT count(*) FROM attempt") == N + N / 10);
    cr_expect(number("SELECT count(*) FROM reply a JOIN reply b ON b.id = a.id + 1 WHERE b.sample "
                     "<> a.sample + 1") == 0);
    cr_expect(number("SELECT count(*) FROM reply WHERE text <> 'text ' || sample OR request_hash "
                     "<> 'h' || sample") == 0);
    journal_close(j);
    cr_expect(!fs_exists(replies), "nothing is left in the journal");
}

Test(collect_backlog, hands_a_failure_to_the_caller_and_keeps_the_journal)
{
    struct backlog *b = NULL;
    struct journal *j = NULL;
    struct err e = {0}, again = {0}, last = {0};
    int64_t p = prepare(), i = 0;
    int rc = 0;
    size_t len = 0;
    char *text = NULL;
    AUTO_FREE char *replies = mem_printf("%s-replies", path);
    cr_assert(journal_open(path, &j, &e) == 0);
    cr_assert(backlog_start(s, j, &b, &e) == 0);
    for (; i < 10; i++)
        cr_assert(add(b, p, i, 100, &e) == 0);
    double until = clock_s() + 20;
    while (number("SELECT count(*) FROM reply") < 10 && clock_s() < until)
        cr_assert(backlog_tick(b, &e) == 0);
    for (; !rc && i < 1000; i++)
        rc = add(b, i == 20 ? 12345 : p, i, 100, &e); /* no such prompt */
    cr_assert(rc == ERR_DB && e.code == ERR_DB, "%d: %s", rc, e.text);
    cr_expect(strstr(e.text, "cannot write a reply in") && strstr(e.text, "FOREIGN KEY"), "%s",
              e.text);
    cr_expect(backlog_tick(b, &again) == ERR_DB && strcmp(again.text, e.text) == 0);
    cr_expect(add(b, p, i, 100, NULL) == ERR_DB);
    cr_expect(backlog_stop(b, &last) == ERR_DB && strcmp(last.text, e.text) == 0);
    cr_expect(number("SELECT count(*) FROM reply") == 10);
    journal_close(j);
    cr_assert(fs_read_all(replies, 1 << 20, &text, &len, &e) == 0, "%s", e.text);
    cr_expect(len > (size_t)(i - 10) * 100, "%zu bytes of what was not stored", len);
    free(text);
    unlink(replies);
}

Test(collect_backlog, ends_the_run_where_the_journal_has_no_room)
{
    struct backlog *b = NULL;
    struct journal *j = NULL;
    struct err e = {0};
    int64_t p = prepare(), i = 0;
    int rc = 0;
    AUTO_FREE char *replies = mem_printf("%s-replies", path);
    const struct rlimit small = {1 << 20, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(journal_open(path, &j, &e) == 0);
    cr_assert(backlog_start(s, j, &b, &e) == 0);
    cr_assert(setrlimit(RLIMIT_FSIZE, &small) == 0);
    while (!rc && i < 20) /* bodies that the store packs to nothing, and the journal does not */
        rc = add(b, p, i++, 150000, &e);
    cr_assert(rc == ERR_IO && strstr(e.text, "-replies"), "%d: %s", rc, e.text);
    cr_expect(backlog_stop(b, &e) == ERR_OK, "%s", e.text);
    cr_expect(number("SELECT count(*) FROM reply") == i, "what was read is stored all the same");
    journal_close(j);
    unlink(replies);
}
