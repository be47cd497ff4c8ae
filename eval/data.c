/* Sets out of the store's matrix: complete cases, tasks and groups numbered, predictions joined,
 * parts listed. No SQL: store/ has read everything before. */
#include "eval/data.h"

#include "core/hash.h"
#include "core/mem.h"
#include "core/money.h"
#include "core/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OWN_FOLDS = 5 }; /* where there is neither a router nor a split */

static int by_prompt(const void *key, const void *item)
{
    const int64_t id = *(const int64_t *)key, other = ((const struct router_prompt *)item)->prompt;
    return (id > other) - (id < other);
}

static bool scored_by_all(const struct matrix *m, size_t i)
{
    for (size_t k = 0; k < m->models; k++)
        if (isnan(m->score[i * m->models + k]))
            return false;
    return true;
}

/* Rows of the matrix to compare on, with their roles and folds. */
static void pick_rows(struct eval_data *d, const struct router *r,
                      const struct router_prompt *roles, size_t role_count)
{
    const struct matrix *m = d->matrix;
    d->row = mem_array(m->prompts, sizeof *d->row);
    d->role = mem_array(m->prompts, 1);
    d->fold = mem_array(m->prompts, sizeof *d->fold);
    size_t n = 0;
    for (size_t i = 0; i < m->prompts; i++) {
        if (!scored_by_all(m, i)) {
            d->left_unscored++;
            continue;
        }
        const struct router_prompt *at =
            role_count ? bsearch(&m->prompt[i].id, roles, role_count, sizeof *roles, by_prompt)
                       : NULL;
        if (r && !at) {
            d->left_unseen++;
            continue;
        }
        d->row[n] = i;
        d->fold[n] = r && r->folds > 0 ? (int32_t)at->fold : -1;
        d->role[n] = m->prompt[i].split;
        if (r && r->folds == 0)
            d->role[n] = strcmp(at->role, "test") == 0 ? 'e' : at->role[0] == 'v' ? 'v' : 't';
        n++;
    }
    d->all.n = n;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Groups get numbers 0.. in order of their cluster's; a prompt without one is its own group. */
static void number_groups(struct eval_data *d)
{
    const struct matrix *m = d->matrix;
    struct eval_set *s = &d->all;
    AUTO_FREE int64_t *sorted = mem_array(s->n, sizeof *sorted);
    size_t known = 0, distinct = 0;
    for (size_t i = 0; i < s->n; i++)
        if (m->prompt[d->row[i]].cluster != 0)
            sorted[known++] = m->prompt[d->row[i]].cluster;
    qsort(sorted, known, sizeof *sorted, by_number);
    for (size_t k = 0; k < known; k++)
        if (k == 0 || sorted[k] != sorted[distinct - 1])
            sorted[distinct++] = sorted[k];
    size_t next = distinct;
    for (size_t i = 0; i < s->n; i++) {
        const int64_t cluster = m->prompt[d->row[i]].cluster;
        const int64_t *at =
            cluster ? bsearch(&cluster, sorted, distinct, sizeof *sorted, by_number) : NULL;
        s->group[i] = at ? (int32_t)(at - sorted) : (int32_t)next++;
    }
    s->groups = next;
}

static void fill_set(struct eval_data *d)
{
    const struct matrix *m = d->matrix;
    const size_t n = d->all.n;
    eval_set_init(&d->all, n, m->models);
    struct eval_set *s = &d->all;
    struct strmap *tasks = strmap_new();
    for (size_t i = 0; i < n; i++) {
        const struct matrix_prompt *p = &m->prompt[d->row[i]];
        s->weight[i] = p->weight > 0 ? p->weight : 1;
        s->task[i] = (int32_t)strmap_add(tasks, p->task ? p->task : "", NULL);
        for (size_t k = 0; k < m->models; k++) {
            const size_t from = d->row[i] * m->models + k, to = i * m->models + k;
            s->score[to] = m->score[from];
            s->cost[to] = m->cost_nusd[from] / 1e9;
            s->latency_ms[to] = m->latency_ms[from];
            s->logprob[to] = m->mean_logprob[from];
        }
    }
    s->tasks = strmap_count(tasks);
    d->task = mem_array(s->tasks, sizeof *d->task);
    for (size_t t = 0; t < s->tasks; t++)
        d->task[t] = mem_strdup(strmap_key(tasks, t));
    strmap_free(tasks);
    number_groups(d);
}

/* Folds of the controls where nothing was trained and nothing is split: shuffled groups, dealt out.
 */
static void own_folds(struct eval_data *d, int64_t seed)
{
    for (size_t i = 0; i < d->all.n; i++)
        if (d->role[i] == 'e')
            return;
    struct rng rng;
    rng_seed_for(&rng, (uint64_t)seed, "eval folds");
    AUTO_FREE size_t *order = mem_array(d->all.groups, sizeof *order);
    for (size_t g = 0; g < d->all.groups; g++)
        order[g] = g;
    rng_shuffle(&rng, order, d->all.groups);
    d->folds = d->all.groups < OWN_FOLDS ? d->all.groups : OWN_FOLDS;
    for (size_t i = 0; i < d->all.n; i++)
        d->fold[i] = (int32_t)(order[d->all.group[i]] % d->folds);
}

static size_t unpredicted(const struct eval_data *d, size_t *reads)
{
    size_t missing = 0;
    *reads = 0;
    for (size_t i = 0; i < d->all.n; i++) {
        if (d->folds == 0 && d->role[i] != 'e')
            continue;
        (*reads)++;
        bool all = true;
        for (size_t k = 0; k < d->all.models; k++)
            all = all && !isnan(d->all.q[i * d->all.models + k]);
        missing += !all;
    }
    return missing;
}

int eval_data_make(const struct matrix *m, const struct router *r,
                   const struct router_prompt *roles, size_t role_count,
                   const struct prediction *preds, size_t pred_count, int64_t seed,
                   struct eval_data *out, struct err *e)
{
    *out = (struct eval_data){.matrix = m, .folds = r ? (size_t)r->folds : 0, .routed = r != NULL};
    pick_rows(out, r, roles, role_count);
    fill_set(out);
    if (out->all.n == 0) {
        const size_t unscored = out->left_unscored, unseen = out->left_unseen;
        eval_data_deinit(out);
        if (unscored > 0)
            return err_set(e, ERR_USAGE,
                           "no prompt has a score of every model (%zu lack one): name models that "
                           "share prompts with "
                           "--models A,B",
                           unscored);
        if (unseen == 0)
            return err_set(e, ERR_USAGE,
                           "no prompt has a score: run 'shunt collect' and 'shunt grade', or "
                           "import outcomes (votes are no scores)");
        return err_set(
            e, ERR_USAGE,
            "none of the %zu prompts was there when the router was trained: run 'shunt train'",
            unseen);
    }
    if (!r)
        own_folds(out, seed);
    eval_data_predict(out, preds, pred_count);
    size_t reads;
    const size_t missing = unpredicted(out, &reads);
    if (r && missing > 0) {
        eval_data_deinit(out);
        return err_set(
            e, ERR_USAGE,
            "%zu of %zu prompts have no prediction of every model: run 'shunt train' again",
            missing, reads);
    }
    if (reads == 0) {
        eval_data_deinit(out);
        return err_set(
            e, ERR_USAGE,
            "no test prompt has a score of every model: run 'shunt split', or 'shunt train "
            "--cross-fit 5'");
    }
    return ERR_OK;
}

void eval_data_deinit(struct eval_data *d)
{
    if (!d)
        return;
    for (size_t t = 0; d->task && t < d->all.tasks; t++)
        free(d->task[t]);
    free(d->task);
    free(d->row);
    free(d->role);
    free(d->fold);
    eval_set_deinit(&d->all);
    *d = (struct eval_data){0};
}

void eval_data_predict(struct eval_data *d, const struct prediction *preds, size_t n)
{
    const struct matrix *m = d->matrix;
    struct eval_set *s = &d->all;
    for (size_t k = 0; k < s->n * s->models; k++)
        s->q[k] = s->c[k] = s->t[k] = (double)NAN;
    size_t i = 0; /* both are in order of prompt */
    for (size_t p = 0; p < n; p++) {
        if (preds[p].after_reply != 0)
            continue;
        while (i < s->n && m->prompt[d->row[i]].id < preds[p].prompt)
            i++;
        if (i == s->n)
            break;
        if (m->prompt[d->row[i]].id != preds[p].prompt)
            continue;
        for (size_t k = 0; k < s->models; k++) {
            if (m->model[k].id != preds[p].model)
                continue;
            const size_t cell = i * s->models + k;
            s->q[cell] = preds[p].quality;
            s->c[cell] = preds[p].cost_nusd == MONEY_UNKNOWN ? (double)NAN
                                                             : (double)preds[p].cost_nusd / 1e9;
            s->t[cell] = preds[p].latency_ms / 1e3;
        }
    }
}

size_t eval_part_count(const struct eval_data *d)
{
    return d->folds ? d->folds : 1;
}

void eval_part_make(const struct eval_data *d, size_t k, struct eval_part *out)
{
    const size_t n = d->all.n;
    *out = (struct eval_part){
        .train = mem_array(n, sizeof *out->train),
        .select = mem_array(n, sizeof *out->select),
        .read = mem_array(n, sizeof *out->read),
    };
    for (size_t i = 0; i < n; i++) {
        if (d->folds) {
            if (d->fold[i] == (int32_t)k)
                out->read[out->read_n++] = i;
            else
                out->train[out->train_n++] = out->select[out->select_n++] = i;
        } else if (d->role[i] == 'e') {
            out->read[out->read_n++] = i;
        } else {
            if (d->role[i] == 'v')
                out->select[out->select_n++] = i;
            else
                out->train[out->train_n++] = i;
        }
    }
    /* One side may be all there is. */
    if (out->train_n == 0)
        for (size_t j = 0; j < out->select_n; j++)
            out->train[out->train_n++] = out->select[j];
    if (out->select_n == 0 && !d->routed)
        for (size_t j = 0; j < out->train_n; j++)
            out->select[out->select_n++] = out->train[j];
}

void eval_part_deinit(struct eval_part *p)
{
    if (!p)
        return;
    free(p->train);
    free(p->select);
    free(p->read);
    *p = (struct eval_part){0};
}
