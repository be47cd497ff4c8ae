/* Forecasts: exact totals, resampled intervals. Printing is forecast_print.c. */
#include "eval/forecast.h"

#include "core/mem.h"
#include "eval/boot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROWTH_UNIT = 1000000000 }; /* growth factors are multiples of 1e-9 */
static const double beyond = 1e37; /* of 1.7e38 */

/* Months of a year at the growth, as a multiple of the first, in GROWTH_UNITs. */
static int64_t year_factor(double growth)
{
    double sum = 0, month = 1;
    for (int k = 0; k < 12; k++) {
        sum += month;
        month *= 1 + growth;
    }
    return (int64_t)llround(sum * GROWTH_UNIT);
}

/* Weight as an integer: 1 where all are 1, else multiples of 1e-4. */
static int64_t weight_unit(const struct eval_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->weight[i] > 1 || s->weight[i] < 1)
            return 10000;
    return 1;
}

static money_wide divide(money_wide amount, money_wide unit)
{
    const bool negative = amount < 0;
    money_wide a = negative ? -amount : amount, q = a / unit, rest = a % unit * 2;
    if (rest > unit || (rest == unit && q % 2 != 0))
        q++;
    return negative ? -q : q;
}

/* Cost, or score, of prompt i under a policy. */
static double cost_at(const struct eval_set *s, const struct forecast_policy *p, size_t i)
{
    return p->choice ? s->cost[i * s->models + (size_t)p->choice[i]] : p->cost[i];
}

static double score_at(const struct eval_set *s, const struct forecast_policy *p, size_t i)
{
    return p->choice ? s->score[i * s->models + (size_t)p->choice[i]] : p->score[i];
}

/* Totals of one policy whose costs are all known. */
static int exact_totals(const struct eval_set *s, const struct forecast_policy *p,
                        const struct forecast_options *o, struct forecast_line *line, struct err *e)
{
    const int64_t unit = weight_unit(s);
    money_wide sum = 0, weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        const int64_t w = (int64_t)llround(s->weight[i] * (double)unit);
        const double pico = cost_at(s, p, i) * 1e12;
        if (!(fabs(pico) < 9e18))
            return err_set(e, ERR_FORMAT,
                           "a reply of policy '%s' costs more than 9 million dollars", p->name);
        sum += (money_wide)w * (money_wide)llround(pico);
        weight += w;
    }
    /* requests * sum / (weight * 1000) nano-dollars a day; a month is 30.4375 of them. */
    const money_wide requests = o->requests_per_day, month = 304375, month_unit = 10000;
    const int64_t year = year_factor(o->growth);
    if (fabs((double)sum) * (double)requests * 304375.0 > beyond)
        return err_set(e, ERR_FORMAT,
                       "policy '%s' at %lld requests a day costs more than can be counted", p->name,
                       (long long)o->requests_per_day);
    line->day.value = divide(requests * sum, weight * 1000);
    line->month.value = divide(requests * sum * month, weight * 1000 * month_unit);
    /* In two steps, as the product of all would not fit: pico-dollars a month first. */
    const money_wide month_pico = divide(requests * sum * month, weight * month_unit);
    if (fabs((double)month_pico) * (double)year > beyond)
        return err_set(e, ERR_FORMAT, "policy '%s' costs more in a year than can be counted",
                       p->name);
    line->year.value = divide(month_pico * year, (money_wide)GROWTH_UNIT * 1000);
    return ERR_OK;
}

static money_wide wide(double nusd)
{
    return isfinite(nusd) && fabs(nusd) < beyond ? (money_wide)nearbyint(nusd) : 0;
}

/* Bounds of a span from bounds of the mean cost of a request, in US dollars. */
static void set_bounds(struct span *s, double lo, double hi, double requests)
{
    s->lo = wide(lo * 1e9 * requests);
    s->hi = wide(hi * 1e9 * requests);
}

/* Resampled mean costs and qualities of every policy: value[policy][resamples]. */
static void resample(const struct eval_set *s, const struct boot *b,
                     const struct forecast_policy *policy, size_t n, size_t rounded, double *cost,
                     double *quality)
{
    AUTO_FREE double *count = mem_array(b->buckets * BOOT_BLOCK, sizeof *count);
    AUTO_FREE uint32_t *scratch = mem_array(b->buckets, sizeof *scratch);
    AUTO_FREE double *sums = mem_array(2 * n * b->buckets, sizeof *sums),
                     *v = mem_array(s->n, sizeof *v);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < s->n; i++)
            v[i] = cost_at(s, &policy[k], i);
        boot_sum(b, s->weight, v, sums + 2 * k * b->buckets);
        for (size_t i = 0; i < s->n; i++)
            v[i] = score_at(s, &policy[k], i);
        boot_sum(b, s->weight, v, sums + (2 * k + 1) * b->buckets);
    }
    double total[BOOT_BLOCK];
    for (size_t first = 0; first < rounded; first += BOOT_BLOCK) {
        boot_counts(b, first, count, total, scratch);
        for (size_t k = 0; k < n; k++) {
            boot_mean_block(b, sums + 2 * k * b->buckets, count, total, cost + k * rounded + first);
            boot_mean_block(b, sums + (2 * k + 1) * b->buckets, count, total,
                            quality + k * rounded + first);
        }
    }
}

static double mean_of(const struct eval_set *s, const struct forecast_policy *p,
                      double (*at)(const struct eval_set *, const struct forecast_policy *, size_t),
                      size_t *missing)
{
    double sum = 0, weight = 0;
    *missing = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double x = at(s, p, i);
        *missing += isnan(x) ? 1 : 0;
        sum += s->weight[i] * x;
        weight += s->weight[i];
    }
    return sum / weight;
}

