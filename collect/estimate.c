/* Sums of products over replies, then one formula for tokens in, tokens out and money. */
#include "collect/estimate.h"

#include "core/stat.h"
#include "store/batch.h"
#include "store/spent.h"

#include <math.h>
#include <string.h>

/* Of a quantity v over replies. */
struct moments {
    double v, vv, xv, bv;
};
struct part {
    char *task;
    double n, b, x, bb, bx, xx; /* of replies */
    struct moments out, rest;
    double requests, bytes; /* to come */
};

struct estimate {
    struct store *store;
    const struct target *target;
    bool batch;
    struct price_now prices; /* of a short request */
    struct VEC_BODY(struct part) parts;
    int64_t requests;
    money_wide worst_nusd;
    bool worst_known;
};

static struct part *part_of(struct estimate *x, const char *task)
{
    for (size_t i = 0; i < x->parts.n; i++)
        if (strcmp(x->parts.v[i].task, task) == 0)
            return &x->parts.v[i];
    struct part p = {.task = mem_strdup(task)};
    VEC_PUSH(&x->parts, p);
    return &x->parts.v[x->parts.n - 1];
}

static void add_moments(struct moments *m, double v, double x, double b)
{
    m->v += v;
    m->vv += v * v;
    m->xv += x * v;
    m->bv += b * v;
}

static double usd_per_token(const struct price_now *p, enum price_component c)
{
    return p->pico_usd[c] == MONEY_UNKNOWN ? (double)NAN : (double)p->pico_usd[c] * 1e-12;
}

static int read_prices(const struct estimate *x, int64_t input, struct price_now *out,
                       struct err *e)
{
    const struct target *t = x->target;
    *out = x->prices;
    if (x->batch)
        return batch_prices(x->store, t->model, input, out, e);
    return t->tiers ? price_now(x->store, t->model, input, out, e) : ERR_OK;
}

static int see(void *arg, const struct spent *r, struct err *e)
{
    struct estimate *x = arg;
    const struct target *t = x->target;
    struct price_now prices;
    int rc = read_prices(x, r->usage.input, &prices, e);
    int64_t cost = rc ? MONEY_UNKNOWN : price_cost(&prices, &r->usage);
    double b = (double)adapter_text_bytes(t->adapter, t->config, r->messages);
    double in = (double)r->usage.input;
    if (rc || b <= 0)
        return rc;
    struct part *p = part_of(x, r->task);
    p->n++;
    p->b += b;
    p->x += in;
    p->bb += b * b;
    p->bx += b * in;
    p->xx += in * in;
    add_moments(&p->out, (double)r->usage.output, in, b);
    add_moments(&p->rest, money_usd(cost) - usd_per_token(&x->prices, PRICE_INPUT) * in, in, b);
    return ERR_OK;
}

static double replies_of(const struct estimate *x)
{
    double n = 0;
    for (size_t i = 0; i < x->parts.n; i++)
        n += x->parts.v[i].n;
    return n;
}

int estimate_begin(struct estimate **out, struct store *s, const struct target *t, bool batch,
                   struct err *e)
{
    struct estimate *x = mem_zalloc(sizeof *x);
    x->store = s;
    x->target = t;
    x->batch = batch;
    x->prices = t->prices;
    x->worst_known = true;
    *out = x;
    int rc = read_prices(x, 0, &x->prices, e);
    if (!rc)
        rc = spent_each(s, t->model, t->model_config, false, ESTIMATE_REPLIES, see, x, e);
    if (!rc && replies_of(x) < ESTIMATE_MIN)
        rc = spent_each(s, t->model, t->model_config, true, ESTIMATE_REPLIES, see, x, e);
    return rc;
}

void estimate_add(struct estimate *x, const struct ask *a)
{
    struct part *p = part_of(x, a->task);
    x->requests++;
    p->requests++;
    p->bytes += (double)a->text_bytes;
    if (a->worst_nusd == MONEY_UNKNOWN)
        x->worst_known = false;
    else
        x->worst_nusd += a->worst_nusd;
}

/* --- one quantity -------------------------------------------------------------------------------
 */
/* It is in * (input tokens) + v, v one of the moments or none. */
struct quantity {
    double in;
    int v; /* 0: none, 1: output, 2: what is not input */
};
/* Its estimate: what was measured with its variance, and what was assumed. */
struct sum {
    double value, variance, variance_df; /* the last: sum of variance^2 / df */
    double assumed, assumed_low, assumed_high;
};

static const struct moments *moments_of(const struct part *p, const struct quantity *q)
{
    static const struct moments none;
    return q->v == 1 ? &p->out : q->v == 2 ? &p->rest : &none;
}

/* For n requests of B bytes by the replies of `from`. between: variance of a task's mean. */
static void add_measured(struct sum *s, const struct part *from, double n, double bytes,
                         const struct quantity *q, double between, double df)
{
    const struct moments *m = moments_of(from, q);
    double N = from->n, r = from->x / from->b, mean = m->v / N, ratio = bytes / (from->b / N);
    double free = N > 1 ? N - 1 : 1;
    double uu = (from->xx - 2 * r * from->bx + r * r * from->bb) / free;
    double vv = (m->vv - N * mean * mean) / free, uv = (m->xv - r * m->bv) / free;
    uu = uu > 0 ? uu : 0;
    vv = vv > 0 ? vv : isnan(vv) ? vv : 0;
    double one = q->in * q->in * uu + 2 * q->in * uv + vv;
    double means =
        (q->in * q->in * uu * ratio * ratio + 2 * q->in * uv * ratio * n + vv * n * n) / N;
    double variance = n * (one > 0 ? one : 0) + (means > 0 ? means : 0) + n * n * between;
    s->value += q->in * r * bytes + n * mean;
    s->variance += variance;
    s->variance_df += variance * variance / df;
}

