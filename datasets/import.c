/* A run of an importer: which form, one transaction around it, and what can only be checked over
 * the whole. Reading a form is the other import_*.c's work.
 */
#include "datasets/import.h"

#include "core/fs.h"
#include "core/log.h"
#include "core/opt.h"
#include "datasets/decontaminate.h"
#include "datasets/import_private.h"
#include "store/group.h"

#include <errno.h>
#include <string.h>

static const char *const format_names[] = {"auto", "jsonl", "outcomes", "routellm", "preferences"};
enum { FORMATS = sizeof format_names / sizeof *format_names };

const char *import_format_name(enum import_format f)
{
    return format_names[f];
}

int import_format_parse(const char *word, enum import_format *out, struct err *e)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(word, format_names[i]) == 0) {
            *out = (enum import_format)i;
            return ERR_OK;
        }
    }
    const char *near = opt_nearest(word, format_names, FORMATS);
    return err_set(e, ERR_USAGE,
                   "unknown format '%s'%s%s%s (jsonl, outcomes, routellm, preferences, auto)", word,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

void import_summary_deinit(struct import_summary *sum)
{
    for (size_t i = 0; i < sum->models.n; i++)
        free(sum->models.v[i].name);
    VEC_FREE(&sum->models);
    for (size_t i = 0; i < sum->left.n; i++) {
        free(sum->left.v[i].id);
        free(sum->left.v[i].like);
    }
    VEC_FREE(&sum->left);
}

/* Settles IMPORT_AUTO, and that a form which is a folder gets one. */
static int format_of(const struct import_options *o, enum import_format *out, struct err *e)
{
    bool standard = strcmp(o->path, "-") == 0, folder = !standard && fs_is_dir(o->path);
    if (!standard && !fs_exists(o->path))
        return err_set(e, ERR_IO, "cannot open '%s': %s", o->path, strerror(ENOENT));
    *out = o->format;
    if (*out == IMPORT_AUTO && !folder)
        *out = IMPORT_JSONL;
    if (*out == IMPORT_AUTO) {
        AUTO_FREE char *outcomes = import_find(o->path, "outcomes.jsonl");
        AUTO_FREE char *prompts = import_find(o->path, "prompts.jsonl");
        *out = outcomes || prompts ? IMPORT_OUTCOMES : IMPORT_ROUTELLM;
    }
    const bool lines = *out == IMPORT_JSONL || *out == IMPORT_PREFERENCES;
    if (lines && folder)
        return err_set(e, ERR_USAGE, "'%s' is a folder; the %s form is one file", o->path,
                       import_format_name(*out));
    if (!lines && !folder)
        return err_set(e, ERR_USAGE, "'%s' is not a folder, which the %s form is", o->path,
                       import_format_name(*out));
    return ERR_OK;
}

/* The name of the source where nobody gives one: the last part of the path without its endings. */
static char *dataset_of(const char *path)
{
    AUTO_FREE char *copy = mem_strdup(strcmp(path, "-") == 0 ? "stdin" : path);
    size_t len = strlen(copy);
    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = '\0';
    static const char *const ends[] = {".gz", ".jsonl", ".ndjson", ".json"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (len > n && strcmp(copy + len - n, ends[i]) == 0)
            copy[len -= n] = '\0';
    }
    return mem_strdup(fs_base(copy));
}

/* Given splits of one cluster must agree: the cluster's first prompt with one speaks for it. */
struct sides {
    struct strmap *clusters;
    struct side_vec VEC_BODY(struct side {
        char *id;
        char split[12];
    }) first;
};

static int see_side(void *arg, const struct prompt *p, struct err *e)
{
    struct sides *sides = arg;
    if (!p->split_given || !p->split)
        return ERR_OK;
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)p->cluster);
    int added;
    size_t i = strmap_add(sides->clusters, key, &added);
    if (added) {
        struct side s = {.id = mem_strdup(p->ext_id)};
        snprintf(s.split, sizeof s.split, "%s", p->split);
        VEC_PUSH(&sides->first, s);
        return ERR_OK;
    }
    const struct side *first = &sides->first.v[i];
    if (strcmp(first->split, p->split) == 0)
        return ERR_OK;
    return err_set(e, ERR_FORMAT,
                   "prompts '%s' (%s) and '%s' (%s) belong together (same group, request or text, "
                   "or nearly so) but are"
                   " given different splits; give them the same",
                   first->id, first->split, p->ext_id, p->split);
}

static int check_sides(struct store *s, struct err *e)
{
    struct sides sides = {.clusters = strmap_new()};
    int rc = prompt_each(s, true, see_side, &sides, e);
    for (size_t i = 0; i < sides.first.n; i++)
        free(sides.first.v[i].id);
    VEC_FREE(&sides.first);
    strmap_free(sides.clusters);
    return rc;
}

static int read_all(struct import *im, struct err *e)
{
    int rc = store_begin(im->store, e);
    if (rc)
        return rc;
    switch (im->sum->format) {
    case IMPORT_AUTO: /* settled by format_of */
    case IMPORT_JSONL:
        rc = import_jsonl(im, e);
        break;
    case IMPORT_OUTCOMES:
        rc = import_outcomes(im, e);
        break;
    case IMPORT_ROUTELLM:
        rc = import_routellm(im, e);
        break;
    case IMPORT_PREFERENCES:
        rc = import_preferences(im, e);
        break;
    }
    if (rc == 0)
        rc = prompt_cluster(im->store, e);
    if (rc == 0)
        rc = check_sides(im->store, e);
    if (rc == 0)
        rc = store_commit(im->store, e);
    if (rc)
        store_rollback(im->store);
    return rc;
}

/* New prompts were not compared with those whose near duplicates the store knows. */
static void remind_of_near_duplicates(struct store *s, const struct import_summary *sum)
{
    if (sum->prompts_new > 0 && near_duplicate_count(s, NULL) > 0)
        log_note(
            "the store keeps near duplicates together; run shunt split --near-duplicates again "
            "to compare the new prompts too");
}

int import_run(struct store *s, const struct import_options *o, struct import_summary *out,
               struct err *e)
{
    *out = (struct import_summary){0};
    int rc = format_of(o, &out->format, e);
    if (rc)
        return rc;
    struct import im = {
        .store = s,
        .o = o,
        .sum = out,
        .dataset = o->dataset ? mem_strdup(o->dataset) : dataset_of(o->path),
        .ids = strmap_new(),
        .files = strmap_new(),
        .datasets = strmap_new(),
        .models = strmap_new(),
        .outcomes = strmap_new(),
        .stages = strmap_new(),
        .ignored = strmap_new(),
        .left = strmap_new(),
        .progress = progress_new("import", 0),
    };
    if (o->decontaminate && o->decontaminate->n)
        rc = decon_open(o->decontaminate, o->decontaminate_jaccard, &im.decon, e);
    if (rc == 0)
        rc = read_all(&im, e);
    decon_free(im.decon);
    if (rc == 0)
        remind_of_near_duplicates(s, out);
    progress_end(im.progress);
    struct strmap *maps[] = {im.ids,      im.files,  im.datasets, im.models,
                             im.outcomes, im.stages, im.ignored,  im.left};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        strmap_free(maps[i]);
    VEC_FREE(&im.known);
    VEC_FREE(&im.model_rows);
    VEC_FREE(&im.model_configs);
    VEC_FREE(&im.stage_counts);
    free(im.dataset);
    return rc;
}
