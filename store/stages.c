/* Stages of staged requests, told from the prompts that have a parent. The prompts themselves are
 * prompt.c.
 */
#include "store/stages.h"

#include "store/db.h"

int stage_kind_each(struct store *s,
                    int (*see)(void *arg, const struct stage_kind *k, struct err *e), void *arg,
                    struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "SELECT p.task, c.stage, CASE WHEN min(c.task) = max(c.task) AND min(c.task) <> '' THEN"
        " min(c.task) END, count(*) FROM prompt c JOIN prompt p ON p.id = c.parent"
        " WHERE c.stage IS NOT NULL GROUP BY p.task, c.stage"
        " ORDER BY p.task, min(c.stage_index), c.stage",
        e);
    if (!st)
        return ERR_DB;
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        const struct stage_kind k = {db_get_text(st, 0), db_get_text(st, 1), db_get_text(st, 2),
                                     sqlite3_column_int64(st, 3)};
        rc = see(arg, &k, e);
    }
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "read the stages of requests", e);
}
