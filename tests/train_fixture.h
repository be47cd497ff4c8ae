/* A made-up matrix for tests of train/: prompts of random words whose models succeed by rule.
 *
 * Every prompt has a task t0..t3 and eight words of a vocabulary of 120. Model 0 succeeds more
 * often the more words come from the first half; model 1 less often; further models at 60 %.
 */
#ifndef TESTS_TRAIN_FIXTURE_H
#define TESTS_TRAIN_FIXTURE_H

#include "core/mem.h"
#include "core/rng.h"
#include "core/stat.h"
#include "store/matrix.h"
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline char *fixture_text(struct rng *r, int *low)
{
    char text[128] = "";
    size_t at = 0;
    *low = 0;
    for (int k = 0; k < 8; k++) {
        unsigned word = (unsigned)rng_below(r, 120);
        *low += word < 60;
        at += (size_t)snprintf(text + at, sizeof text - at, "w%c%c ", 'a' + (int)(word / 12),
                               'a' + (int)(word % 12));
    }
    return mem_strdup(text);
}

static inline struct matrix *fixture_new(size_t n, size_t models, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    struct matrix *m = mem_zalloc(sizeof *m);
    size_t cells = n * models;
    m->prompts = n;
    m->models = models;
    m->prompt = mem_array(n, sizeof *m->prompt);
    m->model = mem_array(models, sizeof *m->model);
    double **const column[] = {&m->score,     &m->cost_nusd,  &m->latency_ms,
                               &m->tokens_in, &m->tokens_out, &m->mean_logprob};
    for (size_t c = 0; c < 6; c++)
        *column[c] = mem_array(cells, sizeof(double));
    m->first_reply = mem_array(cells, sizeof *m->first_reply);
    m->samples = mem_array(cells, sizeof *m->samples);
    for (size_t k = 0; k < models; k++)
        m->model[k] = (struct matrix_model){.id = (int64_t)k + 1,
                                            .name = mem_printf("model-%zu", k),
                                            .cost_source = COST_REPORTED,
                                            .pico_input = MONEY_UNKNOWN,
                                            .pico_output = MONEY_UNKNOWN,
                                            .pico_request = MONEY_UNKNOWN};
    for (size_t i = 0; i < n; i++) {
        int low;
        char *text = fixture_text(&r, &low);
        m->prompt[i] = (struct matrix_prompt){.id = (int64_t)i + 1,
                                              .ext_id = mem_printf("p%zu", i),
                                              .task = mem_printf("t%zu", i % 4),
                                              .text = text,
                                              .cluster = (int64_t)i + 1,
                                              .weight = 1,
                                              .split = i % 5 == 4   ? 'e'
                                                       : i % 5 == 3 ? 'v'
                                                                    : 't'};
        for (size_t k = 0; k < models; k++) {
            double z = k == 0 ? low - 3.0 : k == 1 ? 5.0 - low : 0.4;
            m->score[i * models + k] = rng_unit(&r) < stat_sigmoid(z) ? 1 : 0;
            m->cost_nusd[i * models + k] = 1000.0 * (double)(k + 1);
            m->latency_ms[i * models + k] = 100.0 * (double)(k + 1);
            m->tokens_in[i * models + k] = 10;
            m->tokens_out[i * models + k] = 20;
        }
    }
    return m;
}

/* Predicted probability of each (prompt, head) held out, NaN where none; [n][heads], heap. */
static inline double *fixture_held_out(const struct training *t)
{
    size_t heads = t->targets.heads;
    double *q = mem_array(t->corpus->n * heads, sizeof *q);
    for (size_t i = 0; i < t->corpus->n * heads; i++)
        q[i] = (double)NAN;
    for (size_t k = 0; k < t->predicting; k++)
        for (size_t i = 0; i < t->side[k].evals; i++)
            memcpy(q + t->side[k].eval[i] * heads, t->side[k].q + i * heads, heads * sizeof *q);
    return q;
}

#endif
