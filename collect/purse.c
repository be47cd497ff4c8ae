/* Sums, and one comparison. */
#include "collect/purse.h"

#include "store/attempt.h"
#include "store/batch.h"

int purse_past(struct store *s, int64_t model, int64_t samples, int64_t limit,
               struct purse_past *out, struct err *e)
{
    struct charged c = {0};
    int64_t unknown = 0, held = 0;
    int rc = attempt_charged(s, model, samples, limit, &c, e);
    if (!rc)
        rc = batch_held(s, model, samples, limit, &unknown, &held, e);
    *out = (struct purse_past){.spent_nusd = (money_wide)c.nusd + c.lost_nusd,
                               .lost_nusd = c.lost_nusd,
                               .held_nusd = held,
                               .unknown = c.unknown + unknown};
    return rc;
}

static int64_t dearer(int64_t a, int64_t b)
{
    return a > b ? a : b; /* MONEY_UNKNOWN is below all */
}

int64_t purse_worst(const struct price_now *p, size_t body_bytes, int64_t max_output)
{
    const int64_t *pico = p->pico_usd;
    if (pico[PRICE_INPUT] == MONEY_UNKNOWN || pico[PRICE_OUTPUT] == MONEY_UNKNOWN ||
        max_output <= 0)
        return MONEY_UNKNOWN;
    int64_t in =
        dearer(pico[PRICE_INPUT], dearer(pico[PRICE_CACHE_WRITE], pico[PRICE_CACHE_WRITE_1H]));
    int64_t out = dearer(pico[PRICE_OUTPUT], pico[PRICE_REASONING]);
    int64_t fee = pico[PRICE_REQUEST] == MONEY_UNKNOWN ? 0 : pico[PRICE_REQUEST];
    money_wide total = (money_wide)body_bytes * in + (money_wide)max_output * out + fee;
    return money_round((total + 999) / 1000, 1); /* up: never below */
}

bool purse_hold(struct purse *p, int64_t worst)
{
    if (p->cap_nusd == MONEY_UNKNOWN) {
        p->held_nusd += worst == MONEY_UNKNOWN ? 0 : worst;
        return true;
    }
    if (worst == MONEY_UNKNOWN || p->spent_nusd + p->held_nusd + worst > p->cap_nusd)
        return false;
    p->held_nusd += worst;
    return true;
}

void purse_settle(struct purse *p, int64_t worst, int64_t cost, bool paid, bool answered)
{
    int64_t held = worst == MONEY_UNKNOWN ? 0 : worst;
    p->held_nusd -= held;
    if (answered && cost == MONEY_UNKNOWN)
        p->unknown++;
    if (cost != MONEY_UNKNOWN)
        p->spent_nusd += cost;
    else if (paid)
        p->spent_nusd += held;
    if (paid && !answered)
        p->lost_nusd += held;
}
