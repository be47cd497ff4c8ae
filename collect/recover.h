/* Replies that a killed run had read, from its journal into the store. */
#ifndef COLLECT_RECOVER_H
#define COLLECT_RECOVER_H

#include "collect/journal.h"
#include "collect/models.h"

/* Stores what the journal holds and the store has not, and empties it. *n: replies stored. Records
 * of another store are passed over with a warning. ERR_DB, ERR_IO: the journal stays as it is. */
int recover(struct store *s, struct journal *j, const struct target *t, size_t targets, int64_t *n,
            struct err *e);

#endif
