/* Option tables: the help text and the list for shell completion. */
#include "core/opt.h"

#include "core/buf.h"

#include <string.h>

enum { WIDTH = 80, LEFT_MAX = 28 };

/* "  -o, --output FILE" */
static void left_side(struct buf *b, const struct opt *o)
{
    if (o->letter != 0)
        buf_addf(b, "  -%c", o->letter);
    else
        buf_adds(b, "    ");
    if (o->name != NULL)
        buf_addf(b, "%s --%s", o->letter != 0 ? "," : " ", o->name);
    if (o->placeholder != NULL)
        buf_addf(b, " %s", o->placeholder);
}

/* text from column `column` on, indented by `indent`, broken at spaces before WIDTH; a line end in
 * text is kept. The caller has written up to `column`. */
static void wrap(struct buf *b, const char *text, size_t column, size_t indent)
{
    bool begun = false;
    while (*text != '\0') {
        if (*text == ' ' || *text == '\n') {
            if (*text++ == '\n') {
                buf_addf(b, "\n%*s", (int)indent, "");
                column = indent;
                begun = false;
            }
            continue;
        }
        size_t len = strcspn(text, " \n"), cells = 0;
        for (size_t i = 0; i < len; i++)
            cells += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (begun && column + 1 + cells > WIDTH) {
            buf_addf(b, "\n%*s", (int)indent, "");
            column = indent;
        } else if (begun) {
            buf_addc(b, ' ');
            column++;
        }
        buf_add(b, text, len);
        column += cells;
        text += len;
        begun = true;
    }
    buf_addc(b, '\n');
}

static void add_row(struct buf *b, const struct opt *o, size_t indent)
{
    size_t start = b->len;
    left_side(b, o);
    size_t width = b->len - start;
    if (o->help == NULL || *o->help == '\0') {
        buf_addc(b, '\n');
        return;
    }
    if (width + 2 > indent) {
        buf_addc(b, '\n');
        width = 0;
    }
    buf_addf(b, "%*s", (int)(indent - width), "");
    wrap(b, o->help, indent, indent);
}

void opt_help(const struct opt_usage *u, const struct opt *opts, FILE *out)
{
    static const struct opt help = {OPT_KIND_FLAG, 'h', "help", NULL, NULL, "show this help", NULL};
    struct buf b = BUF_INIT(0), row = BUF_INIT(0);
    size_t widest = 0;
    for (const struct opt *o = opts;; o++) {
        bool last = o->kind == OPT_KIND_END;
        buf_clear(&row);
        left_side(&row, last ? &help : o);
        if (row.len > widest && row.len <= LEFT_MAX)
            widest = row.len;
        if (last)
            break;
    }
    buf_addf(&b, "usage: %s", u->command);
    if (u->operands != NULL && *u->operands != '\0') {
        buf_addc(&b, ' ');
        size_t at = strlen(u->command) + 8;
        wrap(&b, u->operands, at, at < WIDTH / 2 ? at : 8);
    } else {
        buf_addc(&b, '\n');
    }
    if (u->summary != NULL) {
        buf_addc(&b, '\n');
        wrap(&b, u->summary, 0, 0);
    }
    buf_adds(&b, "\noptions:\n");
    for (const struct opt *o = opts; o->kind != OPT_KIND_END; o++)
        add_row(&b, o, widest + 2);
    add_row(&b, &help, widest + 2);
    if (u->epilog != NULL && *u->epilog != '\0')
        buf_addf(&b, "\n%s%s", u->epilog, u->epilog[strlen(u->epilog) - 1] == '\n' ? "" : "\n");
    fwrite(b.data, 1, b.len, out);
    buf_deinit(&b);
    buf_deinit(&row);
}

void opt_list(const struct opt *opts, FILE *out)
{
    for (const struct opt *o = opts; o->kind != OPT_KIND_END; o++) {
        if (o->name != NULL)
            fprintf(out, "--%s\n", o->name);
        if (o->letter != 0)
            fprintf(out, "-%c\n", o->letter);
    }
    fputs("--help\n-h\n", out);
}
