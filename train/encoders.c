/* One refit for each encoder and each sum with the n-grams.
 */
#include "train/encoders.h"

#include "core/fs.h"
#include "core/log.h"
#include "core/mem.h"
#include "store/embed.h"
#include "train/refit.h"
#include "train/vectors.h"

#include <stdlib.h>
#include <string.h>

static void take_name(void *arg, const struct encoder *enc, int64_t rows)
{
    struct str_vec *names = arg;
    if (rows > 0)
        VEC_PUSH(names, mem_strdup(enc->name));
}

int encoders_there(struct store *s, struct err *e)
{
    struct str_vec names = {0};
    const int rc = encoder_each(s, take_name, &names, e);
    const bool any = names.n > 0;
    str_vec_free(&names);
    return rc != ERR_OK ? rc : any;
}

static int add_fit(const struct training *t, const struct train_options *o, const char *name,
                   bool hashed, float *dense, size_t dims, struct encoder_fits *out, struct err *e)
{
    struct encoder_fit *f = &out->fit[out->n];
    *f = (struct encoder_fit){.name = mem_strdup(name), .dims = dims};
    out->n++;
    const char *own = o->encoder != NULL ? o->encoder : "hashed";
    if (strcmp(own, name) == 0) {
        f->trained = true;
        f->q = refit_own(t, false);
        f->seconds = t->fit_seconds;
        return ERR_OK;
    }
    struct refit_options ro = {
        .use = t->final->use, .dense = dense, .dims = dims, .seed = o->seed, .jobs = o->jobs};
    ro.use.hashed = hashed;
    ro.use.dense = dense != NULL;
    struct refitted r;
    log_debug("fitting with %s", name);
    const int rc = refit(t, &ro, &r, e);
    if (rc == ERR_OK) {
        f->q = r.q;
        f->seconds = r.seconds;
        r.q = NULL;
    }
    refitted_deinit(&r);
    return rc;
}

/* The vectors of one encoder, alone and beside the n-grams. */
static int add_encoder(struct store *s, const struct training *t, const struct train_options *o,
                       const char *name, struct encoder_fits *out, struct err *e)
{
    char id[VECTORS_ID];
    AUTO_FREE float *v = NULL;
    AUTO_FREE bool *have = NULL;
    size_t dims = 0, missing = 0;
    int rc = vectors_load_some(s, t->matrix, name, &v, &have, &dims, id, &missing, e);
    if (rc != ERR_OK)
        return rc;
    if (missing > 0) {
        out->left_out[out->left++] =
            mem_printf("%s: %zu of %zu prompts have no vector", name, missing, t->matrix->prompts);
        return ERR_OK;
    }
    AUTO_FREE char *alone = mem_printf("endpoint:%s", name);
    AUTO_FREE char *both = mem_printf("hashed+endpoint:%s", name);
    rc = add_fit(t, o, alone, false, v, dims, out, e);
    return rc == ERR_OK ? add_fit(t, o, both, true, v, dims, out, e) : rc;
}

int encoders_fit(struct store *s, const struct training *t, const struct train_options *o,
                 struct encoder_fits *out, struct err *e)
{
    struct str_vec names = {0};
    *out = (struct encoder_fits){0};
    int rc = encoder_each(s, take_name, &names, e);
    out->fit = mem_array(2 * names.n + 1, sizeof *out->fit);
    out->left_out = mem_array(names.n, sizeof *out->left_out);
    if (rc == ERR_OK)
        rc = add_fit(t, o, "hashed", true, NULL, 0, out, e);
    for (size_t k = 0; rc == ERR_OK && k < names.n; k++)
        rc = add_encoder(s, t, o, names.v[k], out, e);
    str_vec_free(&names);
    if (rc != ERR_OK)
        encoders_deinit(out);
    return rc;
}

void encoders_deinit(struct encoder_fits *x)
{
    for (size_t k = 0; k < x->n; k++) {
        free(x->fit[k].name);
        free(x->fit[k].q);
    }
    for (size_t k = 0; k < x->left; k++)
        free(x->left_out[k]);
    free(x->fit);
    free(x->left_out);
    *x = (struct encoder_fits){0};
}
