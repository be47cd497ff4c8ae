/* From shunt.yaml to rows of the store and addresses to ask. */
#include "collect/models.h"

#include "collect/hosts.h"
#include "collect/stream.h"
#include "core/fs.h"
#include "core/mem.h"
#include "core/opt.h"

#include <stdlib.h>
#include <string.h>

static int put_prices(struct store *s, int64_t model, const struct config_prices *p, struct err *e)
{
    const struct {
        enum price_component component;
        int64_t pico_usd;
    } rows[] = {
        {PRICE_INPUT, p->input},
        {PRICE_OUTPUT, p->output},
        {PRICE_CACHED_READ, p->cached_read},
        {PRICE_CACHE_WRITE, p->cache_write},
        {PRICE_CACHE_WRITE_1H, p->cache_write_1h},
        {PRICE_REASONING, p->reasoning},
        {PRICE_REQUEST, p->request},
    };
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < sizeof rows / sizeof *rows; i++) {
        struct price price = {.model = model,
                              .component = rows[i].component,
                              .pico_usd = rows[i].pico_usd,
                              .source = "config"};
        if (price.pico_usd != MONEY_UNKNOWN)
            rc = price_put(s, &price, e);
    }
    return rc;
}

/* Prices in force, for a short request and at the dearest context tier. */
static int read_prices(struct store *s, struct target *t, struct err *e)
{
    struct price_now far;
    int rc = price_now(s, t->model, 0, &t->prices, e);
    if (!rc)
        rc = price_now(s, t->model, INT64_MAX, &far, e);
    if (rc)
        return rc;
    t->dearest = t->prices;
    for (int i = 0; i < PRICE_COMPONENTS; i++) {
        if (far.pico_usd[i] > t->dearest.pico_usd[i])
            t->dearest.pico_usd[i] = far.pico_usd[i];
        t->tiers = t->tiers || far.pico_usd[i] != t->prices.pico_usd[i];
    }
    return ERR_OK;
}

static int write_rows(struct store *s, struct target *t, struct err *e)
{
    const struct config_model *m = t->config;
    AUTO_FREE char *name = mem_strdup(m->name), *provider = mem_strdup(m->provider),
                   *protocol = mem_strdup(m->protocol), *tier = mem_strdup(m->tier);
    struct model row = {.name = name,
                        .provider = provider,
                        .protocol = protocol,
                        .tier = tier,
                        .context = m->context};
    struct buf identity = BUF_INIT(0);
    config_model_identity(&identity, m);
    int rc = model_put(s, &row, e);
    t->model = row.id;
    if (!rc)
        rc = model_config_put(s, row.id, identity.data, true, &t->model_config, e);
    if (!rc)
        rc = put_prices(s, row.id, &m->prices, e);
    buf_deinit(&identity);
    return rc;
}

static int64_t max_output_of(const struct target *t)
{
    static const char *const keys[] = {"max_tokens", "max_completion_tokens", "maxOutputTokens"};
    int64_t v;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_int64(json_get(t->config->params, keys[i]), &v))
            return v > 0 ? v : 0;
    return t->config->max_tokens > 0 ? t->config->max_tokens : t->adapter->max_tokens_else;
}

static int check_cap(const struct target *t, struct err *e)
{
    if (t->prices.pico_usd[PRICE_INPUT] == MONEY_UNKNOWN ||
        t->prices.pico_usd[PRICE_OUTPUT] == MONEY_UNKNOWN)
        return err_set(e, ERR_USAGE,
                       "--max-spend cannot hold for model '%s', which has no price; give its prices"
                       " in the config, or leave it out with --models",
                       t->config->name);
    if (t->max_output <= 0)
        return err_set(e, ERR_USAGE,
                       "--max-spend cannot hold for model '%s', whose replies have no maximum; give"
                       " it max_tokens in the config",
                       t->config->name);
    return ERR_OK;
}

