/* Cost against quality: single models and their hull, the curves of the router and of plans, their
 * operating points, and the controls.
 */
#include "reports/figures.h"
#include "reports/plot.h"
#include "reports/text.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>

enum { NAMES_WIDE = 12, NAMES_NARROW = 4 };
static const double zoom_below = .3; /* share of the axis that the competing choices take */
static const double log_from = 20;   /* largest over smallest cost, beyond which the axis is log */

bool draw_numbers(const struct report_data *d, bool narrow)
{
    return d->models.n > (narrow ? NAMES_NARROW : NAMES_WIDE);
}

const struct policy *draw_cheapest(const struct report_data *d)
{
    const struct policy *best = NULL;
    for (size_t i = 0; d->has_cost && i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        if (!strcmp(p->kind, "single") && (!best || p->cost.v < best->cost.v))
            best = p;
    }
    return best;
}

bool draw_is_sweep(const struct policy *p)
{
    return !strcmp(p->kind, "plan") && !strcmp(p->name, "plan");
}

/* How policies are drawn, and in which order the key names them. */
static const struct style {
    const char *kind, *block, *color, *title;
    int point; /* gnuplot's point type */
    double size;
} styles[] = {
    {"single", "single", INK, "single models", 7, .7},
    {"point", "point", RED, "operating points", 13, 1.1},
    {"plan", "plan", PURPLE, "plan points", 11, 1},
    {"cascade", "cascade", ORANGE, "cascade of two", 9, .9},
    {"rules", "rules", SKY, "keyword rules", 5, .8},
    {"oracle", "oracle", GREEN, "oracle (hindsight)", 3, .9},
};
enum { STYLES = sizeof styles / sizeof *styles, LINES = 4 };

static bool drawn_as(const struct style *s, const struct policy *p)
{
    return !strcmp(p->kind, s->kind) && !draw_is_sweep(p);
}

static bool inside(const struct axis *x, const struct axis *y, const struct policy *p)
{
    return p->cost.v >= x->lo && p->cost.v <= x->hi && p->quality.v >= y->lo &&
           p->quality.v <= y->hi;
}

/* Returns how many lie within the axes. */
static size_t put_policies(const struct report_data *d, const struct style *s, const struct axis *x,
                           const struct axis *y, struct buf *b)
{
    size_t n = 0;
    plot_block(b, s->block);
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        if (!drawn_as(s, p) || isnan(p->cost.v) || isnan(p->quality.v))
            continue;
        const bool flat = isnan(p->quality.lo), thin = isnan(p->cost.lo);
        plot_row(b, 6,
                 (double[]){p->cost.v, p->quality.v, thin ? p->cost.v : p->cost.lo,
                            thin ? p->cost.v : p->cost.hi, flat ? p->quality.v : p->quality.lo,
                            flat ? p->quality.v : p->quality.hi});
        n += inside(x, y, p);
    }
    plot_end(b);
    return n;
}

/* Returns how many rows there are, 0 where all lie beside the axis. */
static size_t put_series(const struct report_data *d, const char *policy, const char *name,
                         const char *block, const struct axis *x, struct buf *b)
{
    struct axis seen = AXIS_EMPTY;
    const struct series_row *r = NULL;
    const size_t n = data_series(d, policy, name, &r);
    plot_block(b, block);
    for (size_t i = 0; i < n; i++) {
        plot_row(b, 4, (double[]){r[i].x, r[i].y, r[i].lo, r[i].hi});
        axis_see(&seen, r[i].x);
    }
    plot_end(b);
    return seen.hi >= x->lo && seen.lo <= x->hi ? n : 0;
}

static void see_all(const struct report_data *d, struct axis *x, struct axis *y)
{
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        for (int k = 0; k < STYLES; k++) {
            if (!drawn_as(&styles[k], p))
                continue;
            axis_see(x, p->cost.v);
            axis_see(y, p->quality.v);
            axis_see(y, p->quality.lo);
            axis_see(y, p->quality.hi);
        }
    }
    for (size_t i = 0; i < d->series.n; i++) {
        const struct series_row *r = &d->series.v[i];
        if (strcmp(r->name, "curve") != 0)
            continue;
        axis_see(x, r->x);
        axis_see(y, r->y);
    }
    x->log = x->lo > 0 && x->hi > log_from * x->lo;
    axis_fit(x, false);
    axis_fit(y, true);
}

