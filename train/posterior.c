/* Confidence heads, fitted side by side with the same inner folds as the priors that they use. One
 * job is one teller on one side: it chooses C by the teller's own head, then fits a head a model,
 * for each inner fold and for the whole side. Rows of a teller differ only in the prior of the
 * model that is asked about. Storing what comes out is train/save.c.
 */
#include "train/posterior.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/stat.h"
#include "core/thread.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const double grid[] = {0.003, 0.01, 0.03, 0.1, 0.3, 1, 3};
enum { GRID = sizeof grid / sizeof *grid, COLUMNS = 2 * SIGNALS, ROW_MAX = SIGNALS + 3 };
static const double EPS = 1e-3;

struct work {
    const struct matrix *m;
    const struct corpus *c;
    const struct targets *t;
    const struct side *side;
    size_t sides, inner;
    struct posterior *out;
    pthread_mutex_t lock; /* of progress */
    struct progress *progress;
    uint64_t done;
    atomic_bool stop;
};

double posterior_value(const struct posterior_head *h, const double signal[SIGNALS], uint32_t task)
{
    double z = h->bias;
    for (size_t k = 0; k < SIGNALS; k++)
        z += isnan(signal[k]) ? h->missing[k] : h->weight[k] * signal[k];
    if (task != CORPUS_NO_TASK) {
        const double *add = h->task + (size_t)task * 3;
        z += add[0];
        if (!isnan(signal[SIGNAL_MEAN]))
            z += add[1] * signal[SIGNAL_MEAN] + add[2] * signal[SIGNAL_TAIL];
    }
    return z;
}

static double within(double v, double lo, double hi)
{
    return isnan(v) ? v : fmin(fmax(v, lo), hi);
}

static double prior_logit(double q)
{
    return stat_logit(within(q, 1e-6, 1 - 1e-6));
}

/* What the reply of model a to prompt i says, but for the priors. */
static void reply_signals(const struct matrix *m, size_t i, size_t a, double out[SIGNALS])
{
    const size_t cell = i * m->models + a;
    for (size_t k = 0; k < SIGNALS; k++)
        out[k] = (double)NAN;
    out[SIGNAL_MEAN] = within(m->mean_logprob[cell], -50, 0);
    if (!isnan(out[SIGNAL_MEAN]))
        out[SIGNAL_TAIL] = log(-expm1(within(out[SIGNAL_MEAN], -50, -1e-6)));
    if (m->reply_bytes == NULL)
        return;
    out[SIGNAL_MIN] = within(m->min_logprob[cell], -50, 0);
    out[SIGNAL_ENTROPY] = within(m->entropy[cell], 0, 50);
    out[SIGNAL_LENGTH] = log1p(within(m->reply_bytes[cell], 0, 8388608));
}

/* The replies of one teller over one list of prompts. */
struct told {
    size_t n, models, teller;
    const uint32_t *prompt; /* [n] */
    double *signal;         /* [n][SIGNALS], without the target's prior */
    double *logit;          /* [n][models] priors */
    bool *there;            /* [n] it replied */
};

/* q: [n][heads] prior probabilities of these prompts. */
static void told_init(struct told *x, const struct work *k, size_t teller, const uint32_t *prompt,
                      size_t n, const double *q)
{
    const size_t models = k->t->models;
    *x = (struct told){.n = n, .models = models, .teller = teller, .prompt = prompt};
    x->signal = mem_array(n * SIGNALS, sizeof *x->signal);
    x->logit = mem_array(n * models, sizeof *x->logit);
    x->there = mem_array(n, sizeof *x->there);
    for (size_t i = 0; i < n; i++) {
        reply_signals(k->m, prompt[i], teller, x->signal + i * SIGNALS);
        for (size_t b = 0; b < models; b++)
            x->logit[i * models + b] = prior_logit(q[i * k->t->heads + b]);
        x->signal[i * SIGNALS + SIGNAL_PRIOR_REPLIED] = x->logit[i * models + teller];
        x->there[i] = k->m->first_reply[(size_t)prompt[i] * models + teller] != 0;
    }
}

