/* The refund questions that end in an amount: goods of one order, within the
 * return time, and yearly plans. The policy text is in refund.c. */
#include "refund.h"

#include <stdio.h>
#include <string.h>

static const char *const part_ways[] = {
    "The {item} (${p}){q} is {state}.",
    "{item}, ${p}{q}: {state}.",
    "One position is the {item} at ${p}{q}, {state}.",
    "There is the {item} for ${p}{q}, {state}.",
    "{item} {p}{q} {state};",
    "For the {item} I paid ${p}{q}, and it is {state}.",
    "I return the {item}, ${p}{q}, {state}.",
    "You get back the {item} ({state}), price ${p}{q}.",
    "Then the {item}: ${p}{q}, {state}.",
    "{item} at {p} dollars{q}, which is {state}.",
    NULL,
};
static const char *const keep_ways[] = {
    "I keep the {item} of the same order (${p}).",
    "The {item} for ${p} stays with me.",
    "Not going back: the {item}, ${p}.",
    "{item} ({p}) i keep",
    "My wife likes the {item} (${p}), so that remains here.",
    "Only the {item} at ${p} is not returned.",
    "We hold on to the {item}, ${p}.",
    NULL,
};
static const char *const ship_ways[] = {
    "I also paid ${s} for shipping.",   "Shipping had cost ${s}.",
    "Plus ${s} postage at the time.",   "shipping was {s}",
    "You had added ${s} for delivery.", "There were {s} dollars of freight on the bill.",
    "${s} of it was the carrier.",      NULL,
};
static const char *const all_ways[] = {
    "Everything of the order goes back.",
    "That is the complete order.",
    "Nothing of it stays here.",
    "its the whole order",
    "All parts of that order are returned.",
    "There was nothing else in the order.",
    "I return the order in full.",
    NULL,
};
static const char *const amount_frames[] = {
    "[How much|What] do I get back on my card? {facts}",
    "{facts} Which sum will you refund?",
    "refund amount? {facts}",
    "My return is in time. {facts} What is paid out?",
    "{facts} I count on being paid, how much exactly?",
    "{facts} What arrives on my account, store credit not counted?",
    "You asked for the return list. {facts} Please tell me the refund.",
    "[Wie viel Geld|Cuánto dinero|Combien d'argent] do I get? {facts}",
    "Return within the period. {facts} Amount of money back?",
    "{facts} The mail you sent says less than I expect. What is the correct refund?",
    "For our books: what will be refunded in money? {facts}",
    "{facts} How many dollars come back to my card?",
    "Settle this return please. {facts}",
    "{facts} So I am owed...?",
    "Let us be precise about my money. {facts} The figure?",
    NULL,
};
static const char *const plan_frames[] = {
    "I end my {plan} plan today. {facts} How much comes back?",
    "{facts} What is the refund if I leave {plan} now?",
    "cancel {plan} yearly, refund? {facts}",
    "We do not need {plan} any more. {facts} What part of the fee is returned?",
    "{facts} What do I get back for {plan} as of today?",
    "{plan} ends today for us. {facts} Which amount do you pay out?",
    "[Abo|Abono|Abonnement] {plan} stops today. {facts} The sum?",
    "{facts} Tell me what is left of the {plan} money if it is over today.",
    "Calculate my {plan} refund of today. {facts}",
    "How many dollars return to me from {plan}, giving up today? {facts}",
    "{facts} Give me the value of the remaining {plan} time, ending it now.",
    "I hereby quit {plan}. {facts} The payback would be?",
    "{plan}, yearly. {facts} I stop now. Refund?",
    "{facts} My {plan} is to end this very day. What do you owe me?",
    "Moving abroad, so {plan} has to go at once. {facts} Money back?",
    NULL,
};
static const char *const paid_ways[] = {
    "I paid ${fee} for the year that began on {start}.",
    "The year started on {start} and cost ${fee}.",
    "Yearly fee ${fee}, begun {start}.",
    "start {start}, paid {fee}",
    "On {start} a new year began for which you took ${fee}.",
    "It is ${fee} a year, running since {start}.",
    "${fee} were paid for twelve months from {start}.",
    "The current term is from {start}, price ${fee}.",
    "My contract year runs from {start}; I paid {fee} dollars.",
    "Since {start} I have the yearly version at ${fee}.",
    NULL,
};
static const char *const rebate_ways[] = {
    "From that fee you had taken {d}% off for me.",
    "I paid {d} percent less than this, being a student.",
    "My fee was {d}% lower thanks to a code.",
    "minus {d}% student discount on the fee",
    "Mind that I had a {d}% reduction on it.",
    "Actually {d}% of it was waived.",
    "A voucher had cut that fee by {d}%.",
    NULL,
};
static const char *const owed_ways[] = {
    "I still owe you ${o} for a {item}, deduct that.",
    "Set it off against the ${o} I have not paid yet.",
    "Less ${o} from an open bill.",
    "take off {o} i owe",
    "There is an unpaid bill of ${o}, subtract it.",
    "Please keep back ${o} for the {item}.",
    "An amount of ${o} is due from me, settle it with that.",
    NULL,
};

enum { SEALED, OPENED, FAULTY, SALE, STATES };

static void part_state(struct gen *g, int state, struct slots *s)
{
    static const char *const words[STATES][7] = {
        {"unopened", "still sealed", "in its sealed box", "never unpacked", "brand new and closed",
         "untouched", NULL},
        {"opened", "unpacked", "out of the box", "tried once", "in an open box", "used a little",
         NULL},
        {"faulty", "broken", "defective", "not working", "dead on arrival", "out of order", NULL},
        {"a sale article, sealed", "from the sale, unopened", "bought on sale and closed",
         "a sealed sale item", "a sale bargain, box closed", "reduced in the sale, sealed", NULL},
    };
    slot_loose(s, "state", say(g, words[state]));
}

