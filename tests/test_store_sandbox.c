/* The sandbox: equal and different result sets, and every way out of it that was thought of. */
#include "store/sandbox.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char schema[] =
    "CREATE TABLE t(id INTEGER, name TEXT, price REAL);"
    "INSERT INTO t VALUES(1,'a',0.1),(2,'b',0.2),(3,'c',NULL),(3,'c',NULL);"
    "CREATE TABLE big(x TEXT); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
    " WHERE n < 300) INSERT INTO big SELECT printf('%0100d', n) FROM c;";

static enum sandbox_verdict ask(const char *reference, const char *candidate, bool ordered,
                                char why[200])
{
    enum sandbox_verdict v = SANDBOX_INVALID;
    struct buf b = BUF_INIT(0);
    struct err e = {0};
    int rc = sandbox_compare(schema, reference, candidate, ordered, &v, &b, &e);
    cr_assert(rc == 0, "%s: %s", candidate, e.text);
    snprintf(why, 200, "%s", b.data);
    buf_deinit(&b);
    return v;
}

Test(sandbox, compares_result_sets)
{
    static const struct {
        const char *reference, *candidate;
        bool ordered;
        enum sandbox_verdict want;
    } k[] = {
        {"SELECT 1", "SELECT 1.0", false, SANDBOX_EQUAL},
        {"SELECT 0.1 + 0.2", "SELECT 0.3", false, SANDBOX_EQUAL},
        {"SELECT 1", "SELECT '1'", false, SANDBOX_DIFFERENT},
        {"SELECT 1", "SELECT 1.00001", false, SANDBOX_DIFFERENT},
        {"SELECT 9007199254740993", "SELECT 9007199254740992", false, SANDBOX_DIFFERENT},
        {"SELECT NULL", "SELECT NULL", false, SANDBOX_EQUAL},
        {"SELECT NULL", "SELECT 0", false, SANDBOX_DIFFERENT},
        {"SELECT 'a'", "SELECT x'61'", false, SANDBOX_DIFFERENT},
        {"SELECT id FROM t", "SELECT id FROM t ORDER BY id DESC", false, SANDBOX_EQUAL},
        {"SELECT id FROM t", "SELECT id FROM t ORDER BY id DESC", true, SANDBOX_DIFFERENT},
        {"SELECT id FROM t", "SELECT DISTINCT id FROM t", false, SANDBOX_DIFFERENT}, /* multisets */
        {"SELECT id FROM t WHERE 0", "SELECT id FROM t WHERE id > 9", true, SANDBOX_EQUAL},
        {"SELECT id FROM t WHERE 0", "SELECT id, name FROM t WHERE 0", false, SANDBOX_DIFFERENT},
        {"SELECT id AS x FROM t", "SELECT id AS y FROM t", false, SANDBOX_EQUAL},
        {"SELECT id, name FROM t", "SELECT name, id FROM t", false, SANDBOX_DIFFERENT},
        /* noise in the first column must not part rows that belong together */
        {"VALUES(0.1 + 0.2, 'b'), (0.3, 'a')", "VALUES(0.1 + 0.2, 'a'), (0.3, 'b')", false,
         SANDBOX_EQUAL},
        {"VALUES(0.1 + 0.2, 2), (0.3, 1)", "VALUES(0.3, 2), (0.1 + 0.2, 1)", false, SANDBOX_EQUAL},
        {"VALUES(1, 2), (3, 4)", "VALUES(1, 4), (3, 2)", false, SANDBOX_DIFFERENT},
        {"SELECT count(*) FROM t", "WITH x AS (SELECT * FROM t) SELECT count(*) FROM x; -- done",
         false, SANDBOX_EQUAL},
        {"SELECT name, row_number() OVER (ORDER BY name) FROM t",
         "SELECT name, row_number() OVER (ORDER BY name) FROM t", false, SANDBOX_EQUAL},
        {"SELECT 1", "SELECT json_extract('{\"a\":1}', '$.a')", false, SANDBOX_EQUAL},
        {"SELECT 3", "SELECT count(*) FROM json_each('[1,2,3]')", false, SANDBOX_EQUAL},
        {"SELECT '2026-01-01'", "SELECT date('now')", false, SANDBOX_EQUAL}, /* the clock stands */
        {"SELECT '2026-01-01 12:00:00'", "SELECT CURRENT_TIMESTAMP", false, SANDBOX_EQUAL},
        {"SELECT 1", "SELEC 1", false, SANDBOX_INVALID},
        {"SELECT 1", "SELECT 1 FROM nowhere", false, SANDBOX_INVALID},
        {"SELECT 1", "SELECT nothing(1)", false, SANDBOX_INVALID},
        {"SELECT 1", "", false, SANDBOX_INVALID},
        {"SELECT 1", " -- a comment only\n ;", false, SANDBOX_INVALID},
        {"SELECT 1", "SELECT (SELECT id, name FROM t)", false, SANDBOX_INVALID},
        {"SELECT 1", "SELECT ?", false, SANDBOX_DIFFERENT}, /* an unbound value is null */
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        char why[200];
        enum sandbox_verdict v = ask(k[i].reference, k[i].candidate, k[i].ordered, why);
        cr_expect(v == k[i].want, "%s / %s: %d (%s), want %d", k[i].reference, k[i].candidate, v,
                  why, k[i].want);
        cr_expect(why[0] != '\0', "%s: a reason", k[i].candidate);
    }
}