/* Variance of a task's mean around what all tasks together tell of it; *df is set. */
static double between_tasks(const struct estimate *x, const struct part *all,
                            const struct quantity *q, double *df)
{
    const struct moments *m = moments_of(all, q);
    double r = all->x / all->b, mean = m->v / all->n, sum = 0;
    int k = 0;
    for (size_t i = 0; i < x->parts.n; i++) {
        const struct part *p = &x->parts.v[i];
        if (p->n < ESTIMATE_MIN)
            continue;
        double d = q->in * (p->x / p->b - r) * (p->b / p->n) + moments_of(p, q)->v / p->n - mean;
        sum += d * d;
        k++;
    }
    *df = k > 1 ? k - 1 : 1;
    double typical = q->in * all->x / all->n + mean; /* one task tells nothing of the spread */
    return k > 1 ? sum / (k - 1) : typical * typical;
}

static void add_assumed(struct sum *s, const struct estimate *x, const struct part *p,
                        const struct quantity *q)
{
    double most = x->target->max_output > 0 ? (double)x->target->max_output : (double)NAN;
    double n = p->requests, fee = usd_per_token(&x->prices, PRICE_REQUEST);
    double out = q->v == 0 ? 0 : q->v == 1 ? 1 : usd_per_token(&x->prices, PRICE_OUTPUT);
    fee = q->v == 2 && !isnan(fee) ? fee : 0;
    s->assumed += q->in * p->bytes / 4 + n * (fee + (out > 0 ? out * most : out));
    s->assumed_low += q->in * p->bytes / 6 + n * (fee + out);
    s->assumed_high += q->in * p->bytes / 2 + n * (fee + (out > 0 ? out * most : out));
}

static struct part all_of(const struct estimate *x)
{
    struct part all = {0};
    for (size_t i = 0; i < x->parts.n; i++) {
        const struct part *p = &x->parts.v[i];
        const struct moments *from[] = {&p->out, &p->rest};
        struct moments *to[] = {&all.out, &all.rest};
        all.n += p->n;
        all.b += p->b;
        all.x += p->x;
        all.bb += p->bb;
        all.bx += p->bx;
        all.xx += p->xx;
        for (int k = 0; k < 2; k++) {
            to[k]->v += from[k]->v;
            to[k]->vv += from[k]->vv;
            to[k]->xv += from[k]->xv;
            to[k]->bv += from[k]->bv;
        }
    }
    return all;
}

static struct collect_range range_of(const struct estimate *x, struct quantity q)
{
    struct part all = all_of(x);
    struct sum s = {0};
    for (size_t i = 0; i < x->parts.n; i++) {
        const struct part *p = &x->parts.v[i];
        double df = p->n - 1, between = 0;
        if (p->requests == 0)
            continue;
        if (all.n == 0) {
            add_assumed(&s, x, p, &q);
            continue;
        }
        bool own = p->n >= ESTIMATE_MIN;
        if (!own)
            between = between_tasks(x, &all, &q, &df);
        add_measured(&s, own ? p : &all, p->requests, p->bytes, &q, between, df);
    }
    double df = s.variance_df > 0 ? s.variance * s.variance / s.variance_df : 1;
    double half = s.variance > 0 ? stat_t_quantile(.975, df > 1 ? df : 1) * sqrt(s.variance) : 0;
    if (isnan(s.variance))
        half = (double)NAN;
    double low = s.value - half > 0 ? s.value - half : isnan(half) ? half : 0;
    return (struct collect_range){s.value + s.assumed, low + s.assumed_low,
                                  s.value + half + s.assumed_high};
}

void estimate_end(struct estimate *x, struct collect_model *m)
{
    double all = replies_of(x);
    m->not_asked = x->requests;
    m->estimate_input = range_of(x, (struct quantity){1, 0});
    m->estimate_output = range_of(x, (struct quantity){0, 1});
    m->estimate_usd = range_of(x, (struct quantity){usd_per_token(&x->prices, PRICE_INPUT), 2});
    m->worst_nusd = x->worst_known ? money_round(x->worst_nusd, 1) : MONEY_UNKNOWN;
    if (x->worst_known && m->estimate_usd.high > money_usd(m->worst_nusd))
        m->estimate_usd.high = money_usd(m->worst_nusd);
    m->measured = (int64_t)all;
    for (size_t i = 0; i < x->parts.n; i++) {
        const struct part *p = &x->parts.v[i];
        if (all == 0)
            m->assumed += (int64_t)p->requests;
        else if (p->n < ESTIMATE_MIN)
            m->pooled += (int64_t)p->requests;
        free(p->task);
    }
    if (x->requests == 0) /* nothing costs nothing, whatever it would cost */
        m->estimate_input = m->estimate_output = m->estimate_usd = (struct collect_range){0, 0, 0};
    VEC_FREE(&x->parts);
    free(x);
}

struct collect_range estimate_total(const struct collect_summary *s, int64_t *unpriced)
{
    struct collect_range t = {0, 0, 0};
    *unpriced = 0;
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        if (isnan(m->estimate_usd.value)) {
            *unpriced += m->not_asked;
            continue;
        }
        t.value += m->estimate_usd.value;
        t.low += m->estimate_usd.low;
        t.high += m->estimate_usd.high;
    }
    return t;
}
