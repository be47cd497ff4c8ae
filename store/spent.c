/* One query. What is made of the counts is the caller's business.
 */
#include "store/spent.h"

#include "store/db.h"

int spent_each(struct store *s, int64_t model, int64_t model_config, bool others, int64_t limit,
               int (*see)(void *arg, const struct spent *r, struct err *e), void *arg,
               struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db,
                           "SELECT p.task, p.messages, r.input_tokens, r.cached_tokens,"
                           " r.cache_write_tokens, r.cache_write_1h_tokens, r.output_tokens,"
                           " r.reasoning_tokens FROM reply r JOIN prompt p ON p.id = r.prompt"
                           " JOIN model_config c ON c.id = r.model_config WHERE c.model = ?1"
                           " AND (c.id = ?2) <> ?3 AND r.input_tokens IS NOT NULL"
                           " AND r.output_tokens IS NOT NULL ORDER BY r.id DESC LIMIT ?4",
                           -1, &st, NULL) != SQLITE_OK)
        return db_fail(s, "read token counts", e);
    db_int(st, 1, model);
    db_int(st, 2, model_config);
    db_int(st, 3, others);
    db_int(st, 4, limit);
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct spent r = {.task = db_get_text(st, 0),
                          .messages = db_get_text(st, 1),
                          .usage = {.input = db_get_count(st, 2),
                                    .cached = db_get_count(st, 3),
                                    .cache_write = db_get_count(st, 4),
                                    .cache_write_1h = db_get_count(st, 5),
                                    .output = db_get_count(st, 6),
                                    .reasoning = db_get_count(st, 7)}};
        rc = see(arg, &r, e);
    }
    if (!rc && step != SQLITE_DONE)
        rc = db_fail(s, "read token counts", e);
    sqlite3_finalize(st);
    return rc;
}