Test(sandbox, refuses_what_is_more_than_reading)
{
    static const char *const k[] = {
        "INSERT INTO t VALUES(9,'z',1)",
        "INSERT INTO t VALUES(9,'z',1) RETURNING id",
        "UPDATE t SET id = 1",
        "DELETE FROM t",
        "WITH x AS (SELECT 1) DELETE FROM t",
        "DROP TABLE t",
        "CREATE TABLE u(x)",
        "CREATE TEMP TABLE u(x)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "ATTACH 'sandbox-out.db' AS x",
        "ATTACH ':memory:' AS x",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO 'sandbox-out.db'",
        "PRAGMA user_version",
        "PRAGMA writable_schema = 1",
        "SELECT * FROM pragma_table_info('t')",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM sqlite_schema",
        "SELECT load_extension('x')",
        "SELECT sqlite_version()",
        "SELECT randomblob(8)",
        "SELECT random()",
        "SELECT zeroblob(1000)",
        "SELECT fts3_tokenizer('simple')",
        "SELECT last_insert_rowid()",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT a",
        "EXPLAIN SELECT 1",
        "EXPLAIN QUERY PLAN SELECT 1",
        "REINDEX",
        "ANALYZE",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE t",
        "SELECT 1; garbage",
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        char why[200];
        enum sandbox_verdict v = ask("SELECT 1", k[i], false, why);
        cr_expect(v == SANDBOX_REFUSED, "%s: %d (%s)", k[i], v, why);
    }
    cr_expect(access("sandbox-out.db", F_OK) != 0, "no file was written");
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

Test(sandbox, stops_what_does_not_end)
{
    static const char *const k[] = {
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c",
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION SELECT n + 1 FROM c) SELECT max(n) FROM c",
        "SELECT count(*) FROM big a, big b, big c, big d",
        "SELECT a.x FROM big a, big b",
        "SELECT group_concat(a.x || b.x || c.x) FROM big a, big b, big c",
        "SELECT replace(replace(replace(x, '0', x), '0', x), '0', x) FROM big",
        "SELECT hex(hex(hex(hex(hex(hex(hex(hex(hex(hex(x)))))))))) FROM big",
        "WITH RECURSIVE c(s) AS (SELECT 'xxxxxxxx' UNION ALL SELECT s || s FROM c) SELECT "
        "length(s) FROM c",
        "WITH RECURSIVE c(n, s) AS (SELECT 1, hex(printf('%0900d%0900d%0900d%0900d', 1, 2, 3, 4)) "
        "UNION ALL SELECT n + 1, s FROM c)"
        " SELECT s FROM c ORDER BY n DESC",
        "SELECT count(*) FROM (SELECT DISTINCT a.x || b.x || c.x FROM big a, big b, big c)",
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        char why[200];
        double start = now_s();
        enum sandbox_verdict v = ask("SELECT 1", k[i], false, why);
        cr_expect(v == SANDBOX_TOO_LONG, "%s: %d (%s)", k[i], v, why);
        cr_expect(now_s() - start < 20, "%s took %.1f s", k[i], now_s() - start);
        char again[200];
        cr_expect(ask("SELECT 1", k[i], false, again) == v && strcmp(again, why) == 0,
                  "%s: the same verdict again", k[i]);
    }
}

