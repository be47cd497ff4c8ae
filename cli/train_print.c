/* Printing a training; what it found is train/figures.h and cli/studies.h. */
#include "cli/train_print.h"

#include "core/jsonw.h"
#include "core/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

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
    if (t->preference.votes > 0)
        figures_preference_json(&t->preference, f, &w);
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

/* In place of the heads where they were fitted to votes: a score is then a rare thing. */
static int print_preference(const struct training *t, enum out_shape shape)
{
    const struct preference_figures *p = &t->preference;
    struct out *o =
        out_new(shape, stdout, 5, (const char *const[]){"model", "votes", "won", "rating", "elo"});
    for (size_t m = 0; m < p->models; m++) {
        out_str(o, t->figures.head[m].name);
        out_int(o, p->model[m].votes);
        out_num(o, p->model[m].won, 4);
        out_num(o, p->model[m].rating, 3);
        out_num(o, 400 / log(10) * p->model[m].rating, 0);
    }
    if (out_end(o))
        return -1;
    if (shape == OUT_ALIGNED)
        printf("\n%" PRId64 " held-out votes: log loss %.4f by heads, %.4f by ratings alone, "
               "difference %+.4f [%+.4f, %+.4f]; of %" PRId64
               " that are no tie %.1f %% are called rightly, by ratings %.1f %%\n",
               p->votes, p->loss, p->ratings_loss, p->less, p->less_lo, p->less_hi, p->decided,
               100 * p->accuracy, 100 * p->ratings_accuracy);
    return 0;
}

/* What a search took for the router, and how many of the other sides agree. */
static void print_search(const struct training *t)
{
    const struct space_use *u = &t->final->use;
    size_t alike = 0;
    for (size_t k = 0; k < t->predicting; k++) {
        const struct space_use *v = &t->side[k].use;
        alike += v->no_surface == u->no_surface && v->min_df == u->min_df;
    }
    printf("\nfeatures searched: surface %s, n-grams of %u prompts or more; %zu of %zu "
           "sides that predict chose the same\n",
           u->no_surface ? "no" : "yes", u->min_df > 0 ? u->min_df : 2, alike, t->predicting);
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

int train_print(const char *router, const struct training *t, const struct studies *found,
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
    if ((aligned || !studies_any(found)) &&
        (t->preference.votes > 0 ? print_preference(t, form) : print_heads(f, form)))
        return err_set(e, ERR_IO, "cannot write to stdout");
    if (aligned && t->searched)
        print_search(t);
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
