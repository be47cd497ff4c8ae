/* Votes as rows of one regression over all models. The sides are dealt by train/train.c; what a
 * head becomes in a table is train/params.c, as for any other.
 */
#include "train/preference.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/stat.h"
#include "core/thread.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tie is one copy for each side, so a vote is two copies and C is halved. */
enum { COPIES = 2, RESAMPLES = 1000 };
static const double RATING_C = 10, INNER_EPS = 10;

void votes_init(struct votes *v, struct vote *vote, size_t n, size_t prompts)
{
    *v = (struct votes){vote, n, mem_array(prompts + 1, sizeof *v->start)};
    for (size_t k = 0; k < n; k++)
        v->start[vote[k].prompt + 1]++;
    for (size_t i = 0; i < prompts; i++)
        v->start[i + 1] += v->start[i];
}

void votes_deinit(struct votes *v)
{
    free(v->vote);
    free(v->start);
    *v = (struct votes){0};
}

void preference_figures_deinit(struct preference_figures *f)
{
    free(f->model);
    *f = (struct preference_figures){0};
}

/* One prompt's row, the model's own bias last. */
struct line {
    uint32_t *column;
    double *value;
    size_t n;
};

static void line_init(struct line *x, const struct corpus *c)
{
    const size_t most = space_row_max(c) + 1;
    *x = (struct line){mem_array(most, sizeof *x->column), mem_array(most, sizeof *x->value), 0};
}

static void line_deinit(struct line *x)
{
    free(x->column);
    free(x->value);
}

static size_t wide_of(const struct space *s)
{
    return (s != NULL ? s->columns : 0) + 1;
}

static void line_of(const struct space *s, const struct corpus *c, size_t i, struct line *x)
{
    x->n = s != NULL ? space_row(s, c, i, x->column, x->value) : 0;
    x->column[x->n] = (uint32_t)(wide_of(s) - 1);
    x->value[x->n++] = 1;
}

static double strength(const struct line *x, const double *w)
{
    double sum = 0;
    for (size_t k = 0; k < x->n; k++)
        sum += x->value[k] * w[x->column[k]];
    return sum;
}

void preference_solve(const struct corpus *c, const struct space *space, const struct votes *v,
                      size_t models, const uint32_t *prompt, size_t n, double C, double eps,
                      bool warm, double *w)
{
    const size_t wide = wide_of(space);
    struct line x;
    line_init(&x, c);
    size_t count = 0, nodes = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t votes = v->start[prompt[i] + 1] - v->start[prompt[i]];
        count += votes;
        if (votes > 0) {
            line_of(space, c, prompt[i], &x);
            nodes += votes * 2 * x.n;
        }
    }
    struct rows *rows = rows_new(count, nodes, models * wide);
    AUTO_FREE struct example *example = mem_array(count, sizeof *example);
    AUTO_FREE uint32_t *column = mem_array(2 * (space_row_max(c) + 1), sizeof *column);
    AUTO_FREE double *value = mem_array(2 * (space_row_max(c) + 1), sizeof *value);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (v->start[prompt[i] + 1] > v->start[prompt[i]])
            line_of(space, c, prompt[i], &x);
        for (size_t k = v->start[prompt[i]]; k < v->start[prompt[i] + 1]; k++) {
            const struct vote *y = &v->vote[k];
            for (size_t part = 0; part < 2; part++) { /* ascending columns */
                const bool a = (y->a < y->b) == (part == 0);
                const size_t block = a ? y->a : y->b;
                for (size_t j = 0; j < x.n; j++) {
                    column[part * x.n + j] = (uint32_t)(block * wide + x.column[j]);
                    value[part * x.n + j] = a ? x.value[j] : -x.value[j];
                }
            }
            rows_add(rows, column, value, 2 * x.n);
            const double copies = fmax(1, nearbyint(c->weight[prompt[i]] * COPIES));
            const double won = nearbyint(y->outcome * copies);
            example[used] =
                (struct example){(uint32_t)used, (uint32_t)won, (uint32_t)(copies - won)};
            used++;
        }
    }
    if (used == 0 || !solver_fit(rows, example, used, C / COPIES, eps, warm, w))
        memset(w, 0, (models * wide + 1) * sizeof *w); /* all votes alike: nothing is known */
    rows_free(rows);
    line_deinit(&x);
}

