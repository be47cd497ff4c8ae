/* Strings, random numbers, the calendar and templates for the generator. What
 * the shop sells is in shop.c, how people write in voice.c. */
#include "support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_room(struct text *t, size_t more)
{
    if (t->s && t->len + more + 1 <= t->cap)
        return;
    size_t cap = (t->len + more + 1) * 2;
    char *s = realloc(t->s, cap);
    if (!s) {
        fputs("support-gen: out of memory\n", stderr);
        exit(7);
    }
    t->s = s;
    t->cap = cap;
}

void text_add_n(struct text *t, const char *s, size_t n)
{
    text_room(t, n);
    memcpy(t->s + t->len, s, n);
    t->len += n;
    t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_add_n(t, s, strlen(s));
}

void text_char(struct text *t, char c)
{
    text_add_n(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
    char tmp[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(tmp, sizeof tmp, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof tmp) {
        fputs("support-gen: a formatted piece is too long\n", stderr);
        exit(1);
    }
    text_add_n(t, tmp, (size_t)n);
}

void text_clear(struct text *t)
{
    t->len = 0;
    if (t->s)
        t->s[0] = '\0';
}

void text_free(struct text *t)
{
    free(t->s);
    *t = (struct text){0};
}

const char *text_str(const struct text *t)
{
    return t->s ? t->s : "";
}

void text_json(struct text *t, const char *s)
{
    text_char(t, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            text_char(t, '\\');
            text_char(t, *s);
        } else if (c == '\n') {
            text_add(t, "\\n");
        } else if (c < 0x20) {
            text_addf(t, "\\u%04x", c);
        } else {
            text_char(t, *s);
        }
    }
    text_char(t, '"');
}

void text_cents(struct text *t, int64_t cents)
{
    const char *sign = cents < 0 ? "-" : "";
    long long v = (long long)(cents < 0 ? -cents : cents);
    text_addf(t, "%s%lld.%02lld", sign, v / 100, v % 100);
}

uint64_t rnd_next(struct rnd *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int rnd_int(struct rnd *r, int lo, int hi)
{
    /* The bias of a 32-bit multiply is below 1e-6 for the ranges used here. */
    uint64_t span = (uint64_t)(hi - lo) + 1;
    return lo + (int)(((rnd_next(r) >> 32) * span) >> 32);
}

bool rnd_chance(struct rnd *r, int percent)
{
    return rnd_int(r, 0, 99) < percent;
}

int rnd_weighted(struct rnd *r, const int *weight, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight[i];
    int at = rnd_int(r, 0, sum - 1);
    for (int i = 0; i < n; i++) {
        if (at < weight[i])
            return i;
        at -= weight[i];
    }
    return n - 1;
}

void rnd_shuffle_int(struct rnd *r, int *v, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = rnd_int(r, 0, i);
        int tmp = v[i];
        v[i] = v[j];
        v[j] = tmp;
    }
}

const char *const weekday_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
const char *const month_names[12] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int date_month_days(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year));
}

int date_from(int year, int month, int day)
{
    int n = day - 1;
    for (int y = 1970; y < year; y++)
        n += leap(y) ? 366 : 365;
    for (int m = 1; m < month; m++)
        n += date_month_days(year, m);
    return n;
}

void date_to(int date, int *year, int *month, int *day)
{
    int y = 1970, m = 1;
    while (date >= (leap(y) ? 366 : 365))
        date -= leap(y++) ? 366 : 365;
    while (date >= date_month_days(y, m))
        date -= date_month_days(y, m++);
    *year = y;
    *month = m;
    *day = date + 1;
}

int date_weekday(int date)
{
    return (date + 3) % 7;
}

int date_add_months(int date, int months)
{
    int y, m, d;
    date_to(date, &y, &m, &d);
    m += months;
    y += (m - 1) / 12;
    m = (m - 1) % 12 + 1;
    int last = date_month_days(y, m);
    return date_from(y, m, d < last ? d : last);
}

int date_add_working_days(int date, int n)
{
    while (n > 0)
        n -= date_weekday(++date) < 5;
    return date;
}

void date_iso(int date, char out[11])
{
    int y, m, d;
    date_to(date, &y, &m, &d);
    char tmp[40];
    snprintf(tmp, sizeof tmp, "%04d-%02d-%02d", y, m, d);
    memcpy(out, tmp, 10);
    out[10] = '\0';
}

void slots_init(struct slots *s)
{
    s->n = 0;
}