/* What the zoom shows: the choices that compete, not the bounds around them. */
static bool in_zoom(const struct report_data *d, size_t i)
{
    const struct policy *p = &d->policies.v[i];
    return (long)i == d->best || !strcmp(p->kind, "point") || !strcmp(p->kind, "cascade") ||
           (!strcmp(p->kind, "plan") && !draw_is_sweep(p));
}

/* Axes around these; false where the whole figure shows them well enough. */
static bool see_zoom(const struct report_data *d, struct axis *x, struct axis *y)
{
    struct axis all_x = AXIS_EMPTY, all_y = AXIS_EMPTY;
    see_all(d, &all_x, &all_y);
    size_t points = 0;
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        if (!in_zoom(d, i))
            continue;
        points += !strcmp(p->kind, "point");
        axis_see(x, p->cost.v);
        axis_see(x, p->cost.hi);
        axis_see(y, p->quality.v);
        axis_see(y, p->quality.lo);
        axis_see(y, p->quality.hi);
    }
    if (points == 0 || !(y->hi - y->lo < zoom_below * (all_y.hi - all_y.lo)))
        return false;
    x->log = all_x.log;
    const double room = x->log ? pow(x->hi / x->lo, .25) : .25 * (x->hi - x->lo);
    if (x->log) {
        x->lo = fmax(x->lo / room, all_x.lo);
        x->hi *= room;
    } else {
        x->lo = fmax(x->lo - room, all_x.lo);
        x->hi += room;
    }
    y->lo = fmax(y->lo - .15 * (y->hi - y->lo), 0);
    y->hi = fmin(y->hi + .1 * (y->hi - y->lo), 1);
    return x->hi > x->lo && y->hi > y->lo;
}

/* What names keep off: curves and error bars. */
static void put_lines(const struct report_data *d, const struct place *p, const struct axis *x,
                      const struct axis *y, struct tag_vec *tags)
{
    static const char *const of[][2] = {
        {"router", "curve"}, {"plan", "curve"}, {"task_means", "curve"}, {"singles", "hull"}};
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        const struct series_row *r = NULL;
        const size_t n = data_series(d, of[k][0], of[k][1], &r);
        for (size_t i = 1; i < n; i++)
            tag_line(tags, plot_x(p, x, r[i - 1].x), plot_y(p, y, r[i - 1].y), plot_x(p, x, r[i].x),
                     plot_y(p, y, r[i].y));
    }
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *q = &d->policies.v[i];
        const double at_x = plot_x(p, x, q->cost.v), at_y = plot_y(p, y, q->quality.v);
        if (!strcmp(q->kind, "mix") || !strcmp(q->kind, "constant") || draw_is_sweep(q))
            continue; /* not drawn */
        tag_line(tags, at_x, plot_y(p, y, q->quality.lo), at_x, plot_y(p, y, q->quality.hi));
        tag_line(tags, plot_x(p, x, q->cost.lo), at_y, plot_x(p, x, q->cost.hi), at_y);
    }
}

static void put_tags(const struct report_data *d, const struct place *p, const struct axis *x,
                     const struct axis *y, struct buf *b)
{
    struct tag_vec tags = {0};
    size_t model = 0;
    for (int pass = 0; pass < 2; pass++) /* operating points choose their places first */
        for (size_t i = 0; i < d->policies.n; i++) {
            const struct policy *q = &d->policies.v[i];
            const bool single = !strcmp(q->kind, "single"), plan = !strcmp(q->kind, "plan");
            const bool point = !strcmp(q->kind, "point") || (plan && !draw_is_sweep(q));
            model += pass && single;
            if (!(pass ? single : point) || isnan(q->cost.v) || !inside(x, y, q))
                continue;
            AUTO_FREE char *name = single && draw_numbers(d, p->narrow)
                                       ? mem_printf("%zu", model)
                                       : text_shorten(q->name, p->narrow ? 16 : 28);
            tag_add(&tags, plot_x(p, x, q->cost.v), plot_y(p, y, q->quality.v), name,
                    single ? INK
                    : plan ? "#86377c"
                           : "#a84600");
        }
    put_lines(d, p, x, y, &tags);
    tags_draw(b, p, &tags);
}

struct counts {
    size_t policy[STYLES], hull, band, means, curve, plan;
};

