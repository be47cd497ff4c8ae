/* Predictions after a reply in the store, and the step from schema version 1 to the next. */
#include "core/fs.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/matrix.h"
#include "store/posterior.h"
#include "store/router.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#define FIXTURE "tests/fixtures/store-v1.db.gz" /* 40 prompts, 2 models, one router of 4 folds */

static char dir[64];

static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/shunt-posterior-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
}

static void remove_dir(void)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    cr_assert(system(cmd) == 0);
}

TestSuite(store_posterior, .init = make_dir, .fini = remove_dir);

static char *unpacked(void)
{
    char *bytes = NULL, *path = mem_printf("%s/v1.db", dir);
    size_t len = 0;
    struct err e = {0};
    cr_assert(fs_read_all(FIXTURE, 1 << 24, &bytes, &len, &e) == 0, "%s", e.text);
    cr_assert(fs_write_atomic(path, bytes, len, &e) == 0, "%s", e.text);
    free(bytes);
    return path;
}

static int user_version(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK);
    cr_assert(sqlite3_step(st) == SQLITE_ROW);
    const int version = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return version;
}

struct seen {
    size_t rows;
    int64_t prompt, reply;
    float q[4];
    size_t n;
};

static int see(void *arg, int64_t prompt, int64_t reply, const float *quality, size_t n,
               struct err *e)
{
    struct seen *s = arg;
    (void)e;
    s->rows++;
    s->prompt = prompt;
    s->reply = reply;
    s->n = n;
    for (size_t k = 0; k < n && k < 4; k++)
        s->q[k] = quality[k];
    return 0;
}

/* A store of version 1 opens, keeps all that it had, and takes the new rows. */
Test(store_posterior, a_store_of_version_1_is_brought_forward)
{
    char *path = unpacked();
    struct store *s = NULL;
    struct err e = {0};
    cr_assert(eq(int, user_version(path), 1), "the fixture is what the first version wrote");
    cr_assert(store_open(path, STORE_WRITE, &s, &e) == 0, "%s", e.text);
    struct matrix *m = NULL;
    cr_assert(matrix_load(s, &(struct matrix_options){.signals = true}, &m, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, m->prompts, 40));
    cr_assert(eq(sz, m->models, 2));
    cr_assert(eq(dbl, m->reply_bytes[0], 7), "'reply 0'");
    cr_assert(isnan(m->min_logprob[0]) && isnan(m->entropy[0]));
    struct router r;
    cr_assert(router_get(s, NULL, &r, &e) == 0, "%s", e.text);
    struct prediction *p = NULL;
    size_t n = 0;
    cr_assert(prediction_load(s, r.id, SCOPE_NONE, &p, &n, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, n, 80));
    struct seen seen = {0};
    cr_assert(posterior_each(s, r.id, SCOPE_NONE, see, &seen, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, seen.rows, 0));
    const float q[2] = {.25f, (float)NAN};
    cr_assert(posterior_put(s, r.id, 3, m->prompt[7].id, m->first_reply[14], q, 2, &e) == 0, "%s",
              e.text);
    free(p);
    matrix_free(m);
    router_deinit(&r);
    store_close(s);
    cr_assert(gt(int, user_version(path), 1));

    /* Where no reply has a log-probability, what else it tells is left out: it fills memory. */
    cr_assert(store_open(path, STORE_WRITE, &s, &e) == 0, "%s", e.text);
    cr_assert(db_exec(s, "UPDATE reply SET mean_logprob = NULL", &e) == 0, "%s", e.text);
    cr_assert(matrix_load(s, &(struct matrix_options){.signals = true}, &m, &e) == 0, "%s", e.text);
    cr_assert(m->reply_bytes == NULL && m->min_logprob == NULL && m->entropy == NULL);
    cr_assert(isnan(m->mean_logprob[0]) && m->first_reply[0] != 0);
    matrix_free(m);
    store_close(s);
    free(path);
}

Test(store_posterior, rows_come_back_in_order_and_go_with_their_router)
{
    char *path = unpacked();
    struct store *s = NULL;
    struct err e = {0};
    cr_assert(store_open(path, STORE_WRITE, &s, &e) == 0, "%s", e.text);
    struct router r;
    cr_assert(router_get(s, NULL, &r, &e) == 0, "%s", e.text);
    for (int64_t i = 5; i > 0; i--) {
        const float q[2] = {(float)i / 8, (float)NAN};
        cr_assert(posterior_put(s, r.id, i % 2, i, 100 + i, q, 2, &e) == 0, "%s", e.text);
    }
    struct seen seen = {0};
    cr_assert(posterior_each(s, r.id, 1, see, &seen, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, seen.rows, 3));
    cr_assert(seen.prompt == 5 && seen.reply == 105 && seen.n == 2);
    cr_assert(seen.q[0] == .625f && isnan(seen.q[1]));
    /* a prompt that is not there is refused */
    const float q[1] = {0};
    cr_assert(posterior_put(s, r.id, 1, 4711, 1, q, 1, &e) == ERR_DB);
    /* replacing the router drops what its replies told */
    struct router again = r;
    cr_assert(router_put(s, &again, &e) == 0, "%s", e.text);
    seen = (struct seen){0};
    cr_assert(posterior_each(s, r.id, 1, see, &seen, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, seen.rows, 0));
    router_deinit(&r);
    store_close(s);
    free(path);
}
