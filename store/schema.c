/* The schema and its migrations: forward only, one step a version, all steps in one transaction.
 *
 * steps[v] brings a database from version v to v + 1. A released step is never edited: a change is
 * a new step. user_version holds the version, application_id tells a store from another database.
 */
#include "store/db.h"

#include <stdio.h>

/* C99 promises string literals of 4,095 bytes only, so a step is a list of parts. */
static const char *const step_0[] = {
    /* traffic and replies */
    "CREATE TABLE run(id INTEGER PRIMARY KEY, argv TEXT NOT NULL, version TEXT NOT NULL,"
    " seed INTEGER, data_hash TEXT, libraries TEXT, started_ms INTEGER NOT NULL, ended_ms INTEGER,"
    " status INTEGER) STRICT;"

    "CREATE TABLE prompt(id INTEGER PRIMARY KEY, ext_id TEXT NOT NULL UNIQUE,"
    " dataset TEXT NOT NULL DEFAULT '', task TEXT NOT NULL DEFAULT '', messages TEXT NOT NULL,"
    " text TEXT NOT NULL, text_hash TEXT NOT NULL, user TEXT, user_class TEXT, timestamp_ms "
    "INTEGER,"
    " reference TEXT, grader TEXT, complexity TEXT, grp TEXT,"
    " split TEXT CHECK(split IN ('train','validation','test')), split_given INTEGER NOT NULL "
    "DEFAULT 0,"
    " weight REAL NOT NULL DEFAULT 1 CHECK(weight > 0), parent INTEGER REFERENCES prompt(id),"
    " stage TEXT, stage_index INTEGER, cluster INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX prompt_text ON prompt(text_hash);"
    "CREATE INDEX prompt_parent ON prompt(parent) WHERE parent IS NOT NULL;"

    "CREATE TABLE model(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, provider TEXT,"
    " protocol TEXT, tier TEXT, context INTEGER) STRICT;"
    "CREATE TABLE model_config(id INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES model(id),"
    " hash TEXT NOT NULL, config TEXT NOT NULL, current INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(model, hash)) STRICT;"
    "CREATE TABLE price(id INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES model(id),"
    " component TEXT NOT NULL, service_tier TEXT NOT NULL DEFAULT 'standard',"
    " min_context INTEGER NOT NULL DEFAULT 0, from_ms INTEGER NOT NULL DEFAULT 0,"
    " pico_usd INTEGER NOT NULL, source TEXT,"
    " UNIQUE(model, component, service_tier, min_context, from_ms)) STRICT;"

    "CREATE TABLE reply(id INTEGER PRIMARY KEY, prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " model_config INTEGER NOT NULL REFERENCES model_config(id), sample INTEGER NOT NULL,"
    " request_hash TEXT NOT NULL, text TEXT, finish TEXT, input_tokens INTEGER,"
    " cached_tokens INTEGER, cache_write_tokens INTEGER, cache_write_1h_tokens INTEGER,"
    " output_tokens INTEGER, reasoning_tokens INTEGER, reported_nusd INTEGER, latency_ms REAL,"
    " ttft_ms REAL, mean_logprob REAL, min_logprob REAL, entropy REAL, served_model TEXT,"
    " created_ms INTEGER, UNIQUE(model_config, prompt, sample, request_hash)) STRICT;"
    "CREATE TABLE reply_body(reply INTEGER PRIMARY KEY REFERENCES reply(id), protocol TEXT NOT "
    "NULL,"
    " body BLOB NOT NULL) STRICT;"
    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " model_config INTEGER NOT NULL REFERENCES model_config(id), sample INTEGER NOT NULL,"
    " request_hash TEXT NOT NULL, started_ms INTEGER NOT NULL, status INTEGER NOT NULL,"
    " error_class TEXT, wait_ms REAL, latency_ms REAL, reply INTEGER REFERENCES reply(id)) STRICT;"
    "CREATE TABLE score(reply INTEGER NOT NULL REFERENCES reply(id), grader TEXT NOT NULL,"
    " version INTEGER NOT NULL, value REAL CHECK(value BETWEEN 0 AND 1), status TEXT NOT NULL,"
    " reason TEXT, is_primary INTEGER NOT NULL, PRIMARY KEY(reply, grader, version)) STRICT,"
    " WITHOUT ROWID;",

    /* encoders, routers, results */
    "CREATE TABLE encoder(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " dimensions INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;"
    "CREATE TABLE embedding(prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " encoder INTEGER NOT NULL REFERENCES encoder(id), vector BLOB NOT NULL,"
    " PRIMARY KEY(encoder, prompt)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE router(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " encoder TEXT NOT NULL, mode TEXT NOT NULL, folds INTEGER NOT NULL, seed INTEGER NOT NULL,"
    " data_hash TEXT NOT NULL, models TEXT NOT NULL, params BLOB NOT NULL, metrics TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE router_prompt(router INTEGER NOT NULL REFERENCES router(id) ON DELETE CASCADE,"
    " prompt INTEGER NOT NULL REFERENCES prompt(id), role TEXT NOT NULL, fold INTEGER NOT NULL,"
    " PRIMARY KEY(router, prompt)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE prediction(router INTEGER NOT NULL REFERENCES router(id) ON DELETE CASCADE,"
    " scope INTEGER NOT NULL, prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " model INTEGER NOT NULL REFERENCES model(id), after_reply INTEGER NOT NULL,"
    " quality REAL NOT NULL, cost_nusd INTEGER, latency_ms REAL,"
    " PRIMARY KEY(router, scope, prompt, model, after_reply)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE complexity(router INTEGER NOT NULL REFERENCES router(id) ON DELETE CASCADE,"
    " prompt INTEGER NOT NULL REFERENCES prompt(id), above TEXT NOT NULL,"
    " PRIMARY KEY(router, prompt)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE policy(id INTEGER PRIMARY KEY, router INTEGER NOT NULL REFERENCES router(id)"
    " ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL, params TEXT NOT NULL,"
    " UNIQUE(router, name)) STRICT;"

    "CREATE TABLE evaluation(id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id),"
    " router INTEGER REFERENCES router(id) ON DELETE CASCADE, policy TEXT NOT NULL,"
    " kind TEXT NOT NULL, split TEXT NOT NULL, slice TEXT NOT NULL, metric TEXT NOT NULL,"
    " value REAL, lo REAL, hi REAL, n INTEGER) STRICT;"
    "CREATE INDEX evaluation_run ON evaluation(run);"
    "CREATE INDEX evaluation_router ON evaluation(router);"
    "CREATE TABLE series(run INTEGER NOT NULL REFERENCES run(id), policy TEXT NOT NULL,"
    " name TEXT NOT NULL, i INTEGER NOT NULL, x REAL, y REAL, lo REAL, hi REAL, label TEXT,"
    " PRIMARY KEY(run, policy, name, i)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE note(id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id),"
    " key TEXT NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE INDEX note_run ON note(run);",
    NULL,
};

