/* libshunt: which language model should answer this prompt?
 *
 * A table (FILE.shunt, written by `shunt compile`) is opened once and then asked any number of
 * times:
 *
 *     struct shunt_table *t;
 *     if (shunt_open("support.shunt", &t) != 0) ...
 *     struct shunt_request r = SHUNT_REQUEST_INIT;
 *     struct shunt_decision d = SHUNT_DECISION_INIT;
 *     r.text = prompt;
 *     r.text_bytes = strlen(prompt);
 *     if (shunt_route(t, &r, &d) == 0)
 *         ask(d.model_name);
 *     shunt_close(t);
 *
 * Everything that can be wrong with a table is found by shunt_open; after that shunt_route
 * allocates nothing, takes no lock and does no I/O, and any number of threads may share a table. It
 * needs about 100 KB of stack. All strings returned belong to the table and live until shunt_close.
 *
 * Functions that can fail return 0 or a negative enum shunt_status. Structs begin with their own
 * size, set by the _INIT macros, so that they can grow: a program built against an older header
 * keeps working.
 *
 * What services need around that (hot reload, budgets, counters and logs) is in shunt_ops.h, which
 * this header includes.
 *
 * The layout of a table is in FORMAT.md, the meaning of a decision in its section 5.
 */
#ifndef SHUNT_H
#define SHUNT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SHUNT_API __attribute__((visibility("default")))
#else
#define SHUNT_API
#endif

/* Newest table layout that this library reads: the same major, any minor. */
#define SHUNT_FORMAT_MAJOR 1
#define SHUNT_FORMAT_MINOR 2

enum {
    SHUNT_TEXT_MAX = 8 * 1024 * 1024, /* bytes of a prompt */
    SHUNT_MODELS_MAX = 256,
    SHUNT_NAME_MAX = 255, /* bytes of a name in a table, NUL not counted */
};

/* Values are part of the ABI and never reused. */
enum shunt_status {
    SHUNT_OK = 0,
    SHUNT_E_IO = -1,        /* cannot open or read the file */
    SHUNT_E_NOT_TABLE = -2, /* no shunt table: wrong magic */
    /* needs a newer library: major version, flag or required section unknown */
    SHUNT_E_VERSION = -3,
    SHUNT_E_TRUNCATED = -4,  /* shorter than its header says */
    SHUNT_E_CHECKSUM = -5,   /* bytes were changed */
    SHUNT_E_DAMAGED = -6,    /* checksum right, contents impossible: written by a broken writer */
    SHUNT_E_HOST = -7,       /* this machine is big endian */
    SHUNT_E_NOMEM = -8,      /* out of memory */
    SHUNT_E_ARGUMENT = -9,   /* NULL, a size that is no struct's, a number that is not finite */
    SHUNT_E_TOO_LONG = -10,  /* text longer than SHUNT_TEXT_MAX */
    SHUNT_E_NO_VECTOR = -11, /* the table wants a dense vector, and has no heads that do without */
    SHUNT_E_ENCODER = -12,   /* the vector is from another encoder, or of another length */
    SHUNT_E_POINT = -13,     /* no operating point of that name */
    SHUNT_E_NO_MODEL = -14,  /* mask, rules and unknown costs leave no model */
    SHUNT_E_SELFTEST = -15,  /* the table does not give its own recorded answers */
    SHUNT_E_LAMBDA = -16,    /* SHUNT_OWN_LAMBDA in a plan */
    SHUNT_E_BUDGET = -17,    /* over a limit of the ledger */
    SHUNT_E_BUSY = -18,      /* 255 replaced tables are all still in use */
};

/* One short English sentence without full stop; never NULL, for unknown codes too. */
SHUNT_API const char *shunt_strerror(int status);

/* "0.1.0", of the library that is running. */
SHUNT_API const char *shunt_version(void);

/* ---- opening ---- */

struct shunt_table;

/* Open, map and validate a table. *out is written on success only and becomes the caller's.
 * The file must not be changed in place while it is open (replace it by rename, as the compiler
 * does). One pass over the file; one allocation. */
SHUNT_API int shunt_open(const char *path, struct shunt_table **out);

/* The same from memory. data is borrowed until shunt_close and must not change; where it is not
 * aligned to 8 bytes it is copied. */
SHUNT_API int shunt_open_memory(const void *data, size_t len, struct shunt_table **out);

/* The same two; on failure err (errlen bytes, may be NULL) gets what exactly is wrong, as one line.
 */
