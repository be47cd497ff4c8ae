/* The document as one self-contained HTML page. */
#include "reports/pages.h"

#include "core/mem.h"
#include "reports/text.h"

#include <math.h>
#include <string.h>

enum {
    TALL = 40,    /* rows, beyond which a table scrolls in its box */
    UPRIGHT = 10, /* models, beyond which their names stand upright over a heat table */
};

static void element(struct buf *b, const char *open, const char *text, const char *close)
{
    buf_adds(b, open);
    text_html(b, text);
    buf_adds(b, close);
}

/* From near white to a blue that black still stands out on (contrast 7.9 to 1). */
static void shade(struct buf *b, double s)
{
    static const int from[] = {247, 251, 255}, to[] = {107, 174, 214};
    int c[3];
    for (int k = 0; k < 3; k++)
        c[k] = (int)lround(from[k] + s * (to[k] - from[k]));
    buf_addf(b, " style=\"background:#%02x%02x%02x\"", (unsigned)c[0], (unsigned)c[1],
             (unsigned)c[2]);
}

static void put_cell(struct buf *b, const struct table *t, const struct cell *c, size_t column)
{
    const char *class = t->numeric[column]                      ? "n"
                        : column == 0                           ? "name"
                        : c->text && text_columns(c->text) > 24 ? "long"
                                                                : "";
    buf_adds(b, "<td");
    if (class[0])
        buf_addf(b, " class=\"%s%s\"", class, c->best ? " best" : "");
    if (!isnan(c->shade))
        shade(b, c->shade);
    buf_addc(b, '>');
    if (!strcmp(class, "name"))
        text_html_name(b, c->text);
    else
        text_html(b, c->text);
    if (c->sub)
        element(b, "<small>", c->sub, "</small>");
    buf_adds(b, "</td>");
}

static void put_table(struct buf *b, const struct block *block)
{
    const struct table *t = block->table;
    const size_t rows = t->cells.n / t->columns;
    element(b, "<p class=\"cap\">", block->title, "</p>\n<div class=\"box");
    buf_addf(b, "%s\" tabindex=\"0\"><table%s>\n<thead><tr>", rows > TALL ? " tall" : "",
             !t->heat                   ? ""
             : t->columns > UPRIGHT + 2 ? " class=\"heat up\""
                                        : " class=\"heat\"");
    for (size_t c = 0; c < t->columns; c++) {
        buf_addf(b, "<th scope=\"col\"%s>", t->numeric[c] ? " class=\"n\"" : "");
        const bool upright = t->heat && t->numeric[c];
        element(b, upright ? "<span>" : "", t->name[c], upright ? "</span></th>" : "</th>");
    }
    buf_adds(b, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < rows; r++) {
        const char how = t->emphasis.v[r];
        if (how == 'h') {
            buf_addf(b, "<tr class=\"h\"><td colspan=\"%zu\">", t->columns);
            text_html(b, t->cells.v[r * t->columns].text);
            buf_adds(b, "</td></tr>\n");
            continue;
        }
        buf_adds(b, how == 'b' ? "<tr class=\"b\">" : "<tr>");
        for (size_t c = 0; c < t->columns; c++)
            put_cell(b, t, &t->cells.v[r * t->columns + c], c);
        buf_adds(b, "</tr>\n");
    }
    buf_adds(b, "</tbody></table></div>\n");
}

static void put_figure(struct buf *b, const struct figure *f, int number)
{
    buf_adds(b, "<figure>\n<div class=\"wide\">");
    buf_add(b, f->wide.data, f->wide.len);
    buf_adds(b, "</div>\n<div class=\"narrow\">");
    buf_add(b, f->narrow.data, f->narrow.len);
    buf_adds(b, "</div>\n");
    if (f->key.n) {
        buf_addf(b, "<ol class=\"key%s\">", f->key_wide ? "" : " small");
        for (size_t k = 0; k < f->key.n; k++) {
            buf_addf(b, "<li><b>%zu</b>", k + 1);
            text_html(b, f->key.v[k]);
            buf_adds(b, "</li>");
        }
        buf_adds(b, "</ol>\n");
    }
    buf_addf(b, "<figcaption><b>Figure %d. ", number);
    text_html(b, f->title);
    element(b, ".</b> ", f->caption, "</figcaption>\n</figure>\n");
}

static void put_tiles(struct buf *b, const struct block *block)
{
    buf_adds(b, "<div class=\"tiles\">\n");
    for (size_t k = 0; k < block->tiles.n; k++) {
        const struct tile *t = &block->tiles.v[k];
        element(b, "<div class=\"tile\"><span>", t->label, "</span>");
        element(b, text_columns(t->value) > 11 ? "<b class=\"long\">" : "<b>", t->value, "</b>");
        element(b, "<span>", t->sub, "</span></div>\n");
    }
    buf_adds(b, "</div>\n");
}

static void put_list(struct buf *b, const struct block *block)
{
    buf_adds(b, "<ul>\n");
    for (size_t k = 0; k < block->items.n; k++)
        element(b, "<li>", block->items.v[k], "</li>\n");
    buf_adds(b, "</ul>\n");
}

static void put_block(struct buf *b, const struct block *block, int *figure)
{
    switch (block->kind) {
    case BLOCK_VERDICT:
        buf_addf(b, "<section class=\"verdict %c\">", block->tone);
        element(b, "<strong>", block->title, "</strong>");
        element(b, "<p>", block->text, "</p></section>\n");
        break;
    case BLOCK_TILES:
        put_tiles(b, block);
        break;
    case BLOCK_HEADING:
        element(b, "<h2>", block->title, "</h2>\n");
        break;
    case BLOCK_TEXT:
        element(b, "<p>", block->text, "</p>\n");
        break;
    case BLOCK_TABLE:
        put_table(b, block);
        break;
    case BLOCK_FIGURE:
        put_figure(b, block->figure, ++*figure);
        break;
    case BLOCK_LIST:
        put_list(b, block);
        break;
    }
}

void page_html(const struct doc *doc, struct buf *b)
{
    int figure = 0;
    buf_adds(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">\n");
    element(b, "<title>", doc->title, "</title>\n<style>\n");
    for (const char *const *part = page_style; *part; part++)
        buf_adds(b, *part);
    element(b, "</style>\n</head>\n<body>\n<main>\n<h1>", doc->title, "</h1>\n");
    element(b, "<p class=\"lead\">", doc->subtitle, "</p>\n");
    for (size_t i = 0; i < doc->blocks.n; i++)
        put_block(b, &doc->blocks.v[i], &figure);
    element(b, "<footer>", doc->footer, "</footer>\n</main>\n</body>\n</html>\n");
}
