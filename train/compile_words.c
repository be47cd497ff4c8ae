/* Compile, part five: word vectors times the weights of the heads, so that a table of a router
 * trained on them takes text alone. Which line of the file is which word the caller's reader says.
 */
#include "core/mem.h"
#include "router/format.h"
#include "train/compile_private.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t hash;
    size_t rank, row;
};

struct gathering {
    const struct params *p;
    VEC(struct entry) entry;
    VEC(double) value; /* [entries][heads] */
};

/* Only these are looked up: runs of letters, digits and bytes beyond ASCII. */
static bool can_occur(const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char c = word[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (unsigned char)c >= 0x80))
            return false;
    }
    return n > 0 && n <= SHUNT_WORD_BYTES;
}

static int see_word(void *arg, const char *word, size_t rank, const float *vector, size_t dims,
                    struct err *e)
{
    struct gathering *g = arg;
    const struct params *p = g->p;
    const size_t n = strlen(word);
    if (dims != p->dims)
        return err_set(e, ERR_USAGE,
                       "the vectors of --vectors have %zu numbers, those of encoder '%s' %zu", dims,
                       p->encoder, (size_t)p->dims);
    if (!can_occur(word, n))
        return ERR_OK;
    const struct entry x = {table_word_hash(word, n), rank, g->entry.n};
    VEC_PUSH(&g->entry, x);
    for (size_t h = 0; h < p->heads; h++) {
        double sum = 0;
        for (size_t k = 0; k < dims; k++)
            sum += p->dense[h * dims + k] * (double)vector[k];
        VEC_PUSH(&g->value, sum);
    }
    return ERR_OK;
}

static int by_hash(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* 0: equal weights, 1: by rank, -1: the vectors in the store are of another file. The encoder's id
 * ends in the beginning of its hash. */
static int which_weights(const struct params *p, const char hash[2][65])
{
    const char *id = strrchr(p->encoder, '/');
    for (int k = 0; id != NULL && id[1] != '\0' && k < 2; k++)
        if (strncmp(hash[k], id + 1, strlen(id + 1)) == 0)
            return k;
    return -1;
}

static void take_words(struct draft *d, const struct compile_vectors *v, struct gathering *g,
                       bool by_rank, size_t lines)
{
    const size_t heads = d->params.heads;
    struct entry *x = g->entry.v;
    if (g->entry.n > 0)
        qsort(x, g->entry.n, sizeof *x, by_hash);
    uint64_t *hash = mem_array(g->entry.n, sizeof *hash);
    double *weight = mem_array(g->entry.n, sizeof *weight),
           *value = mem_array(g->entry.n * heads, sizeof *value);
    size_t n = 0;
    for (size_t i = 0; i < g->entry.n; i++) {
        if (n > 0 && x[i].hash == hash[n - 1])
            continue; /* of a word that comes twice the first counts */
        hash[n] = x[i].hash;
        weight[n] = v->weight(by_rank, lines, x[i].rank);
        memcpy(value + n * heads, g->value.v + x[i].row * heads, heads * sizeof *value);
        n++;
    }
    d->words = (struct table_words){d->params.encoder, n, hash, weight, value};
    d->word_hash = hash;
    VEC_PUSH(&d->numbers, weight);
    VEC_PUSH(&d->numbers, value);
    d->spec.words = &d->words;
}

int draft_words(struct draft *d, const struct compile_vectors *v, struct err *e)
{
    if (v == NULL)
        return ERR_OK;
    if (d->params.dims == 0)
        return err_set(e, ERR_USAGE,
                       "router '%s' uses no vectors: --vectors is for one trained with "
                       "--encoder endpoint:NAME on word vectors",
                       d->router.name);
    struct gathering g = {.p = &d->params};
    char hash[2][65];
    size_t lines = 0;
    int rc = v->each(v->arg, see_word, &g, &lines, hash, e);
    const int which = rc == ERR_OK ? which_weights(&d->params, (const char(*)[65])hash) : -1;
    if (rc == ERR_OK && which < 0)
        rc = err_set(e, ERR_USAGE,
                     "the vectors of encoder '%s' were not made of this file by 'shunt embed "
                     "--vectors'",
                     d->params.encoder);
    if (rc == ERR_OK && g.entry.n == 0)
        rc = err_set(e, ERR_USAGE, "no line of the file is a word of letters and digits");
    if (rc == ERR_OK)
        take_words(d, v, &g, which == 1, lines);
    VEC_FREE(&g.entry);
    VEC_FREE(&g.value);
    return rc;
}
