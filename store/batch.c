/* Batches and their items. */
#include "store/batch.h"

#include "store/db.h"

#include <stdio.h>
#include <string.h>

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

int batch_add(struct store *s, struct batch *b, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "INSERT INTO batch(model, protocol, remote, state, requests,"
                              " created_ms) VALUES(?,?,?,?,?,?)",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, b->model);
    db_text(st, 2, b->protocol);
    db_text(st, 3, b->remote[0] ? b->remote : NULL);
    db_text(st, 4, b->state);
    db_int(st, 5, b->requests);
    db_int(st, 6, b->created_ms);
    int rc = db_run(s, st, "write a batch", e);
    b->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

int batch_sized(struct store *s, int64_t id, int64_t requests, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "UPDATE batch SET requests = ?2 WHERE id = ?1", e);
    if (st) {
        db_int(st, 1, id);
        db_int(st, 2, requests);
    }
    return db_run(s, st, "count a batch", e);
}

int batch_named(struct store *s, int64_t id, const char *remote, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "UPDATE batch SET remote = ?2, state = 'open' WHERE id = ?1", e);
    if (st) {
        db_int(st, 1, id);
        db_text(st, 2, remote);
    }
    return db_run(s, st, "name a batch", e);
}

int batch_end(struct store *s, int64_t id, const char *state, int64_t ended_ms, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "UPDATE batch SET state = ?2, ended_ms = ?3 WHERE id = ?1", e);
    if (st) {
        db_int(st, 1, id);
        db_text(st, 2, state);
        db_int(st, 3, ended_ms);
    }
    return db_run(s, st, "end a batch", e);
}

int batch_next_open(struct store *s, int64_t model, int64_t after, struct batch *out, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT id, protocol, remote, requests, created_ms FROM batch"
                              " WHERE model = ?1 AND id > ?2 AND remote IS NOT NULL"
                              " AND state = 'open' ORDER BY id LIMIT 1",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    db_int(st, 2, after);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW) {
        *out = (struct batch){.id = sqlite3_column_int64(st, 0),
                              .model = model,
                              .state = "open",
                              .requests = sqlite3_column_int64(st, 3),
                              .created_ms = sqlite3_column_int64(st, 4)};
        copy(out->protocol, sizeof out->protocol, db_get_text(st, 1));
        copy(out->remote, sizeof out->remote, db_get_text(st, 2));
    }
    int rc = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : db_fail(s, "read batches", e);
    sqlite3_reset(st);
    return rc;
}

int batch_item_add(struct store *s, const struct batch_item *i, const char *custom_id,
                   struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "INSERT OR REPLACE INTO batch_item(custom_id, batch, prompt,"
                              " model_config, sample, request_hash, state, worst_nusd)"
                              " VALUES(?,?,?,?,?,?,'open',?)",
                              e);
    if (st) {
        db_text(st, 1, custom_id);
        db_int(st, 2, i->batch);
        db_int(st, 3, i->prompt);
        db_int(st, 4, i->model_config);
        db_int(st, 5, i->sample);
        db_text(st, 6, i->request_hash);
        db_money(st, 7, i->worst_nusd);
    }
    return db_run(s, st, "write a batch's request", e);
}

int batch_item_find(struct store *s, const char *custom_id, struct batch_item *out, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT i.batch, b.model, i.prompt, i.model_config, i.sample,"
               " b.protocol, i.request_hash, b.created_ms, i.worst_nusd, i.state = 'open',"
               " (SELECT max(r.created_ms) FROM reply r WHERE r.prompt = i.prompt AND"
               " r.model_config = i.model_config AND r.sample = i.sample AND r.request_hash = "
               "i.request_hash) FROM batch_item i"
               " JOIN batch b ON b.id = i.batch WHERE i.custom_id = ?1"
               " ORDER BY i.batch DESC LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, custom_id);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW) {
        *out = (struct batch_item){.batch = sqlite3_column_int64(st, 0),
                                   .model = sqlite3_column_int64(st, 1),
                                   .prompt = sqlite3_column_int64(st, 2),
                                   .model_config = sqlite3_column_int64(st, 3),
                                   .sample = sqlite3_column_int64(st, 4),
                                   .created_ms = sqlite3_column_int64(st, 7),
                                   .worst_nusd = db_get_money(st, 8),
                                   .open = sqlite3_column_int(st, 9) != 0,
                                   .reply_ms = sqlite3_column_type(st, 10) == SQLITE_NULL
                                                   ? INT64_MIN
                                                   : sqlite3_column_int64(st, 10)};
        copy(out->protocol, sizeof out->protocol, db_get_text(st, 5));
        copy(out->request_hash, sizeof out->request_hash, db_get_text(st, 6));
    }
    int rc = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : db_fail(s, "read batches", e);
    sqlite3_reset(st);
    return rc;
}

int batch_item_end(struct store *s, const char *custom_id, const char *state, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "UPDATE batch_item SET state = ?2 WHERE custom_id = ?1", e);
    if (st) {
        db_text(st, 1, custom_id);
        db_text(st, 2, state);
    }
    return db_run(s, st, "end a batch's request", e);
}

int batch_any(struct store *s, int64_t model_config, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT 1 FROM batch_item i JOIN batch b ON b.id = i.batch WHERE"
               " i.model_config = ?1 AND i.state = 'open' AND b.state = 'open' LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model_config);
    return db_found(s, st, "read batches", e);
}

int batch_waits(struct store *s, int64_t prompt, int64_t model_config, int64_t sample,
                const char *request_hash, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT 1 FROM batch_item i JOIN batch b ON b.id = i.batch WHERE i.model_config = ?1"
               " AND i.prompt = ?2 AND i.sample = ?3 AND i.request_hash = ?4 AND i.state = 'open'"
               " AND b.state = 'open' AND b.remote IS NOT NULL LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model_config);
    db_int(st, 2, prompt);
    db_int(st, 3, sample);
    db_text(st, 4, request_hash);
    return db_found(s, st, "read batches", e);
}

int batch_prices(struct store *s, int64_t model, int64_t input_tokens, struct price_now *out,
                 struct err *e)
{
    int rc = price_now(s, model, input_tokens, out, e);
    if (rc)
        return rc;
    for (int i = 0; i < PRICE_COMPONENTS; i++)
        if (out->pico_usd[i] != MONEY_UNKNOWN)
            out->pico_usd[i] /= 2;
    sqlite3_stmt *st =
        db_get(s,
               "SELECT component, pico_usd FROM price WHERE model = ?1 AND service_tier = 'batch'"
               " AND min_context <= ?2 AND from_ms <= unixepoch('now') * 1000"
               " ORDER BY from_ms, min_context",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model);
    db_int(st, 2, input_tokens > 0 ? input_tokens : 0);
    int step;
    while ((step = sqlite3_step(st)) ==
           SQLITE_ROW) /* the last of a component is the one in force */
        for (int i = 0; i < PRICE_COMPONENTS; i++)
            if (strcmp(price_component_names[i], db_get_text(st, 0)) == 0)
                out->pico_usd[i] = sqlite3_column_int64(st, 1);
    rc = step == SQLITE_DONE ? 0 : db_fail(s, "read prices", e);
    sqlite3_reset(st);
    return rc;
}
