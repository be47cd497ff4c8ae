/* Graders' SQL: a fresh in-memory database, the trusted schema, then single read-only SELECTs under
 * an authorizer, limits on steps, rows, bytes and memory, and a clock that stands still, so that a
 * verdict depends on the texts alone. Comparing the results is sandbox_rows.c's.
 */
#include "store/sandbox.h"

#include "core/clock.h"
#include "store/sandbox_rows.h"

#include <pthread.h>
#include <string.h>

enum {
    TICK_OPS = 20,          /* virtual machine steps between two looks at the limits */
    QUERY_TICKS = 100000,   /* 2 million steps a query: well under a second */
    SCHEMA_TICKS = 1000000, /* the schema may insert some rows */
    ROWS_MAX = 10000,
    BYTES_MAX = 4 << 20, /* of a result set */
    VALUE_MAX =
        16 << 10, /* of one string, blob or row: some functions take its square in one step */
    SQL_MAX = 64 << 10,
    MEMORY_MAX = 64 << 20, /* growth of SQLite's memory during a query */
    WALL_S = 10,           /* a net below the step limit, for steps that are slow */
};

/* 2026-01-01T12:00:00Z as a Julian day in milliseconds: 'now' for every query. */
static const sqlite3_int64 frozen_julian_ms = 212634028800000LL;

/* Functions that read nothing but their arguments, between spaces. Random ones are missing on
 * purpose. */
static const char safe_functions[] =
    " -> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce "
    "concat concat_ws cos cosh count cume_dist current_date current_time current_timestamp "
    "date datetime degrees dense_rank exp first_value floor format glob group_concat hex "
    "ifnull iif instr json json_array json_array_length json_each json_extract "
    "json_group_array json_group_object json_object json_type json_valid julianday lag "
    "last_value lead length like likelihood likely ln log log10 log2 lower ltrim max min mod "
    "nth_value ntile nullif percent_rank pi pow power printf quote radians rank replace "
    "round row_number rtrim sign sin sinh sqrt strftime string_agg substr substring sum tan "
    "tanh time total trim trunc typeof unicode unixepoch unlikely upper ";

struct sandbox {
    sqlite3 *db;
    bool loading;      /* the schema, which may create and insert */
    char refusal[120]; /* what the authorizer refused first */
    int ticks;
    sqlite3_int64 memory_at_start;
    double started_s;
    const char *stopped; /* what the progress handler stopped it for */
};

/* ---- a clock that stands still ---- */

static sqlite3_vfs frozen_vfs;
static pthread_once_t frozen_once = PTHREAD_ONCE_INIT;

static int frozen_time64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = frozen_julian_ms;
    return SQLITE_OK;
}

static int frozen_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = (double)frozen_julian_ms / 86400000.0;
    return SQLITE_OK;
}

static void frozen_register(void)
{
    const sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
    if (!usual)
        return;
    frozen_vfs = *usual;
    frozen_vfs.pNext = NULL;
    frozen_vfs.zName = "shunt-sandbox";
    frozen_vfs.xCurrentTime = frozen_time;
    if (frozen_vfs.iVersion >= 2)
        frozen_vfs.xCurrentTimeInt64 = frozen_time64;
    sqlite3_vfs_register(&frozen_vfs, 0);
}

/* ---- what a query may do ---- */

static bool function_safe(const char *name)
{
    char word[40];
    int n = snprintf(word, sizeof word, " %s ", name);
    for (int i = 0; i < n && i < (int)sizeof word; i++)
        if (word[i] >= 'A' && word[i] <= 'Z')
            word[i] = (char)(word[i] - 'A' + 'a');
    return n < (int)sizeof word && strstr(safe_functions, word) != NULL;
}

/* Tables that SQLite makes up: they tell about the machine, or call pragmas. */
static bool table_internal(const char *name)
{
    return sqlite3_strnicmp(name, "pragma_", 7) == 0 || sqlite3_strnicmp(name, "sqlite_", 7) == 0 ||
           sqlite3_strnicmp(name, "fts", 3) == 0 || sqlite3_stricmp(name, "dbstat") == 0 ||
           sqlite3_stricmp(name, "bytecode") == 0 || sqlite3_stricmp(name, "tables_used") == 0;
}

