/* equals, icontains, numeric: judged from the text itself. Case is folded for ASCII letters only,
 * as nothing here may depend on a locale.
 */
#include "eval/grade_private.h"

#include "core/numtext.h"

#include <math.h>
#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(const char *a, const char *b, size_t len, bool ignore_case)
{
    if (!ignore_case)
        return memcmp(a, b, len) == 0;
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* ---- equals ---- */

static bool equals_one(const struct json *want, const char *text, size_t len, bool ignore_case)
{
    struct buf b = BUF_INIT(0);
    if (json_str(want))
        buf_adds(&b, json_str(want));
    else
        json_write(&b, want); /* 42, true */
    size_t first = 0, end = b.len;
    grade_trim(b.data, &first, &end);
    bool equal = end - first == len && same(b.data + first, text, len, ignore_case);
    buf_deinit(&b);
    return equal;
}

void grade_equals(const struct grader *g, const char *text, struct grade_result *out)
{
    size_t first = 0, end = strlen(text);
    grade_trim(text, &first, &end);
    bool equal = false;
    if (json_type(g->reference) == JSON_ARRAY)
        for (const struct json *a = json_first(g->reference); a && !equal; a = json_next(a))
            equal = equals_one(a, text + first, end - first, g->ignore_case);
    else
        equal = equals_one(g->reference, text + first, end - first, g->ignore_case);
    grade_set(out, equal, equal ? "equal" : "not equal");
}

/* ---- icontains ---- */

static bool contains(const char *text, const char *what)
{
    size_t n = strlen(what), len = strlen(text);
    for (size_t i = 0; i + n <= len; i++)
        if (same(text + i, what, n, true))
            return true;
    return false;
}

void grade_icontains(const struct grader *g, const char *text, struct grade_result *out)
{
    const struct json *value = g->value ? g->value : g->reference;
    const struct json *one = json_type(value) == JSON_ARRAY ? json_first(value) : value;
    if (!one) {
        grade_error(out, "'icontains' has nothing to look for");
        return;
    }
    for (; one; one = json_type(value) == JSON_ARRAY ? json_next(one) : NULL) {
        const char *what = json_str(one);
        if (!what) {
            grade_error(out, "'icontains' wants strings");
            return;
        }
        if (!contains(text, what)) {
            grade_set(out, 0, "'%.80s' is missing", what);
            return;
        }
    }
    grade_set(out, 1, "all found");
}

/* ---- numeric ---- */

/* Behind the last "answer:" (or "answer is"), or NULL. */
static const char *after_answer(const char *text)
{
    static const char word[] = "answer";
    const char *found = NULL;
    for (const char *p = text; *p; p++) {
        if (strlen(p) < sizeof word - 1 || !same(p, word, sizeof word - 1, true))
            continue;
        const char *q = p + sizeof word - 1;
        q += strspn(q, " \t*_");
        if (*q == ':')
            found = q + 1;
        else if (strlen(q) > 2 && same(q, "is", 2, true) &&
                 !(lower(q[2]) >= 'a' && lower(q[2]) <= 'z'))
            found = q + 2; /* not "isn't" */
    }
    return found;
}

static bool reply_number(const char *text, double *value)
{
    const char *answer = after_answer(text);
    size_t at = 0;
    if (answer && numtext_next(answer, strlen(answer), &at, value))
        return true;
    return numtext_last(text, strlen(text), value);
}

void grade_numeric(const struct grader *g, const char *text, struct grade_result *out)
{
    double want = json_num(g->reference, (double)NAN), got;
    if (json_str(g->reference) && !numtext_whole(json_str(g->reference), &want))
        want = (double)NAN;
    if (isnan(want)) {
        grade_error(out, "the reference is not a number");
        return;
    }
    if (!reply_number(text, &got)) {
        grade_set(out, 0, "no number in the reply");
        return;
    }
    /* The slack lets 0.3 differ from 0.1 + 0.2, and a difference of just the tolerance pass. */
    double slack = 1e-9 * fmax(1, fmax(fabs(want), fabs(got)));
    bool equal = fabs(got - want) <= g->tolerance + slack;
    grade_set(out, equal, "%.15g, %s %.15g", got, equal ? "as" : "not", want);
}
