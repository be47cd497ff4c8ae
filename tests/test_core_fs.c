/* Files: whole, by lines, gzip sound and damaged, atomic writes that fail half-way, folders. */
#include "core/fs.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char dir[64];

static void setup(void)
{
    strcpy(dir, "/tmp/test_core_fs.XXXXXX");
    cr_assert(mkdtemp(dir));
}

static void teardown(void)
{
    struct str_vec names = {0};
    fs_list(dir, "", &names, NULL);
    for (size_t i = 0; i < names.n; i++) {
        char *path = fs_join(dir, names.v[i]);
        remove(path);
        free(path);
    }
    str_vec_free(&names);
    rmdir(dir);
}

TestSuite(core_fs, .init = setup, .fini = teardown);

static char *put(const char *name, const void *data, size_t len)
{
    char *path = fs_join(dir, name);
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(data, 1, len, f) == len && fclose(f) == 0);
    return path;
}

/* data as a gzip member, appended to out. */
static void gzip(struct buf *out, char *data, size_t len)
{
    z_stream z = {0};
    cr_assert(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t bound = deflateBound(&z, len);
    buf_reserve(out, bound);
    z.next_in = (unsigned char *)data;
    z.avail_in = (uInt)len;
    z.next_out = (unsigned char *)out->data + out->len;
    z.avail_out = (uInt)bound;
    cr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->len += bound - z.avail_out;
    deflateEnd(&z);
}

/* A text of n numbered lines, the ends alternating. */
static void numbered(struct buf *b, size_t n)
{
    for (size_t i = 1; i <= n; i++)
        buf_addf(b, "line %zu %.*s%s", i, (int)(i % 97),
                 "....................................................."
                 "............................................",
                 i % 3 ? "\n" : "\r\n");
}

/* Reads all lines of the numbered text and checks them; returns the last code. */
static int check_lines(const char *path, size_t n, struct err *e)
{
    struct fs_lines *l = NULL;
    int rc = fs_lines_open(path, 1000, &l, e);
    if (rc < 0)
        return rc;
    char *line;
    size_t len, count = 0;
    double before = 0;
    while ((rc = fs_lines_next(l, &line, &len, e)) > 0) {
        count++;
        AUTO_FREE char *want = mem_printf("line %zu ", count);
        cr_assert(strncmp(line, want, strlen(want)) == 0, "'%s'", line);
        cr_assert(len == strlen(line) && len == strlen(want) + count % 97, "line %zu: %zu", count,
                  len);
        cr_assert(fs_lines_number(l) == count);
        double share = fs_lines_progress(l);
        cr_assert(share >= before && share <= 1, "%g after %g", share, before);
        before = share;
    }
    if (rc == 0) {
        cr_assert(count == n, "%zu of %zu lines", count, n);
        cr_assert(before > 0.999, "all but padding is read: %g", before);
    }
    fs_lines_close(l);
    return rc;
}

Test(core_fs, lines_of_plain_and_gzip_files)
{
    struct err e = {0};
    enum { N = 30000 };
    struct buf text = BUF_INIT(0), packed = BUF_INIT(0), members = BUF_INIT(0);
    numbered(&text, N);
    gzip(&packed, text.data, text.len);
    gzip(&members, text.data, 70000); /* cut in a line: members are joined before lines are */
    gzip(&members, text.data, 0);
    gzip(&members, text.data + 70000, text.len - 70000);
    buf_add(&members, "\0\0\0\0\0", 5); /* tape padding */

    AUTO_FREE char *plain = put("plain", text.data, text.len);
    AUTO_FREE char *gz = put("packed", packed.data, packed.len); /* found out by bytes, not name */
    AUTO_FREE char *several = put("members.gz", members.data, members.len);
    cr_expect(check_lines(plain, N, &e) == 0, "%s", e.text);
    cr_expect(check_lines(gz, N, &e) == 0, "%s", e.text);
    cr_expect(check_lines(several, N, &e) == 0, "%s", e.text);

    int saved = dup(0), fd = open(gz, O_RDONLY);
    dup2(fd, 0);
    cr_expect(check_lines("-", N, &e) == 0, "%s", e.text);
    dup2(saved, 0);
    close(saved);
    close(fd);

    char *all;
    size_t len;
    cr_assert(fs_read_all(several, text.len, &all, &len, &e) == ERR_OK, "%s", e.text);
    cr_assert(len == text.len && memcmp(all, text.data, len) == 0 && all[len] == '\0');
    free(all);
    cr_assert(fs_read_all(several, text.len - 1, &all, &len, &e) == ERR_FORMAT,
              "a bomb is refused");
    cr_assert(strstr(e.text, "larger than the limit"), "%s", e.text);
    buf_deinit(&text);
    buf_deinit(&packed);
    buf_deinit(&members);
}

Test(core_fs, damaged_gzip_is_an_error_at_every_length)
{
    struct err e = {0};
    struct buf text = BUF_INIT(0), two = BUF_INIT(0);
    numbered(&text, 300);
    gzip(&two, text.data, text.len);
    size_t first = two.len;
    gzip(&two, text.data, text.len);
    size_t step = two.len / 150;
    for (size_t cut = 2; cut < two.len; cut += cut < 12 || cut + 12 > first ? 1 : step) {
        if (cut == first)
            continue; /* one whole member */
        AUTO_FREE char *path = put("cut.gz", two.data, cut);
        char *all = NULL;
        size_t len;
        int rc = fs_read_all(path, 1 << 20, &all, &len, &e);
        cr_assert(rc == ERR_FORMAT && !all, "cut at %zu of %zu accepted", cut, two.len);
        cr_assert(strstr(e.text, "damaged gzip"), "%s", e.text);
    }
    cr_assert(check_lines(dir, 0, &e) == ERR_IO);

    two.data[first + 40] ^= 0x10; /* in the second member */
    AUTO_FREE char *bad = put("bad.gz", two.data, two.len);
    cr_assert(check_lines(bad, 600, &e) == ERR_FORMAT || strstr(e.text, "damaged"), "%s", e.text);

    two.len = first;
    buf_adds(&two, "garbage");
    AUTO_FREE char *tail = put("tail.gz", two.data, two.len);
    cr_assert(check_lines(tail, 300, &e) == ERR_FORMAT, "what follows the data is not passed over");
    buf_deinit(&text);
    buf_deinit(&two);
}

Test(core_fs, line_ends_limits_and_marks)
{
    static const struct {
        const char *name, *data;
        size_t len, max;
        const char *want; /* lines joined by '|', '!' where it fails */
    } cases[] = {
        {"empty", "", 0, 10, ""},
        {"one end", "\n", 1, 10, "|"},
        {"last without end", "a\nb", 3, 10, "a|b|"},
        {"crlf", "a\r\nb\r\n", 6, 10, "a|b|"},
        {"inner cr", "a\rb\n", 4, 10, "a\rb|"},
        {"blank lines", "a\n\n\nb\n", 6, 10, "a|||b|"},
        {"mark",
         "\xEF\xBB\xBF"
         "a\n",
         5, 10, "a|"},
        {"only mark", "\xEF\xBB\xBF", 3, 10, ""},
        {"at the limit", "1234567890\r\n1\n", 14, 10, "1234567890|1|"},
        {"beyond it", "ok\n12345678901\n", 15, 10, "ok|!"},
        {"beyond it, last", "12345678901", 11, 10, "!"},
        {"beyond it, crlf", "12345678901\r\n", 13, 10, "!"},
        {"limit 0", "\n\n", 2, 0, "||"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_FREE char *path = put("lines", cases[i].data, cases[i].len);
        struct err e = {0};
        struct fs_lines *l;
        cr_assert(fs_lines_open(path, cases[i].max, &l, &e) == ERR_OK);
        struct buf got = BUF_INIT(0);
        char *line;
        size_t len;
        int rc;
        while ((rc = fs_lines_next(l, &line, &len, &e)) > 0) {
            buf_add(&got, line, len);
            buf_addc(&got, '|');
        }
        if (rc < 0) {
            cr_assert(rc == ERR_FORMAT);
            AUTO_FREE char *want =
                mem_printf("line %zu is longer than the limit of 10 bytes", fs_lines_number(l) + 1);
            cr_assert(strstr(e.text, want) && strstr(e.text, path), "%s", e.text);
            buf_addc(&got, '!');
        }
        cr_expect_str_eq(got.data, cases[i].want, "%s: %s", cases[i].name, got.data);
        fs_lines_close(l);
        buf_deinit(&got);
    }

    /* A line beyond the limit in an endless file is found without reading it to its end. */
    struct fs_lines *l;
    struct err e = {0};
    char *line;
    size_t len;
    cr_assert(fs_lines_open("/dev/zero", 1 << 20, &l, &e) == ERR_OK);
    cr_assert(fs_lines_next(l, &line, &len, &e) == ERR_FORMAT);
    fs_lines_close(l);
    fs_lines_close(NULL);
}

Test(core_fs, a_nul_in_a_line_is_kept)
{
    AUTO_FREE char *path = put("nul", "a\0b\nc\n", 6);
    struct fs_lines *l;
    char *line;
    size_t len;
    cr_assert(fs_lines_open(path, 10, &l, NULL) == ERR_OK);
    cr_assert(fs_lines_next(l, &line, &len, NULL) == 1 && len == 3 && memcmp(line, "a\0b", 4) == 0);
    cr_assert(fs_lines_next(l, &line, &len, NULL) == 1 && len == 1);
    fs_lines_close(l);
}

Test(core_fs, read_all_reports)
{
    struct err e = {0};
    char *all = NULL;
    size_t len;
    AUTO_FREE char *missing = fs_join(dir, "missing");
    cr_assert(fs_read_all(missing, 10, &all, &len, &e) == ERR_IO);
    cr_assert(strstr(e.text, "cannot open '") && strstr(e.text, "missing': No such file"), "%s",
              e.text);
    cr_assert(fs_read_all(dir, 10, &all, &len, &e) == ERR_IO && strstr(e.text, "directory"));
    AUTO_FREE char *ten = put("ten", "0123456789", 10);
    cr_assert(fs_read_all(ten, 9, &all, &len, &e) == ERR_FORMAT && all == NULL);
    cr_assert(fs_read_all(ten, 10, &all, &len, &e) == ERR_OK && len == 10 && strlen(all) == 10);
    free(all);
    AUTO_FREE char *none = put("none", "", 0);
    cr_assert(fs_read_all(none, 0, &all, &len, &e) == ERR_OK && len == 0 && *all == '\0');
    free(all);
}

static size_t count_files(void)
{
    struct str_vec names = {0};
    cr_assert(fs_list(dir, "", &names, NULL) == ERR_OK);
    size_t n = names.n;
    str_vec_free(&names);
    return n;
}

static void expect_content(const char *path, const char *want)
{
    char *all;
    size_t len;
    struct err e = {0};
    cr_assert(fs_read_all(path, 1 << 20, &all, &len, &e) == ERR_OK, "%s", e.text);
    cr_assert_str_eq(all, want);
    free(all);
}

Test(core_fs, write_replaces_whole_and_keeps_mode_and_link)
{
    struct err e = {0};
    AUTO_FREE char *path = fs_join(dir, "f");
    cr_assert(fs_write_atomic(path, "one", 3, &e) == ERR_OK, "%s", e.text);
    expect_content(path, "one");
    chmod(path, 0640);
    AUTO_FREE char *link = fs_join(dir, "link");
    cr_assert(symlink("f", link) == 0);
    cr_assert(fs_write_atomic(link, "two", 3, &e) == ERR_OK, "%s", e.text);
    expect_content(path, "two");
    AUTO_FREE char *further = fs_join(dir, "further");
    cr_assert(symlink(link, further) == 0); /* absolute, to a relative one */
    cr_assert(fs_write_atomic(further, "three", 5, &e) == ERR_OK, "%s", e.text);
    expect_content(path, "three");
    struct stat st;
    cr_assert(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    cr_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
    cr_assert(fs_write_atomic("/dev/null", "x", 1, &e) == ERR_OK);
    cr_assert(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode), "a device is not replaced");
    cr_assert(count_files() == 3);

    AUTO_FREE char *stale = mem_printf("%s.tmp.%ld", path, (long)getpid());
    cr_assert(symlink("/nowhere/at/all", stale) == 0);
    cr_assert(fs_write_atomic(path, "", 0, &e) == ERR_OK, "%s", e.text);
    expect_content(path, "");
    cr_assert(count_files() == 3);
}

Test(core_fs, a_write_that_fails_leaves_the_old_file_and_nothing_else)
{
    struct err e = {0};
    AUTO_FREE char *path = put("f", "old", 3);
    size_t len = 100000;
    AUTO_FREE char *data = mem_zalloc(len);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 5000; /* the write stops half-way */
    setrlimit(RLIMIT_FSIZE, &small);
    int rc = fs_write_atomic(path, data, len, &e);
    setrlimit(RLIMIT_FSIZE, &before);
    cr_assert(rc == ERR_IO && strstr(e.text, "cannot write '"), "%s", e.text);
    expect_content(path, "old");
    cr_assert(count_files() == 1);

    AUTO_FREE char *nowhere = fs_join(dir, "no/such/f");
    cr_assert(fs_write_atomic(nowhere, "x", 1, &e) == ERR_IO);
    cr_assert(fs_write_atomic(dir, "x", 1, &e) == ERR_IO && strstr(e.text, "folder"), "%s", e.text);
}

Test(core_fs, folders_and_names)
{
    struct err e = {0};
    AUTO_FREE char *deep = fs_join(dir, "a/b//c/");
    cr_assert(fs_mkdirs(deep, &e) == ERR_OK && fs_is_dir(deep), "%s", e.text);
    cr_assert(fs_mkdirs(deep, &e) == ERR_OK, "again is no error");
    AUTO_FREE char *file = put("b.csv", "", 0);
    AUTO_FREE char *below = fs_join(file, "x");
    cr_assert(fs_mkdirs(below, &e) == ERR_IO && strstr(e.text, "cannot create folder"), "%s",
              e.text);
    cr_assert(fs_mkdirs(file, &e) == ERR_IO, "a file is no folder");
    free(put("a.csv", "", 0));
    free(put("c.txt", "", 0));
    free(put("B.csv", "", 0));
    struct str_vec names = {0};
    cr_assert(fs_list(dir, ".csv", &names, &e) == ERR_OK && names.n == 3);
    cr_assert_str_eq(names.v[0], "B.csv");
    cr_assert_str_eq(names.v[1], "a.csv");
    cr_assert_str_eq(names.v[2], "b.csv");
    str_vec_free(&names);
    cr_assert(fs_list(below, "", &names, &e) == ERR_IO && names.n == 0);
    cr_assert(fs_exists(file) && !fs_is_dir(file) && !fs_exists(below));
    cr_assert_str_eq(fs_base("a/b"), "b");
    cr_assert_str_eq(fs_base("b"), "b");
    AUTO_FREE char *j1 = fs_join("/x/", "y");
    AUTO_FREE char *j2 = fs_join("", "y");
    cr_assert(strcmp(j1, "/x/y") == 0 && strcmp(j2, "y") == 0);
    static const char *const made[] = {"a/b/c", "a/b", "a"};
    for (size_t i = 0; i < 3; i++) {
        AUTO_FREE char *d = fs_join(dir, made[i]);
        cr_assert(rmdir(d) == 0);
    }
}

Test(core_fs, packed_bytes_come_back_or_are_refused)
{
    struct err e = {0};
    struct rng r;
    rng_seed(&r, 3);
    for (size_t len = 0; len < 300000; len = len * 3 + 1) {
        AUTO_FREE char *data = mem_alloc(len);
        for (size_t i = 0; i < len; i++)
            data[i] = (char)rng_below(&r, 4);
        struct buf z = BUF_INIT(0), out = BUF_INIT(0);
        buf_adds(&out, "kept");
        cr_assert(fs_zip(data, len, &z, &e) == ERR_OK);
        cr_assert(fs_unzip(z.data, z.len, len, &out, &e) == ERR_OK, "%zu: %s", len, e.text);
        cr_assert(out.len == len + 4 && memcmp(out.data + 4, data, len) == 0);
        out.len = 4;
        if (len > 0)
            cr_assert(fs_unzip(z.data, z.len, len - 1, &out, &e) == ERR_FORMAT, "over the limit");
        cr_assert(fs_unzip(z.data, z.len - 1, len, &out, &e) == ERR_FORMAT, "cut");
        z.data[z.len - 1] ^= 1;
        cr_assert(fs_unzip(z.data, z.len, len, &out, &e) == ERR_FORMAT, "checksum");
        z.data[z.len - 1] ^= 1;
        buf_addc(&z, 'x');
        cr_assert(fs_unzip(z.data, z.len, len, &out, &e) == ERR_FORMAT, "something follows");
        cr_assert(out.len == 4 && strcmp(out.data, "kept") == 0, "a failure appends nothing");
        buf_deinit(&z);
        buf_deinit(&out);
    }
    struct buf out = BUF_INIT(0);
    cr_assert(fs_unzip("", 0, 10, &out, &e) == ERR_FORMAT);
    cr_assert(fs_unzip("plain text", 10, 10, &out, &e) == ERR_FORMAT);
}
