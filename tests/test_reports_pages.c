/* Reports of small stores filled by hand: what they say, and that any name is harmless in them. */
#include "core/fs.h"
#include "core/json.h"
#include "core/mem.h"
#include "reports/report.h"
#include "store/embed.h"
#include "store/prompt.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store *s;
static char folder[64];

static void open_store(void)
{
    snprintf(folder, sizeof folder, "/tmp/shunt-report-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    AUTO_FREE char *path = fs_join(folder, "s.db");
    struct err e = {0};
    cr_assert(store_open(path, STORE_CREATE, &s, &e) == 0, "%s", e.text);
}

static void close_store(void)
{
    static const char *const files[] = {"s.db",
                                        "s.db-wal",
                                        "s.db-shm",
                                        "index.html",
                                        "report.md",
                                        "report.csv",
                                        "report.json",
                                        "cost-quality.svg",
                                        "quality.svg",
                                        "share-quality.svg",
                                        "calibration.svg",
                                        "cost-per-day.svg",
                                        "cost-quality-zoom.svg"};
    store_close(s);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        AUTO_FREE char *path = fs_join(folder, files[i]);
        unlink(path);
    }
    cr_expect(rmdir(folder) == 0, "something else was left in %s", folder);
}

TestSuite(reports_pages, .init = open_store, .fini = close_store);

struct filling {
    const char *const *model;
    size_t models;
    bool cost, router, days;
    const char *task, *note;
};

static int64_t run_id, router_id;

static void row(const char *policy, const char *kind, const char *slice, const char *metric,
                double v, double half)
{
    const struct evaluation x = {policy,
                                 kind,
                                 "test",
                                 slice,
                                 metric,
                                 v,
                                 half > 0 ? v - half : (double)NAN,
                                 half > 0 ? v + half : (double)NAN,
                                 400};
    cr_assert(evaluation_put(s, run_id, router_id, &x, NULL) == 0);
}

static void point_at(const char *policy, const char *name, int64_t i, double x, double y,
                     const char *label)
{
    const struct series_row r = {policy, name, i, x, y, y - .02, y + .02, label};
    cr_assert(series_put(s, run_id, &r, NULL) == 0);
}

static void policy_rows(const struct filling *f, const char *name, const char *kind, double q,
                        double cost)
{
    row(name, kind, "", "quality", q, .03);
    if (f->cost)
        row(name, kind, "", "cost_usd_per_1k", cost, cost / 10);
    row(name, kind, "", "latency_p50_ms", 100 * q, 5);
}

static void fill_models(const struct filling *f)
{
    AUTO_FREE char *slice = mem_printf("task:%s", f->task);
    for (size_t m = 0; m < f->models; m++) {
        const double q = .5 + .3 * (double)m / (double)f->models;
        policy_rows(f, f->model[m], "single", q, .1 * pow(1.4, (double)m));
        row(f->model[m], "single", slice, "quality", q - .1, .05);
        AUTO_FREE char *name = mem_printf("calibration:%s", f->model[m]);
        for (int k = 0; f->router && k < 4; k++)
            point_at(f->model[m], name, k, .2 + .2 * k, .25 + .18 * k, "100");
        for (int k = 0; f->days && k < 3; k++)
            point_at(f->model[m], "cost_per_day", k, 20000 + k, .1 + .05 * k + (double)m,
                     k == 0   ? "2024-10-04"
                     : k == 1 ? "2024-10-05"
                              : "2024-10-06");
        if (f->models == 2) {
            point_at("router", "share", (int64_t)m, (double)m, .5 + .15 * (double)m, NULL);
            point_at("task_means", "share", (int64_t)m, (double)m, .5 + .15 * (double)m, NULL);
        }
    }
}

static void fill_plan(void)
{
    const struct filling with_cost = {.cost = true};
    policy_rows(&with_cost, "plan", "plan", .83, .3);
    policy_rows(&with_cost, "plan:balanced", "plan", .79, .12);
    policy_rows(&with_cost, "cascade:a>b", "cascade", .77, .14);
    row("plan:balanced - constant", "comparison", "", "quality", -.02, .01);
    row("plan:balanced - constant", "comparison", "", "cost_usd_per_1k", .04, .01);
    row("plan:balanced - balanced", "comparison", "", "quality", .002, .01);
    row("plan", "metric", "", "aiq_raw", .7777, .01);
    row("plan", "metric", "", "aiq_singles", .7111, .01);
    row("plan", "metric", "", "aiq", .7811, .01);
    for (int k = 0; k < 4; k++)
        point_at("plan", "curve", k, .1 + .06 * k, .62 + .05 * k, "1");
}

