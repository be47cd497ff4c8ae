/* One more model beside a trained router, or new labels for one of its models: only that head is
 * fitted.
 *
 * The head has the router's features, folds, inner folds and values of C (one for all its models,
 * train/README.md); its shrinkage and calibration are chosen inside each side, as ever. All other
 * heads, costs and predictions are those of the router, byte by byte. What replies tell
 * (confidence heads) is not taken over.
 */
#ifndef TRAIN_ADD_MODEL_H
#define TRAIN_ADD_MODEL_H

#include "train/train.h"

struct add_options {
    const char *model; /* a model of the store with a score */
    const char *from;  /* the router; NULL: the newest */
    const char *name;  /* of the router written; NULL: the next "rN" */
    size_t jobs;
};

struct added {
    char from[64], name[64];
    size_t models;     /* of the router written */
    bool replaced;     /* the router had a head of this model */
    bool told_dropped; /* the router had predictions after replies */
    struct head_figures head;
    size_t prompts; /* of the router */
    int64_t scored; /* of them with a score of the model */
    double seconds;
};

/* Reads and writes the store; nothing is written on failure. The router that it starts from stays,
 * unless name is its name. ERR_USAGE: no such router or model, the model has no score on the
 * router's prompts, or the prompts changed since ("train it anew"). */
int train_add_model(struct store *s, const struct add_options *o, struct added *out, struct err *e);
void added_deinit(struct added *x);

#endif
