/* Code that is compiled twice: plainly, and for x86-64 with AVX2, BMI and POPCNT, which is chosen
 * when the processor has them. Both are the same integer arithmetic and give the same bits.
 *
 * For tests: with SHUNT_BASE defined there is no second, with SHUNT_PLAIN no SSE2 either, which is
 * what other processors run.
 *
 * A file of such code names its functions SHUNT_VARIANT(name); wide.c includes it again with
 * SHUNT_WIDE defined. */
#ifndef SHUNT_VARIANT_H
#define SHUNT_VARIANT_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(SHUNT_PLAIN) && !defined(SHUNT_BASE)
#define SHUNT_HAS_WIDE 1
static inline int shunt_is_wide(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}
#endif

#endif
