/* JSON in: what is refused and where, exact numbers, writing back, equality, and noise. */
#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct json *parse(const char *text)
{
    struct json *j = NULL;
    struct err e = {0};
    int rc = json_parse(text, strlen(text), &j, &e);
    cr_assert(rc == ERR_OK, "%s: %s", text, e.text);
    return j;
}

static char *written(const struct json *j, bool sorted)
{
    struct buf b = BUF_INIT(0);
    if (sorted)
        json_write_sorted(&b, j);
    else
        json_write(&b, j);
    return buf_detach(&b, NULL);
}

Test(core_json, refuses_what_is_not_json_with_its_place)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "column 1: a value is expected here"},
        {"  ", "column 3: the text ends too early: a value is expected here"},
        {"{\"a\":1,}", "column 8: a string is expected here"},
        {"[1,]", "column 4: a value is expected here"},
        {"[1 2]", "column 4: ',' or ']' is expected here"},
        {"{\"a\" 1}", "column 6: ':' is expected here"},
        {"{\"a\":1", "column 7: the text ends too early: ',' or '}' is expected here"},
        {"{a:1}", "column 2: a string is expected here"},
        {"{\n \"\xC3\xA9\": 01}", "line 2 column 7: a number may not start with 0"},
        {"[-]", "column 3: a digit is expected here"},
        {"[1.]", "column 4: a digit is expected here"},
        {"[.5]", "column 2: a value is expected here"},
        {"[+1]", "column 2: a value is expected here"},
        {"[1e]", "column 4: a digit is expected here"},
        {"1e999", "column 1: the number is beyond the range of a double"},
        {"NaN", "column 1: a value is expected here"},
        {"nul", "column 1: a value is expected here"},
        {"'a'", "column 1: a value is expected here"},
        {"\"a\nb\"", "line 1 column 3: a control character in a string has to be escaped"},
        {"\"a\\x\"", "column 3: no such escape in a string"},
        {"\"a\\u00g0\"", "column 3: \\u needs four hexadecimal digits"},
        {"\"a\\u0000b\"", "column 3: an escaped NUL (\\u0000) is not supported"},
        {"\"\\ud83d\"", "column 2: an unpaired surrogate"},
        {"\"\\ud83dx\\ude00\"", "column 2: an unpaired surrogate"},
        {"\"\\ud83d\\u0041\"", "column 2: an unpaired surrogate"},
        {"\"\\ude00\"", "column 2: an unpaired surrogate"},
        {"[\"abc", "column 2: the string that begins here never ends"},
        {"\"caf\xE9\"", "column 5: the text is not UTF-8"},
        {"{} {}", "column 4: something follows the end of the JSON value"},
        {"1x", "column 2: something follows the end of the JSON value"},
        {"[1]//c", "column 4: something follows the end of the JSON value"},
        {"1234567890123456789012345678901234567890123456789012345678901234",
         "column 1: the number has more than 63 characters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct json *j = NULL;
        int rc = json_parse(cases[i].text, strlen(cases[i].text), &j, &e);
        cr_assert(rc == ERR_FORMAT && !j, "accepted: %s", cases[i].text);
        cr_expect_str_eq(e.text, cases[i].want);
    }
    struct err e = {0};
    struct json *j = NULL;
    cr_assert(json_parse("[\"a\0b\"]", 7, &j, &e) == ERR_FORMAT); /* a raw NUL */
    cr_assert(json_parse("[1]\0", 4, &j, &e) == ERR_FORMAT);
    cr_assert(json_parse("\xEF\xBB\xBF", 3, &j, &e) == ERR_FORMAT);
    cr_assert(json_parse("\xEF\xBB\xBF\x35", 4, &j, &e) == ERR_OK && json_num(j, 0) == 5);
    json_free(j);
}

Test(core_json, nesting_is_bounded_at_200)
{
    for (int depth = 199; depth <= 202; depth++) {
        char text[500];
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct json *j = NULL;
        struct err e = {0};
        int rc = json_parse(text, 2 * (size_t)depth, &j, &e);
        cr_assert((rc == ERR_OK) == (depth <= 200), "%d: %s", depth, e.text);
        json_free(j);
    }
    size_t n = 1000000; /* and a hostile text costs no stack */
    char *text = mem_alloc(n);
    memset(text, '[', n);
    struct json *j = NULL;
    cr_assert(json_parse(text, n, &j, NULL) == ERR_FORMAT);
    free(text);
}

