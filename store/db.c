/* The handle's small change: statements kept ready, errors turned into one line, null and
 * "not known" turned into each other. What the statements say is in the files by topic.
 */
#include "store/db.h"

#include <math.h>
#include <string.h>

sqlite3_stmt *db_get(struct store *s, const char *sql, struct err *e)
{
    for (size_t i = 0; i < s->cached; i++)
        if (s->cache[i].sql == sql) {
            sqlite3_reset(s->cache[i].st);
            sqlite3_clear_bindings(s->cache[i].st);
            return s->cache[i].st;
        }
    sqlite3_stmt *st = NULL;
    if (s->cached == DB_CACHE) {
        err_set(e, ERR_DB, "more than %d statements in use", DB_CACHE);
        return NULL;
    }
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
        db_fail(s, "prepare a statement", e);
        return NULL;
    }
    s->cache[s->cached].sql = sql;
    s->cache[s->cached++].st = st;
    return st;
}

int db_fail(struct store *s, const char *what, struct err *e)
{
    int code = ERR_DB;
    switch (sqlite3_errcode(s->db)) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        code = ERR_IO;
        break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        code = ERR_FORMAT;
        break;
    case SQLITE_BUSY:
        return err_set(e, ERR_DB, "cannot %s in '%s': another program holds the store; try again",
                       what, s->path);
    default:
        break;
    }
    int why = code == ERR_IO ? sqlite3_system_errno(s->db) : 0;
    return err_set(e, code, "cannot %s in '%s': %s%s%s%s", what, s->path, sqlite3_errmsg(s->db),
                   why ? " (" : "", why ? strerror(why) : "", why ? ")" : "");
}

int db_found(struct store *s, sqlite3_stmt *st, const char *what, struct err *e)
{
    int step = sqlite3_step(st);
    int rc = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : db_fail(s, what, e);
    sqlite3_reset(st);
    return rc;
}

int db_run(struct store *s, sqlite3_stmt *st, const char *what, struct err *e)
{
    if (!st)
        return e && e->code ? e->code : ERR_DB;
    int rc = sqlite3_step(st);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        int code = db_fail(s, what, e);
        sqlite3_reset(st);
        return code;
    }
    sqlite3_reset(st);
    return 0;
}

int db_exec(struct store *s, const char *sql, struct err *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s, "write", e);
}

void db_text(sqlite3_stmt *st, int i, const char *text)
{
    if (text)
        sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(st, i);
}

void db_int(sqlite3_stmt *st, int i, int64_t v)
{
    sqlite3_bind_int64(st, i, v);
}

void db_real(sqlite3_stmt *st, int i, double v)
{
    if (isnan(v))
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_double(st, i, v);
}

void db_count(sqlite3_stmt *st, int i, int64_t v)
{
    if (v < 0)
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_int64(st, i, v);
}

void db_money(sqlite3_stmt *st, int i, int64_t v)
{
    if (v == MONEY_UNKNOWN)
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_int64(st, i, v);
}

void db_ref(sqlite3_stmt *st, int i, int64_t v)
{
    if (v == 0)
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_int64(st, i, v);
}

const char *db_get_text(sqlite3_stmt *st, int col)
{
    return (const char *)sqlite3_column_text(st, col);
}

double db_get_real(sqlite3_stmt *st, int col)
{
    return sqlite3_column_type(st, col) == SQLITE_NULL ? (double)NAN
                                                       : sqlite3_column_double(st, col);
}

int64_t db_get_count(sqlite3_stmt *st, int col)
{
    return sqlite3_column_type(st, col) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, col);
}

int64_t db_get_money(sqlite3_stmt *st, int col)
{
    return sqlite3_column_type(st, col) == SQLITE_NULL ? MONEY_UNKNOWN
                                                       : sqlite3_column_int64(st, col);
}
