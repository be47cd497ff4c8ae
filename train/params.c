/* Folding a training into plain weights, and predicting with them in doubles. The blob is
 * train/params_io.c.
 */
#include "train/params.h"

#include "core/mem.h"
#include "core/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set_alloc(struct params_set *x, const struct params *p)
{
    x->weight = mem_array(p->kept * p->heads, sizeof *x->weight);
    x->surface = mem_array(SHUNT_FEATURES * p->heads, sizeof *x->surface);
    x->task = mem_array(p->tasks * p->heads, sizeof *x->task);
    x->bias = mem_array(p->heads, sizeof *x->bias);
    x->curve = mem_array(p->heads, sizeof *x->curve);
}

/* z = a ((1 - alpha) (w.x + b) + alpha g) + d, and x is itself linear in what the encoder gives. */
static void fold_set(const struct params *p, const struct side *s, struct params_set *x,
                     double *dense)
{
    const struct space *space = s->space;
    size_t heads = p->heads, wide = space->columns + 1;
    for (size_t h = 0; h < heads; h++) {
        const struct choice *c = &s->choice[h];
        const double *w = s->w + h * wide, *g = s->g + h * (p->tasks + 1);
        double fitted = c->a * (1.0 - c->alpha), mean = c->a * c->alpha;
        x->curve[h] = c->curve;
        for (size_t b = 0; b < space->kept; b++)
            x->weight[b * heads + h] = fitted * w[b] * space->idf[b];
        double bias = fitted * w[space->columns] + mean * g[p->tasks] + c->d;
        for (size_t f = 0; space->use.hashed && f < SHUNT_FEATURES; f++) {
            double v = fitted * w[space->surface_at + f] * space->factor[f];
            x->surface[f * heads + h] = v;
            bias -= v * space->shift[f];
        }
        for (size_t t = 0; t < p->tasks; t++) {
            double v = mean * (g[t] - g[p->tasks]);
            if (space->task_column[t] != 0)
                v += fitted * w[space->task_column[t] - 1];
            x->task[t * heads + h] = v;
        }
        x->bias[h] = bias;
        for (size_t k = 0; dense != NULL && k < p->dims; k++)
            dense[h * p->dims + k] = fitted * w[space->dense_at + k] * space->dense_factor;
    }
}

/* What n prompts have shown is never more certain than 1 in n + 2 (Laplace's rule of succession):
 * beyond that a model's probability is held, by a curve that is the diagonal in between. Weights
 * that add up for a text unlike all others would else promise what no prompt bears out. */
static void bound_set(const struct params *p, const struct training *t, struct params_set *x)
{
    for (size_t h = 0; h < p->models; h++) {
        size_t n = 0;
        for (size_t i = 0; i < t->final->n; i++)
            n += isnan(t->targets.y[(size_t)t->final->train[i] * p->heads + h]) ? 0 : 1;
        double least = 1.0 / ((double)n + 2);
        if (x->curve[h].count == 0 && n > 0)
            x->curve[h] =
                (struct isotonic){.count = 2, .x = {least, 1 - least}, .y = {least, 1 - least}};
    }
}

/* Features that no head looks at keep any range. */
static void copy_range(const struct space *s, struct params *out)
{
    for (size_t f = 0; f < SHUNT_FEATURES; f++) {
        out->low[f] = s->use.hashed ? s->low[f] : INT32_MIN;
        out->high[f] = s->use.hashed ? s->high[f] : INT32_MAX;
    }
}

