/* shunt train: scores in the store -> a router with held-out predictions, in the store. */
#include "cli/cli.h"
#include "cli/studies.h"
#include "cli/train_add.h"
#include "cli/train_print.h"

#include "core/fs.h"
#include "core/mem.h"
#include "store/store.h"
#include "train/train.h"

#include <inttypes.h>
#include <string.h>

static int train_noted(const char *path, const struct train_options *o, int argc, char *const *argv,
                       const struct studies_asked *asked, const struct shape *shape, struct err *e)
{
    struct store *s = NULL;
    int64_t run = 0;
    int rc = store_open(path, STORE_WRITE, &s, e);
    if (rc == ERR_OK)
        rc = run_begin(s, argc, argv, (int64_t)o->seed, &run, e);
    if (rc == ERR_OK) {
        char name[64];
        struct training t = {0};
        struct studies found = {0};
        rc = train_store(s, o, name, &t, e);
        if (rc == ERR_OK)
            rc = studies_run(s, name, &t, o, asked, &found, e);
        int ended = run_end(s, run, -rc, rc ? NULL : e);
        if (rc == ERR_OK)
            rc = ended;
        if (rc == ERR_OK)
            rc = train_print(name, &t, &found, shape, e);
        studies_deinit(&found);
        training_deinit(&t);
    }
    store_close(s);
    return rc;
}

static const char epilog[] =
    "Fits one calibrated logistic head per model, and cumulative heads for complexity labels "
    "where\n"
    "the traffic carries them. Without --cross-fit the splits of 'shunt split' are used.\n\n"
    "  shunt train --store s.db\n"
    "  shunt train --store s.db --cross-fit 10 --seed 1\n"
    "  shunt train --store s.db --encoder hashed+endpoint:local\n"
    "  shunt train --store s.db --cross-fit 5 --compare-encoders\n"
    "  shunt train --store s.db --cross-fit 5 --preferences\n"
    "  shunt train --store s.db --add-model new --from r1\n\n"
    "Exit status: 0 done, 2 usage, 3 no such file, 6 database, 9 interrupted (nothing is "
    "stored).\n";

struct args {
    struct cli_common common;
    struct shape shape;
    struct train_options o;
    struct studies_asked asked;
    struct add_options add;
    struct str_vec models, grid;
    const char *search;
    int64_t folds, seed, jobs;
    bool posterior, folds_given, seed_given, posterior_given;
};

static int check_numbers(const struct args *a, struct err *e)
{
    if (a->folds_given && (a->folds < 2 || a->folds > TRAIN_FOLDS_MAX))
        return err_set(e, ERR_USAGE, "--cross-fit takes 2 to %d folds, not %" PRId64,
                       TRAIN_FOLDS_MAX, a->folds);
    if (a->seed < 0)
        return err_set(e, ERR_USAGE, "--seed takes a whole number from 0, not %" PRId64, a->seed);
    if (a->jobs < 0 || a->jobs > 64)
        return err_set(e, ERR_USAGE,
                       "--jobs takes 1 to 64 threads, or 0 for all cores, not %" PRId64, a->jobs);
    return ERR_OK;
}

/* A head beside a router has all of this from the router. */
static int check_add(const struct args *a, struct err *e)
{
    if (a->add.model == NULL)
        return a->add.from == NULL
                   ? ERR_OK
                   : err_set(e, ERR_USAGE, "--from names the router for --add-model; give both");
    const char *clash = a->folds_given           ? "cross-fit"
                        : a->seed_given          ? "seed"
                        : a->models.n            ? "models"
                        : a->o.encoder           ? "encoder"
                        : a->grid.n              ? "c-grid"
                        : a->posterior_given     ? "[no-]posterior"
                        : a->search              ? "search"
                        : a->asked.encoders_said ? "compare-encoders"
                        : a->asked.controls      ? "controls"
                        : a->asked.curve         ? "curve"
                        : a->asked.label_said    ? "label-next"
                                                 : NULL;
    return clash == NULL
               ? ERR_OK
               : err_set(e, ERR_USAGE, "--add-model fits as its router was fitted; leave out --%s",
                         clash);
}

/* Studies are made of scores. */
static int check_preferences(struct args *a, struct err *e)
{
    const char *clash = a->o.search                                   ? "search=full"
                        : a->add.model                                ? "add-model"
                        : a->asked.encoders_said && a->asked.encoders ? "compare-encoders"
                        : a->asked.controls                           ? "controls"
                        : a->asked.curve                              ? "curve"
                        : a->asked.label_said                         ? "label-next"
                                                                      : NULL;
    a->asked.encoders = false;
    return clash == NULL
               ? ERR_OK
               : err_set(e, ERR_USAGE, "--%s is of scores; leave it out with --preferences", clash);
}

