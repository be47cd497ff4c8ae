/* Code that is compiled twice: plainly, and for x86-64 with AVX2, BMI and POPCNT, which is chosen
 * when the processor has them. Both are the same integer arithmetic and give the same bits.
 *
 * What AVX-512 makes different is in wide512.c: from text to sums in one go.
 *
 * For tests: with SHUNT_AVX2 defined there is no wide512.c, with SHUNT_BASE no second either, with
 * SHUNT_PLAIN no SSE2, which is what other processors run.
 *
 * A file of such code names its functions SHUNT_VARIANT(name); wide.c includes it again with
 * SHUNT_WIDE defined. */
#ifndef SHUNT_VARIANT_H
#define SHUNT_VARIANT_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(SHUNT_PLAIN) && !defined(SHUNT_BASE)
#define SHUNT_HAS_WIDE 1

enum { SHUNT_LEVEL_UNKNOWN, SHUNT_LEVEL_BASE, SHUNT_LEVEL_WIDE, SHUNT_LEVEL_512 };
int shunt_level(void); /* what this processor can run (level.c) */

static inline int shunt_is_wide(void)
{
    return shunt_level() >= SHUNT_LEVEL_WIDE;
}

#ifndef SHUNT_AVX2
#define SHUNT_HAS_512 1
static inline int shunt_is_512(void)
{
    return shunt_level() >= SHUNT_LEVEL_512;
}
#endif
#endif

#endif
