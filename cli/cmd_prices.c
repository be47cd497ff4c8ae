/* shunt prices: shows the prices in force, sets some, or reads a price book. */
#include "cli/cli.h"

#include "core/clock.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "datasets/prices.h"

#include <stdio.h>

struct shape {
    bool json, csv, tsv;
};

static void json_row(struct jsonw *w, const struct model *m, const struct price_now *now)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "model", m->name);
    for (int c = 0; c < PRICE_COMPONENTS; c++) {
        char key[48], text[40];
        snprintf(key, sizeof key, "%s_usd%s", price_component_names[c],
                 c == PRICE_REQUEST ? "" : "_per_mtok");
        price_text((enum price_component)c, now->pico_usd[c], text);
        if (now->pico_usd[c] == MONEY_UNKNOWN)
            jsonw_null(w, key);
        else
            jsonw_raw(w, key, text);
    }
    jsonw_end(w);
}

static void table_row(struct out *o, const struct model *m, const struct price_now *now)
{
    out_str(o, m->name);
    for (int c = 0; c < PRICE_COMPONENTS; c++) {
        char text[40];
        price_text((enum price_component)c, now->pico_usd[c], text);
        out_str(o, now->pico_usd[c] == MONEY_UNKNOWN ? NULL : text);
    }
}

/* Calls one of the two above for every model. */
static int each_model(struct store *s, struct jsonw *w, struct out *o, struct err *e)
{
    struct model *models = NULL;
    size_t n = 0;
    int rc = model_list(s, &models, &n, e);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        struct price_now now;
        rc = price_now(s, models[i].id, 0, &now, e);
        if (rc == ERR_OK && w)
            json_row(w, &models[i], &now);
        else if (rc == ERR_OK)
            table_row(o, &models[i], &now);
    }
    model_list_free(models, n);
    return rc;
}

static int print_prices(struct store *s, const struct shape *shape, struct err *e)
{
    if (!shape->json) {
        /* USD per million tokens, but for the request */
        const char *names[1 + PRICE_COMPONENTS] = {"model"};
        for (int c = 0; c < PRICE_COMPONENTS; c++)
            names[1 + c] = price_component_names[c];
        struct out *o = out_new(out_shape_of(false, shape->csv, shape->tsv), stdout,
                                1 + PRICE_COMPONENTS, names);
        int rc = each_model(s, NULL, o, e);
        if (out_end(o) && rc == ERR_OK)
            rc = err_set(e, ERR_IO, "cannot write to stdout");
        return rc;
    }
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.prices/1");
    jsonw_arr(&w, "models");
    int rc = each_model(s, &w, NULL, e);
    jsonw_end(&w);
    jsonw_end(&w);
    if (rc == ERR_OK)
        puts(b.data);
    buf_deinit(&b);
    return rc;
}

struct request {
    struct str_vec set;
    const char *import, *from;
    int64_t min_context;
    bool add;
};

static int change_prices(struct store *s, const struct request *r, struct err *e)
{
    struct price_book book = {0};
    struct price_applied done = {0};
    int64_t from_ms = 0;
    int rc = ERR_OK;
    if (r->from && !clock_parse(r->from, &from_ms))
        rc = err_set(e, ERR_USAGE, "--from wants a date as in 2026-03-01, not '%s'", r->from);
    if (rc == ERR_OK)
        rc = r->import ? price_book_read(r->import, &book, e)
                       : price_book_set(&r->set, from_ms, r->min_context, &book, e);
    if (rc == ERR_OK)
        rc = price_book_apply(s, &book, r->add, !r->import, &done, e);
    if (rc == ERR_OK && r->import && done.models == 0)
        rc = err_set(e, ERR_FORMAT, "none of the models in '%s' is in the store (--add adds them)",
                     r->import);
    if (rc == ERR_OK)
        log_note("%lld prices of %lld models written%s", (long long)done.written,
                 (long long)done.models, r->import ? "" : ", set by hand");
    if (rc == ERR_OK && (done.elsewhere || book.skipped))
        log_note("%lld models are not in the store, %lld entries hold no price per token",
                 (long long)done.elsewhere, (long long)book.skipped);
    price_book_deinit(&book);
    return rc;
}

static int run(const char *path, const struct request *r, const struct shape *shape, struct err *e)
{
    bool change = r->set.n || r->import;
    struct store *s = NULL;
    int rc = store_open(path, change ? STORE_WRITE : STORE_READ, &s, e);
    if (rc)
        return rc;
    if (change)
        rc = change_prices(s, r, e);
    if (rc == ERR_OK)
        rc = print_prices(s, shape, e);
    store_close(s);
    return rc;
}

static const char epilog[] =
    "Prices are USD per million tokens; a request price is USD per request. A new price reprices\n"
    "what was collected, without asking any model again. FILE is a price book (JSON or CSV with\n"
    "model, component, usd_per_mtok, ...) or the map of model prices that LiteLLM publishes.\n\n"
    "  shunt prices --store s.db --set 'small:input=0.15,output=0.6,large:input=2.5,output=10'\n\n"
    "Exit status: 0 done, 2 usage, 3 no such file, 4 bad price book, 6 database.\n";

int cmd_prices(int argc, char **argv, struct err *e)
{
    struct cli_common c = {0};
    struct request r = {0};
    struct shape shape = {0};
    const struct opt opts[] = {
        CLI_STORE(&c),
        OPT_LIST(0, "set", &r.set, "MODEL:COMPONENT=USD,...",
                 "set prices; components: input, output, cached_read, cache_write, cache_write_1h, "
                 "reasoning, request"),
        OPT_STR(0, "from", &r.from, "DATE",
                "with --set: in force from that date on (default: always)"),
        OPT_INT(0, "min-context", &r.min_context, "N",
                "with --set: for requests of at least N input tokens"),
        OPT_STR(0, "import", &r.import, "FILE", "read a price book"),
        OPT_FLAG(0, "add", &r.add, "add models that the store does not have"),
        OPT_FLAG(0, "json", &shape.json, "print one JSON object"),
        OPT_FLAG(0, "csv", &shape.csv, "comma separated"),
        OPT_FLAG(0, "tsv", &shape.tsv, "tab separated"),
        CLI_COMMON(&c),
        OPT_END(),
    };
    const struct opt_usage usage = {"shunt prices", "--store FILE [options]",
                                    "Show or change what the models of a store cost.", epilog};
    int rc = opt_parse(&usage, opts, &argc, argv, e);
    if (rc == ERR_OK && argc)
        rc = err_set(e, ERR_USAGE, "'%s' is one argument too many (see shunt prices -h)", argv[0]);
    if (rc == ERR_OK && r.set.n && r.import)
        rc = err_set(e, ERR_USAGE, "--set and --import exclude each other; run shunt prices twice");
    if (rc == ERR_OK && r.min_context < 0)
        rc = err_set(e, ERR_USAGE, "--min-context must be at least 0");
    if (rc == ERR_OK && !r.set.n && (r.from || r.min_context))
        rc = err_set(e, ERR_USAGE, "--from and --min-context belong to --set");
    if (rc == ERR_OK)
        rc = cli_common_apply(&c, true, e);
    if (rc == ERR_OK)
        rc = run(c.store, &r, &shape, e);
    str_vec_free(&r.set);
    return rc;
}
