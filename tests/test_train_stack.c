/* Stacking: coefficients that are known, noise that must not be believed, heads left alone. */
#include "train/stack.h"

#include "core/mem.h"
#include "core/rng.h"
#include "core/stat.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 6000, HEADS = 3, FEATURES = 2, FOLDS = 3 };

/* Two features a head. Every head's true value is `own` times its first feature and `common` times
 * the mean of the heads' first features. */
struct world {
    float *x[HEADS * FEATURES];
    const float *at[HEADS * FEATURES];
    double *y, *w, *truth;
    uint32_t *fold;
    bool out[HEADS];
    struct stack_data d;
};

static const double plain[FEATURES] = {1, 0};

static void world_init(struct world *o, double own, double common, uint64_t seed)
{
    struct rng r;
    rng_seed_for(&r, seed, "stack test");
    *o = (struct world){.y = mem_array((size_t)N * HEADS, sizeof *o->y),
                        .w = mem_array(N, sizeof *o->w),
                        .truth = mem_array((size_t)N * HEADS, sizeof *o->truth),
                        .fold = mem_array(N, sizeof *o->fold)};
    for (size_t k = 0; k < (size_t)HEADS * FEATURES; k++)
        o->at[k] = o->x[k] = mem_array(N, sizeof **o->x);
    for (size_t i = 0; i < N; i++) {
        double mean = 0;
        o->w[i] = 1;
        o->fold[i] = (uint32_t)(i % FOLDS);
        for (size_t k = 0; k < (size_t)HEADS * FEATURES; k++)
            o->x[k][i] = (float)(2 * rng_unit(&r) - 1);
        for (size_t h = 0; h < HEADS; h++)
            mean += (double)o->x[h * FEATURES][i] / HEADS;
        for (size_t h = 0; h < HEADS; h++) {
            const double z = own * (double)o->x[h * FEATURES][i] + common * mean;
            o->truth[i * HEADS + h] = z;
            o->y[i * HEADS + h] = rng_unit(&r) < stat_sigmoid(z);
        }
    }
    o->d = (struct stack_data){.n = N,
                               .heads = HEADS,
                               .features = FEATURES,
                               .x = o->at,
                               .base = plain,
                               .y = o->y,
                               .w = o->w,
                               .fold = o->fold,
                               .folds = FOLDS,
                               .out = o->out};
}

static void world_deinit(struct world *o)
{
    for (size_t k = 0; k < (size_t)HEADS * FEATURES; k++)
        free(o->x[k]);
    free(o->y);
    free(o->w);
    free(o->truth);
    free(o->fold);
}

Test(train_stack, finds_what_the_heads_have_in_common)
{
    struct world o;
    struct stack s;
    world_init(&o, 0.5, 2.5, 1);
    AUTO_FREE double *value = mem_array((size_t)N * HEADS, sizeof *value);
    cr_assert(stack_fit(&o.d, &s, value));
    double error = 0, naive = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t h = 0; h < HEADS; h++) {
            const double z = o.truth[i * HEADS + h], f = (double)o.x[h * FEATURES][i];
            error += (value[i * HEADS + h] - z) * (value[i * HEADS + h] - z);
            naive += (f - z) * (f - z);
        }
    cr_assert(lt(dbl, error, naive / 10), "%g, of the plain heads %g", error, naive);
    for (size_t h = 0; h < HEADS; h++) {
        cr_assert(epsilon_eq(dbl, s.own[h * FEATURES], 0.5, 0.25));
        cr_assert(epsilon_eq(dbl, s.shared[h * FEATURES], 2.5, 0.5));
        cr_assert(epsilon_eq(dbl, s.own[h * FEATURES + 1], 0, 0.2), "the second says nothing");
        cr_assert(epsilon_eq(dbl, s.bias[h], 0, 0.2));
    }
    stack_deinit(&s);
    world_deinit(&o);
}

Test(train_stack, refuses_what_does_not_pay)
{
    /* Labels that change sides from fold to fold: what two folds teach is wrong of the third. */
    struct world o;
    struct stack s;
    world_init(&o, 1, 0, 2);
    for (size_t i = 0; i < N; i++)
        for (size_t h = 0; h < HEADS; h++)
            o.y[i * HEADS + h] = o.fold[i] == 0;
    AUTO_FREE double *value = mem_array((size_t)N * HEADS, sizeof *value);
    cr_assert(not(stack_fit(&o.d, &s, value)));
    cr_assert(eq(ptr, s.own, NULL));
    stack_deinit(&s);
    world_deinit(&o);
}

/* Coefficients and values must not depend on a head that is left alone, nor on labels that are not
 * there. */
Test(train_stack, leaves_heads_alone)
{
    struct world o;
    struct stack s, again;
    world_init(&o, 0.5, 2, 3);
    o.out[1] = true;
    AUTO_FREE double *value = mem_array((size_t)N * HEADS, sizeof *value);
    AUTO_FREE double *other = mem_array((size_t)N * HEADS, sizeof *other);
    cr_assert(stack_fit(&o.d, &s, value));
    cr_assert(isnan(value[1]) && !isnan(value[0]) && !isnan(value[2]));
    for (size_t i = 0; i < N; i++) {
        o.x[1 * FEATURES][i] = 1e6F;
        o.y[i * HEADS + 1] = (double)NAN;
    }
    cr_assert(stack_fit(&o.d, &again, other));
    for (size_t h = 0; h < HEADS; h += 2) {
        cr_assert(eq(dbl, s.bias[h], again.bias[h]));
        cr_assert(eq(dbl, s.own[h * FEATURES], again.own[h * FEATURES]));
    }
    cr_assert(eq(dbl, s.own[1 * FEATURES], 0));
    for (size_t h = 0; h < HEADS; h++)
        o.out[h] = true;
    stack_deinit(&again);
    cr_assert(not(stack_fit(&o.d, &again, other)), "nothing to fit");
    stack_deinit(&s);
    world_deinit(&o);
}