SHUNT_API int shunt_open_detail(const char *path, struct shunt_table **out, char *err,
                                size_t errlen);
SHUNT_API int shunt_open_memory_detail(const void *data, size_t len, struct shunt_table **out,
                                       char *err, size_t errlen);

/* Release; NULL is allowed. No other thread may be using the table. */
SHUNT_API void shunt_close(struct shunt_table *t);

/* ---- routing ---- */

enum shunt_request_flags {
    SHUNT_OWN_LAMBDA = 1, /* lambda_per_usd and mu_per_s below replace the operating point's */
};

struct shunt_request {
    uint32_t size;  /* SHUNT_REQUEST_INIT */
    uint32_t flags; /* enum shunt_request_flags */
    /* UTF-8 as from shunt_text_of_messages; no NUL needed; any bytes are accepted */
    const char *text;
    size_t text_bytes;
    const char *task;        /* NULL, or a task unknown to the table: no task */
    const char *user_class;  /* NULL: none; read by rules only */
    const char *point;       /* operating point; NULL: "balanced", else "best", else the first */
    uint64_t tokens;         /* input tokens when the caller has counted them; 0: estimated */
    double lambda_per_usd;   /* quality that a dollar is worth; >= 0 */
    double mu_per_s;         /* quality that a second is worth; >= 0 */
    const uint64_t *allowed; /* bit m % 64 of word m / 64: model m may be chosen; NULL: all; absent
                                words are 0 */
    size_t allowed_words;
    const float *vector; /* dense vector for tables that use one, else ignored; NULL: none */
    size_t vector_len;
    const char *encoder; /* its encoder id, equal to shunt_encoder(t) */
};

/* clang-format off */
#define SHUNT_REQUEST_INIT \
    { sizeof(struct shunt_request), 0, NULL, 0, NULL, NULL, NULL, 0, 0.0, 0.0, NULL, 0, NULL, 0, NULL }
/* clang-format on */

enum shunt_reason {
    SHUNT_BY_UTILITY = 0, /* largest quality - lambda * cost - mu * latency */
    /* another model looked better, but not surely enough: the point's default model */
    SHUNT_BY_GUARD = 1,
    SHUNT_BY_RULE = 2,  /* a rule forced it */
    SHUNT_BY_MASK = 3,  /* the only model left */
    SHUNT_BY_SHARE = 4, /* a share point's threshold */
    SHUNT_BY_STAGE = 5, /* an ensemble's model for the stage */
};

struct shunt_decision {
    uint32_t size; /* SHUNT_DECISION_INIT */
    int32_t model; /* index, see shunt_model_name */
    const char *model_name;
    int32_t model_tier;       /* tier of that model */
    int32_t tier;             /* cheapest tier that is good enough for this prompt */
    int32_t complexity_class; /* index of the complexity label, -1: the table has none */
    int32_t reason;           /* enum shunt_reason */
    double complexity;        /* 0..1: probability that no model of the cheapest tier succeeds */
    double quality;           /* expected, 0..1, of the chosen model */
    int64_t cost_nusd;        /* expected, nano-dollars; -1: unknown */
    double latency_ms;        /* expected; -1: unknown */
    int32_t runner_up;        /* second best model, -1: none */
    int32_t rule;             /* rule that forced, or the first that forbade or raised; -1: none */
    const char *rule_name;    /* NULL when rule is -1 */
    int32_t point;            /* operating point used, -1: none in the table */
    uint32_t kept;            /* distinct n-grams of the text that the table knows */
    uint64_t text_bytes;
};

/* clang-format off */
#define SHUNT_DECISION_INIT \
    { sizeof(struct shunt_decision), 0, NULL, 0, 0, 0, 0, 0.0, 0.0, 0, 0.0, 0, 0, NULL, 0, 0, 0 }
/* clang-format on */

/* Decide. Returns 0 or SHUNT_E_ARGUMENT, _TOO_LONG, _NO_VECTOR, _ENCODER, _POINT, _NO_MODEL; *d is
 * written on success only (but for its size). Cost: O(text looked at), at most some 20 KB of it,
 * plus the rules' keywords over all. */
SHUNT_API int shunt_route(const struct shunt_table *t, const struct shunt_request *r,
                          struct shunt_decision *d);

