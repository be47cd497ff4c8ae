/* Word vectors in a table: the same numbers as word by word in doubles, whatever the text. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/shunt.h"

static struct mini x;

static struct shunt_table *build(unsigned char **bytes)
{
    struct err e = {0};
    size_t len;
    struct shunt_table *t;
    char why[200];
    cr_assert_eq(table_build(&x.spec, bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory_detail(*bytes, len, &t, why, sizeof why), 0, "%s", why);
    return t;
}

static void compare(const struct shunt_table *t, const char *text, size_t bytes)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    double q[MINI_MODELS];
    r.text = text;
    r.text_bytes = bytes;
    cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), 0);
    for (int j = 0; j < MINI_MODELS; j++) {
        double want = mini_naive(&x, &x.spec.heads, j, text, bytes, -1, NULL);
        cr_assert_float_eq(q[j], want, 2e-4, "'%.40s' (%zu bytes): %.9f, naive %.9f", text, bytes,
                           q[j], want);
    }
}

Test(router_words, agree_with_doubles)
{
    static const char *const text[] = {
        "",
        "the",
        "The",
        "THE the",
        "THe",
        "what is 12?",
        "zzz qqq",
        "lawyerly lawyer",
        "R\xc3\xa9SUM\xc3\xa9 r\xc3\xa9sum\xc3\xa9 \xd0\xb0 \xd0\x90",
        "x1 X1 x 1",
        "a-a_a.a",
        "\xff\xfe a",
        "To be, or not to be: what is the word? A word to the lawyer, 12 words.",
    };
    unsigned char *bytes;
    mini_init(&x, 8, 100, 6);
    mini_words(&x);
    struct shunt_table *t = build(&bytes);
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        compare(t, text[i], strlen(text[i]));
    compare(t, "the\0what", 8); /* any bytes are text */

    /* A word of 255 bytes may be known, one of 256 is not; the middle of a long text counts. */
    enum { LONG = 40000 };
    char *longer = malloc(LONG);
    memset(longer, 'b', LONG);
    longer[256] = ' ';
    compare(t, longer, LONG);
    memset(longer, '.', LONG);
    memcpy(longer + LONG / 2, " lawyer ", 8);
    compare(t, longer, LONG);
    uint64_t seed = 9;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < 3000; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            longer[i] = "aehtTHwixo12  .\xc3"[seed >> 60];
        }
        compare(t, longer, (size_t)(seed >> 40) % 3000);
    }
    free(longer);
    shunt_close(t);
    free(bytes);
}

/* Without words that are known nothing is added; with a single one its value, whole. */
Test(router_words, one_word_is_its_value)
{
    unsigned char *bytes;
    mini_init(&x, 8, 0, 6);
    memset(x.surface, 0, sizeof x.surface);
    mini_words(&x);
    struct shunt_table *t = build(&bytes);
    struct shunt_request r = SHUNT_REQUEST_INIT;
    double q[MINI_MODELS], none[MINI_MODELS];
    r.text = "nothing";
    r.text_bytes = 7;
    cr_assert_eq(shunt_predict(t, &r, none, NULL, NULL, NULL), 0);
    cr_assert_float_eq(none[1], 1 / (1 + exp(-x.bias[1])), 1e-6);
    for (int w = 0; w < MINI_WORDS; w++) {
        r.text = x.word[w];
        r.text_bytes = strlen(x.word[w]);
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), 0);
        cr_assert_float_eq(log(q[1] / (1 - q[1])) - log(none[1] / (1 - none[1])),
                           x.word_value[w * MINI_HEADS + 1], 1e-3, "%s", x.word[w]);
    }
    shunt_close(t);
    free(bytes);
}
