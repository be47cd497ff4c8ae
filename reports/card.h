/* Model card of a router (Mitchell et al. 2019, arXiv:1810.03993): what it was made from, what it
 * is good for, how good, and where not. For those who are to sign it off and for audits.
 */
#ifndef REPORTS_CARD_H
#define REPORTS_CARD_H

#include "store/store.h"

/* Writes card.md and card.json into dir, which is made where it is missing; each whole or not at
 * all. router NULL: the newest. ERR_USAGE: no such router, or none, or it has no evaluation.
 * ERR_IO, ERR_DB. */
int card_write(struct store *s, const char *dir, const char *router, struct err *e);

#endif