/* What routing knows of every model for one request, whatever rules, mask and point say.
 *
 *   quality     [shunt_model_count(t)] expected quality 0..1; may be NULL
 *   cost_nusd   [same] expected cost in nano-dollars, -1: unknown; may be NULL
 *   latency_ms  [same] expected latency, -1: unknown; may be NULL
 *   exceeds     [shunt_label_count(t) - 1] P(label > k); may be NULL
 *
 * Returns 0 or SHUNT_E_ARGUMENT, _TOO_LONG, _NO_VECTOR, _ENCODER. */
SHUNT_API int shunt_predict(const struct shunt_table *t, const struct shunt_request *r,
                            double *quality, int64_t *cost_nusd, double *latency_ms,
                            double *exceeds);

/* "utility", "guard", "rule", "mask", "share", "stage"; "?" for others. */
SHUNT_API const char *shunt_reason_name(int reason);

/* ---- plans: cascade and fallback ----
 * A plan answers one request with as many calls as it takes. The caller makes the calls:
 *
 *     struct shunt_plan p = SHUNT_PLAN_INIT;
 *     struct shunt_step s = SHUNT_STEP_INIT;
 *     struct shunt_outcome o = SHUNT_OUTCOME_INIT;
 *     shunt_plan_begin(&p, t, &r);
 *     shunt_plan_next(&p, NULL, &s);
 *     while (s.action < SHUNT_ACCEPT) {
 *         ... ask s.model_name, fill o ...
 *         shunt_plan_next(&p, &o, &s);
 *     }
 *     if (s.action == SHUNT_ACCEPT) ... the reply of call number s.call ...
 *
 * No I/O, no allocation, no lock (but the ledger's, where one is given); a plan belongs to one
 * thread at a time. The rules are in FORMAT.md, section 5, "Plan". */

enum shunt_outcome_status {
    SHUNT_REPLY_OK = 0,
    SHUNT_REPLY_INVALID = 1, /* it came and cannot be used: no JSON, refused, cut */
    SHUNT_REPLY_TIMEOUT = 2,
    SHUNT_REPLY_RATE_LIMIT = 3,
    SHUNT_REPLY_ERROR = 4,
};

/* Which signals of an outcome are known. */
enum shunt_outcome_flags {
    SHUNT_HAS_MEAN = 1,
    SHUNT_HAS_MIN = 2,
    SHUNT_HAS_ENTROPY = 4,
    SHUNT_HAS_MARGIN = 8,
    SHUNT_HAS_AGREEMENT = 16,
    SHUNT_HAS_VALID = 32,
    SHUNT_HAS_BYTES = 64,
    SHUNT_HAS_COST = 128,
};

/* What came of a call. Signals without their flag are not read. */
struct shunt_outcome {
    uint32_t size;       /* SHUNT_OUTCOME_INIT */
    int32_t status;      /* enum shunt_outcome_status */
    uint32_t flags;      /* enum shunt_outcome_flags */
    int32_t valid;       /* 1: the output has the shape asked for; 0: it has not */
    double mean_logprob; /* mean of the tokens' log-probabilities, <= 0 */
    double min_logprob;
    double entropy;   /* mean entropy of the tokens' distributions, nats */
    double margin;    /* mean log-probability of the first token choice less the second's */
    double agreement; /* share of k samples that agree, 0..1 */
    uint64_t reply_bytes;
    int64_t cost_nusd; /* what the call cost */
};
/* clang-format off */
#define SHUNT_OUTCOME_INIT \
    { sizeof(struct shunt_outcome), 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0 }
/* clang-format on */

enum shunt_action {
    SHUNT_CALL = 1,      /* ask model: the first call */
    SHUNT_ESCALATE = 2,  /* ask model: it is worth more than it costs */
    SHUNT_FALL_BACK = 3, /* ask model: the last one failed */
    SHUNT_ACCEPT = 4,    /* done: the reply of call number `call`, by model, is the answer */
    SHUNT_GIVE_UP = 5,   /* done: there is no answer */
};

enum shunt_cause {
    SHUNT_FOR_ROUTE = 0, /* the decision of shunt_route */
    SHUNT_FOR_VALUE = 1, /* the plan that begins there is worth most */
    SHUNT_FOR_GAIN = 2,  /* expected gain above its cost; ACCEPT: nothing gains more */
    SHUNT_FOR_INVALID = 3,
    SHUNT_FOR_TIMEOUT = 4,
    SHUNT_FOR_RATE_LIMIT = 5,
    SHUNT_FOR_ERROR = 6,
    SHUNT_FOR_BUDGET = 7, /* moved, stopped or refused by the ledger */
    SHUNT_FOR_CALLS = 8,  /* the table allows no further call */
};

