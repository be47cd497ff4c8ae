/* Forecasts: totals to the last nano-dollar, intervals, savings, and what is unknown. */
#include "core/json.h"
#include "eval/forecast.h"
#include "tests/eval_fixture.h"

#include <string.h>

static struct forecast run(const struct eval_set *s, int64_t requests, double growth,
                           const int *point)
{
    static int single[3][4000];
    struct forecast_policy policy[4];
    static const char *const names[] = {"m0", "m1", "m2"};
    for (size_t m = 0; m < s->models; m++) {
        for (size_t i = 0; i < s->n; i++)
            single[m][i] = (int)m;
        policy[m] =
            (struct forecast_policy){.name = names[m], .kind = "single", .choice = single[m]};
    }
    policy[s->models] =
        (struct forecast_policy){.name = "balanced", .kind = "point", .choice = point};
    const struct forecast_options o = {requests, growth, 1000, 1};
    struct forecast f;
    struct err e = {0};
    cr_assert(forecast_run(s, policy, s->models + (point != NULL), &o, &f, &e) == 0, "%s", e.text);
    return f;
}

static void is_usd(money_wide nusd, const char *want)
{
    char text[64];
    forecast_usd(nusd, 9, text);
    cr_assert(strcmp(text, want) == 0, "%s, not %s", text, want);
}

Test(forecast, totals_are_exact)
{
    struct eval_set s;
    eval_set_init(&s, 3, 2);
    s.tasks = 1;
    s.groups = 3;
    const double cost[] = {1e-9, .01, 2e-9, .02, 4e-9, .06};
    memcpy(s.cost, cost, sizeof cost);
    for (size_t i = 0; i < 3; i++) {
        s.weight[i] = 1;
        s.group[i] = (int32_t)i;
        s.score[2 * i + 1] = 1;
    }
    struct forecast f = run(&s, 1000000, 0, NULL);
    cr_assert(f.best == 1);
    is_usd(f.line.v[0].day.value, "0.002333333"); /* 7/3 nano-dollars a request */
    is_usd(f.line.v[0].month.value, "0.071020833");
    is_usd(f.line.v[1].day.value, "30000.000000000");
    is_usd(f.line.v[1].month.value, "913125.000000000");
    is_usd(f.line.v[1].year.value, "10957500.000000000"); /* twelve months are 365.25 days */
    is_usd(f.line.v[1].saving_year.value, "0.000000000");
    is_usd(f.line.v[0].saving_year.value, "10957499.147750000");
    cr_assert(f.line.v[1].day.lo <= f.line.v[1].day.value &&
              f.line.v[1].day.value <= f.line.v[1].day.hi);
    forecast_deinit(&f);
    s.weight[2] = 2.5; /* (1 + 2 + 10) / 4.5 */
    f = run(&s, 9000000, .1, NULL);
    is_usd(f.line.v[0].day.value, "0.026000000");
    double year = 0, month = 1;
    for (int k = 0; k < 12; k++, month *= 1.1)
        year += month;
    near_to("growth", (double)f.line.v[0].year.value, 26e6 * 30.4375 * year, 1);
    forecast_deinit(&f);
    eval_set_deinit(&s);
}

Test(forecast, amounts_as_text)
{
    static const struct {
        int64_t nusd;
        int decimals;
        const char *want;
    } cases[] = {{0, 2, "0.00"},
                 {5000000, 2, "0.00"},
                 {15000000, 2, "0.02"},
                 {-5000000, 2, "0.00"},
                 {-15000000, 2, "-0.02"},
                 {1, 9, "0.000000001"},
                 {999999999, 0, "1"},
                 {1500000000, 0, "2"},
                 {2500000000, 0, "2"},
                 {-2000000001, 9, "-2.000000001"},
                 {INT64_MAX, 9, "9223372036.854775807"}};
    char text[64];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        forecast_usd(cases[k].nusd, cases[k].decimals, text);
        cr_assert(strcmp(text, cases[k].want) == 0, "%s, not %s", text, cases[k].want);
    }
    forecast_usd((money_wide)INT64_MAX * 1000000, 2, text);
    cr_assert(strcmp(text, "9223372036854775.81") == 0, "%s", text);
    size_t len;
    double factor;
    struct err e;
    cr_assert(forecast_price_parse("org/gpt:4o:x2", &len, &factor, &e) == 0 && len == 10);
    near_to("factor", factor, 2, 0);
    cr_assert(forecast_price_parse("m:0.5", &len, &factor, &e) == 0 && len == 1);
    static const char *const bad[] = {"m", "m:", ":x2", "m:x", "m:x0", "m:-1", "m:x2y"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        cr_assert(forecast_price_parse(bad[k], &len, &factor, &e) == ERR_USAGE, "%s", bad[k]);
}

Test(forecast, savings_and_what_is_unknown)
{
    const struct world w = {2000, 3, 2, 2, .1, 3};
    struct eval_set s;
    int point[2000];
    world_set(&w, &s);
    for (size_t i = 0; i < s.n; i++)
        point[i] = i % 2 ? 2 : 0;
    struct forecast f = run(&s, 1000, 0, point);
    const struct forecast_line *p = &f.line.v[3], *best = &f.line.v[f.best];
    cr_assert(f.best == 2 && p->saving > .4 && p->saving < .6 && p->saving_lo < p->saving &&
              p->saving < p->saving_hi);
    cr_assert(p->saving_year.value == best->year.value - p->year.value);
    cr_assert(p->saving_year.lo < p->saving_year.value && p->saving_year.value < p->saving_year.hi);
    cr_assert(p->saving_hi - p->saving_lo < .1, "paired");
    forecast_deinit(&f);
    s.cost[0] = NAN; /* of m0, which the point uses */
    f = run(&s, 1000, 0, point);
    cr_assert(f.line.v[0].missing == 1 && f.line.v[3].missing == 1 && f.line.v[1].missing == 0 &&
              !f.line.v[3].compared);
    struct buf b = BUF_INIT(0);
    struct json *j = NULL;
    struct err e = {0};
    forecast_json(&f, &b);
    cr_assert(json_parse(b.data, b.len, &j, &e) == 0, "%s", e.text);
    cr_assert(json_type(json_path(j, "policies[0].usd_per_day")) == JSON_NULL);
    cr_assert(json_num(json_path(j, "policies[1].usd_per_year"), 0) > 1);
    json_free(j);
    buf_deinit(&b);
    forecast_deinit(&f);
    for (size_t k = 0; k < s.n * 3; k++)
        s.cost[k] = NAN;
    const struct forecast_policy one = {.name = "balanced", .kind = "single", .choice = point};
    const struct forecast_options o = {1000, 0, 1000, 1};
    cr_assert(forecast_run(&s, &one, 1, &o, &f, &e) == ERR_FORMAT &&
                  strstr(e.text, "shunt prices") != NULL,
              "%s", e.text);
    for (size_t k = 0; k < s.n * 3; k++)
        s.cost[k] = 1e7;
    cr_assert(forecast_run(&s, &one, 1, &o, &f, &e) == ERR_FORMAT, "%s", e.text);
    eval_set_deinit(&s);
}
