/* Encoders and vectors: float32, little endian, one blob a prompt. */
#include "store/embed.h"

#include "core/buf.h"
#include "core/mem.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

static void read_encoder(sqlite3_stmt *st, struct encoder *enc)
{
    enc->id = sqlite3_column_int64(st, 0);
    snprintf(enc->name, sizeof enc->name, "%s", db_get_text(st, 1));
    enc->dimensions = sqlite3_column_int64(st, 2);
    snprintf(enc->hash, sizeof enc->hash, "%s", db_get_text(st, 3));
}

/* 1 found, 0 not, or an error. */
static int look_up(struct store *s, const char *name, struct encoder *out, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "SELECT id, name, dimensions, hash FROM encoder WHERE name = ?", e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, name);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW)
        read_encoder(st, out);
    sqlite3_reset(st);
    return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : db_fail(s, "read encoders", e);
}

int encoder_put(struct store *s, struct encoder *enc, struct err *e)
{
    struct encoder have;
    int rc = look_up(s, enc->name, &have, e);
    if (rc < 0)
        return rc;
    if (rc == 1) {
        if (have.dimensions != enc->dimensions || strcmp(have.hash, enc->hash))
            return err_set(
                e, ERR_DB,
                "encoder '%s' is in the store with %lld dimensions and other settings; give the"
                " new one another name",
                enc->name, (long long)have.dimensions);
        enc->id = have.id;
        return 0;
    }
    sqlite3_stmt *st = db_get(s, "INSERT INTO encoder(name, dimensions, hash) VALUES(?,?,?)", e);
    if (st) {
        db_text(st, 1, enc->name);
        db_int(st, 2, enc->dimensions);
        db_text(st, 3, enc->hash);
    }
    rc = db_run(s, st, "write an encoder", e);
    enc->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

static void add_name(void *arg, const struct encoder *enc, int64_t rows)
{
    struct buf *b = arg;
    (void)rows;
    buf_addf(b, "%s%s", b->len ? ", " : "", enc->name);
}

int encoder_find(struct store *s, const char *name, struct encoder *out, struct err *e)
{
    int rc = look_up(s, name, out, e);
    if (rc < 0)
        return rc;
    if (rc == 1)
        return 0;
    struct buf names = BUF_INIT(200);
    rc = encoder_each(s, add_name, &names, e);
    if (!rc)
        rc = err_set(e, ERR_USAGE, "the store has no encoder '%s' (it has: %s); run 'shunt embed'",
                     name, names.len ? names.data : "none");
    buf_deinit(&names);
    return rc;
}

int embedding_put(struct store *s, int64_t prompt, int64_t encoder, const float *v, size_t dims,
                  struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "INSERT OR REPLACE INTO embedding(prompt, encoder, vector) VALUES(?,?,?)", e);
    if (st) {
        db_int(st, 1, prompt);
        db_int(st, 2, encoder);
        sqlite3_bind_blob64(st, 3, v, dims * sizeof *v, SQLITE_STATIC);
    }
    return db_run(s, st, "write a vector", e);
}

int embedding_have(struct store *s, int64_t prompt, int64_t encoder, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT 1 FROM embedding WHERE encoder = ? AND prompt = ?", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, encoder);
    db_int(st, 2, prompt);
    return db_found(s, st, "look for a vector", e);
}

int embedding_load(struct store *s, int64_t encoder, size_t dims, const int64_t *prompts, size_t n,
                   float *out, bool *have, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *st =
            db_get(s, "SELECT vector FROM embedding WHERE encoder = ? AND prompt = ?", e);
        if (!st)
            return ERR_DB;
        db_int(st, 1, encoder);
        db_int(st, 2, prompts[i]);
        int step = sqlite3_step(st);
        have[i] = step == SQLITE_ROW && (size_t)sqlite3_column_bytes(st, 0) == dims * sizeof *out;
        if (have[i])
            memcpy(out + i * dims, sqlite3_column_blob(st, 0), dims * sizeof *out);
        sqlite3_reset(st);
        if (step != SQLITE_ROW && step != SQLITE_DONE)
            return db_fail(s, "read a vector", e);
    }
    return 0;
}

int encoder_each(struct store *s, void (*see)(void *arg, const struct encoder *enc, int64_t rows),
                 void *arg, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT id, name, dimensions, hash, (SELECT count(*) FROM embedding v WHERE"
               " v.encoder = encoder.id) FROM encoder ORDER BY id",
               e);
    if (!st)
        return ERR_DB;
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct encoder enc;
        read_encoder(st, &enc);
        see(arg, &enc, sqlite3_column_int64(st, 4));
    }
    sqlite3_reset(st);
    return step == SQLITE_DONE ? 0 : db_fail(s, "read encoders", e);
}
