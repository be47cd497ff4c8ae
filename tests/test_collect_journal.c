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
