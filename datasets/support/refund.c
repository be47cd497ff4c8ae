/* Refund policy: what the customer gets back, until when, and how much. Steps:
 * finding a deadline, comparing it, every exception that applies or must be
 * ruled out because the text raises it, every operation on an amount. */
#include "refund.h"

#include <string.h>

static const char POLICY[] =
    "Return policy of Quillhaven.\n"
    "1 Goods can go back until 30 days after delivery; for business customers 14 days.\n"
    "2 Faulty goods: until 24 months after delivery, always at the full price, also if opened or "
    "on sale.\n"
    "3 Goods delivered from 2025-11-20 to 2025-12-24: at least until 2026-01-31, for everybody.\n"
    "4 A last day on a Saturday or Sunday moves to the Monday.\n"
    "5 Opened goods that are not faulty: 15 % of their price is kept. Sale goods that are not "
    "faulty: store credit only, "
    "at the full price.\n"
    "6 Shipping paid is refunded only if all of the order goes back.\n"
    "7 Yearly plans: the fee paid, times the months not yet begun, divided by 12, rounded half up "
    "to the cent once.\n";

static const char *const delivered_ways[] = {
    "It was delivered on {del}.",
    "Delivery was on {del}.",
    "I have had it since {del}.",
    "The parcel came on {del}.",
    "delivered {del}",
    "The carrier brought it on {del}.",
    "It reached me on {del}.",
    "{del} is when it arrived.",
    "My neighbour took the parcel in on {del}.",
    "Date of delivery {del}.",
    NULL,
};
static const char *const opened_ways[] = {
    "I [opened|unpacked] it.",
    "The seal is broken.",
    "It has been out of the box.",
    "I tried it once.",
    "box opened",
    "It was in use for an afternoon.",
    "The packaging is open.",
    "I put it up and took it down again.",
    "Someone here tore the box open.",
    "The foil is off.",
    NULL,
};
static const char *const sealed_ways[] = {
    "It is still sealed.",
    "I never opened it.",
    "The box is as it came.",
    "Unopened.",
    "box never touched",
    "Nobody has unpacked it.",
    "It stands here in its wrapping.",
    "The seal is intact.",
    "I have not even cut the tape.",
    "It is brand new in the box.",
    NULL,
};
static const char *const faulty_ways[] = {
    "It does not switch on.",
    "It has been broken from the start.",
    "It stopped working.",
    "There is a defect in it.",
    "its dead",
    "The display stays black.",
    "It makes a grinding noise and quits.",
    "Half of the functions fail.",
    "It resets all the time.",
    "It never held the connection, your technician called it faulty.",
    NULL,
};
static const char *const sale_ways[] = {
    "I got it in the sale.",
    "It was a sale article.",
    "Bought reduced in the winter sale.",
    "It had the red sale sticker.",
    "sale item",
    "You had it on sale.",
    "That was during your clearance sale.",
    "The price was a sale price.",
    "It came from the sale page.",
    "I picked it up as a sale bargain.",
    NULL,
};
static const char *const business_ways[] = {
    "We are a business customer.",
    "I buy for my company.",
    "It runs on our business account.",
    "The customer is a firm.",
    "b2b account",
    "We are on file as a company.",
    "I ordered it for the office, business account.",
    "Customer type: business.",
    "Our limited company is the buyer.",
    "It was paid by the business, which is your customer.",
    NULL,
};
static const char *const send_ways[] = {
    "I would send it back on {act}.",
    "It can go to the post on {act}.",
    "The return would be on {act}.",
    "I can only ship it on {act}.",
    "sending {act}",
    "The parcel would leave here on {act}.",
    "On {act} I can bring it to the post office.",
    "My return day would be {act}.",
    "I am away and back on {act}, that is when I return it.",
    "You would have it back, sent on {act}.",
    NULL,
};
static const char *const decide_frames[] = {
    "I want to return my {item}. {facts} What do I get?",
    "{facts} The {item} - [can I still return it|will you take it back], and [for what|on which "
    "terms]?",
    "return {item}? {facts}",
    "About the {item}. {facts} What is [the outcome|your answer]?",
    "{item}: {facts} Money, credit or nothing?",
    "{facts} How will you settle the return of my {item}?",
    "The {item} is not what I need. {facts} What am I entitled to?",
    "[Rückgabe|Devolución|Retour] {item}. {facts} What will I receive?",
    "Is there anything to be had for my {item}? {facts}",
    "{facts} Your chat said no refund on the {item}. Is that right, or what is?",
    "Please check against your rules: {item}. {facts}",
    "I regret buying the {item}. {facts} So?",
    "{facts} Which of your cases is that {item}?",
    "My husband wants the {item} gone. {facts} What would you give us?",
    "Decide on this return please. Article: {item}. {facts}",
    NULL,
};
static const char *const lastday_frames[] = {
    "[Until when|By what date] can I return the {item}? {facts}",
    "{facts} What is the last day for sending back the {item}?",
    "last return day {item}? {facts}",
    "I may want to give back the {item}. {facts} Tell me the final date.",
    "{facts} I need the deadline for the {item} in my diary.",
    "[Bis wann|Hasta cuándo|Jusqu'à quand] can the {item} go back? {facts}",
    "On which day does my right to return the {item} end? {facts}",
    "{item}. {facts} Deadline?",
    "How much time is left to me for the {item}, that is, what date is the last? {facts}",
    "{facts} When is it too late for the {item}? I mean the last good day.",
    "Please put in writing the last day of return for the {item}. {facts}",
    "{facts} {item}: the latest date I may post it?",
    "My calendar needs an entry: end of the return time of the {item}. {facts}",
    "{facts} Could you work out the closing date for returning our {item}?",
    "I keep putting off the return of the {item}. {facts} Up to what day may I?",
    NULL,
};

