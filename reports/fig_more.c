/* Calibration, one small panel a model, and cost per day. */
#include "reports/figures.h"
#include "reports/plot.h"
#include "reports/text.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *tenth(double v)
{
    return text_number(v, 1);
}

static size_t calibrated(const struct report_data *d, size_t m, const struct series_row **first)
{
    AUTO_FREE char *name = mem_printf("calibration:%s", d->models.v[m]);
    return data_series(d, d->models.v[m], name, first);
}

/* One panel: its margins say where it stands. */
static void put_panel(const struct report_data *d, size_t m, const struct place *p, struct buf *b)
{
    const struct series_row *r = NULL;
    const size_t n = calibrated(d, m, &r);
    buf_addf(b, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n",
             (double)p->left / p->width, 1 - (double)p->right / p->width);
    buf_addf(b, "set tmargin at screen %.6f\nset bmargin at screen %.6f\nunset label\n",
             1 - (double)p->top / p->height, (double)p->bottom / p->height);
    const int room = p->width - p->left - p->right + 30;
    AUTO_FREE char *number =
        draw_numbers(d, p->narrow) ? mem_printf("%zu ", m + 1) : mem_strdup("");
    AUTO_FREE char *shortened =
        text_shorten(d->models.v[m], (size_t)(2 * room / 15) - text_columns(number));
    AUTO_FREE char *name = mem_printf("%s%s", number, shortened);
    plot_text(b, p, p->left, p->top - 10, "left", INK, p->narrow ? 11 : 12, true, name);
    if (n == 0) {
        plot_text(b, p, p->left + 8, p->top + 16, "left", GREY, 11, false, "no prediction");
        buf_adds(b, "plot x with lines dt 2 lc rgb '" GREY "'\n");
        return;
    }
    buf_addf(b,
             "plot x with lines dt 2 lc rgb '" GREY "', $m%zu using 1:2:3:4 with yerrorbars pt 7 "
             "ps 0.5 lw 1.2 lc rgb '" BLUE "', $m%zu using 1:2 with lines lw 1 lc rgb '" BLUE "'\n",
             m, m);
}

bool draw_calibration(const struct report_data *d, bool narrow, struct buf *b)
{
    size_t any = 0;
    const struct series_row *r = NULL;
    for (size_t m = 0; m < d->models.n; m++)
        any += calibrated(d, m, &r);
    if (!any)
        return false;
    const int columns = narrow ? 2 : d->models.n < 4 ? 3 : d->models.n <= 8 ? 4 : 5;
    const int panel = narrow ? 168 : 900 / columns, tall = narrow         ? 170
                                                           : columns == 5 ? 182
                                                                          : panel;
    const int rows = ((int)d->models.n + columns - 1) / columns;
    const struct place whole = {
        columns * panel + (narrow ? 36 : 40), rows * tall + 36, 40, 10, 30, 40, narrow};
    for (size_t m = 0; m < d->models.n; m++) {
        const size_t n = calibrated(d, m, &r);
        AUTO_FREE char *name = mem_printf("m%zu", m);
        plot_block(b, name);
        for (size_t i = 0; i < n; i++)
            plot_row(b, 4, (double[]){r[i].x, r[i].y, r[i].lo, r[i].hi});
        plot_end(b);
    }
    const struct axis x = {0, 1, false, tenth, NULL}, y = x;
    plot_begin(b, &whole, &x, &y);
    buf_adds(b, "set xtics ('0' 0, '.5' 0.5, '1' 1)\nset ytics ('0' 0, '.5' 0.5, '1' 1)\n"
                "set samples 2\nset multiplot\n");
    plot_text(b, &whole, whole.width / 2.0, whole.height - 12, "center", INK, narrow ? 12 : 13,
              false, "expected quality");
    buf_addf(
        b,
        "set label 'observed quality' at screen %.6f, screen 0.5 center rotate by 90 "
        "textcolor rgb '" INK "'\nset border 0\nunset tics\nplot [0:1] NaN\n"
        "set border 3\nset xtics ('0' 0, '.5' 0.5, '1' 1) nomirror scale 0.4 textcolor rgb '" INK
        "'\n"
        "set ytics ('0' 0, '.5' 0.5, '1' 1) nomirror scale 0.4 textcolor rgb '" INK
        "'\nset grid ls 100\n",
        12.0 / whole.width);
    for (size_t m = 0; m < d->models.n; m++) {
        const int col = (int)m % columns, row = (int)m / columns;
        struct place p = whole;
        p.left = (narrow ? 40 : 50) + col * panel;
        p.right = whole.width - p.left - panel + (narrow ? 32 : 40);
        p.top = 26 + row * tall;
        p.bottom = whole.height - p.top - tall + 50;
        put_panel(d, m, &p, b);
    }
    buf_adds(b, "unset multiplot\n");
    return true;
}

