/* Making an SQL query wrong; the rest of wrong.c's work is declared in answer.h. */
#ifndef PROVIDER_WRONG_H
#define PROVIDER_WRONG_H

#include "tests/provider/answer.h"

/* Appends sql with one or two plausible mistakes (another comparison, aggregate, order, column, a
 * condition left out, broken off). NULL gives a query of no table. */
void wrong_sql(const char *sql, struct rng *what, struct buf *out);

#endif
