/* shunt compile: a trained router and its operating points -> FILE.shunt. */
#include "cli/cli.h"

#include "core/config.h"
#include "core/fs.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "datasets/words_file.h"
#include "store/store.h"
#include "train/compile.h"

#include <stdio.h>
#include <string.h>

/* The config named, else ./shunt.yaml where there is one. */
static int load_config(const char *path, struct config **out, struct err *e)
{
    *out = NULL;
    if (path == NULL && fs_exists("shunt.yaml"))
        path = "shunt.yaml";
    return path != NULL ? config_load(path, out, e) : ERR_OK;
}

/* ---- word vectors: from the reader of datasets/ to the compiler ---- */

struct reading {
    compile_word *see;
    void *arg;
    float *row;
};

static int see_word(void *arg, const struct words_file *f, const char *word, char *const *field,
                    size_t number, size_t rank, struct err *e)
{
    struct reading *r = arg;
    if (r->row == NULL)
        r->row = mem_array(f->dims, sizeof *r->row);
    int rc = words_file_numbers(f, word, field, number, r->row, e);
    return rc ? rc : r->see(r->arg, word, rank, r->row, f->dims, e);
}

static int each_word(void *arg, compile_word *see, void *see_arg, size_t *lines, char hash[2][65],
                     struct err *e)
{
    struct reading r = {see, see_arg, NULL};
    struct words_file f;
    int rc = words_file_read(*(const char *const *)arg, see_word, &r, &f, e);
    free(r.row);
    *lines = f.words;
    memcpy(hash[0], f.hash_equal, sizeof f.hash_equal);
    memcpy(hash[1], f.hash_rank, sizeof f.hash_rank);
    return rc;
}

static void print_result(const char *path, const struct compile_result *r, bool json)
{
    const struct table_report *x = &r->report;
    double changed = x->samples > 0 ? (double)x->changed / (double)x->samples : 0;
    if (!json) {
        printf(
            "%s: router %s, %zu models in %zu tiers, %zu operating points, %zu rules, %zu tasks, "
            "%zu n-grams, %zu bytes\n",
            path, r->router, r->models, r->tiers, r->points, r->rules, r->tasks, r->kept, x->bytes);
        printf("against double precision on %zu prompts: quality differs by %.2g at most, %.2g on "
               "average; best model changed for %zu (%.3f%%)\n",
               x->samples, x->max_difference, x->mean_difference, x->changed, 100 * changed);
        return;
    }
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.compile/1");
    jsonw_str(&w, "path", path);
    jsonw_str(&w, "router", r->router);
    jsonw_int(&w, "models", (int64_t)r->models);
    jsonw_int(&w, "models_priced", (int64_t)r->priced);
    jsonw_int(&w, "tiers", (int64_t)r->tiers);
    jsonw_int(&w, "tasks", (int64_t)r->tasks);
    jsonw_int(&w, "points", (int64_t)r->points);
    jsonw_int(&w, "rules", (int64_t)r->rules);
    jsonw_int(&w, "buckets_kept", (int64_t)r->kept);
    jsonw_int(&w, "words", (int64_t)r->words);
    jsonw_int(&w, "bytes", (int64_t)x->bytes);
    jsonw_bool(&w, "stale", r->stale);
    jsonw_int(&w, "prompts_compared", (int64_t)x->samples);
    jsonw_num(&w, "max_quality_difference", x->max_difference);
    jsonw_num(&w, "mean_quality_difference", x->mean_difference);
    jsonw_num(&w, "best_model_changed_share", changed);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int compile_noted(const char *store, const struct compile_options *o, int argc,
                         char *const *argv, bool json, struct err *e)
{
    struct store *s = NULL;
    int64_t run = 0;
    int rc = store_open(store, STORE_WRITE, &s, e);
    if (rc == ERR_OK)
        rc = run_begin(s, argc, argv, 0, &run, e);
    if (rc == ERR_OK) {
        struct compile_result r;
        rc = compile_store(s, o, &r, e);
        int ended = run_end(s, run, -rc, rc ? NULL : e);
        if (rc == ERR_OK)
            rc = ended;
        if (rc == ERR_OK && r.stale)
            log_warn("the data in the store changed since router '%s' was trained; run 'shunt "
                     "train' and "
                     "'shunt eval' to take it in",
                     r.router);
        if (rc == ERR_OK)
            print_result(o->path, &r, json);
    }
    store_close(s);
    return rc;
}

static const char epilog[] =
    "Writes the heads of a router and the operating points that 'shunt eval' chose. Prices are "
    "those\n"
    "in force now. The file is written beside its place, opened by the reader, asked the texts "
    "that it\n"
    "records, and only then renamed.\n\n"
    "  shunt compile --store s.db -o support.shunt\n\n"
    "Exit status: 0 done, 2 usage (no router, or no operating points yet), 3 cannot write, 4 bad\n"
    "shunt.yaml or damaged router, 6 database.\n";

int cmd_compile(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct compile_options o = {0};
    bool json = false;
    const char *vectors = NULL;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_STR('o', "output", &o.path, "FILE", "the table to write"),
        OPT_STR(0, "router", &o.router, "NAME", "which router (default: the newest)"),
        OPT_STR(0, "config", &c.config, "FILE",
                "rules, tiers and target (default: shunt.yaml where there is one)"),
        OPT_STR(0, "vectors", &vectors, "FILE",
                "the word vectors that the router was trained on: into the table"),
        OPT_FLAG(0, "json", &json, "print the summary as one JSON object"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt compile", "--store FILE -o FILE [options]",
                                    "Compile a trained router to a table for libshunt.", epilog};
    int whole = argc;
    AUTO_FREE char **line = mem_array((size_t)argc + 1, sizeof *line); /* opt_parse reorders argv */
    memcpy(line, argv, (size_t)argc * sizeof *line);
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc != 0)
        rc = err_set(e, ERR_USAGE, "compile takes no operand '%s' (see shunt compile -h)", argv[0]);
    if (rc == ERR_OK && (o.path == NULL || o.path[0] == '\0'))
        rc = err_set(e, ERR_USAGE, "which table? give -o FILE");
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, true, e);
    struct config *config = NULL;
    if (rc == ERR_OK)
        rc = load_config(c.config, &config, e);
    if (rc == ERR_OK) {
        const struct compile_vectors words = {each_word, words_file_weight, &vectors};
        o.config = config;
        o.vectors = vectors != NULL ? &words : NULL;
        rc = compile_noted(c.store, &o, whole, line, json, e);
    }
    config_free(config);
    return rc;
}
