/* Vectors from files: one writer for both forms, and the reading of JSON Lines. The .npy form is
 * vectors_npy.c's.
 */
#include "datasets/vectors_private.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/json.h"
#include "store/embed.h"
#include "store/prompt.h"
#include "store/work.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int vectors_row(struct vectors *v, const char *id, const double *x, size_t n, size_t row,
                struct err *e)
{
    int64_t prompt = 0;
    int added;
    strmap_add(v->seen, id, &added);
    if (!added)
        return err_set(e, ERR_FORMAT, "'%s', row %zu: prompt '%s' has a vector further up already",
                       v->o->path, row, id);
    int rc = prompt_find(v->store, id, &prompt, e);
    if (rc)
        return rc;
    if (prompt == 0)
        return err_set(e, ERR_FORMAT, "'%s', row %zu: the store has no prompt '%s'", v->o->path,
                       row, id);
    if (v->encoder == 0) {
        rc = vectors_begin(v, n, e);
        if (rc)
            return rc;
    }
    if (n != v->dims)
        return err_set(e, ERR_FORMAT,
                       "'%s', row %zu: the vector of prompt '%s' has %zu components, not %zu",
                       v->o->path, row, id, n, v->dims);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(x[i]) <= (double)FLT_MAX))
            return err_set(e, ERR_FORMAT,
                           "'%s', row %zu: component %zu of the vector of prompt '%s' is no finite "
                           "float32",
                           v->o->path, row, i, id);
        v->row[i] = (float)x[i];
    }
    int have = embedding_have(v->store, prompt, v->encoder, e);
    if (have < 0)
        return have;
    *(have ? &v->sum->replaced : &v->sum->added) += 1;
    if (row % 64 == 0 && interrupted())
        return err_set(e, ERR_PARTIAL, "interrupted, nothing was stored; run it again");
    progress_set(v->progress, row, NULL);
    return embedding_put(v->store, prompt, v->encoder, v->row, n, e);
}

int vectors_begin(struct vectors *v, size_t dims, struct err *e)
{
    struct encoder enc = {.dimensions = (int64_t)dims};
    if (dims == 0 || dims > VECTOR_DIMENSIONS_MAX)
        return err_set(e, ERR_FORMAT, "'%s': vectors have 1 to %d components, not %zu", v->o->path,
                       VECTOR_DIMENSIONS_MAX, dims);
    snprintf(enc.name, sizeof enc.name, "%s", v->o->encoder);
    AUTO_FREE char *what = mem_printf("imported vectors, %s, %zu", v->o->encoder, dims);
    sha256_hex(what, strlen(what), enc.hash);
    int rc = encoder_put(v->store, &enc, e);
    v->encoder = enc.id;
    v->dims = dims;
    v->sum->dimensions = (int64_t)dims;
    v->row = mem_array(dims, sizeof *v->row);
    return rc;
}

static int see_line(struct vectors *v, const struct json *line, size_t row, struct err *e)
{
    const struct json *j = json_get(line, json_get(line, "id") ? "id" : "prompt_id");
    AUTO_FREE char *id = json_id(j);
    j = json_get(line, json_get(line, "embedding") ? "embedding" : "vector");
    if (!id || json_type(j) != JSON_ARRAY)
        return err_set(e, ERR_FORMAT, "%s:%zu: no '%s'%s%s%s", v->o->path, row,
                       id ? "embedding" : "id", id ? " (an array of numbers) for prompt '" : "",
                       id ? id : "", id ? "'" : "");
    v->x.n = 0;
    for (const struct json *c = json_first(j); c; c = json_next(c))
        VEC_PUSH(&v->x, json_num(c, (double)NAN));
    return vectors_row(v, id, v->x.v, v->x.n, row, e);
}

static int read_jsonl(struct vectors *v, struct err *e)
{
    struct fs_lines *lines;
    int rc = fs_lines_open(v->o->path, 8 * 1024 * 1024, &lines, e);
    if (rc)
        return rc;
    char *line;
    size_t len;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        size_t number = fs_lines_number(lines);
        struct json *tree = NULL;
        rc = 0;
        if (strspn(line, " \t\r") < len) {
            rc = json_parse(line, len, &tree, e);
            rc = rc ? err_wrap(e, rc, "%s:%zu", v->o->path, number) : see_line(v, tree, number, e);
        }
        json_free(tree);
        if (rc)
            break;
    }
    fs_lines_close(lines);
    return rc;
}

bool vectors_ends(const char *path, const char *end)
{
    size_t n = strlen(path), k = strlen(end);
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0)
        n -= 3;
    return n > k && strncmp(path + n - k, end, k) == 0;
}

/* How many prompts have no vector of the encoder. */
static int count_missing(struct vectors *v, struct err *e)
{
    int64_t all = 0, have = 0;
    int rc = work_count(v->store, &all, e);
    if (rc == 0)
        rc = work_vectors(v->store, v->encoder, 0, &have, e);
    v->sum->prompts = all;
    v->sum->missing = all - have;
    return rc;
}

int vectors_import(struct store *s, const struct vectors_options *o, struct vectors_summary *out,
                   struct err *e)
{
    *out = (struct vectors_summary){0};
    bool npy = vectors_ends(o->path, ".npy");
    if (npy != (o->ids != NULL))
        return err_set(e, ERR_USAGE,
                       npy ? "'%s' has no ids of prompts: give a file of them, in the order of the "
                             "rows, with --ids"
                           : "'%s' has the ids in its lines; --ids is for .npy files",
                       o->path);
    if (!o->encoder || !*o->encoder || strlen(o->encoder) > 63)
        return err_set(e, ERR_USAGE, "--encoder takes a name of 1 to 63 bytes");
    struct vectors v = {.store = s,
                        .o = o,
                        .sum = out,
                        .seen = strmap_new(),
                        .progress = progress_new("vectors", 0)};
    int rc = store_begin(s, e);
    if (rc == 0)
        rc = npy ? vectors_read_npy(&v, e) : read_jsonl(&v, e);
    if (rc == 0 && v.encoder == 0)
        rc = err_set(e, ERR_FORMAT, "'%s' holds no vectors", o->path);
    if (rc == 0)
        rc = count_missing(&v, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    progress_end(v.progress);
    strmap_free(v.seen);
    VEC_FREE(&v.x);
    free(v.row);
    return rc;
}
