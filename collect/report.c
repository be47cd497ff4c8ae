/* Bars with errors by class and money beside them, and the verdict: sums over models. */
#include "collect/report.h"

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

/* "rate_limit 12, timeout 1": tries that brought no reply. */
static void list_troubles(const struct collect_model *m, struct buf *out)
{
    for (int c = 1; c < TROUBLES; c++)
        if (m->troubles[c])
            buf_addf(out, "%s%s %lld", out->len ? ", " : "", trouble_names[c],
                     (long long)m->troubles[c]);
    if (m->failed)
        buf_addf(out, "; %lld failed", (long long)m->failed);
}

/* "$0.0412 of $5.0000, 3 failed" */
static void list_money(const struct purse *p, int64_t failed, struct buf *out)
{
    char usd[48];
    money_format(money_round(p->spent_nusd, 1), 4, usd);
    buf_adds(out, usd);
    if (p->cap_nusd != MONEY_UNKNOWN) {
        money_format(p->cap_nusd, 4, usd);
        buf_addf(out, " of %s", usd);
    }
    if (failed)
        buf_addf(out, ", %lld failed", (long long)failed);
}

void collect_show(struct bars *b, const struct collect_summary *s, const struct purse *p,
                  int64_t failed)
{
    struct buf note = BUF_INIT(0);
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        buf_clear(&note);
        list_troubles(m, &note);
        bars_set(b, i, (uint64_t)(m->ok + m->failed), note.len ? note.data : "");
    }
    buf_clear(&note);
    list_money(p, failed, &note);
    bars_tick(b, note.data);
    buf_deinit(&note);
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
