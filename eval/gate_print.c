/* The gate's answer as a sentence, a table, JSON, Markdown and JUnit XML. */
#include "eval/gate.h"

#include "core/jsonw.h"
#include "core/mem.h"
#include "core/out.h"
#include "core/utf8.h"

#include <math.h>
#include <string.h>

enum { TASKS_NAMED = 60 }; /* keeps a comment below 65,536 characters */

static void add_fallen(const struct gate_result *r, struct buf *out)
{
    if (!r->fallen)
        return;
    buf_addf(out, "; fallen task%s: ", r->fallen == 1 ? "" : "s");
    size_t named = 0;
    for (size_t k = 0; k < r->tasks; k++) {
        const struct gate_task *t = &r->task[k];
        if (!t->fallen)
            continue;
        if (named == TASKS_NAMED) {
            buf_addf(out, " and %zu more", r->fallen - named);
            return;
        }
        buf_addf(out, "%s%s %.3f -> %.3f", named++ ? ", " : "", t->name, t->f.baseline,
                 t->f.candidate);
    }
}

void gate_sentence(const struct gate_result *r, struct buf *out)
{
    const struct gate_figure *m = &r->mean;
    buf_addf(out, "%s: ", gate_words[r->verdict]);
    if (m->n == 0) {
        buf_addf(out, "nothing was compared: no prompt has a score of both '%s' and '%s'",
                 r->baseline, r->candidate);
        return;
    }
    if (m->groups < 2) {
        buf_addf(out, "all %zu prompts belong to one group, and one group gives no interval", m->n);
        return;
    }
    if (r->verdict == GATE_FAIL && r->overall != GATE_FAIL)
        buf_addf(out, "%zu task%s fell by more than %g, the mean is %s; ", r->fallen,
                 r->fallen == 1 ? "" : "s", r->option.max_drop,
                 r->overall == GATE_PASS ? "within it" : "inconclusive");
    buf_addf(out,
             "%s %.4f -> %s %.4f on %zu prompts, difference %+.4f, %g %% interval [%+.4f, %+.4f], ",
             r->baseline, m->baseline, r->candidate, m->candidate, m->n, m->difference,
             100 * (1 - r->option.alpha), m->lo, m->hi);
    if (r->overall == GATE_PASS)
        buf_addf(out, "no drop of more than %g", r->option.max_drop);
    else if (r->overall == GATE_FAIL)
        buf_addf(out, "wholly below -%g", r->option.max_drop);
    else if (r->needed == SIZE_MAX)
        buf_addf(out,
                 "-%g lies inside it, and no number of prompts will decide while the difference is "
                 "just that",
                 r->option.max_drop);
    else
        buf_addf(out,
                 "-%g lies inside it; about %zu more prompts are needed for 80 %% power at this "
                 "difference",
                 r->option.max_drop, r->needed);
    add_fallen(r, out);
}

static void json_figure(struct jsonw *w, const char *key, const struct gate_figure *f)
{
    jsonw_obj(w, key);
    jsonw_int(w, "prompts", (int64_t)f->n);
    jsonw_int(w, "groups", (int64_t)f->groups);
    jsonw_num(w, "baseline", f->baseline);
    jsonw_num(w, "candidate", f->candidate);
    jsonw_num(w, "difference", f->difference);
    jsonw_arr(w, "difference_ci");
    jsonw_num(w, NULL, f->lo);
    jsonw_num(w, NULL, f->hi);
    jsonw_end(w);
    jsonw_num(w, "se", f->se);
    if (!isnan(f->p))
        jsonw_num(w, "p", f->p);
}

