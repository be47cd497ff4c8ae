/* Confidence signals against answers worked out elsewhere: log-probabilities, entropy, agreement,
 * and the shape of outputs. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/shunt.h"

Test(router_confidence, log_probabilities)
{
    const double good[] = {-.1, -.3, 0, -2.4, -INFINITY, 1e-7};
    double mean, min;
    cr_assert_eq(shunt_logprob_stats(good, 4, &mean, &min), 0);
    cr_assert_float_eq(mean, -.7, 1e-15);
    cr_assert_eq(min, -2.4);
    cr_assert_eq(shunt_logprob_stats(good, 6, &mean, NULL), 0);
    cr_assert_float_eq(mean, -52.8 / 6, 1e-14);
    cr_assert_eq(shunt_logprob_stats(good, 6, NULL, &min), 0);
    cr_assert_eq(min, -50);
    cr_assert_eq(shunt_logprob_stats(good, 0, &mean, &min), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_logprob_stats(NULL, 1, &mean, &min), SHUNT_E_ARGUMENT);
    const double bad[] = {-1, NAN, -1, .5};
    cr_assert_eq(shunt_logprob_stats(bad, 2, &mean, &min), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_logprob_stats(bad + 2, 2, &mean, &min), SHUNT_E_ARGUMENT);
}

Test(router_confidence, entropy_and_margin)
{
    double h, m;
    double uniform[8], certain[] = {0, -INFINITY}, two[] = {log(.9), log(.1)};
    for (int i = 0; i < 8; i++)
        uniform[i] = log(1 / 8.0);
    cr_assert_eq(shunt_top_stats(uniform, 1, 8, &h, &m), 0);
    cr_assert_float_eq(h, log(8), 1e-12);
    cr_assert_float_eq(m, 0, 1e-12);
    cr_assert_eq(shunt_top_stats(uniform, 1, 4, &h, &m), 0); /* half is left: one alternative */
    cr_assert_float_eq(h, .5 * log(8) + .5 * log(2), 1e-12);
    cr_assert_eq(shunt_top_stats(certain, 1, 2, &h, &m), 0);
    cr_assert_float_eq(h, 0, 1e-12);
    cr_assert_eq(m, 50);
    cr_assert_eq(shunt_top_stats(two, 1, 2, &h, &m), 0);
    cr_assert_float_eq(h, .325082973391448, 1e-12); /* -(.9 ln .9 + .1 ln .1) */
    cr_assert_float_eq(m, log(9), 1e-12);
    /* Two positions of .9/.1 and .5/.5, in any order: the means. */
    const double both[] = {log(.1), log(.9), log(.5), log(.5)};
    cr_assert_eq(shunt_top_stats(both, 2, 2, &h, &m), 0);
    cr_assert_float_eq(h, (.325082973391448 + log(2)) / 2, 1e-12);
    cr_assert_float_eq(m, log(9) / 2, 1e-12);
    cr_assert_eq(shunt_top_stats(both, 4, 1, NULL, &m), 0);
    cr_assert_eq(m, 50);
    cr_assert_eq(shunt_top_stats(both, 0, 2, &h, &m), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_top_stats(both, 2, 0, &h, &m), SHUNT_E_ARGUMENT);
    two[1] = NAN;
    cr_assert_eq(shunt_top_stats(two, 1, 2, &h, &m), SHUNT_E_ARGUMENT);
}

static double agree(const char *const *s, size_t n, uint32_t flags, int *first)
{
    size_t bytes[256];
    double a = -1;
    for (size_t i = 0; i < n; i++)
        bytes[i] = strlen(s[i]);
    cr_assert_eq(shunt_agreement(s, bytes, n, flags, &a, first), 0);
    return a;
}

