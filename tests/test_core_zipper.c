/* What a zipper packs is what fs_unzip gives back, one text after another. */
#include "core/fs.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/zipper.h"

#include <criterion/criterion.h>
#include <string.h>

Test(core_zipper, packs_one_text_after_another)
{
    struct zipper *z = zipper_new();
    struct rng rng;
    rng_seed(&rng, 5);
    static const size_t sizes[] = {0, 1, 100, 1000, 65536, 300000, 3, 0, 2000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];
        AUTO_FREE char *text = mem_alloc(n + 1);
        for (size_t k = 0; k < n; k++) /* half of them hardly pack */
            text[k] = (char)(i % 2 ? rng_below(&rng, 256) : 'a' + k % 7);
        struct buf packed = BUF_INIT(0), back = BUF_INIT(0), other = BUF_INIT(0);
        struct err e = {0};
        buf_adds(&packed, "before");
        cr_assert(zipper_add(z, text, n, &packed, &e) == ERR_OK);
        cr_assert(fs_unzip(packed.data + 6, packed.len - 6, n, &back, &e) == ERR_OK, "%s", e.text);
        cr_expect(back.len == n && memcmp(back.data, text, n) == 0, "%zu bytes", n);
        cr_assert(fs_zip(text, n, &other, &e) == ERR_OK);
        cr_expect(n >= 8192 ? other.len == packed.len - 6 : packed.len - 6 <= other.len * 11 / 10,
                  "%zu and %zu bytes for %zu", packed.len - 6, other.len, n);
        buf_deinit(&packed);
        buf_deinit(&back);
        buf_deinit(&other);
    }
    struct buf small = BUF_INIT(20);
    struct err e = {0};
    char kilo[1000] = {0};
    cr_expect(zipper_add(z, kilo, sizeof kilo, &small, &e) == ERR_FORMAT);
    cr_expect(small.len == 0 && e.text[0] != 0);
    buf_deinit(&small);
    zipper_free(z);
    zipper_free(NULL);
}

Test(core_zipper, knows_what_texts_have_in_common)
{
    static const struct zipper_dictionary known[] = {
        {"what nobody says", 16}, {"{\"object\":\"chat.completion\",\"content\":", 39}};
    static const char text[] = "{\"object\":\"chat.completion\",\"content\":\"hello\"}";
    struct zipper *z = zipper_new();
    struct buf plain = BUF_INIT(0), packed = BUF_INIT(0), back = BUF_INIT(0), tight = BUF_INIT(8);
    struct err e = {0};
    cr_assert(zipper_add(z, text, sizeof text, &plain, &e) == 0);
    for (int i = 0; i < 3; i++) { /* the stream is as before after each, and after a failure */
        buf_clear(&packed);
        buf_clear(&back);
        cr_assert(zipper_add_with(z, known[1], text, sizeof text, &packed, &e) == 0);
        cr_expect(packed.len + 20 < plain.len, "%zu and %zu bytes", packed.len, plain.len);
        cr_assert(zipper_unpack(known, 2, packed.data, packed.len, 1000, &back, &e) == 0, "%s",
                  e.text);
        cr_expect(back.len == sizeof text && memcmp(back.data, text, sizeof text) == 0);
        cr_expect(zipper_add_with(z, known[0], text, sizeof text, &tight, &e) == ERR_FORMAT);
    }
    buf_clear(&back);
    cr_assert(zipper_unpack(known, 2, plain.data, plain.len, 1000, &back, &e) == 0, "one without");
    cr_expect(zipper_unpack(known, 1, packed.data, packed.len, 1000, &back, &e) == ERR_FORMAT);
    cr_expect(strstr(e.text, "dictionary"), "%s", e.text);
    cr_expect(fs_unzip(packed.data, packed.len, 1000, &back, &e) == ERR_FORMAT);
    cr_expect(back.len == sizeof text, "nothing half-done");
    for (size_t n = 0; n < packed.len; n++) /* cut, or one bit is wrong */
        for (int flip = 0; flip < 2; flip++) {
            AUTO_FREE char *bad = mem_alloc(packed.len);
            memcpy(bad, packed.data, packed.len);
            bad[n] ^= 4;
            cr_expect(zipper_unpack(known, 2, flip ? bad : packed.data, flip ? packed.len : n, 1000,
                                    &back, &e) == ERR_FORMAT,
                      "byte %zu", n);
        }
    buf_deinit(&plain);
    buf_deinit(&packed);
    buf_deinit(&back);
    buf_deinit(&tight);
    zipper_free(z);
}