static char *slot_place(struct slots *s, const char *name, bool loose)
{
    int i = 0;
    while (i < s->n && strcmp(s->at[i].name, name) != 0)
        i++;
    if (i == SLOTS_MAX || strlen(name) >= sizeof s->at[0].name) {
        fprintf(stderr, "support-gen: no room for slot %s\n", name);
        exit(1);
    }
    if (i == s->n)
        s->n++;
    memcpy(s->at[i].name, name, strlen(name) + 1);
    s->at[i].loose = loose;
    return s->at[i].value;
}

void slot(struct slots *s, const char *name, const char *fmt, ...)
{
    char *value = slot_place(s, name, false);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(value, SLOT_BYTES, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= SLOT_BYTES) {
        fprintf(stderr, "support-gen: the value of slot %s is too long\n", name);
        exit(1);
    }
}

void slot_loose(struct slots *s, const char *name, const char *value)
{
    slot(s, name, "%s", value);
    slot_place(s, name, true);
}

void slot_cents(struct slots *s, const char *name, int64_t cents)
{
    slot(s, name, "%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
}

static void fill_range(struct gen *g, struct text *out, const char *p, const char *end,
                       const struct slots *s);

/* p is just behind '['; returns the place behind the matching ']'. */
static const char *fill_choice(struct gen *g, struct text *out, const char *p, const char *end,
                               const struct slots *s)
{
    const char *from[32], *to[32];
    int n = 0, depth = 0;
    from[0] = p;
    for (; p < end; p++) {
        if (*p == '[') {
            depth++;
        } else if (*p == ']' && depth-- == 0) {
            break;
        } else if (*p == '|' && depth == 0 && n < 31) {
            to[n++] = p;
            from[n] = p + 1;
        }
    }
    to[n++] = p;
    int i = rnd_int(&g->r, 0, n - 1);
    fill_range(g, out, from[i], to[i], s);
    return p < end ? p + 1 : p;
}

static const char *fill_slot(struct text *out, const char *p, const char *end,
                             const struct slots *s)
{
    const char *q = p;
    while (q < end && *q != '}')
        q++;
    size_t len = (size_t)(q - p);
    for (int i = 0; s && i < s->n; i++) {
        if (strlen(s->at[i].name) != len || memcmp(s->at[i].name, p, len) != 0)
            continue;
        if (!s->at[i].loose)
            text_char(out, KEEP_BEGIN);
        text_add(out, s->at[i].value);
        if (!s->at[i].loose)
            text_char(out, KEEP_END);
        return q < end ? q + 1 : q;
    }
    fprintf(stderr, "support-gen: no slot '%.*s'\n", (int)len, p);
    exit(1);
}

static void fill_range(struct gen *g, struct text *out, const char *p, const char *end,
                       const struct slots *s)
{
    while (p < end) {
        char c = *p++;
        if (c == '[')
            p = fill_choice(g, out, p, end, s);
        else if (c == '{')
            p = fill_slot(out, p, end, s);
        else
            text_char(out, c);
    }
}

void fill(struct gen *g, struct text *out, const char *tmpl, const struct slots *s)
{
    fill_range(g, out, tmpl, tmpl + strlen(tmpl), s);
}

int list_len(const char *const *list)
{
    int n = 0;
    while (list[n])
        n++;
    return n;
}

const char *any(struct gen *g, const char *const *list)
{
    return list[rnd_int(&g->r, 0, list_len(list) - 1)];
}

int family_pick(struct gen *g, int count)
{
    static const enum split part[5] = {SPLIT_TRAIN, SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TRAIN,
                                       SPLIT_TEST};
    int mine[128], n = 0;
    for (int i = 0; i < count && n < 128; i++)
        if (part[(i + g->rotate) % 5] == g->split)
            mine[n++] = i;
    if (n == 0) {
        fprintf(stderr, "support-gen: a list of %d wordings has none for split %d\n", count,
                (int)g->split);
        exit(1);
    }
    return mine[rnd_int(&g->r, 0, n - 1)];
}

const char *say(struct gen *g, const char *const *list)
{
    return list[family_pick(g, list_len(list))];
}

void item_init(struct item *it, const char *task)
{
    *it = (struct item){.task = task};
}

void item_free(struct item *it)
{
    text_free(&it->system);
    text_free(&it->user);
    text_free(&it->reference);
    text_free(&it->grader);
}

enum level level_of_steps(int steps)
{
    return steps <= 2 ? LEVEL_SIMPLE : steps <= 4 ? LEVEL_MODERATE : LEVEL_COMPLEX;
}
