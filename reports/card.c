/* Gathering what a model card says, its JSON, and the two files. The document is card_doc.c's, the
 * limits card_limits.c's.
 */
#include "reports/card.h"

#include "core/fs.h"
#include "core/hash.h"
#include "core/jsonw.h"
#include "core/mem.h"
#include "core/money.h"
#include "reports/card_private.h"
#include "reports/pages.h"
#include "store/group.h"
#include "store/model.h"
#include "store/prompt.h"

#include <string.h>

const struct json *card_heads(const struct card *c)
{
    return json_get(c->metrics, "heads");
}

struct value card_task_value(const struct card *c, const char *policy, const char *task,
                             const char *metric)
{
    for (size_t i = 0; i < c->d.rows.n; i++) {
        const struct evaluation *v = &c->d.rows.v[i];
        if (strncmp(v->slice, "task:", 5) == 0 && !strcmp(v->slice + 5, task) &&
            !strcmp(v->policy, policy) && !strcmp(v->metric, metric))
            return (struct value){v->value, v->lo, v->hi, v->n};
    }
    return VALUE_NONE;
}

/* The single model that always answering by the constant policy means, then operating points. */
size_t card_columns(const struct card *c, const char *name[3])
{
    const struct {
        const char *kind, *name;
    } wanted[] = {{"single", data_note(&c->d, "constant")},
                  {"point", "balanced"},
                  {"point", "best"},
                  {"point", NULL}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted && n < 3; i++) {
        const struct policy *p = data_policy(&c->d, wanted[i].kind, wanted[i].name);
        bool have = !p;
        for (size_t k = 0; p && k < n; k++)
            have = have || !strcmp(name[k], p->name);
        if (!have)
            name[n++] = p->name;
    }
    return n;
}

struct groups {
    struct strmap *seen;
    int64_t prompts;
};

static int see_prompt(void *arg, const struct prompt *p, struct err *e)
{
    struct groups *g = arg;
    char key[24];
    (void)e;
    snprintf(key, sizeof key, "%lld", (long long)(p->cluster ? p->cluster : p->id));
    strmap_add(g->seen, key, NULL);
    g->prompts++;
    return ERR_OK;
}

static int load_groups(struct store *s, struct card *c, struct err *e)
{
    struct groups g = {.seen = strmap_new()};
    int rc = prompt_each(s, false, see_prompt, &g, e);
    c->prompts = g.prompts;
    c->groups = (int64_t)strmap_count(g.seen);
    strmap_free(g.seen);
    if (rc)
        return rc;
    c->near_pairs = near_duplicate_count(s, e);
    return c->near_pairs < 0 ? (int)c->near_pairs : ERR_OK;
}

static int load_prices(struct store *s, struct card *c, struct err *e)
{
    struct model *models = NULL;
    size_t n = 0;
    int rc = model_list(s, &models, &n, e);
    for (const struct json *h = json_first(card_heads(c)); !rc && h; h = json_next(h)) {
        const char *name = json_str(json_get(h, "model"));
        struct card_price p = {mem_strdup(name ? name : ""), MONEY_UNKNOWN, MONEY_UNKNOWN,
                               MONEY_UNKNOWN};
        for (size_t i = 0; !rc && i < n; i++) {
            struct price_now now;
            if (!name || strcmp(models[i].name, name) != 0)
                continue;
            rc = price_now(s, models[i].id, 0, &now, e);
            p.pico_input = now.pico_usd[PRICE_INPUT];
            p.pico_output = now.pico_usd[PRICE_OUTPUT];
            p.pico_request = now.pico_usd[PRICE_REQUEST];
        }
        VEC_PUSH(&c->prices, p);
    }
    model_list_free(models, n);
    return rc;
}

static int load(struct store *s, const char *router, struct card *c, struct err *e)
{
    int rc = data_load(s, router, &c->d, e);
    if (!rc && !c->d.has_router)
        rc = err_set(e, ERR_USAGE, "'%s' holds no router to describe; run 'shunt train' first",
                     store_path(s));
    if (!rc && json_parse(c->d.router.metrics, strlen(c->d.router.metrics), &c->metrics, e))
        rc = err_wrap(e, ERR_FORMAT, "metrics of router '%s'", c->d.router.name);
    if (!rc)
        rc = load_groups(s, c, e);
    if (!rc)
        rc = load_prices(s, c, e);
    if (!rc)
        card_find_limits(c);
    return rc;
}

static void card_deinit(struct card *c)
{
    for (size_t i = 0; i < c->prices.n; i++)
        free(c->prices.v[i].model);
    for (size_t i = 0; i < c->limits.n; i++)
        free(c->limits.v[i]);
    VEC_FREE(&c->prices);
    VEC_FREE(&c->limits);
    json_free(c->metrics);
    data_deinit(&c->d);
}

