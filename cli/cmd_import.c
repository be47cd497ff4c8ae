/* shunt import: traffic and public outcomes into a store, which is made when absent. */
#include "cli/cli.h"

#include "core/fs.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "datasets/import.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

struct shape {
    bool json, csv, tsv;
};

static double ratio(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : (double)NAN;
}

static double mean_cost_usd(const struct import_model *m)
{
    return ratio((double)m->cost_nusd, m->costs) / 1e9;
}

static void json_left(struct jsonw *w, const struct import_summary *s)
{
    if (s->left.n == 0)
        return;
    jsonw_arr(w, "left_out");
    for (size_t i = 0; i < s->left.n; i++) {
        const struct import_left *l = &s->left.v[i];
        jsonw_obj(w, NULL);
        jsonw_str(w, "id", l->id);
        jsonw_str(w, isnan(l->jaccard) ? "stage_of" : "like", l->like);
        if (!isnan(l->jaccard))
            jsonw_fix(w, "jaccard", l->jaccard, 4);
        jsonw_bool(w, "in_store_from_before", l->in_store);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* Which prompts were left out, the first ten by name. */
static void print_left(const struct import_summary *s)
{
    enum { NAMED = 10 };
    for (size_t i = 0; i < s->left.n && i < NAMED; i++) {
        const struct import_left *l = &s->left.v[i];
        if (isnan(l->jaccard))
            printf("left out: %s, a stage of %s\n", l->id, l->like);
        else if (l->jaccard >= 1)
            printf("left out: %s, the text of %s\n", l->id, l->like);
        else
            printf("left out: %s, Jaccard %.2f with %s\n", l->id, l->jaccard, l->like);
    }
    if (s->left.n > NAMED)
        printf("left out: %zu more (--json lists all)\n", s->left.n - NAMED);
}

static void warn_left(const struct import_summary *s)
{
    size_t stay = 0;
    for (size_t i = 0; i < s->left.n; i++)
        stay += s->left.v[i].in_store;
    if (stay)
        log_warn("%zu prompts that are to be left out came with an earlier import and stay; import "
                 "into a new store to be without them",
                 stay);
}

static void print_json(const struct import_summary *s)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.import/1");
    jsonw_str(&w, "format", import_format_name(s->format));
    jsonw_int(&w, "prompts_new", s->prompts_new);
    jsonw_int(&w, "prompts_known", s->prompts_known);
    jsonw_int(&w, "prompts_left_out", s->left_out);
    json_left(&w, s);
    jsonw_int(&w, "splits_given", s->splits_given);
    jsonw_int(&w, "replies_new", s->replies_new);
    jsonw_int(&w, "replies_known", s->replies_known);
    jsonw_int(&w, "scores", s->scores);
    if (s->format == IMPORT_PREFERENCES) {
        jsonw_int(&w, "votes_new", s->votes_new);
        jsonw_int(&w, "votes_known", s->votes_known);
    }
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < s->models.n; i++) {
        const struct import_model *m = &s->models.v[i];
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", m->name);
        jsonw_int(&w, "replies", m->replies);
        jsonw_int(&w, "scores", m->scores);
        jsonw_num(&w, "mean_score", ratio(m->score_sum, m->scores));
        jsonw_num(&w, "mean_cost_usd", mean_cost_usd(m));
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_models(const struct import_summary *s, enum out_shape shape)
{
    struct out *o =
        out_new(shape, stdout, 5,
                (const char *const[]){"model", "replies", "scores", "mean_score", "mean_cost_usd"});
    for (size_t i = 0; i < s->models.n; i++) {
        const struct import_model *m = &s->models.v[i];
        out_str(o, m->name);
        out_int(o, m->replies);
        out_int(o, m->scores);
        out_num(o, ratio(m->score_sum, m->scores), 4);
        out_num(o, mean_cost_usd(m), 6);
    }
    return out_end(o);
}

static int print_summary(const struct import_summary *s, const struct shape *shape, struct err *e)
{
    bool aligned = !shape->json && !shape->csv && !shape->tsv;
    warn_left(s);
    if (shape->json) {
        print_json(s);
        return ERR_OK;
    }
    if (aligned) {
        printf("%" PRId64 " new prompts, %" PRId64 " already there", s->prompts_new,
               s->prompts_known);
        if (s->left_out)
            printf(", %" PRId64 " left out as contaminated", s->left_out);
        printf("\n");
        print_left(s);
        if (s->format == IMPORT_PREFERENCES)
            printf("%" PRId64 " new votes, %" PRId64 " already there, between %zu models\n",
                   s->votes_new, s->votes_known, s->models.n);
        else if (s->models.n)
            printf("%" PRId64 " new replies, %" PRId64 " already there; %" PRId64
                   " scores of %zu models\n\n",
                   s->replies_new, s->replies_known, s->scores, s->models.n);
    }
    if (s->models.n && s->format != IMPORT_PREFERENCES &&
        print_models(s, out_shape_of(false, shape->csv, shape->tsv)))
        return err_set(e, ERR_IO, "cannot write to stdout");
    return ERR_OK;
}

/* After a failed import into a store that this run made: not even an empty store stays behind. */
static void remove_store(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        AUTO_FREE char *name = mem_printf("%s%s", path, ends[i]);
        unlink(name);
    }
}

/* Runs the import and notes it among the runs. argv is the whole command line. */
static int import_noted(struct store *s, const struct import_options *o, int argc,
                        char *const *argv, struct import_summary *sum, struct err *e)
{
    int64_t run = 0;
    int rc = run_begin(s, argc, argv, 0, &run, e);
    if (rc)
        return rc;
    rc = import_run(s, o, sum, e);
    int ended = run_end(s, run, -rc, rc ? NULL : e);
    return rc ? rc : ended;
}

static int import_into(const char *path, const struct import_options *o, int argc,
                       char *const *argv, struct import_summary *sum, struct err *e)
{
    bool existed = fs_exists(path);
    struct store *s = NULL;
    int rc = store_open(path, STORE_CREATE, &s, e);
    if (rc == ERR_OK)
        rc = import_noted(s, o, argc, argv, sum, e);
    store_close(s);
    if (rc && !existed)
        remove_store(path);
    return rc;
}

static const char epilog[] =
    "PATH is a file (jsonl, preferences; '-' is stdin) or a folder (outcomes, routellm); plain or "
    "gzip.\n"
    "The import is all or nothing: after an error the store is as it was. Importing the same\n"
    "data again changes nothing.\n\n"
    "  shunt import --store s.db traffic.jsonl\n"
    "  shunt import --store s.db --format outcomes DIR   prompts.jsonl and outcomes.jsonl\n"
    "  shunt import --store s.db --format routellm DIR   CSVs as RouteLLM publishes them\n\n"
    "Exit status: 0 done, 2 usage, 3 no such file, 4 bad data, 6 database, 9 interrupted.\n";

int cmd_import(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct shape shape = {0};
    struct str_vec leave = {0};
    struct import_options o = {.decontaminate = &leave, .decontaminate_jaccard = .8};
    const char *format = "auto";
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_STR('f', "format", &format, "FORM",
                "jsonl, outcomes, routellm, preferences, or auto: by what is there (never "
                "preferences)"),
        OPT_STR(0, "dataset", &o.dataset, "NAME",
                "name of the source (default: the lines' own, else PATH's)"),
        OPT_LIST(0, "decontaminate", &leave, "FILE",
                 "leave out prompts whose text, or nearly, is in FILE (JSONL, CSV, or lines)"),
        OPT_DBL(0, "near-duplicates", &o.decontaminate_jaccard, "J",
                "what --decontaminate calls nearly: Jaccard similarity of five-word runs (default "
                "0.8; 0: equal texts only)"),
        OPT_FLAG(0, "strict", &o.strict, "refuse keys that are not known instead of noting them"),
        OPT_FLAG(0, "json", &shape.json, "print the summary as one JSON object"),
        OPT_FLAG(0, "csv", &shape.csv, "print the models comma separated"),
        OPT_FLAG(0, "tsv", &shape.tsv, "print the models tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt import", "--store FILE [options] PATH",
                                    "Bring traffic, or replies and scores of others, into a store.",
                                    epilog};
    int whole = argc;
    char **line = mem_array((size_t)argc + 1, sizeof *line); /* opt_parse reorders argv */
    for (int i = 0; i < argc; i++)
        line[i] = argv[i];
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc != 1)
        rc = err_set(e, ERR_USAGE, "%s (see shunt import -h)",
                     argc ? "one PATH at a time" : "import what? give a PATH");
    if (rc == ERR_OK)
        rc = import_format_parse(format, &o.format, e);
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, true, e);
    if (rc == ERR_OK) {
        struct import_summary sum = {0};
        o.path = argv[0];
        rc = import_into(c.store, &o, whole, line, &sum, e);
        if (rc == ERR_OK)
            rc = print_summary(&sum, &shape, e);
        import_summary_deinit(&sum);
    }
    str_vec_free(&leave);
    free(line);
    return rc;
}
