/* Private to store/: the handle, cached statements, binding with "not known" as NULL. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "core/money.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stddef.h>

enum { DB_CACHE = 96 };

struct store {
    sqlite3 *db;
    char *path;
    int64_t shard, shards;     /* work.h; shards 0: all */
    const struct where *where; /* where.h; borrowed, NULL: all */
    char *claim_path;          /* store_claim; NULL: none */
    int claim_fd;
    int depth;             /* of nested transactions */
    struct zipper *zipper; /* of reply bodies; made when first needed */
    size_t cached;
    struct {
        const char *sql; /* a string literal: compared by address */
        sqlite3_stmt *st;
    } cache[DB_CACHE];
};

#define DB_APPLICATION_ID 0x73686e74 /* "shnt" */

/* Brings a database to the newest schema in one transaction; a fresh one is made so (schema.c). */
int schema_migrate(sqlite3 *db, const char *path, struct err *e);
int schema_version(void);

/* Of prompt p: in the shard, and what --where asks for; that, and no parent of stages. */
#define DB_CHOSEN                                                                                  \
    "in_shard(p.ext_id) AND"                                                                       \
    " in_where(p.ext_id, p.task, p.complexity, p.split, p.dataset, p.user_class, p.grp)"
#define DB_SELECTED "NOT EXISTS(SELECT 1 FROM prompt c WHERE c.parent = p.id) AND " DB_CHOSEN

/* The n numbers of the one row that sql gives for what is asked of a model: ?1 the model, samples <
 * ?2, and prompts up to ?3, the last of the first `limit` (0: all) of the selection. sum [n] is
 * written on success (work.c). */
int work_sums(struct store *s, const char *sql, int64_t model, int64_t samples, int64_t limit,
              int64_t *sum, int n, struct err *e);

/* Adds in_where() of where.c. */
int where_register(struct store *s);
/* Adds the SQL function in_shard(ext_id) to a new connection (work.c). Returns SQLite's code. */
int work_register(struct store *s);

/* A statement for a string literal, reset and ready to bind; NULL with *e filled. Belongs to the
 * store. Not for a statement that is still being stepped further up the stack. */
sqlite3_stmt *db_get(struct store *s, const char *sql, struct err *e);
/* "cannot WHAT in 'PATH': sqlite's text", ERR_DB (ERR_IO for a full disk, ERR_FORMAT when damaged).
 */
int db_fail(struct store *s, const char *what, struct err *e);
/* Steps a statement once, resets it: 1 there is a row, 0 there is none, or as db_fail. */
int db_found(struct store *s, sqlite3_stmt *st, const char *what, struct err *e);
/* Steps a statement that returns no row, resets it. */
int db_run(struct store *s, sqlite3_stmt *st, const char *what, struct err *e);
int db_exec(struct store *s, const char *sql, struct err *e);

void db_text(sqlite3_stmt *st, int i,
             const char *text); /* NULL binds null; text must outlive the step */
void db_int(sqlite3_stmt *st, int i, int64_t v);
void db_real(sqlite3_stmt *st, int i, double v);   /* NaN binds null */
void db_count(sqlite3_stmt *st, int i, int64_t v); /* negative binds null */
void db_money(sqlite3_stmt *st, int i, int64_t v); /* MONEY_UNKNOWN binds null */
void db_ref(sqlite3_stmt *st, int i, int64_t v);   /* 0 binds null */

const char *db_get_text(sqlite3_stmt *st, int col); /* NULL for null */
double db_get_real(sqlite3_stmt *st, int col);      /* NaN for null */
int64_t db_get_count(sqlite3_stmt *st, int col);    /* -1 for null */
int64_t db_get_money(sqlite3_stmt *st, int col);    /* MONEY_UNKNOWN for null */

#endif
