/* The normal, Student's t and the binomial distribution with probability 1/2. */
#include "core/stat.h"

#include <math.h>
#include <stdbool.h>

#define LN_2PI 1.8378770664093454836

double stat_norm_cdf(double z)
{
    return 0.5 * erfc(-z * 0.70710678118654752440);
}

/* num(r) / den(r), both of degree 7, coefficients from the constant up. */
static double ratio(const double num[8], const double den[8], double r)
{
    double a = num[7], b = den[7];
    for (int i = 6; i >= 0; i--) {
        a = a * r + num[i];
        b = b * r + den[i];
    }
    return a / b;
}

/* PPND16 of AS 241 (Wichura 1988, Applied Statistics 37, 477-484): relative error about 1e-16. */
double stat_norm_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e+1,
                                6.8718700749205790830e+2,
                                5.3941960214247511077e+3,
                                2.1213794301586595867e+4,
                                3.9307895800092710610e+4,
                                2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    if (!(p >= 0 && p <= 1))
        return (double)NAN;
    double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio(a, b, 0.180625 - q * q);
    double tail = q < 0 ? p : 1 - p;
    if (tail <= 0)
        return q < 0 ? -(double)INFINITY : (double)INFINITY;
    double r = sqrt(-log(tail));
    double z = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5);
    return q < 0 ? -z : z;
}

/* ln(Gamma(a + 1/2) / Gamma(a)); for large a by its asymptotic series (the difference of two
 * lgamma would lose as many digits as a has). */
static double ln_gamma_half_step(double a)
{
    if (a < 16)
        return lgamma(a + 0.5) - lgamma(a);
    double i = 1 / a, s = i * i;
    return 0.5 * log(a) -
           i * (1.0 / 8 -
                s * (1.0 / 192 - s * (1.0 / 640 - s * (17.0 / 14336 - s * 31.0 / 18432))));
}

/* Continued fraction of the incomplete beta function, DLMF 8.17.22, by Lentz's method; converges
 * fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m < 100000; m++) {
        double step = 1;
        for (int odd = 0; odd < 2; odd++) {
            double k = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                           : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + k * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + k / c;
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            h *= step;
        }
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return h;
}

/* P(T > t) for t >= 0: I_x(df/2, 1/2) / 2 with x = df / (df + t^2) (DLMF 8.17.4 for small t). */
static double t_tail(double t, double df)
{
    double a = df / 2, s = t / sqrt(df), x = 1 / (1 + s * s), rest = s * s / (1 + s * s);
    if (s > 1e150)
        rest = 1;
    double ln_x = s < 1e150 ? -log1p(s * s) : -2 * log(s);
    double ln_rest = s < 1 ? 2 * log(s) + ln_x : -log1p(1 / (s * s));
    /* x^a rest^(1/2) / B(a, 1/2), with Gamma(1/2) = sqrt(pi) */
    double front = exp(a * ln_x + 0.5 * ln_rest + ln_gamma_half_step(a) - 0.57236494292470008707);
    if (x < (a + 1) / (a + 2.5))
        return 0.5 * front * beta_fraction(a, 0.5, x) / a;
    return t > 0 ? 0.5 - front * beta_fraction(0.5, a, rest) : 0.5;
}

static double t_density(double t, double df)
{
    double s = t / sqrt(df), ln = s < 1e150 ? log1p(s * s) : 2 * log(s);
    return exp(ln_gamma_half_step(df / 2) - 0.57236494292470008707 - 0.5 * log(df) -
               0.5 * (df + 1) * ln);
}

/* Cornish and Fisher's expansion in 1 / df (Abramowitz and Stegun 26.7.5). */
static double t_from_normal(double z, double df)
{
    double s = z * z, i = 1 / (4 * df);
    double g1 = s + 1;
    double g2 = ((5 * s + 16) * s + 3) / 6;
    double g3 = (((3 * s + 19) * s + 17) * s - 15) / 6;
    double g4 = ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 360;
    return z * (1 + i * (g1 + i * (g2 + i * (g3 + i * g4))));
}

double stat_t_two_sided(double t, double df)
{
    if (isnan(t) || !(df > 0))
        return (double)NAN;
    if (df >= 1e4)
        return 2 * stat_norm_cdf(-fabs(t));
    return isinf(t) ? 0 : 2 * t_tail(fabs(t), df);
}

/* For many degrees of freedom the expansion, as the continued fraction cancels there (x near 1).
 * Else the root of the tail, bracketed by doubling, then Newton steps that must stay inside the
 * bracket, else its (geometric) middle. */
double stat_t_quantile(double p, double df)
{
    if (!(p >= 0 && p <= 1) || !(df > 0))
        return (double)NAN;
    if (p <= 0 || p >= 1)
        return p <= 0 ? -(double)INFINITY : (double)INFINITY;
    if (p == 0.5)
        return 0;
    if (df >= 1e4)
        return t_from_normal(stat_norm_quantile(p), df);
    double q = p < 0.5 ? p : 1 - p, low = 0, high = 1;
    while (t_tail(high, df) > q && high < 1e300) {
        low = high;
        high *= high < 1e6 ? 2 : 1e3;
    }
    double t = low > 0 ? sqrt(low) * sqrt(high) : high / 2;
    for (int i = 0; i < 400; i++) {
        double over = t_tail(t, df) - q;
        if (over > 0)
            low = t;
        else
            high = t;
        double next = t + over / t_density(t, df);
        if (!(next > low && next < high))
            next = low > 0 ? sqrt(low) * sqrt(high) : high / 2;
        bool done = fabs(next - t) <= 1e-15 * t;
        t = next;
        if (done)
            break;
    }
    return p < 0.5 ? -t : t;
}

/* ln n! minus Stirling's n ln n - n + ln(2 pi n) / 2. */
static double stirling_error(double n)
{
    if (n < 16)
        return lgamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * LN_2PI;
    double i = 1 / n, s = i * i;
    return i * (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188))));
}

/* C(n, k) / 2^n for k <= n / 2, without the cancellation of three large logarithms. */
static double binom_half(double n, double k)
{
    if (k <= 0)
        return exp2(-n);
    double rest = n - k, u = (rest - k) / n; /* k = n (1 - u) / 2 */
    double distance = n / 2 * ((1 - u) * log1p(-u) + (1 + u) * log1p(u));
    double ln = stirling_error(n) - stirling_error(k) - stirling_error(rest) - distance;
    return exp(ln) * sqrt(n / (6.28318530717958647692 * k * rest));
}

double stat_binom_two_sided(uint64_t b, uint64_t c)
{
    if (b == c)
        return 1;
    double n = (double)b + (double)c, k = b < c ? (double)b : (double)c;
    /* Sum from the largest term down; each is at most k / (n - k + 1) of the one before. */
    double term = binom_half(n, k), sum = 0;
    for (double i = k; i >= 0 && term > sum * 1e-17; i--) {
        sum += term;
        term *= i / (n - i + 1);
    }
    double p = 2 * sum;
    return p < 1 ? p : 1;
}
