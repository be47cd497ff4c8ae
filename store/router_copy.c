/* Copies by SQL, so that a million predictions do not pass through the program. */
#include "store/router_copy.h"

#include "store/db.h"

int router_copy(struct store *s, int64_t from, int64_t to, int64_t except, struct err *e)
{
    static const char *const copies[] = {
        "INSERT INTO router_prompt SELECT ?2, prompt, role, fold FROM router_prompt"
        " WHERE router = ?1 AND ?3 IS NOT NULL",
        "INSERT INTO complexity SELECT ?2, prompt, above FROM complexity"
        " WHERE router = ?1 AND ?3 IS NOT NULL",
        "INSERT INTO prediction SELECT ?2, scope, prompt, model, after_reply, quality, cost_nusd,"
        " latency_ms FROM prediction WHERE router = ?1 AND model <> ?3 AND after_reply = 0",
    };
    int rc = 0;
    for (size_t k = 0; !rc && k < sizeof copies / sizeof *copies; k++) {
        sqlite3_stmt *st = db_get(s, copies[k], e);
        if (st) {
            db_int(st, 1, from);
            db_int(st, 2, to);
            db_int(st, 3, except);
        }
        rc = db_run(s, st, "copy a router", e);
    }
    return rc;
}

int router_rename(struct store *s, int64_t router, const char *name, struct err *e)
{
    static const char *const steps[] = {"DELETE FROM router WHERE name = ?2 AND id <> ?1",
                                        "UPDATE router SET name = ?2 WHERE id = ?1"};
    int rc = 0;
    for (size_t k = 0; !rc && k < sizeof steps / sizeof *steps; k++) {
        sqlite3_stmt *st = db_get(s, steps[k], e);
        if (st) {
            db_int(st, 1, router);
            db_text(st, 2, name);
        }
        rc = db_run(s, st, "name a router", e);
    }
    return rc;
}
