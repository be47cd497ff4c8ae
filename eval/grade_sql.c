/* is-sql: the reply's query against the reference's, run in the store's sandbox. */
#include "eval/grade_private.h"

#include "store/sandbox.h"

void grade_is_sql(const struct grader *g, const char *text, struct grade_result *out)
{
    const char *reference = json_str(g->reference);
    if (!reference) {
        grade_error(out, "the reference is not a query");
        return;
    }
    size_t first, end;
    grade_unfence(text, &first, &end);
    AUTO_FREE char *query = mem_strndup(text + first, end - first);
    enum sandbox_verdict verdict;
    struct buf why = BUF_INIT(0);
    struct err e = {0};
    if (sandbox_compare(g->sql_schema, reference, query, g->ordered, &verdict, &why, &e)) {
        grade_error(out, "%s", e.text);
    } else {
        grade_set(out, verdict == SANDBOX_EQUAL, "%s", why.data);
        if (verdict == SANDBOX_REFUSED || verdict == SANDBOX_TOO_LONG)
            out->status = "refused";
    }
    buf_deinit(&why);
}