/* predictions after a reply, packed (store/posterior.h) */
static const char *const step_1[] = {
    "CREATE TABLE posterior(router INTEGER NOT NULL REFERENCES router(id) ON DELETE CASCADE,"
    " scope INTEGER NOT NULL, prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " reply INTEGER NOT NULL, quality BLOB NOT NULL,"
    " PRIMARY KEY(router, scope, prompt, reply)) STRICT, WITHOUT ROWID;",
    NULL,
};

/* replies as graders see them, who served them and at which tariff; requests given to batch APIs
 * (store/batch.h). remote is null for files that were only written. */
static const char *const step_2[] = {
    "ALTER TABLE reply ADD COLUMN normalised TEXT;"
    "ALTER TABLE reply ADD COLUMN fingerprint TEXT;"
    "ALTER TABLE reply ADD COLUMN service_tier TEXT;"

    "CREATE TABLE batch(id INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES model(id),"
    " protocol TEXT NOT NULL, remote TEXT, state TEXT NOT NULL, requests INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, ended_ms INTEGER, UNIQUE(model, remote)) STRICT;"
    "CREATE TABLE batch_item(custom_id TEXT NOT NULL, batch INTEGER NOT NULL REFERENCES batch(id)"
    " ON DELETE CASCADE, prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " model_config INTEGER NOT NULL REFERENCES model_config(id), sample INTEGER NOT NULL,"
    " request_hash TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY(custom_id, batch)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE INDEX batch_item_reply ON batch_item(model_config, prompt, sample);",
    NULL,
};

