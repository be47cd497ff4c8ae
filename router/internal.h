/* What the files of libshunt share: the opened table, and the steps of a decision. Not installed.
 */
#ifndef SHUNT_INTERNAL_H
#define SHUNT_INTERNAL_H

#include <stdint.h>
#include <string.h>

#include "router/encode.h"
#include "router/format.h"
#include "router/shunt.h"

/* A table after shunt_open: every pointer lies inside the map and every index in the file has been
 * checked, so routing looks nothing up twice and tests nothing. */
struct shunt_table {
    const unsigned char *base;
    uint64_t bytes;
    void *map;  /* to munmap, or NULL */
    void *copy; /* to free, or NULL */

    const struct shunt_header *header;
    const struct shunt_shape *shape;
    uint32_t heads;  /* used columns of one set */
    uint32_t stride; /* sets * columns */
    int default_point;
    uint32_t plan_kind; /* of the points at which replies are weighed */

    const char *strings;
    uint64_t strings_bytes;
    const struct shunt_model *model;
    const uint32_t *tier, *task, *label;
    const struct shunt_head *head;   /* [stride] */
    const int32_t *surface;          /* [features][stride] */
    const int32_t *taskw;            /* [tasks][stride] */
    const struct shunt_range *range; /* of the surface features, NULL: none */
    const struct shunt_index *index; /* [2^bits / 32] */
    const int16_t *rows;             /* [kept][stride] */
    const struct shunt_curve *curve; /* [stride], NULL: none */
    const struct shunt_knot *knot;
    const struct shunt_cost *cost; /* [tasks + 1][models] */
    const struct shunt_point *point;
    const uint8_t *guard; /* [points][tasks + 1] */
    const struct shunt_rule *rule;
    const struct shunt_keyword *keyword;
    const uint32_t *fallback;        /* first[models + 1], NULL: none */
    const struct shunt_dense *dense; /* NULL: none */
    const float *dense_weight;       /* [heads][dims] */
    const struct shunt_words *words; /* NULL: none; the five below are its parts */
    const double *words_scale;       /* [columns] */
    const uint32_t *words_first;     /* [2^bits + 1] by the top bits of the hash */
    const uint64_t *words_hash;      /* ascending */
    const uint16_t *words_weight;
    const int16_t *words_row; /* [words][columns] */
    uint32_t selftests;
    const struct shunt_vector *vector; /* [selftests] */
    const double *selftest_quality;    /* [selftests][models] */
    const float *selftest_dense;       /* [selftests][dims] */
    const char *selftest_base;         /* offsets of texts count from here */
    const char *meta;
    uint64_t meta_bytes;

    const uint32_t *posterior_at; /* [models][models] head of (replied, target), NULL: no heads */
    const struct shunt_posterior_head *posterior;
    const struct shunt_posterior_task *posterior_task; /* [heads][tasks] */
    const uint32_t *value_at;                          /* [points], NULL: no value heads */
    const double *value;                               /* value_stride numbers a covered point */
    uint64_t value_stride;
    const struct shunt_plan_rules *plan_rules; /* NULL: the defaults */
    const struct shunt_stages *stages;         /* NULL: none; the three below are its parts */
    const struct shunt_ensemble *ensemble;
    const struct shunt_stage_row *stage;
    const struct shunt_vote *vote;
    const uint32_t *voter;
    uint32_t keywords;
    const struct shunt_automaton *automaton; /* NULL: keywords are searched for one by one */
    const uint8_t *automaton_class;          /* [256] */
    const uint32_t *automaton_next;          /* [states][classes] */
    const uint32_t *automaton_first;         /* [states + 1] into automaton_out */
    const uint32_t *automaton_suffix;        /* [states] */
    const uint32_t *automaton_out;           /* keywords */
    uint32_t drift_scores;                   /* 0, 1 or 1 + models */
    const struct shunt_drift_score *drift;   /* complexity, then every model's quality */
};

/* The name of string offset at; NULL for SHUNT_NONE. */
static inline const char *table_string(const struct shunt_table *t, uint32_t at)
{
    return at == SHUNT_NONE ? NULL : t->strings + at;
}

/* The guard's byte of a point for a task. */
static inline uint8_t table_guard(const struct shunt_table *t, const struct shunt_point *p,
                                  uint32_t task)
{
    return t->guard[(size_t)(p - t->point) * (t->shape->tasks + 1) + task];
}

/* Give a step to a caller whose struct may be an older, shorter one. */
#define STEP_SIZE_MIN offsetof(struct shunt_step, refused)
static inline void table_give_step(struct shunt_step *next, struct shunt_step *out)
{
    size_t n = next->size < sizeof *out ? STEP_SIZE_MIN : sizeof *out;
    out->size = next->size;
    memcpy(next, out, n);
}

