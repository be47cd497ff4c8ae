/* The structures of a table file, as FORMAT.md defines them (section numbers below are its own).
 * For the reader, the writer in train/ and tests; not installed. Little-endian hosts only. */
#ifndef SHUNT_FORMAT_H
#define SHUNT_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define SHUNT_MAGIC "\x93SHNT\r\n\x1a"
#define SHUNT_NONE UINT32_C(0xFFFFFFFF) /* no string, model, task or point */

enum {
    SHUNT_ALIGN = 64, /* of sections */
    SHUNT_SECTIONS_MAX = 64,
    SHUNT_TIERS_MAX = 256,
    SHUNT_TASKS_MAX = 65536,
    SHUNT_LABELS_MAX = 16,
    SHUNT_POINTS_MAX = 256,
    SHUNT_RULES_MAX = 65536,
    SHUNT_KNOTS_MAX = 64,
    SHUNT_DIMS_MAX = 65536,
    SHUNT_SELFTESTS_MAX = 4096,
    SHUNT_KEY_MAX = 63,
    SHUNT_WEIGHT_MAX = 8191, /* a row's numbers have 14 bits: four rows can be summed in 16 */
    SHUNT_COLUMN_BLOCK = 8,
    SHUNT_COLUMNS_MAX = 272, /* 256 models and 15 complexity heads, rounded up */
};
#define SHUNT_FILE_MAX (UINT64_C(1) << 32)
#define SHUNT_PRICE_MAX INT64_C(1000000000000000)
#define SHUNT_COST_MAX (INT64_C(1) << 50) /* nano-dollars a request */
#define SHUNT_LAMBDA_MAX 1e15
#define SHUNT_UNIT 1048576.0 /* bias, surface and task weights are in units of 1 / this */

enum shunt_section_id {
    SHUNT_S_STRINGS = 1,
    SHUNT_S_SHAPE = 2,
    SHUNT_S_MODELS = 3,
    SHUNT_S_TIERS = 4,
    SHUNT_S_TASKS = 5,
    SHUNT_S_LABELS = 6,
    SHUNT_S_HEADS = 7,
    SHUNT_S_SURFACE = 8,
    SHUNT_S_TASKW = 9,
    SHUNT_S_INDEX = 10,
    SHUNT_S_ROWS = 11,
    SHUNT_S_CALIB = 12,
    SHUNT_S_COST = 13,
    SHUNT_S_POINTS = 14,
    SHUNT_S_GUARD = 15,
    SHUNT_S_RULES = 16,
    SHUNT_S_KEYWORDS = 17,
    SHUNT_S_FALLBACK = 18,
    SHUNT_S_DENSE = 19,
    SHUNT_S_SELFTEST = 20,
    SHUNT_S_META = 21,
    /* Since 1.1. */
    SHUNT_S_POSTERIOR = 32,
    SHUNT_S_VALUE = 33,
    SHUNT_S_STAGES = 34,
    SHUNT_S_WORDS = 35, /* since 1.2 */
    SHUNT_S_AUTOMATON = 36,
    SHUNT_S_DRIFT = 37,
    SHUNT_S_PLAN = 38,
    SHUNT_S_RANGE = 39, /* since 1.2 */
    SHUNT_S_KNOWN = 40, /* one more than the last that this version reads */
};

/* Does this version read section id? */
static inline int shunt_section_known(uint32_t id)
{
    return (id >= SHUNT_S_STRINGS && id <= SHUNT_S_META) ||
           (id >= SHUNT_S_POSTERIOR && id < SHUNT_S_KNOWN);
}

struct shunt_header { /* section 1 */
    unsigned char magic[8];
    uint16_t major, minor;
    uint32_t section_count;
    uint64_t file_bytes;
    uint32_t must_flags, may_flags;
    uint64_t checksum;
    uint8_t zero[24];
};
static_assert(sizeof(struct shunt_header) == 64, "on-disk layout");

enum { SHUNT_SECTION_REQUIRED = 1 };

