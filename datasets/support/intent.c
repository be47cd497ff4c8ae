/* Intent: one label of a closed list. One request is one step; every further
 * matter that is mentioned adds a step, and so does each cue (settled, not
 * meant, later) that must be understood to leave it out. */
#include "support.h"

struct intent {
    const char *label;
    const char *want[16]; /* the request itself: phrasing families */
    const char *topic[6]; /* the matter as a noun phrase */
    bool wanted;          /* one can say that one does not want it */
};

static const struct intent intents[] = {
    {"billing_question",
     {"Why [was I charged|did you take] ${amt} on {date}?",
      "There are two payments of ${amt} on my statement.",
      "I do not [understand|get] the line '{plan} adj.' on my bill.",
      "My bill for {month} is ${amt} higher than usual, how come?",
      "what is this {amt} dollar debit", "Somebody please explain the ${amt} on the last bill.",
      "My card shows ${amt} from you and I have no idea what for.",
      "Is the ${amt} you booked the yearly fee or what is it?",
      "Your statement of {month} has a position of ${amt} I cannot place.",
      "Warum wurden mir {amt} Dollar abgebucht?",
      "The sum you collected in {month}, ${amt}, looks odd to me.",
      "I pay for {plan}, yet ${amt} left my account.", NULL},
     {"the odd charge", "the bill of {month}", "the ${amt} on my statement", "the double payment",
      "my bill", NULL},
     false},
    {"cancel_subscription",
     {"[Please cancel|I want to cancel] my {plan} plan.",
      "Stop my subscription at the end of {month}.", "I [am done|am through] with {plan}, end it.",
      "Where is the button to get out of {plan}? I want out.", "cancel {plan}. now.",
      "We no longer need {plan} and hereby give notice.", "Do not renew my {plan} membership.",
      "Take me off {plan}, I shall not be paying for it any longer.",
      "Kündigung: bitte mein {plan} Abo beenden.",
      "I would like to terminate what I pay monthly for {plan}.",
      "Please see to it that {plan} lapses in {month}.", "Je veux résilier {plan}.", NULL},
     {"ending my plan", "the cancellation", "giving notice on {plan}", "leaving {plan}",
      "the end of my subscription", NULL},
     true},
    {"change_plan",
     {"[Move|Switch] me from {plan} to {plan2}.", "I [would like|want] to go up to {plan2}.",
      "Can I downgrade from {plan} to {plan2}?",
      "{plan} is too small for us now, put us on {plan2}.", "swap {plan} 4 {plan2} pls",
      "How do I get from {plan} to {plan2}?", "We wish to be on {plan2} as of {month}.",
      "Could my {plan} become a {plan2}?", "Ich möchte von {plan} auf {plan2} wechseln.",
      "Upgrade please: currently {plan}, wanted {plan2}.",
      "Our needs shrank, {plan2} instead of {plan} would do.",
      "Let us have {plan2} in place of {plan}.", NULL},
     {"the switch to {plan2}", "the upgrade", "changing plans", "moving to {plan2}", "another plan",
      NULL},
     true},
    {"delivery_status",
     {"Where is my {item}?", "Order {ord} [has not arrived|is nowhere].",
      "The tracking for {ord} has not moved since {date}.", "When does {ord} get here?",
      "{item} still not here...", "Has my {item} left the warehouse?",
      "The carrier says {ord} does not exist. Where is it?",
      "I waited in all of {date} for the {item}, nobody came.", "Wo bleibt meine Bestellung {ord}?",
      "Any news of the {item} I paid for in {month}?",
      "Could you find out where parcel {ord} got to?", "¿Dónde está mi pedido {ord}?", NULL},
     {"the parcel", "order {ord}", "the late {item}", "the delivery", "the tracking", NULL},
     false},
    {"device_setup",
     {"How do I [connect|pair] the {item} [with|to] the hub?", "The app cannot find my new {item}.",
      "What do I press to get the {item} into setup mode?",
      "I unpacked the {item}, what comes first?", "{item} pairing, steps?",
      "Please walk me through installing the {item}.",
      "Which screws go into which hole of the {item}?",
      "I am stuck on the page where the {item} wants a code.", "Wie richte ich den {item} ein?",
      "First time with a {item}: how do I put it into operation?",
      "The guide for the {item} stops after step 3, how does it go on?",
      "How is the {item} mounted and added to the app?", NULL},
     {"the installation", "pairing the {item}", "setting up the {item}", "the setup",
      "getting the {item} into the app", NULL},
     true},
    {"device_fault",
     {"My {item} [stopped working|is dead|broke].",
      "The {item} [goes offline|loses the connection] every [night|hour].",
      "My {item} shows a red light and does nothing.",
      "The {item} worked for weeks and now it only clicks.", "{item} keeps rebooting",
      "Since {date} the {item} does not react any more.",
      "There is a buzzing from the {item} and the picture is grey.",
      "The {item} reports motion all day although nobody is there.",
      "Mein {item} ist kaputt, er startet nicht.",
      "What is wrong with my {item}? It freezes twice a day.",
      "The {item} has been acting up: wrong values since {date}.", "La {item} ne marche plus.",
      NULL},
     {"the broken {item}", "the fault", "the red light", "the {item} going offline", "the defect",
      NULL},
     false},
    {"refund_request",
     {"I want my money back for the {item}.", "[Please refund|Refund] order {ord}.",
      "I sent the {item} back on {date}, now pay me back.",
      "How do I get back the ${amt} for the {item}?", "refund {ord}!!",
      "The {item} is not for me, I return it and expect ${amt}.",
      "I would like to be reimbursed for {ord}.", "You have the {item} again; where are my ${amt}?",
      "Bitte erstatten Sie mir {amt} Dollar für {ord}.",
      "Return of the {item}: please transfer ${amt}.", "Give me back what I paid for the {item}.",
      "Quiero que me devuelvan el dinero del {item}.", NULL},
     {"my money back", "the refund", "the ${amt} for the {item}", "the reimbursement",
      "getting ${amt} back", NULL},
     true},
    {"account_access",
     {"I cannot [log in|sign in].", "My account is locked.",
      "The reset mail never [arrives|comes].",
      "Lost my phone with the code app, how do I get into the account?", "login broken",
      "It says wrong password though it is right.", "I am shut out of my account since {date}.",
      "Please unlock {mail}.", "Ich komme nicht mehr in mein Konto.",
      "The second code is refused every time I try to enter.",
      "Can you let me back in? User name is {mail}.", "Impossible de me connecter.", NULL},
     {"my login", "the locked account", "getting in", "the password", "the access", NULL},
     false},
    {"invoice_copy",
     {"[Please send|I need] the invoice for {ord}.",
      "I lost the bill for the {item}, [send|mail] it again.",
      "Could I have the receipt of {date} as a PDF?",
      "Our accounts department wants the invoice made out to the firm.", "pdf of {ord} pls",
      "Where do I get last year's invoices?", "No invoice came with {ord}, I need one.",
      "A duplicate of the {month} bill is required for the taxes.",
      "Bitte Rechnung zu {ord} zusenden.", "Send all invoices of {month} to {mail}.",
      "Kindly issue the paper for {ord} once more.", "Il me faut la facture {ord}.", NULL},
     {"the invoice", "the PDF", "a copy of the bill", "the receipt for {ord}",
      "the paper for the taxes", NULL},
     false},
    {"address_change",
     {"I [moved|have moved]. New address: {street}, {city}.",
      "Please [change|correct] the address of my account to {street}, {city}.",
      "From {month} on we live in {city}, update that.",
      "My house number is wrong in your system, it is {street}.", "new adress {street} {city}",
      "The firm relocates to {city} in {month}; mind the postal data.",
      "How can I enter our new home, {street} in {city}?",
      "Send future parcels to {street}, {city}.", "Neue Adresse: {street}, {city}.",
      "Kindly note that we have gone to {street}.",
      "We are no longer at the old place but at {street}, {city}.",
      "J'ai déménagé à {city}, {street}.", NULL},
     {"the new address", "our move to {city}", "the change of address", "the house number",
      "{street}", NULL},
     false},
    {"warranty_claim",
     {"The {item} is [a year|14 months] old and failed: is that under warranty?",
      "I claim warranty for the {item} of order {ord}.",
      "Please replace the {item} under the guarantee.",
      "My {item} broke within the two years, what do you need for the claim?",
      "warranty case {item} {ord}", "How do I file a guarantee claim for the {item}?",
      "I want a new {item}, mine died inside the warranty period.",
      "The guarantee still runs on {ord}, so please exchange the {item}.",
      "Garantiefall: {item}, Bestellung {ord}.", "I insist on the legal warranty for the {item}.",
      "Exchange of a {item} on guarantee, bought in {month}.",
      "La garantie de mon {item}, comment la faire valoir?", NULL},
     {"the warranty", "the exchange of the {item}", "the guarantee claim", "a replacement",
      "the warranty form", NULL},
     true},
    {"feedback",
     {"[Just wanted to say|I must say] the {item} is great.",
      "The new app looks worse than the old one, pity.", "You should make the {item} in black.",
      "An idea: let the {item} talk to the sprinkler.", "{item} = best buy this year",
      "Compliments to {name}, who was very kind.",
      "The packaging of the {item} is far too much plastic.",
      "It would be lovely if {plan} had a family calendar.",
      "Lob an euer Team, der {item} ist klasse.",
      "A suggestion for the next version of the {item}: a longer cable.",
      "Your manual is the clearest I have read in years.", "Bravo pour le {item}.", NULL},
     {"my idea for the app", "my praise", "the suggestion", "the colour",
      "what I think of the {item}", NULL},
     false},
};
enum { INTENTS = sizeof intents / sizeof *intents };