static void told_deinit(struct told *x)
{
    free(x->signal);
    free(x->logit);
    free(x->there);
}

/* The signals of row i when model b is asked about. */
static void told_signals(const struct told *x, size_t i, size_t b, double out[SIGNALS])
{
    memcpy(out, x->signal + i * SIGNALS, SIGNALS * sizeof *out);
    if (b != x->teller)
        out[SIGNAL_PRIOR_TARGET] = x->logit[i * x->models + b];
}

/* How signals become columns: standardised, and an indicator where some are missing. Constants
 * (sd 0) and signals that are never there have no column. */
struct scale {
    double mean[SIGNALS], sd[SIGNALS];
    bool gaps[SIGNALS];
};

static void scale_fit(const struct told *x, size_t b, struct scale *s)
{
    double sum[SIGNALS] = {0}, square[SIGNALS] = {0}, known[SIGNALS] = {0}, rows = 0;
    for (size_t i = 0; i < x->n; i++) {
        double v[SIGNALS];
        if (!x->there[i])
            continue;
        told_signals(x, i, b, v);
        rows++;
        for (size_t k = 0; k < SIGNALS; k++)
            if (!isnan(v[k])) {
                known[k]++;
                sum[k] += v[k];
                square[k] += v[k] * v[k];
            }
    }
    for (size_t k = 0; k < SIGNALS; k++) {
        s->mean[k] = known[k] > 0 ? sum[k] / known[k] : 0;
        const double var = known[k] > 0 ? square[k] / known[k] - s->mean[k] * s->mean[k] : 0;
        s->sd[k] = var > 1e-12 ? sqrt(var) : 0;
        s->gaps[k] = known[k] > 0 && known[k] < rows;
    }
}

/* Columns: SIGNALS values, SIGNALS indicators, then three a task, whose slopes are not centred so
 * that a reply without log-probabilities gets none of them. */
static size_t make_row(const struct scale *s, const double v[SIGNALS], uint32_t task,
                       uint32_t column[ROW_MAX], double value[ROW_MAX])
{
    size_t n = 0;
    for (uint32_t k = 0; k < SIGNALS; k++)
        if (!isnan(v[k]) && s->sd[k] > 0) {
            column[n] = k;
            value[n++] = (v[k] - s->mean[k]) / s->sd[k];
        }
    for (uint32_t k = 0; k < SIGNALS; k++)
        if (isnan(v[k]) && s->gaps[k]) {
            column[n] = SIGNALS + k;
            value[n++] = 1;
        }
    if (task == CORPUS_NO_TASK)
        return n;
    column[n] = COLUMNS + task * 3;
    value[n++] = 1;
    static const uint32_t slope[2] = {SIGNAL_MEAN, SIGNAL_TAIL};
    for (uint32_t k = 0; k < 2; k++)
        if (!isnan(v[slope[k]]) && s->sd[slope[k]] > 0) {
            column[n] = COLUMNS + task * 3 + 1 + k;
            value[n++] = v[slope[k]] / s->sd[slope[k]];
        }
    return n;
}

static struct rows *make_rows(const struct work *k, const struct told *x, size_t b,
                              const struct scale *s)
{
    struct rows *r = rows_new(x->n, x->n * ROW_MAX, COLUMNS + 3 * k->c->tasks);
    for (size_t i = 0; i < x->n; i++) {
        double v[SIGNALS], value[ROW_MAX];
        uint32_t column[ROW_MAX];
        told_signals(x, i, b, v);
        rows_add(r, column, value, make_row(s, v, k->c->task[x->prompt[i]], column, value));
    }
    return r;
}

