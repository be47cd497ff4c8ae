/* One row at a time, found again by its id: no statement is open while the caller writes. */
#include "store/reparse.h"

#include "core/buf.h"
#include "core/fs.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/dictionary.h"

enum { BODY_MAX = 256 << 20 };

static const char next_sql[] =
    "SELECT r.id, r.prompt, r.model_config, r.sample, r.request_hash, r.text, r.finish,"
    " r.input_tokens, r.cached_tokens, r.cache_write_tokens, r.cache_write_1h_tokens,"
    " r.output_tokens, r.reasoning_tokens, r.reported_nusd, r.latency_ms, r.ttft_ms,"
    " r.mean_logprob, r.min_logprob, r.entropy, r.served_model, r.created_ms, r.normalised,"
    " r.fingerprint, r.service_tier, b.protocol, p.ext_id, c.hash, b.body"
    " FROM reply r JOIN reply_body b ON b.reply = r.id JOIN prompt p ON p.id = r.prompt"
    " JOIN model_config c ON c.id = r.model_config WHERE c.model = ?1 AND r.id > ?2"
    " ORDER BY r.id LIMIT 1";

static void read_row(sqlite3_stmt *st, struct reparse_item *out)
{
    out->reply = (struct reply){
        .id = sqlite3_column_int64(st, 0),
        .prompt = sqlite3_column_int64(st, 1),
        .model_config = sqlite3_column_int64(st, 2),
        .sample = sqlite3_column_int64(st, 3),
        .request_hash = db_get_text(st, 4),
        .text = db_get_text(st, 5),
        .finish = db_get_text(st, 6),
        .usage = {db_get_count(st, 7), db_get_count(st, 8), db_get_count(st, 9),
                  db_get_count(st, 10), db_get_count(st, 11), db_get_count(st, 12)},
        .reported_nusd = db_get_money(st, 13),
        .latency_ms = db_get_real(st, 14),
        .ttft_ms = db_get_real(st, 15),
        .mean_logprob = db_get_real(st, 16),
        .min_logprob = db_get_real(st, 17),
        .entropy = db_get_real(st, 18),
        .served_model = db_get_text(st, 19),
        .created_ms = sqlite3_column_int64(st, 20),
        .normalised = db_get_text(st, 21),
        .fingerprint = db_get_text(st, 22),
        .service_tier = db_get_text(st, 23),
    };
    out->protocol = db_get_text(st, 24);
    out->ext_id = db_get_text(st, 25);
    out->config_hash = db_get_text(st, 26);
}

/* The row in st, seen. The statement stays on it: its strings are the item's. */
static int see_row(sqlite3_stmt *st, int64_t *id,
                   int (*see)(void *arg, const struct reparse_item *item, struct err *e), void *arg,
                   struct err *e)
{
    struct reparse_item item = {.protocol = NULL};
    struct buf body = BUF_INIT(0);
    read_row(st, &item);
    *id = item.reply.id;
    size_t n = 0;
    const struct zipper_dictionary *known = dictionaries(&n);
    int rc = zipper_unpack(known, n, sqlite3_column_blob(st, 27),
                           (size_t)sqlite3_column_bytes(st, 27), BODY_MAX, &body, e);
    if (rc)
        rc = err_wrap(e, rc, "the stored body of the reply to prompt '%.60s'", item.ext_id);
    buf_adds(&body, "");
    item.body = body.data;
    item.len = body.len;
    if (!rc)
        rc = see(arg, &item, e);
    buf_deinit(&body);
    return rc;
}

int reparse_each(struct store *s, int64_t model,
                 int (*see)(void *arg, const struct reparse_item *item, struct err *e), void *arg,
                 struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db, next_sql, -1, &st, NULL) != SQLITE_OK)
        return db_fail(s, "read replies", e);
    int rc = 0, step = SQLITE_ROW;
    int64_t id = 0;
    while (!rc) {
        db_int(st, 1, model);
        db_int(st, 2, id);
        step = sqlite3_step(st);
        if (step != SQLITE_ROW)
            break;
        rc = see_row(st, &id, see, arg, e);
        sqlite3_reset(st);
    }
    if (!rc && step != SQLITE_DONE)
        rc = db_fail(s, "read replies", e);
    sqlite3_finalize(st);
    return rc;
}
