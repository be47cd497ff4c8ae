/* Open, close, transactions, runs. The schema is schema.c's, the rows are the other files'. */
#include "store/store.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/fs.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/zipper.h"
#include "store/db.h"

#include <stdlib.h>

static int configure(struct store *s, enum store_mode mode, struct err *e)
{
    sqlite3_busy_timeout(s->db, 10000);
    int rc = schema_migrate(s->db, s->path, e);
    if (rc)
        return rc;
    sqlite3_exec(s->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL); /* not on a read-only file */
    sqlite3_exec(s->db,
                 "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY",
                 NULL, NULL, NULL);
    if (sqlite3_exec(s->db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(s, "turn foreign keys on", e);
    if (work_register(s) != SQLITE_OK || where_register(s) != SQLITE_OK)
        return db_fail(s, "add a function", e);
    if (mode == STORE_READ)
        return db_exec(s, "PRAGMA query_only=ON", e);
    return 0;
}

int store_open(const char *path, enum store_mode mode, struct store **out, struct err *e)
{
    if (mode != STORE_CREATE && !fs_exists(path))
        return err_set(e, ERR_IO, "there is no store '%s'; shunt import --store %s makes one", path,
                       path);
    if (fs_is_dir(path))
        return err_set(e, ERR_IO, "'%s' is a folder; --store wants a file", path);

    struct store *s = mem_zalloc(sizeof *s);
    s->path = mem_strdup(path);
    /* One thread at a time (store.h): SQLite need not lock for every call. */
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
                (mode == STORE_CREATE ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (rc != SQLITE_OK && mode == STORE_READ) {
        sqlite3_close(s->db);
        rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY, NULL);
    }
    if (rc != SQLITE_OK) {
        err_set(e, ERR_IO, "cannot open '%s': %s", path, sqlite3_errmsg(s->db));
        store_close(s);
        return ERR_IO;
    }
    rc = configure(s, mode, e);
    if (rc) {
        store_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

void store_cache(struct store *s, int64_t bytes)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA cache_size=-%lld", (long long)(bytes / 1024));
    sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->cached; i++)
        sqlite3_finalize(s->cache[i].st);
    if (s->depth > 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(s->db);
    store_unclaim(s);
    zipper_free(s->zipper);
    free(s->path);
    free(s);
}

const char *store_path(const struct store *s)
{
    return s->path;
}

int store_begin(struct store *s, struct err *e)
{
    if (s->depth == 0) {
        int rc = db_exec(s, "BEGIN IMMEDIATE", e);
        if (rc)
            return rc;
    }
    s->depth++;
    return 0;
}

int store_commit(struct store *s, struct err *e)
{
    if (s->depth == 1) {
        int rc = db_exec(s, "COMMIT", e);
        if (rc)
            return rc;
    }
    s->depth--;
    return 0;
}

void store_rollback(struct store *s)
{
    if (s->depth > 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->depth = 0;
}

int run_begin(struct store *s, int argc, char *const *argv, int64_t seed, int64_t *run_id,
              struct err *e)
{
    struct buf args = BUF_INIT(0), libs = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&args);
    jsonw_arr(&w, NULL);
    for (int i = 0; i < argc; i++)
        jsonw_str(&w, NULL, argv[i]);
    jsonw_end(&w);
    buf_addf(&libs, "sqlite %s", sqlite3_libversion());

    sqlite3_stmt *st =
        db_get(s,
               "INSERT INTO run(argv, version, seed, libraries, started_ms, data_hash)"
               " VALUES(?,?,?,?,?,NULL)",
               e);
    if (st) {
        db_text(st, 1, args.data);
        db_text(st, 2, SHUNT_VERSION);
        db_int(st, 3, seed);
        db_text(st, 4, libs.data);
        db_int(st, 5, clock_unix_ms());
    }
    int rc = db_run(s, st, "note the run", e);
    *run_id = sqlite3_last_insert_rowid(s->db);
    buf_deinit(&args);
    buf_deinit(&libs);
    return rc;
}

int run_end(struct store *s, int64_t run_id, int status, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "UPDATE run SET ended_ms=?, status=? WHERE id=?", e);
    if (st) {
        db_int(st, 1, clock_unix_ms());
        db_int(st, 2, status);
        db_int(st, 3, run_id);
    }
    return db_run(s, st, "end the run", e);
}

static const struct {
    const char *table, *sql;
} counts[] = {
#define COUNT(t)                                                                                   \
    {                                                                                              \
#t, "SELECT count(*) FROM " #t                                                             \
    }
    COUNT(prompt),     COUNT(model),      COUNT(price),      COUNT(reply),     COUNT(attempt),
    COUNT(score),      COUNT(preference), COUNT(encoder),    COUNT(embedding), COUNT(router),
    COUNT(prediction), COUNT(policy),     COUNT(evaluation), COUNT(series),    COUNT(run),
};

int store_counts(struct store *s, void (*see)(void *arg, const char *table, int64_t rows),
                 void *arg, struct err *e)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        sqlite3_stmt *st = db_get(s, counts[i].sql, e);
        if (!st || sqlite3_step(st) != SQLITE_ROW)
            return db_fail(s, "count rows", e);
        see(arg, counts[i].table, sqlite3_column_int64(st, 0));
        sqlite3_reset(st);
    }
    return 0;
}
