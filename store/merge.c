/* Merging stores, driven by a table of what makes two rows the same. The statements are put
 * together from the columns that a table has, so that a column added by a migration is merged too.
 * Which rows there are, and what they mean, is the other files' matter.
 */
#include "store/merge.h"

#include "core/buf.h"
#include "core/fs.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* o is the row of the input, n the one of the output. A column that points to another table is
 * written through the table of new row ids, temp.to_TABLE(old, new). */
struct merged {
    const char *table;
    const char *joins;   /* from o to the new ids */
    const char *same;    /* o and n are the same row; NULL: rows have no key */
    const char *differ;  /* and yet say something else; NULL: never */
    const char *label;   /* text that names o in a message */
    const char *refs;    /* "column=expression;", in place of o.column */
    const char *fill;    /* statement for rows that stood there and knew less, or NULL */
    bool strict;         /* a conflict is refused, whatever keep_first says */
    bool ids;            /* temp.to_TABLE is needed */
    const char *against; /* the row n that o may differ from; NULL: the same one */
};

#define BOTH(c) "(o." c " IS NOT NULL AND n." c " IS NOT NULL AND o." c " <> n." c ")"
#define TO_PROMPT "JOIN temp.to_prompt tp ON tp.old = o.prompt "
#define TO_CONFIG "JOIN temp.to_model_config tc ON tc.old = o.model_config "
#define TO_REPLY "JOIN temp.to_reply tr ON tr.old = o.reply "
#define OF_PROMPT "(SELECT ext_id FROM src.prompt WHERE id = o.prompt)"
#define OF_CONFIG                                                                                  \
    "(SELECT m.name FROM src.model m JOIN src.model_config c ON c.model = m.id WHERE c.id = "      \
    "o.model_config)"

