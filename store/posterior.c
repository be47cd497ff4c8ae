/* Predictions after a reply. A row holds one number a model as little-endian 32-bit floats: the
 * figures of nine models on 5,533 prompts in six scopes are 300,000 rows of 36 bytes in place of
 * 2,700,000 rows. Predictions before any reply are in router.c. */
#include "store/posterior.h"

#include "core/mem.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

static void to_bytes(const float *v, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        for (unsigned k = 0; k < 4; k++)
            out[i * 4 + k] = (unsigned char)(bits >> (8 * k));
    }
}

static void from_bytes(const unsigned char *in, size_t n, float *v)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0;
        for (unsigned k = 0; k < 4; k++)
            bits |= (uint32_t)in[i * 4 + k] << (8 * k);
        memcpy(&v[i], &bits, sizeof bits);
    }
}

int posterior_put(struct store *s, int64_t router, int64_t scope, int64_t prompt, int64_t reply,
                  const float *quality, size_t n, struct err *e)
{
    unsigned char small[256];
    AUTO_FREE unsigned char *large = n * 4 > sizeof small ? mem_alloc(n * 4) : NULL;
    unsigned char *bytes = large ? large : small;
    to_bytes(quality, n, bytes);
    sqlite3_stmt *st = db_get(s, "INSERT OR REPLACE INTO posterior VALUES(?,?,?,?,?)", e);
    if (st) {
        db_int(st, 1, router);
        db_int(st, 2, scope);
        db_int(st, 3, prompt);
        db_int(st, 4, reply);
        sqlite3_bind_blob64(st, 5, bytes, n * 4, SQLITE_STATIC);
    }
    return db_run(s, st, "write a prediction after a reply", e);
}

int posterior_each(struct store *s, int64_t router, int64_t scope, posterior_see *see, void *arg,
                   struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT prompt, reply, quality FROM posterior WHERE router = ?"
                              " AND scope = ? ORDER BY prompt, reply",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, router);
    db_int(st, 2, scope);
    float *v = NULL;
    size_t room = 0;
    int rc = 0, step = SQLITE_DONE;
    while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
        const int64_t prompt = sqlite3_column_int64(st, 0), reply = sqlite3_column_int64(st, 1);
        const size_t bytes = (size_t)sqlite3_column_bytes(st, 2), n = bytes / 4;
        if (bytes % 4 != 0) {
            rc = err_set(e, ERR_FORMAT,
                         "'%s': the predictions after reply %lld are damaged; run 'shunt train' "
                         "again",
                         s->path, (long long)reply);
            break;
        }
        if (n > room) {
            v = mem_rearray(v, n, sizeof *v);
            room = n;
        }
        if (n)
            from_bytes(sqlite3_column_blob(st, 2), n, v);
        rc = see(arg, prompt, reply, v, n, e);
    }
    sqlite3_reset(st);
    free(v);
    return rc || step == SQLITE_DONE ? rc : db_fail(s, "read predictions after replies", e);
}