static void fill_router(const struct filling *f)
{
    AUTO_FREE char *slice = mem_printf("model:%s", f->model[0]);
    policy_rows(f, "balanced", "point", .78, .15);
    row("balanced", "point", slice, "share", .4, 0);
    row("balanced - constant", "comparison", "", "quality", .012, .01);
    row("balanced - constant", "comparison", "", "minimum_detectable_quality", .0144, 0);
    if (f->cost) {
        fill_plan();
        row("balanced - constant", "comparison", "", "cost_usd_per_1k", -.05, .01);
        row("", "metric", "", "aiq_raw", .7654, .01);
        for (int k = 0; k < 5; k++)
            point_at("router", "curve", k, .1 + .05 * k, .6 + .04 * k, "1");
    }
    struct point p = {.name = (char[]){"balanced"},
                      .kind = (char[]){"lambda"},
                      .lambda_per_usd = 120,
                      .z = INFINITY,
                      .default_model = mem_strdup(f->model[0]),
                      .quality = {.78, .75, .81},
                      .cost_usd_per_1k = {.15, .14, .16},
                      .latency_ms = {(double)NAN, (double)NAN, (double)NAN},
                      .note = mem_strdup(f->note)};
    cr_assert(point_put(s, router_id, &p, NULL) == 0);
    free(p.default_model);
    free(p.note);
}

static void fill(const struct filling *f)
{
    struct err e = {0};
    struct prompt p = {.ext_id = "p1",
                       .task = f->task,
                       .messages = "[]",
                       .text = "x",
                       .weight = 1,
                       .timestamp_ms = INT64_MIN,
                       .complexity = "simple",
                       .split = "test"};
    int added;
    cr_assert(prompt_put(s, &p, &added, &e) == 0, "%s", e.text);
    char *argv[] = {(char[]){"eval"}, NULL};
    cr_assert(run_begin(s, 1, argv, 7, &run_id, &e) == 0, "%s", e.text);
    router_id = 0;
    if (f->router) {
        struct router r = {.encoder = (char[]){"hashed"},
                           .mode = (char[]){"split"},
                           .seed = 7,
                           .data_hash = (char[]){"abc123"},
                           .models = (char[]){"[]"},
                           .params = (char[]){"x"},
                           .params_len = 1,
                           .metrics =
                               (char[]){"{\"heads\":[{\"model\":\"m\",\"prompts\":5,\"log_loss\":"
                                        "0.4321,\"c\":0.3,\"calibration\":\"sigmoid\"}]}"}};
        cr_assert(router_put(s, &r, &e) == 0, "%s", e.text);
        router_id = r.id;
        free(r.name);
    }
    fill_models(f);
    policy_rows(f, "constant", "constant", .76, .2);
    policy_rows(f, "oracle", "oracle", .95, .12);
    if (f->router)
        fill_router(f);
    cr_assert(note_put(s, run_id, "verdict",
                       f->router ? "routing adds 0.0120 [0.0020, 0.0220] aiq_raw"
                                 : "no router is trained yet",
                       NULL) == 0);
    cr_assert(note_put(s, run_id, "best_single", f->model[f->models - 1], NULL) == 0);
    cr_assert(note_put(s, run_id, "constant", f->model[0], NULL) == 0);
    cr_assert(note_put(s, run_id, "missing", f->note, NULL) == 0);
}

static char *read_file(const char *name)
{
    AUTO_FREE char *path = fs_join(folder, name);
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    cr_assert(fs_read_all(path, 1 << 26, &text, &len, &e) == 0, "%s", e.text);
    return text;
}

static void write_report(bool figures)
{
    const struct report_options o = {.title = "T", .figures = figures};
    struct err e = {0};
    cr_assert(report_write(s, folder, &o, &e) == 0, "%s", e.text);
}

