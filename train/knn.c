/* Nearest neighbours by an inverted index over buckets, or by all pairs of dense vectors. What the
 * control is worth beside the router is measured in cli/study_controls.c.
 */
#include "train/knn.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/stat.h"
#include "core/thread.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Buckets of more than a tenth of the prompts (and 200) tell two prompts apart from hardly any
 * other, and hold most of the work. */
enum { COMMON_SHARE = 10, COMMON_LEAST = 200, BLOCK = 64 };
static const size_t choices[] = {1, 2, 5, 10, 20, 40, 80, 160};
enum { CHOICES = sizeof choices / sizeof *choices };

struct search {
    const struct corpus *c;
    bool hashed;
    uint32_t *list;
    /* inverted index */
    size_t *start;     /* [2^bits + 1] into posting */
    uint32_t *posting; /* prompts with the bucket, ascending */
    double *square;    /* [2^bits] idf squared, 0: not used */
    double *norm;      /* [n] 1 / length of the prompt's vector, 0: empty */
    atomic_bool stop;
};

static void index_buckets(struct search *s)
{
    const struct corpus *c = s->c;
    const size_t buckets = (size_t)1 << c->bits;
    size_t most = c->n / COMMON_SHARE;
    most = most < COMMON_LEAST ? COMMON_LEAST : most;
    s->start = mem_array(buckets + 1, sizeof *s->start);
    s->square = mem_array(buckets, sizeof *s->square);
    AUTO_FREE uint32_t *df = mem_array(buckets, sizeof *df);
    for (size_t k = 0; k < c->start[c->n]; k++)
        df[c->bucket[k]]++;
    for (size_t b = 0; b < buckets; b++) {
        const bool used = df[b] >= 2 && df[b] <= most;
        const double idf = log((1.0 + (double)c->n) / (1.0 + df[b])) + 1.0;
        s->square[b] = used ? idf * idf : 0;
        s->start[b + 1] = s->start[b] + (used ? df[b] : 0);
    }
    s->posting = mem_array(s->start[buckets], sizeof *s->posting);
    AUTO_FREE size_t *at = mem_array(buckets, sizeof *at);
    memcpy(at, s->start, buckets * sizeof *at);
    for (size_t i = 0; i < c->n; i++) {
        double sum = 0;
        for (size_t k = c->start[i]; k < c->start[i + 1]; k++) {
            const uint32_t b = c->bucket[k];
            sum += s->square[b];
            if (s->square[b] > 0)
                s->posting[at[b]++] = (uint32_t)i;
        }
        s->norm[i] = sum > 0 ? 1 / sqrt(sum) : 0;
    }
}

static double length_of(const float *v, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += (double)v[k] * (double)v[k];
    return sum > 0 ? 1 / sqrt(sum) : 0;
}

/* like [n]: the cosine of prompt i with every other. */
static void likeness(const struct search *s, size_t i, double *like)
{
    const struct corpus *c = s->c;
    if (!s->hashed) {
        const float *x = c->dense + i * c->dims;
        for (size_t j = 0; j < c->n; j++) {
            const float *y = c->dense + j * c->dims;
            float sum[4] = {0};
            size_t k = 0;
            for (; k + 4 <= c->dims; k += 4)
                for (size_t p = 0; p < 4; p++)
                    sum[p] += x[k + p] * y[k + p];
            for (; k < c->dims; k++)
                sum[0] += x[k] * y[k];
            like[j] = (double)(sum[0] + sum[1] + (sum[2] + sum[3])) * s->norm[i] * s->norm[j];
        }
        return;
    }
    memset(like, 0, c->n * sizeof *like);
    for (size_t k = c->start[i]; k < c->start[i + 1]; k++) {
        const uint32_t b = c->bucket[k];
        for (size_t p = s->start[b]; s->square[b] > 0 && p < s->start[b + 1]; p++)
            like[s->posting[p]] += s->square[b];
    }
    for (size_t j = 0; j < c->n; j++)
        like[j] *= s->norm[i] * s->norm[j];
}

struct near {
    double like;
    uint32_t prompt;
};

static int by_likeness(const void *a, const void *b)
{
    const struct near *x = a, *y = b;
    if (x->like > y->like || x->like < y->like)
        return x->like > y->like ? -1 : 1;
    return x->prompt < y->prompt ? -1 : 1;
}

/* Keeps the best KNN_LIST of what came: the buffer is cut back whenever it is full. */
static size_t cut(struct near *v, size_t n)
{
    qsort(v, n, sizeof *v, by_likeness);
    return n < KNN_LIST ? n : KNN_LIST;
}

static void search_block(void *arg, size_t block)
{
    struct search *s = arg;
    const struct corpus *c = s->c;
    AUTO_FREE double *like = mem_array(c->n, sizeof *like);
    AUTO_FREE struct near *best = mem_array(4 * KNN_LIST, sizeof *best);
    const size_t end = (block + 1) * BLOCK < c->n ? (block + 1) * BLOCK : c->n;
    for (size_t i = block * BLOCK; i < end && !atomic_load(&s->stop); i++) {
        size_t n = 0;
        double least = -INFINITY;
        likeness(s, i, like);
        for (size_t j = 0; j < c->n; j++) {
            if (c->cluster[j] == c->cluster[i] || like[j] < least || (s->hashed && !(like[j] > 0)))
                continue;
            best[n++] = (struct near){like[j], (uint32_t)j};
            if (n == 4 * KNN_LIST) {
                n = cut(best, n);
                least = best[n - 1].like;
            }
        }
        n = cut(best, n);
        for (size_t k = 0; k < KNN_LIST; k++)
            s->list[i * KNN_LIST + k] = k < n ? best[k].prompt : UINT32_MAX;
        if (interrupted())
            atomic_store(&s->stop, true);
    }
}