void gate_json(const struct gate_result *r, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.gate/1");
    jsonw_str(&w, "verdict", gate_words[r->verdict]);
    jsonw_str(&w, "mean_verdict", gate_words[r->overall]);
    jsonw_str(&w, "baseline", r->baseline);
    jsonw_str(&w, "candidate", r->candidate);
    jsonw_num(&w, "max_drop", r->option.max_drop);
    jsonw_num(&w, "alpha", r->option.alpha);
    json_figure(&w, "quality", &r->mean);
    jsonw_end(&w);
    jsonw_int(&w, "unpaired", (int64_t)r->unpaired);
    if (r->needed && r->needed != SIZE_MAX)
        jsonw_int(&w, "prompts_needed", (int64_t)r->needed);
    else
        jsonw_null(&w, "prompts_needed");
    if (r->binary && r->mean.n) {
        jsonw_int(&w, "lost", (int64_t)r->lost);
        jsonw_int(&w, "won", (int64_t)r->won);
        jsonw_num(&w, "mcnemar_p", r->mcnemar);
    }
    if (r->cost.n) {
        json_figure(&w, "cost_usd_per_1k", &r->cost);
        jsonw_end(&w);
    }
    if (r->latency.n) {
        json_figure(&w, "latency_ms", &r->latency);
        jsonw_end(&w);
    }
    jsonw_arr(&w, "tasks");
    for (size_t k = 0; k < r->tasks; k++) {
        json_figure(&w, NULL, &r->task[k].f);
        jsonw_str(&w, "task", r->task[k].name);
        jsonw_bool(&w, "fallen", r->task[k].fallen);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    struct buf text = BUF_INIT(0);
    gate_sentence(r, &text);
    jsonw_str(&w, "text", text.data);
    buf_deinit(&text);
    jsonw_end(&w);
    buf_addc(out, '\n');
}

/* Text inside a Markdown table cell: no pipes, no line ends. */
static void cell(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '|')
            buf_adds(out, "\\|");
        else
            buf_addc(out, (unsigned char)*s < 0x20 ? ' ' : *s);
    }
}

static void markdown_row(struct buf *out, const char *what, const struct gate_figure *f, int digits,
                         const char *mark)
{
    buf_adds(out, "| ");
    cell(out, what);
    buf_addf(out, " | %zu | %.*f | %.*f | %+.*f |", f->n, digits, f->baseline, digits, f->candidate,
             digits, f->difference);
    if (isnan(f->lo))
        buf_addf(out, " - | %s |\n", mark);
    else
        buf_addf(out, " [%+.*f, %+.*f] | %s |\n", digits, f->lo, digits, f->hi, mark);
}

void gate_markdown(const struct gate_result *r, struct buf *out)
{
    static const char *const heads[] = {"passed", "failed", "inconclusive"};
    buf_addf(out, "### shunt gate %s\n\n", heads[r->verdict]);
    struct buf text = BUF_INIT(0);
    gate_sentence(r, &text);
    cell(out, text.data);
    buf_deinit(&text);
    buf_adds(out, "\n\n| | prompts | baseline | candidate | difference | interval | "
                  "|\n|---|--:|--:|--:|--:|---|---|\n");
    markdown_row(out, "quality", &r->mean, 4, gate_words[r->overall]);
    if (r->cost.n)
        markdown_row(out, "USD per 1,000", &r->cost, 5, "");
    if (r->latency.n)
        markdown_row(out, "latency, ms", &r->latency, 0, "");
    for (size_t k = 0; k < r->tasks && k < TASKS_NAMED; k++)
        markdown_row(out, r->task[k].name, &r->task[k].f, 4, r->task[k].fallen ? "fallen" : "");
    if (r->tasks > TASKS_NAMED)
        buf_addf(out, "\n%zu more tasks are not shown.\n", r->tasks - TASKS_NAMED);
    if (r->binary && r->mean.n)
        buf_addf(out,
                 "\n%zu prompts were right before and are wrong now, %zu the reverse (McNemar "
                 "exact p = %.3g).\n",
                 r->lost, r->won, r->mcnemar);
}

/* XML 1.0 text or attribute: five entities; what XML forbids becomes '?'. */
static void xml(struct buf *out, const char *s)
{
    for (; *s; s++) {
        const unsigned char c = (unsigned char)*s;
        switch (c) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        case '\'':
            buf_adds(out, "&apos;");
            break;
        default:
            buf_addc(out, c < 0x20 && c != '\t' && c != '\n' && c != '\r' ? '?' : (char)c);
        }
    }
}

static void open_case(struct buf *out, const char *name)
{
    buf_adds(out, "    <testcase classname=\"shunt.gate\" name=\"");
    xml(out, name);
    buf_adds(out, "\" time=\"0\">");
}

