/* The document as Markdown (tables as GitHub writes them). */
#include "reports/pages.h"

#include "reports/text.h"

#include <string.h>

static void put_table(struct buf *b, const struct block *block)
{
    const struct table *t = block->table;
    text_markdown(b, block->title);
    buf_adds(b, "\n\n|");
    for (size_t c = 0; c < t->columns; c++) {
        buf_addc(b, ' ');
        text_markdown(b, t->name[c]);
        buf_adds(b, " |");
    }
    buf_adds(b, "\n|");
    for (size_t c = 0; c < t->columns; c++)
        buf_adds(b, t->numeric[c] ? " ---: |" : " --- |");
    buf_addc(b, '\n');
    for (size_t r = 0; r < t->cells.n / t->columns; r++) {
        const char how = t->emphasis.v[r];
        buf_addc(b, '|');
        for (size_t c = 0; c < t->columns; c++) {
            const struct cell *cell = &t->cells.v[r * t->columns + c];
            const bool bold = cell->text && cell->text[0] && c == 0 && how != '\0';
            const char *mark = cell->best || bold ? "**" : "";
            buf_addf(b, " %s", mark);
            text_markdown(b, cell->text);
            buf_adds(b, mark);
            if (cell->sub) {
                buf_adds(b, " (");
                text_markdown(b, cell->sub);
                buf_addc(b, ')');
            }
            buf_adds(b, " |");
        }
        buf_addc(b, '\n');
    }
    buf_addc(b, '\n');
}

static void put_figure(struct buf *b, const struct figure *f, int number)
{
    buf_addf(b, "![Figure %d](%s.svg)\n\nFigure %d. ", number, f->file, number);
    text_markdown(b, f->title);
    buf_adds(b, ". ");
    text_markdown(b, f->caption);
    buf_adds(b, "\n\n");
    for (size_t k = 0; f->key_wide && k < f->key.n; k++) {
        buf_addf(b, "%zu. ", k + 1);
        text_markdown(b, f->key.v[k]);
        buf_adds(b, k + 1 == f->key.n ? "\n\n" : "\n");
    }
}

static void put_block(struct buf *b, const struct block *block, int *figure)
{
    switch (block->kind) {
    case BLOCK_VERDICT:
        buf_adds(b, "> **");
        text_markdown(b, block->title);
        buf_adds(b, ".** ");
        text_markdown(b, block->text);
        buf_adds(b, "\n\n");
        break;
    case BLOCK_TILES:
        for (size_t k = 0; k < block->tiles.n; k++) {
            buf_adds(b, "- ");
            text_markdown(b, block->tiles.v[k].label);
            buf_adds(b, ": **");
            text_markdown(b, block->tiles.v[k].value);
            buf_adds(b, "** (");
            text_markdown(b, block->tiles.v[k].sub);
            buf_adds(b, ")\n");
        }
        buf_addc(b, '\n');
        break;
    case BLOCK_HEADING:
        buf_adds(b, "## ");
        text_markdown(b, block->title);
        buf_adds(b, "\n\n");
        break;
    case BLOCK_TEXT:
        text_markdown(b, block->text);
        buf_adds(b, "\n\n");
        break;
    case BLOCK_TABLE:
        put_table(b, block);
        break;
    case BLOCK_FIGURE:
        put_figure(b, block->figure, ++*figure);
        break;
    case BLOCK_LIST:
        for (size_t k = 0; k < block->items.n; k++) {
            buf_adds(b, "- ");
            text_markdown(b, block->items.v[k]);
            buf_addc(b, '\n');
        }
        buf_addc(b, '\n');
        break;
    }
}

void page_markdown(const struct doc *doc, struct buf *b)
{
    int figure = 0;
    buf_adds(b, "# ");
    text_markdown(b, doc->title);
    buf_adds(b, "\n\n");
    text_markdown(b, doc->subtitle);
    buf_adds(b, "\n\n");
    for (size_t i = 0; i < doc->blocks.n; i++)
        put_block(b, &doc->blocks.v[i], &figure);
    text_markdown(b, doc->footer);
    buf_addc(b, '\n');
}
