/* Ranking what is not labelled yet. The heads are those of the router that is shipped. */
#include "train/label_next.h"

#include "core/fs.h"
#include "core/mem.h"
#include "core/money.h"
#include "core/stat.h"
#include "train/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double label_value(double difference, double s)
{
    if (!(s > 0))
        return 0;
    const double z = fabs(difference) / s, pdf = exp(-z * z / 2) / sqrt(2 * acos(-1));
    return s * fmax(0, pdf - z * stat_norm_cdf(-z));
}

/* Everything about the candidates: their matrix, their corpus in the training's tasks. */
struct pool {
    struct matrix *m;
    struct corpus *c;
    bool *have; /* [prompts] a vector, or NULL: none is needed */
};

static void pool_free(struct pool *p)
{
    matrix_free(p->m);
    corpus_free(p->c);
    free(p->have);
}

static int load_pool(struct store *s, const struct training *t, const struct train_options *o,
                     struct pool *p, struct err *e)
{
    struct str_vec models = {0};
    for (size_t k = 0; k < t->matrix->models; k++)
        VEC_PUSH(&models, mem_strdup(t->matrix->model[k].name));
    int rc = matrix_load(s, &(struct matrix_options){.models = &models}, &p->m, e);
    str_vec_free(&models);
    if (rc != ERR_OK)
        return rc;
    AUTO_FREE bool *keep = mem_array(p->m->prompts, sizeof *keep);
    for (size_t i = 0; i < p->m->prompts; i++)
        for (size_t k = 0; k < p->m->models && p->m->prompt[i].split != 'e' && !keep[i]; k++)
            keep[i] = isnan(p->m->score[i * p->m->models + k]);
    matrix_keep(p->m, keep);
    p->c = corpus_new(p->m, t->corpus->bits, o->jobs);
    for (size_t i = 0; i < p->m->prompts; i++) /* as the training numbers them */
        p->c->task[i] = corpus_task(t->corpus, p->m->prompt[i].task);
    if (!t->final->use.dense)
        return ERR_OK;
    bool hashed;
    const char *endpoint;
    char id[VECTORS_ID];
    float *v = NULL;
    size_t dims = 0, missing;
    rc = vectors_parse(o->encoder, &hashed, &endpoint, e);
    if (rc == ERR_OK)
        rc = vectors_load_some(s, p->m, endpoint, &v, &p->have, &dims, id, &missing, e);
    corpus_set_dense(p->c, v, dims);
    return rc;
}

/* One prompt in the columns of the router: the bias is the last. */
struct line {
    uint32_t *column; /* [n] */
    double *value;
    size_t n;
};

static void line_init(struct line *x, const struct training *t)
{
    const size_t most = space_row_max(t->corpus) + 1;
    *x = (struct line){mem_array(most, sizeof *x->column), mem_array(most, sizeof *x->value), 0};
}

static void line_deinit(struct line *x)
{
    free(x->column);
    free(x->value);
}

static void line_of(const struct training *t, const struct corpus *c, size_t i, struct line *x)
{
    x->n = space_row(t->final->space, c, i, x->column, x->value);
    x->column[x->n] = (uint32_t)t->final->space->columns;
    x->value[x->n++] = 1;
}

static double dot(const struct line *x, const double *w)
{
    double sum = 0;
    for (size_t k = 0; k < x->n; k++)
        sum += x->value[k] * w[x->column[k]];
    return sum;
}

/* Diagonals of the heads' Hessians over what trained them, 1/C on every column:
 * [models][columns + 1]. */
static double *hessians(const struct training *t, struct line *x)
{
    const struct side *s = t->final;
    const size_t wide = s->space->columns + 1, models = t->targets.models;
    double *d = mem_array(models * wide, sizeof *d);
    for (size_t j = 0; j < models * wide; j++)
        d[j] = 1 / s->choice[j / wide].C;
    for (size_t i = 0; i < s->n; i++) {
        line_of(t, t->corpus, s->train[i], x);
        for (size_t h = 0; h < models; h++) {
            if (isnan(t->y[(size_t)s->train[i] * t->targets.heads + h]))
                continue;
            const double p = stat_sigmoid(dot(x, s->w + h * wide));
            const double weight = p * (1 - p) * t->corpus->weight[s->train[i]];
            for (size_t k = 0; k < x->n; k++)
                d[h * wide + x->column[k]] += weight * x->value[k] * x->value[k];
        }
    }
    return d;
}

