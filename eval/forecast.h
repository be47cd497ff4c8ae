/* What this will cost: daily, monthly (30.4375 days) and yearly, of every single model and
 * operating point, with intervals and the saving against the best single model.
 *
 * Totals are integers: observed cost per prompt is taken to pico-dollars once, summed with the
 * prompts' weights in 128 bits, and multiplied by the number of requests before it is rounded to
 * nano-dollars, half to even. Intervals (bootstrap over groups of the mean cost; savings paired)
 * are statistics and are computed in double. Growth is compound, from month to month; the day and
 * the month are the first ones, the year is the sum of twelve months.
 */
#ifndef EVAL_FORECAST_H
#define EVAL_FORECAST_H

#include "core/buf.h"
#include "core/err.h"
#include "core/money.h"
#include "core/out.h"
#include "core/vec.h"
#include "eval/set.h"

#include <stdio.h>

struct forecast_policy {
    const char *name;
    const char *kind;           /* "single", "point" or "plan" */
    const int *choice;          /* [set->n]; NULL: what was done and paid is below */
    const double *score, *cost; /* [set->n] cost in US dollars */
};

struct forecast_options {
    int64_t requests_per_day; /* > 0, at most 10^12 */
    double growth;            /* a month, > -1 */
    size_t resamples;
    int64_t seed;
};

/* Nano-dollars. */
struct span {
    money_wide value, lo, hi;
};

struct forecast_line {
    char *name;
    const char *kind;
    double quality, quality_lo, quality_hi;
    size_t missing; /* prompts whose cost is unknown: then no figure below is set */
    double usd_per_1k, usd_per_1k_lo, usd_per_1k_hi;
    struct span day, month, year;
    bool compared;                       /* the best single model's cost is known too */
    struct span saving_year;             /* best single - this */
    double saving, saving_lo, saving_hi; /* as a share of the best single model's cost; NaN for 0 */
};
struct forecast_vec VEC_BODY(struct forecast_line);

struct forecast {
    struct forecast_options option;
    size_t prompts, groups;
    size_t best;   /* index of the best single model's line */
    bool interval; /* there are at least two groups */
    struct forecast_vec line;
};

/* set: observed scores and costs (US dollars). At least one policy of kind single. ERR_FORMAT: no
 * cost is known of any policy, or an amount is beyond 128 bits. */
int forecast_run(const struct eval_set *set, const struct forecast_policy *policy, size_t policies,
                 const struct forecast_options *o, struct forecast *out, struct err *e);
void forecast_deinit(struct forecast *f);

/* "MODEL:x2", "MODEL:0.5": name (length) and factor > 0. */
int forecast_price_parse(const char *text, size_t *name_len, double *factor, struct err *e);

/* Nano-dollars as US dollars in decimal, rounded half to even to 0..9 decimals. */
void forecast_usd(money_wide nusd, int decimals, char out[64]);

void forecast_json(const struct forecast *f, struct buf *out); /* schema shunt.forecast/1 */
int forecast_table(const struct forecast *f, enum out_shape shape, FILE *to);

#endif
