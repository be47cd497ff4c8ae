/* Prompts: insert, read back, groups, the hash of what training depends on. */
#include "store/prompt.h"

#include "core/buf.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "store/db.h"

#include <string.h>

static void normal_hash(const char *text, char hex[65])
{
    struct buf b = BUF_INIT(0);
    text_normalise(&b, text, strlen(text));
    sha256_hex(b.data, b.len, hex);
    buf_deinit(&b);
}

/* The row of this ext_id: *id 0 when there is none; ERR_FORMAT when its messages differ. */
static int existing(struct store *s, const struct prompt *p, int64_t *id, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT id, messages = ?2 FROM prompt WHERE ext_id = ?1", e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, p->ext_id);
    db_text(st, 2, p->messages);
    int rc = sqlite3_step(st);
    *id = 0;
    if (rc == SQLITE_ROW) {
        *id = sqlite3_column_int64(st, 0);
        bool same = sqlite3_column_int(st, 1);
        sqlite3_reset(st);
        if (!same)
            return err_set(
                e, ERR_FORMAT,
                "prompt '%s' is in the store with other messages; give it another id, or use"
                " a new store",
                p->ext_id);
        return 0;
    }
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : db_fail(s, "look up a prompt", e);
}

static const char insert_sql[] =
    "INSERT INTO prompt(ext_id, dataset, task, messages, text, text_hash, user, user_class,"
    " timestamp_ms, reference, grader, complexity, grp, split, split_given, weight, parent, stage,"
    " stage_index) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
static const char update_sql[] =
    "UPDATE prompt SET ext_id=?, dataset=?, task=?, messages=?, text=?, text_hash=?, user=?,"
    " user_class=?, timestamp_ms=?, reference=?, grader=?, complexity=?, grp=?,"
    " split=iif(?15, ?14, coalesce(?14, split)), split_given=?15, weight=?, parent=?, stage=?,"
    " stage_index=? WHERE id=?";

int prompt_put(struct store *s, struct prompt *p, int *added, struct err *e)
{
    int64_t id = 0;
    int rc = existing(s, p, &id, e);
    if (rc)
        return rc;
    char hash[65];
    normal_hash(p->text, hash);
    sqlite3_stmt *st = id ? db_get(s, update_sql, e) : db_get(s, insert_sql, e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, p->ext_id);
    db_text(st, 2, p->dataset ? p->dataset : "");
    db_text(st, 3, p->task ? p->task : "");
    db_text(st, 4, p->messages);
    db_text(st, 5, p->text);
    db_text(st, 6, hash);
    db_text(st, 7, p->user);
    db_text(st, 8, p->user_class);
    if (p->timestamp_ms != INT64_MIN)
        db_int(st, 9, p->timestamp_ms);
    db_text(st, 10, p->reference);
    db_text(st, 11, p->grader);
    db_text(st, 12, p->complexity);
    db_text(st, 13, p->group);
    db_text(st, 14, p->split);
    db_int(st, 15, p->split_given);
    db_real(st, 16, p->weight > 0 ? p->weight : 1);
    db_ref(st, 17, p->parent);
    db_text(st, 18, p->stage);
    if (p->stage)
        db_int(st, 19, p->stage_index);
    if (id)
        db_int(st, 20, id);
    rc = db_run(s, st, "write a prompt", e);
    p->id = id ? id : sqlite3_last_insert_rowid(s->db);
    *added = id == 0;
    return rc;
}

static void read_row(sqlite3_stmt *st, struct prompt *p)
{
    *p = (struct prompt){
        .id = sqlite3_column_int64(st, 0),
        .ext_id = db_get_text(st, 1),
        .dataset = db_get_text(st, 2),
        .task = db_get_text(st, 3),
        .messages = db_get_text(st, 4),
        .text = db_get_text(st, 5),
        .user = db_get_text(st, 6),
        .user_class = db_get_text(st, 7),
        .timestamp_ms =
            sqlite3_column_type(st, 8) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(st, 8),
        .reference = db_get_text(st, 9),
        .grader = db_get_text(st, 10),
        .complexity = db_get_text(st, 11),
        .group = db_get_text(st, 12),
        .split = db_get_text(st, 13),
        .split_given = sqlite3_column_int(st, 14),
        .weight = sqlite3_column_double(st, 15),
        .parent = sqlite3_column_int64(st, 16),
        .stage = db_get_text(st, 17),
        .stage_index = sqlite3_column_int64(st, 18),
        .cluster = sqlite3_column_int64(st, 19),
    };
}

