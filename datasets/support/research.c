/* Research: a request of the purchasing desk in four stages. Each stage's prompt
 * holds the reference output of the stage before, so each can be graded alone.
 * The question is the cost of one product, or of two against each other, over
 * some years, to be put together from notes. A step is a note that is used or an
 * operation on an amount. */
#include "support.h"

#include <stdio.h>
#include <string.h>

static const char *const ask_one[] = {
    "What does the {a} cost [all in|in total] over {y} years, {parts}?",
    "Please find out the full cost of one {a} for {y} years of use ({parts}).",
    "total {a}, {y} yrs, {parts}",
    "I need the {y}-year cost of a {a} for a bid. It should cover {parts}.",
    "How much money does a {a} take in {y} years if we count {parts}?",
    "Look into the {a}: {y} years, {parts}. What sum?",
    "A landlord wants to know what a {a} comes to within {y} years, {parts} included.",
    "Compile the cost of owning a {a}, {y} years, made up of {parts}.",
    "Give me a figure for the {a}: {parts}, and that for {y} years.",
    "Was kostet ein {a} in {y} Jahren? Count {parts}.",
    "We budget for {y} years. What must be set aside for a {a}, meaning {parts}?",
    "For the tender: the {a} over a life of {y} years with {parts}.",
    NULL,
};
static const char *const ask_two[] = {
    "Which is cheaper over {y} years, the {a} or the {b}, and by how much? Count {parts}.",
    "Compare the {a} and the {b} for {y} years ({parts}): which costs less and what is the gap?",
    "{a} vs {b}, {y} yrs, {parts}: cheaper one + difference",
    "We hesitate between {a} and {b}. Over {y} years, {parts}, who wins and what do we save?",
    "Find out which of {a} and {b} takes less money in {y} years, with {parts}, and the "
    "difference.",
    "The board asks: {a} or {b}? {y} years, {parts}. Name the less expensive and the saving.",
    "Taking {parts} for {y} years, is the {a} or the {b} the better deal and how big is the "
    "advantage?",
    "A customer will buy either a {a} or a {b} and keep it {y} years. Looking at {parts}, advise "
    "which and how much that spares.",
    "Of {a} and {b}, the one with the smaller bill after {y} years please, plus the margin. "
    "Included: {parts}.",
    "{y} Jahre, {a} oder {b}: was ist billiger und um wie viel? Count {parts}.",
    "Put {a} against {b}. Horizon {y} years; cost means {parts}. Winner and distance?",
    "In {y} years, would the {a} or rather the {b} have cost less ({parts}), and what lies between "
    "them?",
    NULL,
};
static const char *const price_notes[] = {
    "The {x} sells for ${p}.",       "List price of the {x}: ${p}.",
    "Our shop asks ${p} for a {x}.", "{x}, current price {p} dollars.",
    "A {x} is ${p} at the till.",    "Since January the {x} is priced at ${p}.",
    "You pay ${p} for the {x}.",     NULL,
};
static const char *const battery_notes[] = {
    "A {x} uses {n} batteries a year at ${c} each.",
    "Batteries of the {x}: {n} per year, ${c} apiece.",
    "Each year {n} cells at ${c} go into the {x}.",
    "The {x} wants {n} new batteries every year; one is ${c}.",
    "Per year, {n} batteries (${c} each) are needed in the {x}.",
    "Expect {n} battery changes a year with the {x}, ${c} a time.",
    "The {x} empties {n} batteries a year, which are ${c} each.",
    NULL,
};
static const char *const service_notes[] = {
    "The alarm service for the {x} is ${m} a month.",
    "Service of the {x} costs ${m} monthly.",
    "Per month ${m} are due for the service of the {x}.",
    "{x} service: {m} dollars/month.",
    "Whoever has a {x} pays ${m} per month for its service.",
    "Monthly service fee of the {x}: ${m}.",
    "For its service the {x} takes ${m} each month.",
    NULL,
};
static const char *const noise_notes[] = {
    "The {x} comes in white and slate.",
    "Until 2024 the {x} had been ${o}.",
    "Testers gave the {x} {r} of 10.",
    "The {x} weighs {w} grams.",
    "A {x} is set up in about {w2} minutes.",
    "Rivals sell something like the {x} for ${o}.",
    "Returns of the {x} fell by {r} percent.",
    "The {x} was designed in {city}.",
    "The cable of the {x} is {r} metres long.",
    "In {city} the {x} hangs in {w2} flats.",
    NULL,
};
static const char *const retrieve_frames[] = {
    "Request: {q}\nNotes:\n{notes}",
    "{notes}\nWhich of these notes are needed for this? {q}",
    "A colleague asks: {q}\nThe folder holds:\n{notes}",
    "Question\n{q}\n\nMaterial\n{notes}",
    "Pick what matters for \"{q}\" from:\n{notes}",
    "{q}\n---\n{notes}",
    "Task: {q} Sources below.\n{notes}",
    NULL,
};
static const char *const synth_frames[] = {
    "{q}\nChosen: {r}\n{used}",
    "Selected notes {r}:\n{used}\nNow answer: {q}",
    "From {r} we have\n{used}\n{q}",
    "Question: {q}\nEvidence {r}\n{used}",
    "Work this out: {q}\nUse only {r}:\n{used}",
    "{r}\n{used}\n---\n{q}",
    "Given these notes {r},\n{used}\nwhat is the answer? {q}",
    NULL,
};
static const char *const check_frames[] = {
    "Draft: {r}\nNotes:\n{used}\nStatement: {claim}",
    "{claim}\nIs that backed by the draft \"{r}\" and these notes?\n{used}",
    "We drafted \"{r}\" from\n{used}\nSomeone adds: {claim}",
    "Notes\n{used}\nAnswer so far: {r}\nTo be checked: {claim}",
    "Check \"{claim}\" against\n{used}\nand the result {r}.",
    "{used}\n---\n{r}\n---\n{claim}",
    "Result: {r}. Sources:\n{used}\nWhat about this sentence: {claim}",
    NULL,
};
static const char *const format_frames[] = {
    "{q}\nAnswer: {r}\nCheck: {verdict}",
    "Record this. Question: {q} Result: {r}. The check said {verdict}.",
    "Result {r}, statement {verdict}. It was asked: {q}",
    "For the file: {q}\n{r}\n{verdict}",
    "{r} ({verdict})\nasked was: {q}",
    "The check came out as {verdict}. Draft: {r}. Request: {q}",
    "Please store: {r}; checked: {verdict}; from the request: {q}",
    NULL,
};

