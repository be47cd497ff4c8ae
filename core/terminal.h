/* The terminal that stderr may be: whether it is one, its size, and text cut to it. */
#ifndef CORE_TERMINAL_H
#define CORE_TERMINAL_H

#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* stderr is a terminal that moves its cursor when told to. */
bool terminal_is(void);
/* Columns and lines, as of now; 80 and 24 where nobody knows. */
void terminal_size(size_t *columns, size_t *lines);
/* len cut to at most `cells` code points. */
size_t terminal_cut(const char *s, size_t len, size_t cells);
size_t terminal_cells(const char *s, size_t len); /* code points */
/* Control characters become '?': a text moves no cursor. */
void terminal_mask(char *s, size_t len);
/* To stderr, whole; failures are ignored. */
void terminal_write(const char *data, size_t len);
/* "1:05:09" or "5:09", appended. */
void terminal_duration(struct buf *b, double seconds);

#endif
