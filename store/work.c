/* Pages of prompts still to be asked or embedded, and what is already there. Whether one exact
 * request was answered is reply.c's and embed.c's question.
 */
#include "store/work.h"

#include "core/hash.h"
#include "core/mem.h"
#include "store/db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_PARENT DB_SELECTED

static void in_shard(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct store *s = sqlite3_user_data(ctx);
    const unsigned char *id = sqlite3_value_text(argv[0]);
    size_t len = (size_t)sqlite3_value_bytes(argv[0]);
    (void)argc;
    bool in = s->shards <= 0 || (int64_t)(hash64(id, len, 0) % (uint64_t)s->shards) == s->shard;
    sqlite3_result_int(ctx, in);
}

int work_register(struct store *s)
{
    return sqlite3_create_function(s->db, "in_shard", 1, SQLITE_UTF8, s, in_shard, NULL, NULL);
}

void work_shard(struct store *s, int64_t i, int64_t n)
{
    s->shard = i;
    s->shards = n;
}

void work_page_free(struct work_page *page)
{
    for (size_t i = 0; i < page->n; i++) {
        free(page->v[i].ext_id);
        free(page->v[i].messages);
        free(page->v[i].text);
        free(page->v[i].task);
    }
    VEC_FREE(page);
}

static int read_page(struct store *s, sqlite3_stmt *st, size_t max_text, struct work_page *page,
                     struct err *e)
{
    int step;
    size_t bytes = 0;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        struct work_prompt p = {
            .id = sqlite3_column_int64(st, 0),
            .ext_id = mem_strdup(db_get_text(st, 1)),
            .messages = mem_strdup(db_get_text(st, 2)),
            .text = mem_strdup(db_get_text(st, 3)),
            .task = mem_strdup(db_get_text(st, 4)),
        };
        VEC_PUSH(page, p);
        bytes += strlen(p.text);
        if (bytes >= max_text)
            break;
    }
    int rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(s, "read prompts", e);
    sqlite3_reset(st);
    return rc;
}

int work_prompts(struct store *s, int64_t after, size_t max, size_t max_text,
                 struct work_page *page, struct err *e)
{
    work_page_free(page);
    sqlite3_stmt *st = db_get(s,
                              "SELECT id, ext_id, messages, text, task FROM prompt p WHERE id > ?1"
                              " AND " NO_PARENT " ORDER BY id LIMIT ?2",
                              e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, after);
    db_int(st, 2, (int64_t)max);
    return read_page(s, st, max_text, page, e);
}

int work_unembedded(struct store *s, int64_t encoder, int64_t after, int64_t last, size_t max,
                    size_t max_text, struct work_page *page, struct err *e)
{
    work_page_free(page);
    sqlite3_stmt *st =
        db_get(s,
               "SELECT id, ext_id, messages, text, task FROM prompt p WHERE id > ?1 AND id <= ?4 "
               "AND " NO_PARENT
               " AND NOT EXISTS(SELECT 1 FROM embedding v WHERE v.encoder = ?3 AND v.prompt = p.id)"
               " ORDER BY id LIMIT ?2",
               e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, after);
    db_int(st, 2, (int64_t)max);
    db_int(st, 3, encoder);
    db_int(st, 4, last);
    return read_page(s, st, max_text, page, e);
}

int work_last(struct store *s, int64_t limit, int64_t *last, struct err *e)
{
    *last = INT64_MAX;
    if (limit <= 0)
        return 0;
    sqlite3_stmt *st = db_get(
        s, "SELECT id FROM prompt p WHERE " NO_PARENT " ORDER BY id LIMIT 1 OFFSET ?1 - 1", e);
    if (!st)
        return ERR_DB;
    db_int(st, 1, limit);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW)
        *last = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(s, "read prompts", e);
}

int work_sums(struct store *s, const char *sql, int64_t model, int64_t samples, int64_t limit,
              int64_t *sum, int n, struct err *e)
{
    int64_t last = 0;
    int rc = work_last(s, limit, &last, e);
    sqlite3_stmt *st = rc ? NULL : db_get(s, sql, e);
    if (!st)
        return rc ? rc : ERR_DB;
    db_int(st, 1, model);
    db_int(st, 2, samples);
    db_int(st, 3, last);
    if (sqlite3_step(st) != SQLITE_ROW)
        rc = db_fail(s, "add up what was charged", e);
    for (int i = 0; !rc && i < n; i++)
        sum[i] = sqlite3_column_int64(st, i);
    sqlite3_reset(st);
    return rc;
}

/* One whole number; ?1 to ?4 are bound as far as the statement has them. */
static int one_count(struct store *s, const char *sql, const int64_t *args, int n, int64_t *out,
                     struct err *e)
{
    sqlite3_stmt *st = db_get(s, sql, e);
    if (!st)
        return ERR_DB;
    for (int i = 0; i < n; i++)
        db_int(st, i + 1, args[i]);
    if (sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "count rows", e);
    *out = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return 0;
}

int work_count(struct store *s, int64_t *out, struct err *e)
{
    return one_count(s, "SELECT count(*) FROM prompt p WHERE " NO_PARENT, NULL, 0, out, e);
}

int work_parents(struct store *s, int64_t *out, struct err *e)
{
    return one_count(s,
                     "SELECT count(*) FROM prompt p WHERE id IN (SELECT parent FROM prompt WHERE"
                     " parent IS NOT NULL) AND " DB_CHOSEN,
                     NULL, 0, out, e);
}

#define FIRST_PROMPTS "(SELECT id FROM prompt p WHERE " NO_PARENT " ORDER BY id LIMIT ?1)"

int work_replies(struct store *s, int64_t model, int64_t config, int64_t samples, int64_t limit,
                 int64_t *out, struct err *e)
{
    static const char sql[] =
        "SELECT count(*) FROM (SELECT DISTINCT r.prompt, r.sample FROM reply r"
        " JOIN model_config c ON c.id = r.model_config WHERE r.sample < ?2"
        " AND (c.id = ?3 OR (c.model = ?4 AND c.hash = 'import'))"
        " AND r.prompt IN " FIRST_PROMPTS ")";
    int64_t args[] = {limit > 0 ? limit : -1, samples, config, model};
    return one_count(s, sql, args, 4, out, e);
}

int work_vectors(struct store *s, int64_t encoder, int64_t limit, int64_t *out, struct err *e)
{
    static const char sql[] =
        "SELECT count(*) FROM embedding WHERE encoder = ?2 AND prompt IN " FIRST_PROMPTS;
    int64_t args[] = {limit > 0 ? limit : -1, encoder};
    return one_count(s, sql, args, 2, out, e);
}

int work_drop_scores(struct store *s, int64_t reply, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "DELETE FROM score WHERE reply = ?", e);
    if (st)
        db_int(st, 1, reply);
    return db_run(s, st, "drop the scores of a reply", e);
}
