/* The ledger: limits by day and month against a naive ledger and the C library's calendar, threads,
 * files, and plans that obey it. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "router/shunt.h"

static struct shunt_budget *fresh(void)
{
    struct shunt_budget *b = NULL;
    cr_assert_eq(shunt_budget_new(&b), 0);
    return b;
}

static int64_t spent(struct shunt_budget *b, int kind, const char *name, int64_t now, int month)
{
    int64_t v[2] = {-1, -1};
    cr_assert_eq(shunt_budget_spent(b, kind, name, now, &v[0], &v[1]), 0);
    return v[month];
}

Test(router_budget, a_day_and_a_month_are_those_of_the_calendar)
{
    struct shunt_budget *b = fresh();
    int64_t day_sum = 0, month_sum = 0;
    int day = -1, month = -1;
    for (int64_t now = 5000; now < INT64_C(4200000000); now += 41237) { /* 1970 to 2103 */
        time_t at = (time_t)now;
        struct tm tm;
        gmtime_r(&at, &tm);
        if (tm.tm_yday != day)
            day_sum = 0;
        if (tm.tm_mon != month)
            month_sum = 0;
        day = tm.tm_yday;
        month = tm.tm_mon;
        cr_assert_eq(shunt_budget_reserve(b, "m", NULL, now % 1000, now), 0);
        day_sum += now % 1000;
        month_sum += now % 1000;
        cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "m", now, 0), day_sum, "%lld", (long long)now);
        cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "m", now, 1), month_sum, "%lld", (long long)now);
    }
    cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "m", 5, 0), day_sum, "a clock set back");
    shunt_budget_free(b);
}

Test(router_budget, books_all_or_nothing)
{
    struct shunt_budget *b = fresh();
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_MODEL, "large", 100, 150), 0);
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, NULL, 60, -1), 0);
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, "vip", -1, -1), 0);
    const int64_t day = 86400;
    static const struct {
        const char *model, *user;
        int64_t cost;
        int day, want;
    } cases[] = {
        {"large", "ann", 60, 0, 0},
        {"large", "ann", 1, 0, SHUNT_E_BUDGET},
        {"small", "ann", 1, 0, SHUNT_E_BUDGET},
        {"large", "bob", 41, 0, SHUNT_E_BUDGET},
        {"large", "bob", 40, 0, 0},
        {"large", "vip", 1, 0, SHUNT_E_BUDGET},
        {"small", "vip", 1000000, 0, 0},
        {"large", NULL, 50, 1, 0},
        {"large", "ann", 1, 1, SHUNT_E_BUDGET},
        {"small", "ann", 60, 1, 0},
        {"large", "ann", 0, 1, 0},
        {NULL, NULL, 5, 1, 0},
        {"large", NULL, 100, 40, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(shunt_budget_reserve(b, cases[i].model, cases[i].user, cases[i].cost,
                                          cases[i].day * day),
                     cases[i].want, "case %zu", i);
    cr_assert_eq(spent(b, SHUNT_BUDGET_USER, "ann", day, 0), 60);
    cr_assert_eq(spent(b, SHUNT_BUDGET_USER, "ann", day, 1), 120);
    cr_assert_eq(spent(b, SHUNT_BUDGET_USER, "nobody", day, 1), 0);
    cr_assert_eq(shunt_budget_settle(b, "large", "ann", 100, 20, 40 * day), 0);
    cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "large", 40 * day, 0), 20);
    cr_assert_eq(shunt_budget_settle(b, "large", NULL, 0, 500, 40 * day), 0); /* over is over */
    cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "large", 40 * day, 0), 520);
    cr_assert_eq(shunt_budget_settle(b, "large", NULL, 9999, 0, 40 * day), 0);
    cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "large", 40 * day, 0), 0); /* never below 0 */
    for (int i = 0; i < 3; i++)
        cr_assert_eq(shunt_budget_reserve(b, "small", NULL, INT64_C(1) << 62, 40 * day), 0);
    cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "small", 40 * day, 1), INT64_C(1) << 62);
    cr_assert_eq(shunt_budget_reserve(b, "a\nb", NULL, 1, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_budget_reserve(b, "", NULL, 1, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_budget_reserve(b, "a", NULL, -1, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_budget_reserve(NULL, "a", NULL, 1, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_budget_limit(b, 2, NULL, 0, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_budget_limit(b, 0, NULL, -2, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_budget_over(b, 3), SHUNT_E_ARGUMENT);
    shunt_budget_free(b);
    shunt_budget_free(NULL);
}

/* Many users: against an array; old ones may be forgotten, their sums must not be wrong. */
Test(router_budget, many_users_over_many_months)
{
    enum { USERS = 700 };
    static int64_t sum[USERS];
    struct shunt_budget *b = fresh();
    char name[16];
    uint64_t seed = 3;
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, "u7", 50, 50), 0);
    for (int month = 0; month < 30; month++) {
        int64_t now = (int64_t)(month * 30.4375 * 86400) + 10 * 86400;
        memset(sum, 0, sizeof sum);
        for (int i = 0; i < 3000; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            int u = (int)(seed >> 33) % (USERS / 30) + month * (USERS / 30);
            snprintf(name, sizeof name, "u%d", u);
            int rc = shunt_budget_reserve(b, "m", name, 7, now);
            cr_assert_eq(rc, u == 7 && sum[u] > 43 ? SHUNT_E_BUDGET : 0);
            sum[u] += rc ? 0 : 7;
        }
        for (int u = 0; u < USERS; u++) {
            snprintf(name, sizeof name, "u%d", u);
            cr_assert_eq(spent(b, SHUNT_BUDGET_USER, name, now, 1), sum[u], "%s", name);
        }
    }
    shunt_budget_free(b);
}

struct race {
    struct shunt_budget *b;
    int id, booked;
};

static void *book_many(void *arg)
{
    struct race *r = arg;
    char user[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(user, sizeof user, "u%d", (i + r->id) % 50);
        if (shunt_budget_reserve(r->b, "m", user, 3, 1000) == 0)
            r->booked++;
    }
    return NULL;
}

Test(router_budget, threads_never_pass_a_limit)
{
    struct shunt_budget *b = fresh();
    pthread_t thread[4];
    struct race race[4];
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_MODEL, "m", 100000, -1), 0);
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, NULL, 3000, -1), 0);
    for (int i = 0; i < 4; i++) {
        race[i] = (struct race){b, i, 0};
        cr_assert_eq(pthread_create(&thread[i], NULL, book_many, &race[i]), 0);
    }
    int booked = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        booked += race[i].booked;
    }
    cr_assert_eq(booked, 33333); /* 3 * 33,333 <= 100,000 < 3 * 33,334 */
    cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "m", 1000, 0), 99999);
    int64_t users = 0;
    for (int i = 0; i < 50; i++) {
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        int64_t s = spent(b, SHUNT_BUDGET_USER, user, 1000, 0);
        cr_assert_leq(s, 3000);
        users += s;
    }
    cr_assert_eq(users, 99999);
    shunt_budget_free(b);
}

