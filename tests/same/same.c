/* Fingerprints of what the library answers, to compare builds and machines by. Generates 10,000
 * prompts (words, code, scripts of the world, any bytes, long texts), routes each at every
 * operating point of each table, and prints hashes over every bit of decisions and predictions; one
 * line for a thousand prompts, so that a difference can be found.
 *
 * usage: same TABLE...   With -DSAME_ENCODER (static builds only) it prints what the encoder gives
 * too, which a machine that refuses tables must still agree on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/shunt.h"

#ifdef SAME_ENCODER
#include "router/encode.h"
#endif

enum { PROMPTS = 10000, EACH = 1000, LONG = 20000, MODELS = 256, DIMS = 64 };

static uint64_t state = 42;

static uint32_t next(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}

/* FNV-1a over numbers, low byte first on any machine. */
static void mix(uint64_t *h, uint64_t x)
{
    for (int i = 0; i < 8; i++, x >>= 8)
        *h = (*h ^ (x & 0xFF)) * UINT64_C(0x100000001B3);
}

static void mix_double(uint64_t *h, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    mix(h, bits);
}

static size_t put_utf8(char *at, uint32_t c)
{
    if (c < 0x800) {
        at[0] = (char)(0xC0 | c >> 6);
        at[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    at[0] = (char)(0xE0 | c >> 12);
    at[1] = (char)(0x80 | (c >> 6 & 0x3F));
    at[2] = (char)(0x80 | (c & 0x3F));
    return 3;
}

static size_t make_prompt(char *text, uint32_t kind)
{
    static const char *const word[] = {"What",  "is",    "the",   "integral", "of",   "sin(x)",
                                       "my",    "order", "never", "arrived",  "Name", "4711",
                                       "while", "(1)",   "{",     "}",        "```",  "lawyer"};
    static const uint32_t script[][2] = {{0x430, 0x44F},   {0x3B1, 0x3C9},   {0x4E00, 0x9FA5},
                                         {0x3041, 0x3096}, {0xE01, 0xE2E},   {0xAC00, 0xD7A3},
                                         {0x905, 0x939},   {0x2010, 0x2030}, {0xE0, 0xFF}};
    size_t bytes = next(kind == 9 ? LONG : 900);
    const uint32_t *range = script[next(sizeof script / sizeof *script)];
    size_t n = 0;
    while (n < bytes) {
        if (kind < 4 || kind == 9) {
            const char *w = word[next(sizeof word / sizeof *word)];
            size_t k = strlen(w);
            memcpy(text + n, w, k);
            n += k;
            for (uint32_t tail = next(4) ? 0 : next(20); tail > 0; tail--)
                text[n++] = (char)('a' + next(26));
            text[n++] = ' ';
        } else if (kind < 7) {
            n += put_utf8(text + n, range[0] + next(range[1] - range[0] + 1));
            if (next(6) == 0)
                text[n++] = ' ';
        } else if (kind == 7) {
            text[n++] = (char)next(256);
        } else {
            text[n++] = (char)(32 + next(95));
        }
    }
    return bytes;
}

static void add_table(uint64_t *h, const struct shunt_table *t, const char *text, size_t bytes)
{
    static double quality[MODELS], latency[MODELS], exceeds[MODELS];
    static int64_t cost[MODELS];
    static float vector[DIMS];
    struct shunt_table_info info = SHUNT_TABLE_INFO_INIT;
    struct shunt_request r = SHUNT_REQUEST_INIT;
    shunt_get_table(t, &info);
    r.text = text;
    r.text_bytes = bytes;
    r.encoder = shunt_encoder(t);
    if (r.encoder && next(2) && info.vector_dims <= DIMS) {
        for (uint32_t i = 0; i < info.vector_dims; i++)
            vector[i] = (float)((int)next(2001) - 1000) / 512.0F;
        r.vector = vector;
        r.vector_len = info.vector_dims;
    }
    memset(exceeds, 0, sizeof exceeds);
    mix(h, (uint64_t)shunt_predict(t, &r, quality, cost, latency, exceeds));
    for (int m = 0; m < shunt_model_count(t); m++) {
        mix_double(h, quality[m]);
        mix_double(h, latency[m]);
        mix(h, (uint64_t)cost[m]);
    }
    for (int k = 0; k < 16; k++)
        mix_double(h, exceeds[k]);
    for (int p = 0; p < shunt_point_count(t); p++) {
        struct shunt_decision d = SHUNT_DECISION_INIT;
        r.point = shunt_point_name(t, p);
        mix(h, (uint64_t)shunt_route(t, &r, &d));
        mix(h, (uint64_t)d.model);
        mix(h, (uint64_t)d.runner_up);
        mix(h, (uint64_t)d.rule);
        mix(h, (uint64_t)d.complexity_class);
        mix_double(h, d.complexity);
        mix_double(h, d.quality);
    }
}

int main(int argc, char **argv)
{
    static char text[LONG + 64];
    struct shunt_table *table[8] = {NULL};
    int tables = 0;
    for (int i = 1; i < argc && i <= 8; i++) {
        int status = shunt_open(argv[i], &table[tables]);
        if (status)
            printf("refused: %s\n", shunt_strerror(status));
        else if (shunt_selftest(table[tables++]))
            printf("another answer than recorded\n");
    }
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    uint64_t encoded = h;
    for (int i = 1; i <= PROMPTS; i++) {
        size_t bytes = make_prompt(text, next(i % 50 ? 9 : 10));
#ifdef SAME_ENCODER
        static struct shunt_encoding x;
        uint64_t sum = 0; /* the order of buckets does not matter */
        shunt_encode(text, bytes, 18, &x);
        for (uint32_t k = 0; k < x.count; k++)
            sum += x.bucket[k] * UINT64_C(0x9E3779B97F4A7C15) >> 7;
        mix(&encoded, sum + x.count);
        for (int f = 0; f < SHUNT_FEATURES; f++)
            mix(&encoded, (uint64_t)x.feature[f]);
#endif
        for (int k = 0; k < tables; k++)
            add_table(&h, table[k], text, bytes);
        if (i % EACH == 0) {
#ifdef SAME_ENCODER
            printf("encode %d %016llx\n", i, (unsigned long long)encoded);
#endif
            if (tables > 0)
                printf("route %d %016llx\n", i, (unsigned long long)h);
        }
    }
    (void)encoded;
    for (int k = 0; k < tables; k++)
        shunt_close(table[k]);
    return 0;
}