/* Every tag is closed in turn; every id is there once; every reference within is there. */
static void check_html(const char *html)
{
    char open[64][24];
    size_t depth = 0;
    for (const char *p = html; (p = strchr(p, '<')) != NULL; p++) {
        if (p[1] == '!')
            continue;
        const char *end = strchr(p, '>');
        const bool closing = p[1] == '/';
        const char *name = p + 1 + closing;
        const size_t n = strcspn(name, " >/\n");
        cr_assert(end && n > 0 && n < 24 && isalpha((unsigned char)*name), "stray '<': %.60s", p);
        char word[24] = "";
        memcpy(word, name, n);
        AUTO_FREE char *listed = mem_printf(" %s ", word);
        cr_assert(!strstr(" script iframe object embed link img form ", listed), "<%s>", word);
        if (closing) {
            cr_assert(depth > 0 && !strcmp(open[depth - 1], word), "</%s> closes <%s>", word,
                      depth ? open[depth - 1] : "");
            depth--;
        } else if (end[-1] != '/' && strcmp(word, "meta") != 0 && strcmp(word, "wbr") != 0) {
            cr_assert(depth < 64);
            strcpy(open[depth++], word);
        }
    }
    cr_assert(depth == 0);
    for (const char *p = html; (p = strstr(p, " id=")) != NULL; p++) {
        AUTO_FREE char *id = mem_strndup(p, 6 + strcspn(p + 5, "\"'"));
        cr_assert(strstr(p + 1, id) == NULL, "two of %s", id);
    }
    for (const char *p = html; (p = strstr(p, "href=")) != NULL; p++) {
        cr_assert(p[6] == '#');
        AUTO_FREE char *id = mem_printf(" id='%.*s'", (int)strcspn(p + 7, "'"), p + 7);
        cr_assert(strstr(html, id) != NULL, "no %s", id);
    }
    for (const char *p = html; (p = strstr(p, "://")) != NULL; p++)
        cr_assert(!strncmp(p, "://www.w3.org/", 14), "outside: %.60s", p - 8);
}

static void has(const char *text, const char *what)
{
    cr_expect(strstr(text, what) != NULL, "'%s' is missing", what);
}

static const char *const two[] = {"small", "large"};

