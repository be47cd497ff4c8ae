/* SHA-256 against the standard's vectors, the table hash's spread, the map against a plain list. */
#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(core_hash, sha256_of_the_standards_examples)
{
    /* FIPS 180-4 examples; the last is a million times 'a', fed in uneven pieces. */
    char hex[65];
    sha256_hex("", 0, hex);
    cr_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abc", 3, hex);
    cr_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char piece[997];
    memset(piece, 'a', sizeof piece);
    struct sha256 *h = sha256_new();
    for (size_t left = 1000000; left > 0;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        sha256_add(h, piece, n);
        sha256_add(h, NULL, 0);
        left -= n;
    }
    sha256_end(h, hex);
    cr_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(core_hash, hash64_spreads_and_depends_on_the_seed)
{
    enum { N = 1 << 16, BINS = 1 << 12 };
    AUTO_FREE unsigned *low = mem_array(BINS, sizeof *low);
    AUTO_FREE unsigned *high = mem_array(BINS, sizeof *high);
    for (unsigned i = 0; i < N; i++) {
        char key[32];
        int len = snprintf(key, sizeof key, "support-%06u", i);
        uint64_t h = hash64(key, (size_t)len, 0);
        low[h % BINS]++;
        high[h >> 52]++;
        cr_assert(h == hash64(key, (size_t)len, 0) && h != hash64(key, (size_t)len, 1));
    }
    /* Chi-square of a uniform hash: mean BINS, standard deviation sqrt(2 BINS) = 91; six of them.
     */
    double chi_low = 0, chi_high = 0, expected = (double)N / BINS;
    for (unsigned i = 0; i < BINS; i++) {
        chi_low += (low[i] - expected) * (low[i] - expected) / expected;
        chi_high += (high[i] - expected) * (high[i] - expected) / expected;
    }
    cr_assert(chi_low < BINS + 550 && chi_low > BINS - 550, "%g", chi_low);
    cr_assert(chi_high < BINS + 550 && chi_high > BINS - 550, "%g", chi_high);
}

Test(core_hash, map_gives_each_key_one_index_in_order)
{
    struct strmap *m = strmap_new();
    cr_assert(strmap_find(m, "x") == SIZE_MAX && strmap_count(m) == 0);
    struct rng r;
    rng_seed(&r, 5);
    enum { KEYS = 5000 };
    size_t *index = mem_array(KEYS, sizeof *index);
    size_t next = 0;
    for (int i = 0; i < 40000; i++) {
        size_t k = rng_below(&r, KEYS);
        char key[32];
        snprintf(key, sizeof key, "k%zu", k);
        int added = -1;
        cr_assert((strmap_find(m, key) == SIZE_MAX) == (index[k] == 0));
        size_t at = strmap_add(m, key, i % 2 ? &added : NULL);
        if (i % 2)
            cr_assert(added == (index[k] == 0));
        if (index[k] == 0)
            index[k] = ++next;
        cr_assert(at == index[k] - 1 && strmap_find(m, key) == at);
        cr_assert_str_eq(strmap_key(m, at), key);
    }
    cr_assert(strmap_count(m) == next && next > 4900);
    cr_assert(strmap_add(m, "", NULL) == next && strmap_find(m, "") == next);
    strmap_free(m);
    strmap_free(NULL);
    free(index);
}