static char **copy_names(char *const *names, size_t n)
{
    char **out = mem_array(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = mem_strdup(names[i]);
    return out;
}

/* Mean score and cost of each model over what the final heads were trained on. */
static void model_means(const struct training *t, const struct matrix *m, struct params *p)
{
    p->mean_score = mem_array(p->models, sizeof *p->mean_score);
    p->mean_nusd = mem_array(p->models, sizeof *p->mean_nusd);
    for (size_t k = 0; k < p->models; k++) {
        double score = 0, scores = 0, cost = 0, costs = 0;
        for (size_t i = 0; i < t->final->n; i++) {
            size_t at = t->final->train[i];
            double w = t->corpus->weight[at], y = m->score[at * m->models + k],
                   c = m->cost_nusd[at * m->models + k];
            score += isnan(y) ? 0 : w * y;
            scores += isnan(y) ? 0 : w;
            cost += isnan(c) ? 0 : w * c;
            costs += isnan(c) ? 0 : w;
        }
        p->mean_score[k] = score / scores;
        p->mean_nusd[k] = cost / costs;
    }
}

static void copy_told(const struct posterior *x, struct params *p)
{
    p->tellers = x->tellers;
    p->teller = mem_array(x->tellers, sizeof *p->teller);
    p->told = mem_array(x->tellers * x->models, sizeof *p->told);
    for (size_t k = 0; k < x->tellers; k++)
        p->teller[k] = x->teller[k];
    for (size_t h = 0; h < x->tellers * x->models; h++) {
        p->told[h] = x->head[h];
        p->told[h].task = mem_array(3 * p->tasks, sizeof(double));
        if (p->tasks > 0)
            memcpy(p->told[h].task, x->head[h].task, 3 * p->tasks * sizeof(double));
    }
}

void params_from(const struct training *t, const struct matrix *m, const char *encoder_id,
                 struct params *out)
{
    const struct side *s = t->final;
    const struct cost_model *cost = &t->cost[t->predicting];
    *out = (struct params){
        .encoder_version = SHUNT_ENCODER_VERSION,
        .bits = t->corpus->bits,
        .models = m->models,
        .labels = t->labels.n,
        .heads = t->targets.heads,
        .tasks = t->corpus->tasks,
        .kept = s->space->kept,
        .sets = 1,
        .dims = s->use.dense ? t->corpus->dims : 0,
    };
    out->model = mem_array(m->models, sizeof *out->model);
    for (size_t k = 0; k < m->models; k++)
        out->model[k] = mem_strdup(m->model[k].name);
    out->label = copy_names(t->labels.name, t->labels.n);
    out->task = copy_names(t->corpus->task_name, t->corpus->tasks);
    out->encoder = mem_strdup(s->use.dense ? encoder_id : "");
    out->bucket = mem_array(out->kept, sizeof *out->bucket);
    if (out->kept > 0)
        memcpy(out->bucket, s->space->bucket_id, out->kept * sizeof *out->bucket);
    out->dense = mem_array(out->heads * out->dims, sizeof *out->dense);
    copy_range(s->use.hashed || t->plain == NULL ? s->space : t->plain->space, out);
    set_alloc(&out->set[0], out);
    fold_set(out, s, &out->set[0], s->use.dense ? out->dense : NULL);
    bound_set(out, t, &out->set[0]);
    if (t->plain != NULL) { /* same prompts, so the same kept buckets */
        out->sets = 2;
        set_alloc(&out->set[1], out);
        fold_set(out, t->plain, &out->set[1], NULL);
        bound_set(out, t, &out->set[1]);
    }
    size_t rows = (out->tasks + 1) * out->models;
    out->cost = mem_array(rows, sizeof *out->cost);
    memcpy(out->cost, cost->row, rows * sizeof *out->cost);
    out->priced = mem_array(out->models, sizeof *out->priced);
    for (size_t k = 0; k < out->models; k++)
        out->priced[k] = cost->priced[k] ? 1 : 0;
    model_means(t, m, out);
    copy_told(&t->posterior, out);
}

static void free_names(char **names, uint64_t n)
{
    for (uint64_t i = 0; names != NULL && i < n; i++)
        free(names[i]);
    free(names);
}

void params_forget_told(struct params *p)
{
    for (size_t h = 0; p->told != NULL && h < p->tellers * p->models; h++)
        free(p->told[h].task);
    free(p->told);
    free(p->teller);
    p->told = NULL;
    p->teller = NULL;
    p->tellers = 0;
}

void params_deinit(struct params *p)
{
    free_names(p->model, p->models);
    free_names(p->label, p->labels);
    free_names(p->task, p->tasks);
    free(p->bucket);
    for (size_t k = 0; k < 2; k++) {
        free(p->set[k].weight);
        free(p->set[k].surface);
        free(p->set[k].task);
        free(p->set[k].bias);
        free(p->set[k].curve);
    }
    free(p->dense);
    free(p->encoder);
    free(p->cost);
    free(p->mean_score);
    free(p->mean_nusd);
    free(p->priced);
    params_forget_told(p);
    *p = (struct params){0};
}

/* Row of a bucket, or kept when it has none. */
static size_t find_bucket(const struct params *p, uint32_t bucket)
{
    size_t low = 0, high = p->kept;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->bucket[mid] < bucket)
            low = mid + 1;
        else
            high = mid;
    }
    return low < p->kept && p->bucket[low] == bucket ? low : p->kept;
}

static int32_t clamped(const struct params *p, const struct shunt_encoding *code, size_t f)
{
    int32_t x = code->feature[f];
    return x < p->low[f] ? p->low[f] : x > p->high[f] ? p->high[f] : x;
}

void params_predict(const struct params *p, const char *text, size_t bytes, const char *task,
                    const float *vector, double *q)
{
    const struct params_set *x = &p->set[vector == NULL && p->sets == 2 ? 1 : 0];
    AUTO_FREE struct shunt_encoding *code = mem_alloc(sizeof *code);
    AUTO_FREE double *sum = mem_array(p->heads, sizeof *sum);
    shunt_encode(text, bytes, (unsigned)p->bits, code);
    size_t kept = 0, at_task = p->tasks;
    for (uint32_t i = 0; i < code->count; i++) {
        size_t row = find_bucket(p, code->bucket[i]);
        if (row == p->kept)
            continue;
        kept++;
        for (size_t h = 0; h < p->heads; h++)
            sum[h] += x->weight[row * p->heads + h];
    }
    for (size_t t = 0; task != NULL && t < p->tasks; t++)
        if (strcmp(p->task[t], task) == 0)
            at_task = t;
    for (size_t h = 0; h < p->heads; h++) {
        double z = x->bias[h] + (kept > 0 ? sum[h] / sqrt((double)kept) : 0.0);
        if (at_task < p->tasks)
            z += x->task[at_task * p->heads + h];
        for (size_t f = 0; f < SHUNT_FEATURES; f++)
            z += x->surface[f * p->heads + h] * clamped(p, code, f) / 65536.0;
        for (size_t k = 0; vector != NULL && k < p->dims; k++)
            z += p->dense[h * p->dims + k] * (double)vector[k];
        q[h] = isotonic_at(&x->curve[h], stat_sigmoid(z));
    }
}