Test(reports_pages, the_same_numbers_in_every_form)
{
    const struct filling f = {two, 2, true, true, true, "sums", "3 replies have no score"};
    fill(&f);
    struct encoder enc = {.name = "local", .dimensions = 64, .hash = "h"};
    cr_assert(encoder_put(s, &enc, NULL) == 0);
    write_report(true);
    AUTO_FREE char *html = read_file("index.html"), *md = read_file("report.md");
    AUTO_FREE char *csv = read_file("report.csv"), *json = read_file("report.json");
    check_html(html);
    has(html, "<strong>Routing helps here</strong>");
    has(html, "Routing adds 0.0120 [0.0020, 0.0220] aiq_raw.");
    has(html, "<td class=\"n\">0.7800<small>0.7500 to 0.8100</small></td>");
    has(html, "against always small; 95 %: 20.0 % to 30.0 %");
    has(html, "Embeddings of &#39;local&#39;");
    has(md, "> **Routing helps here.** Routing adds 0.0120 \\[0.0020, 0.0220\\] aiq\\_raw.\n");
    has(md, "- Best single model: **large** (quality 0.6500 (0.6200 to 0.6800), \\$0.140 per 1,000 "
            "requests)\n");
    has(md, "- Saving: **25.0 %** (against always small; 95 %: 20.0 % to 30.0 %)\n");
    has(md, "| **balanced** | operating point, guarded | 0.7800 (0.7500 to 0.8100) | "
            "\\$0.150 (\\$0.135 to \\$0.165) | -7.1 % | 78 ms");
    has(md, "| sums | 400 | 0.400 | **0.550** |\n");
    has(md, "| balanced - constant | quality | +0.0120 (+0.0020 to +0.0220) | 0.0144 | better |\n");
    has(md, "| balanced - constant | cost per 1,000 | -\\$0.0500 (-\\$0.0600 to -\\$0.0400) | "
            "\xE2\x80\x93 | better |\n");
    has(md, "| plan:balanced - constant | quality | -0.0200 (-0.0300 to -0.0100) | \xE2\x80\x93 | "
            "worse |\n");
    has(md, "| plan:balanced - constant | cost per 1,000 | +\\$0.0400 (+\\$0.0300 to +\\$0.0500) | "
            "\xE2\x80\x93 | worse |\n");
    has(md, "(-0.0080 to +0.0120) | \xE2\x80\x93 | not shown: zero is inside |\n");
    has(md, "| plan:balanced | plan: may look at a reply and ask again | 0.7900");
    has(md, "| plan | plan at lambda 0, unguarded | 0.8300");
    const char *router = strstr(md, "| **The router** |");
    const char *cascade = strstr(md, "| cascade of two models, by log-probability |");
    cr_expect(router && cascade && cascade < router, "the cascade is a control");
    has(md, "| plan.aiq\\_raw | 0.7777 (0.7677 to 0.7877) | aiq\\_raw of plans |");
    has(md, "| aiq | \xE2\x80\x93 (does not apply) |"); /* not the plan's */
    cr_expect(!strstr(md, "0.7111"), "what plans do not change is not said of them");
    has(md, "| apgr | \xE2\x80\x93 (does not apply) |");
    has(md, "| cpt50 | \xE2\x80\x93 (the level is never reached) |");
    has(md, "| aiq\\_raw | 0.7654 (0.7554 to 0.7754) |");
    has(md, "| balanced | 120 | infinity | small | small 40.0\xC2\xA0% (3 replies have no score) | "
            "25.0 % (20.0 % to 30.0 %) |\n");
    has(md, "| m | 5 | \xE2\x80\x93 | 0.4321 |");
    has(md, "![Figure 1](cost-quality.svg)");
    has(md, "a plan may look at a reply and ask another model");
    has(md, "cost-per-day.svg");
    has(csv, "policy,kind,split,slice,metric,value,lo,hi,n\nsmall,single,test,,quality,0.5,0.47,0."
             "53,400\n");
    has(csv, "balanced,point,test,model:small,share,0.4,,,400\n");

    struct json *j = NULL;
    struct err e = {0};
    cr_assert(json_parse(json, strlen(json), &j, &e) == 0, "%s", e.text);
    cr_assert(strcmp(json_str(json_get(j, "schema")), "shunt.report/1") == 0);
    cr_assert(strcmp(json_str(json_get(j, "answer")), "route") == 0);
    cr_assert(fabs(json_num(json_path(j, "metrics.aiq_raw"), 0) - .7654) < 1e-12);
    cr_assert(fabs(json_num(json_path(j, "metrics.aiq_raw_ci[1]"), 0) - .7754) < 1e-12);
    cr_assert(fabs(json_num(json_path(j, "savings[0].share_of_constant_cost_saved"), 0) - .25) <
              1e-12);
    cr_assert(fabs(json_num(json_path(j, "comparisons[0].minimum_detectable"), 0) - .0144) < 1e-12);
    cr_assert(fabs(json_num(json_path(j, "tasks[0].models[1].quality"), 0) - .55) < 1e-12);
    cr_assert(fabs(json_num(json_path(j, "router.metrics.heads[0].c"), 0) - .3) < 1e-12);
    json_free(j);
    AUTO_FREE char *svg = read_file("cost-quality.svg");
    has(svg, ">plan (cascade routing)<");
    has(svg, ">plan points<");
    has(svg, ">plan:balanced<");
    cr_expect(!strstr(svg, ">plan<"), "lambda 0 of the sweep is on its curve");
}

static const char hostile[] = "<script>alert(1)</script>\"'\\`; $(x)|&lt;\n=@*_";

