/* shunt collect --reparse. */
#include "cli/collect_more.h"
#include "collect/reparse.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "store/store.h"

#include <stdio.h>

static void print_json(const struct reparse_summary *s)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.reparse/1");
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < s->n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "name", s->v[i].name);
        jsonw_int(&w, "replies", s->v[i].replies);
        jsonw_int(&w, "changed", s->v[i].changed);
        jsonw_int(&w, "scores_dropped", s->v[i].rescored);
        jsonw_int(&w, "unread", s->v[i].unread);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_rows(const struct reparse_summary *s, enum out_shape shape)
{
    struct out *o =
        out_new(shape, stdout, 5,
                (const char *const[]){"model", "replies", "changed", "scores_dropped", "unread"});
    for (size_t i = 0; i < s->n; i++) {
        out_str(o, s->v[i].name);
        out_int(o, s->v[i].replies);
        out_int(o, s->v[i].changed);
        out_int(o, s->v[i].rescored);
        out_int(o, s->v[i].unread);
    }
    return out_end(o);
}

int collect_reparse_print(const struct cli_common *c, const struct config *config,
                          const struct str_vec *models, bool json, enum out_shape shape,
                          struct err *e)
{
    struct store *s = NULL;
    struct reparse_summary sum = {0};
    int64_t rescored = 0;
    int rc = store_open(c->store, STORE_WRITE, &s, e);
    if (!rc)
        rc = store_claim(s, "collect", e);
    if (!rc)
        rc = collect_reparse(s, config, models, &sum, e);
    for (size_t i = 0; i < sum.n; i++) {
        rescored += sum.v[i].rescored;
        if (sum.v[i].unread)
            log_warn("model '%s': %s", sum.v[i].name, sum.v[i].message);
    }
    if (!rc || rc == ERR_PARTIAL) {
        if (json)
            print_json(&sum);
        else if (print_rows(&sum, shape) && !rc)
            rc = err_set(e, ERR_IO, "cannot write to stdout");
        if (rescored)
            log_note("scores of changed replies were dropped; run shunt grade");
    }
    reparse_summary_deinit(&sum);
    store_close(s);
    return rc;
}
