/* Votes between pairs of models. What is fitted to them is train/preference.c. */
#include "store/preference.h"

#include "core/vec.h"
#include "store/db.h"

int preference_put(struct store *s, const struct preference *p, int *added, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT 1 FROM preference WHERE prompt = ? AND model_a = ? AND"
                              " model_b = ? AND vote = ?",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, p->prompt);
    db_int(st, 2, p->model_a);
    db_int(st, 3, p->model_b);
    db_int(st, 4, p->vote);
    const int step = sqlite3_step(st);
    sqlite3_reset(st);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return db_fail(s, "read preferences", e);
    *added = step == SQLITE_DONE;
    st = db_get(s,
                "INSERT INTO preference(prompt, model_a, model_b, vote, outcome)"
                " VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET outcome = excluded.outcome",
                e);
    if (st) {
        db_int(st, 1, p->prompt);
        db_int(st, 2, p->model_a);
        db_int(st, 3, p->model_b);
        db_int(st, 4, p->vote);
        sqlite3_bind_double(st, 5, p->outcome);
    }
    return db_run(s, st, "write a preference", e);
}

int preference_load(struct store *s, struct preference **out, size_t *n, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT prompt, model_a, model_b, outcome, vote FROM preference"
                              " ORDER BY prompt, model_a, model_b, vote",
                              e);
    if (!st)
        return ERR_DB;
    VEC(struct preference) v = {0};
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        const struct preference p = {
            .prompt = sqlite3_column_int64(st, 0),
            .model_a = sqlite3_column_int64(st, 1),
            .model_b = sqlite3_column_int64(st, 2),
            .outcome = sqlite3_column_double(st, 3),
            .vote = sqlite3_column_int64(st, 4),
        };
        VEC_PUSH(&v, p);
    }
    sqlite3_reset(st);
    *out = v.v;
    *n = v.n;
    return step == SQLITE_DONE ? 0 : db_fail(s, "read preferences", e);
}

int64_t preference_count(struct store *s, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT count(*) FROM preference", e);
    if (!st)
        return ERR_DB;
    const int64_t n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : ERR_DB;
    sqlite3_reset(st);
    return n < 0 ? db_fail(s, "count preferences", e) : n;
}