static int check(struct args *a, struct err *e)
{
    int rc = check_numbers(a, e);
    a->o.search = a->search != NULL && strcmp(a->search, "full") == 0;
    if (rc == ERR_OK && a->search != NULL && !a->o.search && strcmp(a->search, "quick") != 0)
        rc = err_set(e, ERR_USAGE, "--search takes quick or full, not '%s'", a->search);
    if (rc == ERR_OK)
        rc = train_grid_parse(&a->grid, &a->o, e);
    if (rc == ERR_OK && a->o.preferences)
        rc = check_preferences(a, e);
    if (rc == ERR_OK)
        rc = studies_check(&a->asked, a->shape.csv || a->shape.tsv, e);
    return rc == ERR_OK ? check_add(a, e) : rc;
}

static int run(struct args *a, int argc, char *const *argv, struct err *e)
{
    int rc = cli_common_apply(&a->common, true, e);
    if (rc != ERR_OK)
        return rc;
    a->o.folds = a->folds;
    a->o.no_posterior = !a->posterior;
    a->o.seed = (uint64_t)a->seed;
    a->o.jobs = a->add.jobs = (size_t)a->jobs;
    a->o.models = &a->models;
    a->add.name = a->o.name;
    if (a->add.model == NULL)
        return train_noted(a->common.store, &a->o, argc, argv, &a->asked, &a->shape, e);
    return train_add(a->common.store, &a->add, argc, argv, a->shape.json,
                     out_shape_of(false, a->shape.csv, a->shape.tsv), e);
}

int cmd_train(int argc, char **argv, struct err *e)
{
    struct args a = {.seed = 1, .posterior = true, .asked.encoders = true};
    const struct opt opts[] = {
        CLI_STORE(&a.common),
        {OPT_KIND_INT, 'k', "cross-fit", &a.folds, "K",
         "predict each prompt by heads of the other K-1 folds", &a.folds_given},
        {OPT_KIND_INT, 0, "seed", &a.seed, "N", "seed of the folds (default 1)", &a.seed_given},
        OPT_STR(0, "search", &a.search, "HOW",
                "quick: C, shrinkage, calibration (default); full: features too, in 5 times the "
                "time"),
        OPT_FLAG(0, "preferences", &a.o.preferences,
                 "fit Bradley-Terry heads to the store's votes in place of scores"),
        OPT_LIST('m', "models", &a.models, "A,B", "only these models (default: all with a score)"),
        OPT_STR(0, "encoder", &a.o.encoder, "ENC",
                "hashed (default), endpoint:NAME, or hashed+endpoint:NAME"),
        OPT_STR(0, "router", &a.o.name, "NAME", "name of the router (default: r1, r2, ...)"),
        OPT_LIST(0, "c-grid", &a.grid, "C,C",
                 "values of C to try, upwards (default 0.1,0.3,1,3,10,30)"),
        {OPT_KIND_FLAG, 0, "posterior", &a.posterior, NULL,
         "fit what replies tell, for plans, where there are log-probabilities (default)",
         &a.posterior_given},
        {OPT_KIND_FLAG, 0, "compare-encoders", &a.asked.encoders, NULL,
         "report every encoder that the store holds, on the same folds (default where it holds any "
         "and --encoder is not given)",
         &a.asked.encoders_said},
        OPT_FLAG(0, "controls", &a.asked.controls,
                 "report the router beside its controls, nearest neighbours among them"),
        OPT_FLAG(0, "curve", &a.asked.curve,
                 "fit on growing fractions too, and say whether more labels would pay"),
        {OPT_KIND_INT, 0, "label-next", &a.asked.label_next, "N",
         "list the N prompts that are most worth a label, per dollar", &a.asked.label_said},
        OPT_DBL(0, "label-cost", &a.asked.label_usd, "USD",
                "what grading one reply costs beside asking for it (default 0)"),
        OPT_STR(0, "add-model", &a.add.model, "NAME",
                "fit only this model, beside the heads of a router, as a new router"),
        OPT_STR(0, "from", &a.add.from, "ROUTER", "that router (default: the newest)"),
        OPT_INT('j', "jobs", &a.jobs, "N", "threads (default: all cores); changes no result"),
        OPT_FLAG(0, "json", &a.shape.json, "print the summary as one JSON object"),
        OPT_FLAG(0, "csv", &a.shape.csv,
                 "print one table comma separated: heads, or what was asked for"),
        OPT_FLAG(0, "tsv", &a.shape.tsv, "the same tab separated"),
        CLI_COMMON(&a.common),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt train", "--store FILE [options]",
                                    "Train a router on the scores in a store.", epilog};
    int whole = argc;
    AUTO_FREE char **line = mem_array((size_t)argc + 1, sizeof *line); /* opt_parse reorders argv */
    memcpy(line, argv, (size_t)argc * sizeof *line);
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc != 0)
        rc = err_set(e, ERR_USAGE, "train takes no operand '%s' (see shunt train -h)", argv[0]);
    if (rc == ERR_OK)
        rc = check(&a, e);
    if (rc == ERR_OK)
        rc = run(&a, whole, line, e);
    str_vec_free(&a.models);
    str_vec_free(&a.grid);
    return rc;
}
