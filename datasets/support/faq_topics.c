/* The fact sheet of the shop: what customers ask outright. One fact answers the
 * question (one step; two where the answer must be concluded from it). */
#include "support.h"

struct topic {
    const char *fact;
    const char *options[4]; /* the right one first */
    const char *ask[6];     /* phrasing families, NULL-terminated */
    int steps;
};

static const struct topic topics[] = {
    {"Standard delivery takes 3 to 5 working days; express takes 1 working day.",
     {"3 to 5 working days", "1 working day", "7 to 10 working days", "2 weeks"},
     {"How long [does|will] [normal|standard] delivery take?",
      "[When|In how many days] [can I expect|should] a {item} [to be here|arrive] if I pick the "
      "ordinary shipping?",
      "i just paid for a {item} without express, how many days until it is [here|at my door]?",
      "Delivery time of the regular option for {city}?",
      "Wie lange dauert der normale Versand? I mean how long is the usual shipping."},
     1},
    {"Payment: cards, PayPal, bank transfer and, for companies, invoice with 30 days.",
     {"Only companies can pay by invoice", "Everybody can pay by invoice",
      "Invoice is never offered", "Invoice costs 5 dollars"},
     {"I am a private person. [Can|May] I pay [by|on] invoice?",
      "Is buying on account [possible|allowed] for [households|normal people]?",
      "want to pay the {item} after it arrives, with an invoice. not a company. ok?",
      "Who gets to pay by invoice at your shop?",
      "Your checkout does not offer me to pay later by bill at home, why is that?"},
     2},
    {"Passwords are reset under Account > Sign-in > Forgot password; the link is valid for 2 "
     "hours.",
     {"2 hours", "24 hours", "15 minutes", "7 days"},
     {"How long [is|stays] the [link|mail] for a new password [valid|good]?",
      "The reset link [says expired|does not work any more], how much time do I have to click it?",
      "got a forgot-password mail this morning, can open it only later. until when does it work?",
      "After what time does the mail for resetting my sign-in expire?",
      "J'ai perdu mon mot de passe. Within which time must I use the link you send?"},
     1},
    {"All devices have a 2 year warranty; batteries 6 months.",
     {"6 months", "2 years", "1 year", "There is none"},
     {"The battery of my {item} [died|is dead] - [how long is|what is] the warranty on batteries?",
      "For how many months do you guarantee the batteries?",
      "batteries in the {item} gone. warranty on those?",
      "Which guarantee period counts for a rechargeable battery?",
      "Does a worn out accumulator fall under some warranty, and how long would that be?"},
     1},
    {"The Quill Hub works with 2.4 GHz wifi only; cameras use 2.4 and 5 GHz.",
     {"No, it needs 2.4 GHz", "Yes, it uses both bands", "Yes, but only near the router",
      "It has no wifi at all"},
     {"My router [only sends|is set to] 5 GHz. [Will|Can] the Quill Hub connect?",
      "Does the hub [support|work on] a 5 GHz network?",
      "hub wont find my wifi, router is 5ghz. supposed to work or not?",
      "Is it a problem for the Quill Hub that we switched off the slower 2.4 band?",
      "Funktioniert der Hub im 5-GHz-Netz? My wifi has nothing else."},
     2},
    {"Support hours: chat daily 8:00 to 20:00, phone Monday to Friday 9:00 to 17:00.",
     {"Chat only", "Phone only", "Chat and phone", "Neither"},
     {"It is Saturday [noon|at 11] - which [ways|channels] to reach [you|a person] are open?",
      "On Sundays at lunch, can I [call|ring] or must I chat?",
      "phone just rings, its saturday 10am. whats open now?",
      "Who can I reach at the weekend around midday?",
      "Is there a human on the line on a Sunday afternoon, or what should I use instead?"},
     2},
    {"Recordings are stored encrypted in Finland and are deleted after the days of your plan.",
     {"In Finland", "In the United States", "In Ireland", "Only on the device"},
     {"Where [are|do you keep] my camera recordings [stored|kept]?",
      "In which country [is|are] the [server|servers] with the videos?",
      "location of stored clips?",
      "Our privacy officer wants to know the country where footage is held.",
      "I do not want my videos overseas, so which place do they actually end up in?"},
     1},
    {"Gift cards are valid for 3 years and cannot be exchanged for cash.",
     {"3 years", "1 year", "6 months", "They never expire"},
     {"How long [can I use|is] a gift card [valid|]?",
      "Found a Quillhaven gift card from [last|the other] Christmas. [When|After how long] do they "
      "expire?",
      "gift card expiry?",
      "My aunt gave me a voucher card, I might save it. How much time have I got?",
      "Until when must a present card bought today be spent?"},
     1},
    {"Address changes are possible until the parcel is handed to the carrier.",
     {"Until it is handed to the carrier", "Until it is delivered", "Within 1 hour of the order",
      "Never"},
     {"Until when can I change the [delivery|shipping] address of an order?",
      "I [typed|put] the wrong [street|house number] for my {item}. How late is too late to "
      "correct it?",
      "wrong adress on order!! until what point can u change it",
      "What is the last moment at which a parcel can be sent elsewhere?",
      "We are moving to {city}; up to which stage may the destination be altered?"},
     1},
    {"Two-step sign-in uses an authenticator app; text messages are not offered.",
     {"An authenticator app", "Text messages", "A phone call", "E-mail codes"},
     {"How does [the two-step|two factor] [sign-in|login] work with you, [what|which] do I need?",
      "Do I get [an SMS|a text] for the second step or [something else|what]?", "2fa - sms or app?",
      "Which method do you offer for the extra security code?",
      "My bank sends codes by text; what is used with your accounts?"},
     1},
    {"The Heron Camera is for indoor use; the Heron Outdoor Camera withstands rain (IP65) and -20 "
     "degrees.",
     {"Heron Outdoor Camera", "Heron Camera", "Either of them", "Neither of them"},
     {"Which [of your cameras|camera] can I [hang|put] [outside|in the rain]?",
      "I want to film the [yard|garage], it gets [wet|to -10] there. Which model?",
      "camera 4 the porch, rain and frost. which one",
      "The spot above my front gate has no roof. What model do I take?",
      "Quelle caméra pour le jardin? It freezes here in winter."},
     2},
    {"Orders over 75 dollars ship free; below that standard shipping is 6.50 dollars.",
     {"It is free", "6.50 dollars", "3.25 dollars", "12 dollars"},
     {"My [basket|order] comes to {over} dollars. What [is|does] [shipping|standard delivery] "
      "[then|cost]?",
      "What would postage be on {over} dollars worth of goods?", "cart = ${over}, shipping??",
      "If I spend {over} dollars, is there anything on top for sending it?",
      "I am buying things for ${over}; how much will you add for transport?"},
     2},
    {"Orders over 75 dollars ship free; below that standard shipping is 6.50 dollars.",
     {"6.50 dollars", "It is free", "3.25 dollars", "12 dollars"},
     {"Just one {cheap} for ${under}. What [is|does] [shipping|standard delivery] [then|cost]?",
      "What would postage be on {under} dollars worth of goods?", "cart = ${under}, shipping??",
      "If I spend {under} dollars, is there anything on top for sending it?",
      "I am buying things for ${under}; how much will you add for transport?"},
     2},
    {"A subscription can be cancelled at any time and runs to the end of the period paid for.",
     {"At the end of the period paid for", "At once", "After 3 months", "At the end of the year"},
     {"If I cancel [my plan|the subscription] today, when does it [stop|end]?",
      "[Does|Will] my {plan} plan be gone the moment I click cancel or [later|when]?",
      "cancelled {plan} just now. still works until...?",
      "At what moment do I lose the features after giving notice on {plan}?",
      "Si cancelo hoy, when exactly is my plan over?"},
     1},
    {"Invoices are sent by e-mail and can be downloaded under Account > Billing for 10 years.",
     {"Under Account > Billing", "By post on request", "In the box of the device",
      "Only from the bank"},
     {"Where [do|can] I [find|download] [old|my] invoices?",
      "I deleted the mail with the bill for the {item}. Where is [another|a copy]?",
      "need pdf bill from {month}, where",
      "For my taxes I am after last year's receipts, which page has them?",
      "Our bookkeeping lost a receipt. Which menu should I open to get it once more?"},
     1},
    {"One hub connects up to 64 devices; a second hub can join the same home.",
     {"64", "32", "128", "16"},
     {"How many [devices|sensors] can [one|a single] hub [take|handle]?",
      "What is the maximum of things on the Quill Hub?", "got like 40 sensors, limit of a hub is?",
      "We are planning a large house: upper bound of gadgets for one base station?",
      "At which number of connected parts do I need another hub?"},
     1},
    {"Opened software licences and pierced gloves of the gate kit are not taken back; everything "
     "else is, within 30 days.",
     {"30 days", "14 days", "60 days", "90 days"},
     {"How many days do I have to [return|send back] a {item}?",
      "[What|How long] is the [return|cooling-off] period?", "return window?",
      "I am not in love with the {item}. Until which day after delivery does it go back?",
      "Rückgabefrist? I might send the {item} back, how long can I wait?"},
     1},
    {"The app needs Android 10 or newer, or iOS 15 or newer.",
     {"No, Android 10 is the minimum", "Yes, from Android 8", "Yes, but without video",
      "The app is for iOS only"},
     {"My phone [is|runs] Android 9. [Will|Does] your app [run|work]?",
      "Can I use the app on an [old|older] Android 9 tablet?",
      "android 9 here, play store says incompatible, true?",
      "Is version nine of Android recent enough for what you ship?",
      "My father's telephone stopped updating at Android 9; is it of use with your system?"},
     2},
    {"Faulty deliveries must be reported within 48 hours with a photo.",
     {"Within 48 hours, with a photo", "Within 30 days, by phone", "Within 7 days, by post",
      "At any time"},
     {"The {item} [came|arrived] [broken|with a crack]. By when and how [must|do] I report that?",
      "What do I have to do if a parcel is damaged on arrival, and until when?",
      "{item} smashed in the post. deadline 2 tell u?",
      "How soon are transport damages to be notified and what has to be attached?",
      "Our {item} has a dent from the carrier; which time limit and which proof apply?"},
     1},
    {"Members of a plan see live video; only the owner can delete recordings.",
     {"Only the owner", "Every member", "Support on request", "Nobody"},
     {"Who [can|is able to] delete recordings [on|in] a shared plan?",
      "My [son|flatmate] is a member on my {plan} plan. Can he wipe clips or who can?",
      "which people may erase videos in a family plan",
      "I am just a member and the bin symbol is missing. Whose right is it to remove footage?",
      "In a shared home, deletion of a clip is reserved to whom?"},
     1},
    {"Firmware updates install by themselves between 2:00 and 4:00 at night.",
     {"Between 2:00 and 4:00 at night", "At noon", "Only by hand", "Every Sunday evening"},
     {"When do [devices|the cameras] [update|install updates]?",
      "At what time does my {item} get new firmware?",
      "my {item} blinks at 3 in the night, is it the update? when r those",
      "Is there a fixed hour at which the software of the {item} renews itself?",
      "I work night shifts; when should I not switch the {item} off because of updates?"},
     1},
    {"Student and non-profit customers get 15 percent off plans, not off devices.",
     {"15 percent, on plans only", "15 percent, on everything", "10 percent, on devices only",
      "There is no discount"},
     {"I am a student: is there a [reduction|discount], and on what?",
      "Do charities pay less with you? For which things?", "student discount??",
      "We are a registered non-profit in {city}. What rebate do we get and where does it count?",
      "Tarif étudiant? Please tell me how much and for which products."},
     1},
    {"The Robin Smoke Alarm must be replaced after 10 years; the date is on the back.",
     {"After 10 years", "After 2 years", "After 5 years", "When it beeps"},
     {"After how many years [must|should] the smoke alarm be [replaced|exchanged]?",
      "My Robin is [quite|rather] old, when is it due for replacement?",
      "robin smoke alarm lifetime", "How often does one have to buy the smoke detectors anew?",
      "The landlord asks for the exchange interval of the Robin alarms in {city}."},
     1},
    {"To move a device to another account the first owner must remove it in the app.",
     {"The first owner removes it in the app", "Support resets it on the phone",
      "Hold the button for a minute", "It is impossible"},
     {"I [bought|got] a used {item}. How [do I get|does it come] into my account?",
      "Second-hand {item} says it belongs to somebody else - what has to happen?",
      "used {item} off the flea market, locked 2 old account. fix?",
      "My predecessor left the {item} in the flat; in which way is it transferred to me?",
      "How do we hand our {item} over to the people who buy the house?"},
     1},
};
enum { TOPICS = sizeof topics / sizeof *topics };

