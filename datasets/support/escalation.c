/* Escalation: which desk must see a message at once, by an order of precedence.
 * Steps: recognising the matter, each further matter or figure of speech to be
 * discounted, each rule of precedence or exception that decides. */
#include "support.h"

struct desk {
    const char *label;
    const char *say[16];
};

/* In order of precedence, the highest first; the last is no escalation. */
static const struct desk desks[] = {
    {"safety",
     {"The {item} [got so hot|was so hot] it [scorched|burned] the wall.",
      "There is smoke coming out of the {item}.", "My {item} gave me an electric shock.",
      "The battery of the {item} has swollen like a pillow.", "{item} caught fire last night!!",
      "The lock would not open and my [mother|child] was trapped inside for an hour.",
      "The smoke alarm stayed silent while the kitchen was full of smoke.",
      "Sparks flew when I plugged in the {item}.",
      "The {item} fell off the wall and hit my [son|daughter] on the head.",
      "The plastic of the {item} melted and smells.",
      "My hand is bleeding, the edge of the {item} is like a knife.",
      "Der {item} hat gebrannt, es riecht im ganzen Haus.",
      "We had to call the fire brigade because of the {item}.",
      "A burn mark has appeared around the plug of the {item}.", NULL}},
    {"privacy",
     {"I can see [somebody else's|a stranger's] living room in my app.",
      "Delete all [personal data|data] you hold on me and confirm it.",
      "I request a copy of everything you have stored about me.",
      "You sent me the invoice of another customer, name and address and all.",
      "who looked at my camera?? strangers on the access list",
      "My ex still gets the pictures of my {item}.",
      "I object to you passing my e-mail to an advertiser.",
      "An employee told my neighbour when I am at home.", "Our clips show up in a search engine.",
      "Ich verlange Auskunft nach der DSGVO.",
      "Someone got hold of your customer list, my mailbox proves it.",
      "The {item} records the neighbour's garden and he wants the footage erased.",
      "My data was in the leak the papers write about, wasn't it?",
      "I withdraw my consent to the use of my recordings.", NULL}},
    {"legal",
     {"My [lawyer|solicitor] will [contact|write to] you.",
      "I am taking you to the small claims court.",
      "This is a formal notice with a deadline of {n} days.",
      "We received a summons that names your firm.", "see u in court",
      "The consumer authority has my complaint, file {n}.",
      "I hold you liable for the water damage of ${amt}.",
      "A court order obliges you to hand over the recordings.",
      "Your name for the {item} infringes our trade mark.", "Mein Anwalt hat die Sache übernommen.",
      "I shall sue unless ${amt} arrive by {date}.", "Our counsel asks where to serve the papers.",
      "We hereby rescind the contract and claim damages of ${amt}.",
      "The police want the footage of {date} as evidence.", NULL}},
    {"fraud",
     {"Somebody [ordered|bought] {n} {item}s on my account.",
      "I got a mail from you asking for my card number, it looks fake.",
      "A man on the phone said he was Quillhaven and took ${amt}.",
      "There is an order to {city} that I never placed.", "acct hacked, they changed the mail",
      "A web shop with your logo sold me a {item} that does not exist.",
      "The gift card I bought had been emptied before.",
      "My card was used for ${amt} at your shop while it was stolen.",
      "A caller wanted to get remote control of my hub to 'fix' it.",
      "Jemand hat mit meinem Namen bestellt.",
      "I am told I won a {item} and should pay ${amt} customs.",
      "Someone returned an empty box in my name for the money.",
      "The code for signing in came {n} times and it was not me.",
      "An ad with your name leads to a page that wants my bank password.", NULL}},
    {"vulnerable",
     {"I lost my job and cannot pay the {plan} plan this month.",
      "My husband died in {month} and the account is his.",
      "I am in hospital until {date} and the reminder fees pile up.",
      "I am blind and your new app does not read the buttons out.",
      "cant pay rn, sick since {month}", "My mother has dementia and orders a {item} every week.",
      "After the flood we live in a gym and your bills keep coming.",
      "I am deaf, please do not make me phone.",
      "I am eighty-six and alone and cannot read your small print any more.",
      "Meine Frau ist verstorben, was passiert mit dem Abo?",
      "I do not know how to go on with all these debts, yours included.",
      "Our son uses a wheelchair and the {item} is out of his reach.",
      "My father was buried last week; I have his {item} and his contract.",
      "I am under guardianship and may not sign contracts.", NULL}},
    {"none",
     {"How do I mount the {item}?", "The {item} I ordered on {date} is late.",
      "Do you sell the {item} in white?", "Which plan has {n} days of video?",
      "my {item} wont pair", "I want to return the {item}, it is too big.",
      "Please send the invoice for {month} again.", "The app shows the wrong time zone.",
      "My {item} drops off the wifi twice a week.", "Wann kommt mein {item}?",
      "What does the {plan} plan cost by the year?", "Where can I change my e-mail address?",
      "The manual of the {item} lacks page {n}.", "Does the {item} come with batteries?", NULL}},
};
enum { DESKS = sizeof desks / sizeof *desks, NONE = DESKS - 1 };

