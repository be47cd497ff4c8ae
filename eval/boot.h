/* Bootstrap over groups: prompts that belong together are drawn together, with replacement.
 *
 * Groups are summed into at most max_buckets buckets (one each when they are few, else by hash),
 * and a curve into its changes per (knot, bucket), so that one resample costs O(buckets + changes)
 * whatever the number of prompts. Resample r draws the same buckets wherever it is used, so that
 * any two figures of it are paired.
 */
#ifndef EVAL_BOOT_H
#define EVAL_BOOT_H

#include "eval/sweep.h"

enum {
    BOOT_BUCKETS = 4096,
    BOOT_KNOTS = 512,
    BOOT_BLOCK = 8, /* resamples that are computed side by side */
};

struct boot {
    size_t n, groups, buckets, resamples;
    uint64_t seed;
    uint32_t *bucket; /* [n] */
    double *weight;   /* [buckets] sum of the prompts' weights */
};

void boot_init(struct boot *b, const struct eval_set *s, size_t resamples, uint64_t seed,
               size_t max_buckets);
void boot_deinit(struct boot *b);

/* How often each bucket is drawn in resamples first .. first + BOOT_BLOCK - 1:
 * count[bucket * BOOT_BLOCK + j]; total[BOOT_BLOCK]: the weight drawn. scratch: [buckets]. */
void boot_counts(const struct boot *b, size_t first, double *count, double *total,
                 uint32_t *scratch);

/* Weighted sums of a per-prompt value (NaN counts as 0) by bucket; out: [buckets]. */
void boot_sum(const struct boot *b, const double *weight, const double *value, double *out);
/* The mean of that value in each resample of a block. */
void boot_mean_block(const struct boot *b, const double *sum, const double *count,
                     const double *total, double out[BOOT_BLOCK]);

/* A sweep's curve, resampled. */
struct boot_curve {
    size_t knots;
    size_t *point;    /* [knots] index of the sweep's point */
    size_t *start;    /* [knots + 1] changes between knot k - 1 and knot k */
    uint32_t *bucket; /* [changes] */
    double *dx, *dy;  /* [changes] */
    double *x0, *y0;  /* [buckets] sums at lambda 0 */
};

/* At most max_knots points of w; its last, infinite one is left to the caller. */
void boot_curve_init(struct boot_curve *c, const struct boot *b, const struct eval_set *s,
                     const struct sweep *w, const double *real_y, const double *real_x,
                     size_t max_knots);
void boot_curve_deinit(struct boot_curve *c);
/* x, y: [knots * BOOT_BLOCK], means at each knot in each resample of the block. */
void boot_curve_block(const struct boot_curve *c, const struct boot *b, const double *count,
                      const double *total, double *x, double *y);

/* 95 % interval of r resampled values: quantiles .025 and .975; reorders v. A resample where the
 * figure is not defined (NaN) counts as below every other for the lower end and above every other
 * for the upper one, so that it can only widen the interval; both NaN where an end falls among
 * those, or r < 2. An infinite quantile stays infinite. */
void boot_interval(double *v, size_t r, double *lo, double *hi);
/* Standard deviation of finite values; NaN when any is not. */
double boot_se(const double *v, size_t r);

/* Interval of one weighted mean on its own, for slices: groups hashed into at most 512 buckets.
 * NaN for fewer than 2 groups. index: the prompts, or NULL for all. */
void boot_slice(const struct eval_set *s, const double *value, const size_t *index, size_t n,
                size_t resamples, uint64_t seed, double *mean, double *lo, double *hi);

#endif
