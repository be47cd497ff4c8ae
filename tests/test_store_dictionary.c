/* Dictionaries of raw bodies: those that packed something stay as they are. */
#include "core/buf.h"
#include "core/fs.h"
#include "store/dictionary.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* RFC 1950: what a packed body names its dictionary by. */
static unsigned long adler(const char *text, size_t len)
{
    unsigned long a = 1, b = 0;
    for (size_t i = 0; i < len; i++) {
        a = (a + (unsigned char)text[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

Test(store_dictionary, none_is_ever_changed)
{
    static const unsigned long shipped[] = {0xd32e1c1d, 0x1bb04a70, 0xa6a3c25b, 0x685ecebf};
    size_t n = 0;
    const struct zipper_dictionary *all = dictionaries(&n);
    cr_assert(n >= sizeof shipped / sizeof *shipped);
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++)
        cr_expect(adler(all[i].text, all[i].len) == shipped[i], "%zu: 0x%08lx; add a row instead",
                  i, adler(all[i].text, all[i].len));
}

Test(store_dictionary, halves_an_ordinary_reply)
{
    static const char *const of[][2] = {{"openai", "openai_ok"},
                                        {"openai-responses", "responses_ok"},
                                        {"anthropic", "anthropic_ok"},
                                        {"gemini", "gemini_ok"},
                                        {"openai", "mistral_ok"}};
    struct zipper *z = zipper_new();
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        char path[100];
        char *text = NULL;
        size_t len = 0, n = 0;
        struct err e = {0};
        struct buf plain = BUF_INIT(0), packed = BUF_INIT(0), back = BUF_INIT(0);
        const struct zipper_dictionary *all = dictionaries(&n);
        snprintf(path, sizeof path, "tests/fixtures/collect/%s.json", of[i][1]);
        cr_assert(fs_read_all(path, 1 << 20, &text, &len, &e) == 0, "%s", e.text);
        cr_assert(zipper_add(z, text, len, &plain, &e) == 0);
        cr_assert(zipper_add_with(z, dictionary_of(of[i][0]), text, len, &packed, &e) == 0);
        cr_expect(packed.len < plain.len * 3 / 4, "%s: %zu and %zu bytes", of[i][1], packed.len,
                  plain.len);
        cr_assert(zipper_unpack(all, n, packed.data, packed.len, len, &back, &e) == 0, "%s",
                  e.text);
        cr_expect(back.len == len && memcmp(back.data, text, len) == 0);
        buf_deinit(&plain);
        buf_deinit(&packed);
        buf_deinit(&back);
        free(text);
    }
    cr_expect(dictionary_of("another").len == 0 && dictionary_of(NULL).len == 0);
    zipper_free(z);
}