static int refuse(struct sandbox *s, const char *what, const char *name)
{
    if (!s->refusal[0])
        snprintf(s->refusal, sizeof s->refusal, "%s%s%.60s%s", what, name ? " '" : "",
                 name ? name : "", name ? "'" : "");
    return SQLITE_DENY;
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *db,
                     const char *trigger)
{
    struct sandbox *s = arg;
    (void)db;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return !s->loading && a && table_internal(a) ? refuse(s, "it reads", a) : SQLITE_OK;
    case SQLITE_FUNCTION:
        return b && function_safe(b) ? SQLITE_OK : refuse(s, "it calls", b);
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return refuse(s, "it attaches a database", NULL);
    case SQLITE_PRAGMA:
        return refuse(s, "it uses the pragma", a);
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE:
        return refuse(s, "it makes a virtual table", NULL);
    default:
        return s->loading ? SQLITE_OK : refuse(s, "it does more than read", NULL);
    }
}

static int watch(void *arg)
{
    struct sandbox *s = arg;
    if (--s->ticks <= 0)
        s->stopped = "it takes too many steps";
    else if (sqlite3_memory_used() - s->memory_at_start > MEMORY_MAX)
        s->stopped = "it needs too much memory";
    else if (clock_s() - s->started_s > WALL_S)
        s->stopped = "it takes too long";
    return s->stopped != NULL;
}

static void watch_begin(struct sandbox *s, int ticks)
{
    s->ticks = ticks;
    s->stopped = NULL;
    s->refusal[0] = '\0';
    s->memory_at_start = sqlite3_memory_used();
    s->started_s = clock_s();
}

/* ---- opening ---- */

static int sandbox_load(struct sandbox *s, const char *schema, struct err *e)
{
    s->loading = true;
    watch_begin(s, SCHEMA_TICKS);
    char *message = NULL;
    int rc = sqlite3_exec(s->db, schema, NULL, NULL, &message);
    s->loading = false;
    if (rc != SQLITE_OK)
        err_set(e, ERR_FORMAT, "the SQL schema of a grader does not run: %s",
                s->refusal[0] ? s->refusal
                : s->stopped  ? s->stopped
                : message     ? message
                              : "error");
    sqlite3_free(message);
    return rc == SQLITE_OK ? ERR_OK : ERR_FORMAT;
}

