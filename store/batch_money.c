/* Batches under a spend cap: what they hold, and what becomes of it. */
#include "store/batch.h"

#include "store/db.h"

#include <string.h>

int batch_held(struct store *s, int64_t model, int64_t samples, int64_t limit, int64_t *unknown,
               int64_t *nusd, struct err *e)
{
    int64_t sum[2] = {0};
    int rc = work_sums(
        s,
        "SELECT count(*) FILTER (WHERE i.worst_nusd IS NULL), coalesce(sum(i.worst_nusd), 0)"
        " FROM batch_item i JOIN batch b ON b.id = i.batch JOIN prompt p ON p.id = i.prompt WHERE"
        " b.model = ?1 AND i.sample < ?2 AND i.prompt <= ?3 AND i.state = 'open' AND"
        " (b.state = 'sending' OR (b.state = 'open' AND b.remote IS NOT NULL)) AND " DB_CHOSEN,
        model, samples, limit, sum, 2, e);
    if (!rc) {
        *unknown = sum[0];
        *nusd = sum[1];
    }
    return rc;
}

static int count_open(struct store *s, int64_t id, bool charged, int64_t *n, int64_t *nusd,
                      struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT count(*), coalesce(sum(worst_nusd), 0) FROM batch_item"
                              " WHERE batch = ?1 AND state = 'open'",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, id);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "read batches", e);
    *n = sqlite3_column_int64(st, 0);
    *nusd = charged ? sqlite3_column_int64(st, 1) : 0;
    sqlite3_reset(st);
    return ERR_OK;
}

int batch_open_items(struct store *s, int64_t id, int64_t *n, struct err *e)
{
    int64_t ignored;
    return count_open(s, id, true, n, &ignored, e);
}

static int fail_open(struct store *s, int64_t id, const char *class, bool charged, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "INSERT INTO attempt(prompt, model_config, sample, request_hash, started_ms, status,"
               " error_class, charge_nusd) SELECT i.prompt, i.model_config, i.sample,"
               " i.request_hash, b.created_ms, 0, ?2, CASE WHEN ?3 THEN i.worst_nusd ELSE 0 END"
               " FROM batch_item i JOIN batch b ON b.id = i.batch WHERE i.batch = ?1"
               " AND i.state = 'open'",
               e);
    if (st) {
        db_int(st, 1, id);
        db_text(st, 2, class);
        db_int(st, 3, charged);
    }
    int rc = db_run(s, st, "write attempts", e);
    st =
        rc ? NULL
           : db_get(s, "UPDATE batch_item SET state = 'failed' WHERE batch = ?1 AND state = 'open'",
                    e);
    if (st)
        db_int(st, 1, id);
    return rc ? rc : db_run(s, st, "end a batch's requests", e);
}

int batch_give_up(struct store *s, int64_t id, const char *state, const char *class, bool charged,
                  int64_t ended_ms, int64_t *n, int64_t *nusd, struct err *e)
{
    int rc = store_begin(s, e);
    if (!rc)
        rc = count_open(s, id, charged, n, nusd, e);
    if (!rc && *n > 0)
        rc = fail_open(s, id, class, charged, e);
    if (!rc)
        rc = batch_end(s, id, state, ended_ms, e);
    if (!rc)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    return rc;
}

int batch_forget(struct store *s, int64_t id, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "DELETE FROM batch WHERE id = ?1", e);
    if (st)
        db_int(st, 1, id);
    return db_run(s, st, "forget a batch", e); /* its items go with it */
}

int batch_sending(struct store *s, int64_t model, int64_t *id, struct err *e)
{
    sqlite3_stmt *st = db_get(
        s, "SELECT id FROM batch WHERE model = ?1 AND state = 'sending' ORDER BY id LIMIT 1", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW)
        *id = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : db_fail(s, "read batches", e);
}