struct work {
    const struct corpus *c;
    const struct votes *v;
    size_t models;
    struct side *side;
    const struct fit_options *o;
    double **value;  /* [sides] [votes] held out: s_a - s_b + h, in order of the side's votes */
    double **rating; /* the same by ratings alone */
    double *first;   /* [sides] h */
    atomic_bool stop;
};

/* The split of a side's training prompts by inner fold. */
static size_t pick(const struct side *s, size_t fold, bool held, uint32_t *prompt, size_t *place)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if ((s->inner[i] == fold) == held) {
            if (place != NULL)
                place[n] = i;
            prompt[n++] = s->train[i];
        }
    return n;
}

/* Summed log loss of the votes on prompt i, whose row is x. */
static double vote_loss(const struct work *k, size_t i, const struct line *x, size_t wide,
                        const double *w)
{
    double sum = 0;
    for (size_t at = k->v->start[i]; at < k->v->start[i + 1]; at++) {
        const struct vote *y = &k->v->vote[at];
        const double z =
            strength(x, w + y->a * wide) - strength(x, w + y->b * wide) + w[k->models * wide];
        sum += k->c->weight[i] * stat_log_loss(stat_sigmoid(z), y->outcome);
    }
    return sum;
}

/* Out-of-fold q at every C until it gets no better; the chosen C and its q stay in the side. */
static void choose(struct work *k, struct side *s)
{
    const size_t models = k->models, folds = k->o->inner;
    AUTO_FREE uint32_t *rest = mem_array(s->n, sizeof *rest);
    AUTO_FREE uint32_t *held = mem_array(s->n, sizeof *held);
    AUTO_FREE size_t *place = mem_array(s->n, sizeof *place);
    AUTO_FREE double *q = mem_array(s->n * models, sizeof *q);
    AUTO_FREE double **w = mem_array(folds, sizeof *w);
    struct space **space = mem_array(folds, sizeof *space);
    struct line x;
    line_init(&x, k->c);
    double least = INFINITY, best = k->o->grid[0];
    for (size_t grid = 0; grid < k->o->grid_n && !atomic_load(&k->stop); grid++) {
        double loss = 0;
        for (size_t f = 0; f < folds; f++) {
            const size_t rests = pick(s, f, false, rest, NULL),
                         helds = pick(s, f, true, held, place);
            if (rests == 0)
                continue;
            if (grid == 0) {
                space[f] = space_new(k->c, rest, rests, &s->use);
                w[f] = mem_array(models * wide_of(space[f]) + 1, sizeof **w);
            }
            const size_t wide = wide_of(space[f]);
            preference_solve(k->c, space[f], k->v, models, rest, rests, k->o->grid[grid],
                             k->o->eps * INNER_EPS, grid > 0, w[f]);
            for (size_t i = 0; i < helds; i++) {
                line_of(space[f], k->c, held[i], &x);
                for (size_t m = 0; m < models; m++)
                    q[place[i] * models + m] = stat_sigmoid(strength(&x, w[f] + m * wide));
                loss += vote_loss(k, held[i], &x, wide, w[f]);
            }
            if (interrupted())
                atomic_store(&k->stop, true);
        }
        if (loss >= least)
            break;
        least = loss;
        best = k->o->grid[grid];
        memcpy(s->inner_q, q, s->n * models * sizeof *q);
    }
    for (size_t m = 0; m < models; m++)
        s->choice[m] = (struct choice){.C = best, .a = 1, .loss = (double)NAN};
    for (size_t f = 0; f < folds; f++) {
        space_free(space[f]);
        free(w[f]);
    }
    free(space);
    line_deinit(&x);
}

