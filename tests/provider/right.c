/* Right answers: the reference in a form that the grader accepts, in different clothes. */
#include "tests/provider/answer.h"

#include "core/jsonw.h"
#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct json *reply_choices(const struct prompt *p)
{
    return json_get(p->grader, "choices");
}

const struct json *reply_accepted(const struct prompt *p, size_t i)
{
    if (json_type(p->reference) != JSON_ARRAY)
        return p->reference;
    size_t n = json_count(p->reference);
    return n ? json_at(p->reference, i % n) : NULL;
}

/* "1234567.5" becomes "1,234,567.5". */
static void add_commas(const char *number, struct buf *out)
{
    size_t sign = *number == '-', whole = strcspn(number + sign, ".eE");
    buf_add(out, number, sign);
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0)
            buf_addc(out, ',');
        buf_addc(out, number[sign + i]);
    }
    buf_adds(out, number + sign + whole);
}

void reply_number(const struct prompt *p, double x, struct buf *out)
{
    double tolerance = json_num(json_get(p->grader, "tolerance"), 0);
    const char *text = json_str(p->reference), *point = text ? strchr(text, '.') : NULL;
    if (point || (tolerance > 0 && tolerance < 0.1 && x != floor(x)))
        buf_addf(out, "%.*f", point && strlen(point) != 3 ? (int)strlen(point) - 1 : 2, x);
    else
        json_number(out, x);
}

static void present_number(const struct sim_model *m, const char *value, struct rng *style,
                           struct buf *out)
{
    bool amount = strchr(value, '.') && strlen(strchr(value, '.')) == 3;
    struct buf pretty = BUF_INIT(0);
    add_commas(value, &pretty);
    if (rng_unit(style) >= m->wordy) {
        buf_addf(out, "%s%s", amount && rng_below(style, 4) == 0 ? "$" : "",
                 rng_below(style, 3) ? value : pretty.data);
    } else {
        switch (rng_below(style, 4)) {
        case 0:
            buf_addf(out, "Answer: %s%s", amount ? "$" : "", pretty.data);
            break;
        case 1:
            buf_addf(out, "The total comes to %s%s.", amount ? "$" : "", pretty.data);
            break;
        case 2:
            buf_addf(out, "That makes %s.", value);
            break;
        default:
            buf_addf(out, "Going through it step by step, I get %s%s", amount ? "$" : "",
                     pretty.data);
            break;
        }
    }
    buf_deinit(&pretty);
}

static void present_choice(const struct sim_model *m, const struct prompt *p, const char *letter,
                           struct rng *style, struct buf *out)
{
    const char *text = json_str(json_get(reply_choices(p), letter));
    if (rng_unit(style) >= m->wordy) {
        buf_adds(out, letter);
        return;
    }
    switch (rng_below(style, text ? 3 : 2)) {
    case 0:
        buf_addf(out, "Answer: %s", letter);
        break;
    case 1:
        buf_addf(out, "(%s)", letter);
        break;
    default:
        buf_adds(out, text ? text : letter);
        break;
    }
}

static void present_fenced(const struct sim_model *m, const char *language, const char *value,
                           struct rng *style, struct buf *out)
{
    if (rng_unit(style) < m->fenced)
        buf_addf(out, "```%s\n%s\n```", language, value);
    else
        buf_adds(out, value);
}

void reply_present(const struct sim_model *m, const struct prompt *p, const char *value,
                   struct rng *style, struct buf *out)
{
    switch (p->kind) {
    case GRADER_NUMERIC:
        present_number(m, value, style, out);
        break;
    case GRADER_CHOICE:
        present_choice(m, p, value, style, out);
        break;
    case GRADER_JSON:
        present_fenced(m, "json", value, style, out);
        break;
    case GRADER_SQL:
        present_fenced(m, "sql", value, style, out);
        break;
    case GRADER_ICONTAINS:
        if (rng_unit(style) < m->wordy)
            buf_addf(out, rng_below(style, 2) ? "In short: %s." : "%s. I hope this helps.", value);
        else
            buf_adds(out, value);
        break;
    default: /* equals and regex: nothing may be put around it */
        buf_adds(out, value);
        break;
    }
}

static void value_text(const struct prompt *p, const struct json *v, struct buf *out)
{
    if (json_str(v))
        buf_adds(out, json_str(v));
    else if (json_type(v) == JSON_NUMBER && p->kind == GRADER_NUMERIC)
        reply_number(p, json_num(v, 0), out);
    else
        json_write(out, v);
}

static void all_values(const struct prompt *p, struct buf *out)
{
    if (json_type(p->reference) != JSON_ARRAY) {
        value_text(p, p->reference, out);
        return;
    }
    for (const struct json *v = json_first(p->reference); v; v = json_next(v)) {
        if (out->len)
            buf_adds(out, "; ");
        value_text(p, v, out);
    }
}

void reply_right(const struct sim_model *m, const struct prompt *p, struct rng *style,
                 struct buf *out)
{
    if (p->negated) {
        buf_adds(out, "I would rather check this with a colleague first.");
        return;
    }
    struct buf value = BUF_INIT(0);
    if (p->kind == GRADER_ICONTAINS)
        all_values(p, &value);
    else if (p->kind == GRADER_JSON)
        json_write(&value, p->reference);
    else
        value_text(p, reply_accepted(p, 0), &value);
    reply_present(m, p, value.data, style, out);
    buf_deinit(&value);
}
