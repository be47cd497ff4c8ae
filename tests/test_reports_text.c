/* Names and numbers as text; gnuplot as a child; its SVG on the way into a page. */
#include "core/clock.h"
#include "core/err.h"
#include "core/fs.h"
#include "core/mem.h"
#include "reports/data.h"
#include "reports/gnuplot.h"
#include "reports/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *in, *html, *markdown, *gnuplot, *csv;
} names[] = {
    {"gpt-4", "gpt-4", "gpt-4", "'gpt-4'", "gpt-4"},
    {"<script>\"'\\`; $(x)|", "&lt;script&gt;&quot;&#39;\\&#96;; $(x)|",
     "&lt;script&gt;\"'\\\\&#96;; \\$(x)\\|", "'<script>\"\xE2\x80\x99\\`; $(x)|'",
     "\"<script>\"\"'\\`; $(x)|\""},
    {"a\nb\tc", "a b c", "a b c", "'a b c'", "a b c"},
    {"a\x01\x1b[2Jb", "a\xEF\xBF\xBD\xEF\xBF\xBD[2Jb", "a\xEF\xBF\xBD\xEF\xBF\xBD\\[2Jb",
     "'a\xEF\xBF\xBD\xEF\xBF\xBD[2Jb'", "a\xEF\xBF\xBD\xEF\xBF\xBD[2Jb"},
    {"\xFF\xC3\xA9", "\xEF\xBF\xBD\xC3\xA9", "\xEF\xBF\xBD\xC3\xA9", "'\xEF\xBF\xBD\xC3\xA9'",
     "\xEF\xBF\xBD\xC3\xA9"},
    {"a\xE2\x80\xAEz", "a\xEF\xBF\xBDz", "a\xEF\xBF\xBDz", "'a\xEF\xBF\xBDz'", "a\xEF\xBF\xBDz"},
    {"=1+1", "=1+1", "=1+1", "'=1+1'", "'=1+1"},
    {"@x,y", "@x,y", "@x,y", "'@x,y'", "\"'@x,y\""},
    {"- item", "- item", "\\- item", "'- item'", "'- item"},
    {"a_b*c[d](e)#!~", "a_b*c[d](e)#!~", "a\\_b\\*c\\[d\\](e)\\#\\!\\~", "'a_b*c[d](e)#!~'",
     "a_b*c[d](e)#!~"},
    {"", "", "", "''", "\"\""},
};

static void check(const char *what, const char *in, const struct buf *b, const char *want)
{
    cr_expect(strcmp(b->data, want) == 0, "%s of '%s': '%s', not '%s'", what, in, b->data, want);
}

Test(reports_text, names_are_harmless_in_every_language)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf b = BUF_INIT(0);
        text_html(&b, names[i].in);
        check("HTML", names[i].in, &b, names[i].html);
        buf_clear(&b);
        text_markdown(&b, names[i].in);
        check("Markdown", names[i].in, &b, names[i].markdown);
        buf_clear(&b);
        text_gnuplot(&b, names[i].in);
        check("gnuplot", names[i].in, &b, names[i].gnuplot);
        buf_clear(&b);
        text_csv(&b, names[i].in, true);
        check("CSV", names[i].in, &b, names[i].csv);
        buf_deinit(&b);
    }
    struct buf b = BUF_INIT(0);
    text_html(&b, NULL);
    cr_assert(b.len == 0);
    buf_deinit(&b);
}

