/* Dealing clusters to splits. Clusters themselves are resolved by store/group.c, from near
 * duplicates (duplicates.c) too when asked. */
#include "datasets/split.h"

#include "core/hash.h"
#include "core/rng.h"
#include "datasets/duplicates.h"
#include "store/prompt.h"

#include <math.h>
#include <string.h>

const char *const split_names[SPLITS] = {"train", "validation", "test"};

struct item {
    int64_t id, ms;
    size_t cluster, task;
    bool counts; /* not a parent of stages */
    bool given;
};

struct cluster {
    size_t task;       /* of its first prompt that counts: its stratum */
    int64_t prompts;   /* that count */
    int64_t newest_ms; /* INT64_MIN: no timestamp */
    int split;         /* -1: open */
    char *given_by;    /* ext_id of the first prompt with a given split, or NULL */
    char *first;       /* ext_id of the first prompt that counts, or NULL */
    bool has_task;
};

struct deal {
    struct strmap *cluster_ids, *tasks;
    VEC(struct item) items;
    VEC(struct cluster) clusters;
    char *timeless;  /* ext_id of a prompt without timestamp, or NULL */
    size_t counting; /* second pass: place in items */
};

static int split_of(const char *name)
{
    for (int k = 0; k < SPLITS; k++)
        if (strcmp(name, split_names[k]) == 0)
            return k;
    return -1;
}

static int note_given(struct cluster *c, const struct prompt *p, struct err *e)
{
    int split = split_of(p->split);
    if (c->given_by && c->split != split)
        return err_set(e, ERR_FORMAT,
                       "prompts '%s' (%s) and '%s' (%s) belong together (same group, request or "
                       "text, or nearly so) but are"
                       " given different splits; give them the same",
                       c->given_by, split_names[c->split], p->ext_id, p->split);
    if (!c->given_by)
        c->given_by = mem_strdup(p->ext_id);
    c->split = split;
    return ERR_OK;
}

static int see_prompt(void *arg, const struct prompt *p, struct err *e)
{
    struct deal *d = arg;
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)p->cluster);
    int added;
    size_t at = strmap_add(d->cluster_ids, key, &added);
    if (added) {
        struct cluster fresh = {.newest_ms = INT64_MIN, .split = -1};
        VEC_PUSH(&d->clusters, fresh);
    }
    struct cluster *c = &d->clusters.v[at];
    if (p->timestamp_ms > c->newest_ms)
        c->newest_ms = p->timestamp_ms;
    struct item i = {p->id, p->timestamp_ms,
                     at,    strmap_add(d->tasks, p->task ? p->task : "", NULL),
                     false, p->split_given && p->split};
    VEC_PUSH(&d->items, i);
    return i.given ? note_given(c, p, e) : ERR_OK;
}

/* Second pass, without parents of stages; both passes come in order of id. */
static int see_counted(void *arg, const struct prompt *p, struct err *e)
{
    struct deal *d = arg;
    (void)e;
    while (d->items.v[d->counting].id != p->id)
        d->counting++;
    struct item *i = &d->items.v[d->counting];
    struct cluster *c = &d->clusters.v[i->cluster];
    i->counts = true;
    c->prompts++;
    if (!c->has_task) {
        c->task = i->task;
        c->first = mem_strdup(p->ext_id);
    }
    c->has_task = true;
    if (p->timestamp_ms == INT64_MIN && !d->timeless)
        d->timeless = mem_strdup(p->ext_id);
    return ERR_OK;
}

/* The split that lacks most; train before validation before test among equals. */
static int neediest(const double lack[SPLITS])
{
    int best = 0;
    for (int k = 1; k < SPLITS; k++)
        if (lack[k] > lack[best] + 1e-9)
            best = k;
    return best;
}

/* order: open clusters, by task, shuffled within it. */
static void deal_by_task(struct deal *d, const struct split_options *o, const size_t *order,
                         size_t n)
{
    double lack[SPLITS] = {0};
    VEC(int64_t) sizes = {0};
    for (size_t t = 0; t < strmap_count(d->tasks); t++)
        VEC_PUSH(&sizes, 0);
    for (size_t i = 0; i < d->clusters.n; i++)
        sizes.v[d->clusters.v[i].task] += d->clusters.v[i].prompts;
    size_t task = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        struct cluster *c = &d->clusters.v[order[i]];
        if (c->task != task) {
            task = c->task;
            for (int k = 0; k < SPLITS; k++)
                lack[k] += o->share[k] * (double)sizes.v[task];
            for (size_t g = 0; g < d->clusters.n; g++) /* what is given there counts */
                if (d->clusters.v[g].given_by && d->clusters.v[g].task == task)
                    lack[d->clusters.v[g].split] -= (double)d->clusters.v[g].prompts;
        }
        c->split = neediest(lack);
        lack[c->split] -= (double)c->prompts;
    }
    VEC_FREE(&sizes);
}

