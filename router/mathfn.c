/* Logarithm and exponential from the four operations alone, so that every machine gets the same
 * bits. FORMAT.md, section 5, "Plan", gives the same steps. */
#include <stdint.h>
#include <string.h>

#include "router/internal.h"

#define LN2_HIGH 0x1.62e42feep-1      /* 32 bits of ln 2: times an exponent it stays exact */
#define LN2_LOW 0x1.a39ef35793c76p-33 /* the rest */

double shunt_ln(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t e = (int64_t)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    /* ln m = 2 (t + t^3/3 + t^5/5 + ...), |t| < .172: the first term left out is below 1e-18. */
    double t = (m - 1.0) / (m + 1.0);
    double square = t * t;
    double sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * square + 1.0 / k;
    return (double)e * LN2_HIGH + (2.0 * t * sum + (double)e * LN2_LOW);
}

double shunt_exp(double x)
{
    int k = (int)(x * 1.4426950408889634 - 0.5); /* to the nearest, as x <= 0 */
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double sum = 1.0;
    for (int n = 14; n >= 1; n--)
        sum = 1.0 + sum * r / n;
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}