/* Pairs of prompts that were found to be near duplicates: they join groups (store/group.c). */
static const char *const step_3[] = {
    "CREATE TABLE near_duplicate(a INTEGER NOT NULL REFERENCES prompt(id),"
    " b INTEGER NOT NULL REFERENCES prompt(id), jaccard REAL NOT NULL CHECK(jaccard BETWEEN 0 AND"
    " 1), PRIMARY KEY(a, b)) STRICT, WITHOUT ROWID;",
    NULL,
};

/* What an attempt counts as under a spend cap (null: not known), and from where on it does. */
static const char *const step_4[] = {
    "ALTER TABLE attempt ADD COLUMN charge_nusd INTEGER;"
    "CREATE TABLE cap_start(model_config INTEGER PRIMARY KEY REFERENCES model_config(id),"
    " attempt INTEGER NOT NULL) STRICT;",
    NULL,
};

/* What a request in a batch can cost at most (null: not known). */
static const char *const step_5[] = {
    "ALTER TABLE batch_item ADD COLUMN worst_nusd INTEGER;",
    NULL,
};

/* Votes between two models' replies (store/preference.h). */
static const char *const step_6[] = {
    "CREATE TABLE preference(prompt INTEGER NOT NULL REFERENCES prompt(id),"
    " model_a INTEGER NOT NULL REFERENCES model(id), model_b INTEGER NOT NULL REFERENCES model(id)"
    " CHECK(model_a <> model_b), vote INTEGER NOT NULL, outcome REAL NOT NULL"
    " CHECK(outcome BETWEEN 0 AND 1), PRIMARY KEY(prompt, model_a, model_b, vote)) STRICT,"
    " WITHOUT ROWID;",
    NULL,
};

static const char *const *const steps[] = {step_0, step_1, step_2, step_3, step_4, step_5, step_6};

int schema_version(void)
{
    return (int)(sizeof steps / sizeof *steps);
}

static int pragma_int(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        *out = sqlite3_column_int(st, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc;
}

static int apply(sqlite3 *db, int from)
{
    int rc = SQLITE_OK;
    for (int v = from; rc == SQLITE_OK && v < schema_version(); v++)
        for (const char *const *part = steps[v]; rc == SQLITE_OK && *part; part++)
            rc = sqlite3_exec(db, *part, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             DB_APPLICATION_ID, schema_version());
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Is it ours, and which version? *version is -1 for an empty database. */
static int inspect(sqlite3 *db, const char *path, int *version, struct err *e)
{
    int app = 0, tables = 0;
    int rc = pragma_int(db, "PRAGMA user_version", version);
    if (rc == SQLITE_OK)
        rc = pragma_int(db, "PRAGMA application_id", &app);
    if (rc == SQLITE_OK)
        rc = pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc == SQLITE_NOTADB)
        return err_set(e, ERR_FORMAT,
                       "'%s' is not a SQLite file; --store wants one made by shunt import", path);
    if (rc == SQLITE_CORRUPT)
        return err_set(e, ERR_FORMAT, "'%s' is damaged (%s); restore it from a copy", path,
                       sqlite3_errmsg(db));
    if (rc != SQLITE_OK)
        return err_set(e, ERR_DB, "cannot read '%s': %s", path, sqlite3_errmsg(db));
    if (tables == 0 && app == 0 && *version == 0) {
        *version = -1;
        return 0;
    }
    if (app != DB_APPLICATION_ID)
        return err_set(
            e, ERR_FORMAT,
            "'%s' is a SQLite file of another program; --store wants one made by shunt import",
            path);
    if (*version > schema_version())
        return err_set(e, ERR_DB,
                       "'%s' has schema version %d, this shunt knows up to %d; use a newer shunt",
                       path, *version, schema_version());
    return 0;
}

int schema_migrate(sqlite3 *db, const char *path, struct err *e)
{
    int version = 0;
    int rc = inspect(db, path, &version, e);
    if (rc || version == schema_version())
        return rc;
    /* Look again under the write lock: another process may have been quicker. */
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return err_set(e, ERR_DB, "cannot bring '%s' to schema version %d: %s", path,
                       schema_version(), sqlite3_errmsg(db));
    rc = inspect(db, path, &version, e);
    if (!rc && version != schema_version() && apply(db, version < 0 ? 0 : version) != SQLITE_OK)
        rc = err_set(e, ERR_DB, "cannot bring '%s' to schema version %d: %s", path,
                     schema_version(), sqlite3_errmsg(db));
    sqlite3_exec(db, rc ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL);
    return rc;
}