/* Clamp surface features to what the heads were trained on. */
static inline void table_clamp(const struct shunt_table *t, int32_t feature[SHUNT_FEATURES])
{
    for (unsigned i = 0; t->range && i < SHUNT_FEATURES; i++) {
        int32_t x = feature[i] > t->range->low[i] ? feature[i] : t->range->low[i];
        feature[i] = x < t->range->high[i] ? x : t->range->high[i];
    }
}

/* Where a failed open says what is wrong. */
struct fault {
    char *text; /* may be NULL */
    size_t cap;
};
__attribute__((format(printf, 3, 4))) int shunt_fault(struct fault *f, int status, const char *fmt,
                                                      ...);

/* Check header, sections and contents of base and fill the pointers of *t (check.c, check_parts.c).
 */
struct part { /* one section; base NULL: absent */
    const unsigned char *base;
    uint64_t bytes;
};
int shunt_check(struct shunt_table *t, struct fault *f);
int shunt_check_parts(struct shunt_table *t, const struct part *part, struct fault *f);
int shunt_check_more(struct shunt_table *t, const struct part *part, struct fault *f);
int shunt_check_plan(struct shunt_table *t, const struct part *part, struct fault *f);
int shunt_check_words(struct shunt_table *t, const struct part *part, struct fault *f);
int shunt_check_stages(struct shunt_table *t, const struct part *part, struct fault *f);
int shunt_check_name(const struct shunt_table *t, uint32_t at, const char *what, struct fault *f);

/* Is text well-formed UTF-8 (RFC 3629) without control characters, so that it can be printed
 * anywhere? */
int shunt_clean_text(const char *text, size_t n);
int shunt_is_utf8(const char *text, size_t n);

/* XXH64 with seed 0 of first (a multiple of 32 bytes) followed by rest. */
uint64_t shunt_xxh64(const void *first, size_t first_bytes, const void *rest, size_t rest_bytes);

/* The checksum of a whole table, its own field taken as 0; bytes >= 64. */
uint64_t shunt_checksum(const void *table, size_t bytes);

/* 1 / (1 + exp(-z)) from a table, the same bits everywhere; z is no NaN. */
double shunt_sigmoid(double z);
void shunt_sigmoids(double *z, uint32_t n);   /* each in place */
extern const double shunt_sigmoid_table[257]; /* at i / 16 */

/* What is known of every model for one request. */
struct estimate {
    double quality[SHUNT_MODELS_MAX];
    double exceeds[SHUNT_LABELS_MAX];
    double latency_ms[SHUNT_MODELS_MAX]; /* -1: unknown */
    int64_t cost_nusd[SHUNT_MODELS_MAX]; /* -1: unknown */
    uint32_t kept;
    uint32_t task; /* table's index; tasks: unknown */
};

/* Read a request of any size into r (this version's), and check it. */
int shunt_read_request(const struct shunt_request *in, struct shunt_request *r);

/* Fill *e; r as from shunt_read_request (predict.c). */
int shunt_estimate(const struct shunt_table *t, const struct shunt_request *r, struct estimate *e);

/* The decision, and what it was made from. shunt_route without its answer's size (route.c). */
struct routed {
    struct estimate e;
    unsigned char allowed[SHUNT_MODELS_MAX]; /* by mask, rules and known costs */
    const struct shunt_point *point;         /* NULL: the table has none */
    double lambda_per_usd, mu_per_s;
    int forced; /* model that a rule forces, or -1 */
};
int shunt_route_whole(const struct shunt_table *t, const struct shunt_request *r,
                      struct shunt_decision *d, struct routed *out);

/* Natural logarithm of a positive normal number, and exp of -700..0: the same bits everywhere,
 * within 1e-15 of the truth relative to 1 (mathfn.c). */
double shunt_ln(double x);
double shunt_exp(double x);

/* Which keywords occur in a text. */
struct keyword_hits {
    uint64_t bit[SHUNT_AUTOMATON_KEYWORDS_MAX / 64];
};

/* Find all keywords in one pass, where the table has an automaton; else nothing is written
 * (rules.c).
 */
void shunt_find_keywords(const struct shunt_table *t, const struct shunt_request *r,
                         struct keyword_hits *hits);

/* Does rule number i match? hits as from shunt_find_keywords. */
int shunt_rule_matches(const struct shunt_table *t, uint32_t i, const struct shunt_request *r,
                       const struct keyword_hits *hits);

#endif