struct shunt_step {
    uint32_t size;  /* SHUNT_STEP_INIT */
    int32_t action; /* enum shunt_action */
    int32_t cause;  /* enum shunt_cause */
    int32_t model;  /* -1 when giving up */
    const char *model_name;
    int32_t call;      /* calls are numbered from 1: the one to make, or the accepted one */
    int32_t calls;     /* made so far */
    double quality;    /* expected of model, as far as is known now */
    double gain;       /* ESCALATE: quality expected above the best reply's, less cost in quality */
    int64_t cost_nusd; /* expected of the call; -1: unknown */
    int64_t spent_nusd; /* on the calls made: what they cost, or were expected to; -1: unknown */
    int32_t refused;    /* GIVE_UP: model that failed last, or that was not asked; else -1 */
    int32_t zero;
};
/* clang-format off */
#define SHUNT_STEP_INIT \
    { sizeof(struct shunt_step), 0, 0, 0, NULL, 0, 0, 0.0, 0.0, 0, 0, -1, 0 }
/* clang-format on */

/* Opaque; about 12 KB of the caller's, no clean-up needed. */
struct shunt_plan {
    uint32_t size; /* SHUNT_PLAN_INIT */
    uint32_t zero;
    uint64_t opaque[1536];
};
/* clang-format off */
#define SHUNT_PLAN_INIT { sizeof(struct shunt_plan), 0, {0} }
/* clang-format on */

/* Route r and get ready. Text, vector and mask of r are not kept; t must stay open until the plan
 * ends. Returns what shunt_route returns, and SHUNT_E_LAMBDA for SHUNT_OWN_LAMBDA. */
SHUNT_API int shunt_plan_begin(struct shunt_plan *p, const struct shunt_table *t,
                               const struct shunt_request *r);

/* The next step: previous is NULL the first time, then the outcome of the call that the last step
 * asked for. Returns 0, or SHUNT_E_ARGUMENT (an outcome where none is due, none where one is, or a
 * plan that has ended); then nothing has changed. */
SHUNT_API int shunt_plan_next(struct shunt_plan *p, const struct shunt_outcome *previous,
                              struct shunt_step *next);

/* The decision that the plan began with, and the expected quality [shunt_model_count(t)] of every
 * model after what has happened; each may be NULL. Returns 0 or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_plan_state(const struct shunt_plan *p, struct shunt_decision *d,
                               double *quality);

/* "call", "escalate", "fallback", "accept", "give_up"; "?" for others. */
SHUNT_API const char *shunt_action_name(int action);
/* "route", "value", "gain", "invalid", "timeout", "rate_limit", "error", "budget", "calls"; "?". */
SHUNT_API const char *shunt_cause_name(int cause);

/* ---- ensembles: a model for every stage of a staged request, and votes of several models ---- */

SHUNT_API int shunt_ensemble_count(const struct shunt_table *t);
SHUNT_API const char *shunt_ensemble_name(const struct shunt_table *t, int ensemble);
SHUNT_API int shunt_ensemble_index(const struct shunt_table *t, const char *name); /* -1: none */
SHUNT_API int shunt_stage_count(const struct shunt_table *t, int ensemble);

struct shunt_stage {
    uint32_t size; /* SHUNT_STAGE_INIT */
    int32_t model; /* -1: routed by the request */
    int32_t vote;  /* -1: one model answers, else these vote */
    int32_t zero;
    const char *name; /* "retrieve" */
    const char *task; /* of requests of this stage that name none; NULL: none */
    double quality;   /* expected, -1: unknown */
    double cost_nusd; /* likewise */
};
/* clang-format off */
#define SHUNT_STAGE_INIT { sizeof(struct shunt_stage), 0, 0, 0, NULL, NULL, 0.0, 0.0 }
/* clang-format on */
SHUNT_API int shunt_get_stage(const struct shunt_table *t, int ensemble, int stage,
                              struct shunt_stage *out);

/* Decide one stage of a staged request: rules first, then the ensemble's model where it may be
 * chosen, else as shunt_route at the ensemble's operating point (or r's own). *stage_out (may be
 * NULL) tells whether several models are to vote instead. Returns as shunt_route, SHUNT_E_ARGUMENT
 * for a stage or an ensemble that does not exist. */
SHUNT_API int shunt_route_stage(const struct shunt_table *t, int ensemble, const char *stage,
                                const struct shunt_request *r, struct shunt_decision *d,
                                struct shunt_stage *stage_out);

