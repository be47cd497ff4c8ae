/* The generator of the support data set: shared types of datasets/support.
 *
 * The program stands alone (libc only): it draws requests of a fictional shop,
 * computes each reference while it builds the request, and writes JSON Lines.
 * Same seed, same bytes, on every machine: all choices come from one generator
 * of integers, all money is in cents, all dates are day numbers. Single thread.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLIT_COUNT };
enum level { LEVEL_SIMPLE, LEVEL_MODERATE, LEVEL_COMPLEX, LEVEL_COUNT };

/* A growing string, always NUL terminated once something was added.
 * Zero-initialised is empty; text_free releases it. Exits when memory ends. */
struct text {
    char *s;
    size_t len, cap;
};

void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_char(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_clear(struct text *t);
void text_free(struct text *t);
const char *text_str(const struct text *t); /* "" for an empty one */
/* Append s as a JSON string with its quotes; s is valid UTF-8. */
void text_json(struct text *t, const char *s);
/* Append cents as 1234.50, without a currency sign. */
void text_cents(struct text *t, int64_t cents);

/* SplitMix64 (Steele, Lea and Flood 2014): one 64-bit word of state. */
struct rnd {
    uint64_t state;
};

uint64_t rnd_next(struct rnd *r);
/* Uniform whole number lo..hi, both included. */
int rnd_int(struct rnd *r, int lo, int hi);
/* True in percent of 100 cases. */
bool rnd_chance(struct rnd *r, int percent);
/* Index drawn in proportion to weight[n]; at least one weight is positive. */
int rnd_weighted(struct rnd *r, const int *weight, int n);
void rnd_shuffle_int(struct rnd *r, int *v, int n);

/* Calendar: a date is the number of days since 1970-01-01 (a Thursday). */
int date_from(int year, int month, int day);
void date_to(int date, int *year, int *month, int *day);
int date_weekday(int date); /* 0 = Monday .. 6 = Sunday */
int date_month_days(int year, int month);
/* The same day `months` later; the month's last day where that day is missing. */
int date_add_months(int date, int months);
/* The n-th working day (Monday to Friday) after date; n >= 1. */
int date_add_working_days(int date, int n);
extern const char *const weekday_names[7];
extern const char *const month_names[12];
/* "2026-03-07" in the caller's 11 bytes. */
void date_iso(int date, char out[11]);

/* How a user writes; the same for all turns of that user. */
struct persona {
    char first[24], last[24];
    int typo_permille; /* chance that a word is mistyped */
    int greet_percent; /* chance of an opening and of a closing */
    int aside_percent; /* chance of talk that the answer does not need */
    int foreign;       /* 0 none, 1 German, 2 Spanish, 3 French fragments */
    bool lower;        /* never uses capitals */
    bool shorthand;    /* pls, u, thx */
    bool plain_marks;  /* drops apostrophes and closing full stops */
};

struct gen {
    struct rnd r;
    enum split split; /* of the conversation: only its phrasing families are used */
    int rotate;       /* which fifth of each phrasing list is held out */
    int today;        /* date of the request */
    int turn;         /* of the conversation, from 0 */
    const struct persona *who;
};

/* Values for {name} in a template; protected ones are kept as they are by the
 * channel that mistypes. A value longer than the field stops the program. */
enum { SLOTS_MAX = 32, SLOT_BYTES = 1500 };
struct slots {
    int n;
    struct {
        char name[16];
        char value[SLOT_BYTES];
        bool loose; /* true: ordinary words, may be mistyped */
    } at[SLOTS_MAX];
};

void slots_init(struct slots *s);
void slot(struct slots *s, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void slot_loose(struct slots *s, const char *name, const char *value);
void slot_cents(struct slots *s, const char *name, int64_t cents);

/* Marks around text that must arrive unchanged; voice_apply removes them. */
#define KEEP_BEGIN '\001'
#define KEEP_END '\002'

/* Expand a template: {name} is a slot, [a|b|] one of the alternatives at random
 * (nested ones allowed). Slots may hold text that was expanded before. */
void fill(struct gen *g, struct text *out, const char *tmpl, const struct slots *s);

/* A NULL-terminated list: its length; any entry; an entry of the split's part.
 * Every fifth entry belongs to validation, every fifth to test, the others to
 * train, so no wording of such a list is seen on two sides. */
int list_len(const char *const *list);
const char *any(struct gen *g, const char *const *list);
const char *say(struct gen *g, const char *const *list);
int family_pick(struct gen *g, int count); /* the same partition, as an index */

/* One request before it has an id. */
struct item {
    const char *task;
    const char *stage; /* NULL unless a stage of a research request */
    enum level level;
    int steps;  /* what level was derived from */
    int family; /* index of the phrasing family within the task */
    bool plain; /* true: written by a program, no voice */
    bool brief; /* true: no talk beside the point, as between colleagues */
    struct text system, user, reference, grader; /* the latter two as JSON */
};

void item_init(struct item *it, const char *task);
void item_free(struct item *it);
/* The shared definition of complexity: 1-2 steps, 3-4, 5 or more. */
enum level level_of_steps(int steps);

/* Opening, closing, asides, typing habits and typing errors of g->who. */
void voice_apply(struct gen *g, struct item *it);
void persona_draw(struct rnd *r, struct persona *p);

/* Makers: fill *it for the wanted level with g's split, date and writer. */
void make_faq(struct gen *g, enum level level, struct item *it);
void make_intent(struct gen *g, enum level level, struct item *it);
void make_extraction(struct gen *g, enum level level, struct item *it);
void make_invoice(struct gen *g, enum level level, struct item *it);
void make_refund(struct gen *g, enum level level, struct item *it);
void make_sql(struct gen *g, enum level level, struct item *it);
void make_escalation(struct gen *g, enum level level, struct item *it);
/* it[0] the request, it[1..4] its stages in order. */
void make_research(struct gen *g, enum level level, struct item it[5]);

/* faq: the two sources of questions besides the fact sheet topics. */
void faq_topic(struct gen *g, enum level level, struct item *it);
void faq_plans(struct gen *g, enum level level, struct item *it);
void faq_delivery(struct gen *g, enum level level, struct item *it);
/* Write the question's options in random order and the letter of options[0],
 * which is the right one, as the reference. n <= 6. */
void faq_options(struct gen *g, struct item *it, const char *facts, const char *question,
                 const char *const *options, int n);

/* The fictional shop. Prices in cents of US dollars, without tax. */
struct product {
    const char *name, *short_name;
    int price;
    bool bulky;
};
struct plan {
    const char *name;
    int monthly, cameras, members, days, yearly;
};
extern const struct product products[];
extern const int product_count;
extern const struct plan plans[];
extern const int plan_count;
extern const char *const first_names[], *const last_names[], *const cities[], *const streets[];
const struct product *any_product(struct gen *g);
/* n different products. n <= 8. */
void some_products(struct gen *g, const struct product **out, int n);

#endif