/* Sounds grave, is a figure of speech: nothing to escalate. */
static const char *const figures[] = {
    "Your prices are [criminal|daylight robbery].",
    "This app is [killing me|driving me mad].",
    "The {item} is on fire, I love it.",
    "It is a crime how good the {item} looks.",
    "My cat is the judge of the {item} and found it guilty.",
    "I nearly died laughing at the manual.",
    "Your hold music should be illegal.",
    "I would kill for a {item} in blue.",
    "The wait was torture.",
    "My kids spy on the postman for the {item}.",
    "This is the lawsuit-worthy best {item} ever.",
    "The colour is a shock.",
    "{plan} burns a hole into my pocket.",
    "I sued for peace with your {item} at last, ha.",
    "The price of the {item} is a steal.",
    NULL,
};
/* {x} is a message of another desk that is over or only reported. */
static const char *const past_ways[] = {
    "Last year I had to write: \"{x}\" That was [solved|dealt with].",
    "Somebody in a forum says: \"{x}\" Not my case [luckily|though].",
    "Your help page gives an example: \"{x}\" That is not me.",
    "I read this in a review: \"{x}\" Nothing of the kind here.",
    "In {month} it was: \"{x}\" All closed since.",
    "A neighbour of mine complained: \"{x}\" He has had his answer.",
    "My old ticket said \"{x}\" and is done with.",
    "The training I give uses the sentence \"{x}\" as a sample only.",
    "Do not take it for \"{x}\", which was another person.",
    "There was \"{x}\", you [fixed|settled] it on {date}.",
    "(old, closed: \"{x}\")",
    "re \"{x}\": done.",
    "\"{x}\" - not me, a review.",
    "\"{x}\" is from your FAQ.",
    "\"{x}\" was {month}, over now.",
    NULL,
};
static const char *const two_ways[] = {
    "{a} {b}",
    "{a} [Also|Besides], {b}",
    "{b} [And on top|On top of that]: {a}",
    "Two things: {a} {b}",
    "{a} Apart from that: {b}",
    "{b} Oh, and this. {a}",
    "{a} The other thing is this. {b}",
    "{b} What I mainly write for, though: {a}",
    "{a} While I am at it. {b}",
    "1) {b} 2) {a}",
    NULL,
};

static const char RULES[] = "Decide which desk of Quillhaven must see the message. Labels, highest "
                            "precedence first: safety (danger to people "
                            "or property), privacy (personal data), legal (courts, lawyers, "
                            "claims, authorities), fraud (deceit, misused "
                            "accounts), vulnerable (hardship, illness, bereavement, disability), "
                            "none (all else). Where several apply, take the "
                            "highest. Matters that are settled, quoted, or figures of speech do "
                            "not count. Reply with one label only.";

static void desk_slots(struct gen *g, struct slots *s)
{
    int month = rnd_int(&g->r, 0, 11);
    slots_init(s);
    slot(s, "item", "%s", any_product(g)->name);
    slot_cents(s, "amt", rnd_int(&g->r, 20, 900) * 50);
    slot(s, "n", "%d", rnd_int(&g->r, 3, 30));
    slot(s, "month", "%s", month_names[month]);
    slot(s, "date", "%s %d", month_names[month], rnd_int(&g->r, 1, 28));
    slot(s, "city", "%s", any(g, cities));
    slot(s, "plan", "%s", plans[rnd_int(&g->r, 1, plan_count - 1)].name);
}

static void desk_text(struct gen *g, const char *const *list, struct text *out)
{
    struct slots s;
    desk_slots(g, &s);
    fill(g, out, say(g, list), &s);
}

/* Add a settled or quoted matter of desk d, or a figure of speech for d < 0. */
static void add_discounted(struct gen *g, int d, struct text *body)
{
    struct text x = {0}, t = {0};
    if (d < 0) {
        desk_text(g, figures, &t);
    } else {
        struct slots s;
        desk_slots(g, &s);
        desk_text(g, desks[d].say, &x);
        slot_loose(&s, "x", x.s);
        fill(g, &t, say(g, past_ways), &s);
    }
    if (rnd_chance(&g->r, 50)) {
        text_char(&t, ' ');
        text_add(&t, text_str(body));
        text_clear(body);
        text_add(body, t.s);
    } else {
        text_char(body, ' ');
        text_add(body, t.s);
    }
    text_free(&x);
    text_free(&t);
}

void make_escalation(struct gen *g, enum level level, struct item *it)
{
    item_init(it, "escalation");
    struct slots s;
    struct text a = {0}, b = {0}, body = {0};
    int d = rnd_chance(&g->r, 25) ? NONE : rnd_int(&g->r, 0, NONE - 1), second = -1;
    int f = family_pick(g, list_len(desks[d].say));
    desk_slots(g, &s);
    fill(g, &a, desks[d].say[f], &s);
    it->family = d * 14 + f;
    it->steps = 1;

    /* A second live matter of lower precedence: one step to see it, one for the rule. */
    if (level != LEVEL_SIMPLE && d != NONE &&
        rnd_chance(&g->r, level == LEVEL_COMPLEX ? 100 : 50)) {
        second = rnd_int(&g->r, d + 1, NONE);
        desk_text(g, desks[second].say, &b);
        slot_loose(&s, "a", a.s);
        slot_loose(&s, "b", b.s);
        fill(g, &body, say(g, two_ways), &s);
        it->steps += 2;
    } else {
        text_add(&body, a.s);
    }
    /* Discounted: one step to see it, one to tell that it does not count. */
    while (level_of_steps(it->steps) != level) {
        int other = rnd_int(&g->r, 0, NONE - 1);
        add_discounted(g, rnd_chance(&g->r, 35) ? -1 : other, &body);
        it->steps += 2;
    }
    it->level = level;
    text_add(&it->system, RULES);
    text_add(&it->user, body.s);
    text_json(&it->reference, desks[d].label);
    text_add(&it->grader, "{\"type\":\"equals\",\"ignore_case\":true}");
    text_free(&a);
    text_free(&b);
    text_free(&body);
}
