/* The ledger of budgets: limits and what was spent, per model and per user, by day and month. One
 * lock, held for a few comparisons; files are budget_file.c. */
#include "router/budget.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "router/internal.h"

enum { CAP_FIRST = 64 };
#define DAY_S 86400
#define TIME_MAX INT64_C(253402300800)

struct shunt_budget {
    pthread_mutex_t lock;
    struct budget_book book;
};

int shunt_budget_name(const char *name)
{
    size_t n = name ? strnlen(name, SHUNT_NAME_MAX + 1) : 0;
    if (n == 0 || n > SHUNT_NAME_MAX)
        return 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
            return 0;
    return 1;
}

/* ---- periods ---- */

/* Days since 1970; before that and after the year 9999 is the first day and the last. */
static int64_t day_of(int64_t now_s)
{
    return now_s < 0 ? 0 : now_s < TIME_MAX ? now_s / DAY_S : TIME_MAX / DAY_S;
}

/* Months since year 0 of a day since 1970. Years begin in March here, so that the day that leap
 * years add is their last; 146,097 days are 400 years. */
static int64_t month_of(int64_t day)
{
    int64_t z = day + 719468; /* since 1 March of year 0 */
    int64_t of_era = z % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* March is 0 */
    return (z / 146097 * 400 + year) * 12 + month + 2;
}

/* Begin a new day or month where now is in a later one. A clock set back stays in the old one. */
static void roll(struct budget_entry *x, int64_t now_s)
{
    int64_t day = day_of(now_s);
    int64_t month = month_of(day);
    if (day > x->day) {
        x->day = day;
        x->spent_day = 0;
    }
    if (month > x->month) {
        x->month = month;
        x->spent_month = 0;
    }
}

/* ---- the table of names ---- */

static size_t hash(int kind, const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) + (uint64_t)kind;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32);
}

static struct budget_entry *place(struct budget_entry *entry, size_t cap, int kind,
                                  const char *name)
{
    size_t i = hash(kind, name) & (cap - 1);
    while (entry[i].name && (entry[i].kind != kind || strcmp(entry[i].name, name) != 0))
        i = (i + 1) & (cap - 1);
    return &entry[i];
}

/* Make room. Who spent nothing this month and has no limits of its own is forgotten first. */
static int grow(struct budget_book *b, int64_t month)
{
    size_t keep = 0;
    for (size_t i = 0; i < b->cap; i++)
        keep += b->entry[i].name && (b->entry[i].own || b->entry[i].month >= month);
    size_t cap = CAP_FIRST;
    while (cap < 4 * (keep + 1))
        cap *= 2;
    struct budget_entry *more = calloc(cap, sizeof *more);
    if (!more)
        return 0;
    for (size_t i = 0; i < b->cap; i++) {
        struct budget_entry *x = &b->entry[i];
        if (!x->name)
            continue;
        if (x->own || x->month >= month)
            *place(more, cap, x->kind, x->name) = *x;
        else
            free(x->name);
    }
    free(b->entry);
    b->entry = more;
    b->cap = cap;
    b->used = keep;
    return 1;
}

struct budget_entry *shunt_budget_entry(struct budget_book *b, int kind, const char *name,
                                        int64_t month)
{
    if (b->cap) {
        struct budget_entry *x = place(b->entry, b->cap, kind, name);
        if (x->name)
            return x;
    }
    if (2 * (b->used + 1) > b->cap && !grow(b, month))
        return NULL;
    size_t n = strlen(name) + 1;
    char *copy = malloc(n);
    if (!copy)
        return NULL;
    memcpy(copy, name, n);
    struct budget_entry *x = place(b->entry, b->cap, kind, name);
    *x = (struct budget_entry){.name = copy,
                               .kind = (uint8_t)kind,
                               .limit_day = -1,
                               .limit_month = -1,
                               .day = INT64_MIN,
                               .month = INT64_MIN};
    b->used++;
    return x;
}

