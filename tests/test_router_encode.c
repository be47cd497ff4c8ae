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
    for (size_t i = 0; i < n.count; i++)
        cr_assert_eq(x.bucket[i], n.bucket[i], "%s: bucket %zu", what, i);
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
        unsigned kind = next_random(3);
        for (size_t i = 0; i < len; i++) {
            if (kind == 0)
                text[i] = (char)next_random(256);
            else if (kind == 1)
                text[i] = "aebcdABCD    0123.,?`\n\xc3"[next_random(23)];
            else
                text[i] = next_random(5) ? (char)('a' + next_random(26)) : ' ';
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

    static struct shunt_encoding a, b, c;
    shunt_encode(text, len, 18, &a);
    cr_assert_gt(a.count, SHUNT_ENCODE_HEAD);
    cr_assert_leq(a.count, SHUNT_ENCODE_CAPACITY);
    text[len / 2] = '?'; /* in the middle: not seen */
    shunt_encode(text, len, 18, &b);
    cr_assert_eq(memcmp(a.feature, b.feature, sizeof a.feature), 0);
    text[len - 1] = '?'; /* at the end: seen, unless the tail ran out of places */
    memcpy(text + len - 64, "                                                             now", 64);
    text[len - 4096] = '?';
    shunt_encode(text, len, 18, &c);
    cr_assert_neq(c.feature[7], b.feature[7]);

    memset(text, 'x', len);
    check("one word of 8 MiB", text, len, 18);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(33 + i % 15);
    check("marks without blanks", text, len, 18);
    free(text);
}

Test(router_encode, fills_the_set_to_the_last_place)
{
    /* Enough distinct words for the head to stop, at every alignment around the limit. */
    static char text[60000];
    for (int shift = 0; shift < 4; shift++) {
        size_t len = 0;
        for (int i = 0; i < 1500 * shift + 1270; i++)
            len += (size_t)sprintf(text + len, "w%c%c%c ", 'a' + i % 26, 'a' + i / 26 % 26,
                                   'a' + i / 676);
        check("distinct words", text, len, 18);
        check("distinct words, few bits", text, len, 5);
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