static void add(struct gen *g, struct text *out, const char *const *ways, struct slots *s)
{
    if (out->len)
        text_char(out, ' ');
    fill(g, out, say(g, ways), s);
}

static int refund_deadline(const struct goods *x, int *steps)
{
    int last = x->faulty     ? date_add_months(x->delivered, 24)
               : x->business ? x->delivered + 14
                             : x->delivered + 30;
    *steps += 1 + x->business;
    int from = date_from(2025, 11, 20), to = date_from(2025, 12, 24),
        floor = date_from(2026, 1, 31);
    if (x->delivered >= from && x->delivered <= to) {
        *steps += 1;
        if (last < floor)
            last = floor;
    }
    if (date_weekday(last) >= 5) {
        *steps += 1;
        last += 7 - date_weekday(last);
    }
    return last;
}

void refund_long_date(int date, struct slots *s, const char *name)
{
    int y, m, d;
    date_to(date, &y, &m, &d);
    slot(s, name, "%s %d, %d", month_names[m - 1], d, y);
}

/* Facts in the order of the policy or not: the order is drawn. */
static void goods_facts(struct gen *g, const struct goods *x, struct slots *s, bool with_state,
                        struct text *facts)
{
    const char *const *ways[6];
    int n = 0, order[6];
    ways[n++] = delivered_ways;
    if (x->faulty)
        ways[n++] = faulty_ways;
    if (x->business)
        ways[n++] = business_ways;
    if (x->sale)
        ways[n++] = sale_ways;
    if (with_state && (x->opened || !x->faulty))
        ways[n++] = x->opened ? opened_ways : sealed_ways;
    for (int i = 0; i < n; i++)
        order[i] = i;
    rnd_shuffle_int(&g->r, order, n);
    for (int i = 0; i < n; i++)
        add(g, facts, ways[order[i]], s);
}

static void draw_goods(struct gen *g, enum level level, struct goods *x)
{
    int p = level == LEVEL_SIMPLE ? 0 : level == LEVEL_MODERATE ? 30 : 55;
    *x = (struct goods){0};
    x->business = rnd_chance(&g->r, p);
    x->faulty = rnd_chance(&g->r, p / 2);
    x->sale = rnd_chance(&g->r, p);
    x->opened = rnd_chance(&g->r, level == LEVEL_SIMPLE ? 20 : p);
    int back = x->faulty ? rnd_int(&g->r, 40, 800) : rnd_int(&g->r, 2, 60);
    x->delivered = g->today - back;
}

