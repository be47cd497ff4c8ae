/* How customers state order numbers, dates, amounts and wishes, with the value that is to be
 * extracted. Which fields a request has, and its frame, is extraction.c's. */
#include "extraction.h"

#include <stdio.h>

static const char *const order_ways[] = {
    "Order {v}.",
    "It is about order {v}.",
    "My order number is {v}.",
    "The number on the mail: {v}.",
    "order no {v}",
    "You will find it under {v}.",
    "Our reference with you is {v}.",
    "The purchase runs as {v}.",
    "Order id = {v};",
    "{v} is the order in question.",
    NULL,
};
static const char *const rival_ways[] = {
    "(Not {w}, that one was fine.)",
    "The other order, {w}, has nothing to do with it.",
    "{w} is an older order, leave it alone.",
    "Your mail says {w} but that is my neighbour's.",
    "Do not confuse it with {w}.",
    "{w} came last year and works.",
    "I also have {w}, no trouble there.",
    NULL,
};
static const char *const product_ways[] = {
    "The [product|article] is the {v}.",
    "It concerns the {v}.",
    "Product: {v}.",
    "I mean the {v}.",
    "item {v}",
    "We talk about a {v}.",
    "What I have is the {v}.",
    "The device at issue is called {v}.",
    "A {v} it is.",
    "The name on the box reads {v}.",
    NULL,
};
static const char *const quantity_ways[] = {
    "I [have|got] {v} of them.",
    "Quantity {v}.",
    "{v} pieces.",
    "There are {v}.",
    "{v} pcs",
    "It is {v} in number.",
    "We received {v} units.",
    "They come to {v}.",
    "All in all {v} of these.",
    "The count is {v}.",
    NULL,
};
static const char *const correct_ways[] = {
    "I have {w} of them, no, sorry, {v}.",
    "Quantity {w}, I mean {v}.",
    "{w} pieces... wait, {v} after counting again.",
    "There are {w} - correction: {v}.",
    "First I thought {w}, but it is {v}.",
    "{w} on the bill, {v} in the box, so put down what is in the box.",
    "We received {w}, strike that, {v} units.",
    NULL,
};
static const char *const mail_ways[] = {
    "My e-mail is {v}.",
    "Write to {v}.",
    "Mail: {v}.",
    "You reach me at {v}.",
    "mail {v}",
    "Answers go to {v} please.",
    "Use {v} for the reply.",
    "I am registered as {v}.",
    "The address for mail is {v}.",
    "Send it to {v}.",
    NULL,
};
static const char *const name_ways[] = {
    "My name is {v}.",
    "The customer is {v}.",
    "Name: {v}.",
    "I am {v}.",
    "{v} here.",
    "It is under the name of {v}.",
    "The contract holder is {v}.",
    "Ask for {v}.",
    "Everything runs on {v}.",
    "{v} is my name.",
    NULL,
};
static const char *const city_ways[] = {
    "I live in {v}.",
    "City: {v}.",
    "We are in {v}.",
    "It was sent to {v}.",
    "town {v}",
    "The house is in {v}.",
    "Location is {v}.",
    "I write from {v}.",
    "{v} is where we are.",
    "Our place is {v}.",
    NULL,
};
static const char *const serial_ways[] = {
    "Serial number {v}.",
    "On the back it says {v}.",
    "The serial is {v}.",
    "S/N: {v}.",
    "sn {v}",
    "The sticker reads {v}.",
    "Device number {v}.",
    "Its serial no. is {v}.",
    "I read {v} under the bar code.",
    "Number of the device: {v}.",
    NULL,
};
static const char *const date_ways[] = {
    "I bought it on {v}.",
    "Date of purchase: {v}.",
    "It was bought {v}.",
    "The purchase was on {v}.",
    "bought {v}",
    "We paid for it on {v}.",
    "The receipt is of {v}.",
    "It has been ours since {v}.",
    "Day of purchase {v}.",
    "The shop sold it to us on {v}.",
    NULL,
};
static const char *const amount_ways[] = {
    "I paid {v}.",
    "The price was {v}.",
    "Amount: {v}.",
    "It cost {v}.",
    "{v} all in all",
    "{v} was taken from my card.",
    "The bill says {v}.",
    "We transferred {v}.",
    "My bank shows {v}.",
    "You got {v} for it.",
    NULL,
};
static const char *const time_ways[] = {
    "Call me at {v}.",
    "The best time is {v}.",
    "Ring at {v}.",
    "I am free at {v}.",
    "call {v}",
    "You can phone at {v}.",
    "Please call {v} sharp.",
    "I pick up the phone at {v}.",
    "Phone time: {v}.",
    "At {v} I can talk.",
    NULL,
};
static const char *const wish_refund[] = {
    "I want my money back.",
    "Please pay me back.",
    "Transfer the price to my account again.",
    "Just return what I paid.",
    "money back pls",
    "Reimburse me.",
    "I would like the sum returned.",
    NULL,
};
static const char *const wish_replace[] = {
    "I want a new one.",
    "Please send another one.",
    "Swap it for one that works.",
    "Give me a fresh one instead.",
    "new one pls",
    "Exchange it.",
    "I expect a working one in its place.",
    NULL,
};
static const char *const wish_repair[] = {
    "Please mend it.",
    "Can you fix it?",
    "I want to keep it, only working.",
    "Have your workshop look at it.",
    "fix it pls",
    "Put it right and send it back to me.",
    "I hope it can be repaired.",
    NULL,
};
static const char *const hurry_yes[] = {
    "It cannot wait, we leave tomorrow.",
    "I need this solved today.",
    "Every hour counts here.",
    "The door does not lock, so be quick.",
    "asap!!",
    "We are without heating.",
    "This must not take until next week.",
    NULL,
};
static const char *const hurry_no[] = {
    "Take your time.",
    "It can wait.",
    "Any time this month will do.",
    "There is no hurry.",
    "no stress",
    "I am in no rush at all.",
    "We manage without it for now.",
    NULL,
};

