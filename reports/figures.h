/* The figures of a report. */
#ifndef REPORTS_FIGURES_H
#define REPORTS_FIGURES_H

#include "reports/data.h"
#include "reports/doc.h"

/* Adds the figures that the data has to the document: figures_main before its tables,
 * figures_calibration and figures_days where they belong. draw false: none. Errors of gnuplot_run
 * and svg_embed. */
int figures_main(const struct report_data *d, bool draw, struct doc *doc, struct err *e);
int figures_calibration(const struct report_data *d, bool draw, struct doc *doc, struct err *e);
int figures_days(const struct report_data *d, bool draw, struct doc *doc, struct err *e);

/* Private to this folder: scripts. Each appends a script that draws the figure, wide or for a
 * small screen; false where the data has nothing to draw. */
bool draw_cost(const struct report_data *d, bool narrow, struct buf *script);
bool draw_zoom(const struct report_data *d, bool narrow, struct buf *script);
bool draw_share(const struct report_data *d, bool narrow, struct buf *script);
bool draw_bars(const struct report_data *d, bool narrow, struct buf *script);
bool draw_calibration(const struct report_data *d, bool narrow, struct buf *script);
bool draw_days(const struct report_data *d, bool narrow, struct buf *script);
/* Numbers instead of names, from how many models on. */
bool draw_numbers(const struct report_data *d, bool narrow);
/* A sweep's row at lambda 0: on its curve already. */
bool draw_is_sweep(const struct policy *p);
/* The single model whose mean cost is the smallest; NULL where a cost is unknown. */
const struct policy *draw_cheapest(const struct report_data *d);

#endif