Test(router_budget, a_file_gives_the_same_ledger_or_none)
{
    char path[] = "/tmp/shunt-budget-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    struct shunt_budget *b = fresh(), *c = NULL;
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_MODEL, "a model of blanks", 100, -1), 0);
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, NULL, -1, 77), 0);
    cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, "end 3", 5, 6), 0);
    cr_assert_eq(shunt_budget_over(b, SHUNT_BUDGET_REFUSE), 0);
    cr_assert_eq(shunt_budget_reserve(b, "a model of blanks", "\xc3\xa9va", 70, 1000000), 0);
    cr_assert_eq(shunt_budget_save(b, path), 0);
    cr_assert_eq(shunt_budget_load(path, &c), 0);
    cr_assert_eq(spent(c, SHUNT_BUDGET_MODEL, "a model of blanks", 1000000, 0), 70);
    cr_assert_eq(spent(c, SHUNT_BUDGET_USER, "\xc3\xa9va", 1000000, 1), 70);
    cr_assert_eq(shunt_budget_reserve(c, "a model of blanks", NULL, 31, 1000000), SHUNT_E_BUDGET);
    cr_assert_eq(shunt_budget_reserve(c, "x", "\xc3\xa9va", 8, 1000000), SHUNT_E_BUDGET);
    cr_assert_eq(shunt_budget_reserve(c, "x", "end 3", 6, 1000000), SHUNT_E_BUDGET);
    char again[80], one[4096];
    snprintf(again, sizeof again, "%s.2", path);
    cr_assert_eq(shunt_budget_save(c, again), 0);
    shunt_budget_free(c);
    cr_assert_eq(shunt_budget_load(again, &c), 0);
    cr_assert_eq(spent(c, SHUNT_BUDGET_MODEL, "a model of blanks", 1000000, 1), 70);
    cr_assert_eq(shunt_budget_reserve(c, "x", "end 3", 6, 1000000), SHUNT_E_BUDGET);
    shunt_budget_free(c);
    FILE *f = fopen(path, "rb");
    size_t n = fread(one, 1, sizeof one, f);
    fclose(f);

    c = NULL; /* every truncation and a longer file are refused */
    for (size_t cut = 0; cut < n; cut++) {
        f = fopen(again, "wb");
        fwrite(one, 1, cut, f);
        fclose(f);
        cr_assert_eq(shunt_budget_load(again, &c), SHUNT_E_DAMAGED, "%zu bytes", cut);
        cr_assert_null(c);
    }
    f = fopen(again, "wb");
    fwrite(one, 1, n, f);
    fputs("x", f);
    fclose(f);
    cr_assert_eq(shunt_budget_load(again, &c), SHUNT_E_DAMAGED);
    cr_assert_eq(shunt_budget_load("/no/such/file", &c), SHUNT_E_IO);
    cr_assert_eq(shunt_budget_save(b, "/no/such/file"), SHUNT_E_IO);
    unlink(again);
    unlink(path);
    close(fd);
    shunt_budget_free(b);
}

