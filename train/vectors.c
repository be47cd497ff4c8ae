/* Encoder names, and vectors from the store. How a vector becomes columns is train/space.c.
 */
#include "train/vectors.h"

#include "core/mem.h"
#include "store/embed.h"

#include <stdio.h>
#include <string.h>

int vectors_parse(const char *text, bool *hashed, const char **endpoint, struct err *e)
{
    static const char plus[] = "hashed+endpoint:", alone[] = "endpoint:";
    *hashed = true;
    *endpoint = NULL;
    if (text == NULL || strcmp(text, "hashed") == 0)
        return ERR_OK;
    if (strncmp(text, plus, sizeof plus - 1) == 0) {
        *endpoint = text + sizeof plus - 1;
    } else if (strncmp(text, alone, sizeof alone - 1) == 0) {
        *hashed = false;
        *endpoint = text + sizeof alone - 1;
    }
    if (*endpoint == NULL || **endpoint == '\0')
        return err_set(e, ERR_USAGE,
                       "--encoder takes hashed, endpoint:NAME or hashed+endpoint:NAME, "
                       "not '%s'",
                       text);
    return ERR_OK;
}

int vectors_load_some(struct store *s, const struct matrix *m, const char *name, float **out,
                      bool **have, size_t *dims, char id[VECTORS_ID], size_t *missing,
                      struct err *e)
{
    struct encoder enc;
    int rc = encoder_find(s, name, &enc, e);
    if (rc != ERR_OK)
        return rc;
    size_t d = (size_t)enc.dimensions, lacking = 0;
    AUTO_FREE int64_t *prompt = mem_array(m->prompts, sizeof *prompt);
    AUTO_FREE bool *there = mem_array(m->prompts, sizeof *there);
    AUTO_FREE float *v = mem_array(m->prompts * d, sizeof *v);
    for (size_t i = 0; i < m->prompts; i++)
        prompt[i] = m->prompt[i].id;
    rc = embedding_load(s, enc.id, d, prompt, m->prompts, v, there, e);
    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < m->prompts; i++)
        lacking += !there[i];
    snprintf(id, VECTORS_ID, "%s/%zu/%.16s", enc.name, d, enc.hash);
    *missing = lacking;
    *out = v;
    *have = there;
    *dims = d;
    v = NULL;
    there = NULL;
    return ERR_OK;
}

int vectors_load(struct store *s, const struct matrix *m, const char *name, float **out,
                 size_t *dims, char id[VECTORS_ID], struct err *e)
{
    AUTO_FREE bool *have = NULL;
    AUTO_FREE float *v = NULL;
    size_t missing = 0;
    int rc = vectors_load_some(s, m, name, &v, &have, dims, id, &missing, e);
    if (rc != ERR_OK)
        return rc;
    if (missing > 0)
        return err_set(e, ERR_USAGE,
                       "%zu of %zu prompts have no vector of encoder '%s'; run 'shunt "
                       "embed' first",
                       missing, m->prompts, name);
    *out = v;
    v = NULL;
    return ERR_OK;
}