/* Held-out values of a side's votes. */
static void predict_votes(struct work *k, size_t at, const struct space *space, const double *w,
                          double *out)
{
    const struct side *s = &k->side[at];
    const size_t wide = wide_of(space);
    size_t n = 0;
    struct line x;
    line_init(&x, k->c);
    for (size_t i = 0; i < s->evals; i++) {
        const size_t p = s->eval[i];
        line_of(space, k->c, p, &x);
        for (size_t v = k->v->start[p]; v < k->v->start[p + 1]; v++)
            out[n++] = strength(&x, w + k->v->vote[v].a * wide) -
                       strength(&x, w + k->v->vote[v].b * wide) + w[k->models * wide];
    }
    line_deinit(&x);
}

static size_t votes_of(const struct votes *v, const uint32_t *prompt, size_t n)
{
    size_t votes = 0;
    for (size_t i = 0; i < n; i++)
        votes += v->start[prompt[i] + 1] - v->start[prompt[i]];
    return votes;
}

static void fit_side(void *arg, size_t at)
{
    struct work *k = arg;
    struct side *s = &k->side[at];
    const size_t models = k->models, tasks = k->c->tasks;
    choose(k, s);
    if (atomic_load(&k->stop))
        return;
    s->space = space_new(k->c, s->train, s->n, &s->use);
    const size_t wide = wide_of(s->space);
    s->w = mem_array(models * wide + 1, sizeof *s->w);
    s->g = mem_array(models * (tasks + 1), sizeof *s->g);
    preference_solve(k->c, s->space, k->v, models, s->train, s->n, s->choice[0].C, k->o->eps, false,
                     s->w);
    double *rating = mem_array(models + 1, sizeof *rating);
    preference_solve(k->c, NULL, k->v, models, s->train, s->n, RATING_C, k->o->eps, false, rating);
    struct line x;
    line_init(&x, k->c);
    for (size_t m = 0; m < models; m++)
        s->base_q[m] = stat_sigmoid(rating[m]);
    for (size_t i = 0; i < s->evals; i++) {
        line_of(s->space, k->c, s->eval[i], &x);
        for (size_t m = 0; m < models; m++) {
            s->q[i * models + m] = stat_sigmoid(strength(&x, s->w + m * wide));
            s->task_q[i * models + m] = s->base_q[m];
        }
    }
    line_deinit(&x);
    const size_t held = votes_of(k->v, s->eval, s->evals);
    k->value[at] = mem_array(held, sizeof(double));
    k->rating[at] = mem_array(held, sizeof(double));
    predict_votes(k, at, s->space, s->w, k->value[at]);
    predict_votes(k, at, NULL, rating, k->rating[at]);
    k->first[at] = s->w[models * wide];
    free(rating);
    side_done(s);
}

static int by_cluster(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* 95 % interval of the mean difference, clusters drawn with replacement. */
static void interval(const int64_t *cluster, const double *difference, const double *weight,
                     size_t n, uint64_t seed, double *lo, double *hi)
{
    *lo = *hi = (double)NAN;
    AUTO_FREE int64_t *name = mem_array(n, sizeof *name);
    memcpy(name, cluster, n * sizeof *name);
    qsort(name, n, sizeof *name, by_cluster);
    size_t groups = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || name[i] != name[groups - 1])
            name[groups++] = name[i];
    if (groups < 2)
        return;
    AUTO_FREE double *sum = mem_array(groups, sizeof *sum), *of = mem_array(groups, sizeof *of);
    for (size_t i = 0; i < n; i++) {
        const int64_t *at = bsearch(&cluster[i], name, groups, sizeof *name, by_cluster);
        sum[at - name] += weight[i] * difference[i];
        of[at - name] += weight[i];
    }
    AUTO_FREE uint32_t *count = mem_array(groups, sizeof *count);
    AUTO_FREE double *drawn = mem_array(RESAMPLES, sizeof *drawn);
    struct rng r;
    rng_seed_for(&r, seed, "votes");
    for (size_t k = 0; k < RESAMPLES; k++) {
        double s = 0, w = 0;
        stat_resample(&r, count, groups);
        for (size_t g = 0; g < groups; g++) {
            s += count[g] * sum[g];
            w += count[g] * of[g];
        }
        drawn[k] = s / w;
    }
    *lo = stat_quantile(drawn, RESAMPLES, .025);
    *hi = stat_quantile(drawn, RESAMPLES, .975);
}