static void append(struct gen *g, struct text *out, const char *const *ways, struct slots *s)
{
    if (out->len)
        text_char(out, ' ');
    fill(g, out, say(g, ways), s);
}

static int64_t share(int64_t cents, int64_t num, int64_t den)
{
    return (cents * num * 2 + den) / (den * 2);
}

/* 15 % of it would end in half a cent: the kept part and the rest round apart. */
static bool halves(const struct product *p, int q)
{
    return (int64_t)p->price * q * 15 % 100 == 50;
}

/* One returned position: its money back, and the steps to it. */
static int64_t add_part(struct gen *g, const struct product *p, int state, int q,
                        struct text *facts, int *steps)
{
    struct slots s;
    slots_init(&s);
    slot(&s, "item", "%s", p->name);
    slot_cents(&s, "p", p->price);
    if (q > 1)
        slot(&s, "q", " each, %d of them", q);
    else
        slot(&s, "q", "%s", "");
    part_state(g, state, &s);
    append(g, facts, part_ways, &s);
    int64_t price = (int64_t)p->price * q;
    *steps += (q > 1) + (state == OPENED ? 2 : state != SEALED);
    return state == SALE ? 0 : state == OPENED ? price - share(price, 15, 100) : price;
}

static int64_t build_amount(struct gen *g, enum level level, struct text *facts, int *steps)
{
    int n = level == LEVEL_SIMPLE     ? 1
            : level == LEVEL_MODERATE ? rnd_int(&g->r, 1, 2)
                                      : rnd_int(&g->r, 2, 3);
    const struct product *p[4];
    some_products(g, p, 4);
    int64_t sum = 0;
    *steps = n - 1;
    for (int i = 0; i < n; i++) {
        int state = level == LEVEL_SIMPLE ? (rnd_chance(&g->r, 60) ? OPENED : SEALED)
                                          : rnd_int(&g->r, 0, STATES - 1);
        int q = rnd_chance(&g->r, state == SEALED ? 60 : 25) ? rnd_int(&g->r, 2, 6) : 1;
        if (state == OPENED && halves(p[i], q))
            q++;
        sum += add_part(g, p[i], state, q, facts, steps);
    }
    if (level == LEVEL_SIMPLE || rnd_chance(&g->r, 35))
        return sum;
    struct slots s;
    slots_init(&s);
    int ship = rnd_int(&g->r, 9, 50) * 50 - 5;
    slot_cents(&s, "s", ship);
    slot(&s, "item", "%s", p[3]->name);
    slot_cents(&s, "p", p[3]->price);
    append(g, facts, ship_ways, &s);
    bool whole = rnd_chance(&g->r, 50);
    append(g, facts, whole ? all_ways : keep_ways, &s);
    *steps += 1 + whole;
    return sum + (whole ? ship : 0);
}

static void finish(struct item *it, int64_t cents, int steps)
{
    it->steps = steps;
    text_cents(&it->reference, cents);
    text_add(&it->system, "Reply with the refund in dollars only, e.g. 123.45.");
    text_add(&it->grader, "{\"type\":\"numeric\",\"tolerance\":0.005}");
}

void refund_amount(struct gen *g, enum level level, struct item *it)
{
    struct text facts = {0};
    struct slots s;
    int steps;
    int64_t cents;
    do {
        text_clear(&facts);
        cents = build_amount(g, level, &facts, &steps);
    } while (steps < 1 || level_of_steps(steps) != level || cents == 0);
    slots_init(&s);
    slot_loose(&s, "facts", facts.s);
    it->family = 40 + family_pick(g, list_len(amount_frames));
    fill(g, &it->user, amount_frames[it->family - 40], &s);
    text_add(&it->system, "The return is in time; store credit does not count. ");
    finish(it, cents, steps);
    text_free(&facts);
}

void refund_plan(struct gen *g, enum level level, struct item *it)
{
    const struct plan *p = &plans[rnd_int(&g->r, 1, plan_count - 1)];
    struct slots s;
    struct text facts = {0};
    int begun = 0, steps, start = g->today - rnd_int(&g->r, 1, 330);
    if (level == LEVEL_SIMPLE) /* one month, just begun: a single subtraction and a share */
        start = g->today - rnd_int(&g->r, 0, 25);
    while (date_add_months(start, begun) <= g->today)
        begun++;
    steps = level == LEVEL_SIMPLE ? 2 : 3;
    int64_t fee = p->yearly;
    slots_init(&s);
    slot(&s, "plan", "%s", p->name);
    refund_long_date(start, &s, "start");
    slot_cents(&s, "fee", fee);
    append(g, &facts, paid_ways, &s);
    int d = rnd_int(&g->r, 1, 6) * 5, twist = level == LEVEL_COMPLEX    ? 3
                                              : level == LEVEL_MODERATE ? rnd_int(&g->r, 0, 2)
                                                                        : 0;
    if (twist & 1) {
        slot(&s, "d", "%d", d);
        append(g, &facts, rebate_ways, &s);
        fee -= share(fee, d, 100);
        steps++;
    }
    int64_t back = share(fee, 12 - begun, 12);
    if (twist & 2) {
        int64_t owed = back / 3 + rnd_int(&g->r, 1, 99);
        slot_cents(&s, "o", owed);
        slot(&s, "item", "%s", any_product(g)->name);
        append(g, &facts, owed_ways, &s);
        back -= owed;
        steps++;
    }
    slot_loose(&s, "facts", facts.s);
    it->family = 60 + family_pick(g, list_len(plan_frames));
    fill(g, &it->user, plan_frames[it->family - 60], &s);
    finish(it, back, steps);
    text_free(&facts);
}
