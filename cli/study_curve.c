/* The learning curve: what each size of training is worth, what more labels would bring, and
 * whether there is anything to be brought at all. */
#include "cli/study_curve.h"

#include "core/mem.h"
#include "core/stat.h"
#include "train/growth.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 3 };
static const double fractions[] = {0.0625, 0.125, 0.25, 0.5};
/* Of what the labels have brought so far (log loss less than the base rate's): a doubling that
 * brings less is not worth asking for. */
static const double WORTH = 0.02, ROOM = 0.01;

/* Means over the repeats of one fraction. */
static void step_of(const struct study *x, const struct growth *g, size_t first, size_t n,
                    struct curve_step *out)
{
    double loss = 0, task = 0, gain = 0, square = 0, width = 0;
    *out = (struct curve_step){.fraction = g->fit[first].fraction, .repeats = n};
    for (size_t k = first; k < first + n; k++) {
        AUTO_FREE double *q = study_take(x, g->fit[k].fit.q);
        AUTO_FREE double *means = study_take(x, g->fit[k].fit.task_q);
        struct predictor_figures f[2];
        predictors_compare(&x->set, (const struct predictor[]){{.q = means}, {.q = q}}, 2,
                           (size_t)(x->weak < 0 ? 0 : x->weak),
                           (size_t)(x->strong < 0 ? 0 : x->strong), &x->boot, f);
        const struct figure *v = &f[1].value[PREDICTOR_GAIN];
        const double l = f[1].value[PREDICTOR_LOG_LOSS].value;
        loss += l;
        square += l * l;
        task += f[0].value[PREDICTOR_LOG_LOSS].value;
        gain += v->value;
        width += (v->hi - v->lo) / (2 * stat_norm_quantile(.975));
        out->labels += g->fit[k].fit.labels / (double)n;
        out->seconds += g->fit[k].fit.seconds;
        out->gain_spread += v->value * v->value;
    }
    const double k = (double)n;
    out->log_loss = loss / k;
    out->task_means = task / k;
    out->gain = gain / k;
    out->loss_sd = n > 1 ? sqrt(fmax(0, square - loss * loss / k) / (k - 1)) : (double)NAN;
    /* Held-out prompts are the same in all repeats, so their noise does not average out; that of
     * which prompts trained does. */
    const double between = n > 1 ? fmax(0, out->gain_spread - gain * gain / k) / (k - 1) / k : 0;
    const double half = stat_norm_quantile(.975) * sqrt(width / k * (width / k) + between);
    out->gain_lo = out->gain - half;
    out->gain_hi = out->gain + half;
}

static double base_loss(const struct study *x)
{
    double sum = 0;
    for (size_t m = 0; m < x->set.models; m++) {
        const double mean = eval_set_mean(&x->set, x->set.score, m);
        double loss = 0, weight = 0;
        for (size_t i = 0; i < x->set.n; i++) {
            loss += x->set.weight[i] * stat_log_loss(mean, x->set.score[i * x->set.models + m]);
            weight += x->set.weight[i];
        }
        sum += loss / weight;
    }
    return sum / (double)x->set.models;
}

/* What a perfect router would gain over the best single model. */
static double room_of(const struct study *x)
{
    double best = 0, oracle = 0, weight = 0;
    for (size_t m = 0; m < x->set.models; m++)
        best = fmax(best, eval_set_mean(&x->set, x->set.score, m));
    for (size_t i = 0; i < x->set.n; i++) {
        double most = 0;
        for (size_t m = 0; m < x->set.models; m++)
            most = fmax(most, x->set.score[i * x->set.models + m]);
        oracle += x->set.weight[i] * most;
        weight += x->set.weight[i];
    }
    return oracle / weight - best;
}

/* Mean known cost of a scored reply, US dollars; NaN: none is known. */
static double reply_cost(const struct matrix *m)
{
    double sum = 0, n = 0;
    for (size_t k = 0; k < m->prompts * m->models; k++)
        if (!isnan(m->score[k]) && !isnan(m->cost_nusd[k])) {
            sum += m->cost_nusd[k] / 1e9;
            n++;
        }
    return n > 0 ? sum / n : (double)NAN;
}

