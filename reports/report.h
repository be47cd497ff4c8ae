/* Reports: one evaluation as a page for people and the same numbers for programs. Start reading
 * here; data.h is what goes in, content.c what is said.
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "reports/content.h"

/* Writes index.html, report.md, report.csv, report.json and the figures as SVG into dir, which is
 * made where it is missing. Everything is made in memory first and each file is written whole or
 * not at all, index.html last: an error leaves what was there.
 * ERR_USAGE: no such router, no evaluation. ERR_IO: dir, gnuplot. */
int report_write(struct store *s, const char *dir, const struct report_options *o, struct err *e);

#endif
