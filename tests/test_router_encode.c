/* The hashed encoder against a naive one that was written from FORMAT.md. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>

#include "router/encode.h"

static uint64_t state;

static unsigned next_random(unsigned n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % n;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void check(const char *what, const char *text, size_t len, unsigned bits)
{
    static struct shunt_encoding x;
    struct naive n;
    char *exact = malloc(len + 1); /* so that a sanitizer sees a read beyond the end */
    memcpy(exact, text, len);
    exact = realloc(exact, len ? len : 1);
    shunt_encode(exact, len, bits, &x);
    naive_encode((const unsigned char *)exact, len, bits, &n);
    cr_assert_eq(x.count, n.count, "%s: %u buckets, naive %zu", what, x.count, n.count);
    qsort(x.bucket, x.count, sizeof *x.bucket, by_number);
    qsort(n.bucket, n.count, sizeof *n.bucket, by_number);
    cr_assert_eq(memcmp(x.bucket, n.bucket, n.count * sizeof *n.bucket), 0, "%s: buckets", what);
    for (int f = 0; f < SHUNT_FEATURES; f++)
        cr_assert_float_eq(x.feature[f] / 65536.0, n.feature[f], 7e-5, "%s: %s is %f, naive %f",
                           what, shunt_feature_name((unsigned)f), x.feature[f] / 65536.0,
                           n.feature[f]);
    free(n.bucket);
    free(exact);
}

Test(router_encode, equals_the_naive_encoder_on_chosen_texts)
{
    static const char *const text[] = {
        "",
        " ",
        "a",
        "A b",
        "The quick brown fox, 3.14 and 42; isn't it?",
        "eightlet eightlet8 ninelette SIXTEENlettersAA seventeenletters1",
        "caf\xc3\xa9 \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 "
        "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c",
        "```c\nint main(void) { return 0; }\n```\n````",
        "a\tb\r\nc\vd\x01 e\x7f"
        "f",
        "12 345 6-7 8a9 0",
        "a b a b a b A B",
        "\xe6\x88\x91\xe4\xbb\xac\xe5\x9c\xa8"
        "abc\xe3\x80\x82"
        "x", /* ideographs, Latin between */
        "\xe3\x81\x82\xe3\x82\xab\xef\xbc\x81\xe0\xb8\x81\xe0\xb8\xb2 "
        "\xed\x95\x9c\xea\xb5\xad",
        "\xe2\x80\x9cquoted\xe2\x80\x9d \xf0\x9f\x98\x80\xf0\x9f\x98\x80z\xc2\xa0z "
        "e\xcc\x81",
        "\xe4\xbd \xe4\xbdx \xe4 \xf0\x9f\x98 \xc2 \xc0\x80 \xe0\x82\x80 \xff\xfe "
        "\x80\xbf",
        "\xe4\xbd",
        "[{(<@#$%^&*_+-=|\\/~`'\":;,.!?>)}]",
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        check(text[i], text[i], strlen(text[i]), SHUNT_DEFAULT_BITS);
    check("NUL", "a\0b\0\0c", 6, SHUNT_DEFAULT_BITS);
}

Test(router_encode, equals_the_naive_encoder_on_random_bytes_of_every_length)
{
    static char text[70000];
    state = 1;
    for (int round = 0; round < 3000; round++) {
        size_t len = round < 300 ? (size_t)round : next_random(round % 100 ? 600 : 70000);
        unsigned kind = next_random(5);
        for (size_t i = 0; i < len; i++) {
            if (kind == 0)
                text[i] = (char)next_random(256);
            else if (kind == 1)
                text[i] = "aebcdABCD    0123.,?`\n\xc3"[next_random(23)];
            else if (kind == 2)
                text[i] = next_random(5) ? (char)('a' + next_random(26)) : ' ';
            else if (kind == 3)
                text[i] = next_random(40) ? (char)('a' + next_random(26)) : ' '; /* long words */
            else
                text[i] =
                    "\xc2\xe0\xe2\xe3\xe4\xef\xf0\xf1\x80\xb8\xbd\xbf\x9f\x9ex "[next_random(16)];
        }
        char name[40];
        snprintf(name, sizeof name, "round %d, %zu bytes", round, len);
        check(name, text, len, SHUNT_BITS_MIN + next_random(15));
    }
}

Test(router_encode, looks_at_head_and_tail_of_a_long_text)
{
    size_t len = 8u << 20;
    char *text = malloc(len);
    state = 7;
    for (size_t i = 0; i < len; i++)
        text[i] = next_random(6) ? (char)('a' + next_random(26)) : ' ';
    check("8 MiB of random words", text, len, 18);
    for (size_t n = SHUNT_ENCODE_BYTES - 70; n < SHUNT_ENCODE_BYTES + 70; n++)
        check("around the longest text that is seen whole", text, n, 18);

    static struct shunt_encoding a, b;
    const struct {
        size_t at;
        int seen;
    } cases[] = {{0, 1},       {SHUNT_ENCODE_HEAD - 1, 1},       {SHUNT_ENCODE_HEAD, 0},
                 {len / 2, 0}, {len - SHUNT_ENCODE_TAIL - 1, 0}, {len - SHUNT_ENCODE_TAIL, 1},
                 {len - 1, 1}};
    shunt_encode(text, len, 18, &a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char was = text[cases[i].at];
        text[cases[i].at] = '?';
        shunt_encode(text, len, 18, &b);
        cr_assert_eq(b.feature[7] > a.feature[7], cases[i].seen, "byte %zu", cases[i].at);
        text[cases[i].at] = was;
    }

    memset(text, 'x', len);
    check("one word of 8 MiB", text, len, 18);
    for (size_t n = 1; n < 700; n++)
        check("one word", text, n, 18);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(33 + i % 15);
    check("marks without blanks", text, len, 18);
    free(text);
}

Test(router_encode, holds_as_many_buckets_as_a_text_can_have)
{
    /* Two a byte: digits and marks in an order that repeats no pair for long. */
    static char text[SHUNT_ENCODE_BYTES];
    static const char token[] = "0123456789!#$%&()*+,-./:;<=>?@[]^_{|}~";
    for (unsigned bits = SHUNT_BITS_MIN; bits <= SHUNT_BITS_MAX; bits++) {
        for (size_t n = 1; n <= sizeof text; n = n * 2 + (n == 1)) {
            state = n;
            for (size_t i = 0; i < n; i++)
                text[i] = token[next_random(sizeof token - 1)];
            check("one-byte tokens", text, n, bits);
        }
        state = bits;
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = i % 3 ? (char)('a' + next_random(26)) : ' ';
        check("two-letter words", text, sizeof text, bits);
    }
}

Test(router_encode, logarithm_is_monotone_and_near)
{
    int32_t last = -1;
    for (uint64_t n = 0; n < 100000; n++) {
        int32_t l = shunt_log2_1p(n);
        cr_assert(l >= last, "log2(1 + %llu) falls", (unsigned long long)n);
        cr_assert_float_eq(l / 65536.0, log2(1.0 + (double)n), 4e-5);
        last = l;
    }
    cr_assert_eq(shunt_log2_1p(0), 0);
    cr_assert_eq(shunt_log2_1p(1), 65536);
    cr_assert_eq(shunt_log2_1p((UINT64_C(1) << 40) - 1), 40 * 65536);
    cr_assert_null(shunt_feature_name(SHUNT_FEATURES));
}
