/* compile: a trained router and its operating points -> FILE.shunt.
 *
 * What is in the store becomes a struct table_spec (train/table.h): heads from router.params,
 * prices in force now, tiers, guard cells and points as eval chose them, rules from shunt.yaml, and
 * for every model its substitutes by mean score - lambda x mean cost. The recorded texts that a
 * table is checked with are made up: no traffic leaves the store.
 */
#ifndef TRAIN_COMPILE_H
#define TRAIN_COMPILE_H

#include "core/config.h"
#include "core/err.h"
#include "store/store.h"
#include "train/table.h"

struct compile_options {
    const char *router;          /* NULL: the newest */
    const char *path;            /* of the table */
    const struct config *config; /* tiers, rules, target; NULL: none */
};

struct compile_result {
    char router[64];
    size_t models, tiers, tasks, points, rules, kept;
    size_t priced;              /* models with a price */
    bool stale;                 /* the store's data changed since the router was trained */
    struct table_report report; /* table against doubles, over prompts of the store */
};

/* ERR_USAGE: no router, no points ("run 'shunt eval' first"), a rule for a model that the router
 * does not have; ERR_FORMAT: damaged parameters; table_write's otherwise. On failure path is as it
 * was. */
int compile_store(struct store *s, const struct compile_options *o, struct compile_result *out,
                  struct err *e);

#endif
