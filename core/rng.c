/* xoshiro256** (Blackman and Vigna 2018, arXiv:1805.01407, sec. 3 and 4), seeded by splitmix64
 * (Steele, Lea, Flood 2014). Whole-number draws are the same on every machine; rng_normal depends
 * on the last bit of the machine's logarithm.
 */
#include "core/rng.h"

#include "core/hash.h"

#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 product;

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        r->s[i] = z ^ (z >> 31);
    }
}

void rng_seed_for(struct rng *r, uint64_t seed, const char *what)
{
    rng_seed(r, hash64(what, strlen(what), seed));
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Lemire 2019 (doi:10.1145/3230636): the high half of x * n; the low half tells the 2^64 mod n
 * values of x that would make some results likelier than others. */
uint64_t rng_below(struct rng *r, uint64_t n)
{
    product m = (product)rng_next(r) * n;
    if ((uint64_t)m < n) {
        uint64_t reject = (0 - n) % n;
        while ((uint64_t)m < reject)
            m = (product)rng_next(r) * n;
    }
    return (uint64_t)(m >> 64);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* Marsaglia's polar method; the second number of the pair is dropped, the state stays four words.
 */
double rng_normal(struct rng *r)
{
    double x, y, q;
    do {
        x = 2 * rng_unit(r) - 1;
        y = 2 * rng_unit(r) - 1;
        q = x * x + y * y;
    } while (q >= 1 || q == 0);
    return x * sqrt(-2 * log(q) / q);
}

void rng_shuffle(struct rng *r, size_t *a, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(r, i), t = a[i - 1];
        a[i - 1] = a[j];
        a[j] = t;
    }
}