/* Weights of columns back to signals in their own units. */
static void unscale(const struct scale *s, const double *w, size_t tasks, struct posterior_head *h)
{
    h->bias = w[COLUMNS + 3 * tasks];
    for (size_t k = 0; k < SIGNALS; k++) {
        const double shift = s->sd[k] > 0 ? w[k] * s->mean[k] / s->sd[k] : 0;
        h->weight[k] = s->sd[k] > 0 ? w[k] / s->sd[k] : 0;
        h->bias -= shift;
        h->missing[k] = shift + (s->gaps[k] ? w[SIGNALS + k] : 0);
    }
    for (size_t t = 0; t < tasks; t++) {
        const double *at = w + COLUMNS + 3 * t, mean = s->sd[SIGNAL_MEAN],
                     tail = s->sd[SIGNAL_TAIL];
        h->task[t * 3] = at[0];
        h->task[t * 3 + 1] = mean > 0 ? at[1] / mean : 0;
        h->task[t * 3 + 2] = tail > 0 ? at[2] / tail : 0;
    }
}

/* Fit head (teller, b) on the rows outside inner fold `out` (inner: SIZE_MAX for all). With one
 * class only the head is its smoothed mean. */
static void fit_one(const struct work *k, const struct told *x, size_t b, const struct scale *s,
                    const struct rows *r, const uint32_t *inner, size_t out, double C, double *w,
                    struct posterior_head *h)
{
    const struct targets *t = k->t;
    AUTO_FREE struct example *ex = mem_array(x->n, sizeof *ex);
    size_t used = 0;
    double sum = 0, weight = 0;
    for (size_t i = 0; i < x->n; i++) {
        const double y = t->y[(size_t)x->prompt[i] * t->heads + b];
        if (isnan(y) || !x->there[i] || (out != SIZE_MAX && inner[i] == out))
            continue;
        const double copies = fmax(1, nearbyint(k->c->weight[x->prompt[i]] * t->copies[b]));
        const double good = nearbyint(y * copies);
        sum += good;
        weight += copies;
        ex[used++] = (struct example){(uint32_t)i, (uint32_t)good, (uint32_t)(copies - good)};
    }
    const size_t wide = COLUMNS + 3 * k->c->tasks + 1;
    if (used == 0 || !solver_fit(r, ex, used, C / t->copies[b], EPS, false, w)) {
        memset(w, 0, wide * sizeof *w);
        w[wide - 1] = stat_logit((sum / t->copies[b] + .5) / (weight / t->copies[b] + 1));
    }
    unscale(s, w, k->c->tasks, h);
}

static double predict(const struct work *k, const struct told *x, size_t i, size_t b,
                      const struct posterior_head *h)
{
    double v[SIGNALS];
    told_signals(x, i, b, v);
    return x->there[i] ? stat_sigmoid(posterior_value(h, v, k->c->task[x->prompt[i]]))
                       : (double)NAN;
}

/* One teller on one side. */
struct job {
    struct work *k;
    size_t at, place; /* side, place among the tellers */
    struct told train, eval;
    double *w;
    struct posterior_head head;
};

static void inner_predictions(struct job *j, size_t b, const struct scale *s, const struct rows *r,
                              double C, double *q)
{
    const struct side *side = &j->k->side[j->at];
    for (size_t f = 0; f < j->k->inner; f++) {
        fit_one(j->k, &j->train, b, s, r, side->inner, f, C, j->w, &j->head);
        for (size_t i = 0; i < j->train.n; i++)
            if (side->inner[i] == f)
                q[i] = predict(j->k, &j->train, i, b, &j->head);
    }
}

/* Mean log loss of predictions q [n] of model b; *weight (may be NULL) gets the weight. */
static double loss_of(const struct work *k, const struct told *x, size_t b, const double *q,
                      double *weight)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < x->n; i++) {
        const double y = k->t->y[(size_t)x->prompt[i] * k->t->heads + b];
        if (isnan(y) || isnan(q[i]))
            continue;
        sum += k->c->weight[x->prompt[i]] * stat_log_loss(q[i], y);
        all += k->c->weight[x->prompt[i]];
    }
    if (weight)
        *weight = all;
    return all > 0 ? sum / all : (double)NAN;
}

/* Standard error of the difference of mean log losses of two sets of predictions. */
static double difference_se(const struct told *x, const struct work *k, size_t b, const double *q,
                            const double *r)
{
    double sum = 0, square = 0, n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const double y = k->t->y[(size_t)x->prompt[i] * k->t->heads + b];
        if (isnan(y) || isnan(q[i]))
            continue;
        const double d = stat_log_loss(q[i], y) - stat_log_loss(r[i], y);
        sum += d;
        square += d * d;
        n++;
    }
    return n > 1 ? sqrt(fmax(square - sum * sum / n, 0) / (n - 1) / n) : 0;
}

