/* A report as a list of blocks, before it is HTML (html.c) or Markdown (markdown.c): both say the
 * same. Texts are heap strings that belong to the document and are plain: whoever writes them out
 * escapes them.
 */
#ifndef REPORTS_DOC_H
#define REPORTS_DOC_H

#include "core/buf.h"
#include "core/vec.h"

#include <stdbool.h>

struct cell {
    char *text;   /* NULL: an empty cell */
    char *sub;    /* the interval, or a remark, in small print; or NULL */
    double shade; /* 0..1: background of a heat table; NaN: none */
    bool best;
};

enum { COLUMNS_MAX = 48 };
struct table {
    size_t columns;
    char *name[COLUMNS_MAX];
    bool numeric[COLUMNS_MAX];
    VEC(struct cell) cells; /* row by row */
    VEC(char) emphasis;     /* one a row: 'b' bold, 'h' a heading over the rows that follow, 0 */
    bool heat;              /* narrow columns, long names broken */
};

struct tile {
    char *label, *value, *sub;
};

struct figure {
    const char *file; /* "cost-quality": of DIR/cost-quality.svg and of its ids */
    char *title, *caption;
    struct buf wide, narrow; /* SVG to embed, empty where there is none */
    VEC(char *) key;         /* names behind the numbers drawn; may be empty */
    bool key_wide;           /* the wide form too draws numbers */
};

enum block_kind {
    BLOCK_VERDICT, /* title: the short answer; text: why; tone 'g' good, 'n' neutral, 'w' wait */
    BLOCK_TILES,
    BLOCK_HEADING,
    BLOCK_TEXT,
    BLOCK_TABLE,
    BLOCK_FIGURE,
    BLOCK_LIST,
};

struct block {
    enum block_kind kind;
    char tone;
    char *title, *text;
    struct table *table;
    struct figure *figure;
    VEC(struct tile) tiles;
    VEC(char *) items;
};

struct doc {
    char *title, *subtitle, *footer;
    VEC(struct block) blocks;
};

void doc_deinit(struct doc *d);
void doc_verdict(struct doc *d, char tone, const char *title, const char *text);
void doc_heading(struct doc *d, const char *text);
void doc_text(struct doc *d, char *text); /* taken over */
struct block *doc_block(struct doc *d, enum block_kind kind);
void doc_tile(struct block *b, const char *label, char *value, char *sub); /* the last two taken */
void doc_item(struct block *b, char *text);                                /* taken over */
/* columns: names, a '#' before one whose cells are numbers. */
struct table *doc_table(struct doc *d, const char *caption, size_t columns,
                        const char *const *names);
void table_cell(struct table *t, char *text, char *sub); /* taken over; a row ends by itself */
void table_text(struct table *t, const char *text);      /* copied */
void table_column(struct table *t, const char *name, bool numeric); /* before the first cell */
void table_emphasis(struct table *t, char how);                     /* of the row that comes next */

#endif
