/* How good the heads are on prompts that they never saw, beside the two controls: the table of task
 * means and the base rate, both of the training side.
 */
#ifndef TRAIN_FIGURES_H
#define TRAIN_FIGURES_H

#include "core/buf.h"
#include "train/heads.h"

#include <stddef.h>
#include <stdint.h>

struct training;

/* Of one head. Means are weighted by the prompts' weights; ece (15 bins of equal count) is not.
 * NaN where there is nothing to measure. */
struct head_figures {
    char *name;                        /* model; or label: the head says "this or above" */
    int64_t n;                         /* held-out prompts with a target */
    int64_t train_n;                   /* prompts that the final head was fitted on */
    double mean;                       /* of the targets */
    double loss, task_loss, base_loss; /* log loss of heads, task means, base rate */
    double brier, ece;
    struct choice choice; /* of the final fit */
};

struct figures {
    struct head_figures *head; /* [heads] */
    size_t heads, models;
    const char *measured_on;         /* "cross-fit", "test" or "validation" */
    int64_t train, validation, test; /* prompts; cross-fit: all in train */
    /* complexity classifier, NaN and 0 without labels */
    int64_t labelled;
    double accuracy, majority, kappa;
};

void figures_measure(const struct matrix *m, struct training *t);
void figures_deinit(struct figures *f);
/* The member "preferences" of the open object. */
struct preference_figures;
struct jsonw;
void figures_preference_json(const struct preference_figures *p, const struct figures *f,
                             struct jsonw *w);
/* The JSON object of router.metrics, appended. encoder as the store names it. */
void figures_json(const struct training *t, const struct matrix *m, const char *encoder,
                  uint64_t seed, struct buf *out);

#endif
