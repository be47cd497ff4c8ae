/* gnuplot scripts: a frame whose place in pixels is known, axes with their own tic labels, points
 * as data blocks, and names set beside points without running into each other.
 *
 * No name reaches gnuplot but as a single-quoted label (text_gnuplot).
 */
#ifndef REPORTS_PLOT_H
#define REPORTS_PLOT_H

#include "core/buf.h"
#include "core/vec.h"

#include <stdbool.h>

/* Okabe and Ito's palette, which colour-blind readers can tell apart. */
#define INK "#333333"
#define GREY "#8a8a8a"
#define BLUE "#0072b2"
#define SKY "#56b4e9"
#define ORANGE "#c77700" /* darkened: the original is faint on white */
#define GREEN "#007a5a"
#define RED "#d55e00"
#define PURPLE "#a8518a"

struct axis {
    double lo, hi; /* of the data, then of the axis */
    bool log;
    char *(*format)(double); /* of tic labels; heap */
    const char *title;
};
#define AXIS_EMPTY                                                                                 \
    {                                                                                              \
        INFINITY, -INFINITY, false, NULL, NULL                                                     \
    }
char *axis_usd(double v);                 /* "$0.02": a format for tics */
void axis_see(struct axis *a, double v);  /* NaN is passed over */
void axis_fit(struct axis *a, bool unit); /* room at both ends; unit: within 0..1 */

struct place {
    int width, height;            /* of the whole figure */
    int left, right, top, bottom; /* margins */
    bool narrow;
};
/* Terminal, margins, ranges, tics, grid. */
void plot_begin(struct buf *b, const struct place *p, const struct axis *x, const struct axis *y);
double plot_x(const struct place *p, const struct axis *x, double v); /* pixels from the left */
double plot_y(const struct place *p, const struct axis *y, double v); /* from the top */

/* "$name << EOD", rows by plot_row, "EOD". A NaN is written as gnuplot's missing value. */
void plot_block(struct buf *b, const char *name);
void plot_row(struct buf *b, size_t n, const double *v);
void plot_end(struct buf *b);

/* Text at pixels; align: "left", "right", "center"; baseline in the middle of the letters. */
void plot_text(struct buf *b, const struct place *p, double x, double y, const char *align,
               const char *color, int size, bool bold, const char *text);

/* The key below the frame: entries in columns, centred; plot_key_room is the bottom margin that n
 * entries need. Lines have point 0, points have dash 0. */
struct key_entry {
    const char *text, *color;
    int dash, point;
    double size;
};
int plot_key_room(bool narrow, size_t n, const struct key_entry *entries);
void plot_key(struct buf *b, const struct place *p, size_t n, const struct key_entry *entries);

/* Names beside points. */
struct tag {
    double x, y; /* pixels */
    char *text;  /* owned; "": a point that is only to be kept clear */
    const char *color;
};
struct tag_vec VEC_BODY(struct tag);
void tag_add(struct tag_vec *t, double x, double y, const char *text, const char *color);
/* A line that names keep off; nothing when an end is not known. */
void tag_line(struct tag_vec *t, double x0, double y0, double x1, double y1);
void tags_draw(struct buf *b, const struct place *p, struct tag_vec *t); /* and frees */

#endif