struct shunt_section { /* section 2 */
    uint32_t id, flags;
    uint64_t offset, bytes;
    char name[8];
};
static_assert(sizeof(struct shunt_section) == 32, "on-disk layout");

struct shunt_shape { /* 3.1 */
    uint32_t encoder, bits, models, tiers, tasks, labels, sets, columns;
    uint32_t weight_type, features, kept, points, rules, zero[3];
};
static_assert(sizeof(struct shunt_shape) == 64, "on-disk layout");

enum { SHUNT_WEIGHT_I16 = 1 };
enum { SHUNT_MODEL_PRICED = 1 };

struct shunt_model { /* 3.2 */
    uint32_t name, tier, flags, zero;
    int64_t input_pusd, output_pusd, request_pusd, zero2;
};
static_assert(sizeof(struct shunt_model) == 48, "on-disk layout");

struct shunt_head { /* 3.3 */
    double scale;
    int32_t bias;
    uint32_t zero;
};
static_assert(sizeof(struct shunt_head) == 16, "on-disk layout");

struct shunt_index { /* 3.4 */
    uint32_t bits, rank;
};

struct shunt_range { /* 3.19: what features are clamped to */
    int32_t low[16], high[16];
};
static_assert(sizeof(struct shunt_range) == 128, "on-disk layout");

enum {
    SHUNT_WORDS_MAX = 1 << 24,
    SHUNT_WORD_BYTES = 255, /* longer words are unknown */
    SHUNT_WORD_UNIT = 32768,
};

/* 3.20: head of the section; then f64 scale[columns], u32 first[2^bits + 1], u64 hash[words], u16
 * weight[words], i16 rows[words][columns], each padded to 8 bytes */
struct shunt_words {
    uint32_t encoder, words, bits, zero[13];
};
static_assert(sizeof(struct shunt_words) == 64, "on-disk layout");

enum { SHUNT_CURVE_STEP = 0, SHUNT_CURVE_LINEAR = 1 };

struct shunt_curve { /* 3.5 */
    uint32_t first;
    uint16_t count, kind;
};
static_assert(sizeof(struct shunt_curve) == 8, "on-disk layout");

struct shunt_knot {
    double x, y;
};

struct shunt_cost { /* 3.6 */
    double tokens_per_byte, output_tokens, latency_ms;
    int64_t mean_nusd;
};
static_assert(sizeof(struct shunt_cost) == 32, "on-disk layout");

enum { SHUNT_POINT_LAMBDA = 0, SHUNT_POINT_SHARE = 1, SHUNT_POINT_PLAN = 2 /* since 1.2 */ };
enum { SHUNT_POINT_GUARDED = 1 };

struct shunt_point { /* 3.7 */
    uint32_t name, kind, default_model, weak, strong, flags, zero[2];
    double lambda_per_usd, mu_per_s, threshold, target;
    double edge[2], quality[3], cost_nusd[3], latency_ms[3], zero2;
};
static_assert(sizeof(struct shunt_point) == 160, "on-disk layout");

enum { SHUNT_RULE_FORCE = 0, SHUNT_RULE_FORBID = 1, SHUNT_RULE_RAISE = 2 };

struct shunt_rule { /* 3.8 */
    uint32_t name, action, target, task, user_class, first_keyword, keyword_count, zero;
    uint64_t min_bytes, max_bytes, zero2[2];
};
static_assert(sizeof(struct shunt_rule) == 64, "on-disk layout");

enum { SHUNT_KEYWORD_WORD = 1, SHUNT_KEYWORD_FOLD = 2 };

struct shunt_keyword {
    uint32_t text, bytes, flags, zero;
};
static_assert(sizeof(struct shunt_keyword) == 16, "on-disk layout");

struct shunt_dense { /* 3.10 */
    uint32_t encoder, dims, zero[14];
};
static_assert(sizeof(struct shunt_dense) == 64, "on-disk layout");

struct shunt_vector { /* 3.11: one recorded answer */
    uint64_t text;
    uint32_t bytes, task, point, model, zero[2];
};
static_assert(sizeof(struct shunt_vector) == 32, "on-disk layout");

