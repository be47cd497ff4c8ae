/* The fits on whole training sides: heads at one C, or at two and combined (train/stack.h), and
 * what they say of the prompts that the side predicts.
 */
#include "core/mem.h"
#include "core/stat.h"
#include "train/fit_private.h"

#include <stdlib.h>
#include <string.h>

static size_t joint_heads(const struct side *s, size_t models)
{
    size_t n = 0;
    for (size_t h = 0; h < models; h++)
        n += s->choice[h].joint;
    return n;
}

/* Add to the side's weights what the fits at one of two C give: w [heads][columns + 1]. */
static void add_level(const struct work *k, size_t at, size_t level, const double *w)
{
    const struct side *s = &k->side[at];
    const struct search *q = &k->search[at];
    const size_t models = k->t->models, wide = s->space->columns + 1, F = q->stack.features;
    const double share = 1 / (double)joint_heads(s, models);
    for (size_t j = 0; j < wide; j++) {
        const size_t x = level * q->parts + (q->parts > 1 ? space_part(s->space, j) : 0);
        double mean = 0;
        for (size_t h = 0; h < models; h++)
            mean += s->choice[h].joint ? share * w[h * wide + j] : 0;
        for (size_t h = 0; h < models; h++)
            if (s->choice[h].joint)
                s->w[h * wide + j] +=
                    q->stack.own[h * F + x] * w[h * wide + j] + q->stack.shared[h * F + x] * mean;
    }
    for (size_t h = models; level == 0 && h < k->t->heads; h++)
        memcpy(s->w + h * wide, w + h * wide, wide * sizeof *w);
}

/* Add the coefficients' biases, and their task logits as weights of the tasks: a task that has no
 * column has the logit of no task. */
static void add_tasks(const struct work *k, size_t at)
{
    const struct side *s = &k->side[at];
    const struct stack *x = &k->search[at].stack;
    const size_t models = k->t->models, tasks = k->c->tasks, wide = s->space->columns + 1;
    const size_t last = x->features - 1;
    const double share = 1 / (double)joint_heads(s, models);
    AUTO_FREE double *mean = mem_array(tasks + 1, sizeof *mean);
    for (size_t h = 0; h < models; h++)
        for (size_t t = 0; t <= tasks && s->choice[h].joint; t++)
            mean[t] += share * s->g[h * (tasks + 1) + t];
    for (size_t h = 0; h < models; h++) {
        const double *g = s->g + h * (tasks + 1);
        const double own = x->own[h * x->features + last];
        const double shared = x->shared[h * x->features + last];
        double *w = s->w + h * wide;
        if (!s->choice[h].joint)
            continue;
        w[wide - 1] += x->bias[h] + own * g[tasks] + shared * mean[tasks];
        for (size_t t = 0; t < tasks; t++)
            if (s->space->task_column[t] != 0)
                w[s->space->task_column[t] - 1] +=
                    own * (g[t] - g[tasks]) + shared * (mean[t] - mean[tasks]);
    }
}

/* The side's weights and task logits: a fit a head, or two C combined. */
static void fit_whole(struct work *k, size_t at)
{
    struct side *s = &k->side[at];
    const struct search *q = &k->search[at];
    const size_t heads = k->t->heads, wide = s->space->columns + 1;
    const bool stacked = q->stack.own != NULL;
    const size_t grid[2] = {q->smooth, q->sharp};
    AUTO_FREE double *C = mem_array(heads, sizeof *C);
    AUTO_FREE double *w = mem_array(heads * wide, sizeof *w);
    struct fitting x = {.k = k,
                        .space = s->space,
                        .train = s->train,
                        .n = s->n,
                        .C = C,
                        .eps = k->o->eps,
                        .w = w,
                        .g = s->g};
    for (size_t level = 0; level < 2 && !atomic_load(&k->stop); level++) {
        for (size_t h = 0; h < heads; h++) {
            const struct choice *c = &s->choice[h];
            const bool once = !c->joint && level == 1;
            /* alpha 1 is nothing but task means: no fit is needed */
            C[h] = c->alpha < 1 && !once ? c->joint ? k->o->grid[grid[level]] : c->C : 0;
        }
        x.warm = level > 0;
        fit_heads(&x);
        if (!stacked) {
            memcpy(s->w, w, heads * wide * sizeof *w);
            return;
        }
        add_level(k, at, level, w);
        if (grid[0] == grid[1])
            break;
    }
    add_tasks(k, at);
}

void fit_whole_side(void *arg, size_t at)
{
    struct work *k = arg;
    struct side *s = &k->side[at];
    size_t heads = k->t->heads, tasks = k->c->tasks;
    if (atomic_load(&k->stop))
        return;
    s->space = space_new(k->c, s->train, s->n, &s->use);
    s->w = mem_array(heads * (s->space->columns + 1), sizeof *s->w);
    s->g = mem_array(heads * (tasks + 1), sizeof *s->g);
    fit_whole(k, at);
    fit_predict(&(struct fitting){.k = k,
                                  .space = s->space,
                                  .w = s->w,
                                  .at = s->eval,
                                  .held = s->evals,
                                  .parts = 1,
                                  .value = s->q});
    for (size_t h = 0; h < heads; h++) {
        const double *g = s->g + h * (tasks + 1);
        s->base_q[h] = stat_sigmoid(g[tasks]);
        for (size_t i = 0; i < s->evals; i++) {
            double task = task_logit(k->c, g, s->eval[i]);
            s->q[i * heads + h] = choice_quality(&s->choice[h], s->q[i * heads + h], task);
            s->task_q[i * heads + h] = stat_sigmoid(task);
        }
    }
    side_done(s);
}
