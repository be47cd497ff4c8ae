/* core/money against exact rational arithmetic (vectors/money.py) and by its properties. */
#include "core/money.h"
#include "core/rng.h"
#include "tests/vectors/money.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Test(money, reads_decimals_exactly)
{
    for (size_t i = 0; i < sizeof vec_money / sizeof *vec_money; i++) {
        int64_t got = 77;
        bool ok = money_parse(vec_money[i].text, vec_money[i].digits, &got);
        cr_assert(eq(int, ok, vec_money[i].ok), "'%s' x 10^%d", vec_money[i].text,
                  vec_money[i].digits);
        cr_assert(eq(i64, got, ok ? vec_money[i].want : 77), "'%s' x 10^%d", vec_money[i].text,
                  vec_money[i].digits);
    }
}

Test(money, refuses_what_is_no_number)
{
    static const char *const bad[] = {"",      ".",    "-",  "+.",  "e5",  "1e",  "1e+",
                                      "1.2.3", " 1",   "1 ", "0x1", "nan", "inf", "1,5",
                                      "--1",   "1e5x", "$1", "+-1", ".e1"};
    int64_t v = 5;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(eq(int, money_parse(bad[i], 9, &v), 0), "'%s'", bad[i]);
    cr_assert(eq(int, money_parse(NULL, 9, &v), 0));
    cr_assert(eq(i64, v, 5), "untouched");
}

/* Every way of writing an integer with a point and an exponent reads back as that integer. */
Test(money, round_trips_random_integers)
{
    struct rng r;
    rng_seed(&r, 1);
    for (int i = 0; i < 20000; i++) {
        int64_t v = (int64_t)(rng_next(&r) >> (1 + rng_below(&r, 63)));
        char digits[24], text[64];
        int n = snprintf(digits, sizeof digits, "%" PRId64, v),
            cut = (int)rng_below(&r, (uint64_t)n + 1);
        int scale = (int)rng_below(&r, 13);
        snprintf(text, sizeof text, "-%.*s.%se%d", cut, digits, digits + cut, n - cut - scale);
        int64_t got;
        cr_assert(money_parse(text, scale, &got), "%s", text);
        cr_assert(eq(i64, got, -v), "%s x 10^%d", text, scale);
    }
}

Test(money, rounds_half_to_even)
{
    static const struct {
        int64_t amount, unit, want;
    } cases[] = {{500, 1000, 0},  {1500, 1000, 2}, {2500, 1000, 2},   {2501, 1000, 3},
                 {2499, 1000, 2}, {-500, 1000, 0}, {-1500, 1000, -2}, {-2500, 1000, -2},
                 {7, 1, 7},       {-7, 1, -7},     {1, 3, 0},         {2, 3, 1},
                 {3, 2, 2},       {5, 2, 2},       {0, 9, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert(eq(i64, money_round(cases[i].amount, cases[i].unit), cases[i].want), "case %zu",
                  i);
    struct rng r;
    rng_seed(&r, 2);
    for (int i = 0; i < 50000; i++) { /* |2 (q unit - amount)| <= unit, and q even where equal */
        money_wide amount = (money_wide)(int64_t)rng_next(&r) * (int64_t)rng_below(&r, 1000);
        int64_t unit = (int64_t)(1 + (rng_next(&r) >> (1 + rng_below(&r, 62))));
        if (unit < 2000)
            unit += 2000; /* keeps the result in range */
        int64_t q = money_round(amount, unit);
        money_wide gap = 2 * ((money_wide)q * unit - amount);
        gap = gap < 0 ? -gap : gap;
        cr_assert(gap < unit || (gap == unit && q % 2 == 0));
    }
    money_wide large = (money_wide)INT64_MAX * 5000;
    cr_assert(eq(i64, money_round(large, 1000), INT64_MAX));
    cr_assert(eq(i64, money_round(-large, 1000), -INT64_MAX), "never the value for unknown");
}

Test(money, crosses_to_and_from_doubles)
{
    int64_t v = 0;
    cr_assert(money_from_usd(0.1, &v) && v == 100000000);
    cr_assert(money_from_usd(0.0000000015, &v) && v == 2, "as written, not the binary value");
    cr_assert(money_from_usd(0.0000000025, &v) && v == 2);
    cr_assert(money_from_usd(-3e-10, &v) && v == 0);
    cr_assert(money_from_usd(1e9, &v) && v == 1000000000000000000);
    const double none[] = {1e10, -1e10, (double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert(eq(int, money_from_usd(none[i], &v), 0), "%g", none[i]);
    cr_assert(eq(dbl, money_usd(1500000000), 1.5));
    cr_assert(isnan(money_usd(MONEY_UNKNOWN)));
}

Test(money, formats_with_the_decimals_asked_for)
{
    static const struct {
        int64_t nusd;
        int decimals;
        const char *want;
    } cases[] = {{INT64_C(1234567891), 9, "$1.234567891"},
                 {INT64_C(1234567891), 2, "$1.23"},
                 {INT64_C(1235000000), 2, "$1.24"},
                 {INT64_C(1245000000), 2, "$1.24"},
                 {INT64_C(-5), 9, "-$0.000000005"},
                 {INT64_C(-5), 2, "$0.00"},
                 {INT64_C(999999999), 0, "$1"},
                 {INT64_C(0), 4, "$0.0000"},
                 {INT64_MAX, 9, "$9223372036.854775807"},
                 {-INT64_MAX, 0, "-$9223372037"},
                 {INT64_C(1500000000), 12, "$1.500000000"},
                 {MONEY_UNKNOWN, 2, "-"}};
    char text[48];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        money_format(cases[i].nusd, cases[i].decimals, text);
        cr_assert(strcmp(text, cases[i].want) == 0, "case %zu: got %s, want %s", i, text,
                  cases[i].want);
    }
}
