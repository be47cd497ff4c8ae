/* Groups by union-find over rows in order of id. Who is a near duplicate of whom is found in
 * datasets/; here it is one more reason to join.
 */
#include "store/group.h"

#include "core/buf.h"
#include "core/hash.h"
#include "store/db.h"
#include "store/prompt.h"

#include <stdlib.h>

const char *const group_reason_names[GROUP_REASONS] = {"equal text", "group key", "staged request",
                                                       "near duplicate"};

struct joiner {
    size_t n;
    int64_t *id; /* ascending */
    size_t *parent;
    unsigned char *why; /* of a root: reasons of its joins */
    int64_t joined[GROUP_REASONS];
};

static size_t root(struct joiner *j, size_t i)
{
    while (j->parent[i] != i) {
        j->parent[i] = j->parent[j->parent[i]];
        i = j->parent[i];
    }
    return i;
}

/* The smaller row becomes the root, so that a cluster's number is its smallest row id. */
static void join(struct joiner *j, size_t a, size_t b, int reason)
{
    a = root(j, a);
    b = root(j, b);
    size_t to = a < b ? a : b, from = a < b ? b : a;
    if (a == b)
        return;
    j->parent[from] = to;
    j->why[to] |= (unsigned char)(j->why[from] | 1u << reason);
    j->joined[reason]++;
}

static int read_ids(struct store *s, struct joiner *j, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT count(*) FROM prompt", e);
    if (!st || sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "count prompts", e);
    size_t n = (size_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    j->id = mem_array(n, sizeof *j->id);
    j->parent = mem_array(n, sizeof *j->parent);
    j->why = mem_array(n, sizeof *j->why);
    st = db_get(s, "SELECT id FROM prompt ORDER BY id", e);
    if (!st)
        return ERR_DB;
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW && j->n < n) {
        j->id[j->n] = sqlite3_column_int64(st, 0);
        j->parent[j->n] = j->n;
        j->n++;
    }
    int rc = step == SQLITE_DONE ? 0 : db_fail(s, "read groups", e);
    sqlite3_reset(st);
    return rc;
}

/* sql gives one key a row, in order of id, null: no key. Rows of one key are joined. */
static int join_keys(struct store *s, struct joiner *j, const char *sql, int reason, struct err *e)
{
    sqlite3_stmt *st = db_get(s, sql, e);
    if (!st)
        return ERR_DB;
    struct strmap *keys = strmap_new();
    VEC(size_t) first = {0};
    int step = SQLITE_DONE;
    for (size_t i = 0; i < j->n && (step = sqlite3_step(st)) == SQLITE_ROW; i++) {
        const char *key = db_get_text(st, 0);
        int added = 0;
        size_t at = key ? strmap_add(keys, key, &added) : 0;
        if (added)
            VEC_PUSH(&first, i);
        else if (key)
            join(j, first.v[at], i, reason);
    }
    strmap_free(keys);
    VEC_FREE(&first);
    int rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(s, "read groups", e);
    sqlite3_reset(st);
    return rc;
}

static int ascending(const void *pa, const void *pb)
{
    const int64_t *a = pa, *b = pb;
    return (*a > *b) - (*a < *b);
}

static int join_near(struct store *s, struct joiner *j, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT a, b FROM near_duplicate ORDER BY a, b", e);
    if (!st)
        return ERR_DB;
    int step;
    while ((step = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t a = sqlite3_column_int64(st, 0), b = sqlite3_column_int64(st, 1);
        const int64_t *pa = bsearch(&a, j->id, j->n, sizeof a, ascending);
        const int64_t *pb = bsearch(&b, j->id, j->n, sizeof b, ascending);
        if (pa && pb)
            join(j, (size_t)(pa - j->id), (size_t)(pb - j->id), GROUP_NEAR);
    }
    int rc = step == SQLITE_DONE ? 0 : db_fail(s, "read near duplicates", e);
    sqlite3_reset(st);
    return rc;
}

static int write_clusters(struct store *s, struct joiner *j, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < j->n; i++) {
        sqlite3_stmt *up =
            db_get(s, "UPDATE prompt SET cluster = ?1 WHERE id = ?2 AND cluster <> ?1", e);
        if (up) {
            db_int(up, 1, j->id[root(j, i)]);
            db_int(up, 2, j->id[i]);
        }
        rc = db_run(s, up, "write groups", e);
    }
    return rc;
}