static const struct merged merged[MERGE_TABLES] = {
    {"prompt", "", "n.ext_id = o.ext_id",
     "o.messages <> n.messages OR o.task <> n.task OR o.weight <> n.weight OR o.reference IS NOT"
     " n.reference OR o.grader IS NOT n.grader OR o.stage IS NOT n.stage OR " BOTH(
         "split") " OR " BOTH("grp") " OR " BOTH("complexity"),
     "'prompt ''' || o.ext_id || ''''", "parent=NULL;cluster=0;",
     "UPDATE main.prompt SET parent = coalesce(parent, (SELECT t.new FROM src.prompt o JOIN"
     " temp.to_prompt t ON t.old = o.parent WHERE o.ext_id = main.prompt.ext_id)),"
     " split_given = max(split_given, coalesce((SELECT o.split_given FROM src.prompt o WHERE"
     " o.ext_id = main.prompt.ext_id AND o.split IS NOT NULL), 0)),"
     " split = coalesce(split, (SELECT o.split FROM src.prompt o WHERE o.ext_id ="
     " main.prompt.ext_id))",
     true, true, NULL},
    {"model", "", "n.name = o.name", BOTH("provider") " OR " BOTH("protocol") " OR " BOTH("tier"),
     "'model ''' || o.name || ''''", "",
     "UPDATE main.model SET (provider, protocol, tier, context) = (SELECT coalesce(main.model"
     ".provider, o.provider), coalesce(main.model.protocol, o.protocol), coalesce(main.model.tier,"
     " o.tier), coalesce(main.model.context, o.context) FROM src.model o WHERE o.name ="
     " main.model.name) WHERE name IN (SELECT name FROM src.model)",
     true, true, NULL},
    {"model_config", "JOIN temp.to_model tm ON tm.old = o.model ",
     "n.model = tm.new AND n.hash = o.hash", "o.current = 1",
     "'the current configuration of model ''' || (SELECT name FROM src.model WHERE id = o.model)"
     " || ''''",
     "model=tm.new;current=0;",
     "UPDATE main.model_config SET current = 1 WHERE EXISTS(SELECT 1 FROM temp.to_model_config t"
     " JOIN src.model_config o ON o.id = t.old WHERE t.new = main.model_config.id AND o.current ="
     " 1) AND NOT EXISTS(SELECT 1 FROM main.model_config c WHERE c.model = main.model_config.model"
     " AND c.current = 1)",
     false, true, "n.model = tm.new AND n.current = 1 AND n.hash <> o.hash"},
    {"price", "JOIN temp.to_model tm ON tm.old = o.model ",
     "n.model = tm.new AND n.component = o.component AND n.service_tier = o.service_tier AND"
     " n.min_context = o.min_context AND n.from_ms = o.from_ms",
     "o.pico_usd <> n.pico_usd",
     "'the ' || o.component || ' price of model ''' || (SELECT name FROM src.model WHERE id ="
     " o.model) || ''''",
     "model=tm.new;", NULL, false, false, NULL},
    {"reply", TO_PROMPT TO_CONFIG,
     "n.model_config = tc.new AND n.prompt = tp.new AND n.sample = o.sample AND n.request_hash ="
     " o.request_hash",
     "o.text IS NOT n.text OR o.finish IS NOT n.finish OR o.input_tokens IS NOT n.input_tokens OR"
     " o.output_tokens IS NOT n.output_tokens OR o.reported_nusd IS NOT n.reported_nusd",
     "'the reply of ''' || " OF_CONFIG " || ''' to prompt ''' || " OF_PROMPT
     " || ''' (sample ' || o.sample || ')'",
     "prompt=tp.new;model_config=tc.new;", NULL, false, true, NULL},
    {"reply_body", TO_REPLY, "n.reply = tr.new", NULL, "''", "reply=tr.new;", NULL, false, false,
     NULL},
    {"attempt", TO_PROMPT TO_CONFIG "LEFT JOIN temp.to_reply tr ON tr.old = o.reply ", NULL, NULL,
     "''", "prompt=tp.new;model_config=tc.new;reply=tr.new;", NULL, false, false, NULL},
    {"score", TO_REPLY, "n.reply = tr.new AND n.grader = o.grader AND n.version = o.version",
     "o.value IS NOT n.value OR o.status <> n.status",
     "'the score of a reply to prompt ''' || (SELECT p.ext_id FROM src.prompt p JOIN src.reply r"
     " ON r.prompt = p.id WHERE r.id = o.reply) || ''''",
     "reply=tr.new;", NULL, false, false, NULL},
    {"encoder", "", "n.name = o.name", "o.dimensions <> n.dimensions OR o.hash <> n.hash",
     "'encoder ''' || o.name || ''''", "", NULL, true, true, NULL},
    {"embedding", TO_PROMPT "JOIN temp.to_encoder te ON te.old = o.encoder ",
     "n.encoder = te.new AND n.prompt = tp.new", "length(o.vector) <> length(n.vector)",
     "'the vector of prompt ''' || " OF_PROMPT " || ''''", "prompt=tp.new;encoder=te.new;", NULL,
     true, false, NULL},
    /* A batch that was being submitted or written to files has no name at a provider (yet); one of
     * a model, a moment and a size is one batch. What came of it later is what holds. */
    {"batch", "JOIN temp.to_model tm ON tm.old = o.model ",
     "n.model = tm.new AND n.created_ms = o.created_ms AND n.protocol = o.protocol AND n.requests ="
     " o.requests AND (n.remote IS NULL OR o.remote IS NULL OR n.remote = o.remote)",
     "n.state IN ('done', 'lost') AND o.state IN ('done', 'lost') AND n.state <> o.state",
     "'batch ''' || coalesce(o.remote, '') || ''''", "model=tm.new;",
     "UPDATE main.batch SET (remote, state, ended_ms) = (SELECT coalesce(main.batch.remote,"
     " o.remote), CASE WHEN main.batch.state = 'sending' OR o.state IN ('done', 'lost') THEN"
     " o.state ELSE main.batch.state END, coalesce(main.batch.ended_ms, o.ended_ms) FROM src.batch "
     "o"
     " JOIN temp.to_batch t ON t.old = o.id WHERE t.new = main.batch.id)"
     " WHERE state IN ('sending', 'open') AND id IN (SELECT new FROM temp.to_batch)",
     false, true, NULL},
    {"batch_item", TO_PROMPT TO_CONFIG "JOIN temp.to_batch tb ON tb.old = o.batch ",
     "n.custom_id = o.custom_id AND n.batch = tb.new",
     "n.request_hash <> o.request_hash OR n.sample <> o.sample OR n.prompt <> tp.new",
     "'the request ''' || o.custom_id || ''' of a batch'",
     "prompt=tp.new;model_config=tc.new;batch=tb.new;",
     "UPDATE main.batch_item SET state = (SELECT o.state FROM src.batch_item o JOIN temp.to_batch t"
     " ON t.old = o.batch WHERE t.new = main.batch_item.batch AND o.custom_id ="
     " main.batch_item.custom_id) WHERE state = 'open' AND EXISTS(SELECT 1 FROM src.batch_item o"
     " JOIN temp.to_batch t ON t.old = o.batch WHERE t.new = main.batch_item.batch AND o.custom_id "
     "="
     " main.batch_item.custom_id AND o.state <> 'open')",
     true, false, NULL},
    {"preference",
     TO_PROMPT "JOIN temp.to_model ta ON ta.old = o.model_a JOIN temp.to_model tb ON tb.old ="
               " o.model_b ",
     "n.prompt = tp.new AND n.model_a = ta.new AND n.model_b = tb.new AND n.vote = o.vote",
     "o.outcome <> n.outcome", "'a vote on prompt ''' || " OF_PROMPT " || ''''",
     "prompt=tp.new;model_a=ta.new;model_b=tb.new;", NULL, false, false, NULL},
};

