/* Small made-up routers for the tests of router/ and of the table writer, and the same arithmetic
 * done naively, in doubles, straight from FORMAT.md: the tests' own opinion of what is right. */
#ifndef TESTS_ROUTER_SPEC_H
#define TESTS_ROUTER_SPEC_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/words.h"
#include "train/table.h"

enum { MINI_WORDS = 12 };
enum { MINI_MODELS = 3, MINI_TASKS = 2, MINI_LABELS = 3, MINI_HEADS = 5, MINI_KEPT_MAX = 600 };

/* A router of 3 models, 2 tasks, 3 labels whose weights are pseudo-random; every array is in here,
 * so that a test can change what it likes before it builds. */
struct mini {
    struct table_spec spec;
    struct table_model model[MINI_MODELS];
    const char *tier[2], *task[MINI_TASKS], *label[MINI_LABELS];
    uint32_t bucket[MINI_KEPT_MAX];
    double weight[MINI_KEPT_MAX * MINI_HEADS], fallback_weight[MINI_KEPT_MAX * MINI_HEADS];
    double surface[SHUNT_FEATURES * MINI_HEADS], taskw[MINI_TASKS * MINI_HEADS], bias[MINI_HEADS];
    struct table_heads fallback;
    double dense[MINI_HEADS * 7];
    struct table_cost cost[(MINI_TASKS + 1) * MINI_MODELS];
    struct table_point point[4];
    unsigned char guard[MINI_TASKS + 1], plan_guard[MINI_TASKS + 1];
    struct table_rule rule[4];
    struct table_substitutes substitutes[MINI_MODELS];
    int substitute[3];
    struct table_sample sample[3];
    struct table_pair meta[2];
    struct table_posterior posterior[3];
    double posterior_task[MINI_TASKS * 3];
    struct table_value value;
    double value_weight[MINI_MODELS * (1 + MINI_MODELS)], value_task[MINI_TASKS * MINI_MODELS];
    struct table_drift drift[1 + MINI_MODELS];
    int voter[MINI_MODELS];
    struct table_vote vote;
    struct table_stage stage[2];
    struct table_ensemble ensemble;
    struct table_words words;
    const char *word[MINI_WORDS]; /* in order of hash */
    uint64_t word_hash[MINI_WORDS];
    double word_weight[MINI_WORDS], word_value[MINI_WORDS * MINI_HEADS];
    int32_t low[SHUNT_FEATURES], high[SHUNT_FEATURES];
    uint64_t seed;
};

static inline double mini_random(struct mini *x) /* -1..1 */
{
    x->seed = x->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)(x->seed >> 11) / 4503599627370496.0 - 1.0;
}

static inline void mini_init(struct mini *x, unsigned bits, size_t kept, uint64_t seed)
{
    memset(x, 0, sizeof *x);
    x->seed = seed;
    x->model[0] = (struct table_model){"small", 0, 1, 150000, 600000, 0};
    x->model[1] = (struct table_model){"medium", 0, 1, 1000000, 4000000, 1000000};
    x->model[2] = (struct table_model){"large", 1, 0, 0, 0, 0};
    x->tier[0] = "cheap";
    x->tier[1] = "dear";
    x->task[0] = "sums";
    x->task[1] = "chat";
    x->label[0] = "simple";
    x->label[1] = "moderate";
    x->label[2] = "complex";
    uint32_t buckets = (uint32_t)1 << bits;
    for (size_t r = 0; r < kept; r++) { /* an odd step visits every bucket once */
        x->bucket[r] = (uint32_t)(r * 40503u + 12345u) % buckets;
        for (int j = 0; j < MINI_HEADS; j++) {
            x->weight[r * MINI_HEADS + j] = mini_random(x);
            x->fallback_weight[r * MINI_HEADS + j] = mini_random(x);
        }
    }
    for (int i = 0; i < SHUNT_FEATURES * MINI_HEADS; i++)
        x->surface[i] = .05 * mini_random(x);
    for (int i = 0; i < MINI_TASKS * MINI_HEADS; i++)
        x->taskw[i] = mini_random(x);
    for (int i = 0; i < MINI_HEADS; i++)
        x->bias[i] = mini_random(x);
    for (int i = 0; i < MINI_HEADS * 7; i++)
        x->dense[i] = mini_random(x);
    for (int i = 0; i < (MINI_TASKS + 1) * MINI_MODELS; i++)
        x->cost[i] = (struct table_cost){.25 + .01 * i, 100 + i, 200 + 10 * i, 5000000 + i};
    x->spec = (struct table_spec){
        .bits = bits,
        .model = x->model,
        .models = MINI_MODELS,
        .tier = x->tier,
        .tiers = 2,
        .task = x->task,
        .tasks = MINI_TASKS,
        .label = x->label,
        .labels = MINI_LABELS,
        .bucket_id = x->bucket,
        .kept = kept,
        .heads = {x->weight, x->surface, x->taskw, x->bias, NULL},
        .cost = x->cost,
    };
}

