/* Which studies a training is asked for, one after the other. Each is in a file of its own. */
#include "cli/studies.h"

#include "core/log.h"
#include "core/mem.h"
#include "train/encoders.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

int studies_check(struct studies_asked *asked, bool one_table, struct err *e)
{
    if (asked->label_said && (asked->label_next < 1 || asked->label_next > 1000000))
        return err_set(e, ERR_USAGE, "--label-next takes 1 to 1000000 prompts, not %" PRId64,
                       asked->label_next);
    if (!(asked->label_usd >= 0) || !isfinite(asked->label_usd))
        return err_set(e, ERR_USAGE, "--label-cost takes US dollars from 0, not %g",
                       asked->label_usd);
    if (asked->label_usd > 0 && !asked->label_said)
        return err_set(e, ERR_USAGE, "--label-cost is for --label-next N; give both");
    const int said = (asked->encoders && asked->encoders_said) + asked->controls + asked->curve +
                     (asked->label_next > 0);
    if (one_table && said > 1)
        return err_set(e, ERR_USAGE,
                       "--csv and --tsv print one table; ask for one of --compare-encoders, "
                       "--controls, --curve and --label-next, or give --json");
    if (one_table) /* the heads, unless another was asked for */
        asked->encoders = asked->encoders && asked->encoders_said;
    return ERR_OK;
}

/* Are encoders to be compared? By itself only where there is something to say. 1, 0, or negative */
static int want_encoders(struct store *s, const struct train_options *o,
                         const struct studies_asked *asked, struct err *e)
{
    if (!asked->encoders || asked->encoders_said)
        return asked->encoders;
    const int there = encoders_there(s, e);
    return there < 0 ? there : there > 0 && o->encoder == NULL;
}

int studies_run(struct store *s, const char *router, const struct training *t,
                const struct train_options *o, const struct studies_asked *asked,
                struct studies *out, struct err *e)
{
    *out = (struct studies){0};
    int rc = ERR_OK;
    const int encoders = want_encoders(s, o, asked, e);
    if (encoders < 0)
        return encoders;
    struct study x = {0};
    struct err why = {0};
    const bool said = asked->curve || asked->controls;
    if (encoders || said) {
        rc = study_open(s, router, t, (int64_t)o->seed, &x, &why);
        if (rc == ERR_USAGE && !asked->encoders_said && !said)
            log_note("encoders are not compared: %s", why.text);
        else if (rc != ERR_OK)
            return err_set(e, rc, "%s", why.text);
    }
    if (rc == ERR_OK && encoders)
        rc = study_encoders(s, &x, o, &out->encoders, e);
    if (rc == ERR_OK && asked->controls)
        rc = study_controls(&x, o->jobs, &out->controls, e);
    if (rc == ERR_OK && asked->curve)
        rc = study_curve(&x, o, &out->curve, e);
    if (encoders || said)
        study_close(&x);
    if (why.code == ERR_USAGE)
        rc = ERR_OK;
    if (rc == ERR_OK && asked->label_next > 0) {
        rc = label_next(s, t, o, (size_t)asked->label_next, asked->label_usd, &out->label, e);
        out->labels = rc == ERR_OK;
    }
    if (rc != ERR_OK)
        studies_deinit(out);
    return rc;
}

bool studies_any(const struct studies *x)
{
    return x->encoders.n > 0 || x->controls.n > 0 || x->curve.n > 0 || x->labels;
}

void studies_json(const struct studies *x, struct jsonw *w)
{
    if (x->encoders.n > 0)
        study_json(&x->encoders, w);
    if (x->controls.n > 0)
        study_json(&x->controls, w);
    if (x->curve.n > 0)
        curve_json(&x->curve, w);
    if (x->labels)
        label_json(&x->label, w);
}

int studies_print(const struct studies *x, enum out_shape shape, FILE *f)
{
    if (x->encoders.n > 0 && study_print(&x->encoders, shape, f))
        return -1;
    if (x->controls.n > 0 && study_print(&x->controls, shape, f))
        return -1;
    if (x->curve.n > 0 && curve_print(&x->curve, shape, f))
        return -1;
    return x->labels && label_print(&x->label, shape, f) ? -1 : 0;
}

void studies_deinit(struct studies *x)
{
    study_table_deinit(&x->encoders);
    study_table_deinit(&x->controls);
    curve_deinit(&x->curve);
    label_wishes_deinit(&x->label);
    x->labels = false;
}
