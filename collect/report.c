/* Verdict and estimate: sums over models. */
#include "collect/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct totals {
    int64_t ok, failed, not_asked, shared; /* shared: failures that are the network's or key's */
    int64_t by_class[TROUBLES];
    const struct collect_model *worst; /* with most failures */
};

static struct totals add_up(const struct collect_summary *s)
{
    struct totals t = {0};
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        t.ok += m->ok;
        t.failed += m->failed;
        t.not_asked += m->not_asked;
        for (int c = 0; c < TROUBLES; c++) {
            t.by_class[c] += m->failures[c];
            if (trouble_is_network((enum trouble)c))
                t.shared += m->failures[c];
        }
        if (m->failed > 0 && (!t.worst || m->failed > t.worst->failed))
            t.worst = m;
    }
    return t;
}

/* "12 rate_limit, 3 timeout" */
static void list_classes(const struct totals *t, char *out, size_t size)
{
    struct buf b = BUF_INIT(size - 1);
    for (int c = 1; c < TROUBLES; c++)
        if (t->by_class[c])
            buf_addf(&b, "%s%lld %s", b.len ? ", " : "", (long long)t->by_class[c],
                     trouble_names[c]);
    snprintf(out, size, "%s", b.data);
    buf_deinit(&b);
}

int collect_verdict(const struct collect_summary *s, struct err *e)
{
    struct totals t = add_up(s);
    long long left = (long long)(t.failed + t.not_asked);
    char classes[200];
    list_classes(&t, classes, sizeof classes);
    if (left == 0)
        return ERR_OK;
    if (s->interrupted)
        return err_set(e, ERR_PARTIAL, "interrupted: %lld replies stored, %lld still missing",
                       (long long)t.ok, left);
    if (s->capped)
        return err_set(e, ERR_LIMIT,
                       "the spend cap is reached: %lld replies stored, %lld still missing; raise"
                       " --max-spend to go on",
                       (long long)t.ok, left);
    if (t.ok == 0 && t.failed > 0 && t.shared == t.failed)
        return err_set(e, ERR_NET, "no model could be asked; '%s': %s", t.worst->name,
                       t.worst->message);
    return err_set(e, ERR_PARTIAL,
                   "%lld replies stored, %lld still missing (failed: %s; not asked: %lld); run it"
                   " again to go on",
                   (long long)t.ok, left, classes[0] ? classes : "none", (long long)t.not_asked);
}

int collect_estimate_begin(struct collect_estimate *x, struct store *s, const struct target *t,
                           struct err *e)
{
    *x = (struct collect_estimate){.target = t, .worst_known = true};
    return work_means(s, t->model, &x->means, e);
}

void collect_estimate_add(struct collect_estimate *x, size_t body_bytes, int64_t worst_nusd)
{
    x->requests++;
    x->body_bytes += (int64_t)body_bytes;
    if (worst_nusd == MONEY_UNKNOWN)
        x->worst_known = false;
    else
        x->worst_nusd += worst_nusd;
}

void collect_estimate_end(const struct collect_estimate *x, struct collect_model *m)
{
    const int64_t *pico = x->target->prices.pico_usd;
    double per_byte = isnan(x->means.input_per_byte) ? .25 : x->means.input_per_byte;
    double n = (double)x->requests;
    m->not_asked = x->requests;
    m->estimate_input = per_byte * (double)x->body_bytes;
    m->estimate_output = n * x->means.output_tokens; /* NaN where nothing was measured */
    if (x->requests == 0)
        m->estimate_output = 0;
    if (pico[PRICE_INPUT] != MONEY_UNKNOWN && pico[PRICE_OUTPUT] != MONEY_UNKNOWN) {
        double fee = pico[PRICE_REQUEST] == MONEY_UNKNOWN ? 0 : (double)pico[PRICE_REQUEST];
        m->estimate_usd = (m->estimate_input * (double)pico[PRICE_INPUT] +
                           m->estimate_output * (double)pico[PRICE_OUTPUT] + n * fee) *
                          1e-12;
    }
    m->worst_nusd = x->worst_known ? money_round(x->worst_nusd, 1) : MONEY_UNKNOWN;
}
