/* How customers write: openings, closings, talk beside the point, habits and
 * typing errors. Nothing here depends on the task or on the difficulty, so none
 * of it tells them apart. */
#include "support.h"

#include <ctype.h>
#include <string.h>

static const char *const openings[] = {
    "[Hi|Hello|Hey] there,",
    "Hello Quillhaven [team|support|people],",
    "Good [morning|afternoon|evening].",
    "Hi [all|everyone|folks],",
    "Dear [Sir or Madam|customer service|support team],",
    "[Hey|Hiya|Heya]!",
    "Hi, {first} here.",
    "This is {first} {last}.",
    "[Right|OK|Okay|So],",
    "Not sure [who to ask|if this is the right place], but",
    "Greetings from {city}.",
    "[Hope you are well|I hope this finds you well].",
    "Me again.",
    "[Sorry to bother you|Apologies for the bother]!",
    "[Writing|Getting in touch] on behalf of my [mother|father|neighbour|office].",
    "Could someone [please help|help me out|have a look]?",
    "Third time [I am asking|writing] this.",
    "Evening, [long time customer|happy customer so far] here.",
    "[Hullo|Howdy],",
    "To whom it may concern:",
    "[Yo|Oi],",
    "First message to you lot, be gentle.",
    "Question from a [new|fairly new] customer:",
    "[Thanks in advance for reading|Thank you for taking the time].",
    "Still me, {first}.",
    "[Ticket|Case] follow-up:",
    "I could not find this [on the site|in the app|anywhere].",
    "Picking this up from [yesterday|last week].",
    "[Team|Folks|People],",
    "Attention [support|service desk]:",
    NULL,
};
static const char *const closings[] = {
    "[Thanks|Thank you|Many thanks]!",
    "Cheers, {first}",
    "[Best|Kind|Warm] regards\n{first} {last}",
    "[Ta|Thx] {first}",
    "[Looking forward to your reply|Awaiting your answer].",
    "Please [hurry|be quick], I am [at work|on the train].",
    "[Appreciate it|Much appreciated].",
    "Sent from my phone",
    "- {first}",
    "[Yours|Sincerely],\n{first} {last}, {city}",
    "[No rush|Whenever you have a minute].",
    "I would [really like|love] an answer today.",
    "[Thanks a bunch|Thanks so much] :)",
    "Have a [nice|good|lovely] [day|weekend|evening].",
    "And please no copy-paste answer this time.",
    "[Let me know|Tell me|Get back to me].",
    "{first} {last}",
    "[That is all|That's it] from me.",
    "Greatly obliged, {first}",
    "I am [getting tired of|done with] waiting for answers!!",
    "Hope that makes sense.",
    "Keep up the good work.",
    "Bye for now",
    "Over to you.",
    "[Thank you kindly|With thanks], {last}",
    NULL,
};
static const char *const asides[] = {
    "[We moved to|I live near] {city} [last year|in autumn|recently] and are still [unpacking "
    "boxes|settling in].",
    "My [partner|flatmate|brother] [set all this up|does the tech here] and is [away|travelling] "
    "[this week|until Sunday], so bear with me.",
    "I [have been|was] on hold for [ten|twenty|forty] minutes [yesterday|this morning] and gave "
    "up.",
    "The [box|parcel|packaging] looked lovely, by the way, and the [cat|dog|toddler] has claimed "
    "it.",
    "Your [website|app] keeps [logging me out|spinning] [while I look for this|when I try], which "
    "is why I write.",
    "I [read|looked at] the [help pages|manual] but they [lost me|are not written for people like "
    "me].",
    "A [colleague|friend] from {city} recommended you [ages ago|last spring] and [so far so good|I "
    "have been content].",
    "We [run|have] a small [bakery|guest house|dental practice] in {city}, so mornings are "
    "[busy|hectic].",
    "It is [raining sideways|snowing|boiling] here and I would [rather|much rather] be doing "
    "something else.",
    "My [old|previous] system was from another [brand|maker] and [never worked|always beeped at "
    "night].",
    "I am [not very technical|no expert|seventy-four years old], so plain words please.",
    "Our [wifi|internet] was [down|patchy] all [week|weekend], thankfully [back|fixed] now.",
    "[Bear with me|Forgive the long mail], I am [typing with one hand|holding a baby].",
    "The [chat robot|assistant in the app] only told me to [restart|read the terms], which [helps "
    "nobody|was no use].",
    "My [daughter|son] says I [should just ask|worry too much], so here I am.",
    "We [have a birthday tomorrow|had a birthday yesterday] and the house is [full|upside down].",
    "I [love|like] the [colours|look of the new app], that [must|has to] be said.",
    "[Somebody|A person called {first2}] at your shop was [very kind|friendly] [on the phone|last "
    "time].",
    "The neighbours [have|use] the same [kit|set-up] and [swear by it|are happy with it].",
    "I nearly [went to|bought from] the [competition|DIY store down the road], but never mind "
    "that.",
    "Let me [explain|start at the beginning]. We [renovated|rebuilt] the [attic|ground floor] all "
    "through {month}, there was dust in [every drawer|the butter], "
    "and of all things your [kit|gadgets] came through it best. The [plumber|painter] even asked "
    "where we had them from.",
    "[It has been one of those weeks|What a week]: the car, the [boiler|washing machine], then the "
    "[vet|school]. "
    "So if I sound [short|cross], it is not [meant for you|your fault].",
    "I used to [work|be] in customer service myself, [thirty|twenty] years of it, and I know that "
    "[nobody reads|people skim] these messages. "
    "[Do me the favour|Be the exception] and read this one.",
    "[We are|Being] a family of {n}, with {n2} [hens|cats] and a [grandmother|lodger], and "
    "everyone has an opinion on [your things|what you sell]. "
    "Mine is the one that [pays|counts], or so I like to believe.",
    "For context: I have been with you since {month} {year}, [never missed a payment|through two "
    "moves], and I [recommend|praise] you at [dinner parties|work]. "
    "It would be nice to be treated accordingly.",
    "[Yesterday|On {day}] I [had|spent] {n2} minutes with your [voice menu|robot], pressing {n} "
    "and then {n2}, and was thrown out. "
    "After that I made [tea|a sandwich] and decided to [type|write].",
    "The [postman|courier] and I are on first-name terms by now; he is called {first2} and has a "
    "[bad knee|new van]. "
    "That is how often I [order|buy] from you.",
    "I [typed|wrote] this once already, in {n} paragraphs, and the [page|app] ate it. Here is the "
    "second edition.",
    "Our [club|street|choir] bought {n2} of your things together in {month}, I keep the "
    "[list|books], and I lost a [bet|coin toss], hence this message.",
    "You may [remember|recall] me as the one with the {n2} [window boxes|light bulbs], from "
    "{city}. If not, [no harm done|never mind].",
    NULL,
};
/* Later turns of a conversation. */
static const char *const follow_ups[] = {
    "[One more thing|Another thing]:",
    "[And|Also], since you are [there|at it]:",
    "[Thanks|Okay, thanks] for the [quick answer|reply].",
    "[Next|Second] question.",
    "Sorry, I [forgot|left out] something.",
    "[While I have you|As we are talking]:",
    "Same [account|customer], [other|different] matter.",
    "[Got it|Understood].",
    "Hmm, okay.",
    "[Great|Perfect], now this:",
    "That was not [all|the end of it].",
    "[Back|Here] again, {first}.",
    "Right, [moving on|next on my list].",
    "You helped me [so well|nicely], so here is more.",
    "[P.S.|PS]",
    NULL,
};
static const char *const foreign_open[3][10] = {
    {"Guten Tag,", "Hallo zusammen,", "Moin!", "Sehr geehrte Damen und Herren,", "Servus,",
     "Entschuldigung für mein Englisch.", "Hallo liebes Team,", "Grüß Gott,", "Tach auch,", NULL},
    {"Hola,", "Buenos días,", "Buenas tardes,", "Estimados señores,", "Muy buenas,",
     "Perdón por mi inglés.", "Hola a todos,", "Qué tal,", "Saludos desde España.", NULL},
    {"Bonjour,", "Bonsoir,", "Salut,", "Madame, Monsieur,", "Bonjour à tous,",
     "Excusez mon anglais.", "Coucou,", "Bien le bonjour,", "Allô ?", NULL},
};
static const char *const foreign_close[3][8] = {
    {"Vielen Dank!", "Mit freundlichen Grüßen", "Danke im Voraus", "Liebe Grüße", "Bis bald",
     "Schönen Tag noch", "Herzlichen Dank und Gruß", NULL},
    {"¡Gracias!", "Un saludo", "Muchas gracias de antemano", "Atentamente", "Hasta pronto",
     "Que tengan buen día", "Mil gracias", NULL},
    {"Merci !", "Cordialement", "Merci d'avance", "Bien à vous", "À bientôt", "Bonne journée",
     "Mille mercis", NULL},
};

