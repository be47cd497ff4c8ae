/* Evaluations, series and notes. */
#include "store/result.h"

#include "store/db.h"

int evaluation_put(struct store *s, int64_t run, int64_t router, const struct evaluation *v,
                   struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "INSERT INTO evaluation(run, router, policy, kind, split, slice, metric,"
               " value, lo, hi, n) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
               e);
    if (st) {
        db_int(st, 1, run);
        db_ref(st, 2, router);
        db_text(st, 3, v->policy);
        db_text(st, 4, v->kind);
        db_text(st, 5, v->split);
        db_text(st, 6, v->slice);
        db_text(st, 7, v->metric);
        db_real(st, 8, v->value);
        db_real(st, 9, v->lo);
        db_real(st, 10, v->hi);
        db_int(st, 11, v->n);
    }
    return db_run(s, st, "write an evaluation", e);
}

/* The newest run that evaluated this router (0: any). */
static int newest_run(struct store *s, int64_t router, int64_t *run, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT max(run) FROM evaluation WHERE ?1 = 0 OR router = ?1", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "read evaluations", e);
    *run = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (*run == 0)
        return err_set(e, ERR_USAGE, "'%s' has no evaluation; run 'shunt eval' first", s->path);
    return 0;
}

int evaluation_each(struct store *s, int64_t router, int64_t *run,
                    int (*see)(void *arg, const struct evaluation *v, struct err *e), void *arg,
                    struct err *e)
{
    int64_t newest = 0;
    int rc = newest_run(s, router, &newest, e);
    if (rc)
        return rc;
    if (run)
        *run = newest;
    sqlite3_stmt *st =
        db_get(s,
               "SELECT policy, kind, split, slice, metric, value, lo, hi, n FROM evaluation"
               " WHERE run = ? ORDER BY id",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, newest);
    int step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct evaluation v = {
            .policy = db_get_text(st, 0),
            .kind = db_get_text(st, 1),
            .split = db_get_text(st, 2),
            .slice = db_get_text(st, 3),
            .metric = db_get_text(st, 4),
            .value = db_get_real(st, 5),
            .lo = db_get_real(st, 6),
            .hi = db_get_real(st, 7),
            .n = sqlite3_column_int64(st, 8),
        };
        rc = see(arg, &v, e);
    }
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "read evaluations", e);
}

int series_put(struct store *s, int64_t run, const struct series_row *r, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "INSERT OR REPLACE INTO series VALUES(?,?,?,?,?,?,?,?,?)", e);
    if (st) {
        db_int(st, 1, run);
        db_text(st, 2, r->policy);
        db_text(st, 3, r->name);
        db_int(st, 4, r->i);
        db_real(st, 5, r->x);
        db_real(st, 6, r->y);
        db_real(st, 7, r->lo);
        db_real(st, 8, r->hi);
        db_text(st, 9, r->label);
    }
    return db_run(s, st, "write a series", e);
}

int series_each(struct store *s, int64_t run, const char *name,
                int (*see)(void *arg, const struct series_row *r, struct err *e), void *arg,
                struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT policy, name, i, x, y, lo, hi, label FROM series WHERE run = ?1 AND"
               " (?2 IS NULL OR name = ?2) ORDER BY policy, name, i",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, run);
    db_text(st, 2, name);
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct series_row r = {
            .policy = db_get_text(st, 0),
            .name = db_get_text(st, 1),
            .i = sqlite3_column_int64(st, 2),
            .x = db_get_real(st, 3),
            .y = db_get_real(st, 4),
            .lo = db_get_real(st, 5),
            .hi = db_get_real(st, 6),
            .label = db_get_text(st, 7),
        };
        rc = see(arg, &r, e);
    }
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "read series", e);
}

int note_put(struct store *s, int64_t run, const char *key, const char *text, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "INSERT INTO note(run, key, text) VALUES(?,?,?)", e);
    if (st) {
        db_int(st, 1, run);
        db_text(st, 2, key);
        db_text(st, 3, text);
    }
    return db_run(s, st, "write a note", e);
}

int note_each(struct store *s, int64_t run,
              int (*see)(void *arg, const char *key, const char *text, struct err *e), void *arg,
              struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT key, text FROM note WHERE run = ? ORDER BY id", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, run);
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW)
        rc = see(arg, db_get_text(st, 0), db_get_text(st, 1), e);
    sqlite3_reset(st);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "read notes", e);
}
