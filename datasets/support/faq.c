/* FAQ: a choice among lettered answers. Plain facts are in faq_topics.c; here
 * are the questions whose answer is worked out: which plan fits, and when a
 * parcel arrives. A step is a fact looked up, a condition applied or a date moved. */
#include "support.h"

#include <stdio.h>
#include <string.h>

void faq_options(struct gen *g, struct item *it, const char *facts, const char *question,
                 const char *const *options, int n)
{
    int order[8];
    for (int i = 0; i < n; i++)
        order[i] = i;
    rnd_shuffle_int(&g->r, order, n);
    struct text list = {0};
    text_add(&it->grader, "{\"type\":\"choice\",\"choices\":{");
    for (int i = 0; i < n; i++) {
        text_addf(&list, "%s%c) %s", i ? "\n" : "", 'A' + i, options[order[i]]);
        text_addf(&it->grader, "%s\"%c\":", i ? "," : "", 'A' + i);
        text_json(&it->grader, options[order[i]]);
        if (order[i] == 0)
            text_addf(&it->reference, "\"%c\"", 'A' + i);
    }
    text_add(&it->grader, "}}");
    text_add(&it->system, "You answer customers of Quillhaven from these facts:\n");
    text_add(&it->system, facts);
    text_add(&it->user, question);
    if (rnd_chance(&g->r, 15)) {
        text_add(&it->system, "Reply with the letter of the right answer only.");
        text_char(&it->user, '\n');
        text_char(&it->user, KEEP_BEGIN);
        text_add(&it->user, list.s);
        text_char(&it->user, KEEP_END);
    } else {
        text_add(&it->system, "Answers:\n");
        text_add(&it->system, list.s);
        text_add(&it->system, "\nReply with the letter of the right answer only.");
    }
    text_free(&list);
}

/* {needs} is a list of wishes, {now} the present plan. */
static const char *const plan_frames[] = {
    "[Which|What] plan [should I take|do I need]? {needs}",
    "{needs} What is the [cheapest|lowest] plan that [covers|fits] [this|that]?",
    "We are on {now} now. {needs} Which one is the right one for us?",
    "{needs} cheapest plan?",
    "Help me choose a subscription. {needs}",
    "{needs} I do not want to pay a cent more than necessary, so which plan?",
    "[Welcher Tarif|Qué plan|Quel forfait] [is|would be] [enough|sufficient]? {needs}",
    "Your price page confuses me. {needs} Tell me the plan.",
    "Thinking of leaving {now}. {needs} What would you put me on?",
    "{needs} My wife says {now} would do. I think not. What is the smallest that does?",
    "For our [office|shop|clinic]: {needs} Best suited plan at the least cost?",
    "{needs} Would {now} be enough or which one is?",
    "plan advice pls. {needs}",
    "Say you had this to cover: {needs} Which tier?",
    "Which of the five plans is the least that meets the following? {needs}",
    NULL,
};
static const char *const camera_ways[] = {
    "[I have|We have|There are] {c} cameras.",
    "{c} cameras.",
    "It is about {c} cams.",
    "We want to run {c} cameras.",
    "Cameras: {c}.",
    "I count {c} cameras in and around the house.",
    "The set-up has {c} cameras in it.",
    "{c} cameras have to be connected.",
    "We would hang {c} cameras.",
    "Number of cameras we use is {c}.",
    NULL,
};
static const char *const member_ways[] = {
    "{m} people should have access.",
    "{m} users.",
    "{m} of us want the app.",
    "There will be {m} members.",
    "Members: {m}.",
    "{m} persons need to look in.",
    "We are {m} people at home who need it.",
    "Access for {m} people.",
    "{m} colleagues must get in.",
    "The number of members is {m}.",
    NULL,
};
static const char *const day_ways[] = {
    "Recordings must be kept {d} days.",
    "{d} days of video.",
    "I want to look back {d} days.",
    "Clips should stay for {d} days.",
    "Retention: {d} days.",
    "We have to hold footage for {d} days.",
    "The insurance wants {d} days of recordings.",
    "Going back {d} days is a must.",
    "Storage of {d} days is needed.",
    "Our rules say {d} days of storage.",
    NULL,
};
static const char *const more_ways[] = {
    "{x} more cameras come in {month}.",
    "We will add another {x} cameras.",
    "Plus {x} cameras next month.",
    "Soon {x} further cameras are mounted, count them in.",
    "A second floor brings {x} cameras on top.",
    "And {x} extra cams which I just ordered.",
    "Then {x} cameras in the garage come on top of these.",
    NULL,
};
static const char *const less_ways[] = {
    "But {y} of the people only need the siren, which is no membership.",
    "{y} of them are kids who get no access.",
    "Wait, {y} of those people moved out.",
    "Leave out {y} people, they are guests.",
    "{y} of the users share the owner's sign-in, so do not count those.",
    "Minus {y} people who left.",
    "{y} of these persons do not want it after all.",
    NULL,
};

