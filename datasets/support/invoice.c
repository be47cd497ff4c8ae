/* Invoice arithmetic: what is the total? Lines, discounts, tax, shares of a
 * month and credits, in cents, rounded half up after every step as the system
 * turn says. A step is one operation on an amount. */
#include "support.h"

#include <stdio.h>
#include <string.h>

static const char RULES[] = "You check invoices for Quillhaven. All amounts are US dollars. Round "
                            "half up to the cent after "
                            "each step. Order of steps: goods, discount on goods, plan fee, "
                            "shipping, tax on the sum so far, "
                            "credit. Reply with the amount only, e.g. 123.45.";

/* {lines} what was bought, {extras} the rest, both sentences or lists. */
static const char *const frames[] = {
    "{lines} {extras} [What do I owe|How much is that] [in total|altogether]?",
    "Can you work out [my bill|the invoice]? {lines} {extras}",
    "I want to check invoice {inv}. {lines} {extras} What should the [final amount|bottom line] "
    "be?",
    "inv {inv}: {lines} {extras} total??",
    "{lines} {extras} The bill you sent [says|shows] something else, so what is the right "
    "[amount|figure]?",
    "My [accountant|boss|bookkeeper] needs the [exact|right] sum. {lines} {extras}",
    "{lines} {extras} Please [confirm|tell me] the amount [that will be charged|you will take from "
    "my card].",
    "Before I [pay|press buy]: {lines} {extras} What will be [charged|on my statement]?",
    "[Was kostet das zusammen|Cuánto es en total|Combien en tout]? {lines} {extras}",
    "Please calculate. {lines} {extras}",
    "{lines} {extras} I get a different number every time I [add it up|try]. Yours?",
    "Why is the charge on my card not what I expected? {lines} {extras} What ought it to be?",
    "I am filling in an expense claim. {lines} {extras} Which [sum|amount] do I put down?",
    "Could you give me a [quote|price]? {lines} {extras}",
    "{lines} {extras} So the [grand total|sum to transfer] would be..?",
    "Need the payable amount for the purchase order. {lines} {extras}",
    "Your colleague on the phone could not do it, maybe you can: {lines} {extras} How much?",
    "{lines} {extras} [Does|Do] you agree that I owe less than you say? Give me the number.",
    "Reconciling {month} here. {lines} {extras} What should have left our account?",
    "OK so the basket. {lines} {extras} Final price?",
    NULL,
};

/* Ways to state one thing. {q} quantity, {item}, {p} unit price. */
static const char *const line_ways[] = {
    "{q} x {item} at ${p}",
    "{q} [pieces|units] of the {item}, ${p} each",
    "{item} ({q} pcs, {p} USD [apiece|a piece])",
    "{q} {item} for ${p} each",
    "{item}: {q} * {p}",
    "{q} of your {item} at a unit price of ${p}",
    "{q}x {item} @ {p}",
    "{item}, quantity {q}, ${p} per unit",
    "{q} times {item} (each ${p})",
    "{item} [costing|priced at] ${p}, and I took {q}",
    NULL,
};
static const char *const line_one[] = {
    "one {item} at ${p}",
    "a {item} for ${p}",
    "{item}, ${p}",
    "the {item} at {p} dollars",
    "1 {item} @ {p}",
    "a single {item} (${p})",
    "just one {item} for {p} USD",
    "{item} at the price of ${p}",
    NULL,
};
static const char *const lead_ways[] = {
    "I [ordered|bought] {list}.",
    "[Order|Basket]: {list}.",
    "[There is|It has] {list}.",
    "We took {list}.",
    "On it: {list}.",
    "[In the cart|My cart]: {list}.",
    "I [want|would like] {list}.",
    "You [shipped|sent] me {list}.",
    "{list}.",
    "The [invoice|bill] lists {list}.",
    NULL,
};
static const char *const discount_ways[] = {
    "I have a {d}% code for the goods.",
    "There is {d} percent off the goods.",
    "Minus {d}% on the goods.",
    "Less a {d} % [loyalty|welcome] discount on what I bought.",
    "Goods are reduced by {d}%.",
    "My voucher [takes|knocks] {d}% off the goods.",
    "-{d}% (goods).",
    "The {d}% [sale|campaign] applies to the goods.",
    "You [promised|granted] me {d} percent off the products.",
    "Discount on goods: {d}%.",
    NULL,
};
static const char *const tax_ways[] = {
    "Tax is {t}%.",
    "Then {t}% sales tax.",
    "Plus {t} percent tax.",
    "+{t}% tax.",
    "We pay {t}% tax here in {city}.",
    "Add {t}% tax.",
    "Sales tax in {city} comes to {t}%.",
    "Taxed at {t} percent.",
    "With the usual {t}% tax on top.",
    "{t}% tax applies.",
    NULL,
};
static const char *const ship_ways[] = {
    "Shipping is ${s}.",
    "Delivery adds ${s}.",
    "Plus {s} shipping.",
    "+ {s} postage.",
    "You charge ${s} for shipping.",
    "Courier: ${s}.",
    "The carrier costs {s} dollars.",
    "Freight ${s}.",
    "Sending it costs ${s}.",
    "${s} for delivery.",
    NULL,
};
static const char *const credit_ways[] = {
    "I still have ${c} store credit to use.",
    "Minus a ${c} gift card.",
    "Take off ${c} credit from last time.",
    "Credit note over ${c} goes against it.",
    "-{c} credit.",
    "Apply my balance of ${c}.",
    "You owe me ${c} from an earlier return, please deduct it.",
    "A ${c} goodwill credit comes off.",
    "There is ${c} on my account that should be used up.",
    "Less ${c} paid in advance.",
    NULL,
};
static const char *const prorate_ways[] = {
    "Plus the {plan} plan at ${fee} a month, only for {used} of the {days} days of {month}.",
    "The {plan} plan (${fee} monthly) started late, so it counts {used} of {days} days in {month}.",
    "+ {plan} plan {fee}/month pro rata, {used}/{days} days ({month}).",
    "And {plan}, ${fee} per month, billed for {used} out of {days} days of {month}.",
    "Add {plan} for the last {used} days of {month} ({days} days long) at ${fee} a full month.",
    "I joined {plan} during {month}: {used} of its {days} days at the ${fee} monthly rate.",
    "Then the share of the {plan} fee: ${fee} x {used} days / {days} ({month}).",
    "My {plan} subscription ran {used} days in {month} which has {days}; a month costs ${fee}.",
    "{plan} plan: {used} days used in {month} ({days} days), full fee {fee} dollars.",
    "Charge {plan} by the day for {used} of the {days} {month} days, ${fee} being the whole month.",
    NULL,
};
static const char *const months_ways[] = {
    "Plus {n} months of the {plan} plan at ${fee} a month.",
    "And {plan} for {n} months, ${fee} monthly.",
    "+ {n} x {plan} plan {fee}/month.",
    "I also prepay {n} months of {plan} (${fee} each).",
    "Add {n} monthly {plan} fees of ${fee}.",
    "With {plan}, {n} months at {fee} dollars.",
    "{plan} membership on top, ${fee} a month, {n} months.",
    "Then {n} months {plan}, each ${fee}.",
    "The {plan} plan runs {n} months, ${fee} per month.",
    "{n} months of {plan} are included at ${fee}/mo.",
    NULL,
};

