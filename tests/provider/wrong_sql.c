/* Mistakes in SQL, made on the text: each edit looks for its place and reports whether it found
 * one. */
#include "tests/provider/wrong.h"

#include "core/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* First place where word stands in s, case aside; NULL if nowhere. */
static const char *find_word(const char *s, const char *word)
{
    size_t n = strlen(word);
    for (; *s; s++)
        if (!strncasecmp(s, word, n))
            return s;
    return NULL;
}

static void splice(const char *s, const char *at, size_t removed, const char *put, struct buf *out)
{
    buf_clear(out);
    buf_add(out, s, (size_t)(at - s));
    buf_adds(out, put);
    buf_adds(out, at + removed);
}

struct swap {
    const char *from, *to;
};

static bool swap_first(const char *s, const struct swap *swaps, size_t n, size_t start,
                       struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct swap *w = &swaps[(start + i) % n];
        const char *at = find_word(s, w->from);
        if (at) {
            splice(s, at, strlen(w->from), w->to, out);
            return true;
        }
    }
    return false;
}

static bool other_comparison(const char *s, size_t start, struct buf *out)
{
    static const struct swap swaps[] = {
        {" >= ", " < "},
        {" <= ", " > "},
        {" > ", " < "},
        {" < ", " > "},
        {" = '", " <> '"},
        {" LIKE ", " NOT LIKE "},
        {" IS NULL", " IS NOT NULL"},
        {" AND ", " OR "},
        {" = ", " <> "},
    };
    return swap_first(s, swaps, sizeof swaps / sizeof *swaps, start, out);
}

static bool other_aggregate(const char *s, size_t start, struct buf *out)
{
    static const struct swap swaps[] = {
        {"SUM(", "AVG("},
        {"AVG(", "SUM("},
        {"MAX(", "MIN("},
        {"MIN(", "MAX("},
        {"COUNT(*)", "COUNT(*) + 1"},
        {"COUNT(DISTINCT ", "COUNT("},
    };
    return swap_first(s, swaps, sizeof swaps / sizeof *swaps, start, out);
}

static bool other_order(const char *s, size_t start, struct buf *out)
{
    static const struct swap swaps[] = {
        {" DESC", ""},           {" LIMIT 1", " LIMIT 2"},
        {" LIMIT ", " LIMIT 1"}, {" LEFT JOIN ", " JOIN "},
        {"DISTINCT ", ""},
    };
    return swap_first(s, swaps, sizeof swaps / sizeof *swaps, start, out);
}

static bool no_condition(const char *s, size_t start, struct buf *out)
{
    (void)start;
    const char *where = find_word(s, " WHERE ");
    if (!where)
        return false;
    size_t len = 0;
    int depth = 0;
    for (const char *c = where; *c && *c != ';' && !(depth == 0 && *c == ')'); c++, len++) {
        depth += (*c == '(') - (*c == ')');
        if (len && (!strncasecmp(c, " GROUP ", 7) || !strncasecmp(c, " ORDER ", 7) ||
                    !strncasecmp(c, " LIMIT ", 7)))
            break;
    }
    splice(s, where, len, "", out);
    return true;
}

static bool unknown_column(const char *s, size_t start, struct buf *out)
{
    (void)start;
    const char *at = find_word(s, " WHERE ");
    at = at ? at + 7 : find_word(s, "SELECT ");
    if (!at)
        return false;
    while (*at && !isalpha((unsigned char)*at))
        at++;
    while (isalnum((unsigned char)*at) || *at == '_' || *at == '.')
        at++;
    splice(s, at, 0, "_no", out);
    return true;
}

static bool broken_off(const char *s, size_t start, struct buf *out)
{
    (void)start;
    const char *from = find_word(s, "FROM ");
    if (!from)
        return false;
    splice(s, from + 5, strlen(from + 5), "", out);
    return true;
}

void wrong_sql(const char *sql, struct rng *what, struct buf *out)
{
    static bool (*const edits[])(const char *, size_t, struct buf *) = {
        other_comparison, other_aggregate, other_comparison, no_condition,
        other_order,      unknown_column,  other_aggregate,  broken_off,
    };
    enum { EDITS = sizeof edits / sizeof *edits };
    AUTO_FREE char *now = mem_strdup(sql ? sql : "SELECT 1");
    size_t at = rng_below(what, EDITS), made = 0, wanted = 1 + rng_below(what, 2);
    struct buf text = BUF_INIT(0);
    for (size_t i = 0; i < EDITS && made < wanted; i++)
        if (edits[(at + i) % EDITS](now, rng_below(what, 8), &text)) {
            free(now);
            now = mem_strdup(text.data);
            made++;
        }
    buf_deinit(&text);
    buf_adds(out, now);
}
