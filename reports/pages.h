/* A document, or the data behind it, as one of the files of a report. All append. */
#ifndef REPORTS_PAGES_H
#define REPORTS_PAGES_H

#include "reports/content.h"

/* One page that needs nothing from outside: styles and figures are inside, there are no scripts. */
void page_html(const struct doc *doc, struct buf *out);
/* Figures are linked as FILE.svg beside it. */
void page_markdown(const struct doc *doc, struct buf *out);
/* Every evaluation row: policy, kind, split, slice, metric, value, lo, hi, n. */
void page_csv(const struct report_data *d, struct buf *out);
/* One object, "schema": "shunt.report/1" (README.md has its keys). */
void page_json(const struct report_data *d, const struct doc *doc, struct buf *out);

extern const char *const page_style[]; /* the style sheet of page_html, in parts up to NULL */

#endif
