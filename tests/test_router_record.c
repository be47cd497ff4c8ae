/* The line reader of shunt-route: JSON as strict as it says, records, and decisions as JSON. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/tools/decision_json.h"
#include "router/tools/record.h"

static int is_json(const char *text, size_t n)
{
    struct json_scan s;
    struct json_span v;
    char *exact = malloc(n ? n : 1); /* a sanitizer sees a read beyond the end */
    memcpy(exact, text, n);
    json_scan_init(&s, exact, n);
    int good = json_scan_value(&s, &v) && json_scan_end(&s);
    cr_assert(good || s.error, "no reason given for '%s'", text);
    free(exact);
    return good;
}

Test(router_json, accepts_what_is_json)
{
    static const char *const good[] = {
        "0",
        "-0",
        "1.5e+10",
        "-12E-3",
        "true",
        "false",
        "null",
        "\"\"",
        " [ ] ",
        "{}",
        "[1,[2,{}]]",
        "{\"a\":1,\"b\":[true,null]}",
        "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
        "\t{\"a\" : \"b\"}\r",
        "\"\x7f\"",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_assert(is_json(good[i], strlen(good[i])), "'%s'", good[i]);
}

Test(router_json, refuses_what_is_not)
{
    static const char *const bad[] = {
        "",
        " ",
        "01",
        "1.",
        ".5",
        "-",
        "+1",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "tru",
        "nul",
        "True",
        "'a'",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"a\tb\"",
        "\"a\nb\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{1:2}",
        "{\"a\":1 \"b\":2}",
        "1 2",
        "{} x",
        "\"a\" \"b\"",
        "//x\n1",
        "[1]]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(!is_json(bad[i], strlen(bad[i])), "'%s'", bad[i]);
    cr_assert(!is_json("\"a\0b\"", 5));
    char deep[300];
    for (int levels = 63; levels <= 65; levels++) {
        memset(deep, '[', (size_t)levels);
        memset(deep + levels, ']', (size_t)levels);
        cr_assert_eq(is_json(deep, 2 * (size_t)levels), levels <= JSON_SCAN_DEPTH, "%d", levels);
    }
}

Test(router_json, survives_every_mutation_of_a_record)
{
    static const char record[] = "{\"id\":\"a\\u00e9\",\"messages\":[{\"role\":\"user\","
                                 "\"content\":\"x\\ny\"}],\"tokens\":12,"
                                 "\"vector\":[1,2.5e3],\"allowed\":[\"small\"],\"task\":null}";
    char text[sizeof record];
    int good = 0;
    for (size_t n = 0; n < sizeof record; n++) /* every beginning */
        good += is_json(record, n);
    cr_assert_eq(good, 1);
    for (size_t i = 0; i + 1 < sizeof record; i++)
        for (int c = 0; c < 256; c++) {
            memcpy(text, record, sizeof record);
            text[i] = (char)c;
            is_json(text, sizeof record - 1);
        }
}

Test(router_json, decodes_strings)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"\"\"", ""},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tb\"", "a\"\\/\b\f\n\r\tb"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\"\xc3\xa9\"", "\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        size_t n = strlen(cases[i].json);
        struct json_span span = {cases[i].json, n};
        memset(out, '#', sizeof out);
        cr_assert_eq(json_scan_decode(span, out), strlen(cases[i].text));
        cr_assert_str_eq(out, cases[i].text);
        cr_assert_eq(out[n - 1], '#'); /* within span.bytes - 1 bytes */
    }
}

