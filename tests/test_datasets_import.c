/* Imports: the published figures of the public data (skipped where it is absent), and what the
 * fixtures become in the store, row by row.
 */
#include "core/fs.h"
#include "datasets/import.h"
#include "store/matrix.h"
#include "store/prompt.h"
#include "store/reply.h"
#include "tests/store_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(import, .init = open_store, .fini = close_store);

/* Tests run in the repository's root. */
static const char *fixture(const char *name)
{
    static char file[400];
    snprintf(file, sizeof file, "tests/fixtures/import/%s", name);
    cr_assert(fs_exists(file), "%s is there", file);
    return file;
}

static const char *public_data(const char *name)
{
    static char folder[400];
    const char *shared = getenv("SHUNT_SHARED");
    snprintf(folder, sizeof folder, "%s/datasets/%s", shared ? shared : "../shared", name);
    if (!fs_is_dir(folder))
        cr_skip("no public data at %s (set SHUNT_SHARED)", folder);
    return folder;
}

static void import(const char *from, struct import_summary *sum)
{
    struct import_options o = {.path = from};
    struct err e = {0};
    cr_assert(import_run(s, &o, sum, &e) == 0, "%s", e.text);
}

struct figure {
    const char *model;
    double score, cost_usd; /* NaN: none */
};

/* Figures published with the data, to the digits given there. */
static void check_figures(const char *name, int64_t prompts, const struct figure *f, size_t n,
                          double oracle)
{
    struct import_summary sum;
    struct matrix *m = NULL;
    struct matrix_options o = {.no_text = true};
    struct err e = {0};
    import(public_data(name), &sum);
    cr_expect(eq(i64, sum.prompts_new, prompts));
    cr_assert(matrix_load(s, &o, &m, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, m->prompts, (size_t)prompts));
    double best_sum = 0;
    for (size_t i = 0; i < m->prompts; i++) {
        double best = 0;
        for (size_t k = 0; k < m->models; k++)
            best = fmax(best, m->score[i * m->models + k]);
        best_sum += best;
    }
    if (!isnan(oracle))
        cr_expect(epsilon_eq(dbl, best_sum / (double)prompts, oracle, 5.1e-5));
    for (size_t k = 0; k < n; k++) {
        size_t at = 0;
        while (at < m->models && strcmp(m->model[at].name, f[k].model) != 0)
            at++;
        cr_assert(at < m->models, "%s is there", f[k].model);
        double score = 0, cost = 0;
        for (size_t i = 0; i < m->prompts; i++) {
            score += m->score[i * m->models + at];
            cost += m->cost_nusd[i * m->models + at];
        }
        cr_expect(fabs(score / (double)prompts - f[k].score) < 5.1e-5, "%s: score %.6f", f[k].model,
                  score / (double)prompts);
        double usd = cost / (double)prompts / 1e9;
        cr_expect(isnan(f[k].cost_usd) ? isnan(usd) : fabs(usd - f[k].cost_usd) < 5.1e-7,
                  "%s: cost %.8f", f[k].model, usd);
    }
    matrix_free(m);
    import_summary_deinit(&sum);
}

Test(import, routellm_has_the_published_figures)
{
    static const struct figure f[] = {
        {"mistralai/Mixtral-8x7B-Instruct-v0.1", .6809, NAN},
        {"gpt-4-1106-preview", .8059, NAN},
    };
    check_figures("routellm/mmlu", 14037, f, 2, .8587);
}

Test(import, cascades_has_the_published_figures)
{
    static const struct figure f[] = {
        {"llama3.1-405b", .8446, .000476},
        {"gpt-4o", .8422, .000516},
        {"llama3.1-70b", .8068, .000141},
        {"gpt-4o-mini", .7544, .000031},
    };
    check_figures("cascades", 5533, f, 4, .9624);
}

Test(import, llmdrift_has_the_published_figures)
{
    static const struct figure f[] = {
        {"gpt-4-0314", .8284, .035804},
        {"gpt-4-0613", .4465, .001923},
    };
    check_figures("llmdrift", 1550, f, 2, .9690);
}

Test(import, date_understanding_has_the_published_figures)
{
    static const struct figure f[] = {
        {"gpt-4", .8853, NAN},
        {"gpt-4/greedy", .8645, NAN},
        {"gpt-3.5-turbo", .6721, NAN},
        {"gpt-3.5-turbo/PoT", .7664, NAN},
    };
    check_figures("date-understanding", 369, f, 4, NAN);
}

Test(import, repeated_prompts_of_routellm_share_a_cluster)
{
    struct import_summary sum;
    import(public_data("routellm/mmlu"), &sum);
    cr_expect(eq(i64, sum.left_out, 5));
    cr_expect(eq(i64, sum.replies_new, 28074));
    import_summary_deinit(&sum);
    import(public_data("routellm/mmlu"), &sum);
    cr_expect(eq(i64, sum.prompts_new, 0));
    cr_expect(eq(i64, sum.replies_new, 0));
    cr_expect(eq(i64, sum.replies_known, 28074));
    import_summary_deinit(&sum);
    struct matrix *m = NULL;
    struct matrix_options o = {.no_text = true};
    struct err e = {0};
    cr_assert(matrix_load(s, &o, &m, &e) == 0, "%s", e.text);
    size_t clusters = 0; /* a cluster is numbered by its smallest row */
    for (size_t i = 0; i < m->prompts; i++)
        clusters += m->prompt[i].cluster == m->prompt[i].id;
    cr_expect(clusters < 13937 && clusters > 13000, "%zu clusters of 14037 prompts, 13932 texts",
              clusters);
    matrix_free(m);
}