static void measure(const struct work *k, size_t predicting, const struct side *last,
                    struct preference_figures *f)
{
    size_t all = 0, n = 0, right = 0, rated = 0;
    for (size_t at = 0; at < predicting; at++)
        all += votes_of(k->v, k->side[at].eval, k->side[at].evals);
    AUTO_FREE int64_t *cluster = mem_array(all, sizeof *cluster);
    AUTO_FREE double *less = mem_array(all, sizeof *less), *weight = mem_array(all, sizeof *weight);
    double loss = 0, base = 0, sum = 0;
    for (size_t at = 0; at < predicting; at++) {
        const struct side *s = &k->side[at];
        size_t of = 0;
        for (size_t i = 0; i < s->evals; i++)
            for (size_t v = k->v->start[s->eval[i]]; v < k->v->start[s->eval[i] + 1]; v++, of++) {
                const double y = k->v->vote[v].outcome, z = k->value[at][of], r = k->rating[at][of],
                             w = k->c->weight[s->eval[i]];
                const double x = stat_log_loss(stat_sigmoid(z), y),
                             b = stat_log_loss(stat_sigmoid(r), y);
                loss += w * x;
                base += w * b;
                sum += w;
                less[n] = x - b;
                weight[n] = w;
                cluster[n++] = k->c->cluster[s->eval[i]];
                if (y < .5 || y > .5) {
                    f->decided++;
                    right += (z > 0) == (y > .5);
                    rated += (r > 0) == (y > .5);
                }
            }
    }
    f->votes = (int64_t)n;
    f->loss = loss / sum;
    f->ratings_loss = base / sum;
    f->less = f->loss - f->ratings_loss;
    interval(cluster, less, weight, n, k->o->seed, &f->less_lo, &f->less_hi);
    f->accuracy = (double)right / (double)f->decided;
    f->ratings_accuracy = (double)rated / (double)f->decided;
    f->first = k->first[last - k->side];
    f->models = k->models;
    f->model = mem_array(k->models, sizeof *f->model);
    for (size_t v = 0; v < k->v->n; v++) {
        const struct vote *y = &k->v->vote[v];
        f->model[y->a].votes++;
        f->model[y->b].votes++;
        f->model[y->a].won += y->outcome;
        f->model[y->b].won += 1 - y->outcome;
    }
    for (size_t m = 0; m < k->models; m++) {
        f->model[m].won /= (double)f->model[m].votes;
        f->model[m].rating = stat_logit(last->base_q[m]);
    }
}

int preference_fit(const struct corpus *c, const struct votes *v, size_t models, struct side *side,
                   size_t sides, size_t predicting, const struct fit_options *o,
                   struct preference_figures *f, struct err *e)
{
    *f = (struct preference_figures){0};
    for (size_t at = 0; at < sides; at++)
        if (votes_of(v, side[at].train, side[at].n) == 0)
            return err_set(e, ERR_USAGE, "no vote is on a prompt that trains (%s)", side[at].name);
    struct work k = {.c = c, .v = v, .models = models, .side = side, .o = o};
    k.value = mem_array(sides, sizeof *k.value);
    k.rating = mem_array(sides, sizeof *k.rating);
    k.first = mem_array(sides, sizeof *k.first);
    for (size_t at = 0; at < sides; at++)
        side_begin(&side[at], k.c, k.o, k.models);
    thread_for(sides, o->jobs, fit_side, &k);
    const bool stopped = atomic_load(&k.stop);
    if (!stopped)
        measure(&k, predicting, &side[predicting], f);
    for (size_t at = 0; at < sides; at++) {
        free(k.value[at]);
        free(k.rating[at]);
    }
    free(k.value);
    free(k.rating);
    free(k.first);
    return stopped ? err_set(e, ERR_PARTIAL, "interrupted; nothing was stored") : ERR_OK;
}
