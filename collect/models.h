/* Models of the config, ready to be asked: adapter, address, ids and prices in the store. */
#ifndef COLLECT_MODELS_H
#define COLLECT_MODELS_H

#include "collect/adapter.h"
#include "collect/collect.h"
#include "collect/endpoint.h"
#include "collect/lane.h"
#include "collect/purse.h"

struct target {
    const struct config_model *config;
    const struct adapter *adapter;
    struct endpoint endpoint;
    bool official;
    struct config_hedge hedge;
    bool stream;                 /* replies come as events */
    int64_t model, model_config; /* row ids */
    struct price_now prices;     /* of a short request */
    struct price_now dearest;    /* the dearest of each component over context tiers */
    bool tiers;                  /* the two differ */
    int64_t max_output;          /* tokens a reply can have at most; 0: no limit is sent */
};

/* The models named in o (all when none are), in that order. Writes model, configuration and prices
 * in one transaction (within the caller's, where there is one). ERR_USAGE: no models, an unknown
 * name (with the nearest), a missing key, under a cap a model without price or maximum. */
int targets_open(struct store *s, const struct config *c, const struct collect_options *o,
                 struct target **out, size_t *n, struct err *e);
/* By name; NULL with ERR_USAGE in *e, and the nearest. */
const struct config_model *target_config(const struct config *c, const char *name, struct err *e);
/* Lanes of the engine, one a target; those of one address and key are one account. */
void targets_lanes(const struct target *t, size_t n, struct lane_spec *lane);
void targets_free(struct target *t, size_t n);

/* Cost of a reply: computed where prices and counts are known, else as reported, else
 * MONEY_UNKNOWN. */
int target_cost(struct store *s, const struct target *t, const struct answer *a, int64_t *nusd,
                struct err *e);

#endif
