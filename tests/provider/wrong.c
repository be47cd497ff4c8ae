/* Wrong answers that look like a model's: another label or letter, a sum that is a little off, a
 * date shifted, JSON with one field changed or missing or broken off. SQL is wrong_sql.c's. */
#include "tests/provider/wrong.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/jsonw.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first YYYY-MM-DD in s, or NULL. */
static const char *find_date(const char *s)
{
    for (; *s; s++) {
        int i = 0;
        while (i < 10 && (i == 4 || i == 7 ? s[i] == '-' : isdigit((unsigned char)s[i])))
            i++;
        if (i == 10)
            return s;
    }
    return NULL;
}

static double wrong_number(double x, double tolerance, struct rng *what)
{
    static const double shares[] = {0.9, 1.1, 0.5, 1.07, 0.93, 2, 0.8, 1.25, 0.99};
    double y = x, sign = rng_below(what, 2) ? 1 : -1;
    bool whole = x == floor(x);
    if (whole && fabs(x) < 400) {
        y = x + sign * (double)(1 + rng_below(what, fabs(x) > 20 ? 9 : 3));
    } else if (rng_below(what, 3) == 0) {
        y = x + sign * (double)(1 + rng_below(what, 900)) / 100; /* forgot a small item */
    } else {
        y = x * shares[rng_below(what, 9)];
    }
    y = whole ? round(y) : round(y * 100) / 100;
    if (fabs(y - x) <= 2 * tolerance + 1e-9)
        y = x + sign * (3 * tolerance + (whole ? 1 : 0.1));
    return y;
}

static void shift_date(const char *s, const char *date, struct rng *what, struct buf *out)
{
    static const int days[] = {1, -1, 2, -2, 7, -7, 3, 30, -30, 14};
    char iso[11] = "";
    int64_t ms = 0;
    memcpy(iso, date, 10);
    if (clock_parse(iso, &ms))
        clock_date(ms + days[rng_below(what, 10)] * INT64_C(86400000), iso);
    buf_add(out, s, (size_t)(date - s));
    buf_adds(out, iso);
    buf_adds(out, date + 10);
}

/* Another text of the same kind as s: a shifted date, another number, else what a sibling says. */
static void twist(const struct traffic *t, const struct prompt *p, const char *s, const char *key,
                  struct rng *what, struct buf *out)
{
    char *end = NULL;
    double x = strtod(s, &end);
    const char *date = find_date(s);
    if (date) {
        shift_date(s, date, what, out);
        return;
    }
    if (*s && !*end && isfinite(x)) {
        const char *point = strchr(s, '.');
        buf_addf(out, "%.*f", point ? (int)strlen(point) - 1 : 0, wrong_number(x, 0, what));
        return;
    }
    for (int i = 0; i < 24; i++) {
        const struct prompt *q = traffic_sibling(t, p, rng_next(what));
        const struct json *v =
            key ? json_get(q->reference, key) : reply_accepted(q, rng_below(what, 8));
        const char *other = json_str(v);
        if (other && *other && strcmp(other, s) != 0) {
            buf_adds(out, other);
            return;
        }
    }
    buf_adds(out, strcmp(s, "unknown") == 0 ? "other" : "unknown");
}

static void wrong_choice(const struct prompt *p, struct rng *what, struct buf *out)
{
    const char *right = json_str(reply_accepted(p, 0));
    const struct json *choices = reply_choices(p);
    size_t n = json_count(choices);
    for (int i = 0; i < 64; i++) {
        char fallback[2] = {(char)('A' + rng_below(what, 4)), '\0'};
        const char *letter = fallback;
        if (n > 1) {
            const struct json *c = json_first(choices);
            for (size_t skip = rng_below(what, n); skip; skip--)
                c = json_next(c);
            letter = json_key(c);
        }
        if (!right || strcmp(letter, right) != 0) {
            buf_adds(out, letter);
            return;
        }
    }
    buf_adds(out, "none of these");
}

/* Leaves one of several values out, or says something else in its place. */
static void wrong_contains(const struct traffic *t, const struct prompt *p, struct rng *what,
                           struct buf *out)
{
    size_t n = json_type(p->reference) == JSON_ARRAY ? json_count(p->reference) : 1,
           missing = rng_below(what, n ? n : 1);
    bool replaced = n < 2 || rng_below(what, 2);
    for (size_t i = 0; i < n; i++) {
        const char *value = json_str(n == 1 ? reply_accepted(p, 0) : json_at(p->reference, i));
        if (!value || (i == missing && !replaced))
            continue;
        if (out->len)
            buf_adds(out, "; ");
        if (i == missing)
            twist(t, p, value, NULL, what, out);
        else
            buf_adds(out, value);
    }
    if (!out->len)
        buf_adds(out, "I could not find this in the material.");
}

