/* Scores that no longer hold. Writing scores is in reply.h. */
#ifndef STORE_SCORE_H
#define STORE_SCORE_H

#include "store/store.h"

/* Before a prompt is written with this reference and grader (JSON texts, NULL: none): where the row
 * of that ext_id says otherwise, the scores that its old grader gave are deleted, so that `shunt
 * grade` judges those replies again. Imported scores stay. */
int score_forget(struct store *s, const char *ext_id, const char *reference, const char *grader,
                 struct err *e);

#endif