Test(router_json, knows_utf8)
{
    static const struct {
        const char *text;
        size_t valid;
    } cases[] = {
        {"plain", 5},
        {"\xc3\xa9", 2},
        {"a\xc3", 1},
        {"\x80", 0},
        {"\xc0\xaf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf5\x80\x80\x80", 0},
        {"ab\xe2\x82", 2},
        {"\xff", 0},
        {"\xf0\x8f\xbf\xbf", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(json_scan_utf8(cases[i].text, strlen(cases[i].text)), cases[i].valid,
                     "case %zu", i);
}

static struct shunt_table *open_mini(unsigned char **bytes)
{
    static struct mini x;
    struct err e = {0};
    struct shunt_table *t;
    size_t len;
    mini_init(&x, 6, 20, 11);
    mini_full(&x);
    cr_assert_eq(table_build(&x.spec, bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory(*bytes, len, &t), 0);
    return t;
}

Test(router_record, reads_every_member)
{
    static const char line[] =
        "{\"prompt\":\"a\\u00e9\\n\",\"id\":\"x\\\"1\",\"task\":\"sums\",\"user_class\":\"pro\","
        "\"point\":\"best\",\"tokens\":17,\"lambda_per_usd\":2.5,\"mu_per_s\":1e-3,\"extra\":{"
        "\"prompt\":1},"
        "\"allowed\":[\"large\",\"small\"],\"vector\":[1,-2.5,3e1],\"encoder\":\"e/3/h\"}";
    unsigned char *bytes;
    struct shunt_table *t = open_mini(&bytes);
    struct record r;
    record_init(&r);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(record_read(&r, t, line, strlen(line)), RECORD_OK, "%s", r.error);
        const struct shunt_request *q = &r.request;
        cr_assert(q->text_bytes == 4 && memcmp(q->text, "a\xc3\xa9\n", 4) == 0);
        cr_assert(r.id.bytes == 6 && memcmp(r.id.at, "\"x\\\"1\"", 6) == 0);
        cr_assert_str_eq(q->task, "sums");
        cr_assert_str_eq(q->user_class, "pro");
        cr_assert_str_eq(q->point, "best");
        cr_assert_eq(q->tokens, 17);
        cr_assert_eq(q->flags, SHUNT_OWN_LAMBDA);
        cr_assert_eq(q->lambda_per_usd, 2.5);
        cr_assert_eq(q->mu_per_s, 1e-3);
        cr_assert_eq(q->allowed[0], 5);
        cr_assert_eq(q->vector_len, 3);
        cr_assert(q->vector[0] == 1 && q->vector[1] == -2.5f && q->vector[2] == 30);
        cr_assert_str_eq(q->encoder, "e/3/h");
        /* Nothing of one line may stay for the next. */
        cr_assert_eq(record_read(&r, t, "{\"prompt\":\"b\"}", 14), RECORD_OK);
        cr_assert(!q->task && !q->point && !q->allowed && !q->vector && !q->flags && !q->tokens);
        cr_assert_eq(r.id.bytes, 0);
    }
    record_deinit(&r);
    shunt_close(t);
    free(bytes);
}

Test(router_record, tells_records_from_prompts_and_from_mistakes)
{
    static const struct {
        const char *line;
        int kind;
        const char *text; /* RECORD_OK: the text; else part of the error */
    } cases[] = {
        {"{\"messages\":[]}", RECORD_OK, ""},
        {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":"
         "\"u\"},"
         "{\"content\":\"v\",\"role\":\"user\"}]}",
         RECORD_OK, "u\nv"},
        {"{\"messages\":[{\"role\":\"assistant\",\"content\":null},{\"role\":\"tool\",\"content\":"
         "\"t\"}]}",
         RECORD_OK, "\nt"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"p\"},"
         "{\"type\":\"image_url\",\"image_url\":{}},{\"type\":\"text\",\"text\":\"q\"}]}]}",
         RECORD_OK, "p\nq"},
        {"{\"prompt\":null,\"messages\":[{\"role\":\"user\",\"content\":\"m\"}]}", RECORD_OK, "m"},
        {"  {\"prompt\" : \"x\" , \"task\":null, \"allowed\":null}  ", RECORD_OK, "x"},
        {"hello", RECORD_NONE, "not JSON"},
        {"{\"prompt\":\"x\"", RECORD_NONE, "column 14"},
        {"{}", RECORD_NONE, "neither"},
        {"[\"prompt\"]", RECORD_NONE, "object"},
        {"\"prompt\"", RECORD_NONE, "object"},
        {"{\"Prompt\":\"x\"}", RECORD_NONE, "neither"},
        {"{\"prompt\":5}", RECORD_BAD, "'prompt' is no string"},
        {"{\"prompt\":\"x\",\"messages\":[]}", RECORD_BAD, "both"},
        {"{\"prompt\":\"x\",\"prompt\":\"y\"}", RECORD_BAD, "twice"},
        {"{\"messages\":\"x\"}", RECORD_BAD, "no array"},
        {"{\"messages\":[1]}", RECORD_BAD, "no object"},
        {"{\"messages\":[{\"content\":\"x\"}]}", RECORD_BAD, "role"},
        {"{\"messages\":[{\"role\":\"user\"}]}", RECORD_BAD, "content"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":5}]}", RECORD_BAD, "content"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[5]}]}", RECORD_BAD, "part"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}", RECORD_BAD,
         "text"},
        {"{\"prompt\":\"x\",\"id\":[1]}", RECORD_BAD, "'id'"},
        {"{\"prompt\":\"x\",\"task\":1}", RECORD_BAD, "'task'"},
        {"{\"prompt\":\"x\",\"tokens\":-1}", RECORD_BAD, "'tokens'"},
        {"{\"prompt\":\"x\",\"tokens\":1.5}", RECORD_BAD, "'tokens'"},
        {"{\"prompt\":\"x\",\"tokens\":1e300}", RECORD_BAD, "'tokens'"},
        {"{\"prompt\":\"x\",\"lambda_per_usd\":-1}", RECORD_BAD, "'lambda_per_usd'"},
        {"{\"prompt\":\"x\",\"mu_per_s\":\"1\"}", RECORD_BAD, "'mu_per_s'"},
        {"{\"prompt\":\"x\",\"allowed\":\"small\"}", RECORD_BAD, "'allowed'"},
        {"{\"prompt\":\"x\",\"allowed\":[\"smal\"]}", RECORD_BAD, "'smal'"},
        {"{\"prompt\":\"x\",\"vector\":[\"1\"]}", RECORD_BAD, "'vector'"},
        {"{\"prompt\":\"x\",\"vector\":[1e300]}", RECORD_BAD, "too large"},
    };
    unsigned char *bytes;
    struct shunt_table *t = open_mini(&bytes);
    struct record r;
    record_init(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int kind = record_read(&r, t, cases[i].line, strlen(cases[i].line));
        cr_assert_eq(kind, cases[i].kind, "%s: %d, %s", cases[i].line, kind, r.error);
        if (kind == RECORD_OK)
            cr_assert(r.request.text_bytes == strlen(cases[i].text) &&
                          memcmp(r.request.text, cases[i].text, r.request.text_bytes) == 0,
                      "%s: '%.*s'", cases[i].line, (int)r.request.text_bytes, r.request.text);
        else
            cr_assert_not_null(strstr(r.error, cases[i].text), "%s: %s", cases[i].line, r.error);
    }
    record_deinit(&r);
    shunt_close(t);
    free(bytes);
}

