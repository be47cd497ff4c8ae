/* Trained routers: parameters, who was where in the splits, predictions. */
#ifndef STORE_ROUTER_H
#define STORE_ROUTER_H

#include "store/store.h"

#include <stddef.h>

#define SCOPE_NONE                                                                                 \
    (-1) /* predictions by heads that never saw the prompt's fold: the reported ones */

struct router {
    int64_t id;
    char *name;    /* unique; "r1", "r2", ... by default */
    char *encoder; /* "hashed", "hashed+endpoint:NAME" */
    char *mode;    /* "split" or "cross-fit" */
    int64_t folds; /* K, or 0 */
    int64_t seed;
    char *data_hash;
    char *models; /* JSON array of names, in the order of its heads */
    void *params; /* what `compile` needs; made and read by train/ only */
    size_t params_len;
    char *metrics; /* JSON object: C, calibration, log loss, ... for reports */
};

/* Adds; a name of NULL gets the next "rN". An existing name is replaced, predictions and points
 * too. */
int router_put(struct store *s, struct router *r, struct err *e);
/* By name, the newest when NULL. ERR_USAGE when there is none ("run 'shunt train'"). */
int router_get(struct store *s, const char *name, struct router *out, struct err *e);
void router_deinit(struct router *r);
int router_each(struct store *s, void (*see)(void *arg, const struct router *r), void *arg,
                struct err *e);

/* Where prompt i stood: role "train", "validation", "test" (split mode), or "fold" with its number.
 */
int router_prompt_put(struct store *s, int64_t router, int64_t prompt, const char *role,
                      int64_t fold, struct err *e);
struct router_prompt {
    int64_t prompt;
    char role[12];
    int64_t fold; /* -1 in split mode */
};
int router_prompt_load(struct store *s, int64_t router, struct router_prompt **out, size_t *n,
                       struct err *e); /* by prompt id; heap */

/* One prediction. cost MONEY_UNKNOWN, latency NaN where not known. after_reply 0: before any. */
struct prediction {
    int64_t prompt;
    int64_t model; /* row id of the model */
    int64_t after_reply;
    double quality; /* calibrated probability, 0..1 */
    int64_t cost_nusd;
    double latency_ms;
};
int prediction_put(struct store *s, int64_t router, int64_t scope, const struct prediction *p,
                   struct err *e);
/* All of one scope, in order of prompt then model; heap. */
int prediction_load(struct store *s, int64_t router, int64_t scope, struct prediction **out,
                    size_t *n, struct err *e);
/* Ordinal complexity: P(label k or above) for k = 1..levels-1, by heads that never saw the prompt.
 */
int complexity_put(struct store *s, int64_t router, int64_t prompt, const double *above, size_t n,
                   struct err *e);
struct complexity_row {
    int64_t prompt;
    double above[8];
    size_t n;
};
int complexity_load(struct store *s, int64_t router, struct complexity_row **out, size_t *n,
                    struct err *e);

#endif
