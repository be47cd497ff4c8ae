/* What may be odd about data: one model, one class, holes, ties, splits, and threads. */
#include "core/buf.h"
#include "core/json.h"
#include "train/params.h"
#include "train_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static void train_ok(const struct matrix *m, const struct train_options *o, struct training *t)
{
    struct err e = {0};
    cr_assert(train_matrix(m, o, true, NULL, 0, t, &e) == 0, "%s", e.text);
}

static const struct train_options four = {.folds = 4, .seed = 1, .jobs = 2};

Test(train_matrix, learns_what_there_is_to_learn)
{
    struct matrix *m = fixture_new(1500, 3, 1);
    struct training t;
    train_ok(m, &four, &t);
    for (size_t h = 0; h < 2; h++) {
        const struct head_figures *f = &t.figures.head[h];
        cr_assert(lt(dbl, f->loss, f->task_loss - 0.02), "words decide: %g, task means %g", f->loss,
                  f->task_loss);
        cr_assert(lt(dbl, f->ece, 0.06));
        cr_assert(f->n == 1500 && f->train_n == 1500);
    }
    const struct head_figures *f = &t.figures.head[2];
    cr_assert(lt(dbl, f->loss, f->base_loss + 0.005),
              "where nothing can be learned, nothing is lost: %g, %g", f->loss, f->base_loss);
    training_deinit(&t);
    matrix_free(m);
}

Test(train_matrix, threads_and_repetition_change_nothing)
{
    struct matrix *m = fixture_new(500, 3, 2);
    for (size_t i = 0; i < m->prompts; i++)
        m->prompt[i].complexity = mem_strdup(i % 3 ? "simple" : "complex");
    double *first = NULL;
    for (size_t jobs = 1; jobs <= 4; jobs++) {
        struct train_options o = four;
        struct training t;
        o.jobs = jobs;
        train_ok(m, &o, &t);
        double *q = fixture_held_out(&t);
        if (first == NULL)
            first = q;
        cr_assert(memcmp(first, q, 500 * 4 * sizeof *q) == 0, "%zu threads", jobs);
        if (q != first)
            free(q);
        training_deinit(&t);
    }
    struct train_options other = four;
    struct training t;
    other.seed = 2;
    train_ok(m, &other, &t);
    double *q = fixture_held_out(&t);
    cr_assert(memcmp(first, q, 500 * 4 * sizeof *q) != 0, "another seed has other folds");
    free(q);
    free(first);
    training_deinit(&t);
    matrix_free(m);
}

/* Always right, always wrong, never scored, scored once, and all alike: constants, no errors. */
Test(train_matrix, degenerate_models)
{
    struct matrix *m = fixture_new(200, 6, 3);
    for (size_t i = 0; i < m->prompts; i++) {
        double *y = m->score + i * 6;
        y[1] = 1;
        y[2] = 0;
        y[3] = (double)NAN;
        y[4] = i == 17 ? 1 : (double)NAN;
        y[5] = 0.5;
    }
    struct training t;
    train_ok(m, &four, &t);
    double *q = fixture_held_out(&t);
    for (size_t i = 0; i < m->prompts; i++) {
        for (size_t h = 0; h < 6; h++)
            cr_assert(q[i * 6 + h] >= 0 && q[i * 6 + h] <= 1, "prompt %zu head %zu: %g", i, h,
                      q[i * 6 + h]);
        cr_assert(q[i * 6 + 1] > 0.98 && q[i * 6 + 2] < 0.02);
        cr_assert(epsilon_eq(dbl, q[i * 6 + 5], 0.5, 0.1));
    }
    cr_assert(t.figures.head[1].choice.constant && t.figures.head[2].choice.constant &&
              t.figures.head[3].choice.constant && t.figures.head[4].choice.constant);
    cr_assert(t.figures.head[0].choice.constant == 0);
    cr_assert(t.figures.head[3].n == 0 && isnan(t.figures.head[3].loss));
    free(q);
    training_deinit(&t);
    matrix_free(m);

    m = fixture_new(60, 1, 3);
    for (size_t i = 0; i < m->prompts; i++)
        m->score[i] = 1;
    train_ok(m, &four, &t); /* one model, always right */
    cr_assert(t.figures.head[0].choice.constant);
    training_deinit(&t);
    matrix_free(m);
}