static void need(struct gen *g, struct text *out, const char *const *ways, const struct slots *s)
{
    if (out->len)
        text_char(out, ' ');
    fill(g, out, say(g, ways), s);
}

static int fits(int cameras, int members, int days)
{
    for (int i = 0; i < plan_count; i++)
        if (plans[i].cameras >= cameras && plans[i].members >= members && plans[i].days >= days)
            return i;
    return -1;
}

static void plan_facts(struct text *facts)
{
    for (int i = 0; i < plan_count; i++)
        text_addf(facts,
                  "- %s: %d cameras, %d members, %d days of recordings, %d.%02d dollars a month\n",
                  plans[i].name, plans[i].cameras, plans[i].members, plans[i].days,
                  plans[i].monthly / 100, plans[i].monthly % 100);
}

void faq_plans(struct gen *g, enum level level, struct item *it)
{
    struct slots s;
    struct text needs = {0}, facts = {0}, q = {0};
    int target = rnd_int(&g->r, level == LEVEL_COMPLEX ? 2 : 1, plan_count - 1);
    int low = target - 1, pick;
    int c, m, d;
    /* Draw wishes that the plan below misses on at least one count. */
    do {
        c = rnd_int(&g->r, 1, plans[target].cameras);
        m = rnd_int(&g->r, 1, plans[target].members);
        d = rnd_int(&g->r, 1, plans[target].days);
        pick = rnd_int(&g->r, 0, 2);
        if (level == LEVEL_SIMPLE) {
            c = pick == 0 ? c : 0;
            m = pick == 1 ? m : 0;
            d = pick == 2 ? d : 0;
        } else if (level == LEVEL_MODERATE && rnd_chance(&g->r, 30)) {
            d = 0;
        }
    } while (fits(c, m, d) != target || (level == LEVEL_COMPLEX && c < 4));
    slots_init(&s);
    slot(&s, "now", "%s", plans[rnd_int(&g->r, 0, 1) ? low : 0].name);
    slot(&s, "month", "%s", month_names[rnd_int(&g->r, 0, 11)]);
    int x = 0, y = 0;
    if (level == LEVEL_COMPLEX) {
        x = rnd_int(&g->r, 1, c - 2);
        y = rnd_int(&g->r, 1, 3);
    }
    slot(&s, "c", "%d", c - x);
    slot(&s, "m", "%d", m + y);
    slot(&s, "d", "%d", d);
    slot(&s, "x", "%d", x);
    slot(&s, "y", "%d", y);
    if (c)
        need(g, &needs, camera_ways, &s);
    if (x)
        need(g, &needs, more_ways, &s);
    if (m)
        need(g, &needs, member_ways, &s);
    if (y)
        need(g, &needs, less_ways, &s);
    if (d)
        need(g, &needs, day_ways, &s);
    it->steps = (c > 0) + (m > 0) + (d > 0) + (x > 0) + (y > 0) + 1;
    slot_loose(&s, "needs", text_str(&needs));
    it->family = family_pick(g, list_len(plan_frames));
    fill(g, &q, plan_frames[it->family], &s);
    it->family += 200;
    it->level = level;
    plan_facts(&facts);
    const char *options[5];
    options[0] = plans[target].name;
    for (int i = 0, n = 1; i < plan_count; i++)
        if (i != target)
            options[n++] = plans[i].name;
    faq_options(g, it, text_str(&facts), text_str(&q), options, 5);
    text_free(&needs);
    text_free(&facts);
    text_free(&q);
}

static const char DELIVERY[] =
    "- Orders placed by 14:00 on a working day (Monday to Friday) leave that day, others on the "
    "next working day.\n"
    "- Standard arrives 4 working days after leaving, express 1 working day after.\n"
    "- Bulky goods (Stork Parcel Box, Crane Gate Opener, Puffin Irrigation Kit, Plover Solar "
    "Panel) take 2 working days longer.\n"
    "- Island addresses take 1 working day longer. Mixed orders leave as one parcel.\n";