/* Other matters that are out: {t} is the noun phrase. */
static const char *const out_ways[] = {
    "As for {t}, that is [settled|sorted|done].",
    "[Forget|Ignore] {t}, [your colleague|{name}] [took care of that|helped already].",
    "This is [not|no longer] about {t}.",
    "{t}: solved [yesterday|on {date}], thank you for that.",
    "I wrote earlier about {t}; please strike that.",
    "I have nothing to say on {t} for once.",
    "I know how {t} works, so do not explain that.",
    "You need not look at {t} again.",
    "No need to reopen {t}.",
    "Regarding {t} I got a good answer from {name}.",
    "I am [happy|fine] with {t} by now.",
    "And no, it is not {t} this time.",
    "The matter of {t} can be closed.",
    "{t} is off the table since {date}.",
    "Somebody mixed it up with {t}, which was never my question.",
    "(not {t})",
    "{t}: done.",
    "never mind {t}.",
    "{t} = ok now",
    "no more {t} please.",
    NULL,
};
/* Open, but to be done after the main one. {o} is a full request. */
static const char *const later_ways[] = {
    "{o} [But first|Before that]: {m}",
    "{m} Once that is done, {t} is next.",
    "{o} That can wait, though. {m}",
    "{m} And only afterwards look into {t}.",
    "{m} I will come back to you about {t} next week.",
    "Sooner or later also this: {o} What matters today: {m}",
    "{o} Not urgent. Urgent is this. {m}",
    "Two things. {o} And {m} Do the second one first.",
    "{m} When you are through, let us talk about {t}.",
    "{o} My {name2} keeps asking about it, but please start with this one. {m}",
    "First {m} Second {o}",
    "{m} Then comes {t}, in that order.",
    "{o} Leave it for later, I need you for this: {m}",
    "Do the following, and after it {t}. {m}",
    "{o} I had this on the list too, below the thing that counts: {m}",
    "now: {m} later: {t}",
    "{m} ({t} after that)",
    "{t} second. {m}",
    "{m} then {t}",
    "{t} can wait. {m}",
    NULL,
};
static const char *const no_ways[] = {
    "I do not want {t}.",
    "Please do not start {t}.",
    "It is not that I want {t}.",
    "{t} is not what I am after.",
    "I am not asking for {t}.",
    "Whoever suggested {t} got me wrong.",
    "Nobody here needs {t}.",
    "Keep me away from {t}.",
    "I never asked for {t}.",
    "We decided against {t}.",
    NULL,
};

