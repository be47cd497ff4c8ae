/* The order of a report; verdict, key figures, notes. Tables are content_tables.c and
 * content_data.c.
 */
#include "reports/content.h"

#include "core/clock.h"
#include "core/mem.h"
#include "reports/figures.h"
#include "reports/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
    return text && strncmp(text, with, strlen(with)) == 0;
}

const char *content_answer(const struct report_data *d)
{
    const char *verdict = data_note(d, "verdict");
    if (begins(verdict, "routing adds nothing"))
        return "nothing";
    if (!verdict || begins(verdict, "no router"))
        return "none";
    return begins(data_note(d, "advice"), "do not route yet") ? "wait" : "route";
}

void content_verdict(const struct report_data *d, struct doc *doc)
{
    const char *answer = content_answer(d);
    const char *verdict = data_note(d, "verdict"), *advice = data_note(d, "advice");
    const bool route = !strcmp(answer, "route"), wait = !strcmp(answer, "wait");
    struct buf b = BUF_INIT(0);
    buf_addf(&b, "%s%s", verdict ? verdict : "", verdict ? "." : "");
    if (advice)
        buf_addf(&b, "%s%s.", b.len ? " " : "", advice);
    for (size_t i = 0; i < b.len; i++)
        if ((i == 0 || (i > 1 && b.data[i - 1] == ' ' && b.data[i - 2] == '.')) &&
            b.data[i] >= 'a' && b.data[i] <= 'z')
            b.data[i] = (char)(b.data[i] - 'a' + 'A');
    doc_verdict(doc,
                route  ? 'g'
                : wait ? 'w'
                       : 'n',
                route                        ? "Routing helps here"
                : wait                       ? "Do not route yet"
                : !strcmp(answer, "nothing") ? "Routing adds nothing here"
                                             : "No router to judge yet",
                b.data);
    buf_deinit(&b);
}

struct value content_saving(const struct report_data *d, const char *point)
{
    AUTO_FREE char *pair = mem_printf("%s - constant", point);
    const struct comparison *c = data_comparison(d, pair, "cost_usd_per_1k");
    if (!c || d->constant < 0)
        return VALUE_NONE;
    const double base = d->policies.v[d->constant].cost.v;
    if (!(base > 0))
        return VALUE_NONE;
    return (struct value){-c->difference.v / base, -c->difference.hi / base,
                          -c->difference.lo / base, c->difference.n};
}

static char *percent_1(double v)
{
    return text_percent(v, 1);
}

static char *with_interval(const char *before, const struct value *v, char *(*format)(double))
{
    AUTO_FREE char *interval = text_interval(v, format);
    return interval ? mem_printf("%s95 %%: %s", before, interval)
                    : mem_printf("%sno interval", before);
}

static void tile_best(const struct report_data *d, struct block *b)
{
    if (d->best < 0)
        return;
    const struct policy *p = &d->policies.v[d->best];
    AUTO_FREE char *quality = text_quality(p->quality.v), *cost = text_usd(p->cost.v);
    AUTO_FREE char *interval = text_interval(&p->quality, text_quality);
    AUTO_FREE char *both = interval ? mem_printf("quality %s (%s)", quality, interval)
                                    : mem_printf("quality %s", quality);
    doc_tile(b, "Best single model", mem_strdup(p->name),
             isnan(p->cost.v) ? mem_printf("%s, cost not known", both)
                              : mem_printf("%s, %s per 1,000 requests", both, cost));
}

static void tile_difference(const struct report_data *d, const char *point, struct block *b)
{
    AUTO_FREE char *pair = mem_printf("%s - constant", point);
    const struct comparison *c = data_comparison(d, pair, "quality");
    if (!c)
        return;
    const bool none = isnan(c->detectable) || c->detectable <= 0;
    doc_tile(b, "Smallest difference the data could show",
             none ? mem_strdup(TEXT_NONE) : text_quality(c->detectable),
             none ? mem_printf("the choices of %s never differ from the constant's here", point)
                  : mem_printf("of quality between %s and the constant, 80 %% power", point));
}

void content_tiles(const struct report_data *d, struct doc *doc)
{
    const struct policy *point = data_policy(d, "point", "balanced");
    point = point ? point : data_policy(d, "point", "best");
    point = point ? point : data_policy(d, "point", NULL);
    struct block *b = doc_block(doc, BLOCK_TILES);
    tile_best(d, b);
    if (!point)
        return;
    AUTO_FREE char *label = mem_printf("Quality of the router at '%s'", point->name);
    doc_tile(b, label, text_quality(point->quality.v),
             with_interval("", &point->quality, text_quality));
    if (!isnan(point->cost.v)) {
        AUTO_FREE char *cost = mem_printf("Cost of the router at '%s'", point->name);
        doc_tile(b, cost, text_usd(point->cost.v),
                 with_interval("per 1,000 requests; ", &point->cost, text_usd));
    }
    const struct value saving = content_saving(d, point->name);
    if (!isnan(saving.v)) {
        AUTO_FREE char *before =
            mem_printf("against always %s; ",
                       data_note(d, "constant") ? data_note(d, "constant") : "the constant");
        doc_tile(b, "Saving", percent_1(saving.v), with_interval(before, &saving, percent_1));
    } else {
        doc_tile(b, "Saving", mem_strdup(TEXT_NONE),
                 mem_strdup("needs costs, which are not known"));
    }
    tile_difference(d, point->name, b);
}

