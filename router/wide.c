/* The hot loops once more, for x86-64 with AVX2, BMI and POPCNT (variant.h). */
#include "router/variant.h"

#ifdef SHUNT_HAS_WIDE

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

#define SHUNT_WIDE 1
#define SHUNT_VARIANT(name) name##_wide
#include "router/encode_scan.c"
#include "router/rows.c"

#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