static void add_fact(struct gen *g, struct sheet *sh, const char *const *ways, const char *v,
                     const char *w)
{
    struct slots s;
    slots_init(&s);
    slot(&s, "v", "%s", v);
    slot(&s, "w", "%s", w);
    fill(g, &sh->facts[sh->n++], say(g, ways), &s);
}

/* type is the schema of the field; value its JSON. */
static void add_field(struct sheet *sh, const char *name, const char *type, const char *value)
{
    const char *comma = sh->fields++ ? "," : "";
    text_addf(&sh->schema, "%s\"%s\":%s", comma, name, type);
    text_addf(&sh->required, "%s\"%s\"", comma, name);
    text_addf(&sh->reference, "%s\"%s\":%s", comma, name, value);
}

static const char STRING[] = "{\"type\":\"string\"}";

static void copied(struct gen *g, struct sheet *sh, const char *name, const char *const *ways,
                   const char *v)
{
    struct text json = {0};
    text_json(&json, v);
    add_field(sh, name, STRING, json.s);
    add_fact(g, sh, ways, v, "");
    sh->literal++;
    text_free(&json);
}

static void add_quantity(struct gen *g, struct sheet *sh, enum level level)
{
    static const char *const words[] = {"two",     "three",    "four",     "five",   "half a dozen",
                                        "seven",   "eight",    "nine",     "ten",    "eleven",
                                        "a dozen", "thirteen", "fourteen", "fifteen"};
    int q = rnd_int(&g->r, 2, 15), wrong = q + rnd_int(&g->r, 1, 9);
    char v[32], w[32], json[32];
    bool word = level != LEVEL_SIMPLE && rnd_chance(&g->r, 60);
    snprintf(json, sizeof json, "%d", q);
    snprintf(v, sizeof v, "%s", word ? words[q - 2] : json);
    snprintf(w, sizeof w, "%d", wrong);
    add_field(sh, "quantity", "{\"type\":\"integer\",\"minimum\":1}", json);
    if (level == LEVEL_COMPLEX && rnd_chance(&g->r, 70)) {
        add_fact(g, sh, correct_ways, v, w);
        sh->steps += 1 + word;
    } else {
        add_fact(g, sh, quantity_ways, v, "");
        sh->steps += word;
        sh->literal += !word;
    }
}

static void add_date(struct gen *g, struct sheet *sh, enum level level)
{
    char iso[11], v[48], json[16];
    int date = g->today - rnd_int(&g->r, 2, 6), y, m, d, how = rnd_int(&g->r, 0, 2);
    if (how != 0)
        date = g->today - rnd_int(&g->r, 8, 300);
    if (level == LEVEL_SIMPLE)
        how = 3;
    date_iso(date, iso);
    date_to(date, &y, &m, &d);
    snprintf(json, sizeof json, "\"%s\"", iso);
    if (how == 0)
        snprintf(v, sizeof v, "last %s", weekday_names[date_weekday(date)]);
    else if (how == 1)
        snprintf(v, sizeof v, "%s %d%s", month_names[m - 1], d, y == 2026 ? "" : " last year");
    else if (how == 2)
        snprintf(v, sizeof v, "the %d%s of %s %d", d,
                 d % 10 == 1 && d != 11   ? "st"
                 : d % 10 == 2 && d != 12 ? "nd"
                 : d % 10 == 3 && d != 13 ? "rd"
                                          : "th",
                 month_names[m - 1], y);
    else
        snprintf(v, sizeof v, "%s", iso);
    add_field(sh, "purchase_date",
              "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\"}", json);
    add_fact(g, sh, date_ways, v, "");
    sh->steps += how != 3;
    sh->literal += how == 3;
}

