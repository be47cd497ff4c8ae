/* Several sets of predictions on the same prompts: what each is worth as a router, and by how much
 * it differs from the first of them, paired. Encoders, controls and points of a learning curve are
 * compared with it; whole evaluations are evaluate.h.
 */
#ifndef EVAL_PREDICTORS_H
#define EVAL_PREDICTORS_H

#include "eval/boot.h"
#include "eval/result.h"

enum predictor_metric {
    PREDICTOR_LOG_LOSS, /* mean over models and prompts */
    PREDICTOR_QUALITY,  /* mean score of argmax q, METRICS section 0's quality_at_lambda_0 */
    PREDICTOR_COST,     /* of the same choices, US dollars per 1,000 */
    PREDICTOR_AIQ,
    PREDICTOR_AIQ_RAW,
    PREDICTOR_APGR, /* two models */
    PREDICTOR_GAIN, /* aiq_raw (two models without costs: apgr) less the better of the first
                       predictor and the chord of the single models */
    PREDICTOR_METRICS,
};
extern const char *const predictor_metric_names[PREDICTOR_METRICS];

struct predictor {
    const double *q; /* [n * models] expected quality, 0..1, no NaN */
    const double *c; /* [n * models] expected cost, US dollars; NULL: the set's */
    /* Without q, a policy that has no expectations, and no curve: */
    const double *value, *cost; /* [n] score and cost (US dollars) that it gets; NULL: neither */
    bool hull; /* its areas are those of mixing single models at random, its apgr is 1/2 */
};

struct predictor_figures {
    struct figure value[PREDICTOR_METRICS];
    struct figure less_first[PREDICTOR_METRICS]; /* this minus the first, paired; NaN for itself */
};

/* Figures of p[count] on s, with 95 % intervals from b's resamples (of groups). A metric that needs
 * what is not there (a cost, a second model, an expectation) is NaN.
 *
 *   weak, strong  of two models; not read with more
 *   out           [count] written
 *
 * Resamples are thinned as those of metric_run. O(count n M^2) and the resampling, on all cores. */
void predictors_compare(const struct eval_set *s, const struct predictor *p, size_t count,
                        size_t weak, size_t strong, const struct boot *b,
                        struct predictor_figures *out);

#endif