struct sum {
    int64_t cents;
    int steps;
};

/* Half up: cents * num / den for non-negative values. */
static int64_t share(int64_t cents, int64_t num, int64_t den)
{
    return (cents * num * 2 + den) / (den * 2);
}

static void add_lines(struct gen *g, int n, bool odd_prices, struct text *list, struct sum *sum)
{
    const struct product *bought[8];
    some_products(g, bought, n);
    const char *join = rnd_chance(&g->r, 50) ? ", " : rnd_chance(&g->r, 50) ? " and " : "; ";
    for (int i = 0; i < n; i++) {
        struct slots s;
        slots_init(&s);
        int price = bought[i]->price;
        if (odd_prices)
            price = price * rnd_int(&g->r, 60, 115) / 100;
        int q = rnd_chance(&g->r, n == 1 ? 10 : 40) ? 1 : rnd_int(&g->r, 2, 14);
        slot(&s, "item", "%s", bought[i]->name);
        slot(&s, "q", "%d", q);
        slot_cents(&s, "p", price);
        if (i)
            text_add(list, join);
        fill(g, list, say(g, q == 1 ? line_one : line_ways), &s);
        sum->cents += (int64_t)price * q;
        sum->steps += q > 1;
        sum->steps += i > 0;
    }
}

static void add_extra(struct gen *g, struct text *out, const char *const *ways, struct slots *s)
{
    if (out->len)
        text_char(out, ' ');
    fill(g, out, say(g, ways), s);
}

static void add_plan(struct gen *g, struct text *out, struct sum *sum, bool by_day)
{
    struct slots s;
    slots_init(&s);
    const struct plan *p = &plans[rnd_int(&g->r, 1, plan_count - 1)];
    slot(&s, "plan", "%s", p->name);
    slot_cents(&s, "fee", p->monthly);
    if (by_day) {
        int month = rnd_int(&g->r, 1, 12), days = date_month_days(2026, month);
        int used = rnd_int(&g->r, 3, days - 2);
        slot(&s, "used", "%d", used);
        slot(&s, "days", "%d", days);
        slot(&s, "month", "%s", month_names[month - 1]);
        add_extra(g, out, prorate_ways, &s);
        sum->cents += share(p->monthly, used, days);
        sum->steps += 2;
    } else {
        int n = rnd_int(&g->r, 2, 11);
        slot(&s, "n", "%d", n);
        add_extra(g, out, months_ways, &s);
        sum->cents += (int64_t)p->monthly * n;
        sum->steps += 2;
    }
}

enum { DISCOUNT = 1, PLAN_DAYS = 2, PLAN_MONTHS = 4, SHIPPING = 8, TAX = 16, CREDIT = 32 };