Test(router_record, writes_decisions)
{
    unsigned char *bytes;
    struct shunt_table *t = open_mini(&bytes);
    struct shunt_decision d = SHUNT_DECISION_INIT;
    struct line_out o = {0};
    d.model = 1;
    d.model_name = "me\"d\\\x01";
    d.complexity_class = -1;
    d.quality = .5;
    d.cost_nusd = INT64_C(12000000345);
    d.latency_ms = -1;
    d.runner_up = 0;
    d.rule = -1;
    d.point = 1;
    decision_json(&o, t, &d, "\"i\"", 3, 9);
    d.cost_nusd = -1;
    d.latency_ms = 12.25;
    d.runner_up = -1;
    d.rule_name = "r";
    d.tier = 1;
    decision_json(&o, t, &d, NULL, 0, 9);
    error_json(&o, NULL, 0, 10, "no \"x\"");
    line_add(&o, "", 1);
    static const char want[] =
        "{\"id\":\"i\",\"model\":\"me\\\"d\\\\\\u0001\",\"tier\":\"cheap\",\"model_tier\":"
        "\"cheap\","
        "\"complexity\":0.000000,\"complexity_class\":null,\"quality\":0.500000,"
        "\"cost_usd\":12.000000345,\"latency_ms\":null,\"runner_up\":\"small\",\"rule\":null,"
        "\"reason\":\"utility\",\"point\":\"balanced\"}\n"
        "{\"id\":9,\"model\":\"me\\\"d\\\\\\u0001\",\"tier\":\"dear\",\"model_tier\":\"cheap\","
        "\"complexity\":0.000000,\"complexity_class\":null,\"quality\":0.500000,\"cost_usd\":null,"
        "\"latency_ms\":12.2,\"runner_up\":null,\"rule\":\"r\",\"reason\":\"utility\","
        "\"point\":\"balanced\"}\n"
        "{\"id\":10,\"error\":\"no \\\"x\\\"\"}\n";
    cr_assert_str_eq(o.data, want);
    free(o.data);
    shunt_close(t);
    free(bytes);
}
