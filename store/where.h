/* Which prompts count: terms a person writes, never SQL.
 *
 *   task=invoice     task!=invoice     id=support-*      complexity=simple     split=test
 *
 * Fields: id, task, complexity, split, dataset, user_class, group. A value that ends in '*' is a
 * prefix; an empty one ("split=") means not given. Terms of one field and operator '=' are
 * alternatives; all else must hold together.
 */
#ifndef STORE_WHERE_H
#define STORE_WHERE_H

#include "core/fs.h"
#include "store/store.h"

struct where;
/* terms may be NULL or empty: *out NULL, everything counts. ERR_USAGE: no such field (with the
 * nearest), no '='. Values are copied. */
int where_parse(const struct str_vec *terms, struct where **out, struct err *e);
void where_free(struct where *w);

/* From now on only these prompts count for all of work.h; NULL: all. w is kept, not copied. */
void work_where(struct store *s, const struct where *w);

#endif
