/* Random numbers that are the same everywhere: xoshiro256** seeded by splitmix64
 * (Blackman and Vigna 2018, arXiv:1805.01407). A stream belongs to one thread.
 */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
/* An independent stream for (seed, what): rng_seed of a hash of both. */
void rng_seed_for(struct rng *r, uint64_t seed, const char *what);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* uniform in 0..n-1 without bias; n > 0 */
double rng_unit(struct rng *r);                /* [0, 1), 53 bits */
double rng_normal(struct rng *r);              /* mean 0, variance 1 */
void rng_shuffle(struct rng *r, size_t *a, size_t n);

#endif
