/* One reply judged: finds the grader, sees to empty replies, missing references and negation. The
 * types are in grade_text.c, grade_choice.c, grade_regex.c, grade_json.c and grade_sql.c.
 */
#include "eval/grade.h"

#include "eval/grade_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Reasons are shown in tables: one line, no half character at the cut. */
static void tidy(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 == size) {
        while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
            len--;
        if (len > 0 && (unsigned char)text[len - 1] >= 0xC0)
            len--;
        text[len] = '\0';
    }
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
}

void grade_set(struct grade_result *out, double value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out->reason, sizeof out->reason, fmt, ap);
    va_end(ap);
    tidy(out->reason, sizeof out->reason);
    out->value = value;
    out->status = "ok";
}

void grade_error(struct grade_result *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out->reason, sizeof out->reason, fmt, ap);
    va_end(ap);
    tidy(out->reason, sizeof out->reason);
    out->value = (double)NAN;
    out->status = "error";
}

static bool space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void grade_trim(const char *text, size_t *first, size_t *end)
{
    while (*first < *end && space(text[*first]))
        ++*first;
    while (*end > *first && space(text[*end - 1]))
        --*end;
}

void grade_unfence(const char *text, size_t *first, size_t *end)
{
    *first = 0;
    *end = strlen(text);
    const char *open = strstr(text, "```");
    if (open) {
        const char *body = open + 3, *close = strstr(body, "```"), *line = strchr(body, '\n');
        if (line && (!close || line < close))
            body = line; /* over the language's name */
        *first = (size_t)(body - text);
        if (close) /* else a reply that was cut inside its block */
            *end = (size_t)(close - text);
    }
    grade_trim(text, first, end);
}

static void judge(const struct grader *g, const char *text, struct grade_result *out)
{
    static void (*const types[GRADER_TYPES])(const struct grader *, const char *,
                                             struct grade_result *) = {
        [GRADER_EQUALS] = grade_equals, [GRADER_ICONTAINS] = grade_icontains,
        [GRADER_REGEX] = grade_regex,   [GRADER_NUMERIC] = grade_numeric,
        [GRADER_CHOICE] = grade_choice, [GRADER_IS_JSON] = grade_is_json,
        [GRADER_IS_SQL] = grade_is_sql,
    };
    size_t first = 0, end = text ? strlen(text) : 0;
    if (text)
        grade_trim(text, &first, &end);
    if (first == end) {
        grade_set(out, 0, "the reply is empty");
        return;
    }
    types[g->type](g, text, out);
    if (g->negate && strcmp(out->status, "ok") == 0)
        out->value = 1 - out->value;
}

void grade_reply(const struct grade_item *in, struct grade_result *out)
{
    struct grader *g = NULL;
    struct err e = {0};
    *out = (struct grade_result){.status = "ok", .value = (double)NAN};
    if (grader_open(in->grader, in->reference, &g, &e)) {
        grade_error(out, "%s", e.text);
        return;
    }
    if (!grader_has_reference(g)) {
        out->status = "no-reference";
        snprintf(out->reason, sizeof out->reason, "the prompt has no reference");
    } else {
        judge(g, in->reply_text, out);
    }
    grader_close(g);
}
