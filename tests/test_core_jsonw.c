/* JSON out: separators, escapes, numbers that read back. */
#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void example(struct jsonw *w)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "schema", "shunt.eval/1");
    jsonw_arr(w, "rows");
    jsonw_int(w, NULL, INT64_MIN);
    jsonw_num(w, NULL, 0.1);
    jsonw_arr(w, NULL);
    jsonw_end(w);
    jsonw_obj(w, NULL);
    jsonw_null(w, "n");
    jsonw_bool(w, "b", true);
    jsonw_end(w);
    jsonw_end(w);
    jsonw_fix(w, "f", 1.005, 2);
    jsonw_raw(w, "raw", "{\"x\":1}");
    jsonw_str(w, "none", NULL);
    jsonw_end(w);
}

Test(core_jsonw, compact_and_pretty)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    example(&w);
    cr_expect_str_eq(b.data,
                     "{\"schema\":\"shunt.eval/1\",\"rows\":[-9223372036854775808,0.1,[],"
                     "{\"n\":null,\"b\":true}],\"f\":1.00,\"raw\":{\"x\":1},\"none\":null}");
    struct buf p = BUF_INIT(0);
    struct jsonw v = JSONW_INIT(&p);
    v.pretty = true;
    example(&v);
    cr_expect_str_eq(p.data, "{\n  \"schema\": \"shunt.eval/1\",\n  \"rows\": [\n"
                             "    -9223372036854775808,\n    0.1,\n    [],\n    {\n"
                             "      \"n\": null,\n      \"b\": true\n    }\n  ],\n  \"f\": 1.00,\n"
                             "  \"raw\": {\"x\":1},\n  \"none\": null\n}");
    struct json *x = NULL, *y = NULL;
    struct err e = {0};
    cr_assert(json_parse(b.data, b.len, &x, &e) == ERR_OK, "%s", e.text);
    cr_assert(json_parse(p.data, p.len, &y, &e) == ERR_OK, "%s", e.text);
    cr_assert(json_equal(x, y));
    json_free(x);
    json_free(y);
    buf_deinit(&b);
    buf_deinit(&p);
}

Test(core_jsonw, strings_are_escaped_and_bad_bytes_replaced)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } cases[] = {
        {"", 0, "\"\""},
        {"a\"b\\c\n\r\t\x01\x7F/", 11, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\x7F/\""},
        {"a\0b", 3, "\"a\\u0000b\""},
        {"caf\xC3\xA9", 5, "\"caf\xC3\xA9\""},
        {"\xE9t\xE9", 3, "\"\xEF\xBF\xBDt\xEF\xBF\xBD\""},
        {"\xFF\xFE\xC3\xA9\xC3", 5, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\""},
        {"\xE2\x82\n", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\\n\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        json_quote(&b, cases[i].text, cases[i].len);
        cr_expect_str_eq(b.data, cases[i].want);
        buf_deinit(&b);
    }
}

Test(core_jsonw, numbers_read_back_exactly)
{
    struct rng r;
    rng_seed(&r, 1);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = rng_next(&r);
        double v;
        memcpy(&v, &bits, sizeof v);
        if (i % 2)
            v = rng_unit(&r);
        struct buf b = BUF_INIT(0);
        json_number(&b, v);
        if (isfinite(v))
            cr_assert(strtod(b.data, NULL) == v, "%s", b.data);
        else
            cr_assert_str_eq(b.data, "null");
        buf_deinit(&b);
    }
    static const struct {
        double v;
        const char *want;
    } cases[] = {{0, "0"},
                 {-1, "-1"},
                 {0.1, "0.1"},
                 {1e15, "1000000000000000"},
                 {1.0 / 3, "0.3333333333333333"},
                 {123456.789, "123456.789"},
                 {1e22, "1e+22"},
                 {NAN, "null"},
                 {-INFINITY, "null"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        json_number(&b, cases[i].v);
        cr_expect_str_eq(b.data, cases[i].want);
        buf_deinit(&b);
    }
}

Test(core_jsonw, fixed_decimals)
{
    static const struct {
        double v;
        int digits;
        const char *want;
    } cases[] = {{1.25, 1, "1.2"},
                 {-0.0004, 3, "0.000"},
                 {-0.0006, 3, "-0.001"},
                 {12, 0, "12"},
                 {NAN, 2, "null"},
                 {INFINITY, 2, "null"},
                 {1e20, 1, "100000000000000000000.0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        struct jsonw w = JSONW_INIT(&b);
        jsonw_fix(&w, NULL, cases[i].v, cases[i].digits);
        cr_expect_str_eq(b.data, cases[i].want);
        buf_deinit(&b);
    }
}

Test(core_jsonw, values_at_the_top_are_lines)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_int(&w, NULL, 1);
    jsonw_obj(&w, NULL);
    jsonw_end(&w);
    cr_assert_str_eq(b.data, "1\n{}");
    buf_deinit(&b);
}

Test(core_jsonw, a_key_inside_an_array_is_our_mistake, .signal = SIGABRT)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_arr(&w, NULL);
    jsonw_int(&w, "k", 1);
}
