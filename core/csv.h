/* CSV (RFC 4180): quoted fields, doubled quotes, line ends inside quotes, CRLF or LF, a BOM.
 */
#ifndef CORE_CSV_H
#define CORE_CSV_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>

struct csv;
/* Reads the file whole (at most max bytes). */
int csv_open(const char *path, size_t max, struct csv **out, struct err *e);
/* The next record: *fields[0..*n-1], NUL-terminated, valid until the next call; 1, 0 at the end,
 * or ERR_FORMAT with the line for a quote that never ends, text behind a closing quote, a NUL, or a
 * byte that is not UTF-8. Blank lines are passed over. */
int csv_next(struct csv *c, char ***fields, size_t *n, struct err *e);
size_t csv_line(const struct csv *c); /* line on which the last record began, from 1 */
void csv_close(struct csv *c);

/* Appends one field, quoted where needed, with a comma before it unless it is the first. */
void csv_field(struct buf *b, const char *s, bool first);

#endif
