/* One training in memory: targets, sides of the two modes, fits, costs, figures. Reading and
 * writing the store is train/save.c.
 */
#include "train/train.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/mem.h"
#include "train/fold.h"
#include "train/search.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows have square norm of about 2.6. On public data the loss is least at 1 to 3, on few prompts
 * with telling words at 10; the search goes up and stops where it gets no better, so the dear end
 * is only tried where it pays. */
static const double default_grid[] = {0.1, 0.3, 1, 3, 10, 30};

/* Scores, then one column for each step of the labels: 1 where the prompt's level is that or above.
 */
static void make_targets(const struct matrix *m, struct training *t)
{
    size_t steps = t->labels.n > 0 ? t->labels.n - 1 : 0, heads = m->models + steps;
    t->y = mem_array(m->prompts * heads, sizeof *t->y);
    for (size_t i = 0; i < m->prompts; i++) {
        double *y = t->y + i * heads;
        for (size_t k = 0; k < m->models; k++) {
            double v = m->score[i * m->models + k];
            y[k] = isnan(v) ? v : fmin(fmax(v, 0.0), 1.0);
        }
        int level = labels_level(&t->labels, m->prompt[i].complexity);
        for (size_t k = 0; k < steps; k++)
            y[m->models + k] = level < 0 ? (double)NAN : level > (int)k ? 1.0 : 0.0;
    }
    targets_init(&t->targets, t->corpus, m->models, heads, t->y);
}