enum { NOTES_MAX = 10 };

struct cost {
    const struct product *p;
    int batteries, battery_cents, service_cents;
    int64_t total;
};

struct study {
    struct text note[NOTES_MAX];
    bool used[NOTES_MAX];
    int n, uses, steps, years;
    bool service;
    struct cost cost[2];
    int n_cost;
};

static void put_note(struct gen *g, struct study *st, const char *const *ways, struct slots *s,
                     bool used)
{
    fill(g, &st->note[st->n], say(g, ways), s);
    st->used[st->n++] = used;
    st->uses += used;
}

static void put_cost(struct gen *g, struct study *st, struct cost *c)
{
    struct slots s;
    slots_init(&s);
    c->batteries = rnd_int(&g->r, 2, 8);
    c->battery_cents = rnd_int(&g->r, 15, 120) * 5;
    c->service_cents = rnd_int(&g->r, 20, 150) * 5;
    c->total = c->p->price + (int64_t)c->batteries * c->battery_cents * st->years;
    if (st->service)
        c->total += (int64_t)c->service_cents * 12 * st->years;
    slot(&s, "x", "%s", c->p->name);
    slot(&s, "n", "%d", c->batteries);
    slot_cents(&s, "p", c->p->price);
    slot_cents(&s, "c", c->battery_cents);
    slot_cents(&s, "m", c->service_cents);
    put_note(g, st, price_notes, &s, true);
    put_note(g, st, battery_notes, &s, true);
    if (st->service || rnd_chance(&g->r, 50))
        put_note(g, st, service_notes, &s, st->service);
    /* The note of the price, two products of batteries, then of the service. */
    st->steps += 3 + 2 * st->service;
}

/* A note that nobody needs, none of a kind twice (*taken: one bit each). */
static void put_noise(struct gen *g, struct study *st, unsigned *taken)
{
    int k = family_pick(g, list_len(noise_notes));
    if (*taken & 1u << k)
        return;
    *taken |= 1u << k;
    struct slots s;
    slots_init(&s);
    slot(&s, "x", "%s", st->cost[rnd_int(&g->r, 0, st->n_cost - 1)].p->name);
    slot_cents(&s, "o", rnd_int(&g->r, 20, 300) * 100 - 5);
    slot(&s, "r", "%d", rnd_int(&g->r, 2, 9));
    slot(&s, "w", "%d", rnd_int(&g->r, 8, 90) * 10);
    slot(&s, "w2", "%d", rnd_int(&g->r, 5, 60));
    slot(&s, "city", "%s", any(g, cities));
    fill(g, &st->note[st->n++], noise_notes[k], &s);
}

