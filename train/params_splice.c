/* Columns of heads: taken out, put in. What the numbers mean is train/params.c. */
#include "train/params_splice.h"

#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

/* Where the new head goes. */
struct place {
    size_t at;
    bool replace;
};

/* Rows of `wide` items of `each` bytes with one of `in` [rows] in place; a new block, *cells is
 * freed. */
static void *put_column(void *cells, size_t rows, size_t wide, size_t each, const void *in,
                        struct place p)
{
    const size_t out = wide + (p.replace ? 0 : 1), rest = wide - p.at - (p.replace ? 1 : 0);
    char *to = mem_array(rows * out, each);
    const char *from = cells, *one = in;
    for (size_t r = 0; r < rows; r++) {
        char *row = to + r * out * each;
        const char *old = from + r * wide * each;
        memcpy(row, old, p.at * each);
        memcpy(row + p.at * each, one + r * each, each);
        memcpy(row + (p.at + 1) * each, old + (p.at + (p.replace ? 1 : 0)) * each, rest * each);
    }
    free(cells);
    return to;
}

static bool same_features(const struct params *a, const struct params *b)
{
    if (a->encoder_version != b->encoder_version || a->bits != b->bits || a->tasks != b->tasks ||
        a->kept != b->kept || a->sets != b->sets || a->dims != b->dims ||
        strcmp(a->encoder, b->encoder) != 0 || memcmp(a->low, b->low, sizeof a->low) != 0 ||
        memcmp(a->high, b->high, sizeof a->high) != 0)
        return false;
    for (size_t t = 0; t < a->tasks; t++)
        if (strcmp(a->task[t], b->task[t]) != 0)
            return false;
    return a->kept == 0 || memcmp(a->bucket, b->bucket, a->kept * sizeof *a->bucket) == 0;
}

static void put_set(struct params_set *x, const struct params_set *one, const struct params *p,
                    struct place at)
{
    const size_t heads = p->heads;
    x->weight = put_column(x->weight, p->kept, heads, sizeof *x->weight, one->weight, at);
    x->surface =
        put_column(x->surface, SHUNT_FEATURES, heads, sizeof *x->surface, one->surface, at);
    x->task = put_column(x->task, p->tasks, heads, sizeof *x->task, one->task, at);
    x->bias = put_column(x->bias, 1, heads, sizeof *x->bias, one->bias, at);
    x->curve = put_column(x->curve, 1, heads, sizeof *x->curve, one->curve, at);
}

int params_splice(struct params *base, const struct params *one, struct err *e)
{
    if (one->models != 1 || one->heads != 1 || !same_features(base, one))
        return err_set(e, ERR_USAGE,
                       "the prompts that the router was trained on have changed (texts, tasks, "
                       "vectors, or some are gone); train it anew");
    struct place at = {base->models, false};
    for (size_t k = 0; k < base->models; k++)
        if (strcmp(base->model[k], one->model[0]) == 0)
            at = (struct place){k, true};
    for (size_t k = 0; k < base->sets; k++)
        put_set(&base->set[k], &one->set[k], base, at);
    /* dense is [heads][dims]: one row of heads whose items are whole vectors */
    if (base->dims > 0)
        base->dense =
            put_column(base->dense, 1, base->heads, base->dims * sizeof(double), one->dense, at);
    base->cost =
        put_column(base->cost, base->tasks + 1, base->models, sizeof *base->cost, one->cost, at);
    double **const number[] = {&base->mean_score, &base->mean_nusd, &base->priced};
    double *const from[] = {one->mean_score, one->mean_nusd, one->priced};
    for (size_t k = 0; k < 3; k++)
        *number[k] = put_column(*number[k], 1, base->models, sizeof(double), from[k], at);
    params_forget_told(base); /* heads of all pairs: that takes a training of all models */
    if (!at.replace) {
        base->model = mem_rearray(base->model, base->models + 1, sizeof *base->model);
        base->model[base->models++] = mem_strdup(one->model[0]);
        base->heads++;
    }
    return ERR_OK;
}
