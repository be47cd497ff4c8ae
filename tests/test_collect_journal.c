/* The journal of replies: what was written is read again, whatever follows it. */
#include "collect/journal.h"
#include "core/fs.h"
#include "core/mem.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int list(void *arg, const struct journal_record *r, struct err *e)
{
    (void)e;
    cr_expect(r->body[r->len] == '\0');
    return buf_addf(arg, "%ld/%ld/%ld/%ld/%ld %g %g %g %s %s %s %s %zu;", (long)r->prompt,
                    (long)r->model_config, (long)r->sample, (long)r->started_ms, (long)r->status,
                    r->wait_s, r->latency_ms, r->ttft_ms, r->request_hash, r->protocol, r->ext_id,
                    r->model, r->len)
               ? 0
               : ERR_IO;
}

static void put(struct journal *j, const char *ext_id, const char *body, size_t len)
{
    struct journal_record r = {7,   8,     9,        1767571200123, 200,       .5,   12.25,
                               NAN, "abc", "openai", ext_id,        "a model", body, len};
    struct err e = {0};
    cr_assert(journal_add(j, &r, &e) == 0, "%s", e.text);
}

static const char one[] = "7/8/9/1767571200123/200 0.5 12.25 nan abc openai a\nb a model 5;";

static char *listed(const char *store)
{
    struct buf b = BUF_INIT(0);
    struct journal *j = NULL;
    struct err e = {0};
    cr_assert(journal_open(store, &j, &e) == 0, "%s", e.text);
    cr_assert(journal_each(j, list, &b, &e) == 0, "%s", e.text);
    journal_close(j);
    return buf_detach(&b, NULL);
}

Test(collect_journal, is_read_again_up_to_what_is_whole)
{
    char dir[] = "/tmp/shunt-journal-XXXXXX";
    cr_assert(mkdtemp(dir) != NULL);
    AUTO_FREE char *store = fs_join(dir, "s.db"), *path = fs_join(dir, "s.db-replies");
    struct journal *j = NULL;
    struct err e = {0};
    cr_assert(journal_open(store, &j, &e) == 0);
    journal_close(j);
    cr_expect(!fs_exists(path), "an empty one leaves nothing");
    cr_assert(journal_open(store, &j, &e) == 0);
    put(j, "a\nb", "x\n\0yz", 5);
    put(j, "second", "{}", 2);
    journal_close(j);
    size_t len;
    char *text = NULL;
    cr_assert(fs_read_all(path, 1 << 20, &text, &len, &e) == 0);
    AUTO_FREE char *both = listed(store);
    cr_expect(strncmp(both, one, strlen(one)) == 0 && strstr(both, "second"), "%s", both);
    size_t first = 0; /* length of the first record: the second begins at the second head */
    for (size_t i = 1; i + 11 < len; i++)
        if (memcmp(text + i, "shunt-reply", 11) == 0)
            first = i;
    for (size_t n = 0; n < len; n++) { /* cut off anywhere */
        cr_assert(fs_write_atomic(path, text, n, &e) == 0);
        AUTO_FREE char *got = listed(store);
        cr_expect_str_eq(got, n < first ? "" : one, "%zu of %zu bytes: %s", n, len, got);
    }
    for (size_t n = 0; n < len; n++) { /* one byte is wrong */
        AUTO_FREE char *bad = mem_alloc(len);
        memcpy(bad, text, len);
        bad[n] ^= 1;
        cr_assert(fs_write_atomic(path, bad, len, &e) == 0);
        AUTO_FREE char *got = listed(store);
        cr_expect(n < first ? !*got : strcmp(got, one) == 0, "byte %zu: %s", n, got);
    }
    cr_assert(journal_open(store, &j, &e) == 0 && journal_clear(j, &e) == 0);
    journal_close(j);
    cr_expect(!fs_exists(path));
    free(text);
    rmdir(dir);
}

static size_t bytes_of(const char *path)
{
    FILE *f = fopen(path, "rb");
    cr_assert(f && fseek(f, 0, SEEK_END) == 0);
    long n = ftell(f);
    fclose(f);
    return (size_t)n;
}

Test(collect_journal, drops_only_what_is_settled)
{
    char dir[] = "/tmp/shunt-journal-XXXXXX";
    cr_assert(mkdtemp(dir) != NULL);
    AUTO_FREE char *store = fs_join(dir, "s.db"), *path = fs_join(dir, "s.db-replies");
    AUTO_FREE char *body = mem_alloc(10000);
    struct journal *j = NULL;
    struct err e = {0};
    memset(body, 'x', 10000);
    cr_assert(journal_open(store, &j, &e) == 0);
    put(j, "the first of all", body, 10000);
    cr_expect(journal_last(j) == 1);
    size_t most = 0;
    for (int64_t i = 2; i <= 2000; i++) { /* 20 MB go through, ten records wait at a time */
        char id[32];
        snprintf(id, sizeof id, "record %d", (int)i);
        put(j, id, body, 10000);
        cr_expect(journal_last(j) == i);
        journal_settle(j, i > 12 ? i - 10 : 0);
        journal_settle(j, 5000);
        cr_assert(journal_trim(j, &e) == 0, "%s", e.text);
        most = bytes_of(path) > most ? bytes_of(path) : most;
    }
    cr_expect(most > 2 << 20 && most < 5 << 20, "at most %zu bytes", most);
    AUTO_FREE char *all = listed(store);
    cr_expect(strstr(all, "the first of all") && strstr(all, "record 2000 ") &&
              strstr(all, "record 1991 "));
    for (int64_t i = 1; i <= 2000; i++)
        journal_settle(j, i);
    cr_assert(journal_trim(j, &e) == 0);
    cr_expect_eq(bytes_of(path), 0);
    put(j, "after that", "{}", 2);
    cr_expect(journal_last(j) == 2001);
    cr_assert(journal_trim(j, &e) == 0);
    AUTO_FREE char *alone = listed(store);
    cr_expect(strncmp(alone, "7/8/9/", 6) == 0 && strstr(alone, "after that"));
    journal_settle(j, 2001);
    cr_assert(journal_trim(j, &e) == 0);
    journal_close(j);
    cr_expect(!fs_exists(path), "nothing waits");
    rmdir(dir);
}