char *content_scheme(const struct report_data *d)
{
    if (d->has_router && d->router.folds > 0)
        return mem_printf("cross-fitted in %" PRId64 " folds", d->router.folds);
    return mem_strdup(d->split && !strcmp(d->split, "cross-fit") ? "cross-fitted" : "test split");
}

static void put_head(const struct report_data *d, const struct report_options *o, struct doc *doc)
{
    doc->title = o->title ? mem_strdup(o->title) : mem_printf("Routing report: %s", d->store_name);
    AUTO_FREE char *scheme = content_scheme(d), *n = text_count(d->prompts);
    char date[32];
    clock_format(d->info.started_ms, date);
    doc->subtitle = mem_printf(
        "%s prompts, %zu model%s, %zu task%s; %s%s%s; evaluated %.10s %.5s UTC", n, d->models.n,
        d->models.n == 1 ? "" : "s", d->tasks.n, d->tasks.n == 1 ? "" : "s", scheme,
        d->has_router ? "; router " : "", d->has_router ? d->router.name : "", date, date + 11);
    doc->footer =
        mem_printf("Made by shunt %s from %s, run %" PRId64 ", seed %" PRId64
                   ". The same numbers: report.md, report.csv, report.json.",
                   d->info.version ? d->info.version : "", d->store_name, d->run, d->info.seed);
}

static void note_encoders(const struct report_data *d, struct block *b)
{
    for (size_t i = 0; d->has_router && i < d->encoders.n; i++) {
        const struct stored_vectors *v = &d->encoders.v[i];
        AUTO_FREE char *suffix = mem_printf("endpoint:%s", v->name), *n = text_count(v->rows);
        const size_t have = strlen(d->router.encoder), want = strlen(suffix);
        if (have >= want && !strcmp(d->router.encoder + have - want, suffix))
            continue;
        doc_item(b, mem_printf("Embeddings of '%s' (%s vectors of %" PRId64 " numbers) are stored; "
                               "this router was trained on '%s' without them.",
                               v->name, n, v->dimensions, d->router.encoder));
    }
}

void content_notes(const struct report_data *d, const struct report_options *o, struct doc *doc)
{
    static const char *const elsewhere[] = {"verdict",  "advice",  "best_single",
                                            "constant", "missing", "cost_source"};
    doc_heading(doc, "Notes");
    struct block *b = doc_block(doc, BLOCK_LIST);
    if (o->simulated || data_note(d, "simulated"))
        doc_item(b, data_note(d, "simulated")
                        ? mem_strdup(data_note(d, "simulated"))
                        : mem_strdup("Replies and latencies come from a simulation, not from real "
                                     "models: the figures show that the procedure works, not what "
                                     "a model is worth."));
    for (size_t i = 0; i < d->notes.n; i++) {
        const struct note *n = &d->notes.v[i];
        bool skip = begins(n->key, "point:") || !strcmp(n->key, "simulated");
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            skip = skip || !strcmp(n->key, elsewhere[k]);
        if (!skip)
            doc_item(b, mem_printf("%s: %s", n->key, n->text));
    }
    note_encoders(d, b);
    const char *mode = d->has_router ? d->router.mode : "";
    doc_item(b,
             mem_printf("Figures belong to the procedure: %s, seed %" PRId64 ". %s",
                        strcmp(mode, "cross-fit") != 0
                            ? "choices were made on the training and validation prompts and "
                              "are shown on the test prompts"
                            : "every prompt was predicted by heads that never saw its fold",
                        d->info.seed,
                        "Intervals are 95 % from a bootstrap over groups of prompts; differences "
                        "are paired."));
    doc_item(b,
             mem_strdup("A dash stands where a number does not apply or is not known; it is never "
                        "a zero."));
}

int content_build(const struct report_data *d, const struct report_options *o, struct doc *doc,
                  struct err *e)
{
    put_head(d, o, doc);
    content_verdict(d, doc);
    if (o->simulated || data_note(d, "simulated"))
        doc_text(doc, mem_strdup("Replies and latencies are simulated: see the notes."));
    content_tiles(d, doc);
    int rc = figures_main(d, o->figures, doc, e);
    if (rc)
        return rc;
    if (!d->has_cost)
        doc_text(doc,
                 mem_strdup("Costs are not known for every model of this data, so that all that "
                            "needs them is a dash. Prices ('shunt prices') or reported costs bring "
                            "them."));
    rc = figures_calibration(d, o->figures, doc, e);
    if (rc)
        return rc;
    content_heat(d, doc);
    content_policies(d, doc);
    content_comparisons(d, doc);
    content_metrics(d, doc);
    content_points(d, doc);
    if (d->has_router)
        content_router(d, doc);
    doc_heading(doc, "The data");
    rc = figures_days(d, o->figures, doc, e);
    if (rc)
        return rc;
    content_data(d, doc);
    content_notes(d, o, doc);
    return ERR_OK;
}