/* Another value for a member: of its enum if the schema has one, else of the same type. */
static void wrong_member(const struct traffic *t, const struct prompt *p, const struct json *v,
                         const char *key, struct rng *what, struct buf *out)
{
    const struct json *rule = json_get(json_path(p->grader, "schema.properties"), key);
    const struct json *allowed = json_get(rule, "enum");
    size_t n = json_count(allowed);
    for (int i = 0; n > 1 && i < 16; i++) {
        const struct json *other = json_at(allowed, rng_below(what, n));
        if (!json_equal(other, v)) {
            json_write(out, other);
            return;
        }
    }
    struct buf text = BUF_INIT(0);
    switch (json_type(v)) {
    case JSON_STRING:
        twist(t, p, json_str(v), key, what, &text);
        json_quote(out, text.data, text.len);
        break;
    case JSON_NUMBER:
        json_number(out, wrong_number(json_num(v, 0), 0, what));
        break;
    case JSON_BOOL:
        buf_adds(out, json_bool(v, false) ? "false" : "true");
        break;
    case JSON_ARRAY:
        if (json_count(v) > 1) {
            buf_addc(out, '[');
            json_write(out, json_first(v));
            buf_addc(out, ']');
            break;
        }
        buf_adds(out, "[]");
        break;
    default:
        buf_adds(out, "\"n/a\"");
        break;
    }
    buf_deinit(&text);
}

static void wrong_json(const struct traffic *t, const struct prompt *p, struct rng *what,
                       struct buf *out)
{
    size_t n = json_count(p->reference), how = rng_below(what, 100), mode = n ? how : 90;
    if (json_type(p->reference) != JSON_OBJECT ||
        mode >= 75) { /* broken off, as a length stop would */
        struct buf whole = BUF_INIT(0);
        json_write(&whole, p->reference);
        size_t keep = whole.len * (60 + rng_below(what, 35)) / 100;
        while (keep && ((unsigned char)whole.data[keep] & 0xC0) == 0x80)
            keep--;
        buf_add(out, whole.data, keep);
        buf_deinit(&whole);
        return;
    }
    size_t first = rng_below(what, n), second = mode < 25 ? rng_below(what, n) : first;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    size_t i = 0;
    for (const struct json *v = json_first(p->reference); v; v = json_next(v), i++) {
        bool changed = i == first || i == second;
        if (changed && mode >= 55) /* left out */
            continue;
        struct buf text = BUF_INIT(0);
        if (changed)
            wrong_member(t, p, v, json_key(v), what, &text);
        else
            json_write(&text, v);
        jsonw_raw(&w, json_key(v), text.data);
        buf_deinit(&text);
    }
    jsonw_end(&w);
}

static void wrong_value(const struct traffic *t, const struct prompt *p, struct rng *what,
                        struct buf *out)
{
    const struct json *v = reply_accepted(p, 0);
    double tolerance = json_num(json_get(p->grader, "tolerance"), 0);
    if (p->kind == GRADER_NUMERIC) {
        const char *s = json_str(v);
        reply_number(p, wrong_number(s ? strtod(s, NULL) : json_num(v, 0), tolerance, what), out);
    } else if (json_str(v)) {
        twist(t, p, json_str(v), NULL, what, out);
    } else if (json_type(v) == JSON_NUMBER) {
        json_number(out, wrong_number(json_num(v, 0), tolerance, what));
    } else {
        buf_adds(out, "unknown");
    }
}

void reply_wrong(const struct traffic *t, const struct sim_model *m, const struct prompt *p,
                 struct rng *what, struct rng *style, struct buf *out)
{
    struct buf value = BUF_INIT(0);
    if (p->negated) { /* what must not be said */
        wrong_contains(t, p, what, &value);
        const char *banned = json_str(reply_accepted(p, 0));
        buf_addf(out, "%s", banned ? banned : value.data);
        buf_deinit(&value);
        return;
    }
    if (p->kind == GRADER_CHOICE)
        wrong_choice(p, what, &value);
    else if (p->kind == GRADER_ICONTAINS)
        wrong_contains(t, p, what, &value);
    else if (p->kind == GRADER_JSON)
        wrong_json(t, p, what, &value);
    else if (p->kind == GRADER_SQL)
        wrong_sql(json_str(p->reference), what, &value);
    else
        wrong_value(t, p, what, &value);
    reply_present(m, p, value.data, style, out);
    buf_deinit(&value);
}
