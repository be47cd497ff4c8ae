/* Figures of the heads from their held-out predictions, and router.metrics.
 */
#include "train/figures.h"

#include "core/jsonw.h"
#include "core/mem.h"
#include "core/stat.h"
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ECE_BINS = 15 };

/* Is prompt i one that the figures are taken from? */
static bool measured(const struct matrix *m, const struct training *t, size_t i)
{
    if (t->cross_fit)
        return true;
    return m->prompt[i].split == (t->figures.test > 0 ? 'e' : 'v');
}

struct columns {
    double *p, *y;
    size_t n;
};

static void measure_head(const struct matrix *m, const struct training *t, size_t h,
                         struct columns *x, struct head_figures *f)
{
    size_t heads = t->targets.heads;
    double loss = 0, task = 0, base = 0, mean = 0, brier = 0, weight = 0;
    x->n = 0;
    for (size_t k = 0; k < t->predicting; k++) {
        const struct side *s = &t->side[k];
        for (size_t i = 0; i < s->evals; i++) {
            double y = t->y[(size_t)s->eval[i] * heads + h], q = s->q[i * heads + h];
            if (isnan(y) || !measured(m, t, s->eval[i]))
                continue;
            double w = t->corpus->weight[s->eval[i]];
            loss += w * stat_log_loss(q, y);
            task += w * stat_log_loss(s->task_q[i * heads + h], y);
            base += w * stat_log_loss(s->base_q[h], y);
            brier += w * (q - y) * (q - y);
            mean += w * y;
            weight += w;
            x->p[x->n] = q;
            x->y[x->n++] = y;
        }
    }
    f->n = (int64_t)x->n;
    f->loss = loss / weight; /* 0 / 0 is the NaN that says "nothing measured" */
    f->task_loss = task / weight;
    f->base_loss = base / weight;
    f->brier = brier / weight;
    f->mean = mean / weight;
    f->ece = stat_ece(x->p, x->y, x->n, ECE_BINS);
    f->choice = t->final->choice[h];
    for (size_t i = 0; i < t->final->n; i++)
        f->train_n += !isnan(t->y[(size_t)t->final->train[i] * heads + h]);
}

static void measure_labels(const struct matrix *m, struct training *t)
{
    struct figures *f = &t->figures;
    size_t levels = t->labels.n, heads = t->targets.heads;
    f->accuracy = f->majority = f->kappa = (double)NAN;
    if (levels == 0)
        return;
    AUTO_FREE int *truth = mem_array(m->prompts, sizeof *truth);
    AUTO_FREE int *guess = mem_array(m->prompts, sizeof *guess);
    size_t n = 0, right = 0, count[LABELS_MAX] = {0}, most = 0;
    for (size_t k = 0; k < t->predicting; k++) {
        const struct side *s = &t->side[k];
        for (size_t i = 0; i < s->evals; i++) {
            int level = labels_level(&t->labels, m->prompt[s->eval[i]].complexity);
            if (level < 0 || !measured(m, t, s->eval[i]))
                continue;
            truth[n] = level;
            guess[n] = labels_predict(s->q + i * heads + t->targets.models, levels);
            right += truth[n] == guess[n];
            count[level]++;
            n++;
        }
    }
    f->labelled = (int64_t)n;
    if (n == 0)
        return;
    for (size_t k = 0; k < levels; k++)
        most = count[k] > most ? count[k] : most;
    f->accuracy = (double)right / (double)n;
    f->majority = (double)most / (double)n;
    f->kappa = labels_kappa(truth, guess, n, levels);
}

void figures_measure(const struct matrix *m, struct training *t)
{
    struct figures *f = &t->figures;
    f->heads = t->targets.heads;
    f->models = t->targets.models;
    f->head = mem_array(f->heads, sizeof *f->head);
    f->measured_on = t->cross_fit ? "cross-fit" : f->test > 0 ? "test" : "validation";
    AUTO_FREE double *p = mem_array(m->prompts, sizeof *p);
    AUTO_FREE double *y = mem_array(m->prompts, sizeof *y);
    struct columns x = {p, y, 0};
    for (size_t h = 0; h < f->heads; h++) {
        f->head[h].name =
            mem_strdup(h < f->models ? m->model[h].name : t->labels.name[h - f->models + 1]);
        measure_head(m, t, h, &x, &f->head[h]);
    }
    measure_labels(m, t);
}

void figures_deinit(struct figures *f)
{
    for (size_t h = 0; h < f->heads; h++)
        free(f->head[h].name);
    free(f->head);
    *f = (struct figures){0};
}

