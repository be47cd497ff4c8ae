/* Decisions and errors as lines of JSON. */
#include "router/tools/decision_json.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void line_add(struct line_out *o, const char *bytes, size_t n)
{
    if (o->failed)
        return;
    if (n > o->cap - o->len) {
        size_t cap = o->cap * 2 > o->len + n ? o->cap * 2 : o->len + n + 4096;
        char *more = realloc(o->data, cap);
        if (!more) {
            o->failed = 1;
            return;
        }
        o->data = more;
        o->cap = cap;
    }
    memcpy(o->data + o->len, bytes, n);
    o->len += n;
}

void line_adds(struct line_out *o, const char *s)
{
    line_add(o, s, strlen(s));
}

void line_addf(struct line_out *o, const char *fmt, ...)
{
    char text[128]; /* numbers only */
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0)
        line_add(o, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void line_quote(struct line_out *o, const char *s)
{
    if (!s) {
        line_adds(o, "null");
        return;
    }
    line_add(o, "\"", 1);
    for (; *s; s++) {
        size_t plain = 0;
        while ((unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\')
            plain++;
        line_add(o, s, plain);
        s += plain;
        if (!*s)
            break;
        if (*s == '"' || *s == '\\') {
            char pair[2] = {'\\', *s};
            line_add(o, pair, 2);
        } else {
            line_addf(o, "\\u%04x", (unsigned)(unsigned char)*s);
        }
    }
    line_add(o, "\"", 1);
}

static void add_id(struct line_out *o, const char *id, size_t id_bytes, size_t line)
{
    line_adds(o, "{\"id\":");
    if (id)
        line_add(o, id, id_bytes);
    else
        line_addf(o, "%zu", line);
}

static void add_name(struct line_out *o, const char *key, const char *name)
{
    line_addf(o, ",\"%s\":", key);
    line_quote(o, name);
}

/* Nano-dollars as dollars, to the last digit. */
static void add_cost(struct line_out *o, int64_t nusd)
{
    if (nusd < 0)
        line_adds(o, ",\"cost_usd\":null");
    else
        line_addf(o, ",\"cost_usd\":%lld.%09lld", (long long)(nusd / 1000000000),
                  (long long)(nusd % 1000000000));
}

void decision_json(struct line_out *o, const struct shunt_table *t, const struct shunt_decision *d,
                   const char *id, size_t id_bytes, size_t line)
{
    add_id(o, id, id_bytes, line);
    add_name(o, "model", d->model_name);
    add_name(o, "tier", shunt_tier_name(t, d->tier));
    add_name(o, "model_tier", shunt_tier_name(t, d->model_tier));
    line_addf(o, ",\"complexity\":%.6f", d->complexity);
    add_name(o, "complexity_class", shunt_label_name(t, d->complexity_class));
    line_addf(o, ",\"quality\":%.6f", d->quality);
    add_cost(o, d->cost_nusd);
    if (d->latency_ms < 0)
        line_adds(o, ",\"latency_ms\":null");
    else
        line_addf(o, ",\"latency_ms\":%.1f", d->latency_ms);
    add_name(o, "runner_up", shunt_model_name(t, d->runner_up));
    add_name(o, "rule", d->rule_name);
    add_name(o, "reason", shunt_reason_name(d->reason));
    add_name(o, "point", shunt_point_name(t, d->point));
    line_adds(o, "}\n");
}

void error_json(struct line_out *o, const char *id, size_t id_bytes, size_t line, const char *error)
{
    add_id(o, id, id_bytes, line);
    line_adds(o, ",\"error\":");
    line_quote(o, error);
    line_adds(o, "}\n");
}