/* ---- plans ---- */

static struct shunt_table *table(struct mini *x, unsigned char **bytes, int refuse)
{
    static const int64_t cost[] = {10, 20, 100};
    struct err e = {0};
    size_t len;
    struct shunt_table *t;
    mini_init(x, 8, 0, 1);
    mini_constant(x, .5, .7, .9);
    for (int i = 0; i < (MINI_TASKS + 1) * MINI_MODELS; i++)
        x->cost[i] = (struct table_cost){.mean_nusd = cost[i % MINI_MODELS], .latency_ms = -1};
    for (int m = 0; m < MINI_MODELS; m++)
        x->model[m].has_price = 0;
    x->point[0] = mini_point("best", 0);
    x->spec.point = x->point;
    x->spec.points = 1;
    x->spec.plan = (struct table_plan){8, 8, refuse};
    cr_assert_eq(table_build(&x->spec, bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory(*bytes, len, &t), 0);
    return t;
}

static struct shunt_step ask(const struct shunt_table *t, struct shunt_budget *b, const char *user,
                             const struct shunt_outcome *o)
{
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_step s = SHUNT_STEP_INIT;
    cr_assert_eq(shunt_plan_begin(&p, t, &r), 0);
    cr_assert_eq(shunt_plan_budget(&p, b, user, 1000), 0);
    cr_assert_eq(shunt_plan_next(&p, NULL, &s), 0);
    cr_assert_eq(shunt_plan_budget(&p, b, user, 1000), SHUNT_E_ARGUMENT, "too late");
    if (o && s.action < SHUNT_ACCEPT)
        cr_assert_eq(shunt_plan_next(&p, o, &s), 0);
    return s;
}

Test(router_budget, plans_obey_the_ledger)
{
    static struct mini x;
    unsigned char *bytes;
    for (int refuse = 0; refuse < 2; refuse++)
        for (int ledger = 0; ledger < 3; ledger++) {
            struct shunt_table *t = table(&x, &bytes, refuse);
            struct shunt_budget *b = fresh();
            int refused = ledger == 2 || (ledger == 0 && refuse);
            cr_assert_eq(shunt_budget_over(b, ledger), 0);
            cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_MODEL, "large", 250, -1), 0);
            struct shunt_outcome ok = SHUNT_OUTCOME_INIT, failed = SHUNT_OUTCOME_INIT;
            failed.status = SHUNT_REPLY_ERROR;
            for (int i = 0; i < 4; i++) { /* 100, nothing for a failure, 100; then it is full */
                struct shunt_step s = ask(t, b, "ann", i == 1 ? &failed : i ? &ok : NULL);
                if (i == 1) {
                    cr_assert_eq(s.action, SHUNT_FALL_BACK);
                    cr_assert_eq(s.model, 1);
                } else if (i < 3) {
                    cr_assert_eq(s.model, 2);
                } else if (refused) {
                    cr_assert_eq(s.action, SHUNT_GIVE_UP);
                    cr_assert_eq(s.cause, SHUNT_FOR_BUDGET);
                } else { /* moved to the cheapest */
                    cr_assert_eq(s.action, SHUNT_ACCEPT);
                    cr_assert_eq(s.model, 0);
                }
            }
            cr_assert_eq(spent(b, SHUNT_BUDGET_MODEL, "large", 1000, 0), 200);
            cr_assert_eq(spent(b, SHUNT_BUDGET_USER, "ann", 1000, 0), 220 + (refused ? 0 : 10));

            /* A user over the limit is served by the cheapest, or not at all. */
            cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_USER, "ann", 240, -1), 0);
            for (int i = 0; i < 3; i++) {
                struct shunt_step s = ask(t, b, "ann", NULL);
                cr_assert_eq(s.action, refused ? SHUNT_GIVE_UP : SHUNT_CALL);
                cr_assert_eq(s.model, refused ? -1 : 0);
                cr_assert_eq(s.refused >= 0, refused);
                cr_assert_eq(s.cause, SHUNT_FOR_BUDGET);
            }
            cr_assert_eq(spent(b, SHUNT_BUDGET_USER, "ann", 1000, 0), refused ? 220 : 260);
            /* Where the cheapest is full itself, nobody can. */
            cr_assert_eq(shunt_budget_limit(b, SHUNT_BUDGET_MODEL, NULL, 0, 0), 0);
            struct shunt_step s = ask(t, b, "bob", NULL);
            cr_assert_eq(s.action, SHUNT_GIVE_UP);
            cr_assert_str_eq(shunt_cause_name(s.cause), "budget");
            shunt_budget_free(b);
            shunt_close(t);
            free(bytes);
        }
}
