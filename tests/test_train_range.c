/* Surface features stay within what training saw: in the rows that heads are fitted on, in
 * params_predict, and in a router stored before there was a range. Probabilities stay within what
 * so many prompts can show. */
#include "core/buf.h"
#include "core/fs.h"
#include "train/params.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* Prompts of 30 to 2,500 bytes whose length tells how likely model 0 is right. */
static struct matrix *long_and_short(size_t n)
{
    struct matrix *m = fixture_new(n, 2, 31);
    struct rng r;
    rng_seed(&r, 5);
    for (size_t i = 0; i < n; i++) {
        const size_t copies = (size_t)1 << rng_below(&r, 7);
        const size_t one = strlen(m->prompt[i].text);
        char *text = mem_zalloc(copies * (one + 1) + 1);
        for (size_t k = 0; k < copies; k++) {
            memcpy(text + k * (one + 1), m->prompt[i].text, one);
            text[k * (one + 1) + one] = k % 3 ? '.' : '\n';
        }
        free(m->prompt[i].text);
        m->prompt[i].text = text;
        m->score[i * 2] = rng_unit(&r) < 0.1 + 0.12 * log2((double)copies);
    }
    return m;
}

static struct shunt_encoding code;

static double answer(const struct params *p, char fill, size_t bytes)
{
    AUTO_FREE char *text = mem_alloc(bytes);
    double q[2];
    memset(text, fill, bytes);
    params_predict(p, text, bytes, NULL, NULL, q);
    return q[0];
}

Test(train_range, is_what_the_training_side_had)
{
    enum { N = 600 };
    struct matrix *m = long_and_short(N);
    struct training t;
    struct params p;
    struct err e = {0};
    const struct train_options o = {.folds = 4, .seed = 1};
    cr_assert(train_matrix(m, &o, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    params_from(&t, m, "", &p);
    int32_t low[SHUNT_FEATURES], high[SHUNT_FEATURES];
    for (size_t i = 0; i < N; i++) {
        shunt_encode(m->prompt[i].text, strlen(m->prompt[i].text), 20, &code);
        for (size_t f = 0; f < SHUNT_FEATURES; f++) {
            low[f] = i == 0 || code.feature[f] < low[f] ? code.feature[f] : low[f];
            high[f] = i == 0 || code.feature[f] > high[f] ? code.feature[f] : high[f];
        }
    }
    for (size_t f = 0; f < SHUNT_FEATURES; f++) /* quantiles of 600 near the ends are the ends */
        cr_assert(p.low[f] == low[f] && p.high[f] == high[f], "%s: %d..%d, seen %d..%d",
                  shunt_feature_name((unsigned)f), p.low[f], p.high[f], low[f], high[f]);
    /* A head of the first side does not know the longest prompt if it is held out. */
    for (size_t k = 0; k < t.predicting; k++)
        cr_assert_null(t.side[k].space);

    /* Beyond the range nothing changes any more; inside it does. */
    cr_assert(answer(&p, '?', 1 << 16) == answer(&p, '?', 1 << 20));
    cr_assert(fabs(answer(&p, '?', 1) - answer(&p, '?', 20)) < 0.02, "%g, %g", answer(&p, '?', 1),
              answer(&p, '?', 20));
    struct params free_range = p;
    for (size_t f = 0; f < SHUNT_FEATURES; f++) {
        free_range.low[f] = INT32_MIN;
        free_range.high[f] = INT32_MAX;
    }
    cr_assert(gt(dbl, fabs(answer(&free_range, '?', 1 << 20) - answer(&p, '?', 1 << 20)), 0.01));
    cr_assert(gt(dbl, fabs(answer(&free_range, '?', 1) - answer(&p, '?', 1)), 0.01));

    /* However far the weights go, 600 prompts promise no more than 601 in 602. */
    const double bias = p.set[0].bias[0], least = 1.0 / ((double)t.final->n + 2);
    cr_assert(t.final->n == N && p.set[0].curve[0].count == 2);
    p.set[0].bias[0] = 100;
    cr_assert(ieee_ulp_eq(dbl, answer(&p, 'x', 1), 1 - least, 4));
    p.set[0].bias[0] = -100;
    cr_assert(ieee_ulp_eq(dbl, answer(&p, 'x', 1), least, 4));
    p.set[0].bias[0] = bias;

    /* As it was stored before: version 2 ends where the range begins. */
    struct buf b = BUF_INIT(0), plain = BUF_INIT(1 << 28), old = BUF_INIT(0);
    struct params back;
    params_write(&p, &b);
    cr_assert(params_read(b.data, b.len, &back, &e) == 0, "%s", e.text);
    cr_assert(memcmp(back.low, p.low, sizeof p.low) == 0 &&
              memcmp(back.high, p.high, sizeof p.high) == 0);
    params_deinit(&back);
    cr_assert(fs_unzip(b.data, b.len, 1 << 28, &plain, &e) == 0);
    plain.data[8] = 2;
    fs_zip(plain.data, plain.len - 2 * SHUNT_FEATURES * 8 - 8, &old, &e); /* nothing tells */
    cr_assert(params_read(old.data, old.len, &back, &e) == 0, "%s", e.text);
    cr_assert(back.low[3] == INT32_MIN && back.high[3] == INT32_MAX);
    cr_assert(answer(&back, '?', 1 << 20) == answer(&free_range, '?', 1 << 20));
    params_deinit(&back);
    buf_deinit(&b);
    buf_deinit(&plain);
    buf_deinit(&old);
    params_deinit(&p);
    training_deinit(&t);
    matrix_free(m);
}