int prompt_each(struct store *s, bool staged_parents,
                int (*see)(void *arg, const struct prompt *p, struct err *e), void *arg,
                struct err *e)
{
    static const char sql[] =
        "SELECT id, ext_id, dataset, task, messages, text, user, user_class, timestamp_ms, "
        "reference,"
        " grader, complexity, grp, split, split_given, weight, parent, stage, stage_index, cluster"
        " FROM prompt p WHERE ?1 OR NOT EXISTS(SELECT 1 FROM prompt c WHERE c.parent = p.id) ORDER "
        "BY id";
    sqlite3_stmt *st = NULL; /* of its own: see may call prompt_each again */
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        return db_fail(s, "read prompts", e);
    db_int(st, 1, staged_parents);
    int rc = 0, step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct prompt p;
        read_row(st, &p);
        rc = see(arg, &p, e);
        if (rc)
            break;
    }
    if (!rc && step != SQLITE_DONE)
        rc = db_fail(s, "read prompts", e);
    sqlite3_finalize(st);
    return rc;
}

int64_t prompt_count(struct store *s)
{
    sqlite3_stmt *st = db_get(s,
                              "SELECT count(*) FROM prompt p WHERE NOT EXISTS"
                              "(SELECT 1 FROM prompt c WHERE c.parent = p.id)",
                              NULL);
    if (!st || sqlite3_step(st) != SQLITE_ROW)
        return ERR_DB;
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return n;
}

int prompt_find(struct store *s, const char *ext_id, int64_t *id, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT id FROM prompt WHERE ext_id = ?", e);
    if (!st)
        return ERR_DB;
    db_text(st, 1, ext_id);
    int rc = sqlite3_step(st);
    *id = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_reset(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_fail(s, "look up a prompt", e);
}

int prompt_set_split(struct store *s, int64_t id, const char *split, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "UPDATE prompt SET split = ? WHERE id = ?", e);
    if (st) {
        db_text(st, 1, split);
        db_int(st, 2, id);
    }
    return db_run(s, st, "write a split", e);
}

/* Adds every cell of a query to the hash, typed and delimited. */
static int hash_rows(struct store *s, struct sha256 *h, const char *sql, struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        return db_fail(s, "hash the data", e);
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW)
        for (int c = 0; c < sqlite3_column_count(st); c++) {
            const char *v = db_get_text(st, c); /* numbers as SQLite prints them: 15 digits */
            sha256_add(h, v ? v : "\1", v ? strlen(v) + 1 : 2);
        }
    sqlite3_finalize(st);
    return step == SQLITE_DONE ? 0 : db_fail(s, "hash the data", e);
}

int store_data_hash(struct store *s, char hex[65], struct err *e)
{
    static const char *const queries[] = {
        "SELECT ext_id, text_hash, task, complexity, split, weight FROM prompt ORDER BY ext_id",
        "SELECT p.ext_id, m.name, c.hash, r.sample, r.input_tokens, r.output_tokens, "
        "r.reported_nusd,"
        " r.latency_ms, r.mean_logprob, s.value FROM reply r JOIN prompt p ON p.id = r.prompt"
        " JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model"
        " LEFT JOIN score s ON s.reply = r.id AND s.is_primary = 1"
        " ORDER BY p.ext_id, m.name, c.hash, r.sample, r.request_hash",
        "SELECT p.ext_id, a.name, b.name, v.vote, v.outcome FROM preference v JOIN prompt p ON"
        " p.id = v.prompt JOIN model a ON a.id = v.model_a JOIN model b ON b.id = v.model_b"
        " ORDER BY p.ext_id, a.name, b.name, v.vote",
    };
    struct sha256 *h = sha256_new();
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof queries / sizeof *queries; i++)
        rc = hash_rows(s, h, queries[i], e);
    sha256_end(h, hex);
    return rc;
}