void persona_draw(struct rnd *r, struct persona *p)
{
    memset(p, 0, sizeof *p);
    const char *f = first_names[rnd_int(r, 0, list_len(first_names) - 1)];
    const char *l = last_names[rnd_int(r, 0, list_len(last_names) - 1)];
    memcpy(p->first, f, strlen(f) + 1);
    memcpy(p->last, l, strlen(l) + 1);
    static const int typo[5] = {0, 4, 12, 35, 80}, weight[5] = {35, 25, 20, 14, 6};
    p->typo_permille = typo[rnd_weighted(r, weight, 5)];
    p->greet_percent = rnd_int(r, 10, 85);
    p->aside_percent = rnd_chance(r, 35) ? 5 : rnd_int(r, 15, 65);
    p->foreign = rnd_chance(r, 16) ? rnd_int(r, 1, 3) : 0;
    p->lower = rnd_chance(r, 14);
    p->shorthand = rnd_chance(r, 12);
    p->plain_marks = rnd_chance(r, 18);
}

static void frill(struct gen *g, struct text *out, const char *tmpl)
{
    struct slots s;
    slots_init(&s);
    slot(&s, "first", "%s", g->who->first);
    slot(&s, "last", "%s", g->who->last);
    slot(&s, "first2", "%s", any(g, first_names));
    slot(&s, "city", "%s", any(g, cities));
    slot(&s, "month", "%s", month_names[rnd_int(&g->r, 0, 11)]);
    slot(&s, "day", "%s", weekday_names[rnd_int(&g->r, 0, 6)]);
    slot(&s, "year", "%d", rnd_int(&g->r, 2019, 2024));
    slot(&s, "n", "%d", rnd_int(&g->r, 3, 7));
    slot(&s, "n2", "%d", rnd_int(&g->r, 8, 40));
    fill(g, out, tmpl, &s);
}

