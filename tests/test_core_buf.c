/* Buffers, memory, errors, the log and UTF-8: the pieces everything else reports through. */
#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "core/vec.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(core_buf, grows_and_always_ends_in_a_nul)
{
    struct buf b = BUF_INIT(0);
    cr_assert(b.data && b.data[0] == '\0');
    for (int i = 0; i < 1000; i++)
        cr_assert(buf_addf(&b, "%d,", i));
    cr_assert_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4);
    cr_assert(strlen(b.data) == b.len && strncmp(b.data, "0,1,2,", 6) == 0);
    cr_assert_str_eq(b.data + b.len - 8, "998,999,");

    size_t len;
    char *text = buf_detach(&b, &len);
    cr_assert_eq(len, 3890);
    cr_assert(b.len == 0 && b.data[0] == '\0');
    free(text);
    cr_assert(buf_adds(&b, "again") && strcmp(b.data, "again") == 0);
    buf_deinit(&b);
    buf_deinit(&b);

    text = buf_detach(&b, NULL); /* an empty buffer hands out heap memory, too */
    cr_assert_str_eq(text, "");
    free(text);
}

Test(core_buf, refuses_to_pass_its_maximum_and_says_so)
{
    struct buf b = BUF_INIT(10);
    cr_assert(buf_add(&b, "12345678", 8) && !b.over);
    cr_assert(!buf_add(&b, "abc", 3), "8 + 3 > 10");
    cr_assert(b.over && b.len == 8 && strcmp(b.data, "12345678") == 0);
    cr_assert(!buf_addc(&b, 'x'), "a shorter piece must not close the gap");
    buf_clear(&b);
    cr_assert(!b.over && b.len == 0);
    cr_assert(buf_addf(&b, "%s", "0123456789") && b.len == 10);
    cr_assert(!buf_addf(&b, "%d", 1) && b.over);
    buf_deinit(&b);

    buf_init(&b, 100);
    cr_assert(!buf_reserve(&b, SIZE_MAX) && !buf_reserve(&b, 101));
    buf_deinit(&b);
}

Test(core_mem, sizes_and_copies)
{
    free(mem_alloc(0));
    unsigned char *z = mem_array(3, 5);
    for (int i = 0; i < 15; i++)
        cr_assert(z[i] == 0);
    free(z);
    cr_assert(mem_strdup(NULL) == NULL);
    AUTO_FREE char *s = mem_strndup("abcdef", 3);
    cr_assert_str_eq(s, "abc");
    AUTO_FREE char *p = mem_printf("%s-%d", s, 7);
    cr_assert_str_eq(p, "abc-7");

    VEC(int) v = {0};
    for (int i = 0; i < 100; i++)
        VEC_PUSH(&v, i * i);
    cr_assert(v.n == 100 && v.cap >= 100 && v.v[99] == 9801);
    VEC_FREE(&v);
    cr_assert(v.v == NULL && v.n == 0);
}

Test(core_mem, a_size_that_overflows_ends_with_status_7, .exit_code = 7)
{
    mem_array(SIZE_MAX / 2, 3);
}

#ifndef __SANITIZE_ADDRESS__ /* which ends the program by itself */
Test(core_mem, an_allocation_that_fails_ends_with_status_7, .exit_code = 7)
{
    volatile size_t huge = PTRDIFF_MAX;
    mem_alloc(huge);
}
#endif

Test(core_err, one_line_of_text)
{
    struct err e = {0};
    cr_assert(err_set(NULL, ERR_IO, "x") == ERR_IO);
    cr_assert(err_set(&e, ERR_FORMAT, "bad '%s'", "a\nb\x1b[31m") == ERR_FORMAT);
    cr_assert(e.code == ERR_FORMAT);
    cr_assert_str_eq(e.text, "bad 'a?b?[31m'");
    cr_assert(err_wrap(&e, ERR_IO, "line %d", 3) == ERR_FORMAT, "the first failure's code stays");
    cr_assert_str_eq(e.text, "line 3: bad 'a?b?[31m'");
    err_set(&e, ERR_IO, "%s", e.text); /* an argument may be the text itself */
    cr_assert_str_eq(e.text, "line 3: bad 'a?b?[31m'");
    cr_assert(err_wrap(NULL, ERR_NET, "x") == ERR_NET);

    char longer[1000]; /* 2-byte characters, cut without half a one, at any parity */
    for (int odd = 0; odd < 2; odd++) {
        size_t n = 0;
        if (odd)
            longer[n++] = 'x';
        while (n + 2 < sizeof longer) {
            memcpy(longer + n, "\xC3\xA9", 2);
            n += 2;
        }
        longer[n] = '\0';
        err_set(&e, ERR_IO, "%s", longer);
        size_t len = strlen(e.text);
        cr_assert(len >= sizeof e.text - 2 && utf8_check(e.text, len) == len);
        err_wrap(&e, ERR_IO, "prefix");
        len = strlen(e.text);
        cr_assert(len >= sizeof e.text - 2 && utf8_check(e.text, len) == len);
        cr_assert(strncmp(e.text, "prefix: ", 8) == 0);
    }
}

