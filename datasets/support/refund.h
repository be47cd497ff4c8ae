/* What the two halves of the refund task share. */
#ifndef SUPPORT_REFUND_H
#define SUPPORT_REFUND_H

#include "support.h"

struct goods {
    int delivered; /* date */
    bool business, faulty, sale, opened;
};

/* Set a slot to "March 7, 2026". */
void refund_long_date(int date, struct slots *s, const char *name);
/* How much comes back for goods, and for a yearly plan: refund_amounts.c. */
void refund_amount(struct gen *g, enum level level, struct item *it);
void refund_plan(struct gen *g, enum level level, struct item *it);

#endif
