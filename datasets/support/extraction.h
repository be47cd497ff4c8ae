/* The fields of an extraction request: extraction_fields.c states them, extraction.c picks them. */
#ifndef SUPPORT_EXTRACTION_H
#define SUPPORT_EXTRACTION_H

#include "support.h"

enum {
    F_ORDER,
    F_PRODUCT,
    F_MAIL,
    F_NAME,
    F_CITY,
    F_SERIAL,
    F_QUANTITY,
    F_DATE,
    F_AMOUNT,
    F_TIME,
    F_WANTS,
    F_URGENT,
    F_COUNT
};

/* What is asked for and what is stated, while a request is built. */
struct sheet {
    struct text schema, required, reference;
    struct text facts[16];
    int n, fields, literal, steps;
};

/* Add one field with its schema, its reference and the sentences that state it. */
void sheet_add(struct gen *g, struct sheet *sh, int field, enum level level);

#endif