/* What one call writes to file descriptor 2. */
#define CAPTURE(out, call)                                                                         \
    do {                                                                                           \
        int pipe_[2], saved_ = dup(2);                                                             \
        cr_assert(pipe(pipe_) == 0 && dup2(pipe_[1], 2) == 2);                                     \
        call;                                                                                      \
        dup2(saved_, 2);                                                                           \
        close(saved_);                                                                             \
        close(pipe_[1]);                                                                           \
        ssize_t n_ = read(pipe_[0], out, sizeof out - 1);                                          \
        out[n_ > 0 ? n_ : 0] = '\0';                                                               \
        close(pipe_[0]);                                                                           \
    } while (0)

Test(core_log, one_masked_line_by_level)
{
    char out[4000];
    log_set_name("shunt import");
    CAPTURE(out, log_error("cannot open '%s'", "a\n\x1b]0;x\x07\xC2\x9B"));
    cr_assert_str_eq(out, "shunt import: error: cannot open 'a?"
                          "?]0;x??"
                          "?'\n");
    CAPTURE(out, log_warn("w %d", 1));
    cr_assert_str_eq(out, "shunt import: warning: w 1\n");
    CAPTURE(out, log_note("caf\xC3\xA9"));
    cr_assert_str_eq(out, "shunt import: caf\xC3\xA9\n");
    CAPTURE(out, log_debug("d"));
    cr_assert_str_eq(out, "");
    log_set_level(2);
    CAPTURE(out, log_debug("d"));
    cr_assert_str_eq(out, "shunt import: d\n");
    log_set_level(0);
    CAPTURE(out, (log_note("n"), log_warn("w"), log_error("e")));
    cr_assert_str_eq(out, "shunt import: error: e\n");
    CAPTURE(out, (log_bar(1), log_error("e"), log_error("f")));
    cr_assert_str_eq(out, "\r\033[Kshunt import: error: e\nshunt import: error: f\n");
    CAPTURE(out, log_error("%03000d", 1));
    cr_assert(strlen(out) == 2048 && out[2047] == '\n', "cut, but still one line: %zu",
              strlen(out));
}

Test(core_utf8, validity_agrees_with_a_decoder)
{
    static const struct {
        const char *text;
        size_t len, want;
    } cases[] = {
        {"", 0, 0},
        {"plain ascii, longer than a word", 31, 31},
        {"caf\xC3\xA9", 5, 5},
        {"caf\xE9 au lait", 12, 3}, /* Latin-1 */
        {"\xC0\x80", 2, 0},         /* overlong NUL */
        {"\xE0\x80\xAF", 3, 0},
        {"\xED\xA0\x80", 3, 0}, /* surrogate */
        {"\xF0\x9F\x98\x80!", 5, 5},
        {"\xF4\x8F\xBF\xBF", 4, 4},
        {"\xF4\x90\x80\x80", 4, 0}, /* U+110000 */
        {"abcdefgh\xE2\x82", 10, 8},
        {"abc\0def", 7, 7},
        {"\xFF", 1, 0},
        {"\x80", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert(utf8_check(cases[i].text, cases[i].len) == cases[i].want, "case %zu", i);

    /* Every 2- and 3-byte pattern against the definition: decode, and ask for the shortest form. */
    size_t valid = 0;
    for (unsigned a = 0xC0; a < 0xF0; a++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned c = 0x7F; c < 0xC1; c++) {
                char s[3] = {(char)a, (char)b, (char)c};
                size_t len = a < 0xE0 ? 2 : 3;
                unsigned cp =
                    len == 2 ? (a & 31) << 6 | (b & 63) : (a & 15) << 12 | (b & 63) << 6 | (c & 63);
                bool tails = (b & 0xC0) == 0x80 && (len == 2 || (c & 0xC0) == 0x80);
                bool want =
                    tails && cp >= (len == 2 ? 0x80u : 0x800u) && (cp < 0xD800 || cp > 0xDFFF);
                if ((utf8_check(s, len) == len) != want)
                    cr_assert_fail("%02x %02x %02x", a, b, c);
                valid += want;
            }
    cr_assert(valid > 60000);
}

Test(core_utf8, normal_form)
{
    static const char *const cases[][2] = {
        {"  Hello\t\n World  ", "hello world"},
        {"", ""},
        {" \r\n ", ""},
        {"\xC3\x89 A", "\xC3\x89 a"}, /* ASCII only is folded */
        {"a\v\fb", "a b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        text_normalise(&b, cases[i][0], strlen(cases[i][0]));
        cr_assert_str_eq(b.data, cases[i][1]);
        buf_deinit(&b);
    }
}

Test(core_buf, adds_whole_numbers)
{
    static const int64_t all[] = {0, 7, -7, 10, 1234567890123, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buf b = BUF_INIT(0), want = BUF_INIT(0), tight = BUF_INIT(1);
        buf_addf(&want, "%lld", (long long)all[i]);
        cr_assert(buf_addi(&b, all[i]));
        cr_expect_str_eq(b.data, want.data);
        cr_expect(buf_addi(&tight, all[i]) == (want.len == 1));
        buf_deinit(&b);
        buf_deinit(&want);
        buf_deinit(&tight);
    }
}