/* ---- the fixtures ---- */

struct seen {
    size_t n;
    int64_t cluster[16];
    char id[16][16], text[16][80], grader[16][40], split[16][16], stage[16][16];
    int64_t ms[16], parent[16], stage_index[16], row[16];
    double weight[16];
};

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "(none)");
}

static int see(void *arg, const struct prompt *p, struct err *e)
{
    struct seen *a = arg;
    (void)e;
    size_t i = a->n++;
    cr_assert(i < 16);
    copy(a->id[i], sizeof a->id[i], p->ext_id);
    copy(a->text[i], sizeof a->text[i], p->text);
    copy(a->grader[i], sizeof a->grader[i], p->grader);
    copy(a->split[i], sizeof a->split[i], p->split);
    copy(a->stage[i], sizeof a->stage[i], p->stage);
    a->row[i] = p->id;
    a->cluster[i] = p->cluster;
    a->ms[i] = p->timestamp_ms;
    a->parent[i] = p->parent;
    a->stage_index[i] = p->stage_index;
    a->weight[i] = p->weight;
    return 0;
}

Test(import, fields_of_our_own_form_arrive)
{
    struct import_summary sum;
    struct err e = {0};
    import(fixture("traffic.jsonl"), &sum);
    cr_expect(eq(i64, sum.prompts_new, 9));
    cr_expect(eq(i64, sum.splits_given, 1));
    import_summary_deinit(&sum);
    static struct seen a;
    cr_assert(prompt_each(s, true, see, &a, &e) == 0, "%s", e.text);
    cr_assert(eq(sz, a.n, 9));
    cr_expect_str_eq(a.text[0], "When do you open?"); /* the system turn is no text */
    cr_expect_str_eq(a.text[1], "And on\nSundays?");  /* user turns, a line feed between */
    cr_expect_str_eq(a.id[2], "3");
    cr_expect(eq(i64, a.ms[0], 1772874843000));
    cr_expect(eq(i64, a.ms[1], 1772871300000)); /* 08:15 UTC */
    cr_expect(eq(i64, a.ms[3], INT64_MIN));
    cr_expect(eq(dbl, a.weight[2], 2.5));
    cr_expect(eq(dbl, a.weight[0], 1));
    cr_expect_str_eq(a.grader[1], "\"equals\"");
    cr_expect_str_eq(a.grader[2], "{\"type\":\"numeric\",\"tolerance\":0.005}");
    cr_expect_str_eq(a.grader[4], "(none)");
    cr_expect_str_eq(a.split[8], "test");
    cr_expect_str_eq(a.split[0], "(none)"); /* an import assigns none */
    cr_expect(eq(i64, a.cluster[0], a.cluster[1]), "one group");
    cr_expect(eq(i64, a.cluster[2], a.cluster[3]), "one text, but for case and white space");
    cr_expect(eq(i64, a.cluster[4], a.cluster[5]), "one staged request");
    cr_expect(eq(i64, a.cluster[5], a.cluster[6]));
    cr_expect(ne(i64, a.cluster[0], a.cluster[2]));
    cr_expect(eq(i64, a.parent[5], a.row[4]));
    cr_expect_str_eq(a.stage[6], "format");
    cr_expect(eq(i64, a.stage_index[5], 0));
    cr_expect(eq(i64, a.stage_index[6], 1));
    cr_expect(eq(i64, prompt_count(s), 8), "the parent of stages is no prompt to ask");
}

Test(import, outcomes_become_replies_and_scores)
{
    struct import_summary sum;
    struct err e = {0};
    import(fixture("outcomes"), &sum);
    cr_expect(eq(i64, sum.replies_new, 7));
    cr_expect(eq(i64, sum.scores, 6));
    cr_assert(eq(sz, sum.models.n, 2));
    cr_expect_str_eq(sum.models.v[0].name, "small");
    cr_expect(eq(i64, (int64_t)sum.models.v[0].cost_nusd,
                 2 * 13300)); /* number and string alike, exact */
    import_summary_deinit(&sum);
    struct matrix *m = NULL;
    struct matrix_options o = {0};
    cr_assert(matrix_load(s, &o, &m, &e) == 0, "%s", e.text);
    cr_assert(m->prompts == 3 && m->models == 2);
    size_t large = strcmp(m->model[0].name, "large") == 0 ? 0 : 1, small = 1 - large;
    cr_expect(eq(dbl, m->score[0 * 2 + small], .5)); /* mean of two samples */
    cr_expect(eq(i32, m->samples[0 * 2 + small], 2));
    cr_expect(eq(dbl, m->cost_nusd[0 * 2 + small], 13300));
    cr_expect(eq(dbl, m->latency_ms[0 * 2 + small], 100.5));
    cr_expect(eq(dbl, m->mean_logprob[0 * 2 + small], -.25)); /* of sample 0 */
    cr_expect(eq(dbl, m->tokens_in[0 * 2 + small], 8));
    cr_expect(eq(dbl, m->score[1 * 2 + large], 1)); /* true */
    cr_expect(isnan(m->score[2 * 2 + large]));      /* null */
    cr_expect(isnan(m->cost_nusd[1 * 2 + small]), "unknown stays unknown");
    cr_expect_str_eq(m->prompt[0].task, "sums");
    cr_expect(eq(i64, m->unscored_replies, 1));
    matrix_free(m);
}

