/* Which loops this processor can run (variant.h): asked of it once, and of the system whether it
 * saves the registers. */
#include "router/variant.h"

#ifdef SHUNT_HAS_WIDE

#include <cpuid.h>
#include <stdatomic.h>
#include <stdint.h>

enum {
    SAVES_YMM = 0x06, /* bits of XCR0 */
    SAVES_ZMM = 0xE6,
    /* Bits of leaf 1, ecx: */
    POPCNT_OSXSAVE_AVX = 1 << 23 | 1 << 27 | 1 << 28,
    /* Of leaf 7, ebx: BMI, AVX2, BMI2; AVX-512 F, DQ, CD, BW, VL. */
    WIDE_EBX = 1 << 3 | 1 << 5 | 1 << 8,
    /* Of leaf 7, ecx: AVX-512 VBMI, VBMI2, GFNI, BITALG, VPOPCNTDQ. */
    MORE_ECX = 1 << 1 | 1 << 6 | 1 << 8 | 1 << 12 | 1 << 14,
};
#define MORE_EBX (1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31)

static uint32_t saved_registers(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int has(uint32_t bits, uint32_t wanted)
{
    return (bits & wanted) == wanted;
}

static int ask(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, POPCNT_OSXSAVE_AVX))
        return SHUNT_LEVEL_BASE;
    uint32_t saved = saved_registers();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has(b, WIDE_EBX) || !has(saved, SAVES_YMM))
        return SHUNT_LEVEL_BASE;
    if (!has(b, MORE_EBX) || !has(c, MORE_ECX) || !has(saved, SAVES_ZMM))
        return SHUNT_LEVEL_WIDE;
    return SHUNT_LEVEL_512;
}

int shunt_level(void)
{
    static atomic_int known; /* two threads may both ask, and get the same */
    int level = atomic_load_explicit(&known, memory_order_relaxed);
    if (level == SHUNT_LEVEL_UNKNOWN) {
        level = ask();
        atomic_store_explicit(&known, level, memory_order_relaxed);
    }
    return level;
}

#endif
