/* Trained routers, the place of each prompt in their splits, their predictions. */
#include "store/router.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/vec.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

/* Predictions are addressed through their prompts and models, so replacing a router drops them. */
static int drop_old(struct store *s, const char *name, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "DELETE FROM router WHERE name = ?", e);
    if (st)
        db_text(st, 1, name);
    return db_run(s, st, "replace a router", e);
}

static int next_name(struct store *s, char out[32], struct err *e)
{
    for (int i = 1; i < 1000000; i++) {
        snprintf(out, 32, "r%d", i);
        sqlite3_stmt *st = db_get(s, "SELECT 1 FROM router WHERE name = ?", e);
        if (!st)
            return ERR_DB;
        db_text(st, 1, out);
        int step = sqlite3_step(st);
        sqlite3_reset(st);
        if (step == SQLITE_DONE)
            return 0;
        if (step != SQLITE_ROW)
            return db_fail(s, "read routers", e);
    }
    return err_set(e, ERR_DB, "no free router name below r1000000; give --router NAME");
}

int router_put(struct store *s, struct router *r, struct err *e)
{
    char fresh[32];
    int rc = r->name ? drop_old(s, r->name, e) : next_name(s, fresh, e);
    if (rc)
        return rc;
    if (!r->name)
        r->name = mem_strdup(fresh);
    sqlite3_stmt *st =
        db_get(s,
               "INSERT INTO router(name, encoder, mode, folds, seed, data_hash, models,"
               " params, metrics, created_ms) VALUES(?,?,?,?,?,?,?,?,?,?)",
               e);
    if (st) {
        db_text(st, 1, r->name);
        db_text(st, 2, r->encoder);
        db_text(st, 3, r->mode);
        db_int(st, 4, r->folds);
        db_int(st, 5, r->seed);
        db_text(st, 6, r->data_hash);
        db_text(st, 7, r->models);
        sqlite3_bind_blob64(st, 8, r->params ? r->params : "", r->params_len, SQLITE_STATIC);
        db_text(st, 9, r->metrics);
        db_int(st, 10, clock_unix_ms());
    }
    rc = db_run(s, st, "write a router", e);
    r->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

static void read_router(sqlite3_stmt *st, struct router *r)
{
    r->id = sqlite3_column_int64(st, 0);
    r->name = mem_strdup(db_get_text(st, 1));
    r->encoder = mem_strdup(db_get_text(st, 2));
    r->mode = mem_strdup(db_get_text(st, 3));
    r->folds = sqlite3_column_int64(st, 4);
    r->seed = sqlite3_column_int64(st, 5);
    r->data_hash = mem_strdup(db_get_text(st, 6));
    r->models = mem_strdup(db_get_text(st, 7));
    r->metrics = mem_strdup(db_get_text(st, 8));
    r->params_len = (size_t)sqlite3_column_bytes(st, 9);
    r->params = mem_alloc(r->params_len);
    if (r->params_len)
        memcpy(r->params, sqlite3_column_blob(st, 9), r->params_len);
}

int router_get(struct store *s, const char *name, struct router *out, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT id, name, encoder, mode, folds, seed, data_hash, models, metrics,"
               " params FROM router WHERE ?1 IS NULL OR name = ?1 ORDER BY id DESC LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, name);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW)
        read_router(st, out);
    sqlite3_reset(st);
    if (step == SQLITE_ROW)
        return 0;
    if (step != SQLITE_DONE)
        return db_fail(s, "read a router", e);
    if (name)
        return err_set(e, ERR_USAGE, "'%s' has no router '%s'; run 'shunt train --router %s'",
                       s->path, name, name);
    return err_set(e, ERR_USAGE, "'%s' has no trained router; run 'shunt train' first", s->path);
}

void router_deinit(struct router *r)
{
    free(r->name);
    free(r->encoder);
    free(r->mode);
    free(r->data_hash);
    free(r->models);
    free(r->params);
    free(r->metrics);
    memset(r, 0, sizeof *r);
}

int router_each(struct store *s, void (*see)(void *arg, const struct router *r), void *arg,
                struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT id, name, encoder, mode, folds, seed, data_hash, models, metrics,"
               " x'' FROM router ORDER BY id",
               e);
    if (!st)
        return ERR_DB;
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct router r;
        read_router(st, &r);
        see(arg, &r);
        router_deinit(&r);
    }
    sqlite3_reset(st);
    return step == SQLITE_DONE ? 0 : db_fail(s, "read routers", e);
}