static void draw_study(struct gen *g, enum level level, struct study *st)
{
    const struct product *p[2];
    *st = (struct study){.years = rnd_int(&g->r, 2, 7)};
    st->n_cost = level == LEVEL_COMPLEX && rnd_chance(&g->r, 75) ? 2 : 1;
    st->service = level == LEVEL_COMPLEX && (st->n_cost == 1 || rnd_chance(&g->r, 40));
    some_products(g, p, 2);
    for (int i = 0; i < st->n_cost; i++) {
        st->cost[i].p = p[i];
        put_cost(g, st, &st->cost[i]);
    }
    if (st->n_cost == 2)
        st->steps += 2; /* compare and subtract */
    unsigned taken = 0;
    for (int i = 0; i < 6 && st->n < NOTES_MAX; i++)
        put_noise(g, st, &taken);
    for (int i = st->n - 1; i > 0; i--) {
        int j = rnd_int(&g->r, 0, i);
        struct text t = st->note[i];
        bool u = st->used[i];
        st->note[i] = st->note[j];
        st->used[i] = st->used[j];
        st->note[j] = t;
        st->used[j] = u;
    }
}

static void study_slots(const struct study *st, struct slots *s, struct text *chosen)
{
    struct text all = {0}, used = {0};
    text_add(chosen, "{\"notes\":[");
    for (int i = 0, k = 0; i < st->n; i++) {
        text_addf(&all, "%sN%d: %s", i ? "\n" : "", i + 1, st->note[i].s);
        if (!st->used[i])
            continue;
        text_addf(&used, "%sN%d: %s", k ? "\n" : "", i + 1, st->note[i].s);
        text_addf(chosen, "%s\"N%d\"", k++ ? "," : "", i + 1);
    }
    text_add(chosen, "]}");
    slot_loose(s, "notes", all.s);
    slot_loose(s, "used", used.s);
    text_free(&all);
    text_free(&used);
}

static void stage(struct item *it, const char *name, int family, int steps)
{
    item_init(it, "research");
    it->stage = name;
    it->plain = true;
    it->family = family;
    it->steps = steps;
    it->level = level_of_steps(steps);
}

static void put_claim(struct gen *g, const struct study *st, struct slots *s, const char **verdict)
{
    static const char *const verdicts[3] = {"supported", "contradicted", "unknown"};
    const struct cost *c = &st->cost[rnd_int(&g->r, 0, st->n_cost - 1)];
    int k = rnd_int(&g->r, 0, 2);
    int yearly = c->batteries * c->battery_cents;
    if (k == 1)
        yearly += rnd_int(&g->r, 1, 40) * 5;
    if (k == 2)
        slot(s, "claim", "The %s has sold better than the year before.", c->p->name);
    else
        slot(s, "claim", "Batteries of the %s come to $%d.%02d a year.", c->p->name, yearly / 100,
             yearly % 100);
    *verdict = verdicts[k];
}

static void answer_of(const struct study *st, struct text *answer, struct text *reference, int *win)
{
    int64_t a = st->cost[0].total, b = st->cost[1].total;
    *win = st->n_cost == 2 && b < a;
    int64_t figure = st->n_cost == 1 ? a : a < b ? b - a : a - b;
    text_add(reference, "[");
    if (st->n_cost == 2) {
        text_addf(answer, "%s, ", st->cost[*win].p->name);
        text_json(reference, st->cost[*win].p->name);
        text_char(reference, ',');
    }
    text_cents(answer, figure);
    text_char(reference, '"');
    text_cents(reference, figure);
    text_add(reference, "\"]");
}