static void deal_by_time(struct deal *d, const struct split_options *o, const size_t *order,
                         size_t n)
{
    double total = 0, seen = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)d->clusters.v[order[i]].prompts;
    for (size_t i = 0; i < n; i++) {
        struct cluster *c = &d->clusters.v[order[i]];
        double middle = (seen + (double)c->prompts / 2) / total; /* where most of it lies */
        c->split = middle < o->share[0]                 ? SPLIT_TRAIN
                   : middle < o->share[0] + o->share[1] ? SPLIT_VALIDATION
                                                        : SPLIT_TEST;
        seen += (double)c->prompts;
    }
}

struct key {
    size_t cluster, shuffled;
    const char *task;
    int64_t ms;
};

static int by_task(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;
    int d = strcmp(a->task, b->task);
    return d ? d : (a->shuffled > b->shuffled) - (a->shuffled < b->shuffled);
}

static int by_time(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;
    if (a->ms != b->ms)
        return a->ms < b->ms ? -1 : 1;
    return (a->cluster > b->cluster) - (a->cluster < b->cluster);
}

static void deal_open(struct deal *d, const struct split_options *o)
{
    size_t n = 0;
    size_t *order = mem_array(d->clusters.n, sizeof *order);
    for (size_t i = 0; i < d->clusters.n; i++)
        if (!d->clusters.v[i].given_by)
            order[n++] = i;
    struct rng r;
    rng_seed_for(&r, o->seed, "split");
    rng_shuffle(&r, order, n);
    struct key *keys = mem_array(n, sizeof *keys);
    for (size_t i = 0; i < n; i++) {
        const struct cluster *c = &d->clusters.v[order[i]];
        keys[i] = (struct key){order[i], i, strmap_key(d->tasks, c->task), c->newest_ms};
    }
    if (n)
        qsort(keys, n, sizeof *keys, o->by_time ? by_time : by_task);
    for (size_t i = 0; i < n; i++)
        order[i] = keys[i].cluster;
    (o->by_time ? deal_by_time : deal_by_task)(d, o, order, n);
    free(keys);
    free(order);
}

static int task_order(const void *pa, const void *pb)
{
    const struct split_task *a = pa, *b = pb;
    return strcmp(a->task, b->task);
}

/* How many different tasks the counted prompts of a cluster have. */
static int64_t tasks_of(const struct deal *d, size_t cluster)
{
    bool *seen = mem_array(strmap_count(d->tasks), sizeof *seen);
    int64_t n = 0;
    for (size_t i = 0; i < d->items.n; i++) {
        const struct item *it = &d->items.v[i];
        if (it->cluster != cluster || !it->counts || seen[it->task])
            continue;
        seen[it->task] = true;
        n++;
    }
    free(seen);
    return n;
}

static void explain(const struct deal *d, const struct group_summary *g, struct split_summary *out)
{
    memcpy(out->joined, g->joined, sizeof out->joined);
    for (size_t i = 0; i < g->shared.n; i++) {
        char key[24];
        snprintf(key, sizeof key, "%lld", (long long)g->shared.v[i].cluster);
        size_t at = strmap_find(d->cluster_ids, key);
        const struct cluster *c = at == SIZE_MAX ? NULL : &d->clusters.v[at];
        if (!c || c->prompts < 2)
            continue;
        out->shared++;
        if (out->largest.n == SPLIT_LARGEST)
            continue;
        struct split_group row = {mem_strdup(c->first), c->prompts, tasks_of(d, at), c->split,
                                  g->shared.v[i].why};
        VEC_PUSH(&out->largest, row);
    }
}

static void note_span(int64_t span[2], int64_t ms)
{
    if (ms == INT64_MIN)
        return;
    span[0] = span[0] == INT64_MIN || ms < span[0] ? ms : span[0];
    span[1] = ms > span[1] ? ms : span[1];
}

static void summarise(const struct deal *d, struct split_summary *out)
{
    for (size_t t = 0; t < strmap_count(d->tasks); t++) {
        struct split_task row = {.task = mem_strdup(strmap_key(d->tasks, t))};
        VEC_PUSH(&out->tasks, row);
    }
    for (size_t i = 0; i < d->items.n; i++) {
        const struct item *it = &d->items.v[i];
        const struct cluster *c = &d->clusters.v[it->cluster];
        if (!it->counts)
            continue;
        note_span(out->spans[c->split], it->ms);
        out->prompts[c->split]++;
        out->tasks.v[it->task].prompts[c->split]++;
        out->given += c->given_by != NULL;
    }
    for (size_t i = 0; i < d->clusters.n; i++)
        out->clusters[d->clusters.v[i].split] += d->clusters.v[i].prompts > 0;
    qsort(out->tasks.v, out->tasks.n, sizeof *out->tasks.v, task_order);
    size_t kept = 0; /* tasks of parents only have no prompts that count */
    for (size_t i = 0; i < out->tasks.n; i++) {
        struct split_task *t = &out->tasks.v[i];
        if (t->prompts[0] + t->prompts[1] + t->prompts[2] > 0)
            out->tasks.v[kept++] = *t;
        else
            free(t->task);
    }
    out->tasks.n = kept;
}