static size_t put_key_entries(const struct counts *n, struct key_entry e[STYLES + LINES])
{
    size_t k = 0;
    if (n->curve > 1)
        e[k++] = (struct key_entry){"router, unguarded", BLUE, 1, 0, 0};
    if (n->plan > 1)
        e[k++] = (struct key_entry){"plan (cascade routing)", PURPLE, 5, 0, 0};
    if (n->means > 1)
        e[k++] = (struct key_entry){"table of task means", ORANGE, 4, 0, 0};
    if (n->hull > 1)
        e[k++] = (struct key_entry){"mixing single models", GREY, 2, 0, 0};
    for (int s = 0; s < STYLES; s++)
        if (n->policy[s])
            e[k++] = (struct key_entry){styles[s].title, styles[s].color, 0, styles[s].point,
                                        styles[s].size};
    return k;
}

static void put_plot(const struct counts *n, struct buf *b)
{
    buf_adds(b, "plot NaN notitle");
    if (n->band > 1)
        buf_adds(b, ", $band using 1:3:4 with filledcurves fs solid noborder fc rgb '#d9e9f5'");
    if (n->hull > 1)
        buf_adds(b, ", $hull using 1:2 with lines dt 2 lw 1.5 lc rgb '" GREY "'");
    if (n->means > 1)
        buf_adds(b, ", $means using 1:2 with lines dt 4 lw 2 lc rgb '" ORANGE "'");
    if (n->plan > 1)
        buf_adds(b, ", $plan_curve using 1:2 with lines dt 5 lw 2 lc rgb '" PURPLE "'");
    if (n->curve > 1)
        buf_adds(b, ", $curve using 1:2 with lines lw 2 lc rgb '" BLUE "'");
    for (int k = STYLES - 1; k >= 0; k--) /* single models above what may lie on them */
        if (n->policy[k])
            buf_addf(b, ", $%s using 1:2:3:4:5:6 with xyerrorbars pt %d ps %.2f lw 1.2 lc rgb '%s'",
                     styles[k].block, styles[k].point, styles[k].size, styles[k].color);
    buf_addc(b, '\n');
}

/* The part of the router's curve that has intervals. */
static size_t put_band(const struct report_data *d, struct buf *b)
{
    const struct series_row *r = NULL;
    const size_t n = data_series(d, "router", "curve", &r);
    size_t band = 0;
    plot_block(b, "band");
    for (size_t i = 0; i < n; i++)
        if (!isnan(r[i].lo) && !isnan(r[i].hi)) {
            plot_row(b, 4, (double[]){r[i].x, r[i].y, r[i].lo, r[i].hi});
            band++;
        }
    plot_end(b);
    return band;
}

static void draw(const struct report_data *d, bool narrow, struct axis x, struct axis y,
                 struct buf *b)
{
    x.format = axis_usd;
    x.title = x.log ? "US dollars per 1,000 requests, log scale" : "US dollars per 1,000 requests";
    y.format = text_percent_short;
    y.title = "quality";
    struct counts n;
    for (int k = 0; k < STYLES; k++)
        n.policy[k] = put_policies(d, &styles[k], &x, &y, b);
    n.curve = put_series(d, "router", "curve", "curve", &x, b);
    n.plan = put_series(d, "plan", "curve", "plan_curve", &x, b);
    n.means = put_series(d, "task_means", "curve", "means", &x, b);
    n.hull = put_series(d, "singles", "hull", "hull", &x, b);
    n.band = put_band(d, b);
    struct key_entry key[STYLES + LINES];
    const size_t keys = put_key_entries(&n, key);
    const int room = plot_key_room(narrow, keys, key);
    const struct place p = narrow ? (struct place){372, 300 + room, 62, 14, 14, room, true}
                                  : (struct place){940, 420 + room, 74, 24, 16, room, false};
    plot_begin(b, &p, &x, &y);
    plot_key(b, &p, keys, key);
    put_tags(d, &p, &x, &y, b);
    put_plot(&n, b);
}

bool draw_cost(const struct report_data *d, bool narrow, struct buf *script)
{
    struct axis x = AXIS_EMPTY, y = AXIS_EMPTY;
    if (!d->has_cost)
        return false;
    see_all(d, &x, &y);
    draw(d, narrow, x, y, script);
    return true;
}

bool draw_zoom(const struct report_data *d, bool narrow, struct buf *script)
{
    struct axis x = AXIS_EMPTY, y = AXIS_EMPTY;
    if (!d->has_cost || !see_zoom(d, &x, &y))
        return false;
    draw(d, narrow, x, y, script);
    return true;
}
