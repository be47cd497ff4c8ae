/* SQL of graders, run in memory and away from the store: parse, run, compare result sets. */
#ifndef STORE_SANDBOX_H
#define STORE_SANDBOX_H

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>

enum sandbox_verdict {
    SANDBOX_EQUAL, /* same result set */
    SANDBOX_DIFFERENT,
    SANDBOX_INVALID,  /* does not parse against the schema */
    SANDBOX_REFUSED,  /* writes, attaches, pragmas, or more than one statement */
    SANDBOX_TOO_LONG, /* too many steps, rows or bytes */
};

/* Runs schema (DDL and INSERTs, trusted) in a fresh in-memory database, then reference and
 * candidate as single read-only SELECTs, and compares their results: as multisets of rows unless
 * ordered. Numbers are compared with relative tolerance 1e-9, 1 equals 1.0; column names do not
 * matter, their order does. *why gets one sentence. Errors: ERR_FORMAT when schema or reference is
 * bad. */
int sandbox_compare(const char *schema, const char *reference, const char *candidate, bool ordered,
                    enum sandbox_verdict *verdict, struct buf *why, struct err *e);

#endif
