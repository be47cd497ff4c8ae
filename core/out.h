/* Rows for stdout in one of four shapes: aligned columns (default), --tsv, --csv, --json
 * (JSON Lines, one object a row).
 *
 *   struct out *o = out_new(OUT_ALIGNED, stdout, 3, (const char *const[]){"model", "quality",
 * "usd"}); out_str(o, "gpt"); out_num(o, .812, 3); out_null(o);      a row is complete with its
 * last cell out_end(o);                                               prints what is aligned, frees
 */
#ifndef CORE_OUT_H
#define CORE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum out_shape { OUT_ALIGNED, OUT_TSV, OUT_CSV, OUT_JSON };
enum out_shape out_shape_of(bool json, bool csv, bool tsv);

struct out;
struct out *out_new(enum out_shape shape, FILE *f, size_t columns, const char *const *names);
void out_str(struct out *o, const char *s); /* NULL as out_null */
/* Figures as text (an exact amount, an interval): as out_str, to the right where aligned. */
void out_right(struct out *o, const char *s);
void out_num(struct out *o, double v, int decimals); /* NaN as out_null */
void out_int(struct out *o, int64_t v);
void out_null(struct out *o); /* "-" aligned, empty in csv and tsv, null in JSON */
int out_end(struct out *o);   /* 0, or -1 when writing failed */

#endif