/* q and its standard error for every candidate and model: [prompts][models]. */
static void expectations(const struct training *t, const struct pool *p, double *q, double *se)
{
    const struct side *s = t->final;
    const size_t models = p->m->models, wide = s->space->columns + 1;
    struct line x;
    line_init(&x, t);
    AUTO_FREE double *d = hessians(t, &x);
    for (size_t i = 0; i < p->m->prompts; i++) {
        line_of(t, p->c, i, &x);
        for (size_t h = 0; h < models; h++) {
            const struct choice *c = &s->choice[h];
            const double *g = s->g + h * (t->corpus->tasks + 1);
            const double task =
                g[p->c->task[i] != CORPUS_NO_TASK ? p->c->task[i] : t->corpus->tasks];
            const double v = choice_quality(c, dot(&x, s->w + h * wide), task);
            double variance = 0;
            for (size_t k = 0; k < x.n; k++)
                variance += x.value[k] * x.value[k] / d[h * wide + x.column[k]];
            q[i * models + h] = v;
            se[i * models + h] = v * (1 - v) * fabs(c->a) * (1 - c->alpha) * sqrt(variance);
        }
    }
    line_deinit(&x);
}

static struct label_wish wish_of(const struct training *t, const struct pool *p, size_t i,
                                 const double *q, const double *se, double grading_usd)
{
    const size_t models = p->m->models;
    const struct cost_model *cost = &t->cost[t->predicting];
    struct label_wish x = {0};
    double most = -1;
    for (size_t m = 0; m < models; m++) {
        if (!isnan(p->m->score[i * models + m])) {
            x.answered++;
            continue;
        }
        x.missing++;
        double best = 0;
        for (size_t k = 0; k < models; k++)
            if (k != m)
                best = fmax(best, q[k]);
        const double v = models > 1 ? label_value(q[m] - best, se[m]) : se[m];
        const int64_t nusd = cost_predict(cost, p->c->task[i], p->c->bytes[i], m);
        x.value += v * p->c->weight[i];
        x.cost_usd += nusd == MONEY_UNKNOWN ? (double)NAN : (double)nusd / 1e9 + grading_usd;
        if (v > most) {
            most = v;
            x.model = m;
        }
    }
    x.per_dollar = x.cost_usd > 0 ? x.value / x.cost_usd : (double)NAN;
    return x;
}

/* Decreasing value per dollar; where no cost is known, by value, behind those; then by place. */
static int by_worth(const void *a, const void *b)
{
    const struct label_wish *x = a, *y = b;
    const bool cx = !isnan(x->per_dollar), cy = !isnan(y->per_dollar);
    if (cx != cy)
        return cx ? -1 : 1;
    const double vx = cx ? x->per_dollar : x->value, vy = cx ? y->per_dollar : y->value;
    if (vx > vy || vx < vy)
        return vx > vy ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

int label_next(struct store *s, const struct training *t, const struct train_options *o,
               size_t most, double grading_usd, struct label_wishes *out, struct err *e)
{
    struct pool p = {0};
    *out = (struct label_wishes){0};
    int rc = load_pool(s, t, o, &p, e);
    if (rc != ERR_OK) {
        pool_free(&p);
        return rc;
    }
    const size_t n = p.m->prompts, models = p.m->models;
    AUTO_FREE double *q = mem_array(n * models, sizeof *q), *se = mem_array(n * models, sizeof *se);
    if (n > 0)
        expectations(t, &p, q, se);
    struct label_wish *wish = mem_array(n, sizeof *wish);
    out->candidates = n;
    size_t ranked = 0;
    for (size_t i = 0; i < n; i++) {
        if (p.have != NULL && !p.have[i]) {
            out->no_vector++;
            continue;
        }
        wish[ranked] = wish_of(t, &p, i, q + i * models, se + i * models, grading_usd);
        wish[ranked++].place = i;
    }
    qsort(wish, ranked, sizeof *wish, by_worth);
    out->wish = wish;
    out->n = ranked < most ? ranked : most;
    for (size_t k = 0; k < out->n; k++) {
        const struct matrix_prompt *x = &p.m->prompt[wish[k].place];
        wish[k].id = mem_strdup(x->ext_id);
        wish[k].task = mem_strdup(x->task);
    }
    out->models = models;
    out->model = mem_array(models, sizeof *out->model);
    for (size_t m = 0; m < models; m++)
        out->model[m] = mem_strdup(p.m->model[m].name);
    pool_free(&p);
    return ERR_OK;
}

void label_wishes_deinit(struct label_wishes *x)
{
    for (size_t k = 0; k < x->n; k++) {
        free(x->wish[k].id);
        free(x->wish[k].task);
    }
    for (size_t m = 0; m < x->models; m++)
        free(x->model[m]);
    free(x->wish);
    free(x->model);
    *x = (struct label_wishes){0};
}