static void extrapolate(struct curve *c, uint64_t seed)
{
    AUTO_FREE double *labels = mem_array(c->n, sizeof *labels);
    AUTO_FREE double *loss = mem_array(c->n, sizeof *loss), *se = mem_array(c->n, sizeof *se);
    for (size_t k = 0; k < c->n; k++) {
        /* The full size was fitted once: as far off as one fit of half the size. */
        const struct curve_step *s = &c->step[k], *sd = k + 1 < c->n ? s : &c->step[c->n - 2];
        labels[k] = s->labels;
        loss[k] = s->log_loss;
        se[k] = sd->loss_sd / sqrt((double)s->repeats);
    }
    power_law_fit(labels, loss, se, c->n, seed, &c->law);
}

static void judge(const struct study *x, struct curve *c)
{
    const struct curve_step *now = &c->step[c->n - 1], *half = &c->step[c->n - 2];
    const double brought = c->base_loss - now->log_loss;
    struct buf b = BUF_INIT(0);
    c->share_lo = c->law.lo[0] / brought;
    c->share_hi = c->law.hi[0] / brought;
    const bool adds = now->gain_lo > 0;
    if (!adds && now->gain_hi < 2 * ROOM && half->gain_lo <= 0) {
        c->verdict = "uniform";
        buf_addf(&b,
                 "your traffic is uniform to these models; routing will not help: over the best "
                 "control it adds %+.4f [%+.4f, %+.4f] with all labels, and no more than that with "
                 "half of them",
                 now->gain, now->gain_lo, now->gain_hi);
    } else if (!(brought > 0)) {
        c->verdict = "nothing learned";
        buf_addf(&b,
                 "the heads know no more than each model's mean (log loss %.4f, means %.4f): "
                 "other labels are wanted before more of these",
                 now->log_loss, c->base_loss);
    } else if (c->share_lo >= WORTH) {
        c->verdict = "more labels pay";
        buf_addf(&b,
                 "more labels pay: twice as many would lower the log loss by %.4f [%.4f, "
                 "%.4f], %.0f %% of what all so far have brought",
                 c->law.drop[0], c->law.lo[0], c->law.hi[0], 100 * c->law.drop[0] / brought);
    } else if (c->share_hi < WORTH) {
        c->verdict = "more labels hardly pay";
        buf_addf(&b,
                 "more labels hardly pay: twice as many would lower the log loss by %.4f "
                 "[%.4f, %.4f], less than %.0f %% of what all so far have brought",
                 c->law.drop[0], c->law.lo[0], c->law.hi[0], 100 * WORTH);
    } else {
        c->verdict = "not known";
        buf_addf(&b,
                 "whether more labels pay is not known: twice as many would lower the log loss "
                 "by %.4f [%.4f, %.4f]",
                 c->law.drop[0], c->law.lo[0], c->law.hi[0]);
    }
    if (room_of(x) < ROOM)
        buf_addf(&b, "; even a perfect router would gain only %.4f", room_of(x));
    c->advice = buf_detach(&b, NULL);
}

int study_curve(const struct study *x, const struct train_options *o, struct curve *out,
                struct err *e)
{
    struct growth g;
    *out = (struct curve){0};
    int rc =
        growth_fit(x->training, o, fractions, sizeof fractions / sizeof *fractions, REPEATS, &g, e);
    if (rc != ERR_OK)
        return rc;
    out->step = mem_array(g.n, sizeof *out->step);
    for (size_t k = 0, n; k < g.n; k += n) {
        for (n = 1; k + n < g.n && g.fit[k + n].fraction <= g.fit[k].fraction; n++)
            ;
        step_of(x, &g, k, n, &out->step[out->n++]);
    }
    growth_deinit(&g);
    out->gain_of = eval_set_missing(&x->set, x->set.cost) == 0 ? "aiq_raw" : "apgr";
    out->base_loss = base_loss(x);
    out->usd_to_double = reply_cost(x->training->matrix) * out->step[out->n - 1].labels;
    extrapolate(out, o->seed);
    judge(x, out);
    return ERR_OK;
}