static void head_json(const struct training *t, size_t h, struct jsonw *w)
{
    const struct head_figures *f = &t->figures.head[h];
    jsonw_obj(w, NULL);
    jsonw_str(w, h < t->figures.models ? "model" : "label", f->name);
    jsonw_int(w, "prompts", f->n);
    jsonw_int(w, "train_prompts", f->train_n);
    jsonw_num(w, "mean_score", f->mean);
    jsonw_num(w, "log_loss", f->loss);
    jsonw_num(w, "log_loss_task_means", f->task_loss);
    jsonw_num(w, "log_loss_base_rate", f->base_loss);
    jsonw_num(w, "brier", f->brier);
    jsonw_num(w, "ece", f->ece);
    jsonw_bool(w, "constant", f->choice.constant);
    jsonw_num(w, "c", f->choice.C);
    jsonw_num(w, "shrinkage", f->choice.alpha);
    jsonw_str(w, "calibration", f->choice.constant ? "none" : choice_calibration(&f->choice));
    jsonw_num(w, "slope", f->choice.a);
    jsonw_num(w, "offset", f->choice.d);
    jsonw_int(w, "knots", (int64_t)f->choice.curve.count);
    jsonw_arr(w, "c_by_fold");
    for (size_t k = 0; k < t->predicting; k++)
        jsonw_num(w, NULL, t->side[k].choice[h].C);
    jsonw_end(w);
    jsonw_end(w);
}

/* The features of every side, the shipped one last. */
static void search_json(const struct training *t, struct jsonw *w)
{
    jsonw_arr(w, "features_by_side");
    for (size_t k = 0; k <= t->predicting; k++) {
        const struct space_use *u = &t->side[k].use;
        jsonw_obj(w, NULL);
        jsonw_bool(w, "surface", !u->no_surface);
        jsonw_int(w, "min_prompts", u->min_df > 0 ? u->min_df : 2);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void figures_preference_json(const struct preference_figures *p, const struct figures *f,
                             struct jsonw *w)
{
    jsonw_obj(w, "preferences");
    jsonw_int(w, "votes", p->votes);
    jsonw_int(w, "decided", p->decided);
    jsonw_num(w, "log_loss", p->loss);
    jsonw_num(w, "log_loss_ratings", p->ratings_loss);
    jsonw_num(w, "less_ratings", p->less);
    jsonw_num(w, "less_ratings_lo", p->less_lo);
    jsonw_num(w, "less_ratings_hi", p->less_hi);
    jsonw_num(w, "accuracy", p->accuracy);
    jsonw_num(w, "accuracy_ratings", p->ratings_accuracy);
    jsonw_num(w, "standing_first", p->first);
    jsonw_arr(w, "models");
    for (size_t m = 0; m < p->models; m++) {
        jsonw_obj(w, NULL);
        jsonw_str(w, "model", f->head[m].name);
        jsonw_int(w, "votes", p->model[m].votes);
        jsonw_num(w, "won", p->model[m].won);
        jsonw_num(w, "rating", p->model[m].rating);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

void figures_json(const struct training *t, const struct matrix *m, const char *encoder,
                  uint64_t seed, struct buf *out)
{
    const struct figures *f = &t->figures;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.train/1");
    jsonw_str(&w, "encoder", encoder);
    jsonw_str(&w, "mode", t->cross_fit ? "cross-fit" : "split");
    jsonw_int(&w, "folds", t->cross_fit ? (int64_t)t->predicting : 0);
    jsonw_int(&w, "seed", (int64_t)seed);
    jsonw_str(&w, "measured_on", f->measured_on);
    jsonw_int(&w, "prompts", (int64_t)m->prompts);
    jsonw_int(&w, "prompts_train", f->train);
    jsonw_int(&w, "prompts_validation", f->validation);
    jsonw_int(&w, "prompts_test", f->test);
    jsonw_int(&w, "unscored_replies", m->unscored_replies);
    jsonw_int(&w, "tasks", (int64_t)t->corpus->tasks);
    jsonw_int(&w, "buckets_kept", (int64_t)t->final->space->kept);
    jsonw_fix(&w, "fit_seconds", t->seconds, 2);
    jsonw_arr(&w, "heads");
    for (size_t h = 0; h < f->models; h++)
        head_json(t, h, &w);
    jsonw_end(&w);
    if (t->searched)
        search_json(t, &w);
    if (t->preference.votes > 0)
        figures_preference_json(&t->preference, f, &w);
    if (t->labels.n > 0) {
        jsonw_obj(&w, "complexity");
        jsonw_arr(&w, "labels");
        for (size_t k = 0; k < t->labels.n; k++)
            jsonw_str(&w, NULL, t->labels.name[k]);
        jsonw_end(&w);
        jsonw_int(&w, "prompts", f->labelled);
        jsonw_num(&w, "accuracy", f->accuracy);
        jsonw_num(&w, "accuracy_majority", f->majority);
        jsonw_num(&w, "quadratic_kappa", f->kappa);
        jsonw_arr(&w, "heads");
        for (size_t h = f->models; h < f->heads; h++)
            head_json(t, h, &w);
        jsonw_end(&w);
        jsonw_end(&w);
    }
    jsonw_end(&w);
}
