/* Taking a decision apart. The encoder gives buckets, not words: they are named by encoding each
 * token and each pair of neighbours by itself, so that hashing is written in one place only. */
#include "cli/explain.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "router/words.h"

struct token {
    const char *at;
    size_t bytes;
};

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static size_t single_bytes(const char *at, const char *end)
{
    return shunt_single_bytes((const unsigned char *)at, (size_t)(end - at));
}

/* The next token from at on (FORMAT.md, section 4); bytes 0 at the end. */
static struct token next_token(const char *at, const char *end)
{
    while (at < end && ((unsigned char)*at <= ' ' || *at == 0x7F))
        at++;
    struct token t = {at, at < end};
    if (at == end || !is_letter((unsigned char)*at))
        return t;
    size_t single = single_bytes(at, end);
    if (single > 0)
        t.bytes = single;
    else
        while (at + t.bytes < end && is_letter((unsigned char)at[t.bytes]) &&
               single_bytes(at + t.bytes, end) == 0)
            t.bytes++;
    return t;
}

/* Cut a name at a whole UTF-8 character. */
static void set_name(char *name, const char *prefix, const char *s, size_t n)
{
    size_t room = EXPLAIN_NAME_MAX - 1 - strlen(prefix);
    if (n > room)
        for (n = room; n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80; n--)
            ;
    snprintf(name, EXPLAIN_NAME_MAX, "%s%.*s", prefix, (int)n, s);
}

static struct explain_term *add_term(struct explain *x, const char *prefix, const char *s, size_t n)
{
    struct explain_term t = {.logit = mem_zalloc(x->models * sizeof(double))};
    set_name(t.name, prefix, s, n);
    VEC_PUSH(&x->term, t);
    return &x->term.v[x->term.n - 1];
}

/* Give every bucket of code its first n-gram as a name. */
static void name_buckets(const struct shunt_table *t, const struct shunt_request *r,
                         const struct shunt_encoding *code, char (*name)[EXPLAIN_NAME_MAX])
{
    AUTO_FREE struct shunt_encoding *one = mem_alloc(sizeof *one);
    AUTO_FREE uint32_t *place = mem_zalloc(((size_t)1 << t->shape->bits) * sizeof *place);
    for (uint32_t i = 0; i < code->count; i++)
        place[code->bucket[i]] = i + 1;
    const char *end = r->text + r->text_bytes;
    struct token before = {NULL, 0};
    uint32_t left = code->count;
    for (struct token w = next_token(r->text, end); w.bytes > 0 && left > 0;
         before = w, w = next_token(w.at + w.bytes, end)) {
        AUTO_FREE char *pair = mem_printf("%.*s %.*s", (int)before.bytes,
                                          before.bytes ? before.at : "", (int)w.bytes, w.at);
        for (int grams = 1; grams <= 1 + (before.bytes > 0); grams++) {
            const char *text = grams == 1 ? w.at : pair;
            size_t bytes = grams == 1 ? w.bytes : strlen(pair);
            shunt_encode(text, bytes, t->shape->bits, one);
            for (uint32_t k = 0; k < one->count; k++) {
                uint32_t *at = &place[one->bucket[k]];
                if (*at == 0)
                    continue;
                set_name(name[*at - 1], "", text, bytes);
                *at = 0;
                left--;
            }
        }
    }
}

static void add_grams(const struct shunt_table *t, const struct shunt_request *r,
                      const struct shunt_encoding *code, uint32_t first, struct explain *x)
{
    AUTO_FREE char(*name)[EXPLAIN_NAME_MAX] = mem_zalloc((code->count + 1) * sizeof *name);
    name_buckets(t, r, code, name);
    AUTO_FREE uint32_t *row = mem_array(code->count + 1, sizeof *row);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < code->count; i++) {
        struct shunt_index at = t->index[code->bucket[i] / 32];
        uint32_t bit = code->bucket[i] % 32;
        row[i] = SHUNT_NONE;
        if (!(at.bits >> bit & 1))
            continue;
        row[i] = at.rank;
        for (uint32_t below = at.bits & (((uint32_t)1 << bit) - 1); below; below &= below - 1)
            row[i]++;
        kept++;
    }
    for (uint32_t i = 0; i < code->count; i++) {
        if (row[i] == SHUNT_NONE)
            continue;
        struct explain_term *term = add_term(x, "", name[i], strlen(name[i]));
        for (size_t m = 0; m < x->models; m++)
            term->logit[m] = (double)t->rows[(size_t)row[i] * t->stride + first + m] *
                             t->head[first + m].scale / sqrt((double)kept);
    }
}

