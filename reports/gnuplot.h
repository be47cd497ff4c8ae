/* gnuplot as a child process: a script in, an SVG out; and that SVG made fit for a page. */
#ifndef REPORTS_GNUPLOT_H
#define REPORTS_GNUPLOT_H

#include "core/buf.h"
#include "core/err.h"

/* Runs gnuplot on a script given on its stdin; what it writes to stdout is appended to out.
 * ERR_IO: not installed (the text names the package), failed (its first line of stderr), longer
 * than seconds. ERR_PARTIAL: interrupted. */
int gnuplot_run(const char *script, size_t len, int seconds, struct buf *out, struct err *e);

/* The SVG that gnuplot wrote, for a page of several: prolog, size, titles and descriptions left
 * out, every id and reference with prefix before it, title as the name that is read aloud. Nothing
 * but shapes and text passes: another element, an event handler or a reference to outside is
 * ERR_FORMAT. */
int svg_embed(const char *svg, size_t len, const char *prefix, const char *title, struct buf *out,
              struct err *e);

#endif