/* Signals of a reply, the inputs of a posterior head, in the order of its weights (3.13). */
enum shunt_signal {
    SHUNT_X_OWN = 0,    /* prior logit of the model that replied */
    SHUNT_X_TARGET = 1, /* prior logit of the model whose quality is asked for */
    SHUNT_X_MEAN = 2,   /* mean token log-probability, -50..0 */
    SHUNT_X_MIN = 3,    /* minimum token log-probability, -50..0 */
    SHUNT_X_TAIL = 4,   /* ln(1 - exp(mean)) */
    SHUNT_X_ENTROPY = 5,
    SHUNT_X_MARGIN = 6,
    SHUNT_X_AGREEMENT = 7,
    SHUNT_X_VALID = 8,
    SHUNT_X_BYTES = 9, /* ln(1 + bytes of the reply) */
    SHUNT_X_KNOWN = 10,
    SHUNT_SIGNALS = 16,
};

struct shunt_posterior { /* 3.13: head of the section */
    uint32_t heads, signals, zero[14];
};
static_assert(sizeof(struct shunt_posterior) == 64, "on-disk layout");

struct shunt_posterior_head {
    double bias, weight[SHUNT_SIGNALS], missing[SHUNT_SIGNALS];
};
static_assert(sizeof(struct shunt_posterior_head) == 264, "on-disk layout");

struct shunt_posterior_task {
    double bias, mean, tail, zero;
};
static_assert(sizeof(struct shunt_posterior_task) == 32, "on-disk layout");

struct shunt_value { /* 3.14: head of the section; then u32 at[points], padded to 8 bytes */
    uint32_t points, zero[15];
};
static_assert(sizeof(struct shunt_value) == 64, "on-disk layout");

enum { SHUNT_OVER_CHEAPEST = 0, SHUNT_OVER_REFUSE = 1 };

struct shunt_plan_rules { /* 3.15 */
    uint32_t max_calls, max_escalations, over_budget, zero[13];
};
static_assert(sizeof(struct shunt_plan_rules) == 64, "on-disk layout");

enum { SHUNT_DECILES = 10 };

struct shunt_drift { /* 3.16: head of the section, then the scores */
    uint32_t scores, zero[15];
};
static_assert(sizeof(struct shunt_drift) == 64, "on-disk layout");

struct shunt_drift_score {
    double edge[SHUNT_DECILES - 1], share[SHUNT_DECILES], zero;
};
static_assert(sizeof(struct shunt_drift_score) == 160, "on-disk layout");

enum { SHUNT_AUTOMATON_KEYWORDS_MAX = 65536 };
#define SHUNT_AUTOMATON_HIT UINT32_C(0x80000000) /* in `next`: something ends in that state */

struct shunt_automaton { /* 3.17: head of the section */
    uint32_t states, classes, outputs, zero[13];
};
static_assert(sizeof(struct shunt_automaton) == 64, "on-disk layout");

enum {
    SHUNT_ENSEMBLES_MAX = 256,
    SHUNT_STAGES_MAX = 64, /* of one ensemble */
    SHUNT_VOTES_MAX = 256,
    SHUNT_VOTERS_MAX = 16, /* of one vote */
};

struct shunt_stages { /* 3.18: head of the section; ensembles, stages, votes, then u32 members */
    uint32_t ensembles, stages, votes, members, zero[12];
};
static_assert(sizeof(struct shunt_stages) == 64, "on-disk layout");

struct shunt_ensemble {
    uint32_t name, point, first_stage, stages, zero[4];
};
static_assert(sizeof(struct shunt_ensemble) == 32, "on-disk layout");

struct shunt_stage_row {
    uint32_t name, task, model, vote, zero[4];
    double quality, cost_nusd;
};
static_assert(sizeof(struct shunt_stage_row) == 48, "on-disk layout");

enum { SHUNT_VOTE_NUMBER = 1 };

struct shunt_vote {
    uint32_t name, first_member, members, need, judge, flags, zero[2];
};
static_assert(sizeof(struct shunt_vote) == 32, "on-disk layout");

#endif
