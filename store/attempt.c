/* Sums and a look-up. Attempts are written in reply.c.
 */
#include "store/attempt.h"

#include "store/db.h"
#include "store/work.h"

int attempt_charged(struct store *s, int64_t model_config, int64_t samples, int64_t limit,
                    struct charged *out, struct err *e)
{
    int64_t last = 0;
    int rc = work_last(s, limit, &last, e);
    if (rc)
        return rc;
    sqlite3_stmt *st = db_get(
        s,
        "SELECT coalesce(sum(a.charge_nusd) FILTER (WHERE a.reply IS NOT NULL), 0),"
        " coalesce(sum(a.charge_nusd) FILTER (WHERE a.reply IS NULL), 0),"
        " count(*) FILTER (WHERE a.charge_nusd IS NULL AND a.reply IS NOT NULL)"
        " FROM attempt a WHERE a.model_config = ?1 AND a.sample < ?2 AND a.prompt <= ?3"
        " AND a.id > coalesce((SELECT c.attempt FROM cap_start c WHERE c.model_config = ?1), 0)",
        e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model_config);
    db_int(st, 2, samples);
    db_int(st, 3, last);
    if (sqlite3_step(st) != SQLITE_ROW) {
        rc = db_fail(s, "add up what was charged", e);
    } else {
        out->nusd = sqlite3_column_int64(st, 0);
        out->lost_nusd = sqlite3_column_int64(st, 1);
        out->unknown = sqlite3_column_int64(st, 2);
    }
    sqlite3_reset(st);
    return rc;
}

int attempt_forget(struct store *s, int64_t model_config, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "INSERT INTO cap_start(model_config, attempt)"
                              " VALUES(?1, (SELECT coalesce(max(id), 0) FROM attempt))"
                              " ON CONFLICT(model_config) DO UPDATE SET attempt = excluded.attempt",
                              e);
    if (st)
        db_int(st, 1, model_config);
    return db_run(s, st, "begin a new spend cap", e);
}

int attempt_known(struct store *s, const struct attempt *a, const char *prompt_ext_id,
                  const char *model, struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "SELECT EXISTS(SELECT 1 FROM attempt t WHERE t.prompt = p.id AND t.model_config = c.id"
        " AND t.sample = ?5 AND t.request_hash = ?6 AND t.started_ms = ?7 AND t.reply IS NOT NULL)"
        " FROM prompt p, model_config c JOIN model m ON m.id = c.model"
        " WHERE p.id = ?1 AND p.ext_id = ?2 AND c.id = ?3 AND m.name = ?4",
        e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, a->prompt);
    db_text(st, 2, prompt_ext_id);
    db_int(st, 3, a->model_config);
    db_text(st, 4, model);
    db_int(st, 5, a->sample);
    db_text(st, 6, a->request_hash);
    db_int(st, 7, a->started_ms);
    int step = sqlite3_step(st);
    int rc = step == SQLITE_ROW    ? sqlite3_column_int(st, 0)
             : step == SQLITE_DONE ? 2
                                   : db_fail(s, "look for an attempt", e);
    sqlite3_reset(st);
    return rc;
}