static int sandbox_open(struct sandbox *s, const char *schema, struct err *e)
{
    pthread_once(&frozen_once, frozen_register);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY;
    if (sqlite3_open_v2(":memory:", &s->db, flags, "shunt-sandbox") != SQLITE_OK)
        return err_set(e, ERR_DB, "cannot open a database in memory: %s", sqlite3_errmsg(s->db));
    /* Sorters must not spill to files, whose growth no limit here would see. */
    sqlite3_exec(s->db, "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
    /* The first use of a table-valued function declares it, which the authorizer would refuse. */
    sqlite3_exec(s->db, "SELECT 1 FROM json_each('[]'), json_tree('[]')", NULL, NULL, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sandbox_define_printf(s->db);
    sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(s->db, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_set_authorizer(s->db, authorize, s);
    sqlite3_progress_handler(s->db, TICK_OPS, watch, s);
    int rc = sandbox_load(s, schema, e);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_limit(s->db, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
    sqlite3_limit(s->db, SQLITE_LIMIT_COLUMN, 200);
    sqlite3_limit(s->db, SQLITE_LIMIT_EXPR_DEPTH, 200);
    sqlite3_limit(s->db, SQLITE_LIMIT_COMPOUND_SELECT, 50);
    sqlite3_limit(s->db, SQLITE_LIMIT_VDBE_OP, 100000);
    sqlite3_limit(s->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200);
    return rc;
}

/* ---- running ---- */

/* Only white space, comments and semicolons? */
static bool nothing_left(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n\f;");
        if (p[0] == '-' && p[1] == '-') {
            p += strcspn(p, "\n");
        } else if (p[0] == '/' && p[1] == '*') {
            const char *end = strstr(p + 2, "*/");
            if (!end)
                return true;
            p = end + 2;
        } else {
            return *p == '\0';
        }
    }
}

static enum sandbox_verdict failed(const struct sandbox *s, int rc, struct buf *why)
{
    buf_clear(why);
    if (s->refusal[0]) {
        buf_adds(why, s->refusal);
        return SANDBOX_REFUSED;
    }
    if (s->stopped || rc == SQLITE_TOOBIG || rc == SQLITE_NOMEM) {
        buf_adds(why, s->stopped ? s->stopped : "a value in it is too large");
        return SANDBOX_TOO_LONG;
    }
    buf_addf(why, "it does not run: %s", sqlite3_errmsg(s->db));
    return SANDBOX_INVALID;
}

static enum sandbox_verdict say(struct buf *why, enum sandbox_verdict v, const char *text)
{
    buf_clear(why);
    buf_adds(why, text);
    return v;
}

static struct cell cell_of(sqlite3_stmt *st, int c)
{
    struct cell out = {.type = CELL_NULL};
    switch (sqlite3_column_type(st, c)) {
    case SQLITE_INTEGER:
        out.type = CELL_INT;
        out.i = sqlite3_column_int64(st, c);
        out.real = (double)out.i;
        break;
    case SQLITE_FLOAT:
        out.type = CELL_REAL;
        out.real = sqlite3_column_double(st, c);
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        out.type = sqlite3_column_type(st, c) == SQLITE_TEXT ? CELL_TEXT : CELL_BLOB;
        const void *data = sqlite3_column_blob(st, c);
        out.len = (size_t)sqlite3_column_bytes(st, c);
        out.data = mem_strndup(data ? data : "", out.len);
        break;
    default:
        break;
    }
    return out;
}

static enum sandbox_verdict fetch(const struct sandbox *s, sqlite3_stmt *st, struct rows *out,
                                  struct buf *why)
{
    int columns = sqlite3_column_count(st), step;
    out->columns = (size_t)columns;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        for (int c = 0; c < columns; c++) {
            struct cell cell = cell_of(st, c);
            out->bytes += cell.len + sizeof cell;
            VEC_PUSH(&out->cells, cell);
        }
        if (++out->count > ROWS_MAX || out->bytes > BYTES_MAX)
            return say(why, SANDBOX_TOO_LONG, "its result is too large");
    }
    return step == SQLITE_DONE ? SANDBOX_EQUAL : failed(s, step, why);
}

/* SANDBOX_EQUAL stands for "it ran". */
static enum sandbox_verdict run(struct sandbox *s, const char *sql, struct rows *out,
                                struct buf *why)
{
    if (nothing_left(sql))
        return say(why, SANDBOX_INVALID, "it is no SQL");
    watch_begin(s, QUERY_TICKS);
    sqlite3_stmt *st = NULL;
    const char *tail = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, &tail);
    if (rc != SQLITE_OK)
        return failed(s, rc, why);
    enum sandbox_verdict v;
    if (!nothing_left(tail))
        v = say(why, SANDBOX_REFUSED, "it is more than one statement");
    else if (!sqlite3_stmt_readonly(st) || sqlite3_stmt_isexplain(st) ||
             sqlite3_column_count(st) == 0)
        v = say(why, SANDBOX_REFUSED, "it is no SELECT");
    else
        v = fetch(s, st, out, why);
    sqlite3_finalize(st);
    return v;
}

static int compare(struct sandbox *s, const char *reference, const char *candidate, bool ordered,
                   enum sandbox_verdict *verdict, struct buf *why, struct err *e)
{
    struct rows want = {0}, got = {0};
    int rc = ERR_OK;
    if (run(s, reference, &want, why) != SANDBOX_EQUAL) {
        rc = err_set(e, ERR_FORMAT, "the reference query of a grader fails: %s", why->data);
    } else {
        *verdict = run(s, candidate, &got, why);
        if (*verdict == SANDBOX_EQUAL) {
            bool same = rows_equal(&want, &got, ordered);
            *verdict = same ? SANDBOX_EQUAL : SANDBOX_DIFFERENT;
            buf_clear(why);
            if (same)
                buf_adds(why, "the same result");
            else if (want.columns != got.columns || want.count != got.count)
                buf_addf(why, "%zu rows of %zu columns, not %zu of %zu", got.count, got.columns,
                         want.count, want.columns);
            else
                buf_adds(why, ordered ? "other rows, or in another order" : "other rows");
        }
    }
    rows_deinit(&want);
    rows_deinit(&got);
    return rc;
}

int sandbox_compare(const char *schema, const char *reference, const char *candidate, bool ordered,
                    enum sandbox_verdict *verdict, struct buf *why, struct err *e)
{
    struct sandbox s = {0};
    int rc = sandbox_open(&s, schema, e);
    if (rc == ERR_OK)
        rc = compare(&s, reference, candidate, ordered, verdict, why, e);
    sqlite3_close(s.db);
    return rc;
}