Test(reports_text, a_name_breaks_at_its_joints)
{
    static const char *const cases[][2] = {
        {"research.retrieve", "research.<wbr>retrieve"},
        {"cascade:a-b>c_d", "cascade:<wbr>a-<wbr>b&gt;<wbr>c_<wbr>d"},
        {"end.", "end."},
        {"a...b", "a...<wbr>b"},
        {"two words", "two words"},
        {"12345678901234567890123", "12345678901234567890<wbr>123"},
        {"\xC3\xA4\xC3\xA4 <b>", "\xC3\xA4\xC3\xA4 &lt;b&gt;"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(0);
        text_html_name(&b, cases[i][0]);
        check("a name", cases[i][0], &b, cases[i][1]);
        buf_deinit(&b);
    }
}

static void number_is(char *got, const char *want)
{
    cr_expect(got && strcmp(got, want) == 0, "'%s', not '%s'", got ? got : "NULL", want);
    free(got);
}

Test(reports_text, numbers_read_well)
{
    number_is(text_usd(0), "$0.00");
    number_is(text_usd(1234.5), "$1234");
    number_is(text_usd(12.345), "$12.35");
    number_is(text_usd(.0456), "$0.0456");
    number_is(text_usd(-.0456), "-$0.0456");
    number_is(text_usd(1e-8), "$0.000000010");
    number_is(text_usd(1e-12), "$0.000000000");
    number_is(text_usd(-1e-12), "$0.000000000");
    number_is(text_usd((double)NAN), TEXT_NONE);
    number_is(text_quality(.81255), "0.8125");
    number_is(text_quality(-.00001), "0.0000");
    number_is(text_quality((double)INFINITY), "infinity");
    number_is(text_percent(.3434, 1), "34.3 %");
    number_is(text_percent_short(.8), "80 %");
    number_is(text_percent_short(.805), "80.5 %");
    number_is(text_ms(3.14), "3.1 ms");
    number_is(text_ms(412.4), "412 ms");
    number_is(text_ms(12400), "12.4 s");
    number_is(text_count(0), "0");
    number_is(text_count(999), "999");
    number_is(text_count(14037), "14,037");
    number_is(text_count(1234567), "1,234,567");
    number_is(text_shorten("abc", 3), "abc");
    number_is(text_shorten("abcdefghijk", 6), "abc\xE2\x80\xA6jk");
    number_is(text_shorten("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 4),
              "\xC3\xA9\xE2\x80\xA6\xC3\xA9\xC3\xA9");
    const struct value v = {.5, .4, .6, 10}, none = VALUE_NONE;
    number_is(text_interval(&v, text_quality), "0.4000 to 0.6000");
    cr_assert(text_interval(&none, text_quality) == NULL);
}

static int embed(const char *svg, struct buf *out, struct err *e)
{
    return svg_embed(svg, strlen(svg), "p-", "A <b> title", out, e);
}

Test(reports_text, a_figure_is_renamed_and_stripped)
{
    static const char svg[] =
        "<?xml version=\"1.0\"?>\n<svg \n width=\"9\" height=\"8\"\n viewBox=\"0 0 9 8\">"
        "<title>Gnuplot</title><desc>Produced</desc><defs><path id='gpPt0' d='M0,0'/>"
        "<filter id='box'><feFlood flood-color='#FFF'/></filter></defs>"
        "<g fill = 'rgb(1,2,3)' clip-path=\"url(#c)\"><title>&lt;b></title>"
        "<use xlink:href='#gpPt0'/><text> a &lt; b</text></g>\n</svg>\n";
    struct buf b = BUF_INIT(0);
    struct err e = {0};
    cr_assert(embed(svg, &b, &e) == 0, "%s", e.text);
    cr_assert(strstr(b.data, "viewBox=\"0 0 9 8\"") && !strstr(b.data, "width"));
    cr_assert(strstr(b.data, "<title id=\"p-title\">A &lt;b&gt; title</title>"));
    cr_assert(strstr(b.data, "id='p-gpPt0'") && strstr(b.data, "xlink:href='#p-gpPt0'"));
    cr_assert(strstr(b.data, "clip-path=\"url(#p-c)\"") && strstr(b.data, " fill='rgb(1,2,3)'"));
    cr_assert(strstr(b.data, "<text> a &lt; b</text>"));
    cr_assert(!strstr(b.data, "Gnuplot") && !strstr(b.data, "filter") && !strstr(b.data, "<?xml"));
    buf_deinit(&b);
}

Test(reports_text, a_figure_with_anything_else_is_refused)
{
    static const char *const bad[] = {
        "<svg viewBox=\"0 0 1 1\"><script>x</script></svg>",
        "<svg viewBox=\"0 0 1 1\"><g onload='x'></g></svg>",
        "<svg viewBox=\"0 0 1 1\"><use href='other.svg#a'/></svg>",
        "<svg viewBox=\"0 0 1 1\"><use xlink:href = 'javascript:x'/></svg>",
        "<svg viewBox=\"0 0 1 1\"><g style='background:url(x)'></g></svg>",
        "<svg viewBox=\"0 0 1 1\"><foreignObject></foreignObject></svg>",
        "<svg viewBox=\"0 0 1 1\"><g fill=red></g></svg>",
        "<svg viewBox=\"0 0 1 1\"><g>",
        "<svg viewBox=\"0 0 1 1\"><g fill='a",
        "<svg viewBox=\"0 0 1 1\"><title>x",
        "<svg width='1'></svg>",
        "<g></g>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf b = BUF_INIT(0);
        struct err e = {0};
        cr_expect(embed(bad[i], &b, &e) == ERR_FORMAT, "%s", bad[i]);
        cr_expect(strncmp(e.text, "gnuplot", 7) == 0, "%s: '%s'", bad[i], e.text);
        buf_deinit(&b);
    }
}

static int run(const char *script, int seconds, struct buf *out, struct err *e)
{
    return gnuplot_run(script, strlen(script), seconds, out, e);
}

Test(reports_text, gnuplot_answers_or_says_why_not)
{
    struct buf out = BUF_INIT(0);
    struct err e = {0};
    cr_assert(run("set terminal svg\nplot x\n", 60, &out, &e) == 0, "%s", e.text);
    cr_assert(strstr(out.data, "</svg>") != NULL);
    buf_clear(&out);

    cr_assert(run("plot no_such_function(x\n", 60, &out, &e) == ERR_IO);
    cr_assert(strncmp(e.text, "gnuplot failed: ", 16) == 0, "%s", e.text);

    const double before = clock_s();
    cr_assert(run("pause 50\n", 1, &out, &e) == ERR_IO);
    cr_assert(strstr(e.text, "within 1 s") && clock_s() - before < 40, "%s", e.text);

    struct buf label = BUF_INIT(0), script = BUF_INIT(0), svg = BUF_INIT(0);
    char mark[] = "/tmp/shunt-mark-XXXXXX";
    cr_assert(mkdtemp(mark) != NULL);
    AUTO_FREE char *name =
        mem_printf("'`touch %s/a`\" . system('touch %s/b') . $(touch %s/c) @x %%d </text><script>",
                   mark, mark, mark);
    text_gnuplot(&label, name);
    buf_clear(&out);
    buf_addf(&script, "set terminal svg noenhanced\nset label %s at screen .5,.5\nplot sin(x)\n",
             label.data);
    cr_assert(run(script.data, 60, &out, &e) == 0, "%s", e.text);
    cr_assert(rmdir(mark) == 0, "a name was run as a command");
    cr_assert(svg_embed(out.data, out.len, "p-", "t", &svg, &e) == 0, "%s", e.text);
    cr_assert(!strstr(svg.data, "<script") && strstr(svg.data, "&lt;script"));
    cr_assert(strstr(svg.data, "@x %d") != NULL);
    buf_deinit(&label);
    buf_deinit(&script);
    buf_deinit(&svg);
    buf_deinit(&out);
}

Test(reports_text, a_missing_gnuplot_is_named_with_its_package)
{
    struct buf out = BUF_INIT(0);
    struct err e = {0};
    setenv("PATH", "/nonexistent", 1);
    cr_assert(run("plot x\n", 60, &out, &e) == ERR_IO);
    cr_assert(strstr(e.text, "install gnuplot-nox") && strstr(e.text, "--no-figures"), "%s",
              e.text);
    buf_deinit(&out);
}
