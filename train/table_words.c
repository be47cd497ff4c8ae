/* The table writer: word vectors multiplied out to a number a word and head (router/FORMAT.md,
 * 3.20), and the same mean in doubles for comparison. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "router/words.h"
#include "train/table_parts.h"

enum { LARGEST = 32767 };

uint64_t table_word_hash(const char *word, size_t bytes)
{
    return shunt_word_hash(word, bytes);
}

static int check_words(const struct table_spec *s, size_t heads, struct err *e)
{
    const struct table_words *w = s->words;
    if (s->encoder || w->n == 0 || w->n > SHUNT_WORDS_MAX || !w->encoder)
        return err_set(e, ERR_USAGE,
                       "%zu words: 1 to %d are possible, in a table that takes no vectors", w->n,
                       SHUNT_WORDS_MAX);
    for (size_t i = 0; i < w->n; i++) {
        if (i > 0 && w->hash[i] <= w->hash[i - 1])
            return err_set(e, ERR_USAGE, "words %zu and %zu are out of order, or one", i, i + 1);
        if (!(w->weight[i] > 0 && w->weight[i] <= 1))
            return err_set(e, ERR_USAGE, "weight of word %zu is %g", i + 1, w->weight[i]);
        for (size_t j = 0; j < heads; j++)
            if (!(fabs(w->value[i * heads + j]) <= 1e6))
                return err_set(e, ERR_USAGE, "value of word %zu, head %zu, is %g", i + 1, j,
                               w->value[i * heads + j]);
    }
    return ERR_OK;
}

static void pad(struct buf *b)
{
    while (b->len % 8)
        buf_addc(b, '\0');
}

/* The largest value of a head becomes LARGEST. */
static void add_scales(struct table_draft *d, struct buf *to, double *scale)
{
    const struct table_words *w = d->spec->words;
    for (size_t j = 0; j < d->heads; j++) {
        for (size_t i = 0; i < w->n; i++)
            scale[j] = fmax(scale[j], fabs(w->value[i * d->heads + j]));
        scale[j] /= LARGEST;
    }
    buf_add(to, scale, d->columns * sizeof *scale);
}

static void add_index(const struct table_words *w, unsigned bits, struct buf *to)
{
    uint32_t at = 0;
    for (uint64_t b = 0; b <= (uint64_t)1 << bits; b++) {
        while (at < w->n && b > 0 && w->hash[at] >> (64 - bits) < b)
            at++;
        buf_add(to, &at, sizeof at);
    }
    pad(to);
}

int table_fill_words(struct table_draft *d, struct err *e)
{
    const struct table_words *w = d->spec->words;
    struct buf *to = &d->part[SHUNT_S_WORDS];
    if (!w)
        return ERR_OK;
    int rc = check_words(d->spec, d->heads, e);
    if (rc)
        return rc;
    unsigned bits = 1;
    while (bits < SHUNT_BITS_MAX && (size_t)1 << bits < w->n)
        bits++;
    const struct shunt_words head = {
        .encoder = table_add_string(d, w->encoder), .words = (uint32_t)w->n, .bits = bits};
    AUTO_FREE double *scale = mem_array(d->columns, sizeof *scale);
    AUTO_FREE int16_t *row = mem_array(d->columns, sizeof *row);
    buf_add(to, &head, sizeof head);
    add_scales(d, to, scale);
    add_index(w, bits, to);
    buf_add(to, w->hash, w->n * sizeof *w->hash);
    for (size_t i = 0; i < w->n; i++) {
        const uint16_t weight = (uint16_t)fmax(1, rint(w->weight[i] * SHUNT_WORD_UNIT));
        buf_add(to, &weight, sizeof weight);
    }
    pad(to);
    for (size_t i = 0; i < w->n; i++) {
        for (size_t j = 0; j < d->heads; j++)
            row[j] = (int16_t)(scale[j] > 0 ? rint(w->value[i * d->heads + j] / scale[j]) : 0);
        buf_add(to, row, d->columns * sizeof *row);
    }
    return ERR_OK;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static size_t find(const struct table_words *w, const char *word, size_t n)
{
    const uint64_t hash = shunt_word_hash(word, n);
    size_t low = 0, high = w->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (w->hash[mid] < hash)
            low = mid + 1;
        else
            high = mid;
    }
    return low < w->n && w->hash[low] == hash ? low : SIZE_MAX;
}

void table_words_mean(const struct table_words *w, size_t heads, const char *text, size_t bytes,
                      double *mean)
{
    double total = 0;
    memset(mean, 0, heads * sizeof *mean);
    for (size_t i = 0, end; i < bytes; i = end + 1) {
        for (end = i; end < bytes && is_word(text[end]); end++)
            ;
        if (end == i || end - i > SHUNT_WORD_BYTES)
            continue;
        char low[SHUNT_WORD_BYTES];
        for (size_t k = i; k < end; k++)
            low[k - i] = (char)(text[k] >= 'A' && text[k] <= 'Z' ? text[k] + 32 : text[k]);
        size_t at = find(w, text + i, end - i);
        if (at == SIZE_MAX)
            at = find(w, low, end - i);
        if (at == SIZE_MAX)
            continue;
        total += w->weight[at];
        for (size_t j = 0; j < heads; j++)
            mean[j] += w->weight[at] * w->value[at * heads + j];
    }
    for (size_t j = 0; j < heads && total > 0; j++)
        mean[j] /= total;
}