static void case_body(struct buf *out, const char *element, const char *type, const char *text)
{
    buf_addf(out, "<%s", element);
    if (type) {
        buf_adds(out, " message=\"");
        xml(out, text);
        buf_addf(out, "\" type=\"%s\"", type);
    }
    buf_addc(out, '>');
    xml(out, text);
    buf_addf(out, "</%s></testcase>\n", element);
}

void gate_junit(const struct gate_result *r, double seconds, const char *timestamp, struct buf *out)
{
    const size_t failures = (r->overall == GATE_FAIL) + (r->option.slices ? r->fallen : 0);
    const int errors = r->overall == GATE_INCONCLUSIVE;
    buf_addf(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%d\" time=\"%.3f\">\n"
             "  <testsuite name=\"shunt gate\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" "
             "skipped=\"0\" time=\"%.3f\" "
             "timestamp=\"%s\">\n",
             r->tasks + 1, failures, errors, seconds, r->tasks + 1, failures, errors, seconds,
             timestamp);
    struct buf text = BUF_INIT(0);
    gate_sentence(r, &text);
    open_case(out, "mean quality");
    if (r->overall == GATE_PASS)
        case_body(out, "system-out", NULL, text.data);
    else
        case_body(out, r->overall == GATE_FAIL ? "failure" : "error", gate_words[r->overall],
                  text.data);
    for (size_t k = 0; k < r->tasks; k++) {
        const struct gate_task *t = &r->task[k];
        buf_clear(&text);
        buf_addf(&text, "%s%.4f -> %.4f on %zu prompts, difference %+.4f [%+.4f, %+.4f]",
                 t->fallen ? "fallen: " : "", t->f.baseline, t->f.candidate, t->f.n,
                 t->f.difference, t->f.lo, t->f.hi);
        AUTO_FREE char *name = mem_printf("task %s", t->name);
        open_case(out, name);
        if (t->fallen && r->option.slices)
            case_body(out, "failure", "fallen", text.data);
        else
            case_body(out, "system-out", NULL, text.data);
    }
    buf_adds(out, "  </testsuite>\n</testsuites>\n");
    buf_deinit(&text);
}

static void table_row(struct out *o, const char *what, const struct gate_figure *f, int digits,
                      const char *mark)
{
    char text[64] = "-";
    if (!isnan(f->lo))
        snprintf(text, sizeof text, "[%+.*f, %+.*f]", digits, f->lo, digits, f->hi);
    out_str(o, what);
    out_int(o, (int64_t)f->n);
    out_num(o, f->baseline, digits);
    out_num(o, f->candidate, digits);
    out_num(o, f->difference, digits);
    out_str(o, text);
    out_str(o, mark);
}

int gate_table(const struct gate_result *r, FILE *f)
{
    struct out *o = out_new(OUT_ALIGNED, f, 7,
                            (const char *const[]){"what", "prompts", "baseline", "candidate",
                                                  "difference", "interval", "verdict"});
    table_row(o, "quality", &r->mean, 4, gate_words[r->overall]);
    if (r->cost.n)
        table_row(o, "usd_per_1k", &r->cost, 5, "");
    if (r->latency.n)
        table_row(o, "latency_ms", &r->latency, 0, "");
    for (size_t k = 0; k < r->tasks; k++) {
        AUTO_FREE char *name = mem_printf("task %s", r->task[k].name);
        table_row(o, name, &r->task[k].f, 4, r->task[k].fallen ? "fallen" : "");
    }
    const int rc = out_end(o);
    struct buf text = BUF_INIT(0);
    gate_sentence(r, &text);
    if (r->binary && r->mean.n)
        fprintf(f,
                "\n%zu prompts were right before and are wrong now, %zu the reverse (McNemar exact "
                "p = %.3g)",
                r->lost, r->won, r->mcnemar);
    if (r->unpaired)
        fprintf(f, "\n%zu prompts were left out: one of the two has no score there", r->unpaired);
    fprintf(f, "\n%s\n", text.data);
    buf_deinit(&text);
    return rc || ferror(f) ? -1 : 0;
}