Test(core_json, reads_values_and_ignores_absence)
{
    struct json *j = parse(
        "\xEF\xBB\xBF {\"choices\":[{\"message\":{\"content\":\"\\u00e9\\ud83d\\ude00\\n\\/\"}}],"
        "\"n\":1.5,\"t\":true,\"z\":null,\"N\":7,\"e\":{}}\n");
    cr_assert(json_type(j) == JSON_OBJECT && json_count(j) == 6);
    cr_assert_str_eq(json_str(json_path(j, "choices[0].message.content")),
                     "\xC3\xA9\xF0\x9F\x98\x80\n/");
    cr_assert(json_path(j, "choices[1].message") == NULL);
    cr_assert(json_path(j, "choices.message") == NULL && json_path(j, "choice") == NULL);
    cr_assert(json_path(j, "choices[x]") == NULL);
    cr_assert(json_num(json_get(j, "n"), 0) == 1.5 && json_num(json_get(j, "N"), 0) == 7,
              "names are case sensitive");
    cr_assert(json_bool(json_get(j, "t"), false) && json_bool(json_get(j, "x"), true));
    cr_assert(json_type(json_get(j, "z")) == JSON_NULL &&
              json_type(json_get(j, "x")) == JSON_ABSENT);
    cr_assert(json_str(json_get(NULL, "a")) == NULL && json_first(json_get(j, "e")) == NULL);
    cr_assert(isnan(json_num(json_get(j, "t"), NAN)));
    cr_assert_str_eq(json_key(json_next(json_first(j))), "n");
    json_free(j);
    json_free(NULL);
}

Test(core_json, whole_numbers_are_exact)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t v;
        const char *id; /* NULL: none */
    } cases[] = {
        {"0", true, 0, "0"},
        {"-0", true, 0, "0"},
        {"1.0", true, 1, "1"},
        {"1e3", true, 1000, "1000"},
        {"1.5", false, 0, NULL},
        {"999999999999999", true, 999999999999999, "999999999999999"},
        {"9007199254740993", true, INT64_C(9007199254740993), "9007199254740993"},
        {"-9007199254740993", true, -INT64_C(9007199254740993), "-9007199254740993"},
        {"9223372036854775807", true, INT64_MAX, "9223372036854775807"},
        {"-9223372036854775808", true, INT64_MIN, "-9223372036854775808"},
        {"9223372036854775808", false, 0, "9223372036854775808"},
        {"-9223372036854775809", false, 0, "-9223372036854775809"},
        {"123456789012345678901234567890", false, 0, "123456789012345678901234567890"},
        {"1e19", false, 0, "10000000000000000000"},
        {"\"9007199254740993\"", false, 0, "9007199254740993"},
        {"\"x\"", false, 0, "x"},
        {"true", false, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* Among other numbers, so that texts go to the right nodes. */
        AUTO_FREE char *text =
            mem_printf("[1,{\"a\":[],\"b\":11111111111111111},{\"k\":%s},[2.5,%s],"
                       "22222222222222222]",
                       cases[i].text, cases[i].text);
        struct json *j = parse(text);
        for (int which = 0; which < 2; which++) {
            const struct json *x = json_path(j, which ? "[3][1]" : "[2].k");
            int64_t v = -1;
            cr_assert(json_int64(x, &v) == cases[i].fits, "%s", cases[i].text);
            cr_assert(v == (cases[i].fits ? cases[i].v : -1), "%s", cases[i].text);
            AUTO_FREE char *id = json_id(x);
            cr_assert((id == NULL) == (cases[i].id == NULL), "%s", cases[i].text);
            if (id)
                cr_assert_str_eq(id, cases[i].id);
        }
        int64_t v;
        cr_assert(json_int64(json_path(j, "[1].b"), &v) && v == 11111111111111111);
        cr_assert(json_int64(json_path(j, "[4]"), &v) && v == 22222222222222222);
        json_free(j);
    }
    cr_assert(json_id(NULL) == NULL);
}

Test(core_json, writes_back_and_sorted)
{
    static const struct {
        const char *text, *plain, *sorted;
    } cases[] = {
        {"{ \"b\" : [1, 2.50, -3e2], \"a\":{\"y\":null,\"x\":\"\\u0001\\\"\\\\/\"} }",
         "{\"b\":[1,2.5,-300],\"a\":{\"y\":null,\"x\":\"\\u0001\\\"\\\\/\"}}",
         "{\"a\":{\"x\":\"\\u0001\\\"\\\\/\",\"y\":null},\"b\":[1,2.5,-300]}"},
        {"[0.1,1e300,1e15,9007199254740993,-0,true,false,[],{}]",
         "[0.1,1e+300,1000000000000000,9007199254740993,0,true,false,[],{}]",
         "[0.1,1e+300,1000000000000000,9007199254740993,0,true,false,[],{}]"},
        {"5e-324", "4.94065645841247e-324", "4.94065645841247e-324"},
        {"1.7976931348623157e308", "1.7976931348623157e+308", "1.7976931348623157e+308"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *j = parse(cases[i].text);
        AUTO_FREE char *plain = written(j, false);
        AUTO_FREE char *sorted = written(j, true);
        cr_expect_str_eq(plain, cases[i].plain);
        cr_expect_str_eq(sorted, cases[i].sorted);
        struct json *again = parse(plain);
        cr_assert(json_equal(j, again), "%s", cases[i].text);
        json_free(again);
        json_free(j);
    }
}

Test(core_json, equality_is_by_value)
{
    static const struct {
        const char *a, *b;
        bool want;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1e0}", true},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":1,\"b\":null}", "{\"a\":1,\"c\":null}", false},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1,2,3]", false},
        {"9007199254740993", "9007199254740992", false}, /* equal as doubles */
        {"9007199254740993", "9007199254740993", true},
        {"100000000000000000", "1e17", true},
        {"0", "-0", true},
        {"1", "\"1\"", false},
        {"true", "false", false},
        {"null", "null", true},
        {"\"\\u00e9\"", "\"\xC3\xA9\"", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *a = parse(cases[i].a), *b = parse(cases[i].b);
        cr_assert(json_equal(a, b) == cases[i].want, "%s %s", cases[i].a, cases[i].b);
        cr_assert(json_equal(b, a) == cases[i].want, "%s %s", cases[i].b, cases[i].a);
        AUTO_FREE char *x = written(a, true);
        AUTO_FREE char *y = written(b, true);
        cr_assert((strcmp(x, y) == 0) == cases[i].want, "equal values have equal text: %s %s", x,
                  y);
        json_free(a);
        json_free(b);
    }
}

