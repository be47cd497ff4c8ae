/* Parts of the sandbox. Result sets: values copied out of a statement, and when two sets are equal.
 * And the functions that replace SQLite's where those could run for long in one step.
 * Private to store/sandbox*.c.
 */
#ifndef STORE_SANDBOX_ROWS_H
#define STORE_SANDBOX_ROWS_H

#include "core/vec.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cell_type { CELL_NULL, CELL_INT, CELL_REAL, CELL_TEXT, CELL_BLOB };

struct cell {
    enum cell_type type;
    int64_t i;
    double real; /* of CELL_INT too */
    char *data;  /* of text and blob; heap */
    size_t len;
};

struct rows {
    size_t columns, count;
    struct cell_vec VEC_BODY(struct cell) cells; /* [count * columns] row-major */
    size_t bytes;                                /* of the data, for a limit */
};

void rows_deinit(struct rows *r);

/* Sequences when ordered, else multisets. NULL equals NULL; numbers within a relative 1e-9, whole
 * numbers exactly; texts and blobs by bytes. May reorder both. */
bool rows_equal(struct rows *a, struct rows *b, bool ordered);

/* printf() and format() with bounded widths (sandbox_printf.c). */
void sandbox_define_printf(sqlite3 *db);

#endif
