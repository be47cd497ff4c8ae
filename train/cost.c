/* Means of tokens, cost and latency per task and model. Quality is train/heads.c.
 */
#include "train/cost.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>

/* Bounds of the table (FORMAT.md 3.6), kept here so that both predict the same. */
static const double MOST_PER_BYTE = 16, MOST_TOKENS = 1e9, MOST_MS = 1e12,
                    MOST_NUSD = 1125899906842624;

struct sums {
    double value, weight;
};

/* Weighted sums of x (one column of the matrix) over the subset, per task and for all (last). */
static void add_up(const struct matrix *m, const struct corpus *c, const uint32_t *subset, size_t n,
                   const double *x, size_t model, struct sums *s)
{
    for (size_t t = 0; t <= c->tasks; t++)
        s[t] = (struct sums){0, 0};
    for (size_t i = 0; i < n; i++) {
        size_t p = subset[i];
        double v = x[p * m->models + model];
        if (isnan(v))
            continue;
        if (c->task[p] != CORPUS_NO_TASK) {
            s[c->task[p]].value += c->weight[p] * v;
            s[c->task[p]].weight += c->weight[p];
        }
        s[c->tasks].value += c->weight[p] * v;
        s[c->tasks].weight += c->weight[p];
    }
}

static double smoothed(const struct sums *s, const struct sums *all, double most)
{
    if (all->weight <= 0)
        return (double)NAN;
    double mean = all->value / all->weight;
    double x = s == all ? mean : (s->value + mean) / (s->weight + 1.0);
    return fmin(fmax(x, 0.0), most);
}

/* Tokens per byte is a ratio of sums: long prompts count by their length. */
static void fit_tokens_per_byte(const struct matrix *m, const struct corpus *c,
                                const uint32_t *subset, size_t n, size_t model,
                                struct cost_model *out)
{
    AUTO_FREE struct sums *s = mem_array(c->tasks + 1, sizeof *s);
    double count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t p = subset[i];
        double v = m->tokens_in[p * m->models + model];
        if (isnan(v))
            continue;
        double w = c->weight[p], bytes = (double)c->bytes[p];
        if (c->task[p] != CORPUS_NO_TASK) {
            s[c->task[p]].value += w * v;
            s[c->task[p]].weight += w * bytes;
        }
        s[c->tasks].value += w * v;
        s[c->tasks].weight += w * bytes;
        count += w;
    }
    struct sums *all = &s[c->tasks];
    for (size_t t = 0; t <= c->tasks; t++) {
        double x = (double)NAN;
        if (all->weight > 0) {
            double ratio = all->value / all->weight, bytes = all->weight / count;
            x = (s[t].value + ratio * bytes) / (s[t].weight + bytes);
        }
        out->row[t * out->models + model].tokens_per_byte = isnan(x) ? x : fmin(x, MOST_PER_BYTE);
    }
}

void cost_fit(const struct matrix *m, const struct corpus *c, const uint32_t *subset, size_t n,
              struct cost_model *out)
{
    *out = (struct cost_model){.tasks = c->tasks, .models = m->models};
    out->priced = mem_array(m->models, sizeof *out->priced);
    out->pico_input = mem_array(m->models, sizeof *out->pico_input);
    out->pico_output = mem_array(m->models, sizeof *out->pico_output);
    out->pico_request = mem_array(m->models, sizeof *out->pico_request);
    out->row = mem_array((c->tasks + 1) * m->models, sizeof *out->row);
    AUTO_FREE struct sums *tokens = mem_array(c->tasks + 1, sizeof *tokens);
    AUTO_FREE struct sums *nusd = mem_array(c->tasks + 1, sizeof *nusd);
    AUTO_FREE struct sums *ms = mem_array(c->tasks + 1, sizeof *ms);
    for (size_t k = 0; k < m->models; k++) {
        const struct matrix_model *x = &m->model[k];
        add_up(m, c, subset, n, m->tokens_out, k, tokens);
        add_up(m, c, subset, n, m->cost_nusd, k, nusd);
        add_up(m, c, subset, n, m->latency_ms, k, ms);
        fit_tokens_per_byte(m, c, subset, n, k, out);
        for (size_t t = 0; t <= c->tasks; t++) {
            struct cost_row *r = &out->row[t * m->models + k];
            r->output_tokens = smoothed(&tokens[t], &tokens[c->tasks], MOST_TOKENS);
            r->mean_nusd = smoothed(&nusd[t], &nusd[c->tasks], MOST_NUSD);
            r->latency_ms = smoothed(&ms[t], &ms[c->tasks], MOST_MS);
        }
        const struct cost_row *all = &out->row[c->tasks * m->models + k];
        out->priced[k] = x->cost_source == COST_COMPUTED && x->pico_input != MONEY_UNKNOWN &&
                         x->pico_output != MONEY_UNKNOWN && !isnan(all->tokens_per_byte) &&
                         !isnan(all->output_tokens);
        out->pico_input[k] = out->priced[k] ? x->pico_input : 0;
        out->pico_output[k] = out->priced[k] ? x->pico_output : 0;
        out->pico_request[k] =
            out->priced[k] && x->pico_request != MONEY_UNKNOWN ? x->pico_request : 0;
    }
}

void cost_deinit(struct cost_model *x)
{
    free(x->priced);
    free(x->pico_input);
    free(x->pico_output);
    free(x->pico_request);
    free(x->row);
    *x = (struct cost_model){0};
}

static const struct cost_row *row_of(const struct cost_model *x, uint32_t task, size_t model)
{
    size_t t = task != CORPUS_NO_TASK && task < x->tasks ? task : x->tasks;
    return &x->row[t * x->models + model];
}

int64_t cost_predict(const struct cost_model *x, uint32_t task, uint64_t bytes, size_t model)
{
    const struct cost_row *r = row_of(x, task, model);
    double nusd = r->mean_nusd;
    if (x->priced[model]) {
        double in = (double)bytes * r->tokens_per_byte;
        nusd = (in * (double)x->pico_input[model] +
                r->output_tokens * (double)x->pico_output[model] + (double)x->pico_request[model]) /
               1000.0;
    }
    return isnan(nusd) ? MONEY_UNKNOWN : (int64_t)nearbyint(nusd);
}

double cost_latency(const struct cost_model *x, uint32_t task, size_t model)
{
    return row_of(x, task, model)->latency_ms;
}