int router_prompt_put(struct store *s, int64_t router, int64_t prompt, const char *role,
                      int64_t fold, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "INSERT OR REPLACE INTO router_prompt VALUES(?,?,?,?)", e);
    if (st) {
        db_int(st, 1, router);
        db_int(st, 2, prompt);
        db_text(st, 3, role);
        db_int(st, 4, fold);
    }
    return db_run(s, st, "write a role", e);
}

int router_prompt_load(struct store *s, int64_t router, struct router_prompt **out, size_t *n,
                       struct err *e)
{
    sqlite3_stmt *st = db_get(
        s, "SELECT prompt, role, fold FROM router_prompt WHERE router = ? ORDER BY prompt", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    VEC(struct router_prompt) rows = {0};
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct router_prompt r = {.prompt = sqlite3_column_int64(st, 0),
                                  .fold = sqlite3_column_int64(st, 2)};
        snprintf(r.role, sizeof r.role, "%s", db_get_text(st, 1));
        VEC_PUSH(&rows, r);
    }
    sqlite3_reset(st);
    if (step != SQLITE_DONE) {
        VEC_FREE(&rows);
        return db_fail(s, "read roles", e);
    }
    *out = rows.v;
    *n = rows.n;
    return 0;
}

int prediction_put(struct store *s, int64_t router, int64_t scope, const struct prediction *p,
                   struct err *e)
{
    sqlite3_stmt *st = db_get(s, "INSERT OR REPLACE INTO prediction VALUES(?,?,?,?,?,?,?,?)", e);
    if (st) {
        db_int(st, 1, router);
        db_int(st, 2, scope);
        db_int(st, 3, p->prompt);
        db_int(st, 4, p->model);
        db_int(st, 5, p->after_reply);
        sqlite3_bind_double(st, 6, p->quality);
        db_money(st, 7, p->cost_nusd);
        db_real(st, 8, p->latency_ms);
    }
    return db_run(s, st, "write a prediction", e);
}

int prediction_load(struct store *s, int64_t router, int64_t scope, struct prediction **out,
                    size_t *n, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT prompt, model, after_reply, quality, cost_nusd, latency_ms"
                              " FROM prediction WHERE router = ? AND scope = ?"
                              " ORDER BY prompt, model, after_reply",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    db_int(st, 2, scope);
    VEC(struct prediction) rows = {0};
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct prediction p = {
            .prompt = sqlite3_column_int64(st, 0),
            .model = sqlite3_column_int64(st, 1),
            .after_reply = sqlite3_column_int64(st, 2),
            .quality = sqlite3_column_double(st, 3),
            .cost_nusd = db_get_money(st, 4),
            .latency_ms = db_get_real(st, 5),
        };
        VEC_PUSH(&rows, p);
    }
    sqlite3_reset(st);
    if (step != SQLITE_DONE) {
        VEC_FREE(&rows);
        return db_fail(s, "read predictions", e);
    }
    *out = rows.v;
    *n = rows.n;
    return 0;
}

int complexity_put(struct store *s, int64_t router, int64_t prompt, const double *above, size_t n,
                   struct err *e)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_arr(&w, NULL);
    for (size_t i = 0; i < n; i++)
        jsonw_num(&w, NULL, above[i]);
    jsonw_end(&w);
    sqlite3_stmt *st = db_get(s, "INSERT OR REPLACE INTO complexity VALUES(?,?,?)", e);
    if (st) {
        db_int(st, 1, router);
        db_int(st, 2, prompt);
        db_text(st, 3, b.data);
    }
    int rc = db_run(s, st, "write a complexity", e);
    buf_deinit(&b);
    return rc;
}

int complexity_load(struct store *s, int64_t router, struct complexity_row **out, size_t *n,
                    struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "SELECT prompt, above FROM complexity WHERE router = ? ORDER BY prompt", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    VEC(struct complexity_row) rows = {0};
    int step, rc = 0;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct complexity_row row = {.prompt = sqlite3_column_int64(st, 0)};
        struct json *j = NULL;
        const char *text = db_get_text(st, 1);
        rc = json_parse(text, strlen(text), &j, e);
        for (const struct json *c = json_first(j); c && row.n < 8; c = json_next(c))
            row.above[row.n++] = json_num(c, 0);
        json_free(j);
        VEC_PUSH(&rows, row);
    }
    sqlite3_reset(st);
    if (!rc && step != SQLITE_DONE)
        rc = db_fail(s, "read complexities", e);
    if (rc) {
        VEC_FREE(&rows);
        return rc;
    }
    *out = rows.v;
    *n = rows.n;
    return 0;
}
