/* The store: one SQLite file that every stage reads and writes. Start reading here.
 *
 * store.h    open, transactions, runs             reply.h   replies, bodies, attempts, scores
 * prompt.h   prompts, groups, splits              embed.h   encoders and their vectors
 * model.h    models, configurations, prices       router.h  trained routers, predictions
 * matrix.h   prompts x models, ready to compute   policy.h  operating points
 * tally.h    counts for people                    standing.h  where collecting stands
 * result.h   evaluations, series, notes           sandbox.h SQL of graders, away from the store
 * grader.h   what a prompt's grader may say       score.h   scores that no longer hold
 * work.h     what is left to ask or embed         merge.h   several stores into one
 * attempt.h  what was charged before              group.h   what must stay together, and why
 * where.h    which prompts count                  failed.h  requests that were given up
 * batch.h    requests with a batch API            reparse.h replies with their bodies
 * posterior.h  what a reply tells of every model    spent.h   what replies used
 * preference.h votes between two replies           stages.h  kinds of staged requests
 * router_copy.h  a router's rows under another      text_vector.h  the vector of a text
 *
 * schema.c holds the schema and its migrations. db.h, dictionary.h and sandbox_rows.h are private
 * to this folder. A store belongs to one thread at a time. Functions return 0 or a negative code of
 * core/err.h: ERR_DB unless said otherwise.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_mode {
    STORE_READ,   /* must exist; nothing is written */
    STORE_WRITE,  /* must exist */
    STORE_CREATE, /* is made when absent */
};

/* ERR_IO: no such file (names the verb that makes one). ERR_FORMAT: not SQLite, or SQLite but not a
 * store, or damaged. ERR_DB: a newer schema than this program's, or locked for over 10 s.
 * An older schema is migrated forward in one transaction (STORE_READ included). */
int store_open(const char *path, enum store_mode mode, struct store **out, struct err *e);
void store_close(struct store *s); /* NULL is fine */
const char *store_path(const struct store *s);

/* How much of the file may be kept in memory, 64 MiB when it was opened: less is enough for work
 * that goes through it in order. */
void store_cache(struct store *s, int64_t bytes);

/* Keeps other processes from claiming the store for the same work ("collect"), until it is closed
 * or this process ends. ERR_DB when one has it; ERR_IO. A further claim takes the place of the one
 * before. */
int store_claim(struct store *s, const char *who, struct err *e);
void store_unclaim(struct store *s);

/* Transactions nest by counting; rollback undoes the outermost. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* One invocation. data_hash, libraries may be NULL. */
int run_begin(struct store *s, int argc, char *const *argv, int64_t seed, int64_t *run_id,
              struct err *e);
int run_end(struct store *s, int64_t run_id, int status, struct err *e);

/* Rows per table, for `shunt status`: calls see(arg, table, rows). */
int store_counts(struct store *s, void (*see)(void *arg, const char *table, int64_t rows),
                 void *arg, struct err *e);

#endif
