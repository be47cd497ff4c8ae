/* Nearest neighbours: the lists by brute force, and predictions that see no held-out label. */
#include "train/knn.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { N = 500 };

static double cosine(const struct corpus *c, const double *square, size_t i, size_t j)
{
    double both = 0, a = 0, b = 0;
    for (size_t k = c->start[i]; k < c->start[i + 1]; k++) {
        a += square[c->bucket[k]];
        for (size_t p = c->start[j]; p < c->start[j + 1]; p++)
            both += c->bucket[p] == c->bucket[k] ? square[c->bucket[k]] : 0;
    }
    for (size_t p = c->start[j]; p < c->start[j + 1]; p++)
        b += square[c->bucket[p]];
    return a > 0 && b > 0 ? both / sqrt(a * b) : 0;
}

static double dense_cosine(const struct corpus *c, size_t i, size_t j)
{
    double both = 0, a = 0, b = 0;
    for (size_t k = 0; k < c->dims; k++) {
        const double x = c->dense[i * c->dims + k], y = c->dense[j * c->dims + k];
        both += x * y;
        a += x * x;
        b += y * y;
    }
    return both / sqrt(a * b);
}

/* The list is sorted by likeness, holds nobody of the cluster, and nobody left out is more alike.
 */
static void check_list(const struct corpus *c, const double *square, size_t i, const uint32_t *list)
{
    bool in[N] = {false};
    double last = 2;
    size_t n = 0;
    for (; n < KNN_LIST && list[n] != UINT32_MAX; n++) {
        const double x = square ? cosine(c, square, i, list[n]) : dense_cosine(c, i, list[n]);
        cr_assert(x <= last + 1e-6, "prompt %zu, neighbour %zu", i, n);
        cr_assert(c->cluster[list[n]] != c->cluster[i] && in[list[n]] == false);
        in[list[n]] = true;
        last = x;
    }
    for (size_t j = 0; j < N; j++) {
        const double x = square ? cosine(c, square, i, j) : dense_cosine(c, i, j);
        if (!in[j] && c->cluster[j] != c->cluster[i])
            cr_assert(x <= (n < KNN_LIST ? 1e-9 : last + 1e-6), "%zu misses %zu: %g", i, j, x);
    }
}

Test(train_knn, lists_are_those_of_brute_force)
{
    struct matrix *m = fixture_new(N, 2, 5);
    for (size_t i = 0; i < N; i++)
        m->prompt[i].cluster = (int64_t)(i / 2) + 1;
    struct corpus *c = corpus_new(m, 12, 1);
    float *dense = mem_array(N * 5, sizeof *dense);
    struct rng r;
    rng_seed(&r, 2);
    for (size_t k = 0; k < N * 5; k++)
        dense[k] = (float)rng_normal(&r);
    corpus_set_dense(c, dense, 5);
    AUTO_FREE uint32_t *list = mem_array(N * KNN_LIST, sizeof *list),
                       *other = mem_array(N * KNN_LIST, sizeof *other);
    AUTO_FREE double *square = mem_array((size_t)1 << 12, sizeof *square);
    AUTO_FREE size_t *df = mem_array((size_t)1 << 12, sizeof *df);
    for (size_t k = 0; k < c->start[N]; k++)
        df[c->bucket[k]]++;
    for (size_t b = 0; b < (size_t)1 << 12; b++) {
        const double idf = log((1.0 + N) / (1.0 + (double)df[b])) + 1;
        square[b] = df[b] >= 2 && df[b] <= 200 ? idf * idf : 0;
    }
    knn_lists(c, true, 1, list);
    knn_lists(c, true, 3, other);
    cr_assert(memcmp(list, other, N * KNN_LIST * sizeof *list) == 0, "threads change nothing");
    for (size_t i = 0; i < N; i += 7)
        check_list(c, square, i, list + i * KNN_LIST);
    knn_lists(c, false, 2, list);
    for (size_t i = 0; i < N; i += 7)
        check_list(c, NULL, i, list + i * KNN_LIST);
    corpus_free(c);
    matrix_free(m);
}

Test(train_knn, held_out_labels_are_not_seen)
{
    struct matrix *m = fixture_new(N, 2, 6);
    for (size_t i = 0; i < N; i += 5)
        m->score[i * 2] = (double)NAN;
    struct training t;
    struct knn x, y;
    struct err e = {0};
    const struct train_options o = {.folds = 5, .seed = 1};
    cr_assert(train_matrix(m, &o, true, NULL, 0, &t, &e) == 0, "%s", e.text);
    cr_assert(knn_fit(&t, 0, &x, &e) == 0, "%s", e.text);
    double loss = 0, base = 0, n = 0;
    for (size_t i = 0; i < N; i++) {
        cr_assert(x.q[i * 2] >= 0 && x.q[i * 2] <= 1 && x.q[i * 2 + 1] > 0);
        loss += stat_log_loss(x.q[i * 2 + 1], m->score[i * 2 + 1]);
        base += stat_log_loss(t.side[0].base_q[1], m->score[i * 2 + 1]);
        n++;
    }
    cr_assert(lt(dbl, loss, base), "likeness tells something: %g, %g", loss / n, base / n);
    const struct side *s = &t.side[2];
    for (size_t i = 0; i < s->evals; i++)
        t.y[s->eval[i] * t.targets.heads] = 1 - t.y[s->eval[i] * t.targets.heads];
    cr_assert(knn_fit(&t, 0, &y, &e) == 0, "%s", e.text);
    size_t changed = 0;
    for (size_t i = 0; i < s->evals; i++)
        cr_assert(x.q[s->eval[i] * 2] >= y.q[s->eval[i] * 2] &&
                      x.q[s->eval[i] * 2] <= y.q[s->eval[i] * 2],
                  "prompt %u is not told by its own fold", s->eval[i]);
    for (size_t i = 0; i < N * 2; i++)
        changed += x.q[i] < y.q[i] || x.q[i] > y.q[i];
    cr_assert(changed > 0, "others are");
    cr_assert(x.k[2] == y.k[2]);
    knn_deinit(&x);
    knn_deinit(&y);
    training_deinit(&t);
    matrix_free(m);
}
