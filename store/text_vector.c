/* From a text to the vector in the store. Vectors by prompt are embed.c. */
#include "store/text_vector.h"

#include "store/db.h"

int embedding_of_text(struct store *s, const struct encoder *enc, const char *text, size_t bytes,
                      float *out, struct err *e)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT p.id FROM prompt p JOIN embedding v ON v.prompt = p.id AND"
                              " v.encoder = ? WHERE p.text = ? ORDER BY p.id LIMIT 1",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, enc->id);
    sqlite3_bind_text64(st, 2, text, bytes, SQLITE_STATIC, SQLITE_UTF8);
    const int step = sqlite3_step(st);
    const int64_t prompt = step == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_reset(st);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return db_fail(s, "look for a text", e);
    if (step == SQLITE_DONE)
        return err_set(
            e, ERR_USAGE,
            "no prompt in '%s' with this text has a vector of encoder '%s'; give one with "
            "--vector FILE",
            store_path(s), enc->name);
    bool have = false;
    int rc = embedding_load(s, enc->id, (size_t)enc->dimensions, &prompt, 1, out, &have, e);
    return rc || have ? rc : err_set(e, ERR_FORMAT, "the vector of a prompt is damaged");
}