static void write_folder(const char *reference, double score)
{
    static const char prompt[] =
        "{\"id\":\"a\",\"prompt\":\"x\",\"grader\":\"equals\",\"reference\":\"%s\"}\n";
    char text[200];
    struct err e = {0};
    snprintf(text, sizeof text, prompt, reference);
    cr_assert(fs_write_atomic("prompts.jsonl", text, strlen(text), &e) == 0, "%s", e.text);
    snprintf(text, sizeof text,
             "{\"prompt_id\":\"a\",\"model\":\"m\",\"score\":%g,\"response\":\"y\"}\n", score);
    cr_assert(fs_write_atomic("outcomes.jsonl", text, strlen(text), &e) == 0, "%s", e.text);
}

static double primary_score(void)
{
    struct matrix *m = NULL;
    struct matrix_options o = {0};
    struct err e = {0};
    if (matrix_load(s, &o, &m, &e))
        return NAN; /* no scored reply at all */
    double score = m->score[0];
    matrix_free(m);
    return score;
}

static int put_score(void *arg, const struct grade_item *g, struct err *e)
{
    ++*(int *)arg;
    return score_put(s, g->reply, g->grader, 1, .75, "ok", NULL, true, e);
}

Test(import, a_second_import_leaves_judged_scores_until_the_reference_changes)
{
    char folder[] = "/tmp/shunt-folder-XXXXXX", back[400];
    struct import_summary sum;
    int judged = 0;
    cr_assert(getcwd(back, sizeof back) && mkdtemp(folder) && chdir(folder) == 0);
    write_folder("y", .25);
    import(".", &sum);
    import_summary_deinit(&sum);
    cr_expect(eq(dbl, primary_score(), .25));
    cr_assert(grade_each(s, 1, false, put_score, &judged, NULL) == 0 && judged == 1);
    cr_expect(eq(dbl, primary_score(), .75));
    import(".", &sum);
    cr_expect(eq(i64, sum.replies_new, 0));
    import_summary_deinit(&sum);
    cr_expect(eq(dbl, primary_score(), .75));
    cr_assert(grade_each(s, 1, false, put_score, &judged, NULL) == 0);
    cr_expect(eq(int, judged, 1), "nothing to judge again");
    write_folder("z", .25);
    import(".", &sum);
    import_summary_deinit(&sum);
    cr_assert(grade_each(s, 1, false, put_score, &judged, NULL) == 0);
    cr_expect(eq(int, judged, 2), "a corrected reference is judged again");
    unlink("prompts.jsonl");
    unlink("outcomes.jsonl");
    cr_assert(chdir(back) == 0);
    rmdir(folder);
}

Test(import, csvs_become_replies)
{
    struct import_summary sum;
    struct err e = {0};
    import(fixture("routellm"), &sum);
    cr_expect(eq(i64, sum.prompts_new, 4));
    cr_expect(eq(i64, sum.left_out, 1));
    cr_expect(eq(i64, sum.replies_new, 7));
    import_summary_deinit(&sum);
    static struct seen a;
    cr_assert(prompt_each(s, false, see, &a, &e) == 0, "%s", e.text);
    cr_expect_str_eq(a.id[0], "yard_signals:1");
    cr_expect_str_eq(a.text[0], "Two lines,\nwith a \"quote\"\nAnswer:");
    cr_expect_str_eq(a.id[2], "yard_signals:4"); /* the row in the file, the left out one counted */
    cr_expect(eq(i64, a.cluster[1], a.cluster[2]), "a repeated prompt is one cluster");
    cr_expect_str_eq(a.id[3], "yard_switches:1");
}

Test(import, formats_have_names)
{
    static const char *const words[] = {"auto", "jsonl", "outcomes", "routellm"};
    for (int i = 0; i < 4; i++) {
        enum import_format f;
        cr_expect(eq(int, import_format_parse(words[i], &f, NULL), 0));
        cr_expect_str_eq(import_format_name(f), words[i]);
    }
    enum import_format f;
    struct err e = {0};
    cr_expect(eq(int, import_format_parse("json", &f, &e), ERR_USAGE));
    cr_expect(strstr(e.text, "'jsonl'") != NULL, "%s", e.text);
}
