/* gnuplot's SVG as a part of a page: one pass over its tags. gnuplot writes few elements; whatever
 * is not among them is refused, so that no name can smuggle one in.
 */
#include "reports/gnuplot.h"

#include "reports/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Elements that may pass; those of `dropped` are left out with what they hold. */
static const char *const passing[] = {"g",       "path",    "rect",     "circle",   "use",
                                      "text",    "tspan",   "defs",     "polygon",  "line",
                                      "ellipse", "pattern", "polyline", "clipPath", NULL};
static const char *const dropped[] = {"title", "desc", "filter", NULL};

static bool listed(const char *const *names, const char *name, size_t len)
{
    for (; *names; names++)
        if (strlen(*names) == len && !memcmp(*names, name, len))
            return true;
    return false;
}

struct attribute {
    const char *name, *value;
    size_t name_len, value_len;
};

static const char *spaces(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

/* The next attribute of a tag in [*p, end): 1, 0 at its end, -1 when it cannot be read. */
static int next_attribute(const char **p, const char *end, struct attribute *a)
{
    const char *at = spaces(*p, end);
    if (at < end && *at == '/' && spaces(at + 1, end) == end)
        at = end;
    *p = at;
    if (at == end)
        return 0;
    a->name = at;
    while (at < end && *at != '=' && !isspace((unsigned char)*at))
        at++;
    a->name_len = (size_t)(at - a->name);
    at = spaces(at, end);
    if (at == end || *at != '=')
        return -1;
    at = spaces(at + 1, end);
    if (at == end || (*at != '"' && *at != '\''))
        return -1;
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    if (!close)
        return -1;
    a->value = at + 1;
    a->value_len = (size_t)(close - a->value);
    *p = close + 1;
    return 1;
}

static bool is(const struct attribute *a, const char *name)
{
    return strlen(name) == a->name_len && !memcmp(a->name, name, a->name_len);
}

/* A value with `prefix` behind every '#' of a reference. */
static void put_reference(struct buf *out, const struct attribute *a, const char *prefix)
{
    static const char url[] = "url(#";
    const char *p = a->value, *end = p + a->value_len;
    while (p < end) {
        const bool here = (size_t)(end - p) >= sizeof url - 1 && !memcmp(p, url, sizeof url - 1);
        if (here) {
            buf_adds(out, url);
            buf_adds(out, prefix);
            p += sizeof url - 1;
        } else {
            buf_addc(out, *p++);
        }
    }
}

static int put_attributes(const char *p, const char *end, const char *prefix, struct buf *out,
                          struct err *e)
{
    struct attribute a;
    int more;
    while ((more = next_attribute(&p, end, &a)) > 0) {
        const bool href = is(&a, "xlink:href") || is(&a, "href");
        if ((a.name_len > 2 && !memcmp(a.name, "on", 2)) || (href && a.value[0] != '#') ||
            memchr(a.value, '<', a.value_len) || is(&a, "style"))
            return err_set(e, ERR_FORMAT,
                           "gnuplot wrote an attribute '%.*s' that a figure has no "
                           "use for",
                           (int)a.name_len, a.name);
        if (is(&a, "id") && a.value_len > 8 && !memcmp(a.value, "gnuplot_", 8))
            continue; /* of a group that nothing refers to; panels repeat it */
        const char quote = a.value[-1];
        buf_addc(out, ' ');
        buf_add(out, a.name, a.name_len);
        buf_addc(out, '=');
        buf_addc(out, quote);
        if (href) {
            buf_addf(out, "#%s", prefix);
            buf_add(out, a.value + 1, a.value_len - 1);
        } else if (is(&a, "id")) {
            buf_adds(out, prefix);
            buf_add(out, a.value, a.value_len);
        } else {
            put_reference(out, &a, prefix);
        }
        buf_addc(out, quote);
    }
    return more ? err_set(e, ERR_FORMAT, "gnuplot wrote a tag that cannot be read: '%.40s'", p)
                : ERR_OK;
}

/* The root element, of the size that the figure has but no wider than its place. */
static int put_root(const char *p, const char *end, const char *title, const char *prefix,
                    struct buf *out, struct err *e)
{
    struct attribute a;
    while (next_attribute(&p, end, &a) > 0) {
        if (!is(&a, "viewBox"))
            continue;
        buf_addf(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                 "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"%.*s\" role=\"img\" "
                 "aria-labelledby=\"%stitle\">\n<title id=\"%stitle\">",
                 (int)a.value_len, a.value, prefix, prefix);
        text_html(out, title);
        buf_adds(out, "</title>\n");
        return ERR_OK;
    }
    return err_set(e, ERR_FORMAT, "gnuplot's figure has no size");
}

/* White space between tags says nothing; of text every byte counts. */
static void put_text(const char *p, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)p[i])) {
            buf_add(out, p, len);
            return;
        }
    if (memchr(p, '\n', len))
        buf_addc(out, '\n');
}

/* The end of what a dropped element holds. */
static const char *skip_element(const char *p, const char *end, const char *name, size_t len)
{
    for (; (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++)
        if ((size_t)(end - p) > len + 2 && p[1] == '/' && !memcmp(p + 2, name, len)) {
            const char *close = memchr(p, '>', (size_t)(end - p));
            return close ? close + 1 : NULL;
        }
    return NULL;
}

int svg_embed(const char *svg, size_t len, const char *prefix, const char *title, struct buf *out,
              struct err *e)
{
    const char *p = svg, *end = svg + len;
    bool open = false;
    while (p < end) {
        const char *tag = memchr(p, '<', (size_t)(end - p));
        const char *close = tag ? memchr(tag, '>', (size_t)(end - tag)) : NULL;
        if (!tag)
            break;
        if (!close)
            return err_set(e, ERR_FORMAT, "gnuplot's figure is cut off");
        if (open)
            put_text(p, (size_t)(tag - p), out);
        p = close + 1;
        if (tag[1] == '?' || tag[1] == '!')
            continue;
        const bool ending = tag[1] == '/';
        const char *name = tag + 1 + ending;
        const size_t n = strcspn(name, " \t\r\n/>");
        int rc = ERR_OK;
        if (n == 3 && !memcmp(name, "svg", 3)) {
            if (ending)
                buf_adds(out, "</svg>\n");
            else
                rc = put_root(name + n, close, title, prefix, out, e);
            open = !ending;
        } else if (!ending && listed(dropped, name, n)) {
            p = close[-1] == '/' ? p : skip_element(p, end, name, n);
            if (!p)
                return err_set(e, ERR_FORMAT, "gnuplot's figure is cut off");
        } else if (listed(passing, name, n) && open) {
            buf_addf(out, "<%s%.*s", ending ? "/" : "", (int)n, name);
            if (!ending)
                rc = put_attributes(name + n, close, prefix, out, e);
            buf_adds(out, !ending && close[-1] == '/' ? "/>" : ">");
        } else {
            rc = err_set(e, ERR_FORMAT,
                         "gnuplot wrote an element '%.*s' that a figure has no use "
                         "for",
                         (int)(n < 40 ? n : 40), name);
        }
        if (rc)
            return rc;
    }
    return open ? err_set(e, ERR_FORMAT, "gnuplot's figure is cut off") : ERR_OK;
}
