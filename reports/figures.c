/* From scripts to figures in the document: gnuplot run twice, once for a small screen. */
#include "reports/figures.h"

#include "core/mem.h"
#include "reports/gnuplot.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

enum { SECONDS = 60, SVG_MAX = 32 << 20 };

typedef bool draw_fn(const struct report_data *d, bool narrow, struct buf *script);

static int render(const struct report_data *d, draw_fn *draw, bool narrow, const char *prefix,
                  const char *title, struct buf *out, struct err *e)
{
    struct buf script = BUF_INIT(0), svg = BUF_INIT(SVG_MAX);
    int rc = ERR_OK;
    if (draw(d, narrow, &script)) {
        rc = gnuplot_run(script.data, script.len, SECONDS, &svg, e);
        if (!rc)
            rc = svg_embed(svg.data, svg.len, prefix, title, out, e);
    }
    buf_deinit(&script);
    buf_deinit(&svg);
    return rc;
}

/* Nothing is added where there is nothing to draw. caption is taken over. */
static int add(const struct report_data *d, struct doc *doc, draw_fn *draw, const char *file,
               const char *title, char *caption, struct figure **added, struct err *e)
{
    struct figure *f = mem_zalloc(sizeof *f);
    f->file = file;
    f->title = mem_strdup(title);
    f->caption = caption;
    buf_init(&f->wide, 0);
    buf_init(&f->narrow, 0);
    AUTO_FREE char *wide = mem_printf("%s-", file), *narrow = mem_printf("%s-s-", file);
    int rc = render(d, draw, false, wide, title, &f->wide, e);
    if (!rc)
        rc = render(d, draw, true, narrow, title, &f->narrow, e);
    if (rc || f->wide.len == 0) {
        buf_deinit(&f->wide);
        buf_deinit(&f->narrow);
        free(f->title);
        free(f->caption);
        free(f);
        return rc;
    }
    doc_block(doc, BLOCK_FIGURE)->figure = f;
    if (added)
        *added = f;
    return ERR_OK;
}

static int add_cost(const struct report_data *d, struct doc *doc, struct err *e)
{
    const struct series_row *r = NULL;
    const bool plans = data_series(d, "plan", "curve", &r) > 0;
    struct figure *f = NULL;
    int rc = add(d, doc, draw_cost, "cost-quality", "Cost against quality",
                 mem_printf("Up and to the left is better. Bars and the shaded band are 95 %% "
                            "intervals. Operating points are guarded and were chosen on other "
                            "prompts than those they are shown on; the router's curve is not "
                            "guarded; %smixing single models at random reaches every point of the "
                            "dashed line; the oracle knows every score beforehand and cannot be "
                            "built.",
                            plans ? "a plan may look at a reply and ask another model; " : ""),
                 &f, e);
    if (f && draw_numbers(d, true)) {
        f->key_wide = draw_numbers(d, false);
        for (size_t i = 0; i < d->policies.n; i++)
            if (!strcmp(d->policies.v[i].kind, "single"))
                VEC_PUSH(&f->key, mem_strdup(d->policies.v[i].name));
    }
    return rc;
}

int figures_main(const struct report_data *d, bool draw, struct doc *doc, struct err *e)
{
    if (!draw)
        return ERR_OK;
    int rc = add_cost(d, doc, e);
    if (!rc)
        rc = add(d, doc, draw_zoom, "cost-quality-zoom", "The competing choices, enlarged",
                 mem_strdup("The part of figure 1 around the operating points and the best single "
                            "model."),
                 NULL, e);
    struct figure *share = NULL;
    if (!rc)
        rc = add(d, doc, draw_share, "share-quality", "Quality by the share of the strong model",
                 mem_strdup("Every point of a curve sends the requests on which the strong model "
                            "is expected to gain most to it, and the rest to the weak one. Bars "
                            "are 95 % intervals."),
                 &share, e);
    if (!rc && !share && !d->has_cost)
        rc = add(d, doc, draw_bars, "quality", "Quality of every policy",
                 mem_strdup("Single models in black, policies that choose among them in red, with "
                            "95 % intervals. Costs are not known for this data."),
                 NULL, e);
    return rc;
}

int figures_calibration(const struct report_data *d, bool draw, struct doc *doc, struct err *e)
{
    return draw ? add(d, doc, draw_calibration, "calibration",
                      "Calibration: expected against observed quality",
                      mem_strdup("Prompts in ten groups of equal size by what the router expected "
                                 "of the model. On the dashed line expectation and outcome "
                                 "agree. Bars are 95 % intervals."),
                      NULL, e)
                : ERR_OK;
}

int figures_days(const struct report_data *d, bool draw, struct doc *doc, struct err *e)
{
    if (!draw)
        return ERR_OK;
    const struct policy *cheap = draw_cheapest(d);
    return add(d, doc, draw_days, "cost-per-day", "Cost per day",
               mem_printf("What the evaluated prompts cost on each of their days. Best single "
                          "model: %s; cheapest: %s.",
                          d->best >= 0 ? d->policies.v[d->best].name : "none",
                          cheap ? cheap->name : "not known"),
               NULL, e);
}
