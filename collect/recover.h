/* What a killed run had read or had in flight, from its journal into the store. */
#ifndef COLLECT_RECOVER_H
#define COLLECT_RECOVER_H

#include "collect/journal.h"
#include "core/config.h"

struct recovered {
    int64_t replies;         /* that had been read */
    int64_t unknown;         /* requests that had left: whether they were answered nobody knows */
    money_wide unknown_nusd; /* what these count as for good: their worst cases */
};

/* Stores what the journal holds and the store has not, each once, and empties it. A request without
 * an end becomes an attempt of the class "unknown", charged at its worst case. c: for the output
 * rules of its models.
 *
 * ERR_FORMAT: it belongs to another store, then nothing was changed; or a part of it is damaged,
 * then all that is whole was stored and the file has another name. ERR_DB, ERR_IO: the journal
 * stays as it is. */
int recover(struct store *s, struct journal *j, const struct config *c, struct recovered *out,
            struct err *e);

#endif
