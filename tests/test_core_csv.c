/* CSV: RFC 4180's cases, what is refused, and writing and reading back. */
#include "core/csv.h"
#include "core/fs.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens text through a file that is gone afterwards. */
static struct csv *open_text(const char *text, size_t len)
{
    char path[] = "/tmp/test_core_csv.XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    close(fd);
    struct csv *c = NULL;
    struct err e = {0};
    cr_assert(csv_open(path, 1 << 24, &c, &e) == ERR_OK, "%s", e.text);
    unlink(path);
    return c;
}

Test(core_csv, records_and_fields)
{
    static const struct {
        const char *text, *want; /* fields in <>, records end in their line number and ; */
    } cases[] = {
        {"", ""},
        {"a,b\nc,d\n", "<a><b>1;<c><d>2;"},
        {"a,b\r\nc,d", "<a><b>1;<c><d>2;"},
        {"\xEF\xBB\xBF"
         "a,b",
         "<a><b>1;"},
        {",\n", "<><>1;"},
        {"a,", "<a><>1;"},
        {"\"a,b\",\"c\"\"d\"\"\"\n", "<a,b><c\"d\">1;"},
        {"\"two\nlines\",x\ny\n", "<two\nlines><x>1;<y>3;"},
        {"\"two\r\nlines\"\r\ny", "<two\r\nlines>1;<y>3;"},
        {"\n\na\n\r\n\nb", "<a>3;<b>6;"},
        {"\"\"\nx", "<>1;<x>2;"},
        {"\"\",\"\"", "<><>1;"},
        {"5\" disk,x", "<5\" disk><x>1;"},
        {" a , b ", "< a >< b >1;"},
        {"a\rb,c", "<a\rb><c>1;"},
        {"caf\xC3\xA9", "<caf\xC3\xA9>1;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv *c = open_text(cases[i].text, strlen(cases[i].text));
        struct buf got = BUF_INIT(0);
        char **fields;
        size_t n;
        struct err e = {0};
        int rc;
        while ((rc = csv_next(c, &fields, &n, &e)) == 1) {
            for (size_t k = 0; k < n; k++)
                buf_addf(&got, "<%s>", fields[k]);
            buf_addf(&got, "%zu;", csv_line(c));
        }
        cr_assert(rc == 0, "%s: %s", cases[i].text, e.text);
        cr_expect_str_eq(got.data, cases[i].want);
        buf_deinit(&got);
        csv_close(c);
    }
    csv_close(NULL);
}

Test(core_csv, refuses_with_the_line)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } cases[] = {
        {"a\nb,\"c\nd", 9, "line 2: a quoted field that begins here never ends"},
        {"a\n\"b\"c\n", 8, "line 2: text follows a closing quote"},
        {"a\nb\ncaf\xE9\n", 9, "line 3: a field is not UTF-8"},
        {"a\nb\0c\n", 6, "line 2: a NUL byte in a field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv *c = open_text(cases[i].text, cases[i].len);
        char **fields;
        size_t n;
        struct err e = {0};
        int rc;
        while ((rc = csv_next(c, &fields, &n, &e)) == 1) {
        }
        cr_assert(rc == ERR_FORMAT, "accepted: %s", cases[i].text);
        cr_expect(strstr(e.text, cases[i].want), "%s", e.text);
        cr_assert(csv_next(c, &fields, &n, &e) == 0, "no guess about what follows");
        csv_close(c);
    }
    struct csv *c;
    struct err e = {0};
    cr_assert(csv_open("/nowhere/x.csv", 10, &c, &e) == ERR_IO);
}

Test(core_csv, written_fields_read_back)
{
    static const char *const parts[] = {"a", ",", "\"", "\n", "\r\n", " ", "\xC3\xA9", "'", ""};
    struct rng r;
    rng_seed(&r, 11);
    VEC(char *) want = {0};
    struct buf text = BUF_INIT(0);
    enum { ROWS = 2000, COLUMNS = 3 };
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        struct buf f = BUF_INIT(0);
        for (uint64_t k = rng_below(&r, 5); k > 0; k--)
            buf_adds(&f, parts[rng_below(&r, 9)]);
        bool first =
            i < ROWS || i % COLUMNS == ROWS % COLUMNS; /* rows of one field, then of three */
        if (first && i > 0)
            buf_adds(&text, "\n");
        csv_field(&text, f.data, first);
        VEC_PUSH(&want, buf_detach(&f, NULL));
    }
    struct csv *c = open_text(text.data, text.len);
    char **fields;
    size_t n, at = 0;
    struct err e = {0};
    int rc;
    while ((rc = csv_next(c, &fields, &n, &e)) == 1)
        for (size_t k = 0; k < n; k++, at++)
            cr_assert_str_eq(fields[k], want.v[at], "field %zu", at);
    cr_assert(rc == 0 && at == want.n, "%zu of %zu: %s", at, want.n, e.text);
    csv_close(c);
    for (size_t i = 0; i < want.n; i++)
        free(want.v[i]);
    VEC_FREE(&want);
    buf_deinit(&text);
}
