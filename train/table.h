/* The table writer: everything that a router knows, in plain numbers -> the bytes of FILE.shunt.
 *
 * A struct table_spec describes a table completely, in doubles and plain arrays; table_build rounds
 * and lays it out (router/FORMAT.md), table_write makes the file safely. The same spec gives the
 * same bytes. All pointers are borrowed for the call.
 *
 * Heads are the columns of every weight array: first one quality head a model, then, with L labels,
 * L - 1 cumulative complexity heads P(label > 0), P(label > 1), ...
 */
#ifndef TRAIN_TABLE_H
#define TRAIN_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "router/encode.h"

struct table_model {
    const char *name;
    int tier;      /* index into tiers */
    int has_price; /* 0: the prices below are not read, costs come from mean_nusd */
    int64_t input_pusd, output_pusd; /* pico-dollars per token */
    int64_t request_pusd;            /* pico-dollars per request */
};

/* A calibration curve, applied to the sigmoid of a head's value. */
struct table_curve {
    int linear;          /* 1: interpolate between knots; 0: step, y of the last knot with x <= p */
    size_t count;        /* 0: none; at most 64 */
    const double *x, *y; /* [count] within 0..1; x strictly ascending, y not descending */
};

/* One set of heads. Shrinkage and sigmoid calibration are folded in; a head's value for a text is
 *   bias + taskw[task] + sum_i surface[i] * feature_i / 65536 + sum over kept distinct b weight[b]
 * / sqrt(k) (router/encode.h; idf is folded into weight). */
struct table_heads {
    const double *weight;  /* [kept][heads], row r belongs to bucket_id[r]; NULL when kept is 0 */
    const double *surface; /* [SHUNT_FEATURES][heads]; NULL: all 0 */
    const double *taskw;   /* [tasks][heads]; NULL: all 0 */
    const double *bias;    /* [heads] */
    const struct table_curve *curve; /* [heads]; NULL: none */
};

struct table_cost {
    double tokens_per_byte; /* input tokens per byte of text, 0..16 */
    double output_tokens;   /* expected */
    double latency_ms;      /* expected; negative: unknown */
    int64_t mean_nusd;      /* mean reported cost of a request, read for models without a price;
                               negative: unknown */
};

struct table_point {
    const char *name;
    int share; /* 0: lambda; 1: threshold on q[strong] - q[weak] */
    int plan;  /* 1: a lambda point of plans; a task whose guard is 0 keeps to default_model */
    double lambda_per_usd, mu_per_s;
    double threshold;  /* share points: strong when the difference is at least this */
    int weak, strong;  /* share points: models */
    double target;     /* quality that makes a tier good enough, 0..1 (0.8 by default elsewhere) */
    int default_model; /* -1: none */
    const unsigned char *guard; /* [tasks + 1] bits 0..2: may leave default_model in that tercile of
                                   the gain; last: unknown task; NULL: unguarded */
    double edge[2];             /* of the terciles, ascending */
    double quality[3], cost_nusd[3],
        latency_ms[3]; /* expected, lower, upper; negative or NaN: unknown */
};

enum table_action { TABLE_FORCE = 0, TABLE_FORBID = 1, TABLE_RAISE = 2 };

struct table_rule {
    const char *name;
    enum table_action action;
    int target;                 /* a model; for TABLE_RAISE a tier */
    const char *const *keyword; /* [keywords] any of these occurs; none: no condition */
    size_t keywords;
    int inside_words; /* 1: keywords match inside words too; 0: at word boundaries */
    int match_case;   /* 1: exactly; 0: ASCII letters match either case */
    uint64_t min_bytes;
    uint64_t max_bytes;     /* 0: no limit */
    const char *task;       /* NULL: any */
    const char *user_class; /* NULL: any */
};

struct table_substitutes {
    const int *model; /* [count] best first; may be NULL when count is 0 */
    size_t count;
};

/* What a reply tells of a model's quality (router/FORMAT.md 3.13), one head a pair. */
struct table_posterior {
    int replied, target; /* models; the same: how good is this reply? */
    double bias;
    double weight[16]; /* of the signals, in the order of enum shunt_signal; the last six 0 */
    double missing[16];
    const double *task; /* [tasks][3] added bias, and slopes of the mean log-probability and of
                           ln(1 - exp(mean)); NULL: none */
};

/* Value of beginning a plan with each model, at one operating point (3.14). */
struct table_value {
    int point;
    double margin;        /* what leaving the decision's model must gain, >= 0 */
    const double *weight; /* [models][1 + models] bias, then weights of the prior logits */
    const double *task;   /* [tasks][models] added; NULL: none */
};

/* Limits of plans (3.15). */
struct table_plan {
    unsigned max_calls;       /* 1..256; 0: the section is not written */
    unsigned max_escalations; /* 0..256 */
    int refuse_over_budget;   /* 0: over a budget the cheapest allowed model answers; 1: none */
};