const char *const merge_tables[MERGE_TABLES] = {
    "prompt", "model",   "model_config", "price", "reply",      "reply_body", "attempt",
    "score",  "encoder", "embedding",    "batch", "batch_item", "preference"};

/* The first column of the first row as a number; text of the second into label, when wanted. */
static int query(struct store *s, const char *sql, int64_t *n, char *label, size_t size,
                 struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        *n = sqlite3_column_int64(st, 0);
        if (label)
            snprintf(label, size, "%s", *n ? db_get_text(st, 1) : "");
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? 0 : db_fail(s, "merge", e);
}

/* Names of the columns but id into `names`, what the input gives for them into `values`. */
static int columns(struct store *s, const struct merged *m, struct buf *names, struct buf *values,
                   struct err *e)
{
    sqlite3_stmt *st = NULL;
    int step, rc = sqlite3_prepare_v2(s->db, "SELECT name FROM pragma_table_info(?1, 'main')", -1,
                                      &st, NULL);
    db_text(st, 1, m->table);
    while (rc == SQLITE_OK && (step = sqlite3_step(st)) == SQLITE_ROW) {
        const char *name = db_get_text(st, 0), *comma = names->len ? "," : "";
        char find[80];
        if (strcmp(name, "id") == 0)
            continue;
        buf_addf(names, "%s\"%s\"", comma, name);
        snprintf(find, sizeof find, "%s=", name);
        const char *ref = m->refs;
        while (ref && *ref && strncmp(ref, find, strlen(find)) != 0)
            ref = strchr(ref, ';') ? strchr(ref, ';') + 1 : NULL;
        if (ref && *ref)
            buf_addf(values, "%s%.*s", comma, (int)strcspn(ref + strlen(find), ";"),
                     ref + strlen(find));
        else
            buf_addf(values, "%so.\"%s\"", comma, name);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_OK && names->len ? 0 : db_fail(s, "read the columns", e);
}

static int conflicts(struct store *s, const struct merged *m, const char *input, bool keep_first,
                     struct merge_count *c, struct err *e)
{
    if (!m->differ)
        return 0;
    struct buf sql = BUF_INIT(0);
    char label[160];
    int64_t n = 0;
    buf_addf(&sql, "SELECT count(*), min(%s) FROM src.%s o %sJOIN main.%s n ON %s WHERE %s",
             m->label, m->table, m->joins, m->table, m->against ? m->against : m->same, m->differ);
    int rc = query(s, sql.data, &n, label, sizeof label, e);
    buf_deinit(&sql);
    if (rc || n == 0)
        return rc;
    if (keep_first && !m->strict) {
        c->conflicts += n;
        return 0;
    }
    return err_set(e, ERR_FORMAT, "%s is another in '%s' (%lld such)%s", label, input, (long long)n,
                   m->strict ? "; stores of different traffic cannot be merged"
                             : "; --keep-first takes the first one");
}

static int run_sql(struct store *s, struct buf *sql, int64_t *changed, struct err *e)
{
    int rc = db_exec(s, sql->data, e);
    if (changed)
        *changed = sqlite3_changes64(s->db);
    buf_deinit(sql);
    return rc;
}

/* The new ids of rows that have one. */
static int map_ids(struct store *s, const struct merged *m, struct err *e)
{
    struct buf sql = BUF_INIT(0);
    buf_addf(&sql,
             "DROP TABLE IF EXISTS temp.to_%s; CREATE TEMP TABLE to_%s(old INTEGER PRIMARY KEY,"
             " new INTEGER NOT NULL); INSERT INTO temp.to_%s SELECT o.id, n.id FROM src.%s o %sJOIN"
             " main.%s n ON %s",
             m->table, m->table, m->table, m->table, m->joins, m->table, m->same);
    return run_sql(s, &sql, NULL, e);
}

static int merge_table(struct store *s, const struct merged *m, const char *input, bool keep_first,
                       struct merge_count *c, struct err *e)
{
    struct buf names = BUF_INIT(0), values = BUF_INIT(0), sql = BUF_INIT(0), fresh = BUF_INIT(0);
    size_t at = (size_t)(m - merged);
    buf_addf(&sql, "SELECT count(*) FROM src.%s", m->table);
    int rc = query(s, sql.data, &c->rows[at], NULL, 0, e);
    buf_clear(&sql);
    if (!rc)
        rc = conflicts(s, m, input, keep_first, c, e);
    if (!rc)
        rc = columns(s, m, &names, &values, e);
    if (!strcmp(m->table, "batch")) /* no key of it keeps the same one from coming twice */
        buf_addf(&fresh, "NOT EXISTS(SELECT 1 FROM main.%s n WHERE %s)", m->table, m->same);
    if (!rc && m->same)
        buf_addf(&sql,
                 "INSERT INTO main.%s(%s) SELECT %s FROM src.%s o %sWHERE %s ORDER BY o.rowid"
                 " ON CONFLICT DO NOTHING",
                 m->table, names.data, values.data, m->table, m->joins,
                 fresh.len ? fresh.data : "true");
    else if (!rc) /* without a key the whole row is one */
        buf_addf(&sql,
                 "INSERT INTO main.%s(%s) SELECT %s FROM src.%s o %sEXCEPT SELECT %s FROM main.%s",
                 m->table, names.data, values.data, m->table, m->joins, names.data, m->table);
    /* tables without a rowid are in the order of their key */
    char *order = sql.data ? strstr(sql.data, "ORDER BY o.rowid") : NULL;
    if (order && (!strcmp(m->table, "score") || !strcmp(m->table, "embedding") ||
                  !strcmp(m->table, "batch_item") || !strcmp(m->table, "preference")))
        memset(order, ' ', strlen("ORDER BY o.rowid"));
    if (!rc)
        rc = run_sql(s, &sql, &c->added[at], e);
    if (!rc && m->ids)
        rc = map_ids(s, m, e);
    if (!rc && m->fill)
        rc = db_exec(s, m->fill, e);
    buf_deinit(&names);
    buf_deinit(&values);
    buf_deinit(&sql);
    buf_deinit(&fresh);
    return rc;
}

/* What a killed run had read stands beside a store, not in it. */
static int check_journal(const char *path, struct err *e)
{
    AUTO_FREE char *journal = mem_printf("%s-replies", path);
    if (!fs_exists(journal))
        return 0;
    return err_set(
        e, ERR_USAGE,
        "'%s' holds replies that are not in the store yet; run shunt collect on '%s' first",
        journal, path);
}

static int attach(struct store *s, const char *path, struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db, "ATTACH ?1 AS src", -1, &st, NULL) == SQLITE_OK) {
        db_text(st, 1, path);
        sqlite3_step(st);
    }
    return sqlite3_finalize(st) == SQLITE_OK ? 0 : db_fail(s, "attach a store", e);
}

