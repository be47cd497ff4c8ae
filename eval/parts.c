/* What is chosen, part by part: constants, task means, rules' default, cascade, operating points;
 * on the training side or the selection data, then applied to the prompts of the part. */
#include "eval/work.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rank and name of each model's tier: given tiers in order of their mean cost, else each model its
 * own, by mean cost, or by mean score where a cost is unknown. */
static void rank_tiers(const struct eval_data *d, const struct eval_set *train, int *rank,
                       const char **name)
{
    const size_t models = d->all.models;
    AUTO_FREE double *level = mem_array(models, sizeof *level);
    const bool cost = eval_set_missing(train, train->cost) == 0;
    for (size_t m = 0; m < models; m++)
        name[m] = d->matrix->model[m].tier ? d->matrix->model[m].tier : d->matrix->model[m].name;
    for (size_t m = 0; m < models; m++) {
        size_t n = 0;
        for (size_t k = 0; k < models; k++)
            if (strcmp(name[k], name[m]) == 0) {
                level[m] += eval_set_mean(train, cost ? train->cost : train->score, k);
                n++;
            }
        level[m] /= (double)n;
    }
    for (size_t m = 0; m < models; m++) {
        rank[m] = 0;
        for (size_t k = 0; k < models; k++) {
            bool seen = false; /* count each cheaper tier once */
            for (size_t j = 0; j < k; j++)
                seen = seen || strcmp(name[j], name[k]) == 0;
            rank[m] += !seen && level[k] < level[m];
        }
    }
}

static void apply_rules(struct work *w, const struct eval_set *train, const struct eval_part *part)
{
    const struct eval_data *d = w->data;
    const size_t models = d->all.models;
    AUTO_FREE int *rank = mem_array(models, sizeof *rank);
    AUTO_FREE const char **tier = mem_array(models, sizeof *tier),
                         **name = mem_array(models, sizeof *name);
    AUTO_FREE double *score = mem_array(models, sizeof *score),
                     *cost = mem_array(models, sizeof *cost);
    rank_tiers(d, train, rank, tier);
    for (size_t m = 0; m < models; m++) {
        name[m] = d->matrix->model[m].name;
        score[m] = eval_set_mean(train, train->score, m);
        cost[m] = eval_set_mean(train, train->cost, m);
    }
    const struct eval_rule_models list = {models, name, rank, tier, score, cost};
    for (size_t k = 0; k < part->read_n; k++) {
        const struct matrix_prompt *p = &d->matrix->prompt[d->row[part->read[k]]];
        const char *text = p->text ? p->text : "";
        w->rules[w->place[part->read[k]]] =
            eval_rules_choose(w->option->rule, w->option->rules, &list, text, strlen(text), p->task,
                              p->user_class, NULL);
    }
}

static void apply_task_means(struct work *w, const struct eval_set *train,
                             const struct eval_part *part)
{
    const struct eval_set *all = &w->data->all;
    const size_t models = all->models;
    struct eval_set read;
    eval_set_take(all, part->read, part->read_n, &read);
    control_task_means(train, &read, read.q, read.c, read.t);
    for (size_t k = 0; k < part->read_n; k++) {
        const size_t to = w->place[part->read[k]] * models;
        memcpy(w->task_q + to, read.q + k * models, models * sizeof(double));
        memcpy(w->task_c + to, read.c + k * models, models * sizeof(double));
        memcpy(w->task_t + to, read.t + k * models, models * sizeof(double));
    }
    eval_set_deinit(&read);
}

static void apply_cascade(struct work *w, int constant, const struct eval_set *select,
                          const struct eval_part *part)
{
    const size_t n = w->test.n;
    const struct control_cascade c = control_cascade_choose(select, constant);
    if (c.first < 0)
        return;
    if (!w->cascade) {
        const struct matrix_model *m = w->data->matrix->model;
        w->cascade = mem_array(3 * n, sizeof *w->cascade);
        for (size_t k = 0; k < 3 * n; k++)
            w->cascade[k] = (double)NAN;
        w->cascade_name = mem_printf("cascade:%s>%s", m[c.first].name, m[c.second].name);
    }
    for (size_t k = 0; k < part->read_n; k++) {
        const size_t i = w->place[part->read[k]];
        control_cascade_apply(&c, &w->test, i, &w->cascade[i], &w->cascade[n + i],
                              &w->cascade[2 * n + i]);
    }
}