static void json_value(struct jsonw *w, const char *key, struct value v)
{
    AUTO_FREE char *ci = mem_printf("%s_ci", key);
    jsonw_num(w, key, v.v);
    if (isnan(v.lo) || isnan(v.hi)) {
        jsonw_null(w, ci);
        return;
    }
    jsonw_arr(w, ci);
    jsonw_num(w, NULL, v.lo);
    jsonw_num(w, NULL, v.hi);
    jsonw_end(w);
}

static void json_policies(struct jsonw *w, const struct report_data *d)
{
    jsonw_arr(w, "policies");
    for (size_t i = 0; i < d->policies.n; i++) {
        const struct policy *p = &d->policies.v[i];
        jsonw_obj(w, NULL);
        jsonw_str(w, "name", p->name);
        jsonw_str(w, "kind", p->kind);
        json_value(w, "quality", p->quality);
        json_value(w, "cost_usd_per_1k", p->cost);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_obj(w, "figures");
    for (size_t i = 0; i < d->metrics.n; i++)
        json_value(w, d->metrics.v[i].name, d->metrics.v[i].value);
    jsonw_end(w);
}

static void json_tasks(struct jsonw *w, const struct card *c)
{
    const char *column[3];
    size_t columns = card_columns(c, column);
    jsonw_arr(w, "tasks");
    for (size_t t = 0; t < c->d.tasks.n; t++) {
        jsonw_obj(w, NULL);
        jsonw_str(w, "task", c->d.tasks.v[t]);
        for (size_t k = 0; k < columns; k++) {
            struct value q = card_task_value(c, column[k], c->d.tasks.v[t], "quality");
            if (k == 0)
                jsonw_int(w, "prompts", q.n);
            jsonw_obj(w, column[k]);
            json_value(w, "quality", q);
            json_value(w, "cost_usd_per_1k",
                       card_task_value(c, column[k], c->d.tasks.v[t], "cost_usd_per_1k"));
            jsonw_end(w);
        }
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void json_price(struct jsonw *w, const char *key, int64_t pico, double unit)
{
    if (pico == MONEY_UNKNOWN)
        jsonw_null(w, key);
    else
        jsonw_num(w, key, (double)pico / unit);
}

void card_json(const struct card *c, struct buf *out)
{
    const struct report_data *d = &c->d;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.card/1");
    jsonw_str(&w, "router", d->router.name);
    jsonw_str(&w, "encoder", d->router.encoder);
    jsonw_str(&w, "mode", d->router.mode);
    jsonw_int(&w, "folds", d->router.folds);
    jsonw_int(&w, "seed", d->router.seed);
    jsonw_str(&w, "data_hash", d->router.data_hash);
    jsonw_str(&w, "version", d->info.version);
    jsonw_str(&w, "evaluated_on", d->split);
    jsonw_obj(&w, "data");
    jsonw_int(&w, "prompts", c->prompts);
    jsonw_int(&w, "groups", c->groups);
    jsonw_int(&w, "near_duplicate_joins", c->near_pairs);
    jsonw_int(&w, "prompts_evaluated", d->prompts);
    jsonw_end(&w);
    jsonw_raw(&w, "training", d->router.metrics);
    json_policies(&w, d);
    json_tasks(&w, c);
    jsonw_arr(&w, "prices");
    for (size_t i = 0; i < c->prices.n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "model", c->prices.v[i].model);
        json_price(&w, "input_usd_per_mtok", c->prices.v[i].pico_input, 1e6);
        json_price(&w, "output_usd_per_mtok", c->prices.v[i].pico_output, 1e6);
        json_price(&w, "usd_per_request", c->prices.v[i].pico_request, 1e12);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_obj(&w, "notes");
    for (size_t i = 0; i < d->notes.n; i++)
        if (data_note(d, d->notes.v[i].key) == d->notes.v[i].text)
            jsonw_str(&w, d->notes.v[i].key, d->notes.v[i].text);
    jsonw_end(&w);
    jsonw_arr(&w, "limits");
    for (size_t i = 0; i < c->limits.n; i++)
        jsonw_str(&w, NULL, c->limits.v[i]);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_addc(out, '\n');
}

static int write_file(const char *dir, const char *name, const struct buf *b, struct err *e)
{
    AUTO_FREE char *path = fs_join(dir, name);
    if (b->over)
        return err_set(e, ERR_FORMAT, "'%s' would be larger than 1 GiB", path);
    return fs_write_atomic(path, b->data, b->len, e);
}

int card_write(struct store *s, const char *dir, const char *router, struct err *e)
{
    struct card c = {0};
    struct doc doc = {0};
    struct buf md = BUF_INIT(0), json = BUF_INIT(0);
    int rc = load(s, router, &c, e);
    if (!rc) {
        card_document(&c, &doc);
        page_markdown(&doc, &md);
        card_json(&c, &json);
        rc = fs_mkdirs(dir, e);
    }
    if (!rc)
        rc = write_file(dir, "card.json", &json, e);
    if (!rc)
        rc = write_file(dir, "card.md", &md, e);
    buf_deinit(&md);
    buf_deinit(&json);
    doc_deinit(&doc);
    card_deinit(&c);
    return rc;
}