static int merge_input(struct store *s, const char *path, bool keep_first, struct merge_count *c,
                       struct err *e)
{
    struct store *in = NULL;
    int rc = store_open(path, STORE_READ, &in, e); /* is it a store, and of this schema? */
    store_close(in);
    if (!rc)
        rc = check_journal(path, e);
    if (!rc)
        rc = attach(s, path, e);
    if (rc)
        return rc;
    rc = store_begin(s, e);
    for (size_t i = 0; !rc && i < MERGE_TABLES; i++)
        rc = merge_table(s, &merged[i], path, keep_first, c, e);
    if (!rc)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    sqlite3_exec(s->db, "DETACH src", NULL, NULL, NULL);
    return rc;
}

/* Equal texts belong together, also those that were apart until now. */
static int check_splits(struct store *s, struct err *e)
{
    char label[160];
    int64_t n = 0;
    int rc = prompt_cluster(s, e);
    if (!rc)
        rc = query(s,
                   "SELECT count(*), min(x) FROM (SELECT min(ext_id) AS x FROM prompt WHERE split"
                   " IS NOT NULL GROUP BY cluster HAVING min(split) <> max(split))",
                   &n, label, sizeof label, e);
    if (!rc && n)
        rc = err_set(e, ERR_FORMAT,
                     "prompt '%s' and others like it are on both sides of the split (%lld such"
                     " groups); merge first, then shunt split",
                     label, (long long)n);
    return rc;
}