static bool find_lists(const struct corpus *c, bool hashed, size_t jobs, uint32_t *list)
{
    struct search s = {.c = c, .hashed = hashed, .list = list};
    s.norm = mem_array(c->n, sizeof *s.norm);
    if (hashed)
        index_buckets(&s);
    for (size_t i = 0; !hashed && i < c->n; i++)
        s.norm[i] = length_of(c->dense + i * c->dims, c->dims);
    thread_for((c->n + BLOCK - 1) / BLOCK, jobs, search_block, &s);
    free(s.norm);
    free(s.start);
    free(s.posting);
    free(s.square);
    return !atomic_load(&s.stop);
}

void knn_lists(const struct corpus *c, bool hashed, size_t jobs, uint32_t *list)
{
    find_lists(c, hashed, jobs, list);
}

/* One side: who trains, and each model's mean there. */
struct fold {
    const struct training *t;
    const uint32_t *list;
    bool *trains; /* [n] */
    double *mean; /* [models] */
};

/* Sums over the first neighbours that train and have a score of model m, at each choice of k;
 * q [CHOICES]. A list that ends early gives what it has. */
static void predict(const struct fold *f, size_t i, size_t m, double *q)
{
    const struct training *t = f->t;
    double sum = 0;
    size_t n = 0, at = 0;
    for (size_t k = 0; k < KNN_LIST && at < CHOICES; k++) {
        const uint32_t j = f->list[i * KNN_LIST + k];
        if (j == UINT32_MAX)
            break;
        const double y = f->trains[j] ? t->y[(size_t)j * t->targets.heads + m] : (double)NAN;
        if (isnan(y))
            continue;
        sum += y;
        n++;
        if (n == choices[at])
            q[at++] = (sum + f->mean[m]) / ((double)n + 1);
    }
    for (; at < CHOICES; at++)
        q[at] = (sum + f->mean[m]) / ((double)n + 1);
}

static void means(const struct side *s, struct fold *f)
{
    const struct training *t = f->t;
    for (size_t m = 0; m < t->targets.models; m++) {
        double sum = 0, weight = 0;
        for (size_t i = 0; i < s->n; i++) {
            const double y = t->y[(size_t)s->train[i] * t->targets.heads + m];
            if (isnan(y))
                continue;
            sum += t->corpus->weight[s->train[i]] * y;
            weight += t->corpus->weight[s->train[i]];
        }
        f->mean[m] = weight > 0 ? sum / weight : .5;
    }
}

/* The k of least log loss on the side's own training prompts. */
static size_t choose(const struct side *s, const struct fold *f)
{
    const struct training *t = f->t;
    double loss[CHOICES] = {0}, q[CHOICES];
    for (size_t i = 0; i < s->n; i++)
        for (size_t m = 0; m < t->targets.models; m++) {
            const double y = t->y[(size_t)s->train[i] * t->targets.heads + m];
            if (isnan(y))
                continue;
            predict(f, s->train[i], m, q);
            for (size_t k = 0; k < CHOICES; k++)
                loss[k] += t->corpus->weight[s->train[i]] * stat_log_loss(q[k], y);
        }
    size_t best = 0;
    for (size_t k = 1; k < CHOICES; k++)
        if (loss[k] < loss[best])
            best = k;
    return best;
}

static size_t most_common(const size_t *k, size_t n)
{
    size_t best = 0, often = 0;
    for (size_t c = 0; c < CHOICES; c++) {
        size_t times = 0;
        for (size_t i = 0; i < n; i++)
            times += k[i] == choices[c];
        if (times > often) {
            often = times;
            best = choices[c];
        }
    }
    return best;
}

int knn_fit(const struct training *t, size_t jobs, struct knn *out, struct err *e)
{
    *out = (struct knn){0};
    const size_t n = t->corpus->n, models = t->targets.models;
    if (n > KNN_MOST)
        return err_set(e, ERR_LIMIT, "nearest neighbours are tried up to %d prompts, not %zu",
                       KNN_MOST, n);
    const double start = clock_s();
    AUTO_FREE uint32_t *list = mem_array(n * KNN_LIST, sizeof *list);
    if (!find_lists(t->corpus, t->final->use.hashed, jobs, list))
        return err_set(e, ERR_PARTIAL, "interrupted");
    out->q = mem_array(n * models, sizeof *out->q);
    out->k = mem_array(t->predicting, sizeof *out->k);
    for (size_t k = 0; k < n * models; k++)
        out->q[k] = (double)NAN;
    AUTO_FREE bool *trains = mem_array(n, sizeof *trains);
    AUTO_FREE double *mean = mem_array(models, sizeof *mean);
    struct fold f = {t, list, trains, mean};
    for (size_t at = 0; at < t->predicting; at++) {
        const struct side *s = &t->side[at];
        double q[CHOICES];
        memset(trains, 0, n * sizeof *trains);
        for (size_t i = 0; i < s->n; i++)
            trains[s->train[i]] = true;
        means(s, &f);
        const size_t k = choose(s, &f);
        out->k[at] = choices[k];
        for (size_t i = 0; i < s->evals; i++)
            for (size_t m = 0; m < models; m++) {
                predict(&f, s->eval[i], m, q);
                out->q[(size_t)s->eval[i] * models + m] = q[k];
            }
    }
    out->common = most_common(out->k, t->predicting);
    out->seconds = clock_s() - start;
    return ERR_OK;
}

void knn_deinit(struct knn *x)
{
    free(x->q);
    free(x->k);
    *x = (struct knn){0};
}
