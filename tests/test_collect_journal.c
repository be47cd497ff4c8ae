/* The journal of replies: what was written is read again, whatever follows it. */
#include "collect/journal.h"
#include "core/fs.h"
#include "core/hash.h"
#include "core/mem.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int list(void *arg, const struct journal_record *r, struct err *e)
{
    (void)e;
    cr_expect(r->kind != JOURNAL_REPLY || r->body[r->len] == 0);
    return buf_addf(arg, "%d %ld/%ld/%ld/%ld/%ld %g %g %g %s %s %s %s %zu %ld;", (int)r->kind,
                    (long)r->prompt, (long)r->model_config, (long)r->sample, (long)r->started_ms,
                    (long)r->status, r->wait_s, r->latency_ms, r->ttft_ms, r->request_hash,
                    r->protocol, r->ext_id, r->model, r->len, (long)r->charge_nusd)
               ? 0
               : ERR_IO;
}

static void put(struct journal *j, const char *ext_id, const char *body, size_t len)
{
    struct journal_record r = {.kind = JOURNAL_REPLY,
                               .prompt = 7,
                               .model_config = 8,
                               .sample = 9,
                               .started_ms = 1767571200123,
                               .status = 200,
                               .charge_nusd = 77,
                               .wait_s = .5,
                               .latency_ms = 12.25,
                               .ttft_ms = NAN,
                               .request_hash = "abc",
                               .ext_id = ext_id,
                               .model = "a model",
                               .protocol = "openai",
                               .body = body,
                               .len = len};
    struct err e = {0};
    cr_assert(journal_add(j, &r, &e) == 0, "%s", e.text);
}

static const char one[] = "0 7/8/9/1767571200123/200 0.5 12.25 nan abc openai a\nb a model 5 77;";