static void intent_slots(struct gen *g, struct slots *s)
{
    int month = rnd_int(&g->r, 0, 11), from = rnd_int(&g->r, 1, plan_count - 1);
    slots_init(s);
    slot_cents(s, "amt", rnd_int(&g->r, 5, 400) * 50 - rnd_int(&g->r, 0, 1));
    slot(s, "item", "%s", any_product(g)->name);
    slot(s, "plan", "%s", plans[from].name);
    slot(s, "plan2", "%s", plans[from == 1 ? rnd_int(&g->r, 2, 4) : from - 1].name);
    slot(s, "ord", "QH-%05d", rnd_int(&g->r, 10000, 98999));
    slot(s, "month", "%s", month_names[month]);
    slot(s, "date", "%s %d", month_names[month], rnd_int(&g->r, 1, 28));
    slot(s, "street", "%s %d", any(g, streets), rnd_int(&g->r, 1, 190));
    slot(s, "city", "%s", any(g, cities));
    slot(s, "name", "%s", any(g, first_names));
    slot(s, "name2", "%s", rnd_chance(&g->r, 50) ? "sister" : "boss");
    slot(s, "mail", "%s%d@example.com", rnd_chance(&g->r, 50) ? "mailbox" : "home",
         rnd_int(&g->r, 1, 999));
}