/* Kind 1: a choice of four outcomes. */
static void make_decision(struct gen *g, enum level level, struct item *it)
{
    static const char *const outcomes[4] = {"full refund", "refund less 15 percent",
                                            "store credit only", "nothing, it is too late"};
    struct goods x;
    int act, steps, outcome;
    do {
        draw_goods(g, level, &x);
        act = rnd_chance(&g->r, 40) ? g->today : g->today + rnd_int(&g->r, 1, 12);
        steps = 1;
        int last = refund_deadline(&x, &steps);
        steps += x.faulty + x.sale + x.opened;
        outcome = act > last ? 3 : x.faulty ? 0 : x.sale ? 2 : x.opened ? 1 : 0;
    } while (level_of_steps(steps) != level || (outcome == 3 && rnd_chance(&g->r, 40)));

    struct slots s;
    struct text facts = {0};
    slots_init(&s);
    refund_long_date(x.delivered, &s, "del");
    refund_long_date(act, &s, "act");
    slot(&s, "item", "%s", any_product(g)->name);
    goods_facts(g, &x, &s, true, &facts);
    if (act != g->today)
        add(g, &facts, send_ways, &s);
    slot_loose(&s, "facts", facts.s);
    it->family = family_pick(g, list_len(decide_frames));
    fill(g, &it->user, decide_frames[it->family], &s);
    it->steps = steps;

    int order[4] = {0, 1, 2, 3};
    rnd_shuffle_int(&g->r, order, 4);
    text_add(&it->system,
             "Unless stated otherwise the return is sent today. What does the customer get?\n");
    text_add(&it->grader, "{\"type\":\"choice\",\"choices\":{");
    for (int i = 0; i < 4; i++) {
        text_addf(&it->system, "%c) %s\n", 'A' + i, outcomes[order[i]]);
        text_addf(&it->grader, "%s\"%c\":\"%s\"", i ? "," : "", 'A' + i, outcomes[order[i]]);
        if (order[i] == outcome)
            text_addf(&it->reference, "\"%c\"", 'A' + i);
    }
    text_add(&it->grader, "}}");
    text_add(&it->system, "Reply with the letter only.");
    text_free(&facts);
}

/* Kind 2: the last day, as YYYY-MM-DD. */
static void make_lastday(struct gen *g, enum level level, struct item *it)
{
    struct goods x;
    int steps, last;
    bool distract;
    do {
        draw_goods(g, level, &x);
        distract = level != LEVEL_SIMPLE && (x.opened || x.sale);
        if (level == LEVEL_SIMPLE)
            x.opened = x.sale = false;
        steps = 0;
        last = refund_deadline(&x, &steps);
        /* Opened and sale do not move the day: to be ruled out. */
        steps += x.opened + x.sale + x.faulty;
    } while (level_of_steps(steps) != level);
    struct slots s;
    struct text facts = {0};
    char iso[11];
    slots_init(&s);
    refund_long_date(x.delivered, &s, "del");
    slot(&s, "item", "%s", any_product(g)->name);
    goods_facts(g, &x, &s, distract, &facts);
    slot_loose(&s, "facts", facts.s);
    it->family = 20 + family_pick(g, list_len(lastday_frames));
    fill(g, &it->user, lastday_frames[it->family - 20], &s);
    it->steps = steps;
    date_iso(last, iso);
    text_json(&it->reference, iso);
    text_add(&it->system, "Reply with the last possible day only, as YYYY-MM-DD.");
    text_add(&it->grader, "{\"type\":\"equals\"}");
    text_free(&facts);
}

void make_refund(struct gen *g, enum level level, struct item *it)
{
    item_init(it, "refund");
    char today[11];
    date_iso(g->today, today);
    text_add(&it->system, POLICY);
    text_addf(&it->system, "Today is %s, %s. ", weekday_names[date_weekday(g->today)], today);
    int kind = rnd_int(&g->r, 0, 99);
    if (kind < 36)
        make_decision(g, level, it);
    else if (kind < 64)
        make_lastday(g, level, it);
    else if (kind < 84)
        refund_amount(g, level, it);
    else
        refund_plan(g, level, it);
    it->level = level;
}
