/* What the tests of the provider share: a small data set, a server that knows it, checks. */
#ifndef PROVIDER_CHECK_H
#define PROVIDER_CHECK_H

#include "core/fs.h"
#include "core/json.h"
#include "tests/provider/client.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define CHAT "/v1/chat/completions"
#define MESSAGES "/v1/messages"
#define CLAUDE "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n"
#define GOOGLE "x-goog-api-key: k\r\n"

/* 1 to 40: "Sum n", each a number; then texts for the search. */
static const char extra_rows[] =
    "{\"id\":\"eq\",\"task\":\"intent\",\"complexity\":\"simple\",\"prompt\":\"Where is my parcel "
    "with the red ribbon?\","
    "\"reference\":\"delivery_status\",\"grader\":\"equals\"}\n"
    "{\"id\":\"long\",\"task\":\"intent\",\"complexity\":\"simple\",\"prompt\":\"Where is my "
    "parcel with the red ribbon? And the blue one?\","
    "\"reference\":\"two_parcels\",\"grader\":\"equals\"}\n"
    "{\"id\":\"sys1\",\"task\":\"intent\",\"complexity\":\"simple\",\"messages\":[{\"role\":"
    "\"system\",\"content\":\"Say the colour.\"},"
    "{\"role\":\"user\",\"content\":\"The sky at noon, if you "
    "please\"}],\"reference\":\"blue\",\"grader\":\"equals\"}\n"
    "{\"id\":\"sys2\",\"task\":\"intent\",\"complexity\":\"simple\",\"messages\":[{\"role\":"
    "\"system\",\"content\":\"Say the weather.\"},"
    "{\"role\":\"user\",\"content\":\"The sky at noon, if you "
    "please\"}],\"reference\":\"sunny\",\"grader\":\"equals\"}\n"
    "{\"id\":\"json\",\"task\":\"extraction\",\"complexity\":\"simple\",\"prompt\":\"Extract: Ada "
    "Q-17 on 2026-02-03, 1,234.50 USD, \\u00e9t\\u00e9\","
    "\"reference\":{\"name\":\"Ada\",\"order\":\"Q-17\",\"date\":\"2026-02-03\",\"total\":1234.5,"
    "\"urgent\":false},\"grader\":{\"type\":\"is-json\"}}\n";

#define SAME(a, b) same(__LINE__, (a), (b))

static char data_path[64];

CLIENT_FN void same(int line, const char *a, const char *b)
{
    cr_assert(a && b && strcmp(a, b) == 0, "line %d: \"%s\" is not \"%s\"", line, a ? a : "NULL",
              b ? b : "NULL");
}

CLIENT_FN void write_data(void)
{
    struct buf b = BUF_INIT(0);
    for (int i = 1; i <= 40; i++)
        buf_addf(&b,
                 "{\"id\":\"n%d\",\"task\":\"invoice\",\"complexity\":\"%s\",\"prompt\":\"What is "
                 "the sum of invoice number %d, please?\","
                 "\"reference\":%d.50,\"grader\":{\"type\":\"numeric\",\"tolerance\":0.005}}\n",
                 i, i % 2 ? "simple" : "complex", i, 1000 + 37 * i);
    buf_adds(&b, extra_rows);
    snprintf(data_path, sizeof data_path, "/tmp/shunt-provider-%ld.jsonl", (long)getpid());
    cr_assert(fs_write_atomic(data_path, b.data, b.len, NULL) == 0);
    buf_deinit(&b);
}

CLIENT_FN void remove_data(void)
{
    unlink(data_path);
}

/* options: up to 8 words after --data. */
CLIENT_FN struct server start(const char *const *options)
{
    const char *args[16] = {"--data", data_path, "--latency-scale", "0"};
    for (int i = 0; options && options[i]; i++)
        args[4 + i] = options[i];
    struct server s = server_start(args);
    cr_assert(s.port > 0, "%s", s.text);
    return s;
}

CLIENT_FN struct json *parse(const char *text, size_t len)
{
    struct json *j = NULL;
    struct err e = {0};
    cr_assert(json_parse(text, len, &j, &e) == 0, "%s in: %.200s", e.text, text);
    return j;
}

/* The text at a path of the answer's JSON, heap; also checks the status. */
CLIENT_FN char *ask_text(const struct server *s, const char *path, const char *extra,
                         const char *body, const char *at)
{
    struct answered a = server_ask(s, "POST", path, extra, body);
    cr_assert(eq(int, a.status, 200), "%s", a.body);
    cr_assert(a.whole);
    struct json *j = parse(a.body, a.body_len);
    const char *text = json_str(json_path(j, at));
    cr_assert(text != NULL, "no %s in %s", at, a.body);
    char *copy = mem_strdup(text);
    json_free(j);
    answered_free(&a);
    return copy;
}

#endif