static const char *another_aside(struct gen *g, const char *const *told, int n)
{
    const char *a = say(g, asides);
    for (int i = 0; i < n; i++)
        if (told[i] == a)
            return another_aside(g, told, n);
    return a;
}

static void compose(struct gen *g, const struct item *it, struct text *out)
{
    const struct persona *p = g->who;
    int aside_percent = it->brief ? 0 : p->aside_percent;
    const char *gap = rnd_chance(&g->r, 25) ? "\n" : " ";
    if (g->turn > 0) {
        if (rnd_chance(&g->r, 55)) {
            frill(g, out, say(g, follow_ups));
            text_add(out, gap);
        }
    } else if (rnd_chance(&g->r, p->greet_percent)) {
        if (p->foreign && rnd_chance(&g->r, 60))
            text_add(out, say(g, foreign_open[p->foreign - 1]));
        else
            frill(g, out, say(g, openings));
        text_add(out, gap);
    }
    const char *told[3] = {NULL};
    int n = 0;
    while (n < 2 && rnd_chance(&g->r, aside_percent)) {
        told[n] = another_aside(g, told, n);
        frill(g, out, told[n++]);
        text_char(out, ' ');
    }
    text_add(out, text_str(&it->user));
    if (rnd_chance(&g->r, aside_percent / 2)) {
        text_char(out, ' ');
        frill(g, out, another_aside(g, told, n));
    }
    if (rnd_chance(&g->r, p->greet_percent * 2 / 3)) {
        text_add(out, gap);
        if (p->foreign && rnd_chance(&g->r, 60))
            text_add(out, say(g, foreign_close[p->foreign - 1]));
        else
            frill(g, out, say(g, closings));
    }
}

