/* A router's rows again under another router: what a training that changes one model keeps.
 */
#ifndef STORE_ROUTER_COPY_H
#define STORE_ROUTER_COPY_H

#include "store/store.h"

/* Folds and roles, complexity, and predictions before any reply of all models but `except` (a row
 * id), of router `from` as rows of `to`, in the caller's transaction. Predictions after replies are
 * not copied (store/posterior.h: their width is the router's number of models). */
int router_copy(struct store *s, int64_t from, int64_t to, int64_t except, struct err *e);
/* Give a router a name; another of that name is replaced, as by router_put. */
int router_rename(struct store *s, int64_t router, const char *name, struct err *e);

#endif
