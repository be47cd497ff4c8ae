/* JSON out: a small streaming writer that escapes, separates, and nests for the caller.
 *
 *   struct jsonw w = JSONW_INIT(&buf);
 *   jsonw_obj(&w, NULL); jsonw_str(&w, "schema", "shunt.eval/1"); jsonw_end(&w);
 *
 * key is NULL inside an array or at the top. Strings must be UTF-8 (bad bytes become U+FFFD).
 * NaN and infinities are written as null. At most 64 levels.
 */
#ifndef CORE_JSONW_H
#define CORE_JSONW_H

#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonw {
    struct buf *out;
    int depth;
    bool pretty;             /* two spaces a level, one member a line */
    unsigned char first[64]; /* nothing written yet at this level */
    char kind[64];           /* '{' or '[' */
};
#define JSONW_INIT(buffer)                                                                         \
    {                                                                                              \
        .out = (buffer), .first = { 1 }                                                            \
    }

void jsonw_obj(struct jsonw *w, const char *key);
void jsonw_arr(struct jsonw *w, const char *key);
void jsonw_end(struct jsonw *w); /* closes the innermost object or array */
void jsonw_str(struct jsonw *w, const char *key, const char *s); /* NULL writes null */
void jsonw_strn(struct jsonw *w, const char *key, const char *s, size_t len);
void jsonw_int(struct jsonw *w, const char *key, int64_t v);
void jsonw_num(struct jsonw *w, const char *key, double v); /* shortest text that reads back */
void jsonw_fix(struct jsonw *w, const char *key, double v, int digits); /* fixed decimals */
void jsonw_bool(struct jsonw *w, const char *key, bool v);
void jsonw_null(struct jsonw *w, const char *key);
void jsonw_raw(struct jsonw *w, const char *key, const char *json); /* already JSON */

/* s as a JSON string with its quotes, appended. */
void json_quote(struct buf *b, const char *s, size_t len);
/* v as jsonw_num writes it, appended. */
void json_number(struct buf *b, double v);

#endif