static int open_one(const struct config_model *m, const struct collect_options *o, struct target *t,
                    struct err *e)
{
    struct endpoint_spec spec = {ENDPOINT_CHAT,  m->protocol,   m->name,    m->base_url, m->model,
                                 m->api_key_env, o->allow_http, m->headers, m->provider};
    t->config = m;
    int rc = adapter_find(m->protocol, &t->adapter, e);
    if (rc)
        return err_wrap(e, rc, "model '%s'", m->name);
    rc = endpoint_open(&t->endpoint, &spec, !o->dry_run, e);
    if (rc)
        return rc;
    t->official = endpoint_is_official(&spec);
    t->stream = m->stream || o->stream;
    t->hedge = o->hedge.seconds > 0 || o->hedge.percentile > 0 ? o->hedge : m->hedge;
    if (t->stream) {
        char *url = stream_url(m->protocol, t->endpoint.url);
        free(t->endpoint.url);
        t->endpoint.url = url;
    }
    t->max_output = max_output_of(t);
    return ERR_OK;
}

const struct config_model *target_config(const struct config *c, const char *name, struct err *e)
{
    const struct config_model *m = config_model_find(c, name);
    if (m)
        return m;
    const char **names = mem_array(c->model_count + 1, sizeof *names);
    for (size_t i = 0; i < c->model_count; i++)
        names[i] = c->models[i].name;
    const char *near = opt_nearest(name, names, c->model_count);
    if (near)
        err_set(e, ERR_USAGE, "the config has no model '%s'; did you mean '%s'?", name, near);
    else
        err_set(e, ERR_USAGE, "the config has no model '%s'", name);
    free(names);
    return NULL;
}

/* In one transaction: a run that is refused leaves the store as it was. */
static int write_all(struct store *s, const struct collect_options *o, struct target *t, size_t n,
                     struct err *e)
{
    int rc = store_begin(s, e);
    for (size_t i = 0; !rc && i < n; i++) {
        rc = write_rows(s, &t[i], e);
        if (!rc)
            rc = read_prices(s, &t[i], e);
        if (!rc && o->max_spend_nusd != MONEY_UNKNOWN)
            rc = check_cap(&t[i], e);
    }
    if (!rc)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    return rc;
}

int target_cost(struct store *s, const struct target *t, const struct answer *a, int64_t *nusd,
                struct err *e)
{
    struct price_now now = t->prices;
    int rc = t->tiers ? price_now(s, t->model, a->usage.input, &now, e) : ERR_OK;
    *nusd = rc ? MONEY_UNKNOWN : price_cost(&now, &a->usage);
    if (*nusd == MONEY_UNKNOWN)
        *nusd = a->reported_nusd;
    return rc;
}

int targets_open(struct store *s, const struct config *c, const struct collect_options *o,
                 struct target **out, size_t *n, struct err *e)
{
    size_t named = o->models ? o->models->n : 0, count = named ? named : c->model_count;
    if (count == 0)
        return err_set(e, ERR_USAGE, "the config has no models; list them under 'models:'");
    struct target *t = mem_array(count, sizeof *t);
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < count; i++) {
        const struct config_model *m = named ? target_config(c, o->models->v[i], e) : &c->models[i];
        for (size_t k = 0; m && k < i; k++)
            if (t[k].config == m)
                rc = err_set(e, ERR_USAGE, "model '%s' is named twice", m->name);
        if (!rc)
            rc = m ? open_one(m, o, &t[i], e) : ERR_USAGE;
    }
    if (!rc)
        rc = write_all(s, o, t, count, e);
    if (rc) {
        targets_free(t, count);
        return rc;
    }
    *out = t;
    *n = count;
    return ERR_OK;
}

void targets_lanes(const struct target *t, size_t n, struct lane_spec *lane)
{
    size_t accounts = 0;
    for (size_t i = 0; i < n; i++) {
        const struct host *host = host_find(t[i].config->provider);
        lane[i] = (struct lane_spec){accounts, host && host->per_second, t[i].hedge};
        for (size_t k = 0; k < i && lane[i].account == accounts; k++)
            if (strcmp(t[k].endpoint.account, t[i].endpoint.account) == 0)
                lane[i].account = lane[k].account;
        accounts += lane[i].account == accounts;
    }
}

void targets_free(struct target *t, size_t n)
{
    for (size_t i = 0; t && i < n; i++)
        endpoint_deinit(&t[i].endpoint);
    free(t);
}