/* Swap, drop, double or replace one inner letter of a word of n >= 4 letters. */
static void mistype(struct gen *g, struct text *out, const char *w, size_t n)
{
    size_t at = (size_t)rnd_int(&g->r, 1, (int)n - 2);
    int how = rnd_int(&g->r, 0, 3);
    text_add_n(out, w, at);
    if (how == 0) {
        text_char(out, w[at + 1]);
        text_char(out, w[at]);
        text_add_n(out, w + at + 2, n - at - 2);
    } else if (how == 1) {
        text_add_n(out, w + at + 1, n - at - 1);
    } else if (how == 2) {
        text_char(out, w[at]);
        text_add_n(out, w + at, n - at);
    } else {
        static const char rows[] = "qwertyuiopasdfghjklzxcvbnm";
        const char *k = strchr(rows, w[at]);
        text_char(out, k && k[1] ? k[1] : 'a');
        text_add_n(out, w + at + 1, n - at - 1);
    }
}

static const char *shorthand(const char *w, size_t n)
{
    static const char *const map[][2] = {
        {"you", "u"},       {"please", "pls"},    {"thanks", "thx"},  {"are", "r"},
        {"because", "cuz"}, {"your", "ur"},       {"with", "w/"},     {"people", "ppl"},
        {"without", "w/o"}, {"tomorrow", "tmrw"}, {"message", "msg"}, {"before", "b4"},
    };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (strlen(map[i][0]) == n && memcmp(map[i][0], w, n) == 0)
            return map[i][1];
    return NULL;
}

static bool small_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < 'a' || s[i] > 'z')
            return false;
    return true;
}

/* One run of letters outside of kept text. */
static void write_word(struct gen *g, struct text *out, const char *w, size_t n)
{
    const struct persona *p = g->who;
    if (small_word(w, n)) {
        const char *brief = p->shorthand ? shorthand(w, n) : NULL;
        if (brief) {
            text_add(out, brief);
            return;
        }
        if (n >= 4 && rnd_int(&g->r, 0, 999) < p->typo_permille) {
            mistype(g, out, w, n);
            return;
        }
    }
    for (size_t i = 0; i < n; i++)
        text_char(out, p->lower ? (char)tolower((unsigned char)w[i]) : w[i]);
}

static void write_loose(struct gen *g, struct text *out, const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        size_t j = i;
        while (j < n && isalpha((unsigned char)s[j]) && (unsigned char)s[j] < 128)
            j++;
        if (j > i) {
            write_word(g, out, s + i, j - i);
            i = j;
        } else {
            if (!(g->who->plain_marks && s[i] == '\''))
                text_char(out, s[i]);
            i++;
        }
    }
}

static void strip_marks(const char *s, struct text *out)
{
    for (; *s; s++)
        if (*s != KEEP_BEGIN && *s != KEEP_END)
            text_char(out, *s);
}

/* Where a template's part was empty: one space for several, none at the ends. */
static void single_spaces(const char *s, struct text *out)
{
    for (; *s; s++) {
        bool more = s[strspn(s, " ")] != '\0';
        if (*s != ' ' || (more && out->len > 0 && s[1] != ' '))
            text_char(out, *s);
    }
}

void voice_apply(struct gen *g, struct item *it)
{
    struct text whole = {0}, out = {0};
    if (it->plain) {
        strip_marks(text_str(&it->user), &out);
    } else {
        compose(g, it, &whole);
        const char *p = text_str(&whole);
        while (*p) {
            size_t n = strcspn(p, "\001");
            write_loose(g, &out, p, n);
            p += n;
            n = strcspn(p, "\002");
            struct text kept = {0};
            text_add_n(&kept, p, n);
            strip_marks(text_str(&kept), &out);
            text_free(&kept);
            p += n + (p[n] != '\0');
        }
        if (g->who->plain_marks && out.len && out.s[out.len - 1] == '.')
            out.s[--out.len] = '\0';
    }
    text_free(&whole);
    text_free(&it->user);
    it->user = (struct text){0};
    single_spaces(text_str(&out), &it->user);
    text_free(&out);

    struct text system = {0};
    strip_marks(text_str(&it->system), &system);
    text_free(&it->system);
    it->system = system;
}
