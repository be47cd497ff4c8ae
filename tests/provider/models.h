/* The simulated models: who they are, what they cost, how able and how fast they are.
 *
 * Every number that decides how good, dear or slow a model looks stands in the table of models.c.
 * Names are invented; prices and latencies are simulated. Read only once the server runs.
 */
#ifndef PROVIDER_MODELS_H
#define PROVIDER_MODELS_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

enum protocol { PROTO_OPENAI, PROTO_ANTHROPIC, PROTO_GEMINI };

enum task {
    TASK_FAQ,
    TASK_INTENT,
    TASK_EXTRACTION,
    TASK_INVOICE,
    TASK_REFUND,
    TASK_SQL,
    TASK_ESCALATION,
    TASK_RESEARCH,
    TASK_OTHER,
    TASK_COUNT,
};

struct sim_model {
    const char *name;
    enum protocol protocol;
    const char *tier;        /* "small", "mid", "large" */
    double input_usd;        /* USD per million tokens */
    double cached_usd;       /* the same, input read from a cache */
    double output_usd;       /* the same, reasoning included */
    double first_ms;         /* median milliseconds to the first token */
    double token_ms;         /* median milliseconds of each output token */
    double ability;          /* log-odds of a right answer at difficulty 0 */
    double slope;            /* log-odds lost per unit of difficulty */
    double task[TASK_COUNT]; /* log-odds added for a task */
    double fenced;           /* share of JSON and SQL answers put in a code fence */
    double wordy;            /* share of short answers put in a sentence */
    double refuses;          /* share of escalation requests that it declines */
    double reasoning;        /* median reasoning tokens of a simple request; 0: none */
    double reported;         /* chat completions: usage.cost is so many times the price; 0: none */
};

struct model_list {
    struct sim_model *v;
    size_t n;
};

#define SIM_EMBED_MODEL "sim-embed" /* 64 numbers, USD 0.02 per million tokens */
#define SIM_EMBED_USD 0.02

/* The built-in table, copied. Ended by models_free. */
void models_builtin(struct model_list *out);
/* Adds or replaces models from a JSON file: an array of objects {"name", "like": a known model,
 * and any of "protocol", "tier", "input", "cached", "output", "first_ms", "token_ms", "ability",
 * "slope", "fenced", "wordy", "refuses", "reasoning", "reported", "task": {"sql": 1.5}}.
 * ERR_FORMAT names the model and the key. */
int models_load(struct model_list *list, const char *path, struct err *e);
void models_free(struct model_list *list);
/* NULL when there is none of that name and protocol. */
const struct sim_model *models_find(const struct model_list *list, enum protocol p,
                                    const char *name);

/* What a request costs, in pico-dollars. */
uint64_t model_pico_usd(const struct sim_model *m, size_t input_tokens, size_t output_tokens);

const char *protocol_name(enum protocol p); /* "openai", "anthropic", "gemini" */
enum task task_of(const char *task);        /* by the part before the first '.'; NULL is other */

/* Appends the models with their prices. yaml: the tiers, models and encoders of a shunt.yaml for a
 * server at base_url; else one JSON object. */
void models_print(const struct model_list *list, const char *base_url, int yaml, struct buf *out);

#endif