Test(router_confidence, agreement_of_samples)
{
    /* Pairs that are one answer, and pairs that are two. */
    static const struct {
        const char *a, *b;
        int text, number;
    } pairs[] = {
        {"Paris", "paris.", 1, 1},
        {"**Paris**", " Paris\n", 1, 1},
        {"\"New   York\"", "new york!", 1, 1},
        {"New York", "NewYork", 0, 0},
        {"1,234", "1234", 1, 1},
        {"12,34", "1234", 0, 0},
        {"1,2345", "12345", 0, 0},
        {"1,234,567 km", "1234567 km", 1, 1},
        {"3.50", "3.5", 1, 1},
        {"3.0", "3", 1, 1},
        {"3.05", "3.5", 0, 0},
        {"300", "3", 0, 0},
        {"$42", "42", 1, 1},
        {"The answer is 42.", "42", 0, 1},
        {"1 + 1 = 2", "so: 2.00", 0, 1},
        {"-7", "7", 0, 0},
        {"it is -7", "-7.0", 0, 1},
        {".5", "0.5", 0, 0},
        {"", " ... ", 1, 1},
        {"", "x", 0, 0},
        {"yes", "no", 0, 0},
        {"v1.0.0", "v1.0", 0, 0},
        {"a_b", "ab", 1, 1},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9.", 1, 1},
        {"1.10 and 2.20", "1.1 and 2.2", 1, 1},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int k = 0; k < 2; k++) {
            const char *s[] = {k ? pairs[i].b : pairs[i].a, k ? pairs[i].a : pairs[i].b};
            cr_assert_eq(agree(s, 2, 0, NULL), pairs[i].text ? 1 : .5, "'%s' '%s'", s[0], s[1]);
            cr_assert_eq(agree(s, 2, SHUNT_BY_NUMBER, NULL), pairs[i].number ? 1 : .5,
                         "by number: '%s' '%s'", s[0], s[1]);
        }
    const char *const five[] = {"B", "A", "b.", "C", "(B)"};
    int first;
    cr_assert_float_eq(agree(five, 5, 0, &first), .6, 1e-15);
    cr_assert_eq(first, 0);
    cr_assert_float_eq(agree(five + 1, 3, 0, &first), 1 / 3.0, 1e-15);
    cr_assert_eq(first, 0);
    cr_assert_float_eq(agree(five + 1, 4, 0, &first), .5, 1e-15);
    cr_assert_eq(first, 1);
    cr_assert_eq(agree(five, 1, 0, NULL), 1);
    double a;
    size_t n = 1;
    cr_assert_eq(shunt_agreement(five, &n, 0, 0, &a, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_agreement(five, &n, 257, 0, &a, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_agreement(five, &n, 1, 4, &a, NULL), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_agreement(NULL, &n, 1, 0, &a, NULL), SHUNT_E_ARGUMENT);
}

/* The text in memory of its exact size, so that a sanitizer sees a look beyond. */
static int on_copy(const char *s, size_t n, const char *const *key, size_t keys, int sql)
{
    char *copy = malloc(n ? n : 1);
    memcpy(copy, s, n);
    int got = sql ? shunt_valid_sql(copy, n) : shunt_valid_json(copy, n, key, keys);
    free(copy);
    return got;
}

Test(router_confidence, shape_of_json)
{
    static const char *const good[] = {
        "{}",
        "[]",
        "null",
        "-0.5e+3",
        "\"a\\u00e9\"",
        " {\"a\":[1,{\"b\":null}],\"c\":true} ",
        "```json\n{\"a\":1}\n```",
        "```\n[1,2]\n```\n",
        "[[[]]]",
        "{\"a\":{}}",
        "[{},{}]",
        "0",
        "\"\xc3\xa9\"",
    };
    static const char *const bad[] = {
        "",           " ",     "{",        "}",        "[1,]",
        "{\"a\":1,}", "{a:1}", "{\"a\"}",  "{\"a\":}", "01",
        "1.",         "+1",    "nul",      "\"a",      "\"\\x\"",
        "\"\\u12\"",  "[1 2]", "{} {}",    "Here: {}", "```json\n{}",
        "'a'",        "[1}",   "\"\xff\"", "\"a\nb\"", "```js(n)\n{}\n```",
        "NaN",        "[,1]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_assert_eq(on_copy(good[i], strlen(good[i]), NULL, 0, 0), 1, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(on_copy(bad[i], strlen(bad[i]), NULL, 0, 0), 0, "%s", bad[i]);
    static const char *const keys[] = {"a", "b"};
    static const struct {
        const char *text;
        int want;
    } members[] = {
        {"{\"a\":1,\"b\":2}", 1},
        {"{\"b\":{\"x\":1},\"c\":0,\"a\":[]}", 1},
        {"{\"a\":{\"b\":1}}", 0},
        {"[{\"a\":1,\"b\":2}]", 0},
        {"{\"a\":1,\"b\":2", 0},
        {"{\"ab\":1}", 0},
        {"```\n{\"a\":1,\"b\":2}\n```", 1},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        cr_assert_eq(on_copy(members[i].text, strlen(members[i].text), keys, 2, 0), members[i].want,
                     "%s", members[i].text);
    char deep[130];
    for (int n = 60; n <= 65; n++) {
        memset(deep, '[', (size_t)n);
        memset(deep + n, ']', (size_t)n);
        cr_assert_eq(on_copy(deep, 2 * (size_t)n, NULL, 0, 0), n <= 64, "%d", n);
    }
    cr_assert_eq(shunt_valid_json(NULL, 0, NULL, 0), 0);
}

Test(router_confidence, shape_of_sql)
{
    static const char *const good[] = {
        "SELECT 1",
        "select a, b from t where a = 'it''s; (' and b in (1, 2);",
        "WITH x AS (SELECT 1 AS y) SELECT y FROM x",
        "-- first\nSELECT a /* b ( */ FROM t",
        "```sql\nSELECT count(*) FROM \"odd name\";\n```",
        "(SELECT 1) UNION (SELECT 2)",
        "VALUES (1)",
        "SELECT a FROM t LIMIT 3 ; -- done",
        "SELECT [a b] FROM t",
    };
    static const char *const bad[] = {
        "",
        "SELECT",
        "DROP TABLE t",
        "SELECT (1",
        "SELECT 1)",
        "SELECT 'a",
        "SELECT a FROM",
        "SELECT a FROM t WHERE",
        "SELECT a, FROM t WHERE a =",
        "SELECT a,",
        "SELECT 1; SELECT 2",
        "SELECT 1 /* b",
        "Here is it: SELECT 1",
        "SELECT [a)",
        "SELECT a FROM t ORDER BY",
        ";",
        "SELECT a FROM t AND",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_assert_eq(on_copy(good[i], strlen(good[i]), NULL, 0, 1), 1, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(on_copy(bad[i], strlen(bad[i]), NULL, 0, 1), 0, "%s", bad[i]);
    cr_assert_eq(shunt_valid_sql(NULL, 0), 0);
    /* Every beginning of a query is looked at without a step beyond it. */
    const char *q = "WITH x AS (SELECT 'a''b' AS y /* z */) SELECT y FROM x -- w";
    int valid = 0;
    for (size_t n = 0; n <= strlen(q); n++)
        valid += on_copy(q, n, NULL, 0, 1);
    cr_assert_gt(valid, 0);
}
