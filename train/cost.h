/* What a reply of each model will cost and how long it will take, per task: means of a training
 * side.
 *
 * Every mean is smoothed towards the mean of all prompts as (sum + mean of all) / (n + 1),
 * weighted. A model with prices: tokens = bytes x tokens per byte in, a mean out, times today's
 * prices. One without: the mean of its reported cost, which cannot be repriced. The figures are
 * what router/FORMAT.md section 3.6 stores, so a table predicts what was predicted here.
 */
#ifndef TRAIN_COST_H
#define TRAIN_COST_H

#include "core/money.h"
#include "train/corpus.h"

#include <stdbool.h>

struct cost_row {
    double tokens_per_byte, output_tokens; /* NaN: unknown */
    double latency_ms;                     /* NaN: unknown */
    double mean_nusd;                      /* NaN: unknown */
};

struct cost_model {
    size_t tasks, models;
    bool *priced; /* [models] prices and token counts are known */
    int64_t *pico_input, *pico_output, *pico_request; /* [models] */
    struct cost_row *row; /* [tasks + 1][models], the last for prompts without a known task */
};

/* Means over subset[n] of m, whose prompts are those of c. */
void cost_fit(const struct matrix *m, const struct corpus *c, const uint32_t *subset, size_t n,
              struct cost_model *out);
void cost_deinit(struct cost_model *x);

/* Expected nano-dollars, or MONEY_UNKNOWN; task may be CORPUS_NO_TASK. */
int64_t cost_predict(const struct cost_model *x, uint32_t task, uint64_t bytes, size_t model);
/* Expected milliseconds, or NaN. */
double cost_latency(const struct cost_model *x, uint32_t task, size_t model);

#endif