static int check_options(const struct split_options *o, struct err *e)
{
    double sum = 0;
    for (int k = 0; k < SPLITS; k++) {
        if (!(o->share[k] >= 0 && o->share[k] <= 1))
            return err_set(e, ERR_USAGE, "--%s must be a share from 0 to 1", split_names[k]);
        sum += o->share[k];
    }
    if (!(o->share[SPLIT_TRAIN] > 0))
        return err_set(e, ERR_USAGE, "--train must be above 0");
    if (fabs(sum - 1) > 1e-6)
        return err_set(e, ERR_USAGE, "--train, --validation and --test must add up to 1, not %g",
                       sum);
    return ERR_OK;
}

/* Reads, deals, checks: everything but writing. */
static int deal(struct store *s, struct deal *d, const struct split_options *o,
                const struct group_summary *groups, struct split_summary *out, struct err *e)
{
    int rc = prompt_each(s, true, see_prompt, d, e);
    if (rc == 0 && d->items.n == 0)
        rc =
            err_set(e, ERR_USAGE, "'%s' holds no prompts; shunt import brings some", store_path(s));
    if (rc == 0)
        rc = prompt_each(s, false, see_counted, d, e);
    if (rc == 0 && o->by_time && d->timeless)
        rc = err_set(e, ERR_FORMAT,
                     "prompt '%s' has no timestamp; --by-time needs one for every prompt",
                     d->timeless);
    if (rc)
        return rc;
    size_t open = 0;
    for (size_t i = 0; i < d->clusters.n; i++)
        open += !d->clusters.v[i].given_by;
    deal_open(d, o);
    summarise(d, out);
    explain(d, groups, out);
    for (int k = 0; open && k < SPLITS; k++)
        if (o->share[k] > 0 && out->prompts[k] == 0)
            return err_set(e, ERR_FORMAT,
                           "%s would be empty: %zu groups of prompts are too few for these shares "
                           "(import more,"
                           " or train with --cross-fit)",
                           split_names[k], d->clusters.n);
    return ERR_OK;
}

static int write_splits(struct store *s, const struct deal *d, struct err *e)
{
    int rc = ERR_OK;
    for (size_t i = 0; rc == 0 && i < d->items.n; i++)
        if (!d->items.v[i].given)
            rc = prompt_set_split(s, d->items.v[i].id,
                                  split_names[d->clusters.v[d->items.v[i].cluster].split], e);
    return rc;
}

static int group_and_deal(struct store *s, const struct split_options *o, struct split_summary *out,
                          struct err *e)
{
    struct deal d = {.cluster_ids = strmap_new(), .tasks = strmap_new()};
    struct group_summary groups = {0};
    struct duplicates_summary near = {0};
    int rc = ERR_OK;
    if (o->near_duplicates >= 0)
        rc = duplicates_join(s, o->near_duplicates, &near, e);
    out->near_skipped = near.skipped;
    if (rc == 0)
        rc = group_resolve(s, &groups, e);
    if (rc == 0)
        rc = deal(s, &d, o, &groups, out, e);
    if (rc == 0)
        rc = write_splits(s, &d, e);
    for (size_t i = 0; i < d.clusters.n; i++) {
        free(d.clusters.v[i].given_by);
        free(d.clusters.v[i].first);
    }
    VEC_FREE(&d.clusters);
    VEC_FREE(&d.items);
    strmap_free(d.cluster_ids);
    strmap_free(d.tasks);
    free(d.timeless);
    group_summary_deinit(&groups);
    return rc;
}

int split_run(struct store *s, const struct split_options *o, struct split_summary *out,
              struct err *e)
{
    *out = (struct split_summary){.by_time = o->by_time};
    for (int k = 0; k < SPLITS; k++)
        out->spans[k][0] = out->spans[k][1] = INT64_MIN;
    int rc = check_options(o, e);
    if (rc == 0)
        rc = store_begin(s, e);
    if (rc)
        return rc;
    rc = group_and_deal(s, o, out, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    return rc;
}

void split_summary_deinit(struct split_summary *sum)
{
    for (size_t i = 0; i < sum->tasks.n; i++)
        free(sum->tasks.v[i].task);
    VEC_FREE(&sum->tasks);
    for (size_t i = 0; i < sum->largest.n; i++)
        free(sum->largest.v[i].first);
    VEC_FREE(&sum->largest);
}
