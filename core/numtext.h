/* Numbers as people write them in running text.
 *
 * A number is an optional sign (+, -, or the minus U+2212), digits with thousands commas or
 * without, an optional decimal part, an optional exponent. A currency sign may stand before or
 * behind the sign, a percent sign after the digits; neither changes the value ("50%" is 50). The
 * decimal mark is the point: "1,234.50" is 1234.5, and "1.234,50" reads as 1.234 and then 50, since
 * nothing tells a decimal comma from a thousands comma. A hyphen behind a letter or digit is no
 * sign ("10-3" holds 10 and 3), a digit behind a letter begins no number ("B2B" holds none).
 * Fractions are two numbers.
 */
#ifndef CORE_NUMTEXT_H
#define CORE_NUMTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The next number in text[*at..len): its value, *at behind it. false: there is no further one. */
bool numtext_next(const char *text, size_t len, size_t *at, double *value);
/* The last number in text; false: none. */
bool numtext_last(const char *text, size_t len, double *value);
/* text is one number, apart from white space, currency and percent signs around it. */
bool numtext_whole(const char *text, double *value);

#endif