static int fill_lines(const struct eval_set *s, const struct forecast_policy *policy, size_t n,
                      struct forecast *f, struct err *e)
{
    size_t known = 0;
    double best = -INFINITY, best_cost = INFINITY;
    for (size_t k = 0; k < n; k++) {
        struct forecast_line line = {.name = mem_strdup(policy[k].name), .kind = policy[k].kind};
        size_t none;
        line.quality = mean_of(s, &policy[k], score_at, &none);
        line.usd_per_1k = mean_of(s, &policy[k], cost_at, &line.missing) * 1e3;
        line.quality_lo = line.quality_hi = line.usd_per_1k_lo = line.usd_per_1k_hi = (double)NAN;
        line.saving = line.saving_lo = line.saving_hi = (double)NAN;
        const bool better =
            line.quality > best || (line.quality >= best && line.usd_per_1k < best_cost);
        if (strcmp(policy[k].kind, "single") == 0 && better) {
            best = line.quality;
            best_cost = line.usd_per_1k;
            f->best = k;
        }
        int rc = line.missing ? ERR_OK : exact_totals(s, &policy[k], &f->option, &line, e);
        known += line.missing == 0;
        VEC_PUSH(&f->line, line);
        if (rc)
            return rc;
    }
    if (known == 0)
        return err_set(
            e, ERR_FORMAT,
            "the cost of replies is unknown (%zu of %zu of '%s'): set prices with 'shunt prices'",
            f->line.v[0].missing, s->n, f->line.v[0].name);
    return ERR_OK;
}

static void fill_savings(struct forecast *f)
{
    const struct forecast_line *best = &f->line.v[f->best];
    for (size_t k = 0; k < f->line.n; k++) {
        struct forecast_line *l = &f->line.v[k];
        l->compared = l->missing == 0 && best->missing == 0;
        if (!l->compared)
            continue;
        l->saving_year.value = best->year.value - l->year.value;
        l->saving = best->usd_per_1k > 0 ? 1 - l->usd_per_1k / best->usd_per_1k : (double)NAN;
    }
}

static void fill_intervals(struct forecast *f, const double *cost, const double *quality,
                           size_t rounded)
{
    const double day = (double)f->option.requests_per_day, month = day * 30.4375;
    const double year = month * (double)year_factor(f->option.growth) / GROWTH_UNIT;
    const size_t r = f->option.resamples;
    AUTO_FREE double *v = mem_array(r, sizeof *v);
    const double *base = cost + f->best * rounded;
    for (size_t k = 0; k < f->line.n; k++) {
        struct forecast_line *l = &f->line.v[k];
        double lo, hi;
        memcpy(v, quality + k * rounded, r * sizeof *v);
        boot_interval(v, r, &l->quality_lo, &l->quality_hi);
        if (l->missing)
            continue;
        memcpy(v, cost + k * rounded, r * sizeof *v);
        boot_interval(v, r, &lo, &hi);
        l->usd_per_1k_lo = lo * 1e3;
        l->usd_per_1k_hi = hi * 1e3;
        set_bounds(&l->day, lo, hi, day);
        set_bounds(&l->month, lo, hi, month);
        set_bounds(&l->year, lo, hi, year);
        if (!l->compared)
            continue;
        for (size_t j = 0; j < r; j++)
            v[j] = base[j] - cost[k * rounded + j];
        boot_interval(v, r, &lo, &hi);
        set_bounds(&l->saving_year, lo, hi, year);
        for (size_t j = 0; j < r; j++)
            v[j] = base[j] > 0 ? 1 - cost[k * rounded + j] / base[j] : (double)NAN;
        boot_interval(v, r, &l->saving_lo, &l->saving_hi);
    }
}

int forecast_run(const struct eval_set *set, const struct forecast_policy *policy, size_t policies,
                 const struct forecast_options *o, struct forecast *out, struct err *e)
{
    *out = (struct forecast){.option = *o, .prompts = set->n};
    int rc = fill_lines(set, policy, policies, out, e);
    if (rc) {
        forecast_deinit(out);
        return rc;
    }
    fill_savings(out);
    struct boot b;
    boot_init(&b, set, o->resamples, (uint64_t)o->seed, BOOT_BUCKETS);
    out->groups = b.buckets;
    out->interval = b.buckets >= 2;
    if (out->interval) {
        const size_t rounded = (o->resamples + BOOT_BLOCK - 1) / BOOT_BLOCK * BOOT_BLOCK;
        AUTO_FREE double *v = mem_array(2 * policies * rounded, sizeof *v);
        resample(set, &b, policy, policies, rounded, v, v + policies * rounded);
        fill_intervals(out, v, v + policies * rounded, rounded);
    }
    boot_deinit(&b);
    return ERR_OK;
}

void forecast_deinit(struct forecast *f)
{
    if (!f)
        return;
    for (size_t k = 0; k < f->line.n; k++)
        free(f->line.v[k].name);
    VEC_FREE(&f->line);
}

int forecast_price_parse(const char *text, size_t *name_len, double *factor, struct err *e)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon && colon > text) {
        const char *number = colon[1] == 'x' ? colon + 2 : colon + 1;
        *factor = strtod(number, &end);
        *name_len = (size_t)(colon - text);
        if (end != number && *end == '\0' && *factor > 0 && *factor <= 1e6)
            return ERR_OK;
    }
    return err_set(e, ERR_USAGE, "--price takes MODEL:xFACTOR (gpt-4o:x2, mini:x0.5), not '%s'",
                   text);
}
