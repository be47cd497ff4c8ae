/* Text of a report: strings made harmless for each language they are written in, numbers as people
 * read them. A name comes from outside and may hold anything; first it is cleaned (control and
 * direction characters and bytes that are not UTF-8 become U+FFFD, white space a space), then
 * escaped.
 */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include "core/buf.h"

#include <stdint.h>

struct value; /* reports/data.h */

void text_clean(struct buf *out, const char *s);
/* For HTML and SVG text and double-quoted attributes. */
void text_html(struct buf *out, const char *s);
/* The same for a name in a narrow column: with places where a line may break after a joint
 * (. _ : > / -), or after 20 characters without one. */
void text_html_name(struct buf *out, const char *s);
/* For running text and table cells of Markdown (GitHub's and CommonMark). */
void text_markdown(struct buf *out, const char *s);
/* A single-quoted gnuplot string, quotes included: neither commands, macros nor escapes live in it.
 */
void text_gnuplot(struct buf *out, const char *s);
/* A CSV field (core/csv.h); one that a spreadsheet would read as a formula gets an apostrophe. */
void text_csv(struct buf *out, const char *s, bool first);

size_t text_columns(const char *s);              /* characters */
char *text_shorten(const char *s, size_t limit); /* heap; the middle becomes an ellipsis */

/* Heap strings; an en dash where v is NaN. */
char *text_number(double v, int decimals);
char *text_quality(double v); /* "0.8126" */
char *text_usd(double v);     /* "$0.0412", three significant digits at least, "-$1.25" */
char *text_percent(double share, int decimals);
char *text_percent_short(double share); /* "81 %" or "81.5 %" */
char *text_ms(double v);                /* "850 ms", "12.4 s" */
/* "low to high" by one of the above; NULL where there is no interval. */
char *text_interval(const struct value *v, char *(*format)(double));
char *text_count(int64_t n); /* "14,037" */

#define TEXT_NONE "\xE2\x80\x93"

#endif