static void topic_text(struct gen *g, const struct intent *in, struct slots *s)
{
    struct text t = {0};
    fill(g, &t, any(g, in->topic), s); /* nouns, no wording to hold out */
    slot_loose(s, "t", text_str(&t));
    text_free(&t);
}

static void add_out(struct gen *g, const struct intent *in, struct slots *s, bool front,
                    struct text *body)
{
    struct text t = {0};
    topic_text(g, in, s);
    fill(g, &t, say(g, in->wanted && rnd_chance(&g->r, 50) ? no_ways : out_ways), s);
    if (front) {
        text_char(&t, ' ');
        text_add(&t, text_str(body));
        text_clear(body);
        text_add(body, t.s);
    } else {
        text_char(body, ' ');
        text_add(body, t.s);
    }
    text_free(&t);
}

static void put_system(struct text *t)
{
    text_add(t, "Sort messages to the Quillhaven help desk. Labels: ");
    for (int i = 0; i < INTENTS; i++)
        text_addf(t, "%s%s", i ? ", " : "", intents[i].label);
    text_add(t, ". If several requests are open, take the one the customer wants handled first. "
                "Reply with one label only.");
}

void make_intent(struct gen *g, enum level level, struct item *it)
{
    item_init(it, "intent");
    int order[INTENTS];
    for (int i = 0; i < INTENTS; i++)
        order[i] = i;
    rnd_shuffle_int(&g->r, order, INTENTS);
    const struct intent *main_one = &intents[order[0]];
    struct slots s;
    struct text body = {0}, m = {0}, o = {0};
    intent_slots(g, &s);
    int f = family_pick(g, list_len(main_one->want));
    fill(g, &m, main_one->want[f], &s);
    it->family = order[0] * 12 + f;

    int later = level == LEVEL_COMPLEX || (level == LEVEL_MODERATE && rnd_chance(&g->r, 45));
    int outs = level == LEVEL_COMPLEX ? rnd_int(&g->r, 1, 2) : level == LEVEL_MODERATE && !later;
    if (later) {
        /* The other request draws its own names and numbers. */
        struct slots s2;
        intent_slots(g, &s2);
        fill(g, &o, say(g, intents[order[1]].want), &s2);
        topic_text(g, &intents[order[1]], &s);
        slot_loose(&s, "m", m.s);
        slot_loose(&s, "o", o.s);
        fill(g, &body, say(g, later_ways), &s);
    } else {
        text_add(&body, m.s);
    }
    for (int i = 0; i < outs; i++)
        add_out(g, &intents[order[2 + i]], &s, rnd_chance(&g->r, 50), &body);
    it->steps = 1 + 2 * later + 2 * outs;
    it->level = level;
    put_system(&it->system);
    text_add(&it->user, body.s);
    text_json(&it->reference, main_one->label);
    text_add(&it->grader, "{\"type\":\"equals\",\"ignore_case\":true}");
    text_free(&body);
    text_free(&m);
    text_free(&o);
}