/* A model scored on half of the prompts is fitted on that half, and predicted everywhere. */
Test(train_matrix, missing_scores_are_left_out)
{
    struct matrix *m = fixture_new(800, 2, 4), *half = fixture_new(800, 2, 4);
    for (size_t i = 0; i < m->prompts; i += 2)
        half->score[i * 2] = (double)NAN;
    struct training t, u;
    train_ok(m, &four, &t);
    train_ok(half, &four, &u);
    cr_assert(u.figures.head[0].n == 400 && u.figures.head[0].train_n == 400);
    double *q = fixture_held_out(&u);
    for (size_t i = 0; i < 1600; i++)
        cr_assert(isnan(q[i]) == 0);
    cr_assert(lt(dbl, u.figures.head[0].loss, u.figures.head[0].base_loss - 0.01));
    free(q);
    training_deinit(&t);
    training_deinit(&u);
    matrix_free(m);
    matrix_free(half);
}

static void refused(const struct matrix *m, int64_t folds, const char *says)
{
    struct training t;
    struct err e = {0};
    struct train_options o = {.folds = folds, .seed = 1};
    cr_assert(train_matrix(m, &o, true, NULL, 0, &t, &e) == ERR_USAGE, "%s", says);
    cr_assert(strstr(e.text, says) != NULL, "'%s' lacks '%s'", e.text, says);
}

Test(train_matrix, splits_and_their_errors)
{
    struct matrix *m = fixture_new(300, 2, 5);
    struct train_options o = {.seed = 1};
    struct training t;
    train_ok(m, &o, &t);
    cr_assert(t.predicting == 1 && t.side[0].n == 180 && t.side[0].evals == 120);
    cr_assert(eq(sz, t.final->n, 240), "the shipped heads see all that is not test");
    for (size_t i = 0; i < t.final->n; i++)
        cr_assert(ne(chr, m->prompt[t.final->train[i]].split, 'e'));
    cr_assert_str_eq(t.figures.measured_on, "test");
    cr_assert(eq(i64, t.figures.head[0].n, 60));
    training_deinit(&t);

    m->prompt[0].split = 0;
    refused(m, 0, "1 of 300 prompts have no split; run 'shunt split'");
    for (size_t i = 0; i < 300; i++)
        m->prompt[i].split = 't';
    refused(m, 0, "300 prompts to train on and 0 to test on");
    for (size_t i = 0; i < 300; i++)
        m->prompt[i].split = 0;
    refused(m, 0, "run 'shunt split', or give --cross-fit");
    refused(m, 1, "--cross-fit takes 2 to 1000 folds, not 1");
    refused(m, 301, "300 groups of prompts cannot make 301 folds");
    for (size_t i = 0; i < 300; i++)
        m->prompt[i].cluster = 1;
    refused(m, 5, "belong to one group");
    for (size_t i = 0; i < 300; i++)
        m->prompt[i].cluster = 1 + (int64_t)(i % 2);
    o.folds = 2;
    train_ok(m, &o, &t); /* two groups: inner folds of one group each side, still no error */
    training_deinit(&t);
    size_t n = m->prompts;
    m->prompts = 0;
    refused(m, 5, "no prompt has a score");
    m->prompts = n;
    matrix_free(m);
}

Test(train_matrix, complexity_labels_are_learned)
{
    static const char *const name[3] = {"simple", "moderate", "complex"};
    struct matrix *m = fixture_new(900, 1, 6);
    for (size_t i = 0; i < m->prompts; i++) {
        size_t low = 0; /* words of the first half, as the fixture counts them */
        for (const char *w = strchr(m->prompt[i].text, 'w'); w != NULL; w = strchr(w + 1, 'w'))
            low += w == m->prompt[i].text || w[-1] == ' ' ? w[1] < 'f' : 0;
        m->prompt[i].complexity = i % 10 ? mem_strdup(name[low < 3 ? 0 : low < 5 ? 1 : 2]) : NULL;
    }
    struct training t;
    train_ok(m, &four, &t);
    const struct figures *f = &t.figures;
    cr_assert(t.targets.heads == 3 && f->labelled == 810);
    cr_assert(gt(dbl, f->accuracy, f->majority + 0.1), "%g against %g", f->accuracy, f->majority);
    cr_assert(gt(dbl, f->kappa, 0.5), "%g", f->kappa);
    struct buf b = BUF_INIT(0);
    figures_json(&t, m, "hashed", 1, &b);
    struct json *j;
    struct err e = {0};
    cr_assert(json_parse(b.data, b.len, &j, &e) == 0, "%s", e.text);
    cr_assert_str_eq(json_str(json_path(j, "complexity.labels[2]")), "complex");
    cr_assert(
        epsilon_eq(dbl, json_num(json_path(j, "complexity.quadratic_kappa"), 0), f->kappa, 1e-12));
    cr_assert(eq(sz, json_count(json_get(j, "heads")), 1));
    json_free(j);
    buf_deinit(&b);
    training_deinit(&t);
    matrix_free(m);
}