void shunt_budget_empty(struct budget_book *b)
{
    for (size_t i = 0; i < b->cap; i++)
        free(b->entry[i].name);
    free(b->entry);
    *b = (struct budget_book){.every_day = {-1, -1}, .every_month = {-1, -1}};
}

/* ---- life ---- */

int shunt_budget_new(struct shunt_budget **out)
{
    if (!out)
        return SHUNT_E_ARGUMENT;
    struct shunt_budget *b = calloc(1, sizeof *b);
    if (!b || pthread_mutex_init(&b->lock, NULL) != 0) {
        free(b);
        return SHUNT_E_NOMEM;
    }
    shunt_budget_empty(&b->book);
    *out = b;
    return SHUNT_OK;
}

void shunt_budget_free(struct shunt_budget *b)
{
    if (!b)
        return;
    shunt_budget_empty(&b->book);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

int shunt_budget_with(struct shunt_budget *b, int (*f)(struct budget_book *, void *), void *arg)
{
    pthread_mutex_lock(&b->lock);
    int status = f(&b->book, arg);
    pthread_mutex_unlock(&b->lock);
    return status;
}

/* ---- the calls ---- */

struct order {
    int kind, action, force_user;
    const char *model, *user, *name;
    int64_t day, month, cost, reserved, now_s;
};

static int set_limit(struct budget_book *b, void *arg)
{
    const struct order *o = arg;
    if (!o->name) {
        b->every_day[o->kind] = o->day;
        b->every_month[o->kind] = o->month;
        return SHUNT_OK;
    }
    struct budget_entry *x = shunt_budget_entry(b, o->kind, o->name, INT64_MIN);
    if (!x)
        return SHUNT_E_NOMEM;
    x->own = 1;
    x->limit_day = o->day;
    x->limit_month = o->month;
    return SHUNT_OK;
}

int shunt_budget_limit(struct shunt_budget *b, int kind, const char *name, int64_t day_nusd,
                       int64_t month_nusd)
{
    if (!b || kind < SHUNT_BUDGET_MODEL || kind > SHUNT_BUDGET_USER || day_nusd < -1 ||
        month_nusd < -1 || (name && !shunt_budget_name(name)))
        return SHUNT_E_ARGUMENT;
    struct order o = {.kind = kind, .name = name, .day = day_nusd, .month = month_nusd};
    return shunt_budget_with(b, set_limit, &o);
}

static int set_action(struct budget_book *b, void *arg)
{
    b->action = ((const struct order *)arg)->action;
    return SHUNT_OK;
}

int shunt_budget_over(struct shunt_budget *b, int action)
{
    if (!b || action < SHUNT_BUDGET_TABLE || action > SHUNT_BUDGET_REFUSE)
        return SHUNT_E_ARGUMENT;
    struct order o = {.action = action};
    return shunt_budget_with(b, set_action, &o);
}

static int get_action(struct budget_book *b, void *arg)
{
    (void)arg;
    return b->action;
}

int shunt_budget_action(struct shunt_budget *b)
{
    return shunt_budget_with(b, get_action, NULL);
}

static int fits(const struct budget_book *b, const struct budget_entry *x, int64_t cost)
{
    int64_t day = x->own ? x->limit_day : b->every_day[x->kind];
    int64_t month = x->own ? x->limit_month : b->every_month[x->kind];
    return (day < 0 || (cost <= day && x->spent_day <= day - cost)) &&
           (month < 0 || (cost <= month && x->spent_month <= month - cost));
}

static int64_t moved(int64_t spent, int64_t by)
{
    if (by > SHUNT_SPENT_MAX - spent)
        return SHUNT_SPENT_MAX;
    return spent + by > 0 ? spent + by : 0;
}

static void spend(struct budget_entry *x, int64_t by)
{
    x->spent_day = moved(x->spent_day, by);
    x->spent_month = moved(x->spent_month, by);
}

/* The entries that an order is about. Both are found before either is used: making one may move the
 * other. */
static int find_both(struct budget_book *b, const struct order *o, struct budget_entry *found[2])
{
    const char *const name[2] = {o->model, o->user};
    int64_t month = month_of(day_of(o->now_s));
    for (int k = 0; k < 2; k++)
        if (name[k] && !shunt_budget_entry(b, k, name[k], month))
            return SHUNT_E_NOMEM;
    for (int k = 0; k < 2; k++) {
        /* growing for the second may have dropped the first, new and empty as it was */
        found[k] = name[k] ? shunt_budget_entry(b, k, name[k], month) : NULL;
        if (name[k] && !found[k])
            return SHUNT_E_NOMEM;
        if (found[k])
            roll(found[k], o->now_s);
    }
    return SHUNT_OK;
}

static int reserve(struct budget_book *b, void *arg)
{
    const struct order *o = arg;
    struct budget_entry *x[2];
    int status = find_both(b, o, x);
    if (status)
        return status;
    if ((x[0] && !fits(b, x[0], o->cost)) || (x[1] && !o->force_user && !fits(b, x[1], o->cost)))
        return SHUNT_E_BUDGET;
    for (int k = 0; k < 2; k++)
        if (x[k])
            spend(x[k], o->cost);
    return SHUNT_OK;
}

static int good_names(const char *model, const char *user)
{
    return (!model || shunt_budget_name(model)) && (!user || shunt_budget_name(user));
}

int shunt_budget_book(struct shunt_budget *b, const char *model, const char *user,
                      int64_t cost_nusd, int64_t now_s, int force_user)
{
    if (!b || cost_nusd < 0 || cost_nusd > SHUNT_SPENT_MAX || !good_names(model, user))
        return SHUNT_E_ARGUMENT;
    struct order o = {
        .model = model, .user = user, .cost = cost_nusd, .now_s = now_s, .force_user = force_user};
    return shunt_budget_with(b, reserve, &o);
}

int shunt_budget_reserve(struct shunt_budget *b, const char *model, const char *user,
                         int64_t cost_nusd, int64_t now_s)
{
    return shunt_budget_book(b, model, user, cost_nusd, now_s, 0);
}

static int settle(struct budget_book *b, void *arg)
{
    const struct order *o = arg;
    struct budget_entry *x[2];
    int status = find_both(b, o, x);
    if (status)
        return status;
    for (int k = 0; k < 2; k++)
        if (x[k])
            spend(x[k], o->cost - o->reserved);
    return SHUNT_OK;
}

int shunt_budget_settle(struct shunt_budget *b, const char *model, const char *user,
                        int64_t reserved_nusd, int64_t cost_nusd, int64_t now_s)
{
    if (!b || cost_nusd < 0 || cost_nusd > SHUNT_SPENT_MAX || reserved_nusd < 0 ||
        reserved_nusd > SHUNT_SPENT_MAX || !good_names(model, user))
        return SHUNT_E_ARGUMENT;
    struct order o = {
        .model = model, .user = user, .cost = cost_nusd, .reserved = reserved_nusd, .now_s = now_s};
    return shunt_budget_with(b, settle, &o);
}

static int look(struct budget_book *b, void *arg)
{
    struct order *o = arg;
    struct budget_entry copy = {0};
    if (b->cap)
        copy = *place(b->entry, b->cap, o->kind, o->name);
    if (copy.name) {
        roll(&copy, o->now_s);
        o->day = copy.spent_day;
        o->month = copy.spent_month;
    }
    return SHUNT_OK;
}

int shunt_budget_spent(struct shunt_budget *b, int kind, const char *name, int64_t now_s,
                       int64_t *day_nusd, int64_t *month_nusd)
{
    if (!b || kind < SHUNT_BUDGET_MODEL || kind > SHUNT_BUDGET_USER || !shunt_budget_name(name))
        return SHUNT_E_ARGUMENT;
    struct order o = {.kind = kind, .name = name, .now_s = now_s};
    shunt_budget_with(b, look, &o);
    if (day_nusd)
        *day_nusd = o.day;
    if (month_nusd)
        *month_nusd = o.month;
    return SHUNT_OK;
}
