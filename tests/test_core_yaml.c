/* YAML: the core schema's scalars, places, and what is refused. */
#include "core/mem.h"
#include "core/yaml.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static int load(const char *text, struct json **j, struct err *e)
{
    return yaml_parse("shunt.yaml", text, strlen(text), j, e);
}

Test(core_yaml, trees_equal_their_json)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"", "null"},
        {"# only a comment\n", "null"},
        {"---\na: 1\n...\n", "{\"a\":1}"},
        {"a: [x, 'y', \"z\\n\\u00e9\"]\nb:\n  - 1\n  - c: d\n    e:\n",
         "{\"a\":[\"x\",\"y\",\"z\\n\xC3\xA9\"],\"b\":[1,{\"c\":\"d\",\"e\":null}]}"},
        {"[~, null, NULL, '', 'null', nULL]", "[null,null,null,\"\",\"null\",\"nULL\"]"},
        {"[true, False, TRUE, yes, on, 'true', tRUE]",
         "[true,false,true,\"yes\",\"on\",\"true\",\"tRUE\"]"},
        {"[0, -0, +12, 0123, 0o17, 0x1F, 0xFFFFFFFFFFFFFFFF, 9007199254740993]",
         "[0,0,12,123,15,31,18446744073709551615,9007199254740993]"},
        {"[1.5, .5, 5., -1e3, +.5E-2, 1e, ., 1_000, 1:30, 0b1, 0o8, '1', 1.2.3, -, --1]",
         "[1.5,0.5,5,-1000,0.005,\"1e\",\".\",\"1_000\",\"1:30\",\"0b1\",\"0o8\",\"1\",\"1.2.3\","
         "\"-\",\"--1\"]"},
        {"{\"a\": {\"b\": [1, true, null, \"x\\/y\"]}}", "{\"a\":{\"b\":[1,true,null,\"x/y\"]}}"},
        {"{\n\t\"tabs\": 1\n}", "{\"tabs\":1}"},
        {"text: |\n  two\n  lines\nfold: >-\n  one\n  line\n",
         "{\"text\":\"two\\nlines\\n\",\"fold\":\"one line\"}"},
        {"1: a\ntrue: b\n", "{\"1\":\"a\",\"true\":\"b\"}"},
        {"\xEF\xBB\xBF"
         "a: caf\xC3\xA9\n",
         "{\"a\":\"caf\xC3\xA9\"}"},
        {"url: http://localhost:8080/v1 # comment\n", "{\"url\":\"http://localhost:8080/v1\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *y = NULL, *j = NULL;
        struct err e = {0};
        cr_assert(load(cases[i].yaml, &y, &e) == ERR_OK, "%s: %s", cases[i].yaml, e.text);
        cr_assert(json_parse(cases[i].json, strlen(cases[i].json), &j, &e) == ERR_OK, "%s", e.text);
        struct buf b = BUF_INIT(0);
        json_write(&b, y);
        cr_expect(json_equal(y, j), "%s read as %s", cases[i].yaml, b.data);
        buf_deinit(&b);
        json_free(y);
        json_free(j);
    }
}

