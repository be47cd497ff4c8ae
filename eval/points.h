/* Operating points (DESIGN section 5): one lambda each, chosen on selection data, guarded.
 *
 *   best        lambda 0
 *   balanced    the cheapest lambda whose mean quality is at least the best constant's
 *   cheap       the same less 0.02
 *   quality=Q   the cheapest lambda of mean quality at least Q
 *   budget=B    the smallest lambda of mean cost at most B US dollars a request
 *   latency=T   lambda 0, the smallest mu of mean latency at most T ("800ms", "1.5s"; bare: ms)
 *   share=S     two models: the share S with the largest q_strong - q_weak goes to the strong one
 *
 * What is promised is checked on the guarded decision: from the unguarded lambda that keeps the
 * promise the search goes on towards the safe side until the guarded one keeps it too (at most 24
 * steps), at each step first around the usual default model, then around the best constant that
 * keeps the promise on its own; where none does, the point is the constant itself.
 */
#ifndef EVAL_POINTS_H
#define EVAL_POINTS_H

#include "core/err.h"
#include "eval/guard.h"

enum point_goal {
    POINT_BEST,
    POINT_BALANCED,
    POINT_CHEAP,
    POINT_QUALITY,
    POINT_BUDGET,
    POINT_LATENCY,
    POINT_SHARE,
};

struct point_spec {
    char name[64];
    enum point_goal goal;
    double value; /* quality 0..1, US dollars, seconds, or share 0..1 */
};

/* "best", "balanced", "cheap", "budget=0.001", ... ERR_USAGE with what is accepted. */
int point_spec_parse(const char *text, struct point_spec *out, struct err *e);
bool point_needs_cost(enum point_goal goal);

struct point_choice {
    bool share_kind;
    struct guard guard; /* of kind lambda */
    double threshold;   /* of kind share */
    int weak, strong;
    bool reached; /* the selection data say that the promise is kept */
};

/* train: the training side (constants), select: the data to choose on, with expectations.
 * ERR_USAGE: share= without exactly two models. ERR_FORMAT: a cost or latency that is needed and
 * unknown. Both sets must not be empty. */
int point_choose(const struct point_spec *spec, const struct eval_set *train,
                 const struct eval_set *select, struct point_choice *out, struct err *e);
void point_choice_deinit(struct point_choice *p);
/* The model for one prompt. */
int point_model(const struct point_choice *p, size_t models, const double *q, const double *c,
                const double *t, int task);

#endif
