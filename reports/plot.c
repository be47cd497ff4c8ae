/* The parts that all figures share. */
#include "reports/plot.h"

#include "core/mem.h"
#include "reports/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

char *axis_usd(double v)
{
    return mem_printf("$%.4g", v + 0.0); /* no minus before a zero */
}

void axis_see(struct axis *a, double v)
{
    if (!isfinite(v))
        return;
    a->lo = v < a->lo ? v : a->lo;
    a->hi = v > a->hi ? v : a->hi;
}

void axis_fit(struct axis *a, bool unit)
{
    if (a->lo > a->hi) { /* nothing was seen */
        a->lo = 0;
        a->hi = 1;
    }
    if (a->log) {
        const double room = pow(a->hi / a->lo, .06);
        a->lo /= room > 1.05 ? room : 1.05;
        a->hi *= room > 1.05 ? room : 1.05;
        return;
    }
    const double span = a->hi > a->lo ? a->hi - a->lo : a->hi != 0 ? fabs(a->hi) : 1;
    const bool from_zero = a->lo >= 0 && a->lo < span / 3;
    a->lo = from_zero ? 0 : a->lo - .06 * span;
    a->hi += .06 * span;
    if (unit) {
        a->lo = a->lo < 0 ? 0 : a->lo;
        a->hi = a->hi > 1 ? 1 : a->hi;
    }
}

double plot_x(const struct place *p, const struct axis *x, double v)
{
    const double at = x->log ? log(v / x->lo) / log(x->hi / x->lo) : (v - x->lo) / (x->hi - x->lo);
    return p->left + at * (p->width - p->left - p->right);
}

double plot_y(const struct place *p, const struct axis *y, double v)
{
    const double at = (v - y->lo) / (y->hi - y->lo);
    return p->height - p->bottom - at * (p->height - p->top - p->bottom);
}

/* A tic's label is a format to gnuplot, so that a % is doubled. */
static void add_tic(struct buf *b, const struct axis *a, double v, bool *first)
{
    AUTO_FREE char *text = a->format(v);
    buf_adds(b, *first ? "'" : ", '");
    for (const char *c = text; *c; c++)
        buf_adds(b, *c == '%' ? "%%" : (const char[]){*c, '\0'});
    buf_addf(b, "' %.9g", v);
    *first = false;
}

static void log_tics(struct buf *b, const struct axis *a, int most)
{
    static const double few[] = {1}, some[] = {1, 3}, all[] = {1, 2, 5};
    const double decades = log10(a->hi / a->lo);
    const bool dense = decades * 3 <= most, thin = decades * 2 > most;
    const double *step = dense ? all : thin ? few : some;
    const int n = dense ? 3 : thin ? 1 : 2;
    bool first = true;
    for (double d = floor(log10(a->lo)); d <= ceil(log10(a->hi)); d++)
        for (int k = 0; k < n; k++) {
            const double v = pow(10, d) * step[k];
            if (v >= a->lo && v <= a->hi)
                add_tic(b, a, v, &first);
        }
}

static void linear_tics(struct buf *b, const struct axis *a, int most)
{
    const double raw = (a->hi - a->lo) / most, unit = pow(10, floor(log10(raw)));
    const double step = unit * (raw / unit <= 1   ? 1
                                : raw / unit <= 2 ? 2
                                : raw / unit <= 5 ? 5
                                                  : 10);
    bool first = true;
    for (double k = ceil(a->lo / step - 1e-9); k * step <= a->hi + 1e-9 * step; k++)
        add_tic(b, a, k * step, &first);
}

static void add_axis(struct buf *b, char letter, const struct axis *a, int most)
{
    buf_addf(b, "set %crange [%.9g:%.9g]\n", letter, a->lo, a->hi);
    if (a->log)
        buf_addf(b, "set logscale %c\n", letter);
    buf_addf(b, "set %ctics nomirror scale 0.4 textcolor rgb '" INK "' (", letter);
    if (a->log && a->hi > 5 * a->lo)
        log_tics(b, a, most);
    else
        linear_tics(b, a, most);
    buf_adds(b, ")\n");
    if (a->title && letter == 'x')
        buf_addf(b, "set xlabel '%s' textcolor rgb '" INK "' offset 0,0.3\n", a->title);
}