void curve_deinit(struct curve *c)
{
    free(c->step);
    free(c->advice);
    *c = (struct curve){0};
}

void curve_json(const struct curve *c, struct jsonw *w)
{
    jsonw_obj(w, "curve");
    jsonw_str(w, "gain_of", c->gain_of);
    jsonw_arr(w, "steps");
    for (size_t k = 0; k < c->n; k++) {
        const struct curve_step *s = &c->step[k];
        jsonw_obj(w, NULL);
        jsonw_num(w, "fraction", s->fraction);
        jsonw_int(w, "repeats", (int64_t)s->repeats);
        jsonw_num(w, "labels", s->labels);
        jsonw_num(w, "log_loss", s->log_loss);
        jsonw_num(w, "log_loss_sd", s->loss_sd);
        jsonw_num(w, "log_loss_task_means", s->task_means);
        jsonw_num(w, "gain", s->gain);
        jsonw_num(w, "gain_lo", s->gain_lo);
        jsonw_num(w, "gain_hi", s->gain_hi);
        jsonw_num(w, "fit_seconds", s->seconds);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_num(w, "log_loss_base_rate", c->base_loss);
    jsonw_obj(w, "power_law");
    jsonw_num(w, "a", c->law.a);
    jsonw_num(w, "b", c->law.b);
    jsonw_num(w, "c", c->law.c);
    for (int k = 0; k < 2; k++) {
        jsonw_obj(w, k ? "drop_at_4_times" : "drop_at_2_times");
        jsonw_num(w, "value", c->law.drop[k]);
        jsonw_num(w, "lo", c->law.lo[k]);
        jsonw_num(w, "hi", c->law.hi[k]);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_num(w, "usd_to_double", c->usd_to_double);
    jsonw_str(w, "verdict", c->verdict);
    jsonw_str(w, "advice", c->advice);
    jsonw_end(w);
}

int curve_print(const struct curve *c, enum out_shape shape, FILE *f)
{
    if (shape == OUT_ALIGNED)
        fprintf(f,
                "\nlearning curve: nested fractions of what trains, groups whole; gain is %s over "
                "the best control\n\n",
                c->gain_of);
    struct out *o =
        out_new(shape, f, 9,
                (const char *const[]){"fraction", "repeats", "labels", "log_loss", "task_means",
                                      "gain", "gain_lo", "gain_hi", "seconds"});
    for (size_t k = 0; k < c->n; k++) {
        const struct curve_step *s = &c->step[k];
        out_num(o, s->fraction, 4);
        out_int(o, (int64_t)s->repeats);
        out_num(o, s->labels, 0);
        out_num(o, s->log_loss, 4);
        out_num(o, s->task_means, 4);
        out_num(o, s->gain, 4);
        out_num(o, s->gain_lo, 4);
        out_num(o, s->gain_hi, 4);
        out_num(o, s->seconds, 1);
    }
    if (out_end(o))
        return -1;
    if (shape != OUT_ALIGNED)
        return 0;
    fprintf(
        f,
        "\nlog loss as a power law of the labels: %.4f + %.4g n^-%.2f (at their mean: %.4f); at "
        "2 times the labels %.4f [%.4f, %.4f] less, at 4 times %.4f [%.4f, %.4f] less, as far "
        "as the law holds\n",
        c->law.a, c->law.b, c->law.c, c->base_loss, c->law.drop[0], c->law.lo[0], c->law.hi[0],
        c->law.drop[1], c->law.lo[1], c->law.hi[1]);
    if (!isnan(c->usd_to_double))
        fprintf(f, "twice the labels cost about $%.2f in replies, at the mean cost so far\n",
                c->usd_to_double);
    fprintf(f, "advice: %s\n", c->advice);
    return 0;
}