static const char *const delivery_frames[] = {
    "{order} [When|On what day] will it [arrive|be here]?",
    "{order} Which day [do I have to|should I] be at home for the parcel?",
    "{order} arrival date?",
    "I have to plan my week. {order} Give me the day of delivery.",
    "{order} My husband insists it comes earlier than I think. What is the right date?",
    "[Wann kommt das an|Cuándo llega|Quand est-ce que ça arrive]? {order}",
    "{order} I am away now and then, so what date does it reach me?",
    "Delivery day please. {order}",
    "It is a matter of dates: {order} What day is it at my door?",
    "{order} The app shows no date at all. Could you work it out?",
    "It is a present, so timing matters. {order} When does it get here?",
    "{order} so it comes on..?",
    "Please state the expected day. {order}",
    "We have a fitter booked and he needs the day. {order}",
    "{order} Can you [look up|tell me] the day it turns up?",
    NULL,
};
static const char *const order_ways[] = {
    "I ordered {what} on {day} at {time}, {speed}{island}.",
    "{day}, {time}: order for {what}, {speed}{island}.",
    "My order ({what}) went in on {day} at {time} with {speed}{island}.",
    "On {day} at {time} we bought {what}. Shipping: {speed}{island}.",
    "Order from {day} {time}, {what}, {speed}{island}.",
    "{what} bought {day} at {time}, {speed} chosen{island}.",
    "We placed an order for {what} ({speed}{island}) on {day} at {time}.",
    "I clicked buy at {time} on {day}: {what}, {speed}{island}.",
    "{what}. Paid on {day} at {time}. {speed}{island}.",
    "The order of {day}, {time}, has {what} in it, sent as {speed}{island}.",
    NULL,
};

void faq_delivery(struct gen *g, enum level level, struct item *it)
{
    struct slots s;
    struct text order = {0}, q = {0};
    int day, minute, left, bulky, island, express, steps;
    const struct product *a, *b;
    do {
        day = g->today - rnd_int(&g->r, 0, 6);
        minute = rnd_int(&g->r, 7 * 60, 22 * 60);
        express = rnd_chance(&g->r, 45);
        island = rnd_chance(&g->r, 25);
        a = any_product(g);
        b = rnd_chance(&g->r, 40) ? any_product(g) : NULL;
        bulky = a->bulky || (b && b->bulky);
        bool weekend = date_weekday(day) >= 5, late = minute > 14 * 60;
        left = weekend || late ? date_add_working_days(day, 1) : day;
        int arrive = date_add_working_days(left, (express ? 1 : 4) + 2 * bulky + island);
        /* The cut-off, the working days, and each exception. */
        steps = 1 + (weekend || late) + bulky + island + (arrive - left > 6) +
                (arrive - left != (express ? 1 : 4) + 2 * bulky + island);
    } while (level_of_steps(steps) != level || a == b);
    int days = (express ? 1 : 4) + 2 * bulky + island;
    int arrive = date_add_working_days(left, days);
    slots_init(&s);
    int y, mo, d;
    date_to(day, &y, &mo, &d);
    slot(&s, "day", "%s, %s %d", weekday_names[date_weekday(day)], month_names[mo - 1], d);
    slot(&s, "time", "%d:%02d", minute / 60, minute % 60);
    slot(&s, "speed", "%s", express ? "express" : "standard");
    slot(&s, "island", "%s", island ? ", to an island" : "");
    slot(&s, "what", "%s%s%s%s", "the ", a->name, b ? " and the " : "", b ? b->name : "");
    fill(g, &order, say(g, order_ways), &s);
    slot_loose(&s, "order", order.s);
    it->family = family_pick(g, list_len(delivery_frames));
    fill(g, &q, delivery_frames[it->family], &s);
    it->family += 300;
    it->steps = steps;
    it->level = level;

    /* Wrong answers: the dates that slips lead to, all different. */
    int dates[4] = {arrive}, n = 1;
    int slips[8] = {date_add_working_days(left, days + 1),
                    left + days,
                    day + days,
                    date_add_working_days(day, days),
                    arrive + 1,
                    arrive + 2,
                    arrive + 3,
                    arrive + 4};
    for (int i = 0; i < 8 && n < 4; i++) {
        bool new = true;
        for (int j = 0; j < n; j++)
            new = new &&dates[j] != slips[i];
        if (new)
            dates[n++] = slips[i];
    }
    char text[4][48];
    const char *options[4];
    for (int i = 0; i < 4; i++) {
        date_to(dates[i], &y, &mo, &d);
        snprintf(text[i], sizeof text[i], "%s, %s %d", weekday_names[date_weekday(dates[i])],
                 month_names[mo - 1], d);
        options[i] = text[i];
    }
    faq_options(g, it, DELIVERY, text_str(&q), options, 4);
    text_free(&order);
    text_free(&q);
}

void make_faq(struct gen *g, enum level level, struct item *it)
{
    item_init(it, "faq");
    int roll = rnd_int(&g->r, 0, 99);
    if (level == LEVEL_SIMPLE && roll < 76)
        faq_topic(g, level, it);
    else if (roll % 2)
        faq_plans(g, level, it);
    else
        faq_delivery(g, level, it);
}