/* Upwards, up to the first C that is no better; then the smallest that is not worse than the best
 * by more than a standard error of the difference (the one standard error rule of Breiman et al.
 * 1984). A plan takes the largest of many heads, so that what is smooth serves it better than its
 * log loss says: cost share of plans on nine models .372 in place of .389, mean over five seeds. */
static double choose_C(struct job *j, size_t b, const struct scale *s, const struct rows *r)
{
    const size_t n = j->train.n;
    AUTO_FREE double *q = mem_array(GRID * n, sizeof *q);
    double loss[GRID];
    size_t best = 0, tried = 0;
    while (tried < GRID) {
        inner_predictions(j, b, s, r, grid[tried], q + tried * n);
        loss[tried] = loss_of(j->k, &j->train, b, q + tried * n, NULL);
        tried++;
        if (!(loss[tried - 1] <= loss[best]))
            break;
        best = tried - 1;
    }
    for (size_t g = 0; g < best; g++)
        if (loss[g] - loss[best] <= difference_se(&j->train, j->k, b, q + g * n, q + best * n))
            return grid[g];
    return grid[best];
}

static void one_target(struct job *j, size_t b, double C)
{
    struct work *k = j->k;
    struct posterior *p = k->out;
    const bool final = j->at == k->sides;
    struct scale s;
    scale_fit(&j->train, b, &s);
    struct rows *r = make_rows(k, &j->train, b, &s);
    if (!final) {
        AUTO_FREE double *q = mem_array(j->train.n, sizeof *q);
        inner_predictions(j, b, &s, r, C, q);
        for (size_t i = 0; i < j->train.n; i++)
            p->side[j->at].inner_q[(i * p->tellers + j->place) * p->models + b] = (float)q[i];
    }
    struct posterior_head *h = final ? &p->head[j->place * p->models + b] : &j->head;
    fit_one(k, &j->train, b, &s, r, NULL, SIZE_MAX, C, j->w, h);
    for (size_t i = 0; i < j->eval.n; i++)
        p->side[j->at].q[(i * p->tellers + j->place) * p->models + b] =
            (float)predict(k, &j->eval, i, b, h);
    rows_free(r);
}

static void run_job(void *arg, size_t number)
{
    struct work *k = arg;
    struct posterior *p = k->out;
    const size_t a = p->teller[number % p->tellers];
    struct job j = {.k = k, .at = number / p->tellers, .place = number % p->tellers};
    const struct side *side = &k->side[j.at];
    if (atomic_load(&k->stop))
        return;
    told_init(&j.train, k, a, side->train, side->n, side->inner_q);
    told_init(&j.eval, k, a, side->eval, j.at < k->sides ? side->evals : 0, side->q);
    j.w = mem_array(COLUMNS + 3 * p->tasks + 1, sizeof *j.w);
    j.head.task = mem_array(3 * p->tasks, sizeof *j.head.task);
    struct scale s;
    scale_fit(&j.train, a, &s);
    struct rows *r = make_rows(k, &j.train, a, &s);
    const double C = choose_C(&j, a, &s, r);
    rows_free(r);
    if (j.at < k->sides)
        p->side[j.at].C[j.place] = C;
    for (size_t b = 0; b < p->models && !interrupted(); b++)
        one_target(&j, b, C);
    if (interrupted())
        atomic_store(&k->stop, true);
    free(j.head.task);
    free(j.w);
    told_deinit(&j.train);
    told_deinit(&j.eval);
    pthread_mutex_lock(&k->lock);
    progress_set(k->progress, ++k->done, NULL);
    pthread_mutex_unlock(&k->lock);
}

