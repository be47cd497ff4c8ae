/* Compile, part two: models with today's prices, their tiers in order of cost, expected costs.
 */
#include "core/log.h"
#include "core/mem.h"
#include "store/model.h"
#include "train/compile_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tier {
    const char *name;
    double cost, score; /* means over its models; cost NaN when one is not known */
    size_t models;
};

/* By mean cost, cheapest first, or by mean score where a cost is missing; ties by name. */
static bool before(const struct tier *a, const struct tier *b, bool by_cost)
{
    double x = by_cost ? a->cost : a->score, y = by_cost ? b->cost : b->score;
    if (x < y || x > y)
        return x < y;
    return strcmp(a->name, b->name) < 0;
}

static void sort_tiers(struct tier *t, size_t n)
{
    bool by_cost = true;
    for (size_t i = 0; i < n; i++)
        by_cost = by_cost && !isnan(t[i].cost);
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && before(&t[j], &t[j - 1], by_cost); j--) {
            struct tier swap = t[j];
            t[j] = t[j - 1];
            t[j - 1] = swap;
        }
}

static size_t add_tier(struct tier *t, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(t[i].name, name) == 0)
            return i;
    t[*n] = (struct tier){.name = name};
    return (*n)++;
}

/* The order of shunt.yaml if it knows every tier in use. */
static bool order_by_config(const struct draft *d, struct tier *t, size_t n)
{
    if (d->config == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        if (config_tier_find(d->config, t[i].name) < 0)
            return false;
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && config_tier_find(d->config, t[j].name) <
                                        config_tier_find(d->config, t[j - 1].name);
             j--) {
            struct tier swap = t[j];
            t[j] = t[j - 1];
            t[j - 1] = swap;
        }
    return true;
}

static void make_tiers(struct draft *d, const char *const *name_of)
{
    const struct params *p = &d->params;
    AUTO_FREE struct tier *t = mem_array(p->models, sizeof *t);
    size_t n = 0;
    for (size_t k = 0; k < p->models; k++) {
        struct tier *x = &t[add_tier(t, &n, name_of[k])];
        x->cost += p->mean_nusd[k];
        x->score += p->mean_score[k];
        x->models++;
    }
    for (size_t i = 0; i < n; i++) {
        t[i].cost /= (double)t[i].models;
        t[i].score /= (double)t[i].models;
    }
    if (!order_by_config(d, t, n))
        sort_tiers(t, n);
    d->tier = mem_array(n, sizeof *d->tier);
    for (size_t i = 0; i < n; i++)
        d->tier[i] = draft_keep(d, mem_strdup(t[i].name));
    for (size_t k = 0; k < p->models; k++)
        for (size_t i = 0; i < n; i++)
            if (strcmp(d->tier[i], name_of[k]) == 0)
                d->model[k].tier = (int)i;
    d->spec.tier = d->tier;
    d->spec.tiers = n;
}

static const struct model *find_model(const struct model *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static int set_price(struct draft *d, size_t k, int64_t id, struct err *e)
{
    struct price_now now;
    int rc = price_now(d->store, id, 0, &now, e);
    if (rc != ERR_OK)
        return rc;
    const struct params *p = &d->params;
    const struct cost_row *any = &p->cost[p->tasks * p->models + k];
    bool priced =
        now.pico_usd[PRICE_INPUT] != MONEY_UNKNOWN && now.pico_usd[PRICE_OUTPUT] != MONEY_UNKNOWN;
    bool counted = !isnan(any->tokens_per_byte) && !isnan(any->output_tokens);
    if (priced && !counted)
        log_warn("model '%s' has a price but no token counts: its cost stays the mean reported one",
                 p->model[k]);
    if (!priced || !counted)
        return ERR_OK;
    int64_t request = now.pico_usd[PRICE_REQUEST];
    d->model[k].has_price = 1;
    d->model[k].input_pusd = now.pico_usd[PRICE_INPUT];
    d->model[k].output_pusd = now.pico_usd[PRICE_OUTPUT];
    d->model[k].request_pusd = request != MONEY_UNKNOWN ? request : 0;
    return ERR_OK;
}

static void set_costs(struct draft *d)
{
    const struct params *p = &d->params;
    size_t rows = (p->tasks + 1) * p->models;
    d->cost = mem_array(rows, sizeof *d->cost);
    for (size_t i = 0; i < rows; i++) {
        const struct cost_row *r = &p->cost[i];
        d->cost[i] = (struct table_cost){
            .tokens_per_byte = isnan(r->tokens_per_byte) ? 0 : r->tokens_per_byte,
            .output_tokens = isnan(r->output_tokens) ? 0 : r->output_tokens,
            .latency_ms = isnan(r->latency_ms) ? -1 : r->latency_ms,
            .mean_nusd = isnan(r->mean_nusd) ? -1 : (int64_t)nearbyint(r->mean_nusd),
        };
    }
    d->spec.cost = d->cost;
}

int draft_models(struct draft *d, struct err *e)
{
    const struct params *p = &d->params;
    struct model *list = NULL;
    size_t n = 0;
    int rc = model_list(d->store, &list, &n, e);
    if (rc != ERR_OK)
        return rc;
    d->model = mem_array(p->models, sizeof *d->model);
    AUTO_FREE const char **tier_of = mem_array(p->models, sizeof *tier_of);
    for (size_t k = 0; rc == ERR_OK && k < p->models; k++) {
        const struct model *m = find_model(list, n, p->model[k]);
        if (m == NULL) {
            rc = err_set(e, ERR_USAGE,
                         "the store has no model '%s' any more; run 'shunt train' again",
                         p->model[k]);
            break;
        }
        const struct config_model *c =
            d->config != NULL ? config_model_find(d->config, m->name) : NULL;
        d->model[k].name = p->model[k];
        tier_of[k] = c != NULL && c->tier != NULL ? c->tier : m->tier != NULL ? m->tier : m->name;
        rc = set_price(d, k, m->id, e);
    }
    if (rc == ERR_OK) {
        make_tiers(d, tier_of);
        set_costs(d);
        d->spec.model = d->model;
        d->spec.models = p->models;
    }
    model_list_free(list, n);
    return rc;
}
