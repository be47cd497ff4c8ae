/* Quality without costs: for two models, against the share of requests that the strong one answers;
 * else one row a policy with its interval.
 */
#include "reports/figures.h"
#include "reports/plot.h"
#include "reports/text.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>

static size_t put_share(const struct report_data *d, const char *policy, struct buf *b,
                        struct axis *y, double ends[2])
{
    const struct series_row *r = NULL;
    const size_t n = data_series(d, policy, "share", &r);
    plot_block(b, policy);
    for (size_t i = 0; i < n; i++) {
        plot_row(b, 2, (double[]){r[i].x, r[i].y});
        axis_see(y, r[i].y);
        ends[0] = r[i].x <= 0 ? r[i].y : ends[0];
        ends[1] = r[i].x >= 1 ? r[i].y : ends[1];
    }
    plot_end(b);
    return n;
}

/* The strong one of two models: the one whose quality the curves reach at share 1. */
static size_t strong_model(const struct report_data *d, double at_one)
{
    const struct policy *a = data_policy(d, "single", d->models.v[0]);
    const struct policy *b = data_policy(d, "single", d->models.v[1]);
    return fabs(a->quality.v - at_one) < fabs(b->quality.v - at_one) ? 0 : 1;
}

static void put_points(const struct report_data *d, size_t strong, const struct place *p,
                       const struct axis *x, const struct axis *y, struct buf *b)
{
    static const char *const curve[] = {"router", "task_means"};
    struct tag_vec tags = {0};
    plot_block(b, "point");
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *q = &d->policies.v[i];
        if (strcmp(q->kind, "point") != 0 || !q->share)
            continue;
        const double at = q->share[strong];
        plot_row(b, 4, (double[]){at, q->quality.v, q->quality.lo, q->quality.hi});
        tag_add(&tags, plot_x(p, x, at), plot_y(p, y, q->quality.v), q->name, "#a84600");
    }
    plot_end(b);
    for (size_t k = 0; k < 2; k++) {
        const struct series_row *r = NULL;
        const size_t n = data_series(d, curve[k], "share", &r);
        for (size_t i = 1; i < n; i++)
            tag_line(&tags, plot_x(p, x, r[i - 1].x), plot_y(p, y, r[i - 1].y),
                     plot_x(p, x, r[i].x), plot_y(p, y, r[i].y));
    }
    for (size_t m = 0; m < 2; m++) {
        const struct policy *q = data_policy(d, "single", d->models.v[m]);
        AUTO_FREE char *name = text_shorten(q->name, p->narrow ? 20 : 34);
        tag_add(&tags, plot_x(p, x, m == strong), plot_y(p, y, q->quality.v), name, INK);
    }
    tags_draw(b, p, &tags);
}

/* The curves between the two models; false where the data has none. */
static bool put_curves(const struct report_data *d, struct buf *b, struct axis *y, double ends[2])
{
    const size_t means = put_share(d, "task_means", b, y, ends);
    const size_t router = put_share(d, "router", b, y, ends);
    if (means + router < 2 || isnan(ends[0]) || isnan(ends[1]))
        return false;
    for (size_t i = 0; i < d->policies.n; i++)
        if (!strcmp(d->policies.v[i].kind, "single") || !strcmp(d->policies.v[i].kind, "point")) {
            axis_see(y, d->policies.v[i].quality.lo);
            axis_see(y, d->policies.v[i].quality.hi);
        }
    plot_block(b, "single");
    for (size_t m = 0; m < 2; m++) {
        const struct value *q = &data_policy(d, "single", d->models.v[m])->quality;
        plot_row(b, 4, (double[]){m == strong_model(d, ends[1]), q->v, q->lo, q->hi});
    }
    plot_end(b);
    plot_block(b, "mix");
    plot_row(b, 2, (double[]){0, ends[0]});
    plot_row(b, 2, (double[]){1, ends[1]});
    plot_end(b);
    return true;
}

