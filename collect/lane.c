/* Slots and paces of lanes and accounts. What a pace is, is pace.c's; what leaves is engine.c's. */
#include "collect/lane.h"

#include "core/mem.h"

#include <math.h>
#include <stdlib.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t share(int64_t all, int64_t among)
{
    return among > 0 ? (all + among - 1) / among : all;
}

void lanes_init(struct lanes *ls, size_t n, const struct lane_spec *spec, int64_t jobs,
                int64_t per_lane)
{
    *ls = (struct lanes){.n = n, .jobs = jobs, .per_lane = per_lane > 0 ? per_lane : jobs};
    ls->v = mem_array(n, sizeof *ls->v);
    for (size_t i = 0; i < n; i++) {
        struct lane *l = &ls->v[i];
        l->account = spec ? spec[i].account : i;
        ls->accounts = l->account >= ls->accounts ? l->account + 1 : ls->accounts;
        hedge_init(&l->hedge, spec ? spec[i].hedge : (struct config_hedge){0});
        for (int k = 0; k < RATE_KINDS; k++)
            l->seen[k].limit = (double)NAN;
    }
    ls->account = mem_array(ls->accounts, sizeof *ls->account);
    for (size_t i = 0; i < n; i++)
        ls->account[ls->v[i].account].lanes++;
    for (size_t i = 0; i < ls->accounts; i++)
        pace_init(
            &ls->account[i].pace,
            (double)least(jobs, ls->per_lane * (ls->account[i].lanes + !ls->account[i].lanes)));
    for (size_t i = 0; spec && i < n; i++)
        ls->account[spec[i].account].pace.per_second = spec[i].per_second;
}

void lanes_deinit(struct lanes *ls)
{
    free(ls->v);
    free(ls->account);
    *ls = (struct lanes){0};
}

static bool live(const struct lane *l)
{
    return !l->stopped && (!l->empty || l->flying > 0 || l->waiting > 0);
}

void lanes_count(struct lanes *ls)
{
    ls->live = 0;
    for (size_t i = 0; i < ls->accounts; i++)
        ls->account[i].live = 0;
    for (size_t i = 0; i < ls->n; i++)
        ls->account[ls->v[i].account].live += live(&ls->v[i]);
    for (size_t i = 0; i < ls->accounts; i++)
        ls->live += ls->account[i].live > 0;
}

static struct pace *pace_of(const struct lanes *ls, const struct lane *l)
{
    struct account *a = &ls->account[l->account];
    return a->apart ? &ls->v[l - ls->v].pace : &a->pace;
}

static int64_t flying_of(const struct lanes *ls, const struct lane *l)
{
    const struct account *a = &ls->account[l->account];
    int64_t hedges = a->apart ? l->hedges : a->hedges;
    return (a->apart ? l->flying : a->flying) + (pace_of(ls, l)->steady ? hedges : 0);
}

/* What an account could still fill of its share of the slots. */
static int64_t account_claim(const struct account *a, int64_t fair)
{
    int64_t most = a->apart ? fair : least(fair, (int64_t)a->pace.window);
    return a->live > 0 && most > a->flying ? most - a->flying : 0;
}

/* A lane may have its fair share of its account's fair share of the slots, and of the others what
 * nobody else could claim so: one that hangs holds no more than that. */
bool lane_full(const struct lanes *ls, const struct lane *l)
{
    const struct account *a = &ls->account[l->account];
    if (l->flying >= ls->per_lane || pace_full(pace_of(ls, l), flying_of(ls, l)))
        return true;
    int64_t fair = share(ls->jobs, ls->live), claimed = 0;
    int64_t each = share(a->apart ? fair : least(fair, (int64_t)a->pace.window), a->live);
    if (l->flying < each && a->flying < fair)
        return false;
    for (size_t i = 0; i < ls->accounts; i++)
        if (i != l->account)
            claimed += account_claim(&ls->account[i], fair);
    for (size_t i = 0; i < ls->n; i++) {
        const struct lane *other = &ls->v[i];
        int64_t most = a->apart ? least(each, (int64_t)other->pace.window) : each;
        if (other != l && other->account == l->account && live(other) && other->flying < most)
            claimed += most - other->flying;
    }
    return ls->jobs - ls->flying <= claimed;
}

double lane_due_s(const struct lanes *ls, const struct lane *l, double now)
{
    return pace_next_s(pace_of(ls, l), flying_of(ls, l), now);
}

bool lane_may_hedge(const struct lanes *ls, const struct lane *l, double now)
{
    const struct pace *p = pace_of(ls, l);
    return (!p->steady || !pace_full(p, flying_of(ls, l))) && lane_due_s(ls, l, now) <= now;
}

void lane_left(struct lanes *ls, struct lane *l, bool hedge, double now)
{
    struct account *a = &ls->account[l->account];
    pace_left(pace_of(ls, l), flying_of(ls, l), now);
    *(hedge ? &l->hedges : &l->flying) += 1;
    *(hedge ? &a->hedges : &a->flying) += 1;
    ls->flying += !hedge;
}

void lane_landed(struct lanes *ls, struct lane *l, bool one_of_two)
{
    struct account *a = &ls->account[l->account];
    *(one_of_two ? &l->hedges : &l->flying) -= 1;
    *(one_of_two ? &a->hedges : &a->flying) -= 1;
    ls->flying -= !one_of_two;
}

/* Two lanes of an account that are told limits of different sizes do not share them; but a limit
 * that was changed for all reaches one lane first, so the other must have been told since. */
static void look_apart(struct lanes *ls, struct lane *l, const struct rates *told)
{
    struct account *a = &ls->account[l->account];
    bool differ = false;
    ls->told++;
    for (int k = 0; k < RATE_KINDS; k++) {
        double limit = told->kind[k].limit;
        if (isnan(limit))
            continue;
        if (!(limit >= l->seen[k].limit && limit <= l->seen[k].limit))
            l->seen[k].since = ls->told;
        l->seen[k].limit = limit;
        l->seen[k].told_at = ls->told;
        for (size_t i = 0; i < ls->n; i++) {
            const struct lane *o = &ls->v[i];
            if (o != l && o->account == l->account && o->seen[k].told_at > l->seen[k].since)
                differ = differ || o->seen[k].limit > limit || o->seen[k].limit < limit;
        }
    }
    if (!differ || a->apart)
        return;
    for (size_t i = 0; i < ls->n; i++)
        if (ls->v[i].account == l->account) {
            ls->v[i].pace = a->pace;
            ls->v[i].pace.told = rates_none(); /* whose it was is not known */
        }
    a->apart = true;
}

void lane_heard(struct lanes *ls, struct lane *l, const struct rates *told, bool answered,
                double tokens, double now)
{
    look_apart(ls, l, told);
    pace_heard(pace_of(ls, l), told, answered, tokens, now);
}

void lane_refused(struct lanes *ls, struct lane *l, const struct rates *told, double retry_after_s,
                  double now)
{
    look_apart(ls, l, told);
    pace_refused(pace_of(ls, l), told, flying_of(ls, l), retry_after_s, now);
}

void lane_pause(struct lanes *ls, struct lane *l, double until_s)
{
    struct pace *p = pace_of(ls, l);
    if (until_s > p->hold_s)
        p->hold_s = until_s;
}