static void add_extras(struct gen *g, int which, struct text *out, struct sum *sum)
{
    struct slots s;
    slots_init(&s);
    slot(&s, "city", "%s", any(g, cities));
    if (which & DISCOUNT) {
        int d;
        do { /* not half a cent: rounding the discount or the rest must be the same */
            d = rnd_chance(&g->r, 50) ? rnd_int(&g->r, 1, 6) * 5 : rnd_int(&g->r, 3, 33);
        } while (sum->cents * d % 100 == 50);
        slot(&s, "d", "%d", d);
        add_extra(g, out, discount_ways, &s);
        sum->cents -= share(sum->cents, d, 100);
        sum->steps++;
    }
    if (which & (PLAN_DAYS | PLAN_MONTHS))
        add_plan(g, out, sum, which & PLAN_DAYS);
    if (which & SHIPPING) {
        int ship = rnd_int(&g->r, 7, 60) * 50 - rnd_int(&g->r, 0, 1) * 5;
        slot_cents(&s, "s", ship);
        add_extra(g, out, ship_ways, &s);
        sum->cents += ship;
        sum->steps++;
    }
    if (which & TAX) {
        static const int rates[] = {400, 525, 600, 625, 700, 725, 825, 888, 950, 1000};
        int t = rates[rnd_int(&g->r, 0, 9)];
        slot(&s, "t", t % 100 ? "%d.%02d" : "%d", t / 100, t % 100);
        add_extra(g, out, tax_ways, &s);
        sum->cents += share(sum->cents, t, 10000);
        sum->steps++;
    }
    if (which & CREDIT) {
        int credit = rnd_int(&g->r, 4, (int)(sum->cents / 250) + 5) * 50;
        if (credit > sum->cents)
            credit = (int)sum->cents / 2;
        slot_cents(&s, "c", credit);
        add_extra(g, out, credit_ways, &s);
        sum->cents -= credit;
        sum->steps++;
    }
}

/* Parts that make up each level; the steps they come to are counted anyway. */
static int draw_parts(struct gen *g, enum level level, int *lines)
{
    static const int simple[] = {0, 0, DISCOUNT, SHIPPING, TAX, CREDIT, 0};
    static const int moderate[] = {DISCOUNT | TAX, SHIPPING | TAX,    DISCOUNT,          TAX,
                                   PLAN_MONTHS,    DISCOUNT | CREDIT, SHIPPING | CREDIT, PLAN_DAYS,
                                   SHIPPING};
    static const int complex[] = {DISCOUNT | PLAN_DAYS | TAX,
                                  DISCOUNT | SHIPPING | TAX | CREDIT,
                                  PLAN_DAYS | TAX | CREDIT,
                                  DISCOUNT | PLAN_MONTHS | TAX,
                                  DISCOUNT | PLAN_DAYS | SHIPPING | TAX | CREDIT,
                                  PLAN_DAYS | SHIPPING | TAX};
    if (level == LEVEL_SIMPLE) {
        *lines = rnd_int(&g->r, 1, 2);
        return simple[rnd_int(&g->r, 0, 6)];
    }
    if (level == LEVEL_MODERATE) {
        *lines = rnd_int(&g->r, 1, 3);
        return moderate[rnd_int(&g->r, 0, 8)];
    }
    *lines = rnd_int(&g->r, 1, 4);
    return complex[rnd_int(&g->r, 0, 5)];
}

static void build(struct gen *g, enum level level, struct item *it, struct sum *sum)
{
    struct text list = {0}, lines = {0}, extras = {0};
    struct slots s;
    int n, parts = draw_parts(g, level, &n);
    *sum = (struct sum){0};
    add_lines(g, n, rnd_chance(&g->r, 40), &list, sum);
    add_extras(g, parts, &extras, sum);

    slots_init(&s);
    slot_loose(&s, "list", text_str(&list));
    fill(g, &lines, say(g, lead_ways), &s);
    slots_init(&s);
    slot_loose(&s, "lines", text_str(&lines));
    slot_loose(&s, "extras", text_str(&extras));
    slot(&s, "inv", "QH-%05d", rnd_int(&g->r, 10000, 98999));
    slot(&s, "month", "%s", month_names[rnd_int(&g->r, 0, 11)]);
    it->family = family_pick(g, list_len(frames));
    text_clear(&it->user);
    fill(g, &it->user, frames[it->family], &s);
    text_free(&list);
    text_free(&lines);
    text_free(&extras);
}

void make_invoice(struct gen *g, enum level level, struct item *it)
{
    struct sum sum;
    item_init(it, "invoice");
    do {
        build(g, level, it, &sum);
    } while (sum.steps < 1 || level_of_steps(sum.steps) != level);
    it->steps = sum.steps;
    it->level = level;
    text_add(&it->system, RULES);
    text_cents(&it->reference, sum.cents);
    text_add(&it->grader, "{\"type\":\"numeric\",\"tolerance\":0.005}");
}
