/* shunt grade: judges the replies that no grader of this version has judged. */
#include "cli/cli.h"

#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "eval/grade.h"

#include <math.h>
#include <stdio.h>

static double mean(const struct grade_row *r)
{
    return r->scored ? r->score_sum / (double)r->scored : (double)NAN;
}

static void print_json(const struct grade_summary *s)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.grade/1");
    jsonw_int(&w, "replies", s->replies);
    jsonw_int(&w, "errors", s->errors);
    jsonw_int(&w, "refused", s->refused);
    jsonw_int(&w, "no_reference", s->no_reference);
    jsonw_arr(&w, "rows");
    for (size_t i = 0; i < s->rows.n; i++) {
        const struct grade_row *r = &s->rows.v[i];
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "model", r->model);
        jsonw_str(&w, "task", r->task);
        jsonw_int(&w, "replies", r->replies);
        jsonw_int(&w, "scored", r->scored);
        jsonw_num(&w, "mean_score", mean(r));
        jsonw_int(&w, "errors", r->errors);
        jsonw_int(&w, "refused", r->refused);
        jsonw_int(&w, "no_reference", r->no_reference);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_table(const struct grade_summary *s, enum out_shape shape, struct err *e)
{
    if (shape == OUT_ALIGNED)
        printf("%lld replies graded%s\n", (long long)s->replies, s->rows.n ? "\n" : "");
    if (!s->rows.n) {
        log_note("nothing is left to judge: each reply has its score, or there is none yet ('shunt "
                 "status' "
                 "counts them, 'shunt collect' asks for more)");
        return ERR_OK;
    }
    struct out *o =
        out_new(shape, stdout, 8,
                (const char *const[]){"model", "task", "replies", "scored", "mean_score", "errors",
                                      "refused", "no_reference"});
    for (size_t i = 0; i < s->rows.n; i++) {
        const struct grade_row *r = &s->rows.v[i];
        out_str(o, r->model);
        out_str(o, r->task);
        out_int(o, r->replies);
        out_int(o, r->scored);
        out_num(o, mean(r), 4);
        out_int(o, r->errors);
        out_int(o, r->refused);
        out_int(o, r->no_reference);
    }
    return out_end(o) ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int grade_store(const char *path, bool regrade, int argc, char *const *argv,
                       struct grade_summary *sum, struct err *e)
{
    struct store *s = NULL;
    int64_t run = 0;
    int rc = store_open(path, STORE_WRITE, &s, e);
    if (rc)
        return rc;
    rc = run_begin(s, argc, argv, 0, &run, e);
    if (rc == ERR_OK) {
        rc = grade_all(s, regrade, sum, e);
        int ended = run_end(s, run, -rc, rc ? NULL : e);
        rc = rc ? rc : ended;
    }
    store_close(s);
    return rc;
}

static const char epilog[] =
    "Grading is repeatable: the same reply, reference and grader give the same score. Where an\n"
    "import changed a grader or a reference, the replies are judged anew by themselves.\n\n"
    "Exit status: 0 done, 2 usage, 3 no such store, 6 database, 9 interrupted (run it again).\n";

int cmd_grade(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    bool regrade = false, json = false, csv = false, tsv = false;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_FLAG(0, "regrade", &regrade, "judge replies again that have been judged"),
        OPT_FLAG(0, "json", &json, "print the summary as one JSON object"),
        OPT_FLAG(0, "csv", &csv, "comma separated"),
        OPT_FLAG(0, "tsv", &tsv, "tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt grade", "--store FILE [options]",
                                    "Score the replies of a store by their prompts' graders.",
                                    epilog};
    int whole = argc;
    char **line = mem_array((size_t)argc + 1, sizeof *line); /* opt_parse reorders argv */
    for (int i = 0; i < argc; i++)
        line[i] = argv[i];
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc)
        rc = err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt grade -h)", argv[0]);
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, true, e);
    if (rc == ERR_OK) {
        struct grade_summary sum = {0};
        rc = grade_store(c.store, regrade, whole, line, &sum, e);
        if (rc == ERR_OK && sum.errors)
            log_warn("%lld replies could not be judged; the first: %s", (long long)sum.errors,
                     sum.first_error);
        if (rc == ERR_OK && json)
            print_json(&sum);
        else if (rc == ERR_OK)
            rc = print_table(&sum, out_shape_of(false, csv, tsv), e);
        grade_summary_deinit(&sum);
    }
    free(line);
    return rc;
}