void faq_topic(struct gen *g, enum level level, struct item *it)
{
    int k = rnd_int(&g->r, 0, TOPICS - 1);
    const struct topic *t = &topics[k];
    struct slots s;
    struct text facts = {0}, question = {0};
    slots_init(&s);
    int cheap = rnd_int(&g->r, 12, 74);
    slot(&s, "item", "%s", any_product(g)->name);
    slot(&s, "cheap", "%s", rnd_chance(&g->r, 50) ? "Perch Wall Mount" : "Swift Smart Plug");
    slot(&s, "city", "%s", any(g, cities));
    slot(&s, "plan", "%s", plans[rnd_int(&g->r, 1, plan_count - 1)].name);
    slot(&s, "month", "%s", month_names[rnd_int(&g->r, 0, 11)]);
    slot(&s, "under", "%d.%02d", cheap, rnd_int(&g->r, 0, 19) * 5);
    slot(&s, "over", "%d.%02d", cheap * 4 + 30, rnd_int(&g->r, 0, 19) * 5);

    /* The fact among three others, at a random place. */
    int at = rnd_int(&g->r, 0, 3);
    for (int i = 0; i < 4; i++) {
        int other = (k + 3 + rnd_int(&g->r, 0, 5) + 6 * (i % 3)) % TOPICS;
        if (topics[other].fact == t->fact || other == k)
            other = (k + 2) % TOPICS;
        text_add(&facts, "- ");
        text_add(&facts, i == at ? t->fact : topics[other].fact);
        text_char(&facts, '\n');
    }
    int n = list_len(t->ask), f = family_pick(g, n);
    fill(g, &question, t->ask[f], &s);
    faq_options(g, it, text_str(&facts), text_str(&question), t->options, 4);
    it->family = k * 5 + f;
    it->steps = t->steps;
    it->level = level;
    text_free(&facts);
    text_free(&question);
}
