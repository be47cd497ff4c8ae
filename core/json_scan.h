/* The check of a JSON text before cJSON sees it (RFC 8259, strictly). For core/json.c only. */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include "core/err.h"
#include "core/vec.h"

#include <stddef.h>

/* A whole number of more than 15 digits: the how-manieth number of the text it is, from 0, and
 * where it stands. */
struct json_wide_at {
    size_t number, at, len;
};
struct json_wides VEC_BODY(struct json_wide_at);

/* 0, or ERR_FORMAT with "line L column C: what". text starts behind a byte order mark.
 * *wides (zeroed by the caller, freed by it) gets the long whole numbers in their order. */
int json_scan(const char *text, size_t len, struct json_wides *wides, struct err *e);

#endif
