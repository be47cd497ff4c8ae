/* Counts for reports. What a number means is said in tally.h. */
#include "store/tally.h"

#include "core/mem.h"
#include "store/db.h"

#include <inttypes.h>
#include <stdlib.h>

int run_get(struct store *s, int64_t run, struct run_info *out, struct err *e)
{
    sqlite3_stmt *st = db_get(
        s, "SELECT argv, version, data_hash, coalesce(seed, 0), started_ms FROM run WHERE id = ?",
        e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, run);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW)
        *out = (struct run_info){
            .argv = mem_strdup(db_get_text(st, 0)),
            .version = mem_strdup(db_get_text(st, 1)),
            .data_hash = mem_strdup(db_get_text(st, 2)),
            .seed = sqlite3_column_int64(st, 3),
            .started_ms = sqlite3_column_int64(st, 4),
        };
    sqlite3_reset(st);
    if (step == SQLITE_ROW)
        return 0;
    if (step != SQLITE_DONE)
        return db_fail(s, "read a run", e);
    return err_set(e, ERR_DB, "'%s' has no run %" PRId64, store_path(s), run);
}

void run_info_deinit(struct run_info *r)
{
    free(r->argv);
    free(r->version);
    free(r->data_hash);
    *r = (struct run_info){0};
}

int prompt_tally(struct store *s, int64_t router,
                 int (*see)(void *arg, const struct prompt_count_row *r, struct err *e), void *arg,
                 struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "SELECT CASE WHEN ?1 = 0 THEN coalesce(p.split, '') ELSE coalesce(rp.role, '') END AS part,"
        " p.task, coalesce(p.complexity, ''), count(*) FROM prompt p"
        " LEFT JOIN router_prompt rp ON rp.router = ?1 AND rp.prompt = p.id"
        " WHERE NOT EXISTS(SELECT 1 FROM prompt c WHERE c.parent = p.id)"
        " GROUP BY 1, 2, 3 ORDER BY CASE part WHEN 'train' THEN 0 WHEN 'validation' THEN 1"
        " WHEN 'test' THEN 2 ELSE 3 END, 1, 2, 3",
        e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        const struct prompt_count_row r = {
            .role = db_get_text(st, 0),
            .task = db_get_text(st, 1),
            .complexity = db_get_text(st, 2),
            .prompts = sqlite3_column_int64(st, 3),
        };
        rc = see(arg, &r, e);
    }
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "count prompts", e);
}

int model_tally(struct store *s,
                int (*see)(void *arg, const struct model_count_row *r, struct err *e), void *arg,
                struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "SELECT m.name, count(*),"
        " sum(EXISTS(SELECT 1 FROM score x WHERE x.reply = r.id AND x.is_primary"
        "            AND x.value IS NOT NULL)),"
        " count(r.reported_nusd), count(r.latency_ms),"
        " (SELECT count(DISTINCT component) FROM price WHERE model = m.id"
        "  AND component IN ('input', 'output') AND service_tier = 'standard') = 2,"
        " sum(r.request_hash LIKE 'import:%') > 0"
        " FROM reply r JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model"
        " GROUP BY m.id ORDER BY m.name",
        e);
    if (!st)
        return ERR_DB;
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        const struct model_count_row r = {
            .model = db_get_text(st, 0),
            .replies = sqlite3_column_int64(st, 1),
            .scored = sqlite3_column_int64(st, 2),
            .reported_cost = sqlite3_column_int64(st, 3),
            .timed = sqlite3_column_int64(st, 4),
            .priced = sqlite3_column_int(st, 5) != 0,
            .imported = sqlite3_column_int(st, 6) != 0,
        };
        rc = see(arg, &r, e);
    }
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "count replies", e);
}