void plot_begin(struct buf *b, const struct place *p, const struct axis *x, const struct axis *y)
{
    const int inner = p->width - p->left - p->right, tall = p->height - p->top - p->bottom;
    buf_addf(b,
             "set terminal svg size %d,%d font 'sans-serif,%d' noenhanced background '#ffffff'\n",
             p->width, p->height, p->narrow ? 12 : 13);
    buf_adds(b, "set encoding utf8\nset datafile missing '?'\n"
                "set style line 100 lc rgb '#e4e4e4' lw 1\nset grid ls 100\n"
                "set border 3 lc rgb '#999999' lw 1\nunset key\nset bars 0.4\n");
    buf_addf(b, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n",
             (double)p->left / p->width, 1 - (double)p->right / p->width);
    buf_addf(b, "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
             1 - (double)p->top / p->height, (double)p->bottom / p->height);
    if (y->title)
        buf_addf(b,
                 "set label '%s' at screen %.6f, screen %.6f center rotate by 90 textcolor rgb "
                 "'" INK "'\n",
                 y->title, 10.0 / p->width, (p->bottom + tall / 2.0) / p->height);
    const int most = inner / (p->narrow ? 58 : 75);
    add_axis(b, 'x', x, most > 2 ? most : 2);
    add_axis(b, 'y', y, tall / 45 > 2 ? tall / 45 : 2);
}

void plot_block(struct buf *b, const char *name)
{
    buf_addf(b, "$%s << EOD\n", name);
}

void plot_row(struct buf *b, size_t n, const double *v)
{
    for (size_t k = 0; k < n; k++) {
        buf_adds(b, k ? " " : "");
        if (isfinite(v[k]))
            buf_addf(b, "%.9g", v[k]);
        else
            buf_addc(b, '?');
    }
    buf_addc(b, '\n');
}

void plot_end(struct buf *b)
{
    buf_adds(b, "EOD\n");
}

void plot_text(struct buf *b, const struct place *p, double x, double y, const char *align,
               const char *color, int size, bool bold, const char *text)
{
    buf_adds(b, "set label ");
    text_gnuplot(b, text);
    buf_addf(b, " at screen %.6f, screen %.6f %s textcolor rgb '%s' font 'sans-serif%s,%d' front\n",
             x / p->width, 1 - y / p->height, align, color, bold ? ":Bold" : "", size);
}

enum { KEY_ROW = 19, KEY_SAMPLE = 34, KEY_GAP = 22, KEY_AXIS = 76 };

static int key_columns(int width, bool narrow, size_t n, const struct key_entry *entries,
                       double *column)
{
    size_t longest = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t len = text_columns(entries[k].text);
        longest = len > longest ? len : longest;
    }
    *column = KEY_SAMPLE + KEY_GAP / (narrow ? 2 : 1) + (narrow ? 6.3 : 7.2) * (double)longest;
    const int fit = (int)(width / *column);
    return fit < 1 ? 1 : fit > 4 ? 4 : fit;
}

int plot_key_room(bool narrow, size_t n, const struct key_entry *entries)
{
    double column = 0;
    const size_t columns = (size_t)key_columns(narrow ? 364 : 900, narrow, n, entries, &column);
    return KEY_AXIS + (int)((n + columns - 1) / columns) * KEY_ROW;
}

void plot_key(struct buf *b, const struct place *p, size_t n, const struct key_entry *entries)
{
    double column = 0;
    const size_t columns =
        (size_t)key_columns(p->narrow ? 364 : 900, p->narrow, n, entries, &column);
    const size_t used = n < columns ? n : columns;
    const double left = (p->width - column * (double)used) / 2;
    for (size_t k = 0; k < n; k++) {
        const struct key_entry *e = &entries[k];
        const double x = left + column * (double)(k % columns);
        const double y = p->height - p->bottom + KEY_AXIS - 10 + KEY_ROW * (double)(k / columns);
        const double sy = 1 - y / p->height;
        if (e->dash)
            buf_addf(b,
                     "set arrow from screen %.6f, screen %.6f to screen %.6f, screen %.6f nohead "
                     "lw 2 dt %d lc rgb '%s'\n",
                     x / p->width, sy, (x + 24) / p->width, sy, e->dash, e->color);
        if (e->point)
            buf_addf(b,
                     "set label '' at screen %.6f, screen %.6f point pt %d ps %.2f lc rgb '%s'\n",
                     (x + 12) / p->width, sy, e->point, e->size, e->color);
        plot_text(b, p, x + KEY_SAMPLE - 3, y, "left", INK, p->narrow ? 11 : 13, false, e->text);
    }
}