/* What stands at path, as it is at this moment, into tmp; nothing when there is none. */
static int copy_old(const char *path, const char *tmp, struct err *e)
{
    struct store *s = NULL;
    sqlite3_stmt *st = NULL;
    if (!fs_exists(path))
        return 0;
    int rc = store_open(path, STORE_WRITE, &s, e);
    if (rc)
        return rc;
    if (sqlite3_prepare_v2(s->db, "VACUUM INTO ?1", -1, &st, NULL) == SQLITE_OK) {
        db_text(st, 1, tmp);
        sqlite3_step(st);
    }
    if (sqlite3_finalize(st) != SQLITE_OK)
        rc = db_fail(s, "copy the store", e);
    store_close(s);
    return rc;
}

static void remove_all(const char *tmp)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        AUTO_FREE char *path = mem_printf("%s%s", tmp, ends[i]);
        unlink(path);
    }
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The last one to close a store folds its log back: a log that is left belongs to somebody. */
static int put_in_place(const char *tmp, const char *path, struct err *e)
{
    AUTO_FREE char *log = mem_printf("%s-wal", path);
    if (fs_exists(log))
        return err_set(e, ERR_USAGE, "'%s' is in use by another program; merge when it is done",
                       path);
    if (rename(tmp, path) != 0)
        return err_set(e, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
    return 0;
}

int store_merge(const char *out_path, const char *const *inputs, size_t n, bool keep_first,
                struct merge_count *count, struct err *e)
{
    struct store *s = NULL;
    AUTO_FREE char *tmp = mem_printf("%s.merge", out_path);
    memset(count, 0, n * sizeof *count);
    remove_all(tmp);
    int rc = copy_old(out_path, tmp, e);
    if (!rc)
        rc = store_open(tmp, STORE_CREATE, &s, e);
    for (size_t i = 0; !rc && i < n; i++)
        if (!same_file(inputs[i], out_path))
            rc = merge_input(s, inputs[i], keep_first, &count[i], e);
    if (!rc)
        rc = check_splits(s, e);
    store_close(s);
    if (!rc)
        rc = put_in_place(tmp, out_path, e);
    if (rc)
        remove_all(tmp);
    return rc;
}
