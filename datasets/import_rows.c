/* Prompts, replies and scores of an import into the store, each counted as new or known. Checks
 * that an id, and a (prompt, model, sample), is given once.
 */
#include "datasets/import_private.h"

#include "core/clock.h"
#include "datasets/decontaminate.h"
#include "store/score.h"

#include <math.h>
#include <string.h>

int import_tick(struct import *im, struct err *e)
{
    im->done++;
    if (im->done % 64 == 0) {
        progress_set(im->progress, im->done, NULL);
        if (interrupted())
            return err_set(e, ERR_PARTIAL,
                           "interrupted, nothing was imported; run the import again");
    }
    return ERR_OK;
}

/* The row of the parent, and which stage of it this is. */
static int parent_resolve(struct import *im, struct import_prompt *ip, const struct import_at *at,
                          struct err *e)
{
    int rc = prompt_find(im->store, ip->parent, &ip->p.parent, e);
    if (rc)
        return rc;
    if (ip->p.parent == 0)
        return err_set(e, ERR_FORMAT,
                       "%s:%zu: parent '%s' of '%s' is not known (its line must come first)",
                       at->path, at->line, ip->parent, ip->id);
    int added;
    size_t i = strmap_add(im->stages, ip->parent, &added);
    if (added)
        VEC_PUSH(&im->stage_counts, 0);
    ip->p.stage_index = im->stage_counts.v[i]++;
    return ERR_OK;
}

/* 1: the prompt is contaminated, or a stage of such a request, and noted as left out; 0; or < 0. */
static int leave_out(struct import *im, const struct import_prompt *ip, struct err *e)
{
    const char *like = ip->parent;
    double jaccard = NAN;
    bool stage = ip->parent && strmap_find(im->left, ip->parent) != SIZE_MAX;
    if (!stage && !decon_find(im->decon, ip->p.text, strlen(ip->p.text), &like, &jaccard))
        return 0;
    int64_t row = 0;
    int rc = prompt_find(im->store, ip->id, &row, e);
    if (rc)
        return rc;
    struct import_left left = {mem_strdup(ip->id), mem_strdup(like), jaccard, row != 0};
    VEC_PUSH(&im->sum->left, left);
    im->sum->left_out++;
    strmap_add(im->left, ip->id, NULL);
    return 1;
}

int import_check_any(struct import *im, const char *what, struct err *e)
{
    if (im->known.n > 0)
        return ERR_OK;
    return im->sum->left.n
               ? err_set(e, ERR_FORMAT,
                         "every prompt of '%s' is among the texts to leave out; nothing "
                         "was imported",
                         what)
               : err_set(e, ERR_FORMAT,
                         "'%s' holds no prompts; man shunt-import shows the forms that "
                         "are read",
                         what);
}

int import_prompt_store(struct import *im, struct import_prompt *ip, const struct import_at *at,
                        size_t *index, struct err *e)
{
    struct prompt *p = &ip->p;
    int added;
    *index = IMPORT_LEFT_OUT;
    if (im->decon) {
        int left = leave_out(im, ip, e);
        if (left)
            return left < 0 ? left : ERR_OK;
    }
    *index = strmap_add(im->ids, ip->id, &added);
    if (!added) {
        const struct import_known *k = &im->known.v[*index];
        return err_set(e, ERR_FORMAT,
                       "%s:%zu: id '%s' is already that of %s:%zu (ids must be unique)", at->path,
                       at->line, ip->id, strmap_key(im->files, k->file), k->line);
    }
    p->ext_id = ip->id;
    if (im->o->dataset || !p->dataset)
        p->dataset = im->dataset;
    if (ip->parent) {
        int rc = parent_resolve(im, ip, at, e);
        if (rc)
            return rc;
    }
    int rc = score_forget(im->store, p->ext_id, p->reference, p->grader, e);
    if (rc == 0)
        rc = prompt_put(im->store, p, &added, e);
    if (rc)
        return err_wrap(e, rc, "%s:%zu", at->path, at->line);
    *(added ? &im->sum->prompts_new : &im->sum->prompts_known) += 1;
    if (p->split_given)
        im->sum->splits_given++;
    struct import_known k = {p->id, strmap_add(im->files, at->path, NULL), at->line,
                             strmap_add(im->datasets, p->dataset, NULL), p->grader != NULL};
    VEC_PUSH(&im->known, k);
    return ERR_OK;
}

int import_model_of(struct import *im, const char *name, size_t *index, struct err *e)
{
    int added;
    *index = strmap_add(im->models, name, &added);
    if (!added)
        return ERR_OK;
    struct import_model m = {.name = mem_strdup(name)};
    VEC_PUSH(&im->sum->models, m);
    struct model row = {.name = m.name};
    int64_t config = 0;
    int rc = model_put(im->store, &row, e);
    if (rc == 0)
        rc = model_config_put(im->store, row.id, "import", false, &config, e);
    VEC_PUSH(&im->model_rows, row.id);
    VEC_PUSH(&im->model_configs, config);
    return rc;
}

/* The same (prompt, model, sample) twice would silently drop the first. */
static int outcome_once(struct import *im, size_t prompt, size_t model, int64_t sample,
                        const struct import_at *at, struct err *e)
{
    char key[80];
    snprintf(key, sizeof key, "%zx %zx %llx", prompt, model, (unsigned long long)sample);
    int added;
    strmap_add(im->outcomes, key, &added);
    if (added)
        return ERR_OK;
    return err_set(
        e, ERR_FORMAT,
        "%s:%zu: a second outcome of '%s' by '%s', sample %lld (give each reply its own 'sample')",
        at->path, at->line, strmap_key(im->ids, prompt), strmap_key(im->models, model),
        (long long)sample);
}

int import_reply_store(struct import *im, size_t prompt, const char *model, struct reply *r,
                       double score, const struct import_at *at, struct err *e)
{
    size_t m;
    int rc = import_model_of(im, model, &m, e);
    if (rc == 0)
        rc = outcome_once(im, prompt, m, r->sample, at, e);
    if (rc)
        return rc;
    const struct import_known *k = &im->known.v[prompt];
    AUTO_FREE char *hash = mem_printf("import:%s:%s", strmap_key(im->datasets, k->dataset),
                                      strmap_key(im->ids, prompt));
    r->prompt = k->row;
    r->model_config = im->model_configs.v[m];
    r->request_hash = hash;
    int have = reply_have(im->store, r->prompt, im->model_rows.v[m], r->model_config, r->sample,
                          hash, true, e);
    if (have < 0)
        return have;
    rc = reply_put(im->store, r, e);
    if (rc)
        return err_wrap(e, rc, "%s:%zu", at->path, at->line);
    struct import_model *sum = &im->sum->models.v[m];
    *(have ? &im->sum->replies_known : &im->sum->replies_new) += 1;
    sum->replies++;
    if (r->reported_nusd != MONEY_UNKNOWN) {
        sum->costs++;
        sum->cost_nusd += r->reported_nusd;
    }
    r->request_hash = NULL;
    if (isnan(score))
        return ERR_OK;
    im->sum->scores++;
    sum->scores++;
    sum->score_sum += score;
    if (have && k->graded)
        return ERR_OK; /* its grader may have judged the reply since; that score stays the primary
                        */
    return score_put(im->store, r->id, "imported", 1, score, "ok", NULL, true, e);
}
