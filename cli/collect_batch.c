/* shunt collect --batch, --batch-export, --batch-import. */
#include "cli/collect_more.h"
#include "collect/batch.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>

static double usd(const struct batch_model *m)
{
    bool known = m->ok > m->cost_unknown || m->ok == 0;
    return known ? (double)m->cost_nusd * 1e-9 : (double)NAN;
}

static void print_json(const struct batch_summary *s)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.batch/1");
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < s->n; i++) {
        const struct batch_model *m = &s->v[i];
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", m->name);
        jsonw_int(&w, "requests", m->requests);
        jsonw_int(&w, "files", m->files);
        jsonw_int(&w, "waiting", m->waiting);
        jsonw_int(&w, "ok", m->ok);
        jsonw_int(&w, "failed", m->failed);
        jsonw_int(&w, "already_there", m->already);
        if (isnan(usd(m)))
            jsonw_null(&w, "cost_usd");
        else
            jsonw_fix(&w, "cost_usd", usd(m), 9);
        jsonw_int(&w, "cost_unknown", m->cost_unknown);
        jsonw_fix(&w, "held_usd_at_most", (double)m->held_nusd * 1e-9, 9);
        jsonw_int(&w, "lost", m->lost);
        jsonw_fix(&w, "lost_usd_at_most", (double)m->lost_nusd * 1e-9, 9);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_rows(const struct batch_summary *s, enum out_shape shape)
{
    struct out *o =
        out_new(shape, stdout, 11,
                (const char *const[]){"model", "requests", "files", "waiting", "ok", "failed",
                                      "already_there", "lost", "usd", "usd_held", "usd_lost"});
    for (size_t i = 0; i < s->n; i++) {
        const struct batch_model *m = &s->v[i];
        out_str(o, m->name);
        out_int(o, m->requests);
        out_int(o, m->files);
        out_int(o, m->waiting);
        out_int(o, m->ok);
        out_int(o, m->failed);
        out_int(o, m->already);
        out_int(o, m->lost);
        out_num(o, usd(m), 6);
        out_num(o, (double)m->held_nusd * 1e-9, 6);
        out_num(o, (double)m->lost_nusd * 1e-9, 6);
    }
    return out_end(o);
}

static int act(struct store *s, const struct config *config, const struct collect_options *o,
               const struct collect_batch *b, struct batch_summary *sum, struct err *e)
{
    if (b->export_dir)
        return batch_export(s, config, o, b->export_dir, sum, e);
    if (b->remote)
        return batch_run(s, config, o, b->wait_s, sum, e);
    return batch_import(s, config, &b->import, sum, e);
}

int collect_batch_print(const struct cli_common *c, const struct config *config,
                        const struct collect_options *o, const struct collect_batch *b, bool json,
                        enum out_shape shape, struct err *e)
{
    struct store *s = NULL;
    struct batch_summary sum = {0};
    if ((b->export_dir != NULL) + (b->import.n > 0) + b->remote != 1)
        return err_set(e, ERR_USAGE,
                       "--batch, --batch-export and --batch-import are one at a time");
    if (o->dry_run)
        return err_set(e, ERR_USAGE,
                       "--dry-run has nothing to say of --batch-import; leave it out");
    if (!b->remote && o->max_spend_nusd != MONEY_UNKNOWN)
        return err_set(e, ERR_USAGE,
                       "--max-spend cannot hold over files: what becomes of them is not known here;"
                       " leave it out");
    int rc = store_open(c->store, STORE_WRITE, &s, e);
    if (!rc)
        rc = store_claim(s, "collect", e);
    if (!rc)
        rc = act(s, config, o, b, &sum, e);
    for (size_t i = 0; i < sum.n; i++)
        if (sum.v[i].message[0])
            log_warn("model '%s': %s", sum.v[i].name, sum.v[i].message);
    if (!rc || rc == ERR_PARTIAL || rc == ERR_LIMIT) {
        if (json)
            print_json(&sum);
        else if (print_rows(&sum, shape) && !rc)
            rc = err_set(e, ERR_IO, "cannot write to stdout");
    }
    batch_summary_deinit(&sum);
    store_close(s);
    return rc;
}