/* What compile gets is what was fitted, to rounding, and survives its blob; a blob with any byte
 * changed or missing is refused or reads as something valid, and never crashes. */
Test(train_matrix, parameters_are_the_final_heads)
{
    struct matrix *m = fixture_new(300, 2, 8);
    for (size_t i = 0; i < m->prompts; i++)
        m->prompt[i].complexity = mem_strdup(i % 3 ? "simple" : "complex");
    float *dense = mem_array(300 * 3, sizeof *dense);
    for (size_t i = 0; i < 900; i++)
        dense[i] = (float)sin((double)i);
    struct training t;
    struct err e = {0};
    cr_assert(train_matrix(m, &four, true, dense, 3, &t, &e) == 0, "%s", e.text);
    struct params p, back;
    params_from(&t, m, "sine/3/0", &p);
    struct buf b = BUF_INIT(0);
    params_write(&p, &b);
    cr_assert(params_read(b.data, b.len, &back, &e) == 0, "%s", e.text);
    cr_assert(back.sets == 2 && back.heads == 3);
    cr_assert_str_eq(back.encoder, "sine/3/0");

    const struct side *sets[2] = {t.final, t.plain};
    for (size_t which = 0; which < 2; which++) {
        const struct side *s = sets[which];
        uint32_t *column = mem_array(space_row_max(t.corpus), sizeof *column);
        double *value = mem_array(space_row_max(t.corpus), sizeof *value), q[3];
        for (size_t i = 0; i < m->prompts; i++) {
            const struct matrix_prompt *x = &m->prompt[i];
            size_t n = space_row(s->space, t.corpus, i, column, value);
            params_predict(&back, x->text, strlen(x->text), x->task,
                           which == 0 ? t.corpus->dense + 3 * i : NULL, q);
            for (size_t h = 0; h < 3; h++) {
                const double *w = s->w + h * (s->space->columns + 1);
                double f = w[s->space->columns];
                for (size_t k = 0; k < n; k++)
                    f += w[column[k]] * value[k];
                double g = task_logit(t.corpus, s->g + h * (t.corpus->tasks + 1), i);
                cr_assert(
                    epsilon_eq(dbl, q[h], stat_sigmoid(choice_value(&s->choice[h], f, g)), 1e-10));
            }
        }
        free(column);
        free(value);
    }
    struct params bad;
    cr_assert(params_read("nonsense", 8, &bad, &e) == ERR_FORMAT);
    for (size_t cut = 1; cut < b.len; cut += b.len / 50 + 1)
        cr_assert(params_read(b.data, b.len - cut, &bad, &e) == ERR_FORMAT);
    for (size_t at = 0; at < b.len; at += b.len / 200 + 1) {
        b.data[at] = (char)(b.data[at] ^ 0x55);
        if (params_read(b.data, b.len, &bad, &e) == 0)
            params_deinit(&bad);
        b.data[at] = (char)(b.data[at] ^ 0x55);
    }
    buf_deinit(&b);
    params_deinit(&p);
    params_deinit(&back);
    training_deinit(&t);
    matrix_free(m);
}

/* A vector that tells all is used; alone it works too. */
Test(train_matrix, dense_vectors_are_used)
{
    for (int hashed = 0; hashed < 2; hashed++) {
        struct matrix *m = fixture_new(400, 1, 9);
        float *dense = mem_array(400 * 2, sizeof *dense);
        for (size_t i = 0; i < 400; i++) {
            m->score[i] = i % 7 < 3;
            dense[2 * i] = i % 7 < 3 ? 50 : -50;
            dense[2 * i + 1] = 20;
        }
        struct training t;
        struct err e = {0};
        cr_assert(train_matrix(m, &four, hashed, dense, 2, &t, &e) == 0, "%s", e.text);
        cr_assert(lt(dbl, t.figures.head[0].loss, 0.25), "%g", t.figures.head[0].loss);
        cr_assert(eq(int, t.plain != NULL, hashed));
        training_deinit(&t);
        matrix_free(m);
    }
}