static void add_fixed(const struct shunt_table *t, const struct shunt_request *r,
                      const struct shunt_encoding *code, uint32_t first, struct explain *x)
{
    for (unsigned i = 0; i < SHUNT_FEATURES; i++) {
        const char *name = shunt_feature_name(i);
        struct explain_term *term = add_term(x, "feature:", name, strlen(name));
        for (size_t m = 0; m < x->models; m++)
            term->logit[m] = (double)t->surface[(size_t)i * t->stride + first + m] *
                             code->feature[i] / (SHUNT_UNIT * 65536.0);
    }
    struct explain_term *bias = add_term(x, "", "bias", 4);
    for (size_t m = 0; m < x->models; m++)
        bias->logit[m] = t->head[first + m].bias / SHUNT_UNIT;
    for (uint32_t k = 0; r->task && k < t->shape->tasks; k++) {
        if (strcmp(t->strings + t->task[k], r->task) != 0)
            continue;
        struct explain_term *term = add_term(x, "task:", r->task, strlen(r->task));
        for (size_t m = 0; m < x->models; m++)
            term->logit[m] = t->taskw[(size_t)k * t->stride + first + m] / SHUNT_UNIT;
    }
}

/* A term a word that the table has a vector of. */
static void add_words(const struct shunt_table *t, const struct shunt_request *r, struct explain *x)
{
    const char *word;
    size_t len, total = 0;
    uint32_t row;
    AUTO_FREE size_t *place = mem_zalloc(t->words->words * sizeof *place); /* term + 1 */
    for (size_t at = 0; shunt_next_word(t, r->text, r->text_bytes, &at, &word, &len, &row);)
        total += row != SHUNT_NONE ? t->words_weight[row] : 0;
    for (size_t at = 0; shunt_next_word(t, r->text, r->text_bytes, &at, &word, &len, &row);) {
        if (row == SHUNT_NONE)
            continue;
        if (place[row] == 0) {
            add_term(x, "word:", word, len);
            place[row] = x->term.n;
        }
        struct explain_term *term = &x->term.v[place[row] - 1];
        for (size_t m = 0; m < x->models; m++)
            term->logit[m] += (double)t->words_row[(size_t)row * t->shape->columns + m] *
                              t->words_weight[row] * t->words_scale[m] / (double)total;
    }
}

/* What the caller's vector adds, all of it. */
static void add_vector(const struct shunt_table *t, const struct shunt_request *r,
                       struct explain *x)
{
    struct explain_term *term = add_term(x, "", "vector", 6);
    for (size_t m = 0; m < x->models; m++)
        for (uint32_t k = 0; k < t->dense->dims; k++)
            term->logit[m] +=
                (double)t->dense_weight[m * t->dense->dims + k] * (double)r->vector[k];
}

static int by_weight(const void *a, const void *b)
{
    double x = ((const struct explain_term *)a)->weight;
    double y = ((const struct explain_term *)b)->weight;
    return x < y ? 1 : x > y ? -1 : 0;
}

int explain_text(const struct shunt_table *t, const struct shunt_request *request,
                 struct explain *out)
{
    struct shunt_request r;
    int status = shunt_read_request(request, &r);
    if (status)
        return status;
    const bool vector = t->dense && r.vector;
    if (t->dense && !vector && t->shape->sets < 2)
        return SHUNT_E_NO_VECTOR;
    if (vector &&
        (r.vector_len != t->dense->dims || !r.encoder || strcmp(r.encoder, shunt_encoder(t)) != 0))
        return SHUNT_E_ENCODER;
    uint32_t first = t->dense && !vector ? t->shape->columns : 0;
    AUTO_FREE struct shunt_encoding *code = mem_alloc(sizeof *code);
    shunt_encode(r.text, r.text_bytes, t->shape->bits, code);
    table_clamp(t, code->feature);
    *out = (struct explain){.models = t->shape->models};
    add_grams(t, &r, code, first, out);
    add_fixed(t, &r, code, first, out);
    if (t->words)
        add_words(t, &r, out);
    if (vector)
        add_vector(t, &r, out);
    for (size_t i = 0; i < out->term.n; i++)
        for (size_t m = 0; m < out->models; m++)
            out->term.v[i].weight = fmax(out->term.v[i].weight, fabs(out->term.v[i].logit[m]));
    qsort(out->term.v, out->term.n, sizeof *out->term.v, by_weight);
    return SHUNT_OK;
}

void explain_deinit(struct explain *x)
{
    for (size_t i = 0; i < x->term.n; i++)
        free(x->term.v[i].logit);
    VEC_FREE(&x->term);
}
