/* What eval found: numbers, series, sentences; read by reports, forecast, gate. */
#ifndef STORE_RESULT_H
#define STORE_RESULT_H

#include "store/store.h"

#include <stddef.h>

/* One number. policy "" for figures of the whole; slice "" overall, else "task:NAME".
 * lo, hi NaN where there is no interval. */
struct evaluation {
    const char *policy, *kind, *split, *slice, *metric;
    double value, lo, hi;
    int64_t n;
};
int evaluation_put(struct store *s, int64_t run, int64_t router, const struct evaluation *v,
                   struct err *e);
/* Rows of the newest evaluation run of a router (0: newest of any), in the order written. */
int evaluation_each(struct store *s, int64_t router, int64_t *run,
                    int (*see)(void *arg, const struct evaluation *v, struct err *e), void *arg,
                    struct err *e);

struct series_row {
    const char *policy, *name; /* "curve", "hull", "calibration:MODEL", "cost_per_day", ... */
    int64_t i;
    double x, y, lo, hi;
    const char *label; /* or NULL */
};
int series_put(struct store *s, int64_t run, const struct series_row *r, struct err *e);
int series_each(struct store *s, int64_t run, const char *name, /* NULL: all */
                int (*see)(void *arg, const struct series_row *r, struct err *e), void *arg,
                struct err *e);

/* A sentence about the run: key "verdict", "advice", "missing", "simulated", ... */
int note_put(struct store *s, int64_t run, const char *key, const char *text, struct err *e);
int note_each(struct store *s, int64_t run,
              int (*see)(void *arg, const char *key, const char *text, struct err *e), void *arg,
              struct err *e);

#endif
