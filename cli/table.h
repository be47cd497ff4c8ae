/* Opening a compiled table for a command: libshunt's statuses as the suite's errors. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "core/err.h"
#include "router/shunt.h"

/* ERR_IO when the file cannot be read, ERR_NOMEM, or ERR_FORMAT with the remedy. */
int cli_table_open(const char *path, struct shunt_table **out, struct err *e);

#endif
