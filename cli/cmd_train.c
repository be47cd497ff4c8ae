/* shunt train: scores in the store -> a router with held-out predictions, in the store. */
#include "cli/cli.h"
#include "cli/study.h"
#include "cli/train_add.h"

#include "core/fs.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/store.h"
#include "train/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct shape {
    bool json, csv, tsv;
};

static void head_json(struct jsonw *w, const struct head_figures *f)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "name", f->name);
    jsonw_int(w, "prompts", f->n);
    jsonw_num(w, "mean_score", f->mean);
    jsonw_num(w, "log_loss", f->loss);
    jsonw_num(w, "log_loss_task_means", f->task_loss);
    jsonw_num(w, "log_loss_base_rate", f->base_loss);
    jsonw_num(w, "ece", f->ece);
    jsonw_num(w, "brier", f->brier);
    jsonw_num(w, "c", f->choice.C);
    jsonw_num(w, "shrinkage", f->choice.alpha);
    jsonw_str(w, "calibration", choice_calibration(&f->choice));
    jsonw_end(w);
}

static void print_json(const char *router, const struct training *t, const struct studies *found)
{
    const struct figures *f = &t->figures;
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.train-summary/1");
    jsonw_str(&w, "router", router);
    jsonw_str(&w, "mode", t->cross_fit ? "cross-fit" : "split");
    jsonw_int(&w, "folds", t->cross_fit ? (int64_t)t->predicting : 0);
    jsonw_str(&w, "measured_on", f->measured_on);
    jsonw_int(&w, "prompts", (int64_t)t->corpus->n);
    jsonw_fix(&w, "fit_seconds", t->seconds, 2);
    jsonw_arr(&w, "models");
    for (size_t h = 0; h < f->models; h++)
        head_json(&w, &f->head[h]);
    jsonw_end(&w);
    const struct posterior *p = &t->posterior;
    jsonw_arr(&w, "replies_tell"); /* of the model's own success, before and after its reply */
    for (size_t k = 0; k < p->tellers; k++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", f->head[p->teller[k]].name);
        jsonw_num(&w, "log_loss_before", p->prior_loss[k]);
        jsonw_num(&w, "log_loss_after", p->loss[k]);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    if (f->labelled > 0) {
        jsonw_obj(&w, "complexity");
        jsonw_int(&w, "prompts", f->labelled);
        jsonw_num(&w, "accuracy", f->accuracy);
        jsonw_num(&w, "accuracy_majority", f->majority);
        jsonw_num(&w, "quadratic_kappa", f->kappa);
        jsonw_end(&w);
    }
    studies_json(found, &w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_heads(const struct figures *f, enum out_shape shape)
{
    struct out *o =
        out_new(shape, stdout, 10,
                (const char *const[]){"model", "prompts", "mean_score", "log_loss", "task_means",
                                      "base_rate", "ece", "c", "shrinkage", "calibration"});
    for (size_t h = 0; h < f->models; h++) {
        const struct head_figures *x = &f->head[h];
        out_str(o, x->name);
        out_int(o, x->n);
        out_num(o, x->mean, 4);
        out_num(o, x->loss, 4);
        out_num(o, x->task_loss, 4);
        out_num(o, x->base_loss, 4);
        out_num(o, x->ece, 4);
        out_num(o, x->choice.C, 3);
        out_num(o, x->choice.alpha, 1);
        out_str(o, choice_calibration(&x->choice));
    }
    return out_end(o);
}

/* What replies are worth, in a line a model. */
static void print_told(const struct training *t)
{
    const struct posterior *p = &t->posterior;
    for (size_t k = 0; k < p->tellers; k++)
        printf("%safter a reply of %s: log loss of its success %.4f, before it %.4f\n",
               k == 0 ? "\n" : "", t->figures.head[p->teller[k]].name, p->loss[k],
               p->prior_loss[k]);
}

static int print_summary(const char *router, const struct training *t, const struct studies *found,
                         const struct shape *shape, struct err *e)
{
    const struct figures *f = &t->figures;
    if (shape->json) {
        print_json(router, t, found);
        return ERR_OK;
    }
    bool aligned = !shape->csv && !shape->tsv;
    if (aligned && t->cross_fit)
        printf(
            "router %s: %zu prompts, %zu folds, fitted in %.1f s; log loss of each prompt by heads "
            "of the other folds\n\n",
            router, t->corpus->n, t->predicting, t->seconds);
    else if (aligned)
        printf("router %s: %" PRId64 " prompts to train, %" PRId64 " validation, %" PRId64
               " test, fitted in %.1f s; log loss on %s\n\n",
               router, f->train, f->validation, f->test, t->seconds, f->measured_on);
    const enum out_shape form = out_shape_of(false, shape->csv, shape->tsv);
    if (!aligned && studies_print(found, form, stdout))
        return err_set(e, ERR_IO, "cannot write to stdout");
    if ((aligned || !found->encoders.n) && print_heads(f, form))
        return err_set(e, ERR_IO, "cannot write to stdout");
    if (aligned)
        print_told(t);
    if (aligned && f->labelled > 0)
        printf("\ncomplexity: accuracy %.3f (majority %.3f), quadratic kappa %.3f on %" PRId64
               " labelled prompts\n",
               f->accuracy, f->majority, f->kappa, f->labelled);
    if (aligned && f->models == 1)
        printf("\none model only: the router is that model\n");
    if (aligned && studies_print(found, form, stdout))
        return err_set(e, ERR_IO, "cannot write to stdout");
    return ERR_OK;
}

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
            rc = print_summary(name, &t, &found, shape, e);
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
    "  shunt train --store s.db --add-model new --from r1\n\n"
    "Exit status: 0 done, 2 usage, 3 no such file, 6 database, 9 interrupted (nothing is "
    "stored).\n";

static int check_numbers(int64_t folds, bool folds_given, int64_t seed, int64_t jobs, struct err *e)
{
    if (folds_given && (folds < 2 || folds > TRAIN_FOLDS_MAX))
        return err_set(e, ERR_USAGE, "--cross-fit takes 2 to %d folds, not %" PRId64,
                       TRAIN_FOLDS_MAX, folds);
    if (seed < 0)
        return err_set(e, ERR_USAGE, "--seed takes a whole number from 0, not %" PRId64, seed);
    if (jobs < 0 || jobs > 64)
        return err_set(e, ERR_USAGE,
                       "--jobs takes 1 to 64 threads, or 0 for all cores, not %" PRId64, jobs);
    return ERR_OK;
}

int cmd_train(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct shape shape = {0};
    struct train_options o = {0};
    struct str_vec models = {0}, grid = {0};
    int64_t folds = 0, seed = 1, jobs = 0;
    bool folds_given = false, posterior = true;
    struct studies_asked asked = {.encoders = true};
    struct add_options add = {0};
    bool seed_given = false, posterior_given = false;
    const struct opt opts[] = {
        CLI_STORE(&c),
        {OPT_KIND_INT, 'k', "cross-fit", &folds, "K",
         "predict each prompt by heads of the other K-1 folds", &folds_given},
        {OPT_KIND_INT, 0, "seed", &seed, "N", "seed of the folds (default 1)", &seed_given},
        OPT_LIST('m', "models", &models, "A,B", "only these models (default: all with a score)"),
        OPT_STR(0, "encoder", &o.encoder, "ENC",
                "hashed (default), endpoint:NAME, or hashed+endpoint:NAME"),
        {OPT_KIND_FLAG, 0, "compare-encoders", &asked.encoders, NULL,
         "report every encoder that the store holds, on the same folds (default where it holds any "
         "and --encoder is not given)",
         &asked.encoders_said},
        OPT_STR(0, "router", &o.name, "NAME", "name of the router (default: r1, r2, ...)"),
        OPT_LIST(0, "c-grid", &grid, "C,C",
                 "values of C to try, upwards (default 0.1,0.3,1,3,10,30)"),
        {OPT_KIND_FLAG, 0, "posterior", &posterior, NULL,
         "fit what replies tell, for plans, where there are log-probabilities (default)",
         &posterior_given},
        OPT_STR(0, "add-model", &add.model, "NAME",
                "fit only this model, beside the heads of a router, as a new router"),
        OPT_STR(0, "from", &add.from, "ROUTER", "that router (default: the newest)"),
        OPT_INT('j', "jobs", &jobs, "N", "threads (default: all cores); changes no result"),
        OPT_FLAG(0, "json", &shape.json, "print the summary as one JSON object"),
        OPT_FLAG(0, "csv", &shape.csv,
                 "print one table comma separated: heads, or what was asked for"),
        OPT_FLAG(0, "tsv", &shape.tsv, "the same tab separated"),
        CLI_COMMON(&c),
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
        rc = check_numbers(folds, folds_given, seed, jobs, e);
    if (rc == ERR_OK)
        rc = train_grid_parse(&grid, &o, e);
    if (rc == ERR_OK && add.model == NULL && add.from != NULL)
        rc = err_set(e, ERR_USAGE, "--from names the router for --add-model; give both");
    if (rc == ERR_OK && add.model != NULL) {
        const char *clash = folds_given           ? "cross-fit"
                            : seed_given          ? "seed"
                            : models.n            ? "models"
                            : o.encoder           ? "encoder"
                            : grid.n              ? "c-grid"
                            : posterior_given     ? "posterior"
                            : asked.encoders_said ? "compare-encoders"
                                                  : NULL;
        if (clash != NULL)
            rc = err_set(e, ERR_USAGE, "--add-model fits as its router was fitted; leave out --%s",
                         clash);
    }
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, true, e);
    if (rc == ERR_OK) {
        o.folds = folds;
        o.no_posterior = !posterior;
        o.seed = (uint64_t)seed;
        o.jobs = (size_t)jobs;
        o.models = &models;
        add.name = o.name;
        add.jobs = (size_t)jobs;
        if (shape.csv || shape.tsv) /* one table: the heads unless another was asked for */
            asked.encoders = asked.encoders && asked.encoders_said;
        rc = add.model != NULL ? train_add(c.store, &add, whole, line, shape.json,
                                           out_shape_of(false, shape.csv, shape.tsv), e)
                               : train_noted(c.store, &o, whole, line, &asked, &shape, e);
    }
    str_vec_free(&models);
    str_vec_free(&grid);
    return rc;
}