/* Constant heads: every text has these qualities; for tests of what comes after. */
static inline void mini_constant(struct mini *x, double q0, double q1, double q2)
{
    const double q[MINI_MODELS] = {q0, q1, q2};
    memset(x->surface, 0, sizeof x->surface);
    memset(x->taskw, 0, sizeof x->taskw);
    x->spec.kept = 0;
    for (int m = 0; m < MINI_MODELS; m++)
        x->bias[m] = log(q[m] / (1 - q[m]));
}

static inline struct table_point mini_point(const char *name, double lambda)
{
    return (struct table_point){.name = name,
                                .lambda_per_usd = lambda,
                                .target = .8,
                                .default_model = -1,
                                .quality = {.7, .6, .8},
                                .cost_nusd = {1e6, 9e5, 1.1e6},
                                .latency_ms = {-1, -1, -1}};
}

/* Add two points, rules, substitutes, recorded texts and metadata: a table with every section. */
static inline void mini_full(struct mini *x)
{
    static const char *const words[] = {"lawyer", "sue"};
    x->point[0] = mini_point("best", 0);
    x->point[1] = mini_point("balanced", 20);
    x->guard[0] = 7;
    x->guard[1] = 4;
    x->guard[2] = 6;
    x->point[1].guard = x->guard;
    x->point[1].default_model = 1;
    x->point[1].edge[0] = .05;
    x->point[1].edge[1] = .2;
    x->spec.point = x->point;
    x->spec.points = 2;
    x->rule[0] = (struct table_rule){
        .name = "legal", .action = TABLE_FORCE, .target = 2, .keyword = words, .keywords = 2};
    x->rule[1] = (struct table_rule){
        .name = "long", .action = TABLE_RAISE, .target = 1, .min_bytes = 2000, .task = "sums"};
    x->spec.rule = x->rule;
    x->spec.rules = 2;
    x->substitute[0] = 1;
    x->substitute[1] = 2;
    x->substitute[2] = 0;
    x->substitutes[0] = (struct table_substitutes){x->substitute, 2};
    x->substitutes[1] = (struct table_substitutes){x->substitute + 2, 1};
    x->spec.substitutes = x->substitutes;
    x->sample[0] = (struct table_sample){"What is 12 * 7?", 15, "sums", NULL, NULL};
    x->sample[1] = (struct table_sample){"", 0, NULL, "best", NULL};
    x->sample[2] = (struct table_sample){"My lawyer will hear of this!", 28, "chat", NULL, NULL};
    x->spec.sample = x->sample;
    x->spec.samples = 3;
    x->meta[0] = (struct table_pair){"data.hash", "00ff"};
    x->meta[1] = (struct table_pair){"seed", "7"};
    x->spec.meta = x->meta;
    x->spec.metas = 2;
}

