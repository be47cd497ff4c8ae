/* shunt embed: a vector of every prompt from an endpoint of the config; or from files, which is
 * embed_files.c's. */
#include "cli/cli.h"

#include "cli/asking.h"
#include "cli/config.h"
#include "cli/embed_files.h"
#include "collect/embed.h"
#include "core/clock.h"
#include "core/fs.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_json(const struct embed_summary *s, const char *encoder)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.embed/1");
    jsonw_str(&w, "encoder", encoder);
    jsonw_int(&w, "dimensions", s->dimensions);
    jsonw_int(&w, "prompts", s->prompts);
    jsonw_int(&w, "already_there", s->had);
    jsonw_int(&w, "ok", s->ok);
    jsonw_int(&w, "refused", s->refused);
    jsonw_int(&w, "failed", s->failed);
    jsonw_int(&w, "not_asked", s->not_asked);
    jsonw_int(&w, "requests", s->requests);
    jsonw_int(&w, "retries", s->retries);
    jsonw_int(&w, "tokens", s->tokens);
    jsonw_fix(&w, "seconds", s->seconds, 3);
    jsonw_bool(&w, "interrupted", s->interrupted);
    jsonw_obj(&w, "errors");
    for (int c = 1; c < TROUBLES; c++)
        if (s->troubles[c])
            jsonw_int(&w, trouble_names[c], s->troubles[c]);
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_summary(const struct embed_summary *s, const char *encoder, bool json,
                         struct err *e)
{
    if (json) {
        print_json(s, encoder);
        return ERR_OK;
    }
    struct out *o =
        out_new(OUT_ALIGNED, stdout, 10,
                (const char *const[]){"encoder", "dimensions", "prompts", "already_there", "ok",
                                      "refused", "failed", "requests", "retries", "tokens"});
    out_str(o, encoder);
    out_int(o, s->dimensions);
    out_int(o, s->prompts);
    out_int(o, s->had);
    out_int(o, s->ok);
    out_int(o, s->refused);
    out_int(o, s->failed);
    out_int(o, s->requests);
    out_int(o, s->retries);
    out_int(o, s->tokens);
    return out_end(o) ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int run(const struct cli_common *c, const struct config *config,
               const struct embed_options *o, bool json, int argc, char *const *argv, struct err *e)
{
    struct store *s = NULL;
    struct embed_summary sum = {0};
    int64_t id = 0;
    int rc = store_open(c->store, STORE_WRITE, &s, e);
    if (!rc)
        rc = store_claim(s, "embed", e);
    if (!rc)
        rc = run_begin(s, argc, argv, 0, &id, e);
    if (!rc) {
        rc = embed_run(s, config, o, &sum, e);
        int ended = run_end(s, id, -rc, rc ? NULL : e);
        if ((rc == ERR_OK || rc == ERR_PARTIAL || rc == ERR_NET) && sum.prompts) {
            int printed = print_summary(&sum, o->encoder, json, rc ? NULL : e);
            ended = ended ? ended : printed;
        }
        if (rc == ERR_PARTIAL && sum.interrupted) {
            struct buf line = BUF_INIT(0);
            cli_command_line(&line, argc, argv);
            log_note("to go on: %s", line.data);
            buf_deinit(&line);
        }
        rc = rc ? rc : ended;
    }
    store_close(s);
    return rc;
}

static int check(const struct embed_options *o, struct err *e)
{
    if (!o->encoder)
        return err_set(e, ERR_USAGE, "which encoder? give --encoder NAME, one of the config's");
    if (o->batch < 0 || o->batch > 2048)
        return err_set(e, ERR_USAGE, "--batch takes 1 to 2048 texts, not %" PRId64, o->batch);
    return cli_check_asking(o->limit, o->jobs, 1024, o->retries, o->timeout_s, e);
}

/* Files need no config. */
static int from_files(struct cli_common *c, struct embed_files *f, const char *encoder, int argc,
                      char *const *argv, struct err *e)
{
    f->encoder = encoder;
    int rc = embed_files_check(f, e);
    if (rc == ERR_OK)
        rc = cli_common_apply(c, true, e);
    return rc ? rc : embed_files_run(c, f, argc, argv, e);
}

static const char epilog[] =
    "The encoder is one of the config's: any endpoint that speaks OpenAI's /v1/embeddings. "
    "Prompts\n"
    "with a vector are not asked again. A vector of the wrong length, or with something in it "
    "that\n"
    "is no finite number, is refused with the id of its prompt.\n\n"
    "With --import or --vectors nobody is asked: vectors come from a file.\n\n"
    "  shunt embed --store s.db --encoder local\n"
    "  shunt embed --store s.db --encoder mine --import v.npy --ids traffic.jsonl\n"
    "  shunt embed --store s.db --encoder glove --vectors glove.6B.100d.txt\n"
    "  shunt train --store s.db --encoder hashed+endpoint:local\n\n"
    "Exit status: 0 every prompt has a vector, 2 usage, 3 no such file, 4 bad format, 5 the "
    "endpoint\n"
    "could not be asked, 6 database, 9 some vectors are missing: run it again.\n";

int cmd_embed(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct embed_options o = {.jobs = 4, .retries = 4, .timeout_s = 120};
    struct embed_files files = {.weights = "equal"};
    bool json = false;
    const char *shard = NULL;
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_STR(0, "config", &c.config, "FILE", "encoders (default: shunt.yaml)"),
        OPT_STR(0, "encoder", &o.encoder, "NAME",
                "which encoder of the config; with a file, the name that its vectors get"),
        OPT_STR(0, "import", &files.import, "FILE",
                "store the vectors of FILE: .npy, or JSON Lines of id and embedding"),
        OPT_STR(0, "ids", &files.ids, "FILE",
                "ids of the rows of a .npy, one a line, or JSON Lines with an id"),
        OPT_STR(0, "vectors", &files.vectors, "FILE",
                "word vectors (word2vec, GloVe, fastText as text): store each prompt's mean"),
        OPT_STR(0, "weights", &files.weights, "HOW",
                "of the words in that mean: equal (default), or rank: rarer words, further down in "
                "the file, count more"),
        OPT_INT(0, "batch", &o.batch, "N", "texts a request (default: the config's, else 64)"),
        OPT_STR(0, "shard", &shard, "I/N", "only the I-th of N parts of the prompts, I from 0"),
        OPT_INT('n', "limit", &o.limit, "N", "only the first N prompts"),
        OPT_INT('j', "jobs", &o.jobs, "N", "requests in flight (default 4)"),
        OPT_INT(0, "retries", &o.retries, "N",
                "further tries of a request that failed (default 4)"),
        OPT_DBL(0, "timeout", &o.timeout_s, "S", "seconds for one try (default 120)"),
        OPT_FLAG(0, "allow-http", &o.allow_http, "allow http to other machines"),
        OPT_FLAG(0, "json", &json, "print the summary as one JSON object"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt embed", "--store FILE --encoder NAME [options]",
                                    "A vector of every prompt: from an endpoint, or from a file.",
                                    epilog};
    int whole = argc;
    AUTO_FREE char **line = mem_array((size_t)argc + 1, sizeof *line); /* opt_parse reorders argv */
    memcpy(line, argv, (size_t)argc * sizeof *line);
    struct config *config = NULL;
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc)
        rc = err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt embed -h)", argv[0]);
    if (rc == ERR_OK && (files.import || files.vectors || files.ids)) {
        files.json = json;
        return from_files(&c, &files, o.encoder, whole, line, e);
    }
    if (rc == ERR_OK)
        rc = check(&o, e);
    if (rc == ERR_OK)
        rc = cli_shard(shard, &o.shard, &o.shards, e);
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, false, e);
    if (rc == ERR_OK)
        rc = cli_config_open(&c, &config, e);
    if (rc == ERR_OK) {
        o.seed = (uint64_t)clock_unix_ms();
        rc = run(&c, config, &o, json, whole, line, e);
    }
    config_free(config);
    return rc;
}