bool draw_share(const struct report_data *d, bool narrow, struct buf *b)
{
    static const struct key_entry key[] = {
        {"router", BLUE, 1, 0, 0},
        {"table of task means", ORANGE, 4, 0, 0},
        {"random mix", GREY, 2, 0, 0},
        {"single models", INK, 0, 7, .7},
        {"operating points", RED, 0, 13, 1.1},
    };
    enum { KEYS = sizeof key / sizeof *key };
    struct axis x = {-.03, 1.03, false, text_percent_short, NULL}, y = AXIS_EMPTY;
    double ends[2] = {(double)NAN, (double)NAN};
    if (d->models.n != 2 || !put_curves(d, b, &y, ends))
        return false;
    axis_fit(&y, true);
    y.format = text_percent_short;
    y.title = "quality";
    x.title =
        narrow ? "share to the strong model" : "share of requests that the strong model answers";
    const int room = plot_key_room(narrow, KEYS, key);
    const struct place p = narrow ? (struct place){372, 280 + room, 62, 16, 14, room, true}
                                  : (struct place){940, 380 + room, 74, 24, 16, room, false};
    plot_begin(b, &p, &x, &y);
    plot_key(b, &p, KEYS, key);
    put_points(d, strong_model(d, ends[1]), &p, &x, &y, b);
    buf_adds(b, "plot $mix using 1:2 with lines dt 2 lw 1.5 lc rgb '" GREY
                "', $task_means using 1:2 with lines dt 4 lw 2 lc rgb '" ORANGE
                "', $router using 1:2 with lines lw 2 lc rgb '" BLUE
                "', $single using 1:2:3:4 with yerrorbars pt 7 ps 0.7 lw 1.2 lc rgb '" INK
                "', $point using 1:2:3:4 with yerrorbars pt 13 ps 1.1 lw 1.2 lc rgb '" RED "'\n");
    return true;
}

static bool has_bar(const struct policy *p)
{
    static const char *const kinds[] = {"single",  "constant", "task_means", "rules",
                                        "cascade", "point",    "plan",       "oracle"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (!strcmp(p->kind, kinds[k]))
            return !draw_is_sweep(p) && !isnan(p->quality.v);
    return false;
}

bool draw_bars(const struct report_data *d, bool narrow, struct buf *b)
{
    size_t n = 0;
    struct axis x = AXIS_EMPTY;
    for (size_t i = 0; i < d->policies.n; i++)
        if (has_bar(&d->policies.v[i])) {
            const struct value *q = &d->policies.v[i].quality;
            axis_see(&x, q->v);
            axis_see(&x, q->lo);
            axis_see(&x, q->hi);
            n++;
        }
    if (n == 0)
        return false;
    axis_fit(&x, true);
    x.format = text_percent_short;
    x.title = "quality";
    const struct axis y = {-.7, (double)n - .3, false, text_percent_short, NULL};
    const int height = (int)n * (narrow ? 20 : 24) + 66;
    const struct place p = narrow ? (struct place){372, height, 140, 18, 8, 56, true}
                                  : (struct place){940, height, 270, 30, 8, 56, false};
    size_t row = n;
    plot_block(b, "model");
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *q = &d->policies.v[i];
        if (has_bar(q))
            plot_row(b, 5,
                     (double[]){q->quality.v, (double)--row, q->quality.lo, q->quality.hi,
                                !strcmp(q->kind, "single") ? 3355443 : 13983232});
    }
    plot_end(b);
    plot_begin(b, &p, &x, &y);
    buf_adds(b, "unset ytics\n");
    row = n;
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *q = &d->policies.v[i];
        if (!has_bar(q))
            continue;
        AUTO_FREE char *name = text_shorten(q->name, narrow ? 19 : 34);
        plot_text(b, &p, p.left - 8, plot_y(&p, &y, (double)--row), "right",
                  !strcmp(q->kind, "single") ? INK : "#a84600", narrow ? 11 : 13, false, name);
    }
    buf_adds(b, "plot $model using 1:2:3:4:5 with xerrorbars pt 7 ps 0.8 lw 1.4 lc rgb variable\n");
    return true;
}