/* What format 1.1 added, on top of mini_full. */
static inline void mini_extra(struct mini *x)
{
    static const int pair[3][2] = {{0, 0}, {0, 2}, {1, 1}};
    for (int i = 0; i < 3; i++) {
        struct table_posterior *p = &x->posterior[i];
        *p = (struct table_posterior){
            .replied = pair[i][0], .target = pair[i][1], .bias = mini_random(x)};
        for (int k = 0; k < 10; k++) {
            p->weight[k] = mini_random(x);
            p->missing[k] = mini_random(x);
        }
    }
    for (int k = 0; k < MINI_TASKS * 3; k++)
        x->posterior_task[k] = mini_random(x);
    x->posterior[0].task = x->posterior_task;
    for (int k = 0; k < MINI_MODELS * (1 + MINI_MODELS); k++)
        x->value_weight[k] = mini_random(x);
    for (int k = 0; k < MINI_TASKS * MINI_MODELS; k++)
        x->value_task[k] = mini_random(x);
    x->value = (struct table_value){1, .01, x->value_weight, x->value_task};
    x->spec.posterior = x->posterior;
    x->spec.posteriors = 3;
    x->spec.value = &x->value;
    x->spec.values = 1;
    x->spec.plan = (struct table_plan){5, 2, 1};
    for (int i = 0; i <= MINI_MODELS; i++)
        for (int k = 0; k < 10; k++) {
            x->drift[i].share[k] = k < 2 ? .05 : k == 9 ? .2 : .1;
            if (k < 9)
                x->drift[i].edge[k] = .1 + .08 * k + .01 * i;
        }
    x->spec.drift = x->drift;
    x->spec.drifts = 1 + MINI_MODELS;
    for (int i = 0; i < MINI_MODELS; i++)
        x->voter[i] = i;
    x->vote = (struct table_vote){"all", x->voter, MINI_MODELS, 2, 2, 1};
    x->stage[0] = (struct table_stage){"retrieve", "sums", 0, -1, .9, 1000};
    x->stage[1] = (struct table_stage){"check", NULL, -1, 0, -1, -1};
    x->ensemble = (struct table_ensemble){"research", 1, x->stage, 2};
    x->spec.vote = &x->vote;
    x->spec.votes = 1;
    x->spec.ensemble = &x->ensemble;
    x->spec.ensembles = 1;
}

/* What format 1.2 added, on top of mini_extra. */
static inline void mini_range(struct mini *x)
{
    for (int f = 0; f < SHUNT_FEATURES; f++) {
        x->low[f] = f < 13 ? 32768 * (f % 3) : 6554;
        x->high[f] = f < 13 ? x->low[f] + 65536 * (1 + f % 4) : 49152;
    }
    x->low[0] = 3 * 65536;
    x->high[0] = 12 * 65536;
    x->spec.low = x->low;
    x->spec.high = x->high;
}

/* Word vectors of a few words; "The" and "the" differ. */
static inline void mini_words(struct mini *x)
{
    static const char *const word[MINI_WORDS] = {
        "the",      "The", "what", "is", "12", "lawyer", "a", "word", "r\xc3\xa9sum\xc3\xa9",
        "\xd0\xb0", "to",  "x1"};
    for (int i = 0; i < MINI_WORDS; i++) {
        int at = i;
        uint64_t hash = shunt_word_hash(word[i], strlen(word[i]));
        for (; at > 0 && x->word_hash[at - 1] > hash; at--) {
            x->word_hash[at] = x->word_hash[at - 1];
            x->word[at] = x->word[at - 1];
        }
        x->word_hash[at] = hash;
        x->word[at] = word[i];
    }
    for (int i = 0; i < MINI_WORDS; i++) {
        x->word_weight[i] = i % 3 ? .02 + .08 * i : 1;
        for (int j = 0; j < MINI_HEADS; j++)
            x->word_value[i * MINI_HEADS + j] = 2 * mini_random(x);
    }
    x->words = (struct table_words){"glove/100/abcd", MINI_WORDS, x->word_hash, x->word_weight,
                                    x->word_value};
    x->spec.words = &x->words;
}

