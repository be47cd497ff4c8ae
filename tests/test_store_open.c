/* The store's door: what is refused, what is made, migration, transactions. */
#include "core/fs.h"
#include "core/mem.h"
#include "store/prompt.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static const char *path_in(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/shunt-store-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
}

static void remove_dir(void)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    cr_assert(system(cmd) == 0);
}

TestSuite(store_open, .init = make_dir, .fini = remove_dir);

static void put_file(const char *name, const char *bytes)
{
    cr_assert(fs_write_atomic(path_in(name), bytes, strlen(bytes), NULL) == 0);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

Test(store_open, refuses_what_is_not_a_store_and_names_it)
{
    struct {
        const char *name, *says;
        int want;
    } cases[] = {
        {"none.db", "there is no store", ERR_IO},
        {"text.db", "is not a SQLite file", ERR_FORMAT},
        {"other.db", "of another program", ERR_FORMAT},
        {"newer.db", "use a newer shunt", ERR_DB},
        {"cut.db", "", ERR_FORMAT},
        {".", "is a folder", ERR_IO},
    };
    put_file("text.db",
             "this is plain text, long enough to be looked at as a header of SQLite 3........");
    sql(path_in("other.db"), "CREATE TABLE t(x)");
    struct store *s = NULL;
    cr_assert(store_open(path_in("newer.db"), STORE_CREATE, &s, NULL) == 0);
    store_close(s);
    sql(path_in("newer.db"), "PRAGMA user_version=9999");
    cr_assert(store_open(path_in("cut.db"), STORE_CREATE, &s, NULL) == 0);
    store_close(s);
    cr_assert(truncate(path_in("cut.db"), 5000) == 0);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        s = NULL;
        int rc = store_open(path_in(cases[i].name), STORE_READ, &s, &e);
        cr_expect(rc == cases[i].want, "%s: got %d (%s)", cases[i].name, rc, e.text);
        cr_expect(strstr(e.text, cases[i].says) != NULL, "%s: %s", cases[i].name, e.text);
        cr_expect(strchr(e.text, '\n') == NULL);
        cr_expect(s == NULL);
    }
    cr_assert(access(path_in("none.db"), F_OK) != 0, "reading must not make a store");
}

Test(store_open, an_empty_file_and_an_older_schema_are_brought_up_to_date)
{
    put_file("empty.db", "");
    struct store *s = NULL;
    struct err e = {0};
    cr_assert(store_open(path_in("empty.db"), STORE_WRITE, &s, &e) == 0, "%s", e.text);
    cr_assert(prompt_count(s) == 0);
    store_close(s);
    cr_assert(store_open(path_in("empty.db"), STORE_READ, &s, &e) == 0, "%s", e.text);
    store_close(s);
}

static void put(struct store *s, const char *id, const char *text, const char *group)
{
    char messages[256];
    snprintf(messages, sizeof messages, "[{\"role\":\"user\",\"content\":\"%s\"}]", text);
    struct prompt p = {.ext_id = id,
                       .messages = messages,
                       .text = text,
                       .group = group,
                       .timestamp_ms = INT64_MIN,
                       .weight = 1};
    int added = 0;
    struct err e = {0};
    cr_assert(prompt_put(s, &p, &added, &e) == 0, "%s", e.text);
}

Test(store_open, a_rollback_leaves_nothing)
{
    struct store *s = NULL;
    cr_assert(store_open(path_in("s.db"), STORE_CREATE, &s, NULL) == 0);
    cr_assert(store_begin(s, NULL) == 0);
    cr_assert(store_begin(s, NULL) == 0); /* nested */
    put(s, "a", "one", NULL);
    cr_assert(store_commit(s, NULL) == 0);
    store_rollback(s);
    cr_assert(prompt_count(s) == 0);
    put(s, "a", "one", NULL);
    cr_assert(prompt_count(s) == 1);
    store_close(s);
}

static int clusters(void *arg, const struct prompt *p, struct err *e)
{
    int64_t *c = arg;
    (void)e;
    c[p->ext_id[0] - 'a'] = p->cluster;
    return 0;
}

Test(store_open, groups_merge_through_keys_and_equal_texts)
{
    struct store *s = NULL;
    cr_assert(store_open(path_in("s.db"), STORE_CREATE, &s, NULL) == 0);
    put(s, "a", "Hello  World", "g1");
    put(s, "b", "other", "g1");
    put(s, "c", "hello world", NULL); /* the same text as a, normalised */
    put(s, "d", "alone", NULL);
    put(s, "e", "OTHER", "g2");
    put(s, "f", "last", "g2");
    cr_assert(prompt_cluster(s, NULL) == 0);
    int64_t c[6] = {0};
    cr_assert(prompt_each(s, true, clusters, c, NULL) == 0);
    cr_assert(c[0] == c[1] && c[1] == c[2] && c[2] == c[4] && c[4] == c[5]);
    cr_assert(c[3] != c[0]);
    store_close(s);
}

Test(store_open, the_same_id_with_other_messages_is_refused)
{
    struct store *s = NULL;
    cr_assert(store_open(path_in("s.db"), STORE_CREATE, &s, NULL) == 0);
    put(s, "a", "one", NULL);
    put(s, "a", "one", NULL);
    cr_assert(prompt_count(s) == 1);
    struct prompt p = {.ext_id = "a",
                       .messages = "[{\"role\":\"user\",\"content\":\"two\"}]",
                       .text = "two",
                       .timestamp_ms = INT64_MIN,
                       .weight = 1};
    int added = 0;
    struct err e = {0};
    cr_assert(prompt_put(s, &p, &added, &e) == ERR_FORMAT);
    cr_assert(strstr(e.text, "'a'") != NULL);
    store_close(s);
}

Test(store_open, the_data_hash_sees_content_and_not_row_numbers)
{
    char h[3][65];
    const char *order[3][2] = {{"a", "b"}, {"b", "a"}, {"a", "c"}};
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "h%d.db", k);
        struct store *s = NULL;
        cr_assert(store_open(path_in(name), STORE_CREATE, &s, NULL) == 0);
        put(s, order[k][0], order[k][0], NULL);
        put(s, order[k][1], order[k][1], NULL);
        cr_assert(store_data_hash(s, h[k], NULL) == 0);
        store_close(s);
    }
    cr_assert(strcmp(h[0], h[1]) == 0);
    cr_assert(strcmp(h[0], h[2]) != 0);
}