SHUNT_API int shunt_vote_count(const struct shunt_table *t);
SHUNT_API const char *shunt_vote_name(const struct shunt_table *t, int vote);

/* The next step of a vote. text [count], bytes [count] are the replies so far in the order in which
 * they were asked for; text NULL: that call failed. next gets SHUNT_CALL (ask model), SHUNT_ACCEPT
 * (the reply of call number `call`; quality is the share of voters that agree), or SHUNT_GIVE_UP.
 * Answers are compared as shunt_agreement does. Returns 0 or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_vote_next(const struct shunt_table *t, int vote, const char *const *text,
                              const size_t *bytes, size_t count, struct shunt_step *next);

/* ---- confidence signals: from a reply to the numbers of struct shunt_outcome ---- */

/* Mean and minimum of n token log-probabilities (natural logarithms, <= 0; -infinity counts as -50,
 * up to 1e-6 above 0 as 0). Either result may be NULL. 0 or SHUNT_E_ARGUMENT (n of 0, NaN, above
 * 0); n is at most 2^40. */
SHUNT_API int shunt_logprob_stats(const double *logprob, size_t n, double *mean, double *min);

/* From the k likeliest alternatives at each position, logprob [positions][k] in any order, k >= 1
 * (-infinity for places not filled):
 *
 *   entropy  mean over positions of -sum p ln p, in nats; what the k leave of the probability
 *            counts as one more alternative
 *
 *   margin   mean over positions of the largest less the second largest, at most 50; 50 for k = 1
 *
 * Either may be NULL. 0 or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_top_stats(const double *logprob, size_t positions, size_t k, double *entropy,
                              double *margin);

enum shunt_agreement_flags {
    SHUNT_BY_NUMBER = 1, /* compare the last number of each sample; those without compare as text */
};

/* Share of the count samples (1..256) that give the most frequent answer, after normalisation:
 * ASCII letters in lower case; Markdown's * _ ` # and quotation marks left out; white space, and
 * punctuation at both ends, trimmed, white space inside made one blank; commas between digits that
 * group thousands dropped; zeros at the end of a decimal fraction dropped.
 *
 *   text, bytes  [count] the samples
 *   first        set to the first sample of that answer (of equals the earliest); may be NULL
 *
 * 0 or SHUNT_E_ARGUMENT. No allocation; O(count^2 * bytes) at worst. */
SHUNT_API int shunt_agreement(const char *const *text, const size_t *bytes, size_t count,
                              uint32_t flags, double *agreement, int *first);

/* Is text one JSON value (RFC 8259, UTF-8, at most 64 levels), alone or in one ``` fence, and, with
 * keys > 0, an object that has each of those members (compared byte by byte, without escapes)?
 * 1 or 0. */
SHUNT_API int shunt_valid_json(const char *text, size_t bytes, const char *const *key, size_t keys);

/* Does text have the shape of one SQL query, alone or in one ``` fence: begins with SELECT, WITH or
 * VALUES, quotes, comments and brackets closed, nothing after the first semicolon, and not broken
 * off after an operator, a comma or a word that wants more (FROM, WHERE, AND, ...)? 1 or 0. */
SHUNT_API int shunt_valid_sql(const char *text, size_t bytes);

/* ---- the text of a conversation ---- */

struct shunt_message {
    const char *role; /* "user", "system", "assistant", ...; NUL-terminated */
    const char *content;
    size_t bytes;
};

/* The text that encoders and rules see: the user turns joined by a line feed; without any user
 * turn, all turns.
 *
 *   out     [cap] written up to cap bytes, not NUL-terminated; may be NULL when cap is 0
 *   needed  set to the full length, also when it is larger than cap
 *
 * Returns 0, or SHUNT_E_TOO_LONG above SHUNT_TEXT_MAX (nothing written), or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_text_of_messages(const struct shunt_message *messages, size_t count, char *out,
                                     size_t cap, size_t *needed);

/* ---- what a table says about itself ----
 * Counts are >= 0. Functions with an index return NULL or -1 when it is out of range. */

SHUNT_API int shunt_model_count(const struct shunt_table *t);
SHUNT_API const char *shunt_model_name(const struct shunt_table *t, int model);
SHUNT_API int shunt_model_index(const struct shunt_table *t, const char *name); /* -1: none */
SHUNT_API int shunt_model_tier(const struct shunt_table *t, int model);

