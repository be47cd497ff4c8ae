/* The gate: is the candidate worse than the baseline by more than is tolerated?
 *
 * Paired by prompt (means over samples), differences candidate - baseline, clustered by group:
 *   SE^2 = G/(G-1) * sum_g (sum_{i in g} w_i (d_i - mean))^2 / (sum w)^2      (Miller 2024,
 * arXiv:2411.00640) and a two-sided interval from Student's t with G - 1 degrees of freedom. It
 * passes when the whole interval is at or above -max_drop, fails when it is wholly below, else the
 * data cannot tell. Differences that are all equal give no standard error: then a change of 0..1
 * scores that G groups did not show may still happen in up to -ln(alpha/2)/G of them (the exact
 * bound for 0 of G), and the interval is that wide. A model against itself is equal by construction
 * and passes. Tasks: each task's p-value against a drop of exactly max_drop, Holm-adjusted (Holm
 * 1979); a task has fallen when it dropped by more than max_drop and its adjusted interval lies
 * wholly below.
 */
#ifndef EVAL_GATE_H
#define EVAL_GATE_H

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum gate_verdict { GATE_PASS, GATE_FAIL, GATE_INCONCLUSIVE };
extern const char *const gate_words[]; /* "pass", "fail", "inconclusive" */

struct gate_side {
    const char *name;
    const double *score;      /* [n] NaN: none; such prompts are left out */
    const double *cost;       /* [n] US dollars, NaN: unknown */
    const double *latency_ms; /* [n] NaN: unknown */
};

struct gate_input {
    size_t n, groups, tasks;
    const double *weight;         /* [n] */
    const int32_t *group;         /* [n] 0..groups-1 */
    const int32_t *task;          /* [n] 0..tasks-1 */
    const char *const *task_name; /* [tasks] */
    struct gate_side baseline, candidate;
    bool same; /* the same thing twice */
};

struct gate_options {
    double max_drop; /* >= 0 */
    double alpha;    /* of the two-sided interval, 0.05 */
    bool slices;     /* a fallen task fails the gate */
};

struct gate_figure {
    size_t n, groups;
    double baseline, candidate; /* weighted means of what is paired */
    double difference, se, lo, hi;
    double p; /* two-sided, against -max_drop; Holm-adjusted for tasks */
};

struct gate_task {
    const char *name;
    struct gate_figure f; /* lo, hi: adjusted */
    bool fallen;
};

struct gate_result {
    enum gate_verdict verdict; /* of the whole gate */
    enum gate_verdict overall; /* of the mean alone */
    const char *baseline, *candidate;
    struct gate_options option;
    struct gate_figure mean;
    size_t unpaired;  /* prompts that one of the two has no score on */
    size_t needed;    /* further prompts for 80 % power; 0: none, SIZE_MAX: no number would do */
    bool binary;      /* all scores are 0 or 1: then counts of prompts */
    size_t lost, won; /* right before and wrong now; the reverse */
    double mcnemar;   /* exact two-sided p of lost against won, prompts taken as independent */
    struct gate_figure
        cost; /* US dollars per 1,000, over prompts where both are known; n 0: none */
    struct gate_figure latency; /* ms, likewise */
    struct gate_task *task;     /* sorted by difference, worst first */
    size_t tasks, fallen;
};

/* Names are borrowed. Nothing paired: verdict GATE_INCONCLUSIVE with mean.n 0. */
void gate_run(const struct gate_input *in, const struct gate_options *o, struct gate_result *out);
void gate_result_deinit(struct gate_result *r);

/* gate_print.c. Each appends. */
void gate_sentence(const struct gate_result *r,
                   struct buf *out); /* one sentence: verdict and why */
void gate_json(const struct gate_result *r, struct buf *out);
void gate_markdown(const struct gate_result *r, struct buf *out); /* at most 60 tasks named */
void gate_junit(const struct gate_result *r, double seconds, const char *timestamp,
                struct buf *out);
int gate_table(const struct gate_result *r, FILE *f);

#endif