static size_t put_days(const struct report_data *d, const char *policy, const char *block,
                       struct axis *x, struct axis *y, struct buf *b)
{
    const struct series_row *r = NULL;
    const size_t n = data_series(d, policy, "cost_per_day", &r);
    plot_block(b, block);
    for (size_t i = 0; i < n; i++) {
        plot_row(b, 2, (double[]){r[i].x, r[i].y});
        axis_see(x, r[i].x);
        axis_see(y, r[i].y);
    }
    plot_end(b);
    return n;
}

/* Tics at some of the days, with the dates that the series bears as labels. */
static void day_tics(const struct report_data *d, const char *policy, int most, struct buf *b)
{
    const struct series_row *r = NULL;
    const size_t n = data_series(d, policy, "cost_per_day", &r);
    const size_t step = (n + (size_t)most - 1) / (size_t)most;
    buf_adds(b, "set xtics nomirror scale 0.4 (");
    for (size_t i = 0; i < n; i += step) {
        buf_adds(b, i ? ", " : "");
        const char *date = r[i].label ? r[i].label : "";
        text_gnuplot(b, strspn(date, "0123456789-") == strlen(date) ? date : "");
        buf_addf(b, " %.9g", r[i].x);
    }
    buf_adds(b, ")\n");
}

static const struct {
    const char *policy, *color;
} day_point[] = {{"cheap", SKY}, {"balanced", RED}, {"best", BLUE}};
enum { DAY_POINTS = 3, DAY_LINES = DAY_POINTS + 2 };

bool draw_days(const struct report_data *d, bool narrow, struct buf *b)
{
    if (d->best < 0 || !d->has_cost)
        return false;
    struct axis x = AXIS_EMPTY, y = AXIS_EMPTY;
    struct key_entry key[DAY_LINES];
    const char *block[DAY_LINES], *best = d->policies.v[d->best].name;
    const struct policy *cheap = draw_cheapest(d);
    size_t lines = 0;
    if (put_days(d, best, "strong", &x, &y, b) < 2)
        return false;
    block[lines] = "strong";
    key[lines++] = (struct key_entry){"best single model", INK, 1, 0, 0};
    if (cheap && strcmp(cheap->name, best) != 0 &&
        put_days(d, cheap->name, "cheapest", &x, &y, b)) {
        block[lines] = "cheapest";
        key[lines++] = (struct key_entry){"cheapest single model", GREY, 2, 0, 0};
    }
    for (int k = 0; k < DAY_POINTS; k++)
        if (put_days(d, day_point[k].policy, day_point[k].policy, &x, &y, b)) {
            block[lines] = day_point[k].policy;
            key[lines++] = (struct key_entry){day_point[k].policy, day_point[k].color, 1, 0, 0};
        }
    axis_see(&y, 0);
    axis_fit(&y, false);
    y.format = axis_usd;
    y.title = "US dollars a day";
    x.format = tenth;
    const int room = plot_key_room(narrow, lines, key);
    const struct place p = narrow ? (struct place){372, 240 + room, 66, 30, 14, room, true}
                                  : (struct place){940, 280 + room, 84, 40, 16, room, false};
    plot_begin(b, &p, &x, &y);
    day_tics(d, best, narrow ? 3 : 8, b);
    plot_key(b, &p, lines, key);
    for (size_t k = 0; k < lines; k++)
        buf_addf(b, "%s$%s using 1:2 with lines lw 2 dt %d lc rgb '%s'", k ? ", " : "plot ",
                 block[k], key[k].dash, key[k].color);
    buf_addc(b, '\n');
    return true;
}