/* A point of plans, the third, that leaves "chat" and unknown tasks with model 1. */
static inline void mini_plan_point(struct mini *x)
{
    x->point[2] = mini_point("plan:balanced", 5);
    x->point[2].plan = 1;
    x->point[2].default_model = 1;
    x->plan_guard[0] = 7;
    x->point[2].guard = x->plan_guard;
    x->spec.points = 3;
}

/* ---- the encoder again, one byte at a time ---- */

struct naive {
    uint32_t *bucket; /* heap */
    size_t count;
    double feature[SHUNT_FEATURES];
};

static inline int naive_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static inline void naive_add(struct naive *n, unsigned char *seen, uint64_t hash, unsigned bits)
{
    uint32_t b = (uint32_t)(hash >> (64 - bits));
    if (seen[b])
        return;
    seen[b] = 1;
    n->bucket[n->count++] = b;
}

/* Is the character at s a token of its own? Its length, else 0. Code points from decoding, so that
 * the encoder's pairs of bytes are checked against the ranges that FORMAT.md names. */
static inline size_t naive_single(const unsigned char *s, size_t n)
{
    static const uint32_t range[][2] = {
        {0x80, 0xBF},     {0xE00, 0xEFF},   {0x1000, 0x107F}, {0x1780, 0x17FF}, {0x2000, 0x2BFF},
        {0x3000, 0x30FF}, {0x3400, 0x9FFF}, {0xF900, 0xFAFF}, {0xFF00, 0xFFBF}, {0x1F000, 0x3FFFF},
    };
    size_t len = s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = s[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < (len == 2 ? 0x80u : len == 3 ? 0x800u : 0x10000u))
        return 0;
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        if (c >= range[i][0] && c <= range[i][1])
            return len;
    return 0;
}

static inline uint64_t naive_chunk(const unsigned char *s, size_t from, size_t to)
{
    uint64_t chunk = 0;
    for (size_t j = 0; j < 8 && from + j < to; j++) {
        unsigned char l = s[from + j];
        if (l >= 'A' && l <= 'Z')
            l = (unsigned char)(l + 32);
        chunk |= (uint64_t)l << (8 * j);
    }
    return chunk;
}

/* One piece of text. */
static inline void naive_piece(const unsigned char *s, size_t len, unsigned bits, struct naive *n,
                               unsigned char *seen, double *count)
{
    static const char *const set[] = {".!", ",;:", "?", "'\"`", "()[]{}", "+-*/=<>^%"};
    uint64_t prev = 0;
    size_t fence = 0;
    int digit_before = 0;
    for (size_t i = 0, end; i < len; i = end) {
        unsigned char c = s[i];
        end = i + 1;
        count[16] += c >= 0x80;
        count[17] += c >= 'A' && c <= 'Z';
        count[18] += naive_letter(c);
        if (c <= ' ' || c == 0x7f) {
            count[2] += c == '\n';
            digit_before = 0;
            continue;
        }
        if (naive_letter(c)) {
            size_t single = naive_single(s + i, len - i);
            end = i + (single ? single : 1);
            while (!single && end < len && naive_letter(s[end]) &&
                   !naive_single(s + end, len - end))
                end++;
            count[1]++;
            for (size_t k = i + 1; k < end; k++) {
                count[16] += s[k] >= 0x80;
                count[17] += s[k] >= 'A' && s[k] <= 'Z';
                count[18]++;
            }
        } else if (c >= '0' && c <= '9') {
            count[3]++;
            count[4] += !digit_before;
        } else {
            int class = 0;
            while (class < 6 && !strchr(set[class], c))
                class ++;
            count[5 + class]++;
            if (c == '`' && i >= fence && i + 2 < len && s[i + 1] == '`' && s[i + 2] == '`') {
                count[12]++;
                fence = i + 3;
            }
        }
        digit_before = c >= '0' && c <= '9';
        for (size_t k = i; k < end; k += 16) { /* a run of letters is cut after every 16 bytes */
            size_t stop = k + 16 < end ? k + 16 : end;
            uint64_t h = naive_chunk(s, k, stop) * UINT64_C(0x9E3779B97F4A7C15) +
                         naive_chunk(s, k + 8, stop) * UINT64_C(0xD6E8FEB86659FD93);
            naive_add(n, seen, h, bits);
            naive_add(n, seen, ((prev >> 32 | prev << 32) + h) * UINT64_C(0xE7037ED1A0B428DB),
                      bits);
            prev = h;
        }
    }
}

