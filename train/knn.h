/* k nearest neighbours on the folds of a training: the control that trained routers are held to.
 *
 * q_m(x) = (sum of the scores of m at the k prompts most like x + its mean) / (k + 1), likeness the
 * cosine of what the router's encoder gives: n-grams, each bucket once, times idf; dense vectors
 * for a router of vectors alone. Neighbours are found once among all texts (idf of all, no label
 * looked at); those that do not train are then passed over, fold by fold. k is chosen for each side
 * on its training prompts alone, each without its own group, by log loss.
 */
#ifndef TRAIN_KNN_H
#define TRAIN_KNN_H

#include "train/train.h"

/* The list of a prompt holds so many candidates; more prompts than KNN_MOST are not tried, the work
 * being quadratic. */
enum { KNN_LIST = 320, KNN_MOST = 50000 };

struct knn {
    double *q;     /* [prompts][models] held out, NaN where the training predicts nothing */
    size_t *k;     /* [predicting] chosen */
    size_t common; /* the k chosen most often, the smallest of those */
    double seconds;
};

/* ERR_LIMIT: more than KNN_MOST prompts; ERR_PARTIAL: interrupted. jobs threads (0: all cores)
 * change no result. */
int knn_fit(const struct training *t, size_t jobs, struct knn *out, struct err *e);
void knn_deinit(struct knn *x);

/* For tests: the neighbours of each prompt, the most alike first, those of its cluster left out:
 * list [n][KNN_LIST], UINT32_MAX where there are fewer. Ties go to the lower index. */
void knn_lists(const struct corpus *c, bool hashed, size_t jobs, uint32_t *list);

#endif
