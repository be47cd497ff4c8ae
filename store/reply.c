/* Replies, raw bodies, attempts, scores. */
#include "store/reply.h"

#include "core/buf.h"
#include "store/db.h"
#include "store/dictionary.h"

#include <math.h>

#define REPLY_INSERT                                                                               \
    "INSERT INTO reply(prompt, model_config, sample, request_hash, text, finish, input_tokens,"    \
    " cached_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,"  \
    " reported_nusd, latency_ms, ttft_ms, mean_logprob, min_logprob, entropy, served_model,"       \
    " created_ms, normalised, fingerprint, service_tier)"                                          \
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23)"  \
    " ON CONFLICT(model_config, prompt, sample, request_hash) DO "

/* A new row mostly: RETURNING, which the other case needs, costs as much again as the row. */
static const char insert_sql[] = REPLY_INSERT "NOTHING";
static const char replace_sql[] =
    REPLY_INSERT "UPDATE SET text=?5, finish=?6, input_tokens=?7, cached_tokens=?8,"
                 " cache_write_tokens=?9, cache_write_1h_tokens=?10, output_tokens=?11,"
                 " reasoning_tokens=?12, reported_nusd=?13, latency_ms=?14, ttft_ms=?15,"
                 " mean_logprob=?16, min_logprob=?17, entropy=?18, served_model=?19,"
                 " created_ms=?20, normalised=?21, fingerprint=?22, service_tier=?23 RETURNING id";

static void bind_reply(sqlite3_stmt *st, const struct reply *r)
{
    db_int(st, 1, r->prompt);
    db_int(st, 2, r->model_config);
    db_int(st, 3, r->sample);
    db_text(st, 4, r->request_hash);
    db_text(st, 5, r->text);
    db_text(st, 6, r->finish);
    db_count(st, 7, r->usage.input);
    db_count(st, 8, r->usage.cached);
    db_count(st, 9, r->usage.cache_write);
    db_count(st, 10, r->usage.cache_write_1h);
    db_count(st, 11, r->usage.output);
    db_count(st, 12, r->usage.reasoning);
    db_money(st, 13, r->reported_nusd);
    db_real(st, 14, r->latency_ms);
    db_real(st, 15, r->ttft_ms);
    db_real(st, 16, r->mean_logprob);
    db_real(st, 17, r->min_logprob);
    db_real(st, 18, r->entropy);
    db_text(st, 19, r->served_model);
    db_ref(st, 20, r->created_ms);
    db_text(st, 21, r->normalised);
    db_text(st, 22, r->fingerprint);
    db_text(st, 23, r->service_tier);
}

int reply_put(struct store *s, struct reply *r, struct err *e)
{
    sqlite3_stmt *st = db_get(s, insert_sql, e);
    if (!st)
        return ERR_DB;
    bind_reply(st, r);
    int rc = db_run(s, st, "write a reply", e);
    if (rc)
        return rc;
    if (sqlite3_changes(s->db) == 1) {
        r->id = sqlite3_last_insert_rowid(s->db);
        return 0;
    }
    st = db_get(s, replace_sql, e);
    if (!st)
        return ERR_DB;
    bind_reply(st, r);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "write a reply", e);
    r->id = sqlite3_column_int64(st, 0);
    return db_run(s, st, "write a reply", e);
}

int reply_pack(struct zipper *z, const char *protocol, const void *body, size_t len,
               struct buf *out, struct err *e)
{
    return zipper_add_with(z, dictionary_of(protocol), body, len, out, e);
}

int reply_packed_put(struct store *s, int64_t reply, const char *protocol, const void *packed,
                     size_t len, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "INSERT OR REPLACE INTO reply_body VALUES(?,?,?)", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, reply);
    db_text(st, 2, protocol);
    sqlite3_bind_blob64(st, 3, packed, len, SQLITE_STATIC);
    int rc = db_run(s, st, "write a reply's body", e);
    sqlite3_clear_bindings(st);
    return rc;
}

int reply_body_put(struct store *s, int64_t reply, const char *protocol, const void *body,
                   size_t len, struct err *e)
{
    struct buf packed = BUF_INIT(0);
    if (!s->zipper)
        s->zipper = zipper_new();
    int rc = reply_pack(s->zipper, protocol, body, len, &packed, e);
    if (!rc)
        rc = reply_packed_put(s, reply, protocol, packed.data, packed.len, e);
    buf_deinit(&packed);
    return rc;
}

