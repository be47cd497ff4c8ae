/* All replies of a store that wait for a judgement: judged, stored, counted. The judging itself is
 * grade_reply's.
 */
#include "eval/grade.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/progress.h"

#include <math.h>
#include <string.h>

enum { BATCH = 2000 }; /* scores a transaction: what a crash can cost is a second's work */

struct run {
    struct store *store;
    struct grade_summary *sum;
    struct strmap *rows; /* model and task -> index in sum->rows */
    struct progress *progress;
    int64_t in_batch;
};

static struct grade_row *row_of(struct run *r, const struct grade_item *g)
{
    AUTO_FREE char *key = mem_printf("%s\x1f%s", g->model, g->task);
    int added;
    size_t i = strmap_add(r->rows, key, &added);
    if (added) {
        struct grade_row row = {.model = mem_strdup(g->model), .task = mem_strdup(g->task)};
        VEC_PUSH(&r->sum->rows, row);
    }
    return &r->sum->rows.v[i];
}

static void count(struct run *r, const struct grade_item *g, const struct grade_result *res)
{
    struct grade_row *row = row_of(r, g);
    r->sum->replies++;
    row->replies++;
    if (!isnan(res->value)) {
        row->scored++;
        row->score_sum += res->value;
    }
    if (strcmp(res->status, "refused") == 0) {
        row->refused++;
        r->sum->refused++;
    } else if (strcmp(res->status, "no-reference") == 0) {
        row->no_reference++;
        r->sum->no_reference++;
    } else if (strcmp(res->status, "error") == 0) {
        row->errors++;
        if (r->sum->errors++ == 0)
            snprintf(r->sum->first_error, sizeof r->sum->first_error, "prompt '%.60s': %s",
                     g->prompt_ext_id, res->reason);
    }
}

static int see(void *arg, const struct grade_item *g, struct err *e)
{
    struct run *r = arg;
    if (interrupted())
        return err_set(e, ERR_PARTIAL,
                       "interrupted after %lld replies; run shunt grade again to go on",
                       (long long)r->sum->replies);
    struct grade_result res;
    grade_reply(g, &res);
    count(r, g, &res);
    int rc = score_put(r->store, g->reply, g->grader, GRADE_VERSION, res.value, res.status,
                       res.reason[0] ? res.reason : NULL, true, e);
    progress_set(r->progress, (uint64_t)r->sum->replies, NULL);
    if (rc == 0 && ++r->in_batch >= BATCH) {
        r->in_batch = 0;
        rc = store_commit(r->store, e);
        if (rc == 0)
            rc = store_begin(r->store, e);
    }
    return rc;
}

static int row_order(const void *pa, const void *pb)
{
    const struct grade_row *a = pa, *b = pb;
    int d = strcmp(a->model, b->model);
    return d ? d : strcmp(a->task, b->task);
}

int grade_all(struct store *s, bool regrade, struct grade_summary *out, struct err *e)
{
    *out = (struct grade_summary){0};
    struct run r = {
        .store = s, .sum = out, .rows = strmap_new(), .progress = progress_new("grade", 0)};
    int rc = store_begin(s, e);
    if (rc == 0) {
        rc = grade_each(s, GRADE_VERSION, regrade, see, &r, e);
        if (rc == 0 || rc == ERR_PARTIAL) { /* what was judged is kept */
            int kept = store_commit(s, rc ? NULL : e);
            rc = rc ? rc : kept;
        } else {
            store_rollback(s);
        }
    }
    progress_end(r.progress);
    strmap_free(r.rows);
    if (out->rows.n)
        qsort(out->rows.v, out->rows.n, sizeof *out->rows.v, row_order);
    return rc;
}

void grade_summary_deinit(struct grade_summary *sum)
{
    for (size_t i = 0; i < sum->rows.n; i++) {
        free(sum->rows.v[i].model);
        free(sum->rows.v[i].task);
    }
    VEC_FREE(&sum->rows);
}