/* Models whose replies carry log-probabilities more often than not. */
static void find_tellers(const struct matrix *m, struct posterior *p)
{
    p->teller = mem_array(m->models, sizeof *p->teller);
    for (size_t a = 0; m->first_reply != NULL && m->mean_logprob != NULL && a < m->models; a++) {
        size_t replies = 0, known = 0;
        for (size_t i = 0; i < m->prompts; i++) {
            const size_t cell = i * m->models + a;
            replies += m->first_reply[cell] != 0;
            known += m->first_reply[cell] != 0 && !isnan(m->mean_logprob[cell]);
        }
        if (known > 0 && 2 * known >= replies)
            p->teller[p->tellers++] = a;
    }
}

/* Log loss of each teller's success over all held-out prompts, by its prior and after its reply. */
static void measure(const struct work *k, struct posterior *p)
{
    for (size_t place = 0; place < p->tellers; place++) {
        const size_t a = p->teller[place];
        double before = 0, after = 0, weight = 0;
        for (size_t at = 0; at < k->sides; at++) {
            const struct side *side = &k->side[at];
            struct told x;
            told_init(&x, k, a, side->eval, side->evals, side->q);
            AUTO_FREE double *prior = mem_array(x.n, sizeof *prior), *q = mem_array(x.n, sizeof *q);
            for (size_t i = 0; i < x.n; i++) {
                q[i] = (double)p->side[at].q[(i * p->tellers + place) * p->models + a];
                prior[i] = isnan(q[i]) ? (double)NAN : side->q[i * k->t->heads + a];
            }
            double w;
            const double loss = loss_of(k, &x, a, q, &w);
            if (w > 0) {
                after += w * loss;
                before += w * loss_of(k, &x, a, prior, NULL);
                weight += w;
            }
            told_deinit(&x);
        }
        p->prior_loss[place] = weight > 0 ? before / weight : (double)NAN;
        p->loss[place] = weight > 0 ? after / weight : (double)NAN;
    }
}

int posterior_fit(const struct matrix *m, const struct corpus *c, const struct targets *t,
                  const struct side *side, size_t sides, size_t inner, size_t jobs,
                  struct posterior *out, struct err *e)
{
    *out = (struct posterior){.models = t->models, .tasks = c->tasks, .sides = sides};
    find_tellers(m, out);
    if (out->tellers == 0)
        return ERR_OK;
    const size_t row = out->tellers * out->models;
    out->side = mem_array(sides, sizeof *out->side);
    for (size_t k = 0; k < sides; k++) {
        out->side[k].q = mem_array(side[k].evals * row, sizeof(float));
        out->side[k].inner_q = mem_array(side[k].n * row, sizeof(float));
        out->side[k].C = mem_array(out->tellers, sizeof(double));
    }
    out->head = mem_array(row, sizeof *out->head);
    for (size_t h = 0; h < row; h++)
        out->head[h].task = mem_array(3 * c->tasks, sizeof(double));
    out->prior_loss = mem_array(out->tellers, sizeof(double));
    out->loss = mem_array(out->tellers, sizeof(double));

    struct work k = {
        .m = m, .c = c, .t = t, .side = side, .sides = sides, .inner = inner, .out = out};
    pthread_mutex_init(&k.lock, NULL);
    k.progress = progress_new("confidence heads", (sides + 1) * out->tellers);
    thread_for((sides + 1) * out->tellers, jobs, run_job, &k);
    progress_end(k.progress);
    pthread_mutex_destroy(&k.lock);
    if (atomic_load(&k.stop)) {
        posterior_deinit(out);
        return err_set(e, ERR_PARTIAL, "interrupted; nothing was stored");
    }
    measure(&k, out);
    return ERR_OK;
}

void posterior_deinit(struct posterior *p)
{
    for (size_t k = 0; p->side != NULL && k < p->sides; k++) {
        free(p->side[k].q);
        free(p->side[k].inner_q);
        free(p->side[k].C);
    }
    free(p->side);
    for (size_t h = 0; p->head != NULL && h < p->tellers * p->models; h++)
        free(p->head[h].task);
    free(p->head);
    free(p->teller);
    free(p->prior_loss);
    free(p->loss);
    *p = (struct posterior){0};
}
