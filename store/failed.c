/* A temporary table: attempts have no index by request, and are looked through once a model. */
#include "store/failed.h"

#include "store/db.h"

int failed_gather(struct store *s, int64_t config, int64_t samples, int64_t limit, int64_t *n,
                  struct err *e)
{
    int rc = db_exec(s,
                     "CREATE TEMP TABLE IF NOT EXISTS failed(config INTEGER, prompt INTEGER,"
                     " sample INTEGER, PRIMARY KEY(config, prompt, sample)) WITHOUT ROWID",
                     e);
    sqlite3_stmt *st = rc ? NULL : db_get(s, "DELETE FROM temp.failed WHERE config = ?1", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    rc = db_run(s, st, "look for failed requests", e);
    st = rc ? NULL
            : db_get(s,
                     "INSERT OR IGNORE INTO temp.failed SELECT a.model_config, a.prompt, a.sample"
                     " FROM attempt a WHERE a.model_config = ?1 AND a.error_class IS NOT NULL"
                     " AND a.sample < ?2 AND NOT EXISTS(SELECT 1 FROM reply r WHERE"
                     " r.model_config = ?1 AND r.prompt = a.prompt AND r.sample = a.sample)"
                     " AND a.prompt IN (SELECT id FROM prompt p WHERE " DB_SELECTED
                     " ORDER BY id LIMIT ?3)",
                     e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    db_int(st, 2, samples);
    db_int(st, 3, limit > 0 ? limit : -1);
    rc = db_run(s, st, "look for failed requests", e);
    st = rc ? NULL : db_get(s, "SELECT count(*) FROM temp.failed WHERE config = ?1", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "look for failed requests", e);
    *n = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return 0;
}

int failed_has(struct store *s, int64_t config, int64_t prompt, int64_t sample, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "SELECT 1 FROM temp.failed WHERE config = ?1 AND prompt = ?2 AND sample = ?3", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, config);
    db_int(st, 2, prompt);
    db_int(st, 3, sample);
    return db_found(s, st, "look for a request", e);
}