/* Models for the stages of a staged request, found under a budget (3.18). */
struct table_stage {
    const char *name;
    const char *task;          /* NULL: none */
    int model;                 /* -1: routed by the request */
    int vote;                  /* -1: one model answers */
    double quality, cost_nusd; /* expected; negative: unknown */
};
struct table_ensemble {
    const char *name;
    int point; /* -1: the default */
    const struct table_stage *stage;
    size_t stages; /* 1..64 */
};
struct table_vote {
    const char *name;
    const int *model; /* [models] asked in this order */
    size_t models;    /* 1..16 */
    int need;         /* equal answers that end the vote, 1..models */
    int judge;     /* model that is asked when all have voted and no answer has enough; -1: none */
    int by_number; /* compare the last number of each reply */
};

/* Where a score lay when the table was made (3.16). */
struct table_drift {
    double edge[9];   /* between the deciles, ascending, 0..1 */
    double share[10]; /* in each, sum 1; tenths where no ties forbid it */
};

/* A text whose answer is recorded in the table. */
struct table_sample {
    const char *text;
    size_t bytes;
    const char *task;    /* NULL: none */
    const char *point;   /* NULL: the default */
    const float *vector; /* [dims], needed with a dense encoder */
};

struct table_pair {
    const char *key;   /* a-z 0-9 _ . - */
    const char *value; /* one line */
};

/* Word vectors multiplied out (3.20): a text's words add the mean of their values to each head,
 * weighted. Words are runs of ASCII letters, digits and bytes beyond ASCII, as they are or else in
 * lower case. */
struct table_words {
    const char *encoder;  /* its id, for people */
    size_t n;             /* 1..2^24 */
    const uint64_t *hash; /* [n] table_word_hash, ascending */
    const double *weight; /* [n] above 0, at most 1 */
    const double *value;  /* [n][heads] */
};

uint64_t table_word_hash(const char *word, size_t bytes);

struct table_spec {
    unsigned bits;                   /* of the hashed encoder */
    const struct table_model *model; /* [models] */
    size_t models;
    const char *const *tier; /* [tiers] names, cheapest first */
    size_t tiers;
    const char *const *task; /* [tasks] names, in any order */
    size_t tasks;
    const char *const *label; /* [labels] complexity labels, simplest first; 0, or at least 2 */
    size_t labels;

    const uint32_t *bucket_id; /* [kept] distinct, in any order */
    size_t kept;
    struct table_heads heads;
    /* [SHUNT_FEATURES] what features are clamped to, in units of 2^-16, low <= high; NULL: as they
     * are. */
    const int32_t *low, *high;

    const char *encoder; /* id of a dense encoder; NULL: none, and the three below are not read */
    size_t dims;
    const double *dense; /* [heads][dims] added to the value of each head */
    const struct table_heads
        *fallback; /* heads for requests without a vector; NULL: they are refused */
    const struct table_words *words; /* in place of a dense encoder; NULL: none */

    const struct table_cost *cost; /* [tasks + 1][models], the last row for unknown tasks */
    const struct table_point *point;
    size_t points;
    const struct table_rule *rule;
    size_t rules;
    const struct table_substitutes *substitutes; /* [models]; NULL: none */
    const struct table_posterior *posterior;     /* at most one a pair of models */
    size_t posteriors;
    const struct table_value *value; /* at most one a point */
    size_t values;
    struct table_plan plan;
    const struct table_ensemble *ensemble; /* at most 256 */
    size_t ensembles;
    const struct table_vote *vote; /* at most 256 */
    size_t votes;
    const struct table_drift *drift;   /* [drifts] complexity, then every model's quality */
    size_t drifts;                     /* 0: none; 1; or 1 + models */
    const struct table_sample *sample; /* at most 4,096 */
    size_t samples;
    const struct table_pair *meta; /* in the order in which they are written */
    size_t metas;
};

/* Heads (columns) of a spec. */
size_t table_spec_heads(const struct table_spec *spec);

/* Lay a table out. On success *bytes (*len bytes) is the caller's, to free with free(). The result
 * has been opened by the reader. Returns 0, or ERR_USAGE naming what in the spec is impossible, or
 * ERR_LIMIT. */
int table_build(const struct table_spec *spec, unsigned char **bytes, size_t *len, struct err *e);

/* Build, write path.tmp, reopen that with the reader, route its recorded texts, sync, rename to
 * path. On failure path is untouched and no temporary file stays. */
int table_write(const struct table_spec *spec, const char *path, struct err *e);

/* What rounding to the table's integers did: the reader's answers against the same arithmetic in
 * doubles, over the spec's samples. */
struct table_report {
    size_t samples;
    size_t bytes;          /* of the table */
    double max_difference; /* of an expected quality */
    double mean_difference;
    size_t changed; /* samples where the model of the largest quality is another one */
};
int table_compare(const struct table_spec *spec, const void *bytes, size_t len,
                  struct table_report *out, struct err *e);

#endif