Test(reports_pages, a_hostile_name_is_inert)
{
    const char *const bad[] = {
        hostile, "=HYPERLINK(\"x\")", "](javascript:x)![a](b)",
        "a-very-long-model-name/with-parts-and-a-date-2026-11-24-preview-0123456789"};
    const struct filling f = {bad, 4, true, true, true, hostile, hostile};
    fill(&f);
    const struct report_options o = {.title = hostile, .figures = true};
    struct err e = {0};
    cr_assert(report_write(s, folder, &o, &e) == 0, "%s", e.text);
    AUTO_FREE char *html = read_file("index.html"), *md = read_file("report.md");
    AUTO_FREE char *csv = read_file("report.csv"), *json = read_file("report.json");
    check_html(html);
    has(html,
        "<h1>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;\\&#96;; $(x)|&amp;lt; =@*_</h1>");
    cr_assert(!strstr(md, "<script") && !strstr(md, "![a]") && !strstr(md, " ](javascript"));
    has(md, "\\](javascript:x)\\!\\[a\\](b)");
    size_t bars = 0;
    const char *line = strstr(md, "| &lt;script&gt;");
    for (const char *p = line; line && *p != '\n'; p++)
        bars += *p == '|' && p[-1] != '\\';
    cr_assert(bars == 5, "a name makes no column of its own"); /* task, n, 4 models: 7 */
    has(csv, "'=HYPERLINK");
    struct json *j = NULL;
    cr_assert(json_parse(json, strlen(json), &j, &e) == 0, "%s", e.text);
    cr_assert(strcmp(json_str(json_path(j, "models[0]")), hostile) == 0);
    json_free(j);
}

Test(reports_pages, without_costs_dashes_say_so)
{
    const struct filling f = {two, 2, false, true, false, "sums", "no cost"};
    fill(&f);
    write_report(true);
    AUTO_FREE char *html = read_file("index.html"), *md = read_file("report.md");
    check_html(html);
    has(html, "Costs are not known for every model");
    has(md, "- Saving: **\xE2\x80\x93** (needs costs, which are not known)\n");
    has(md, "![Figure 1](share-quality.svg)");
    has(md, "| aiq | \xE2\x80\x93 (needs the cost of every reply) |");
    cr_assert(!strstr(md, "cost-quality.svg") && !strstr(md, "cost-per-day.svg"));
    cr_assert(!strstr(md, "nan") && !strstr(html, ">nan"));
}

static const char *const many[] = {"m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08",
                                   "m09", "m10", "m11", "m12", "m13", "m14", "m15", "m16",
                                   "m17", "m18", "m19", "m20", "m21", "m22", "m23", "m24",
                                   "m25", "m26", "m27", "m28", "m29", "m30"};

Test(reports_pages, one_model_and_no_router)
{
    const struct filling one = {many, 1, true, false, false, "", "nothing"};
    fill(&one);
    write_report(true);
    AUTO_FREE char *html = read_file("index.html");
    check_html(html);
    has(html, "No router to judge yet");
    has(html, "needs a trained router");
}

Test(reports_pages, thirty_models_without_costs_or_with)
{
    const struct filling f = {many, 30, false, true, false, "t", "x"};
    fill(&f);
    write_report(true);
    AUTO_FREE char *first = read_file("report.md");
    has(first, "![Figure 1](quality.svg)");
    const struct filling priced = {many, 30, true, true, true, "t", "x"};
    fill(&priced); /* a newer router and run */
    write_report(true);
    AUTO_FREE char *html = read_file("index.html"), *md = read_file("report.md");
    check_html(html);
    has(html, "<ol class=\"key\"><li><b>1</b>m01</li>");
    has(md, "30. m30\n");
}

Test(reports_pages, nothing_evaluated_is_an_error_that_writes_nothing)
{
    const struct report_options o = {.figures = true}, named = {.router = "r9", .figures = true};
    struct err e = {0};
    AUTO_FREE char *dir = fs_join(folder, "out");
    cr_assert(report_write(s, dir, &o, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "run 'shunt eval' first") != NULL, "%s", e.text);
    cr_assert(!fs_exists(dir));
    cr_assert(report_write(s, dir, &named, &e) == ERR_USAGE);
    cr_assert(strstr(e.text, "no router 'r9'") != NULL, "%s", e.text);

    const struct filling f = {two, 2, true, true, false, "sums", "x"};
    fill(&f);
    setenv("PATH", "/nonexistent", 1);
    cr_assert(report_write(s, dir, &o, &e) == ERR_IO);
    cr_assert(!fs_exists(dir), "a failed report left something");
    write_report(false);
    AUTO_FREE char *html = read_file("index.html");
    check_html(html);
    cr_assert(!strstr(html, "<figure"));
}