static struct side *add_side(struct training *t, size_t n, const char *name, struct space_use use)
{
    struct side *s = &t->side[t->sides++];
    s->train = mem_array(n, sizeof *s->train);
    s->eval = mem_array(n, sizeof *s->eval);
    s->use = use;
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

static int plan_folds(const struct train_options *o, struct training *t, struct space_use use,
                      struct err *e)
{
    size_t n = t->corpus->n, K = (size_t)o->folds;
    AUTO_FREE uint32_t *fold = mem_array(n, sizeof *fold);
    size_t groups = fold_deal(t->corpus->cluster, n, K, o->seed, "outer folds", fold);
    if (groups < 2)
        return err_set(e, ERR_USAGE,
                       "all %zu prompts belong to one group, so none can be held out; "
                       "import more traffic",
                       n);
    if (groups < K)
        return err_set(e, ERR_USAGE,
                       "%zu groups of prompts cannot make %zu folds; give --cross-fit %zu "
                       "or less",
                       groups, K, groups);
    for (size_t k = 0; k < K; k++) {
        char name[40];
        snprintf(name, sizeof name, "fold %zu", k);
        struct side *s = add_side(t, n, name, use);
        for (uint32_t i = 0; i < n; i++)
            if (fold[i] == k)
                s->eval[s->evals++] = i;
            else
                s->train[s->n++] = i;
    }
    return ERR_OK;
}

static int plan_splits(const struct matrix *m, struct training *t, struct space_use use,
                       struct err *e)
{
    struct figures *f = &t->figures;
    size_t without = 0;
    for (size_t i = 0; i < m->prompts; i++) {
        char split = m->prompt[i].split;
        without += split == 0;
        f->train += split == 't';
        f->validation += split == 'v';
        f->test += split == 'e';
    }
    if (without == m->prompts)
        return err_set(e, ERR_USAGE,
                       "the prompts have no splits; run 'shunt split', or give "
                       "--cross-fit K (5, or 10 for small data)");
    if (without > 0)
        return err_set(e, ERR_USAGE,
                       "%zu of %zu prompts have no split; run 'shunt split', or give "
                       "--cross-fit K",
                       without, m->prompts);
    if (f->train == 0 || f->validation + f->test == 0)
        return err_set(e, ERR_USAGE,
                       "%" PRId64 " prompts to train on and %" PRId64 " to test on; run "
                       "'shunt split', or give --cross-fit K",
                       f->train, f->validation + f->test);
    struct side *s = add_side(t, m->prompts, "train", use);
    for (uint32_t i = 0; i < m->prompts; i++)
        if (m->prompt[i].split == 't')
            s->train[s->n++] = i;
        else
            s->eval[s->evals++] = i;
    return ERR_OK;
}

/* The fit that is shipped: on all that is not test. */
static struct side *plan_final(const struct matrix *m, struct training *t, const char *name,
                               struct space_use use)
{
    struct side *s = add_side(t, m->prompts, name, use);
    for (uint32_t i = 0; i < m->prompts; i++)
        if (t->cross_fit || m->prompt[i].split != 'e')
            s->train[s->n++] = i;
    s->keep = true;
    return s;
}

static int plan(const struct matrix *m, const struct train_options *o, struct space_use use,
                struct training *t, struct err *e)
{
    t->cross_fit = o->folds > 0;
    t->side = mem_array((size_t)o->folds + 3, sizeof *t->side);
    int rc = t->cross_fit ? plan_folds(o, t, use, e) : plan_splits(m, t, use, e);
    if (rc != ERR_OK)
        return rc;
    if (t->cross_fit)
        t->figures.train = (int64_t)m->prompts;
    t->predicting = t->sides;
    t->final = plan_final(m, t, "final", use);
    if (use.hashed && use.dense) /* a table of both also answers without a vector */
        t->plain = plan_final(m, t, "final without vector", (struct space_use){.hashed = true});
    return ERR_OK;
}

static int check_options(const struct matrix *m, const struct train_options *o, struct err *e)
{
    if (m->prompts == 0)
        return err_set(e, ERR_USAGE,
                       "no prompt has a score of these models; run 'shunt collect' and "
                       "'shunt grade', or name other models");
    if (m->prompts > UINT32_MAX / 2)
        return err_set(e, ERR_LIMIT, "more than %" PRIu32 " prompts", UINT32_MAX / 2);
    if (o->folds != 0 && (o->folds < 2 || o->folds > TRAIN_FOLDS_MAX))
        return err_set(e, ERR_USAGE, "--cross-fit takes 2 to %d folds, not %" PRId64,
                       TRAIN_FOLDS_MAX, o->folds);
    return ERR_OK;
}

int train_matrix(const struct matrix *m, const struct train_options *o, bool hashed, float *dense,
                 size_t dims, struct training *out, struct err *e)
{
    *out = (struct training){0};
    int rc = check_options(m, o, e);
    if (rc != ERR_OK) {
        free(dense);
        return rc;
    }
    out->grid_n = o->grid_n > 0 ? o->grid_n : sizeof default_grid / sizeof *default_grid;
    memcpy(out->grid, o->grid_n > 0 ? o->grid : default_grid, out->grid_n * sizeof *out->grid);
    out->corpus = corpus_new(m, SHUNT_DEFAULT_BITS, o->jobs);
    corpus_set_dense(out->corpus, dense, dims);
    if (o->votes == NULL)
        labels_init(&out->labels, m);
    make_targets(m, out);
    rc = plan(m, o, (struct space_use){.hashed = hashed, .dense = dense != NULL}, out, e);
    if (rc == ERR_OK) {
        const struct fit_options fo = {
            .grid = out->grid,
            .grid_n = out->grid_n,
            .inner = TRAIN_INNER,
            .eps = TRAIN_EPS,
            .seed = o->seed,
            .jobs = o->jobs,
        };
        double start = clock_s();
        if (o->search && o->votes == NULL) {
            rc =
                search_features(out->corpus, &out->targets, out->side, out->predicting + 1, &fo, e);
            if (out->plain != NULL) { /* the same features, less the vector */
                out->plain->use = out->final->use;
                out->plain->use.dense = false;
            }
            out->searched = rc == ERR_OK;
        }
        if (rc == ERR_OK)
            rc = o->votes != NULL
                     ? preference_fit(out->corpus, o->votes, m->models, out->side, out->sides,
                                      out->predicting, &fo, &out->preference, e)
                     : fit_sides(out->corpus, &out->targets, out->side, out->sides, &fo, e);
        out->seconds = out->fit_seconds = clock_s() - start;
    }
    if (rc != ERR_OK) {
        training_deinit(out);
        return rc;
    }
    out->cost = mem_array(out->predicting + 1, sizeof *out->cost);
    for (size_t k = 0; k <= out->predicting; k++) {
        /* Votes may stand on prompts that nobody was paid to answer: costs of validation then. */
        const struct side *paid = o->votes != NULL && !out->cross_fit ? out->final : &out->side[k];
        cost_fit(m, out->corpus, paid->train, paid->n, &out->cost[k]);
    }
    figures_measure(m, out);
    if (!o->no_posterior && o->votes == NULL && m->models > 1) {
        const double start = clock_s();
        rc = posterior_fit(m, out->corpus, &out->targets, out->side, out->predicting, TRAIN_INNER,
                           o->jobs, &out->posterior, e);
        out->seconds += clock_s() - start;
    }
    if (rc != ERR_OK)
        training_deinit(out);
    return rc;
}

void training_deinit(struct training *t)
{
    for (size_t k = 0; t->cost != NULL && k <= t->predicting; k++)
        cost_deinit(&t->cost[k]);
    free(t->cost);
    for (size_t k = 0; k < t->sides; k++)
        side_deinit(&t->side[k]);
    free(t->side);
    targets_deinit(&t->targets);
    free(t->y);
    labels_deinit(&t->labels);
    corpus_free(t->corpus);
    figures_deinit(&t->figures);
    posterior_deinit(&t->posterior);
    preference_figures_deinit(&t->preference);
    matrix_free(t->matrix);
    *t = (struct training){0};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int train_grid_parse(const struct str_vec *words, struct train_options *o, struct err *e)
{
    if (words->n > TRAIN_GRID_MAX)
        return err_set(e, ERR_USAGE, "--c-grid takes at most %d values", TRAIN_GRID_MAX);
    for (size_t i = 0; i < words->n; i++) {
        char *end;
        double v = strtod(words->v[i], &end);
        if (end == words->v[i] || *end != '\0' || !isfinite(v) || v < 1e-9 || v > 1e9)
            return err_set(e, ERR_USAGE, "--c-grid takes numbers from 1e-9 to 1e9, not '%s'",
                           words->v[i]);
        o->grid[o->grid_n++] = v;
    }
    qsort(o->grid, o->grid_n, sizeof *o->grid, by_value);
    for (size_t i = 1; i < o->grid_n; i++)
        if (!(o->grid[i] > o->grid[i - 1]))
            return err_set(e, ERR_USAGE, "--c-grid has %g twice", o->grid[i]);
    return ERR_OK;
}
