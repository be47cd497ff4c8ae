/* shunt train --curve: the learning curve as a table, and its advice. */
#ifndef CLI_STUDY_CURVE_H
#define CLI_STUDY_CURVE_H

#include "cli/study.h"
#include "train/growth.h"

/* Means over the repeats of one fraction; gain: of aiq_raw (or apgr) over the better of task means
 * fitted on the same labels and the chord of the single models. */
struct curve_step {
    double fraction, labels;
    size_t repeats;
    double log_loss, loss_sd; /* sd between repeats, NaN for one */
    double task_means;        /* their log loss */
    double gain, gain_lo, gain_hi;
    double gain_spread; /* sum of squares, while it is made */
    double seconds;
};

struct curve {
    struct curve_step *step; /* [n] the last with all labels */
    size_t n;
    const char *gain_of;
    struct power_law law;
    double base_loss;          /* of each model's mean */
    double share_lo, share_hi; /* of what labels have brought, that a doubling would bring */
    double usd_to_double;      /* NaN: not known */
    const char *verdict; /* "more labels pay", "more labels hardly pay", "not known", "uniform",
                            "nothing learned" */
    char *advice;
};

int study_curve(const struct study *x, const struct train_options *o, struct curve *out,
                struct err *e);
void curve_deinit(struct curve *c);
void curve_json(const struct curve *c, struct jsonw *w);
int curve_print(const struct curve *c, enum out_shape shape, FILE *f);

#endif
