/* What a run comes to in the end, and what one would cost. */
#ifndef COLLECT_REPORT_H
#define COLLECT_REPORT_H

#include "collect/collect.h"
#include "collect/models.h"
#include "store/work.h"

/* The exit code of a finished run, with *e saying what is missing. */
int collect_verdict(const struct collect_summary *s, struct err *e);

/* An estimate over the requests that are missing. */
struct collect_estimate {
    const struct target *target;
    struct work_means means; /* of the model's replies so far */
    int64_t requests, body_bytes;
    money_wide worst_nusd;
    bool worst_known;
};
int collect_estimate_begin(struct collect_estimate *x, struct store *s, const struct target *t,
                           struct err *e);
void collect_estimate_add(struct collect_estimate *x, size_t body_bytes, int64_t worst_nusd);
/* Fills requests (as not_asked) and the estimates of m. Token counts are measured means where the
 * store has replies of the model with counts; else input is a token per four bytes, and output is
 * not known. */
void collect_estimate_end(const struct collect_estimate *x, struct collect_model *m);

#endif