static void make_stages(struct gen *g, struct study *st, struct slots *s, struct item it[5])
{
    struct text chosen = {0}, answer = {0}, reference = {0};
    const char *verdict;
    int win;
    study_slots(st, s, &chosen);
    answer_of(st, &answer, &reference, &win);
    put_claim(g, st, s, &verdict);

    stage(&it[1], "retrieve", 20 + family_pick(g, 7), st->uses);
    text_add(&it[1].system, "Choose the notes that the request needs, and no others. Reply with "
                            "JSON only: {\"notes\":[\"N1\",...]} in rising order.");
    fill(g, &it[1].user, retrieve_frames[it[1].family - 20], s);
    text_add(&it[1].reference, chosen.s);
    text_add(&it[1].grader,
             "{\"type\":\"is-json\",\"schema\":{\"type\":\"object\",\"properties\":{\"notes\":{"
             "\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"required\":[\"notes\"]}}");

    slot_loose(s, "r", chosen.s);
    stage(&it[2], "synthesise", 30 + family_pick(g, 7), st->steps);
    text_add(&it[2].system,
             st->n_cost == 2
                 ? "Answer from the notes alone. Name the cheaper product and the difference in "
                   "dollars with cents and no thousands comma, e.g. 1234.50."
                 : "Answer from the notes alone. Give the amount in dollars with cents and no "
                   "thousands comma, e.g. 1234.50.");
    fill(g, &it[2].user, synth_frames[it[2].family - 30], s);
    text_add(&it[2].reference, reference.s);
    text_add(&it[2].grader, "{\"type\":\"icontains\"}");

    slot_loose(s, "r", answer.s);
    stage(&it[3], "check", 40 + family_pick(g, 7), strcmp(verdict, "unknown") == 0 ? 2 : 3);
    text_add(&it[3].system, "Is the statement supported or contradicted by the notes, or unknown? "
                            "Reply with one word: supported, contradicted or unknown.");
    fill(g, &it[3].user, check_frames[it[3].family - 40], s);
    text_json(&it[3].reference, verdict);
    text_add(&it[3].grader, "{\"type\":\"equals\",\"ignore_case\":true}");

    slot(s, "verdict", "%s", verdict);
    stage(&it[4], "format", 50 + family_pick(g, 7), 1);
    text_add(&it[4].system, "Reply with JSON only: {\"product\":the product the answer is "
                            "about,\"amount\":number,\"years\":integer,\"check\":the verdict}.");
    fill(g, &it[4].user, format_frames[it[4].family - 50], s);
    const char *figure = strrchr(answer.s, ' ') ? strrchr(answer.s, ' ') + 1 : answer.s;
    text_add(&it[4].reference, "{\"product\":");
    text_json(&it[4].reference, st->cost[win].p->name);
    text_addf(&it[4].reference, ",\"amount\":%s,\"years\":%d,\"check\":\"%s\"}", figure, st->years,
              verdict);
    text_add(&it[4].grader, "{\"type\":\"is-json\",\"schema\":{\"type\":\"object\",\"properties\":{"
                            "\"product\":{\"type\":\"string\"},\"amount\":{\"type\":\"number\"},"
                            "\"years\":{\"type\":\"integer\"},\"check\":{\"enum\":[\"supported\","
                            "\"contradicted\",\"unknown\"]}},"
                            "\"required\":[\"product\",\"amount\",\"years\",\"check\"],"
                            "\"additionalProperties\":false}}");
    text_add(&it[0].reference, it[4].reference.s);
    text_free(&chosen);
    text_free(&answer);
    text_free(&reference);
}

void make_research(struct gen *g, enum level level, struct item it[5])
{
    struct study st;
    struct slots s;
    draw_study(g, level, &st);
    slots_init(&s);
    slot(&s, "a", "%s", st.cost[0].p->name);
    if (st.n_cost == 2)
        slot(&s, "b", "%s", st.cost[1].p->name);
    slot(&s, "y", "%d", st.years);
    slot_loose(&s, "parts",
               st.service ? "purchase, batteries and service" : "purchase and batteries");

    item_init(&it[0], "research");
    const char *const *ask = st.n_cost == 2 ? ask_two : ask_one;
    int f = family_pick(g, list_len(ask));
    it[0].family = f + (st.n_cost - 1) * 100;
    it[0].level = level;
    it[0].steps = st.steps;
    struct text q = {0};
    fill(g, &q, ask[f], &s);
    text_add(&it[0].user, q.s);
    text_add(&it[0].system, "Research desk of Quillhaven: answer from the notes of the folder.");
    slot_loose(&s, "q", q.s);
    make_stages(g, &st, &s, it);
    text_free(&q);
    for (int i = 0; i < st.n; i++)
        text_free(&st.note[i]);
}
