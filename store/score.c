/* Scores that no longer hold, because a reference or a grader was corrected. */
#include "store/score.h"

#include "store/db.h"

int score_forget(struct store *s, const char *ext_id, const char *reference, const char *grader,
                 struct err *e)
{
    sqlite3_stmt *st = db_get(
        s,
        "DELETE FROM score WHERE grader <> 'imported' AND reply IN (SELECT r.id FROM prompt p"
        " JOIN reply r ON r.prompt = p.id WHERE p.ext_id = ?1"
        " AND (p.reference IS NOT ?2 OR p.grader IS NOT ?3))",
        e);
    if (st) {
        db_text(st, 1, ext_id);
        db_text(st, 2, reference);
        db_text(st, 3, grader);
    }
    return db_run(s, st, "forget scores", e);
}
