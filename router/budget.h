/* What plans ask of a ledger beyond the public calls. Not installed. */
#ifndef SHUNT_BUDGET_H
#define SHUNT_BUDGET_H

#include "router/shunt.h"

#define SHUNT_SPENT_MAX (INT64_C(1) << 62)

/* shunt_budget_reserve; with force_user the user's limits are not looked at. */
int shunt_budget_book(struct shunt_budget *b, const char *model, const char *user,
                      int64_t cost_nusd, int64_t now_s, int force_user);

int shunt_budget_action(struct shunt_budget *b);

/* May this be a name: 1 to 255 bytes, no control characters? */
int shunt_budget_name(const char *name);

/* The ledger inside: for saving and loading (budget_file.c). */
struct budget_entry {
    char *name;                     /* NULL: a free place of the table */
    uint8_t kind, own;              /* own: the limits below are set for it by name */
    int64_t limit_day, limit_month; /* -1: none */
    int64_t day, month;             /* numbers of the periods that the next two belong to */
    int64_t spent_day, spent_month;
};

struct budget_book {
    struct budget_entry *entry; /* [cap] open addressing, cap a power of two */
    size_t cap, used;
    int64_t every_day[2], every_month[2]; /* by kind: of those without limits of their own */
    int action;
};

/* The entry of a name, made if it is missing; NULL when memory runs out. Under the lock. */
struct budget_entry *shunt_budget_entry(struct budget_book *b, int kind, const char *name,
                                        int64_t month);
void shunt_budget_empty(struct budget_book *b);

/* Run f under the ledger's lock. */
int shunt_budget_with(struct shunt_budget *b, int (*f)(struct budget_book *, void *), void *arg);

#endif