/* Selection prompts that have a prediction of every model. */
size_t work_keep_predicted(const struct eval_set *all, size_t *index, size_t n)
{
    size_t kept = 0;
    for (size_t k = 0; k < n; k++) {
        bool known = true;
        for (size_t m = 0; m < all->models; m++)
            known = known && !isnan(all->q[index[k] * all->models + m]);
        if (known)
            index[kept++] = index[k];
    }
    return kept;
}

int work_load_scope(struct work *w, int64_t scope, struct err *e)
{
    struct prediction *p = NULL;
    size_t n = 0;
    int rc = w->source->load(w->source->arg, scope, &p, &n, e);
    if (rc)
        return rc;
    eval_data_predict(w->data, p, n);
    free(p);
    return ERR_OK;
}

/* Operating points of one part, applied to its prompts; kept for use when `deploy`. */
static int apply_points(struct work *w, const struct eval_set *train, const struct eval_set *select,
                        const struct eval_part *part, bool deploy, struct err *e)
{
    for (size_t s = 0; s < w->specs; s++) {
        struct point_choice choice;
        int rc = point_choose(&w->spec[s], train, select, &choice, e);
        if (rc)
            return rc;
        for (size_t k = 0; k < part->read_n; k++) {
            const size_t i = w->place[part->read[k]], row = i * w->test.models;
            w->point[s][i] = point_model(&choice, w->test.models, w->test.q + row, w->test.c + row,
                                         w->test.t + row, w->test.task[i]);
        }
        if (part->read_n > 0 && !choice.reached)
            w->reached[s] = false;
        if (deploy) {
            struct deployed_point d = {.spec = w->spec[s], .choice = choice};
            VEC_PUSH(&w->result->point, d);
        } else {
            point_choice_deinit(&choice);
        }
    }
    return ERR_OK;
}

static int choose_part(struct work *w, size_t k, struct err *e)
{
    const struct eval_set *all = &w->data->all;
    struct eval_part part;
    eval_part_make(w->data, k, &part);
    int rc = ERR_OK;
    if (w->data->routed && w->data->folds)
        rc = work_load_scope(w, (int64_t)k, e);
    if (!rc && w->data->routed) {
        const size_t had = part.select_n;
        part.select_n = work_keep_predicted(all, part.select, part.select_n);
        if (had > 0 && part.select_n == 0)
            rc = err_set(
                e, ERR_USAGE,
                "router '%s' has no predictions to choose on in fold %zu: run 'shunt train' again",
                w->option->router, k);
        else if (had == 0)
            rc = err_set(
                e, ERR_USAGE,
                "no validation prompts to choose operating points on: run 'shunt split', or "
                "'shunt train --cross-fit 5'");
    }
    if (!rc && part.train_n == 0)
        rc =
            err_set(e, ERR_USAGE,
                    "no training prompts have a score of every model: run 'shunt split', or 'shunt "
                    "train --cross-fit 5'");
    if (rc) {
        eval_part_deinit(&part);
        return rc;
    }
    struct eval_set train, select;
    eval_set_take(all, part.train, part.train_n, &train);
    eval_set_take(all, part.select, part.select_n, &select);
    const int constant = control_constant(&train, 0, 0);
    for (size_t j = 0; j < part.read_n; j++)
        w->constant[w->place[part.read[j]]] = constant;
    if (!w->data->folds && w->test.models == 2)
        w->strong = constant;
    apply_task_means(w, &train, &part);
    if (w->rules)
        apply_rules(w, &train, &part);
    if (w->test.models > 1)
        apply_cascade(w, constant, &select, &part);
    if (w->data->routed)
        rc = apply_points(w, &train, &select, &part, w->data->folds == 0, e);
    eval_set_deinit(&train);
    eval_set_deinit(&select);
    eval_part_deinit(&part);
    return rc;
}

/* Cross-fitting deploys points chosen on all prompts, with the predictions of scope none. */
static int choose_deployed(struct work *w, struct err *e)
{
    int rc = work_load_scope(w, SCOPE_NONE, e);
    if (rc)
        return rc;
    const struct eval_part nothing_read = {0};
    return apply_points(w, &w->data->all, &w->data->all, &nothing_read, true, e);
}

int work_choose(struct work *w, struct err *e)
{
    if (w->test.models == 2) {
        w->strong = control_constant(&w->data->all, 0, 0);
    }
    const size_t parts = eval_part_count(w->data);
    for (size_t k = 0; k < parts; k++) {
        int rc = choose_part(w, k, e);
        if (rc)
            return rc;
    }
    w->weak = 1 - w->strong;
    return w->data->routed && w->data->folds ? choose_deployed(w, e) : ERR_OK;
}