/* The rank-th substitute (0 = best) of a model, or -1. */
SHUNT_API int shunt_fallback(const struct shunt_table *t, int model, int rank);

SHUNT_API int shunt_tier_count(const struct shunt_table *t);
SHUNT_API const char *shunt_tier_name(const struct shunt_table *t, int tier);
SHUNT_API int shunt_label_count(const struct shunt_table *t); /* complexity labels */
SHUNT_API const char *shunt_label_name(const struct shunt_table *t, int label);
SHUNT_API int shunt_task_count(const struct shunt_table *t);
SHUNT_API const char *shunt_task_name(const struct shunt_table *t, int task);
SHUNT_API int shunt_rule_count(const struct shunt_table *t);
SHUNT_API const char *shunt_rule_name(const struct shunt_table *t, int rule);
SHUNT_API int shunt_point_count(const struct shunt_table *t);
SHUNT_API const char *shunt_point_name(const struct shunt_table *t, int point);

struct shunt_price {
    uint32_t size;      /* SHUNT_PRICE_INIT */
    int32_t known;      /* 0: costs are means of reported ones */
    int64_t input_pusd; /* pico-dollars per token */
    int64_t output_pusd;
    int64_t request_pusd; /* pico-dollars per request */
};
/* clang-format off */
#define SHUNT_PRICE_INIT { sizeof(struct shunt_price), 0, 0, 0, 0 }
/* clang-format on */
SHUNT_API int shunt_get_price(const struct shunt_table *t, int model, struct shunt_price *out);

/* An operating point and what it was measured to give. */
struct shunt_point_info {
    uint32_t size;         /* SHUNT_POINT_INFO_INIT */
    int32_t share;         /* 1: threshold on the difference of two models; 0: lambda */
    int32_t guarded;       /* 1: leaves default_model only where that was seen to pay */
    int32_t default_model; /* -1: none */
    double lambda_per_usd;
    double mu_per_s;
    double threshold;     /* of a share point */
    double target;        /* quality that a tier must reach to be called good enough */
    double quality[3];    /* expected, lower and upper end of its 95 % interval; -1: unknown */
    double cost_nusd[3];  /* per request, likewise */
    double latency_ms[3]; /* likewise */
    int32_t plan;         /* 1: of plans; the figures are of all calls together (since 1.2) */
    int32_t zero;
};
/* clang-format off */
#define SHUNT_POINT_INFO_INIT \
    { sizeof(struct shunt_point_info), 0, 0, 0, 0.0, 0.0, 0.0, 0.0, \
      {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}, 0, 0 }
/* clang-format on */
SHUNT_API int shunt_get_point(const struct shunt_table *t, int point, struct shunt_point_info *out);

/* Size and shape, for programs that describe a table. */
struct shunt_table_info {
    uint32_t size; /* SHUNT_TABLE_INFO_INIT */
    uint32_t major;
    uint32_t minor;
    uint32_t sections;
    uint32_t bits;            /* the hashed encoder has 2^bits buckets */
    uint32_t kept;            /* buckets that have weights */
    uint32_t selftests;       /* recorded answers */
    uint32_t vector_dims;     /* of the dense encoder; 0: none */
    uint32_t vector_optional; /* 1: routes without a vector too */
    uint32_t zero;
    uint64_t file_bytes;
    uint64_t checksum;
};
/* clang-format off */
#define SHUNT_TABLE_INFO_INIT \
    { sizeof(struct shunt_table_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
/* clang-format on */
SHUNT_API int shunt_get_table(const struct shunt_table *t, struct shunt_table_info *out);

/* Id of the dense encoder whose vectors the table takes, or NULL. */
SHUNT_API const char *shunt_encoder(const struct shunt_table *t);

/* Metadata, lines key=value. Values are not NUL-terminated: *value and *bytes are written, value
 * may hold "". Returns 0, or -1 when there is no such key or no i-th line. */
SHUNT_API int shunt_metadata(const struct shunt_table *t, const char *key, const char **value,
                             size_t *bytes);
SHUNT_API int shunt_metadata_at(const struct shunt_table *t, int i, const char **key,
                                size_t *key_bytes, const char **value, size_t *bytes);

/* Route the texts recorded in the table and compare with the recorded answers, to the last bit.
 * Returns 0 (also when none are recorded) or SHUNT_E_SELFTEST. */
SHUNT_API int shunt_selftest(const struct shunt_table *t);

#ifdef __cplusplus
}
#endif

#include "shunt_ops.h"

#endif