static void add_amount(struct gen *g, struct sheet *sh, enum level level)
{
    int cents = rnd_int(&g->r, 1200, 240000);
    char v[48], json[24];
    snprintf(json, sizeof json, "%d.%02d", cents / 100, cents % 100);
    bool odd = level != LEVEL_SIMPLE;
    if (odd && cents >= 100000)
        snprintf(v, sizeof v, "$%d,%03d.%02d", cents / 100000, cents / 100 % 1000, cents % 100);
    else if (odd)
        snprintf(v, sizeof v, "%d dollars and %d cents", cents / 100, cents % 100);
    else
        snprintf(v, sizeof v, "%s", json);
    add_field(sh, "amount", "{\"type\":\"number\",\"minimum\":0}", json);
    add_fact(g, sh, amount_ways, v, "");
    sh->steps += odd;
    sh->literal += !odd;
}

static void add_time(struct gen *g, struct sheet *sh)
{
    static const char *const before[4] = {"", "a quarter past ", "half past ", "a quarter to "};
    int hour = rnd_int(&g->r, 8, 19), quarter = rnd_int(&g->r, 0, 3);
    int said = quarter == 3 ? hour + 1 : hour;
    const char *part = said < 12   ? "in the morning"
                       : said < 18 ? "in the afternoon"
                                   : "in the evening";
    char v[64], json[16];
    snprintf(v, sizeof v, "%s%d%s %s", before[quarter], said > 12 ? said - 12 : said,
             quarter ? "" : " o'clock", part);
    snprintf(json, sizeof json, "\"%02d:%02d\"", hour, quarter * 15);
    add_field(sh, "call_at", "{\"type\":\"string\",\"pattern\":\"^[0-9]{2}:[0-9]{2}$\"}", json);
    add_fact(g, sh, time_ways, v, "");
    sh->steps++;
}

static void add_inferred(struct gen *g, struct sheet *sh, bool hurry)
{
    if (hurry) {
        bool yes = rnd_chance(&g->r, 50);
        add_field(sh, "urgent", "{\"type\":\"boolean\"}", yes ? "true" : "false");
        add_fact(g, sh, yes ? hurry_yes : hurry_no, "", "");
    } else {
        static const char *const json[3] = {"\"refund\"", "\"replacement\"", "\"repair\""};
        static const char *const *const ways[3] = {wish_refund, wish_replace, wish_repair};
        int k = rnd_int(&g->r, 0, 2);
        add_field(sh, "wants", "{\"enum\":[\"refund\",\"replacement\",\"repair\"]}", json[k]);
        add_fact(g, sh, ways[k], "", "");
    }
    sh->steps++;
}

void sheet_add(struct gen *g, struct sheet *sh, int field, enum level level)
{
    char v[64], w[64];
    const char *first = any(g, first_names), *last = any(g, last_names);
    snprintf(v, sizeof v, "QH-%05d", rnd_int(&g->r, 10000, 98999));
    switch (field) {
    case F_ORDER:
        copied(g, sh, "order_id", order_ways, v);
        if (level != LEVEL_SIMPLE && rnd_chance(&g->r, 35)) {
            snprintf(w, sizeof w, "QH-%05d", rnd_int(&g->r, 10000, 98999));
            add_fact(g, sh, rival_ways, v, w);
            sh->steps++;
        }
        return;
    case F_PRODUCT:
        copied(g, sh, "product", product_ways, any_product(g)->name);
        return;
    case F_MAIL:
        snprintf(v, sizeof v, "%c%s%d@example.%s", first[0] | 32, last, rnd_int(&g->r, 1, 99),
                 rnd_chance(&g->r, 60) ? "com" : "org");
        for (char *p = v; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        copied(g, sh, "email", mail_ways, v);
        return;
    case F_NAME:
        snprintf(v, sizeof v, "%s %s", first, last);
        copied(g, sh, "name", name_ways, v);
        return;
    case F_CITY:
        copied(g, sh, "city", city_ways, any(g, cities));
        return;
    case F_SERIAL:
        snprintf(v, sizeof v, "%c%c%d-%04d", 'A' + rnd_int(&g->r, 0, 25),
                 'A' + rnd_int(&g->r, 0, 25), rnd_int(&g->r, 10, 99), rnd_int(&g->r, 0, 9999));
        copied(g, sh, "serial", serial_ways, v);
        return;
    case F_QUANTITY:
        add_quantity(g, sh, level);
        return;
    case F_DATE:
        add_date(g, sh, level);
        return;
    case F_AMOUNT:
        add_amount(g, sh, level);
        return;
    case F_TIME:
        add_time(g, sh);
        return;
    default:
        add_inferred(g, sh, field == F_URGENT);
        return;
    }
}