Test(sandbox, single_steps_stay_short)
{
#define LONG "(SELECT group_concat(x) FROM (SELECT x FROM big LIMIT 150))"
    static const char *const k[] = {
        "SELECT printf('%1000000000d', 1)",
        "SELECT printf('%.*c', 1000000000, 'x') FROM big",
        "SELECT format('%.1000000000c', 'x') FROM big",
        "SELECT trim(" LONG ", " LONG " || 'z') FROM big",
        "SELECT instr(" LONG ", substr(" LONG ", 2, 7000) || 'z') FROM big",
        "SELECT " LONG " LIKE '%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%z' FROM big",
        "SELECT " LONG " GLOB '*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*0*z' FROM big",
        "SELECT replace(" LONG ", '0', '') FROM big",
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        char why[200];
        double start = now_s();
        enum sandbox_verdict v = ask("SELECT 1", k[i], false, why);
        cr_expect(v != SANDBOX_EQUAL, "%s: %d (%s)", k[i], v, why);
        cr_expect(now_s() - start < 15, "%s took %.1f s", k[i], now_s() - start);
    }
}

Test(sandbox, printf_is_as_in_sqlite)
{
    static const char *const k[][2] = {
        {"SELECT '3.14|00042|  a|b  |+5|1e+02|ff|%'",
         "SELECT printf('%.2f|%05d|%3s|%-3s|%+d|%.0e|%x|%%', 3.14159, 42, 'a', 'b', 5, 100.0, "
         "255)"},
        {"SELECT '1,234,567'", "SELECT format('%,d', 1234567)"},
        {"SELECT '0 '", "SELECT printf('%d %s')"},
        {"SELECT NULL", "SELECT printf(NULL)"},
        {"SELECT 'it''''s|''x'''", "SELECT printf('%q|%Q', 'it''s', 'x')"},
        {"SELECT '9223372036854775807'", "SELECT printf('%d', 9223372036854775807)"},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        char why[200];
        enum sandbox_verdict v = ask(k[i][0], k[i][1], false, why);
        cr_expect(v == SANDBOX_EQUAL, "%s: %d (%s)", k[i][1], v, why);
    }
}

Test(sandbox, bad_schema_or_reference_is_an_error)
{
    static const struct {
        const char *schema, *reference;
    } k[] = {
        {"CREATE TABL t", "SELECT 1"},
        {"ATTACH 'sandbox-out.db' AS x", "SELECT 1"},
        {"PRAGMA journal_mode=DELETE", "SELECT 1"},
        {"CREATE VIRTUAL TABLE f USING fts5(x)", "SELECT 1"},
        {"", "SELECT x FROM t"},
        {"", "DELETE FROM t"},
        {"", ""},
        {"CREATE TABLE t(x)", "DROP TABLE t"},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        enum sandbox_verdict v;
        struct buf why = BUF_INIT(0);
        struct err e = {0};
        int rc = sandbox_compare(k[i].schema, k[i].reference, "SELECT 1", false, &v, &why, &e);
        cr_expect(rc == ERR_FORMAT && e.text[0], "%s / %s: %d %s", k[i].schema, k[i].reference, rc,
                  e.text);
        buf_deinit(&why);
    }
    cr_expect(access("sandbox-out.db", F_OK) != 0, "no file was written");
}
