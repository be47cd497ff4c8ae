/* Money is int64: prices in pico-dollars (1e-12), costs in nano-dollars (1e-9), never a double on
 * the way to a total. Sums are kept in 128 bits. An unknown amount is MONEY_UNKNOWN, never 0.
 */
#ifndef CORE_MONEY_H
#define CORE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONEY_UNKNOWN INT64_MIN
__extension__ typedef __int128 money_wide; /* a sum, or pico-dollars times tokens */

/* Rounds half to even: money_round(pico, 1000) turns pico-dollars into nano-dollars. */
int64_t money_round(money_wide amount, int64_t unit); /* saturates at INT64_MAX */

/* A decimal number ("0.0000025", "1.33e-05", "-1.5") times 10^digits as an integer, exact until
 * the last digit, then half to even. false: not a number, or out of range. */
bool money_parse(const char *text, int digits, int64_t *out);
/* money_parse of the shortest decimal text that reads back as x: a price of 0.1 is a tenth. */
bool money_from_double(double x, int digits, int64_t *out);
bool money_from_usd(double usd, int64_t *nusd); /* the same with 9 digits */
double money_usd(int64_t nusd);                 /* NaN when unknown */
/* "$1.234567891" with as many decimals as asked for; "-" when unknown. */
void money_format(int64_t nusd, int decimals, char out[48]);

#endif
