/* The backlog between two threads under ThreadSanitizer: rows of every kind, the store used by both
 * sides, a thread that stops in the middle. A plain program that speaks TAP, as Criterion does not
 * run there. usage: tsan_backlog [rows]
 */
#include "collect/backlog.h"
#include "core/mem.h"
#include "store/prompt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t prompt, config;
static struct store *store;

static void need(int rc, const struct err *e)
{
    if (rc) {
        printf("not ok - %s\n", e->text);
        exit(1);
    }
}

static void prepare(const char *path)
{
    struct model m = {.name = (char[]){"m"}};
    struct prompt p = {
        .ext_id = "p", .messages = "[]", .text = "x", .timestamp_ms = INT64_MIN, .weight = 1};
    struct err e = {0};
    int added = 0;
    need(store_open(path, STORE_CREATE, &store, &e), &e);
    need(model_put(store, &m, &e), &e);
    need(model_config_put(store, m.id, "{}", true, &config, &e), &e);
    need(prompt_put(store, &p, &added, &e), &e);
    prompt = p.id;
}

static int add(struct backlog *b, int64_t of, int64_t i, struct err *e)
{
    struct writer_names names = {.ext_id = "p", .model = "m"};
    char hash[65], body[600];
    struct answer a;
    snprintf(hash, sizeof hash, "h%d", (int)i);
    memset(body, 'a' + (char)(i % 26), sizeof body);
    if (i % 7 == 0) {
        struct attempt t = {.prompt = of,
                            .model_config = config,
                            .sample = i,
                            .request_hash = hash,
                            .started_ms = i,
                            .error_class = "server"};
        return backlog_attempt(b, &t, &names, e);
    }
    struct http_result r = {
        .status = 200, .body = body, .len = sizeof body, .latency_ms = 1, .ttft_ms = 1};
    struct writer_reply w = {.prompt = of,
                             .model_config = config,
                             .sample = i,
                             .request_hash = hash,
                             .protocol = "openai",
                             .answer = &a,
                             .result = &r,
                             .started_ms = i,
                             .names = names};
    answer_init(&a);
    buf_adds(&a.text, "text");
    int rc = backlog_reply(b, &w, &a, e);
    answer_deinit(&a);
    return rc;
}

/* Adds n rows; the last one of a prompt that is not there, if bad. */
static int run(const char *path, int64_t from, int64_t n, bool bad)
{
    struct backlog *b = NULL;
    struct journal *j = NULL;
    struct err e = {0};
    int rc = 0;
    need(journal_open(path, &j, &e), &e);
    need(backlog_start(store, j, &b, &e), &e);
    for (int64_t i = from; !rc && i < from + n; i++) {
        rc = add(b, bad && i == from + n / 2 ? 99 : prompt, i, &e);
        backlog_lock(b);
        if (!rc && prompt_count(store) != 1)
            rc = ERR_DB;
        backlog_unlock(b);
        if (!rc)
            rc = backlog_tick(b, &e);
    }
    int stopped = backlog_stop(b, rc ? NULL : &e);
    journal_close(j);
    return rc ? rc : stopped;
}

int main(int argc, char **argv)
{
    int64_t rows = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
    char dir[] = "/tmp/shunt-tsan-XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    AUTO_FREE char *path = mem_printf("%s/s.db", dir);
    prepare(path);
    printf("%s 1 - %d rows go through\n", run(path, 0, rows, false) ? "not ok" : "ok", (int)rows);
    printf("%s 2 - a failure ends it\n", run(path, rows, rows, true) == ERR_DB ? "ok" : "not ok");
    printf("1..2\n");
    store_close(store);
    static const char *const ends[] = {"", "-replies", "-wal", "-shm"};
    for (int i = 0; i < 4; i++) {
        AUTO_FREE char *file = mem_printf("%s%s", path, ends[i]);
        unlink(file);
    }
    rmdir(dir);
    return 0;
}