static int largest_first(const void *pa, const void *pb)
{
    const struct group *a = pa, *b = pb;
    if (a->prompts != b->prompts)
        return a->prompts > b->prompts ? -1 : 1;
    return (a->cluster > b->cluster) - (a->cluster < b->cluster);
}

static void summarise(struct joiner *j, struct group_summary *sum)
{
    int64_t *size = mem_array(j->n, sizeof *size);
    sum->rows = (int64_t)j->n;
    for (size_t i = 0; i < j->n; i++)
        size[root(j, i)]++;
    for (size_t i = 0; i < j->n; i++) {
        sum->groups += size[i] > 0;
        struct group g = {j->id[i], size[i], j->why[i]};
        if (size[i] > 1)
            VEC_PUSH(&sum->shared, g);
    }
    for (int k = 0; k < GROUP_REASONS; k++)
        sum->joined[k] = j->joined[k];
    if (sum->shared.n)
        qsort(sum->shared.v, sum->shared.n, sizeof *sum->shared.v, largest_first);
    free(size);
}

int group_resolve(struct store *s, struct group_summary *sum, struct err *e)
{
    static const char
        by_text[] = "SELECT text_hash FROM prompt ORDER BY id",
        by_key[] =
            "SELECT iif(grp IS NULL, NULL, json_array(dataset, grp)) FROM prompt ORDER BY id",
        by_request[] = "SELECT coalesce(parent, id) FROM prompt ORDER BY id";
    struct joiner j = {0};
    if (sum)
        *sum = (struct group_summary){0};
    int rc = store_begin(s, e);
    if (rc)
        return rc;
    rc = read_ids(s, &j, e);
    if (rc == 0)
        rc = join_keys(s, &j, by_text, GROUP_TEXT, e);
    if (rc == 0)
        rc = join_keys(s, &j, by_key, GROUP_KEY, e);
    if (rc == 0)
        rc = join_keys(s, &j, by_request, GROUP_REQUEST, e);
    if (rc == 0)
        rc = join_near(s, &j, e);
    if (rc == 0)
        rc = write_clusters(s, &j, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    else if (sum)
        summarise(&j, sum);
    free(j.id);
    free(j.parent);
    free(j.why);
    return rc;
}

void group_summary_deinit(struct group_summary *sum)
{
    VEC_FREE(&sum->shared);
}

int prompt_cluster(struct store *s, struct err *e)
{
    return group_resolve(s, NULL, e);
}

int near_duplicate_put(struct store *s, int64_t a, int64_t b, double jaccard, struct err *e)
{
    sqlite3_stmt *st =
        db_get(s, "INSERT OR REPLACE INTO near_duplicate(a, b, jaccard) VALUES(?,?,?)", e);
    if (st) {
        db_int(st, 1, a);
        db_int(st, 2, b);
        db_real(st, 3, jaccard);
    }
    return db_run(s, st, "write a near duplicate", e);
}

int near_duplicate_clear(struct store *s, struct err *e)
{
    return db_exec(s, "DELETE FROM near_duplicate", e);
}

int64_t near_duplicate_count(struct store *s, struct err *e)
{
    sqlite3_stmt *st = db_get(s, "SELECT count(*) FROM near_duplicate", e);
    if (!st || sqlite3_step(st) != SQLITE_ROW)
        return db_fail(s, "count near duplicates", e);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return n;
}
