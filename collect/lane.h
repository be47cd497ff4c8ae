/* Lanes of the engine, one a model, and who shares a limit.
 *
 * Models that are asked at one address under one key are one account, and an account has one pace:
 * requests and tokens a minute and what is in flight are counted over its lanes, as the provider
 * does. Some count each model for itself; that shows in limits of different sizes told to two
 * lanes, and from then on the lanes of that account go apart, each at its own pace. Accounts never
 * slow one another: each may fill its share of the slots, whatever the others do with theirs.
 *
 * A second try beside a slow one (a hedge) takes no slot: all could be held by slow ones. Once a
 * provider has refused something, it counts for the pace.
 *
 * Private to engine.c and its tests. The clock is the caller's, in seconds.
 */
#ifndef COLLECT_LANE_H
#define COLLECT_LANE_H

#include "collect/hedge.h"
#include "collect/pace.h"
#include "collect/trouble.h"

struct job;

/* What the engine is told of a lane. */
struct lane_spec {
    size_t account;  /* lanes of one number share a limit; 0.. */
    bool per_second; /* a told limit without a reset is one a second */
    struct config_hedge hedge;
};

struct lane {
    size_t account;
    struct job *held; /* taken from `next`, not allowed to leave yet */
    int64_t flying;   /* jobs in flight */
    int64_t hedges;   /* of them with two tries in flight */
    int64_t waiting;  /* jobs between two tries */
    int in_a_row;     /* jobs given up since the last answer */
    bool stopped;
    bool dry;     /* had nothing to launch in this round */
    bool empty;   /* `next` has given its last, as far as it knows */
    bool refused; /* a try was not admitted for good */
    struct hedge hedge;
    struct job *first, *last; /* in flight without a second try, in order of leaving; hedge only */
    struct pace pace;         /* where its account has gone apart */
    struct {
        double limit;           /* as last told; NaN: never */
        int64_t since, told_at; /* it is that large; last told: counts of what lanes were told */
    } seen[RATE_KINDS];
    enum trouble why;
    char message[240];
};

struct account {
    struct pace pace;
    int64_t flying, hedges;
    int64_t lanes, live; /* live: lanes that still want slots */
    bool apart;          /* its provider counts each model for itself */
};

struct lanes {
    struct lane *v;
    size_t n;
    struct account *account;
    size_t accounts;
    int64_t jobs, per_lane; /* jobs in flight: of all, of one; per_lane 0: as jobs */
    int64_t flying;
    int64_t live; /* accounts that still want slots */
    int64_t told; /* how often one was told a limit */
};

/* spec [n], or NULL: an account each. */
void lanes_init(struct lanes *ls, size_t n, const struct lane_spec *spec, int64_t jobs,
                int64_t per_lane);
void lanes_deinit(struct lanes *ls);
/* Counts who is live; before each round. */
void lanes_count(struct lanes *ls);

/* It may send nothing more now: its pace, its account's, or slots that are others' to fill. */
bool lane_full(const struct lanes *ls, const struct lane *l);
/* When it may send its next request, at the earliest; in the past: now. */
double lane_due_s(const struct lanes *ls, const struct lane *l, double now);
/* A second try beside one that is in flight may leave now. */
bool lane_may_hedge(const struct lanes *ls, const struct lane *l, double now);
void lane_left(struct lanes *ls, struct lane *l, bool hedge, double now);
void lane_landed(struct lanes *ls, struct lane *l, bool one_of_two);
/* As pace_heard and pace_refused, after lane_landed. */
void lane_heard(struct lanes *ls, struct lane *l, const struct rates *told, bool answered,
                double tokens, double now);
void lane_refused(struct lanes *ls, struct lane *l, const struct rates *told, double retry_after_s,
                  double now);
/* Nothing of its pace leaves before. */
void lane_pause(struct lanes *ls, struct lane *l, double until_s);

#endif