Test(core_json, built_trees_read_like_parsed_ones)
{
    struct json *o = json_new_object(), *a = json_new_array();
    json_add(o, "s", json_new_string("x\"y"));
    json_add(o, "a", a);
    json_add(a, NULL, json_new_number(2.5));
    json_add(a, NULL, json_new_whole("9007199254740993"));
    json_add(a, NULL, json_new_number(NAN));
    json_add(a, NULL, json_new_bool(true));
    struct json *want = parse("{\"s\":\"x\\\"y\",\"a\":[2.5,9007199254740993,null,true]}");
    cr_assert(json_equal(o, want));
    size_t line, column;
    cr_assert(!json_mark_of(a, &line, &column) && !json_mark_of(want, &line, &column));
    json_mark(a, 3, 4);
    cr_assert(json_mark_of(a, &line, &column) && line == 3 && column == 4);
    json_free(o);
    json_free(want);
}

/* A random tree as text; sizes small, depth bounded. */
static void random_value(struct rng *r, struct buf *b, int depth)
{
    static const char *const leaves[] = {"null",
                                         "true",
                                         "false",
                                         "0",
                                         "-1",
                                         "3.25",
                                         "1e-7",
                                         "9007199254740993",
                                         "-123456789012345678901",
                                         "\"\"",
                                         "\"\\ud83d\\ude00 \\\\ \\\"\"",
                                         "\"k\\u0007\"",
                                         "\"\xC3\xA9\""};
    uint64_t kind = rng_below(r, depth > 5 ? 3 : 5);
    if (kind < 3) {
        buf_adds(b, leaves[rng_below(r, sizeof leaves / sizeof *leaves)]);
        return;
    }
    buf_adds(b, kind == 3 ? "[ " : "{");
    for (uint64_t i = 0, n = rng_below(r, 5); i < n; i++) {
        if (i)
            buf_adds(b, rng_below(r, 2) ? "," : " ,\n");
        if (kind == 4)
            buf_addf(b, "\"k%u\" : ", (unsigned)rng_below(r, 50) * 10 + (unsigned)i);
        random_value(r, b, depth + 1);
    }
    buf_adds(b, kind == 3 ? "]" : " }");
}

Test(core_json, random_trees_survive_and_damaged_ones_do_no_harm)
{
    struct rng r;
    rng_seed(&r, 7);
    size_t refused = 0, accepted = 0;
    for (int round = 0; round < 3000; round++) {
        struct buf b = BUF_INIT(0);
        random_value(&r, &b, 0);
        struct json *j = parse(b.data);
        AUTO_FREE char *plain = written(j, false);
        AUTO_FREE char *sorted = written(j, true);
        struct json *from_plain = parse(plain), *from_sorted = parse(sorted);
        cr_assert(json_equal(j, from_plain) && json_equal(j, from_sorted), "%s", b.data);
        AUTO_FREE char *twice = written(from_sorted, true);
        cr_assert_str_eq(twice, sorted);
        json_free(from_plain);
        json_free(from_sorted);
        json_free(j);

        /* One byte changed, or cut short: refused or read, never a crash or a leak. The heap copy
         * is exactly as long as the text, for the sanitizer to see a read beyond it. */
        size_t len = b.len;
        char *bad = mem_alloc(len);
        memcpy(bad, b.data, len);
        if (len > 1 && rng_below(&r, 2))
            len -= rng_below(&r, len);
        else if (len > 0)
            bad[rng_below(&r, len)] = (char)rng_below(&r, 256);
        bad = mem_realloc(bad, len);
        struct json *x = NULL;
        struct err e = {0};
        if (json_parse(bad, len, &x, &e) == ERR_OK) {
            accepted++;
        } else {
            refused++;
            cr_assert(x == NULL && strstr(e.text, "column ") != NULL);
        }
        json_free(x);
        free(bad);
        buf_deinit(&b);
    }
    cr_assert(refused > 500 && accepted > 100, "%zu refused, %zu accepted", refused, accepted);
}
