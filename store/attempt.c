/* Sums and a look-up; attempts have no index, so those of a time are gathered into a temporary
 * table. They are written in reply.c.
 */
#include "store/attempt.h"

#include "store/db.h"

int attempt_charged(struct store *s, int64_t model, int64_t samples, int64_t limit,
                    struct charged *out, struct err *e)
{
    int64_t sum[3] = {0};
    int rc = work_sums(
        s,
        "SELECT coalesce(sum(a.charge_nusd) FILTER (WHERE a.reply IS NOT NULL), 0),"
        " coalesce(sum(a.charge_nusd) FILTER (WHERE a.reply IS NULL), 0),"
        " count(*) FILTER (WHERE a.charge_nusd IS NULL)"
        " FROM attempt a JOIN prompt p ON p.id = a.prompt"
        " WHERE a.model_config IN (SELECT id FROM model_config WHERE model = ?1) AND a.sample < ?2"
        " AND a.prompt <= ?3 AND " DB_CHOSEN
        " AND a.id > coalesce((SELECT max(c.attempt) FROM cap_start c WHERE c.model_config IN"
        " (SELECT id FROM model_config WHERE model = ?1)), 0)",
        model, samples, limit, sum, 3, e);
    if (!rc)
        *out = (struct charged){.nusd = sum[0], .lost_nusd = sum[1], .unknown = sum[2]};
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

int attempt_ours(struct store *s, const struct attempt *a, const char *prompt_ext_id,
                 const char *model, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT 1 FROM prompt p, model_config c JOIN model m ON m.id = c.model"
               " WHERE p.id = ?1 AND p.ext_id = ?2 AND c.id = ?3 AND m.name = ?4",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, a->prompt);
    db_text(st, 2, prompt_ext_id);
    db_int(st, 3, a->model_config);
    db_text(st, 4, model);
    return db_found(s, st, "look for a prompt", e);
}

int attempt_gather(struct store *s, int64_t since_ms, struct err *e)
{
    int rc =
        db_exec(s,
                "CREATE TEMP TABLE IF NOT EXISTS gathered(prompt INTEGER, model_config INTEGER,"
                " sample INTEGER, request_hash TEXT, started_ms INTEGER, PRIMARY KEY(prompt,"
                " model_config, sample, request_hash, started_ms)) WITHOUT ROWID;"
                "DELETE FROM temp.gathered",
                e);
    sqlite3_stmt *st =
        rc ? NULL
           : db_get(s,
                    "INSERT OR IGNORE INTO temp.gathered SELECT prompt, model_config, sample,"
                    " request_hash, started_ms FROM attempt WHERE started_ms >= ?1",
                    e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, since_ms);
    return db_run(s, st, "gather attempts", e);
}

static void bind(sqlite3_stmt *st, const struct attempt *a)
{
    db_int(st, 1, a->prompt);
    db_int(st, 2, a->model_config);
    db_int(st, 3, a->sample);
    db_text(st, 4, a->request_hash);
    db_int(st, 5, a->started_ms);
}

int attempt_known(struct store *s, const struct attempt *a, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT 1 FROM temp.gathered WHERE prompt = ?1 AND model_config = ?2"
                              " AND sample = ?3 AND request_hash = ?4 AND started_ms = ?5",
                              e);
    if (!st)
        return ERR_DB;
    bind(st, a);
    int step = sqlite3_step(st);
    int rc = step == SQLITE_ROW    ? 1
             : step == SQLITE_DONE ? 0
                                   : db_fail(s, "look for an attempt", e);
    sqlite3_reset(st);
    return rc;
}

int attempt_note(struct store *s, const struct attempt *a, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "INSERT OR IGNORE INTO temp.gathered VALUES(?1,?2,?3,?4,?5)", e);
    if (st)
        bind(st, a);
    return db_run(s, st, "note an attempt", e);
}
