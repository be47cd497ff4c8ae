/* Lines of batch files: requests in their envelopes, results out of theirs. */
#include "collect/batch_line.h"

#include <criterion/criterion.h>
#include <string.h>

static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

Test(collect_batch, writes_each_protocols_envelope)
{
    static const struct {
        const char *protocol, *line;
    } cases[] = {
        {"openai", "{\"custom_id\":\"i-1\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\","
                   "\"body\":{\"a\":1}}"},
        {"openai-responses", "{\"custom_id\":\"i-1\",\"method\":\"POST\",\"url\":"
                             "\"/v1/responses\",\"body\":{\"a\":1}}"},
        {"anthropic", "{\"custom_id\":\"i-1\",\"params\":{\"a\":1}}"},
        {"gemini", "{\"key\":\"i-1\",\"request\":{\"a\":1}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        batch_line_write(&b, cases[i].protocol, "i-1", "{\"a\":1}");
        cr_expect_str_eq(b.data, cases[i].line);
        buf_deinit(&b);
    }
}

Test(collect_batch, ids_tell_prompts_and_samples_apart)
{
    char a[BATCH_ID_MAX + 1], b[BATCH_ID_MAX + 1];
    batch_line_id(a, hash, "p1", 0);
    cr_expect(strlen(a) == 57 && strncmp(a, hash, 40) == 0);
    cr_expect(strspn(a, "0123456789abcdef-") == strlen(a));
    batch_line_id(b, hash, "p1", 0);
    cr_expect_str_eq(a, b);
    batch_line_id(b, hash, "p1", 1);
    cr_expect_str_neq(a, b);
    batch_line_id(b, hash, "p2", 0);
    cr_expect_str_neq(a, b);
}

Test(collect_batch, reads_results_of_every_shape)
{
    static const struct {
        const char *line, *id;
        int status;
        const char *body, *why;
    } cases[] = {
        {"{\"id\":\"x\",\"custom_id\":\"c\",\"response\":{\"status_code\":200,\"request_id\":\"r\","
         "\"body\":{\"n\":1}},\"error\":null}",
         "c", 200, "{\"n\":1}", ""},
        {"{\"custom_id\":\"c\",\"response\":{\"status_code\":429,\"body\":{\"error\":{}}}}", "c",
         429, "{\"error\":{}}", ""},
        {"{\"custom_id\":\"c\",\"response\":null,\"error\":{\"code\":\"batch_expired\","
         "\"message\":\"too late\"}}",
         "c", 0, "", "too late"},
        {"{\"custom_id\":\"c\",\"response\":{\"status_code\":7,\"body\":{}}}", "c", 0, "",
         "it has neither a response nor an error"},
        {"{\"custom_id\":\"c\",\"result\":{\"type\":\"succeeded\",\"message\":{\"n\":2}}}", "c",
         200, "{\"n\":2}", ""},
        {"{\"custom_id\":\"c\",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"error\","
         "\"error\":{\"type\":\"t\"}}}}",
         "c", 200, "{\"type\":\"error\",\"error\":{\"type\":\"t\"}}", ""},
        {"{\"custom_id\":\"c\",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"t\"}}}", "c",
         200, "{\"type\":\"error\",\"error\":{\"type\":\"t\"}}", ""},
        {"{\"custom_id\":\"c\",\"result\":{\"type\":\"expired\"}}", "c", 0, "", "expired"},
        {"{\"key\":\"k\",\"response\":{\"candidates\":[]}}", "k", 200, "{\"candidates\":[]}", ""},
        {"{\"key\":\"k\",\"error\":{\"code\":3,\"message\":\"bad\"}}", "k", 0, "", "bad"},
        {"{\"key\":\"k\"}", NULL, 0, "", ""},
        {"{\"custom_id\":\"c\"}", NULL, 0, "", ""},
        {"{\"custom_id\":7,\"response\":{}}", NULL, 0, "", ""},
        {"[]", NULL, 0, "", ""},
        {"7", NULL, 0, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *line = NULL;
        struct batch_result r;
        cr_assert(json_parse(cases[i].line, strlen(cases[i].line), &line, NULL) == 0);
        batch_result_init(&r);
        bool ok = batch_line_read(line, &r);
        cr_expect(ok == (cases[i].id != NULL), "case %zu", i);
        if (ok) {
            cr_expect_str_eq(r.custom_id, cases[i].id, "case %zu", i);
            cr_expect(r.status == cases[i].status, "case %zu: %d", i, r.status);
            cr_expect_str_eq(r.body.data ? r.body.data : "", cases[i].body, "case %zu", i);
            cr_expect_str_eq(r.why, cases[i].why, "case %zu", i);
        }
        batch_result_deinit(&r);
        json_free(line);
    }
}
