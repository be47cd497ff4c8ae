/* Static word vectors at work: sums of integers over the words of the whole text, one division at
 * the end. The section is judged here too. */
#include "router/words.h"

#include <string.h>

static int is_letter(unsigned char c)
{
    return (unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10 || c >= 0x80;
}

uint64_t shunt_word_hash(const char *word, size_t bytes)
{
    return shunt_xxh64("", 0, word, bytes);
}

static uint32_t find_row(const struct shunt_table *t, const char *word, size_t bytes)
{
    const uint64_t h = shunt_word_hash(word, bytes);
    const uint32_t *first = t->words_first + (h >> (64 - t->words->bits));
    for (uint32_t i = first[0]; i < first[1]; i++)
        if (t->words_hash[i] == h)
            return i;
    return SHUNT_NONE;
}

int shunt_next_word(const struct shunt_table *t, const char *text, size_t bytes, size_t *at,
                    const char **word, size_t *len, uint32_t *row)
{
    char lower[SHUNT_WORD_BYTES];
    int upper = 0;
    size_t i = *at;
    while (i < bytes && !is_letter((unsigned char)text[i]))
        i++;
    *word = text + i;
    size_t n = 0;
    for (; i + n < bytes && is_letter((unsigned char)text[i + n]); n++) {
        unsigned char c = (unsigned char)text[i + n];
        int cap = (unsigned)c - 'A' < 26;
        upper |= cap;
        if (n < sizeof lower)
            lower[n] = (char)(cap ? c + 32 : c);
    }
    *len = n;
    *at = i + n;
    *row = SHUNT_NONE;
    if (n > 0 && n <= sizeof lower) {
        *row = find_row(t, text + i, n);
        if (*row == SHUNT_NONE && upper)
            *row = find_row(t, lower, n);
    }
    return n > 0;
}

void shunt_add_words(const struct shunt_table *t, const char *text, size_t bytes, double *z)
{
    int64_t sum[SHUNT_COLUMNS_MAX];
    const uint32_t columns = t->shape->columns;
    uint64_t total = 0;
    const char *word;
    size_t len;
    uint32_t row;
    memset(sum, 0, columns * sizeof *sum);
    for (size_t at = 0; shunt_next_word(t, text, bytes, &at, &word, &len, &row);) {
        if (row == SHUNT_NONE)
            continue;
        const int16_t *x = t->words_row + (size_t)row * columns;
        const int32_t weight = t->words_weight[row];
        total += t->words_weight[row];
        for (uint32_t j = 0; j < columns; j++)
            sum[j] += x[j] * weight;
    }
    for (uint32_t j = 0; total && j < t->heads; j++)
        z[j] += (double)sum[j] * t->words_scale[j] / (double)total;
}

static uint64_t padded(uint64_t n)
{
    return (n + 7) & ~UINT64_C(7);
}

/* Hashes ascend, and lie where their top bits say. */
static int check_hashes(const struct shunt_table *t)
{
    const struct shunt_words *s = t->words;
    uint32_t at = 0;
    for (uint32_t b = 0; b < UINT32_C(1) << s->bits; b++) {
        if (t->words_first[b] != at)
            return 0;
        while (at < s->words && t->words_hash[at] >> (64 - s->bits) == b)
            at++;
    }
    if (at != s->words || t->words_first[UINT32_C(1) << s->bits] != at)
        return 0;
    if (t->words_first[(UINT32_C(1) << s->bits) + 1]) /* padding */
        return 0;
    for (uint32_t i = s->words; i % 4; i++)
        if (t->words_weight[i])
            return 0;
    for (uint32_t i = 0; i < s->words; i++)
        if (t->words_weight[i] == 0 || (i > 0 && t->words_hash[i] <= t->words_hash[i - 1]))
            return 0;
    return 1;
}

int shunt_check_words(struct shunt_table *t, const struct part *p, struct fault *f)
{
    static const char what[] = "damaged: section 'words'";
    if (!p->base)
        return SHUNT_OK;
    const struct shunt_words *s = (const void *)p->base;
    if (p->bytes < sizeof *s || s->words == 0 || s->words > SHUNT_WORDS_MAX || s->bits == 0 ||
        s->bits > SHUNT_BITS_MAX || s->encoder >= t->strings_bytes || t->dense)
        return shunt_fault(f, SHUNT_E_DAMAGED, what);
    for (int i = 0; i < 13; i++)
        if (s->zero[i])
            return shunt_fault(f, SHUNT_E_DAMAGED, what);
    const uint64_t columns = t->shape->columns;
    const uint64_t first = sizeof *s + columns * 8;
    const uint64_t hash = first + padded(((UINT64_C(1) << s->bits) + 1) * 4);
    const uint64_t weight = hash + (uint64_t)s->words * 8;
    const uint64_t row = weight + padded((uint64_t)s->words * 2);
    if (p->bytes != row + (uint64_t)s->words * columns * 2)
        return shunt_fault(f, SHUNT_E_DAMAGED, what);
    t->words_scale = (const void *)(p->base + sizeof *s);
    t->words_first = (const void *)(p->base + first);
    t->words_hash = (const void *)(p->base + hash);
    t->words_weight = (const void *)(p->base + weight);
    t->words_row = (const void *)(p->base + row);
    t->words = s;
    for (uint64_t j = 0; j < columns; j++)
        if (!(t->words_scale[j] >= 0 && t->words_scale[j] <= 1e6))
            return shunt_fault(f, SHUNT_E_DAMAGED, what);
    return check_hashes(t) ? SHUNT_OK : shunt_fault(f, SHUNT_E_DAMAGED, what);
}