static char *listed(const char *store, int64_t *damage)
{
    struct buf b = BUF_INIT(0);
    struct journal *j = NULL;
    struct err e = {0};
    cr_assert(journal_open(store, &j, &e) == 0, "%s", e.text);
    cr_assert(journal_each(j, list, &b, damage, &e) == 0, "%s", e.text);
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
    int64_t damage = 0;
    AUTO_FREE char *both = listed(store, &damage);
    cr_assert(strncmp(both, one, strlen(one)) == 0 && strstr(both, "second"), "%s", both);
    cr_expect(damage == -1);
    const char *two = both + strlen(one);
    size_t first = 0; /* length of the first record: the second begins at the second head */
    for (size_t i = 1; i + 11 < len; i++)
        if (memcmp(text + i, "shunt-reply", 11) == 0)
            first = i;
    for (size_t n = 0; n < len; n++) { /* cut off anywhere */
        cr_assert(fs_write_atomic(path, text, n, &e) == 0);
        AUTO_FREE char *got = listed(store, &damage);
        cr_expect_str_eq(got, n < first ? "" : one, "%zu of %zu bytes: %s", n, len, got);
        cr_expect(damage == -1, "a record that was not written to its end is no damage");
    }
    for (size_t n = 0; n < len; n++) { /* one byte is wrong */
        AUTO_FREE char *bad = mem_alloc(len);
        memcpy(bad, text, len);
        bad[n] ^= 1;
        cr_assert(fs_write_atomic(path, bad, len, &e) == 0);
        AUTO_FREE char *got = listed(store, &damage);
        cr_expect_str_eq(got, n < first ? two : one, "byte %zu: %s", n, got);
        /* The last one may be longer than what there is: then it looks like one that was cut. */
        bool length = n >= first + 12 && n < first + 16;
        cr_expect(damage == (n < first ? 0 : (int64_t)first) || (length && damage == -1),
                  "byte %zu: damage at %ld", n, (long)damage);
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
    int64_t damage;
    memset(body, 'x', 10000);
    AUTO_FREE char *fresh =
        fs_join(dir, "s.db-replies.new"); /* left by a kill while it was trimmed */
    cr_assert(fs_write_atomic(fresh, "half", 4, &e) == 0);
    cr_assert(journal_open(store, &j, &e) == 0);
    cr_expect(!fs_exists(fresh));
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
    AUTO_FREE char *all = listed(store, &damage);
    cr_expect(strstr(all, "the first of all") && strstr(all, "record 2000 ") &&
              strstr(all, "record 1991 "));
    for (int64_t i = 1; i <= 2000; i++)
        journal_settle(j, i);
    cr_assert(journal_trim(j, &e) == 0);
    cr_expect_eq(bytes_of(path), 0);
    put(j, "after that", "{}", 2);
    cr_expect(journal_last(j) == 2001);
    cr_assert(journal_trim(j, &e) == 0);
    AUTO_FREE char *alone = listed(store, &damage);
    cr_expect(strncmp(alone, "0 7/8/9/", 8) == 0 && strstr(alone, "after that"));
    journal_settle(j, 2001);
    cr_assert(journal_trim(j, &e) == 0);
    journal_close(j);
    cr_expect(!fs_exists(path), "nothing waits");
    rmdir(dir);
}

/* A try's records: it leaves, it ends. Beside them what is set aside does not get in the way. */
Test(collect_journal, knows_requests_and_failures_and_old_records)
{
    static const char old[] = "1 2 3 4 200 0x0p+0 0x1p+0 nan hash openai\nid\0model\0{}";
    char dir[] = "/tmp/shunt-journal-XXXXXX", aside[240], sum[65];
    cr_assert(mkdtemp(dir) != NULL);
    AUTO_FREE char *store = fs_join(dir, "s.db"), *path = fs_join(dir, "s.db-replies");
    struct journal *j = NULL;
    struct err e = {0};
    int64_t damage = 0;
    struct buf b = BUF_INIT(0);
    sha256_hex(old, sizeof old - 1, sum);
    buf_addf(&b, "shunt-reply %zu %.16s\n", sizeof old - 1, sum);
    buf_add(&b, old, sizeof old - 1);
    cr_assert(fs_write_atomic(path, b.data, b.len, &e) == 0);
    cr_assert(journal_open(store, &j, &e) == 0);
    struct journal_record r = {.kind = JOURNAL_SENT,
                               .prompt = 1,
                               .charge_nusd = MONEY_UNKNOWN,
                               .request_hash = "h",
                               .ext_id = "p",
                               .model = "m",
                               .protocol = "-"};
    cr_assert(journal_add(j, &r, &e) == 0 && journal_last(j) == 2);
    r.kind = JOURNAL_TRIED;
    r.charge_nusd = 5;
    r.protocol = "rate_limit";
    cr_assert(journal_add(j, &r, &e) == 0);
    journal_close(j);
    AUTO_FREE char *all = listed(store, &damage);
    AUTO_FREE char *want = mem_printf("0 1/2/3/4/200 0 1 nan hash openai id model 2 %ld;"
                                      "1 1/0/0/0/0 0 0 0 h - p m 0 %ld;"
                                      "2 1/0/0/0/0 0 0 0 h rate_limit p m 0 5;",
                                      (long)MONEY_UNKNOWN, (long)MONEY_UNKNOWN);
    cr_expect_str_eq(all, want);
    cr_expect(damage == -1);
    for (int i = 0; i < 2; i++) {
        cr_assert(fs_write_atomic(path, "what is this?\n", 14, &e) == 0);
        AUTO_FREE char *none = listed(store, &damage);
        cr_expect(!none || !*none);
        cr_expect(damage == 0);
        cr_assert(journal_open(store, &j, &e) == 0);
        cr_assert(journal_set_aside(j, aside, &e) == 0, "%s", e.text);
        cr_expect_str_eq(aside + strlen(path), i ? ".damaged2" : ".damaged");
        put(j, "new", "{}", 2);
        journal_close(j);
        AUTO_FREE char *fresh = listed(store, &damage);
        cr_expect(damage == -1 && strstr(fresh, "new"));
        cr_expect_eq(bytes_of(aside), 14);
        unlink(i ? aside : path);
    }
    aside[strlen(path) + 8] = '\0';
    unlink(aside);
    unlink(path);
    cr_expect(rmdir(dir) == 0);
    buf_deinit(&b);
}
