/* Which studies a training is asked for, one after the other. Each is in a file of its own. */
#include "cli/study.h"

#include "core/log.h"
#include "core/mem.h"
#include "train/encoders.h"

#include <string.h>

int studies_run(struct store *s, const char *router, const struct training *t,
                const struct train_options *o, const struct studies_asked *asked,
                struct studies *out, struct err *e)
{
    *out = (struct studies){0};
    bool encoders = asked->encoders;
    if (encoders && !asked->encoders_said) { /* by itself only where there is something to say */
        const int there = encoders_there(s, e);
        if (there < 0)
            return there;
        encoders = there > 0 && o->encoder == NULL;
    }
    if (!encoders)
        return ERR_OK;
    struct study x;
    struct err why = {0};
    int rc = study_open(s, router, t, (int64_t)o->seed, &x, &why);
    if (rc == ERR_USAGE && !asked->encoders_said) {
        log_note("encoders are not compared: %s", why.text);
        return ERR_OK;
    }
    if (rc != ERR_OK)
        return err_set(e, rc, "%s", why.text);
    rc = study_encoders(s, &x, o, &out->encoders, e);
    study_close(&x);
    if (rc != ERR_OK)
        studies_deinit(out);
    return rc;
}

void studies_json(const struct studies *x, struct jsonw *w)
{
    if (x->encoders.n > 0)
        study_json(&x->encoders, w);
}

int studies_print(const struct studies *x, enum out_shape shape, FILE *f)
{
    if (x->encoders.n > 0 && study_print(&x->encoders, shape, f))
        return -1;
    return 0;
}

void studies_deinit(struct studies *x)
{
    study_table_deinit(&x->encoders);
}
