/* Search over features: what is chosen, that it is chosen on training prompts alone, and what a
 * space without a part looks like. */
#include "store/router.h"
#include "train/add_model.h"
#include "train/params.h"
#include "train/search.h"
#include "train_store_fixture.h"

#include <criterion/new/assert.h>

static const struct train_options full = {.folds = 3, .seed = 1, .search = true};

Test(train_search, sets_are_distinct_and_the_default_comes_first)
{
    struct space_use use = {.hashed = true};
    cr_assert(eq(sz, search_count(&use), SEARCH_TRIED));
    search_set(0, &use);
    cr_assert(use.no_surface == 0 && use.min_df == 0);
    for (size_t a = 0; a < SEARCH_TRIED; a++)
        for (size_t b = 0; b < a; b++) {
            struct space_use x = {0}, y = {0};
            search_set(a, &x);
            search_set(b, &y);
            cr_assert(x.no_surface != y.no_surface || x.min_df != y.min_df);
        }
    const struct space_use vectors = {.dense = true};
    cr_assert(eq(sz, search_count(&vectors), 1));
}

Test(train_search, spaces_without_a_part)
{
    struct matrix *m = fixture_new(200, 2, 3);
    for (size_t i = 0; i < 200; i += 2) { /* texts that differ in more than words */
        char *longer = mem_printf("%s: 12?", m->prompt[i].text);
        free(m->prompt[i].text);
        m->prompt[i].text = longer;
    }
    struct corpus *c = corpus_new(m, 14, 1);
    uint32_t all[200];
    for (uint32_t i = 0; i < 200; i++)
        all[i] = i;
    AUTO_FREE uint32_t *column = mem_array(space_row_max(c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(c), sizeof *value);
    size_t kept[2];
    for (size_t k = 0; k < SEARCH_TRIED; k++) {
        struct space_use use = {.hashed = true};
        search_set(k, &use);
        struct space *x = space_new(c, all, 200, &use);
        kept[use.min_df > 0] = x->kept;
        bool surface = false, task = false;
        for (size_t i = 0; i < 200; i++) {
            const size_t n = space_row(x, c, i, column, value);
            for (size_t j = 0; j < n; j++) {
                surface = surface || (column[j] >= x->surface_at && column[j] < x->task_at);
                task = task || (column[j] >= x->task_at && column[j] < x->dense_at);
            }
        }
        cr_assert(surface != use.no_surface && task, "set %zu", k);
        space_free(x);
    }
    cr_assert(lt(sz, kept[1], kept[0]), "rare n-grams are left out");
    corpus_free(c);
    matrix_free(m);
}

/* What a fold holds out does not sway its own choice. */
Test(train_search, is_nested)
{
    struct matrix *m = fixture_new(240, 2, 8);
    struct training t, u;
    struct err err = {0};
    cr_assert(train_matrix(m, &full, true, NULL, 0, &t, &err) == 0, "%s", err.text);
    cr_assert(t.searched);
    for (size_t i = 0; i < t.side[1].evals; i++)
        for (size_t k = 0; k < 2; k++)
            m->score[t.side[1].eval[i] * 2 + k] = 1 - m->score[t.side[1].eval[i] * 2 + k];
    cr_assert(train_matrix(m, &full, true, NULL, 0, &u, &err) == 0, "%s", err.text);
    const struct space_use *a = &t.side[1].use, *b = &u.side[1].use;
    cr_assert(a->no_surface == b->no_surface && a->min_df == b->min_df);
    cr_assert(
        memcmp(t.side[1].q, u.side[1].q, t.side[1].evals * t.targets.heads * sizeof(double)) == 0);
    training_deinit(&u);

    /* What is taken is no worse, out of fold, than the default. */
    struct training quick;
    const struct train_options plain = {.folds = 3, .seed = 1};
    double taken[4] = {0}, usual[4] = {0};
    for (size_t i = 0; i < t.side[1].evals; i++)
        for (size_t k = 0; k < 2; k++)
            m->score[t.side[1].eval[i] * 2 + k] = 1 - m->score[t.side[1].eval[i] * 2 + k];
    cr_assert(train_matrix(m, &plain, true, NULL, 0, &quick, &err) == 0, "%s", err.text);
    cr_assert(quick.searched == 0);
    for (size_t at = 0; at < 4; at++) {
        for (size_t h = 0; h < 2; h++) {
            taken[at] += t.side[at].choice[h].loss;
            usual[at] += quick.side[at].choice[h].loss;
        }
        cr_assert(taken[at] <= usual[at] + 1e-12, "side %zu: %g, %g", at, taken[at], usual[at]);
    }
    training_deinit(&quick);
    training_deinit(&t);
    matrix_free(m);
}

TestSuite(train_search_store, .init = open_store, .fini = close_store);

/* Searched features are kept with the router: a head added later has them. */
Test(train_search_store, added_heads_have_the_routers_features)
{
    char name[64];
    struct router r;
    struct params p, q;
    struct added x;
    struct str_vec one = {0};
    VEC_PUSH(&one, mem_strdup("model-0"));
    struct train_options o = full;
    o.models = &one;
    OK(train_store(s, &o, name, NULL, &e));
    OK(router_get(s, name, &r, &e));
    cr_assert(strstr(r.metrics, "\"features_by_side\":[{\"surface\":") != NULL, "%s", r.metrics);
    OK(params_read(r.params, r.params_len, &p, &e));
    router_deinit(&r);
    OK(train_add_model(s, &(struct add_options){.model = "model-1"}, &x, &e));
    OK(router_get(s, x.name, &r, &e));
    OK(params_read(r.params, r.params_len, &q, &e));
    cr_assert(q.models == 2 && q.kept == p.kept);
    params_deinit(&p);
    params_deinit(&q);
    router_deinit(&r);
    added_deinit(&x);
    str_vec_free(&one);
}
