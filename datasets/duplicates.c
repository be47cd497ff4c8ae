/* Texts of a store -> pairs of near duplicates in it. The search is minhash.c's, the groups are
 * store/group.c's.
 */
#include "datasets/duplicates.h"

#include "core/progress.h"
#include "core/vec.h"
#include "datasets/minhash.h"
#include "store/group.h"
#include "store/prompt.h"

#include <string.h>

struct search {
    struct store *store;
    struct near *near;
    struct progress *progress;
    VEC(int64_t) id;    /* row of each text */
    VEC(size_t) groups; /* its cluster, as it stands without near duplicates */
    struct duplicates_summary *out;
    struct err *e;
};

static int see_prompt(void *arg, const struct prompt *p, struct err *e)
{
    struct search *q = arg;
    (void)e;
    near_add(q->near, p->text, strlen(p->text));
    VEC_PUSH(&q->id, p->id);
    VEC_PUSH(&q->groups, (size_t)p->cluster);
    if (q->id.n % 256 == 0)
        progress_set(q->progress, q->id.n, NULL);
    return ERR_OK;
}

static int see_pair(void *arg, size_t a, size_t b, double jaccard)
{
    struct search *q = arg;
    q->out->pairs++;
    return near_duplicate_put(q->store, q->id.v[a], q->id.v[b], jaccard, q->e);
}

static int search(struct search *q, double jaccard, struct err *e)
{
    q->near = near_new(jaccard);
    q->progress = progress_new("near duplicates", 0);
    int rc = prompt_each(q->store, true, see_prompt, q, e);
    if (rc == 0) {
        near_seal(q->near, false);
        rc = near_pairs(q->near, q->groups.v, see_pair, q);
        q->out->skipped = near_skipped(q->near);
    }
    progress_end(q->progress);
    near_free(q->near);
    VEC_FREE(&q->id);
    VEC_FREE(&q->groups);
    return rc;
}

int duplicates_join(struct store *s, double jaccard, struct duplicates_summary *out, struct err *e)
{
    *out = (struct duplicates_summary){0};
    if (jaccard != 0 && !(jaccard >= .5 && jaccard <= 1))
        return err_set(e, ERR_USAGE,
                       "--near-duplicates takes a Jaccard similarity from 0.5 to 1, or 0 to forget "
                       "what was joined, not %g",
                       jaccard);
    struct search q = {.store = s, .out = out, .e = e};
    int rc = store_begin(s, e);
    if (rc)
        return rc;
    rc = near_duplicate_clear(s, e);
    if (rc == 0)
        rc = prompt_cluster(s, e); /* as they stand without */
    if (rc == 0 && jaccard > 0)
        rc = search(&q, jaccard, e);
    if (rc == 0 && jaccard > 0)
        rc = prompt_cluster(s, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    return rc;
}
