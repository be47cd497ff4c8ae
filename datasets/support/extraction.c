/* Extraction: JSON under a schema from a message. Steps: one for every three
 * fields that are copied as they stand, one for each that must be converted
 * (number words, dates, amounts, times), inferred, corrected or told from a rival. */
#include "extraction.h"

static const char *const frames[] = {
    "I [want|need] to report a problem. {facts}",
    "{facts} [Can|Could] you open a ticket for [that|this]?",
    "[Please note|For your files]: {facts}",
    "{facts} What happens next?",
    "return stuff. {facts}",
    "As told on the phone, here [are|come] the details. {facts}",
    "{facts} Do you need anything else from me?",
    "The form on your site is broken, so by mail: {facts}",
    "Something is not right with what I got. {facts}",
    "{facts} I trust you can take it from here.",
    "[Hier die Angaben|Aquí los datos|Voici les détails]: {facts}",
    "It took me a while to collect all this. {facts}",
    "{facts} ok?",
    "Following your request for particulars: {facts}",
    "{facts} That is everything I could find on the label and the bill.",
    "My case in a few words. {facts}",
    "Answering the mail from your colleague {name2}. {facts}",
    "{facts} Please put it into the system, thank you.",
    "so this is what i have: {facts}",
    "Filling in for {name2} who is on leave. {facts}",
    NULL,
};

static void draw_sheet(struct gen *g, enum level level, struct sheet *sh)
{
    int fields[F_COUNT], n = 0,
                         extra = level == LEVEL_SIMPLE     ? rnd_int(&g->r, 0, 1)
                                 : level == LEVEL_MODERATE ? rnd_int(&g->r, 2, 3)
                                                           : rnd_int(&g->r, 3, 5);
    int copy[6] = {F_ORDER, F_PRODUCT, F_MAIL, F_NAME, F_CITY, F_SERIAL};
    int hard[6] = {F_QUANTITY, F_DATE, F_AMOUNT, F_TIME, F_WANTS, F_URGENT};
    rnd_shuffle_int(&g->r, copy, 6);
    rnd_shuffle_int(&g->r, hard, 6);
    int copies = rnd_int(&g->r, level == LEVEL_SIMPLE ? 2 : 1, level == LEVEL_SIMPLE ? 4 : 3);
    for (int i = 0; i < copies; i++)
        fields[n++] = copy[i];
    for (int i = 0; i < extra; i++)
        fields[n++] = hard[i];
    rnd_shuffle_int(&g->r, fields, n);
    for (int i = 0; i < n; i++)
        sheet_add(g, sh, fields[i], level);
    sh->steps += (sh->literal + 2) / 3;
}

static void sheet_free(struct sheet *sh)
{
    text_free(&sh->schema);
    text_free(&sh->required);
    text_free(&sh->reference);
    for (int i = 0; i < sh->n; i++)
        text_free(&sh->facts[i]);
    *sh = (struct sheet){0};
}

void make_extraction(struct gen *g, enum level level, struct item *it)
{
    item_init(it, "extraction");
    struct sheet sh = {0};
    do {
        sheet_free(&sh);
        draw_sheet(g, level, &sh);
    } while (level_of_steps(sh.steps) != level);

    struct text facts = {0};
    for (int i = 0; i < sh.n; i++) {
        if (i)
            text_char(&facts, ' ');
        text_add(&facts, text_str(&sh.facts[i]));
    }
    struct slots s;
    slots_init(&s);
    slot_loose(&s, "facts", facts.s);
    slot(&s, "name2", "%s", any(g, first_names));
    it->family = family_pick(g, list_len(frames));
    fill(g, &it->user, frames[it->family], &s);
    it->steps = sh.steps;
    it->level = level;

    char today[11];
    date_iso(g->today, today);
    text_addf(&it->system,
              "Extract one JSON object with exactly these keys: {%s}. Today is %s, %s; "
              "\"last Monday\" is the latest Monday before today. Amounts are numbers, dates "
              "YYYY-MM-DD, times "
              "HH:MM (24 h). Reply with the JSON only.",
              sh.schema.s, weekday_names[date_weekday(g->today)], today);
    text_addf(&it->reference, "{%s}", sh.reference.s);
    text_addf(&it->grader,
              "{\"type\":\"is-json\",\"schema\":{\"type\":\"object\",\"properties\":{%s},"
              "\"required\":[%s],\"additionalProperties\":false}}",
              sh.schema.s, sh.required.s);
    text_free(&facts);
    sheet_free(&sh);
}
