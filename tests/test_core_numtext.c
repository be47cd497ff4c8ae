/* Numbers in running text: each of them in turn, and texts that are one number. */
#include "core/numtext.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(numtext, finds_each_number_in_turn)
{
    static const struct {
        const char *text;
        size_t n;
        double value[5];
    } k[] = {
        {"", 0, {0}},
        {"none, at all. - $ %", 0, {0}},
        {"1 2 3", 3, {1, 2, 3}},
        {"1,234,567.5 and 1,23", 3, {1234567.5, 1, 23}},
        {"1,2345", 2, {1, 2345}},
        {"12,345,67", 2, {12345, 67}},
        {"1234,567", 2, {1234, 567}},
        {"-1 - 2 --3 (-4) 5-6", 5, {-1, 2, 3, -4, 5}},
        {"a-7 7-a x=-8 )-9", 4, {7, 7, -8, 9}},
        {"1.5.2 3. .25", 4, {1.5, 2, 3, .25}},
        {"1e3 2E-2 3e 4em 5e+", 5, {1000, .02, 3, 4, 5}},
        {"v2 b2b 3d _4", 1, {3}},
        {"2024-03-07T09:14Z", 4, {2024, 3, 7, 14}},
        {"\xE2\x82\xAC"
         "5 and 6\xE2\x82\xAC, \xE2\x88\x92\xC2\xA3"
         "7",
         3,
         {5, 6, -7}},
        {"1e400 8", 1, {8}},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        size_t at = 0, n = 0;
        double x, last = NAN;
        while (n <= 5 && numtext_next(k[i].text, strlen(k[i].text), &at, &x)) {
            if (n < k[i].n)
                cr_expect(x == k[i].value[n], "'%s', number %zu: %g", k[i].text, n, x);
            last = x;
            n++;
        }
        cr_expect(n >= k[i].n && (k[i].n == 5 || n == k[i].n), "'%s': %zu numbers", k[i].text, n);
        double end;
        bool any = numtext_last(k[i].text, strlen(k[i].text), &end);
        cr_expect(any == (k[i].n > 0), "'%s'", k[i].text);
        if (any && n <= 5)
            cr_expect(end == last, "'%s': last %g", k[i].text, end);
    }
}

Test(numtext, whole_texts)
{
    static const struct {
        const char *text;
        double value; /* NaN: not one number */
    } k[] = {
        {"12", 12},    {" -3.5 ", -3.5}, {"$1,200", 1200},   {"50 %", 50},  {"7 \xE2\x82\xAC", 7},
        {"1e3", 1000}, {".5", .5},       {"12 apples", NAN}, {"x 12", NAN}, {"1 2", NAN},
        {"", NAN},     {"ten", NAN},     {"1.234,50", NAN},  {"3/4", NAN},  {"-$5.00", -5},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        double x = NAN;
        bool whole = numtext_whole(k[i].text, &x);
        cr_expect(whole == !isnan(k[i].value) && (!whole || x == k[i].value), "'%s': %d %g",
                  k[i].text, whole, x);
    }
}