int reply_have(struct store *s, int64_t prompt, int64_t model, int64_t model_config, int64_t sample,
               const char *request_hash, bool refresh, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "SELECT 1 FROM reply WHERE model_config = ?1 AND prompt = ?2 AND sample = ?3"
               " AND request_hash = ?4 UNION ALL SELECT 1 FROM reply r JOIN model_config c"
               " ON c.id = r.model_config AND c.hash = 'import' AND c.model = ?5"
               " WHERE ?6 AND r.prompt = ?2 AND r.sample = ?3 LIMIT 1",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, model_config);
    db_int(st, 2, prompt);
    db_int(st, 3, sample);
    db_text(st, 4, request_hash);
    db_int(st, 5, model);
    db_int(st, 6, !refresh);
    return db_found(s, st, "look for a reply", e);
}

int attempt_put(struct store *s, const struct attempt *a, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s,
               "INSERT INTO attempt(prompt, model_config, sample, request_hash, started_ms,"
               " status, error_class, wait_ms, latency_ms, reply, charge_nusd)"
               " VALUES(?,?,?,?,?,?,?,?,?,?,?)",
               e);
    if (st) {
        db_int(st, 1, a->prompt);
        db_int(st, 2, a->model_config);
        db_int(st, 3, a->sample);
        db_text(st, 4, a->request_hash);
        db_int(st, 5, a->started_ms);
        db_int(st, 6, a->status);
        db_text(st, 7, a->error_class);
        db_real(st, 8, a->wait_ms);
        db_real(st, 9, a->latency_ms);
        db_ref(st, 10, a->reply);
        db_money(st, 11, a->charge_nusd);
    }
    return db_run(s, st, "write an attempt", e);
}

int grade_each(struct store *s, int64_t version, bool regrade,
               int (*see)(void *arg, const struct grade_item *g, struct err *e), void *arg,
               struct err *e)
{
    static const char sql[] =
        "SELECT r.id, coalesce(r.normalised, r.text), r.finish, m.name, p.ext_id, p.messages, "
        "p.reference, p.grader, p.task"
        " FROM reply r JOIN prompt p ON p.id = r.prompt JOIN model_config c ON c.id = "
        "r.model_config"
        " JOIN model m ON m.id = c.model WHERE p.grader IS NOT NULL AND r.text IS NOT NULL AND (?2 "
        "OR"
        " NOT EXISTS(SELECT 1 FROM score s WHERE s.reply = r.id AND s.grader = p.grader AND"
        " s.version = ?1)) ORDER BY r.id";
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        return db_fail(s, "read replies", e);
    db_int(st, 1, version);
    db_int(st, 2, regrade);
    int rc = 0, step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct grade_item g = {
            .reply = sqlite3_column_int64(st, 0),
            .reply_text = db_get_text(st, 1),
            .finish = db_get_text(st, 2),
            .model = db_get_text(st, 3),
            .prompt_ext_id = db_get_text(st, 4),
            .messages = db_get_text(st, 5),
            .reference = db_get_text(st, 6),
            .grader = db_get_text(st, 7),
            .task = db_get_text(st, 8),
        };
        rc = see(arg, &g, e);
        if (rc)
            break;
    }
    if (!rc && step != SQLITE_DONE)
        rc = db_fail(s, "read replies", e);
    sqlite3_finalize(st);
    return rc;
}

int score_put(struct store *s, int64_t reply, const char *grader, int64_t version, double value,
              const char *status, const char *reason, bool primary, struct err *e)
{
    sqlite3_stmt *st;
    if (primary) {
        st = db_get(s, "UPDATE score SET is_primary = 0 WHERE reply = ? AND is_primary = 1", e);
        if (st)
            db_int(st, 1, reply);
        int rc = db_run(s, st, "write a score", e);
        if (rc)
            return rc;
    }
    st = db_get(s, "INSERT OR REPLACE INTO score VALUES(?,?,?,?,?,?,?)", e);
    if (st) {
        db_int(st, 1, reply);
        db_text(st, 2, grader);
        db_int(st, 3, version);
        db_real(st, 4, value);
        db_text(st, 5, status);
        db_text(st, 6, reason);
        db_int(st, 7, primary);
    }
    return db_run(s, st, "write a score", e);
}