Test(core_yaml, refuses_with_the_place)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a: &x 1\nb: *x\n", "'shunt.yaml' line 1 column 4: anchors are not supported"},
        {"a: *x\n", "line 1 column 4: aliases are not supported"},
        {"*x : 1\n", "line 1 column 1: aliases are not supported"},
        {"a: &x [1]\n", "line 1 column 4: anchors"},
        {"a: &x {b: 1}\n", "line 1 column 4: anchors"},
        {"&x a: 1\n", "anchors"},
        {"a: !!str 1\n", "line 1 column 4: tags are not supported"},
        {"a: !mine {b: 1}\n", "line 1 column 4: tags are not supported"},
        {"a: 1\nb: 2\na: 3\n", "line 3 column 1: key 'a' stands twice"},
        {"x: {a: 1, \"a\": 2}", "line 1 column 11: key 'a' stands twice"},
        {"? [a, b]\n: 1\n", "line 1 column 3: a key has to be a single word or text"},
        {"a: 1\n---\nb: 2\n", "line 2 column 1: a second document"},
        {"a: .inf\n", "line 1 column 4: the number is too long or beyond"},
        {"a: -.INF\n", "beyond a double"},
        {"a: 1e999\n", "beyond a double"},
        {"a: \"x\\0y\"\n", "line 1 column 4: a NUL character"},
        {"a: [1, 2\n", "line 2 column 1: "},
        {"a: b: c\n", "line 1 column 5: "},
        {"\ta: 1\n", "line 1 column 1: "},
        {"a: \"caf\xE9\"\n", "line 1 column 8: the text is not UTF-8"},
        {"a: \x01\n", "line 1 column 4: control characters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *j = NULL;
        struct err e = {0};
        cr_assert(load(cases[i].text, &j, &e) == ERR_FORMAT && !j, "accepted: %s", cases[i].text);
        cr_expect(strstr(e.text, cases[i].want), "%s: %s", cases[i].text, e.text);
    }
    struct json *j = NULL;
    struct err e = {0};
    cr_assert(yaml_load("/nowhere/shunt.yaml", &j, &e) == ERR_IO);
    cr_assert(yaml_parse("x", "", (16u << 20) + 1, &j, &e) == ERR_FORMAT &&
              strstr(e.text, "larger"));

    AUTO_FREE char *digits = mem_alloc(401); /* too long for JSON's number, beyond a double */
    for (size_t n = 63; n <= 400; n += n < 64 ? 1 : 336) {
        memset(digits, '9', n);
        digits[n] = '\0';
        cr_assert((load(digits, &j, &e) == ERR_OK) == (n == 63), "%zu digits", n);
        json_free(j);
        j = NULL;
    }
}

Test(core_yaml, nesting_is_bounded)
{
    for (int depth = 199; depth <= 202; depth++) {
        char text[500];
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct json *j = NULL;
        struct err e = {0};
        int rc = yaml_parse("x", text, 2 * (size_t)depth, &j, &e);
        cr_assert((rc == ERR_OK) == (depth <= 200), "%d: %s", depth, e.text);
        json_free(j);
    }
}

Test(core_yaml, nodes_know_their_place)
{
    struct json *j = NULL;
    struct err e = {0};
    cr_assert(load("models:\n  - name: small\n    price: {input: 0.1}\n  - name: big\n", &j, &e) ==
              ERR_OK);
    static const char *const cases[][2] = {
        {"", "line 1 column 1"},
        {"models", "line 2 column 3"},
        {"models[0]", "line 2 column 5"},
        {"models[0].name", "line 2 column 11"},
        {"models[0].price.input", "line 3 column 20"},
        {"models[1].name", "line 4 column 11"},
        {"models[1].cost", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char where[48];
        cr_expect_str_eq(yaml_where(j, json_path(j, cases[i][0]), where), cases[i][1]);
    }
    json_free(j);
}

/* Pieces of YAML in a random order: read or refused, never a crash or a leak. */
Test(core_yaml, noise_does_no_harm)
{
    static const char *const parts[] = {"a", ": ", "\n", "  ", "- ",    "[",  "]",   "{",
                                        "}", ",",  "\"", "'",  "|",     ">",  "&x ", "*x",
                                        "!", "#",  "1",  "? ", "---\n", "\t", "~"};
    unsigned state = 12345;
    size_t accepted = 0;
    for (int round = 0; round < 5000; round++) {
        struct buf b = BUF_INIT(0);
        for (int i = 0; i < 1 + round % 20; i++) {
            state = state * 1103515245u + 12345u;
            buf_adds(&b, parts[(state >> 16) % (sizeof parts / sizeof *parts)]);
        }
        struct json *j = NULL;
        struct err e = {0};
        int rc = yaml_parse("noise", b.data, b.len, &j, &e);
        cr_assert(rc == ERR_OK ? j != NULL : rc == ERR_FORMAT && !j && e.text[0]);
        accepted += rc == ERR_OK;
        json_free(j);
        buf_deinit(&b);
    }
    cr_assert(accepted > 300, "%zu", accepted);
}
