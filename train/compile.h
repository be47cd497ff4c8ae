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

/* One word of a file of word vectors: its place there, from 1, and its numbers. */
typedef int compile_word(void *arg, const char *word, size_t rank, const float *vector, size_t dims,
                         struct err *e);
/* The file that the vectors in the store were made of (shunt embed --vectors); reading it is not
 * this folder's. */
struct compile_vectors {
    /* Every word in order; then the number of lines, and the content hashes of an encoder with
     * equal weights and with weights by rank. */
    int (*each)(void *arg, compile_word *see, void *see_arg, size_t *lines, char hash[2][65],
                struct err *e);
    double (*weight)(bool by_rank, size_t lines, size_t rank);
    void *arg;
};

struct compile_options {
    const char *router;                    /* NULL: the newest */
    const char *path;                      /* of the table */
    const struct config *config;           /* tiers, rules, target; NULL: none */
    const struct compile_vectors *vectors; /* NULL: a table of vectors wants them of its caller */
};

struct compile_result {
    char router[64];
    size_t models, tiers, tasks, points, rules, kept;
    size_t priced;              /* models with a price */
    size_t words;               /* whose vectors are in the table */
    bool stale;                 /* the store's data changed since the router was trained */
    struct table_report report; /* table against doubles, over prompts of the store */
};

/* ERR_USAGE: no router, no points ("run 'shunt eval' first"), a rule for a model that the router
 * does not have; ERR_FORMAT: damaged parameters; table_write's otherwise. On failure path is as it
 * was. */
int compile_store(struct store *s, const struct compile_options *o, struct compile_result *out,
                  struct err *e);

#endif
