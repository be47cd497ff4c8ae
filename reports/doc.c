/* Building and freeing a document. */
#include "reports/doc.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct block *doc_block(struct doc *d, enum block_kind kind)
{
    struct block b = {.kind = kind};
    VEC_PUSH(&d->blocks, b);
    return &d->blocks.v[d->blocks.n - 1];
}

void doc_verdict(struct doc *d, char tone, const char *title, const char *text)
{
    struct block *b = doc_block(d, BLOCK_VERDICT);
    b->tone = tone;
    b->title = mem_strdup(title);
    b->text = mem_strdup(text);
}

void doc_heading(struct doc *d, const char *text)
{
    doc_block(d, BLOCK_HEADING)->title = mem_strdup(text);
}

void doc_text(struct doc *d, char *text)
{
    doc_block(d, BLOCK_TEXT)->text = text;
}

void doc_tile(struct block *b, const char *label, char *value, char *sub)
{
    struct tile t = {mem_strdup(label), value, sub};
    VEC_PUSH(&b->tiles, t);
}

void doc_item(struct block *b, char *text)
{
    VEC_PUSH(&b->items, text);
}

struct table *doc_table(struct doc *d, const char *caption, size_t columns,
                        const char *const *names)
{
    struct block *b = doc_block(d, BLOCK_TABLE);
    b->title = mem_strdup(caption);
    b->table = mem_zalloc(sizeof *b->table);
    for (size_t k = 0; k < columns; k++)
        table_column(b->table, names[k] + (names[k][0] == '#'), names[k][0] == '#');
    return b->table;
}

void table_column(struct table *t, const char *name, bool numeric)
{
    if (t->columns == COLUMNS_MAX)
        return;
    t->name[t->columns] = mem_strdup(name);
    t->numeric[t->columns++] = numeric;
}

void table_emphasis(struct table *t, char how)
{
    const size_t row = t->cells.n / t->columns;
    while (t->emphasis.n <= row)
        VEC_PUSH(&t->emphasis, '\0');
    t->emphasis.v[row] = how;
}

void table_cell(struct table *t, char *text, char *sub)
{
    const struct cell c = {.text = text, .sub = sub, .shade = (double)NAN};
    VEC_PUSH(&t->cells, c);
    while (t->emphasis.n < (t->cells.n + t->columns - 1) / t->columns)
        VEC_PUSH(&t->emphasis, '\0');
}

void table_text(struct table *t, const char *text)
{
    table_cell(t, mem_strdup(text), NULL);
}

static void free_table(struct table *t)
{
    if (!t)
        return;
    for (size_t k = 0; k < t->columns; k++)
        free(t->name[k]);
    for (size_t k = 0; k < t->cells.n; k++) {
        free(t->cells.v[k].text);
        free(t->cells.v[k].sub);
    }
    VEC_FREE(&t->cells);
    VEC_FREE(&t->emphasis);
    free(t);
}

static void free_figure(struct figure *f)
{
    if (!f)
        return;
    free(f->title);
    free(f->caption);
    buf_deinit(&f->wide);
    buf_deinit(&f->narrow);
    for (size_t k = 0; k < f->key.n; k++)
        free(f->key.v[k]);
    VEC_FREE(&f->key);
    free(f);
}

void doc_deinit(struct doc *d)
{
    for (size_t i = 0; i < d->blocks.n; i++) {
        struct block *b = &d->blocks.v[i];
        free(b->title);
        free(b->text);
        free_table(b->table);
        free_figure(b->figure);
        for (size_t k = 0; k < b->tiles.n; k++) {
            free(b->tiles.v[k].label);
            free(b->tiles.v[k].value);
            free(b->tiles.v[k].sub);
        }
        VEC_FREE(&b->tiles);
        for (size_t k = 0; k < b->items.n; k++)
            free(b->items.v[k]);
        VEC_FREE(&b->items);
    }
    VEC_FREE(&d->blocks);
    free(d->title);
    free(d->subtitle);
    free(d->footer);
    *d = (struct doc){0};
}