/* Head and tail as FORMAT.md section 4 has them; features as real numbers. */
static inline void naive_encode(const unsigned char *s, size_t len, unsigned bits, struct naive *n)
{
    unsigned char *seen = calloc((size_t)1 << bits, 1);
    double count[19] = {0}, looked = len <= 6144 ? (double)len : 6144;
    n->bucket = malloc(sizeof(uint32_t) * 12288);
    n->count = 0;
    naive_piece(s, len <= 6144 ? len : 4096, bits, n, seen, count);
    if (len > 6144)
        naive_piece(s + len - 2048, 2048, bits, n, seen, count);
    count[0] = (double)len;
    for (int f = 0; f <= 12; f++)
        n->feature[f] = log2(1 + count[f]);
    n->feature[13] = looked > 0 ? count[16] / looked : 0;
    n->feature[14] = count[17] / (1 + count[18]);
    n->feature[15] = looked > 0 ? count[18] / looked : 0;
    free(seen);
}

/* Mean of the words' values for head j, word by word. */
static inline double mini_word_mean(const struct mini *x, int j, const char *text, size_t len)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && (naive_letter((unsigned char)text[i + n]) ||
                               (text[i + n] >= '0' && text[i + n] <= '9')))
            n++;
        int found = -1;
        for (int lower = 0; lower < 2 && n > 0 && n <= 255; lower++)
            for (int w = 0; w < MINI_WORDS && found < 0; w++) {
                size_t same = 0;
                for (; same < n; same++) {
                    unsigned char c = (unsigned char)text[i + same];
                    if (lower && c >= 'A' && c <= 'Z')
                        c = (unsigned char)(c + 32);
                    if (c != (unsigned char)x->word[w][same])
                        break;
                }
                if (same == n && x->word[w][n] == 0)
                    found = w;
            }
        if (found >= 0) {
            sum += x->word_weight[found] * x->word_value[found * MINI_HEADS + j];
            total += x->word_weight[found];
        }
        i += n > 0 ? n : 1;
    }
    return total > 0 ? sum / total : 0;
}

/* Probability of head j of a mini router (its first or its fallback heads). */
static inline double mini_naive(const struct mini *x, const struct table_heads *h, int j,
                                const char *text, size_t len, int task, const float *vector)
{
    struct naive n;
    double sum = 0, kept = 0, z = h->bias[j];
    naive_encode((const unsigned char *)text, len, x->spec.bits, &n);
    for (size_t i = 0; i < n.count; i++)
        for (size_t r = 0; r < x->spec.kept; r++)
            if (x->bucket[r] == n.bucket[i]) {
                sum += h->weight[r * MINI_HEADS + j];
                kept++;
            }
    z += kept > 0 ? sum / sqrt(kept) : 0;
    for (int f = 0; f < SHUNT_FEATURES; f++) {
        double v = n.feature[f];
        if (x->spec.low)
            v = fmin(fmax(v, x->spec.low[f] / 65536.0), x->spec.high[f] / 65536.0);
        z += h->surface[f * MINI_HEADS + j] * v;
    }
    z += task >= 0 ? h->taskw[task * MINI_HEADS + j] : 0;
    for (int k = 0; vector && k < 7; k++)
        z += x->dense[j * 7 + k] * (double)vector[k];
    if (x->spec.words)
        z += mini_word_mean(x, j, text, len);
    free(n.bucket);
    return 1 / (1 + exp(-z));
}

#endif
